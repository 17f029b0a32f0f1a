package ccv

import (
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// pixel is a PNG of one point.
const pixel = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x02\x00\x00\x00\x90wS\xde"

// gallery serves pictures.
func gallery(t *testing.T) *httptest.Server {
	g := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/front.png", "/back.png":
			w.Header().Set("Content-Type", "image/png")
			fmt.Fprint(w, pixel)
		case "/page":
			w.Header().Set("Content-Type", "text/html")
			fmt.Fprint(w, "<html>")
		default:
			w.WriteHeader(http.StatusNotFound)
		}
	}))
	t.Cleanup(g.Close)
	return g
}

func hoodie(address string) string {
	variant := func(size, colour, price string, stock int) string {
		sku := "HD-" + size + "-" + colour
		return fmt.Sprintf(`{"options":[{"name":"maat","value":%q},{"name":"Kleur","value":%q}],"price":%s,"product_number":%q,"sku_number":%q,"ean_number":"87%d","stock":%d}`, size, colour, price, sku, sku, stock, stock)
	}
	return `{"productnumber":"HD","name":"Hoodie","price":40,"discount":0,"taxtariff":"normal","active":true,"brand":"Noordkap","package":"Pakket","stockenabled":true,"stocktype":"Attribute",
		"categories":[["Benodigdheden","Kleding"],["Benodigdheden"]],
		"variants":[` + strings.Join([]string{variant("S", "Zwart", "40", 3), variant("L", "Zwart", "42.5", 4), variant("L", "Wit", "43", 5)}, ",") + `],
		"photos":[{"url":"` + address + `/front.png","alttext":"Voor"},{"url":"` + address + `/back.png"}]}`
}

// TestProductWithVariants makes a product of labels, compares it, and changes it.
func TestProductWithVariants(t *testing.T) {
	s, g := newShop(t), gallery(t)
	body := []byte(hoodie(g.URL))
	doc, err := s.Create(t.Context(), "product", body)
	if err != nil {
		t.Fatal(err)
	}
	p := gjson.ParseBytes(doc.Body)
	if p.Get("brand.name").Str != "Noordkap" || p.Get("package.id").Raw != "9102" || p.Get("crosswalk.categories").Raw != `[["Benodigdheden","Kleding"],["Benodigdheden"]]` {
		t.Errorf("%s", doc.Body)
	}
	price := map[string]string{}
	for _, o := range p.Get("attributecombinations.collection").Array() {
		price[o.Get("sku_number").Str+" "+o.Get("active").Raw] = o.Get("netto_extra_price").Raw + " " + o.Get("stock").Raw
	}
	// The shop made a fourth variant of the values, which nobody asked for.
	if len(price) != 4 || price["HD-S-Zwart true"] != "0 3" || price["HD-L-Zwart true"] != "2.5 4" || price["HD-L-Wit true"] != "3 5" || price[" false"] == "" {
		t.Errorf("%v", price)
	}
	photos := p.Get("productphotos.collection").Array()
	if len(photos) != 2 || photos[0].Get("alttext").Str != "Voor" || !photos[0].Get("is_mainphoto").Bool() || photos[1].Get("alttext").Str != "back.png" || photos[1].Get("is_mainphoto").Bool() {
		t.Errorf("%v", photos)
	}
	c, err := s.Compare(t.Context(), "product", doc, body)
	if err != nil || len(c.Changes) != 0 {
		t.Fatalf("nothing changed: %+v %v", c.Changes, err)
	}

	changed := strings.NewReplacer(`"price":42.5`, `"price":45`, `"price":43`, `"price":45.5`, `"Hoodie"`, `"Trui"`, `"brand":"Noordkap"`, `"brand":"noordkap"`).Replace(hoodie(g.URL))
	c, err = s.Compare(t.Context(), "product", doc, []byte(changed))
	var paths []string
	for _, ch := range c.Changes {
		paths = append(paths, ch.Path)
	}
	if err != nil || strings.Join(paths, " ") != "name brand attributes[maat][L]" {
		t.Fatalf("%v %v", paths, err)
	}
	doc, err = s.Update(t.Context(), "product", doc.ID, c.Body)
	if err != nil || gjson.GetBytes(doc.Body, "name").Str != "Trui" {
		t.Fatalf("%s %v", doc.Body, err)
	}
	if docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "HD-L-Wit"}); err != nil || len(docs) != 1 || gjson.GetBytes(docs[0].Body, "crosswalk.variant.netto_extra_price").Raw != "5.5" {
		t.Errorf("%v %v", docs, err)
	}
	if _, err := s.Create(t.Context(), "product", body); !errors.Is(err, port.ErrConflict) {
		t.Errorf("the number is taken: %v", err)
	}
}

