package project

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	ecwid "github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// shops are crossings from each shop into the books.
var shops = map[string]func(*testing.T) *crossing{"shopware": newCrossing, "magento": newMagentoCrossing}

// taxed lets a Magento say the tax rates of its products, which it knows by class only.
func (c *crossing) taxed() {
	c.write("crosswalk.yaml", strings.ReplaceAll(c.read("crosswalk.yaml"), "system: magento,", "system: magento, options: {taxCountry: NL},"))
}

func (c *crossing) read(name string) string {
	text, err := os.ReadFile(filepath.Join(c.dir, name))
	if err != nil {
		c.t.Fatal(err)
	}
	return string(text)
}

// flow writes the flow that a run runs.
func (c *crossing) flow(text string) { c.write("flows/orders.yaml", "from: webshop\nto: books\n"+text) }

// twice runs the flow, and once more with the links there and with the links lost: nothing changes.
func (c *crossing) twice() (flow.Summary, map[string]flow.Result) {
	c.t.Helper()
	first, results := c.run()
	for n, r := range results {
		c.t.Logf("%s: %s %s %s", n, r.Outcome, r.Code, r.Reason)
	}
	for _, lost := range []bool{false, true} {
		if lost {
			c.store = c.store.withoutLinks()
		}
		again, results := c.run()
		if again.Created+again.Updated+again.InDoubt != 0 || again.Failed != first.Failed {
			c.t.Errorf("again, links lost %v: %s", lost, again)
			for n, r := range results {
				if r.Plan != nil && len(r.Plan.Operations) > 0 {
					c.t.Logf("%s: %+v", n, r.Plan.Render())
				}
			}
		}
	}
	return first, results
}

// TestCustomersCross sends the customers of each shop to the books.
func TestCustomersCross(t *testing.T) {
	for name, open := range shops {
		t.Run(name, func(t *testing.T) {
			c := open(t)
			c.flow("entity: customer\nsettings: {sendVatNumber: false}\n")
			s, results := c.twice()
			if want := map[string]int{"shopware": 3, "magento": 2}[name]; s.Created != want || s.Updated != 1 || s.Failed+s.InDoubt != 0 {
				t.Errorf("%s", s)
			}
			for _, r := range results {
				canonical := gjson.ParseBytes(r.Plan.Canonical)
				docs := c.find("customer", port.KeyEmail, canonical.Get("email").String())
				if len(docs) != 1 {
					t.Errorf("customer %s is there %d times", r.Document.Name(), len(docs))
					continue
				}
				body := gjson.ParseBytes(docs[0].Body)
				if body.Get("Name").String() != canonical.Get("name").String() || body.Get("IsPrivatePerson").Bool() != (canonical.Get("type").String() == "person") {
					t.Errorf("customer %s is %s", r.Document.Name(), body.Raw)
				}
			}
		})
	}
}

// TestProductsCross sends the products of each shop to the books, which know simple ones only.
func TestProductsCross(t *testing.T) {
	for name, open := range shops {
		t.Run(name, func(t *testing.T) {
			c := open(t)
			c.taxed()
			c.flow("entity: product\nsettings: {prices: gross}\n")
			s, results := c.twice()
			// The variants of a family come with it.
			if s.Created != 1 || s.Updated != 2 || s.Failed+s.InDoubt != 0 || results["NK-TEE"].Code != flow.SkipType {
				t.Errorf("%s", s)
			}
			for n, r := range results {
				if r.Outcome != flow.Created {
					continue
				}
				docs := c.find("article", port.KeySKU, n)
				if len(docs) != 1 || gjson.GetBytes(docs[0].Body, "GrossPrice").Num != gjson.GetBytes(r.Plan.Canonical, "priceGross").Num {
					t.Errorf("%s: %d articles, canonical %s", n, len(docs), r.Plan.Canonical)
				}
			}
		})
	}
}

// stockCrossing leads the stock of the books into a Magento, by a write mapping of the project's own.
func stockCrossing(t *testing.T, settings string) *crossing {
	c := newMagentoCrossing(t)
	c.write("flows/orders.yaml", "from: books\nto: webshop\nentity: stock\nsettings: {"+settings+"}\nmappings: {write: mappings/stock.yaml}\n")
	c.write("mappings/stock.yaml", "from: stock\nto: magento.stock\nrules:\n  sku: sku\n  source_code: {expr: 'location ?? \"default\"'}\n  quantity: available\n")
	return c
}

// TestStockCrosses sends what the books have to the shop, where it knows the article.
func TestStockCrosses(t *testing.T) {
	c := stockCrossing(t, "maxZeroed: 60")
	s, results := c.twice()
	if s.Read != 11 || s.Failed+s.InDoubt != 0 || results["NK-MUG-350"].Outcome != flow.Updated || results["SHIP-21"].Code != flow.SkipNotThere {
		t.Fatalf("%s", s)
	}
	want := map[string]float64{"NK-MUG-350": 64, "NK-BEAN-HOUSE-500": 120, "NK-GRINDER-01": 12}
	for sku, onHand := range want {
		canonical := gjson.ParseBytes(results[sku].Plan.Canonical)
		docs := c.findIn("webshop", "stock", port.KeySKU, sku)
		if len(docs) != 1 || canonical.Get("onHand").Num != onHand || gjson.GetBytes(docs[0].Body, "quantity").Num != canonical.Get("onHand").Num-canonical.Get("reserved").Num {
			t.Errorf("%s: %d sources, canonical %s", sku, len(docs), canonical.Raw)
		}
	}
}

