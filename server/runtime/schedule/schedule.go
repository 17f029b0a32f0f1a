// Package schedule says when flows are to run, by JetStream's own message schedules: the store makes a tick when its time has come, and one process takes it,
// however many there are.
//
// It is not for running flows. Start with [Open], [Scheduler.Set] and [Scheduler.Take].
package schedule

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Spec is when a flow runs: every so often, or at the times of a cron expression of five fields in a time zone. Both empty is never.
type Spec struct {
	Every      time.Duration
	Cron, Zone string
}

func (s Spec) empty() bool { return s.Every == 0 && s.Cron == "" }

// Ask is what a run that somebody asks for is to do.
type Ask struct {
	// Full reads everything from the flow's start, in the lane that yields.
	Full bool `json:"full,omitempty"`
	// Since reads what changed since then.
	Since time.Time `json:"since,omitzero"`
	// IDs reads these documents only.
	IDs []string `json:"ids,omitempty"`
	// Version handles them with that version of the flow rather than the present one; "" for the present one.
	Version string `json:"version,omitempty"`
	// Cause is why: now, webhook, retry.
	Cause string `json:"cause,omitempty"`
}

// Tick is a moment at which a flow is to run.
type Tick struct {
	Flow string
	// ID tells this tick from every other, also when it is delivered again.
	ID  uint64
	At  time.Time
	Ask Ask

	msg jetstream.Msg
}

// Done says that the run was started or is not needed. A tick of which that is not said is delivered again.
func (t Tick) Done() error { return t.msg.Ack() }

// Working tells that the run of the tick goes on.
func (t Tick) Working() error { return t.msg.InProgress() }

// Later puts the tick back for a time.
func (t Tick) Later(d time.Duration) error { return t.msg.NakWithDelay(d) }

// Store is what schedules are kept in.
type Store interface {
	JetStream() jetstream.JetStream
	Stream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error)
	Owner() bool
}

// Scheduler keeps schedules. It is safe for concurrent use.
type Scheduler struct {
	js     jetstream.JetStream
	stream jetstream.Stream
	ticks  jetstream.Consumer
}

// Open opens the schedules of a store.
func Open(ctx context.Context, store Store) (*Scheduler, error) {
	s := &Scheduler{js: store.JetStream()}
	var err error
	s.stream, err = store.Stream(ctx, jetstream.StreamConfig{
		Name: "SCHEDULES", Subjects: []string{"schedule.*", "tick.*", "ask.>"}, Retention: jetstream.WorkQueuePolicy,
		// Ticks that nobody has taken are one: a program that was away for a day runs a flow once.
		MaxMsgsPerSubject: 1, AllowMsgSchedules: true, AllowMsgTTL: true,
	})
	if err != nil {
		return nil, err
	}
	if store.Owner() {
		err = s.forgetFuture(ctx)
	}
	if err == nil {
		err = s.take(ctx)
	}
	if err != nil {
		return nil, err
	}
	return s, nil
}

// take opens the consumer that all processes share.
func (s *Scheduler) take(ctx context.Context) (err error) {
	s.ticks, err = s.stream.CreateOrUpdateConsumer(ctx, jetstream.ConsumerConfig{
		Durable: ticks, FilterSubjects: []string{"tick.*", "ask.>"}, AckPolicy: jetstream.AckExplicitPolicy, AckWait: 30 * time.Second, MaxDeliver: -1,
	})
	if err != nil {
		return fmt.Errorf("the ticks: %w", err)
	}
	return nil
}

const ticks = "ticks"

// ahead is how far the newest message may be in the future before the clock was set back for certain.
const ahead = 30 * time.Second

// forgetFuture forgets when the next ticks are where the clock was set back while nobody had the store open.
func (s *Scheduler) forgetFuture(ctx context.Context) error {
	if time.Until(s.stream.CachedInfo().State.LastTime) < ahead {
		return nil
	}
	return s.forget(ctx)
}

// forget forgets when the next ticks are, and who has which in hand. The schedules are set anew after it.
func (s *Scheduler) forget(ctx context.Context) error {
	if err := s.stream.DeleteConsumer(ctx, ticks); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
		return fmt.Errorf("the ticks: %w", err)
	}
	if err := s.stream.Purge(ctx, jetstream.WithPurgeSubject("schedule.*")); err != nil {
		return fmt.Errorf("the schedules: %w", err)
	}
	return nil
}

