package eaccounting

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func asError(err error, e **port.Error) bool { return errors.As(err, e) }

// full has a value in every member that a customer of a shop may have.
func (co *company) full() fields {
	return merged(co.person("full@example.nl"), fields{
		"IsPrivatePerson": false, "CorporateIdentityNumber": "12345678", "VatNumber": "NL123456789B01", "ContactPersonName": "A", "ContactPersonEmail": "a@example.nl",
		"ContactPersonPhone": "1", "ContactPersonMobile": "2", "EmailAddressOrder": "o@example.nl", "EmailAddressQuote": "q@example.nl",
		"EmailAddresses": []string{"x@example.nl"}, "InvoiceAddress1": "S 1", "InvoiceAddress2": "A", "DeliveryCustomerName": "D",
		"DeliveryAddress1": "T 2", "DeliveryAddress2": "B", "DeliveryCity": "C", "DeliveryPostalCode": "1", "DeliveryCountryCode": "BE",
		"DeliveryMethodId": co.table("deliveryMethods").Get("0.Id").String(), "DeliveryTermId": co.table("deliveryTerms").Get("0.Id").String(),
		"Telephone": "3", "MobilePhone": "4", "WwwAddress": "https://example.nl", "Note": "VIP", "DiscountPercentage": json.Number("0.1250"),
		"WebshopCustomerNumber": 2147483647, "SalesDocumentLanguage": "nl", "Iban": "NL00BANK0123456789", "GLN": "1", "ElectronicAddress": "e",
		"ElectronicReference": "r", "EdiServiceDelivererId": "d", "EdiGlnNumber": "g", "PropertyReference": "p", "TaxDeductionNumber": "t",
		"DirectDebitCustomerSettings": fields{"MandateId": "M1", "MandateType": 1, "SequenceType": 1, "SigningDate": "2026-01-01"},
		"CustomerLabels":              []fields{{"Id": co.labelID(), "Name": "Webshop"}},
	})
}

func (co *company) labelID() string {
	co.t.Helper()
	l, err := co.list(co.t.Context(), "customerlabels", nil, 1, 10)
	if err != nil || len(l.items) == 0 {
		co.t.Fatal(err)
	}
	return l.items[0].Get("Id").String()
}

// differing names the members in which two documents differ.
func differing(a, b []byte) []string {
	var out []string
	gjson.ParseBytes(a).ForEach(func(k, v gjson.Result) bool {
		if gjson.GetBytes(b, k.String()).Raw != v.Raw {
			out = append(out, k.String())
		}
		return true
	})
	return out
}

