package sandbox

import (
	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// shownEntities are what [Sandbox.State] lists, where the shop has them.
var shownEntities = []string{"order", "order_line_item", "order_delivery", "order_transaction", "customer", "customer_address", "product", "product_manufacturer",
	"property_group", "property_group_option", "category", "media", "product_media", "tax", "payment_method", "shipping_method"}

// State shows the shop's rows as reads of the API do, without associations.
func (s *Sandbox) State(newest int) []connectors.Holding {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := &encoder{view: &view{s: s, lang: systemLanguage, by: &integration{}}}
	var out []connectors.Holding
	for _, name := range shownEntities {
		if ent := s.schema.entities[name]; ent != nil {
			out = append(out, connectors.Hold(name, s.db.all(ent), newest, func(r *row) []byte { return jsondoc.Encode(e.entity(ent, r, nil, root)) }))
		}
	}
	return out
}
