package sandbox

import (
	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// State shows the shop's documents as reads of the API do; of a product without its media's content.
func (s *Sandbox) State(newest int) []connectors.Holding {
	s.mu.Lock()
	defer s.mu.Unlock()
	kept := func(o *object) []byte { return jsondoc.Encode(o) }
	c := &call{store: "all"}
	return []connectors.Holding{
		connectors.Hold("orders", s.orders, newest, func(o *object) []byte { return jsondoc.Encode(s.showOrder(o)) }),
		connectors.Hold("invoices", s.invoices, newest, kept),
		connectors.Hold("shipments", s.shipments, newest, kept),
		connectors.Hold("creditmemos", s.refunds, newest, kept),
		connectors.Hold("customers", s.customers, newest, func(o *object) []byte { return jsondoc.Encode(s.showCustomer(o)) }),
		connectors.Hold("products", s.products, newest, func(p *product) []byte { return jsondoc.Encode(s.showProduct(c, p, whole)) }),
		connectors.Hold("inventory/source-items", s.stock, newest, kept),
		connectors.Hold("categories", s.categories, newest, kept),
		connectors.Hold("products/attributes", s.attributes, newest, kept),
	}
}
