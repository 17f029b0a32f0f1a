package flow_test

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
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
		"BuyersOrderReference": gjson.GetBytes(in.Settings, "referencePrefix").String() + gjson.GetBytes(doc, "number").String(),
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

func (s *shop) Find(_ context.Context, resource string, key port.Key) (found []port.Document, err error) {
	if resource == "stock" && key.Field == port.KeySKU {
		for _, d := range s.orders {
			if gjson.GetBytes(d.Body, "sku").String() == key.Value {
				found = append(found, d)
			}
		}
		return found, nil
	}
	if resource != "product" || key.Field != port.KeySKU {
		return nil, port.ErrNoProbe
	}
	if body, ok := s.products[key.Value]; ok {
		return []port.Document{{Resource: resource, ID: "p-" + key.Value, Key: key.Value, Body: []byte(body)}}, nil
	}
	return nil, nil
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

// mapperOf compiles rules of any document to any other.
func mapperOf(t testing.TB, rules string) *engine.Mapping {
	t.Helper()
	m, err := engine.Parse("m.yaml", []byte("from: any\nto: any\nrules:\n  "+rules+"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// storm is a schedule of faults that calls of the books meet.
type storm struct {
	schedule []int
	at       int
}

func faultsOf(t *rapid.T) *storm {
	return &storm{schedule: rapid.SliceOfN(rapid.IntRange(0, int(faults)*2), 0, 60).Draw(t, "faults")}
}

func (s *storm) over() bool { return s.at >= len(s.schedule) }

func (s *storm) next(string) fault { // called under the books' lock
	if s.over() {
		return none
	}
	s.at++
	if f := fault(s.schedule[s.at-1]); f < faults {
		return f
	}
	return none
}

// storm makes one run in whatever weather, and lets what died live again.
func (w *world) storm(t interface{ Fatalf(string, ...any) }, workers int) flow.Summary {
	p, err := flow.New(w.flow, flow.Systems{Source: w.shop, Target: w.books, Links: w.store, Cursors: w.store}, flow.Pace{Now: w.clock.Now, Sleep: w.clock.Sleep})
	if err != nil {
		t.Fatalf("%v", err)
	}
	outcomes := map[string]int{}
	s, err := p.Run(context.Background(), flow.RunOptions{Workers: workers, OnResult: func(r flow.Result, _ flow.Summary) { outcomes[r.Document.ID]++ }})
	if !s.Balanced() || err != nil && strings.Contains(err.Error(), "unaccounted") {
		t.Fatalf("unbalanced: %s %v", s, err)
	}
	for id, n := range outcomes {
		if n != 1 {
			t.Fatalf("%s ended %d times", id, n)
		}
	}
	w.books.dead = false
	w.clock.now = w.clock.now.Add(3 * time.Minute)
	return s
}

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
