package sandbox

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// criteria is a searchCriteria of a query string.
type criteria struct {
	groups   [][]filter
	sorts    []sortOrder
	pageSize int // 0 is none
	page     int
	echo     *object
}

type filter struct{ field, value, condition string }

type sortOrder struct {
	field      string
	descending bool
}

// table is a list as searches see it.
type table struct {
	rows []*object
	// field is the value of a row, and whether there is such a field at all.
	field func(row *object, name string) (any, bool)
	// badField and badSort answer an unknown name; a nil badSort ignores it.
	badField, badSort func(name string) *apiError
}

// parseCriteria reads the query; ok is false where it has no searchCriteria.
func parseCriteria(q url.Values) (c criteria, ok bool, fault *apiError) {
	tree := jsondoc.New()
	for _, k := range sortedKeys(q) {
		if k == "searchCriteria" || k == "search_criteria" {
			ok = true
			continue
		}
		path := splitKey(k)
		if path[0] != "searchCriteria" && path[0] != "search_criteria" {
			continue
		}
		ok = true
		at := tree
		for i, p := range path[1:] {
			p = snake(p)
			if i == len(path)-2 {
				at.Set(p, q.Get(k))
				break
			}
			next := at.Object(p)
			if next == nil {
				next = jsondoc.New()
				at.Set(p, next)
			}
			at = next
		}
	}
	c.echo = jsondoc.New()
	groups := []any{}
	for _, g := range indexed(tree.Object("filter_groups")) {
		var group []filter
		list := []any{}
		for _, f := range indexed(g.Object("filters")) {
			one := filter{text(f.Get("field")), text(f.Get("value")), cmp.Or(text(f.Get("condition_type")), "eq")}
			group = append(group, one)
			list = append(list, jsondoc.New("field", one.field, "value", one.value, "condition_type", one.condition))
		}
		c.groups = append(c.groups, group)
		groups = append(groups, jsondoc.New("filters", list))
	}
	c.echo.Set("filter_groups", groups)
	var sorts []any
	for _, o := range indexed(tree.Object("sort_orders")) {
		direction := strings.ToUpper(cmp.Or(text(o.Get("direction")), "DESC"))
		if direction != "ASC" && direction != "DESC" {
			return c, ok, refuse("The sort order has to be specified as %1 for ascending order or %2 for descending order.", "ASC", "DESC")
		}
		c.sorts = append(c.sorts, sortOrder{text(o.Get("field")), direction == "DESC"})
		sorts = append(sorts, jsondoc.New("field", text(o.Get("field")), "direction", direction))
	}
	if len(sorts) > 0 {
		c.echo.Set("sort_orders", sorts)
	}
	for name, into := range map[string]*int{"page_size": &c.pageSize, "current_page": &c.page} {
		v, there := tree.Lookup(name)
		if !there {
			continue
		}
		n, err := strconv.Atoi(text(v))
		if err != nil {
			return c, ok, wrongType(map[string]string{"page_size": "pageSize", "current_page": "currentPage"}[name], v, "int")
		}
		*into = n
	}
	for _, name := range []string{"page_size", "current_page"} {
		if tree.Has(name) {
			c.echo.Set(name, map[string]int{"page_size": c.pageSize, "current_page": c.page}[name])
		}
	}
	if c.pageSize < 0 {
		c.pageSize = 1 // what the database makes of it
	}
	return c, ok, nil
}

// splitKey is [a b c] of a[b][c].
func splitKey(key string) []string {
	head, rest, _ := strings.Cut(key, "[")
	path := []string{head}
	if rest != "" {
		path = append(path, strings.Split(strings.TrimSuffix(rest, "]"), "][")...)
	}
	return path
}

// indexed are the members of an object whose names are numbers, in their order.
func indexed(o *object) []*object {
	if o == nil {
		return nil
	}
	keys := slices.Clone(o.Keys())
	slices.SortStableFunc(keys, func(a, b string) int {
		x, _ := strconv.Atoi(a)
		y, _ := strconv.Atoi(b)
		return cmp.Compare(x, y)
	})
	var out []*object
	for _, k := range keys {
		if m := o.Object(k); m != nil {
			out = append(out, m)
		}
	}
	return out
}

