package project

import (
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	shop "github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// newShopwareCrossing leads another Shopware or the books into a Shopware without documents of its own.
func newShopwareCrossing(t *testing.T, from string) *crossing {
	c := &crossing{t: t, dir: t.TempDir(), store: newMemoryStore(), env: map[string]string{}}
	c.serve("SHOP", shop.New(connectors.SandboxOptions{Empty: true}))
	connections := "connections:\n  shop: {system: shopware, url: \"${SHOP}\", credentials: {accessKeyId: \"${accessKeyId}\", secretAccessKey: \"${secretAccessKey}\"}}\n"
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

func (c *crossing) into(text string) { c.write("flows/orders.yaml", "from: source\nto: shop\n"+text) }

// TestProductsIntoShopware sends a shop's catalog, families with their variants among it.
func TestProductsIntoShopware(t *testing.T) {
	c := newShopwareCrossing(t, "shopware")
	c.into("entity: product\nsettings: {prices: gross}\n")
	s, results := c.twice()
	if s.Created < 4 || s.Failed+s.InDoubt+s.Updated != 0 {
		t.Errorf("%s", s)
	}
	for sku, r := range results {
		if r.Outcome != flow.Created {
			continue
		}
		want := gjson.ParseBytes(r.Plan.Canonical)
		docs := c.findIn("shop", "product", port.KeySKU, sku)
		if len(docs) != 1 {
			t.Errorf("product %s is there %d times", sku, len(docs))
			continue
		}
		have := gjson.ParseBytes(docs[0].Body)
		if have.Get("name").String() != want.Get("name").String() || have.Get("tax.taxRate").Num != want.Get("taxRate").Num {
			t.Errorf("%s: %s at %s %%", sku, have.Get("name"), have.Get("tax.taxRate"))
		}
		if want.Get("priceGross").Exists() && have.Get("price.0.gross").Num != want.Get("priceGross").Num {
			t.Errorf("%s costs %s, not %s", sku, have.Get("price.0.gross"), want.Get("priceGross"))
		}
		if n, children := want.Get("variants.#").Int(), have.Get("children.#").Int(); n != children {
			t.Errorf("%s has %d variants, not %d", sku, children, n)
		}
		for _, v := range want.Get("variants").Array() {
			child := have.Get(`children.#(productNumber=="` + v.Get("sku").String() + `")`)
			if child.Get("options.#").Int() != v.Get("options.#").Int() || !child.Exists() {
				t.Errorf("%s: variant %s", sku, child.Raw)
			}
		}
	}
}

// TestStockIntoShopware sends what the books have of products that the shop knows.
func TestStockIntoShopware(t *testing.T) {
	c := newShopwareCrossing(t, "eaccounting")
	c.into("entity: product\nsettings: {prices: gross}\n")
	if s, _ := c.twice(); s.Created == 0 || s.Failed+s.InDoubt != 0 {
		t.Fatalf("products: %s", s)
	}
	c.into("entity: stock\n")
	s, results := c.twice()
	if s.Updated == 0 || s.Failed+s.InDoubt != 0 {
		t.Fatalf("stock: %s", s)
	}
	for sku, r := range results {
		if r.Outcome != flow.Updated {
			continue
		}
		docs := c.findIn("shop", "stock", port.KeySKU, sku)
		if len(docs) != 1 || gjson.GetBytes(docs[0].Body, "stock").Num != gjson.GetBytes(r.Plan.Canonical, "available").Num {
			t.Errorf("%s: %v, not %s", sku, docs, r.Plan.Canonical)
		}
	}
}

// TestCustomersIntoShopware sends the customers of a shop and of the books.
func TestCustomersIntoShopware(t *testing.T) {
	for _, from := range []string{"shopware", "eaccounting"} {
		t.Run(from, func(t *testing.T) {
			c := newShopwareCrossing(t, from)
			c.into("entity: customer\n")
			s, results := c.twice()
			if s.Created == 0 || s.Failed+s.InDoubt+s.Updated != 0 {
				t.Errorf("%s", s)
			}
			for name, r := range results {
				if r.Outcome != flow.Created {
					continue
				}
				want := gjson.ParseBytes(r.Plan.Canonical)
				docs := c.findIn("shop", "customer", port.KeyEmail, want.Get("email").String())
				if len(docs) != 1 {
					t.Errorf("customer %s is there %d times", name, len(docs))
					continue
				}
				have := gjson.ParseBytes(docs[0].Body)
				country, city := have.Get("defaultBillingAddress.country.iso").String(), have.Get("defaultBillingAddress.city").String()
				if bill := want.Get(`addresses.#(use.#(=="billing"))`); bill.Get("country").String() != country || bill.Get("city").String() != city {
					t.Errorf("customer %s lives in %s %s, not %s", name, country, city, bill.Raw)
				}
				if business := have.Get("accountType").String() == "business"; business != (want.Get("type").String() == "company") || have.Get("customerNumber").String() == "" {
					t.Errorf("customer %s is %s", name, have.Get("accountType"))
				}
			}
		})
	}
}

// TestOrdersIntoShopware sends the orders of a shop to another: they come out as they went in.
func TestOrdersIntoShopware(t *testing.T) {
	c := newShopwareCrossing(t, "shopware")
	c.into("entity: product\nsettings: {prices: gross}\n")
	if s, _ := c.run(); s.Failed != 0 {
		t.Fatalf("products: %s", s)
	}
	c.into("entity: order\nsettings: {missingProduct: create}\n")
	s, results := c.twice()
	if s.Created == 0 || s.Failed+s.InDoubt != 0 {
		t.Fatalf("%s", s)
	}
	for number, r := range results {
		docs := c.findIn("shop", "order", port.KeyReference, number)
		if r.Outcome != flow.Created {
			continue
		}
		if len(docs) != 1 {
			t.Errorf("order %s is there %d times", number, len(docs))
			continue
		}
		c.same(docs[0].Body, r.Plan.Canonical)
	}
}

// same reads an order back and compares it with what was sent.
func (c *crossing) same(order, sent []byte) {
	c.t.Helper()
	back, err := c.canonical("shop", "order", order)
	if err != nil {
		c.t.Fatal(err)
	}
	want := gjson.ParseBytes(sent)
	for _, path := range []string{"number", "createdAt", "status", "paymentStatus", "currency", "pricesIncludeTax", "customer.email",
		"totals.gross", "totals.net", "totals.tax", "billing.city", "billing.country", "billing.houseNumber", "shipping.street", "lines.#.sku", "lines.#.totalGross", "lines.#.tax",
		"shippingCosts.#.gross", "discounts.#.gross", "taxes.#.tax"} {
		if got, w := back.Get(path), want.Get(path); got.Raw != w.Raw && !sameAmounts(got, w) {
			c.t.Errorf("order %s: %s is %s, not %s", want.Get("number"), path, got.Raw, w.Raw)
		}
	}
}

func sameAmounts(a, b gjson.Result) bool {
	if a.IsArray() && b.IsArray() {
		x, y := a.Array(), b.Array()
		if len(x) != len(y) {
			return false
		}
		for i := range x {
			if !sameAmounts(x[i], y[i]) {
				return false
			}
		}
		return true
	}
	return a.Type == b.Type && (a.Raw == b.Raw || a.Type == gjson.Number && a.Num == b.Num)
}
