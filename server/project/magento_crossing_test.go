package project

import (
	"fmt"
	"net/http/httptest"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	magento "github.com/crosswalk-go/crosswalk/connectors/magento/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// newMagentoCrossing is a crossing whose webshop is a Magento.
func newMagentoCrossing(t *testing.T) *crossing {
	c := &crossing{t: t, dir: t.TempDir(), store: newMemoryStore(), env: map[string]string{}, books: books.New(connectors.SandboxOptions{})}
	for name, s := range map[string]connectors.Sandbox{"SHOP": magento.New(connectors.SandboxOptions{}), "BOOKS": c.books} {
		server := httptest.NewServer(s)
		t.Cleanup(server.Close)
		c.env[name] = server.URL
		for credential, value := range s.Credentials() {
			c.env[credential] = value
		}
	}
	c.write("crosswalk.yaml", `connections:
  webshop: {system: magento, url: "${SHOP}", credentials: {consumerKey: "${consumerKey}", consumerSecret: "${consumerSecret}", accessToken: "${accessToken}", accessTokenSecret: "${accessTokenSecret}"}}
  books: {system: eaccounting, url: "${BOOKS}", credentials: {clientId: "${clientId}", clientSecret: "${clientSecret}", refreshToken: "${refreshToken}"}}
`)
	return c
}

// TestMagentoCrossing sends the seeded orders as each kind of document, twice, and once more with all links lost.
func TestMagentoCrossing(t *testing.T) {
	total := map[string]string{"000000001": "22.85", "000000002": "57.7", "000000003": "235.65", "000000004": "21.9", "000000005": "51.56", "000000008": "167.85", "000000009": "54.85"}
	for _, kind := range []string{"quote", "order", "invoiceDraft", "invoice"} {
		t.Run(kind, func(t *testing.T) {
			c := newMagentoCrossing(t)
			c.settings("orderType: " + kind)
			s, results := c.run()
			// One order has an article that the books do not know, one is not paid, one is cancelled.
			if s.Read != 10 || s.Created != 7 || s.Failed != 1 || s.InDoubt != 0 || results["000000007"].Code != flow.FailProduct {
				for n, r := range results {
					t.Logf("%s: %s %s", n, r.Outcome, r.Reason)
				}
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
			for number, want := range total {
				docs := c.find(kind, port.KeyReference, number)
				if len(docs) != 1 {
					t.Errorf("order %s stands in the books %d times", number, len(docs))
					continue
				}
				if gross := gjson.GetBytes(results[number].Plan.Canonical, "totals.gross").Raw; gross != want {
					t.Errorf("order %s came to %s, not %s", number, gross, want)
				}
			}
			if n := c.count("customer", port.KeyEmail, "inkoop@haagsekoffie.example.nl"); n != 1 {
				t.Errorf("the company is there %d times", n)
			}
		})
	}
}

// TestMagentoCrossingArticles makes the missing article of the shop's product, with the price that the catalog has.
func TestMagentoCrossingArticles(t *testing.T) {
	c := newMagentoCrossing(t)
	c.settings("orderType: invoiceDraft, missingProduct: create")
	s, results := c.run()
	if s.Created != 8 || s.Failed != 0 {
		t.Fatalf("%s: %s", s, results["000000007"].Reason)
	}
	docs := c.find("article", port.KeySKU, "NK-GIFT-UNKNOWN")
	if len(docs) != 1 || gjson.GetBytes(docs[0].Body, "GrossPrice").Num <= 0 {
		t.Fatalf("%d articles: %s", len(docs), fmt.Sprint(docs))
	}
	if s, _ := c.run(); s.Skipped != s.Read {
		t.Errorf("again: %s", s)
	}
}
