package api

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/gorilla/mux"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
)

// entry is one attempt at one document. It holds no value of it.
type entry struct {
	ID         uint64       `json:"id"`
	Flow       string       `json:"flow"`
	Document   string       `json:"document"` // as people call it
	DocumentID string       `json:"documentId"`
	Entity     string       `json:"entity"`
	Outcome    flow.Outcome `json:"outcome"`
	Code       string       `json:"code,omitempty"`
	Reason     string       `json:"reason,omitempty"`
	Help       string       `json:"help,omitempty"`
	At         time.Time    `json:"at"`
	TookMs     int64        `json:"tookMs"`
	Attempt    int          `json:"attempt"`
	Cause      string       `json:"cause,omitempty"`
	Targets    []string     `json:"targets"` // "invoiceDraft 1023"
	Warnings   []string     `json:"warnings"`
	Versions   []string     `json:"versions"`
	// Gone says why the rest cannot be read any more.
	Gone string `json:"gone,omitempty"`
}

func entryOf(e activity.Entry) entry {
	out := entry{ID: e.ID, Flow: e.Flow, Document: e.Document.Name(), DocumentID: e.Document.ID, Entity: string(e.Document.Entity), Outcome: e.Outcome, Code: e.Code,
		Reason: e.Reason, Help: e.Help, At: e.At, TookMs: int64(e.Took), Attempt: e.Attempt, Cause: e.Cause, Targets: []string{},
		Warnings: append([]string{}, e.Warnings...), Versions: append([]string{}, e.Versions...), Gone: e.Gone}
	for _, t := range e.Targets {
		out.Targets = append(out.Targets, t.String())
	}
	return out
}

// shown are the outcomes that people see. That a write is about to begin is for the runtime.
var shown = slices.DeleteFunc(slices.Clone(activity.Outcomes), func(o flow.Outcome) bool { return o == activity.Sending })

// query is what a request asks of the activity.
func (a *API) query(r *http.Request) (activity.Query, error) {
	v := r.URL.Query()
	q := activity.Query{Flow: v.Get("flow"), Code: v.Get("code"), Key: v.Get("key"), Limit: 50}
	if q.Flow != "" {
		if _, err := a.flowNamed(q.Flow); err != nil {
			return q, err
		}
	}
	if strings.ContainsAny(q.Code, ".*> ") {
		return q, refuse("There is no such code.")
	}
	if q.Key != "" && q.Flow == "" {
		return q, refuse("To look for a document, choose its flow.")
	}
	for word := range strings.SplitSeq(v.Get("outcome"), ",") {
		o := flow.Outcome(word)
		if word == "" {
			continue
		}
		if !slices.Contains(shown, o) {
			return q, refuse("There is no outcome " + strconv.Quote(word) + ".")
		}
		q.Outcomes = append(q.Outcomes, o)
	}
	if len(q.Outcomes) == 0 {
		q.Outcomes = shown
	}
	var err error
	if q.Since, err = moment(r, "since", time.Time{}); err != nil {
		return q, err
	}
	if q.Until, err = moment(r, "until", time.Time{}); err != nil {
		return q, err
	}
	if text := v.Get("before"); text != "" {
		if q.Before, err = strconv.ParseUint(text, 10, 63); err != nil {
			return q, refuse("before is the id of an entry.")
		}
	}
	if text := v.Get("limit"); text != "" {
		if q.Limit, err = strconv.Atoi(text); err != nil || q.Limit < 1 || q.Limit > 200 {
			return q, refuse("limit is a number from 1 to 200.")
		}
	}
	return q, nil
}

// moment reads a day, which begins at midnight UTC, or an instant.
func moment(r *http.Request, name string, unsaid time.Time) (time.Time, error) {
	text := r.URL.Query().Get(name)
	if text == "" {
		return unsaid, nil
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if at, err := time.Parse(layout, text); err == nil {
			return at.UTC(), nil
		}
	}
	return unsaid, refuse(name + " is a day (2026-01-31) or an instant (2026-01-31T08:00:00Z).")
}

