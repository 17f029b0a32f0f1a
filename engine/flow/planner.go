package flow

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Planner makes plans. It reads the target and writes nothing. It remembers the articles and
// reference data that it has seen, so it lives as long as one run. It is safe for
// concurrent use.
type Planner struct {
	flow   Flow
	set    settings
	pace   Pace
	source port.Source
	target port.Target
	links  port.Links
	tracer Tracer
	memory *memory
	// keepsSome forbids to take a stock from some to none.
	keepsSome bool
	// others are the source's documents of the same article, where whole says that all stock was read.
	others []port.Document
	whole  bool
}

// draft is a plan being made.
type draft struct {
	plan      *Plan
	doc       port.Document
	canonical []byte // with defaults
	in        engine.Input
}

// Plan says what the flow would do to the target for one source document. Whatever goes
// wrong is the plan's Failure.
func (p *Planner) Plan(ctx context.Context, doc port.Document) *Plan {
	d := p.open(ctx, doc)
	p.finish(ctx, d)
	return d.plan
}

// open reads the document and filters it. It makes no call to the target.
func (p *Planner) open(ctx context.Context, doc port.Document) *draft {
	d := &draft{
		doc: doc,
		plan: &Plan{
			Document: refOf(p.flow.Entity, doc),
			Resource: p.flow.Resources.Target,
		},
		in: engine.Input{
			Source:   doc.Body,
			Settings: p.flow.Settings,
			Tables:   p.flow.Tables,
			Now:      p.pace.Now().UTC().Format(time.RFC3339),
		},
	}
	d.in.Seed, d.in.Log, d.in.Missed = seedOf(p.flow.Name, d.plan.Document), d.plan.keepLog, d.plan.keepMissed
	if err := p.read(ctx, d); err != nil {
		d.plan.Failure = failureOf(err)
	}
	return d
}

func (p *Planner) read(ctx context.Context, d *draft) error {
	if d.doc.ID == "" {
		return &Failure{Code: FailProtocol, Message: "the source gave a document without an id"}
	}
	var canonical []byte
	err := p.step(ctx, "read mapping", func(ctx context.Context) (err error) {
		if canonical, err = p.flow.Mappings.Read.Apply(ctx, d.doc.Body, d.in); err != nil {
			return mappingFailure("read mapping", err)
		}
		canonical, err = p.set.addDefaults(canonical)
		return err
	})
	if err != nil {
		return err
	}
	d.canonical, d.plan.Canonical = canonical, canonical
	d.plan.Document.Key = p.nameOf(d)
	if d.plan.Skip, err = p.filter(ctx, d); err != nil || d.plan.Skip != nil {
		return err
	}
	canonical, d.plan.Skip, err = p.takeSteps(ctx, d, canonical)
	if err == nil {
		d.canonical, d.plan.Canonical = canonical, canonical
	}
	return err
}

// NameOf is what people call a document of the source: its number or SKU, as the read mapping makes it. It is the document's own key where the mapping
// refuses it.
func (p *Planner) NameOf(ctx context.Context, doc port.Document) string {
	d := p.open(ctx, doc)
	if d.canonical == nil {
		return doc.Key
	}
	return p.nameOf(d)
}

// nameOf is what people call the document: its number or SKU. A customer is never called by the e-mail address, because
// names stand in logs.
func (p *Planner) nameOf(d *draft) string {
	field := "sku"
	if p.flow.Entity == port.Order || p.flow.Entity == port.Customer {
		field = "number"
	}
	if n := scalar(gjson.GetBytes(d.canonical, field)); n != "" {
		return n
	}
	if p.flow.Entity == port.Customer {
		return ""
	}
	return d.doc.Key
}

