package flows

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/alerts"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// told is the book of alerts in the store.
type told struct{ kv jetstream.KeyValue }

func (b told) Load(ctx context.Context) (map[string][]string, error) {
	out := map[string][]string{}
	entry, err := b.kv.Get(ctx, "told")
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return out, nil
	}
	if err == nil {
		err = json.Unmarshal(entry.Value(), &out)
	}
	if err != nil {
		return nil, fmt.Errorf("what was told: %w", err)
	}
	return out, nil
}

func (b told) Save(ctx context.Context, all map[string][]string) error {
	text, err := json.Marshal(all)
	if err != nil {
		return err
	}
	if _, err := b.kv.Put(ctx, "told", text); err != nil {
		return fmt.Errorf("what was told: %w", err)
	}
	return nil
}

// recently is how far back attempts are looked at that will be made again.
const recently = 10 * time.Minute

// alert looks for what is wrong and tells of it, again and again until ctx ends. Of several servers of one store, one does at a time.
func (s *Service) alert(ctx context.Context) {
	if s.options.Alerts.Mail == nil && s.options.Alerts.Webhook == nil {
		return
	}
	kv, err := s.set.Store.Bucket(ctx, jetstream.KeyValueConfig{Bucket: "alerts"})
	if err != nil {
		s.log.Error("alerts cannot be sent", "error", err)
		return
	}
	teller := alerts.New(s.options.Alerts, told{kv}, s.log)
	progress := map[string]progress{}
	for {
		_, release, err := s.set.Engine.Locks("alerts").Lock(ctx, "tell")
		if err == nil {
			var causes []alerts.Cause
			if causes, err = s.causes(ctx, progress, time.Now()); err == nil {
				err = teller.Tell(ctx, causes)
			}
			release()
		}
		if err != nil && ctx.Err() == nil && !errors.Is(err, flow.ErrBusy) {
			s.log.Error("alerts could not be sent", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.options.Look):
		}
	}
}

// progress is when a flow settled a document last, as far as this server saw.
type progress struct {
	settled int
	since   time.Time
}

