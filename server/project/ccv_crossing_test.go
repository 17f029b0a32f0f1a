package project

import (
	"net/http/httptest"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	ccv "github.com/crosswalk-go/crosswalk/connectors/ccv/sandbox"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	magento "github.com/crosswalk-go/crosswalk/connectors/magento/sandbox"
	shop "github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// newCCVCrossing is a crossing whose source is a CCV Shop or a CCV SalesPOS.
func newCCVCrossing(t *testing.T, system string, source connectors.Sandbox) *crossing {
	c := &crossing{t: t, dir: t.TempDir(), store: newMemoryStore(), env: map[string]string{}, books: books.New(connectors.SandboxOptions{})}
	for name, s := range map[string]connectors.Sandbox{"SHOP": source, "BOOKS": c.books} {
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		c.env[name] = server.URL
		for credential, value := range s.Credentials() {
			c.env[credential] = value
		}
	}
	c.write("crosswalk.yaml", `connections:
  webshop: {system: `+system+`, url: "${SHOP}", credentials: {public: "${public}", secret: "${secret}"}}
  books: {system: eaccounting, url: "${BOOKS}", credentials: {clientId: "${clientId}", clientSecret: "${clientSecret}", refreshToken: "${refreshToken}"}}
`)
	return c
}

// arrived holds the invoice drafts to what the shop's orders came to, each there once.
func (c *crossing) arrived(totals map[string]string, results map[string]flow.Result) {
	c.t.Helper()
	for number, want := range totals {
		docs := c.find("invoiceDraft", port.KeyReference, number)
		if len(docs) != 1 {
			c.t.Errorf("order %s stands in the books %d times: %s", number, len(docs), results[number].Reason)
			continue
		}
		if results[number].Plan == nil {
			c.t.Errorf("order %s: no plan", number)
			continue
		}
		if gross := gjson.GetBytes(results[number].Plan.Canonical, "totals.gross").Raw; gross != want {
			c.t.Errorf("order %s came to %s, not %s", number, gross, want)
		}
	}
}

// paid writes the flow that sends what is paid as invoice drafts.
func (c *crossing) paid(settings string) {
	c.write("flows/orders.yaml", `from: webshop
to: books
entity: order
where: paymentStatus == "paid"
settings: {orderType: invoiceDraft, roundingLimit: 0.02`+settings+`}
tables:
  shippingArticles: {21: SHIP-21, 9: SHIP-9, 0: SHIP-0}
  discountArticles: {21: DISC-21, 9: DISC-9, 0: DISC-0}
  feeArticles: {21: SHIP-21, 9: SHIP-9, 0: DISC-0}
`)
}

// again runs the flow twice more, the second time with all links lost: nothing may happen but what failed before.
func (c *crossing) again(failed int) {
	c.t.Helper()
	for _, lost := range []bool{false, true} {
		if lost {
			c.store = c.store.withoutLinks()
		}
		if s, _ := c.run(); s.Created+s.Updated+s.InDoubt != 0 || s.Failed != failed {
			c.t.Errorf("again, links lost %v: %s", lost, s)
		}
	}
}

// TestCCVShopCrossing sends the seeded orders of a CCV Shop to the books, twice, and once more with all links lost.
func TestCCVShopCrossing(t *testing.T) {
	c := newCCVCrossing(t, "ccvshop", ccv.New(connectors.SandboxOptions{}))
	c.paid("")
	s, results := c.run()
	// One order has an article that the books do not know, one is not paid, one is cancelled; a basket is no order.
	if s.Read != 9 || s.Created != 6 || s.Failed != 1 || s.InDoubt != 0 || results["1007"].Code != flow.FailProduct {
		for n, r := range results {
			t.Logf("%s: %s %s", n, r.Outcome, r.Reason)
		}
		t.Fatalf("%s", s)
	}
	totals := map[string]string{"1001": "22.85", "1002": "57.70", "1003": "294.14", "1004": "19.95", "1008": "159.75", "1009": "45.01"}
	c.again(1)
	c.arrived(totals, results)
	if n := c.count("customer", port.KeyEmail, "inkoop@haagsekoffie.example.nl"); n != 1 {
		t.Errorf("the company is there %d times", n)
	}
}

// TestCCVShopOrderIsPaidLater meets an order again that was paid after the cursor had passed it, although nothing in CCV tells that it changed.
func TestCCVShopOrderIsPaidLater(t *testing.T) {
	shop := ccv.New(connectors.SandboxOptions{})
	c := newCCVCrossing(t, "ccvshop", shop)
	c.paid(", missingProduct: create")
	if s, _ := c.run(); s.Created != 7 {
		t.Fatalf("%s", s)
	}
	c.onward = true
	if err := shop.Set("orders", 339900105, []byte(`{"paid":true,"status":1}`)); err != nil {
		t.Fatal(err)
	}
	if s, results := c.run(); s.Created != 1 || results["1005"].Outcome != flow.Created {
		t.Errorf("%s", s)
	}
	docs := c.find("article", port.KeySKU, "NK-GIFT-UNKNOWN")
	if len(docs) != 1 || gjson.GetBytes(docs[0].Body, "GrossPrice").Num != 30 {
		t.Errorf("the missing article is there %d times", len(docs))
	}
}

// TestCCVSalesPOSCrossing books the sales of a till, each once: neither the slips of its terminal nor the closing of its day are sales. Who
// has no name is the default customer.
func TestCCVSalesPOSCrossing(t *testing.T) {
	till := ccv.NewRegister(connectors.SandboxOptions{})
	c := newCCVCrossing(t, "ccvsalespos", till)
	debtor := c.find("customer", port.KeyEmail, "inkoop@example.nl")
	if len(debtor) != 1 {
		t.Fatal(debtor)
	}
	c.paid(`, defaultCustomer: "` + gjson.GetBytes(debtor[0].Body, "CustomerNumber").String() + `"`)
	s, results := c.run()
	// One is on account; the other four are paid, one of them a return.
	if s.Read != 5 || s.Created != 4 || s.Failed != 0 {
		for n, r := range results {
			t.Logf("%s: %s %s", n, r.Outcome, r.Reason)
		}
		t.Fatalf("%s", s)
	}
	totals := map[string]string{"1001": "21.90", "1002": "44.90", "1003": "145.95", "1005": "-12.95"}
	c.again(0)
	c.arrived(totals, results)

	// The account is settled, and a new sale is rung up.
	c.onward = true
	if err := till.Set("orders", 339900104, []byte(`{"paid":true,"status":7}`)); err != nil {
		t.Fatal(err)
	}
	if _, err := till.RingUp(ccv.Sale{SKUs: map[string]string{"NK-MUG-350": "1"}, Card: true}); err != nil {
		t.Fatal(err)
	}
	till.CloseDay()
	if s, results := c.run(); s.Created != 2 || results["1004"].Outcome != flow.Created || results["1006"].Outcome != flow.Created {
		t.Errorf("%s", s)
	}
}

// newShopwareToCCV is a crossing from a Shopware to a CCV.
func newShopwareToCCV(t *testing.T, system string, target connectors.Sandbox) *crossing {
	c := &crossing{t: t, dir: t.TempDir(), store: newMemoryStore(), env: map[string]string{}}
	c.serve("SHOP", shop.New(connectors.SandboxOptions{}))
	c.serve("BOOKS", target)
	c.write("crosswalk.yaml", `connections:
  webshop: {system: shopware, url: "${SHOP}", credentials: {accessKeyId: "${accessKeyId}", secretAccessKey: "${secretAccessKey}"}}
  books: {system: `+system+`, url: "${BOOKS}", credentials: {public: "${public}", secret: "${secret}"}}
`)
	return c
}

// TestOrdersIntoCCV puts the orders of a web shop into a till, each once and over what it came to.
func TestOrdersIntoCCV(t *testing.T) {
	for _, system := range []string{"ccvsalespos", "ccvshop"} {
		t.Run(system, func(t *testing.T) {
			target := connectors.Sandbox(ccv.New(connectors.SandboxOptions{Empty: true}))
			if system == "ccvsalespos" {
				target = ccv.NewRegister(connectors.SandboxOptions{Empty: true})
			}
			c := newShopwareToCCV(t, system, target)
			c.write("flows/orders.yaml", "from: webshop\nto: books\nentity: order\nwhere: paymentStatus == \"paid\"\nsettings: {referencePrefix: SW-}\n")
			s, results := c.run()
			if s.Created < 7 || s.Failed != 0 || s.InDoubt != 0 {
				for n, r := range results {
					t.Logf("%s: %s %s", n, r.Outcome, r.Reason)
				}
				t.Fatalf("%s", s)
			}
			for number, r := range results {
				if r.Outcome != flow.Created {
					continue
				}
				docs := c.find("order", port.KeyReference, "SW-"+number)
				want := gjson.GetBytes(r.Plan.Canonical, "totals.gross").Num
				if len(docs) != 1 || gjson.GetBytes(docs[0].Body, "total_price").Num != want {
					t.Errorf("order %s over %v: %d there, over %s", number, want, len(docs), gjson.GetBytes(docs[0].Body, "total_price").Raw)
				}
			}
			c.again(0)
		})
	}
}

// TestShopIntoCCV fills a CCV Shop without products with the products of a Magento and the customers of a Shopware. A second run changes nothing.
func TestShopIntoCCV(t *testing.T) {
	for entity, created := range map[string]int{"product": 6, "customer": 4} {
		t.Run(entity, func(t *testing.T) {
			target := ccv.New(connectors.SandboxOptions{Empty: true})
			for id := 845001; id <= 845006; id++ {
				target.Remove("products", id)
			}
			c := newShopwareToCCV(t, "ccvshop", target)
			where := ""
			if entity == "product" {
				where = "where: not (sku startsWith \"NK-TEE-\") and type != \"grouped\"\n" // variants come with their product
				c.serve("SHOP", magento.New(connectors.SandboxOptions{}))
				c.write("crosswalk.yaml", `connections:
  webshop: {system: magento, url: "${SHOP}", options: {taxCountry: NL}, credentials: {consumerKey: "${consumerKey}", consumerSecret: "${consumerSecret}", accessToken: "${accessToken}", accessTokenSecret: "${accessTokenSecret}"}}
  books: {system: ccvshop, url: "${BOOKS}", credentials: {public: "${public}", secret: "${secret}"}}
`)
			}
			c.write("flows/orders.yaml", "from: webshop\nto: books\nentity: "+entity+"\n"+where)
			s, results := c.run()
			if s.Created != created || s.Failed+s.InDoubt != 0 {
				for n, r := range results {
					t.Logf("%s: %s %s", n, r.Outcome, r.Reason)
				}
				t.Fatalf("%s", s)
			}
			for _, lost := range []bool{false, true} {
				if lost {
					c.store = c.store.withoutLinks()
				}
				if s, _ := c.run(); s.Skipped != s.Read {
					t.Errorf("again, links lost %v: %s", lost, s)
				}
			}
			if entity == "product" {
				tee := c.find("product", port.KeySKU, "NK-TEE-BLACK-M")
				if len(tee) != 1 || gjson.GetBytes(tee[0].Body, "productnumber").Str != "NK-TEE" || gjson.GetBytes(tee[0].Body, "price").Num != 24.95 {
					t.Errorf("the variant is there %d times", len(tee))
				}
			}
		})
	}
}

// TestTillStockIntoShop brings what the till can sell into the web shop: what is reserved is taken off.
func TestTillStockIntoShop(t *testing.T) {
	c := &crossing{t: t, dir: t.TempDir(), store: newMemoryStore(), env: map[string]string{}}
	c.serve("TILL", ccv.NewRegister(connectors.SandboxOptions{}))
	c.serve("SHOP", ccv.New(connectors.SandboxOptions{}))
	c.write("crosswalk.yaml", `connections:
  webshop: {system: ccvsalespos, url: "${TILL}", credentials: {public: "${public}", secret: "${secret}"}}
  books: {system: ccvshop, url: "${SHOP}", credentials: {public: "${public}", secret: "${secret}"}}
`)
	c.write("flows/orders.yaml", "from: webshop\nto: books\nentity: stock\n")
	if s, _ := c.run(); s.Updated == 0 || s.Failed+s.InDoubt != 0 {
		t.Fatalf("%s", s)
	}
	for sku, want := range map[string]string{"NK-BEAN-HOUSE-500": "67", "NK-TEE-BLACK-M": "7", "NK-TEE-BLACK-S": "9"} {
		docs := c.find("stock", port.KeySKU, sku)
		if len(docs) != 1 || gjson.GetBytes(docs[0].Body, "stock").Raw != want {
			t.Errorf("%s: %s", sku, docs[0].Body)
		}
	}
	if s, _ := c.run(); s.Skipped != s.Read {
		t.Errorf("again: %s", s)
	}
}
