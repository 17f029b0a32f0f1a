package flow_test

import (
	"context"
	"fmt"
	"testing"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// replacing are books whose API replaces whole documents: a member that is left out of a PUT is emptied. Update hides that as
// connectors do.
type replacing struct{ *books }

func (r replacing) Update(ctx context.Context, resource, id string, change []byte) (port.Document, error) {
	docs, err := r.Find(ctx, resource, port.Key{Field: port.KeyID, Value: id})
	if err != nil {
		return port.Document{}, err
	}
	body := string(docs[0].Body)
	gjson.ParseBytes(change).ForEach(func(k, v gjson.Result) bool {
		body, _ = sjson.SetRaw(body, k.String(), v.Raw)
		return true
	})
	return r.put(resource, id, body), nil
}

// put is the API's PUT.
func (r replacing) put(resource, id, body string) port.Document {
	r.books.mu.Lock()
	defer r.books.mu.Unlock()
	r.books.calls = append(r.books.calls, "update "+resource)
	for i, d := range r.books.docs[resource] {
		if d.ID != id {
			continue
		}
		gjson.ParseBytes(d.Body).ForEach(func(k, _ gjson.Result) bool {
			if !gjson.Get(body, k.String()).Exists() {
				body, _ = sjson.SetRaw(body, k.String(), "null")
			}
			return true
		})
		d.Body, d.Version = []byte(body), d.Version+"+"
		r.books.docs[resource][i] = d
		return d
	}
	return port.Document{}
}

// TestWriteModes is the matrix of what the source has (missing, null, empty, a value) and what a rule's `write` says, for a new
// product, one whose field is filled and one whose field is empty in the target.
func TestWriteModes(t *testing.T) {
	const absent = ""
	sources := []struct{ name, raw string }{{"missing", absent}, {"null", "null"}, {"empty", `""`}, {"a value", `"new"`}}
	// What the field is afterwards, by the source above. Unsaid, missing and null omit the field and an empty text is written.
	cases := []struct {
		write   string
		present string // in the target; absent is a new product
		want    [4]string
	}{
		{"always", absent, [4]string{absent, absent, `""`, `"new"`}},
		{"always", `"old"`, [4]string{`"old"`, `"old"`, `""`, `"new"`}},
		{"always", `""`, [4]string{`""`, `""`, `""`, `"new"`}},
		{"create", absent, [4]string{absent, absent, `""`, `"new"`}},
		{"create", `"old"`, [4]string{`"old"`, `"old"`, `"old"`, `"old"`}},
		{"create", `""`, [4]string{`""`, `""`, `""`, `""`}},
		{"update", absent, [4]string{absent, absent, absent, absent}},
		{"update", `"old"`, [4]string{`"old"`, `"old"`, `""`, `"new"`}},
		{"update", `""`, [4]string{`""`, `""`, `""`, `"new"`}},
		{"if-empty", absent, [4]string{absent, absent, `""`, `"new"`}},
		{"if-empty", `"old"`, [4]string{`"old"`, `"old"`, `"old"`, `"old"`}},
		{"if-empty", `""`, [4]string{`""`, `""`, `""`, `"new"`}},
	}
	for _, c := range cases {
		for i, source := range sources {
			t.Run(fmt.Sprintf("%s over %s with %s", c.write, c.present, source.name), func(t *testing.T) {
				w := newProducts()
				w.flow.Mappings.Write = mapperOf(t, "Number: sku\n  Text: {expr: description, write: "+c.write+"}")
				body := product("NK-1")
				if source.raw != absent {
					body, _ = sjson.SetRaw(body, "description", source.raw)
				}
				with(w, body)
				if c.present != absent {
					w.books.put("article", `{"Number":"NK-1","Text":`+c.present+`,"Shelf":"B12"}`)
				}
				run := func() flow.Summary {
					p, err := flow.New(w.flow, flow.Systems{Source: w.shop, Target: replacing{w.books}, Links: w.store, Cursors: w.store}, flow.Pace{Now: w.clock.Now, Sleep: w.clock.Sleep})
					if err != nil {
						t.Fatal(err)
					}
					s, err := p.Run(t.Context(), flow.RunOptions{FromStart: true})
					if err != nil || s.Failed > 0 {
						t.Fatalf("%s %v", s, err)
					}
					return s
				}
				run()
				docs := w.books.docs["article"]
				got := gjson.ParseBytes(docs[len(docs)-1].Body)
				if got.Get("Text").Raw != c.want[i] || c.present != absent && got.Get("Shelf").String() != "B12" {
					t.Errorf("it is %s, want the text %s", got.Raw, c.want[i])
				}
				// A new product meets `write: update` in its second run; the third changes nothing in any case.
				run()
				if before := len(w.books.writes()); run().Skipped != 1 || len(w.books.writes()) != before {
					t.Errorf("a run without news wrote %v", w.books.writes()[before:])
				}
			})
		}
	}
}
