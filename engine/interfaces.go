package engine

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
)

// Interface is an object that documents are made of, under the name by which TypeScript declarations and signatures of
// scripts call it: Order, Order.Line, Shopware.OrderLineItem.
type Interface struct {
	Name string
	Type Type
}

// InterfaceName is the name of a document type: order is Order, shopware.order is Shopware.Order.
func InterfaceName(documentType string) string {
	system, entity, ok := strings.Cut(documentType, ".")
	if !ok {
		return PascalName(documentType)
	}
	return PascalName(system) + "." + PascalName(entity)
}

// Interfaces names the documents of a system, or the one canonical document, and every object in them, documents first. The names depend
// on the whole: documents has all that the library knows of the system.
func Interfaces(documents map[string]Type) []Interface {
	n := &interfaceNames{taken: map[string]bool{"Decimal": true}}
	names := make([]string, 0, len(documents))
	for name := range documents {
		names = append(names, name)
	}
	slices.Sort(names)
	for _, name := range names {
		whole := InterfaceName(name)
		space, entity, inSpace := strings.Cut(whole, ".")
		n.space = space
		if inSpace {
			n.taken[entity] = true
		}
		n.list = append(n.list, Interface{whole, documents[name]})
	}
	for i := 0; i < len(n.list); i++ { // an object may add others
		in := n.list[i]
		_, parent, _ := strings.Cut(in.Name, ".")
		for _, field := range in.Type.Fields() {
			f, _ := in.Type.Field(field)
			n.visit(f, parent+PascalName(field))
		}
	}
	return n.list
}

type interfaceNames struct {
	space string
	taken map[string]bool
	list  []Interface
}

// maxHint bounds the names that nested lists and maps get.
const maxHint = 200

// visit names the objects of a type; hint is the name of one that its schema does not name.
func (n *interfaceNames) visit(t Type, hint string) {
	if !t.Known() || len(hint) > maxHint {
		return
	}
	if t.IsList() {
		n.visit(t.Element(), SingularName(hint))
	}
	if !t.IsObject() {
		return
	}
	if len(t.Fields()) == 0 {
		if others, ok := t.Others(); ok {
			n.visit(others, hint+"Value")
		}
		return
	}
	if slices.ContainsFunc(n.list, func(in Interface) bool { return in.Type.Same(t) }) {
		return
	}
	name := hint
	if t.Name() != "" && !n.taken[PascalName(t.Name())] {
		name = PascalName(t.Name())
	}
	for i := 2; n.taken[name]; i++ {
		name = fmt.Sprintf("%s%d", hint, i)
	}
	n.taken[name] = true
	n.list = append(n.list, Interface{n.space + "." + name, t})
}

// PascalName writes a name as types are named: cart_price, cart-price and cartPrice are CartPrice.
func PascalName(name string) string {
	var b strings.Builder
	upper := true
	for _, r := range name {
		if !unicode.IsLetter(r) && !unicode.IsDigit(r) {
			upper = true
			continue
		}
		if upper {
			r = unicode.ToUpper(r)
		}
		if b.Len() == 0 && unicode.IsDigit(r) {
			b.WriteByte('_')
		}
		b.WriteRune(r)
		upper = false
	}
	if b.Len() == 0 {
		return "_"
	}
	return b.String()
}

// SingularName names an element of a list, as far as that can be told from the list's name.
func SingularName(name string) string {
	for _, end := range [][2]string{{"ies", "y"}, {"sses", "ss"}, {"xes", "x"}, {"ches", "ch"}, {"ss", "ss"}, {"us", "us"}, {"s", ""}} {
		if stem, ok := strings.CutSuffix(name, end[0]); ok && stem != "" {
			return stem + end[1]
		}
	}
	return name + "Element"
}

// interfaceShape returns the shape that a name of a signature stands for; nil where the library has none of that name.
func (l *loader) interfaceShape(name string) *shape.Shape {
	if l.library == nil {
		return nil
	}
	space, _, _ := strings.Cut(name, ".")
	known, ok := l.interfaces[space]
	if !ok {
		documents := map[string]Type{}
		for _, document := range l.documentTypes() {
			if in, _, _ := strings.Cut(InterfaceName(document), "."); in == space && document != anyType {
				if s, err := l.documentShape(document); err == nil {
					documents[document] = Type{s}
				}
			}
		}
		known = map[string]*shape.Shape{}
		for _, in := range Interfaces(documents) {
			known[in.Name] = in.Type.shape()
		}
		if l.interfaces == nil {
			l.interfaces = map[string]map[string]*shape.Shape{}
		}
		l.interfaces[space] = known
	}
	return known[name]
}
