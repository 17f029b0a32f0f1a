package magento

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func taxed(t *testing.T) *shop {
	return start(t, t.Cleanup, connectors.Config{Options: map[string]string{"taxCountry": "NL"}})
}

// settled shows that a document that was written is not written again.
func (s *shop) settled(t *testing.T, d port.Document, want string) {
	t.Helper()
	c, err := s.Compare(t.Context(), "product", d, []byte(want))
	if err != nil || len(c.Changes) > 0 {
		t.Errorf("%s would be changed again: %s %v", d.Key, c.Body, err)
	}
}

func (s *shop) sku(t *testing.T, sku string) port.Document {
	t.Helper()
	docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: sku})
	if err != nil || len(docs) != 1 {
		t.Fatalf("%s is there %d times: %v", sku, len(docs), err)
	}
	return docs[0]
}

func holds(t *testing.T, d port.Document, want map[string]string) {
	t.Helper()
	for path, w := range want {
		if got := gjson.GetBytes(d.Body, path).Raw; got != w {
			t.Errorf("%s: %s is %s, want %s", d.Key, path, got, w)
		}
	}
}

const hoodie = `{"sku":"HOODIE","name":"Trui","type_id":"configurable","status":1,"visibility":4,
	"crosswalk":{"taxRate":21,"categories":[["Kleding","Truien"]],"attributes":[{"code":"manufacturer","value":"De Zwaluw"},{"code":"stof","name":"Stof","value":"Wol"}],
	"variants":[
		{"sku":"HOODIE-S","name":"Trui","price":49.95,"quantity":3,"attributes":[{"code":"ean","value":"8712345678999"}],"options":[{"code":"size","name":"Maat","value":"S"},{"code":"fit","name":"Pasvorm","value":"Wijd"}]},
		{"sku":"HOODIE-XL","name":"Trui","price":52.95,"options":[{"code":"size","name":"Maat","value":"XL"},{"code":"fit","name":"Pasvorm","value":"Wijd"}]}]}}`

var hoodieHolds = map[string]string{
	"crosswalk.categories":                                                  `[["Kleding","Truien"]]`,
	"crosswalk.taxRate":                                                     "21",
	"crosswalk.children.#.sku":                                              `["HOODIE-S","HOODIE-XL"]`,
	"crosswalk.children.0.name":                                             `"Trui"`,
	"crosswalk.children.#.crosswalk.quantity":                               "[3]",
	"crosswalk.children.#.visibility":                                       "[1,1]",
	"crosswalk.labels.fit.label":                                            `"Pasvorm"`,
	"crosswalk.labels.nk_size.options.2":                                    "",
	"extension_attributes.configurable_product_options.#.label":             `["Maat","Pasvorm"]`,
	"extension_attributes.configurable_product_options.0.attribute_id":      `"122"`,
	`crosswalk.children.0.custom_attributes.#(attribute_code=="ean").value`: `"8712345678999"`,
	`custom_attributes.#(attribute_code=="stof").value`:                     `"Wol"`,
	"price": "0",
}

// TestWriteFamily makes a family with attributes, options and categories that the shop lacks, and changes it.
func TestWriteFamily(t *testing.T) {
	s := taxed(t)
	d, err := s.Create(t.Context(), "product", []byte(hoodie))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, d, hoodieHolds)
	s.settled(t, d, hoodie)
	want := strings.NewReplacer(`"price":52.95`, `"price":55`, `"taxRate":21`, `"taxRate":9`, `"Wol"`, `"Katoen"`, `["Kleding","Truien"]`, `["Kleding","Truien"],["Uitverkoop"]`,
		`"variants":[`, `"variants":[{"sku":"HOODIE-M","price":50,"options":[{"code":"size","name":"Maat","value":"M"},{"code":"fit","name":"Pasvorm","value":"Smal"}]},`).Replace(hoodie)
	c, err := s.Compare(t.Context(), "product", d, []byte(want))
	if err != nil || len(c.Changes) != 5 {
		t.Fatalf("%v %v", c.Changes, err)
	}
	if d, err = s.Update(t.Context(), "product", d.ID, c.Body); err != nil {
		t.Fatal(err)
	}
	holds(t, d, map[string]string{
		"crosswalk.categories":                                         `[["Kleding","Truien"],["Uitverkoop"]]`,
		"crosswalk.taxRate":                                            "9",
		"crosswalk.children.#.sku":                                     `["HOODIE-S","HOODIE-XL","HOODIE-M"]`,
		"crosswalk.children.#.price":                                   "[49.95,55,50]",
		"crosswalk.children.0.crosswalk.quantity":                      "3",
		"extension_attributes.configurable_product_options.#.values.#": "[3,2]",
		`crosswalk.children.1.custom_attributes.#(attribute_code=="tax_class_id").value`: `"4"`,
	})
	s.settled(t, d, want)
	if found := read(t, s.Client, port.Query{Resource: "product"}); strings.Contains(strings.Join(keys(found), " "), "HOODIE-") {
		t.Errorf("variants are read by themselves: %v", keys(found))
	}
}

