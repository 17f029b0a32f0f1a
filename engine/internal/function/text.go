package function

import (
	"math"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

var textFuncs = []*Func{
	{
		Name: "lower", Group: "strings",
		Summary:  "The text in lower case.",
		Params:   []Param{{Name: "text", Kinds: value.Strings}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`lower("Ada@Example.COM")`, `"ada@example.com"`}, {`lower(nil)`, "missing"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			return c.text(2*len(s), func() string { return strings.ToLower(s) })
		},
		Append: func(dst []byte, s string) ([]byte, bool) { return appendCase(dst, s, 'A', 'Z') },
	},
	{
		Name: "upper", Group: "strings",
		Summary:  "The text in upper case.",
		Params:   []Param{{Name: "text", Kinds: value.Strings}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`upper("nl")`, `"NL"`}, {`upper(7)`, "error: upper wants a string as text, this is a number"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			return c.text(2*len(s), func() string { return strings.ToUpper(s) })
		},
		Append: func(dst []byte, s string) ([]byte, bool) { return appendCase(dst, s, 'a', 'z') },
	},
	{
		Name: "capitalize", Group: "strings",
		Summary:  "The text with its first letter in upper case; the rest stays.",
		Params:   []Param{{Name: "text", Kinds: value.Strings}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`capitalize("van Dijk")`, `"Van Dijk"`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			return c.text(len(s)+utf8.UTFMax, func() string {
				r, n := utf8.DecodeRuneInString(s)
				if n == 0 {
					return s
				}
				return string(unicode.ToTitle(r)) + s[n:]
			})
		},
	},
	{
		Name: "trim", Group: "strings",
		Summary:  "The text without white space around it, or without the characters of the second argument.",
		Params:   []Param{{Name: "text", Kinds: value.Strings}, {Name: "characters", Kinds: value.Strings, Optional: true}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`trim("  Utrecht ")`, `"Utrecht"`}, {`trim("--a-b--", "-")`, `"a-b"`}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			if len(args) == 1 {
				return value.Text(strings.TrimSpace(args[0].Str())), nil
			}
			return value.Text(strings.Trim(args[0].Str(), args[1].Str())), nil
		},
		Cut: strings.TrimSpace,
	},
	{
		Name: "trimPrefix", Group: "strings",
		Summary:  "The text without the prefix, if it starts with it.",
		Params:   []Param{{Name: "text", Kinds: value.Strings}, {Name: "prefix", Kinds: value.Strings}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`trimPrefix("SW10001", "SW")`, `"10001"`}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			return value.Text(strings.TrimPrefix(args[0].Str(), args[1].Str())), nil
		},
	},
	{
		Name: "trimSuffix", Group: "strings",
		Summary:  "The text without the suffix, if it ends with it.",
		Params:   []Param{{Name: "text", Kinds: value.Strings}, {Name: "suffix", Kinds: value.Strings}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`trimSuffix("shirt.jpg", ".jpg")`, `"shirt"`}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			return value.Text(strings.TrimSuffix(args[0].Str(), args[1].Str())), nil
		},
	},
	{
		Name: "split", Group: "strings",
		Summary: "The parts of the text between separators. With a count, the last part holds the rest. An empty separator gives the single characters.",
		Params: []Param{
			{Name: "text", Kinds: value.Strings}, {Name: "separator", Kinds: value.Strings},
			{Name: "count", Kinds: value.Numbers, Optional: true},
		},
		Result:   shape.ListOf(shape.Of(value.Strings)),
		Examples: []Example{{`split("a,b,c", ",")`, `["a","b","c"]`}, {`split("a,b,c", ",", 2)`, `["a","b,c"]`}, {`split("", ",")`, `[""]`}},
		Call:     callSplit,
	},
	{
		Name: "join", Group: "strings",
		Summary: "The elements of the list as one text, with the separator between them. Missing and null elements are left out; numbers keep their digits.",
		Params:  []Param{{Name: "list", Kinds: value.Lists}, {Name: "separator", Kinds: value.Strings, Optional: true}},
		Result:  shape.Of(value.Strings),
		Examples: []Example{
			{`join(["a", nil, 19.10], ", ")`, `"a, 19.10"`}, {`join([])`, `""`},
			{`join([[1]])`, "error: join: list must hold texts and numbers only"},
		},
		Call: callJoin,
	},
	{
		Name: "replace", Group: "strings",
		Summary: "The text with every occurrence of one text replaced by another.",
		Params: []Param{
			{Name: "text", Kinds: value.Strings}, {Name: "old", Kinds: value.Strings}, {Name: "new", Kinds: value.Strings},
		},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`replace("1.234,50", ".", "")`, `"1234,50"`}, {`replace("a", "", "b")`, "error: replace: old must not be empty"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s, from, to := args[0].Str(), args[1].Str(), args[2].Str()
			if from == "" {
				return value.Value{}, failure(1, "must not be empty")
			}
			size := len(s) + strings.Count(s, from)*max(0, len(to)-len(from))
			return c.text(size, func() string { return strings.ReplaceAll(s, from, to) })
		},
	},
	{
		Name: "indexOf", Group: "strings",
		Summary:  "Where the part begins in the text for the first time, in characters from 0; -1 where it is not. In a list: the index of the first equal element.",
		Params:   []Param{{Name: "in", Kinds: value.Strings | value.Lists}, {Name: "part", Kinds: anything}},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`indexOf("Überweg 3", "weg")`, "4"}, {`indexOf("abc", "x")`, "-1"}, {`indexOf([5, 7.0], 7)`, "1"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			return indexIn(c, args, false)
		},
		Place: func(s, part string) int { return characters(s, strings.Index(s, part)) },
	},
	{
		Name: "lastIndexOf", Group: "strings",
		Summary:  "As indexOf, for the last time.",
		Params:   []Param{{Name: "in", Kinds: value.Strings | value.Lists}, {Name: "part", Kinds: anything}},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`lastIndexOf("a-b-c", "-")`, "3"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			return indexIn(c, args, true)
		},
		Place: func(s, part string) int { return characters(s, strings.LastIndex(s, part)) },
	},
	{
		Name: "substring", Group: "strings",
		Summary: "The characters from start, from 0, up to but without end; negative numbers count from the end of the text. What lies outside of the text is left out.",
		Params: []Param{
			{Name: "text", Kinds: value.Strings}, {Name: "start", Kinds: value.Numbers},
			{Name: "end", Kinds: value.Numbers, Optional: true},
		},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`substring("NL123", 0, 2)`, `"NL"`}, {`substring("NL123", 2)`, `"123"`}, {`substring("NL123", -3)`, `"123"`}, {`substring("ab", 5)`, `""`}},
		Call:     callSubstring,
	},
	{
		Name: "padLeft", Group: "strings",
		Summary:  "The text or number with fill, which is a space unless given, before it until it is width characters long. Longer text stays.",
		Params:   padParams,
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`padLeft(42, 6, "0")`, `"000042"`}, {`padLeft("ab", 5)`, `"   ab"`}, {`padLeft("abc", 2)`, `"abc"`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			return pad(c, args, func(s, fill string) string { return fill + s })
		},
	},
	{
		Name: "padRight", Group: "strings",
		Summary:  "As padLeft, with fill behind the text.",
		Params:   padParams,
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`padRight("ab", 5, ".")`, `"ab..."`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			return pad(c, args, func(s, fill string) string { return s + fill })
		},
	},
	{
		Name: "repeat", Group: "strings",
		Summary:  "The text count times.",
		Params:   []Param{{Name: "text", Kinds: value.Strings}, {Name: "count", Kinds: value.Numbers}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`repeat("ab", 3)`, `"ababab"`}, {`repeat("ab", -1)`, "error: repeat: count must be 0 or more"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			n, err := whole(args, 1, 0, 0, math.MaxInt32)
			if err != nil {
				return value.Value{}, err
			}
			if s == "" {
				return value.Text(""), nil
			}
			return c.text(len(s)*n, func() string { return strings.Repeat(s, n) })
		},
	},
	{
		Name: "truncate", Group: "strings",
		Summary: "The text cut to at most max characters (or bytes of UTF-8), at a space if there is one in its second half. A text that is cut ends with end, which counts too.",
		Params: []Param{
			{Name: "text", Kinds: value.Strings}, {Name: "max", Kinds: value.Numbers},
			{Name: "end", Kinds: value.Strings, Optional: true},
			{Name: "unit", Kinds: value.Strings, Optional: true, Choices: []string{"characters", "bytes"}},
		},
		Result: shape.Of(value.Strings),
		Examples: []Example{
			{`truncate("A red cotton shirt", 12)`, `"A red cotton"`}, {`truncate("A red cotton shirt", 12, "…")`, `"A red…"`},
			{`truncate("Königstraße", 8, "", "bytes")`, `"Königst"`}, {`truncate("short", 12, "…")`, `"short"`},
		},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			n, err := whole(args, 1, 0, 0, math.MaxInt32)
			if err != nil {
				return value.Value{}, err
			}
			return value.Text(truncate(args[0].Str(), n, str(args, 2, ""), str(args, 3, "characters") == "bytes")), nil
		},
	},
	{
		Name: "slug", Group: "strings",
		Summary: "The text as a part of a URL: lower case, letters without accents, every run of other characters a hyphen. The language, if given, says how its letters are written out: ä is ae in de.",
		Params: []Param{
			{Name: "text", Kinds: value.Strings},
			{Name: "language", Kinds: value.Strings, Optional: true, Choices: []string{"da", "de", "en", "fi", "fr", "nb", "nl", "sv"}},
		},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`slug("Café Crème, 250 g")`, `"cafe-creme-250-g"`}, {`slug("Größe", "de")`, `"groesse"`}, {`slug("Größe")`, `"grosse"`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			return c.text(2*len(s), func() string { return slug(s, str(args, 1, "")) })
		},
	},
	{
		Name: "ascii", Group: "strings",
		Summary:  "The text with its letters without accents, for systems that know no others: é is e, ß is ss. Characters without such a form are left out.",
		Params:   []Param{{Name: "text", Kinds: value.Strings}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`ascii("Björkvägen 7 – Åre")`, `"Bjorkvagen 7 - Are"`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			return c.text(2*len(s), func() string { return ascii(s) })
		},
	},
	{
		Name: "htmlToText", Group: "strings",
		Summary:  "The words of an HTML fragment: paragraphs and breaks become new lines, list items lines with a hyphen, entities their characters; scripts and styles are left out.",
		Params:   []Param{{Name: "html", Kinds: value.Strings}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`htmlToText("<p>Soft &amp; warm</p><ul><li>wool<li>blue</ul>")`, `"Soft & warm\n\n- wool\n- blue"`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			return c.text(3*len(s), func() string { return htmlToText(s) })
		},
	},
}

