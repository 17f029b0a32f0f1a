package sandbox

import (
	"fmt"
	"math/big"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// seedOrder is an order in few words; its amounts are worked out as a checkout does.
type seedOrder struct {
	number, customer string
	lines            []seedLine
	percentOff       int64 // a promotion over all lines
	freeShipping     bool  // a promotion: a line of 0.00 and a second delivery that takes the costs back
	net              bool  // prices without tax, for a business
	shipTo           string
	payment          string
	retried          bool // the first payment failed
	paid, shipped    bool
	cancelled        bool
	comment, po      string
}

type seedLine struct {
	product  string
	quantity int64
}

// The shop rounds tax line by line, and most books round it once a rate. For 10003, whose prices are net, that makes a total that
// is a cent less; for 10008, whose prices are gross, it moves a cent from tax to net.
var seedOrderList = []seedOrder{
	{number: "10001", customer: "sanne", lines: []seedLine{{"house", 2}}, payment: "prepayment", paid: true, shipped: true},
	{number: "10002", customer: "pieter", lines: []seedLine{{"house", 3}, {"mug", 2}}, shipTo: "pieter-work", payment: "prepayment", paid: true, comment: "Graag aan de balie afgeven"},
	{number: "10003", customer: "haagse", lines: []seedLine{{"dark", 10}, {"grinder", 1}}, net: true, payment: "invoice", paid: true, shipped: true, po: "PO-2026-0417"},
	{number: "10004", customer: "sanne", lines: []seedLine{{"mug", 1}, {"house", 1}}, freeShipping: true, payment: "prepayment", paid: true},
	{number: "10005", customer: "pieter", lines: []seedLine{{"house", 3}, {"tee-m", 1}}, percentOff: 10, payment: "prepayment", paid: true},
	{number: "10006", customer: "sanne", lines: []seedLine{{"dark", 1}}, payment: "prepayment"},
	{number: "10007", customer: "pieter", lines: []seedLine{{"gift", 1}, {"mug", 1}}, payment: "prepayment", paid: true},
	{number: "10008", customer: "guest", lines: []seedLine{{"grinder", 1}, {"dark", 2}}, payment: "prepayment", paid: true},
	{number: "10009", customer: "pieter", lines: []seedLine{{"tee-m", 2}}, payment: "prepayment", retried: true, paid: true},
	{number: "10010", customer: "sanne", lines: []seedLine{{"mug", 4}}, payment: "invoice", cancelled: true},
}

// share is an amount at one rate.
type share struct {
	rate       int64
	amount     *big.Rat // as the prices of the order are: with or without tax
	tax        *big.Rat
	percentage *big.Rat
}

// cents rounds half away from zero, as PHP's round does.
func cents(r *big.Rat) *big.Rat {
	out, _ := new(big.Rat).SetString(r.FloatString(2))
	return out
}

func taxOf(amount *big.Rat, rate int64, net bool) *big.Rat {
	below := int64(100)
	if !net {
		below += rate
	}
	return cents(new(big.Rat).Mul(amount, big.NewRat(rate, below)))
}

// split divides an amount over the rates of the goods in proportion; the last takes the remainder.
func split(total *big.Rat, goods []share, net bool) []share {
	sum := new(big.Rat)
	for _, g := range goods {
		sum.Add(sum, g.amount)
	}
	left := new(big.Rat).Set(total)
	var out []share
	for i, g := range goods {
		part := new(big.Rat).Quo(g.amount, sum)
		amount := cents(new(big.Rat).Mul(total, part))
		if i == len(goods)-1 {
			amount = new(big.Rat).Set(left)
		}
		left.Sub(left, amount)
		out = append(out, share{g.rate, amount, taxOf(amount, g.rate, net), new(big.Rat).Mul(part, big.NewRat(100, 1))})
	}
	return out
}

// merge adds shares of the same rate.
func merge(lists ...[]share) []share {
	var out []share
	for _, list := range lists {
		for _, s := range list {
			found := false
			for i := range out {
				if out[i].rate == s.rate {
					out[i].amount = new(big.Rat).Add(out[i].amount, s.amount)
					out[i].tax = new(big.Rat).Add(out[i].tax, s.tax)
					found = true
				}
			}
			if !found {
				out = append(out, share{s.rate, s.amount, s.tax, big.NewRat(100, 1)})
			}
		}
	}
	return out
}

func sums(shares []share) (amount, tax *big.Rat) {
	amount, tax = new(big.Rat), new(big.Rat)
	for _, s := range shares {
		amount.Add(amount, s.amount)
		tax.Add(tax, s.tax)
	}
	return amount, tax
}

func taxLists(shares []share) (taxes, rules []any) {
	taxes, rules = []any{}, []any{}
	for _, s := range shares {
		taxes = append(taxes, jsondoc.New("tax", number(s.tax, 2), "taxRate", jsondoc.Int(int(s.rate)), "price", number(s.amount, 2)))
		rules = append(rules, jsondoc.New("taxRate", jsondoc.Int(int(s.rate)), "percentage", number(s.percentage, 12)))
	}
	return taxes, rules
}

// calculated is a calculated_price of the shares.
func calculated(unit *big.Rat, quantity int64, shares []share) *object {
	total, _ := sums(shares)
	taxes, rules := taxLists(shares)
	return jsondoc.New("unitPrice", number(unit, 2), "quantity", jsondoc.Int(int(quantity)), "totalPrice", number(total, 2),
		"calculatedTaxes", taxes, "taxRules", rules)
}

func (v *view) seedOrders() error {
	for i, o := range seedOrderList {
		at := seedStart.Add(time.Duration(i+1)*26*time.Hour + time.Duration(i*7)*time.Minute + time.Duration(i*113)*time.Millisecond)
		v.s.clock = func() time.Time { return at }
		if err := v.seedOrder(o, at); err != nil {
			return fmt.Errorf("order %s: %w", o.number, err)
		}
	}
	v.s.ranges["order"] = 10001 + len(seedOrderList)
	return nil
}

func (v *view) seedOrder(o seedOrder, at time.Time) error {
	entities := v.s.schema.entities
	customer := v.s.db.get(entities["customer"], fixedID("customer-"+o.customer))
	id := func(part string) string { return fixedID("order-" + o.number + part) }
	lines, goods := v.seedLines(o, id)
	if o.percentOff > 0 {
		amount, _ := sums(goods)
		off := cents(new(big.Rat).Mul(amount, big.NewRat(-o.percentOff, 100)))
		discount := split(off, goods, o.net)
		lines = append(lines, promotionLine(id("-promotion"), "NAJAAR10", fmt.Sprintf("%d procent korting", o.percentOff), "cart", o.percentOff,
			calculated(off, 1, discount), len(lines)+1))
		goods = merge(goods, discount)
	}
	positions, _ := sums(goods)
	cost := big.NewRat(495, 100)
	if o.net {
		cost = big.NewRat(409, 100)
	}
	shipping := split(cost, goods, o.net)
	costs := calculated(cost, 1, shipping)
	deliveries := []any{v.seedDelivery(id, "", o, at, costs, lines)}
	if o.freeShipping {
		back := split(new(big.Rat).Neg(cost), goods, o.net)
		deliveries = append(deliveries, v.seedDelivery(id, "-discount", o, at, calculated(new(big.Rat).Neg(cost), 1, back), lines))
		lines = append(lines, promotionLine(id("-promotion"), "GRATISVERZENDING", "Gratis verzending", "delivery", 100, calculated(new(big.Rat), 1, nil), len(lines)+1))
		for i := range shipping {
			shipping[i].amount, shipping[i].tax = new(big.Rat), new(big.Rat)
		}
		costs = calculated(new(big.Rat), 1, shipping)
	}
	all := merge(goods, shipping)
	total, tax := sums(all)
	gross, status := new(big.Rat).Set(total), "gross"
	if o.net {
		gross.Add(total, tax)
		status = "net"
	}
	taxes, rules := taxLists(all)
	address := v.seedAddress(customer.str("defaultBillingAddressId"), id("-billing"), customer)
	addresses := []any{address}
	if o.shipTo != "" {
		addresses = append(addresses, v.seedAddress(fixedID("address-"+o.shipTo), id("-shipping"), nil))
	}
	buyer := jsondoc.New("id", id("-customer"), "customerId", customer.v["id"])
	for _, k := range []string{"email", "firstName", "lastName", "salutationId", "company", "title", "vatIds", "customerNumber"} {
		buyer.Set(k, customer.v[k])
	}
	payload := jsondoc.New(
		"id", id(""), "orderNumber", o.number, "orderDateTime", stamp(at), "salesChannelId", fixedID("channel"),
		"currencyId", systemCurrency, "currencyFactor", jsondoc.Int(1), "languageId", fixedID("language-nl"),
		"stateId", fixedID("order-open"), "billingAddressId", id("-billing"), "addresses", addresses, "orderCustomer", buyer,
		"price", jsondoc.New("netPrice", number(new(big.Rat).Sub(gross, tax), 2), "totalPrice", number(gross, 2), "calculatedTaxes", taxes,
			"taxRules", rules, "positionPrice", number(positions, 2), "taxStatus", status, "rawTotal", number(gross, 2)),
		"shippingCosts", costs, "itemRounding", rounding(), "totalRounding", rounding(), "lineItems", lines, "deliveries", deliveries,
		"transactions", v.seedTransactions(id, o, gross, taxes, rules), "deepLinkCode", "demo-"+o.number)
	if o.comment != "" {
		payload.Set("customerComment", o.comment)
	}
	if o.po != "" {
		payload.Set("customFields", jsondoc.New("nk_po_number", o.po))
	}
	if err := v.put(entities["order"], payload); err != nil {
		return err
	}
	return v.seedStates(id, o, at)
}

func rounding() *object {
	return jsondoc.New("decimals", jsondoc.Int(2), "interval", number(big.NewRat(1, 100), 2), "roundForNet", true)
}

// seedLines are the product lines and what they come to per rate.
func (v *view) seedLines(o seedOrder, id func(string) string) (lines []any, goods []share) {
	product := v.s.schema.entities["product"]
	inherited := &view{s: v.s, lang: systemLanguage, inherit: true, by: v.by}
	for i, l := range o.lines {
		r := v.s.db.get(product, fixedID("product-"+l.product))
		taxID := inherited.value(product, r, product.byName["taxId"]).(string)
		rateOf, _ := wholeNumber(v.s.db.get(v.s.schema.entities["tax"], taxID).v["taxRate"])
		rate := int64(rateOf)
		price := inherited.value(product, r, product.byName["price"]).([]any)[0].(*object)
		unit, _ := rat(price.Get("gross"))
		if o.net {
			unit, _ = rat(price.Get("net"))
			unit = cents(unit)
		}
		total := new(big.Rat).Mul(unit, big.NewRat(l.quantity, 1))
		line := []share{{rate, total, taxOf(total, rate, o.net), big.NewRat(100, 1)}}
		goods = merge(goods, line)
		name := inherited.translation(product, r, product.byName["name"])
		var options []any
		for _, opt := range v.s.db.related(product.byName["options"], r) {
			option := product.byName["options"].target
			group := option.byName["group"].target
			g := v.s.db.get(group, opt.str("groupId"))
			options = append(options, jsondoc.New("group", v.translation(group, g, group.byName["name"]), "option", v.translation(option, opt, option.byName["name"])))
		}
		if options == nil {
			options = []any{}
		}
		_, rules := taxLists(line)
		lines = append(lines, jsondoc.New(
			"id", id(fmt.Sprintf("-line-%d", i+1)), "identifier", r.v["id"], "referencedId", r.v["id"], "productId", r.v["id"],
			"type", "product", "label", name, "quantity", jsondoc.Int(int(l.quantity)), "position", jsondoc.Int(i+1), "states", []any{"is-physical"},
			"price", calculated(unit, l.quantity, line),
			"priceDefinition", jsondoc.New("type", "quantity", "price", number(unit, 2), "quantity", jsondoc.Int(int(l.quantity)), "taxRules", rules),
			"payload", jsondoc.New("productNumber", r.v["productNumber"], "taxId", taxID, "options", options, "customFields", []any{}, "features", []any{})))
	}
	return lines, goods
}

func promotionLine(id, code, label, scope string, value int64, price *object, position int) *object {
	discount := fixedID("discount-" + code)
	return jsondoc.New("id", id, "identifier", discount, "referencedId", code, "type", "promotion", "label", label, "description", label,
		"quantity", jsondoc.Int(1), "position", jsondoc.Int(position), "good", false, "stackable", false, "states", []any{}, "price", price,
		"priceDefinition", jsondoc.New("type", "percentage", "percentage", jsondoc.Int(int(-value))),
		"payload", jsondoc.New("promotionId", fixedID("promotion-"+code), "discountId", discount, "discountType", "percentage", "code", code,
			"value", fmt.Sprint(value), "promotionCodeType", "fixed", "discountScope", scope, "composition", []any{}))
}

// seedAddress copies an address of a customer into an order: placed orders never follow later changes.
func (v *view) seedAddress(from, id string, customer *row) *object {
	r := v.s.db.get(v.s.schema.entities["customer_address"], from)
	o := jsondoc.New("id", id)
	for _, k := range []string{"countryId", "countryStateId", "salutationId", "firstName", "lastName", "street", "zipcode", "city",
		"company", "department", "title", "phoneNumber", "additionalAddressLine1", "additionalAddressLine2"} {
		o.Set(k, r.v[k])
	}
	if list, _ := customer.field("vatIds").([]any); len(list) > 0 {
		o.Set("vatId", list[0])
	}
	return o
}

// field works on a nil row too.
func (r *row) field(name string) any {
	if r == nil {
		return nil
	}
	return r.v[name]
}

func (v *view) seedDelivery(id func(string) string, part string, o seedOrder, at time.Time, costs *object, lines []any) *object {
	var positions []any
	for i, l := range lines {
		line := l.(*object)
		if line.Text("type") == "product" {
			positions = append(positions, jsondoc.New("id", id(fmt.Sprintf("-position%s-%d", part, i+1)), "orderLineItemId", line.Get("id"), "price", line.Get("price")))
		}
	}
	to := id("-billing")
	if o.shipTo != "" {
		to = id("-shipping")
	}
	tracking := []any{}
	if o.shipped && part == "" {
		tracking = append(tracking, "3SNK"+o.number)
	}
	return jsondoc.New("id", id("-delivery"+part), "shippingOrderAddressId", to, "shippingMethodId", fixedID("shipping-standard"), "stateId", fixedID("delivery-open"),
		"shippingDateEarliest", stamp(at.Truncate(24*time.Hour).Add(24*time.Hour)), "shippingDateLatest", stamp(at.Truncate(24*time.Hour).Add(72*time.Hour)),
		"shippingCosts", costs, "trackingCodes", tracking, "positions", positions)
}

func (v *view) seedTransactions(id func(string) string, o seedOrder, gross *big.Rat, taxes, rules []any) []any {
	amount := jsondoc.New("unitPrice", number(gross, 2), "quantity", jsondoc.Int(1), "totalPrice", number(gross, 2), "calculatedTaxes", taxes, "taxRules", rules)
	one := func(part, method string) *object {
		return jsondoc.New("id", id("-transaction"+part), "paymentMethodId", fixedID("payment-"+method), "stateId", fixedID("transaction-open"), "amount", amount)
	}
	if o.retried {
		return []any{one("-failed", "cash"), one("", o.payment)}
	}
	return []any{one("", o.payment)}
}

// seedStates moves the order as people did, some minutes later.
func (v *view) seedStates(id func(string) string, o seedOrder, at time.Time) error {
	later := at
	move := func(entity, part, action string) error {
		later = later.Add(9 * time.Minute)
		v.s.clock = func() time.Time { return later }
		v.s.db.begin()
		_, _, err := v.transition(entity, id(part), action)
		return err
	}
	var steps [][3]string
	if o.retried {
		steps = append(steps, [3]string{"order_transaction", "-transaction-failed", "fail"})
	}
	if o.paid {
		steps = append(steps, [3]string{"order_transaction", "-transaction", "paid"})
	}
	if o.shipped {
		steps = append(steps, [3]string{"order_delivery", "-delivery", "ship"}, [3]string{"order", "", "process"}, [3]string{"order", "", "complete"})
	}
	if o.cancelled {
		steps = append(steps, [3]string{"order", "", "cancel"}, [3]string{"order_transaction", "-transaction", "cancel"})
	}
	for _, s := range steps {
		if err := move(s[0], s[1], s[2]); err != nil {
			return err
		}
	}
	return nil
}
