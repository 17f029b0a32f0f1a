package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// FlowState is what is known of a flow that is served.
type FlowState struct {
	Flow         string    `json:"flow"`
	Paused       bool      `json:"paused,omitempty"`
	Running      bool      `json:"running,omitempty"` // it is being read
	Run          string    `json:"run,omitempty"`
	LastStarted  time.Time `json:"lastStarted,omitzero"`
	LastFinished time.Time `json:"lastFinished,omitzero"`
	LastRead     int       `json:"lastRead"` // new documents of the last reading
	// LastError is why the last reading ended early, LastErrorCode the code of a document that fails for the same reason.
	LastError     string `json:"lastError,omitempty"`
	LastErrorCode string `json:"lastErrorCode,omitempty"`
	// Trouble is why the flow cannot be opened.
	Trouble string `json:"trouble,omitempty"`
	// Live and Backfill are what is queued and in hand.
	Live     queue.Depth `json:"live"`
	Backfill queue.Depth `json:"backfill"`
}

// State returns what is known of a flow.
func (e *Engine) State(ctx context.Context, name string) (FlowState, error) {
	s, err := e.storedState(ctx, name)
	if err != nil {
		return s, err
	}
	s.Paused = e.Paused(ctx, name)
	if s.Live, err = e.queue.Depth(ctx, name, queue.Live); err != nil {
		return s, err
	}
	s.Backfill, err = e.queue.Depth(ctx, name, queue.Backfill)
	return s, err
}

func (e *Engine) storedState(ctx context.Context, name string) (FlowState, error) {
	s := FlowState{Flow: name}
	if err := e.readControl(ctx, "state."+token(name), &s); err != nil {
		return s, fmt.Errorf("the state of %s: %w", name, err)
	}
	return s, nil
}

// failed notes why a reading ended early; nil that it did not.
func (s *FlowState) failed(err error) {
	s.LastError, s.LastErrorCode = "", ""
	if err != nil {
		s.LastError, s.LastErrorCode = err.Error(), flow.FailedResult(flow.Ref{}, err).Code
	}
}

// noteState changes what is known of a flow. It is for people: when it cannot be stored, the flow goes on.
func (e *Engine) noteState(ctx context.Context, name string, change func(*FlowState)) {
	e.stating.Lock()
	defer e.stating.Unlock()
	s, err := e.storedState(ctx, name)
	if err == nil {
		before, _ := json.Marshal(s)
		change(&s)
		var after []byte
		if after, err = json.Marshal(s); err == nil && string(before) != string(after) {
			_, err = e.control.Put(ctx, "state."+token(name), after)
		}
	}
	if err != nil && ctx.Err() == nil {
		e.options.Log.Warn("the state of a flow could not be noted", "flow", name, "error", err)
	}
}

// noteEnd notes a reading that has ended, scheduled or not; err is why it ended early.
func (e *Engine) noteEnd(ctx context.Context, name string, started time.Time, read int, err error) {
	e.noteState(context.WithoutCancel(ctx), name, func(s *FlowState) {
		s.Running, s.LastStarted, s.LastFinished, s.LastRead = false, started, e.options.Now().UTC(), read
		if s.failed(nil); ctx.Err() == nil {
			s.failed(err)
		}
	})
}

// Pause stops a flow: what is in hand is ended, what is queued stays, and nothing is read or handled until Resume.
func (e *Engine) Pause(ctx context.Context, name string) error {
	if _, err := e.control.Put(ctx, "paused."+token(name), []byte(e.options.Now().UTC().Format(time.RFC3339))); err != nil {
		return fmt.Errorf("pausing %s: %w", name, err)
	}
	return nil
}

// Resume lets a flow go on where it was paused.
func (e *Engine) Resume(ctx context.Context, name string) error {
	if err := e.control.Purge(ctx, "paused."+token(name)); err != nil {
		return fmt.Errorf("resuming %s: %w", name, err)
	}
	return nil
}

// Paused tells whether a flow is paused. Where that cannot be known it is: nothing can be stored then either.
func (e *Engine) Paused(ctx context.Context, name string) bool {
	_, err := e.control.Get(ctx, "paused."+token(name))
	return !errors.Is(err, jetstream.ErrKeyNotFound)
}