func (a *API) listActivity(w http.ResponseWriter, r *http.Request) error {
	q, err := a.query(r)
	if err != nil {
		return err
	}
	found := []entry{}
	if a.Flows == nil {
		return write(w, map[string]any{"entries": found, "more": false})
	}
	list, err := a.Flows.Engine.Activity().List(r.Context(), q)
	if err != nil {
		return err
	}
	for _, e := range list {
		found = append(found, entryOf(e))
	}
	return write(w, map[string]any{"entries": found, "more": len(found) == q.Limit})
}

// kept returns the entry that the path names, with its record.
func (a *API) kept(r *http.Request) (activity.Entry, activity.Record, error) {
	e, err := a.engine()
	if err != nil {
		return activity.Entry{}, activity.Record{}, err
	}
	none := problem{Status: http.StatusNotFound, Title: "There is no such entry, or not any more."}
	id, err := strconv.ParseUint(mux.Vars(r)["id"], 10, 63)
	if err != nil || id == 0 {
		return activity.Entry{}, activity.Record{}, none
	}
	found, record, err := e.Activity().Get(r.Context(), id)
	if errors.Is(err, activity.ErrNoEntry) || err == nil && found.Outcome == activity.Sending { // not one of shown
		return activity.Entry{}, activity.Record{}, none
	}
	return found, record, err
}

// attempts answers with an entry and the others of the same document, newest first.
func (a *API) attempts(w http.ResponseWriter, r *http.Request) error {
	e, _, err := a.kept(r)
	if err != nil {
		return err
	}
	others := []entry{}
	if e.Gone == "" && e.Document.Name() != "" {
		list, err := a.Flows.Engine.Activity().List(r.Context(), activity.Query{Flow: e.Flow, Key: e.Document.Name(), Outcomes: shown, Limit: 50})
		if err != nil {
			return err
		}
		for _, o := range list {
			others = append(others, entryOf(o))
		}
	}
	return write(w, map[string]any{"entry": entryOf(e), "attempts": others})
}

// documents are what came, what it became, what was sent and what was answered. Documents are text.
type documents struct {
	Source    string `json:"source,omitempty"`
	Canonical string `json:"canonical,omitempty"`
	// Plan is for people to read.
	Plan       string     `json:"plan,omitempty"`
	Operations []sending  `json:"operations"`
	Exchanges  []exchange `json:"exchanges"`
	Logs       []string   `json:"logs"`
	Omitted    int        `json:"omitted"` // exchanges that were too many to be kept
}

// sending is one write as it was planned.
type sending struct {
	Verb     flow.Verb `json:"verb"`
	Resource string    `json:"resource"`
	TargetID string    `json:"targetId,omitempty"`
	Body     string    `json:"body"`
	Changes  []change  `json:"changes"`
}

// change is a field before and after, as JSON text; nothing where it was not there.
type change struct {
	Path string `json:"path"`
	From string `json:"from,omitempty"`
	To   string `json:"to"`
}

func changesOf(list []flow.FieldChange) []change {
	out := []change{}
	for _, c := range list {
		out = append(out, change{c.Path, string(c.From), string(c.To)})
	}
	return out
}

// exchange is one call to a system, secrets masked.
type exchange struct {
	Method string `json:"method"`
	URL    string `json:"url"`
	Status int    `json:"status"`
	TookMs int64  `json:"tookMs"`
	Error  string `json:"error,omitempty"`
	Sent   string `json:"sent,omitempty"`
	Answer string `json:"answer,omitempty"`
}

