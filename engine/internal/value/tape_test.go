package value

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
)

// FuzzTape: the fast pass accepts exactly what the plain validator accepts, and what it
// finds is what the plain reader finds.
func FuzzTape(f *testing.F) {
	for _, seed := range []string{
		`{}`, `[]`, `{"a":1}`, `{"abcdefgh":{"c":{"a":[1,{"b":2}]},"x":[]},"b":{"a":1},"a":{"b":[{"c":1,"b":2},3]}}`, `[{"a":{"b":1,"c":2},"x":{"y":[{"z":1}]}},{"a":{"b":2},"x":{"y":[{"z":2},{"w":3}]}},{"x":1,"a":2}]`, `{"a":{"b":[1,2,{"c":"x"}]},"z":null}`, `{"a":1,"a":2}`, `{"\u0061":1}`, `[1,[2,[3]]]`, `"x\n"`, `"é\ud83d"`, ` {"a" : [ 1 , 2 ] } `,
		`{"a":01}`, `{"a":1.}`, `{"a":1e}`, `{"a":-}`, `{"a":tru}`, `{"a"}`, `{"a":1,}`, `[1,]`, `{"a":"` + "\x01" + `"}`, "{\"a\":\"\xff\"}", `{"a":"12345678\"12345678"}`, `{"abcdefgh":1,"c":[]}`, `"\u12"`, `1 2`, ``,
		`{"a":{"x":1,"aNameOfSeventeen!":{"b":2},"aNameThatIsLongerThanThirtyTwoBytes":[],"b":[]},"stateMachineState":"x"}`,
	} {
		f.Add(seed)
	}
	var keys Keys
	for _, name := range []string{"a", "b", "c", "abcdefgh", "é"} {
		keys.Add(name)
	}
	keys.Seal()
	root := &Place{}
	root.Member(1).Member(2).Elements().Member(3) // a.b[].c
	root.Member(2)
	root.Member(4).Member(3).Open() // abcdefgh.c
	root.Elements().Member(1).Member(2)
	plan := NewPlan(root, &keys)
	var planned Tape // has seen other documents
	f.Fuzz(func(t *testing.T, src string) {
		for range 3 { // learns, then knows
			v, ok := planned.Parse(src, &keys, plan, 20)
			start, end, err := jsontext.Validate(src, 20)
			if ok != (err == nil) {
				t.Fatalf("%q: the pass with a plan says %v, the validator %v", src, ok, err)
			}
			if ok {
				same(t, v, Raw(src[start:end]), &keys, 0)
			}
			streamed(t, &planned, src, &keys, plan)
		}
		var tape Tape
		v, ok := tape.Parse(src, &keys, nil, 20)
		start, end, err := jsontext.Validate(src, 20)
		if ok != (err == nil) {
			t.Fatalf("%q: the fast pass says %v, the validator %v", src, ok, err)
		}
		if !ok {
			return
		}
		if !json.Valid([]byte(src)) {
			t.Fatalf("%q is no JSON to encoding/json", src)
		}
		same(t, v, Raw(src[start:end]), &keys, 0)
	})
}

// streamed compares the elements of a document that is read one by one with those of its text.
func streamed(t *testing.T, tape *Tape, src string, keys *Keys, plan *Plan) {
	t.Helper()
	start, end, err := jsontext.Validate(src, 20)
	if !tape.Stream(src, keys, plan, 20) {
		if err == nil && src[start] == '[' {
			t.Fatalf("%q is not read element by element", src)
		}
		return
	}
	var want []Value
	if err == nil {
		want = Raw(src[start:end]).Items()
	}
	for i := 0; ; i++ {
		v, more, ok := tape.Next()
		switch {
		case !ok && err == nil:
			t.Fatalf("%q: element %d is none", src, i)
		case !ok:
			return
		case !more && err != nil:
			t.Fatalf("%q is no JSON, and is read to its end", src)
		case !more:
			if i != len(want) {
				t.Fatalf("%q has %d elements, want %d", src, i, len(want))
			}
			return
		case err == nil:
			same(t, v, want[i], keys, 0)
		}
	}
}

