package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"sort"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// view is how one request sees the data.
type view struct {
	s       *Sandbox
	lang    string
	inherit bool   // the sw-inheritance header was there
	base    string // https://shop.example.com, for Location
	by      *integration
}

// fieldPath is a field name of the criteria, held against an entity:
// transactions.stateMachineState.technicalName.
type fieldPath struct {
	steps []*field
	last  *field
	sub   []string // members inside a JSON field
}

func (v *view) path(ent *entity, name string) (fieldPath, error) {
	var p fieldPath
	e := ent
	parts := strings.Split(name, ".")
	if len(parts) > 1 && parts[0] == ent.name && ent.byName[parts[0]] == nil {
		parts = parts[1:]
	}
	for i, part := range parts {
		f := e.byName[part]
		if f == nil {
			return p, apiErrors{problem(http.StatusBadRequest, "FRAMEWORK__UNMAPPED_FIELD",
				fmt.Sprintf("Field %q in entity %q was not found.", part, e.name), jsondoc.New("field", part, "entity", e.name))}
		}
		if f.association() && i < len(parts)-1 {
			if f.target == nil {
				return p, apiErrors{problem(http.StatusBadRequest, "FRAMEWORK__UNMAPPED_FIELD",
					fmt.Sprintf("Field %q in entity %q was not found.", parts[i+1], part), jsondoc.New("field", parts[i+1], "entity", part))}
			}
			p.steps = append(p.steps, f)
			e = f.target
			continue
		}
		p.last, p.sub = f, parts[i+1:]
		break
	}
	return p, nil
}

// values returns what the path leads to; a to-many association gives several.
// found is false where an association has no row.
func (v *view) values(ent *entity, r *row, p fieldPath) (vals []any, found bool) {
	rows, e := []*row{r}, ent
	for _, f := range p.steps {
		var next []*row
		for _, r := range rows {
			next = append(next, v.follow(e, r, f)...)
		}
		rows, e = next, f.target
	}
	for _, r := range rows {
		val := v.filterValue(e, r, p.last)
		for _, name := range p.sub {
			o, _ := val.(*object)
			val, _ = o.Lookup(name)
		}
		if list, ok := val.([]any); ok {
			vals = append(vals, list...)
		} else {
			vals = append(vals, val)
		}
	}
	return vals, len(rows) > 0
}

// follow is related plus what a variant inherits.
func (v *view) follow(e *entity, r *row, f *field) []*row {
	rows := v.s.db.related(f, r)
	if len(rows) == 0 && f.inherit && v.inherit {
		if parent := v.s.db.get(e, r.str("parentId")); parent != nil {
			return v.s.db.related(f, parent)
		}
	}
	return rows
}

// filterValue is what filters and sorts see of a field.
func (v *view) filterValue(e *entity, r *row, f *field) any {
	if f.association() {
		if rows := v.follow(e, r, f); len(rows) > 0 {
			return rows[0].str("id")
		}
		return nil
	}
	val := v.value(e, r, f)
	if f.translated {
		val = v.translation(e, r, f)
	}
	switch f.kind {
	case kindPrices: // the database compares the gross price of the system currency
		list, _ := val.([]any)
		for _, p := range list {
			if po, _ := p.(*object); po.Text("currencyId") == systemCurrency {
				gross, _ := po.Lookup("gross")
				return gross
			}
		}
		return nil
	case kindStruct:
		if o, ok := val.(*object); ok {
			if total, ok := o.Lookup("totalPrice"); ok && f.struc.name == "calculated_price" {
				return withTotal(o, total)
			}
		}
	}
	return val
}

// withTotal lets a price be compared as its total while its members stay reachable.
func withTotal(o *object, total any) any {
	c := o.Clone()
	c.Set("", total)
	return c
}

func scalar(v any) any {
	if o, ok := v.(*object); ok {
		if total, ok := o.Lookup(""); ok {
			return total
		}
		return string(jsondoc.EncodePHP(o))
	}
	return v
}