// TestWriteFamilyCutOff cuts the connection at each write of a create, before and after the shop has carried it out, and repeats the create: it
// comes out as if nothing had happened.
func TestWriteFamilyCutOff(t *testing.T) {
	calls := 0
	{
		s := taxed(t)
		before := len(s.calls)
		if _, err := s.Create(t.Context(), "product", []byte(hoodie)); err != nil {
			t.Fatal(err)
		}
		calls = s.writes(before)
	}
	for n := range calls {
		for _, done := range []bool{false, true} {
			s := taxed(t)
			s.cut(n, 5, done) // the client repeats what it may
			_, err := s.Create(t.Context(), "product", []byte(hoodie))
			s.mend()
			if err != nil {
				d, err := s.Create(t.Context(), "product", []byte(hoodie))
				if err != nil && !errors.Is(err, port.ErrConflict) {
					t.Fatalf("repeated after call %d, done %v: %v", n, done, err)
				}
				if err != nil { // it is there: a flow compares it
					d = s.sku(t, "HOODIE")
				}
				holds(t, d, map[string]string{"crosswalk.children.#.sku": `["HOODIE-S","HOODIE-XL"]`, "crosswalk.categories": `[["Kleding","Truien"]]`})
			}
			d := s.sku(t, "HOODIE")
			s.settled(t, d, hoodie)
			attributes, err := s.Reference(t.Context(), "attributes", true)
			if n := len(gjson.GetBytes(attributes, `#(default_frontend_label=="Pasvorm")#`).Array()); err != nil || n != 1 {
				t.Errorf("the attribute is there %d times %v", n, err)
			}
		}
	}
}

func TestWriteGrouped(t *testing.T) {
	s := taxed(t)
	const set = `{"sku":"SET","name":"Set","type_id":"grouped","crosswalk":{"members":[{"sku":"NK-MUG-350","quantity":2},{"sku":"NK-GRINDER-01"}]}}`
	d, err := s.Create(t.Context(), "product", []byte(set))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, d, map[string]string{"product_links.#.linked_product_sku": `["NK-MUG-350","NK-GRINDER-01"]`, "product_links.#.extension_attributes.qty": "[2,1]"})
	s.settled(t, d, set)
	want := strings.Replace(strings.Replace(set, `"quantity":2`, `"quantity":3`, 1), `{"sku":"NK-GRINDER-01"}`, `{"sku":"NK-BEAN-DARK-1000"}`, 1)
	c, err := s.Compare(t.Context(), "product", d, []byte(want))
	if err != nil || len(c.Changes) != 2 {
		t.Fatalf("%v %v", c.Changes, err)
	}
	if d, err = s.Update(t.Context(), "product", d.ID, c.Body); err != nil {
		t.Fatal(err)
	}
	if n := gjson.GetBytes(d.Body, "product_links.#").Int(); n != 3 {
		t.Errorf("%d members", n)
	}
	s.settled(t, d, want)
}

