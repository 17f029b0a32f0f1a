package project

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// resources finds the systems' words for what the flow touches, and says what a system cannot.
func (a *assembly) resources() flow.Resources {
	var r flow.Resources
	r.Source = a.choose("from", a.from, "sourceType", ability{"read", "cannot be read for", func(r connectors.Resource) bool { return r.Read }})
	switch a.flow.Entity {
	case port.Order:
		r.SourceProduct = find(a.from, port.Product, func(r connectors.Resource) bool { return slices.Contains(r.Probes, port.KeySKU) })
		r.Target = a.choose("to", a.to, "orderType", taken)
		r.Customer, r.Product = find(a.to, port.Customer, taken.has), find(a.to, port.Product, taken.has)
	case port.Customer, port.Product:
		r.Target = a.choose("to", a.to, "", taken)
	case port.Stock:
		r.Target = a.choose("to", a.to, "stockType", ability{"update", "takes no", func(r connectors.Resource) bool { return r.Update }})
		if t := named(a.to, r.Target); t != nil && t.Create {
			r.Product = stocked(a.to)
		}
	}
	if t := named(a.to, r.Target); t != nil {
		r.ProductTypes, r.Relates = t.ProductTypes, t.Relates
		if key := probeOf[a.flow.Entity]; key != "" && !slices.Contains(t.Probes, key) {
			a.report(a.flow.at["to"], codeValue, fmt.Sprintf("%s cannot be asked for %s by %s, so nothing could keep one from being there twice", a.to.Title, plural(a.flow.Entity), key), "")
		}
	}
	for _, ref := range a.to.References {
		if !ref.Setup {
			r.References = append(r.References, ref.Name)
		}
	}
	return r
}

// stocked is the resource that tells whether the system has an article of which it keeps stock: one of stock that comes and goes with
// its article, so that families and sets have none, else the articles themselves.
func stocked(s *connectors.Spec) string {
	bySKU := func(r connectors.Resource) bool { return slices.Contains(r.Probes, port.KeySKU) }
	if own := find(s, port.Stock, func(r connectors.Resource) bool { return bySKU(r) && !r.Create }); own != "" {
		return own
	}
	return find(s, port.Product, bySKU)
}

// probeOf is by what the target must be able to tell whether it has a document. Orders have their links besides.
var probeOf = map[port.Entity]string{port.Customer: port.KeyEmail, port.Product: port.KeySKU, port.Stock: port.KeySKU}

// ability is something that a resource can or cannot do.
type ability struct {
	verb string // of [connectors.Resource.Impossible]
	not  string // for messages: "takes no"
	has  func(connectors.Resource) bool
}

var taken = ability{"create", "takes no", func(r connectors.Resource) bool { return r.Create }}

func find(s *connectors.Spec, entity port.Entity, able func(connectors.Resource) bool) string {
	i := slices.IndexFunc(s.Resources, func(r connectors.Resource) bool { return r.Entity == entity && able(r) })
	if i < 0 {
		return ""
	}
	return s.Resources[i].Name
}

func named(s *connectors.Spec, name string) *connectors.Resource {
	i := slices.IndexFunc(s.Resources, func(r connectors.Resource) bool { return r.Name == name })
	if i < 0 {
		return nil
	}
	return &s.Resources[i]
}

