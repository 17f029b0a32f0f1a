package engine

import (
	"fmt"
	"slices"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// predicateNames are the functions whose second argument is evaluated for each element.
var predicateNames = []string{"all", "any", "count", "filter", "find", "findIndex", "findLast", "findLastIndex", "groupBy", "map", "none", "one", "reduce", "sortBy", "sum"}

// builtin compiles a function with a predicate: filter(list, .field == x).
func (c *compiler) builtin(n *ast.BuiltinNode) operand {
	if !slices.Contains(predicateNames, n.Name) {
		c.reportAt(n, codeUnknownFunc, fmt.Sprintf("unknown function %q", n.Name), "")
		return c.broken(n)
	}
	src := c.compile(n.Arguments[0])
	if k := src.shape.Kinds &^ value.Nil; k != 0 && !k.Has(value.List) {
		help := ""
		if k.Has(value.Object) {
			help = "values(x) makes a list of an object's members"
		}
		c.reportAt(n, codeArguments, fmt.Sprintf("%s wants a list, this is %s", n.Name, article(k.String())), help)
		return c.broken(n)
	}
	item := src.shape.Item
	if item == nil {
		item = shape.Any
	}
	mark := c.slots
	p := &predicate{element: c.slot(), index: c.slot(), acc: -1, shape: item, places: src.elements(), outer: c.preds}
	var initial, order *operand
	if n.Name == "reduce" {
		p.acc, p.accShape = c.slot(), shape.Any
		if len(n.Arguments) > 2 {
			o := c.compile(n.Arguments[2])
			initial = &o
		}
	} else if len(n.Arguments) > 2 {
		o := c.compile(n.Arguments[2])
		order = &o
	}
	each := slotOperand(p.element, item, n)
	if len(n.Arguments) > 1 {
		body := n.Arguments[1]
		if pn, ok := body.(*ast.PredicateNode); ok {
			body = pn.Node
		}
		reads := c.reads
		c.preds = p
		each = c.compile(body)
		c.preds = p.outer
		c.reads = reads // paths from the element mean nothing outside the loop
	}
	l := &loop{name: n.Name, src: src, each: each, p: p, text: c.text, from: n.Location().From, to: n.Location().To}
	if inner := src.filter; inner != nil {
		l.src, l.only, l.onlyTest = inner.src, inner, src.filterTest
	}
	o := c.loop(n, l, initial, order)
	c.slots = mark
	return o
}

// loop is a function with a predicate, compiled.
type loop struct {
	name     string
	src      operand
	each     operand
	p        *predicate
	text     *scalar
	from, to int
	// only is the filter that stands between the list and this loop, so that no list of what passes is made.
	only     *loop
	onlyTest func(*frame) (bool, error)
}

func (l *loop) fault(code, msg string) error {
	return &fault{text: l.text, from: l.from, to: l.to, code: code, msg: msg}
}

// items returns the elements, in room that is void once the caller drops its mark; ok is false
// for a missing or null list.
func (l *loop) items(f *frame) (items []value.Value, ok bool, err error) {
	v, err := l.src.run(f)
	if err != nil || v.IsNil() {
		return nil, false, err
	}
	reader := l // of the list: its failures are told, as if it had made a list of its own
	if l.only != nil {
		reader = l.only
	}
	if v.Kind() != value.List {
		return nil, false, reader.fault(codeKinds, fmt.Sprintf("%s wants a list, got %s", reader.name, article(v.Kind().String())))
	}
	if err := f.budget.Bytes(int64(v.Len()) * valueBytes); err != nil {
		return nil, false, asFault(err, reader.text, reader.from, reader.to)
	}
	items = f.items(v)
	if l.only == nil {
		return items, true, nil
	}
	kept, err := l.only.keep(f, items[:0], items, l.onlyTest)
	return kept, err == nil, err
}

// keep appends to kept the items that pass; kept may be the start of items.
func (l *loop) keep(f *frame, kept, items []value.Value, test func(*frame) (bool, error)) ([]value.Value, error) {
	for i, item := range items {
		if pass, err := l.pass(f, i, item, test); err != nil {
			return nil, err
		} else if pass {
			kept = append(kept, item)
		}
	}
	return kept, nil
}

func (l *loop) at(f *frame, i int, item value.Value) (value.Value, error) {
	if err := f.budget.Step(1); err != nil {
		return value.Value{}, asFault(err, l.text, l.from, l.to)
	}
	f.vars[l.p.element] = item
	f.vars[l.p.index] = value.Int(i)
	return l.each.run(f)
}

func (c *compiler) loop(n *ast.BuiltinNode, l *loop, initial, order *operand) operand {
	nils := l.src.shape.Kinds & value.Nil
	if nils != 0 {
		nils = value.Of(value.Missing)
	}
	item := l.p.shape
	o := operand{node: n}
	switch l.name {
	case "filter":
		test := c.condition(l.each)
		o.run, o.shape, o.items = l.filter(test), shape.ListOf(item).With(nils), l.p.places
		if l.only == nil {
			o.filter, o.filterTest = l, test
		}
	case "map":
		o.run, o.shape, o.items, o.quick = l.mapped(), shape.ListOf(l.each.shape).With(nils), l.each.places, l.quickMapped()
	case "find", "findLast":
		o.run, o.shape, o.places = l.find(c.condition(l.each), l.name == "findLast", false), item.With(value.Of(value.Missing)), l.p.places
	case "findIndex", "findLastIndex":
		o.run, o.shape = l.find(c.condition(l.each), l.name == "findLastIndex", true), shape.Of(value.Numbers|value.Of(value.Missing))
	case "all", "any", "none", "one":
		o.run, o.shape = l.quantify(c.condition(l.each)), shape.Of(value.Bools)
	case "count":
		if len(n.Arguments) < 2 {
			l.each = constant(value.Boolean(true), shape.Of(value.Bools), n)
		}
		test := c.condition(l.each)
		o.run, o.shape, o.quick = l.count(test), shape.Of(value.Numbers), l.quickCount(test)
	case "sum":
		if k := l.each.shape.Kinds &^ value.Nil; k != 0 && !k.Has(value.Number) {
			c.reportAt(n, codeArguments, fmt.Sprintf("sum adds numbers, this is %s", article(k.String())), "name the field: sum(list, .amount)")
			return c.broken(n)
		}
		o.run, o.shape, o.quick = l.sum(), shape.Of(value.Numbers), l.quickSum()
	case "groupBy":
		l.src.walked()
		o.run = l.groupBy()
		o.shape = shape.ObjectOf(shape.ListOf(item)).With(nils)
	case "sortBy":
		o.run, o.shape, o.items = l.sortBy(order), shape.ListOf(item).With(nils), l.p.places
	case "reduce":
		l.src.walked()
		o.run, o.shape = l.reduce(initial), shape.Any
	}
	return o
}

func (l *loop) filter(test func(*frame) (bool, error)) code {
	return func(f *frame) (value.Value, error) {
		defer f.drop(len(f.stack))
		items, ok, err := l.items(f)
		if err != nil || !ok {
			return value.Value{}, err
		}
		kept, err := l.keep(f, f.arena.Values(len(items))[:0], items, test)
		if err != nil {
			return value.Value{}, err
		}
		return f.arena.ListOf(kept), nil
	}
}

func (l *loop) pass(f *frame, i int, item value.Value, test func(*frame) (bool, error)) (bool, error) {
	if err := f.budget.Step(1); err != nil {
		return false, asFault(err, l.text, l.from, l.to)
	}
	f.vars[l.p.element] = item
	f.vars[l.p.index] = value.Int(i)
	return test(f)
}

func (l *loop) mapped() code {
	return func(f *frame) (value.Value, error) {
		defer f.drop(len(f.stack))
		items, ok, err := l.items(f)
		if err != nil || !ok {
			return value.Value{}, err
		}
		out := f.arena.Values(len(items))
		for i, item := range items {
			if out[i], err = l.at(f, i, item); err != nil {
				return value.Value{}, err
			}
		}
		return f.made(f.arena.ListOf(out), l.text, l.from, l.to)
	}
}

func (l *loop) find(test func(*frame) (bool, error), last, index bool) code {
	return func(f *frame) (value.Value, error) {
		defer f.drop(len(f.stack))
		items, _, err := l.items(f)
		if err != nil {
			return value.Value{}, err
		}
		for k := range items {
			i := k
			if last {
				i = len(items) - 1 - k
			}
			pass, err := l.pass(f, i, items[i], test)
			if err != nil {
				return value.Value{}, err
			}
			if pass && index {
				return value.Int(i), nil
			}
			if pass {
				return items[i], nil
			}
		}
		return value.Value{}, nil
	}
}

// hits counts the elements that pass. Every element is tested, also once the answer is known, so that whether a
// document fails does not depend on the order of its elements.
func (l *loop) hits(f *frame, test func(*frame) (bool, error)) (hits, of int, err error) {
	defer f.drop(len(f.stack))
	items, _, err := l.items(f)
	if err != nil {
		return 0, 0, err
	}
	for i, item := range items {
		pass, err := l.pass(f, i, item, test)
		if err != nil {
			return 0, 0, err
		}
		if pass {
			hits++
		}
	}
	return hits, len(items), nil
}

func (l *loop) quantify(test func(*frame) (bool, error)) code {
	return func(f *frame) (value.Value, error) {
		hits, of, err := l.hits(f, test)
		if err != nil {
			return value.Value{}, err
		}
		switch l.name {
		case "all":
			return value.Boolean(hits == of), nil
		case "any":
			return value.Boolean(hits > 0), nil
		case "none":
			return value.Boolean(hits == 0), nil
		}
		return value.Boolean(hits == 1), nil
	}
}

func (l *loop) count(test func(*frame) (bool, error)) code {
	return func(f *frame) (value.Value, error) {
		hits, _, err := l.hits(f, test)
		if err != nil {
			return value.Value{}, err
		}
		return value.Int(hits), nil
	}
}

// sum adds exactly; missing and null elements count as nothing.
func (l *loop) sum() code {
	return func(f *frame) (value.Value, error) {
		defer f.drop(len(f.stack))
		items, _, err := l.items(f)
		if err != nil {
			return value.Value{}, err
		}
		var total decimal.Decimal
		for i, item := range items {
			v, err := l.at(f, i, item)
			if err != nil {
				return value.Value{}, err
			}
			if v.IsNil() {
				continue
			}
			if v.Kind() != value.Number {
				return value.Value{}, l.fault(codeKinds, fmt.Sprintf("sum adds numbers, element %d is %s", i, article(v.Kind().String())))
			}
			d, err := v.Dec()
			if err != nil {
				return value.Value{}, l.fault(codeNumber, "the number is too large or too precise to compute with")
			}
			total = total.Add(d)
		}
		return value.Decimal(total), nil
	}
}

func (l *loop) groupBy() code {
	return func(f *frame) (value.Value, error) {
		defer f.drop(len(f.stack))
		items, ok, err := l.items(f)
		if err != nil || !ok {
			return value.Value{}, err
		}
		var keys []string
		groups := map[string][]value.Value{}
		for i, item := range items {
			v, err := l.at(f, i, item)
			if err != nil {
				return value.Value{}, err
			}
			key, ok := function.KeyText(v)
			if !ok {
				return value.Value{}, l.fault(codeKinds, fmt.Sprintf("groupBy wants a word or a number to group by, element %d gives %s", i, article(v.Kind().String())))
			}
			if groups[key] == nil {
				keys = append(keys, key)
				if err := f.budget.Bytes(groupBytes + int64(len(key))); err != nil {
					return value.Value{}, asFault(err, l.text, l.from, l.to)
				}
			}
			groups[key] = append(groups[key], item)
		}
		fields := make([]value.Field, len(keys))
		for i, k := range keys {
			fields[i] = value.Field{Key: k, Value: value.ListOf(groups[k])}
		}
		return f.made(value.ObjectOf(fields), l.text, l.from, l.to)
	}
}

// groupBytes is what one group costs beside its elements.
const groupBytes = 256

// sortBy sorts stably; elements without a value come last.
func (l *loop) sortBy(order *operand) code {
	return func(f *frame) (value.Value, error) {
		defer f.drop(len(f.stack))
		items, ok, err := l.items(f)
		if err != nil || !ok {
			return value.Value{}, err
		}
		descending := false
		if order != nil {
			v, err := order.run(f)
			if err != nil {
				return v, err
			}
			switch v.Str() {
			case "asc":
			case "desc":
				descending = true
			default:
				return value.Value{}, l.fault(codeKinds, `the order of sortBy is "asc" or "desc"`)
			}
		}
		type row struct{ key, item value.Value }
		rows := make([]row, len(items))
		for i, item := range items {
			k, err := l.at(f, i, item)
			if err != nil {
				return value.Value{}, err
			}
			rows[i] = row{k, item}
		}
		var mixed error
		slices.SortStableFunc(rows, func(a, b row) int {
			if a.key.IsNil() || b.key.IsNil() {
				return boolInt(a.key.IsNil()) - boolInt(b.key.IsNil())
			}
			order, ok := value.Compare(a.key, b.key)
			if !ok {
				mixed = l.fault(codeKinds, fmt.Sprintf("sortBy cannot compare %s with %s", article(a.key.Kind().String()), article(b.key.Kind().String())))
			}
			if descending {
				return -order
			}
			return order
		})
		if mixed != nil {
			return value.Value{}, mixed
		}
		out := make([]value.Value, len(rows))
		for i, r := range rows {
			out[i] = r.item
		}
		return value.ListOf(out), nil
	}
}

func boolInt(b bool) int {
	if b {
		return 1
	}
	return 0
}

func (l *loop) reduce(initial *operand) code {
	return func(f *frame) (value.Value, error) {
		defer f.drop(len(f.stack))
		items, _, err := l.items(f)
		if err != nil {
			return value.Value{}, err
		}
		var acc value.Value
		first := 0
		if initial != nil {
			if acc, err = initial.run(f); err != nil {
				return acc, err
			}
		} else if len(items) > 0 {
			acc, first = items[0], 1
		}
		for i := first; i < len(items); i++ {
			f.vars[l.p.acc] = acc
			if acc, err = l.at(f, i, items[i]); err != nil {
				return acc, err
			}
		}
		return acc, nil
	}
}
