// Package jsondoc takes JSON apart without loss: objects in the order of their members and numbers as their text. Sandboxes keep their
// documents so, and connectors compare with it what is there and what is wanted. It is not for documents on their way, which stay
// bytes, nor for large ones. Start with [Object], [Decode] and [Encode]; [Difference] is the comparison.
package jsondoc

import (
	"encoding/json"
	"slices"
	"strconv"
)

// A value is nil, bool, string, json.Number, []any or *Object.

// Object is a JSON object in order. Its readers work on a nil object, which has no members.
type Object struct {
	keys   []string
	values map[string]any
}

// New makes an object of names and values in turn.
func New(pairs ...any) *Object {
	o := &Object{values: make(map[string]any, len(pairs)/2)}
	for i := 0; i+1 < len(pairs); i += 2 {
		o.Set(pairs[i].(string), pairs[i+1])
	}
	return o
}

// Set stores a value: a new member comes last, one that is there keeps its place. An int becomes a number.
func (o *Object) Set(key string, v any) {
	if n, ok := v.(int); ok {
		v = Int(n)
	}
	if _, ok := o.values[key]; !ok {
		o.keys = append(o.keys, key)
	}
	o.values[key] = v
}

// Keys returns the names of the members in order. The caller must not change it.
func (o *Object) Keys() []string {
	if o == nil {
		return nil
	}
	return o.keys
}

// Len is how many members there are.
func (o *Object) Len() int { return len(o.Keys()) }

// Get returns a member, nil where there is none.
func (o *Object) Get(key string) any {
	v, _ := o.Lookup(key)
	return v
}

// Lookup returns a member and whether it is there, which null is too.
func (o *Object) Lookup(key string) (any, bool) {
	if o == nil {
		return nil, false
	}
	v, ok := o.values[key]
	return v, ok
}

// Has tells whether the member is there.
func (o *Object) Has(key string) bool {
	_, ok := o.Lookup(key)
	return ok
}

// Drop removes members.
func (o *Object) Drop(keys ...string) {
	for _, k := range keys {
		if _, ok := o.values[k]; ok {
			delete(o.values, k)
			o.keys = slices.DeleteFunc(o.keys, func(have string) bool { return have == k })
		}
	}
}

// Text returns a member that is text or a number as text; "" for what is neither.
func (o *Object) Text(key string) string { return Text(o.Get(key)) }

// Int returns a member that is a whole number, or text of one; 0 for what is neither.
func (o *Object) Int(key string) int {
	n, _ := strconv.Atoi(o.Text(key))
	return n
}

// Object returns a member that is an object, nil for what is none.
func (o *Object) Object(key string) *Object {
	v, _ := o.Get(key).(*Object)
	return v
}

// List returns a member that is a list, nil for what is none.
func (o *Object) List(key string) []any {
	v, _ := o.Get(key).([]any)
	return v
}

// Objects returns the objects in a member that is a list.
func (o *Object) Objects(key string) []*Object {
	var out []*Object
	for _, v := range o.List(key) {
		if m, ok := v.(*Object); ok {
			out = append(out, m)
		}
	}
	return out
}

// Clone copies the object all the way down.
func (o *Object) Clone() *Object {
	if o == nil {
		return nil
	}
	c := &Object{keys: slices.Clone(o.keys), values: make(map[string]any, len(o.values))}
	for k, v := range o.values {
		c.values[k] = Clone(v)
	}
	return c
}

// Merge takes over a copy of every member of from.
func (o *Object) Merge(from *Object) {
	for _, k := range from.Keys() {
		o.Set(k, Clone(from.values[k]))
	}
}

// Clone copies a value all the way down.
func Clone(v any) any {
	switch v := v.(type) {
	case *Object:
		return v.Clone()
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = Clone(e)
		}
		return out
	}
	return v
}

// Text returns text or a number as text; "" for what is neither.
func Text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	}
	return ""
}

// Int is a whole number as a value.
func Int(n int) json.Number { return json.Number(strconv.Itoa(n)) }
