package eaccounting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// clock is moved by hand, and by the waits of the client.
type clock struct {
	*contract.Clock
	mu    sync.Mutex
	slept []time.Duration
}

func newClock() *clock {
	return &clock{Clock: contract.NewClock(time.Date(2026, 6, 15, 9, 30, 0, 0, time.UTC))}
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.Add(d)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.slept = append(c.slept, d)
	return ctx.Err()
}

// company is a sandbox on loopback with a connection to it.
type company struct {
	*Connector
	t      *testing.T
	box    *sandbox.Sandbox
	clock  *clock
	server *httptest.Server
	mu     sync.Mutex
	log    []string // "GET /v2/customers" with the query
}

// plan is how a test connects.
type plan struct {
	options map[string]string
	tokens  connectors.TokenStore
	box     func(*sandbox.Settings)
	rest    func(*rest.Config)
	wrap    func(http.Handler) http.Handler // what stands before the sandbox
}

func connect(t *testing.T, p plan) *company {
	t.Helper()
	k := newClock()
	co := &company{t: t, clock: k, box: sandbox.New(connectors.SandboxOptions{Now: k.Now}, func(s *sandbox.Settings) {
		s.CallsPerMinute = 1 << 40
		if p.box != nil {
			p.box(s)
		}
	})}
	var handler http.Handler = co.box
	if p.wrap != nil {
		handler = p.wrap(handler)
	}
	co.server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		co.mu.Lock()
		co.log = append(co.log, r.Method+" "+r.URL.RequestURI())
		co.mu.Unlock()
		handler.ServeHTTP(w, r)
	}))
	t.Cleanup(co.server.Close)
	cfg := connectors.Config{Name: "books", URL: co.server.URL, Credentials: co.box.Credentials(), Now: k.Now,
		HTTP: co.server.Client(), Tokens: p.tokens, Options: map[string]string{optCallsPerMinute: "1000000"}}
	for name, value := range p.options {
		cfg.Options[name] = value
	}
	var err error
	co.Connector, err = open(cfg, func(rc *rest.Config) {
		rc.Sleep = k.sleep
		if p.rest != nil {
			p.rest(rc)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := co.Close(); err != nil {
			t.Error(err)
		}
	})
	return co
}

// calls returns what was asked since the last time and forgets it.
func (co *company) calls() []string {
	co.mu.Lock()
	defer co.mu.Unlock()
	log := co.log
	co.log = nil
	return log
}

type fields map[string]any

