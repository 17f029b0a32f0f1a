package magento

import (
	"errors"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func request(method, path, body string) rest.Request {
	return rest.Request{Method: method, Path: path, Body: []byte(body)}
}

func TestWriteProduct(t *testing.T) {
	s := open0(t)
	d, err := s.Create(t.Context(), "product", []byte(`{"sku":"nk-new","name":"Nieuw","attribute_set_id":4,"price":19.10,"type_id":"simple","crosswalk":{"x":1}}`))
	if err != nil || d.Key != "nk-new" {
		t.Fatal(d.Key, err)
	}
	// The same letters in another case would be updated and renamed.
	if _, err := s.Create(t.Context(), "product", []byte(`{"sku":"NK-NEW","name":"Ander","attribute_set_id":4,"price":1,"type_id":"simple"}`)); !errors.Is(err, port.ErrConflict) {
		t.Errorf("a SKU in another case: %v", err)
	}
	for key, want := range map[string]int{"nk-new": 1, "NK-NEW": 0} {
		if docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: key}); err != nil || len(docs) != want {
			t.Errorf("%s is there %d times: %v", key, len(docs), err)
		}
	}
	if d, err = s.Update(t.Context(), "product", d.ID, []byte(`{"sku":"NK-NEW","name":"Nieuwer"}`)); err != nil || d.Key != "NK-NEW" || gjson.GetBytes(d.Body, "price").Raw != "19.1" {
		t.Errorf("another case: %v %s", err, d.Body)
	}
	for _, tt := range []struct {
		id, change string
		want       error
	}{
		{d.ID, `{"sku":"OTHER"}`, port.ErrValidation},
		{"99999", `{"price":1}`, port.ErrNotFound},
		{"x", `{"price":1}`, port.ErrNotFound},
		{d.ID, `[]`, port.ErrValidation},
		{d.ID, `{"foo_bar":1}`, port.ErrValidation},
		{d.ID, `{"custom_attributes":[{"attribute_code":"url_key","value":"t-shirt"}]}`, port.ErrConflict},
	} {
		if _, err := s.Update(t.Context(), "product", tt.id, []byte(tt.change)); !errors.Is(err, tt.want) {
			t.Errorf("%s: %v, want %v", tt.change, err, tt.want)
		}
	}
	var e *port.Error
	if _, err := s.Update(t.Context(), "product", d.ID, []byte(`{"foo_bar":1}`)); !errors.As(err, &e) || e.Field != "FooBar" {
		t.Errorf("the error names no field: %v", err)
	}
}

func TestWriteCustomer(t *testing.T) {
	s := open0(t)
	found, err := s.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: "pieter.jansen@EXAMPLE.nl"})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	id := found[0].ID
	// A change of the billing address keeps its id and the shipping address.
	d, err := s.Update(t.Context(), "customer", id, []byte(`{"lastname":"Jansen-Bos","addresses":[{"firstname":"Pieter","lastname":"Jansen-Bos","street":["Keizersgracht 1"],"postcode":"1015 AA",
		"city":"Amsterdam","country_id":"NL","telephone":"020-5550103","default_billing":true}]}`))
	if err != nil {
		t.Fatal(err)
	}
	before, after := gjson.GetBytes(found[0].Body, "addresses.#.id").Raw, gjson.GetBytes(d.Body, "addresses.#.id").Raw
	if before != after || gjson.GetBytes(d.Body, "addresses.0.street.0").String() != "Keizersgracht 1" || gjson.GetBytes(d.Body, "lastname").String() != "Jansen-Bos" ||
		gjson.GetBytes(d.Body, "addresses.1.company").String() != "Studio Zuidas" {
		t.Errorf("addresses %s became %s: %s", before, after, d.Body)
	}
	for body, want := range map[string]error{
		`{"email":"x@example.nl","firstname":"X"}`:                                                                  port.ErrValidation,
		`{"email":"PIETER.JANSEN@example.nl","firstname":"X","lastname":"Y"}`:                                       port.ErrConflict,
		`{"email":"y@example.nl","firstname":"X","lastname":"Y","addresses":[{"country_id":"XX"}]}`:                 port.ErrValidation,
		`{"email":"y@example.nl","firstname":"X","lastname":"Y","addresses":[{"country_id":"NL","firstname":"X"}]}`: port.ErrValidation,
		`{"email":"z@example.nl","firstname":"X","lastname":"Y"}`:                                                   nil,
	} {
		if _, err := s.Create(t.Context(), "customer", []byte(body)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
	if docs, _ := s.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: "y@example.nl"}); len(docs) != 0 {
		t.Error("a customer was made without the address")
	}
}