var padParams = []Param{
	{Name: "text", Kinds: value.Strings | value.Numbers}, {Name: "width", Kinds: value.Numbers},
	{Name: "fill", Kinds: value.Strings, Optional: true},
}

func callSplit(c *Call, args []value.Value) (value.Value, error) {
	s, sep := args[0].Str(), args[1].Str()
	count, err := whole(args, 2, math.MaxInt32, 1, math.MaxInt32)
	if err != nil {
		return value.Value{}, err
	}
	n := strings.Count(s, sep) + 1
	if sep == "" {
		n--
	}
	if err := c.Budget.Bytes(int64(min(n, count)) * (valueBytes + 16)); err != nil {
		return value.Value{}, err
	}
	parts := strings.SplitN(s, sep, count)
	list := make([]value.Value, len(parts))
	for i, p := range parts {
		list[i] = value.Text(p)
	}
	return value.ListOf(list), nil
}

func callJoin(c *Call, args []value.Value) (value.Value, error) {
	list, err := c.items(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	sep := str(args, 1, "")
	texts := make([]string, 0, len(list))
	size := 0
	for _, v := range list {
		if v.IsNil() {
			continue
		}
		t, ok := scalarText(v)
		if !ok {
			return value.Value{}, failure(0, "must hold texts and numbers only")
		}
		texts = append(texts, t)
		size += len(t) + len(sep)
	}
	return c.text(size, func() string { return strings.Join(texts, sep) })
}

func indexIn(c *Call, args []value.Value, last bool) (value.Value, error) {
	if args[0].Kind() == value.List {
		list, err := c.items(args, 0)
		if err != nil {
			return value.Value{}, err
		}
		found := -1
		for i, v := range list {
			if err := c.chargeJSON(args[1]); err != nil {
				return value.Value{}, err
			}
			if value.Equal(v, args[1]) {
				found = i
				if !last {
					break
				}
			}
		}
		return value.Int(found), nil
	}
	if args[1].Kind() != value.String {
		return value.Value{}, failure(1, "must be a string, as argument 1 is")
	}
	s, part := args[0].Str(), args[1].Str()
	at := strings.Index(s, part)
	if last {
		at = strings.LastIndex(s, part)
	}
	return value.Int(characters(s, at)), nil
}

// characters returns how many characters stand before byte at of s; -1 for -1.
func characters(s string, at int) int {
	if at <= 0 {
		return at
	}
	return utf8.RuneCountInString(s[:at])
}

// appendCase appends s with the letters from first to last in the other case; ok is false where s is more than ASCII.
func appendCase(dst []byte, s string, first, last byte) (out []byte, ok bool) {
	for i := range len(s) {
		c := s[i]
		if c >= utf8.RuneSelf {
			return dst, false
		}
		if first <= c && c <= last {
			c ^= 'a' - 'A'
		}
		dst = append(dst, c)
	}
	return dst, true
}

func callSubstring(_ *Call, args []value.Value) (value.Value, error) {
	s := args[0].Str()
	start, err := whole(args, 1, 0, math.MinInt32, math.MaxInt32)
	if err != nil {
		return value.Value{}, err
	}
	end, err := whole(args, 2, math.MaxInt32, math.MinInt32, math.MaxInt32)
	if err != nil {
		return value.Value{}, err
	}
	if start < 0 || end < 0 {
		n := utf8.RuneCountInString(s)
		if start < 0 {
			start = max(0, start+n)
		}
		if end < 0 {
			end = max(0, end+n)
		}
	}
	from := runeOffset(s, start)
	to := from
	if end > start {
		to += runeOffset(s[from:], end-start)
	}
	return value.Text(s[from:to]), nil
}

// runeOffset returns the byte offset of character n, or the length of s where it has fewer.
func runeOffset(s string, n int) int {
	for i := range s {
		if n == 0 {
			return i
		}
		n--
	}
	return len(s)
}

func pad(c *Call, args []value.Value, add func(s, fill string) string) (value.Value, error) {
	s, _ := scalarText(args[0])
	width, err := whole(args, 1, 0, 0, math.MaxInt32)
	if err != nil {
		return value.Value{}, err
	}
	fill := str(args, 2, " ")
	if fill == "" {
		return value.Value{}, failure(2, "must not be empty")
	}
	lack := width - utf8.RuneCountInString(s)
	if lack <= 0 {
		return value.Text(s), nil
	}
	times := (lack-1)/utf8.RuneCountInString(fill) + 1
	return c.text(len(s)+times*len(fill), func() string {
		all := strings.Repeat(fill, times)
		return add(s, all[:runeOffset(all, lack)])
	})
}

// truncate cuts s to at most limit characters or bytes, the end mark included, which is left out where
// it does not fit itself.
func truncate(s string, limit int, end string, inBytes bool) string {
	size := utf8.RuneCountInString
	if inBytes {
		size = func(s string) int { return len(s) }
	}
	if size(s) <= limit {
		return s
	}
	if size(end) > limit {
		end = ""
	}
	room := limit - size(end)
	cut := room
	if inBytes {
		for cut > 0 && !utf8.RuneStart(s[cut]) {
			cut--
		}
	} else {
		cut = runeOffset(s, room)
	}
	head := s[:cut]
	if next, _ := utf8.DecodeRuneInString(s[cut:]); !unicode.IsSpace(next) {
		if space := strings.LastIndexFunc(head, unicode.IsSpace); space >= len(head)/2 && space > 0 {
			head = head[:space]
		}
	}
	return strings.TrimRightFunc(head, unicode.IsSpace) + end
}