func (p *Planner) filter(ctx context.Context, d *draft) (*Verdict, error) {
	if !p.flow.Start.IsZero() {
		text := gjson.GetBytes(d.canonical, "createdAt").String()
		created, err := time.Parse(time.RFC3339, text)
		if err != nil {
			return nil, &Failure{Code: FailMapping, Message: "createdAt is no instant, so the flow's start cannot be held to it", Err: err}
		}
		if created.Before(p.flow.Start) {
			return &Verdict{Code: SkipBeforeStart, Reason: fmt.Sprintf("created %s, before the flow's start %s",
				created.UTC().Format(time.RFC3339), p.flow.Start.Format(time.RFC3339))}, nil
		}
	}
	if p.flow.Where == nil {
		return nil, nil
	}
	pass, err := p.flow.Where.Eval(ctx, d.canonical, d.in)
	if err != nil {
		return nil, mappingFailure("where", err)
	}
	if pass {
		return nil, nil
	}
	reason := "filtered by where: " + strings.Join(strings.Fields(p.flow.WhereText), " ")
	var is []string
	for _, f := range []string{"status", "paymentStatus", "fulfillmentStatus"} {
		if v := scalar(gjson.GetBytes(d.canonical, f)); v != "" {
			is = append(is, f+" "+v)
		}
	}
	if len(is) > 0 {
		reason += " (" + strings.Join(is, ", ") + ")"
	}
	return &Verdict{Code: SkipFiltered, Reason: reason}, nil
}

// keys are what must be in one worker's hands while the draft is finished and carried out.
func (p *Planner) keys(d *draft) []string {
	keys := []string{string(p.flow.Entity) + ":" + d.doc.ID}
	customer := gjson.Result{}
	switch p.flow.Entity {
	case port.Order:
		customer = gjson.GetBytes(d.canonical, "customer")
		if p.set.missingProduct == missingCreate {
			keys = append(keys, skuKeys(lineSKUs(d.canonical))...)
		}
	case port.Customer:
		customer = gjson.ParseBytes(d.canonical)
	case port.Product, port.Stock:
		keys = append(keys, skuKeys(productSKUs(d.canonical))...)
	}
	if email := foldedEmail(customer); email != "" {
		keys = append(keys, "customer:"+email)
	}
	// One account may order under two addresses: the link says that it is one customer.
	if id := customerLinkID(customer); id != "" {
		keys = append(keys, "account:"+id)
	}
	return keys
}

func skuKeys(skus []string) (keys []string) {
	for _, sku := range skus {
		keys = append(keys, "sku:"+sku)
	}
	return keys
}

// finish asks the target and makes the operations.
func (p *Planner) finish(ctx context.Context, d *draft) {
	if d.plan.Failure != nil || d.plan.Skip != nil {
		return
	}
	ctx, done := p.flow.begin(ctx, p.tracer, "plan")
	defer func() { done(d.done()) }()
	process := map[port.Entity]func(context.Context, *draft) error{
		port.Order: p.planOrder, port.Customer: p.planCustomer, port.Product: p.planProduct, port.Stock: p.planStock,
	}[p.flow.Entity]
	draft, plan, before := *d, *d.plan, p.referencesRead()
	err := process(ctx, d)
	if p.missedReference(ctx, err, before) {
		*d, *d.plan = draft, plan
		err = process(ctx, d)
	}
	if err != nil {
		d.plan.Operations, d.plan.Adopt, d.plan.Awaits, d.plan.Zeroes = nil, nil, nil, false
		var v *doubt
		var skip *skipped
		switch {
		case errors.As(err, &v):
			d.plan.Doubt = &v.Verdict
		case errors.As(err, &skip):
			d.plan.Skip = &skip.Verdict
		default:
			d.plan.Failure = failureOf(err)
		}
	}
}

// skipped is an error that says that there is nothing to do for the document.
type skipped struct{ Verdict }

func (s *skipped) Error() string { return s.Reason }

func skip(code, format string, args ...any) error {
	return &skipped{Verdict{Code: code, Reason: fmt.Sprintf(format, args...)}}
}

// doubt is an error that says that an earlier attempt must be settled first.
type doubt struct{ Verdict }

func (d *doubt) Error() string { return d.Reason }

