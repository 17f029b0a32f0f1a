package sandbox

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// table is all documents of one resource, in the order of their ids. Members whose names begin with _ are the sandbox's own.
type table struct {
	rows []*object
	last int
}

// firstIDs are where ids begin, so that an id of one resource is none of another.
var firstIDs = map[string]int{
	"orders": 339900100, "orderrows": 70000, "orderrowattributevalues": 700000, "ordernotes": 81000, "products": 845000, "productphotos": 560000,
	"productattributevalues": 640000, "attributecombinations": 920000, "attributes": 600, "attributevalues": 6010, "categories": 5100,
	"producttocategories": 33000, "productrelevant": 34000, "brands": 8800, "packages": 9100, "users": 330040, "webhooks": 4710, "webshops": 71000,
	"terminalreceipts": 300000, "cashups": 610, "suppliers": 8600, "conditions": 8700, "ordernumbers": 1000,
}

func (s *Sandbox) table(name string) *table {
	t := s.tables[name]
	if t == nil {
		t = &table{last: firstIDs[name]}
		s.tables[name] = t
	}
	return t
}

func (t *table) next() int {
	t.last++
	return t.last
}

// find returns the document with an id, nil without one.
func (t *table) find(id int) *object {
	i, ok := slices.BinarySearchFunc(t.rows, id, func(o *object, id int) int { return o.Int("id") - id })
	if !ok {
		return nil
	}
	return t.rows[i]
}

// by returns the documents with a whole number in a member.
func (t *table) by(member string, n int) []*object {
	return t.where(func(o *object) bool { return o.Int(member) == n })
}

func (t *table) where(keep func(*object) bool) []*object {
	var out []*object
	for _, o := range t.rows {
		if keep(o) {
			out = append(out, o)
		}
	}
	return out
}

func (t *table) remove(gone ...*object) {
	t.rows = slices.DeleteFunc(t.rows, func(o *object) bool { return slices.Contains(gone, o) })
}

// add makes a document of the template with this name: its id and links are filled in. pairs are placeholders of links.
func (s *Sandbox) add(resource, template string, pairs ...string) *object {
	t := s.table(resource)
	o := s.fromTemplate(template)
	id := t.next()
	o.Set("id", id)
	fillLinks(o, strings.NewReplacer(append(pairs, "{id}", itoa(id))...))
	t.rows = append(t.rows, o)
	return o
}

func (s *Sandbox) fromTemplate(name string) *object {
	o := s.templates.Object(name).Clone()
	for _, k := range o.Keys() {
		if v, ok := o.Get(k).(string); ok && v == "person" {
			o.Set(k, s.templates.Object("person").Clone())
		}
	}
	return o
}

func itoa(n int) string { return jsondoc.Int(n).String() }

// isLink tells whether a member holds an address: @ stands for the API, ~ for the shop.
func isLink(key string) bool {
	return strings.HasSuffix(key, "href") || strings.HasSuffix(key, "deeplink") || key == "api_root" || key == "productmainphoto"
}

func fillLinks(v any, r *strings.Replacer) {
	switch v := v.(type) {
	case *object:
		for _, k := range v.Keys() {
			if text, ok := v.Get(k).(string); ok && isLink(k) {
				v.Set(k, r.Replace(text))
			} else {
				fillLinks(v.Get(k), r)
			}
		}
	case []any:
		for _, e := range v {
			fillLinks(e, r)
		}
	}
}

// rendered is a copy for the outside: links whole, own members left out.
func rendered(v any, root string) any {
	switch v := v.(type) {
	case *object:
		if v == nil {
			return nil
		}
		out := jsondoc.New()
		for _, k := range v.Keys() {
			text, isText := v.Get(k).(string)
			switch {
			case strings.HasPrefix(k, "_"):
			case isText && isLink(k):
				out.Set(k, absolute(text, root))
			default:
				out.Set(k, rendered(v.Get(k), root))
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = rendered(e, root)
		}
		return out
	}
	return v
}

func absolute(link, root string) string {
	switch {
	case strings.HasPrefix(link, "@"):
		return root + "/api/rest/v1" + link[1:]
	case strings.HasPrefix(link, "~"):
		return root + link[1:]
	}
	return link
}

func list[T any](in []T) []any {
	out := make([]any, len(in))
	for i, v := range in {
		out[i] = v
	}
	return out
}

func flag(o *object, member string) bool {
	b, _ := o.Get(member).(bool)
	return b
}

func isNumber(v any) bool {
	_, ok := v.(json.Number)
	return ok
}
