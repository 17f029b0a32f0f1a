package function

import (
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

var objectFuncs = []*Func{
	{
		Name: "keys", Group: "objects",
		Summary:  "The names of the members, in their order.",
		Params:   []Param{{Name: "object", Kinds: objects}},
		Result:   shape.ListOf(shape.Of(value.Strings)),
		Examples: []Example{{`keys({b: 1, a: 2})`, `["b","a"]`}, {`keys([])`, "[]"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			return perField(c, args, func(f value.Field) value.Value { return value.Text(f.Key) })
		},
	},
	{
		Name: "values", Group: "objects",
		Summary:  "The values of the members, in their order.",
		Params:   []Param{{Name: "object", Kinds: objects}},
		Result:   shape.Of(value.Lists),
		Examples: []Example{{`values({b: 1, a: 2})`, "[1,2]"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			return perField(c, args, func(f value.Field) value.Value { return f.Value })
		},
	},
	{
		Name: "entries", Group: "objects",
		Summary:  "The members as a list of objects with key and value.",
		Params:   []Param{{Name: "object", Kinds: objects}},
		Result:   shape.ListOf(shape.NewObject([]string{"key", "value"}, map[string]*shape.Shape{"key": shape.Of(value.Strings), "value": shape.Any})),
		Examples: []Example{{`entries({size: "M"})`, `[{"key":"size","value":"M"}]`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			if err := c.Budget.Bytes(int64(args[0].Len()) * 3 * valueBytes); err != nil {
				return value.Value{}, err
			}
			return perField(c, args, func(f value.Field) value.Value {
				return value.ObjectOf([]value.Field{{Key: "key", Value: value.Text(f.Key)}, {Key: "value", Value: f.Value}})
			})
		},
	},
	{
		Name: "fromEntries", Group: "objects",
		Summary: "The object of a list of entries, each an object with key and value or a list of the two. Of two with the same key, the last counts.",
		Params:  []Param{{Name: "entries", Kinds: value.Lists}},
		Result:  shape.Of(value.Objects),
		Examples: []Example{
			{`fromEntries([{key: "size", value: "M"}])`, `{"size":"M"}`}, {`fromEntries(zip(["a", "b"], [1, 2]))`, `{"a":1,"b":2}`},
			{`fromEntries([1])`, "error: fromEntries: entries must hold objects with key and value, or lists of the two"},
		},
		Call: callFromEntries,
	},
	{
		Name: "pick", Group: "objects",
		Summary:  "The object with only the members of these names, given one by one or as lists.",
		Params:   namesParams,
		Result:   shape.Of(value.Objects),
		Examples: []Example{{`pick({a: 1, b: 2, c: 3}, "a", "c")`, `{"a":1,"c":3}`}, {`pick({a: 1}, ["x"])`, "{}"}},
		Call:     func(c *Call, args []value.Value) (value.Value, error) { return filterNames(c, args, true) },
	},
	{
		Name: "omit", Group: "objects",
		Summary:  "The object without the members of these names, given one by one or as lists.",
		Params:   namesParams,
		Result:   shape.Of(value.Objects),
		Examples: []Example{{`omit({a: 1, b: 2}, "b")`, `{"a":1}`}},
		Call:     func(c *Call, args []value.Value) (value.Value, error) { return filterNames(c, args, false) },
	},
	{
		Name: "merge", Group: "objects", TakesNil: true,
		Summary:  "One object with the members of all; of members with one name, the last counts whole. Missing and null objects are left out.",
		Params:   []Param{{Name: "objects", Kinds: objects, Variadic: true}},
		Result:   shape.Of(value.Objects),
		Examples: []Example{{`merge({a: 1, b: 1}, nil, {b: 2})`, `{"a":1,"b":2}`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			b := newObject(0)
			for i, a := range args {
				if a.IsNil() {
					continue
				}
				fields, err := c.fields(args, i)
				if err != nil {
					return value.Value{}, err
				}
				for _, f := range fields {
					b.set(f.Key, f.Value)
				}
			}
			return b.value(), nil
		},
	},
	{
		Name: "has", Group: "objects", TakesNil: true,
		Summary:  "Whether the object has a member of this name, be it null.",
		Params:   []Param{{Name: "object", Kinds: objects}, {Name: "name", Kinds: value.Strings}},
		Result:   shape.Of(value.Bools),
		Examples: []Example{{`has({a: nil}, "a")`, "true"}, {`has({a: nil}, "b")`, "false"}, {`has(nil, "a")`, "false"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			return value.Boolean(args[0].Member(args[1].Str()).Kind() != value.Missing), nil
		},
	},
}

var namesParams = []Param{
	{Name: "object", Kinds: objects}, {Name: "names", Kinds: value.Strings | value.Lists, Variadic: true},
}

// object builds an object whose keys differ.
type object struct {
	fields []value.Field
	index  map[string]int
}

func newObject(size int) *object {
	return &object{fields: make([]value.Field, 0, size), index: make(map[string]int, size)}
}

// set gives the member a value; a missing value leaves the object as it is.
func (o *object) set(key string, v value.Value) {
	if v.Kind() == value.Missing {
		return
	}
	if i, ok := o.index[key]; ok {
		o.fields[i].Value = v
		return
	}
	o.index[key] = len(o.fields)
	o.fields = append(o.fields, value.Field{Key: key, Value: v})
}

func (o *object) value() value.Value { return value.ObjectOf(o.fields) }

func perField(c *Call, args []value.Value, f func(value.Field) value.Value) (value.Value, error) {
	fields, err := c.fields(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	list := make([]value.Value, 0, len(fields))
	for _, field := range fields {
		if field.Value.Kind() != value.Missing {
			list = append(list, f(field))
		}
	}
	return value.ListOf(list), nil
}

func callFromEntries(c *Call, args []value.Value) (value.Value, error) {
	list, err := c.items(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	b := newObject(len(list))
	for _, entry := range list {
		k, v := entry.Member("key"), entry.Member("value")
		if entry.Kind() == value.List {
			k, v = entry.Index(0), entry.Index(1)
		}
		key, ok := KeyText(k)
		if !ok {
			return value.Value{}, failure(0, "must hold objects with key and value, or lists of the two")
		}
		if err := c.Budget.Bytes(int64(len(key)) + valueBytes); err != nil {
			return value.Value{}, err
		}
		b.set(key, v)
	}
	return b.value(), nil
}

// filterNames keeps the members that are named, or those that are not.
func filterNames(c *Call, args []value.Value, keep bool) (value.Value, error) {
	fields, err := c.fields(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	named := map[string]bool{}
	for i := 1; i < len(args); i++ {
		if args[i].Kind() == value.String {
			named[args[i].Str()] = true
			continue
		}
		names, err := c.items(args, i)
		if err != nil {
			return value.Value{}, err
		}
		for _, n := range names {
			text, ok := scalarText(n)
			if !ok {
				return value.Value{}, failure(i, "must hold names")
			}
			named[text] = true
		}
	}
	kept := make([]value.Field, 0, len(fields))
	for _, f := range fields {
		if named[f.Key] == keep {
			kept = append(kept, f)
		}
	}
	return value.ObjectOf(kept), nil
}
