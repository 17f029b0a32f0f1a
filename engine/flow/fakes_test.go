package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// The shop's documents are canonical orders already, and the books' are simple: what is under test is what
// the flow does with them, not how they are mapped.

var epoch = time.Date(2026, 6, 1, 12, 0, 0, 0, time.UTC)

// mapper is a mapping written in Go.
type mapper func(ctx context.Context, doc []byte, in engine.Input) ([]byte, error)

func (m mapper) Apply(ctx context.Context, doc []byte, in engine.Input) ([]byte, error) {
	return m(ctx, doc, in)
}

type condition func(doc []byte) (bool, error)

func (c condition) Eval(_ context.Context, doc []byte, _ engine.Input) (bool, error) { return c(doc) }

var paid = condition(func(doc []byte) (bool, error) {
	return gjson.GetBytes(doc, "paymentStatus").String() == "paid", nil
})

var identity = mapper(func(_ context.Context, doc []byte, _ engine.Input) ([]byte, error) {
	if gjson.GetBytes(doc, "broken").Bool() {
		return nil, engine.Diagnostics{{Severity: engine.Error, Code: "CW2001", Message: "a required field is missing", Target: "number"}}
	}
	return doc, nil
})

var writeCustomer = mapper(func(_ context.Context, doc []byte, in engine.Input) ([]byte, error) {
	c := gjson.ParseBytes(doc)
	name := strings.TrimSpace(c.Get("firstName").String() + " " + c.Get("lastName").String())
	out := map[string]any{
		"Name": name, "IsPrivatePerson": c.Get("type").String() != "company", "EmailAddress": c.Get("email").String(),
		"City": c.Get("addresses.0.city").Value(),
	}
	if company := c.Get("company").String(); company != "" {
		out["Name"], out["ContactPerson"] = company, map[string]any{"Name": name}
	}
	return json.Marshal(out)
})

var readCustomer = mapper(func(_ context.Context, doc []byte, _ engine.Input) ([]byte, error) {
	kind := "company"
	if gjson.GetBytes(doc, "IsPrivatePerson").Bool() {
		kind = "person"
	}
	return json.Marshal(map[string]any{"type": kind, "active": !gjson.GetBytes(doc, "Inactive").Bool()})
})

var writeArticle = mapper(func(_ context.Context, doc []byte, in engine.Input) ([]byte, error) {
	out := []byte(`{}`)
	out, _ = sjson.SetBytes(out, "Number", gjson.GetBytes(doc, "sku").String())
	out, _ = sjson.SetBytes(out, "Name", gjson.GetBytes(doc, "name").String())
	if p := gjson.GetBytes(doc, "priceGross"); p.Exists() {
		out, _ = sjson.SetRawBytes(out, "GrossPrice", []byte(p.Raw))
	}
	return out, nil
})

// writeOrder sends lines, and shipping costs and fees by table shippingArticles.
var writeOrder = mapper(func(_ context.Context, doc []byte, in engine.Input) ([]byte, error) {
	type row struct {
		ArticleID string `json:"ArticleId"`
		Amount    json.RawMessage
	}
	links := gjson.ParseBytes(in.Links)
	id := func(sku string) string {
		var out string
		links.Get("products").ForEach(func(k, v gjson.Result) bool {
			if k.String() == sku {
				out = v.Get("id").String()
			}
			return true
		})
		return out
	}
	rows := []row{}
	for _, l := range gjson.GetBytes(doc, "lines").Array() {
		rows = append(rows, row{id(l.Get("sku").String()), json.RawMessage(l.Get("totalGross").Raw)})
	}
	for _, list := range []string{"shippingCosts", "fees"} {
		for _, s := range gjson.GetBytes(doc, list).Array() {
			sku := gjson.GetBytes(in.Tables, "shippingArticles."+s.Get("taxRate").Raw).String()
			rows = append(rows, row{id(sku), json.RawMessage(s.Get("gross").Raw)})
		}
	}
	return json.Marshal(map[string]any{
		"BuyersOrderReference": gjson.GetBytes(doc, "number").String(),
		"CustomerId":           links.Get("customer.id").String(),
		"Note":                 gjson.GetBytes(doc, "note").String(),
		"Rows":                 rows,
	})
})

// shop is a source.
type shop struct {
	mu       sync.Mutex
	orders   []port.Document
	products map[string]string // sku -> body
	fail     error             // at the end of the list
	reads    []port.Query
}

