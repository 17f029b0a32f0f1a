package flow

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// RunOptions say how a run goes.
type RunOptions struct {
	// DryRun plans and sends nothing: no write to the target, the links or the cursor.
	DryRun bool
	// Workers is how many documents are in hand at a time (default 1, which keeps the source's order).
	Workers int
	// FromStart reads everything from the flow's start instead of from the cursor.
	FromStart bool
	// Only are the ids or names of the documents to carry out, of a flow that plans all at once: it still reads and plans the others, because
	// settings.maxZeroed is about all. A name that nothing has is an error, and nothing is sent. Other flows read what their caller names.
	Only []string
	// Spill is the folder for what a run that must see everything before it sends anything cannot hold in memory; "" is the system's folder for such
	// files.
	Spill string
	// Context gives the context in which a document is carried out, for who follows it through its calls; nil leaves the run's.
	Context func(ctx context.Context, doc port.Document) context.Context
	// Keep is called for each document as it ends, in its worker, before OnResult. Its error ends the run: nothing more may be sent that is not
	// accounted for. nil for nobody.
	Keep func(ctx context.Context, r Result) error
	// OnResult is called for each document as it ends, one call at a time, with the run's
	// counts so far.
	OnResult func(Result, Summary)
}

func (o RunOptions) contextOf(ctx context.Context, doc port.Document) context.Context {
	if o.Context == nil {
		return ctx
	}
	return o.Context(ctx, doc)
}

// Summary is a run in numbers.
type Summary struct {
	Flow       string    `json:"flow"`
	DryRun     bool      `json:"dryRun,omitempty"`
	StartedAt  time.Time `json:"startedAt"`
	FinishedAt time.Time `json:"finishedAt"`
	Read       int       `json:"read"`
	Created    int       `json:"created"`
	Updated    int       `json:"updated"`
	Skipped    int       `json:"skipped"`
	Failed     int       `json:"failed"`
	InDoubt    int       `json:"inDoubt"`
	// Cursor is the change stamp that the next run reads from.
	Cursor time.Time `json:"cursor"`
	// Limited is true where the flow's limit ended the run before the source did.
	Limited bool `json:"limited,omitempty"`
}

// Balanced tells whether every document that was read ended in exactly one outcome.
func (s Summary) Balanced() bool {
	return s.Read == s.Created+s.Updated+s.Skipped+s.Failed+s.InDoubt
}

// String returns the conservation line.
func (s Summary) String() string {
	return fmt.Sprintf("read %d = created %d + updated %d + skipped %d + failed %d + in doubt %d",
		s.Read, s.Created, s.Updated, s.Skipped, s.Failed, s.InDoubt)
}

// Run reads what changed since the cursor and plans and carries out each document. The cursor moves only past
// documents that are settled: failed ones and ones in doubt come back in the next run.
// An error means that the run ended early; the summary holds what was done until then. When ctx ends,
// documents in hand are finished within Pace.Grace.
func (p *Process) Run(ctx context.Context, o RunOptions) (Summary, error) {
	cursor, err := p.Cursor(ctx)
	if err != nil {
		return Summary{Flow: p.flow.Name}, err
	}
	l := newLedger(p, o, cursor)
	if p.flow.Entity == port.Stock {
		err = p.runWhole(ctx, o, l)
	} else {
		err = p.readAll(ctx, o, l)
	}
	s, stop := l.close(ctx)
	if err == nil {
		err = stop
	}
	if !s.Balanced() {
		err = errors.Join(err, fmt.Errorf("a mistake of Crosswalk: documents are unaccounted for: %s", s))
	}
	if err != nil {
		return s, fmt.Errorf("flow %s: %w", p.flow.Name, err)
	}
	return s, nil
}

// readAll hands the source's documents to workers and returns once all have ended.
func (p *Process) readAll(ctx context.Context, o RunOptions, l *ledger) error {
	planner := p.Planner()
	var workers sync.WaitGroup
	defer workers.Wait()
	since := l.since
	if o.FromStart || p.flow.Start.After(since) {
		since = p.flow.Start
	}
	for doc, err := range p.read(ctx, since) {
		if err != nil {
			return err
		}
		number, ok := l.admit(ctx, doc)
		if !ok {
			break
		}
		workers.Add(1)
		go func() {
			defer workers.Done()
			l.settle(number, p.kept(ctx, o, doc, func(ctx context.Context) Result { return p.handle(ctx, planner, doc, nil, o.DryRun) }, l))
		}()
	}
	return ctx.Err()
}

// kept handles a document and has its result kept.
func (p *Process) kept(ctx context.Context, o RunOptions, doc port.Document, handle func(context.Context) Result, l *ledger) Result {
	ctx = o.contextOf(ctx, doc)
	r := handle(ctx)
	if o.Keep != nil {
		if err := o.Keep(ctx, r); err != nil {
			l.halt(fmt.Errorf("stopped at %s: %w", r.Document.Name(), err))
		}
	}
	return r
}

// unread is the error of a source that cannot be read.
func (p *Process) unread(err error) error {
	return fmt.Errorf("reading %s of %s: %w", p.flow.Resources.Source, p.flow.From, err)
}

// read yields the source's documents, each version once. An error ends it.
func (p *Process) read(ctx context.Context, since time.Time) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		type seenKey struct{ id, version string }
		seen := map[seenKey]bool{}
		for doc, err := range p.Read(ctx, since) {
			if err != nil {
				yield(port.Document{}, p.unread(err))
				return
			}
			key := seenKey{doc.ID, doc.Version}
			if doc.ID != "" && seen[key] {
				continue // a page that shifted while it was read
			}
			seen[key] = true
			if !yield(doc, nil) {
				return
			}
		}
	}
}
