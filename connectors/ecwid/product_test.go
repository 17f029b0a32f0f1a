package ecwid

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// family is a product with all that it can be made of.
const family = `{
	"sku":"HOODIE","name":"Hoodie","price":49.95,"description":"<p>Warm</p>","enabled":true,"weight":0.6,"quantity":5,
	"attributes":[{"alias":"BRAND","value":"De Zwaluw"}],
	"options":[{"name":"Maat","type":"SIZE","choices":[{"text":"S"},{"text":"M"}]},{"name":"Kleur","choices":[{"text":"Rood"}]}],
	"combinations":[
		{"sku":"HOODIE-S","quantity":3,"options":[{"name":"Maat","value":"S"},{"name":"Kleur","value":"Rood"}],"attributes":[{"alias":"UPC","value":"8712345678999"}]},
		{"sku":"HOODIE-M","quantity":4,"price":51.95,"options":[{"name":"Maat","value":"M"},{"name":"Kleur","value":"Rood"}]}],
	"crosswalk":{"taxRate":21,"categories":[["Kleding","Truien"],["benodigdheden"]],
		"attributes":[{"name":"Materiaal","value":"Katoen"},{"name":"sterkte","value":"9"}],
		"images":[{"url":"https://images.example.com/a.jpg"},{"url":"https://images.example.com/b.jpg","hash":"1"}]}}`

// compare returns the paths of the changes, and hands their body to Update.
func (s *store) compare(t *testing.T, resource, sku, want string) (paths []string, body []byte) {
	t.Helper()
	field := port.KeySKU
	if resource == "customer" {
		field = port.KeyEmail
	}
	calls := len(s.calls.List())
	cmp, err := s.Compare(t.Context(), resource, s.find(t, resource, field, sku), []byte(want))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range s.calls.List()[calls:] {
		if !strings.HasPrefix(c, "GET") {
			t.Errorf("comparing writes: %s", c)
		}
	}
	for _, ch := range cmp.Changes {
		paths = append(paths, ch.Path)
	}
	return paths, cmp.Body
}

func TestReadProducts(t *testing.T) {
	s := open0(t)
	docs := s.read(t, port.Query{Resource: "product"})
	if len(docs) != 6 {
		t.Fatalf("%v", keys(docs))
	}
	d := s.find(t, "product", port.KeySKU, "NK-BEAN-HOUSE-500")
	want := `{"currency":"EUR","weightUnit":"KILOGRAM","pricesIncludeTax":true,"taxRate":9,"categories":[["Koffie","Bonen"]]}`
	if got := gjson.GetBytes(d.Body, "crosswalk").Raw; got != want {
		t.Errorf("%s", got)
	}
	// The SKU of a variation finds its product.
	if d := s.find(t, "product", port.KeySKU, "NK-TEE-BLACK-M"); d.Key != "NK-TEE" {
		t.Errorf("%s", d.Key)
	}
	// A SKU may be there twice in Ecwid: the product with the SKU itself comes first.
	s.merchant("POST", "/products", `{"sku":"NK-TEE-BLACK-M","name":"Twice"}`)
	if docs, err := s.Client.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-TEE-BLACK-M"}); err != nil || !slices.Equal(keys(docs), []string{"NK-TEE-BLACK-M", "NK-TEE"}) {
		t.Errorf("%v %v", keys(docs), err)
	}
}

