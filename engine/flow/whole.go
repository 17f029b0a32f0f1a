package flow

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"hash/fnv"
	"strconv"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// PlansWhole tells whether a run must read and plan everything before it sends anything: stock, because of settings.maxZeroed.
func (p *Process) PlansWhole() bool { return p.flow.Entity == port.Stock }

// checkZeroed holds the plans of a whole run to settings.maxZeroed. Half a catalogue with zeros in it, or a read mapping
// that reads the wrong member, must not empty a shop: nothing may be sent where the answer is not nil.
func (p *Process) checkZeroed(zeroed, read int) *Failure {
	share := decimal.New(int64(zeroed)*100, 0)
	if zeroed == 0 || share.Cmp(p.set.maxZeroed.Mul(decimal.New(int64(read), 0))) <= 0 {
		return nil
	}
	return &Failure{Code: FailZeroed,
		Message: fmt.Sprintf("%d of %d articles that were read would go from some to none, which is more than the %s %% of settings.maxZeroed: nothing was sent",
			zeroed, read, p.set.maxZeroed),
		Help: "look at the plans with --dry-run; where they are right, raise settings.maxZeroed for one run"}
}

// runWhole reads all of the source, plans all of it, and only then carries anything out. A source that fails in the middle has
// sent nothing. Stock has no cursor: bookings move no change stamp in most systems, and a share needs a whole.
//
// What it holds in memory does not grow with the source. Documents are spilled as they are read, and come back by SKU, so that those of one
// article at several places meet; their plans are counted and spilled, and come back in the source's order.
func (p *Process) runWhole(ctx context.Context, o RunOptions, l *ledger) error {
	planner := p.Planner()
	read, plans := newSpill(o.Spill), newSpill(o.Spill)
	defer read.close()
	defer plans.close()
	if err := p.readWhole(ctx, planner, read, o.Only); err != nil {
		return err
	}
	count, zeroed, err := p.planWhole(ctx, planner, read, plans, l.options.Workers)
	if err == nil {
		err = ctx.Err()
	}
	if err != nil {
		return err
	}
	read.close()
	stop := p.checkZeroed(zeroed, count)
	var workers sync.WaitGroup
	defer workers.Wait()
	over := errors.New("the run is over")
	err = plans.each(func(_ uint64, data []byte) error {
		w, err := openPlan(data)
		if err != nil {
			return err
		}
		if !w.Chosen {
			return nil
		}
		number, ok := l.admit(ctx, w.Document)
		if !ok {
			return over
		}
		if stop != nil && !o.DryRun && len(w.Plan.Operations) > 0 { // a dry run shows what would have been sent
			w.Plan.Operations, w.Plan.Failure = nil, &Failure{Code: FailZeroed, Message: "not sent: the run would have taken too many articles to none", Err: stop}
		}
		workers.Go(func() {
			l.settle(number, p.kept(ctx, o, w.Document, func(ctx context.Context) Result {
				return p.handle(ctx, planner.among(w.Others), w.Document, w.Plan, o.DryRun)
			}, l))
		})
		return nil
	})
	switch {
	case err != nil && !errors.Is(err, over):
		return err
	case stop != nil:
		return stop
	}
	return ctx.Err()
}

// stocked is a document of a whole run, in the order of the source.
type stocked struct {
	Number   uint64
	Document port.Document
	SKU      string
	Chosen   bool // to be carried out
}

// readWhole spills the source's documents by SKU. Only those that only names are chosen, or all where it names none.
func (p *Process) readWhole(ctx context.Context, planner *Planner, out *spill, only []string) error {
	number := uint64(0)
	named := map[string]bool{} // whether it was found
	for _, name := range only {
		named[name] = false
	}
	for doc, err := range p.Read(ctx, time.Time{}) {
		if err != nil {
			return fmt.Errorf("%w: nothing was sent", p.unread(err))
		}
		d := stocked{number, doc, scalar(gjson.GetBytes(planner.open(ctx, doc).canonical, "sku")), len(only) == 0}
		for _, name := range []string{doc.ID, doc.Key, d.SKU} {
			if _, asked := named[name]; asked && name != "" {
				named[name], d.Chosen = true, true
			}
		}
		number++
		meet := "sku\x00" + d.SKU
		if d.SKU == "" {
			meet = "id\x00" + doc.ID // there may be many without, and no two of them are of one article
			if doc.ID == "" {
				meet += strconv.FormatUint(d.Number, 10)
			}
		}
		data, err := json.Marshal(d)
		if err == nil {
			err = out.add(sumOf(meet), data)
		}
		if err != nil {
			return fmt.Errorf("%w: nothing was sent", err)
		}
	}
	for _, name := range only {
		if !named[name] {
			return fmt.Errorf("%s has no stock of %s: nothing was sent", p.flow.From, name)
		}
	}
	return nil
}

func sumOf(text string) uint64 {
	h := fnv.New64a()
	_, _ = h.Write([]byte(text)) // never fails
	return h.Sum64()
}

