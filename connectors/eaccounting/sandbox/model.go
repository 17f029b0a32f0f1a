package sandbox

import (
	"encoding/json"
	"slices"
	"strconv"
)

// kind is the type of a member's value.
type kind uint8

const (
	kText    kind = iota // string
	kGUID                // string, lower case
	kBool                // bool
	kInt                 // int64
	kDecimal             // amount
	kDate                // string, YYYY-MM-DD
	kInstant             // string, RFC 3339 in UTC with 7 digits
	kObject              // object
	kObjects             // []object
	kTexts               // []string
	kGUIDs               // []string
)

// object is one JSON object: member name to nil, string, bool, int64, amount,
// object, []object or []string, by the member's kind.
type object map[string]any

func (o object) text(name string) string      { s, _ := o[name].(string); return s }
func (o object) flag(name string) bool        { b, _ := o[name].(bool); return b }
func (o object) number(name string) int64     { n, _ := o[name].(int64); return n }
func (o object) decimal(name string) amount   { a, _ := o[name].(amount); return a }
func (o object) objects(name string) []object { l, _ := o[name].([]object); return l }

// clone copies o and the rows below it, so that a stored object is never shared.
func (o object) clone() object {
	if o == nil {
		return nil
	}
	c := make(object, len(o))
	for name, value := range o {
		switch v := value.(type) {
		case object:
			c[name] = v.clone()
		case []object:
			list := make([]object, len(v))
			for i := range v {
				list[i] = v[i].clone()
			}
			c[name] = list
		case []string:
			c[name] = slices.Clone(v)
		default:
			c[name] = v
		}
	}
	return c
}

// obligation says when a member must be sent.
type obligation uint8

const (
	optional  obligation = iota
	onDemand             // the description says so, measurements do not: see Unproven.RequiredAsDescribed
	mandatory            // the description says so
)

// member is one member of an object of the API.
type member struct {
	name    string
	kind    kind
	length  int // most characters, 0 for no limit
	places  int // most decimals, anyPlaces for no limit
	low     *amount
	high    *amount
	input   bool // false: read-only, ignored when sent
	must    obligation
	choices []int64
	names   []string // the choices' names, which the API also takes
	sub     *schema
	unset   any // what is stored when nothing was sent
}

const anyPlaces = -1

// schema is the ordered list of members of one object.
type schema struct {
	members []member
	byName  map[string]*member
}

func newSchema(members ...member) *schema {
	s := &schema{members: members, byName: make(map[string]*member, len(members))}
	for i := range s.members {
		s.byName[s.members[i].name] = &s.members[i]
	}
	return s
}

func text(name string, length int) member {
	return member{name: name, kind: kText, length: length, input: true}
}
func guid(name string) member    { return member{name: name, kind: kGUID, input: true} }
func boolean(name string) member { return member{name: name, kind: kBool, input: true, unset: false} }
func integer(name string) member { return member{name: name, kind: kInt, input: true} }
func decimal(name string, places int) member {
	return member{name: name, kind: kDecimal, places: places, input: true, unset: amount{}}
}
func date(name string) member    { return member{name: name, kind: kDate, input: true} }
func instant(name string) member { return member{name: name, kind: kInstant, input: true} }
func nested(name string, sub *schema) member {
	return member{name: name, kind: kObject, sub: sub, input: true}
}
func list(name string, sub *schema) member {
	return member{name: name, kind: kObjects, sub: sub, input: true, unset: []object{}}
}
func texts(name string) member {
	return member{name: name, kind: kTexts, input: true, unset: []string{}}
}
func guids(name string) member {
	return member{name: name, kind: kGUIDs, input: true, unset: []string{}}
}

func (m member) readOnly() member        { m.input = false; return m }
func (m member) required() member        { m.must = mandatory; return m }
func (m member) requiredByPaper() member { m.must = onDemand; return m }
func (m member) orNull() member          { m.unset = nil; return m }
func (m member) or(v any) member {
	if n, ok := v.(int); ok {
		v = int64(n)
	}
	m.unset = v
	return m
}
func (m member) oneOf(choices ...int64) member { m.choices = choices; return m }
func (m member) called(names ...string) member { m.names = names; return m }
func (m member) within(low, high string) member {
	l, h := mustAmount(low), mustAmount(high)
	m.low, m.high = &l, &h
	return m
}

// blank is an object with every member unset.
func (s *schema) blank() object {
	o := make(object, len(s.members))
	for _, m := range s.members {
		o[m.name] = m.unset
	}
	return o.clone()
}

// appendJSON writes o in the schema's order; pick, if not nil, names the members to write.
func (s *schema) appendJSON(b []byte, o object, pick map[string]bool) []byte {
	b = append(b, '{')
	first := true
	for i := range s.members {
		m := &s.members[i]
		if pick != nil && !pick[m.name] {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = strconv.AppendQuote(b, m.name)
		b = append(b, ':')
		b = m.appendValue(b, o[m.name])
	}
	return append(b, '}')
}

func (m *member) appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case nil:
		return append(b, "null"...)
	case bool:
		return strconv.AppendBool(b, v)
	case int64:
		return strconv.AppendInt(b, v, 10)
	case amount:
		return append(b, v.json()...)
	case string:
		return appendString(b, v)
	case object:
		return m.sub.appendJSON(b, v, nil)
	case []object:
		b = append(b, '[')
		for i, o := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = m.sub.appendJSON(b, o, nil)
		}
		return append(b, ']')
	case []string:
		b = append(b, '[')
		for i, s := range v {
			if i > 0 {
				b = append(b, ',')
			}
			b = appendString(b, s)
		}
		return append(b, ']')
	}
	return append(b, "null"...)
}

func appendString(b []byte, s string) []byte {
	q, err := json.Marshal(s)
	if err != nil { // a string always marshals
		return append(b, "null"...)
	}
	return append(b, q...)
}
