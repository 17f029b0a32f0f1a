package project

import (
	"net/http/httptest"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	ccv "github.com/crosswalk-go/crosswalk/connectors/ccv/sandbox"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
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
