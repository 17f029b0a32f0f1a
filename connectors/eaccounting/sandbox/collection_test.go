package sandbox

import (
	"maps"
	"net/url"
	"reflect"
	"slices"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
)

// TestComputed shows that the collections name all that a reader sees and that is not stored: what they leave out could not be filtered by.
func TestComputed(t *testing.T) {
	s := New(connectors.SandboxOptions{}, func(set *Settings) { set.Unproven.DraftShowsToday = true })
	one, err := parseAmount("1")
	if err != nil {
		t.Fatal(err)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{s: s, ctx: t.Context(), query: url.Values{"showPricesWithTwoDecimals": {"true"}}}
	id := s.customers.items[0]["Id"]
	s.drafts.add(object{"Id": "d", "InvoiceDate": "2001-01-01"})
	s.invoices.add(object{"Id": "i", "CustomerId": id, "InvoiceDate": "2999-01-01", "DueDate": "2001-01-01", "RemainingAmount": one})
	for _, col := range []*collection{s.customers, s.articles, s.orders, s.quotes, s.drafts, s.invoices} {
		seen := map[string]bool{}
		for _, o := range col.items {
			for name, v := range col.show(c, maps.Clone(o)) {
				if !reflect.DeepEqual(v, o[name]) {
					seen[name] = true
				}
			}
		}
		for name := range seen {
			if !slices.Contains(col.computed, name) {
				t.Errorf("%s: %s is computed", col.name, name)
			}
		}
		if len(col.computed) > 0 && len(seen) == 0 {
			t.Errorf("%s: nothing was computed", col.name)
		}
	}
}
