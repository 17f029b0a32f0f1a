package value

import (
	"strings"
	"testing"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// TestPreview holds that a preview is the beginning of the whole text.
func TestPreview(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := genValue(t, 4)
		max := rapid.IntRange(1, 100).Draw(t, "max")
		got, want := v.Preview(max), ""
		if v.Kind() != Missing {
			want = string(v.AppendJSON(nil))
			if utf8.RuneCountInString(want) > max {
				want = string([]rune(want)[:max-1]) + "…"
			}
		}
		if got != want {
			t.Fatalf("the preview is %q, want %q", got, want)
		}
	})
}

// genValue makes a value as documents and rules make them.
func genValue(t *rapid.T, depth int) Value {
	kind := rapid.IntRange(0, 9).Draw(t, "kind")
	if depth == 0 {
		kind %= 6
	}
	switch kind {
	case 0:
		return Text(rapid.String().Draw(t, "text"))
	case 1:
		return Raw(rapid.SampledFrom([]string{`"a\u00e9b"`, `"é😀"`, `""`, "1.50", "-0", "true", "null", "1e400"}).Draw(t, "raw"))
	case 2:
		return Int(rapid.Int().Draw(t, "int"))
	case 3:
		return Value{}
	case 4:
		return Text(strings.Repeat("é", rapid.IntRange(0, 200).Draw(t, "n")))
	case 5:
		return NullValue
	case 6:
		return ListOf(rapid.SliceOfN(rapid.Custom(func(t *rapid.T) Value { return genValue(t, depth-1) }), 0, 5).Draw(t, "list"))
	case 7:
		return Raw(string(genValue(t, depth-1).AppendJSON([]byte("[ 1 , "))) + " ]")
	case 8:
		return Raw(string(genValue(t, depth-1).AppendJSON([]byte(`{ "k\"é" : 1 , "v":`))) + "}")
	}
	var fields []Field
	for _, key := range rapid.SliceOfNDistinct(rapid.String(), 0, 4, rapid.ID[string]).Draw(t, "keys") {
		fields = append(fields, Field{Key: key, Value: genValue(t, depth-1)})
	}
	return ObjectOf(fields)
}
