package runtime

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Message is one message of a stream.
type Message struct {
	Subject string
	Seq     uint64
	At      time.Time
	Data    []byte
}

// From says where a scan begins: at a sequence number, or at a time where that is set.
type From struct {
	Seq  uint64
	Time time.Time
}

// scanMost bounds the messages of one scan, and waitingMost those that may wait at any connection to be looked at: each scan makes room for so many.
const (
	scanMost    = 1000
	waitingMost = 2 * scanMost
)

// within is the moment that is nearest to t of those that the server can compare: it counts nanoseconds since 1970, and takes the year 2999 for one long ago.
func within(t time.Time) time.Time {
	first, last := time.Unix(0, 1), time.Unix(0, math.MaxInt64)
	switch {
	case t.Before(first):
		return first
	case t.After(last):
		return last
	}
	return t
}

// Scan reads the messages of a stream whose subject matches filter, from a place on, oldest first, at most batch of them, and a thousand. left is how
// many more there are behind the last one.
func (r *Runtime) Scan(ctx context.Context, stream, filter string, from From, batch int) (found []Message, left uint64, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	ask := map[string]any{"next_by_subj": filter, "batch": min(batch, scanMost)}
	if from.Time.IsZero() {
		ask["seq"] = max(from.Seq, 1)
	} else {
		ask["start_time"] = within(from.Time).UTC()
	}
	body, err := json.Marshal(ask)
	if err != nil {
		return nil, 0, err
	}
	inbox := r.conn.NewInbox()
	sub, err := r.conn.SubscribeSync(inbox)
	if err != nil {
		return nil, 0, fmt.Errorf("reading %s: %w", stream, err)
	}
	defer func() { _ = sub.Unsubscribe() }()
	if err := r.conn.PublishRequest("$JS.API.DIRECT.GET."+stream, inbox, body); err != nil {
		return nil, 0, fmt.Errorf("reading %s: %w", stream, err)
	}
	for {
		m, err := sub.NextMsgWithContext(ctx)
		if err != nil {
			return nil, 0, fmt.Errorf("reading %s: %w", stream, err)
		}
		switch m.Header.Get("Status") {
		case "404":
			return nil, 0, nil
		case "204":
			return found, left, nil
		case "":
		default:
			return nil, 0, fmt.Errorf("reading %s: %s", stream, m.Header.Get("Description"))
		}
		if len(m.Data) == 0 && m.Header.Get("Nats-Sequence") == "" {
			return nil, 0, fmt.Errorf("reading %s: %w", stream, nats.ErrNoResponders)
		}
		msg := Message{Subject: m.Header.Get("Nats-Subject"), Data: m.Data}
		var errs [3]error
		msg.Seq, errs[0] = strconv.ParseUint(m.Header.Get("Nats-Sequence"), 10, 64)
		left, errs[1] = strconv.ParseUint(m.Header.Get("Nats-Num-Pending"), 10, 64)
		msg.At, errs[2] = time.Parse(time.RFC3339Nano, m.Header.Get("Nats-Time-Stamp"))
		if err := errors.Join(errs[:]...); err != nil {
			return nil, 0, fmt.Errorf("reading %s: %w", stream, err)
		}
		found = append(found, msg)
	}
}

// Latest calls do with the messages of a stream whose subject matches filter, from a sequence number on, oldest first, until do returns an error. Of several servers
// the one answers that writes the stream: another one may have come back a moment ago and lack what was stored meanwhile, so what [Runtime.Scan] does not find
// may be there. It asks for each message, and is for few.
func (r *Runtime) Latest(ctx context.Context, stream, filter string, from uint64, do func(Message) error) error {
	for from = max(from, 1); ; {
		m, ok, err := r.nextOf(ctx, stream, filter, from)
		if err != nil {
			return fmt.Errorf("reading %s: %w", stream, err)
		}
		if !ok {
			return nil
		}
		if err := do(m); err != nil {
			return err
		}
		from = m.Seq + 1
	}
}

