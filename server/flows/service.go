package flows

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/server/alerts"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// ServiceOptions configure [NewService].
type ServiceOptions struct {
	// Load reads the project anew; nil where it never changes.
	Load func() (*project.Project, error)
	// Watch is how often the files of the project are looked at for changes (default 2 s).
	Watch time.Duration
	// Drain is how long documents in hand may take when the service is told to stop (default 30 s). What is not ended by then comes back
	// from the queue.
	Drain time.Duration
	// Reconcile is how often the account of each flow is made (default 1 h).
	Reconcile time.Duration
	// Alerts says who is told of what is wrong, and Look how often it is looked for (default 30 s).
	Alerts alerts.Config
	Look   time.Duration
	Serve  runner.ServeOptions
}

// Service runs the flows of a set by their schedules, follows webhooks, takes changed files over, and keeps the account.
type Service struct {
	set     *Set
	options ServiceOptions
	log     *slog.Logger
	hooks   *hooks
	metrics *metrics
	ask     chan chan error // for a reload, and what became of it
	reload  chan struct{}   // what the runner listens to
	files   *tree
	missing sync.Map      // flow -> what its last account missed, []runner.MissingDocument
	ended   chan struct{} // closed when nothing is in hand any more
}

// ErrDrain is the error of documents that were not ended in time. None is lost: they come back from the queue.
var ErrDrain = errors.New("documents in hand were not ended in time and are taken again by the next start")

// NewService makes a service of a set that is open. It does nothing before [Service.Run].
func NewService(set *Set, o ServiceOptions) *Service {
	if o.Watch <= 0 {
		o.Watch = 2 * time.Second
	}
	if o.Drain <= 0 {
		o.Drain = 30 * time.Second
	}
	if o.Reconcile <= 0 {
		o.Reconcile = time.Hour
	}
	if o.Look <= 0 {
		o.Look = 30 * time.Second
	}
	log := set.options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	s := &Service{set: set, options: o, log: log, ask: make(chan chan error), reload: make(chan struct{}), ended: make(chan struct{}), files: readTree(set.Project)}
	s.metrics = newMetrics()
	s.hooks = &hooks{set: set, log: log, count: s.metrics.hook}
	return s
}

// Set is the flows that the service runs.
func (s *Service) Set() *Set { return s.set }

// Run runs the flows until ctx ends, and then lets what is in hand end, for as long as it may. Run it once.
func (s *Service) Run(ctx context.Context) error {
	o := s.options.Serve
	o.Reload, o.Fingerprint = s.reload, func(flow string) string { return s.files.fingerprint(flow) }
	done := make(chan error, 1)
	go func() {
		done <- s.set.Engine.Serve(ctx, s.set, o)
		close(s.ended)
	}()
	// These end with ctx: each step of theirs has its own end.
	var beside sync.WaitGroup
	for _, do := range []func(context.Context){s.watch, s.account, s.alert} {
		beside.Go(func() { do(ctx) })
	}
	err := s.wait(ctx, done)
	beside.Wait()
	return errors.Join(err, s.hooks.close())
}

// wait waits for the runner's end, and no longer than documents in hand may take.
func (s *Service) wait(ctx context.Context, done <-chan error) error {
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
	}
	s.log.Info("stopping: documents in hand are ended")
	select {
	case err := <-done:
		return err
	case <-time.After(s.options.Drain):
		return fmt.Errorf("after %s: %w", s.options.Drain, ErrDrain)
	}
}

// Reload reads the project anew. A project with mistakes changes nothing: its error says what is wrong, and the flows go on as they were.
func (s *Service) Reload(ctx context.Context) error {
	answer := make(chan error, 1)
	select {
	case s.ask <- answer:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-answer:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// watch reloads where a file has changed or somebody asks for it.
func (s *Service) watch(ctx context.Context) {
	for {
		select {
		case <-ctx.Done():
			return
		case answer := <-s.ask:
			answer <- s.takeOver(ctx, readTree(s.set.Current()))
		case <-time.After(s.options.Watch):
			// Where something is being written, the rest of it follows at once: two looks that agree have seen all of it.
			now := readTree(s.set.Current())
			if s.files.same(now) || !now.same(readTree(s.set.Current())) {
				continue
			}
			if err := s.takeOver(ctx, now); err != nil {
				s.log.Error("the changed files have mistakes: the flows go on as they were", "error", err)
			}
		}
	}
}

// sayGone tells of documents that flows leave behind which the project has no more, or has under another name.
func (s *Service) sayGone(ctx context.Context, old, now *project.Project) {
	for _, f := range old.Flows {
		if _, err := now.Flow(f.Name); err == nil {
			continue
		}
		state, err := s.set.Engine.State(ctx, f.Name)
		left, openErr := s.set.Engine.Unsettled(ctx, f.Name)
		if err := errors.Join(err, openErr); err != nil {
			s.log.Warn("what a flow that is gone leaves behind is not known", "flow", f.Name, "error", err)
			continue
		}
		left = slices.DeleteFunc(left, runner.Unsettled.Waits)
		if queued := state.Live.Total() + state.Backfill.Total(); queued+len(left) > 0 {
			s.log.Warn("a flow is gone and leaves documents behind: they wait until there is one of that name", "flow", f.Name, "queued", queued, "unsettled", len(left))
		}
	}
}

// takeOver makes the project what its files say, if they say it without mistakes.
func (s *Service) takeOver(ctx context.Context, now *tree) error {
	if s.options.Load == nil {
		return nil
	}
	p, err := s.options.Load()
	if err == nil {
		for _, f := range p.Flows {
			if _, wrong := p.Assemble(f, s.set.options.Library); wrong != nil {
				err = errors.Join(err, wrong)
			}
		}
	}
	if err == nil && p.Data != s.set.Project.Data {
		err = errors.New("the data folder cannot be changed while the flows run")
	}
	if err != nil {
		s.files.seen(now) // said once, not at every look
		return err
	}
	old := s.set.current.Swap(p)
	s.sayGone(ctx, old, p)
	s.files.become(now)
	s.hooks.forget()
	select {
	case s.reload <- struct{}{}:
		s.log.Info("the project was read anew")
	case <-ctx.Done():
	}
	return nil
}
