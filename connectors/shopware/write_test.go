package shopware

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func (s *shop) customerBody(t *testing.T, email string) []byte {
	t.Helper()
	first := func(table, path string) string { return gjson.GetBytes(s.reference(t, table), path).String() }
	return fmt.Appendf(nil, `{"email":%q,"firstName":"Ada","lastName":"Bakker","groupId":%q,"salesChannelId":%q,"languageId":"2fbb5fe2e29a4d70aa5854ce7ce3e20b",
		"defaultPaymentMethodId":%q,"defaultBillingAddressId":"%032d","defaultShippingAddressId":"%032d",
		"addresses":[{"id":"%032d","firstName":"Ada","lastName":"Bakker","street":"Kade 1","city":"Groningen","zipcode":"9711 AA","salutationId":%q,"countryId":%q}]}`,
		email, first("customerGroups", "0.id"), first("salesChannels", "0.id"), first("paymentMethods", "0.id"), 7, 7, 7, first("salutations", "0.id"), first("countries", `#(iso=="NL").id`))
}

func (s *shop) orderBody(t *testing.T) []byte {
	t.Helper()
	first := func(table, path string) string { return gjson.GetBytes(s.reference(t, table), path).String() }
	price := `"calculatedTaxes":[{"tax":1.58,"taxRate":9,"price":19.10}],"taxRules":[{"taxRate":9,"percentage":100}]`
	round := `{"decimals":2,"interval":0.01,"roundForNet":true}`
	return fmt.Appendf(nil, `{"orderDateTime":"2026-06-01T10:00:00+02:00","salesChannelId":%q,"currencyId":"b7d2554b0ce847cd82f3ac9bd1c0dfca","currencyFactor":1,
		"stateId":%q,"itemRounding":%s,"totalRounding":%s,"billingAddressId":"%032d",
		"addresses":[{"id":"%032d","firstName":"Ada","lastName":"Bakker","street":"Kade 1","zipcode":"9711 AA","city":"Groningen","salutationId":%q,"countryId":%q}],
		"orderCustomer":{"email":"ada@example.nl","firstName":"Ada","lastName":"Bakker"},
		"price":{"netPrice":17.52,"totalPrice":19.10,"positionPrice":19.10,"rawTotal":19.10,"taxStatus":"gross",%s},
		"shippingCosts":{"unitPrice":0,"totalPrice":0,"quantity":1,%s},
		"lineItems":[{"identifier":"x","label":"Beans","quantity":1,"price":{"unitPrice":19.10,"totalPrice":19.10,"quantity":1,%s}}]}`,
		first("salesChannels", "0.id"), first("orderStates", `#(technicalName=="open").id`), round, round, 8, 8, first("salutations", "0.id"), first("countries", "0.id"), price, price, price)
}

func TestCreateAndUpdate(t *testing.T) {
	s := open0(t)
	order, err := s.Create(t.Context(), "order", s.orderBody(t))
	if err != nil {
		t.Fatal(err)
	}
	if order.Key != "10011" || gjson.GetBytes(order.Body, "amountTotal").Raw != "19.1" || gjson.GetBytes(order.Body, "stateMachineState.technicalName").String() != "open" {
		t.Errorf("order %s: %s", order.Key, order.Body)
	}
	customer, err := s.Create(t.Context(), "customer", s.customerBody(t, "Ada.Bakker@example.nl"))
	if err != nil {
		t.Fatal(err)
	}
	if gjson.GetBytes(customer.Body, "customerNumber").String() != "20005" || gjson.GetBytes(customer.Body, "defaultBillingAddress.country.iso").String() != "NL" {
		t.Errorf("customer: %s", customer.Body)
	}
	changed, err := s.Update(t.Context(), "customer", customer.ID, []byte(`{"company":"Bakker B.V."}`))
	if err != nil {
		t.Fatal(err)
	}
	if gjson.GetBytes(changed.Body, "company").String() != "Bakker B.V." || gjson.GetBytes(changed.Body, "firstName").String() != "Ada" || changed.Version == customer.Version {
		t.Errorf("update did not merge: %s", changed.Body)
	}
	same, err := s.Update(t.Context(), "customer", customer.ID, []byte(`{}`))
	if err != nil || same.Version != changed.Version {
		t.Errorf("nothing to change: %v", err)
	}
	// Variants in the body: the answer's Location names the last of them.
	product := s.product(t, "FAMILY", `,"children":[{"productNumber":"FAMILY-1","stock":1},{"productNumber":"FAMILY-2","stock":2}]`)
	if product.Key != "FAMILY" {
		t.Errorf("created %s", product.Key)
	}
}

