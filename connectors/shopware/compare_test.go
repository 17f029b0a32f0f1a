package shopware

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Addresses of a customer are compared by their ids: those that are not named stay as they are.
func TestCustomerByAddresses(t *testing.T) {
	s := open0(t)
	body := string(s.customerBody(t, "ada@example.nl"))
	d := s.make(t, "customer", body)
	s.same(t, d, body)
	second := with(t, gjson.Get(body, "addresses.0").Raw, "id", strings.Repeat("9", 32), "city", "Delft")
	d, paths := s.change(t, d, `{"addresses":[`+second+`]}`)
	if !slices.Equal(paths, []string{"addresses[" + strings.Repeat("9", 32) + "]"}) || gjson.GetBytes(d.Body, "addresses.#").Int() != 2 {
		t.Errorf("%v: %s", paths, gjson.GetBytes(d.Body, "addresses.#.city"))
	}
	s.same(t, d, `{"addresses":[]}`) // an update takes none away
	first := gjson.Get(body, "addresses.0.id").String()
	cmp := s.compare(t, d, with(t, body, "addresses.0.city", "Assen", "company", "Bakker B.V.", "firstName", "Ada"))
	if got := gjson.ParseBytes(cmp.Body); got.Get("company").String() != "Bakker B.V." || got.Get("addresses.#").Int() != 1 || got.Get("firstName").Exists() || len(cmp.Changes) != 2 {
		t.Errorf("%s", cmp.Body)
	}
	if d, err := s.Update(t.Context(), "customer", d.ID, cmp.Body); err != nil ||
		gjson.GetBytes(d.Body, `addresses.#(id=="`+first+`").city`).String() != "Assen" || gjson.GetBytes(d.Body, `addresses.#(city=="Delft")`).Raw == "" {
		t.Errorf("%v: %s", err, gjson.GetBytes(d.Body, "addresses.#.city"))
	}
}

// Products are seen in more sales channels, and not fewer; null and what is not there are one.
func TestCompareProducts(t *testing.T) {
	s := open0(t)
	d := s.product(t, "A", "")
	channel := gjson.GetBytes(s.reference(t, "salesChannels"), "0.id").String()
	seen := `{"visibilities":[{"salesChannelId":"` + channel + `","visibility":10}],"ean":null}`
	d, paths := s.change(t, d, seen)
	if !slices.Equal(paths, []string{"visibilities"}) {
		t.Errorf("%v", paths)
	}
	d, paths = s.change(t, d, strings.Replace(seen, "10", "30", 1))
	if len(paths) != 1 || gjson.GetBytes(d.Body, "visibilities.#.visibility|@ugly").Raw != "[30]" {
		t.Errorf("%v %s", paths, gjson.GetBytes(d.Body, "visibilities"))
	}
	s.same(t, d, `{"weight":null,"price":[{"currencyId":"b7d2554b0ce847cd82f3ac9bd1c0dfca","net":1.000,"gross":1.210}]}`)
	for name, want := range map[string]error{"order": port.ErrValidation, "banana": port.ErrNotFound} {
		if _, err := s.Compare(t.Context(), name, d, []byte(`[]`)); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOrderIsWrittenAsItIs(t *testing.T) {
	s := open0(t)
	body := with(t, string(s.orderBody(t)), "orderNumber", "POS-1", "id", strings.Repeat("7", 32))
	want, ok := s.Totaled("order", []byte(body))
	if !ok || want != (port.Totals{Net: "17.52", Gross: "19.10"}) {
		t.Errorf("%+v %v", want, ok)
	}
	d := s.make(t, "order", body)
	if got, ok := s.Totaled("order", d.Body); !ok || got.Net != "17.52" || got.Gross != "19.1" {
		t.Errorf("%+v %v", got, ok)
	}
	for resource, body := range map[string]string{"product": body, "order": `{"price":[]}`} {
		if totals, ok := s.Totaled(resource, []byte(body)); ok {
			t.Errorf("%s %s came to %+v", resource, body, totals)
		}
	}
	docs, err := s.Find(t.Context(), "order", port.Key{Field: port.KeyReference, Value: "POS-1"})
	if err != nil || len(docs) != 1 || docs[0].ID != d.ID {
		t.Errorf("by its reference: %d, %v", len(docs), err)
	}
	// The same order once more is refused, not doubled.
	if _, err := s.Create(t.Context(), "order", []byte(body)); !errors.Is(err, port.ErrConflict) {
		t.Errorf("again: %v", err)
	}
}

// Stock is a resource of its own: all products without variants and all variants, every time.
func TestStock(t *testing.T) {
	for _, version := range []string{"6.5.8.14", "6.6.7.1"} {
		s := open0(t, sandbox.WithVersion(version))
		docs := read(t, s.Client, port.Query{Resource: "stock"})
		if got := keys(docs); slices.Contains(got, "NK-TEE") || !slices.Contains(got, "NK-TEE-BLACK-S") || len(got) != 7 {
			t.Fatalf("%s: %v", version, got)
		}
		d := docs[0]
		for _, path := range []string{"stock", "availableStock", "isCloseout"} {
			if !gjson.GetBytes(d.Body, path).Exists() {
				t.Errorf("%s: no %s in %s", version, path, d.Body)
			}
		}
		if gjson.GetBytes(d.Body, "name").Exists() {
			t.Errorf("%s: %s", version, d.Body)
		}
		changed, paths := s.change(t, d, `{"stock":0,"isCloseout":true}`)
		if changed.ID != d.ID || changed.Version == d.Version || !slices.Contains(paths, "stock") {
			t.Errorf("%s: %v %s", version, paths, changed.Body)
		}
		// A booking moves no stamp, and is read all the same.
		if docs := read(t, s.Client, port.Query{Resource: "stock", Since: s.clock.Now().Add(1)}); len(docs) != 7 {
			t.Errorf("%s: %d after the last change", version, len(docs))
		}
		if _, err := s.Create(t.Context(), "stock", []byte(`{"stock":1}`)); !errors.Is(err, port.ErrValidation) {
			t.Errorf("%s: made: %v", version, err)
		}
	}
}

// Every write does its work in every version, as far as the sandbox knows them.
func TestWritesInEveryVersion(t *testing.T) {
	for _, version := range []string{"6.4.20.2", "6.5.8.14", "6.6.7.1", "6.7.0.0"} {
		t.Run(version, func(t *testing.T) {
			s := open0(t, sandbox.WithVersion(version))
			s.same(t, s.make(t, "product", sweater), sweater)
			customer := string(s.customerBody(t, "ada@example.nl"))
			if version >= "6.7" { // which knows no such member, and ignores it
				d := s.make(t, "customer", customer)
				if gjson.GetBytes(d.Body, "defaultPaymentMethodId").Exists() {
					t.Error("the method of payment of a customer is gone since 6.7")
				}
			} else {
				s.same(t, s.make(t, "customer", customer), customer)
			}
			order := string(s.orderBody(t))
			s.make(t, "order", order)
			_, err := s.Create(t.Context(), "order", []byte(with(t, order, "addresses.0.zipcode", nil, "addresses.0.id", strings.Repeat("6", 32), "billingAddressId", strings.Repeat("6", 32))))
			if wanted := version < "6.5"; errors.Is(err, port.ErrValidation) != wanted {
				t.Errorf("an address without a postal code: %v", err)
			}
			s.change(t, read(t, s.Client, port.Query{Resource: "stock"})[0], `{"stock":3}`)
		})
	}
}