// TestHalfProduct finds what a create left half, and makes it whole.
func TestHalfProduct(t *testing.T) {
	s, g := newShop(t), gallery(t)
	body := []byte(hoodie(g.URL))
	s.box.Fault(faults.Fault{Match: func(r *http.Request) bool {
		return r.Method == http.MethodPost && strings.HasSuffix(r.URL.Path, "/productattributevalues/")
	}, Skip: 1, Serve: faults.Cut})
	if _, err := s.Create(t.Context(), "product", body); !errors.Is(err, port.ErrInDoubt) {
		t.Fatal(err)
	}
	docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "HD"})
	if err != nil || len(docs) != 1 {
		t.Fatal(docs, err)
	}
	c, err := s.Compare(t.Context(), "product", docs[0], body)
	if err != nil || len(c.Changes) == 0 {
		t.Fatalf("%+v %v", c, err)
	}
	doc, err := s.Update(t.Context(), "product", docs[0].ID, c.Body)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := s.Compare(t.Context(), "product", doc, body); err != nil || len(c.Changes) != 0 {
		t.Errorf("%+v %v", c.Changes, err)
	}
}

// TestProductsThatCannotBe are refused before anything is made.
func TestProductsThatCannotBe(t *testing.T) {
	s, g := newShop(t), gallery(t)
	base := `"name":"A","price":10,"discount":0,"taxtariff":"normal"`
	for name, body := range map[string]string{
		"no number":           `{` + base + `}`,
		"prices without sums": `{"productnumber":"X",` + base + `,"variants":[{"options":[{"name":"a","value":"1"},{"name":"b","value":"1"}],"price":10},{"options":[{"name":"a","value":"2"},{"name":"b","value":"1"}],"price":11},{"options":[{"name":"a","value":"1"},{"name":"b","value":"2"}],"price":12},{"options":[{"name":"a","value":"2"},{"name":"b","value":"2"}],"price":99}]}`,
		"an unknown tariff":   `{"productnumber":"X","name":"A","price":10,"discount":0,"taxtariff":"huge"}`,
	} {
		if _, err := s.Create(t.Context(), "product", []byte(body)); !errors.Is(err, port.ErrValidation) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "X"}); err != nil || len(docs) != 0 {
		t.Errorf("%v %v", docs, err)
	}
	for _, url := range []string{g.URL + "/none.png", g.URL + "/page", "file:///etc/passwd", "::"} {
		if _, err := s.Update(t.Context(), "product", "845001", []byte(`{"photos":[{"url":"`+url+`","alttext":"x"}]}`)); !errors.Is(err, port.ErrValidation) {
			t.Errorf("%s: %v", url, err)
		}
	}
}

// TestVariantsOfOtherAttributes are refused by the plan: the shop would make every choice of all four attributes, and none of these.
func TestVariantsOfOtherAttributes(t *testing.T) {
	s := newShop(t)
	docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-TEE"})
	if err != nil || len(docs) != 1 {
		t.Fatal(docs, err)
	}
	variant := func(colour, size string) string {
		return `{"variants":[{"sku_number":"NK-TEE-BLACK-S","options":[{"name":"` + colour + `","value":"Zwart"},{"name":"` + size + `","value":"S"}]}]}`
	}
	var e *port.Error
	if _, err := s.Compare(t.Context(), "product", docs[0], []byte(variant("Colour", "Size"))); !errors.As(err, &e) || e.Field != "variants" || !strings.Contains(e.Message, "Maat") {
		t.Errorf("%v", err)
	}
	if _, err := s.Update(t.Context(), "product", docs[0].ID, []byte(variant("Colour", "Size"))); !errors.Is(err, port.ErrValidation) {
		t.Errorf("%v", err)
	}
	after, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-TEE"})
	if err != nil || after[0].Version != docs[0].Version || string(after[0].Body) != string(docs[0].Body) {
		t.Errorf("something was written: %v\n%s\n%s", err, docs[0].Body, after[0].Body)
	}
	if _, err := s.Compare(t.Context(), "product", docs[0], []byte(variant("kleur", "MAAT"))); err != nil {
		t.Error(err)
	}
}

