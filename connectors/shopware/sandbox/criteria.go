package sandbox

import (
	"encoding/json"
	"fmt"
	"math"
	"net/http"
	"net/url"
	"sort"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// criteria is what a search asks for, parsed but not yet held against an entity.
type criteria struct {
	page, limit  int // 0: not given
	ids          []string
	filters      []filter
	post         []filter
	sorts        []sorting
	associations []association
	includes     map[string]map[string]bool // nil: everything
	fields       []string
	total        int // 0 none, 1 exact, 2 next pages
	aggregations []aggregation
}

type association struct {
	name string
	crit *criteria
}

type sorting struct {
	field      string
	descending bool
	count      bool
}

// filter is one condition; multi and not hold others.
type filter struct {
	typ      string
	field    string
	value    any
	values   []any
	params   map[string]any
	operator string
	queries  []filter
	path     string // of the criteria, for errors
}

type aggregation struct {
	name, typ, field string
	nested           *aggregation
	filters          []filter
	limit            int
}

// limits of the criteria differ by version: none up to 6.5, then 500.
type limits struct {
	max, unasked int
}

// parseCriteria reads the body of a search. It collects every problem.
func parseCriteria(body any, lim limits) (*criteria, apiErrors) {
	p := &criteriaParser{lim: lim}
	c := p.parse(body, "")
	if len(p.errs) > 0 {
		return nil, p.errs
	}
	return c, nil
}

type criteriaParser struct {
	lim  limits
	errs apiErrors
}

func (p *criteriaParser) fail(code, pointer, detail string, params any) {
	p.errs = append(p.errs, problemAt(code, detail, pointer, params))
}

func (p *criteriaParser) badFilter(pointer, detail string) {
	p.fail("FRAMEWORK__INVALID_FILTER_QUERY", pointer, detail, jsondoc.New("path", pointer))
}

func (p *criteriaParser) parse(body any, at string) *criteria {
	c := &criteria{}
	o, _ := body.(*object) // [] is what an empty object becomes in PHP
	if o == nil {
		c.limit = p.unaskedLimit(at)
		return c
	}
	p.paging(c, o, at)
	if v, ok := o.Lookup("ids"); ok {
		c.ids = textList(v)
	}
	if v, ok := o.Lookup("filter"); ok {
		c.filters = p.filters(v, at+"/filter")
	}
	if v, ok := o.Lookup("post-filter"); ok {
		c.post = p.filters(v, at+"/post-filter")
	}
	if v, ok := o.Lookup("sort"); ok {
		c.sorts = p.sorts(v, at)
	}
	if v, ok := o.Lookup("associations"); ok {
		if list, ok := v.(*object); ok {
			for _, name := range list.Keys() {
				c.associations = append(c.associations, association{name, p.parse(list.Get(name), at+"/associations/"+name)})
			}
		}
	}
	if v, ok := o.Lookup("includes"); ok {
		if list, ok := v.(*object); ok {
			c.includes = map[string]map[string]bool{}
			for _, alias := range list.Keys() {
				set := map[string]bool{}
				for _, name := range textList(list.Get(alias)) {
					set[name] = true
				}
				c.includes[alias] = set
			}
		}
	}
	if v, ok := o.Lookup("fields"); ok {
		c.fields = textList(v)
	}
	if v, ok := o.Lookup("total-count-mode"); ok {
		switch text(v) {
		case "1", "exact":
			c.total = 1
		case "2", "next-pages":
			c.total = 2
		}
	}
	if v, ok := o.Lookup("aggregations"); ok {
		if list, ok := v.([]any); ok {
			for i, a := range list {
				if agg := p.aggregation(a, fmt.Sprintf("%s/aggregations/%d", at, i)); agg != nil {
					c.aggregations = append(c.aggregations, *agg)
				}
			}
		}
	}
	return c
}

func (p *criteriaParser) unaskedLimit(at string) int {
	if at == "" {
		return p.lim.unasked
	}
	return 0
}

// paging reads limit and page. A page without a limit has no effect.
func (p *criteriaParser) paging(c *criteria, o *object, at string) {
	if v, ok := o.Lookup("limit"); ok && v != nil {
		n, good := wholeNumber(v)
		switch {
		case !good || n < 1:
			p.fail("FRAMEWORK__INVALID_LIMIT_QUERY", at+"/limit",
				"The limit parameter must be a positive integer greater or equals than 1. Given: "+text(v), jsondoc.New("limit", v))
		case p.lim.max > 0 && n > p.lim.max:
			p.fail("FRAMEWORK__QUERY_LIMIT_EXCEEDED", at+"/limit",
				fmt.Sprintf("The limit must be lower than or equal to MAX_LIMIT(=%d). Given: %d", p.lim.max, n),
				jsondoc.New("maxLimit", p.lim.max, "limit", n))
		default:
			c.limit = n
		}
	}
	if v, ok := o.Lookup("page"); ok && v != nil {
		n, good := wholeNumber(v)
		if !good || n < 1 {
			p.fail("FRAMEWORK__INVALID_PAGE_QUERY", at+"/page",
				"The page parameter must be a positive integer. Given: "+text(v), jsondoc.New("page", v))
		} else if c.limit > 0 {
			c.page = n
		}
	}
	if c.limit == 0 {
		c.limit = p.unaskedLimit(at)
	}
}

func (p *criteriaParser) filters(v any, at string) []filter {
	switch v := v.(type) {
	case []any:
		var list []filter
		for i, e := range v {
			if f, ok := p.filter(e, fmt.Sprintf("%s/%d", at, i)); ok {
				list = append(list, f)
			}
		}
		return list
	case *object: // {"productNumber": "X"} is equals for each key
		var list []filter
		for _, field := range v.Keys() {
			if val := v.Get(field); val == "" {
				p.badFilter(at+"/"+field, fmt.Sprintf("The value for filter %q must not be empty.", field))
			} else {
				list = append(list, filter{typ: "equals", field: field, value: val, path: at + "/" + field})
			}
		}
		return list
	case nil:
		return nil
	}
	p.badFilter(at, "The filter parameter has to be a list of filters.")
	return nil
}

func (p *criteriaParser) filter(v any, at string) (filter, bool) {
	o, ok := v.(*object)
	if !ok {
		p.badFilter(at, "The filter has to be an object.")
		return filter{}, false
	}
	f := filter{typ: o.Text("type"), field: o.Text("field"), path: at}
	if f.typ == "" {
		p.badFilter(at+"/type", "Value for filter type is required.")
		return f, false
	}
	missing := func(name string) (filter, bool) {
		p.badFilter(at+"/"+name, fmt.Sprintf("Parameter %q for %s filter is missing.", name, f.typ))
		return f, false
	}
	switch f.typ {
	case "multi", "and", "or", "not", "nand", "nor":
		f.operator = strings.ToUpper(o.Text("operator"))
		switch f.typ {
		case "and", "nand":
			f.operator = "AND"
		case "or", "nor":
			f.operator = "OR"
		}
		if f.operator != "OR" {
			f.operator = "AND"
		}
		if f.typ == "nand" || f.typ == "nor" {
			f.typ = "not"
		}
		if f.typ != "not" {
			f.typ = "multi"
		}
		list, ok := o.Lookup("queries")
		queries, isList := list.([]any)
		if !ok || !isList {
			return missing("queries")
		}
		before := len(p.errs)
		f.queries = p.filters(queries, at+"/queries")
		return f, len(p.errs) == before
	case "equals", "contains", "prefix", "suffix":
		if f.field == "" {
			return missing("field")
		}
		val, ok := o.Lookup("value")
		if !ok || val == "" || (f.typ != "equals" && val == nil) {
			return missing("value")
		}
		switch val.(type) {
		case []any, *object:
			p.badFilter(at+"/value", fmt.Sprintf("The value for %s filter must be scalar.", f.typ))
			return f, false
		}
		f.value = val
		return f, true
	case "equalsAny":
		if f.field == "" {
			return missing("field")
		}
		val, _ := o.Lookup("value")
		for _, t := range scalarList(val) {
			if t != "" {
				f.values = append(f.values, t)
			}
		}
		if len(f.values) == 0 {
			return missing("value")
		}
		return f, true
	case "range":
		if f.field == "" {
			return missing("field")
		}
		params, _ := o.Lookup("parameters")
		po, _ := params.(*object)
		if po == nil || len(po.Keys()) == 0 {
			return missing("parameters")
		}
		f.params = map[string]any{}
		for _, op := range []string{"gt", "gte", "lt", "lte"} {
			if v, ok := po.Lookup(op); ok && v != nil {
				f.params[op] = v
			}
		}
		return f, true
	}
	p.badFilter(at+"/type", "Unsupported filter type: "+f.typ)
	return f, false
}

func (p *criteriaParser) sorts(v any, at string) []sorting {
	var list []sorting
	switch v := v.(type) {
	case string:
		for _, part := range strings.Split(v, ",") {
			if part = strings.TrimSpace(part); part != "" {
				name, desc := strings.CutPrefix(part, "-")
				list = append(list, sorting{field: name, descending: desc})
			}
		}
	case []any:
		for i, e := range v {
			o, _ := e.(*object)
			if o == nil || o.Text("field") == "" {
				p.fail("FRAMEWORK__INVALID_SORT_QUERY", fmt.Sprintf("%s/sort/%d", at, i),
					`The "field" attribute is required to create a new sorting.`, []any{})
				continue
			}
			list = append(list, sorting{
				field:      o.Text("field"),
				descending: strings.EqualFold(o.Text("order"), "desc"),
				count:      o.Text("type") == "count",
			})
		}
	}
	return list
}

func (p *criteriaParser) aggregation(v any, at string) *aggregation {
	o, _ := v.(*object)
	if o == nil {
		return nil
	}
	a := &aggregation{name: o.Text("name"), typ: o.Text("type"), field: o.Text("field")}
	bad := func(name, detail string) *aggregation {
		p.errs = append(p.errs, apiError{http.StatusBadRequest, problemAt("FRAMEWORK__INVALID_AGGREGATION_QUERY", detail, at+"/"+name, []any{}).members})
		return nil
	}
	if a.name == "" {
		return bad("name", "The aggregation name should be a non-empty string.")
	}
	if v, ok := o.Lookup("limit"); ok {
		a.limit, _ = wholeNumber(v)
	}
	switch a.typ {
	case "avg", "sum", "min", "max", "count", "stats", "terms":
		if a.field == "" {
			return bad("field", "The aggregation should contain a \"field\".")
		}
	case "filter":
		if v, ok := o.Lookup("filter"); ok {
			a.filters = p.filters(v, at+"/filter")
		}
	default:
		return bad("type", fmt.Sprintf("The aggregation type %q is unknown.", a.typ))
	}
	if n, ok := o.Lookup("aggregation"); ok {
		a.nested = p.aggregation(n, at+"/aggregation")
	}
	return a
}

// wholeNumber accepts 5 and "5".
func wholeNumber(v any) (int, bool) {
	s := text(v)
	if n, ok := v.(json.Number); ok && strings.ContainsAny(string(n), ".eE") {
		return 0, false
	}
	n, err := strconv.Atoi(s)
	return n, err == nil && n <= math.MaxInt32
}

// text prints a scalar as PHP does in a message.
func text(v any) string {
	switch v := v.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		if v {
			return "1"
		}
	}
	return ""
}

