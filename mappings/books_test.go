package mappings_test

import (
	"encoding/json"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/eaccounting"
	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// inBooks is the day on the clock of the books.
var inBooks = time.Date(2026, 11, 21, 12, 0, 0, 0, time.UTC)

// books is a connection to an imitation of eAccounting that refuses everything that the real one might.
type books struct {
	*eaccounting.Connector
	references map[string]json.RawMessage
	products   map[string]any
}

func openBooks(t *testing.T) *books {
	t.Helper()
	sb := sandbox.New(connectors.SandboxOptions{Now: func() time.Time { return inBooks }}, func(s *sandbox.Settings) {
		s.Unproven.StrictInput = true
		s.Unproven.RequiredAsDescribed = true
		s.CallsPerMinute = 1_000_000
	})
	srv := httptest.NewServer(sb)
	t.Cleanup(srv.Close)
	c, err := eaccounting.Open(connectors.Config{
		Name: "books", URL: srv.URL + "/v2", Credentials: sb.Credentials(),
		Options: map[string]string{"identityURL": srv.URL, "callsPerMinute": "1000000"},
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	b := &books{Connector: c, references: map[string]json.RawMessage{}, products: map[string]any{}}
	for _, name := range []string{"companySettings", "termsOfPayment", "units", "deliveryMethods", "articleAccountCodings", "countries"} {
		table, err := c.Reference(t.Context(), name, false)
		if err != nil {
			t.Fatal(err)
		}
		b.references[name] = table
	}
	for _, sku := range []string{"SHIP-21", "SHIP-9", "SHIP-0", "DISC-21", "DISC-9", "DISC-0"} {
		b.article(t, sku, nil)
	}
	return b
}

func (b *books) create(t *testing.T, resource string, body []byte) port.Document {
	t.Helper()
	d, err := b.Create(t.Context(), resource, body)
	if err != nil {
		t.Fatalf("%s: %v\n%s", resource, err, body)
	}
	return d
}

// article remembers the article with a SKU; one that the books do not have is created from product.
func (b *books) article(t *testing.T, sku string, product func() []byte) {
	t.Helper()
	found, err := b.Find(t.Context(), "article", port.Key{Field: port.KeySKU, Value: sku})
	if err != nil {
		t.Fatal(err)
	}
	if len(found) == 0 {
		found = append(found, b.create(t, "article", apply(t, load(t, "eaccounting/article.write"), product(), engine.Input{Links: b.links(t, nil)})))
	}
	b.products[sku] = map[string]any{"id": found[0].ID, "document": json.RawMessage(found[0].Body)}
}

func (b *books) links(t *testing.T, customer *port.Document) []byte {
	t.Helper()
	links := map[string]any{"reference": b.references, "products": b.products}
	if customer != nil {
		links["customer"] = map[string]any{"id": customer.ID, "document": json.RawMessage(customer.Body)}
	}
	data, err := json.Marshal(links)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

// build makes a JSON object of paths and JSON texts, in their order.
func build(t *testing.T, base string, pairs ...string) []byte {
	t.Helper()
	out := []byte(base)
	for i := 0; i < len(pairs); i += 2 {
		if pairs[i+1] == "" {
			continue
		}
		var err error
		if out, err = sjson.SetRawBytes(out, pairs[i], []byte(pairs[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

// What the mappings write is accepted by the books in their strictest reading, and comes to what the shop took by
// the books' own arithmetic: captured orders as each of the four sales documents, with their customers and articles.
func TestTheBooksTakeWhatIsWritten(t *testing.T) {
	b := openBooks(t)
	read := load(t, "shopware/order.read")
	writeCustomer, readCustomer := load(t, "eaccounting/customer.write"), load(t, "eaccounting/customer.read")
	tables := strings.ReplaceAll(articleTables, "FEE-", "SHIP-") // the books have no articles for fees
	for _, f := range capturedOrders(t) {
		if strings.Contains(f, withoutLines) {
			continue
		}
		t.Run(strings.TrimSuffix(filepath.Base(f), ".json"), func(t *testing.T) {
			// The books know the fiscal years around their clock.
			order := build(t, string(apply(t, read, readFile(t, f), engine.Input{})), "createdAt", inBooks.Format(`"`+time.RFC3339+`"`))
			get := func(path string) string { return gjson.GetBytes(order, path).Raw }
			person := build(t, get("customer"), "currency", get("currency"),
				"addresses.0", string(build(t, get("billing"), "use", `["billing"]`)), "addresses.1", string(build(t, get("shipping"), "use", `["shipping"]`)))
			customer := b.create(t, "customer", apply(t, writeCustomer, person, engine.Input{Links: b.links(t, nil)}))
			back := apply(t, readCustomer, customer.Body, engine.Input{})
			for _, field := range []string{"type", "name", "email", "currency"} {
				if got, want := gjson.GetBytes(back, field).String(), gjson.GetBytes(person, field).String(); got != want {
					t.Errorf("%s of the customer comes back as %q, not %q", field, got, want)
				}
			}
			again := apply(t, writeCustomer, person, engine.Input{Links: b.links(t, nil), Write: engine.Update, Current: customer.Body})
			if _, err := b.Update(t.Context(), "customer", customer.ID, again); err != nil {
				t.Errorf("update of the customer: %v", err)
			}
			for _, line := range gjson.GetBytes(order, "lines").Array() {
				if sku := line.Get("sku").String(); sku != "" && b.products[sku] == nil {
					b.article(t, sku, func() []byte {
						return build(t, "{}", "sku", line.Get("sku").Raw, "name", line.Get("name").Raw, "ean", line.Get("ean").Raw, "taxRate", line.Get("taxRate").Raw,
							"priceNet", line.Get("unitPriceNet").Raw, "priceGross", line.Get("unitPriceGross").Raw)
					})
				}
			}
			links := b.links(t, &customer)
			for _, resource := range salesDocuments {
				body := apply(t, load(t, "eaccounting/"+resource+".write"), order, engine.Input{Links: links, Tables: []byte(tables), Settings: []byte(`{"customerNote": true}`)})
				totals, err := b.Totals(t.Context(), resource, body, links)
				if err != nil {
					t.Fatal(err)
				}
				if !equalText(t, totals.Gross, get("totals.gross")) {
					t.Errorf("the %s comes to %s, the order to %s", resource, totals.Gross, get("totals.gross"))
				}
				b.create(t, resource, body)
			}
		})
	}
}

func equalText(t *testing.T, a, b string) bool {
	t.Helper()
	x, err := decimal.Parse(a)
	if err != nil {
		t.Fatal(err)
	}
	y, err := decimal.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return x.Equal(y)
}
