package runner

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

// Host knows the flows that are to be served.
type Host interface {
	// Schedules returns when each flow runs; flows without a schedule are in it too.
	Schedules() map[string]schedule.Spec
	// After returns the flows that read and send before a flow does, where they are due too.
	After(flow string) []string
	// Flow opens a flow. The server closes it.
	Flow(ctx context.Context, name string) (*Flow, error)
}

// ServeOptions configure [Engine.Serve].
type ServeOptions struct {
	// Workers is how many documents of a flow this process has at the flow's systems at a time (default 4).
	Workers int
	// Patience is how long a document is tried again whose systems do not answer (default 24 h).
	Patience time.Duration
	// Tend is how often unsettled documents are looked at (default 1 min).
	Tend time.Duration
	// Reload asks for another look at the flows of the host: new ones begin, those that are gone end, and those whose fingerprint is another are
	// opened anew when their documents in hand have ended. nil for never.
	Reload <-chan struct{}
	// Fingerprint tells versions of a flow apart: two that are the same may go on as they are.
	Fingerprint func(flow string) string
}

func (o *ServeOptions) defaults() {
	if o.Workers <= 0 {
		o.Workers = 4
	}
	if o.Patience <= 0 {
		o.Patience = 24 * time.Hour
	}
	if o.Tend <= 0 {
		o.Tend = time.Minute
	}
	if o.Fingerprint == nil {
		o.Fingerprint = func(string) string { return "" }
	}
}