func TestWriteRefusals(t *testing.T) {
	s := open0(t)
	known := s.product(t, "KNOWN", "")
	tax := gjson.GetBytes(s.reference(t, "taxes"), "0.id").String()
	price := `"price":[{"currencyId":"b7d2554b0ce847cd82f3ac9bd1c0dfca","net":1,"gross":1.21,"linked":true}]`
	for name, c := range map[string]struct {
		id, body string
		kind     error
		field    string
	}{
		"number taken":      {body: fmt.Sprintf(`{"productNumber":"known","name":"P","taxId":%q,"stock":1,%s}`, tax, price), kind: port.ErrConflict},
		"id taken":          {body: fmt.Sprintf(`{"id":%q,"productNumber":"N2","name":"P","taxId":%q,"stock":1,%s}`, known.ID, tax, price), kind: port.ErrConflict},
		"net is missing":    {body: fmt.Sprintf(`{"productNumber":"N3","name":"P","taxId":%q,"stock":1,"price":[{"currencyId":"b7d2554b0ce847cd82f3ac9bd1c0dfca","gross":1.21,"linked":true}]}`, tax), kind: port.ErrValidation, field: "price/0/net"},
		"name is missing":   {body: fmt.Sprintf(`{"productNumber":"N4","taxId":%q,"stock":1,%s}`, tax, price), kind: port.ErrValidation, field: "name"},
		"unknown tax":       {body: fmt.Sprintf(`{"productNumber":"N5","name":"P","taxId":"%032d","stock":1,%s}`, 9, price), kind: port.ErrValidation},
		"no object":         {body: `[]`, kind: port.ErrValidation},
		"no JSON":           {body: `{`, kind: port.ErrValidation},
		"update of nothing": {id: strings.Repeat("a", 32), body: `{"stock":1}`, kind: port.ErrNotFound},
		"update by no id":   {id: "10001", body: `{"stock":1}`, kind: port.ErrNotFound},
		"stock is text":     {id: known.ID, body: `{"stock":"1"}`, kind: port.ErrValidation, field: "stock"},
	} {
		var err error
		if c.id == "" {
			_, err = s.Create(t.Context(), "product", []byte(c.body))
		} else {
			_, err = s.Update(t.Context(), "product", c.id, []byte(c.body))
		}
		var e *port.Error
		if !errors.As(err, &e) || !errors.Is(err, c.kind) || e.Field != c.field || e.Message == "" {
			t.Errorf("%s: %v (field %q), want %v", name, err, e.Field, c.kind)
		}
	}
	if _, err := s.Create(t.Context(), "invoice", []byte(`{}`)); !errors.Is(err, port.ErrNotFound) {
		t.Errorf("unknown resource: %v", err)
	}
}

func TestLostAnswers(t *testing.T) {
	post := func(r *http.Request) bool { return r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/api/product") }
	for name, c := range map[string]struct {
		fault   faults.Fault
		created int
		kind    error
	}{
		"carried out, answer lost":     {faults.Fault{Match: post, After: true, Serve: faults.Cut}, 1, nil},
		"carried out, gateway timeout": {faults.Fault{Match: post, After: true, Serve: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(504) }}, 1, nil},
		"cut before":                   {faults.Fault{Match: post, Serve: faults.Cut}, 0, port.ErrInDoubt},
		"maintenance":                  {faults.Fault{Match: post, Serve: faults.Maintenance}, 0, port.ErrInDoubt},
		"throttled":                    {faults.Fault{Match: post, Serve: sandbox.Throttled(3)}, 1, nil},
	} {
		s := start(t, t.Cleanup, connectors.SandboxOptions{Empty: true}, connectors.Config{})
		tax := gjson.GetBytes(s.reference(t, "taxes"), "0.id").String()
		s.Fault(c.fault)
		d, err := s.Create(t.Context(), "product", fmt.Appendf(nil,
			`{"productNumber":"A","name":"P","taxId":%q,"stock":1,"price":[{"currencyId":"b7d2554b0ce847cd82f3ac9bd1c0dfca","net":1,"gross":1.21,"linked":true}]}`, tax))
		if !errors.Is(err, c.kind) {
			t.Errorf("%s: %v, want %v", name, err, c.kind)
		}
		if err == nil && d.Key != "A" {
			t.Errorf("%s: %+v", name, d)
		}
		if n := len(read(t, s.Client, port.Query{Resource: "product"})); n != c.created {
			t.Errorf("%s: %d products", name, n)
		}
	}
}