// choose picks the resource of the flow's entity that can do what is asked: the one that the setting names, else the first; what
// an order becomes has no first.
func (a *assembly) choose(end string, s *connectors.Spec, setting string, able ability) string {
	var kinds []string
	impossible := ""
	for _, r := range s.Resources {
		switch {
		case r.Entity != a.flow.Entity:
		case able.has(r):
			kinds = append(kinds, r.Name)
		case impossible == "":
			impossible = r.Impossible[able.verb]
		}
	}
	asked := gjson.Result{}
	if setting != "" {
		asked = gjson.GetBytes(a.flow.Settings, setting)
	}
	switch {
	case len(kinds) == 0:
		a.report(a.flow.at[end], codeValue, fmt.Sprintf("%s %s %s", s.Title, able.not, plural(a.flow.Entity)), impossible)
		return ""
	case slices.Contains(kinds, asked.String()):
		return asked.String()
	case asked.Exists() && asked.Type != gjson.Null:
		message := fmt.Sprintf("%s makes no %s of an order", s.Title, asked.Raw)
		reason := s.Impossible[asked.String()]
		if setting != "orderType" {
			message, reason = fmt.Sprintf("%s %s %s as %s", s.Title, able.not, plural(a.flow.Entity), asked.Raw), ""
		}
		if r := named(s, asked.String()); r != nil {
			reason = r.Impossible[able.verb]
		}
		if reason != "" {
			a.report(a.settingValue(setting), codeValue, message, reason)
			return ""
		}
		a.misspelt(a.settingValue(setting), codeValue, message, kinds)
		return ""
	case setting == "orderType" && len(kinds) > 1:
		a.report(a.flow.at["to"], codeMissingKey, fmt.Sprintf("what an order becomes in %s is not said", s.Title),
			"write settings: {orderType: ...} with one of "+strings.Join(kinds, ", "))
		return ""
	}
	return kinds[0]
}

func plural(entity port.Entity) string {
	if entity == port.Stock {
		return "stock"
	}
	return string(entity) + "s"
}

// mappings loads the flow's own mappings and, for the others, those of the library. Customers and products of the target that the write
// mapping of an order does not read are taken out of r: such orders carry them themselves.
func (a *assembly) mappings(r *flow.Resources) flow.Mappings {
	own, entity := a.flow.Mappings, string(a.flow.Entity)
	var m flow.Mappings
	from, to := a.from.Name+".", a.to.Name+"."
	set := func(place *flow.Mapper, key, own, name, from, to string, needed bool) {
		if loaded := a.load(key, own, name, from, to, needed); loaded != nil {
			*place = loaded
		}
	}
	set(&m.Read, "read", own.Read, a.from.Name+"/"+r.Source+".read", from+r.Source, entity, true)
	write := a.load("write", own.Write, a.to.Name+"/"+r.Target+".write", entity, to+r.Target, true)
	if write == nil {
		return m
	}
	m.Write = write
	if a.flow.Entity != port.Order {
		for key, path := range map[string]string{"customer": own.Customer, "product": own.Product} {
			if path != "" {
				a.report(a.flow.at["mappings."+key], codeUnknownKey, fmt.Sprintf("a flow of %s has no mapping %q", plural(a.flow.Entity), key), "it has read and write")
			}
		}
		place := &m.TargetRead
		if a.flow.Entity == port.Customer {
			place = &m.CustomerRead
		}
		set(place, "", "", a.to.Name+"/"+r.Target+".read", to+r.Target, entity, false)
		return m
	}
	a.keepRead(&r.Customer, write.ReadsLink("customer"), port.Customer)
	a.keepRead(&r.Product, write.ReadsLink("products"), port.Product)
	if r.Customer != "" {
		set(&m.CustomerWrite, "customer", own.Customer, a.to.Name+"/"+r.Customer+".write", "customer", to+r.Customer, true)
		set(&m.CustomerRead, "", "", a.to.Name+"/"+r.Customer+".read", to+r.Customer, "customer", false)
	}
	if r.Product != "" {
		set(&m.ProductWrite, "product", own.Product, a.to.Name+"/"+r.Product+".write", "product", to+r.Product, false)
		if r.SourceProduct != "" {
			set(&m.ProductRead, "", "", a.from.Name+"/"+r.SourceProduct+".read", from+r.SourceProduct, "product", false)
		}
	}
	return m
}

// keepRead drops a resource that the write mapping has no use for, and reports one that it needs and the target does not have.
func (a *assembly) keepRead(resource *string, read bool, entity port.Entity) {
	switch {
	case !read:
		*resource = ""
	case *resource == "":
		a.report(a.flow.at["to"], codeValue, fmt.Sprintf("%s takes no %s, and the write mapping of its orders needs them", a.to.Title, plural(entity)), "")
	}
}
