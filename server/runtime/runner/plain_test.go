package runner_test

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// plain is a shop and its books behind HTTP that answer at once, or after a pause: what takes long in front of them is not them. Its orders
// and stocks are made when they are asked for, so that a million of them take no room.
type plain struct {
	documents int
	pause     time.Duration
	looked    func(n int64)                // is told of each look at a level; nil for nobody
	note      string                       // of each stock
	order     func(b []byte, i int) []byte // appends an order; nil for plainOrder
	refused   string                       // the reference of the draft that is refused
	refusals  atomic.Int64
	calls     atomic.Int64
	looks     atomic.Int64
	writes    atomic.Int64
	flight    atomic.Int64 // calls that are being answered, but for pages of the source
	most      atomic.Int64 // of them at a time

	mu     sync.Mutex
	drafts map[string]int // by reference, how many
}

const plainPage = 250

func (p *plain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.calls.Add(1)
	if r.URL.Path != "/orders" && r.URL.Path != "/stocks" { // one reads beside those who send
		n := p.flight.Add(1)
		defer p.flight.Add(-1)
		for most := p.most.Load(); n > most && !p.most.CompareAndSwap(most, n); most = p.most.Load() {
		}
	}
	if p.pause > 0 {
		time.Sleep(p.pause)
	}
	w.Header().Set("Content-Type", "application/json")
	q := r.URL.Query()
	switch r.Method + " " + r.URL.Path {
	case "GET /orders", "GET /stocks":
		from, _ := strconv.Atoi(q.Get("from"))
		make := plainOrder
		if p.order != nil {
			make = p.order
		}
		if r.URL.Path == "/stocks" {
			make = p.stock
		}
		page := []byte{'['}
		for i := from; i < min(from+plainPage, p.documents); i++ {
			if i > from {
				page = append(page, ',')
			}
			page = make(page, i)
		}
		_, _ = w.Write(append(page, ']'))
	case "GET /drafts":
		p.mu.Lock()
		n := p.drafts[q.Get("reference")]
		p.mu.Unlock()
		if n == 0 {
			_, _ = io.WriteString(w, "[]")
			return
		}
		_, _ = fmt.Fprintf(w, `[{"id":"d-%s"}]`, q.Get("reference"))
	case "GET /customers":
		_, _ = fmt.Fprintf(w, `[{"id":"c-%s","EmailAddress":%q,"Name":"A. Bakker","IsPrivatePerson":true}]`, hexOf(q.Get("email")), q.Get("email"))
	case "GET /articles":
		_, _ = fmt.Fprintf(w, `[{"id":"a-%s","Number":%q}]`, q.Get("sku"), q.Get("sku"))
	case "GET /levels":
		if n := p.looks.Add(1); p.looked != nil {
			p.looked(n)
		}
		i, err := strconv.Atoi(strings.TrimPrefix(cmp.Or(q.Get("sku"), q.Get("id")), "NK-"))
		if err != nil {
			i, _ = strconv.Atoi(strings.TrimPrefix(q.Get("id"), "s-"))
		}
		_, _ = fmt.Fprintf(w, `[{"id":"s-%d","sku":"NK-%d","quantity":%d}]`, i, i, 1+i%90)
	case "POST /drafts":
		body, err := io.ReadAll(r.Body)
		if err != nil {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		reference := gjson.GetBytes(body, "Reference").String()
		if p.refused != "" && reference == p.refused {
			p.refusals.Add(1)
			http.Error(w, `{"message":"no such thing"}`, http.StatusBadRequest)
			return
		}
		p.mu.Lock()
		p.drafts[reference]++
		p.mu.Unlock()
		p.writes.Add(1)
		w.WriteHeader(http.StatusCreated)
		_, _ = fmt.Fprintf(w, `{"id":"d-%s"}`, reference)
	case "PUT /levels":
		_, _ = io.Copy(io.Discard, r.Body)
		p.writes.Add(1)
		_, _ = fmt.Fprintf(w, `{"id":%q}`, q.Get("id"))
	default:
		http.NotFound(w, r)
	}
}

// plainOrder appends an order of two articles, as small shops' interfaces give them: 1.4 kB.
func plainOrder(b []byte, i int) []byte {
	at := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC).Add(time.Duration(i) * time.Second).Format(time.RFC3339)
	address := `{"name":"Anna Bakker","street":"Korte Voorhout","houseNumber":"7","postalCode":"2511 CW","city":"Den Haag","country":"NL","phone":"+31 70 0000000"}`
	return fmt.Appendf(b, `{"id":"o-%[1]d","number":"%[1]d","createdAt":"%[2]s","updatedAt":"%[2]s","status":"open","paymentStatus":"paid","fulfillmentStatus":"open","currency":"EUR","pricesIncludeTax":true,`+
		`"customer":{"id":"c-%[3]d","type":"person","firstName":"Anna","lastName":"Bakker","email":"anna%[3]d@example.nl"},"billing":%[4]s,"shipping":%[4]s,`+
		`"lines":[{"sku":"NK-BEAN","name":"House beans","quantity":1,"taxRate":21,"unitPriceNet":10.00,"unitPriceGross":12.10,"totalNet":10.00,"tax":2.10,"totalGross":12.10},`+
		`{"sku":"NK-MUG","name":"Mug","quantity":1,"taxRate":21,"unitPriceNet":6.53,"unitPriceGross":7.90,"totalNet":6.53,"tax":1.37,"totalGross":7.90}],`+
		`"shippingCosts":[{"name":"Parcel","taxRate":21,"net":4.09,"tax":0.86,"gross":4.95}],"payment":{"method":"invoice"},"totals":{"net":20.62,"tax":4.33,"gross":24.95}}`,
		i, at, i%5000, address)
}