func textList(v any) []string {
	var list []string
	for _, e := range scalarList(v) {
		list = append(list, text(e))
	}
	return list
}

// scalarList reads a list, or text with | between the elements.
func scalarList(v any) []any {
	switch v := v.(type) {
	case []any:
		return v
	case *object:
		var list []any
		for _, k := range v.Keys() {
			list = append(list, v.Get(k))
		}
		return list
	case string:
		var list []any
		for _, s := range strings.Split(v, "|") {
			list = append(list, s)
		}
		return list
	case nil:
		return nil
	}
	return []any{v}
}

// queryCriteria turns the query of a GET into a body, as PHP does:
// includes[order][]=orderNumber is {"includes":{"order":["orderNumber"]}}.
func queryCriteria(q url.Values) any {
	root := jsondoc.New()
	keys := make([]string, 0, len(q))
	for k := range q {
		keys = append(keys, k)
	}
	sort.Strings(keys)
	for _, k := range keys {
		name, rest, _ := strings.Cut(k, "[")
		path := []string{name}
		if rest != "" {
			path = append(path, strings.Split(strings.TrimSuffix(rest, "]"), "][")...)
		}
		if len(path) > jsondoc.MaxDepth {
			continue
		}
		for _, v := range q[k] {
			setPath(root, path, v)
		}
	}
	return listsOf(root)
}

func setPath(o *object, path []string, v string) {
	for i, p := range path {
		if p == "" {
			p = strconv.Itoa(len(o.Keys()))
		}
		if i == len(path)-1 {
			o.Set(p, v)
			return
		}
		next, ok := o.Get(p).(*object)
		if !ok {
			next = jsondoc.New()
			o.Set(p, next)
		}
		o = next
	}
}

// listsOf turns objects with the keys 0, 1, 2... into lists.
func listsOf(v any) any {
	o, ok := v.(*object)
	if !ok {
		return v
	}
	isList := len(o.Keys()) > 0
	for i, k := range o.Keys() {
		o.Set(k, listsOf(o.Get(k)))
		isList = isList && k == strconv.Itoa(i)
	}
	if !isList {
		return o
	}
	list := make([]any, len(o.Keys()))
	for i, k := range o.Keys() {
		list[i] = o.Get(k)
	}
	return list
}