// TestStockStops shows that books that fail on a page, and books that are empty all of a sudden, take nothing to none.
func TestStockStops(t *testing.T) {
	c := stockCrossing(t, `quantity: "0"`)
	before := c.findIn("webshop", "stock", port.KeySKU, "NK-MUG-350")[0].Version
	s, results, err := c.tryRun()
	var stop *flow.Failure
	if !errors.As(err, &stop) || stop.Code != flow.FailZeroed || s.Updated+s.Created != 0 || results["NK-MUG-350"].Code != flow.FailZeroed {
		t.Errorf("%s %v", s, err)
	}
	c = stockCrossing(t, "maxZeroed: 60")
	c.books.Fault(faults.Fault{Match: faults.On("GET", "/v2/articles"), Times: 100, Serve: func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"Meta":{"CurrentPage":1,"TotalNumberOfPages":1},"Data":[{"Number":"NK-MUG-350","StockBalance":0,`))
	}})
	if s, _, err := c.tryRun(); err == nil || s.Read != 0 {
		t.Errorf("%s %v", s, err)
	}
	if after := c.findIn("webshop", "stock", port.KeySKU, "NK-MUG-350")[0].Version; after != before {
		t.Errorf("the shop has changed")
	}
}

// TestBooksCross reads orders and invoices of one company and sends them to another: rows, VAT and totals agree to the cent, or the flow
// would refuse them.
func TestBooksCross(t *testing.T) {
	for _, kind := range []string{"order", "invoice"} {
		t.Run(kind, func(t *testing.T) {
			c := newCrossing(t)
			if kind == "invoice" { // the shop's orders make invoices to read
				c.settings("orderType: invoice, missingProduct: create")
				if s, _ := c.run(); s.Created < 7 {
					t.Fatalf("%s", s)
				}
			}
			other := books.New(connectors.SandboxOptions{})
			server := httptest.NewServer(other)
			t.Cleanup(server.Close)
			c.env["OTHER"] = server.URL
			for name, value := range other.Credentials() {
				c.env["other_"+name] = value
			}
			c.write("crosswalk.yaml", c.read("crosswalk.yaml")+
				`  other: {system: eaccounting, url: "${OTHER}", credentials: {clientId: "${other_clientId}", clientSecret: "${other_clientSecret}", refreshToken: "${other_refreshToken}"}}`+"\n")
			c.write("flows/orders.yaml", `from: books
to: other
entity: order
settings: {sourceType: `+kind+`, orderType: invoiceDraft, missingProduct: create, referencePrefix: A-, roundingLimit: 0.02, shippingArticles: [SHIP-21, SHIP-9, SHIP-0], discountArticles: [DISC-21, DISC-9, DISC-0], sendVatNumber: false}
tables:
  shippingArticles: {21: SHIP-21, 9: SHIP-9, 0: SHIP-0}
  discountArticles: {21: DISC-21, 9: DISC-9, 0: DISC-0}
  feeArticles: {0: DISC-0}
`)
			s, results := c.twice()
			if s.Created == 0 || s.Failed+s.InDoubt != 0 {
				t.Errorf("%s", s)
			}
			for number, r := range results {
				if r.Outcome != flow.Created {
					continue
				}
				docs := c.findIn("other", "invoiceDraft", port.KeyReference, "A-"+number)
				canonical := gjson.ParseBytes(r.Plan.Canonical)
				if len(docs) != 1 || len(r.Warnings) > 0 {
					t.Errorf("%s: %d drafts, warnings %v", number, len(docs), r.Warnings)
					continue
				}
				if got := gjson.GetBytes(docs[0].Body, "TotalAmount").Num; got != canonical.Get("totals.gross").Num {
					t.Errorf("%s: the draft is over %v, the order over %s", number, got, canonical.Get("totals.gross").Raw)
				}
			}
		})
	}
}

// TestFamiliesCross sends products between shops: a family takes its variants along.
func TestFamiliesCross(t *testing.T) {
	for name, empty := range map[string]bool{"into a shop that has some of them": false, "into an empty shop": true} {
		t.Run(name, func(t *testing.T) {
			c := newCrossing(t)
			other := ecwid.New(connectors.SandboxOptions{Empty: empty})
			server := httptest.NewServer(other)
			t.Cleanup(server.Close)
			c.env["OTHER"] = server.URL
			for name, value := range other.Credentials() {
				c.env["other_"+name] = value
			}
			c.write("crosswalk.yaml", c.read("crosswalk.yaml")+
				`  other: {system: ecwid, url: "${OTHER}", credentials: {storeId: "${other_storeId}", accessToken: "${other_accessToken}"}}`+"\n")
			c.write("flows/orders.yaml", "from: webshop\nto: other\nentity: product\n")
			s, results := c.twice()
			if s.Created+s.Updated == 0 || s.Failed+s.InDoubt != 0 || results["NK-TEE"].Plan == nil {
				t.Errorf("%s", s)
			}
			docs := c.findIn("other", "product", port.KeySKU, "NK-TEE-BLACK-M")
			if len(docs) != 1 || docs[0].Key != "NK-TEE" || !gjson.GetBytes(docs[0].Body, `combinations.#(sku=="NK-TEE-BLACK-S")`).Exists() {
				t.Errorf("%d products have the variant: %v", len(docs), docs)
			}
		})
	}
}
