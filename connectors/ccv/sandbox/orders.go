package sandbox

import (
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// statusReserved is the state of an order that goods are kept for.
const statusReserved = 14

func (c *call) orders() (any, *apiError) { return c.list(c.s.table("orders").where(c.keepOrder), true) }

func (c *call) postOrder() (any, *apiError) {
	if fault := checkInput(postOrderInput, c.body, "orders"); fault != nil {
		return nil, fault
	}
	customer := c.body.Object("customer")
	var user *object
	if c.body.Get("user_id") != nil {
		if user = c.s.table("users").find(c.body.Int("user_id")); user == nil {
			return nil, unknownID("user", c.body.Int("user_id"))
		}
	}
	if fault := checkPerson(customer); fault != nil {
		return nil, fault
	}
	if fault := c.checkRows(c.body); fault != nil {
		return nil, fault
	}
	s := c.s
	o := s.add("orders", "order")
	if s.register {
		dropRegister(o)
	}
	orderNumber := s.table("ordernumbers").next()
	o.Set("ordernumber", orderNumber)
	o.Set("ordernumber_full", itoa(orderNumber))
	o.Set("create_date", s.stamp())
	o.Set("user", jsondoc.New("discount_percentage", 0))
	if user != nil {
		// The schema says that the id is a number; live documents hold text.
		o.Set("user", jsondoc.New("id", user.Text("id"), "discount_percentage", 0, "href", "@/users/"+user.Text("id")))
		o.Set("customer", user.Object("userinfo").Clone())
	}
	setPerson(o.Object("customer"), customer)
	method := s.methods()[0]
	o.Set("paymethod_id", method.id)
	o.Set("paymethod", method.method)
	o.Set("paymethod_label", method.text)
	if !s.register && c.body.Get("total_shipping") == nil {
		o.Set("total_shipping", json.Number("4.95"))
	}
	c.setOrder(o)
	s.setRows(o, c.body.Objects("orderrows"))
	s.total(o)
	if flag(o, "is_completed") {
		// A reservation leaves the stock where it is, as the samples have it.
		for _, row := range s.table("orderrows").by("order_id", o.Int("id")) {
			if o.Int("status") == statusReserved {
				break
			}
			s.moveStock(row.Int("product_id"), row.Int("_combination"), number(new(big.Rat).Neg(rat(row.Get("count"))), 3))
		}
		s.happened("orders.created", s.orderEvent(o))
	}
	return o, nil
}

// dropRegister gives an order the links that a register's have, and takes what it has not.
func dropRegister(o *object) {
	invoices := o.Object("invoices")
	o.Drop("invoices")
	link := strings.TrimSuffix(invoices.Text("href"), "invoices/")
	o.Set("terminalreceipts", jsondoc.New("href", link+"terminalreceipts/"))
	o.Set("fiscaltransactionsignatures", jsondoc.New("href", link+"fiscaltransactionsignatures/"))
	o.Set("invoices", invoices)
	o.Set("packing_slip_deeplink", nil)
	o.Set("deliver_method", "pickup")
}

// setOrder writes the members of an order that stand in it under the same names.
func (c *call) setOrder(o *object) {
	for _, k := range c.body.Keys() {
		switch k {
		case "customer", "orderrows", "user_id", "note", "mail", "takeoutslot":
		default:
			o.Set(k, c.body.Get(k))
		}
	}
}

func (c *call) patchOrder() (any, *apiError) {
	o, fault := c.target("orders", "order")
	if fault != nil {
		return nil, fault
	}
	if fault := checkInput(patchOrderInput, c.body, "orders"); fault != nil {
		return nil, fault
	}
	if p := c.body.Object("customer"); p != nil {
		if fault := checkPerson(p); fault != nil {
			return nil, fault
		}
	}
	if fault := c.checkRows(c.body); fault != nil {
		return nil, fault
	}
	before, paid := o.Int("status"), flag(o, "paid")
	c.setOrder(o)
	setPerson(o.Object("customer"), c.body.Object("customer"))
	if c.body.Has("orderrows") {
		c.s.setRows(o, c.body.Objects("orderrows"))
	}
	c.s.total(o)
	if o.Int("status") != before {
		e := c.s.orderEvent(o)
		e.Set("previous_status", before)
		e.Set("status", o.Get("status"))
		c.s.happened("orders.updated.status", e)
	}
	if flag(o, "paid") != paid {
		e := c.s.orderEvent(o)
		e.Set("paid", o.Get("paid"))
		c.s.happened("orders.updated.ispaid", e)
	}
	return nil, nil
}

func (c *call) putRows() (any, *apiError) {
	o, fault := c.target("orders", "order")
	if fault != nil {
		return nil, fault
	}
	if fault := checkInput("orderrows:a!", c.body, "orderrows"); fault != nil {
		return nil, fault
	}
	if fault := c.checkRows(c.body); fault != nil {
		return nil, fault
	}
	c.s.setRows(o, c.body.Objects("orderrows"))
	c.s.total(o)
	return nil, nil
}

func (c *call) postNote() (any, *apiError) {
	if _, fault := c.target("orders", "order"); fault != nil {
		return nil, fault
	}
	if fault := checkInput("note:s", c.body, "ordernotes"); fault != nil {
		return nil, fault
	}
	n := c.s.add("ordernotes", "ordernote", "{order}", itoa(c.id))
	n.Set("_order", c.id)
	n.Set("note", c.body.Text("note"))
	n.Set("create_date", c.s.stamp())
	return n, nil
}

// checkRows holds rows to what the shop needs: a product, or all that a product would say.
func (c *call) checkRows(body *object) *apiError {
	for _, row := range body.Objects("orderrows") {
		if fault := checkInput(rowInput, row, "orderrows"); fault != nil {
			return fault
		}
		if row.Get("product_id") == nil {
			if fault := checkInput(require(rowInput, "product_name", "price", "discount", "tax", "package_id"), row, "orderrows"); fault != nil {
				return fault
			}
			continue
		}
		id := row.Int("product_id")
		if c.s.table("products").find(id) == nil {
			return unknownID("product", id)
		}
		combinations := c.s.table("attributecombinations").by("product_id", id)
		combination := row.Int("attribute_combination_id")
		if combination != 0 && !slices.ContainsFunc(combinations, func(o *object) bool { return o.Int("id") == combination }) {
			return unknownID("attribute combination", combination)
		}
		if combination == 0 && len(combinations) > 0 {
			return notNow("The product %d needs an attribute combination.", id)
		}
	}
	return nil
}

// setRows replaces the rows of an order.
func (s *Sandbox) setRows(o *object, rows []*object) {
	t := s.table("orderrows")
	t.remove(t.by("order_id", o.Int("id"))...)
	for _, in := range rows {
		s.addRow(o, in)
	}
}

func (s *Sandbox) addRow(o, in *object) {
	row := s.add("orderrows", "orderrow", "{order}", o.Text("id"))
	row.Set("order_id", o.Get("id"))
	row.Set("unit", "stuk")
	row.Set("custom_price", in.Get("price") != nil)
	if p := s.table("products").find(in.Int("product_id")); p != nil {
		row.Set("product_id", p.Get("id"))
		row.Set("product_href", "@/products/"+p.Text("id"))
		row.Set("product_name", p.Text("name"))
		row.Set("product_number", p.Text("productnumber"))
		row.Set("product_purchase_price", p.Get("purchaseprice"))
		row.Set("unit", p.Get("unit"))
		row.Set("weight", p.Get("weight"))
		row.Set("stock_location", p.Text("stocklocation"))
		row.Set("price", p.Get("price"))
		row.Set("discount", p.Get("discount"))
		row.Set("tax", p.Get("vatrate"))
		row.Set("package_id", p.Object("package").Get("id"))
		s.chosen(row, s.table("attributecombinations").find(in.Int("attribute_combination_id")))
	}
	for _, k := range in.Keys() {
		if k != "product_id" && k != "attribute_combination_id" && k != "auto_create_deposit_rows" && in.Get(k) != nil {
			row.Set(k, in.Get(k))
		}
	}
	row.Set("product_name_google", strings.ReplaceAll(row.Text("product_name"), " ", "-"))
	if pack := s.table("packages").find(row.Int("package_id")); pack != nil {
		row.Set("package_name", pack.Text("name"))
	}
	price, discount, count, extra := rat(row.Get("price")), rat(row.Get("discount")), rat(row.Get("count")), rat(row.Get("total_extra_option_price"))
	sell := sub(price, discount)
	for member, amount := range map[string]*big.Rat{
		"original_price": sell, "selling_price": sell, "total_price": mul(sell, count), "price_with_attributes": add(sell, extra),
		"total_price_with_attributes": mul(add(sell, extra), count), "price_without_discount": price, "price_without_discount_with_attributes": add(price, extra),
	} {
		row.Set(member, number(amount, 4))
	}
}

// chosen writes what makes the row a variant.
func (s *Sandbox) chosen(row, combination *object) {
	if combination == nil {
		return
	}
	row.Set("_combination", combination.Get("id"))
	row.Set("sub_product_number", combination.Text("product_number"))
	row.Set("sub_sku_number", combination.Text("sku_number"))
	row.Set("sub_ean_number", combination.Text("ean_number"))
	row.Set("total_extra_option_price", combination.Get("netto_extra_price"))
	var parts []any
	for _, part := range combination.Objects("combination") {
		t := s.table("orderrowattributevalues")
		a := s.fromTemplate("orderrowattribute")
		id := t.next()
		fillLinks(a, strings.NewReplacer("{id}", itoa(id), "{row}", row.Text("id")))
		a.Set("id", id)
		a.Set("option_name", part.Object("attribute").Text("name"))
		a.Set("value_name", part.Object("attribute_value").Text("name"))
		a.Set("price", part.Get("extra_price"))
		parts = append(parts, a)
	}
	row.Set("attributes", parts)
}

// total computes what an order comes to. Only the arithmetic of rows was seen on a running shop; the rest is the plain sum.
func (s *Sandbox) total(o *object) {
	rows, weight, tax := new(big.Rat), new(big.Rat), new(big.Rat)
	onTop := new(big.Rat) // tax that amounts do not hold
	take := func(amount, percent *big.Rat, included bool) {
		if !flag(o, "taxes_included") {
			return // free of tax
		}
		if included {
			tax.Add(tax, taxIn(amount, percent))
			return
		}
		tax.Add(tax, taxOn(amount, percent))
		onTop.Add(onTop, taxOn(amount, percent))
	}
	for _, row := range s.table("orderrows").by("order_id", o.Int("id")) {
		amount := rat(row.Get("total_price_with_attributes"))
		rows.Add(rows, amount)
		weight.Add(weight, mul(rat(row.Get("weight")), rat(row.Get("count"))))
		take(amount, rat(row.Get("tax")), flag(o, "order_row_taxes_included"))
	}
	shipping := rat(o.Get("total_shipping"))
	percent := rat(o.Get("shipping_tax_percentage"))
	take(shipping, percent, flag(o, "shipping_taxes_included"))
	costs := add(rat(o.Get("paymethod_costs")), rat(o.Get("extra_costs")))
	take(costs, percent, flag(o, "shipping_taxes_included"))
	discounts := rat(o.Get("total_discounts"))
	if whole := add(rows, onTop); whole.Sign() > 0 && discounts.Sign() > 0 {
		tax.Sub(tax, mul(tax, new(big.Rat).Quo(discounts, add(whole, shipping, costs))))
	}
	o.Set("total_orderrow_price", number(rows, 2))
	o.Set("total_weight", number(weight, 3))
	o.Set("total_tax", number(tax, 2))
	o.Set("total_price", number(sub(add(rows, shipping, costs, rat(number(onTop, 2))), discounts), 2))
}
