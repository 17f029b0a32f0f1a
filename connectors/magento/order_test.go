package magento

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// anOrder is two mugs sent to Groningen.
const anOrder = `{"ext_order_id":"POS-7","customer_email":"a@example.nl","grand_total":30.85,"shipping_incl_tax":4.95,"payment":{"method":"METHOD"},
	"billing_address":{"firstname":"A","lastname":"B","street":["Kade 1"],"postcode":"9712 AA","city":"Groningen","country_id":"NL","telephone":"050-5550100","email":"a@example.nl"},
	"items":[{"sku":"NK-MUG-350","qty_ordered":2}]}`

func orderBy(method string) []byte { return []byte(strings.Replace(anOrder, "METHOD", method, 1)) }

// mugs are the orders of the shop with the customer of anOrder.
func (s *shop) mugs(t *testing.T) []gjson.Result {
	t.Helper()
	rows, err := s.all(t.Context(), resources["order"].list, criteria{groups: [][]condition{and("customer_email", "eq", "a@example.nl")}, sorts: []string{"entity_id"}})
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

func TestPlaceOrder(t *testing.T) {
	s := open0(t)
	d, err := s.Create(t.Context(), "order", orderBy("checkmo"))
	if err != nil {
		t.Fatal(err)
	}
	holds(t, d, map[string]string{"ext_order_id": `"POS-7"`, "grand_total": "30.85", "customer_is_guest": "1", "billing_address.city": `"Groningen"`, "state": `"new"`,
		"extension_attributes.shipping_assignments.0.shipping.method": `"flatrate_flatrate"`, "items.#.sku": `["NK-MUG-350"]`, "payment.method": `"checkmo"`})
	if found, err := s.Find(t.Context(), "order", port.Key{Field: port.KeyReference, Value: "POS-7"}); err != nil || len(found) != 1 || found[0].ID != d.ID {
		t.Errorf("%v %v", found, err)
	}
	if total, ok := s.Totaled("order", d.Body); !ok || total.Gross != "30.85" {
		t.Errorf("it comes to %v", total)
	}
	if _, err := s.Create(t.Context(), "order", orderBy("checkmo")); !errors.Is(err, port.ErrConflict) {
		t.Errorf("a second time: %v", err)
	}
	// The same goods under another reference are another order.
	if _, err := s.Create(t.Context(), "order", []byte(strings.Replace(string(orderBy("checkmo")), "POS-7", "POS-8", 1))); err != nil || len(s.mugs(t)) != 2 {
		t.Errorf("the next order: %v", err)
	}
}

// TestPlaceNothing shows orders that the shop would not take as they are: none of them stands afterwards.
func TestPlaceNothing(t *testing.T) {
	s := open0(t)
	for change, says := range map[string]string{
		`"grand_total":30.85=>"grand_total":30.84`:              "nothing was placed: the shop asks 30.85",
		`"shipping_incl_tax":4.95=>"shipping_incl_tax":5`:       "nothing was placed: no way to ship costs 5",
		`"sku":"NK-MUG-350"=>"sku":"BANANA"`:                    "doesn't exist",
		`"qty_ordered":2=>"qty_ordered":2000`:                   "not available",
		`"method":"METHOD"=>"method":"gold"`:                    "not available",
		`"sku":"NK-MUG-350",=>`:                                 "no SKU",
		`"ext_order_id":"POS-7",=>`:                             "ext_order_id",
		`"customer_email":"a@example.nl",=>`:                    "customer_email",
		`"items":[=>"coupon_code":"NAJAAR10","items":[`:         "the shop asks 28.26",
		`"items":[=>"coupon_code":"NONE","items":[`:             "coupon",
		`"country_id":"NL"=>"country_id":"DE"`:                  "nothing was placed",
		`"items":[{"sku":"NK-MUG-350","qty_ordered":2}]=>"a":1`: "",
	} {
		from, to, _ := strings.Cut(change, "=>")
		body := strings.Replace(anOrder, from, to, 1)
		_, err := s.Create(t.Context(), "order", []byte(strings.Replace(body, "METHOD", "checkmo", 1)))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", change, err)
		}
	}
	if n := len(s.mugs(t)); n != 0 {
		t.Errorf("%d orders stand", n)
	}
}

// TestPlaceOrderCutOff cuts the connection at each write, before and after the shop has carried it out, for longer than the client repeats, and
// places the order again: there is never a second one.
func TestPlaceOrderCutOff(t *testing.T) {
	s := open0(t)
	before := len(s.calls)
	if _, err := s.Create(t.Context(), "order", orderBy("checkmo")); err != nil {
		t.Fatal(err)
	}
	calls := s.writes(before)
	for _, method := range []string{"checkmo", "purchaseorder"} {
		for n := range calls {
			for _, done := range []bool{false, true} {
				for _, long := range []int{1, 20} {
					s := open0(t)
					s.cut(n, long, done)
					_, first := s.Create(t.Context(), "order", orderBy(method))
					s.mend()
					s.clock.Add(time.Hour) // a circuit may have opened
					var again error
					if first != nil {
						_, again = s.Create(t.Context(), "order", orderBy(method))
					}
					rows := s.mugs(t)
					told := len(rows) == 1 && rows[0].Get("ext_order_id").String() == "POS-7"
					if len(rows) != 1 || !told && (method == "purchaseorder" || !errors.Is(again, port.ErrInDoubt)) {
						t.Errorf("%s, call %d, done %v, %d times: %d orders, told %v, %v, then %v", method, n, done, long, len(rows), told, first, again)
					}
				}
			}
		}
	}
}

// TestNoOneElsesOrder shows that an order which the customer placed himself is not taken for one that lost its reference.
func TestNoOneElsesOrder(t *testing.T) {
	s := start(t, t.Cleanup, connectors.Config{})
	if _, err := s.Create(t.Context(), "order", []byte(strings.Replace(string(orderBy("purchaseorder")), `"payment":{`, `"payment":{"po_number":"own",`, 1))); err != nil {
		t.Fatal(err)
	}
	if n := len(s.mugs(t)); n != 1 {
		t.Fatal(n)
	}
	body := strings.NewReplacer("POS-7", "POS-9", `"qty_ordered":2`, `"qty_ordered":1`, "30.85", "17.9").Replace(string(orderBy("checkmo")))
	if _, err := s.Create(t.Context(), "order", []byte(body)); err != nil || len(s.mugs(t)) != 2 {
		t.Errorf("%v", err)
	}
}
