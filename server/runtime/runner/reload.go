package runner

import (
	"context"
	"maps"
	"slices"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

// server is a process that serves flows.
type server struct {
	engine  *Engine
	host    Host
	options ServeOptions
	running sync.WaitGroup

	mu    sync.Mutex
	flows map[string]*served
}

// load makes the flows of the host the ones that are served. A flow that has not changed is not disturbed; one that has finishes what it has
// in hand first, with the mappings with which it was begun.
func (s *server) load(ctx context.Context) error {
	specs := s.host.Schedules()
	if err := s.engine.schedules.Set(ctx, specs); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for name, f := range s.flows {
		if _, ok := specs[name]; !ok {
			f.stop()
			delete(s.flows, name)
		}
	}
	for name := range specs {
		print := s.options.Fingerprint(name)
		f := s.flows[name]
		switch {
		case f == nil:
			s.begin(ctx, name, print)
		case f.print != print:
			f.print = print
			select {
			case f.reopen <- struct{}{}:
			default: // it is told already
			}
		}
	}
	return nil
}

// begin serves a flow until ctx ends or the flow is gone.
func (s *server) begin(ctx context.Context, name, print string) {
	ctx, stop := context.WithCancel(ctx)
	f := &served{server: s, name: name, host: s.host, ticks: make(chan schedule.Tick), crews: map[queue.Lane]*crew{},
		reopen: make(chan struct{}, 1), stop: stop, print: print}
	s.flows[name] = f
	s.running.Go(func() {
		defer stop()
		f.serve(ctx)
	})
}

// reload follows [ServeOptions.Reload] until ctx ends.
func (s *server) reload(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case <-s.options.Reload:
			if err := s.load(ctx); err != nil && ctx.Err() == nil {
				s.engine.options.Log.Error("the flows could not be loaded anew", "error", err)
			}
		}
	}
}

func (s *server) names() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Sorted(maps.Keys(s.flows))
}

// loading is for how long a tick waits for its flow to be served.
const loading = time.Minute

// dispatch hands a tick to its flow. One that is busy gets it later.
func (s *server) dispatch(ctx context.Context, t schedule.Tick) {
	s.mu.Lock()
	f := s.flows[t.Flow]
	s.mu.Unlock()
	switch {
	case f != nil:
	case time.Since(t.At) < loading:
		_ = t.Later(time.Second) // of a flow that is new, and about to be served
		return
	default:
		_ = t.Done() // the flow is gone; the tick with it
		return
	}
	select {
	case f.ticks <- t:
	case <-ctx.Done():
	case <-time.After(50 * time.Millisecond):
		_ = t.Later(2 * time.Second)
	}
}
