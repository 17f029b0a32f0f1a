package sandbox

import (
	"context"
	"slices"

	"github.com/crosswalk-go/crosswalk/connectors"
)

// State shows the company's documents as reads of the API do.
func (s *Sandbox) State(newest int) []connectors.Holding {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := &call{s: s, ctx: context.Background()} // nothing that is shown waits
	var out []connectors.Holding
	for _, kind := range []struct {
		title string
		*collection
	}{
		{"customers", s.customers}, {"articles", s.articles}, {"orders", s.orders}, {"quotes", s.quotes}, {"customerinvoicedrafts", s.drafts},
		{"customerinvoices", s.invoices}, {"customerlabels", s.customerLabels}, {"articlelabels", s.articleLabels},
	} {
		items := kind.items
		if kind.where != nil {
			items = slices.DeleteFunc(slices.Clone(items), func(o object) bool { return !kind.where(o) })
		}
		out = append(out, connectors.Hold(kind.title, items, newest, func(o object) []byte { return kind.schema.appendJSON(nil, kind.show(c, o), nil) }))
	}
	return out
}