func (s *shop) add(changed time.Time, body string) {
	s.orders = append(s.orders, port.Document{
		Resource: "order", ID: gjson.Get(body, "id").String(), Key: gjson.Get(body, "number").String(),
		Version: fmt.Sprint(changed.UnixNano()), ChangedAt: changed, Body: []byte(body),
	})
}

func (s *shop) Read(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		s.mu.Lock()
		s.reads = append(s.reads, q)
		docs := slices.Clone(s.orders)
		s.mu.Unlock()
		slices.SortStableFunc(docs, func(a, b port.Document) int { return a.ChangedAt.Compare(b.ChangedAt) })
		for _, d := range docs {
			if err := ctx.Err(); err != nil {
				yield(port.Document{}, err)
				return
			}
			if d.ChangedAt.Before(q.Since) {
				continue
			}
			if !yield(d, nil) {
				return
			}
		}
		if s.fail != nil {
			yield(port.Document{}, s.fail)
		}
	}
}

func (s *shop) Find(_ context.Context, resource string, key port.Key) ([]port.Document, error) {
	if resource != "product" || key.Field != port.KeySKU {
		return nil, port.ErrNoProbe
	}
	if body, ok := s.products[key.Value]; ok {
		return []port.Document{{Resource: resource, ID: "p-" + key.Value, Key: key.Value, Body: []byte(body)}}, nil
	}
	return nil, nil
}

// fault is what a call of the books meets.
type fault int

const (
	none fault = iota
	lostAfter
	lostBefore
	busy
	down
	crashBefore
	crashAfter
	faults
)

var errCrashed = errors.New("the process has died")

// books are a target.
type books struct {
	mu     sync.Mutex
	docs   map[string][]port.Document
	serial int
	calls  []string // "create customer"
	// next decides what a call meets; nil is none.
	next func(call string) fault
	// noProbe makes orders impossible to ask for.
	noProbe bool
	// blind hides documents of a resource from look-ups, as an index that lags does.
	blind string
	// unique refuses a second document with one key.
	unique bool
	dead   bool
	// computes is added to what the books say an order will add up to.
	computes string
	// wrong is added to what the books say an order adds up to after it was made.
	wrong string
}

func newBooks() *books {
	b := &books{docs: map[string][]port.Document{}}
	for _, sku := range []string{"NK-BEAN", "NK-MUG", "SHIP-21"} {
		b.put("article", fmt.Sprintf(`{"Number":%q,"Name":%q}`, sku, sku))
	}
	return b
}

func (b *books) put(resource, body string) port.Document {
	b.serial++
	id := fmt.Sprintf("%s-%d", resource, b.serial)
	text, _ := sjson.Set(body, "Id", id)
	d := port.Document{Resource: resource, ID: id, Key: fmt.Sprint(1000 + b.serial), Version: "1", Body: []byte(text)}
	b.docs[resource] = append(b.docs[resource], d)
	return d
}

func (b *books) meet(call string) (commit bool, err error) {
	b.calls = append(b.calls, call)
	if b.dead {
		return false, errCrashed
	}
	f := none
	if b.next != nil {
		f = b.next(call)
	}
	switch f {
	case lostAfter:
		return true, &port.Error{Kind: port.ErrInDoubt, System: "books", Op: call}
	case lostBefore:
		return false, &port.Error{Kind: port.ErrInDoubt, System: "books", Op: call}
	case busy:
		return false, &port.Error{Kind: port.ErrRateLimit, System: "books", Op: call, RetryAfter: time.Second}
	case down:
		return false, &port.Error{Kind: port.ErrOutage, System: "books", Op: call}
	case crashBefore, crashAfter:
		b.dead = true
		return f == crashAfter, errCrashed
	}
	return true, nil
}

func keyOf(resource string) (field, member string) {
	switch resource {
	case "customer":
		return port.KeyEmail, "EmailAddress"
	case "article":
		return port.KeySKU, "Number"
	}
	return port.KeyReference, "BuyersOrderReference"
}

func (b *books) Find(_ context.Context, resource string, key port.Key) ([]port.Document, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	field, member := keyOf(resource)
	known := key.Field == field || key.Field == port.KeyID || resource == "customer" && key.Field == port.KeyNumber
	if !known || b.noProbe && key.Field == port.KeyReference {
		return nil, &port.Error{Kind: port.ErrNoProbe, System: "books", Op: "find " + resource}
	}
	if _, err := b.meet("find " + resource); err != nil {
		if errors.Is(err, port.ErrInDoubt) {
			err = &port.Error{Kind: port.ErrOutage, System: "books", Op: "find " + resource}
		}
		return nil, err
	}
	var out []port.Document
	docs := b.docs[resource]
	if resource == "invoiceDraft" && key.Field == port.KeyReference {
		docs = append(slices.Clone(docs), b.docs["invoice"]...) // what a draft may have become
	}
	for _, d := range docs {
		switch {
		case key.Field == port.KeyID && d.ID == key.Value,
			key.Field == port.KeyNumber && d.Key == key.Value,
			key.Field == field && strings.EqualFold(gjson.GetBytes(d.Body, member).String(), key.Value) && b.blind != resource:
			out = append(out, d)
		}
	}
	return out, nil
}