// TestRelatedProducts are read by their numbers and added to those that are there.
func TestRelatedProducts(t *testing.T) {
	s := newShop(t)
	find := func() port.Document { return mug(t, s) }
	update := func(want string) port.Document {
		t.Helper()
		d, err := s.Update(t.Context(), "product", find().ID, []byte(want))
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	if d := update(`{"related":["NK-GRINDER-01"]}`); gjson.GetBytes(d.Body, "crosswalk.related").Raw != `["NK-GRINDER-01"]` {
		t.Fatalf("%s", gjson.GetBytes(d.Body, "productrelevant").Raw)
	}
	// A variant stands for its product, and nothing is related to itself.
	const want = `{"related":["NK-GRINDER-01","NK-TEE-BLACK-M","NK-TEE","NK-MUG-350"]}`
	c, err := s.Compare(t.Context(), "product", find(), []byte(want))
	if err != nil || len(c.Changes) != 1 || c.Changes[0].Path != "related" {
		t.Fatalf("%+v %v", c.Changes, err)
	}
	if d := update(want); gjson.GetBytes(d.Body, "crosswalk.related").Raw != `["NK-GRINDER-01","NK-TEE"]` {
		t.Errorf("%s", gjson.GetBytes(d.Body, "productrelevant").Raw)
	}
	if c, err = s.Compare(t.Context(), "product", find(), []byte(want)); err != nil || len(c.Changes) != 0 {
		t.Errorf("again: %+v %v", c.Changes, err)
	}
	if _, err := s.Compare(t.Context(), "product", find(), []byte(`{"related":["NOT-THERE"]}`)); !errors.Is(err, port.ErrValidation) {
		t.Errorf("a product that is not there: %v", err)
	}
}

// TestCustomer makes, finds and changes an account.
func TestCustomer(t *testing.T) {
	s := newShop(t)
	doc, err := s.Create(t.Context(), "customer", []byte(`{"userinfo":{"email":"Ada@Example.nl","customertype":"b2c","billingaddress":{"first_name":"Ada","last_name":"Berg","street":"Kade","housenumber":1,"housenumber_suffix":"A","zipcode":"9712AA","city":"Groningen","country_code":"NL","country":"Nederland","full_name":"x"}}}`))
	if err != nil || doc.Key != "ada@example.nl" || gjson.GetBytes(doc.Body, "username").Str != "Ada@Example.nl" || gjson.GetBytes(doc.Body, "password").Exists() {
		t.Fatalf("%s %v", doc.Body, err)
	}
	doc, err = s.Update(t.Context(), "customer", doc.ID, []byte(`{"userinfo":{"email":"ada.berg@example.nl","email_invoice":"","billingaddress":{"city":"Haren"}}}`))
	if err != nil || gjson.GetBytes(doc.Body, "userinfo.billingaddress.city").Str != "Haren" || gjson.GetBytes(doc.Body, "userinfo.billingaddress.street").Str != "Kade" {
		t.Fatalf("%s %v", doc.Body, err)
	}
	for address, want := range map[string]int{"ada.berg@example.nl": 1, "ADA@example.nl": 1 /* the user name */, "berg@example.nl": 0} {
		if docs, err := s.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: address}); err != nil || len(docs) != want {
			t.Errorf("%s: %d %v", address, len(docs), err)
		}
	}
	// Another client makes one: it is found, though the list was read before.
	s.ask(t, http.MethodPost, `{"username":"new@example.nl","password":"x"}`, "users")
	if docs, err := s.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: "new@example.nl"}); err != nil || len(docs) != 1 {
		t.Errorf("%d %v", len(docs), err)
	}
}

