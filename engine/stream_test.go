package engine_test

import (
	"context"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
)

// TestStream: a document that is mapped while it is read comes out as one that is read first, whatever is wrong with it
// and wherever.
func TestStream(t *testing.T) {
	mappings := map[string]string{
		"copies":      "rules:\n  items[]: {each: doc, as: p}\n  items[].sku: p.sku\n  items[].net: p.price[0].net\n",
		"where":       "rules:\n  items[]: {each: doc, as: p, where: p.active}\n  items[].sku: p.sku\n",
		"required":    "rules:\n  items[]: {each: doc, as: p, required: true}\n  items[].sku: {expr: p.sku, required: true}\n",
		"empty":       "rules:\n  items[]: {each: doc, as: p, empty: omit}\n  items[].sku: p.sku\n",
		"own result":  "rules:\n  items[]: {each: doc, as: p, expr: p.sku}\n",
		"whole":       "rules:\n  items[]: {each: doc, as: p, expr: p}\n",
		"below":       "rules:\n  a.items[]: {each: doc, as: p}\n  a.items[].tags[]: {each: p.tags, as: t, expr: t.name}\n  z: settings.s ?? 1\n",
		"twice":       "rules:\n  items[]: {each: doc, as: p}\n  items[].sku: p.sku\n  n: len(doc)\n",
		"let":         "let: {d: doc}\nrules:\n  items[]: {each: d, as: p}\n  items[].sku: p.sku\n  first: d[0].sku\n",
		"nested":      "rules:\n  o[]: {each: '[1, 2]', as: n}\n  o[].items[]: {each: doc, as: p}\n  o[].items[].sku: p.sku\n",
		"only create": "rules:\n  items[]: {each: doc, as: p, write: create}\n  items[].sku: p.sku\n",
	}
	good := `{"sku":"a\u0062","active":true,"price":[{"net":1.50}],"tags":[{"name":"x"},{}]}`
	documents := []string{
		`[]`, ` [ ] `, `[` + good + `]`, `[` + good + ` , ` + good + ` ]`, `[1,null,"x",[],` + good + `]`, `[{"sku":""},{"sku":null}]`,
		`{}`, `{"sku":1}`, `null`, `"x"`, ``, `[`, `[,]`, `[` + good, `[` + good + `,]`, `[` + good + ` ` + good + `]`, `[` + good + `]x`, `[` + good + `,{"sku":}]`,
		`[` + good + `,{"other":tru}]`, `[` + strings.Repeat(`[`, 2000) + strings.Repeat(`]`, 2000) + `]`, `[` + strings.Repeat(good+`,`, 300) + good + `]`,
		`[{"price":{"net":1}},` + good + `]`, `[{"active":"yes"}]`, `[{"tags":{}}]`, `[{"tags":7}]`,
	}
	for name, rules := range mappings {
		t.Run(name, func(t *testing.T) {
			m, err := engine.Parse("m.yaml", []byte("from: any\nto: any\nsettings: {s: {type: string}}\n"+rules))
			if err != nil {
				t.Fatal(err)
			}
			if more := name == "twice" || name == "let" || name == "nested"; m.Streams() == more {
				t.Errorf("streams: %v", m.Streams())
			}
			for _, doc := range documents {
				for _, in := range []engine.Input{{}, {Write: engine.Update}, {Settings: []byte(`{"s":"x"}`)}, {Settings: []byte(`{"s":1}`)}} {
					got, err := m.Apply(context.Background(), []byte(doc), in)
					want, _, wantErr := m.ApplyThorough(context.Background(), []byte(doc), in)
					if string(got) != string(want) || rendered(err) != rendered(wantErr) {
						t.Errorf("%.200s gives\n%s %s\nwant\n%s %s", doc, got, rendered(err), want, rendered(wantErr))
					}
				}
			}
		})
	}
}