// Anew lets everything begin anew that waits for a time, because the clock was set back: ticks that were put back come at once, and no schedule stands any more before
// [Scheduler.Set]. Nobody may be taking ticks.
func (s *Scheduler) Anew(ctx context.Context) error {
	if err := s.forget(ctx); err != nil {
		return err
	}
	return s.take(ctx)
}

func token(name string) string { return strings.ReplaceAll(name, ".", "=") }

// Set makes specs the schedules that there are. One that has not changed goes on as it was: a restart is no reason to run.
func (s *Scheduler) Set(ctx context.Context, specs map[string]Spec) error {
	info, err := s.stream.Info(ctx, jetstream.WithSubjectFilter("schedule.*"))
	if err != nil {
		return fmt.Errorf("the schedules: %w", err)
	}
	for subject := range info.State.Subjects {
		name := strings.ReplaceAll(strings.TrimPrefix(subject, "schedule."), "=", ".")
		if spec, ok := specs[name]; !ok || spec.empty() {
			if err := s.stream.Purge(ctx, jetstream.WithPurgeSubject(subject)); err != nil {
				return fmt.Errorf("the schedule of %s: %w", name, err)
			}
		}
	}
	for name, spec := range specs {
		if spec.empty() {
			continue
		}
		if err := s.set(ctx, name, spec); err != nil {
			return fmt.Errorf("the schedule of %s: %w", name, err)
		}
	}
	return nil
}

func (s *Scheduler) set(ctx context.Context, name string, spec Spec) error {
	body, err := json.Marshal(spec)
	if err != nil {
		return err
	}
	subject := "schedule." + token(name)
	old, err := s.stream.GetLastMsgForSubject(ctx, subject)
	if err == nil && string(old.Data) == string(body) {
		return nil
	}
	if err != nil && !errors.Is(err, jetstream.ErrMsgNotFound) {
		return err
	}
	opts := []jetstream.PublishOpt{jetstream.WithScheduleTarget("tick." + token(name))}
	if spec.Cron != "" {
		opts = append(opts, jetstream.WithScheduleCron("0 "+spec.Cron)) // the store's have seconds
		if spec.Zone != "" {
			opts = append(opts, jetstream.WithScheduleTimeZone(spec.Zone))
		}
	} else {
		opts = append(opts, jetstream.WithScheduleEvery(spec.Every))
	}
	_, err = s.js.Publish(ctx, subject, body, opts...)
	return err
}

// Ask has a flow run as soon as somebody is there to run it. Of asks with one id that nobody has taken yet, the last counts.
func (s *Scheduler) Ask(ctx context.Context, flow, id string, ask Ask) error {
	body, err := json.Marshal(ask)
	if err != nil {
		return err
	}
	if _, err := s.js.Publish(ctx, "ask."+token(flow)+"."+token(id), body); err != nil {
		return fmt.Errorf("asking for a run of %s: %w", flow, err)
	}
	return nil
}

// Due tells whether a flow has a tick, or was asked for a run of what changed, that is not done yet.
func (s *Scheduler) Due(ctx context.Context, flow string) (bool, error) {
	for _, subject := range []string{"tick." + token(flow), "ask." + token(flow) + ".now"} {
		_, err := s.stream.GetLastMsgForSubject(ctx, subject)
		if err == nil {
			return true, nil
		}
		if !errors.Is(err, jetstream.ErrMsgNotFound) {
			return false, fmt.Errorf("whether %s is due: %w", flow, err)
		}
	}
	return false, nil
}

// Take hands ticks to do until ctx ends. Each is taken by one process.
func (s *Scheduler) Take(ctx context.Context, do func(Tick)) error {
	for ctx.Err() == nil {
		batch, err := s.ticks.Fetch(10, jetstream.FetchMaxWait(time.Second))
		if err != nil {
			return fmt.Errorf("waiting for ticks: %w", err)
		}
		for msg := range batch.Messages() {
			t, err := tickOf(msg)
			if err != nil {
				_ = msg.Term()
				continue
			}
			do(t)
		}
		if err := batch.Error(); err != nil && ctx.Err() == nil {
			return fmt.Errorf("waiting for ticks: %w", err)
		}
	}
	return nil
}

func tickOf(msg jetstream.Msg) (Tick, error) {
	meta, err := msg.Metadata()
	if err != nil {
		return Tick{}, err
	}
	parts := strings.Split(msg.Subject(), ".")
	t := Tick{Flow: strings.ReplaceAll(parts[1], "=", "."), ID: meta.Sequence.Stream, At: meta.Timestamp, msg: msg}
	if parts[0] == "ask" {
		err = json.Unmarshal(msg.Data(), &t.Ask)
	}
	return t, err
}
