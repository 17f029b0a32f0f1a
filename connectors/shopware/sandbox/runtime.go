package sandbox

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"math/big"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// runtime works out the fields that the server's indexers or subscribers fill.
func (v *view) runtime(ent *entity, r *row, f *field) any {
	switch ent.name {
	case "product":
		return v.productRuntime(ent, r, f)
	case "category":
		return v.categoryRuntime(ent, r, f)
	case "customer":
		if f.name == "tagIds" {
			return v.idList(ent, r, "tags")
		}
	}
	return f.def
}

// idList is the ids that an association leads to, or null.
func (v *view) idList(ent *entity, r *row, association string) any {
	var ids []any
	for _, to := range v.s.db.related(ent.byName[association], r) {
		ids = append(ids, to.str("id"))
	}
	if len(ids) == 0 {
		return nil
	}
	return ids
}

func (v *view) productRuntime(ent *entity, r *row, f *field) any {
	switch f.name {
	case "childCount":
		if r.str("parentId") != "" {
			return nil
		}
		return jsondoc.Int(len(v.s.db.having(ent, "parentId", r.str("id"))))
	case "displayGroup":
		of := r.str("parentId")
		if of == "" {
			of = r.str("id")
		}
		sum := md5.Sum([]byte(of))
		return hex.EncodeToString(sum[:])
	case "availableStock":
		return v.s.availableStock(r)
	case "available":
		return v.available(ent, r)
	case "tagIds":
		return v.idList(ent, r, "tags")
	case "categoryIds":
		var ids []any
		for _, c := range v.categories(ent, r) {
			ids = append(ids, c.str("id"))
		}
		if ids == nil {
			return nil
		}
		return ids
	case "optionIds":
		return v.idList(ent, r, "options")
	case "propertyIds":
		return v.idList(ent, r, "properties")
	case "categoryTree":
		return v.categoryTree(ent, r)
	}
	return f.def
}

// available: a product that is sold out only when it is closed out.
func (v *view) available(ent *entity, r *row) any {
	parent := v.s.db.get(ent, r.str("parentId"))
	own := func(name string) any {
		if val := r.v[name]; val != nil || parent == nil {
			return val
		}
		return parent.v[name]
	}
	if closeout, _ := own("isCloseout").(bool); !closeout {
		return true
	}
	stock, ok := rat(r.v["stock"])
	least, okLeast := rat(own("minPurchase"))
	return ok && okLeast && stock.Cmp(least) >= 0
}

func (v *view) categoryTree(ent *entity, r *row) any {
	category := v.s.schema.entities["category"]
	seen := map[string]bool{}
	var ids []any
	for _, c := range v.categories(ent, r) {
		for _, up := range v.ancestors(category, c) {
			if id := up.str("id"); !seen[id] {
				seen[id] = true
				ids = append(ids, id)
			}
		}
	}
	if len(ids) == 0 {
		return nil
	}
	return ids
}

// categories of a product; the indexer gives a variant those of its parent.
func (v *view) categories(ent *entity, r *row) []*row {
	rows := v.s.db.related(ent.byName["categories"], r)
	if parent := v.s.db.get(ent, r.str("parentId")); len(rows) == 0 && parent != nil {
		rows = v.s.db.related(ent.byName["categories"], parent)
	}
	return rows
}

// ancestors is a category and what is above it, from the top. A loop of parents ends it.
func (v *view) ancestors(category *entity, c *row) []*row {
	var up []*row
	seen := map[string]bool{}
	for c != nil && !seen[c.str("id")] {
		seen[c.str("id")] = true
		up = append([]*row{c}, up...)
		c = v.s.db.get(category, c.str("parentId"))
	}
	return up
}

func (v *view) categoryRuntime(ent *entity, r *row, f *field) any {
	line := v.ancestors(ent, r)
	switch f.name {
	case "breadcrumb":
		var names []any
		for _, c := range line {
			names = append(names, v.translation(ent, c, ent.byName["name"]))
		}
		return names
	case "path":
		if len(line) < 2 {
			return nil
		}
		path := "|"
		for _, c := range line[:len(line)-1] {
			path += c.str("id") + "|"
		}
		return path
	case "level":
		return jsondoc.Int(len(line))
	case "childCount":
		return jsondoc.Int(len(v.s.db.having(ent, "parentId", r.str("id"))))
	}
	return f.def
}

// variation names the options of a variant, where they were loaded with their groups.
func (e *encoder) variation(ent *entity, r *row, assoc []association) any {
	list := []any{}
	for _, a := range assoc {
		if a.name != "options" {
			continue
		}
		for _, sub := range a.crit.associations {
			if sub.name != "group" {
				continue
			}
			option := ent.byName["options"].target
			for _, o := range e.s.db.related(ent.byName["options"], r) {
				for _, g := range e.s.db.related(option.byName["group"], o) {
					group := option.byName["group"].target
					list = append(list, jsondoc.New("group", e.translation(group, g, group.byName["name"]),
						"option", e.translation(option, o, option.byName["name"])))
				}
			}
		}
	}
	return list
}

func addNumber(v any, n *big.Rat) json.Number {
	r, ok := rat(v)
	if !ok {
		r = new(big.Rat)
	}
	return number(new(big.Rat).Add(r, n), 6)
}
