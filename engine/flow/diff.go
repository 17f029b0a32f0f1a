package flow

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

// diff compares the document that a mapping wants with the one that is there. It looks only at members
// that want holds. Numbers are equal by value; null, missing and "" are equal, as systems
// turn one into the other. change holds the top-level members that differ, whole: an
// object with the members of both, so that it does not matter whether the
// system merges or replaces objects.
func diff(have, want []byte) (changes []FieldChange, change []byte, err error) {
	change = []byte("{}")
	h := gjson.ParseBytes(have)
	gjson.ParseBytes(want).ForEach(func(key, w gjson.Result) bool {
		name := key.String()
		present := member(h, name)
		n := len(changes)
		changes = compare(changes, name, present, w)
		if len(changes) == n {
			return true
		}
		change, err = sjson.SetRawBytes(change, escapePath(name), merge(present, w))
		return err == nil
	})
	return changes, change, err
}

func compare(changes []FieldChange, path string, have, want gjson.Result) []FieldChange {
	if want.IsObject() && have.IsObject() {
		want.ForEach(func(key, w gjson.Result) bool {
			changes = compare(changes, path+"."+key.String(), member(have, key.String()), w)
			return true
		})
		return changes
	}
	if want.IsArray() && have.IsArray() {
		hs, ws := have.Array(), want.Array()
		if len(hs) == len(ws) {
			for i := range ws {
				changes = compare(changes, fmt.Sprintf("%s[%d]", path, i), hs[i], ws[i])
			}
			return changes
		}
	}
	if equal(have, want) {
		return changes
	}
	c := FieldChange{Path: path, To: json.RawMessage(want.Raw)}
	if have.Exists() {
		c.From = json.RawMessage(have.Raw)
	}
	return append(changes, c)
}

func equal(a, b gjson.Result) bool {
	if blank(a) && blank(b) {
		return true
	}
	if a.Type != b.Type {
		return false
	}
	switch a.Type {
	case gjson.Number:
		x, err1 := decimal.Parse(a.Raw)
		y, err2 := decimal.Parse(b.Raw)
		return err1 == nil && err2 == nil && x.Equal(y)
	case gjson.String:
		return a.Str == b.Str
	case gjson.JSON:
		var x, y bytes.Buffer
		return json.Compact(&x, []byte(a.Raw)) == nil && json.Compact(&y, []byte(b.Raw)) == nil && bytes.Equal(x.Bytes(), y.Bytes())
	}
	return true
}

// merge returns want over have, by members where both are objects.
func merge(have, want gjson.Result) []byte {
	if !have.IsObject() || !want.IsObject() {
		return []byte(want.Raw)
	}
	out := []byte(have.Raw)
	want.ForEach(func(key, w gjson.Result) bool {
		name := key.String()
		next, err := sjson.SetRawBytes(out, escapePath(name), merge(member(have, name), w))
		if err == nil {
			out = next
		}
		return true
	})
	return out
}

// overlay returns the object have with the members of change set.
func overlay(have, change []byte) []byte {
	return merge(gjson.ParseBytes(have), gjson.ParseBytes(change))
}

func blank(v gjson.Result) bool { return !present(v) || v.Type == gjson.String && v.Str == "" }

// member returns an object's member by its exact name, which may hold characters that
// are operators in paths.
func member(object gjson.Result, name string) (out gjson.Result) {
	if !object.IsObject() {
		return out
	}
	object.ForEach(func(k, v gjson.Result) bool {
		if k.String() == name {
			out = v
			return false
		}
		return true
	})
	return out
}

// escapePath makes a member's name a path of sjson.
func escapePath(name string) string {
	var b bytes.Buffer
	if name != "" && name[0] >= '0' && name[0] <= '9' {
		b.WriteByte(':') // a member, not an index
	}
	for i := range len(name) {
		switch c := name[i]; c {
		case '.', '*', '?', '\\', '|', '#', '@', '!', '{', '}', '[', ']', '(', ')', '=', '<', '>', '%', '"', ':':
			b.WriteByte('\\')
			b.WriteByte(c)
		default:
			b.WriteByte(c)
		}
	}
	return b.String()
}
