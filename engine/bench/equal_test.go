package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/big"
	"reflect"
	"sync"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/bench/fixtures"
	"github.com/crosswalk-go/crosswalk/engine/bench/mappings"
	"github.com/crosswalk-go/crosswalk/engine/bench/peers"
)

// TestEqual holds what every number of this benchmark rests on: the peers make the same document of the same
// document. Each maps twice with a shorter document in between, so that state that it reuses shows, and may neither write to
// its source nor to what it has returned.
func TestEqual(t *testing.T) {
	short := fixtures.Order(2, 1)
	for _, w := range fixtures.All() {
		src := w.Make()
		keep := bytes.Clone(src)
		if !bytes.Equal(src, w.Make()) {
			t.Errorf("%s: two calls make two documents", w.Name)
		}
		var want any
		var by string
		for _, p := range peers.All() {
			if p.Scan {
				continue
			}
			t.Run(w.Name+"/"+p.Name, func(t *testing.T) {
				f, err := p.Make(w.Mapping)
				if err != nil {
					t.Fatal(err)
				}
				var first, firstKeep []byte
				for range 2 {
					out, err := f(src)
					if err != nil {
						t.Fatal(err)
					}
					if first == nil {
						first, firstKeep = out, bytes.Clone(out)
					}
					got, err := canonical(out)
					if err != nil {
						t.Fatalf("%v in %.300s", err, out)
					}
					if want == nil {
						want, by = got, p.Name
					}
					if d := difference("", want, got); d != "" {
						t.Fatalf("not as %s has it: %s", by, d)
					}
					if w.Mapping == "order" {
						if _, err := f(short); err != nil {
							t.Fatal(err)
						}
					}
				}
				if !bytes.Equal(first, firstKeep) {
					t.Fatal("the first target document was changed by what came after")
				}
				if !bytes.Equal(src, keep) {
					t.Fatal("the source document was changed")
				}
			})
		}
	}
}

// TestConcurrent holds that what one goroutine maps is not seen by another that uses the same mapping, and that
// a target document does not refer to its source.
func TestConcurrent(t *testing.T) {
	m, err := engine.Load("order.yaml", engine.Files(mappings.FS))
	if err != nil {
		t.Fatal(err)
	}
	var docs, want [][]byte
	for n := 1; n <= 9; n += 2 {
		doc := fixtures.Order(n, 1)
		out, err := m.Apply(t.Context(), doc, engine.Input{})
		if err != nil {
			t.Fatal(err)
		}
		docs, want = append(docs, doc), append(want, out)
	}
	var all sync.WaitGroup
	for g := range 4 {
		all.Go(func() {
			buffer := []byte{}
			for i := range 50 {
				n := (i*7 + g) % len(docs)
				buffer = append(buffer[:0], docs[n]...)
				out, err := m.Apply(t.Context(), buffer, engine.Input{})
				clear(buffer)
				if err != nil || !bytes.Equal(out, want[n]) {
					t.Errorf("document %d: %v, the target document is another one", n, err)
					return
				}
			}
		})
	}
	all.Wait()
}

// TestDifference holds that the comparison can fail.
func TestDifference(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{`{"a":1.0,"b":[1e2,null]}`, `{"b":[100,null],"a":1}`, false},
		{`9007199254740993`, `9007199254740992`, true},
		{`{"a":1}`, `{"a":1,"b":null}`, true},
		{`{"a":1,"b":null}`, `{"a":1}`, true},
		{`[1,2]`, `[2,1]`, true},
		{`[1]`, `[1,1]`, true},
		{`"1"`, `1`, true},
		{`"\u00fc"`, `"ü"`, false},
	} {
		a, err := canonical([]byte(test.a))
		if err != nil {
			t.Fatal(err)
		}
		b, err := canonical([]byte(test.b))
		if err != nil {
			t.Fatal(err)
		}
		if got := difference("", a, b); (got != "") != test.want {
			t.Errorf("%s and %s: %q", test.a, test.b, got)
		}
	}
}

// number is an exact number in its one form.
type number string

// canonical decodes JSON with every number exact.
func canonical(text []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if err := d.Decode(&v); err != nil {
		return nil, err
	}
	return exact(v)
}

func exact(v any) (any, error) {
	var err error
	switch x := v.(type) {
	case map[string]any:
		for k := range x {
			if x[k], err = exact(x[k]); err != nil {
				return nil, err
			}
		}
	case []any:
		for i := range x {
			if x[i], err = exact(x[i]); err != nil {
				return nil, err
			}
		}
	case json.Number:
		r, ok := new(big.Rat).SetString(string(x))
		if !ok {
			return nil, fmt.Errorf("%q is no number", x)
		}
		digits, _ := r.FloatPrec() // a JSON number has an end, so it is exact
		return number(r.FloatString(digits)), nil
	}
	return v, nil
}

// difference names the first path where a and b differ, "" where there is none.
func difference(path string, a, b any) string {
	switch x := a.(type) {
	case map[string]any:
		y, ok := b.(map[string]any)
		if !ok {
			break
		}
		for k := range x {
			if _, ok := y[k]; !ok {
				return path + "." + k + " is missing"
			}
			if d := difference(path+"."+k, x[k], y[k]); d != "" {
				return d
			}
		}
		for k := range y {
			if _, ok := x[k]; !ok {
				return path + "." + k + " is too much"
			}
		}
		return ""
	case []any:
		y, ok := b.([]any)
		if !ok || len(x) != len(y) {
			break
		}
		for i := range x {
			if d := difference(fmt.Sprintf("%s[%d]", path, i), x[i], y[i]); d != "" {
				return d
			}
		}
		return ""
	}
	if !reflect.DeepEqual(a, b) {
		return fmt.Sprintf("%s: want %.80v, got %.80v", path, a, b)
	}
	return ""
}