// same compares a value of a tape with one that reads the text.
func same(t *testing.T, a, b Value, keys *Keys, depth int) {
	t.Helper()
	if a.Kind() != b.Kind() || string(a.AppendJSON(nil)) != string(b.AppendJSON(nil)) || a.Len() != b.Len() || a.IsEmpty() != b.IsEmpty() {
		t.Fatalf("%s differs from %s", a.AppendJSON(nil), b.AppendJSON(nil))
	}
	if depth > 6 {
		return
	}
	for i, name := range keys.names {
		x, y := a.MemberKey(name, uint16(i+1)), b.Member(name)
		if x.Kind() != y.Kind() {
			t.Fatalf("member %s of %s: %v, want %v", name, b.AppendJSON(nil), x.Kind(), y.Kind())
		}
		if x.Kind() != Missing {
			same(t, x, y, keys, depth+1)
		}
	}
	as, bs := a.Items(), b.Items()
	for i := range bs {
		same(t, as[i], bs[i], keys, depth+1)
		same(t, a.Index(i), b.Index(i), keys, depth+1)
		same(t, a.Index(i-len(bs)), b.Index(i-len(bs)), keys, depth+1)
	}
	af, bf := a.Fields(), b.Fields()
	for i := range bf {
		if af[i].Key != bf[i].Key {
			t.Fatalf("member %d is %q, want %q", i, af[i].Key, bf[i].Key)
		}
		same(t, af[i].Value, bf[i].Value, keys, depth+1)
	}
}

func TestKeysFindEveryName(t *testing.T) {
	var keys Keys
	var names []string
	for i := range 3000 {
		name := string(rune('a'+i%26)) + string(rune('a'+i/26%26)) + string(rune('a'+i/676))
		names = append(names, name)
	}
	for i, n := range names {
		if id := keys.Add(n); int(id) != i+1 {
			t.Fatalf("%s has number %d, want %d", n, id, i+1)
		}
	}
	keys.Seal()
	for i, n := range names {
		if id := keys.find(n); int(id) != i+1 {
			t.Fatalf("%s is found as %d, want %d", n, id, i+1)
		}
	}
	for _, n := range []string{"", "a", "zzzz", "ab"} {
		if id := keys.find(n); id != 0 {
			t.Fatalf("%q is found as %d", n, id)
		}
	}
}

// TestPlaces shows that elements are found alike in any order, in one list and in several, and that who goes through a list in its order, or
// reads from its end, walks over it once.
func TestPlaces(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		sizes := rapid.SliceOfN(rapid.IntRange(0, 9), 1, 4).Draw(t, "sizes")
		src := "["
		for i, n := range sizes {
			if i > 0 {
				src += ","
			}
			src += "["
			for j := range n {
				if j > 0 {
					src += ","
				}
				src += fmt.Sprintf(`[%d,[]]`, 10*i+j)
			}
			src += "]"
		}
		var tape Tape
		doc, ok := tape.Parse(src+"]", &Keys{}, nil, 10)
		if !ok {
			t.Fatal(src)
		}
		for range rapid.IntRange(1, 40).Draw(t, "reads") {
			of := rapid.IntRange(0, len(sizes)-1).Draw(t, "list")
			k := rapid.IntRange(-10, 10).Draw(t, "element")
			list := doc.Index(of)
			want := "null"
			if at := k; at < sizes[of] && at >= -sizes[of] {
				if at < 0 {
					at += sizes[of]
				}
				want = fmt.Sprintf("[%d,[]]", 10*of+at)
			}
			if got := string(list.Index(k).AppendJSON(nil)); got != want || list.Len() != sizes[of] {
				t.Fatalf("%s[%d][%d] is %s, want %s; %d elements", src, of, k, got, want, list.Len())
			}
		}
	})
	var tape Tape
	const n = 100_000
	list, ok := tape.Parse("["+strings.Repeat("1,", n-1)+"1]", &Keys{}, nil, 10)
	if !ok {
		t.Fatal("not read")
	}
	walked := 0
	for i := range n {
		walked += list.Walk(i)
		list.Index(i)
	}
	for range n {
		walked += list.Walk(-1)
		list.Index(-1)
	}
	if walked > 3*n {
		t.Errorf("%d elements were walked over in a list of %d", walked, n)
	}
}
