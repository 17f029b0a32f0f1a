package sandbox

import (
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// dateLayout is how the API writes instants.
const dateLayout = "2006-01-02 15:04:05 -0700"

// maxLimit is the most documents of a page.
const maxLimit = 100

// page is the envelope of a list. A limit above the most counts as the most.
func (c *call) page(found []*jsondoc.Object, more ...any) (any, *apiError) {
	offset, err := c.number("offset", 0)
	if err != nil {
		return nil, err
	}
	limit, err := c.number("limit", maxLimit)
	if err != nil {
		return nil, err
	}
	limit = min(limit, maxLimit)
	items := []any{}
	for _, o := range found[min(offset, len(found)):min(offset+limit, len(found))] {
		items = append(items, o)
	}
	out := jsondoc.New("total", len(found), "count", len(items), "offset", offset, "limit", limit)
	for i := 0; i+1 < len(more); i += 2 {
		out.Set(more[i].(string), more[i+1])
	}
	out.Set("items", items)
	return out, nil
}

func (c *call) number(name string, unsaid int) (int, *apiError) {
	text := c.query.Get(name)
	if text == "" {
		return unsaid, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 {
		return 0, wrong("Parameter " + name + " must be a non-negative number")
	}
	return n, nil
}

// truth reads a filter that is true or false, nil where it is not given.
func (c *call) truth(name string) (*bool, *apiError) {
	yes, no := true, false
	switch strings.ToLower(c.query.Get(name)) {
	case "":
		return nil, nil
	case "true", "yes", "on", "1":
		return &yes, nil
	case "false", "no", "off", "0":
		return &no, nil
	}
	return nil, wrong("Parameter " + name + " must be a boolean")
}

// csv is a filter of values with commas between them, nil where it is not given.
func (c *call) csv(name string) []string {
	if c.query.Get(name) == "" {
		return nil
	}
	return strings.Split(c.query.Get(name), ",")
}

// parseTime reads a date of a query: seconds since 1970, or text that is in UTC unless it says otherwise.
func parseTime(text string) (time.Time, bool) {
	if n, err := strconv.ParseInt(text, 10, 64); err == nil {
		return time.Unix(n, 0), true
	}
	for _, layout := range []string{dateLayout, "2006-01-02 15:04:05", "2006-01-02"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// times keeps what was created and updated between the dates of the query. Stamps have seconds.
func (s *Sandbox) times(q url.Values, created, updated string) (func(*jsondoc.Object) bool, *apiError) {
	type bound struct {
		member string
		at     time.Time
		from   bool
	}
	var bounds []bound
	for _, b := range []struct{ name, member string }{{"created", created}, {"updated", updated}} {
		for _, end := range []string{"From", "To"} {
			text := q.Get(b.name + end)
			if text == "" {
				continue
			}
			at, ok := parseTime(text)
			if !ok {
				return nil, wrong("Parameter " + b.name + end + " is not a date")
			}
			bounds = append(bounds, bound{b.member, at, end == "From"})
		}
	}
	return func(o *jsondoc.Object) bool {
		for _, b := range bounds {
			at, _ := parseTime(o.Text(b.member))
			if b.from && at.Before(b.at) || !b.from && at.After(b.at) || s.set.exclusive && at.Equal(b.at) {
				return false
			}
		}
		return true
	}, nil
}

// search runs the filters over what the index knows.
func (s *Sandbox) search(list []*record, filters ...func(*jsondoc.Object) bool) []*jsondoc.Object {
	var out []*jsondoc.Object
	for _, r := range list {
		o := s.seen(r)
		if o != nil && !slices.ContainsFunc(filters, func(f func(*jsondoc.Object) bool) bool { return !f(o) }) {
			out = append(out, o)
		}
	}
	return out
}

// listDeleted answers /orders/deleted and its like.
func listDeleted(kind string) func(*Sandbox, *call) (any, *apiError) {
	return func(s *Sandbox, c *call) (any, *apiError) {
		in, err := s.times(url.Values{"createdFrom": {c.query.Get("from_date")}, "createdTo": {c.query.Get("to_date")}}, "date", "date")
		if err != nil {
			return nil, err
		}
		return c.page(slices.DeleteFunc(slices.Clone(s.gone[kind]), func(o *jsondoc.Object) bool { return !in(o) }))
	}
}

// selectFields keeps the members that responseFields names: total,items(id,billingPerson(name)). Unknown names are ignored.
func selectFields(v any, fields string) any {
	names, rest := fieldTree(fields)
	if rest != "" {
		return v
	}
	return names.apply(v)
}

type fieldSet map[string]fieldSet

func fieldTree(text string) (fieldSet, string) {
	set := fieldSet{}
	for {
		i := strings.IndexAny(text, ",()")
		name := strings.TrimSpace(text)
		if i >= 0 {
			name = strings.TrimSpace(text[:i])
		}
		if name != "" {
			set[name] = nil
		}
		switch {
		case i < 0:
			return set, ""
		case text[i] == ')':
			return set, text[i+1:]
		case text[i] == '(':
			var inner fieldSet
			inner, text = fieldTree(text[i+1:])
			set[name] = inner
		default:
			text = text[i+1:]
		}
	}
}

func (f fieldSet) apply(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = f.apply(e)
		}
		return out
	case *jsondoc.Object:
		out := jsondoc.New()
		for _, k := range v.Keys() {
			inner, ok := f[k]
			if !ok {
				continue
			}
			if inner == nil {
				out.Set(k, v.Get(k))
			} else {
				out.Set(k, inner.apply(v.Get(k)))
			}
		}
		return out
	}
	return v
}
