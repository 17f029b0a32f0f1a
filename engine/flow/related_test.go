package flow_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/flow"
)

func relatedTo(sku string, others ...string) string {
	var list []string
	for _, o := range others {
		list = append(list, `{"sku":"`+o+`"}`)
	}
	return product(sku, "related", "["+strings.Join(list, ",")+"]")
}

func newRelations(products ...string) *world {
	w := with(newProducts(), products...)
	w.flow.Mappings.TargetRead, w.flow.Resources.Relates = readProduct, true
	return w
}

// relations are the related products of each article that has some.
func (w *world) relations() string {
	var out []string
	for _, d := range w.books.docs["article"] {
		if list := gjson.GetBytes(d.Body, "Product.related.#.sku"); len(list.Array()) > 0 {
			out = append(out, gjson.GetBytes(d.Body, "Number").String()+list.Raw)
		}
	}
	return strings.Join(out, " ")
}

// TestRelatedAfterBothExist shows that two products that name each other both arrive, that each names the other once it is there, and that nothing
// is left to do then.
func TestRelatedAfterBothExist(t *testing.T) {
	w := newRelations(relatedTo("A", "B", "A", "B", ""), relatedTo("B", "A"))
	s, results, err := w.run(t, flow.RunOptions{})
	if err != nil || s.Created != 2 || w.relations() != `B["A"]` {
		t.Fatalf("%s %v: %s", s, err, w.relations())
	}
	first := results["A"]
	if first.Settled() || first.Code != flow.AwaitsRelated || !strings.Contains(first.Reason, "related products B are not there yet") || !results["B"].Settled() {
		t.Errorf("%+v", first)
	}
	s, results, err = w.run(t, flow.RunOptions{})
	if err != nil || s.Updated != 1 || w.relations() != `A["B"] B["A"]` || !results["A"].Settled() || results["A"].Code != "" {
		t.Fatalf("%s %v: %s", s, err, w.relations())
	}
	writes := len(w.books.writes())
	if s, _, err = w.run(t, flow.RunOptions{FromStart: true}); err != nil || s.Skipped != 2 || len(w.books.writes()) != writes {
		t.Errorf("again: %s %v", s, err)
	}
}

// TestRelatedIsNotLost shows that a relation to a product that comes much later is made without anything else changing.
func TestRelatedIsNotLost(t *testing.T) {
	w := newRelations(relatedTo("A", "LATE", "NK-BEAN"), product("C"))
	for i := range 3 {
		s, results, err := w.run(t, flow.RunOptions{})
		if err != nil || i > 0 && s.Skipped+s.Updated != s.Read || results["A"].Code != flow.AwaitsRelated || results["A"].Settled() || w.relations() != `A["NK-BEAN"]` {
			t.Fatalf("run %d: %s %v %+v %s", i, s, err, results["A"], w.relations())
		}
	}
	w.books.put("article", `{"Number":"LATE"}`)
	if s, results, err := w.run(t, flow.RunOptions{}); err != nil || results["A"].Outcome != flow.Updated || !results["A"].Settled() || w.relations() != `A["LATE","NK-BEAN"]` {
		t.Errorf("%s %v %+v %s", s, err, results["A"], w.relations())
	}
}

// TestRelatedLeftAlone shows where no relation is written, and none is waited for.
func TestRelatedLeftAlone(t *testing.T) {
	cases := map[string]func(*world){
		"a target without relations": func(w *world) { w.flow.Resources.Relates = false },
		"related: never":             func(w *world) { w.flow.Settings = []byte(`{"related":"never"}`) },
		"update: false": func(w *world) {
			w.flow.Settings = []byte(`{"update":false}`)
			w.books.put("article", `{"Number":"A"}`)
		},
	}
	for name, prepare := range cases {
		t.Run(name, func(t *testing.T) {
			w := newRelations(relatedTo("A", "LATE", "NK-BEAN"))
			prepare(w)
			if s, results, err := w.run(t, flow.RunOptions{}); err != nil || !results["A"].Settled() || w.relations() != "" {
				t.Errorf("%s %v %+v %s", s, err, results["A"], w.relations())
			}
		})
	}
}

// TestRelatedInADryRun shows that the plan says what it waits for, and that a plan keeps it when it is stored.
func TestRelatedInADryRun(t *testing.T) {
	w := newRelations(relatedTo("A", "LATE"))
	_, results, err := w.run(t, flow.RunOptions{DryRun: true})
	if err != nil || results["A"].Outcome != flow.Created || results["A"].Code != flow.AwaitsRelated || len(w.books.writes()) != 0 {
		t.Fatalf("%v %+v", err, results["A"])
	}
	if again := roundTrip(t, results["A"].Plan); len(again.Awaits) != 1 || again.Awaits[0] != "LATE" {
		t.Errorf("%v", again.Awaits)
	}
}
