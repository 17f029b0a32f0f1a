package flow

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"
	"time"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Mapper builds one document from another; *engine.Mapping is one.
type Mapper interface {
	Apply(ctx context.Context, document []byte, in engine.Input) ([]byte, error)
}

// Condition tells whether a canonical document passes a filter.
type Condition interface {
	Eval(ctx context.Context, document []byte, in engine.Input) (bool, error)
}

// Value computes something of a canonical document as JSON text, nil for nothing; *engine.Expression is one.
type Value interface {
	Eval(ctx context.Context, document []byte, in engine.Input) ([]byte, error)
}

// Mappings are the mappings of a flow.
type Mappings struct {
	// Read makes the canonical document from the source's. Required.
	Read Mapper
	// Write makes the target's document from the canonical one. Required.
	Write Mapper
	// TargetRead makes the canonical document from the target's. Optional, for flows of stock and products: it tells locations
	// and present quantities, and what the options of a family are called there.
	TargetRead Mapper
	// CustomerWrite makes the target's customer from a canonical customer. Required for orders whose target has customers,
	// unless every order goes to a default customer. Its `source` is the raw order.
	CustomerWrite Mapper
	// CustomerRead makes a canonical customer from the target's. Optional: it tells person from company
	// and active from inactive when several customers share an e-mail address.
	CustomerRead Mapper
	// ProductRead makes a canonical product from the source's. Optional: without it a
	// missing product is made from the order line.
	ProductRead Mapper
	// ProductWrite makes the target's product. Required for missingProduct: create.
	ProductWrite Mapper
}

// Resources are the system's own words for what a flow touches.
type Resources struct {
	// Source is what is read: "order".
	Source string
	// SourceProduct is what a missing product is read from; empty for none.
	SourceProduct string
	// Target is what is made: "invoiceDraft".
	Target string
	// Customer and Product are the target's: "customer", "article". An order needs neither where the target's orders carry
	// their customer and their articles themselves. For stock, Product is what must be there before new stock is made of
	// it; empty where none is to be made.
	Customer, Product string
	// ProductTypes are the types of products that the target takes; empty for simple ones only.
	ProductTypes []string
	// Relates is true where products of the target can name related ones.
	Relates bool
	// References are the target's reference tables that write mappings may read
	// as links.reference.<name>. One that the account may not read is left out.
	References []string
}

// Takes tells whether the target takes products of a type.
func (r Resources) Takes(kind string) bool {
	if len(r.ProductTypes) == 0 {
		return kind == typeSimple
	}
	return slices.Contains(r.ProductTypes, kind)
}

// Flow is a flow, ready to run.
type Flow struct {
	Name     string
	From, To string // systems, for messages: "shopware", "eaccounting"
	Entity   port.Entity
	// Start leaves out documents that were created before it; zero for none.
	Start time.Time
	// Limit is the most documents that one run sends; 0 for no limit. Documents that are skipped
	// or fail do not count, so that they cannot starve the others.
	Limit int
	// Where leaves out canonical documents that do not pass; nil for none. WhereText is
	// its text, for reasons.
	Where     Condition
	WhereText string
	// Steps are taken in order by documents that pass Where.
	Steps []Step
	// Quantity is what a flow of stock writes; nil for [DefaultQuantity].
	Quantity Value
	// Settings and Tables are JSON objects as text, nil for empty.
	Settings, Tables []byte
	Mappings         Mappings
	Resources        Resources
}

// Systems are what a flow works with.
type Systems struct {
	Source  port.Source
	Target  port.Target
	Links   port.Links
	Cursors port.Cursors
	// Locks keeps what is in hand from everyone else; nil keeps it from this process only.
	Locks Locker
	// Tracer hears of the work on documents; nil for none.
	Tracer Tracer
}

// Pace says how patiently a run treats failures that pass. The zero value of a field
// is its default.
type Pace struct {
	// Attempts is how often a call is made that may be repeated (default 4).
	Attempts int
	// Probes is how often a target is asked for a document whose create got no answer (default 5).
	Probes int
	// Wait is the first pause, doubled after each (default 500 ms); MaxWait is the longest (default 30 s). A
	// system that asks for a longer pause than MaxWait gets the document's failure instead.
	Wait, MaxWait time.Duration
	// Settle is how long after a lost answer a document may still appear in the target;
	// it is not sent again before (default 2 min).
	Settle time.Duration
	// Grace is how long documents in hand may take to finish after the run's
	// context has ended (default 30 s).
	Grace time.Duration
	// Outages is after how many documents in a row that met an unreachable system, or one that
	// asks for a long pause, a run stops (default 3).
	Outages int
	// Now and Sleep replace the system's clock, in tests.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error
}

func (p Pace) withDefaults() Pace {
	p.Attempts = or(p.Attempts, 4)
	p.Probes = or(p.Probes, 5)
	p.Wait = or(p.Wait, 500*time.Millisecond)
	p.MaxWait = or(p.MaxWait, 30*time.Second)
	p.Settle = or(p.Settle, 2*time.Minute)
	p.Grace = or(p.Grace, 30*time.Second)
	p.Outages = or(p.Outages, 3)
	if p.Now == nil {
		p.Now = time.Now
	}
	if p.Sleep == nil {
		p.Sleep = sleep
	}
	return p
}

