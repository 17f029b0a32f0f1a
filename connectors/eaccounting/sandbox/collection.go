package sandbox

import (
	"fmt"
	"maps"
	"math"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
)

// collection is the stored objects of one resource, in the order of their making.
type collection struct {
	name   string // for messages: "customer"
	schema *schema
	rules  filterRules
	items  []object
	// view makes what a read shows of a stored object; nil shows it as it is.
	view func(c *call, o object) object
	// computed are the members that view sets.
	computed []string
	// where hides objects of a shared store; nil shows all.
	where func(o object) bool
}

func (col *collection) get(id string) object {
	for _, o := range col.items {
		if o["Id"] == id && (col.where == nil || col.where(o)) {
			return o
		}
	}
	return nil
}

func (col *collection) add(o object) { col.items = append(col.items, o) }

func (col *collection) remove(id string) {
	col.items = slices.DeleteFunc(col.items, func(o object) bool { return o["Id"] == id })
}

// list answers GET of the resource.
func (col *collection) list(c *call) (reply, error) {
	s := c.s
	pg, err := s.paging(c.query)
	if err != nil {
		return reply{}, err
	}
	pick, err := col.selected(c.query)
	if err != nil {
		return reply{}, err
	}
	found, err := col.query(c)
	if err != nil {
		return reply{}, err
	}
	pages := (len(found) + pg.size - 1) / pg.size
	if s.set.Unproven.PageBeyondEndIsError && pg.page > max(pages, 1) {
		return reply{}, invalid("The page %d does not exist.", pg.page)
	}
	b := fmt.Appendf(nil, `{"Meta":{"CurrentPage":%d,"PageSize":%d,"TotalNumberOfPages":%d,"TotalNumberOfResults":%d,"ServerTimeUtc":%q},"Data":[`,
		pg.page, pg.size, pages, len(found), s.stampNow())
	from := min(pg.skip, len(found))
	for i, o := range found[from:min(from+pg.size, len(found))] {
		if i > 0 {
			b = append(b, ',')
		}
		b = col.schema.appendJSON(b, col.show(c, o), pick)
	}
	return reply{http.StatusOK, append(b, "]}"...)}, nil
}

// show is what a reader sees of an object. The copy shares what lies below: views set members of the object alone, and who gets it only reads.
func (col *collection) show(c *call, o object) object {
	if col.view == nil {
		return o
	}
	return col.view(c, maps.Clone(o))
}

// query filters and sorts.
func (col *collection) query(c *call) ([]object, error) {
	keep := func(object) bool { return true }
	if src := c.query.Get("$filter"); src != "" {
		var err error
		if keep, err = c.s.filterParser(col).parse(src); err != nil {
			return nil, err
		}
	}
	since, err := modifiedSince(c.query)
	if err != nil {
		return nil, err
	}
	// Filters and sorting see what a reader sees, such as computed stock; what is not asked for is computed when it is shown.
	asked := c.query.Get("$filter") + c.query.Get("$orderby")
	computes := slices.ContainsFunc(col.computed, func(name string) bool { return strings.Contains(asked, name) })
	var found []object
	for _, o := range col.items {
		if col.where != nil && !col.where(o) || since != "" && o.text("ModifiedUtc") < since {
			continue
		}
		seen := o
		if computes {
			seen = col.show(c, o)
		}
		if keep(seen) {
			found = append(found, seen)
		}
	}
	return found, col.sort(found, c.query.Get("$orderby"), c.s.set.Unproven.CaseSensitiveText)
}

func (s *Sandbox) filterParser(col *collection) *filterParser {
	u := s.set.Unproven
	return &filterParser{
		schema: col.schema, rules: col.rules, sensitive: u.CaseSensitiveText,
		strict: u.RefuseUncertainFilters, noEnds: u.RefuseStartsEndsWith,
	}
}

// modifiedSince reads the parameter that invoices have, in the form of a stamp.
func modifiedSince(q url.Values) (string, error) {
	text := q.Get("modifiedSinceUtc")
	if text == "" {
		return "", nil
	}
	t, ok := parseMoment(text)
	if !ok {
		return "", badDate(text)
	}
	return stamp(t), nil
}

