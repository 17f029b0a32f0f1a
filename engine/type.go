package engine

import (
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Type is what is known of a value before a document is there. The zero Type knows nothing.
type Type struct{ s *shape.Shape }

func (t Type) shape() *shape.Shape {
	if t.s == nil {
		return shape.Any
	}
	return t.s
}

// String names the kinds: "string", "list of object", "number or null", "anything". Whether the value may
// be missing is no part of it.
func (t Type) String() string { return kindsText(t.shape(), 3) }

func kindsText(s *shape.Shape, depth int) string {
	ks := s.Kinds &^ value.Of(value.Missing)
	if s.Kinds == value.AnyKind || ks|value.Of(value.Null) == value.AnyKind&^value.Of(value.Missing) {
		return "anything"
	}
	text := ks.String()
	if ks == 0 {
		return "missing"
	}
	if ks.Has(value.List) && s.Item != nil && s.Item.Kinds != value.AnyKind && depth > 0 {
		text = strings.Replace(text, "list", "list of "+kindsText(s.Item, depth-1), 1)
	}
	return text
}

// Optional tells whether the value may be missing.
func (t Type) Optional() bool { return t.shape().Has(value.Missing) }

// Description is what the schema says of the value; may be empty.
func (t Type) Description() string { return t.shape().Desc }

// Format is the schema's format, such as "date-time"; may be empty.
func (t Type) Format() string { return t.shape().Format }

// Choices are the only values that there can be, as JSON text; nil where any.
func (t Type) Choices() []string { return t.shape().Enum }

// Fields are the names of the fields that an object is known to have, in the order of its schema.
func (t Type) Fields() []string { return t.shape().Names() }

// IsObject and IsList tell whether the value can be one.
func (t Type) IsObject() bool { return t.shape().Has(value.Object) }

// IsList tells whether the value can be a list.
func (t Type) IsList() bool { return t.shape().Has(value.List) }

// Field returns the type of reading a field; ok is false where the value cannot have it.
func (t Type) Field(name string) (f Type, ok bool) {
	m, ok := t.shape().Member(name)
	return Type{m}, ok
}

// Element returns the type of a list's elements.
func (t Type) Element() Type {
	if t.shape().Item == nil {
		return Type{}
	}
	return Type{t.shape().Item}
}