func or[T int | time.Duration](v, def T) T {
	if v <= 0 {
		return def
	}
	return v
}

// Process is a checked flow over its systems. It is safe for concurrent use.
type Process struct {
	flow    Flow
	set     settings
	systems Systems
	pace    Pace
}

// New checks the flow and returns its process. It makes no call.
func New(f Flow, s Systems, pace Pace) (*Process, error) {
	set, err := f.settings()
	if err != nil {
		return nil, fmt.Errorf("flow %s: %w", f.Name, err)
	}
	if s.Source == nil || s.Target == nil || s.Links == nil || s.Cursors == nil {
		return nil, fmt.Errorf("flow %s: source, target, links and cursors are needed", f.Name)
	}
	if f.Entity == port.Customer {
		f.Resources.Customer = f.Resources.Target // what customers are looked for in
	}
	if f.Entity == port.Stock && f.Quantity == nil {
		if f.Quantity, err = engine.CompileExpression(DefaultQuantity, "any"); err != nil {
			return nil, fmt.Errorf("flow %s: %w", f.Name, err)
		}
	}
	if s.Locks == nil {
		s.Locks = newLocks()
	}
	return &Process{flow: f, set: set, systems: s, pace: pace.withDefaults()}, nil
}

// Flow returns the flow that the process was made of.
func (p *Process) Flow() Flow { return p.flow }

// Cursor returns the change stamp up to which everything is settled; zero at first. It is never in the future: see [Process.SaveCursor].
func (p *Process) Cursor(ctx context.Context) (time.Time, error) {
	at, err := p.systems.Cursors.Cursor(ctx, p.flow.Name)
	if err != nil {
		return time.Time{}, fmt.Errorf("flow %s: %w: %w", p.flow.Name, errStore, err)
	}
	return p.Happened(at), nil
}

// SaveCursor remembers how far everything is settled, but never further than now: one document that is stamped in the future, by hand or by a source
// whose clock goes before, would hide everything until then. What lies between is read again, and known.
func (p *Process) SaveCursor(ctx context.Context, at time.Time) error {
	if err := p.systems.Cursors.SaveCursor(ctx, p.flow.Name, p.Happened(at)); err != nil {
		return fmt.Errorf("flow %s: %w: %w", p.flow.Name, errStore, err)
	}
	return nil
}

// Happened returns the moment, or now where it has not come yet.
func (p *Process) Happened(at time.Time) time.Time {
	if now := p.pace.Now().UTC(); at.After(now) {
		return now
	}
	return at
}

// Read yields the source's documents that changed since then, or those of the ids only.
func (p *Process) Read(ctx context.Context, since time.Time, ids ...string) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		reading, done := p.flow.begin(ctx, p.systems.Tracer, ReadStep)
		var failed error
		defer func() { done(doneWith(failed)) }()
		for doc, err := range p.systems.Source.Read(reading, port.Query{Resource: p.flow.Resources.Source, Since: since, IDs: ids}) {
			failed = err
			if !yield(doc, err) {
				return
			}
		}
	}
}

// Check tells what is wrong with the flow, nil for nothing: it needs no systems and makes no call.
func (f Flow) Check() error {
	_, err := f.settings()
	return err
}

// settings reads the settings and checks the flow by them.
func (f Flow) settings() (settings, error) {
	set, err := parseSettings(f.Entity, f.Settings)
	if err == nil {
		err = f.check(set)
	}
	return set, err
}

func (f Flow) check(set settings) error {
	if err := f.checkSteps(); err != nil {
		return err
	}
	switch {
	case f.Name == "":
		return errors.New("it has no name")
	case len(Settings(f.Entity)) == 0:
		return fmt.Errorf("there is no entity %q", f.Entity)
	case f.Mappings.Read == nil || f.Mappings.Write == nil:
		return errors.New("a read and a write mapping are needed")
	case f.Resources.Source == "" || f.Resources.Target == "":
		return errors.New("the resources of source and target are needed")
	case f.Entity == port.Stock && !f.Start.IsZero():
		return errors.New("stock has no start: every run reads all of it")
	case f.Entity != port.Order:
		return nil
	case f.Resources.Customer == "" && set.defaultCustomer != "":
		return errors.New("settings.defaultCustomer is set, and the target's orders have no customer of their own")
	case f.Resources.Customer != "" && set.defaultCustomer == "" && f.Mappings.CustomerWrite == nil:
		return errors.New("a customer write mapping is needed, or settings.defaultCustomer")
	case f.Resources.Product != "" && set.missingProduct == missingCreate && f.Mappings.ProductWrite == nil:
		return errors.New("settings.missingProduct is create, which needs a product write mapping")
	}
	return nil
}

// Planner returns a planner with empty caches: what it learns of the target (articles,
// reference data) it keeps, so use one a run.
func (p *Process) Planner() *Planner {
	return &Planner{
		flow: p.flow, set: p.set, pace: p.pace,
		source: p.systems.Source,
		target: p.systems.Target,
		links:  p.systems.Links,
		tracer: p.systems.Tracer,
		memory: newMemory(),
	}
}

// Executor returns the executor of the process's plans.
func (p *Process) Executor() *Executor {
	return &Executor{flow: p.flow, target: p.systems.Target, links: p.systems.Links, tracer: p.systems.Tracer, pace: p.pace}
}
