package all_test

import (
	"context"
	"io/fs"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// heard notes what calls are called.
type heard struct {
	mu  sync.Mutex
	ops map[string]bool
}

func (h *heard) Call(ctx context.Context, c connectors.Call) (context.Context, func(connectors.Ended)) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.ops[c.Op] = true
	return ctx, nil
}

func (h *heard) Wait(context.Context, connectors.Wait) {}

// TestNamesOfCallsHoldNoIDs reads, asks for and changes documents of every system: what calls are called goes into metrics, traces and errors, and holds
// nothing of the documents.
func TestNamesOfCallsHoldNoIDs(t *testing.T) {
	for _, s := range all.Systems() {
		t.Run(s.Spec.Name, func(t *testing.T) {
			t.Parallel()
			box := s.Sandbox(connectors.SandboxOptions{})
			server := httptest.NewServer(box)
			defer server.Close()
			ops := &heard{ops: map[string]bool{}}
			c, err := s.Open(connectors.Config{Name: "test", URL: server.URL, Credentials: box.Credentials(), Observer: ops})
			if err != nil {
				t.Fatal(err)
			}
			defer c.Close()
			personal := map[string]bool{}
			for _, r := range s.Spec.Resources {
				if !r.Read {
					continue
				}
				var docs []port.Document
				for doc, err := range c.Read(t.Context(), port.Query{Resource: r.Name, Limit: 3}) {
					if err != nil {
						t.Fatal(err)
					}
					docs = append(docs, doc)
				}
				for _, doc := range docs {
					for _, part := range append(strings.Split(doc.ID, "/"), doc.Key) {
						personal[part] = true
					}
					for _, field := range r.Probes {
						value := doc.Key
						switch field {
						case port.KeyID:
							value = doc.ID
						case port.KeyEmail:
							value = "ann@example.com"
						}
						if _, err := c.Find(t.Context(), r.Name, port.Key{Field: field, Value: value}); err != nil {
							t.Fatalf("%s by %s: %v", r.Name, field, err)
						}
					}
				}
				if r.Update && len(docs) > 0 {
					// What becomes of it does not matter; a first member that is a text is what every system takes.
					change := "{}"
					gjson.ParseBytes(docs[0].Body).ForEach(func(k, v gjson.Result) bool {
						if v.Type == gjson.String && k.String() != "id" {
							change = `{"` + k.String() + `":` + v.Raw + `}`
						}
						return change == "{}"
					})
					_, _ = c.Update(t.Context(), r.Name, docs[0].ID, []byte(change))
				}
			}
			offered := map[string]bool{}
			for _, r := range s.Spec.References {
				table, err := c.Reference(t.Context(), r.Name, true)
				if err != nil {
					t.Fatalf("%s: %v", r.Name, err)
				}
				for _, f := range r.Feeds {
					offers(t, r.Name, f, gjson.ParseBytes(table))
					for _, table := range f.Keys {
						offered[table] = true
					}
				}
			}
			for table := range told(t, s.Spec.Name) {
				if !offered[table] {
					t.Errorf("as a source it offers no keys of the table %s", table)
				}
			}
			if len(ops.ops) < 5 || len(personal) < 5 {
				t.Fatalf("calls %v, documents %v", ops.ops, personal)
			}
			for op := range ops.ops {
				segments := strings.FieldsFunc(op, func(r rune) bool { return strings.ContainsRune(" /?=&", r) })
				if i := slices.IndexFunc(segments, func(s string) bool { return personal[s] }); i >= 0 || strings.Contains(op, "@") {
					t.Errorf("a call is called %q", op)
				}
			}
		})
	}
}

// told are the tables whose keys the system's canonical documents hold.
func told(t *testing.T, system string) map[string]bool {
	t.Helper()
	files, err := fs.Glob(mappings.Tests, system+"/testdata/*/*.canonical.json")
	if err != nil {
		t.Fatal(err)
	}
	tables := map[string]bool{}
	for _, f := range files {
		doc, err := mappings.Tests.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		for path, table := range map[string]string{"group": "customerGroups", "customer.group": "customerGroups", "payment.method": "paymentMethods"} {
			if gjson.GetBytes(doc, path).Exists() {
				tables[table] = true
			}
		}
	}
	return tables
}

// offers holds that the rows of reference data have what a person chooses by.
func offers(t *testing.T, name string, f connectors.Feed, table gjson.Result) {
	if f.Key == "" || len(slices.Concat(f.Keys, f.Values, f.Spare, f.Outer)) == 0 {
		t.Errorf("%s: %+v feeds nothing", name, f)
	}
	if f.Rows != "" {
		table = table.Get(f.Rows)
	}
	rows := []gjson.Result{table}
	if table.IsArray() {
		rows = table.Array()
	}
	if len(rows) == 0 {
		t.Errorf("%s: the sandbox has no row of %+v", name, f)
	}
	for _, row := range rows {
		for _, member := range []string{f.Key, f.Label} {
			if member != "" && row.Get(member).String() == "" {
				t.Errorf("%s: a row has no %s: %s", name, member, row.Raw)
			}
		}
	}
}