// TestRelatedProducts shows that related products are read by their SKUs, are added to those that are there, and that a category beside them stays.
func TestRelatedProducts(t *testing.T) {
	s := open0(t)
	s.merchant("PUT", "/products/748120503", `{"relatedProducts":{"productIds":[748120504,748129999],"relatedCategory":{"enabled":true,"categoryId":184500103,"productCount":3}}}`)
	d := s.find(t, "product", port.KeySKU, "NK-MUG-350")
	if got := gjson.GetBytes(d.Body, "crosswalk.related").Raw; got != `["NK-GRINDER-01"]` {
		t.Fatalf("%s", got)
	}
	// A variation stands for its product, and nothing is related to itself.
	const want = `{"sku":"NK-MUG-350","crosswalk":{"related":["NK-GRINDER-01","NK-TEE-BLACK-M","NK-TEE","NK-MUG-350"]}}`
	paths, body := s.compare(t, "product", "NK-MUG-350", want)
	if !slices.Equal(paths, []string{"crosswalk.related"}) {
		t.Fatalf("%v", paths)
	}
	d, err := s.Update(t.Context(), "product", d.ID, body)
	if err != nil {
		t.Fatal(err)
	}
	if got := gjson.GetBytes(d.Body, "relatedProducts").Raw; got != `{"productIds":[748120504,748129999,748120506],"relatedCategory":{"enabled":true,"categoryId":184500103,"productCount":3}}` {
		t.Errorf("%s", got)
	}
	if paths, _ := s.compare(t, "product", "NK-MUG-350", want); len(paths) != 0 {
		t.Errorf("again: %v", paths)
	}
	made := s.create(t, "product", `{"sku":"LAMP","name":"Lamp","crosswalk":{"related":["NK-MUG-350"]}}`)
	if got := gjson.GetBytes(made.Body, "crosswalk.related").Raw; got != `["NK-MUG-350"]` {
		t.Errorf("a new one: %s", got)
	}
	if _, err := s.Create(t.Context(), "product", []byte(`{"sku":"SHADE","name":"Shade","crosswalk":{"related":["NOT-THERE"]}}`)); !errors.Is(err, port.ErrValidation) {
		t.Errorf("a product that is not there: %v", err)
	}
	if docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "SHADE"}); err != nil || len(docs) != 0 {
		t.Errorf("it was made all the same: %v", err)
	}
}

func TestWriteAFamily(t *testing.T) {
	for name, opts := range map[string][]sandbox.Option{"": nil, "unique SKUs": {sandbox.WithUniqueSKUs()}} {
		t.Run(name, func(t *testing.T) {
			s := open0(t, opts...)
			d := s.create(t, "product", family)
			get := func(path string) string { return gjson.GetBytes(d.Body, path).String() }
			for path, want := range map[string]string{
				"sku": "HOODIE", "price": "49.95", "quantity": "5", "unlimited": "false", "crosswalk.taxRate": "21",
				"crosswalk.categories":                  `[["Kleding","Truien"],["Benodigdheden"]]`,
				"options.#.name":                        `["Maat","Kleur"]`,
				"options.0.type":                        "SIZE",
				"options.1.type":                        "SELECT",
				"combinations.#.sku":                    `["HOODIE-S","HOODIE-M"]`,
				"combinations.#.quantity":               `[3,4]`,
				"combinations.1.price":                  "51.95",
				"combinations.0.attributes.0.value":     "8712345678999",
				`attributes.#(type=="BRAND").value`:     "De Zwaluw",
				`attributes.#(name=="Materiaal").value`: "Katoen",
				`attributes.#(name=="Sterkte").value`:   "9",
				"media.images.#":                        "2",
				"galleryImages.#":                       "1",
			} {
				if got := get(path); got != want {
					t.Errorf("%s is %s, want %s", path, got, want)
				}
			}
			if paths, _ := s.compare(t, "product", "HOODIE", family); len(paths) > 0 {
				t.Errorf("what was written differs: %v", paths)
			}
			s.calls.Reset()
			if _, err := s.Client.Update(t.Context(), "product", d.ID, []byte(family)); err != nil {
				t.Fatal(err)
			}
			for _, c := range s.calls.List() {
				if !strings.HasPrefix(c, "GET") {
					t.Errorf("the same again writes: %s", c)
				}
			}
		})
	}
}