func (b *books) Create(_ context.Context, resource string, body []byte) (port.Document, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, member := keyOf(resource)
	if b.unique {
		for _, d := range b.docs[resource] {
			if strings.EqualFold(gjson.GetBytes(d.Body, member).String(), gjson.GetBytes(body, member).String()) {
				b.calls = append(b.calls, "create "+resource)
				return port.Document{}, &port.Error{Kind: port.ErrConflict, System: "books", Op: "create " + resource, Status: 409}
			}
		}
	}
	if strings.Contains(string(body), "${") && !strings.Contains(string(body), `"Note":"${`) {
		panic("a placeholder was sent: " + string(body))
	}
	if gjson.GetBytes(body, "Name").String() == "Refused" {
		return port.Document{}, &port.Error{Kind: port.ErrValidation, System: "books", Op: "create " + resource, Status: 400, Message: "no"}
	}
	commit, err := b.meet("create " + resource)
	var d port.Document
	if commit {
		d = b.put(resource, string(body))
	}
	if err != nil {
		return port.Document{}, err
	}
	return d, nil
}

func (b *books) Update(_ context.Context, resource, id string, change []byte) (port.Document, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	commit, err := b.meet("update " + resource)
	for i, d := range b.docs[resource] {
		if d.ID != id || !commit {
			continue
		}
		gjson.ParseBytes(change).ForEach(func(k, v gjson.Result) bool {
			d.Body, _ = sjson.SetRawBytes(d.Body, k.String(), []byte(v.Raw))
			return true
		})
		d.Version += "+"
		b.docs[resource][i] = d
		return d, err
	}
	return port.Document{}, err
}

func (b *books) Reference(_ context.Context, name string, _ bool) ([]byte, error) {
	switch name {
	case "terms":
		return []byte(`[{"Id":"t-30","Name":"30 days"}]`), nil
	case "accounts":
		return nil, &port.Error{Kind: port.ErrPermission, System: "books", Op: "GET /accounts"}
	}
	return nil, &port.Error{Kind: port.ErrNotFound, System: "books", Op: name}
}

func (b *books) Totals(_ context.Context, _ string, body, _ []byte) (port.Totals, error) {
	return port.Totals{Gross: b.sum(body).String()}, nil
}

func (b *books) Totaled(_ string, body []byte) (port.Totals, bool) {
	sum := b.sum(body)
	if b.wrong != "" {
		d, _ := decimal.Parse(b.wrong)
		sum = sum.Add(d)
	}
	return port.Totals{Gross: sum.String()}, true
}

func (b *books) sum(body []byte) (sum decimal.Decimal) {
	for _, r := range gjson.GetBytes(body, "Rows").Array() {
		d, _ := decimal.Parse(r.Get("Amount").Raw)
		sum = sum.Add(d)
	}
	if b.computes != "" {
		d, _ := decimal.Parse(b.computes)
		sum = sum.Add(d)
	}
	return sum
}

func (b *books) count(resource, reference string) int {
	_, member := keyOf(resource)
	n := 0
	for _, d := range b.docs[resource] {
		if strings.EqualFold(gjson.GetBytes(d.Body, member).String(), reference) {
			n++
		}
	}
	return n
}

func (b *books) writes() (out []string) {
	for _, c := range b.calls {
		if !strings.HasPrefix(c, "find") {
			out = append(out, c)
		}
	}
	return out
}

// store keeps links and cursors.
type store struct {
	mu      sync.Mutex
	links   map[string]port.Link
	cursors map[string]time.Time
	fail    error
	books   *books // whose death is ours
}

func newStore(b *books) *store {
	return &store{links: map[string]port.Link{}, cursors: map[string]time.Time{}, books: b}
}

func (s *store) alive() error {
	if s.books != nil {
		s.books.mu.Lock()
		defer s.books.mu.Unlock()
		if s.books.dead {
			return errCrashed
		}
	}
	return s.fail
}