func raw(t testing.TB, v any) []byte {
	t.Helper()
	b, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func member(d port.Document, path string) string { return gjson.GetBytes(d.Body, path).String() }

// one finds exactly one document.
func (co *company) one(resource, field, value string) port.Document {
	co.t.Helper()
	docs, err := co.Find(co.t.Context(), resource, port.Key{Field: field, Value: value})
	if err != nil || len(docs) != 1 {
		co.t.Fatalf("find %s by %s %q: %d documents, %v", resource, field, value, len(docs), err)
	}
	return docs[0]
}

func (co *company) create(resource string, v any) port.Document {
	co.t.Helper()
	d, err := co.Create(co.t.Context(), resource, raw(co.t, v))
	if err != nil {
		co.t.Fatal(err)
	}
	return d
}

func (co *company) table(name string) gjson.Result {
	co.t.Helper()
	b, err := co.Reference(co.t.Context(), name, false)
	if err != nil {
		co.t.Fatal(err)
	}
	return gjson.ParseBytes(b)
}

func (co *company) person(email string) fields {
	return fields{"Name": "Daan Bakker", "IsPrivatePerson": true, "IsActive": true, "EmailAddress": email, "InvoicePostalCode": "1012 AB",
		"InvoiceCity": "Amsterdam", "InvoiceCountryCode": "NL", "TermsOfPaymentId": co.table("termsOfPayment").Get("0.Id").String()}
}

func (co *company) article(sku string) fields {
	return fields{"Number": sku, "Name": "Article " + sku, "IsActive": true, "GrossPrice": json.Number("10.90"),
		"CodingId": co.table("articleAccountCodings").Get(`#(Name=="Goods 9 %").Id`).String(), "UnitId": co.table("units").Get("0.Id").String()}
}

func (co *company) draft(reference string) fields {
	return fields{"CustomerId": co.one("customer", port.KeyEmail, "inkoop@example.nl").ID, "EuThirdParty": false, "RotReducedInvoicingType": 0,
		"BuyersOrderReference": reference, "Rows": []fields{{"ArticleId": co.one("article", port.KeySKU, "NK-MUG-350").ID, "Quantity": 2,
			"UnitPrice": json.Number("10.33"), "IsTextRow": false, "ReversedConstructionServicesVatFree": false}}}
}

func (co *company) invoice(reference string) fields {
	inv := co.draft(reference)
	row := inv["Rows"].([]fields)[0]
	delete(row, "IsTextRow")
	delete(row, "ReversedConstructionServicesVatFree")
	return inv
}

func (co *company) order(reference string) fields {
	o := co.draft(reference)
	o["CurrencyCode"], o["OrderDate"], o["Status"], o["ReverseChargeOnConstructionServices"] = "EUR", "2026-06-15", 2, false
	row := o["Rows"].([]fields)[0]
	delete(row, "ReversedConstructionServicesVatFree")
	row["LineNumber"], row["IsWorkCost"], row["EligibleForReverseChargeOnVat"] = 1, false, false
	return o
}

func (co *company) read(q port.Query) []port.Document {
	co.t.Helper()
	var docs []port.Document
	for d, err := range co.Read(co.t.Context(), q) {
		if err != nil {
			co.t.Fatal(err)
		}
		docs = append(docs, d)
	}
	return docs
}

func failed(t *testing.T, err, kind error, code string) *port.Error {
	t.Helper()
	var e *port.Error
	if !errors.As(err, &e) || !errors.Is(err, kind) || e.Code != code {
		t.Fatalf("got %v, want %v with code %q", err, kind, code)
	}
	return e
}

func TestPing(t *testing.T) {
	co := connect(t, plan{})
	got, err := co.Ping(t.Context())
	if err != nil || got != "Visma eAccounting: Voorbeeld Boekhouding B.V." {
		t.Errorf("%q %v", got, err)
	}
}

func TestSpec(t *testing.T) {
	s := System()
	if s.Spec.Name != "eaccounting" || len(s.Spec.Resources) != 7 {
		t.Errorf("%+v", s.Spec)
	}
	for _, r := range s.Spec.References {
		if referencePaths[r.Name] == "" || r.Help == "" {
			t.Errorf("reference %q", r.Name)
		}
	}
	for _, c := range s.Spec.Credentials {
		if c.Help == "" || c.Title == "" {
			t.Errorf("credential %q", c.Name)
		}
	}
	box := httptest.NewServer(s.Sandbox(connectors.SandboxOptions{}))
	defer box.Close()
	conn, err := s.Open(connectors.Config{Name: "books", URL: box.URL, HTTP: box.Client(),
		Credentials: map[string]string{"clientId": "x", "clientSecret": "s3cret", "refreshToken": "y"}})
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_, err = conn.Ping(t.Context())
	failed(t, err, port.ErrAuth, "invalid_client")
	if strings.Contains(err.Error(), "s3cret") {
		t.Errorf("the error tells a secret: %v", err)
	}
}

func TestOpenSaysWhatIsWrong(t *testing.T) {
	good := func() connectors.Config {
		return connectors.Config{Name: "books", Options: map[string]string{},
			Credentials: map[string]string{"clientId": "a", "clientSecret": "b", "refreshToken": "c"}}
	}
	for want, spoil := range map[string]func(*connectors.Config){
		"the credential clientSecret is missing":          func(c *connectors.Config) { delete(c.Credentials, "clientSecret") },
		"the credential refreshToken is missing":          func(c *connectors.Config) { delete(c.Credentials, "refreshToken") },
		"url must start with":                             func(c *connectors.Config) { c.URL = "books.example.com" },
		"identityURL":                                     func(c *connectors.Config) { c.Options["identityURL"] = "ftp://x" },
		"option lookback must be a positive number":       func(c *connectors.Config) { c.Options["lookback"] = "-1" },
		"option callsPerMinute must be a positive number": func(c *connectors.Config) { c.Options["callsPerMinute"] = "many" },
		"option vatRounding must be rate or row":          func(c *connectors.Config) { c.Options["vatRounding"] = "up" },
	} {
		cfg := good()
		spoil(&cfg)
		if _, err := Open(cfg); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "books") {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	for url, want := range map[string][2]string{
		"": {DefaultURL, DefaultIdentityURL}, DefaultURL + "/": {DefaultURL, DefaultIdentityURL},
		"http://127.0.0.1:8080":     {"http://127.0.0.1:8080/v2", "http://127.0.0.1:8080"},
		"http://127.0.0.1:8080/v2/": {"http://127.0.0.1:8080/v2", "http://127.0.0.1:8080"},
	} {
		cfg := good()
		cfg.URL = url
		o, err := readOptions(cfg)
		if err != nil || o.url != want[0] || o.identityURL != want[1] {
			t.Errorf("%q: %q %q %v", url, o.url, o.identityURL, err)
		}
	}
}

func ExampleConnector_Find() {
	box := sandbox.New(connectors.SandboxOptions{})
	server := httptest.NewServer(box)
	defer server.Close()
	books, err := Open(connectors.Config{Name: "books", URL: server.URL, Credentials: box.Credentials(), HTTP: server.Client()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer books.Close()
	docs, err := books.Find(context.Background(), "customer", port.Key{Field: port.KeyEmail, Value: "sanne.devries@example.nl"})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(docs[0].Key, gjson.GetBytes(docs[0].Body, "Name"))
	// Output: 1002 Sanne de Vries
}
