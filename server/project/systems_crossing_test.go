package project

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// newSystemCrossing is a crossing whose webshop is any system that is built in, with the credentials that its sandbox names.
func newSystemCrossing(t *testing.T, s connectors.System) *crossing {
	c := &crossing{t: t, dir: t.TempDir(), store: newMemoryStore(), env: map[string]string{}, books: books.New(connectors.SandboxOptions{})}
	shop := s.Sandbox(connectors.SandboxOptions{})
	c.serve("BOOKS", c.books)
	c.serve("SHOP", shop)
	var credentials []string
	for _, name := range slices.Sorted(maps.Keys(shop.Credentials())) {
		credentials = append(credentials, fmt.Sprintf(`%s: "${%s}"`, name, name))
	}
	c.write("crosswalk.yaml", fmt.Sprintf(`connections:
  webshop: {system: %s, url: "${SHOP}", credentials: {%s}}
  books: {system: eaccounting, url: "${BOOKS}", credentials: {clientId: "${clientId}", clientSecret: "${bookSecret}", refreshToken: "${refreshToken}"}}
`, s.Spec.Name, strings.Join(credentials, ", ")))
	c.env["bookSecret"] = c.books.Credentials()["clientSecret"] // a shop may call one of its own so, too
	return c
}

// TestOrdersOfEverySystemCross sends the seeded orders of each system whose orders are read to the books, which are tested by themselves: what
// is sent comes to what the shop took, the only failures are articles that the books do not have, and a second run, with the links there
// and with the links lost, changes nothing.
func TestOrdersOfEverySystemCross(t *testing.T) {
	for _, s := range all.Systems() {
		i := slices.IndexFunc(s.Spec.Resources, func(r connectors.Resource) bool { return r.Entity == port.Order && r.Read })
		if s.Spec.Name == "eaccounting" || i < 0 {
			continue
		}
		t.Run(s.Spec.Name, func(t *testing.T) {
			c := newSystemCrossing(t, s)
			c.settings("orderType: invoiceDraft")
			first, results := c.twice()
			if first.Created < 3 || first.InDoubt != 0 {
				t.Fatalf("%s", first)
			}
			for number, r := range results {
				if r.Outcome == flow.Failed && r.Code != flow.FailProduct {
					t.Errorf("order %s: %s %s", number, r.Code, r.Reason)
				}
				if r.Outcome != flow.Created {
					continue
				}
				docs := c.find("invoiceDraft", port.KeyReference, gjson.GetBytes(r.Plan.Canonical, "number").String())
				if len(docs) != 1 {
					t.Errorf("order %s stands in the books %d times", number, len(docs))
					continue
				}
				if gross, total := gjson.GetBytes(r.Plan.Canonical, "totals.gross").Num, gjson.GetBytes(docs[0].Body, "TotalAmount"); total.Exists() && total.Num != gross {
					t.Errorf("order %s came to %s, and is %v in the books", number, total.Raw, gross)
				}
			}
		})
	}
}
