package sandbox

import (
	"encoding/json"
	"slices"
	"strings"
	"time"
)

// matches tells whether a row passes every filter. check has been called before.
func (v *view) matches(ent *entity, r *row, list []filter) bool {
	for _, f := range list {
		if !v.match(ent, r, f) {
			return false
		}
	}
	return true
}

func (v *view) match(ent *entity, r *row, f filter) bool {
	switch f.typ {
	case "multi", "not":
		ok := f.operator == "AND" || len(f.queries) == 0
		for _, q := range f.queries {
			if m := v.match(ent, r, q); f.operator == "AND" {
				ok = ok && m
			} else {
				ok = ok || m
			}
		}
		if f.typ == "not" {
			return !ok
		}
		return ok
	}
	p, err := v.path(ent, f.field)
	if err != nil {
		return false
	}
	vals, found := v.values(ent, r, p)
	if f.typ == "equals" && f.value == nil {
		return !found || slices.ContainsFunc(vals, func(x any) bool { return x == nil })
	}
	return slices.ContainsFunc(vals, func(x any) bool { return x != nil && passes(f, p.last.kind, scalar(x)) })
}

// passes compares one value as MySQL does: text without regard to case.
func passes(f filter, k kind, x any) bool {
	switch f.typ {
	case "equals":
		c, ok := compare(k, x, f.value)
		return ok && c == 0
	case "equalsAny":
		return slices.ContainsFunc(f.values, func(val any) bool {
			c, ok := compare(k, x, val)
			return ok && c == 0
		})
	case "contains", "prefix", "suffix":
		have, want := strings.ToLower(text(x)), strings.ToLower(text(f.value))
		switch f.typ {
		case "prefix":
			return strings.HasPrefix(have, want)
		case "suffix":
			return strings.HasSuffix(have, want)
		}
		return strings.Contains(have, want)
	case "range":
		_, gt := f.params["gt"]
		for op, val := range f.params {
			if op == "gte" && gt { // gt wins over gte
				continue
			}
			c, ok := compare(k, x, val)
			switch {
			case !ok, op == "gt" && c <= 0, op == "gte" && c < 0, op == "lt" && c >= 0, op == "lte" && c > 0:
				return false
			}
		}
		return true
	}
	return false
}

// compare orders two scalars by the kind of the field; ok is false where they cannot be compared.
func compare(k kind, a, b any) (c int, ok bool) {
	if k == kindDate || k == kindDay {
		x, y := databaseTime(text(a)), databaseTime(text(b))
		return strings.Compare(x, y), x != "" && y != ""
	}
	_, aNum := a.(json.Number)
	_, aBool := a.(bool)
	if aNum || aBool {
		x, okX := rat(a)
		y, okY := rat(b)
		if !okX || !okY {
			return 0, false
		}
		return x.Cmp(y), true
	}
	return strings.Compare(strings.ToLower(text(a)), strings.ToLower(text(b))), true
}

// databaseTime turns a date of a filter into what the database compares. The
// offset is dropped, not applied: a +02:00 filter asks for another moment.
func databaseTime(s string) string {
	if len(s) < 10 {
		return ""
	}
	s = strings.Replace(s, "T", " ", 1)
	if i := strings.LastIndexAny(s, "+Z"); i > 10 {
		s = s[:i]
	} else if i := strings.LastIndexByte(s, '-'); i > 10 {
		s = s[:i]
	}
	for _, layout := range []string{"2006-01-02 15:04:05.999999999", "2006-01-02 15:04", "2006-01-02"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format("2006-01-02 15:04:05.000")
		}
	}
	return ""
}