func (s *store) Link(_ context.Context, e port.Entity, id string) (port.Link, bool, error) {
	if err := s.alive(); err != nil {
		return port.Link{}, false, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.links[string(e)+"/"+id]
	return l, ok, nil
}

func (s *store) SaveLink(_ context.Context, e port.Entity, l port.Link) error {
	if err := s.alive(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links[string(e)+"/"+l.SourceID] = l
	return nil
}

func (s *store) Cursor(_ context.Context, f string) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursors[f], nil
}

func (s *store) SaveCursor(_ context.Context, f string, at time.Time) error {
	if err := s.alive(); err != nil {
		return err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursors[f] = at
	return nil
}

// clock moves only when somebody sleeps.
type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) Sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	return ctx.Err()
}

// world is a shop, books and what stands between them.
type world struct {
	shop  *shop
	books *books
	store *store
	clock *clock
	flow  flow.Flow
}

func newWorld() *world {
	b := newBooks()
	return &world{
		shop: &shop{products: map[string]string{}}, books: b, store: newStore(b), clock: &clock{now: epoch},
		flow: flow.Flow{
			Name: "orders", From: "shop", To: "books", Entity: port.Order,
			Where: paid, WhereText: `paymentStatus == "paid"`,
			Tables: []byte(`{"shippingArticles":{"21":"SHIP-21","9":"SHIP-9"}}`),
			Mappings: flow.Mappings{
				Read: identity, Write: writeOrder, CustomerWrite: writeCustomer, CustomerRead: readCustomer,
				ProductRead: identity, ProductWrite: writeArticle,
			},
			Resources: flow.Resources{
				Source: "order", SourceProduct: "product", Target: "invoiceDraft",
				Customer: "customer", Product: "article", References: []string{"terms", "accounts"},
			},
		},
	}
}

func (w *world) process(t testing.TB) *flow.Process {
	t.Helper()
	p, err := flow.New(w.flow, flow.Systems{Source: w.shop, Target: w.books, Links: w.store, Cursors: w.store},
		flow.Pace{Now: w.clock.Now, Sleep: w.clock.Sleep})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// run makes one run and returns its results by document.
func (w *world) run(t testing.TB, o flow.RunOptions) (flow.Summary, map[string]flow.Result, error) {
	t.Helper()
	results := map[string]flow.Result{}
	o.OnResult = func(r flow.Result, _ flow.Summary) { results[r.Document.Name()] = r }
	s, err := w.process(t).Run(context.Background(), o)
	if !s.Balanced() {
		t.Fatalf("unbalanced: %s", s)
	}
	return s, results, err
}

// order makes a canonical order with two lines and shipping: 12.10 + 7.90 + 4.95 = 24.95.
func order(number int, changes ...string) string {
	body := fmt.Sprintf(`{"id":"o-%d","number":"%d","createdAt":"2026-05-30T10:00:00Z","status":"open","paymentStatus":"paid","currency":"EUR",
"customer":{"id":"c-%d","type":"person","firstName":"Anna","lastName":"Bakker","email":"anna%d@example.nl"},
"billing":{"street":"Korte Voorhout","houseNumber":"7","postalCode":"2511 CW","city":"Den Haag","country":"NL"},
"shipping":{"street":"Korte Voorhout","houseNumber":"7","postalCode":"2511 CW","city":"Den Haag","country":"NL"},
"lines":[{"sku":"NK-BEAN","name":"House beans","quantity":1,"taxRate":21,"unitPriceGross":12.10,"totalNet":10.00,"tax":2.10,"totalGross":12.10},
{"sku":"NK-MUG","name":"Mug","quantity":1,"taxRate":21,"unitPriceGross":7.90,"totalNet":6.53,"tax":1.37,"totalGross":7.90}],
"shippingCosts":[{"name":"Parcel","taxRate":21,"net":4.09,"tax":0.86,"gross":4.95}],
"totals":{"net":20.62,"tax":4.33,"gross":24.95}}`, number, number, number, number)
	for i := 0; i < len(changes); i += 2 {
		body, _ = sjson.SetRaw(body, changes[i], changes[i+1])
	}
	return body
}

func with(w *world, bodies ...string) *world {
	for i, b := range bodies {
		w.shop.add(epoch.Add(time.Duration(i-100)*time.Minute), b)
	}
	return w
}

type engineInput = engine.Input

func indent(t *testing.T, v any) string {
	t.Helper()
	out, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	return string(out) + "\n"
}

func roundTrip(t *testing.T, p *flow.Plan) *flow.Plan {
	t.Helper()
	out := new(flow.Plan)
	text, err := json.Marshal(p)
	if err == nil {
		err = json.Unmarshal(text, out)
	}
	if err != nil {
		t.Fatal(err)
	}
	return out
}