func TestUpdateAFamily(t *testing.T) {
	s := open0(t)
	s.create(t, "product", family)
	// The merchant enriches the product; what the document does not say stays.
	id := s.find(t, "product", port.KeySKU, "HOODIE").ID
	s.merchant("PUT", "/products/"+id, `{"subtitle":"Nieuw","seoTitle":"Warme hoodie"}`)
	s.merchant("POST", "/products/"+id+"/gallery?externalUrl=https://images.example.com/own.jpg", ``)
	s.merchant("POST", "/products/"+id+"/combinations", `{"sku":"HOODIE-L","quantity":1,"unlimited":false,"options":[{"name":"Maat","value":"L"},{"name":"Kleur","value":"Rood"}]}`)
	for _, tt := range []struct{ name, want, paths string }{
		{"nothing", `{"sku":"HOODIE","price":49.950,"name":"Hoodie"}`, ""},
		{"a quantity, which is stock's", `{"quantity":99,"combinations":[{"quantity":1,"options":[{"name":"Maat","value":"S"},{"name":"Kleur","value":"Rood"}]}]}`, ""},
		{"a price", `{"price":44.95}`, "price"},
		{"a variation with the product's price", `{"price":44.95,"combinations":[{"price":44.95,"options":[{"name":"Maat","value":"S"},{"name":"Kleur","value":"Rood"}]}]}`, ""},
		{"a variation's price", `{"combinations":[{"price":50,"options":[{"name":"Kleur","value":"Rood"},{"name":"Maat","value":"S"}]}]}`, `combinations["HOODIE-S"].price`},
		{"a bar code", `{"combinations":[{"attributes":[{"alias":"UPC","value":"8712345678901"}],"options":[{"name":"Maat","value":"M"},{"name":"Kleur","value":"Rood"}]}]}`, `combinations["HOODIE-M"].attributes`},
		{"a new colour", `{"options":[{"name":"Kleur","choices":[{"text":"Blauw"}]}],"combinations":[{"sku":"HOODIE-S-B","quantity":2,"options":[{"name":"Maat","value":"S"},{"name":"Kleur","value":"Blauw"}]}]}`, "options combinations"},
		{"a category", `{"crosswalk":{"categories":[["Kleding"],["kleding","TRUIEN"]]}}`, "crosswalk.categories"},
		{"information", `{"crosswalk":{"attributes":[{"name":"Materiaal","value":"Wol"},{"name":"Herkomst","value":"NL"}]}}`, "crosswalk.attributes"},
		{"a rate", `{"crosswalk":{"taxRate":9.00}}`, "crosswalk.taxRate"},
		{"another main image", `{"crosswalk":{"images":[{"url":"https://images.example.com/c.jpg"},{"url":"https://images.example.com/b.jpg","hash":"1"}]}}`, "crosswalk.images"},
		{"a changed image", `{"crosswalk":{"images":[{"url":"https://images.example.com/c.jpg"},{"url":"https://images.example.com/b.jpg","hash":"2"}]}}`, "crosswalk.images"},
		{"one image only", `{"crosswalk":{"images":[{"url":"https://images.example.com/c.jpg"}]}}`, "crosswalk.images"},
	} {
		paths, body := s.compare(t, "product", "HOODIE", tt.want)
		if strings.Join(paths, " ") != tt.paths {
			t.Errorf("%s: %v", tt.name, paths)
		}
		if len(paths) == 0 {
			continue
		}
		if _, err := s.Client.Update(t.Context(), "product", id, body); err != nil {
			t.Errorf("%s: %v", tt.name, err)
		}
		if paths, _ := s.compare(t, "product", "HOODIE", tt.want); len(paths) > 0 {
			t.Errorf("%s, written, differs: %v", tt.name, paths)
		}
	}
	d := s.find(t, "product", port.KeySKU, "HOODIE")
	for path, want := range map[string]string{
		"subtitle": "Nieuw", "seoTitle": "Warme hoodie", "description": "<p>Warm</p>",
		"combinations.#":          "4",
		"combinations.#.quantity": "[3,4,1,2]",
		"crosswalk.categories":    `[["Kleding","Truien"],["Benodigdheden"],["Kleding"]]`,
		"galleryImages.#":         "1", // the merchant's own
		"options.1.choices.#":     "2",
		"quantity":                "5",
	} {
		if got := gjson.GetBytes(d.Body, path).String(); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	if n := strings.Count(string(s.merchant("GET", "/categories", "").Raw), `"name":"Kleding"`); n != 1 {
		t.Errorf("the category was made %d times", n)
	}
}

func TestProductsThatCannotBe(t *testing.T) {
	s := open0(t)
	for body, want := range map[string]error{
		`{"name":"no SKU"}`:                                 port.ErrValidation,
		`{"sku":"A"}`:                                       port.ErrValidation,
		`{"sku":"NK-MUG-350","name":"taken"}`:               port.ErrConflict,
		`{"sku":"NK-TEE-BLACK-M","name":"taken"}`:           port.ErrConflict,
		`{"sku":"A","name":"A","crosswalk":{"taxRate":17}}`: port.ErrValidation,
		`{"sku":"B","name":"B","crosswalk":{"images":[{"url":"https://unreachable.example.com/a.jpg"}]}}`: port.ErrValidation,
		`[]`: port.ErrValidation,
	} {
		if _, err := s.Client.Create(t.Context(), "product", []byte(body)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
	have := s.find(t, "product", port.KeySKU, "NK-TEE")
	if _, err := s.Compare(t.Context(), "product", have, []byte(`{"sku":"NK-SHIRT"}`)); !errors.Is(err, port.ErrConflict) {
		t.Errorf("another SKU: %v", err)
	}
	if _, err := s.Client.Update(t.Context(), "product", "1", []byte(`{"name":"A"}`)); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
}

// Some shops give the variants of a family as products of their own, too: these change the variation, and nothing of the family.
func TestAVariationAsAProduct(t *testing.T) {
	s := open0(t)
	const sku = "NK-TEE-BLACK-M"
	for _, tt := range []struct{ want, paths string }{
		{`{"sku":"NK-TEE-BLACK-M","name":"T-shirt M","price":24.95,"weight":0.2,"quantity":3,"attributes":[{"alias":"BRAND","value":"X"}],"crosswalk":{"taxRate":9}}`, ""},
		{`{"sku":"NK-TEE-BLACK-M","name":"T-shirt M","price":19.95,"attributes":[{"alias":"BRAND","value":"X"},{"alias":"UPC","value":"8712345678000"}]}`,
			`combinations["NK-TEE-BLACK-M"].price combinations["NK-TEE-BLACK-M"].attributes`},
	} {
		paths, body := s.compare(t, "product", sku, tt.want)
		if strings.Join(paths, " ") != tt.paths {
			t.Fatalf("%v", paths)
		}
		if len(paths) == 0 {
			continue
		}
		d, err := s.Client.Update(t.Context(), "product", s.find(t, "product", port.KeySKU, sku).ID, body)
		if err != nil || gjson.GetBytes(d.Body, "combinations.1.price").Raw != "19.95" || gjson.GetBytes(d.Body, "name").String() != "T-shirt" || gjson.GetBytes(d.Body, "price").Raw != "24.95" {
			t.Errorf("%v %s", err, d.Body)
		}
		if paths, _ := s.compare(t, "product", sku, tt.want); len(paths) > 0 {
			t.Errorf("written, it differs: %v", paths)
		}
	}
}

// A create that fails at any call leaves a product that comparing and updating complete, with nothing made twice.
func TestAFamilyInStorms(t *testing.T) {
	clean := open0(t)
	clean.create(t, "product", family)
	writes := 0
	for _, c := range clean.calls.List() {
		if !strings.HasPrefix(c, "GET") {
			writes++
		}
	}
	if writes < 8 { // the product, three categories, attributes, images and what remembers them
		t.Fatalf("%d writes: %v", writes, clean.calls.List())
	}
	for n := range writes {
		for _, after := range []bool{false, true} {
			s := open0(t)
			skip := n
			s.Fault(faults.Fault{After: after, Serve: faults.Cut, Match: func(r *http.Request) bool {
				if r.Method != http.MethodGet {
					skip--
				}
				return r.Method != http.MethodGet && skip == -1
			}})
			_, _ = s.Client.Create(t.Context(), "product", []byte(family))
			for range 3 {
				docs, err := s.Client.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "HOODIE"})
				if err != nil {
					t.Fatal(err)
				}
				if len(docs) == 0 {
					_, _ = s.Client.Create(t.Context(), "product", []byte(family))
					continue
				}
				if cmp, err := s.Compare(t.Context(), "product", docs[0], []byte(family)); err != nil {
					t.Fatal(err)
				} else if len(cmp.Changes) > 0 {
					_, _ = s.Client.Update(t.Context(), "product", docs[0].ID, cmp.Body)
				}
			}
			d := s.find(t, "product", port.KeySKU, "HOODIE")
			got := fmt.Sprint(gjson.GetBytes(d.Body, "combinations.#"), gjson.GetBytes(d.Body, "galleryImages.#"), gjson.GetBytes(d.Body, "crosswalk.categories"))
			if want := `2 1 [["Kleding","Truien"],["Benodigdheden"]]`; got != want {
				t.Errorf("cut at write %d, after %t: %s, want %s", n+1, after, got, want)
			}
			if paths, _ := s.compare(t, "product", "HOODIE", family); len(paths) > 0 {
				t.Errorf("cut at write %d, after %t: %v differ", n+1, after, paths)
			}
		}
	}
}
