package sandbox

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

func TestPHPNumber(t *testing.T) {
	for in, want := range map[string]string{
		"19.0": "19", "19.10": "19.1", "0.0": "0", "-0.0": "0", "1e2": "100", "1.5E-1": "0.15", "0.00605": "0.00605", "0.00001": "1.0e-5",
		"0.000012": "1.2e-5", "-4.950": "-4.95", "1234567.89": "1234567.89", "9007199254740993": "9007199254740993",
		"9007199254740993.10": "9007199254740993.1", "1e999": "1e999", "120": "120",
	} {
		if got := phpNumber(json.Number(in)); string(got) != want {
			t.Errorf("%s is %s, want %s", in, got, want)
		}
	}
}

func TestJSONKeepsOrderAndEscapesAsPHP(t *testing.T) {
	in := `{"b":[],"a":{"z":"a/b é ☕ 😀\n\u0001\"","y":null},"n":1.50}`
	v, err := decodeJSON([]byte(in))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"b":[],"a":{"z":"a\/b \u00e9 \u2615 \ud83d\ude00\n\u0001\"","y":null},"n":1.5}`
	if got := string(jsondoc.EncodePHP(v)); got != want {
		t.Errorf("got %s\nwant %s", got, want)
	}
	for _, bad := range []string{"", "{", `{"a":1}x`, `[1,]`, strings.Repeat("[", 600) + strings.Repeat("]", 600)} {
		if _, err := decodeJSON([]byte(bad)); err == nil {
			t.Errorf("%.20q was taken", bad)
		}
	}
}

func FuzzJSON(f *testing.F) {
	f.Add([]byte(`{"a":[1.50,{"b":null}],"c":"\ud83d\ude00"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := decodeJSON(data)
		if err != nil {
			return
		}
		once := jsondoc.EncodePHP(v)
		again, err := decodeJSON(once)
		if err != nil {
			t.Fatalf("%s: %v", once, err)
		}
		if twice := jsondoc.EncodePHP(again); string(twice) != string(once) {
			t.Errorf("%s became %s", once, twice)
		}
	})
}

func FuzzPHPNumber(f *testing.F) {
	f.Add("19.10")
	f.Add("-1.5e-7")
	f.Fuzz(func(t *testing.T, s string) {
		if !json.Valid([]byte(s)) || strings.ContainsAny(s, " \t\n\"[{tfn") {
			return
		}
		before, ok := rat(json.Number(s))
		after, okAfter := rat(phpNumber(json.Number(s)))
		if ok && okAfter && before.Cmp(after) != 0 {
			t.Errorf("%s became %s", s, after.RatString())
		}
		if ok && !okAfter && len(phpNumber(json.Number(s))) <= 80 {
			t.Errorf("%s became unreadable", s)
		}
	})
}
