package sandbox

import (
	"math/big"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

var demo = connectors.SandboxOptions{}

// money is an amount of a struct, by name.
func money(t *testing.T, v any, name string) *big.Rat {
	t.Helper()
	o, _ := v.(*object)
	got, _ := o.Lookup(name)
	r, ok := rat(got)
	if !ok {
		t.Fatalf("%s is %v", name, got)
	}
	return r
}

func perRate(t *testing.T, into map[string]*big.Rat, v any, member string) {
	t.Helper()
	o, _ := v.(*object)
	list, _ := o.Get("calculatedTaxes").([]any)
	for _, e := range list {
		rate, _ := e.(*object).Lookup("taxRate")
		key := text(rate)
		if into[key] == nil {
			into[key] = new(big.Rat)
		}
		into[key].Add(into[key], money(t, e, member))
	}
}

// TestSeedAddsUp holds every seeded order against itself, to the cent: lines and deliveries make the
// total, their taxes those of the order, rate by rate.
func TestSeedAddsUp(t *testing.T) {
	s := New(demo)
	e := s.schema.entities
	orders := s.db.all(e["order"])
	if len(orders) != len(seedOrderList) {
		t.Fatalf("%d orders", len(orders))
	}
	for _, o := range orders {
		number, id, price := o.str("orderNumber"), o.str("id"), o.v["price"]
		positions, shipping := new(big.Rat), new(big.Rat)
		tax, base := map[string]*big.Rat{}, map[string]*big.Rat{}
		for _, l := range s.db.having(e["order_line_item"], "orderId", id) {
			p := l.v["price"]
			positions.Add(positions, money(t, p, "totalPrice"))
			perRate(t, tax, p, "tax")
			perRate(t, base, p, "price")
			want := new(big.Rat).Mul(money(t, p, "unitPrice"), money(t, p, "quantity"))
			if want.Cmp(money(t, p, "totalPrice")) != 0 {
				t.Errorf("%s: line %v is not quantity times price", number, l.v["label"])
			}
		}
		deliveries := s.db.having(e["order_delivery"], "orderId", id)
		for _, d := range deliveries {
			p := d.v["shippingCosts"]
			shipping.Add(shipping, money(t, p, "totalPrice"))
			perRate(t, tax, p, "tax")
			perRate(t, base, p, "price")
		}
		if positions.Cmp(money(t, price, "positionPrice")) != 0 || shipping.Cmp(money(t, o.v["shippingCosts"], "totalPrice")) != 0 {
			t.Errorf("%s: positions %s, shipping %s", number, positions.FloatString(2), shipping.FloatString(2))
		}
		total := new(big.Rat).Add(positions, shipping)
		taxes := new(big.Rat)
		wantTax, wantBase := map[string]*big.Rat{}, map[string]*big.Rat{}
		perRate(t, wantTax, price, "tax")
		perRate(t, wantBase, price, "price")
		for rate, sum := range tax {
			taxes.Add(taxes, sum)
			if wantTax[rate] == nil || wantTax[rate].Cmp(sum) != 0 || wantBase[rate].Cmp(base[rate]) != 0 {
				t.Errorf("%s: tax at %s%% is %v, parts make %s", number, rate, wantTax[rate], sum.FloatString(2))
			}
		}
		net := new(big.Rat).Sub(total, taxes)
		if price.(*object).Text("taxStatus") == "net" {
			net, total = total, new(big.Rat).Add(total, taxes)
		}
		if net.Cmp(money(t, price, "netPrice")) != 0 || total.Cmp(money(t, price, "totalPrice")) != 0 {
			t.Errorf("%s: net %s, total %s do not match %s", number, net.FloatString(2), total.FloatString(2), jsondoc.EncodePHP(price))
		}
		for _, tr := range s.db.having(e["order_transaction"], "orderId", id) {
			if money(t, tr.v["amount"], "totalPrice").Cmp(money(t, price, "totalPrice")) != 0 {
				t.Errorf("%s: a payment of another amount", number)
			}
		}
	}
}

// TestSeedHasEveryKind holds the seed against what demos and tests count on.
func TestSeedHasEveryKind(t *testing.T) {
	s := New(demo)
	v := &view{s: s, lang: systemLanguage, by: &integration{}}
	order := s.schema.entities["order"]
	count := func(filters string) int {
		t.Helper()
		body, err := decodeJSON([]byte(`{"filter":[` + filters + `]}`))
		if err != nil {
			t.Fatal(err)
		}
		c, errs := parseCriteria(body, s.limits())
		if errs != nil {
			t.Fatal(errs)
		}
		if err := v.check(order, c); err != nil {
			t.Fatal(err)
		}
		return len(v.find(order, s.db.all(order), c))
	}
	for what, filters := range map[string]string{
		"a company with a VAT number":  `{"type":"contains","field":"orderCustomer.company","value":"B.V."},{"type":"equals","field":"billingAddress.vatId","value":"NL123456782B01"},{"type":"equals","field":"taxStatus","value":"net"}`,
		"a guest":                      `{"type":"equals","field":"orderCustomer.customer.guest","value":true}`,
		"mixed tax":                    `{"type":"equals","field":"lineItems.payload.productNumber","value":"NK-BEAN-HOUSE-500"},{"type":"equals","field":"lineItems.payload.productNumber","value":"NK-MUG-350"}`,
		"a promotion":                  `{"type":"equals","field":"lineItems.type","value":"promotion"},{"type":"range","field":"lineItems.totalPrice","parameters":{"lt":0}}`,
		"free shipping":                `{"type":"range","field":"deliveries.shippingCosts","parameters":{"lt":0}},{"type":"equals","field":"shippingTotal","value":0}`,
		"unpaid":                       `{"type":"equals","field":"transactions.stateMachineState.technicalName","value":"open"}`,
		"a SKU that books do not know": `{"type":"equals","field":"lineItems.payload.productNumber","value":"NK-GIFT-UNKNOWN"}`,
		"order 10001":                  `{"type":"equals","field":"orderNumber","value":"10001"}`,
		"a failed payment first":       `{"type":"equals","field":"transactions.stateMachineState.technicalName","value":"failed"},{"type":"equals","field":"transactions.stateMachineState.technicalName","value":"paid"}`,
		"cancelled":                    `{"type":"equals","field":"stateMachineState.technicalName","value":"cancelled"}`,
	} {
		if count(filters) == 0 {
			t.Errorf("no order with %s", what)
		}
	}
	for sku, rate := range map[string]string{"NK-BEAN-HOUSE-500": "9", "NK-BEAN-DARK-1000": "9", "NK-MUG-350": "21", "NK-TEE-BLACK-M": "21", "NK-GRINDER-01": "21"} {
		rows := s.db.having(s.schema.entities["product"], "productNumber", sku)
		if len(rows) != 1 {
			t.Errorf("%d products %s", len(rows), sku)
			continue
		}
		inherited := &view{s: s, lang: systemLanguage, inherit: true}
		tax := inherited.value(s.schema.entities["product"], rows[0], s.schema.entities["product"].byName["taxId"])
		if got := text(s.db.get(s.schema.entities["tax"], tax.(string)).v["taxRate"]); got != rate {
			t.Errorf("%s at %s%%, want %s", sku, got, rate)
		}
	}
}

func TestSeedIsTheSameEveryTime(t *testing.T) {
	a, b := New(demo), New(demo)
	for name := range a.schema.entities {
		if name == "state_machine_history" {
			continue // its ids are nobody's business
		}
		x, y := a.db.all(a.schema.entities[name]), b.db.all(b.schema.entities[name])
		if len(x) != len(y) {
			t.Errorf("%s: %d and %d rows", name, len(x), len(y))
			continue
		}
		for i := range x {
			if ka, kb := a.schema.entities[name].key(x[i].v), b.schema.entities[name].key(y[i].v); ka != kb {
				t.Errorf("%s %d: %s and %s", name, i, ka, kb)
			}
		}
	}
}