func TestUpdateIsRepeatedWhereThatIsSafe(t *testing.T) {
	for body, want := range map[string]bool{
		`{"stock":1}`:                                true,
		`{"addresses":[{"id":"x","city":"Y"}]}`:      true,
		`{"addresses":[{"city":"Y"}]}`:               false,
		`{"price":[{"currencyId":"x","net":1}]}`:     true,
		`{"a":{"b":[{"id":"1","c":[{"d":1}]}]}}`:     false,
		`{"customFields":{"tags":["a","b"]},"n":[]}`: true,
	} {
		if got := repeatable(gjson.Parse(body)); got != want {
			t.Errorf("%s: %v", body, got)
		}
	}
	s := open0(t)
	d := s.product(t, "A", "")
	s.Fault(faults.Fault{Match: func(r *http.Request) bool { return r.Method == "PATCH" }, After: true, Serve: faults.Cut})
	d, err := s.Update(t.Context(), "product", d.ID, []byte(`{"stock":77}`))
	if err != nil || gjson.GetBytes(d.Body, "stock").Int() != 77 {
		t.Errorf("lost answer to a PATCH: %v", err)
	}
}

func TestFlowsStayStill(t *testing.T) {
	for option, want := range map[string]string{"": "1", "true": ""} {
		s := start(t, t.Cleanup, connectors.SandboxOptions{Empty: true}, connectors.Config{Options: map[string]string{"triggerFlows": option}})
		var got string
		s.before = func(r *http.Request) {
			if r.Method == "POST" && strings.HasSuffix(r.URL.Path, "/api/product") {
				got = r.Header.Get("sw-skip-trigger-flow")
			}
		}
		s.product(t, "A", "")
		if got != want {
			t.Errorf("triggerFlows %q: header %q", option, got)
		}
	}
}

func TestFind(t *testing.T) {
	s := open0(t)
	s.clock.Add(time.Minute)
	if _, err := s.Create(t.Context(), "customer", s.customerBody(t, "sanne.devries@EXAMPLE.nl")); err != nil {
		t.Fatal(err) // the API takes an e-mail address twice
	}
	for _, c := range []struct {
		resource, field, value string
		want                   []string
	}{
		{"order", port.KeyNumber, "10003", []string{"10003"}},
		{"order", port.KeyReference, "10003", []string{"10003"}}, // the number that it had where it comes from
		{"order", port.KeyNumber, "1000", nil},
		{"order", port.KeyNumber, "", nil},
		{"customer", port.KeyEmail, "SANNE.devries@example.nl", []string{"sanne.devries@example.nl", "sanne.devries@EXAMPLE.nl"}},
		{"customer", port.KeyEmail, "lotte.peeters@example.com", nil}, // a guest
		{"customer", port.KeyNumber, "20003", []string{"inkoop@haagsekoffie.example.nl"}},
		{"product", port.KeySKU, "NK-MUG-350", []string{"NK-MUG-350"}},
		{"product", port.KeySKU, "nk-mug-350", nil}, // the database would say yes
		{"product", port.KeyNumber, "NK-TEE-BLACK-M", []string{"NK-TEE-BLACK-M"}},
		{"product", port.KeyID, "10001", nil},
		{"product", port.KeySKU, "NK-TEE-BLACK-S", []string{"NK-TEE-BLACK-S"}}, // a variant is found, though read with its family
		{"stock", port.KeySKU, "NK-TEE-BLACK-S", []string{"NK-TEE-BLACK-S"}},
	} {
		docs, err := s.Find(t.Context(), c.resource, port.Key{Field: c.field, Value: c.value})
		if err != nil || strings.Join(keys(docs), " ") != strings.Join(c.want, " ") {
			t.Errorf("%s by %s %q: %v %v, want %v", c.resource, c.field, c.value, keys(docs), err, c.want)
		}
		if len(docs) == 1 {
			again, err := s.Find(t.Context(), c.resource, port.Key{Field: port.KeyID, Value: docs[0].ID})
			if err != nil || len(again) != 1 || again[0].Version != docs[0].Version {
				t.Errorf("%s by id: %v %v", c.resource, again, err)
			}
		}
	}
	for _, c := range []string{"customer", "product", "stock"} {
		if _, err := s.Find(t.Context(), c, port.Key{Field: port.KeyReference, Value: "1"}); !errors.Is(err, port.ErrNoProbe) {
			t.Errorf("%s by reference: %v", c, err)
		}
	}
	s.page = 1 // more hits than a page holds
	if docs, err := s.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: "sanne.devries@example.nl"}); err != nil || len(docs) != 2 {
		t.Errorf("over two pages: %d %v", len(docs), err)
	}
}

