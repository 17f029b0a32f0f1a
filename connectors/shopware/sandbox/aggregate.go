package sandbox

import (
	"math/big"
	"sort"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// aggregate answers the aggregations; none asked is [].
func (v *view) aggregate(ent *entity, rows []*row, list []aggregation) any {
	if len(list) == 0 {
		return []any{}
	}
	out := jsondoc.New()
	for _, a := range list {
		v.aggregateOne(out, ent, rows, a)
	}
	return out
}

func (v *view) aggregateOne(out *object, ent *entity, rows []*row, a aggregation) {
	if a.typ == "filter" {
		var kept []*row
		for _, r := range rows {
			if v.matches(ent, r, a.filters) {
				kept = append(kept, r)
			}
		}
		if a.nested != nil {
			v.aggregateOne(out, ent, kept, *a.nested)
		}
		return
	}
	p, err := v.path(ent, a.field)
	if err != nil {
		return
	}
	res := jsondoc.New("name", a.name)
	var vals []any
	byKey := map[string][]*row{}
	for _, r := range rows {
		found, _ := v.values(ent, r, p)
		for _, x := range found {
			if x = scalar(x); x != nil {
				vals = append(vals, x)
				byKey[text(x)] = append(byKey[text(x)], r)
			}
		}
	}
	switch a.typ {
	case "count":
		res.Set("count", len(vals))
	case "terms":
		keys := make([]string, 0, len(byKey))
		for k := range byKey {
			keys = append(keys, k)
		}
		sort.Strings(keys)
		if a.limit > 0 && len(keys) > a.limit {
			keys = keys[:a.limit]
		}
		buckets := []any{}
		for _, k := range keys {
			b := jsondoc.New("key", k, "count", len(byKey[k]))
			if a.nested != nil {
				v.aggregateOne(b, ent, byKey[k], *a.nested)
			}
			b.Set("apiAlias", "aggregation_bucket")
			buckets = append(buckets, b)
		}
		res.Set("buckets", buckets)
	default:
		stats(res, a.typ, p.last.kind, vals)
	}
	res.Set("apiAlias", a.name+"_aggregation")
	out.Set(a.name, res)
}

// stats has min and max as text, avg and sum as numbers.
func stats(res *object, typ string, k kind, vals []any) {
	var lo, hi any
	sum := new(big.Rat)
	for _, x := range vals {
		if c, ok := compare(k, x, lo); lo == nil || ok && c < 0 {
			lo = x
		}
		if c, ok := compare(k, x, hi); hi == nil || ok && c > 0 {
			hi = x
		}
		if r, ok := rat(x); ok {
			sum.Add(sum, r)
		}
	}
	textOrNull := func(x any) any {
		if x == nil {
			return nil
		}
		return text(x)
	}
	avg := new(big.Rat)
	if len(vals) > 0 {
		avg.Quo(sum, big.NewRat(int64(len(vals)), 1))
	}
	for _, m := range []struct {
		name string
		v    any
	}{{"min", textOrNull(lo)}, {"max", textOrNull(hi)}, {"avg", number(avg, 11)}, {"sum", number(sum, 11)}} {
		if typ == "stats" || typ == m.name {
			res.Set(m.name, m.v)
		}
	}
}