// nextOf reads the first message that matches from a sequence number on, where the stream is written.
func (r *Runtime) nextOf(ctx context.Context, stream, filter string, from uint64) (m Message, ok bool, err error) {
	ctx, cancel := bounded(ctx)
	defer cancel()
	ask, err := json.Marshal(map[string]any{"seq": from, "next_by_subj": filter})
	if err != nil {
		return m, false, err
	}
	answer, err := r.conn.RequestWithContext(ctx, "$JS.API.STREAM.MSG.GET."+stream, ask)
	if err != nil {
		return m, false, err
	}
	var out struct {
		Error   *jetstream.APIError `json:"error"`
		Message struct {
			Subject string    `json:"subject"`
			Seq     uint64    `json:"seq"`
			Time    time.Time `json:"time"`
			Data    []byte    `json:"data"`
		} `json:"message"`
	}
	if err := json.Unmarshal(answer.Data, &out); err != nil {
		return m, false, err
	}
	if out.Error != nil {
		if out.Error.ErrorCode == jetstream.JSErrCodeMessageNotFound {
			return m, false, nil
		}
		return m, false, out.Error
	}
	return Message{Subject: out.Message.Subject, Seq: out.Message.Seq, At: out.Message.Time, Data: out.Message.Data}, true, nil
}

// Count is how many messages of a stream match filter from a place on.
func (r *Runtime) Count(ctx context.Context, stream, filter string, from From) (uint64, error) {
	found, left, err := r.Scan(ctx, stream, filter, from, 1)
	return uint64(len(found)) + left, err
}

// Last reads the newest messages of a stream below the sequence number before (0 for no bound) whose subject matches filter, and not older
// than since, newest first, at most limit of them.
func (r *Runtime) Last(ctx context.Context, stream, filter string, since time.Time, before uint64, limit int) ([]Message, error) {
	low := uint64(1)
	if !since.IsZero() {
		first, _, err := r.Scan(ctx, stream, filter, From{Time: since}, 1)
		if err != nil || len(first) == 0 {
			return nil, err
		}
		low = first[0].Seq
	}
	behind := uint64(0) // matches that the page must not hold, because they are newer
	if before == 0 {
		before = 1 << 62
	} else {
		n, err := r.Count(ctx, stream, filter, From{Seq: before})
		if err != nil {
			return nil, err
		}
		behind = n
	}
	all, err := r.Count(ctx, stream, filter, From{Seq: low})
	if err != nil || all <= behind {
		return nil, err
	}
	want := min(uint64(limit), all-behind)
	start, err := r.placeOf(ctx, stream, filter, low, before, want+behind, all)
	if err != nil {
		return nil, err
	}
	found, _, err := r.Scan(ctx, stream, filter, From{Seq: start}, int(want))
	if err != nil {
		return nil, err
	}
	out := make([]Message, 0, len(found))
	for i := len(found) - 1; i >= 0; i-- {
		if found[i].Seq < before {
			out = append(out, found[i])
		}
	}
	return out, nil
}

// placeOf finds the sequence number from which on want messages match, by halving: the numbers of a stream have gaps of
// any size, but counts from a number on are cheap.
func (r *Runtime) placeOf(ctx context.Context, stream, filter string, low, high, want, all uint64) (uint64, error) {
	if want >= all {
		return low, nil
	}
	last, err := r.lastSeq(ctx, stream)
	if err != nil {
		return 0, err
	}
	for high = min(high, last+1); low+1 < high; { // count(low) >= want > count(high)
		middle := low + (high-low)/2
		n, err := r.Count(ctx, stream, filter, From{Seq: middle})
		if err != nil {
			return 0, err
		}
		switch {
		case n == want:
			return middle, nil
		case n > want:
			low = middle
		default:
			high = middle
		}
	}
	return low, nil
}

func (r *Runtime) lastSeq(ctx context.Context, name string) (uint64, error) {
	s, err := r.js.Stream(ctx, name)
	if err != nil {
		return 0, fmt.Errorf("stream %s: %w", name, err)
	}
	return s.CachedInfo().State.LastSeq, nil
}
