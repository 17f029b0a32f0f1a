package project

import (
	"cmp"
	"context"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	shop "github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// crossing is a shop and books with the real connectors, the built-in mappings and a flow between them.
type crossing struct {
	t     *testing.T
	books *books.Sandbox
	dir   string
	store *memoryStore
	env   map[string]string
	later time.Duration // how far the flow's clock is ahead
	// onward runs read from the cursor; others read everything.
	onward bool
	name   string // of the flow; unsaid "orders"
}

func newCrossing(t *testing.T) *crossing {
	c := &crossing{t: t, dir: t.TempDir(), store: newMemoryStore(), env: map[string]string{}, books: books.New(connectors.SandboxOptions{})}
	c.serve("SHOP", shop.New(connectors.SandboxOptions{}))
	c.serve("BOOKS", c.books)
	c.write("crosswalk.yaml", `connections:
  webshop: {system: shopware, url: "${SHOP}", credentials: {accessKeyId: "${accessKeyId}", secretAccessKey: "${secretAccessKey}"}}
  books: {system: eaccounting, url: "${BOOKS}", credentials: {clientId: "${clientId}", clientSecret: "${clientSecret}", refreshToken: "${refreshToken}"}}
`)
	return c
}

// serve starts a sandbox and leads the connection with this address to it.
func (c *crossing) serve(name string, s connectors.Sandbox) {
	server := httptest.NewServer(s)
	c.t.Cleanup(server.Close)
	c.env[name] = server.URL
	for credential, value := range s.Credentials() {
		c.env[credential] = value
	}
}

func (c *crossing) write(name, text string) {
	if name == "crosswalk.yaml" && !strings.Contains(text, "callsPerMinute") { // no test waits for the budget of a system's calls
		text = strings.ReplaceAll(text, "{system: ccv", `{options: {callsPerMinute: "1000000"}, system: ccv`)
	}
	path := filepath.Join(c.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		c.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		c.t.Fatal(err)
	}
}

// settings writes the flow with these settings.
func (c *crossing) settings(settings string) {
	c.write("flows/orders.yaml", `from: webshop
to: books
entity: order
where: paymentStatus == "paid"
settings: {roundingLimit: 0.02, `+settings+`}
tables:
  shippingArticles: {21: SHIP-21, 9: SHIP-9, 0: SHIP-0}
  discountArticles: {21: DISC-21, 9: DISC-9, 0: DISC-0}
  feeArticles: {0: DISC-0}
`)
}

// run runs the flow once with connections of its own, over everything.
func (c *crossing) run() (flow.Summary, map[string]flow.Result) {
	c.t.Helper()
	s, results, err := c.tryRun()
	if err != nil {
		c.t.Fatal(err)
	}
	return s, results
}

// tryRun fails only where the flow cannot start.
func (c *crossing) tryRun() (flow.Summary, map[string]flow.Result, error) {
	c.t.Helper()
	s, results, err := c.start()
	if results == nil {
		c.t.Fatal(err)
	}
	return s, results, err
}

func (c *crossing) loaded() (*Project, error) {
	return Load(c.dir, all.Systems(), Env(func(name string) (string, bool) { v, ok := c.env[name]; return v, ok }))
}

// start runs the flow. There are no results where it cannot start.
func (c *crossing) start() (flow.Summary, map[string]flow.Result, error) {
	c.t.Helper()
	p, err := c.loaded()
	if err != nil {
		return flow.Summary{}, nil, err
	}
	process, err := p.Process(c.t.Context(), cmp.Or(c.name, "orders"), mappings.FS, c.store, Surroundings{}, flow.Pace{
		Now:   func() time.Time { return time.Now().Add(c.later) },
		Sleep: func(ctx context.Context, _ time.Duration) error { return ctx.Err() },
	})
	if err != nil {
		return flow.Summary{}, nil, err
	}
	defer process.Close()
	results := map[string]flow.Result{}
	s, err := process.Run(c.t.Context(), flow.RunOptions{
		FromStart: !c.onward, Workers: 3, OnResult: func(r flow.Result, _ flow.Summary) { results[r.Document.Name()] = r },
	})
	if !s.Balanced() {
		c.t.Errorf("unbalanced: %s", s)
	}
	c.later += 3 * time.Minute
	return s, results, err
}

// count tells how often a document with the key stands in the books.
func (c *crossing) count(resource, field, value string) int {
	c.t.Helper()
	return len(c.find(resource, field, value))
}

func (c *crossing) find(resource, field, value string) []port.Document {
	c.t.Helper()
	return c.findIn("books", resource, field, value)
}

func (c *crossing) findIn(connection, resource, field, value string) []port.Document {
	c.t.Helper()
	p, err := c.loaded()
	if err != nil {
		c.t.Fatal(err)
	}
	conn, err := p.Open(connection, Surroundings{Tokens: c.store})
	if err != nil {
		c.t.Fatal(err)
	}
	defer conn.Close()
	docs, err := conn.Find(c.t.Context(), resource, port.Key{Field: field, Value: value})
	if err != nil {
		c.t.Fatal(err)
	}
	return docs
}

// TestCrossing sends the seeded orders as each kind of document, twice, and once more with all links lost.
func TestCrossing(t *testing.T) {
	for _, kind := range []string{"quote", "order", "invoiceDraft", "invoice"} {
		t.Run(kind, func(t *testing.T) {
			c := newCrossing(t)
			c.settings("orderType: " + kind)
			s, results := c.run()
			// The unknown article fails, unpaid ones are filtered, and 10001 stands in the books as order and as draft.
			created := 7
			if kind == "order" || kind == "invoiceDraft" {
				created = 6
			}
			if s.Read != 10 || s.Created != created || s.Failed != 1 || s.InDoubt != 0 || results["10007"].Code != flow.FailProduct {
				t.Fatalf("%s", s)
			}
			for _, lost := range []bool{false, true} {
				if lost {
					c.store = c.store.withoutLinks()
				}
				if s, _ := c.run(); s.Created+s.Updated+s.InDoubt != 0 || s.Failed != 1 {
					t.Errorf("again, links lost %v: %s", lost, s)
				}
			}
			for number, r := range results {
				if r.Outcome == flow.Created && c.count(kind, port.KeyReference, number) != 1 {
					t.Errorf("order %s stands in the books %d times", number, c.count(kind, port.KeyReference, number))
				}
			}
		})
	}
}

// TestCrossingStorms cuts connections after and before the books have done what was asked, refuses calls and lets
// the access token end, and runs until all is calm: every order and every customer is there once.
func TestCrossingStorms(t *testing.T) {
	c := newCrossing(t)
	c.settings("orderType: invoiceDraft")
	c.books.ExpireAccessTokens()
	drafts := faults.On("POST", "/v2/customerinvoicedrafts")
	for _, f := range []faults.Fault{
		{Match: faults.On("POST", "/v2/customers"), After: true, Serve: faults.Cut},
		{Match: drafts, After: true, Serve: faults.Cut, Times: 2},
		{Match: drafts, Serve: faults.Cut},
		{Match: drafts, Serve: c.books.ServerError},
		{Match: drafts, Serve: c.books.TooMany(1)},
	} {
		c.books.Fault(f)
	}
	for i := range 4 {
		s, _, err := c.tryRun()
		t.Log(s, err)
		if i > 0 && s.Failed == 1 && s.InDoubt == 0 && s.Created == 0 {
			break
		}
	}
	for _, number := range []string{"10002", "10003", "10004", "10005", "10008", "10009"} {
		docs := c.find("invoiceDraft", port.KeyReference, number)
		if len(docs) != 1 {
			t.Errorf("order %s stands in the books %d times", number, len(docs))
			continue
		}
		customer := gjson.GetBytes(docs[0].Body, "CustomerId").String()
		if c.count("customer", port.KeyID, customer) != 1 {
			t.Errorf("order %s has no customer", number)
		}
	}
	if n := c.count("customer", port.KeyEmail, "inkoop@haagsekoffie.example.nl"); n != 1 {
		t.Errorf("the company is there %d times", n)
	}
}

// TestCrossingArticles makes the missing article of the shop's product.
func TestCrossingArticles(t *testing.T) {
	c := newCrossing(t)
	c.settings("orderType: invoiceDraft, missingProduct: create")
	s, results := c.run()
	if s.Created != 7 || s.Failed != 0 {
		t.Fatalf("%s: %s", s, results["10007"].Reason)
	}
	docs := c.find("article", port.KeySKU, "NK-GIFT-UNKNOWN")
	if len(docs) != 1 || gjson.GetBytes(docs[0].Body, "GrossPrice").Num <= 0 {
		t.Fatalf("%d articles: %s", len(docs), fmt.Sprint(docs))
	}
	if s, _ := c.run(); s.Skipped != s.Read {
		t.Errorf("again: %s", s)
	}
}

// TestCrossingCustomers updates customers by what the orders say; the same orders say the same, so that it settles.
func TestCrossingCustomers(t *testing.T) {
	c := newCrossing(t)
	c.settings("orderType: quote, updateCustomer: true")
	_, first := c.run()
	// The same orders as another kind of document meet customers that already say what they say.
	c.store = c.store.withoutLinks()
	c.settings("orderType: invoiceDraft, updateCustomer: true")
	_, second := c.run()
	seen := map[string]string{}
	for _, number := range []string{"10002", "10003", "10004", "10005", "10008", "10009"} {
		r := second[number]
		if r.Outcome != flow.Created {
			t.Errorf("%s: %s %s", number, r.Outcome, r.Reason)
			continue
		}
		email := gjson.GetBytes(r.Plan.Canonical, "customer.email").String()
		for _, op := range r.Plan.Operations {
			if op.Verb == flow.Update && seen[email] == "" && !differs(first, email) {
				t.Errorf("%s changes a customer who says the same: %s", number, op.Body)
			}
		}
		seen[email] = number
	}
}

// differs tells whether a customer's orders say different things, so that updates go back and forth.
func differs(results map[string]flow.Result, email string) bool {
	said := map[string]bool{}
	for _, r := range results {
		if r.Plan != nil && gjson.GetBytes(r.Plan.Canonical, "customer.email").String() == email {
			said[gjson.GetBytes(r.Plan.Canonical, "customer").Raw+gjson.GetBytes(r.Plan.Canonical, "billing").Raw+gjson.GetBytes(r.Plan.Canonical, "shipping").Raw] = true
		}
	}
	return len(said) > 1
}

// memoryStore is a store that lives as long as the test.
type memoryStore struct {
	mu      sync.Mutex
	links   map[string]port.Link
	cursors map[string]time.Time
	tokens  map[string]string
}

func newMemoryStore() *memoryStore {
	return &memoryStore{links: map[string]port.Link{}, cursors: map[string]time.Time{}, tokens: map[string]string{}}
}

func (s *memoryStore) withoutLinks() *memoryStore {
	out := newMemoryStore()
	out.tokens = s.tokens
	return out
}

func (s *memoryStore) Links(scope string) port.Links { return memoryLinks{s, scope} }
func (s *memoryStore) Cursors() port.Cursors         { return s }
func (s *memoryStore) Tokens() connectors.TokenStore { return s }

// memoryLinks are the links of one scope.
type memoryLinks struct {
	*memoryStore
	scope string
}

func (s memoryLinks) Link(_ context.Context, e port.Entity, id string) (port.Link, bool, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	l, ok := s.links[s.scope+"/"+string(e)+"/"+id]
	return l, ok, nil
}

func (s memoryLinks) SaveLink(_ context.Context, e port.Entity, l port.Link) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.links[s.scope+"/"+string(e)+"/"+l.SourceID] = l
	return nil
}

func (s *memoryStore) Cursor(_ context.Context, flow string) (time.Time, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.cursors[flow], nil
}

func (s *memoryStore) SaveCursor(_ context.Context, flow string, at time.Time) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.cursors[flow] = at
	return nil
}

func (s *memoryStore) Token(_ context.Context, connection string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[connection], nil
}

func (s *memoryStore) SaveToken(_ context.Context, connection, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.tokens[connection] = token
	return nil
}