// TestWriteRelated shows that links are added to what is there, that what is there is no change, and that there is none to a product that is not there.
func TestWriteRelated(t *testing.T) {
	s := taxed(t)
	const lamp = `{"sku":"LAMP","name":"Lamp","price":10,"type_id":"simple","crosswalk":{"related":["NK-MUG-350"]}}`
	d, err := s.Create(t.Context(), "product", []byte(lamp))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, d, map[string]string{"product_links.#.linked_product_sku": `["NK-MUG-350"]`, "product_links.#.link_type": `["related"]`})
	s.settled(t, d, lamp)
	if _, err := s.api.Do(t.Context(), request("POST", "/all/V1/products/LAMP/links", `{"items":[{"sku":"LAMP","link_type":"upsell","linked_product_sku":"NK-GRINDER-01","linked_product_type":"simple","position":1}]}`)); err != nil {
		t.Fatal(err)
	}
	d = s.sku(t, "LAMP")
	want := strings.Replace(lamp, `"NK-MUG-350"`, `"NK-TEE","nk-mug-350","NK-GRINDER-01"`, 1)
	c, err := s.Compare(t.Context(), "product", d, []byte(want))
	if err != nil || len(c.Changes) != 2 {
		t.Fatalf("%v %v", c.Changes, err)
	}
	if d, err = s.Update(t.Context(), "product", d.ID, c.Body); err != nil {
		t.Fatal(err)
	}
	if links := gjson.GetBytes(d.Body, `product_links.#(link_type=="related")#.linked_product_sku`).Raw; links != `["NK-MUG-350","NK-TEE","NK-GRINDER-01"]` || gjson.GetBytes(d.Body, "product_links.#").Int() != 4 {
		t.Errorf("%s", gjson.GetBytes(d.Body, "product_links").Raw)
	}
	s.settled(t, d, want)
	if _, err := s.Update(t.Context(), "product", d.ID, []byte(`{"crosswalk":{"related":["NOT-THERE"]}}`)); !errors.Is(err, port.ErrValidation) {
		t.Errorf("a product that is not there: %v", err)
	}
}

func TestWriteImages(t *testing.T) {
	s := taxed(t)
	pictures := map[string]string{"/1.png": "\x89PNG\r\n\x1a\n1", "/2.jpg": "\xff\xd8\xff2", "/3.txt": "text"}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write([]byte(pictures[r.URL.Path])) }))
	defer web.Close()
	product := func(images string) string {
		return strings.ReplaceAll(`{"sku":"NK-MUG-350","crosswalk":{"images":[`+images+`]}}`, "WEB", web.URL)
	}
	update := func(images string) (d port.Document, sent int) {
		t.Helper()
		c, err := s.Compare(t.Context(), "product", s.sku(t, "NK-MUG-350"), []byte(product(images)))
		if err != nil {
			t.Fatal(err)
		}
		before := len(s.calls)
		if d, err = s.Update(t.Context(), "product", s.sku(t, "NK-MUG-350").ID, c.Body); err != nil {
			t.Fatal(err)
		}
		for _, call := range s.calls[before:] {
			if strings.HasPrefix(call, "POST") && strings.HasSuffix(call, "/media") {
				sent++
			}
		}
		s.settled(t, d, product(images))
		return d, sent
	}
	if _, err := s.api.Do(t.Context(), request("POST", "/all/V1/products/NK-MUG-350/media",
		`{"entry":{"media_type":"image","label":"own","position":1,"disabled":false,"types":[],"content":{"base64_encoded_data":"iVBORw0KGgo=","type":"image/png","name":"own.png"}}}`)); err != nil {
		t.Fatal(err)
	}
	d, sent := update(`{"url":"WEB/1.png","name":"Voor"},{"url":"WEB/2.jpg"}`)
	if n := gjson.GetBytes(d.Body, "media_gallery_entries.#").Int(); sent != 2 || n != 3 || gjson.GetBytes(d.Body, `media_gallery_entries.#(label=="Voor").types.0`).String() != "image" {
		t.Errorf("%d sent: %s", sent, gjson.GetBytes(d.Body, "media_gallery_entries"))
	}
	if d, sent = update(`{"url":"WEB/1.png","hash":"changed"},{"url":"WEB/2.jpg"}`); sent != 1 || gjson.GetBytes(d.Body, "media_gallery_entries.#").Int() != 3 {
		t.Errorf("%d sent again: %s", sent, gjson.GetBytes(d.Body, "media_gallery_entries"))
	}
	if d, sent = update(``); sent != 0 || gjson.GetBytes(d.Body, "media_gallery_entries.#.label").Raw != `["own"]` {
		t.Errorf("%d sent, left %s", sent, gjson.GetBytes(d.Body, "media_gallery_entries"))
	}
	for _, address := range []string{"WEB/3.txt", "file:///etc/passwd", "WEB/none.png", "ftp://example.com/1.png"} {
		if _, err := s.Update(t.Context(), "product", d.ID, []byte(product(`{"url":"`+address+`"}`))); !errors.Is(err, port.ErrValidation) {
			t.Errorf("%s: %v", address, err)
		}
	}
}