// sort orders by "Number desc,Name"; nulls come first.
func (col *collection) sort(items []object, by string, sensitive bool) error {
	if by == "" {
		return nil
	}
	type key struct {
		m    *member
		sign int
	}
	var keys []key
	for _, part := range strings.Split(by, ",") {
		words := strings.Fields(part)
		if len(words) == 0 || len(words) > 2 || len(words) == 2 && words[1] != "asc" && words[1] != "desc" {
			return badFilter("The $orderby expression is not valid.")
		}
		m := col.schema.byName[words[0]]
		if m == nil || m.kind >= kObject {
			return badFilter("Could not find a property named '%s' to order by.", clip(words[0]))
		}
		k := key{m, 1}
		if len(words) == 2 && words[1] == "desc" {
			k.sign = -1
		}
		keys = append(keys, k)
	}
	slices.SortStableFunc(items, func(a, b object) int {
		for _, k := range keys {
			x, y := plain(k.m.kind, a[k.m.name]), plain(k.m.kind, b[k.m.name])
			c := 0
			switch {
			case x == nil && y != nil:
				c = -1
			case x != nil && y == nil:
				c = 1
			case x != nil:
				c = order(x, y, sensitive)
			}
			if c != 0 {
				return c * k.sign
			}
		}
		return 0
	})
	return nil
}

// selected reads $select: names without spaces; nil means all.
func (col *collection) selected(q url.Values) (map[string]bool, error) {
	text := q.Get("$select")
	if text == "" {
		return nil, nil
	}
	pick := map[string]bool{}
	for _, name := range strings.Split(text, ",") {
		if col.schema.byName[name] == nil {
			return nil, badFilter("Could not find a property named '%s' to select.", clip(name))
		}
		pick[name] = true
	}
	return pick, nil
}

type page struct{ page, size, skip int }

const maxPageSize = 1000

// paging reads $page and $pagesize, or $skip and $top.
func (s *Sandbox) paging(q url.Values) (page, error) {
	number := func(name string, absent, low int) (int, error) {
		text := q.Get(name)
		if text == "" {
			return absent, nil
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < low || n > math.MaxInt32 {
			return 0, badFilter("The value of %s is not valid.", name)
		}
		return n, nil
	}
	sizeName := "$pagesize"
	if q.Get("$top") != "" || q.Get("$skip") != "" {
		sizeName = "$top"
	}
	size, err := number(sizeName, 50, 1)
	if err != nil {
		return page{}, err
	}
	if size > maxPageSize {
		if s.set.Unproven.RefuseLargePages {
			return page{}, badFilter("The value of %s is over %d.", sizeName, maxPageSize)
		}
		size = maxPageSize
	}
	if sizeName == "$top" {
		skip, err := number("$skip", 0, 0)
		return page{page: skip/size + 1, size: size, skip: skip}, err
	}
	n, err := number("$page", 1, 1)
	return page{page: n, size: size, skip: (n - 1) * size}, err
}

// single answers GET of one object.
func (col *collection) single(c *call) (reply, error) {
	o := col.get(c.id)
	if o == nil {
		return reply{}, notFound(col.name)
	}
	pick, err := col.selected(c.query)
	if err != nil {
		return reply{}, err
	}
	return reply{http.StatusOK, col.schema.appendJSON(nil, col.show(c, o), pick)}, nil
}

// answer shows an object after a write.
func (col *collection) answer(c *call, status int, o object) (reply, error) {
	return reply{status, col.schema.appendJSON(nil, col.show(c, o), nil)}, nil
}

// deleted answers DELETE, which for most resources has no body.
func (s *Sandbox) deleted() (reply, error) {
	if s.set.Unproven.DeleteHasNoContent {
		return reply{status: http.StatusNoContent}, nil
	}
	return reply{status: http.StatusOK}, nil
}

// carry keeps the members that a client cannot write.
func carry(sc *schema, old, updated object) {
	for _, m := range sc.members {
		if !m.input {
			updated[m.name] = old[m.name]
		}
	}
}

// share copies the members that both schemas have with one kind, such as the
// addresses of an order to its invoice.
func share(to *schema, target object, from *schema, source object) {
	for _, m := range to.members {
		if f := from.byName[m.name]; f != nil && f.kind == m.kind && m.kind != kObjects && m.name != "Id" {
			target[m.name] = source[m.name]
		}
	}
}
