// Package shape says what is known of a value before a document is there: which kinds it can be and
// which members it has. Shapes come from JSON Schemas and from checking expressions. The package
// does not validate documents. Start with [Shape].
package shape

import (
	"slices"

	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Shape is what is known of a value. It is immutable once built; a schema that refers to
// itself gives a cyclic shape.
type Shape struct {
	Kinds value.Kinds
	// Extra is the shape of members that are not named; nil where there are no others.
	Extra *Shape
	// Item is the shape of a list's elements; nil where nothing is known.
	Item *Shape
	// Enum holds the JSON texts that the value can have; nil where any.
	Enum []string
	// Const is true where the texts of Enum stand in rules: each of them will occur.
	Const bool
	// Format is the schema's format: "date-time", "email".
	Format string
	Desc   string
	// Name is what the schema calls the definition that the shape stands for; "" where it stands in line.
	Name string

	// members are shared by every shape that is read of one definition, so that one that refers to itself is
	// whole in all places once it has been read.
	*members
}

// members are the named members of an object in their order.
type members struct {
	names []string
	props map[string]*Shape
}

var noMembers = &members{}

// Any is the shape of which nothing is known.
var Any = func() *Shape {
	s := &Shape{Kinds: value.AnyKind, members: noMembers}
	s.Extra, s.Item = s, s
	return s
}()

// Of returns a shape of which only the kinds are known.
func Of(ks value.Kinds) *Shape {
	if ks == value.AnyKind {
		return Any
	}
	s := &Shape{Kinds: ks, members: noMembers}
	if ks.Has(value.Object) {
		s.Extra = Any
	}
	if ks.Has(value.List) {
		s.Item = Any
	}
	return s
}

// ListOf returns the shape of a list of item.
func ListOf(item *Shape) *Shape { return &Shape{Kinds: value.Lists, Item: item, members: noMembers} }

// ObjectOf returns the shape of an object with any members of a shape.
func ObjectOf(member *Shape) *Shape {
	return &Shape{Kinds: value.Objects, Extra: member, members: noMembers}
}

// NewObject returns a closed object with the members in their order.
func NewObject(names []string, props map[string]*Shape) *Shape {
	return &Shape{Kinds: value.Objects, members: &members{names, props}}
}

// Names returns the names of the known members in their order.
func (s *Shape) Names() []string { return s.names }

// Prop returns the shape of a named member as it was declared, nil where none is named so.
func (s *Shape) Prop(name string) *Shape { return s.props[name] }

// Same tells whether two shapes have the same members: those of one definition of a schema, read in two places.
func (s *Shape) Same(o *Shape) bool {
	return s == o || len(s.props) > 0 && s.members == o.members
}

// Has tells whether the value can be of kind k.
func (s *Shape) Has(k value.Kind) bool { return s.Kinds.Has(k) }

// With returns s with the kinds ks added.
func (s *Shape) With(ks value.Kinds) *Shape {
	if s.Kinds&ks == ks {
		return s
	}
	c := *s
	c.Kinds |= ks
	return &c
}

// Without returns s without the kinds ks.
func (s *Shape) Without(ks value.Kinds) *Shape {
	if s.Kinds&ks == 0 {
		return s
	}
	c := *s
	c.Kinds &^= ks
	return &c
}

// Member returns the shape of reading a member; known is false where an object of this shape cannot
// have it. Reading a member of something that may be no object may give missing.
func (s *Shape) Member(name string) (m *Shape, known bool) {
	if !s.Has(value.Object) {
		return Of(value.Of(value.Missing)), true
	}
	m = s.props[name]
	if m == nil {
		if s.Extra == nil {
			return Any, false
		}
		m = s.Extra.With(value.Of(value.Missing))
	}
	if s.Kinds != value.Objects {
		m = m.With(value.Of(value.Missing))
	}
	return m, true
}

// Element returns the shape of reading an element that may not be there.
func (s *Shape) Element() *Shape {
	if s.Item == nil {
		return Any
	}
	return s.Item.With(value.Of(value.Missing))
}

// Union returns the shape of a value that has either shape.
func Union(a, b *Shape) *Shape {
	switch {
	case a == b || b == nil:
		return a
	case a == nil:
		return b
	case a.Kinds&^value.Nil == 0:
		return b.With(a.Kinds)
	case b.Kinds&^value.Nil == 0:
		return a.With(b.Kinds)
	}
	u := &Shape{Kinds: a.Kinds | b.Kinds, members: noMembers}
	if a.Enum != nil && b.Enum != nil {
		u.Enum, u.Const = append(slices.Clone(a.Enum), b.Enum...), a.Const && b.Const
	}
	switch {
	case !a.Has(value.List):
		u.Item = b.Item
	case !b.Has(value.List):
		u.Item = a.Item
	case a.Item != nil && b.Item != nil:
		u.Item = shallow(a.Item, b.Item)
	}
	switch {
	case !a.Has(value.Object):
		u.members, u.Extra = b.members, b.Extra
	case !b.Has(value.Object):
		u.members, u.Extra = a.members, a.Extra
	default:
		u.mergeProps(a, b)
	}
	return u
}

// shallow joins the shapes of elements; shapes that refer to themselves end in Any.
func shallow(a, b *Shape) *Shape {
	if a == b {
		return a
	}
	if a == Any || b == Any {
		return Any
	}
	return unionDepth(a, b, 8)
}

func unionDepth(a, b *Shape, depth int) *Shape {
	if depth == 0 {
		return Any
	}
	return Union(a, b)
}

func (s *Shape) mergeProps(a, b *Shape) {
	if a.Extra != nil || b.Extra != nil {
		s.Extra = Any
	}
	s.members = &members{props: make(map[string]*Shape, len(a.props)+len(b.props))}
	for _, n := range a.names {
		s.names = append(s.names, n)
		s.props[n] = joinMember(a.props[n], b.props[n], b.Extra)
	}
	for _, n := range b.names {
		if s.props[n] == nil {
			s.names = append(s.names, n)
			s.props[n] = joinMember(b.props[n], nil, a.Extra)
		}
	}
}

func joinMember(a, b, extra *Shape) *Shape {
	switch {
	case b != nil && a == b:
		return a
	case b != nil:
		if a.Has(value.Object) && b.Has(value.Object) || a.Has(value.List) && b.Has(value.List) {
			return Of(a.Kinds | b.Kinds)
		}
		return Union(a, b)
	case extra != nil:
		return Any
	}
	return a.With(value.Of(value.Missing))
}