// causes looks for everything that is wrong now.
func (s *Service) causes(ctx context.Context, moved map[string]progress, now time.Time) ([]alerts.Cause, error) {
	var out []alerts.Cause
	p := s.set.Current()
	for _, f := range p.Flows {
		e := s.set.Engine
		unsettled, err := e.Unsettled(ctx, f.Name)
		if err != nil {
			return nil, err
		}
		groups := map[string]*alerts.Cause{}
		for _, u := range unsettled {
			if u.Waits() {
				continue
			}
			kind := kindOf(u.Outcome, u.Code)
			g := groups[kind+u.Code]
			if g == nil {
				g = &alerts.Cause{Flow: f.Name, Kind: kind, Code: u.Code, Example: cmp.Or(u.Key, u.ID), Entry: u.Entry}
				if entry, _, err := e.Activity().Get(ctx, u.Entry); err == nil { // it may be too old by now
					g.Reason, g.Help = entry.Reason, entry.Help
				}
				groups[kind+u.Code] = g
			}
			g.Documents++
		}
		// What is tried again by itself is no failure yet, but people want to know why it waits.
		waiting, err := e.Activity().List(ctx, activity.Query{Flow: f.Name, Outcomes: []flow.Outcome{activity.Retrying}, Since: now.Add(-recently), Limit: 50})
		if err != nil {
			return nil, err
		}
		for _, entry := range waiting {
			kind := kindOf(flow.Failed, entry.Code)
			if strings.Contains(entry.Reason, port.ErrRateLimit.Error()) {
				kind = "budget"
			}
			if kind != "failed" && groups[kind+entry.Code] == nil {
				groups[kind+entry.Code] = &alerts.Cause{Flow: f.Name, Kind: kind, Code: entry.Code, Example: cmp.Or(entry.Document.Key, entry.Document.ID), Entry: entry.ID,
					Reason: entry.Reason, Help: entry.Help}
			}
		}
		state, err := e.State(ctx, f.Name)
		if err != nil {
			return nil, err
		}
		kind := kindOf(flow.Failed, state.LastErrorCode)
		if strings.Contains(state.LastError, port.ErrRateLimit.Error()) {
			kind = "budget"
		}
		if state.LastError != "" && groups[kind+state.LastErrorCode] == nil {
			if kind == "failed" {
				kind = "reading"
			}
			groups[kind] = &alerts.Cause{Flow: f.Name, Kind: kind, Code: state.LastErrorCode, Reason: state.LastError}
		}
		if lost, _ := s.missing.Load(f.Name); lost != nil {
			if missing := lost.([]runner.MissingDocument); len(missing) > 0 {
				groups["missing"] = &alerts.Cause{Flow: f.Name, Kind: "missing", Documents: len(missing), Example: cmp.Or(missing[0].Key, missing[0].ID),
					Reason: "they were read and are neither settled nor queued", Help: "crosswalk reconcile " + f.Name + " names them all, and crosswalk run --only handles them again"}
			}
		}
		for _, g := range groups {
			g.Connection = connectionOf(p, f, g.Kind, g.Reason)
			out = append(out, *g)
		}
		if state.Trouble != "" {
			out = append(out, alerts.Cause{Flow: f.Name, Kind: "closed", Reason: state.Trouble})
		}
		tally, _, err := e.Activity().Tally(ctx, f.Name, time.Time{}, time.Time{})
		if err != nil {
			return nil, err
		}
		settled := 0
		for outcome, n := range tally {
			if activity.Final(outcome) {
				settled += n
			}
		}
		was, known := moved[f.Name]
		if !known || was.settled != settled || state.Live.Total() == 0 || state.Paused {
			moved[f.Name] = progress{settled, now}
		} else if now.Sub(was.since) >= time.Duration(s.options.Alerts.Stall)*time.Minute {
			out = append(out, alerts.Cause{Flow: f.Name, Kind: "stall", Documents: state.Live.Total(),
				Reason: "none was settled since " + was.since.UTC().Format("2006-01-02 15:04 MST"), Help: "crosswalk log " + f.Name + " --outcome retrying tells what waits and why"})
		}
	}
	return joined(out), nil
}

// connectionOf is the connection whose system is wrong, "" where it is the flow, or where that is not known because the flow joins two of a kind.
func connectionOf(p *project.Project, f project.Flow, kind, reason string) string {
	if kind != "auth" && kind != "unreachable" && kind != "budget" {
		return ""
	}
	found := ""
	for _, name := range []string{f.From, f.To} {
		// As port.Error begins.
		if c, ok := p.Connection(name); !ok || !strings.Contains(reason, c.System+": ") || name == found {
			continue
		}
		if found != "" {
			return ""
		}
		found = name
	}
	return found
}

// joined makes one cause of what is wrong with one connection in several flows.
func joined(causes []alerts.Cause) []alerts.Cause {
	var out []alerts.Cause
	at := map[string]int{}
	for _, c := range causes {
		if c.Connection == "" {
			out = append(out, c)
			continue
		}
		i, known := at[c.ID()]
		if !known {
			i, at[c.ID()] = len(out), len(out)
			out = append(out, c)
		}
		if known {
			out[i].Documents += c.Documents
		}
		if !slices.Contains(out[i].Flows, c.Flow) {
			out[i].Flows = append(out[i].Flows, c.Flow)
		}
	}
	return out
}

// kindOf sorts outcomes by what people do about them.
func kindOf(outcome flow.Outcome, code string) string {
	switch {
	case code == flow.FailAuth:
		return "auth"
	case code == flow.FailUnreachable:
		return "unreachable"
	case code == flow.FailZeroed:
		return "guard"
	case outcome == flow.InDoubt:
		return "in_doubt"
	}
	return "failed"
}
