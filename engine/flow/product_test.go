package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// newProducts is a world whose flow sends products. What the books get is the canonical product under Product, so that tests see
// what the process made of it.
func newProducts() *world {
	w := newWorld()
	w.flow.Name, w.flow.Entity, w.flow.Where, w.flow.WhereText, w.flow.Tables = "products", port.Product, nil, "", nil
	w.flow.Mappings = flow.Mappings{Read: identity, Write: wholeProduct}
	w.flow.Resources = flow.Resources{Source: "product", Target: "article", ProductTypes: []string{"simple", "variants", "grouped"}}
	return w
}

var wholeProduct = mapper(func(_ context.Context, doc []byte, _ engine.Input) ([]byte, error) {
	out, err := sjson.SetBytes([]byte(`{}`), "Number", gjson.GetBytes(doc, "sku").String())
	if err != nil {
		return nil, err
	}
	return sjson.SetRawBytes(out, "Product", doc)
})

func product(sku string, changes ...string) string {
	body := fmt.Sprintf(`{"id":"p-%s","sku":%q,"type":"simple","name":"Beans","priceNet":10.00,"priceGross":10.90,"taxRate":9,"currency":"EUR"}`, sku, sku)
	for i := 0; i < len(changes); i += 2 {
		body, _ = sjson.SetRaw(body, changes[i], changes[i+1])
	}
	return body
}

const tee = `{"id":"p-TEE","sku":"TEE","type":"variants","name":"T-shirt","priceGross":24.20,"taxRate":21,"currency":"EUR","quantity":9,
"options":[{"code":"colour","name":"Colour","values":["Red","Black"]},{"code":"size","name":"Size","values":["M"]}],
"variants":[{"sku":"TEE-R","ean":"111","options":[{"code":"colour","name":"Colour","value":"Red"},{"code":"size","name":"Size","value":"M"}]},
{"sku":"TEE-B","priceGross":30.25,"quantity":0,"options":[{"code":"colour","name":"Colour","value":"Black"},{"code":"size","name":"Size","value":"M"}]}]}`

