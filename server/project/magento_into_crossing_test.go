package project

import (
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	ecwid "github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	magento "github.com/crosswalk-go/crosswalk/connectors/magento/sandbox"
	shop "github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// newIntoMagento leads a Shopware or the books into a Magento. empty leaves out its customers and orders.
func newIntoMagento(t *testing.T, from string, empty bool) *crossing {
	c := &crossing{t: t, dir: t.TempDir(), store: newMemoryStore(), env: map[string]string{}}
	c.serve("MAGENTO", magento.New(connectors.SandboxOptions{Empty: empty}))
	connections := `connections:
  webshop: {system: magento, url: "${MAGENTO}", options: {taxCountry: NL}, credentials: {consumerKey: "${consumerKey}", consumerSecret: "${consumerSecret}", accessToken: "${accessToken}", accessTokenSecret: "${accessTokenSecret}"}}
`
	switch from {
	case "shopware":
		c.serve("SOURCE", shop.New(connectors.SandboxOptions{}))
		connections += "  source: {system: shopware, url: \"${SOURCE}\", credentials: {accessKeyId: \"${accessKeyId}\", secretAccessKey: \"${secretAccessKey}\"}}\n"
	case "eaccounting":
		c.books = books.New(connectors.SandboxOptions{})
		c.serve("SOURCE", c.books)
		connections += "  source: {system: eaccounting, url: \"${SOURCE}\", credentials: {clientId: \"${clientId}\", clientSecret: \"${clientSecret}\", refreshToken: \"${refreshToken}\"}}\n"
	}
	c.write("crosswalk.yaml", connections)
	return c
}

func (c *crossing) toMagento(text string) {
	c.write("flows/orders.yaml", "from: source\nto: webshop\n"+text)
}

// TestProductsIntoMagento sends a catalog with a family to a shop that has some of it, under other SKUs and under the same.
func TestProductsIntoMagento(t *testing.T) {
	for name, prefix := range map[string]string{"the shop has some": "", "the shop has none": "NEW-"} {
		t.Run(name, func(t *testing.T) {
			c := newIntoMagento(t, "shopware", true)
			flowText := "entity: product\nsettings: {images: never}\n"
			if prefix != "" {
				flowText += "mappings: {read: mappings/product.yaml}\n"
				c.write("mappings/product.yaml", `extends: shopware/product.read
rules:
  sku: '"NEW-" + productNumber'
  variants[].sku: '"NEW-" + child.productNumber'
`)
			}
			c.toMagento(flowText)
			s, results := c.twice()
			if s.Created+s.Updated == 0 || s.Failed+s.InDoubt != 0 {
				t.Errorf("%s", s)
			}
			for sku, r := range results {
				if r.Outcome == flow.Skipped {
					continue
				}
				want := gjson.ParseBytes(r.Plan.Canonical)
				docs := c.findIn("webshop", "product", port.KeySKU, want.Get("sku").String())
				if len(docs) != 1 {
					t.Errorf("product %s is there %d times", sku, len(docs))
					continue
				}
				have := gjson.ParseBytes(docs[0].Body)
				if price := want.Get("priceGross"); want.Get("type").String() == "simple" && have.Get("price").Num != price.Num || have.Get("crosswalk.taxRate").Num != want.Get("taxRate").Num {
					t.Errorf("%s costs %s at %s %%, not %s at %s", sku, have.Get("price"), have.Get("crosswalk.taxRate"), price, want.Get("taxRate"))
				}
				for _, v := range want.Get("variants").Array() {
					child := have.Get(`crosswalk.children.#(sku=="` + v.Get("sku").String() + `")`)
					if !child.Exists() || child.Get("price").Num != v.Get("priceGross").Num {
						t.Errorf("%s: variant %s is %s", sku, v.Get("sku"), child.Raw)
					}
				}
			}
		})
	}
}

// TestCustomersIntoMagento sends the customers of a shop and of the books.
func TestCustomersIntoMagento(t *testing.T) {
	for _, from := range []string{"shopware", "eaccounting"} {
		t.Run(from, func(t *testing.T) {
			c := newIntoMagento(t, from, true)
			c.toMagento("entity: customer\n")
			s, results := c.twice()
			if s.Created == 0 || s.Failed+s.InDoubt+s.Updated != 0 {
				t.Errorf("%s", s)
			}
			for name, r := range results {
				if r.Outcome != flow.Created {
					continue
				}
				want := gjson.ParseBytes(r.Plan.Canonical)
				docs := c.findIn("webshop", "customer", port.KeyEmail, want.Get("email").String())
				if len(docs) != 1 {
					t.Errorf("customer %s is there %d times", name, len(docs))
					continue
				}
				have := gjson.GetBytes(docs[0].Body, "addresses.#(default_billing==true)")
				bill := want.Get(`addresses.#(use.#(=="billing"))`)
				if bill.Get("city").String() != have.Get("city").String() || bill.Get("country").String() != have.Get("country_id").String() {
					t.Errorf("customer %s lives in %s, not %s", name, have.Raw, bill.Raw)
				}
				if want.Get("type").String() == "company" && have.Get("company").String() != want.Get("company").String() {
					t.Errorf("customer %s is of %s", name, have.Get("company"))
				}
			}
		})
	}
}

// TestCustomersOfMagentoChange sends customers to a shop that has them: those that differ are changed, and keep what the source does not speak of.
func TestCustomersOfMagentoChange(t *testing.T) {
	c := newIntoMagento(t, "shopware", false)
	before := c.findIn("webshop", "customer", port.KeyEmail, "pieter.jansen@example.nl")
	c.toMagento("entity: customer\n")
	s, _ := c.twice()
	if s.Updated == 0 || s.Failed+s.InDoubt != 0 {
		t.Errorf("%s", s)
	}
	after := c.findIn("webshop", "customer", port.KeyEmail, "pieter.jansen@example.nl")
	if gjson.GetBytes(before[0].Body, "addresses.#.id").Raw != gjson.GetBytes(after[0].Body, "addresses.#.id").Raw {
		t.Errorf("addresses %s became %s", gjson.GetBytes(before[0].Body, "addresses"), gjson.GetBytes(after[0].Body, "addresses"))
	}
}

// TestStockIntoMagento sends what the books can sell. What the shop holds back for its open orders is added, so that
// the number that the shop sells is the books'.
func TestStockIntoMagento(t *testing.T) {
	c := newIntoMagento(t, "eaccounting", false)
	c.toMagento("entity: stock\nsettings: {maxZeroed: 60}\n")
	s, results := c.twice()
	if s.Updated == 0 || s.Failed+s.InDoubt != 0 {
		t.Fatalf("%s", s)
	}
	for sku, r := range results {
		if r.Outcome != flow.Updated {
			continue
		}
		docs := c.findIn("webshop", "stock", port.KeySKU, sku)
		if want := gjson.GetBytes(r.Plan.Canonical, "available"); len(docs) != 1 || gjson.GetBytes(docs[0].Body, "crosswalk.stockStatus.qty").Num != want.Num {
			t.Errorf("%s: %s, not %s", sku, docs[0].Body, r.Plan.Canonical)
		}
	}
}

// TestOrdersIntoMagento places the orders of another shop that the shop's own prices come to; others fail, and nothing is placed.
func TestOrdersIntoMagento(t *testing.T) {
	for _, method := range []string{"checkmo", "purchaseorder"} {
		t.Run(method, func(t *testing.T) {
			c := newIntoMagento(t, "shopware", true)
			c.toMagento("entity: product\nsettings: {images: never}\n")
			if s, _ := c.run(); s.Failed != 0 {
				t.Fatalf("products: %s", s)
			}
			c.toMagento("entity: order\nsettings: {referencePrefix: SW-, paymentMethod: " + method + ", roundingLimit: 0}\n")
			s, results := c.twice()
			if s.Created < 8 || s.InDoubt != 0 { // of two, the prices are others here
				t.Fatalf("%s", s)
			}
			for number, r := range results {
				docs := c.findIn("webshop", "order", port.KeyReference, "SW-"+number)
				switch {
				case r.Outcome == flow.Failed && len(docs) != 0:
					t.Errorf("order %s failed and stands: %s", number, r.Reason)
				case r.Outcome == flow.Failed && !strings.Contains(r.Reason, "nothing was placed"):
					t.Errorf("order %s: %s", number, r.Reason)
				case r.Outcome == flow.Created:
					want := gjson.ParseBytes(r.Plan.Canonical)
					if len(docs) != 1 || len(r.Warnings) > 0 || gjson.GetBytes(docs[0].Body, "grand_total").Num != want.Get("totals.gross").Num || gjson.GetBytes(docs[0].Body, "billing_address.city").String() != want.Get("billing.city").String() {
						t.Errorf("order %s stands %d times, warnings %v: %s", number, len(docs), r.Warnings, docs)
					}
				}
			}
		})
	}
}

// TestFamiliesOfMagentoCross sends a Magento's catalog to shops that take families: each comes with its variants, which are not sent by
// themselves.
func TestFamiliesOfMagentoCross(t *testing.T) {
	for name, other := range map[string]connectors.Sandbox{
		"ecwid":    ecwid.New(connectors.SandboxOptions{Empty: true}),
		"magento":  magento.New(connectors.SandboxOptions{Empty: true}),
		"shopware": shop.New(connectors.SandboxOptions{Empty: true}),
	} {
		t.Run(name, func(t *testing.T) {
			c := newMagentoCrossing(t)
			c.taxed()
			server := httptest.NewServer(other)
			t.Cleanup(server.Close)
			c.env["OTHER"] = server.URL
			var credentials []string
			for k, v := range other.Credentials() {
				c.env["other_"+k] = v
				credentials = append(credentials, fmt.Sprintf(`%s: "${other_%s}"`, k, k))
			}
			options := map[string]string{"magento": ", options: {taxCountry: NL}"}[name]
			c.write("crosswalk.yaml", c.read("crosswalk.yaml")+fmt.Sprintf("  other: {system: %s, url: \"${OTHER}\"%s, credentials: {%s}}\n", name, options, strings.Join(credentials, ", ")))
			c.write("mappings/product.yaml", "extends: magento/product.read\nrules:\n  sku: 'type_id == \"grouped\" ? sku : \"NEW-\" + sku'\n  variants[].sku: '\"NEW-\" + child.sku'\n")
			c.write("flows/orders.yaml", "from: webshop\nto: other\nentity: product\nsettings: {images: never}\nmappings: {read: mappings/product.yaml}\n")
			s, results := c.twice()
			if s.Created < 6 || s.Failed+s.InDoubt != 0 || s.Read != 7 {
				t.Errorf("%s", s)
			}
			if r := results["NK-TEE"]; r.Outcome != flow.Created && results["NEW-NK-TEE"].Outcome != flow.Created {
				t.Errorf("the family: %s %s", r.Outcome, r.Reason)
			}
			docs := c.findIn("other", "product", port.KeySKU, "NEW-NK-TEE")
			if len(docs) != 1 {
				t.Fatalf("%d families", len(docs))
			}
			variants := gjson.GetBytes(docs[0].Body, map[string]string{"ecwid": "combinations.#.sku", "magento": "crosswalk.children.#.sku", "shopware": "children.#.productNumber"}[name]).Raw
			if variants != `["NEW-NK-TEE-BLACK-S","NEW-NK-TEE-BLACK-M"]` {
				t.Errorf("variants %s", variants)
			}
		})
	}
}