// documents answers with what is kept of an attempt. It is personal data: who asked is written down.
func (a *API) documents(w http.ResponseWriter, r *http.Request) error {
	e, record, err := a.kept(r)
	if err != nil {
		return err
	}
	out := documents{Operations: []sending{}, Exchanges: []exchange{}, Logs: []string{}, Omitted: record.Omitted}
	out.Source = readable(record.Source)
	if p := record.Plan; p != nil {
		out.Canonical, out.Plan = readable(p.Canonical), p.Render()
		for _, l := range p.Logs {
			out.Logs = append(out.Logs, l.String())
		}
		for _, o := range p.Operations {
			out.Operations = append(out.Operations, sending{o.Verb, o.Resource, o.TargetID, readable(o.Body), changesOf(o.Diff)})
		}
	}
	for _, x := range record.Exchanges {
		out.Exchanges = append(out.Exchanges, exchange{x.Method, x.URL, x.Status, x.End.Sub(x.Start).Milliseconds(), x.Error, readable(x.RequestBody), readable(x.ResponseBody)})
	}
	a.audit(r, "documents seen", "flow", e.Flow, "entry", e.ID)
	return write(w, out)
}

// readable is a document with line breaks; what is no JSON stays as it is.
func readable(doc []byte) string {
	if !json.Valid(doc) {
		return string(doc)
	}
	return indented(doc)
}

// errEnded ends a stream in order.
var errEnded = errors.New("the stream has lasted long enough")

// streamTime is how long a stream lasts before the browser has to ask anew.
const streamTime = 10 * time.Minute

// events sends entries as they are written, as server-sent events. A browser that comes back says with which one it left off.
func (a *API) events(w http.ResponseWriter, r *http.Request) error {
	e, err := a.engine()
	if err != nil {
		return err
	}
	flowName := r.URL.Query().Get("flow")
	if flowName != "" {
		if _, err := a.flowNamed(flowName); err != nil {
			return err
		}
	}
	select {
	case a.streams <- struct{}{}:
		defer func() { <-a.streams }()
	default:
		w.Header().Set("Retry-After", "10")
		return problem{Status: http.StatusServiceUnavailable, Title: "Too many pages are following already."}
	}
	from := r.Header.Get("Last-Event-ID")
	if from == "" {
		from = r.URL.Query().Get("after")
	}
	var after uint64
	if from == "" {
		after, err = e.Activity().Last(r.Context())
	} else if after, err = strconv.ParseUint(from, 10, 63); err != nil {
		return refuse("after is the id of an entry.")
	}
	if err != nil {
		return err
	}
	s := &stream{w: w, control: http.NewResponseController(w)}
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no") // proxies would collect it
	if err := s.send("retry: 2000\n\n"); err != nil {
		return nil
	}
	ctx, end := context.WithCancelCause(r.Context())
	defer end(nil)
	defer context.AfterFunc(a.closing, func() { end(errEnded) })()
	_ = e.Activity().Follow(ctx, flowName, after, func(e activity.Entry) error {
		if e.Outcome == activity.Sending {
			return nil
		}
		data, err := json.Marshal(entryOf(e))
		if err != nil {
			return err
		}
		return s.send(fmt.Sprintf("id: %d\nevent: entry\ndata: %s\n\n", e.ID, data))
	}, s.beat) // the answer has begun: a browser that misses the end asks again
	return nil
}

// stream writes events, and a word now and then so that nobody believes the line dead.
type stream struct {
	w       http.ResponseWriter
	control *http.ResponseController
	last    time.Time
}

func (s *stream) send(text string) error {
	s.last = time.Now()
	_ = s.control.SetWriteDeadline(s.last.Add(30 * time.Second)) // a writer without deadlines has none to set
	if _, err := s.w.Write([]byte(text)); err != nil {
		return err
	}
	return s.control.Flush()
}

func (s *stream) beat() error {
	if time.Since(s.last) < 15*time.Second {
		return nil
	}
	return s.send(": still here\n\n")
}

// EndStreams ends what would go on by itself, so that a server can stop.
func (a *API) EndStreams() { a.close() }