// TestProduct says what becomes of one product, case by case.
func TestProduct(t *testing.T) {
	cases := []struct {
		name     string
		product  string
		settings string
		tables   string
		prepare  func(*world)
		outcome  flow.Outcome
		code     string
		reason   string
		writes   []string
		// has are members of the last article of the books.
		has map[string]string
	}{
		{name: "a new one", product: product("NK-1"), outcome: flow.Created, writes: []string{"create article"},
			has: map[string]string{"Number": "NK-1", "Product.priceNet": "10.00", "Product.priceGross": "10.90"}},
		{name: "one that changed", product: product("NK-BEAN"), outcome: flow.Updated, writes: []string{"update article"}},
		{name: "one that is to be left alone", product: product("NK-BEAN"), settings: `{"update":false}`, outcome: flow.Skipped, code: flow.SkipExists},
		{name: "without a SKU", product: product(""), outcome: flow.Skipped, code: flow.SkipNoKey, reason: "no SKU"},
		{name: "two in the target", product: product("NK-1"),
			prepare: func(w *world) {
				w.books.put("article", `{"Number":"NK-1"}`)
				w.books.put("article", `{"Number":"NK-1"}`)
			},
			outcome: flow.Failed, code: flow.FailConflict, reason: "books has 2 documents article with the SKU NK-1"},
		{name: "net prices as they are", product: product("NK-1"), settings: `{"prices":"net"}`, outcome: flow.Created, writes: []string{"create article"},
			has: map[string]string{"Product.priceNet": "10.00", "Product.priceGross": ""}},
		{name: "net prices that the source does not give", product: product("NK-1", "priceNet", "null", "priceGross", "19.99"), settings: `{"prices":"net"}`,
			outcome: flow.Created, writes: []string{"create article"}, has: map[string]string{"Product.priceNet": "18.3394", "Product.priceGross": ""}},
		{name: "gross prices that the source does not give", product: product("NK-1", "priceGross", "null"), settings: `{"prices":"gross"}`,
			outcome: flow.Created, writes: []string{"create article"}, has: map[string]string{"Product.priceNet": "", "Product.priceGross": "10.9000"}},
		{name: "a price that cannot be computed", product: product("NK-1", "priceGross", "null", "taxRate", "null"), settings: `{"prices":"gross"}`,
			outcome: flow.Failed, code: flow.FailMapping, reason: "without a tax rate"},
		{name: "another currency", product: product("NK-1", "currency", `"SEK"`), settings: `{"currency":"eur"}`, outcome: flow.Failed, code: flow.FailCurrency,
			reason: "its prices are in SEK, and settings.currency is EUR"},
		{name: "a family where there are none", product: tee, prepare: func(w *world) { w.flow.Resources.ProductTypes = nil },
			outcome: flow.Skipped, code: flow.SkipType, reason: "it is a family of variants, and books does not take such products"},
		{name: "a family that must not be left out", product: tee, settings: `{"unsupportedTypes":"fail"}`,
			prepare: func(w *world) { w.flow.Resources.ProductTypes = []string{"simple"} }, outcome: flow.Failed, code: flow.FailType},
		{name: "a family that is split", product: tee, settings: `{"unsupportedTypes":"split"}`,
			prepare: func(w *world) { w.flow.Resources.ProductTypes = []string{"simple"} },
			outcome: flow.Created, writes: []string{"create article", "create article"},
			has: map[string]string{"Number": "TEE-B", "Product.name": "T-shirt Black M", "Product.priceGross": "30.25", "Product.quantity": "0", "Product.type": "simple",
				"Product.variants": "", "Product.options": "", "Product.ean": "", "Product.attributes.0.value": "Black"}},
		{name: "a variant with the other price than its family", product: `{"id":"p-F","sku":"F","type":"variants","name":"F","priceGross":24.20,"taxRate":21,"variants":[{"sku":"F-1","priceNet":5}]}`,
			settings: `{"unsupportedTypes":"split"}`, prepare: func(w *world) { w.flow.Resources.ProductTypes = nil },
			outcome: flow.Created, writes: []string{"create article"}, has: map[string]string{"Number": "F-1", "Product.priceNet": "5", "Product.priceGross": ""}},
		{name: "a family that is split and half there", product: tee, settings: `{"unsupportedTypes":"split"}`,
			prepare: func(w *world) {
				w.flow.Resources.ProductTypes = []string{"simple"}
				w.books.put("article", `{"Number":"TEE-B"}`)
			},
			outcome: flow.Created, writes: []string{"update article", "create article"}, has: map[string]string{"Number": "TEE-R", "Product.ean": "111"}},
		{name: "a family that is taken", product: tee, outcome: flow.Created, writes: []string{"create article"}, has: map[string]string{"Product.variants.#": "2"}},
		{name: "a set whose members are there", product: product("SET", "type", `"grouped"`, "members", `[{"sku":"NK-BEAN","quantity":2},{"sku":"NK-MUG"}]`),
			outcome: flow.Created, writes: []string{"create article"}},
		{name: "a set before its members", product: product("SET", "type", `"grouped"`, "members", `[{"sku":"NK-BEAN"},{"sku":"NK-NEW"}]`),
			outcome: flow.Failed, code: flow.FailProduct, reason: "books does not have NK-NEW of the set yet"},
		{name: "a type of its own", product: product("NK-1", "type", `"gift card"`), outcome: flow.Skipped, code: flow.SkipType, reason: `of the type "gift card"`},
		{name: "categories and images on a new one", product: product("NK-BEAN-2", "categories", `[{"path":["A"]}]`, "images", `[{"url":"u"}]`),
			settings: `{"categories":"create","images":"never"}`, outcome: flow.Created, writes: []string{"create article"},
			has: map[string]string{"Product.categories.#": "1", "Product.images": ""}},
		{name: "categories and images of a known one", product: product("NK-KNOWN", "categories", `[{"path":["A"]}]`, "images", `[{"url":"u"}]`),
			prepare:  func(w *world) { w.books.put("article", `{"Number":"NK-KNOWN"}`) },
			settings: `{"categories":"create","images":"always"}`, outcome: flow.Updated, writes: []string{"update article"},
			has: map[string]string{"Product.categories": "", "Product.images.#": "1"}},
		{name: "labels of the target", product: tee, tables: `{"attributes":{"colour":{"name":"Kleur","code":"kleur","values":{"Red":"Rood","black":"Zwart"}},"Size":"Maat"}}`,
			outcome: flow.Created, writes: []string{"create article"},
			has: map[string]string{"Product.options.0.name": "Kleur", "Product.options.0.code": "kleur", "Product.options.0.values.1": "Zwart", "Product.options.1.name": "Maat",
				"Product.variants.0.options.0.value": "Rood", "Product.variants.1.options.1.value": "M"}},
		{name: "a value that is in no table fails", product: tee, tables: `{"attributes":{"colour":{"name":"Kleur","values":{"Red":"Rood"}},"Size":"Maat"}}`, settings: `{"unmappedAttributes":"fail"}`,
			outcome: flow.Failed, code: flow.FailLabel, reason: `the table attributes does not have the value "Black" of "Colour"`},
		{name: "an attribute that is in no table fails", product: tee, tables: `{"attributes":{"Size":"Maat"}}`, settings: `{"unmappedAttributes":"fail"}`,
			outcome: flow.Failed, code: flow.FailLabel, reason: `does not have "Colour"`},
		{name: "an option that is left out makes variants equal", product: tee, tables: `{"attributes":{"Size":"Maat"}}`, settings: `{"unmappedAttributes":"ignore"}`,
			outcome: flow.Failed, code: flow.FailLabel, reason: "the variants TEE-R and TEE-B have the same options"},
		{name: "features that are in no table are left out", product: product("NK-1", "features", `[{"name":"Origin","value":"Peru"},{"name":"Weight","value":500}]`),
			tables: `{"features":{"weight":{"name":"Gewicht","values":{"500":"500 g"}}}}`, settings: `{"unmappedFeatures":"ignore"}`,
			outcome: flow.Created, writes: []string{"create article"}, has: map[string]string{"Product.features.#": "1", "Product.features.0.value": "500 g", "Product.features.0.name": "Gewicht"}},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			w := newProducts()
			w.flow.Settings, w.flow.Tables = []byte(c.settings), []byte(c.tables)
			if c.prepare != nil {
				c.prepare(w)
			}
			with(w, c.product)
			_, results, err := w.run(t, flow.RunOptions{})
			if err != nil || len(results) != 1 {
				t.Fatalf("%d results, %v", len(results), err)
			}
			for _, r := range results {
				if r.Outcome != c.outcome || r.Code != c.code || !strings.Contains(r.Reason, c.reason) {
					t.Fatalf("%s %s %s (%s)", r.Outcome, r.Code, r.Reason, r.Help)
				}
			}
			if got := w.books.writes(); strings.Join(got, ",") != strings.Join(c.writes, ",") {
				t.Errorf("writes %v, want %v", got, c.writes)
			}
			docs := w.books.docs["article"]
			for path, want := range c.has {
				if got := gjson.GetBytes(docs[len(docs)-1].Body, path); got.Raw != want && got.String() != want {
					t.Errorf("%s is %s, want %s", path, got.Raw, want)
				}
			}
			before := len(w.books.writes())
			if _, _, err := w.run(t, flow.RunOptions{FromStart: true}); err != nil || len(w.books.writes()) != before {
				t.Errorf("a second run wrote %v (%v)", w.books.writes()[before:], err)
			}
		})
	}
}