// Serve runs flows by their schedules, and handles what is queued, until ctx ends; then it ends what is in hand. Any number of processes may
// serve one store.
func (e *Engine) Serve(ctx context.Context, host Host, o ServeOptions) error {
	o.defaults()
	for {
		turn, stop := e.untilSetBack(ctx, min(o.Tend, clockLook))
		err := e.serve(turn, host, o)
		why := context.Cause(turn)
		stop()
		if err != nil || !errors.Is(why, errSetBack) {
			return err
		}
		e.options.Log.Warn("what waits for a time waits anew", "because", why)
		if err := e.takeBack(ctx); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// clockLook is how often the clock is looked at.
const clockLook = 10 * time.Second

// serve is a turn of [Engine.Serve].
func (e *Engine) serve(ctx context.Context, host Host, o ServeOptions) error {
	s := &server{engine: e, host: host, options: o, flows: map[string]*served{}}
	defer s.running.Wait()
	if err := s.load(ctx); err != nil {
		return err
	}
	s.running.Go(func() { s.tend(ctx) })
	s.running.Go(func() { s.reload(ctx) })
	for told := ""; ; {
		err := e.schedules.Take(ctx, func(t schedule.Tick) { told = ""; s.dispatch(ctx, t) })
		if ctx.Err() != nil {
			return nil
		}
		if told != err.Error() { // once, not every second
			told = err.Error()
			e.options.Log.Error("the schedules cannot be read", "error", err)
		}
		if !pause(ctx, time.Second) {
			return nil
		}
	}
}

func pause(ctx context.Context, d time.Duration) bool {
	select {
	case <-ctx.Done():
		return false
	case <-time.After(d):
		return true
	}
}

// tend looks after what does not come by itself: what is older than it may be, and unsettled documents.
func (s *server) tend(ctx context.Context) {
	for pause(ctx, s.options.Tend) {
		s.engine.expire(ctx)
		for _, name := range s.names() {
			if err := s.engine.retryUnsettled(ctx, name, s.options.Tend, len(s.host.After(name)) > 0); err != nil && ctx.Err() == nil {
				s.engine.options.Log.Error("unsettled documents could not be tried again", "flow", name, "error", err)
			}
		}
	}
}

// expire removes what is older than its flow keeps.
func (e *Engine) expire(ctx context.Context) {
	if _, err := e.activity.Expire(ctx, e.options.Now()); err != nil && ctx.Err() == nil {
		e.options.Log.Error("what is too old could not be removed", "error", err)
	}
}

// retryUnsettled asks for another attempt at documents whose trouble may have passed, ever less often. Where the flow comes after others, these may have
// brought an article that was missing.
func (e *Engine) retryUnsettled(ctx context.Context, name string, tend time.Duration, after bool) error {
	left, err := e.Unsettled(ctx, name)
	if err != nil {
		return err
	}
	var ids []string
	for _, u := range left {
		wait := min(tend<<min(u.Attempts-1, 8), 6*time.Hour)
		passes := u.Passing() || after && u.Code == flow.FailProduct
		// Where the last attempt is still to come, the clock was set back since, and says nothing of how long ago that was.
		if passed := e.options.Now().Sub(u.Last); passes && (passed >= wait || passed < -setBackMost) {
			ids = append(ids, u.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return e.schedules.Ask(ctx, name, "retry", schedule.Ask{IDs: ids, Cause: "retry"})
}

// served is one flow of a server.
type served struct {
	server *server
	name   string
	host   Host
	ticks  chan schedule.Tick
	reopen chan struct{} // its files are others now
	stop   context.CancelFunc
	print  string // the fingerprint with which it was opened last

	reading, resyncing atomic.Bool // what changed, and everything
	waiting            time.Time   // since when it waits for flows that it comes after; zero for not

	mu    sync.Mutex
	crews map[queue.Lane]*crew
}

// begin lets the crews send as many documents again as a run may.
func (f *served) begin() {
	f.mu.Lock()
	defer f.mu.Unlock()
	for _, c := range f.crews {
		c.begin()
	}
}

// serve keeps the flow open, its workers at work and its runs going.
func (f *served) serve(ctx context.Context) {
	e := f.server.engine
	for ctx.Err() == nil {
		if e.Paused(ctx, f.name) {
			f.wait(ctx, time.Second)
			continue
		}
		open, err := f.host.Flow(ctx, f.name)
		if err != nil {
			if ctx.Err() == nil {
				e.options.Log.Error("the flow cannot be opened", "flow", f.name, "error", err)
				e.noteState(ctx, f.name, func(s *FlowState) { s.Trouble = err.Error() })
			}
			f.wait(ctx, 30*time.Second)
			continue
		}
		e.noteState(ctx, f.name, func(s *FlowState) { s.Trouble = "" })
		f.work(ctx, open)
		if err := open.Close(); err != nil {
			e.options.Log.Warn("the flow was not closed in order", "flow", f.name, "error", err)
		}
	}
}

// wait lets time pass in which ticks are put back.
func (f *served) wait(ctx context.Context, d time.Duration) {
	for end := time.After(d); ; {
		select {
		case <-ctx.Done():
			return
		case <-end:
			return
		case <-f.reopen:
			return
		case t := <-f.ticks:
			_ = t.Later(5 * time.Second)
		}
	}
}

// work handles the flow's documents and runs until ctx ends, the flow is paused or its files change.
func (f *served) work(ctx context.Context, open *Flow) {
	e := f.server.engine
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	var hands sync.WaitGroup
	defer hands.Wait()
	for _, lane := range queue.Lanes {
		hands.Go(func() { f.handle(ctx, open, lane) })
	}
	hands.Go(func() {
		defer stop()
		for !e.Paused(ctx, f.name) {
			select {
			case <-ctx.Done():
				return
			case <-f.reopen:
				return
			case <-time.After(time.Second):
			}
		}
	})
	for {
		select {
		case <-ctx.Done():
			return
		case t := <-f.ticks:
			// Reading waits for room in the queue, and hints do not wait for reading.
			reading, read, patience := &f.reading, f.run, 2*time.Second
			if isBacklog(t.Ask) && !open.Process.PlansWhole() {
				reading, read, patience = &f.resyncing, f.resync, 30*time.Second
			}
			switch {
			case len(t.Ask.IDs) > 0 && !open.Process.PlansWhole():
				f.hint(ctx, open, t)
			case !isBacklog(t.Ask) && f.behind(ctx):
				_ = t.Later(time.Second)
			case reading.CompareAndSwap(false, true):
				hands.Go(func() {
					defer reading.Store(false)
					read(ctx, open, t)
				})
			default:
				_ = t.Later(patience)
			}
		}
	}
}

// crewOf returns who works at a lane, nil for nobody yet.
func (f *served) crewOf(lane queue.Lane) *crew {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.crews[lane]
}

// handle keeps a crew at one lane.
func (f *served) handle(ctx context.Context, open *Flow, lane queue.Lane) {
	e := f.server.engine
	for ctx.Err() == nil {
		c := e.crew(open, lane, f.server.options.Workers, nil)
		c.patient = true
		if lane == queue.Backfill {
			c.yieldTo(queue.Live, func() int { return f.crewOf(queue.Live).putBack() })
		}
		f.mu.Lock()
		f.crews[lane] = c
		f.mu.Unlock()
		if err := c.work(ctx); err != nil && ctx.Err() == nil {
			e.options.Log.Error("the queue cannot be read", "flow", open.Name, "lane", lane, "error", err)
			pause(ctx, time.Second)
		}
	}
}

// run reads what a tick asks for. Handling it is the crews' work.
func (f *served) run(ctx context.Context, open *Flow, t schedule.Tick) {
	e := f.server.engine
	_, release, err := e.leases.Locks("runs").Lock(ctx, f.name)
	if err != nil {
		_ = t.Later(2 * time.Second) // another is reading; what it reads may be older than what this tick is about
		return
	}
	defer release()
	stop := working(ctx, t)
	defer stop()
	id := rand.Text()
	started := e.options.Now().UTC()
	e.noteState(ctx, f.name, func(s *FlowState) { s.Running, s.Run, s.LastStarted = true, id, started })
	f.begin()
	read, err := f.read(ctx, open, id, t.Ask)
	e.noteEnd(ctx, f.name, started, read, err)
	if ctx.Err() != nil {
		_ = t.Later(0) // it goes on where it was stopped
		return
	}
	if err != nil {
		e.options.Log.Error("reading failed", "flow", f.name, "error", err)
	}
	_ = t.Done()
}

// read queues what changed, and returns how many documents are new.
func (f *served) read(ctx context.Context, open *Flow, run string, ask schedule.Ask) (int, error) {
	e := f.server.engine
	if open.Process.PlansWhole() {
		o := RunOptions{Workers: f.server.options.Workers}
		if ask.Cause != "webhook" && ask.Cause != "retry" { // those say that something changed, or may have
			o.Only, o.Version = ask.IDs, ask.Version
		}
		s, err := e.runWhole(ctx, open, o)
		if errors.Is(err, flow.ErrNoSuch) { // of whoever asked, and no trouble of the flow
			e.options.Log.Warn("what was asked for is not there", "flow", f.name, "error", err)
			err = nil
		}
		return s.Read, err
	}
	r := f.reader(open, run, ask)
	cursor, err := open.Process.Cursor(ctx)
	if err != nil {
		return 0, err
	}
	if r.mark, err = e.cursorMark(ctx, open, cursor); err != nil {
		return 0, err
	}
	if err := e.askForChanged(ctx, open); err != nil {
		return 0, err
	}
	since := cursor
	if start := open.Process.Flow().Start; start.After(since) {
		since = start
	}
	err = r.all(ctx, since)
	return r.queued, err
}

func (f *served) reader(open *Flow, run string, ask schedule.Ask) *reader {
	r := &reader{engine: f.server.engine, flow: open, run: run, lane: queue.Live, cause: "poll", version: ask.Version, patience: f.server.options.Patience}
	if ask.Cause != "" {
		r.cause = ask.Cause
	}
	return r
}

// hint queues the documents that an ask names. They are read when they are handled, so this needs no turn.
func (f *served) hint(ctx context.Context, open *Flow, t schedule.Tick) {
	f.begin()
	r := f.reader(open, rand.Text(), t.Ask)
	r.unique = r.run
	err := r.each(ctx, t.Ask.IDs)
	if err != nil {
		if ctx.Err() == nil {
			f.server.engine.options.Log.Error("documents that were asked for could not be queued", "flow", f.name, "error", err)
		}
		_ = t.Later(time.Second)
		return
	}
	_ = t.Done()
}

// askForChanged tries documents again that failed with other mappings than the flow has now.
func (e *Engine) askForChanged(ctx context.Context, f *Flow) error {
	left, err := e.Unsettled(ctx, f.Name)
	if err != nil {
		return err
	}
	var ids []string
	for _, u := range left {
		if fmt.Sprint(u.Versions) != fmt.Sprint(f.Versions) && !u.Person() {
			ids = append(ids, u.ID)
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return e.schedules.Ask(ctx, f.Name, "changed", schedule.Ask{IDs: ids, Cause: "retry"})
}

// Hint asks for a document that a system says has changed; it is read again, a hint is never believed.
func (e *Engine) Hint(ctx context.Context, flowName string, h connectors.Hint) error {
	if h.ID == "" {
		return e.schedules.Ask(ctx, flowName, "webhook", schedule.Ask{Cause: "webhook"})
	}
	return e.schedules.Ask(ctx, flowName, "webhook-"+e.sealer.Hash(h.ID), schedule.Ask{IDs: []string{h.ID}, Cause: "webhook"})
}

// Start asks for a run now. Full reads everything from the flow's start, in the lane that yields to what is new. An ask that nobody has taken yet is not
// made twice, and takes no other's place.
func (e *Engine) Start(ctx context.Context, flowName string, ask schedule.Ask) error {
	if ask.Cause == "" {
		ask.Cause = "now"
	}
	id := "now"
	switch {
	case len(ask.IDs) > 0:
		id = "now-" + e.sealer.Hash(ask.Cause+"\x00"+ask.Version+"\x00"+strings.Join(ask.IDs, "\x00"))
	case isBacklog(ask):
		id = "resync"
	}
	return e.schedules.Ask(ctx, flowName, id, ask)
}