// stock appends a stock: every tenth has changed.
func (p *plain) stock(b []byte, i int) []byte {
	n := 1 + i%90
	if i%10 == 0 {
		n++
	}
	return fmt.Appendf(b, `{"id":"st-%d","sku":"NK-%d","quantity":%d,"note":%q}`, i, i, n, p.note)
}

// plainClient is the connector of both sides.
type plainClient struct{ api *rest.Client }

func (c plainClient) Read(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		for from := 0; ; from += plainPage {
			answer, err := c.api.Do(ctx, rest.Request{Path: "/" + q.Resource, Query: url.Values{"from": {strconv.Itoa(from)}}})
			if err != nil {
				yield(port.Document{}, err)
				return
			}
			n := 0
			for _, v := range gjson.ParseBytes(answer.Body).Array() {
				n++
				id := v.Get("id").String()
				changed, _ := time.Parse(time.RFC3339, v.Get("updatedAt").String())
				if !yield(port.Document{Resource: q.Resource, ID: id, Key: id, Version: hexOf(v.Raw), ChangedAt: changed, Body: []byte(v.Raw)}, nil) {
					return
				}
			}
			if n < plainPage {
				return
			}
		}
	}
}

func (c plainClient) Find(ctx context.Context, resource string, key port.Key) ([]port.Document, error) {
	answer, err := c.api.Do(ctx, rest.Request{Path: "/" + resource, Query: url.Values{key.Field: {key.Value}}})
	if err != nil {
		return nil, err
	}
	var out []port.Document
	for _, v := range gjson.ParseBytes(answer.Body).Array() {
		out = append(out, port.Document{Resource: resource, ID: v.Get("id").String(), Version: "1", Body: []byte(v.Raw)})
	}
	return out, nil
}

func (c plainClient) Create(ctx context.Context, resource string, body []byte) (port.Document, error) {
	answer, err := c.api.Do(ctx, rest.Request{Method: "POST", Path: "/" + resource, Body: body})
	return port.Document{Resource: resource, ID: gjson.GetBytes(answer.Body, "id").String(), Body: answer.Body}, err
}

func (c plainClient) Update(ctx context.Context, resource, id string, change []byte) (port.Document, error) {
	answer, err := c.api.Do(ctx, rest.Request{Method: "PUT", Path: "/" + resource, Query: url.Values{"id": {id}}, Body: change})
	return port.Document{Resource: resource, ID: id, Body: answer.Body}, err
}