// ids are books that have ids where a mapping writes labels, as shops do.
type ids struct {
	*books
	fail error
}

func (i ids) Compare(_ context.Context, resource string, have port.Document, want []byte) (port.Comparison, error) {
	if i.fail != nil || resource != "article" {
		return port.Comparison{}, i.fail
	}
	label, id := gjson.GetBytes(want, "Colour").String(), gjson.GetBytes(have.Body, "ColourId").Int()
	if (label == "Red") == (id == 7) {
		return port.Comparison{}, nil
	}
	return port.Comparison{
		Changes: []port.Change{{Path: "Colour", From: json.RawMessage(`"Black"`), To: json.RawMessage(`"Red"`)}},
		Body:    []byte(`{"ColourId":7}`),
	}, nil
}

// TestComparer shows that a target that can compare is asked, and one that cannot compare a resource is compared by members.
func TestComparer(t *testing.T) {
	w := with(newProducts(), product("NK-BEAN", "attributes", `[{"name":"Colour","value":"Red"}]`))
	w.flow.Mappings.Write = mapperOf(t, "Colour: attributes[0].value")
	target := &ids{books: w.books}
	run := func() flow.Summary {
		p, err := flow.New(w.flow, flow.Systems{Source: w.shop, Target: target, Links: w.store, Cursors: w.store}, flow.Pace{Now: w.clock.Now, Sleep: w.clock.Sleep})
		if err != nil {
			t.Fatal(err)
		}
		s, err := p.Run(context.Background(), flow.RunOptions{FromStart: true})
		if err != nil {
			t.Fatal(err)
		}
		return s
	}
	if s := run(); s.Updated != 1 || gjson.GetBytes(w.books.docs["article"][0].Body, "ColourId").Int() != 7 {
		t.Fatalf("%s %s", s, w.books.docs["article"][0].Body)
	}
	if s := run(); s.Skipped != 1 {
		t.Errorf("again: %s", s)
	}
	target.fail = &port.Error{Kind: port.ErrNoProbe}
	if s := run(); s.Updated != 1 || gjson.GetBytes(w.books.docs["article"][0].Body, "Colour").String() != "Red" {
		t.Errorf("by members: %s %s", s, w.books.docs["article"][0].Body)
	}
	target.fail = errors.New("no")
	if s := run(); s.Failed != 1 {
		t.Errorf("a comparison that fails: %s", s)
	}
}

