package flow

import (
	"encoding/json"
	"fmt"

	"github.com/tidwall/gjson"
)

// Differences are the fields in which document b differs from a: those of b in their order, with what a has there, and then those that only
// a has, with null as the new value. Numbers are equal by value.
func Differences(a, b []byte) []FieldChange {
	before, after := flat(a), flat(b)
	var out []FieldChange
	for _, path := range after.paths {
		was, ok := before.values[path]
		now := after.values[path]
		if ok && was.Type == now.Type && equal(was, now) {
			continue
		}
		c := FieldChange{Path: path, To: json.RawMessage(now.Raw)}
		if ok {
			c.From = json.RawMessage(was.Raw)
		}
		out = append(out, c)
	}
	for _, path := range before.paths {
		if _, ok := after.values[path]; !ok {
			out = append(out, FieldChange{Path: path, From: json.RawMessage(before.values[path].Raw), To: json.RawMessage("null")})
		}
	}
	return out
}

// leaves of a document by path.
type flatDocument struct {
	paths  []string
	values map[string]gjson.Result
}

func flat(doc []byte) flatDocument {
	f := flatDocument{values: map[string]gjson.Result{}}
	if len(doc) > 0 {
		f.add("", gjson.ParseBytes(doc))
	}
	return f
}

func (f *flatDocument) add(path string, v gjson.Result) {
	n := 0
	if v.IsObject() || v.IsArray() {
		v.ForEach(func(k, e gjson.Result) bool {
			switch {
			case v.IsArray():
				f.add(fmt.Sprintf("%s[%d]", path, n), e)
			case path == "":
				f.add(k.String(), e)
			default:
				f.add(path+"."+k.String(), e)
			}
			n++
			return true
		})
	}
	if n == 0 {
		f.paths = append(f.paths, path)
		f.values[path] = v
	}
}
