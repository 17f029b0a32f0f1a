package function

import (
	"errors"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

var anyParam = []Param{{Name: "x", Kinds: anything}}

var valueFuncs = []*Func{
	{
		Name: "string", Group: "values",
		Summary:  "A number, true or false as text; a number keeps its digits.",
		Params:   []Param{{Name: "x", Kinds: value.Scalars}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`string(19.10)`, `"19.10"`}, {`string(true)`, `"true"`}, {`string("a")`, `"a"`}, {`string(nil)`, "missing"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			s, _ := scalarText(args[0])
			return value.Text(s), nil
		},
	},
	{
		Name: "number", Group: "values",
		Summary: "A text as a number. With a decimal sign, which is a point unless given, other points, commas, apostrophes and spaces between digits count as marks of thousands; without one, the text holds digits, a sign and one point only.",
		Params: []Param{
			{Name: "x", Kinds: value.Strings | value.Numbers}, {Name: "decimalSign", Kinds: value.Strings, Optional: true, Choices: []string{",", "."}},
		},
		Result: shape.Of(value.Numbers),
		Examples: []Example{
			{`number(" 19.10 ")`, "19.10"}, {`number("1.234,50", ",")`, "1234.50"}, {`number("1'234.50", ".")`, "1234.50"}, {`number("007")`, "7"},
			{`number("1,5")`, "error: number: x is no number"}, {`number("")`, "error: number: x is no number"}, {`number(nonEmpty(""))`, "missing"},
		},
		Call: callNumber,
	},
	{
		Name: "bool", Group: "values",
		Summary: "true for true, 1, yes and on, false for false, 0, no and off, in any case of letters; anything else is an error.",
		Params:  []Param{{Name: "x", Kinds: value.Scalars}},
		Result:  shape.Of(value.Bools),
		Examples: []Example{
			{`bool("Yes")`, "true"}, {`bool(0)`, "false"}, {`bool("perhaps")`, "error: bool: x must be true or false, 1 or 0, yes or no, on or off"},
		},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			text, _ := KeyText(args[0])
			switch strings.ToLower(strings.TrimSpace(text)) {
			case "true", "1", "yes", "on":
				return value.Boolean(true), nil
			case "false", "0", "no", "off":
				return value.Boolean(false), nil
			}
			return value.Value{}, failure(0, "must be true or false, 1 or 0, yes or no, on or off")
		},
	},
	{
		Name: "default", Group: "values", TakesNil: true,
		Summary:  "The first argument, or the second where the first is missing or null; the same as x ?? y.",
		Params:   []Param{{Name: "x", Kinds: anything}, {Name: "otherwise", Kinds: anything}},
		Infer:    firstGiven,
		Examples: []Example{{`default(nil, "EUR")`, `"EUR"`}, {`default("", "EUR")`, `""`}},
		Call:     coalesce,
	},
	{
		Name: "coalesce", Group: "values", TakesNil: true,
		Summary:  "The first argument that is neither missing nor null; missing where there is none.",
		Params:   []Param{{Name: "x", Kinds: anything, Variadic: true}},
		Infer:    firstGiven,
		Examples: []Example{{`coalesce(nil, 0, 1)`, "0"}, {`coalesce(nil)`, "missing"}},
		Call:     coalesce,
	},
	{
		Name: "nonEmpty", Group: "values", TakesNil: true,
		Summary: `The argument, or missing where it is null or empty ("", [], {}) or only white space, so that ?? finds the next: nonEmpty(company) ?? name.`,
		Params:  anyParam,
		Infer: func(args []*shape.Shape) *shape.Shape {
			return args[0].Without(value.Of(value.Null)).With(value.Of(value.Missing))
		},
		Examples: []Example{{`nonEmpty("") ?? "Ada"`, `"Ada"`}, {`nonEmpty(" ")`, "missing"}, {`nonEmpty(0)`, "0"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			if args[0].IsEmpty() || args[0].Kind() == value.String && strings.TrimSpace(args[0].Str()) == "" {
				return value.Value{}, nil
			}
			return args[0], nil
		},
	},
	{
		Name: "isMissing", Group: "values", TakesNil: true,
		Summary:  "Whether there is no value at all. null is a value.",
		Params:   anyParam,
		Result:   shape.Of(value.Bools),
		Examples: []Example{{`isMissing(doc.b)`, "true"}, {`isMissing({a: nil}.a)`, "false"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			return value.Boolean(args[0].Kind() == value.Missing), nil
		},
	},
	{
		Name: "isNull", Group: "values", TakesNil: true,
		Summary:  "Whether the value is null. Missing is not.",
		Params:   anyParam,
		Result:   shape.Of(value.Bools),
		Examples: []Example{{`isNull({a: nil}.a)`, "true"}, {`isNull(doc.b)`, "false"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			return value.Boolean(args[0].Kind() == value.Null), nil
		},
	},
	{
		Name: "isEmpty", Group: "values", TakesNil: true,
		Summary:  `Whether the value is missing, null, "", [] or {}.`,
		Params:   anyParam,
		Result:   shape.Of(value.Bools),
		Examples: []Example{{`isEmpty([])`, "true"}, {`isEmpty(nil)`, "true"}, {`isEmpty(0)`, "false"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			return value.Boolean(args[0].IsEmpty()), nil
		},
	},
	{
		Name: "typeOf", Group: "values", TakesNil: true,
		Summary:  "The kind of the value: missing, null, boolean, number, string, list or object.",
		Params:   anyParam,
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`typeOf(1.5)`, `"number"`}, {`typeOf(doc.a)`, `"missing"`}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			return value.Text(args[0].Kind().String()), nil
		},
	},
	{
		Name: "lookup", Group: "values", TakesNil: true,
		Summary: "The table's entry for a key, or for a list of keys in tables within tables. A table without the key is an error, unless there is a fallback, which may be nil. A missing or null key gives the fallback or missing. A number finds its text without trailing zeros: 21.00 finds \"21\".",
		Params: []Param{
			{Name: "table", Kinds: objects}, {Name: "key", Kinds: value.Scalars | value.Lists}, {Name: "fallback", Kinds: anything, Optional: true},
		},
		Infer: lookupShape,
		Examples: []Example{
			{`lookup({"21": "high", "9": "low"}, 21.00)`, `"high"`}, {`lookup({NL: {"21": 3001}}, ["NL", 21])`, "3001"}, {`lookup({a: 1}, "x", "none")`, `"none"`},
			{`lookup({a: 1}, "x")`, "error: lookup: the table has no entry for this key"}, {`lookup({a: 1}, nil)`, "missing"},
			{`lookup({}, [[]])`, "error: lookup: key must be text, a number or a list of them"},
		},
		Call: callLookup,
	},
}

func coalesce(_ *Call, args []value.Value) (value.Value, error) {
	for _, a := range args {
		if !a.IsNil() {
			return a, nil
		}
	}
	return value.Value{}, nil
}

// firstGiven is the shape of the first value that is not missing or null.
func firstGiven(args []*shape.Shape) *shape.Shape {
	s := shape.Of(value.Of(value.Missing))
	for i := len(args) - 1; i >= 0; i-- {
		if args[i].Kinds&value.Nil == 0 {
			s = args[i]
			continue
		}
		s = shape.Union(args[i].Without(value.Nil), s)
	}
	return s
}

func callNumber(_ *Call, args []value.Value) (value.Value, error) {
	if args[0].Kind() == value.Number {
		return args[0], nil
	}
	text := strings.TrimSpace(args[0].Str())
	if len(args) > 1 {
		var ok bool
		if text, ok = plainNumber(text, args[1].Str()); !ok {
			return value.Value{}, failure(0, "is no number")
		}
	}
	negative := strings.HasPrefix(text, "-")
	digits := strings.TrimLeft(strings.TrimPrefix(strings.TrimPrefix(text, "-"), "+"), "0")
	if !negative && strings.HasPrefix(text, "+-") || !strings.ContainsAny(text, "0123456789") || strings.ContainsAny(digits, "eE") {
		return value.Value{}, failure(0, "is no number")
	}
	if digits == "" || digits[0] == '.' {
		digits = "0" + digits
	}
	d, err := decimal.Parse(digits)
	if err != nil {
		return value.Value{}, &Error{Arg: 1, Msg: "is no number", Err: err}
	}
	if negative {
		d = d.Neg()
	}
	return value.Decimal(d), nil
}

// plainNumber takes the marks of thousands out of text and makes the decimal sign a point. A mark must have three digits
// behind it, so that 1,5 is not taken for 15.
func plainNumber(text, sign string) (string, bool) {
	whole, fraction, hasFraction := strings.Cut(text, sign)
	var b strings.Builder
	since := -1 // digits since the last mark, -1 before the first
	for _, r := range whole {
		switch r {
		case '.', ',', '\'', '’', ' ', '\u00a0', '\u202f':
			if since >= 0 && since != 3 || b.Len() == 0 {
				return "", false
			}
			since = 0
		default:
			if since >= 0 {
				since++
			}
			b.WriteRune(r)
		}
	}
	if since >= 0 && since != 3 {
		return "", false
	}
	if hasFraction {
		b.WriteByte('.')
		b.WriteString(fraction)
	}
	return b.String(), true
}

func callLookup(_ *Call, args []value.Value) (value.Value, error) {
	entry, ok := Find(args[0], args[1])
	if !ok {
		return value.Value{}, failure(1, "must be text, a number or a list of them")
	}
	switch {
	case entry.Kind() != value.Missing:
		return entry, nil
	case len(args) > 2:
		return args[2], nil
	case hasNil(args[1]):
		return value.Value{}, nil
	}
	return value.Value{}, ErrNoEntry
}

// ErrNoEntry is matched by the error of a lookup without fallback that found nothing.
var ErrNoEntry = errors.New("the table has no entry for this key")

// hasNil tells whether a key, or one of a list of keys, is missing or null.
func hasNil(key value.Value) bool {
	return key.IsNil() || slices.ContainsFunc(key.Items(), value.Value.IsNil)
}

// Find returns the entry of a table for a key, which is a scalar, or a list of them for tables within tables; missing
// where there is none. ok is false for any other key; a key that is missing or null finds nothing.
func Find(table, key value.Value) (entry value.Value, ok bool) {
	if key.Kind() == value.List {
		for _, k := range key.Items() {
			if k.Kind() == value.List {
				return value.Value{}, false
			}
			if table, ok = Find(table, k); !ok {
				return value.Value{}, false
			}
		}
		return table, true
	}
	if key.IsNil() {
		return value.Value{}, true
	}
	text, ok := KeyText(key)
	if !ok {
		return value.Value{}, false
	}
	return table.Member(text), true
}

// lookupShape is the shape of any entry, where the key is one.
func lookupShape(args []*shape.Shape) *shape.Shape {
	if args[1].Has(value.List) || args[0].Extra != nil || len(args[0].Names()) == 0 {
		return shape.Any
	}
	var s *shape.Shape
	for _, name := range args[0].Names() {
		s = shape.Union(s, args[0].Prop(name))
	}
	if len(args) > 2 {
		return shape.Union(s.Without(value.Of(value.Missing)), args[2])
	}
	if args[1].Kinds&value.Nil != 0 {
		s = s.With(value.Of(value.Missing))
	}
	return s
}