// TestProductsOnce is the promise: whatever goes wrong, each SKU stands in the target once, and a run without news
// changes nothing.
func TestProductsOnce(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		w := newProducts()
		w.books.unique = rapid.Bool().Draw(t, "unique")
		w.flow.Settings = []byte(`{"unsupportedTypes":"split"}`)
		if rapid.Bool().Draw(t, "simple only") {
			w.flow.Resources.ProductTypes = nil
		}
		var want []string
		bodies := []string{product("NK-1"), tee, product("NK-BEAN"), product("NK-2", "priceGross", "1.00")}
		for i, body := range bodies[:rapid.IntRange(1, len(bodies)).Draw(t, "products")] {
			w.shop.add(epoch.Add(-time.Duration(i)*time.Minute), body)
			if i == 1 && w.flow.Resources.ProductTypes == nil {
				want = append(want, "TEE-R", "TEE-B")
			} else {
				want = append(want, gjson.Get(body, "sku").String())
			}
		}
		storm := faultsOf(t)
		w.books.next = storm.next
		for i := 0; i < 100 && !storm.over(); i++ {
			w.storm(t, rapid.IntRange(1, 3).Draw(t, "workers"))
		}
		for range 3 {
			w.storm(t, 2)
		}
		before := len(w.books.writes())
		w.store = newStore(w.books)
		if s := w.storm(t, 1); s.Skipped != len(w.shop.orders) || len(w.books.writes()) != before {
			t.Fatalf("a run without news: %s, %v", s, w.books.writes()[before:])
		}
		for _, sku := range want {
			if n := w.books.count("article", sku); n != 1 {
				t.Fatalf("%s is there %d times\n%s", sku, n, strings.Join(w.books.calls, "\n"))
			}
		}
	})
}

// TestRenderUnchanged shows that a plan without operations says why.
func TestRenderUnchanged(t *testing.T) {
	w := with(newProducts(), product("NK-BEAN"))
	w.flow.Mappings.Write = mapperOf(t, "Number: sku")
	plan := w.process(t).Planner().Plan(t.Context(), w.shop.orders[0])
	if got, want := plan.Render(), "product NK-BEAN -> article\n  - skip: the target says the same already\n"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	if again := roundTrip(t, plan); len(again.Adopt) != 2 || again.Adopt[1].Link.SourceID != "p-NK-BEAN" {
		t.Errorf("adopted %+v", again.Adopt)
	}
}