func TestUpdateKeepsAllElse(t *testing.T) {
	co := connect(t, plan{})
	rows := []fields{
		{"ArticleId": co.one("article", port.KeySKU, "NK-MUG-350").ID, "Quantity": json.Number("2.1234"), "UnitPrice": json.Number("10.33"), "DiscountPercentage": json.Number("0.1"),
			"LineNumber": 1, "IsTextRow": false, "IsWorkCost": false, "EligibleForReverseChargeOnVat": false, "DeliveredQuantity": 1, "Text": "Mug \"blue\" é\u2028"},
		{"LineNumber": 2, "IsTextRow": true, "Text": "Thanks", "IsWorkCost": false, "EligibleForReverseChargeOnVat": false},
	}
	draftRows := []fields{{"ArticleId": rows[0]["ArticleId"], "Quantity": 2, "UnitPrice": json.Number("10.33"), "IsTextRow": false, "ReversedConstructionServicesVatFree": false}}
	for _, c := range []struct {
		resource string
		body     fields
		change   string
		differs  string
	}{
		{"customer", co.full(), `{"Note":"Called"}`, "[Note ChangedUtc]"},
		{"customer", merged(co.full(), fields{"Name": "Null"}), `{"Note":null,"EmailAddresses":[]}`, "[Note ChangedUtc EmailAddresses]"},
		{"customer", merged(co.full(), fields{"Name": "Nested"}), `{"DirectDebitCustomerSettings":{"MandateId":"M2"}}`, "[ChangedUtc DirectDebitCustomerSettings]"},
		{"article", merged(co.article("NEW-1"), fields{"Barcodes": []fields{{"Barcode": "8711111000017", "BarcodeType": 0}}, "NameEnglish": "E",
			"StockBalance": json.Number("12.5"), "PurchasePrice": json.Number("3.3333"), "StockLocationReference": "A1"}), `{"Name":"Renamed"}`, "[Name ChangedUtc]"},
		{"order", merged(co.order("10008"), fields{"Rows": rows, "YourReference": "Y", "OurReference": "O", "DeliveryDate": "2026-06-20"}), `{"YourReference":"Z"}`, "[YourReference ModifiedUtc]"},
		{"quote", fields{"CustomerId": co.one("customer", port.KeyNumber, "1001").ID, "QuoteDate": "2026-06-15", "BuyersOrderReference": "Q1",
			"CustomerReference": "C", "Rows": []fields{{"ArticleId": rows[0]["ArticleId"], "Quantity": 2, "UnitPrice": json.Number("10.33")}, {"Text": "Thanks"}}},
			`{"CompanyReference":"Z"}`, "[CompanyReference ModifiedUtc]"},
		{"invoiceDraft", merged(co.draft("10009"), fields{"Rows": draftRows, "OurReference": "O", "DeliveryDate": "2026-06-20"}), `{"YourReference":"Z"}`, "[Rows YourReference]"},
	} {
		t.Run(c.resource+" "+c.change, func(t *testing.T) {
			co.t = t
			made := co.create(c.resource, c.body)
			if c.resource == "article" {
				made = co.one("article", port.KeyID, made.ID)
			}
			co.clock.Add(time.Second)
			got, err := co.Update(t.Context(), c.resource, made.ID, []byte(c.change))
			if err != nil {
				t.Fatal(err)
			}
			if d := fmt.Sprint(differing(made.Body, got.Body)); d != c.differs {
				t.Errorf("%s differ, want %s", d, c.differs)
			}
			if member(made, "DirectDebitCustomerSettings.SigningDate") != member(got, "DirectDebitCustomerSettings.SigningDate") {
				t.Errorf("a nested member was lost: %s", got.Body)
			}
			if got.ID != made.ID || got.Key != made.Key {
				t.Errorf("%+v", got)
			}
		})
	}
}

// TestReplacement: newer endpoints refuse what they do not take.
func TestReplacement(t *testing.T) {
	r, err := find("order")
	if err != nil {
		t.Fatal(err)
	}
	present := `{"Id":"i","Amount":1,"CustomerId":"c","Number":7,"Rows":[{"Id":"r1","UnitPrice":9007199254740993.10,"Amount":3,"VatRate":0.21},{"Id":"r2","Quantity":1.50}],"ModifiedUtc":"x","SomethingNew":{"a":1.0}}`
	got, err := r.replacement([]byte(present), []byte(`{"YourReference":"a.b","New.Member":2.50,"SomethingNew":{"b":[1.0]}}`))
	if err != nil {
		t.Fatal(err)
	}
	want := `{"CustomerId":"c","Rows":[{"Id":"r1","UnitPrice":9007199254740993.10},{"Id":"r2","Quantity":1.50}],"SomethingNew":{"a":1.0,"b":[1.0]},"YourReference":"a.b","New.Member":2.50}`
	if string(got) != want {
		t.Errorf("got  %s\nwant %s", got, want)
	}
}

func TestArticlePrices(t *testing.T) {
	co := connect(t, plan{})
	made := co.create("article", co.article("NEW-2"))
	zero := co.table("articleAccountCodings").Get(`#(Name=="Goods 0 %").Id`).String()
	for _, c := range []struct{ change, net, gross string }{
		{`{"GrossPrice":21.80}`, "20.0", "21.8"},
		{`{"NetPrice":30}`, "30.0", "32.7"},
		{`{"NetPrice":100,"GrossPrice":109}`, "100.0", "109.0"},
		{`{"CodingId":"` + zero + `"}`, "100.0", "100.0"},
		{`{"Name":"Other"}`, "100.0", "100.0"},
	} {
		got, err := co.Update(t.Context(), "article", made.ID, []byte(c.change))
		if err != nil {
			t.Fatalf("%s: %v", c.change, err)
		}
		if net, gross := gjson.GetBytes(got.Body, "NetPrice").Raw, gjson.GetBytes(got.Body, "GrossPrice").Raw; net != c.net || gross != c.gross {
			t.Errorf("%s: %s %s, want %s %s", c.change, net, gross, c.net, c.gross)
		}
	}
}