// check holds every name of the criteria against the entity, as the server does
// before it builds the query.
func (v *view) check(ent *entity, c *criteria) error {
	for _, a := range c.associations {
		f := ent.byName[a.name]
		if f == nil || !f.association() {
			return apiErrors{problem(http.StatusInternalServerError, "FRAMEWORK__ASSOCIATION_NOT_FOUND",
				"Can not find association by name "+a.name, jsondoc.New("association", a.name))}
		}
		if f.target != nil {
			if err := v.check(f.target, a.crit); err != nil {
				return err
			}
		}
	}
	for _, list := range [][]filter{c.filters, c.post} {
		if err := v.checkFilters(ent, list); err != nil {
			return err
		}
	}
	for _, s := range c.sorts {
		if strings.HasPrefix(s.field, "_") { // _score
			continue
		}
		if _, err := v.path(ent, s.field); err != nil {
			return err
		}
	}
	for _, id := range c.ids {
		if !isID(id) {
			return invalidUUID(id)
		}
	}
	for _, a := range c.aggregations {
		for agg := &a; agg != nil; agg = agg.nested {
			if agg.field != "" {
				if _, err := v.path(ent, agg.field); err != nil {
					return err
				}
			}
			if err := v.checkFilters(ent, agg.filters); err != nil {
				return err
			}
		}
	}
	return nil
}

func (v *view) checkFilters(ent *entity, list []filter) error {
	for _, f := range list {
		if f.field == "" {
			if err := v.checkFilters(ent, f.queries); err != nil {
				return err
			}
			continue
		}
		p, err := v.path(ent, f.field)
		if err != nil {
			return err
		}
		if p.last.kind == kindID || p.last.kind == kindState {
			for _, val := range append(slices.Clone(f.values), f.value) {
				if s, ok := val.(string); ok && (f.typ == "equals" || f.typ == "equalsAny") && !isID(s) {
					return invalidUUID(s)
				}
			}
		}
	}
	return nil
}

func invalidUUID(s string) error {
	return apiErrors{problem(http.StatusBadRequest, "FRAMEWORK__INVALID_UUID", "Value is not a valid UUID: "+s, jsondoc.New("input", s))}
}

// find filters and sorts. Paging is up to the caller.
func (v *view) find(ent *entity, rows []*row, c *criteria) []*row {
	var out []*row
	for _, r := range rows {
		if v.matches(ent, r, c.filters) {
			out = append(out, r)
		}
	}
	v.order(ent, out, c.sorts)
	return out
}

// order sorts by the criteria; null comes first, ties keep the order of creation.
func (v *view) order(ent *entity, rows []*row, sorts []sorting) {
	if len(sorts) == 0 {
		return
	}
	type keyed struct {
		r    *row
		keys []any
	}
	paths := make([]fieldPath, len(sorts))
	for i, s := range sorts {
		paths[i], _ = v.path(ent, s.field)
	}
	list := make([]keyed, len(rows))
	for i, r := range rows {
		list[i] = keyed{r: r, keys: make([]any, len(sorts))}
		for j, s := range sorts {
			if paths[j].last == nil {
				continue
			}
			vals, found := v.values(ent, r, paths[j])
			if s.count {
				list[i].keys[j] = jsondoc.Int(len(vals))
			} else if found && len(vals) > 0 {
				list[i].keys[j] = scalar(vals[0])
			}
		}
	}
	sort.SliceStable(list, func(a, b int) bool {
		for j, s := range sorts {
			x, y := list[a].keys[j], list[b].keys[j]
			c := 0
			switch {
			case x == nil && y == nil:
			case x == nil:
				c = -1
			case y == nil:
				c = 1
			case s.count:
				c, _ = compare(kindInt, x, y)
			default:
				c, _ = compare(paths[j].last.kind, x, y)
			}
			if c != 0 {
				return (c < 0) != s.descending
			}
		}
		return false
	})
	for i := range list {
		rows[i] = list[i].r
	}
}

// result is one page.
type result struct {
	rows  []*row
	total int
	all   []*row // what aggregations count
}

// search runs criteria over the rows of an entity.
func (v *view) search(ent *entity, rows []*row, c *criteria) result {
	if len(c.ids) > 0 {
		// ids ignore page, limit and total, and keep their order.
		byID := map[string]*row{}
		for _, r := range rows {
			byID[r.str("id")] = r
		}
		var picked []*row
		for _, id := range c.ids {
			if r := byID[id]; r != nil && v.matches(ent, r, c.filters) && v.matches(ent, r, c.post) {
				picked = append(picked, r)
				delete(byID, id)
			}
		}
		return result{rows: picked, total: len(picked), all: picked}
	}
	all := v.find(ent, rows, c)
	res := result{all: all}
	for _, r := range all {
		if v.matches(ent, r, c.post) {
			res.rows = append(res.rows, r)
		}
	}
	full := len(res.rows)
	if c.limit > 0 {
		from := max(c.page-1, 0) * c.limit
		res.rows = res.rows[min(from, full):min(from+c.limit, full)]
	}
	switch c.total {
	case 1:
		res.total = full
	case 2:
		res.total = min(full, 6*c.limit+1)
		if c.limit == 0 {
			res.total = full
		}
	default:
		res.total = len(res.rows)
	}
	return res
}