func TestReferenceIsCached(t *testing.T) {
	s := open0(t)
	table := s.reference(t, "countries")
	calls := len(s.calls.List())
	table[0] = 'x' // a caller's copy
	if got := s.reference(t, "countries"); got[0] != '[' || len(s.calls.List()) != calls {
		t.Errorf("%d calls, %.20s", len(s.calls.List())-calls, got)
	}
	if _, err := s.Reference(t.Context(), "countries", true); err != nil || len(s.calls.List()) != calls+1 {
		t.Errorf("a refresh made %d calls: %v", len(s.calls.List())-calls, err)
	}
	if _, err := s.Reference(t.Context(), "bananas", false); !errors.Is(err, port.ErrNotFound) {
		t.Error(err)
	}
	// Pages of two give the same table.
	s.largest.Store(2)
	paged, err := s.Reference(t.Context(), "countries", true)
	if err != nil || gjson.GetBytes(paged, "#").Int() != 5 {
		t.Errorf("%v %s", err, paged)
	}
}

// TestDecodeError holds the kinds of errors against every error that a running shop answered.
func TestDecodeError(t *testing.T) {
	kinds := map[string]error{ // by captured code; what is missing has the kind of its status
		"FRAMEWORK__API_INVALID_ACCESS_KEY": port.ErrAuth, "6": port.ErrAuth,
		"FRAMEWORK__MISSING_PRIVILEGE_ERROR": port.ErrPermission, "CONTENT__DUPLICATE_PRODUCT_NUMBER": port.ErrConflict,
		"1062": port.ErrConflict, "1452": port.ErrValidation, "1364": port.ErrValidation, "FRAMEWORK__LANGUAGE_NOT_FOUND": port.ErrValidation,
	}
	files, err := filepath.Glob("testdata/exchanges/*.json")
	if err != nil || len(files) == 0 {
		t.Fatal("no exchanges")
	}
	n := 0
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		var ex struct {
			Request  struct{ Method string }
			Response struct {
				Status int
				Body   json.RawMessage
			}
		}
		if err := json.Unmarshal(data, &ex); err != nil {
			t.Fatal(err)
		}
		if ex.Response.Status < 400 {
			continue
		}
		n++
		e := decodeError(ex.Response.Status, nil, ex.Response.Body)
		want := kinds[e.Code]
		if e.Code == "FRAMEWORK__WRITE_TYPE_INTEND_ERROR" {
			want = map[string]error{"POST": port.ErrConflict, "PATCH": port.ErrNotFound}[ex.Request.Method]
		}
		if e.Code == "" || e.Message == "" || !errors.Is(e.Kind, want) {
			t.Errorf("%s: %+v, want %v", filepath.Base(f), e, want)
		}
		if strings.Contains(f, "023-") && e.RetryAfter != 10*time.Second {
			t.Errorf("%s: wait %v", f, e.RetryAfter)
		}
		if strings.Contains(f, "019-") && e.Message != "the integration's role lacks the privileges product:update" {
			t.Errorf("%s: %s", f, e.Message)
		}
	}
	if n < 40 {
		t.Errorf("only %d errors", n)
	}
}

func FuzzDecodeError(f *testing.F) {
	f.Add(500, []byte(`{"errors":[{"code":"1213","status":"500"}]}`))
	f.Add(429, []byte(`{"errors":[{"meta":{"parameters":{"seconds":1e99}}}]}`))
	f.Add(503, []byte(`<html>`))
	f.Add(403, []byte(`{"errors":[{"code":"FRAMEWORK__MISSING_PRIVILEGE_ERROR","detail":"{\"missingPrivileges\":[1,null]}"}]}`))
	f.Fuzz(func(t *testing.T, status int, body []byte) {
		e := decodeError(status, nil, body)
		if e.RetryAfter < 0 || e.RetryAfter > 24*time.Hour {
			t.Errorf("wait %v", e.RetryAfter)
		}
	})
}