func TestUpdateOfManyAtOnceLosesNone(t *testing.T) {
	co := connect(t, plan{})
	made := co.create("customer", co.person("busy@example.nl"))
	members := []string{"Note", "Telephone", "MobilePhone", "WwwAddress", "InvoiceAddress1", "InvoiceAddress2", "ContactPersonName", "Iban"}
	var wg sync.WaitGroup
	for _, name := range members {
		wg.Go(func() {
			if _, err := co.Update(t.Context(), "customer", made.ID, []byte(`{"`+name+`":"set"}`)); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	got := co.one("customer", port.KeyID, made.ID)
	for _, name := range members {
		if member(got, name) != "set" {
			t.Errorf("%s was lost", name)
		}
	}
	if n := len(co.locks.held); n != 0 {
		t.Errorf("%d locks are left", n)
	}
}

func TestUpdateWithoutAnAnswer(t *testing.T) {
	co := connect(t, plan{box: func(s *sandbox.Settings) { s.Unproven.PutHasNoBody = true }})
	order := co.one("order", port.KeyReference, "10001")
	got, err := co.Update(t.Context(), "order", order.ID, []byte(`{"YourReference":"new"}`))
	if err != nil || member(got, "YourReference") != "new" {
		t.Errorf("%s %v", got.Body, err)
	}
}

func TestWriteErrors(t *testing.T) {
	co := connect(t, plan{})
	nowhere := "7be4a250-13c9-4f8d-8e62-d05a9b7c1001"
	create := func(resource string, body fields) error {
		_, err := co.Create(t.Context(), resource, raw(t, body))
		return err
	}
	failed(t, create("article", co.article("NK-MUG-350")), port.ErrConflict, "4000")
	failed(t, create("customer", merged(co.person("x@example.nl"), fields{"CustomerNumber": "1001"})), port.ErrConflict, "4000")
	e := failed(t, create("customer", merged(co.person("x@example.nl"), fields{"Name": strings.Repeat("x", 51)})), port.ErrValidation, "2000")
	if e.Field != "Name" || !strings.Contains(e.Message, "maximum length of 50") || !strings.Contains(e.Message, "ErrorId") || e.Op != "POST /customers" {
		t.Errorf("%+v", e)
	}
	failed(t, create("order", merged(co.order("x"), fields{"OrderDate": "1999-01-01"})), port.ErrValidation, "3001")
	co.box.Configure(func(s *sandbox.Settings) { s.Unproven.MissingInBodyIs404 = true })
	failed(t, create("order", merged(co.order("x"), fields{"CustomerId": nowhere})), port.ErrValidation, "3000")
	_, err := co.Update(t.Context(), "order", nowhere, []byte(`{}`))
	failed(t, err, port.ErrNotFound, "3000")
	for _, body := range []string{`[]`, `{`, ``, `null`, `{"a":1} x`} {
		_, err := co.Create(t.Context(), "customer", []byte(body))
		failed(t, err, port.ErrValidation, "")
		_, err = co.Update(t.Context(), "customer", nowhere, []byte(body))
		failed(t, err, port.ErrValidation, "")
	}
	invoice := co.create("invoice", co.invoice("10010"))
	_, err = co.Update(t.Context(), "invoice", invoice.ID, []byte(`{"YourReference":"x"}`))
	failed(t, err, port.ErrValidation, "")
	if _, err := co.Create(t.Context(), "banana", []byte(`{}`)); err == nil {
		t.Error("made a banana")
	}
	co.box.Configure(func(s *sandbox.Settings) { s.Modules = []string{"api_standard"} })
	failed(t, create("order", fields{"CustomerId": nowhere}), port.ErrPermission, "4002")
	co.box.Configure(func(s *sandbox.Settings) { s.Inactive = true })
	failed(t, create("order", fields{"CustomerId": nowhere}), port.ErrPermission, "4004")
}

// TestInDoubt: a POST whose answer was lost is not repeated; the probe finds what it made.
func TestInDoubt(t *testing.T) {
	for name, c := range map[string]struct {
		fault func(*sandbox.Sandbox) faults.Fault
		made  int
	}{
		"cut after":  {func(*sandbox.Sandbox) faults.Fault { return faults.Fault{After: true, Serve: faults.Cut} }, 1},
		"cut before": {func(*sandbox.Sandbox) faults.Fault { return faults.Fault{Serve: faults.Cut} }, 0},
		"500":        {func(box *sandbox.Sandbox) faults.Fault { return faults.Fault{Serve: box.ServerError} }, 0},
	} {
		t.Run(name, func(t *testing.T) {
			co := connect(t, plan{})
			body := co.draft("10011")
			f := c.fault(co.box)
			f.Match = faults.On("POST", "/v2/customerinvoicedrafts")
			co.box.Fault(f)
			co.calls()
			_, err := co.Create(t.Context(), "invoiceDraft", raw(t, body))
			if !errors.Is(err, port.ErrInDoubt) {
				t.Fatalf("got %v", err)
			}
			if calls := co.calls(); len(calls) != 1 {
				t.Errorf("%v", calls)
			}
			if got := co.count("invoiceDraft", port.KeyReference, "10011"); got != c.made {
				t.Errorf("%d made, want %d", got, c.made)
			}
		})
	}
}

// TestPutIsRepeated: the whole document again does no harm.
func TestPutIsRepeated(t *testing.T) {
	co := connect(t, plan{})
	made := co.create("customer", co.person("put@example.nl"))
	co.box.Fault(faults.Fault{Match: faults.On("PUT", ""), After: true, Serve: faults.Cut})
	if got, err := co.Update(t.Context(), "customer", made.ID, []byte(`{"Note":"x"}`)); err != nil || member(got, "Note") != "x" {
		t.Errorf("%s %v", got.Body, err)
	}
}

// FuzzReplacement: whatever the change holds is in the body that is put, and nothing else is touched.
func FuzzReplacement(f *testing.F) {
	for _, change := range []string{`{"Note":"x"}`, `{"a.b":1.10,"c*d":null}`, `{"0":1,"-1":2,":x":3}`, `{"Rows":[{"Id":"r"}]}`,
		`{"Nested":{"deep":{"er":[1,2]}}}`, `{"é\u0022\\":true}`, `{"":1}`, `{"Nested":5}`} {
		f.Add(change)
	}
	r := &resource{name: "x"}
	const present = `{"Id":"i","Kept":19.10,"Nested":{"old":9007199254740993,"deep":{"x":1}},"Rows":[{"Id":"a"}]}`
	f.Fuzz(func(t *testing.T, change string) {
		var want map[string]json.RawMessage
		if json.Unmarshal([]byte(change), &want) != nil || want == nil || len(want) != len(gjson.Parse(change).Map()) {
			t.Skip("no object, or one with a name twice")
		}
		body, err := r.replacement([]byte(present), []byte(change))
		if err != nil {
			return // refused, nothing is sent
		}
		var got map[string]json.RawMessage
		if err := json.Unmarshal(body, &got); err != nil {
			t.Fatalf("%q: %v: %s", change, err, body)
		}
		for name, value := range want {
			if strings.HasPrefix(string(value), "{") {
				continue // merged
			}
			if string(got[name]) != string(value) {
				t.Errorf("%q: %q is %s in %s", change, name, got[name], body)
			}
		}
		if _, ok := want["Kept"]; !ok && string(got["Kept"]) != "19.10" {
			t.Errorf("%q: %s", change, body)
		}
	})
}

func TestLockEndsWithItsContext(t *testing.T) {
	var k keyedLocks
	release, err := k.lock(t.Context(), "a")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := k.lock(ctx, "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("%v", err)
	}
	release()
	if again, err := k.lock(t.Context(), "a"); err != nil {
		t.Error(err)
	} else {
		again()
	}
	if len(k.held) != 0 {
		t.Errorf("%d locks are left", len(k.held))
	}
}
