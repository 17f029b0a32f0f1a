package eaccounting

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func deletion(id string) rest.Request {
	return rest.Request{Method: "DELETE", Path: rest.Path("customers", id), Route: "/customers/{id}"}
}

func (co *company) count(resource, field, value string) int {
	co.t.Helper()
	docs, err := co.Find(co.t.Context(), resource, port.Key{Field: field, Value: value})
	if err != nil {
		co.t.Fatal(err)
	}
	return len(docs)
}

func TestFind(t *testing.T) {
	for name, settings := range map[string]sandbox.Unproven{
		"lenient": {}, "filters refused": {RefuseUncertainFilters: true}, "text by case": {CaseSensitiveText: true},
	} {
		t.Run(name, func(t *testing.T) {
			co := connect(t, plan{box: func(s *sandbox.Settings) { s.Unproven = settings }})
			co.create("customer", co.person("O'Neill@example.com"))
			invoice := co.create("invoice", co.invoice("10006"))
			for _, c := range []struct {
				resource, field, value string
				want                   int
			}{
				{"customer", port.KeyEmail, "sanne.devries@example.nl", 1},
				{"customer", port.KeyEmail, "SANNE.DEVRIES@EXAMPLE.NL", 1},
				{"customer", port.KeyEmail, "o'neill@example.com", 1},
				{"customer", port.KeyEmail, "' or EmailAddress ne '", 0},
				{"customer", port.KeyEmail, "nobody@example.nl", 0},
				{"customer", port.KeyEmail, "", 0},
				{"customer", port.KeyNumber, "1002", 1},
				{"customer", port.KeyNumber, "9999", 0},
				{"customer", port.KeyID, co.one("customer", port.KeyNumber, "1002").ID, 1},
				{"customer", port.KeyID, "7be4a250-13c9-4f8d-8e62-d05a9b7c1001", 0},
				{"customer", port.KeyID, "1002", 0},
				{"article", port.KeySKU, "NK-MUG-350", 1},
				{"article", port.KeySKU, "nk-mug-350", 0}, // SKUs are compared exactly
				{"article", port.KeySKU, "NK-GIFT-UNKNOWN", 0},
				{"order", port.KeyReference, "10001", 1},
				{"order", port.KeyReference, "1000", 0},
				{"order", port.KeyNumber, "1", 1},
				{"order", port.KeyNumber, "one", 0},
				{"quote", port.KeyReference, "OFFER-77", 1},
				{"invoiceDraft", port.KeyReference, "10001", 1},
				{"invoice", port.KeyReference, "10006", 1},
				{"invoice", port.KeyNumber, invoice.Key, 1},
				{"invoice", port.KeyReference, "10001", 0},
			} {
				if got := co.count(c.resource, c.field, c.value); got != c.want {
					t.Errorf("%s by %s %q: %d, want %d", c.resource, c.field, c.value, got, c.want)
				}
			}
		})
	}
}

func TestFindOrder(t *testing.T) {
	co := connect(t, plan{})
	co.create("customer", fields(merged(co.person("twin@example.nl"), fields{"CustomerNumber": "1100", "IsActive": false})))
	co.create("customer", fields(merged(co.person("Twin@example.nl"), fields{"CustomerNumber": "10000"})))
	co.create("customer", fields(merged(co.person("TWIN@example.nl"), fields{"CustomerNumber": "2000"})))
	docs, err := co.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: "twin@example.nl"})
	if err != nil {
		t.Fatal(err)
	}
	var keys []string
	for _, d := range docs {
		keys = append(keys, d.Key)
	}
	if got := strings.Join(keys, " "); got != "2000 10000 1100" {
		t.Errorf("got %s: active ones first, then the lowest number", got)
	}
}

func merged(a, b fields) fields {
	out := fields{}
	for _, o := range []fields{a, b} {
		for k, v := range o {
			out[k] = v
		}
	}
	return out
}

func TestFindByWhatCannotBeAsked(t *testing.T) {
	co := connect(t, plan{})
	for _, c := range [][2]string{{"article", port.KeyEmail}, {"customer", port.KeyReference}, {"invoiceDraft", port.KeyNumber}} {
		_, err := co.Find(t.Context(), c[0], port.Key{Field: c[1], Value: "x"})
		failed(t, err, port.ErrNoProbe, "")
	}
	if n := len(co.calls()); n != 0 {
		t.Errorf("%d calls", n)
	}
}

// TestFailedLookUpIsNoAnswer: "none" for a look-up that failed makes customers twice.
func TestFailedLookUpIsNoAnswer(t *testing.T) {
	broken := func(box *sandbox.Sandbox) http.HandlerFunc { return box.ServerError }
	for name, c := range map[string]struct {
		path  string
		serve func(*sandbox.Sandbox) http.HandlerFunc
		kind  error
	}{
		"500":      {"/v2/customers", broken, port.ErrOutage},
		"429":      {"/v2/customers", func(box *sandbox.Sandbox) http.HandlerFunc { return box.TooMany(3600) }, port.ErrRateLimit},
		"cut":      {"/v2/customers", func(*sandbox.Sandbox) http.HandlerFunc { return faults.Cut }, port.ErrOutage},
		"no token": {"/connect/token", broken, port.ErrOutage},
	} {
		t.Run(name, func(t *testing.T) {
			co := connect(t, plan{})
			co.box.Fault(faults.Fault{Match: faults.On("", c.path), Times: 99, Serve: c.serve(co.box)})
			docs, err := co.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: "sanne.devries@example.nl"})
			if docs != nil {
				t.Errorf("%v", docs)
			}
			var code string
			if e := (*port.Error)(nil); asError(err, &e) {
				code = e.Code
			}
			failed(t, err, c.kind, code)
			if strings.Contains(err.Error(), "sanne") {
				t.Errorf("the error tells an address: %v", err)
			}
		})
	}
}

// TestFindBookedDraft: booking makes a draft vanish; its order must not be sent again.
func TestFindBookedDraft(t *testing.T) {
	co := connect(t, plan{})
	d := co.create("invoiceDraft", co.draft("10007"))
	if _, err := co.api.Do(t.Context(), rest.Request{Method: "POST", Path: "/customerinvoicedrafts/" + d.ID + "/convert", Body: []byte(`{}`)}); err != nil {
		t.Fatal(err)
	}
	if got := co.one("invoiceDraft", port.KeyReference, "10007"); got.Resource != "invoice" || got.Key == "" {
		t.Errorf("%+v", got)
	}
}

func TestLookback(t *testing.T) {
	co := connect(t, plan{options: map[string]string{optLookback: "1000"},
		box: func(s *sandbox.Settings) { s.Unproven.RefuseUncertainFilters = true }})
	long := strings.Repeat("r", 34)
	o := co.order("first")
	for i := range 1100 {
		co.clock.Add(time.Second)
		o["BuyersOrderReference"] = fmt.Sprintf("R%d", i)
		if i == 1050 {
			o["BuyersOrderReference"] = long + "X"
		}
		co.create("order", o)
	}
	for reference, want := range map[string]int{"R1099": 1, "R101": 1, "R99": 0, long + "XYZ": 1, long: 0} {
		if got := co.count("order", port.KeyReference, reference); got != want {
			t.Errorf("%s: %d, want %d", reference, got, want)
		}
	}
	co.calls()
	co.count("order", port.KeyReference, "R1099")
	for _, call := range co.calls() {
		if strings.Contains(call, "filter") {
			t.Errorf("asked again although it was refused: %s", call)
		}
	}
}