// pending tells whether a link is an intent that forbids another create. asked says that the target was asked and does not have the document.
func (p *Planner) pending(what string, l port.Link, asked bool) error {
	return p.pace.pending(what, p.flow.To, l, asked)
}

func (p Pace) pending(what, target string, l port.Link, asked bool) error {
	if l.TargetID != "" || l.PendingSince.IsZero() {
		return nil
	}
	since := l.PendingSince.UTC().Format(time.RFC3339)
	switch {
	case !asked:
		return &doubt{Verdict{Code: DoubtUnprobed, Reason: fmt.Sprintf(
			"%s was sent at %s and its answer was lost; %s cannot be asked for it, so look it up there before it is sent again", what, since, target)}}
	case p.Now().Sub(l.PendingSince) < p.Settle:
		return &doubt{Verdict{Code: DoubtPending, Reason: fmt.Sprintf(
			"%s was sent at %s, its answer was lost and it is not there yet: asked again from %s on",
			what, since, l.PendingSince.Add(p.Settle).UTC().Format(time.RFC3339))}}
	}
	return nil
}

// find asks the target by a key, patiently. asked is false where it cannot be asked by that key.
func (p *Planner) find(ctx context.Context, resource string, key port.Key) (docs []port.Document, asked bool, err error) {
	if key.Value == "" {
		return nil, false, nil
	}
	docs, err = retry(ctx, p.pace, func() ([]port.Document, error) { return p.target.Find(ctx, resource, key) })
	if errors.Is(err, port.ErrNoProbe) {
		return nil, false, nil
	}
	return docs, err == nil, err
}

func (p *Planner) link(ctx context.Context, entity port.Entity, id string) (port.Link, error) {
	if id == "" {
		return port.Link{}, nil
	}
	l, ok, err := p.links.Link(ctx, entity, id)
	if err != nil {
		return port.Link{}, fmt.Errorf("%w: %w", errStore, err)
	}
	if !ok {
		return port.Link{}, nil
	}
	return l, nil
}

// memory is what a run has learned of the target.
type memory struct {
	mu         sync.Mutex
	articles   map[string]port.Document
	missing    map[string]bool
	references references
	debtor     *port.Document
	related    map[string]bool // SKUs that the target has
}

func newMemory() *memory {
	return &memory{articles: map[string]port.Document{}, missing: map[string]bool{}, related: map[string]bool{}}
}

// References returns the target's reference tables that mappings may read, as one JSON object.
func (p *Process) References(ctx context.Context) ([]byte, error) { return p.Planner().references(ctx) }

// writeMember appends "name":value to an object that is being written.
func writeMember(b *bytes.Buffer, name string, value []byte) {
	if b.Bytes()[b.Len()-1] != '{' {
		b.WriteByte(',')
	}
	quoted, _ := json.Marshal(name) // a string always marshals
	b.Write(quoted)
	b.WriteByte(':')
	if len(value) == 0 {
		value = []byte("null")
	}
	b.Write(value)
}

func foldedEmail(customer gjson.Result) string {
	return strings.ToLower(strings.TrimSpace(scalar(customer.Get("email"))))
}

// customerLinkID is by what a customer is remembered: the source's id, or a hash of the e-mail address, so
// that the store of links holds no address.
func customerLinkID(customer gjson.Result) string {
	if id := scalar(customer.Get("id")); id != "" {
		return id
	}
	return emailLinkID(foldedEmail(customer))
}

func emailLinkID(email string) string {
	if email == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(email))
	return "email:" + hex.EncodeToString(sum[:16])
}

// lineSKUs returns the article numbers of an order's lines, each once, in order.
func lineSKUs(order []byte) []string {
	var out []string
	seen := map[string]bool{}
	for _, line := range gjson.GetBytes(order, "lines").Array() {
		if sku := scalar(line.Get("sku")); sku != "" && !seen[sku] {
			seen[sku] = true
			out = append(out, sku)
		}
	}
	return out
}
