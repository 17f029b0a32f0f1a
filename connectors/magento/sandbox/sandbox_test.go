package sandbox

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// ask calls the shop as an administrator would.
func (s *Sandbox) ask(t *testing.T, method, path, body string) (int, *object) {
	t.Helper()
	r := httptest.NewRequest(method, "/rest/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+accessToken)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	v, err := jsondoc.Decode(w.Body.Bytes())
	if err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
	}
	o, ok := v.(*object)
	if !ok {
		o = jsondoc.New("value", v)
	}
	return w.Code, o
}

func open(opts ...Option) *Sandbox {
	return New(connectors.SandboxOptions{}, append(opts, WithIntegrationAsBearer())...)
}

// TestSeed holds the seeded orders to their story and to Magento's own identities.
func TestSeed(t *testing.T) {
	s := open()
	want := []struct {
		state, total string
		items        int
	}{
		{"complete", "22.85", 1}, {"processing", "57.7", 2}, {"complete", "235.65", 2}, {"processing", "21.9", 2}, {"processing", "51.56", 3},
		{"new", "21.9", 1}, {"processing", "47.9", 2}, {"processing", "167.85", 2}, {"complete", "54.85", 2}, {"canceled", "56.75", 1},
	}
	if len(s.orders) != len(want) {
		t.Fatalf("%d orders", len(s.orders))
	}
	for i, o := range s.orders {
		w := want[i]
		if text(o.Get("state")) != w.state || text(o.Get("grand_total")) != w.total || len(o.List("items")) != w.items || text(o.Get("increment_id")) != fmt.Sprintf("%09d", i+1) {
			t.Errorf("order %s is %s over %s with %d items, want %+v", text(o.Get("increment_id")), text(o.Get("state")), text(o.Get("grand_total")), len(o.List("items")), w)
		}
		sum := rat(o.Get("subtotal"))
		for _, name := range []string{"shipping_amount", "tax_amount", "discount_tax_compensation_amount", "shipping_discount_tax_compensation_amount", "discount_amount"} {
			sum.Add(sum, rat(o.Get(name)))
		}
		if sum.Cmp(rat(o.Get("grand_total"))) != 0 {
			t.Errorf("order %s adds up to %s, not %s", text(o.Get("increment_id")), sum.FloatString(2), text(o.Get("grand_total")))
		}
	}
	_, salable := s.ask(t, "GET", "all/V1/inventory/get-product-salable-quantity/NK-MUG-350/1", "")
	if text(salable.Get("value")) != "36" { // 2 of order 2, 1 of 4 and 1 of 7; the cancelled four are free again
		t.Errorf("salable mugs: %s", text(salable.Get("value")))
	}
	if empty := New(connectors.SandboxOptions{Empty: true}); len(empty.orders)+len(empty.customers) != 0 || len(empty.products) != 9 {
		t.Errorf("without demo documents: %d orders, %d products", len(empty.orders), len(empty.products))
	}
}

// TestTotals prices the cart that a running shop priced, to the cent.
func TestTotals(t *testing.T) {
	s := open()
	for _, path := range []string{"NK-BEAN-HOUSE-500:17.95", "NK-TEE-BLACK-M:26.95"} {
		sku, price, _ := strings.Cut(path, ":")
		s.ask(t, "PUT", "all/V1/products/"+sku, `{"product":{"price":`+price+`}}`)
	}
	_, mask := s.ask(t, "POST", "default/V1/guest-carts", "")
	cart := "default/V1/guest-carts/" + text(mask.Get("value"))
	s.ask(t, "POST", cart+"/items", `{"cartItem":{"sku":"NK-BEAN-HOUSE-500","qty":2}}`)
	s.ask(t, "POST", cart+"/items", `{"cartItem":{"sku":"NK-TEE","qty":1,"product_option":{"extension_attributes":{"configurable_item_options":[{"option_id":"122","option_value":2},{"option_id":"123","option_value":3}]}}}}`)
	s.ask(t, "PUT", cart+"/coupons/NAJAAR10", "")
	_, answer := s.ask(t, "POST", cart+"/shipping-information", `{"addressInformation":{"shipping_address":{"country_id":"DE"},"shipping_carrier_code":"flatrate","shipping_method_code":"flatrate"}}`)
	totals := answer.Object("totals")
	for name, want := range map[string]string{"grand_total": "60.44", "subtotal": "55.2", "discount_amount": "-6.17", "shipping_amount": "4.09", "tax_amount": "6.67",
		"shipping_tax_amount": "0.78", "subtotal_incl_tax": "61.74", "shipping_incl_tax": "4.87"} {
		if got := text(totals.Get(name)); got != want {
			t.Errorf("%s is %s, want %s", name, got, want)
		}
	}
	first := totals.Objects("items")[0]
	for name, want := range map[string]string{"price": "16.47", "row_total": "32.93", "tax_amount": "2.08", "discount_amount": "3.52", "price_incl_tax": "17.62"} {
		if got := text(first.Get(name)); got != want {
			t.Errorf("%s of the first row is %s, want %s", name, got, want)
		}
	}
}

func TestFaults(t *testing.T) {
	s := open()
	s.Fault(faults.Fault{Times: 2, Serve: faults.Maintenance})
	for _, want := range []int{503, 503, 200} {
		w := httptest.NewRecorder()
		s.ServeHTTP(w, httptest.NewRequest("GET", "/rest/V1/directory/currency", http.NoBody))
		if w.Code != want {
			t.Errorf("status %d, want %d", w.Code, want)
		}
	}
	s.Fault(faults.Fault{After: true, Serve: faults.Cut})
	func() {
		defer func() {
			if recover() != http.ErrAbortHandler { //nolint:errorlint // a panic value
				t.Error("the connection was not cut")
			}
		}()
		r := httptest.NewRequest("DELETE", "/rest/all/V1/products/NK-MUG-350", http.NoBody)
		r.Header.Set("Authorization", "Bearer "+accessToken)
		s.ServeHTTP(httptest.NewRecorder(), r)
	}()
	if s.bySKU("NK-MUG-350") != nil {
		t.Error("the call was not carried out before the connection was cut")
	}
}

func TestTypesAreWhole(t *testing.T) {
	for name, members := range types {
		for member, typ := range members {
			typ = strings.TrimSuffix(typ, "*")
			switch typ {
			case "int", "float", "string", "boolean", "any":
			default:
				if types[typ] == nil {
					t.Errorf("%s.%s has the type %q, which is not described", name, member, typ)
				}
			}
		}
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("POST", "/rest/all/V1/products", `{"product":{"sku":"a","name":"b","attribute_set_id":4}}`)
	f.Add("GET", "/rest/V1/orders?searchCriteria[filter_groups][0][filters][0][field]=entity_id&fields=items[sku", "")
	f.Add("POST", "/rest/V1/guest-carts/x/items", `{"cartItem":[]}`)
	f.Add("PUT", "/rest/all/V1/customers/1", `{"customer":{"addresses":{"a":{}}}}`)
	f.Add("POST", "/rest/all/V1/order/2/refund", `{"items":[{"order_item_id":2,"qty":1}],"arguments":{"shipping_amount":1}}`)
	s := open()
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r, err := http.NewRequest(method, "http://shop.example"+path, strings.NewReader(body))
		if err != nil || !strings.HasPrefix(path, "/rest/") {
			t.Skip("no request to the API")
		}
		r.Header.Set("Authorization", "Bearer "+accessToken)
		r.Header.Set("Content-Type", "application/json")
		s.ServeHTTP(httptest.NewRecorder(), r)
	})
}
