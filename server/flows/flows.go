// Package flows opens the flows of a project on a durable store: it is where project files, connections and the runtime meet, for the command line
// and for the server alike.
//
// It is not for running flows, which is server/runtime/runner's. Start with [Open].
package flows

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"sync/atomic"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/outbound"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
	"github.com/crosswalk-go/crosswalk/server/tracing"
)

// Options configure [Open].
type Options struct {
	// Library holds the built-in mappings.
	Library fs.FS
	// Runner says how flows run.
	Runner runner.Options
	// Surroundings are what connections work with.
	Surroundings project.Surroundings
	// Own is for a process that stays: it waits this long for others to leave the data folder, because a store that it joined would end with
	// the process that opened it. 0 joins.
	Own time.Duration
	// Cluster keeps everything; nil for the project's data folder.
	Cluster *runtime.Cluster
	// Outbound says where the connections of flows may lead; nil for anywhere. It takes the place of Surroundings.HTTP.
	Outbound *outbound.Policy
	// Pace says how patient flows are.
	Pace flow.Pace
	// Tracing makes traces of what flows do, and is closed with the set; nil for none.
	Tracing *tracing.Tracing
	// Log gets what happens; nil discards.
	Log *slog.Logger
}

// Set is the flows of a project on an open store. Close it.
type Set struct {
	// Project is the project as it was when the set was opened; [Set.Current] is what a server has reloaded since.
	Project *project.Project
	Store   *runtime.Runtime
	Engine  *runner.Engine

	options Options
	calls   *callMetrics
	current atomic.Pointer[project.Project]
}

// Open opens the project's store, or joins the process that has it open, and what flows need of it.
func Open(ctx context.Context, p *project.Project, o Options) (*Set, error) {
	store, err := openStore(ctx, p.Data, o)
	if err != nil {
		return nil, err
	}
	o.Runner.Log = o.Log
	o.Runner.Activity.Retentions = map[string]time.Duration{}
	for _, f := range p.Flows {
		if f.Keep > 0 {
			o.Runner.Activity.Retentions[f.Name] = f.Keep
		}
	}
	engine, err := runner.Open(ctx, store, o.Runner)
	if err != nil {
		return nil, errors.Join(err, store.Close(context.WithoutCancel(ctx)))
	}
	o.Surroundings.Capture, o.Surroundings.Keeper = runner.Capture, engine
	calls := newCallMetrics()
	o.Surroundings.Observer = calls
	if o.Tracing != nil {
		o.Surroundings.Observer, o.Surroundings.Tracer = connectors.Observers(calls, o.Tracing), o.Tracing
	}
	if o.Outbound != nil {
		o.Surroundings.HTTP = o.Outbound.Client()
	}
	s := &Set{Project: p, Store: store, Engine: engine, options: o, calls: calls}
	s.current.Store(p)
	return s, nil
}

// Current is the project as it was read last.
func (s *Set) Current() *project.Project { return s.current.Load() }

// openStore opens the store, or waits until it can.
func openStore(ctx context.Context, dir string, o Options) (*runtime.Runtime, error) {
	for end := time.Now().Add(o.Own); ; {
		store, err := runtime.Open(ctx, dir, runtime.Options{Log: o.Log, Join: o.Own == 0, Cluster: o.Cluster})
		if !errors.Is(err, runtime.ErrInUse) || time.Now().After(end) {
			return store, err
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(err, context.Cause(ctx))
		case <-time.After(100 * time.Millisecond):
		}
	}
}

// Schedules returns when each flow of the project runs.
func (s *Set) Schedules() map[string]schedule.Spec {
	out := map[string]schedule.Spec{}
	for _, f := range s.Current().Flows {
		out[f.Name] = schedule.Spec{Every: f.Trigger.Every, Cron: f.Trigger.Schedule(), Zone: f.Trigger.Zone}
	}
	return out
}

// Close closes the store, and sends the traces that are left.
func (s *Set) Close(ctx context.Context) error {
	if s.options.Outbound != nil {
		s.options.Surroundings.HTTP.CloseIdleConnections()
	}
	err := s.Store.Close(ctx)
	if s.options.Tracing != nil {
		s.options.Tracing.Close(ctx)
	}
	return err
}

// Flow opens the connections of a flow and puts it together. Close it.
func (s *Set) Flow(ctx context.Context, name string) (*runner.Flow, error) {
	if err := s.allowed(ctx, name); err != nil {
		return nil, err
	}
	p, err := s.Current().Process(ctx, name, s.options.Library, s.Store, s.options.Surroundings, s.options.Pace)
	if err != nil {
		return nil, err
	}
	return flowOf(p), nil
}

// flowOf is what runs of a flow whose connections are open.
func flowOf(p *project.Process) *runner.Flow {
	return &runner.Flow{Name: p.Flow().Name, Process: p.Process, Scope: p.Scope, Versions: p.Versions(), Close: p.Close,
		Version: runner.Version{ID: p.Snapshot.Version, Files: p.Snapshot.Files},
		At: func(v runner.Version) (*runner.Flow, error) {
			old, err := p.At(project.Snapshot{Version: v.ID, Files: v.Files})
			if err != nil {
				return nil, err
			}
			return flowOf(old), nil
		}}
}

// Estimate says what a full resync of a flow that is open would cost, against the budget of calls that the target's connection takes.
func (s *Set) Estimate(ctx context.Context, open *runner.Flow, since time.Time) (runner.Estimate, error) {
	f, err := s.Current().Flow(open.Name)
	if err != nil {
		return runner.Estimate{}, err
	}
	return s.Engine.Estimate(ctx, open, since, s.Current().CallsPerMinute(f.To))
}

// allowed says at once what every call of a flow would say: that one of its connections leads where the server may not call.
func (s *Set) allowed(ctx context.Context, name string) error {
	if s.options.Outbound == nil {
		return nil
	}
	p := s.Current()
	f, err := p.Flow(name)
	if err != nil {
		return err
	}
	for _, connection := range []string{f.From, f.To} {
		cfg, err := p.Config(connection, project.Surroundings{})
		if err != nil {
			return err
		}
		if cfg.URL == "" {
			continue // the system's own
		}
		if err := s.options.Outbound.Check(ctx, cfg.URL); errors.Is(err, outbound.ErrRefused) { // anything else may pass by itself
			return fmt.Errorf("connection %q: %w", connection, err)
		}
	}
	return nil
}
