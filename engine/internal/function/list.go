package function

import (
	"math"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

var listFuncs = []*Func{
	{
		Name: "len", Group: "lists",
		Summary:  "The number of characters of a text, elements of a list or members of an object.",
		Params:   []Param{{Name: "x", Kinds: value.Strings | value.Lists | value.Objects}},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`len("Århus")`, "5"}, {`len([1, nil])`, "2"}, {`len(nil)`, "missing"}},
		Call:     func(_ *Call, args []value.Value) (value.Value, error) { return value.Int(args[0].Len()), nil },
	},
	{
		Name: "concat", Group: "lists", TakesNil: true,
		Summary:  "The elements of all lists in one list. Missing and null lists are left out.",
		Params:   []Param{{Name: "lists", Kinds: value.Lists, Variadic: true}},
		Infer:    unionList,
		Examples: []Example{{`concat([1], nil, [2, 3])`, "[1,2,3]"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			all := []value.Value{}
			for i := range args {
				list, err := c.items(args, i)
				if err != nil {
					return value.Value{}, err
				}
				all = append(all, list...)
			}
			return value.ListOf(all), nil
		},
	},
	{
		Name: "first", Group: "lists",
		Summary:  "The first element; missing where the list is empty.",
		Params:   []Param{{Name: "list", Kinds: value.Lists}},
		Infer:    elementOf,
		Examples: []Example{{`first([7, 8])`, "7"}, {`first([])`, "missing"}},
		Call:     func(_ *Call, args []value.Value) (value.Value, error) { return args[0].Index(0), nil },
	},
	{
		Name: "last", Group: "lists",
		Summary:  "The last element; missing where the list is empty.",
		Params:   []Param{{Name: "list", Kinds: value.Lists}},
		Infer:    elementOf,
		Examples: []Example{{`last([7, 8])`, "8"}},
		Call:     func(_ *Call, args []value.Value) (value.Value, error) { return args[0].Index(-1), nil },
	},
	{
		Name: "unique", Group: "lists",
		Summary:  "The list with every element once, where it stands first. With a path, elements are the same when what they have there is.",
		Params:   []Param{{Name: "list", Kinds: value.Lists}, {Name: "path", Kinds: value.Strings, Optional: true}},
		Infer:    sameList,
		Examples: []Example{{`unique([1, "1", 1.0, 2])`, `[1,"1",2]`}, {`unique([{a: 1, b: 1}, {a: 1, b: 2}], "a")`, `[{"a":1,"b":1}]`}},
		Call:     callUnique,
	},
	{
		Name: "compact", Group: "lists",
		Summary:  `The list without its missing, null and empty ("", [], {}) elements.`,
		Params:   []Param{{Name: "list", Kinds: value.Lists}},
		Infer:    sameList,
		Examples: []Example{{`compact(["a", "", nil, 0, []])`, `["a",0]`}, {`join(compact(["Ada", "", "Berg"]), " ")`, `"Ada Berg"`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			list, err := c.items(args, 0)
			if err != nil {
				return value.Value{}, err
			}
			kept := make([]value.Value, 0, len(list))
			for _, v := range list {
				if !v.IsEmpty() {
					kept = append(kept, v)
				}
			}
			return value.ListOf(kept), nil
		},
	},
	{
		Name: "flatten", Group: "lists",
		Summary:  "The elements of lists within the list in its place, down to depth levels, or all of them.",
		Params:   []Param{{Name: "list", Kinds: value.Lists}, {Name: "depth", Kinds: value.Numbers, Optional: true}},
		Result:   shape.Of(value.Lists),
		Examples: []Example{{`flatten([1, [2, [3]]])`, "[1,2,3]"}, {`flatten([1, [2, [3]]], 1)`, "[1,2,[3]]"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			depth, err := whole(args, 1, math.MaxInt32, 0, math.MaxInt32)
			if err != nil {
				return value.Value{}, err
			}
			flat, err := flatten(c, []value.Value{}, args[0], depth)
			return value.ListOf(flat), err
		},
	},
	{
		Name: "zip", Group: "lists",
		Summary:  "A list whose element i is the list of the elements i of all lists. Where a list is shorter, null stands in.",
		Params:   []Param{{Name: "lists", Kinds: value.Lists, Variadic: true}},
		Result:   shape.ListOf(shape.Of(value.Lists)),
		Examples: []Example{{`zip(["a", "b"], [1, 2])`, `[["a",1],["b",2]]`}, {`zip([1], [])`, "[[1,null]]"}},
		Call:     callZip,
	},
	{
		Name: "sort", Group: "lists",
		Summary:  "The list of numbers or of texts in order; texts by their characters' codes, so that capitals come first. Missing and null come last.",
		Params:   []Param{{Name: "list", Kinds: value.Lists}, {Name: "order", Kinds: value.Strings, Optional: true, Choices: []string{"asc", "desc"}}},
		Infer:    sameList,
		Examples: []Example{{`sort([10, 9.5, 100])`, "[9.5,10,100]"}, {`sort(["b", "a"], "desc")`, `["b","a"]`}, {`sort([1, "a"])`, "error: sort: list must hold either numbers or texts"}},
		Call:     callSort,
	},
	{
		Name: "reverse", Group: "lists",
		Summary:  "The list from its end to its start.",
		Params:   []Param{{Name: "list", Kinds: value.Lists}},
		Infer:    sameList,
		Examples: []Example{{`reverse([1, 2, 3])`, "[3,2,1]"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			list, err := c.items(args, 0)
			if err != nil {
				return value.Value{}, err
			}
			list = slices.Clone(list)
			slices.Reverse(list)
			return value.ListOf(list), nil
		},
	},
	{
		Name: "min", Group: "lists", TakesNil: true,
		Summary:  "The smallest of the numbers, or of the texts (dates such as 2026-01-31 are texts), given one by one or as a list. Missing and null are left out; of none, the result is missing.",
		Params:   extremeParams,
		Result:   shape.Of(value.Numbers | value.Strings | value.Of(value.Missing)),
		Examples: []Example{{`min(3, 1.50, 2)`, "1.50"}, {`min([])`, "missing"}, {`min("2026-02-01", "2026-01-31")`, `"2026-01-31"`}},
		Call:     func(c *Call, args []value.Value) (value.Value, error) { return extreme(c, args, -1) },
	},
	{
		Name: "max", Group: "lists", TakesNil: true,
		Summary:  "As min, the largest.",
		Params:   extremeParams,
		Result:   shape.Of(value.Numbers | value.Strings | value.Of(value.Missing)),
		Examples: []Example{{`max([1, nil, 2])`, "2"}},
		Call:     func(c *Call, args []value.Value) (value.Value, error) { return extreme(c, args, 1) },
	},
	{
		Name: "indexBy", Group: "lists",
		Summary:  "The objects of a list as members of one object, each under the text that it has at the path. Elements without one are left out; of two with the same, the last counts.",
		Params:   []Param{{Name: "list", Kinds: value.Lists}, {Name: "path", Kinds: value.Strings}},
		Result:   shape.Of(value.Objects),
		Examples: []Example{{`indexBy([{id: 7, name: "a"}, {id: 8, name: "b"}], "id")["8"].name`, `"b"`}},
		Call:     callIndexBy,
	},
}

func elementOf(args []*shape.Shape) *shape.Shape { return args[0].Element() }

func sameList(args []*shape.Shape) *shape.Shape { return shape.ListOf(args[0].Item) }

func unionList(args []*shape.Shape) *shape.Shape {
	var item *shape.Shape
	for _, a := range args {
		if !a.Has(value.List) {
			continue
		}
		if a.Item == nil {
			return shape.Of(value.Lists)
		}
		item = shape.Union(item, a.Item)
	}
	return shape.ListOf(item)
}

var extremeParams = []Param{{Name: "values", Kinds: value.Numbers | value.Strings | value.Lists, Variadic: true}}

// at walks a path of member names with dots between them, as far as there is one to walk: the path may be long, and the list too.
func at(v value.Value, path string) value.Value {
	for v.Kind() == value.Object {
		name, rest, more := strings.Cut(path, ".")
		if v = v.Member(name); !more {
			return v
		}
		path = rest
	}
	return value.Value{}
}

func callUnique(c *Call, args []value.Value) (value.Value, error) {
	list, err := c.items(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	path := str(args, 1, "")
	kept := make([]value.Value, 0, len(list))
	seen := make(map[string]bool, len(list))
	var key []byte
	for _, v := range list {
		id := v
		if path != "" {
			id = at(v, path)
		}
		if err := c.chargeJSON(id); err != nil {
			return value.Value{}, err
		}
		key = appendIdentity(key[:0], id)
		if seen[string(key)] {
			continue
		}
		if err := c.Budget.Bytes(int64(len(key)) + valueBytes); err != nil {
			return value.Value{}, err
		}
		seen[string(key)] = true
		kept = append(kept, v)
	}
	return value.ListOf(kept), nil
}

// appendIdentity writes text that two values share exactly when value.Equal holds: numbers without trailing zeros,
// members sorted.
func appendIdentity(dst []byte, v value.Value) []byte {
	switch v.Kind() {
	case value.Number:
		text, _ := KeyText(v)
		return append(dst, text...)
	case value.List:
		dst = append(dst, '[')
		for _, item := range v.Items() {
			dst = append(appendIdentity(dst, item), ',')
		}
		return append(dst, ']')
	case value.Object:
		fields := slices.Clone(v.Fields())
		slices.SortFunc(fields, func(a, b value.Field) int {
			switch {
			case a.Key < b.Key:
				return -1
			case a.Key > b.Key:
				return 1
			}
			return 0
		})
		dst = append(dst, '{')
		for _, f := range fields {
			if f.Value.Kind() == value.Missing {
				continue
			}
			dst = append(value.Text(f.Key).AppendJSON(dst), ':')
			dst = append(appendIdentity(dst, f.Value), ',')
		}
		return append(dst, '}')
	case value.String:
		return value.Text(v.Str()).AppendJSON(dst) // one spelling of escapes
	}
	return v.AppendJSON(dst)
}

func flatten(c *Call, dst []value.Value, list value.Value, depth int) ([]value.Value, error) {
	items := list.Items()
	if err := c.Budget.Bytes(int64(len(items)) * valueBytes); err != nil {
		return dst, err
	}
	for _, v := range items {
		if v.Kind() != value.List || depth == 0 {
			dst = append(dst, v)
			continue
		}
		var err error
		if dst, err = flatten(c, dst, v, depth-1); err != nil {
			return dst, err
		}
	}
	return dst, nil
}

func callZip(c *Call, args []value.Value) (value.Value, error) {
	lists := make([][]value.Value, len(args))
	longest := 0
	for i := range args {
		list, err := c.items(args, i)
		if err != nil {
			return value.Value{}, err
		}
		lists[i] = list
		longest = max(longest, len(list))
	}
	if err := c.Budget.Bytes(int64(longest) * int64(len(lists)+1) * valueBytes); err != nil {
		return value.Value{}, err
	}
	rows := make([]value.Value, longest)
	for r := range rows {
		row := make([]value.Value, len(lists))
		for i, list := range lists {
			row[i] = value.NullValue
			if r < len(list) {
				row[i] = list[r]
			}
		}
		rows[r] = value.ListOf(row)
	}
	return value.ListOf(rows), nil
}

func callSort(c *Call, args []value.Value) (value.Value, error) {
	list, err := c.items(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	if err := c.Budget.Step(8 * len(list)); err != nil {
		return value.Value{}, err
	}
	descending := str(args, 1, "asc") == "desc"
	known := make([]value.Value, 0, len(list))
	var unknown []value.Value
	for _, v := range list {
		if v.IsNil() {
			unknown = append(unknown, v)
			continue
		}
		if len(known) == 0 && v.Kind() != value.Number && v.Kind() != value.String {
			return value.Value{}, failure(0, "must hold either numbers or texts")
		}
		known = append(known, v)
		if _, ok := value.Compare(known[0], v); !ok {
			return value.Value{}, failure(0, "must hold either numbers or texts")
		}
	}
	slices.SortStableFunc(known, func(a, b value.Value) int {
		order, _ := value.Compare(a, b)
		if descending {
			return -order
		}
		return order
	})
	return value.ListOf(append(known, unknown...)), nil
}

func extreme(c *Call, args []value.Value, sign int) (value.Value, error) {
	var best value.Value
	take := func(i int, v value.Value) error {
		if v.IsNil() {
			return nil
		}
		if v.Kind() != value.Number && v.Kind() != value.String {
			return failure(i, "must hold numbers or texts only")
		}
		if best.Kind() == value.Missing {
			best = v
		}
		order, ok := value.Compare(v, best)
		if !ok {
			return failure(i, "must hold either numbers or texts, as the others do")
		}
		if order*sign > 0 {
			best = v
		}
		return nil
	}
	for i, a := range args {
		if a.Kind() != value.List {
			if err := take(i, a); err != nil {
				return value.Value{}, err
			}
			continue
		}
		list, err := c.items(args, i)
		if err != nil {
			return value.Value{}, err
		}
		for _, v := range list {
			if err := take(i, v); err != nil {
				return value.Value{}, err
			}
		}
	}
	return best, nil
}

func callIndexBy(c *Call, args []value.Value) (value.Value, error) {
	list, err := c.items(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	b := newObject(len(list))
	for _, v := range list {
		key, ok := KeyText(at(v, args[1].Str()))
		if !ok {
			continue
		}
		if err := c.Budget.Bytes(int64(len(key)) + valueBytes); err != nil {
			return value.Value{}, err
		}
		b.set(key, v)
	}
	return b.value(), nil
}
