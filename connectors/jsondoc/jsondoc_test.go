package jsondoc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

func Example() {
	order, _ := jsondoc.DecodeObject([]byte(`{"total": 19.10, "id": 9007199254740993, "lines": [{"sku": "NK-1/2"}]}`))
	order.Set("total", json.Number("20.00"))
	order.Set("paid", true)
	for _, line := range order.Objects("lines") {
		fmt.Println(line.Text("sku"))
	}
	fmt.Printf("%s\n%s\n", jsondoc.Encode(order), jsondoc.EncodePHP("é/"))
	// Output:
	// NK-1/2
	// {"total":20.00,"id":9007199254740993,"lines":[{"sku":"NK-1/2"}],"paid":true}
	// "\u00e9\/"
}

func TestRoundTrip(t *testing.T) {
	for _, text := range []string{
		`null`, `true`, `1.50`, `-0`, `1e400`, `123456789012345678901234567890`, `"a\"b\\c\n\r\t\u0001"`, `[]`, `{}`,
		`{"b":1,"a":[{"z":null},"é😀"]}`, strings.Repeat("[", jsondoc.MaxDepth) + strings.Repeat("]", jsondoc.MaxDepth),
	} {
		v, err := jsondoc.Decode([]byte(text))
		if err != nil {
			t.Errorf("Decode(%.40s): %v", text, err)
			continue
		}
		if got := string(jsondoc.Encode(v)); got != text {
			t.Errorf("Decode and Encode make %s of %s", got, text)
		}
		again, err := jsondoc.Decode(jsondoc.EncodePHP(v))
		if err != nil || !reflect.DeepEqual(again, v) {
			t.Errorf("EncodePHP changes the value of %.40s: %v, %v", text, again, err)
		}
	}
}

func TestMalformed(t *testing.T) {
	for _, text := range []string{``, `{`, `[1,`, `[1 2]`, `{"a"}`, `{"a":}`, `1 2`, `{} x`, `nul`, `"`, "\x00",
		strings.Repeat("[", jsondoc.MaxDepth+2) + strings.Repeat("]", jsondoc.MaxDepth+2)} {
		if v, err := jsondoc.Decode([]byte(text)); !errors.Is(err, jsondoc.ErrMalformed) {
			t.Errorf("Decode(%.40q) = %v, %v; want ErrMalformed", text, v, err)
		}
	}
	if _, err := jsondoc.DecodeObject([]byte(`[]`)); !errors.Is(err, jsondoc.ErrMalformed) {
		t.Errorf("DecodeObject of a list: %v", err)
	}
}

func TestClonesAreApart(t *testing.T) {
	o := jsondoc.New("list", []any{jsondoc.New("n", 1)}, "gone", "x")
	c := o.Clone()
	c.Objects("list")[0].Set("n", 2)
	c.Drop("gone", "never there")
	c.Set("new", nil)
	if got, want := string(jsondoc.Encode(o)), `{"list":[{"n":1}],"gone":"x"}`; got != want {
		t.Errorf("the original is %s, want %s", got, want)
	}
	o.Merge(c)
	o.Objects("list")[0].Set("n", 3)
	if got, want := string(jsondoc.Encode(c)), `{"list":[{"n":2}],"new":null}`; got != want {
		t.Errorf("the clone is %s, want %s", got, want)
	}
	if !o.Has("new") || o.Has("nothing") || o.Int("gone") != 0 || o.Objects("list")[0].Int("n") != 3 {
		t.Errorf("members read wrong: %s", jsondoc.Encode(o))
	}
	var none *jsondoc.Object
	if none.Get("a") != nil || none.Len() != 0 || none.Object("a").Text("b") != "" || none.Clone() != nil {
		t.Error("a nil object has members")
	}
}

func FuzzDecode(f *testing.F) {
	f.Add([]byte(`{"a":[1,2.50,{"b":null}],"c":"é\ud83d\ude00"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		v, err := jsondoc.Decode(data)
		if err != nil {
			return
		}
		again, err := jsondoc.Decode(jsondoc.Encode(v))
		if err != nil || !reflect.DeepEqual(again, v) {
			t.Errorf("%q becomes %#v, then %#v, %v", data, v, again, err)
		}
	})
}

func TestDifference(t *testing.T) {
	have, err := jsondoc.DecodeObject([]byte(`{"id":"1","name":"Mug","price":19.1,"text":null,"tags":["a"],"tax":{"id":"x","rate":21.00},"stamp":1}`))
	if err != nil {
		t.Fatal(err)
	}
	for want, changed := range map[string]string{
		`{"name":"Mug","price":19.10,"text":"","tax":{"rate":21},"stamp":2}`: `{}`,
		`{"name":"Cup","price":19.11}`:                                       `{"name":"Cup","price":19.11}`,
		`{"tags":["a","b"],"tax":{"rate":9},"id":null}`:                      `{"tags":["a","b"],"tax":{"rate":9},"id":null}`,
		`{"price":"19.1","new":1,"name":null}`:                               `{"price":"19.1","new":1,"name":null}`,
		`{"price":1e999999999,"new":[1e400]}`:                                `{"price":1e999999999,"new":[1e400]}`,
		`{"left":"out"}`:                                                     `{}`,
	} {
		w, err := jsondoc.DecodeObject([]byte(want))
		if err != nil {
			t.Fatal(err)
		}
		d := jsondoc.NewDifference("stamp")
		d.Members(have, w, "left")
		if d.Body.Len() != len(d.Changes) {
			t.Errorf("%s: %d members, %d changes", want, d.Body.Len(), len(d.Changes))
		}
		if got := string(jsondoc.Encode(d.Body)); got != changed && !(changed == "{}" && len(d.Changes) == 0) {
			t.Errorf("%s: changes %s, want %s", want, got, changed)
		}
	}
}
