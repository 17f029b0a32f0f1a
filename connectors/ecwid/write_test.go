package ecwid

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

const sale = `{"email":"a@example.com","refererId":"T-1","total":12.10,"tax":2.10,"subtotal":12.10,"paymentStatus":"PAID","fulfillmentStatus":"DELIVERED",
	"items":[{"sku":"A","name":"A","quantity":1,"price":12.10}],"crosswalk":{"ignored":true}}`

// The id of a new order is spelt in two ways, and both are read.
func TestCreateOrders(t *testing.T) {
	for _, spelling := range []string{"orderId", "orderid"} {
		s := open0(t, sandbox.WithReplySpelling(spelling))
		d := s.create(t, "order", sale)
		if len(d.ID) != 5 || gjson.GetBytes(d.Body, "total").Raw != "12.10" || gjson.GetBytes(d.Body, "crosswalk.ignored").Exists() {
			t.Errorf("%s: %s", spelling, d.Body)
		}
		if got := s.find(t, "order", port.KeyReference, "T-1"); got.ID != d.ID {
			t.Errorf("%s is found as %s", d.ID, got.ID)
		}
		number := gjson.GetBytes(d.Body, "internalId").Raw
		if got := s.find(t, "order", port.KeyID, number); got.ID != d.ID {
			t.Errorf("%s is found as %s", number, got.ID)
		}
		if totals, ok := s.Totaled("order", d.Body); !ok || totals.Gross != "12.10" || totals.Tax != "2.10" {
			t.Errorf("%+v %t", totals, ok)
		}
	}
	s := open0(t)
	for body, want := range map[string]string{
		`{"total":1}`: "no order without an e-mail address",
		`{"email":"a@example.com","items":[{"name":"A"}]}`:           "Field OrderItem.quantity is absent",
		`{"email":"a@example.com","paymentStatus":"QUEUED"}`:         "use AWAITING_PAYMENT instead",
		`{"email":"a@example.com","items":[{"quantity":1.5}]}`:       "must be an integer",
		`{"email":"a@example.com","fulfillmentStatus":"ON_ITS_WAY"}`: "Unknown value",
	} {
		if _, err := s.Client.Create(t.Context(), "order", []byte(body)); !errors.Is(err, port.ErrValidation) || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// An unfinished order is found by its reference, although searches leave such orders out.
func TestFindUnfinishedOrders(t *testing.T) {
	s := open0(t)
	s.create(t, "order", `{"email":"a@example.com","refererId":"U-1","paymentStatus":"INCOMPLETE"}`)
	s.find(t, "order", port.KeyReference, "U-1")
}

// A change keeps what it does not name: items, the rest of an address, the customer's group.
func TestUpdateOrders(t *testing.T) {
	s := open0(t)
	d := s.read(t, port.Query{Resource: "order", Limit: 2})[1]
	s.merchant("PUT", "/orders/"+d.ID, `{"customerGroup":"Zakelijk"}`)
	d, err := s.Client.Update(t.Context(), "order", d.ID, []byte(`{"fulfillmentStatus":"SHIPPED","trackingNumber":"3S0001","shippingPerson":{"phone":"020-5550199"}}`))
	if err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]string{"fulfillmentStatus": "SHIPPED", "trackingNumber": "3S0001", "items.#": "2", "customerGroup": "Zakelijk",
		"shippingPerson.street": "Gustav Mahlerlaan 10", "shippingPerson.phone": "020-5550199", "paymentStatus": "PAID"} {
		if got := gjson.GetBytes(d.Body, path).String(); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	if _, err := s.Client.Update(t.Context(), "order", "XXXXX", []byte(`{}`)); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
	if _, err := s.Client.Update(t.Context(), "order", "..", []byte(`{}`)); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
}

// Parts of an e-mail address match in Ecwid unless it is told otherwise.
func TestFindCustomers(t *testing.T) {
	s := open0(t)
	s.create(t, "customer", `{"email":"not.sanne.devries@example.nl"}`)
	d := s.find(t, "customer", port.KeyEmail, " Sanne.deVries@example.nl ")
	if d.Key != "sanne.devries@example.nl" {
		t.Errorf("%s", d.Key)
	}
	if docs, err := s.Client.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: "devries@example.nl"}); err != nil || len(docs) > 0 {
		t.Errorf("%v %v", keys(docs), err)
	}
}

func TestUpdateCustomers(t *testing.T) {
	s := open0(t)
	email := "Pieter.Jansen@example.nl" // two addresses, the first is the default
	for _, tt := range []struct{ name, want, paths, addresses string }{
		{"nothing", `{"email":"Pieter.Jansen@example.nl","taxId":"","billingPerson":{"city":"Amsterdam","firstName":"P."},"customerGroupId":0}`, "", ""},
		{"the same address", `{"shippingAddresses":[{"street":"Herengracht 502","postalCode":"1017 CB","city":"Amsterdam","countryCode":"NL"}]}`, "", ""},
		{"a telephone number", `{"billingPerson":{"phone":"020-5550111"}}`, "billingPerson", ""},
		{"another default address", `{"shippingAddresses":[{"street":"Damrak 1","postalCode":"1012 LG","city":"Amsterdam","countryCode":"NL","defaultAddress":true}]}`, "shippingAddresses",
			`["Damrak 1","Herengracht 502"]`},
		{"one more address", `{"shippingAddresses":[{"street":"Rokin 2","postalCode":"1012 KS","city":"Amsterdam","countryCode":"NL"}]}`, "shippingAddresses",
			`["Rokin 2","Damrak 1","Herengracht 502"]`},
	} {
		paths, body := s.compare(t, "customer", email, tt.want)
		if strings.Join(paths, " ") != tt.paths {
			t.Errorf("%s: %v", tt.name, paths)
		}
		if len(paths) == 0 {
			continue
		}
		before := s.find(t, "customer", port.KeyEmail, email)
		d, err := s.Client.Update(t.Context(), "customer", before.ID, body)
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		if got := gjson.GetBytes(d.Body, "shippingAddresses.#.street").Raw; tt.addresses != "" && got != tt.addresses {
			t.Errorf("%s: %s", tt.name, got)
		}
		if n := strings.Count(gjson.GetBytes(d.Body, "shippingAddresses").Raw, `"defaultAddress":true`); n != 1 {
			t.Errorf("%s: %d default addresses", tt.name, n)
		}
		if gjson.GetBytes(d.Body, "billingPerson.street").String() != "Herengracht 502" {
			t.Errorf("%s: the billing address lost its street: %s", tt.name, d.Body)
		}
		if paths, _ := s.compare(t, "customer", email, tt.want); len(paths) > 0 {
			t.Errorf("%s, written, differs: %v", tt.name, paths)
		}
	}
}

// The store sends bodies with the type that the reference asks for.
func TestContentType(t *testing.T) {
	s := open0(t)
	s.before = func(r *http.Request) {
		if r.Method == http.MethodPost && r.Header.Get("Content-Type") != "application/json;charset=utf-8" {
			t.Errorf("%s %s: %s", r.Method, r.URL, r.Header.Get("Content-Type"))
		}
	}
	s.create(t, "customer", `{"email":"type@example.com"}`)
}