func (plainClient) Reference(context.Context, string, bool) ([]byte, error) { return nil, nil }

func rules(t testing.TB, text string) *engine.Mapping {
	t.Helper()
	m, err := engine.Parse("plain.yaml", []byte("from: any\nto: any\n"+text))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// copied are the members of an order that mean the same on both sides.
const copied = `base: doc
rules:
  custom.read: '"plain"'
`

const plainDraft = `
rules:
  Reference: number
  CustomerId: links.customer.id
  OrderDate: createdAt
  Rows[]: {each: lines, as: line}
  Rows[].ArticleId: links.products[line.sku].id
  Rows[].Text: line.name
  Rows[].Quantity: line.quantity
  Rows[].UnitPrice: line.unitPriceGross
  Rows[].Amount: line.totalGross
  Shipping: sum(shippingCosts, .gross)
  Total: totals.gross
`

// plainFlow is the flow of orders or of stock.
func plainFlow(t testing.TB, entity port.Entity) flow.Flow {
	t.Helper()
	f := flow.Flow{Name: "plain-" + string(entity), From: "shop", To: "books", Entity: entity}
	switch entity {
	case port.Order:
		f.Settings, _ = json.Marshal(map[string]any{"customerMatch": []string{"link", "email"}})
		f.Resources = flow.Resources{Source: "orders", Target: "drafts", Customer: "customers", Product: "articles"}
		f.Mappings = flow.Mappings{Read: rules(t, copied), Write: rules(t, plainDraft), CustomerWrite: rules(t, "rules:\n  Name: lastName\n"),
			CustomerRead: rules(t, "rules:\n  type: '\"person\"'\n  active: {value: true}\n")}
	case port.Stock:
		f.Resources = flow.Resources{Source: "stocks", Target: "levels"}
		f.Mappings = flow.Mappings{Read: rules(t, "rules:\n  sku: sku\n  onHand: quantity\n  available: quantity\n"), Write: rules(t, "rules:\n  quantity: available\n"),
			TargetRead: rules(t, "rules:\n  sku: sku\n  onHand: quantity\n  available: quantity\n")}
	}
	return f
}

// plainSet is a store in dir, and the flow of orders or of stock on it.
func plainSet(t testing.TB, dir, at string, entity port.Entity, o runner.Options) *set {
	t.Helper()
	return plainSetOf(t, dir, at, plainFlow(t, entity), o, quick)
}

// plainSetOf is a store in dir, and a flow on it.
func plainSetOf(t testing.TB, dir, at string, f flow.Flow, o runner.Options, pace flow.Pace) *set {
	t.Helper()
	store, err := runtime.Open(t.Context(), dir, runtime.Options{})
	if err != nil {
		t.Fatal(err)
	}
	engine, err := runner.Open(t.Context(), store, o)
	if err != nil {
		t.Fatal(err)
	}
	client, err := rest.New(rest.Config{System: "plain", URL: at, JSON: true, Capture: runner.Capture, HTTP: &http.Client{Transport: plainTransport()}})
	if err != nil {
		t.Fatal(err)
	}
	systems := flow.Systems{Source: plainClient{client}, Target: engine.Guard(plainClient{client}), Links: engine.Links(store.Links(f.Name)), Cursors: store.Cursors(), Locks: engine.Locks("plain")}
	process, err := flow.New(f, systems, pace)
	if err != nil {
		t.Fatal(err)
	}
	s := &set{store: store, engine: engine, flow: &runner.Flow{Name: f.Name, Process: process, Close: client.Close}}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func plainTransport() *http.Transport {
	return &http.Transport{MaxIdleConns: 256, MaxIdleConnsPerHost: 256}
}

// start serves the systems.
func (p *plain) start(t testing.TB) (at string) {
	t.Helper()
	p.drafts = map[string]int{}
	server := httptest.NewServer(p)
	t.Cleanup(server.Close)
	return server.URL
}
