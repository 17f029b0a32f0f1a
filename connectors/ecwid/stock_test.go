package ecwid

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func (s *store) quantity(t *testing.T, sku string) string {
	t.Helper()
	return gjson.GetBytes(s.find(t, "stock", port.KeySKU, sku).Body, "quantity").Raw
}

func TestReadStock(t *testing.T) {
	s := open0(t)
	got := map[string]string{}
	for _, d := range s.read(t, port.Query{Resource: "stock"}) {
		got[d.Key] = gjson.GetBytes(d.Body, "quantity").Raw
	}
	// The T-shirt has a variation without a SKU, which has the stock of the product; the gift box is unlimited and has no quantity.
	want := map[string]string{"NK-BEAN-HOUSE-500": "74", "NK-BEAN-DARK-1000": "46", "NK-MUG-350": "35", "NK-GRINDER-01": "10", "NK-GIFT-UNKNOWN": "",
		"NK-TEE": "6", "NK-TEE-BLACK-S": "9", "NK-TEE-BLACK-M": "7", "NK-TEE-ECRU-M": "3"}
	for sku, n := range want {
		if have, ok := got[sku]; !ok || have != n {
			t.Errorf("%s: %q (%t), want %q", sku, have, ok, n)
		}
	}
	if len(got) != len(want) {
		t.Errorf("%v", got)
	}
	d := s.find(t, "stock", port.KeySKU, "NK-TEE-BLACK-M")
	if docs := s.read(t, port.Query{Resource: "stock", IDs: []string{d.ID}}); len(docs) != 1 || docs[0].Key != "NK-TEE-BLACK-M" {
		t.Errorf("by the id %s: %v", d.ID, keys(docs))
	}
	// A sale moves the stock, and the next read meets it.
	last := noon
	s.merchant("POST", "/orders", `{"email":"a@example.com","items":[{"productId":748120506,"combinationId":451900102,"quantity":2}]}`)
	for _, d := range s.read(t, port.Query{Resource: "stock", Since: last}) {
		if d.Key == "NK-TEE-BLACK-M" && gjson.GetBytes(d.Body, "quantity").Raw != "5" {
			t.Errorf("after a sale: %s", d.Body)
		}
	}
}

func TestWriteStock(t *testing.T) {
	s := open0(t)
	for _, tt := range []struct{ sku, change, want, call string }{
		{"NK-MUG-350", `{"quantity":50}`, "50", "PUT /products/748120503/inventory"},
		{"NK-MUG-350", `{"quantity":50.0}`, "50", ""},
		{"NK-MUG-350", `{"quantity":-2}`, "-2", "PUT /products/748120503/inventory"}, // Ecwid warns and does it
		{"NK-MUG-350", `{}`, "-2", ""},
		{"NK-TEE-BLACK-M", `{"quantity":0}`, "0", "PUT /products/748120506/combinations/451900102/inventory"},
		{"NK-GIFT-UNKNOWN", `{"quantity":4}`, "", ""}, // unlimited stays so
		{"NK-GIFT-UNKNOWN", `{"quantity":4,"unlimited":false}`, "4", "PUT /products/748120505"},
		{"NK-GIFT-UNKNOWN", `{"quantity":5,"unlimited":false}`, "5", "PUT /products/748120505/inventory"},
		{"NK-GIFT-UNKNOWN", `{"unlimited":true}`, "", "PUT /products/748120505"},
		{"NK-GIFT-UNKNOWN", `{"unlimited":true}`, "", ""},
	} {
		have := s.find(t, "stock", port.KeySKU, tt.sku)
		if cmp, err := s.Compare(t.Context(), "stock", have, []byte(tt.change)); err != nil || (len(cmp.Changes) > 0) != (tt.call != "") {
			t.Errorf("%s %s changes %+v, %v", tt.sku, tt.change, cmp.Changes, err)
		}
		s.calls.Reset()
		d, err := s.Client.Update(t.Context(), "stock", have.ID, []byte(tt.change))
		if err != nil || gjson.GetBytes(d.Body, "quantity").Raw != tt.want || s.quantity(t, tt.sku) != tt.want {
			t.Errorf("%s %s: %v %s", tt.sku, tt.change, err, d.Body)
		}
		made := ""
		for _, call := range s.calls.List() {
			if strings.HasPrefix(call, "PUT") {
				made += call
			}
		}
		if made != tt.call {
			t.Errorf("%s %s made %q, want %q", tt.sku, tt.change, made, tt.call)
		}
	}
	for _, change := range []string{`{"quantity":1.5}`, `{"quantity":"7"}`, `{"quantity":1e99}`, `{"quantity":99999999999}`} {
		if _, err := s.Client.Update(t.Context(), "stock", "748120503", []byte(change)); !errors.Is(err, port.ErrValidation) {
			t.Errorf("%s: %v", change, err)
		}
	}
	for _, id := range []string{"1", "748120506/1", "748120506/451900104", "x/y"} { // the last but one has no stock of its own
		if _, err := s.Client.Update(t.Context(), "stock", id, []byte(`{"quantity":1}`)); !errors.Is(err, port.ErrNotFound) {
			t.Errorf("%s: %v", id, err)
		}
	}
}

// What is sold between reading and writing is not lost, because the store is told a difference.
func TestStockKeepsSalesInBetween(t *testing.T) {
	s := open0(t)
	s.before = func(r *http.Request) {
		if strings.HasSuffix(r.URL.Path, "/inventory") {
			s.before = nil
			s.merchant("POST", "/orders", `{"email":"a@example.com","items":[{"productId":748120503,"quantity":3}]}`)
		}
	}
	if _, err := s.Client.Update(t.Context(), "stock", "748120503", []byte(`{"quantity":100}`)); err != nil {
		t.Fatal(err)
	}
	if got := s.quantity(t, "NK-MUG-350"); got != "97" {
		t.Errorf("%s pieces, want 97", got)
	}
}

// A difference is never said twice: where the answer is lost, the stock itself tells whether it counted.
func TestStockAfterALostAnswer(t *testing.T) {
	s := open0(t)
	inventory := func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/inventory") }
	s.Fault(faults.Fault{Match: inventory, After: true, Serve: faults.Cut})
	if d, err := s.Client.Update(t.Context(), "stock", "748120503", []byte(`{"quantity":100}`)); err != nil || gjson.GetBytes(d.Body, "quantity").Raw != "100" {
		t.Errorf("counted: %v %s", err, d.Body)
	}
	s.Fault(faults.Fault{Match: inventory, Serve: faults.Cut})
	if _, err := s.Client.Update(t.Context(), "stock", "748120503", []byte(`{"quantity":90}`)); !errors.Is(err, port.ErrInDoubt) {
		t.Errorf("not counted: %v", err)
	}
	if got := s.quantity(t, "NK-MUG-350"); got != "100" {
		t.Errorf("%s pieces", got)
	}
	if _, err := s.Client.Create(t.Context(), "stock", []byte(`{"sku":"NK-MUG-350","quantity":1}`)); !errors.Is(err, port.ErrValidation) {
		t.Errorf("create: %v", err)
	}
}
