package engine

import (
	"fmt"
	"io/fs"
	"slices"
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

// Kinds are the kinds that the value can be, in a fixed order: null, boolean, number, string, list, object. A
// value of which nothing is known can be each of them.
func (t Type) Kinds() []string {
	var all []string
	for k := value.Null; k <= value.Object; k++ {
		if t.shape().Has(k) {
			all = append(all, k.String())
		}
	}
	return all
}

// Others is the type of the fields that an object may have besides [Type.Fields]; ok is false where it has no others.
func (t Type) Others() (others Type, ok bool) {
	if t.shape().Extra == nil {
		return Type{}, false
	}
	return Type{t.shape().Extra}, true
}

// Known tells whether anything is known of the value.
func (t Type) Known() bool {
	s := t.shape()
	return s.Kinds|value.Nil != value.AnyKind || s.Enum != nil || len(s.Names()) > 0
}

// Name is what the schema calls the definition that describes the value; "" where it is described in line.
func (t Type) Name() string { return t.shape().Name }

// Same tells whether both are described by the same definition of a schema.
func (t Type) Same(o Type) bool { return t.shape().Same(o.shape()) }

// DocumentType returns what library says of a document type: order, or shopware.order. The error matches fs.ErrNotExist
// where it says nothing.
func DocumentType(library fs.FS, name string) (Type, error) {
	s, err := newLoader([]Option{Library(library)}).documentShape(name)
	if err != nil {
		return Type{}, fmt.Errorf("document type %s: %w", name, err)
	}
	return Type{s}, nil
}

// DocumentTypes lists the document types that library describes, sorted.
func DocumentTypes(library fs.FS) []string {
	types := newLoader([]Option{Library(library)}).documentTypes()[1:] // the first is any
	slices.Sort(types)
	return types
}
