package sandbox

import (
	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// State shows the store's documents.
func (s *Sandbox) State(newest int) []connectors.Holding {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := func(r *record) []byte { return jsondoc.Encode(r.doc) }
	return []connectors.Holding{
		connectors.Hold("orders", s.orders, newest, kept),
		connectors.Hold("customers", s.customers, newest, kept),
		connectors.Hold("products", s.products, newest, kept),
		connectors.Hold("categories", s.categories, newest, func(r *record) []byte { return jsondoc.Encode(s.category(r)) }),
		connectors.Hold("classes", s.classes, newest, func(o *jsondoc.Object) []byte { return jsondoc.Encode(o) }),
	}
}