// TestWriteRefuses shows what a product may not be.
func TestWriteRefuses(t *testing.T) {
	s := taxed(t)
	for body, want := range map[string]error{
		`{"sku":"A","name":"A","price":1,"crosswalk":{"taxRate":13}}`:                                                                             port.ErrValidation,
		`{"sku":"A","name":"A","type_id":"configurable","crosswalk":{"variants":[{"sku":"A-1","price":1}]}}`:                                      port.ErrValidation,
		`{"sku":"A","name":"A","type_id":"configurable","crosswalk":{"variants":[{"sku":"A-1","options":[{"code":"ean","value":"x"}]}]}}`:         port.ErrValidation,
		`{"sku":"A","name":"A","type_id":"configurable","crosswalk":{"variants":[{"sku":"nk-mug-350","options":[{"name":"Maat","value":"S"}]}]}}`: port.ErrConflict,
	} {
		if _, err := s.Create(t.Context(), "product", []byte(body)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
	if _, err := s.Compare(t.Context(), "product", s.sku(t, "NK-MUG-350"), []byte(`{"sku":"NK-MUG-350","type_id":"configurable"}`)); !errors.Is(err, port.ErrConflict) {
		t.Errorf("a simple product as a family: %v", err)
	}
	strict := start(t, t.Cleanup, connectors.Config{Options: map[string]string{"createMissing": "false"}})
	for _, labels := range []string{`"categories":[["Nieuw"]]`, `"attributes":[{"name":"Nieuw","value":"x"}]`, `"attributes":[{"code":"manufacturer","value":"Nieuw"}]`} {
		if _, err := strict.Create(t.Context(), "product", []byte(`{"sku":"A","name":"A","price":1,"crosswalk":{`+labels+`}}`)); !errors.Is(err, port.ErrValidation) || !strings.Contains(err.Error(), "createMissing") {
			t.Errorf("%s: %v", labels, err)
		}
	}
	// A second product of the same name gets an address of its own.
	if d, err := s.Create(t.Context(), "product", []byte(`{"sku":"MUG-2","name":"Mok 350 ml","price":1,"crosswalk":{"quantity":5}}`)); err != nil || gjson.GetBytes(d.Body, "crosswalk.quantity").Raw != "5" {
		t.Errorf("%s %v", d.Body, err)
	}
}

// TestWriteAttributes shows values by the kinds of attributes, and that a name never reaches a member of Magento's own.
func TestWriteAttributes(t *testing.T) {
	s := taxed(t)
	for code, input := range map[string]string{"bio": "boolean", "herkomst": "multiselect", "oogst": "date"} {
		if _, err := s.api.Do(t.Context(), request("POST", "/all/V1/products/attributes", `{"attribute":{"attribute_code":"`+code+`","frontend_input":"`+input+`","default_frontend_label":"`+code+`","is_required":false,"frontend_labels":[]}}`)); err != nil {
			t.Fatal(err)
		}
	}
	product := func(origin, status string) string {
		return `{"sku":"NK-MUG-350","crosswalk":{"attributes":[{"name":"Bio","value":"ja"},{"name":"Herkomst","value":"` + origin + `"},{"code":"oogst","value":"2026-05-01"},
			{"code":"status","name":"Status","value":"` + status + `"},{"code":"nk_strength","value":"6"},{"name":"Leeg","value":""}]}}`
	}
	for _, origin := range []string{"Peru", "Kenia"} {
		c, err := s.Compare(t.Context(), "product", s.sku(t, "NK-MUG-350"), []byte(product(origin, "Uitlopend")))
		if err != nil || len(c.Changes) == 0 {
			t.Fatalf("%v %v", c, err)
		}
		d, err := s.Update(t.Context(), "product", s.sku(t, "NK-MUG-350").ID, c.Body)
		if err != nil {
			t.Fatal(err)
		}
		s.settled(t, d, product(origin, "Uitlopend"))
		holds(t, d, map[string]string{"status": "1", `custom_attributes.#(attribute_code=="bio").value`: `"1"`, `custom_attributes.#(attribute_code=="x_status").value`: `"Uitlopend"`})
	}
	// The second origin stands beside the first.
	if got := gjson.GetBytes(s.sku(t, "NK-MUG-350").Body, `custom_attributes.#(attribute_code=="herkomst").value`).String(); strings.Count(got, ",") != 1 {
		t.Errorf("origins %s", got)
	}
	if _, err := s.Update(t.Context(), "product", s.sku(t, "NK-MUG-350").ID, []byte(`{"crosswalk":{"attributes":[{"code":"bio","value":"misschien"}]}}`)); !errors.Is(err, port.ErrValidation) {
		t.Errorf("maybe: %v", err)
	}
}
