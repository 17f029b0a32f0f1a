package flow

import (
	"fmt"
	"strings"
	"testing"
)

func TestDifferences(t *testing.T) {
	for _, c := range []struct{ a, b, want string }{
		{`{"a":1}`, `{"a":1.0}`, ""},
		{`{"a":1}`, `{"a":"1"}`, "a: 1 -> \"1\""},
		{`{"a":{"b":[1,2]}}`, `{"a":{"b":[1,3,4]}}`, "a.b[1]: 2 -> 3, a.b[2]:  -> 4"},
		{`{"a":1,"gone":{"x":true}}`, `{"b":null,"a":1}`, "b:  -> null, gone.x: true -> null"},
		{`{"a":[]}`, `{"a":{}}`, "a: [] -> {}"},
		{`{"a":""}`, `{"a":null}`, `a: "" -> null`},
		{``, `{"a.b":1}`, "a.b:  -> 1"},
	} {
		var got []string
		for _, d := range Differences([]byte(c.a), []byte(c.b)) {
			got = append(got, fmt.Sprintf("%s: %s -> %s", d.Path, d.From, d.To))
		}
		if text := strings.Join(got, ", "); text != c.want {
			t.Errorf("%s to %s: got %s, want %s", c.a, c.b, text, c.want)
		}
	}
}
