package sandbox

import (
	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// shownKinds are the resources that [Sandbox.State] lists.
var shownKinds = []string{"orders", "orderrows", "terminalreceipts", "cashups", "users", "products", "attributecombinations", "productattributevalues",
	"productphotos", "productrelevant", "attributes", "attributevalues", "categories", "brands", "packages", "webhooks"}

// State shows the documents, links within the API without its address.
func (s *Sandbox) State(newest int) []connectors.Holding {
	s.mu.Lock()
	defer s.mu.Unlock()
	var out []connectors.Holding
	for _, name := range shownKinds {
		if registerOnly[name] && !s.register {
			continue
		}
		out = append(out, connectors.Hold(name, s.table(name).rows, newest, func(o *object) []byte { return jsondoc.Encode(rendered(o, "")) }))
	}
	return out
}
