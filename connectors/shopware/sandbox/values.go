package sandbox

import (
	"encoding/json"
	"fmt"
	"math/big"
	"net/mail"
	"regexp"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// encode checks a value of a write and turns it into what is stored. An empty
// text is null. Problems are added to the writer's.
func (w *writer) encode(f *field, raw any, pointer string) any {
	if raw == nil {
		return nil
	}
	switch f.kind {
	case kindString, kindHTML, kindEmail, kindPassword:
		return w.encodeText(f, raw, pointer)
	case kindInt:
		if n, ok := raw.(json.Number); !ok || strings.ContainsAny(n.String(), ".eE") {
			w.fail(wrongType(pointer, "int", raw))
			return nil
		}
		return raw
	case kindNumber:
		if r, ok := rat(raw); ok {
			if _, isBool := raw.(bool); !isBool {
				if n, isNumber := raw.(json.Number); isNumber {
					return n
				}
				return number(r, 12)
			}
		}
		w.fail(wrongType(pointer, "numeric", raw))
		return nil
	case kindBool:
		if _, ok := raw.(bool); !ok {
			w.fail(wrongType(pointer, "bool", raw))
			return nil
		}
		return raw
	case kindID, kindState:
		s, ok := raw.(string)
		if !ok {
			w.fail(wrongType(pointer, "string", raw))
			return nil
		}
		if s == "" {
			return nil
		}
		if !isID(s) {
			w.fail(badUUID(pointer, s))
			return nil
		}
		return s
	case kindDate, kindDay:
		return w.encodeDate(f, raw, pointer)
	case kindList, kindJSON:
		switch raw.(type) {
		case []any, *object:
			return raw
		}
		w.fail(wrongType(pointer, "array", raw))
		return nil
	case kindPrices:
		return w.encodePrices(raw, pointer)
	case kindStruct:
		return w.encodeStruct(f.struc, raw, pointer)
	case kindStructs:
		list, ok := raw.([]any)
		if !ok {
			w.fail(wrongType(pointer, "array", raw))
			return nil
		}
		return list
	}
	return raw
}

var (
	scripts  = regexp.MustCompile(`(?is)<(script|style)\b.*?(</(script|style)\s*>|$)`)
	handlers = regexp.MustCompile(`(?is)\s+on\w+\s*=\s*("[^"]*"|'[^']*'|[^\s>]+)`)
	breaks   = regexp.MustCompile(`(?i)<br\s*>`)
	tags     = regexp.MustCompile(`(?s)<[^>]*>`)
)

func (w *writer) encodeText(f *field, raw any, pointer string) any {
	s, ok := raw.(string)
	if !ok {
		w.fail(wrongType(pointer, "string", raw))
		return nil
	}
	s = strings.TrimSpace(s)
	switch f.kind {
	case kindHTML:
		s = breaks.ReplaceAllString(handlers.ReplaceAllString(scripts.ReplaceAllString(s, ""), ""), "<br />")
	case kindPassword:
	default:
		s = tags.ReplaceAllString(s, "")
	}
	if s == "" {
		return nil
	}
	n := len([]rune(s))
	switch {
	case f.max > 0 && n > f.max:
		w.fail(tooLong(pointer, s, f.max))
		return nil
	case n < f.min:
		w.fail(tooShort(pointer, s, f.min))
		return nil
	}
	if f.kind == kindEmail {
		if a, err := mail.ParseAddress(s); err != nil || a.Address != s || !strings.Contains(s[strings.LastIndex(s, "@"):], ".") {
			w.fail(violation(pointer, codeEmail, "This value is not a valid email address.", "{{ value }}", fmt.Sprintf("%q", s)))
			return nil
		}
	}
	if f.kind == kindPassword {
		return true // that there is one is all that the sandbox keeps
	}
	return s
}

// dateLayouts are the forms of dates that clients send; without an offset it is UTC.
var dateLayouts = []string{
	time.RFC3339Nano, "2006-01-02T15:04:05.999999999-0700", "2006-01-02T15:04:05.999999999", "2006-01-02T15:04",
	"2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02",
}

func parseDate(s string) (time.Time, bool) {
	for _, layout := range dateLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

func (w *writer) encodeDate(f *field, raw any, pointer string) any {
	s, ok := raw.(string)
	t, good := parseDate(s)
	if !ok || !good {
		w.fail(wrongType(pointer, "datetime", raw))
		return nil
	}
	if f.kind == kindDay {
		return s[:10] + "T00:00:00.000+00:00"
	}
	return stamp(t)
}

// encodePrices wants net, gross and linked of each, and one for the system currency.
func (w *writer) encodePrices(raw any, pointer string) any {
	list := scalarList(raw)
	if _, isText := raw.(string); isText || list == nil {
		w.fail(wrongType(pointer, "array", raw))
		return nil
	}
	hasDefault := false
	out := make([]any, 0, len(list))
	for i, p := range list {
		at := fmt.Sprintf("%s/%d", pointer, i)
		o, ok := p.(*object)
		if !ok {
			w.fail(wrongType(at, "array", p))
			continue
		}
		price := jsondoc.New()
		for _, f := range w.v.s.schema.structs["price"].fields {
			v, given := o.Lookup(f.name)
			switch {
			case f.required && !given:
				w.fail(violation(at+"/"+f.name, codeMissing, "This field is missing.", "{{ field }}", fmt.Sprintf("%q", f.name)))
			case f.kind == kindStruct && v != nil:
				part, ok := v.(*object)
				if !ok {
					w.fail(wrongType(at+"/"+f.name, "array", v))
					continue
				}
				price.Set(f.name, part)
			default:
				price.Set(f.name, w.encode(f, v, at+"/"+f.name))
			}
		}
		price.Set("percentage", listPercentage(price))
		hasDefault = hasDefault || price.Text("currencyId") == systemCurrency
		out = append(out, price)
	}
	if !hasDefault {
		w.fail(violation(pointer, codeWrite, "No price for default currency defined"))
	}
	return out
}

// listPercentage is how far a price is below its list price.
func listPercentage(price *object) any {
	list, _ := price.Get("listPrice").(*object)
	if list == nil {
		return nil
	}
	out := jsondoc.New()
	for _, k := range []string{"net", "gross"} {
		now, ok := rat(price.Get(k))
		before, okBefore := rat(list.Get(k))
		if !ok || !okBefore || before.Sign() <= 0 {
			return nil
		}
		part := new(big.Rat).Quo(now, before)
		out.Set(k, number(part.Mul(part.Sub(big.NewRat(1, 1), part), big.NewRat(100, 1)), 2))
	}
	return out
}

// encodeStruct refuses members that it does not know, even an echoed apiAlias.
func (w *writer) encodeStruct(st *structure, raw any, pointer string) any {
	o, ok := raw.(*object)
	if !ok {
		if list, isList := raw.([]any); !isList || len(list) > 0 {
			w.fail(wrongType(pointer, "array", raw))
			return nil
		}
		o = jsondoc.New()
	}
	known := map[string]bool{"extensions": true}
	out := jsondoc.New()
	for _, f := range st.fields {
		known[f.name] = true
		v, _ := o.Lookup(f.name)
		at := pointer + "/" + f.name
		before := len(w.errs)
		val := w.encode(f, v, at)
		if f.required && val == nil && len(w.errs) == before {
			if f.kind == kindStructs {
				w.fail(notNull(at))
			} else {
				w.fail(blank(at))
			}
		}
		out.Set(f.name, val)
	}
	for _, k := range o.Keys() {
		if !known[k] {
			w.abort(apiErrors{unexpectedField(k)})
		}
	}
	return out
}

// customFields merges by key; a key set to null stays as null, null as a whole clears.
func (w *writer) customFields(old, raw any, pointer string) any {
	if raw == nil {
		return nil
	}
	o, ok := raw.(*object)
	if !ok {
		if list, isList := raw.([]any); isList && len(list) == 0 {
			return old
		}
		w.fail(wrongType(pointer, "array", raw))
		return old
	}
	out := jsondoc.New()
	if had, ok := old.(*object); ok {
		out = had.Clone()
	}
	for _, k := range o.Keys() {
		out.Set(k, w.customField(k, o.Get(k), pointer+"/"+k))
	}
	return out
}

// customField checks a value against its definition, where there is one.
func (w *writer) customField(name string, raw any, pointer string) any {
	def := w.v.s.schema.entities["custom_field"]
	for _, r := range w.v.s.db.having(def, "name", name) {
		switch r.str("type") {
		case "int":
			return w.encode(&field{kind: kindInt}, raw, pointer)
		case "float":
			return w.encode(&field{kind: kindNumber}, raw, pointer)
		case "bool":
			return w.encode(&field{kind: kindBool}, raw, pointer)
		case "datetime":
			if s, ok := w.encode(&field{kind: kindDate}, raw, pointer).(string); ok {
				return strings.Replace(s, ".000+", "+", 1)
			}
			return nil
		case "text":
			return w.encode(&field{kind: kindString}, raw, pointer)
		}
	}
	return raw
}
