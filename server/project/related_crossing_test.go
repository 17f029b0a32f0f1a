package project

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func relates(s connectors.Spec) bool {
	return slices.ContainsFunc(s.Resources, func(r connectors.Resource) bool { return r.Relates })
}

// relate lets a product of a connection name another.
func (x *crossing) relate(connection, system, sku, other string) {
	x.t.Helper()
	p, err := x.loaded()
	if err != nil {
		x.t.Fatal(err)
	}
	conn, err := p.Open(connection, Surroundings{Tokens: x.store})
	if err != nil {
		x.t.Fatal(err)
	}
	defer conn.Close()
	change := fmt.Sprintf(`{"related":[%q]}`, other)
	if !strings.HasPrefix(system, "ccv") {
		change = `{"crosswalk":` + change + `}`
	}
	docs, err := conn.Find(x.t.Context(), "product", port.Key{Field: port.KeySKU, Value: sku})
	if err != nil || len(docs) != 1 {
		x.t.Fatal(docs, err)
	}
	if _, err := conn.Update(x.t.Context(), "product", docs[0].ID, []byte(change)); err != nil {
		x.t.Fatal(err)
	}
}

// TestRelatedProductsCross sends two products that name each other, and one that names a product that comes later, between all systems that know
// relations: each relation is made once both are there, and then nothing is left to do.
func TestRelatedProductsCross(t *testing.T) {
	const mug, grinder, beans = "NK-MUG-350", "NK-GRINDER-01", "NK-BEAN-DARK-1000"
	for _, from := range all.Systems() {
		for _, to := range all.Systems() {
			if from.Spec.Name == to.Spec.Name || !relates(from.Spec) || !relates(to.Spec) {
				continue
			}
			t.Run(from.Spec.Name+" to "+to.Spec.Name, func(t *testing.T) {
				t.Parallel()
				x := cell{from.Spec, to.Spec, cargo{"product", port.Product, "simple"}}.open(t)
				// Every sandbox has the same products: in the target these are called otherwise.
				x.write("mappings/new.yaml", "from: product\nto: product\nbase: doc\nrules:\n  sku: '\"NEW-\" + sku'\n  name: '\"New \" + name'\n  related: {expr: 'related == nil ? nil : map(related, {{sku: \"NEW-\" + .sku}})', empty: omit}\n")
				x.relate("from", from.Spec.Name, mug, grinder)
				x.relate("from", from.Spec.Name, grinder, mug)
				x.relate("from", from.Spec.Name, grinder, beans)
				allow := func(skus ...string) {
					x.write("flows/orders.yaml", fmt.Sprintf("from: from\nto: to\nentity: product\nsettings: {images: never}\nwhere: 'sku in [\"%s\"]'\nsteps: [{map: mappings/new.yaml}]\n", strings.Join(skus, `", "`)))
				}
				related := func(sku string) string {
					docs := x.findIn("to", "product", port.KeySKU, "NEW-"+sku)
					if len(docs) != 1 {
						t.Fatalf("%s is there %d times", sku, len(docs))
					}
					back, err := x.canonical("to", "product", docs[0].Body)
					if err != nil {
						t.Fatal(err)
					}
					var skus []string
					for _, r := range back.Get("related.#.sku").Array() {
						skus = append(skus, strings.TrimPrefix(r.String(), "NEW-"))
					}
					slices.Sort(skus)
					return strings.Join(skus, " ")
				}
				allow(mug, grinder)
				if s, _ := x.run(); s.Created != 2 {
					t.Fatalf("%s", s)
				}
				x.run()
				s, results := x.run()
				if s.Created+s.Updated+s.Failed != 0 || results[grinder].Code != flow.AwaitsRelated || results[grinder].Settled() || results[mug].Code != flow.SkipUnchanged {
					t.Errorf("a third run: %s\n%+v\n%+v", s, results[grinder], results[mug])
				}
				if related(mug) != grinder || related(grinder) != mug {
					t.Errorf("%s names %q, %s names %q", mug, related(mug), grinder, related(grinder))
				}
				allow(mug, grinder, beans)
				x.run()
				x.run()
				if s, results := x.run(); s.Created+s.Updated+s.Failed != 0 || !results[grinder].Settled() {
					t.Errorf("the last run: %s %+v", s, results[grinder])
				}
				if related(grinder) != beans+" "+mug {
					t.Errorf("%s names %q", grinder, related(grinder))
				}
				if plan := results[mug].Plan; !gjson.GetBytes(plan.Canonical, "related").Exists() {
					t.Errorf("%s", plan.Canonical)
				}
			})
		}
	}
}