// planWhole plans what was read, article by article, and spills the plans in the order of the source. It returns how many there are, and
// how many of them take an article to none.
func (p *Process) planWhole(ctx context.Context, planner *Planner, read, out *spill, workers int) (count, zeroed int, err error) {
	var mu sync.Mutex
	var failed error
	articles := make(chan []stocked)
	var running sync.WaitGroup
	for range max(1, workers) {
		running.Go(func() {
			for docs := range articles {
				for i, d := range docs {
					if ctx.Err() != nil {
						return
					}
					w := wholePlan{Document: d.Document, Others: others(docs, i), Chosen: d.Chosen}
					w.Plan = p.planOf(ctx, planner.among(w.Others), d.Document)
					data, err := w.pack()
					mu.Lock()
					if err == nil {
						err = out.add(d.Number, data)
					}
					if count++; w.Plan.Zeroes {
						zeroed++
					}
					failed = errors.Join(failed, err)
					mu.Unlock()
				}
			}
		})
	}
	var article []stocked
	var sum uint64
	send := func() error {
		for _, docs := range byArticle(article) {
			select {
			case articles <- docs:
			case <-ctx.Done():
				return ctx.Err()
			}
		}
		article = nil
		mu.Lock()
		defer mu.Unlock()
		return failed
	}
	err = read.each(func(key uint64, data []byte) error {
		var d stocked
		if err := json.Unmarshal(data, &d); err != nil {
			return err
		}
		if key != sum {
			if err := send(); err != nil {
				return err
			}
			sum = key
		}
		article = append(article, d)
		return nil
	})
	if err == nil {
		err = send()
	}
	close(articles)
	running.Wait()
	return count, zeroed, errors.Join(err, failed)
}

// byArticle takes documents apart that only share a sum, and drops what came twice: a page shifts while it is read.
func byArticle(docs []stocked) (out [][]stocked) {
	places := map[string]int{}
	type version struct{ id, version string }
	seen := map[version]bool{}
	for _, d := range docs {
		v := version{d.Document.ID, d.Document.Version}
		if d.Document.ID != "" && seen[v] {
			continue
		}
		seen[v] = true
		i, known := places[d.SKU]
		if !known || d.SKU == "" {
			i = len(out)
			places[d.SKU] = i
			out = append(out, nil)
		}
		out[i] = append(out[i], d)
	}
	return out
}

// others are the documents of an article but for one.
func others(docs []stocked, but int) (out []port.Document) {
	for i, d := range docs {
		if i != but {
			out = append(out, d.Document)
		}
	}
	return out
}

// among returns the planner for a document of a run that has read all stock: others are those of the same article.
func (p *Planner) among(others []port.Document) *Planner {
	out := *p
	out.whole, out.others = true, others
	return &out
}

// planOf plans a document; a panic is its failure.
func (p *Process) planOf(ctx context.Context, planner *Planner, doc port.Document) (plan *Plan) {
	defer func() {
		if v := recover(); v != nil {
			plan = &Plan{Document: refOf(p.flow.Entity, doc), Resource: p.flow.Resources.Target, Failure: &Failure{Code: FailInternal,
				Message: "a mistake of Crosswalk: this document made it panic", Err: fmt.Errorf("panic: %v", v)}}
		}
	}()
	return planner.Plan(ctx, doc)
}

// wholePlan is a plan that waits for all others.
type wholePlan struct {
	Document port.Document
	Others   []port.Document
	Chosen   bool
	Plan     *Plan
	Cause    *spilledCause
}

func (w wholePlan) pack() ([]byte, error) {
	if f := w.Plan.Failure; f != nil && f.Err != nil {
		w.Cause = &spilledCause{Text: f.Err.Error()}
		for i, kind := range kinds {
			if errors.Is(f.Err, kind) {
				w.Cause.Kinds = append(w.Cause.Kinds, i)
			}
		}
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false) // documents stay as they are
	err := enc.Encode(w)
	return out.Bytes(), err
}

func openPlan(data []byte) (w wholePlan, err error) {
	if err := json.Unmarshal(data, &w); err != nil {
		return w, fmt.Errorf("a plan that did not fit into memory: %w", err)
	}
	if w.Cause != nil {
		w.Plan.Failure.Err = w.Cause
	}
	return w, nil
}

// spilledCause is the cause of a failure that was spilled: its text, and what it is.
type spilledCause struct {
	Text  string
	Kinds []int
}

// kinds are the errors that decide about a run.
var kinds = []error{port.ErrAuth, port.ErrPermission, port.ErrNotFound, port.ErrConflict, port.ErrValidation, port.ErrRateLimit, port.ErrOutage,
	port.ErrInDoubt, port.ErrProtocol, port.ErrNoProbe, errStore, context.Canceled, context.DeadlineExceeded}

func (c *spilledCause) Error() string { return c.Text }

// Is tells what the cause was.
func (c *spilledCause) Is(target error) bool {
	for _, i := range c.Kinds {
		if kinds[i] == target {
			return true
		}
	}
	return false
}

// again returns the planner for a stock whose target has moved since all was planned. What the guard did not count must
// not be taken to none now.
func (p *Process) again(planner *Planner, first *Plan) *Planner {
	if first.Zeroes {
		return planner
	}
	careful := *planner
	careful.keepsSome = true
	return &careful
}