// TestOrder places an order by SKUs and finds it by its reference.
func TestOrder(t *testing.T) {
	s := newShop(t)
	if err := s.box.Set("productattributevalues", 640003, []byte(`{"price":2}`)); err != nil {
		t.Fatal(err)
	}
	s.ask(t, http.MethodPatch, `{"price":2}`, "productattributevalues", "640003")
	doc, err := s.Create(t.Context(), "order", []byte(`{"reservationnumber":"SW-10001","user_id":"330041","paid":true,"total_shipping":4.95,"customer":{"billingaddress":{"country":"Nederland","country_code":"NL"}},
		"orderrows":[{"sku":"NK-TEE-BLACK-M","count":2,"price":26.5,"discount":0,"tax":21},{"sku":"NK-MUG-350","count":1,"price":12.95,"tax":21},{"product_name":"Inpakken","count":1,"price":2.5,"tax":21}]}`))
	if err != nil {
		t.Fatal(err)
	}
	o := gjson.ParseBytes(doc.Body)
	if o.Get("total_price").Raw != "73.4" || o.Get("orderrows.collection.0.sub_sku_number").Str != "NK-TEE-BLACK-M" || o.Get("user.id").Str != "330041" {
		t.Errorf("%s", doc.Body)
	}
	if total, ok := s.Totaled("order", doc.Body); !ok || total.Gross != "73.4" {
		t.Errorf("%+v", total)
	}
	for reference, want := range map[string]int{"SW-10001": 1, "SW-10002": 0} {
		if docs, err := s.Find(t.Context(), "order", port.Key{Field: port.KeyReference, Value: reference}); err != nil || len(docs) != want {
			t.Errorf("%s: %d %v", reference, len(docs), err)
		}
	}
	if doc, err = s.Update(t.Context(), "order", doc.ID, []byte(`{"status":5,"track_and_trace_code":"3S1"}`)); err != nil || gjson.GetBytes(doc.Body, "status").Raw != "5" {
		t.Errorf("%s %v", doc.Body, err)
	}
	if _, err := s.Create(t.Context(), "order", []byte(`{"orderrows":[{"sku":"NONE","count":1}]}`)); !errors.Is(err, port.ErrValidation) {
		t.Error(err)
	}
	// The answer to a create is lost: it is found by its reference, though the list was read just now.
	s.box.Fault(faults.Fault{Match: faults.On(http.MethodPost, "/api/rest/v1/orders"), After: true, Serve: faults.Cut})
	if _, err := s.Create(t.Context(), "order", []byte(`{"reservationnumber":"SW-10003","orderrows":[{"sku":"NK-MUG-350","count":1}]}`)); !errors.Is(err, port.ErrInDoubt) {
		t.Error(err)
	}
	if docs, err := s.Find(t.Context(), "order", port.Key{Field: port.KeyReference, Value: "SW-10003"}); err != nil || len(docs) != 1 {
		t.Errorf("the order is there %d times: %v", len(docs), err)
	}
}

// TestStaleVariant looks a SKU up again when its variant has got another id.
func TestStaleVariant(t *testing.T) {
	s := newShop(t)
	row := []byte(`{"orderrows":[{"sku":"NK-TEE-BLACK-M","count":1}]}`)
	if _, err := s.Create(t.Context(), "order", row); err != nil {
		t.Fatal(err)
	}
	s.skus.set("NK-TEE-BLACK-M", []article{{"845006", "920001", "0"}})
	if _, err := s.Create(t.Context(), "order", row); err != nil {
		t.Error(err)
	}
}

func TestStock(t *testing.T) {
	s := newShop(t)
	for sku, change := range map[string]string{"NK-TEE-BLACK-M": `{"stock":5.5}`, "NK-MUG-350": `{"stock":-2,"stockenabled":false}`} {
		docs, err := s.Find(t.Context(), "stock", port.Key{Field: port.KeySKU, Value: sku})
		if err != nil || len(docs) != 1 {
			t.Fatal(docs, err)
		}
		doc, err := s.Update(t.Context(), "stock", docs[0].ID, []byte(change))
		want := gjson.Parse(change)
		if err != nil || gjson.GetBytes(doc.Body, "stock").Raw != want.Get("stock").Raw || want.Get("stockenabled").Exists() && gjson.GetBytes(doc.Body, "stockenabled").Bool() {
			t.Errorf("%s: %s %v", sku, doc.Body, err)
		}
	}
	if _, err := s.Update(t.Context(), "stock", "845003", []byte(`{"stock":"3"}`)); !errors.Is(err, port.ErrValidation) {
		t.Error(err)
	}
	if _, err := s.Update(t.Context(), "stock", "1", []byte(`{"stock":3}`)); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
}

// mug is the product of the sandbox that tests change, as it is now.
func mug(t *testing.T, s *shop) port.Document {
	t.Helper()
	docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-MUG-350"})
	if err != nil || len(docs) != 1 {
		t.Fatal(docs, err)
	}
	return docs[0]
}