func TestWriteStock(t *testing.T) {
	s := open0(t)
	d, err := s.Update(t.Context(), "stock", "default/NK-MUG-350", []byte(`{"quantity":12.5}`))
	if err != nil || gjson.GetBytes(d.Body, "quantity").Raw != "12.5" || gjson.GetBytes(d.Body, "crosswalk.stockStatus.qty").Raw != "8.5" {
		t.Errorf("%v %s", err, d.Body)
	}
	for body, want := range map[string]error{
		`{"sku":"BANANA","quantity":1}`:                             port.ErrNotFound,
		`{"sku":"nk-mug-350","quantity":1}`:                         port.ErrNotFound,
		`{"sku":"NK-MUG-350"}`:                                      port.ErrValidation,
		`{"sku":"NK-MUG-350","quantity":1,"source_code":"nowhere"}`: port.ErrValidation,
		`{"sku":"NK-MUG-350","quantity":0}`:                         nil,
	} {
		if _, err := s.Create(t.Context(), "stock", []byte(body)); !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", body, err, want)
		}
	}
	item, err := s.Update(t.Context(), "stockItem", "NK-MUG-350", []byte(`{"qty":7}`))
	if err != nil || gjson.GetBytes(item.Body, "qty").Raw != "7" || !gjson.GetBytes(item.Body, "is_in_stock").Bool() {
		t.Errorf("%v %s", err, item.Body)
	}
	if _, err := s.Update(t.Context(), "stockItem", "BANANA", []byte(`{"qty":7}`)); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
	if _, err := s.Update(t.Context(), "stock", "default/BANANA", []byte(`{"quantity":7}`)); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
}

// TestAddressTakesRole shows that one address becomes both defaults although another had one of them, and that nothing is left to change then.
func TestAddressTakesRole(t *testing.T) {
	s := open0(t)
	found, err := s.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: "pieter.jansen@example.nl"})
	if err != nil || len(found) != 1 {
		t.Fatal(found, err)
	}
	want := []byte(`{"addresses":[{"firstname":"Pieter","lastname":"Jansen","street":["Herengracht 502"],"postcode":"1017CB","city":"Amsterdam","country_id":"NL",
		"telephone":"0205550103","default_billing":true,"default_shipping":true}]}`)
	d, err := s.Update(t.Context(), "customer", found[0].ID, want)
	if err != nil {
		t.Fatal(err)
	}
	for path, value := range map[string]string{
		"default_billing": "2", "default_shipping": "2", "addresses.#": "2", "addresses.0.default_shipping": "true", "addresses.1.default_shipping": "", "addresses.1.company": "Studio Zuidas",
	} {
		if got := gjson.GetBytes(d.Body, path).String(); got != value {
			t.Errorf("%s is %q, want %q: %s", path, got, value, d.Body)
		}
	}
	if c, err := s.Compare(t.Context(), "customer", d, want); err != nil || len(c.Changes) != 0 {
		t.Errorf("there is still %v to change: %v", c.Changes, err)
	}
}

// TestStockOfFamily shows that a family and a set keep no stock of their own, though Magento takes a source item for either.
func TestStockOfFamily(t *testing.T) {
	s := open0(t)
	if _, err := s.Create(t.Context(), "stock", []byte(`{"sku":"NK-TEE","quantity":6}`)); !errors.Is(err, port.ErrValidation) {
		t.Errorf("the stock of a family was written: %v", err)
	}
	// Somebody wrote one all the same.
	if _, err := s.api.Do(t.Context(), request("POST", "/V1/inventory/source-items", `{"sourceItems":[{"sku":"NK-TEE","source_code":"default","quantity":6,"status":1}]}`)); err != nil {
		t.Fatal(err)
	}
	for resource, want := range map[string]int{"stock": 0, "stockItem": 0, "product": 1} {
		if docs, err := s.Find(t.Context(), resource, port.Key{Field: port.KeySKU, Value: "NK-TEE"}); err != nil || len(docs) != want {
			t.Errorf("%d documents %s of the family, want %d: %v", len(docs), resource, want, err)
		}
	}
	for d, err := range s.Read(t.Context(), port.Query{Resource: "stock"}) {
		if err != nil || d.Key == "NK-TEE" {
			t.Errorf("read: %s %v", d.Key, err)
		}
	}
	// One of which everything is sold is none of them.
	if _, err := s.Update(t.Context(), "stock", "default/NK-GRINDER-01", []byte(`{"quantity":0}`)); err != nil {
		t.Fatal(err)
	}
	if docs, err := s.Find(t.Context(), "stock", port.Key{Field: port.KeySKU, Value: "NK-GRINDER-01"}); err != nil || len(docs) != 1 {
		t.Errorf("sold out, and there %d times: %v", len(docs), err)
	}
}