func sortedKeys(q url.Values) []string {
	keys := make([]string, 0, len(q))
	for k := range q {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// search answers a list: the rows of the page and the number of all that match.
func (t table) search(c criteria) ([]*object, int, *apiError) {
	for _, g := range c.groups {
		for _, f := range g {
			if _, ok := t.field(nil, f.field); !ok {
				return nil, 0, t.badField(f.field)
			}
		}
	}
	var sorts []sortOrder
	for _, o := range c.sorts {
		if _, ok := t.field(nil, o.field); ok {
			sorts = append(sorts, o)
		} else if t.badSort != nil {
			return nil, 0, t.badSort(o.field)
		}
	}
	rows := []*object{}
	for _, r := range t.rows {
		if t.matches(r, c.groups) {
			rows = append(rows, r)
		}
	}
	slices.SortStableFunc(rows, func(a, b *object) int {
		for _, o := range sorts {
			x, _ := t.field(a, o.field)
			y, _ := t.field(b, o.field)
			if d := compare(x, y); d != 0 {
				if o.descending {
					return -d
				}
				return d
			}
		}
		return 0
	})
	total := len(rows)
	if c.pageSize > 0 {
		from := min(total, (max(c.page, 1)-1)*c.pageSize)
		rows = rows[from:min(total, from+c.pageSize)]
	}
	return rows, total, nil
}

func (t table) matches(r *object, groups [][]filter) bool {
	for _, g := range groups {
		if len(g) > 0 && !slices.ContainsFunc(g, func(f filter) bool {
			v, _ := t.field(r, f.field)
			return f.passes(v)
		}) {
			return false
		}
	}
	return true
}

// passes compares as MySQL does. A field with several values, such as the categories of a product, passes
// where one of them does. An unknown condition counts as eq.
func (f filter) passes(v any) bool {
	if list, ok := v.([]any); ok {
		return slices.ContainsFunc(list, f.passes)
	}
	switch f.condition {
	case "null":
		return v == nil
	case "notnull":
		return v != nil
	}
	if v == nil {
		return false // NULL compares with nothing
	}
	have := text(v)
	switch f.condition {
	case "neq":
		return compare(v, f.value) != 0
	case "gt":
		return compare(v, f.value) > 0
	case "gteq", "moreq", "from":
		return compare(v, f.value) >= 0
	case "lt":
		return compare(v, f.value) < 0
	case "lteq", "to":
		return compare(v, f.value) <= 0
	case "like":
		return like(f.value, have)
	case "nlike":
		return !like(f.value, have)
	case "in", "nin":
		in := slices.ContainsFunc(strings.Split(f.value, ","), func(one string) bool { return compare(v, one) == 0 })
		return in == (f.condition == "in")
	case "finset":
		return slices.Contains(strings.Split(have, ","), f.value)
	}
	return compare(v, f.value) == 0
}

var stamp = regexp.MustCompile(`^\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d`)

// compare orders NULL first, numbers by size and text without regard to case and trailing spaces.
func compare(a, b any) int {
	if a == nil || b == nil {
		return cmp.Compare(map[bool]int{true: 1}[a != nil], map[bool]int{true: 1}[b != nil])
	}
	if isNumber(a) && isNumber(b) {
		return rat(a).Cmp(rat(b))
	}
	x, y := fold(text(a)), fold(text(b))
	return strings.Compare(x, y)
}

func fold(s string) string {
	if stamp.MatchString(s) {
		return s[:10] + " " + s[11:19] // the rest is cut off
	}
	return strings.ToLower(strings.TrimRight(s, " "))
}

func like(pattern, s string) bool {
	var b strings.Builder
	b.WriteString("(?is)^")
	for _, r := range pattern {
		switch r {
		case '%':
			b.WriteString(".*")
		case '_':
			b.WriteString(".")
		default:
			b.WriteString(regexp.QuoteMeta(string(r)))
		}
	}
	re, err := regexp.Compile(b.String() + "$")
	return err == nil && re.MatchString(s)
}

// list answers a search with the envelope that all lists have. show makes an answer of a row.
func (c *call) list(t table, show func(*object) any) (any, *apiError) {
	if c.criteriaFault != nil {
		return nil, c.criteriaFault
	}
	if !c.hasCriteria {
		return nil, required("searchCriteria")
	}
	rows, total, err := t.search(c.criteria)
	if err != nil {
		return nil, err
	}
	items := make([]any, len(rows))
	for i, r := range rows {
		items[i] = r
		if show != nil {
			items[i] = show(r)
		}
	}
	return jsondoc.New("items", items, "search_criteria", c.criteria.echo, "total_count", total), nil
}

// plain is a table over members of the rows; unknown names are let through as columns without values.
func plain(rows []*object) table {
	return table{rows: rows, field: func(r *object, name string) (any, bool) { return r.Get(name), true }}
}

// selectFields keeps what ?fields= names: items[sku,name],total_count.
func selectFields(v any, expression string) any {
	tree, rest, ok := parseFields(expression)
	if !ok || rest != "" {
		return []any{}
	}
	out := pick(v, tree)
	if out == nil {
		return []any{}
	}
	return out
}

// parseFields reads a list of names, each with members in brackets or not.
func parseFields(s string) (tree *object, rest string, ok bool) {
	tree = jsondoc.New()
	for {
		end := strings.IndexAny(s, ",[]")
		name := s
		if end >= 0 {
			name = s[:end]
		}
		if name == "" {
			return nil, s, false
		}
		var members any
		s = s[len(name):]
		if strings.HasPrefix(s, "[") {
			sub, after, ok := parseFields(s[1:])
			if !ok || !strings.HasPrefix(after, "]") {
				return nil, s, false
			}
			members, s = sub, after[1:]
		}
		tree.Set(name, members)
		if !strings.HasPrefix(s, ",") {
			return tree, s, true
		}
		s = s[1:]
	}
}

func pick(v any, tree *object) any {
	switch v := v.(type) {
	case []any:
		if len(v) == 0 {
			return nil
		}
		out := make([]any, 0, len(v))
		for _, e := range v {
			out = append(out, pick(e, tree))
		}
		return out
	case *object:
		out := jsondoc.New()
		for _, k := range v.Keys() {
			if !tree.Has(k) {
				continue
			}
			if sub := tree.Object(k); sub != nil {
				out.Set(k, pick(v.Get(k), sub))
			} else {
				out.Set(k, v.Get(k))
			}
		}
		if len(out.Keys()) == 0 {
			return []any{}
		}
		return out
	}
	return v
}

// internal is the answer of a flat table to an unknown column.
func (s *Sandbox) internal(string) *apiError {
	s.faultsTold++
	return hidden(0x6b020bcb00000 + s.faultsTold)
}

// badAttribute is the answer of an EAV entity to an unknown attribute.
func badAttribute(name string) *apiError {
	return &apiError{status: http.StatusBadRequest, message: `The "%1" attribute name is invalid. Reset the name and try again.`, params: []any{name}}
}
