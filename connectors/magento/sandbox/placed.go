package sandbox

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/big"
)

const storeName = "Main Website\nMain Website Store\nDefault Store View"

// both sets an amount and its twin in the base currency, which is the same here.
func (o *object) both(name string, v *big.Rat) {
	o.set("base_"+name, amount(v, 4))
	o.set(name, amount(v, 4))
}

// orderOf is the order that a cart becomes.
func (s *Sandbox) orderOf(k *cart, payment *object, email string) *object {
	t := s.totals(k, k.country())
	id := s.next("order")
	now := s.now()
	off := new(big.Rat).Neg(t.discount())
	o := newObject("entity_id", id, "increment_id", s.orderNumber(), "created_at", now, "updated_at", now, "state", "new", "status", "pending",
		"store_id", 1, "store_name", storeName, "quote_id", k.id, "protect_code", protectCode(id), "remote_ip", "203.0.113.7",
		"customer_email", email, "customer_note_notify", 0, "is_virtual", map[bool]int{true: 1}[k.virtual()],
		"base_to_global_rate", 1, "base_to_order_rate", 1, "store_to_base_rate", 0, "store_to_order_rate", 0)
	for _, c := range []string{"base", "global", "order", "store"} {
		o.set(c+"_currency_code", "EUR")
	}
	s.buyer(o, k)
	if k.coupon != "" {
		o.merge(newObject("applied_rule_ids", "1", "coupon_code", k.coupon, "discount_description", t.discountName))
	}
	o.both("discount_amount", off)
	o.both("discount_tax_compensation_amount", t.compensated())
	o.both("grand_total", t.grand())
	o.both("shipping_amount", t.shipping.total)
	o.both("shipping_discount_amount", new(big.Rat))
	o.set("base_shipping_discount_tax_compensation_amnt", 0) // sic: the column is cut off
	o.set("shipping_discount_tax_compensation_amount", 0)
	o.both("shipping_incl_tax", t.shipping.totalIncl)
	o.both("shipping_tax_amount", t.shipping.tax)
	o.both("subtotal", t.subtotal())
	o.both("subtotal_incl_tax", t.subtotalIncl())
	o.both("tax_amount", t.tax())
	o.both("total_due", t.grand())
	if !k.virtual() {
		o.set("shipping_description", shippingTitle(k.method))
	}
	items := s.orderItems(o, k, t)
	qty, weight := new(big.Rat), new(big.Rat)
	for i, l := range t.lines {
		qty.Add(qty, l.item.qty)
		weight.Add(weight, items[i].rat("row_weight"))
	}
	o.merge(newObject("total_item_count", len(t.lines), "total_qty_ordered", amount(qty, 4), "weight", amount(weight, 4)))

	var to *object
	if !k.virtual() {
		to = s.orderAddress(k.shipTo, "shipping", id, email)
	}
	bill := s.orderAddress(k.billTo, "billing", id, email)
	o.set("billing_address_id", bill.get("entity_id"))
	all := objectList(allItems(items))
	o.set("items", all)
	o.set("billing_address", bill)
	o.set("payment", orderPayment(id, payment, t))
	o.set("status_histories", []any{})
	o.set("extension_attributes", s.orderExtension(o, to, payment, t))
	return o
}

// orderNumber is the next number of an order: nine digits.
func (s *Sandbox) orderNumber() string { return fmt.Sprintf("%09d", s.next("order number")) }

func protectCode(id int) string {
	sum := md5.Sum([]byte(fmt.Sprint("noorderkade", id)))
	return hex.EncodeToString(sum[:])
}

// buyer copies what an order says of its customer.
func (s *Sandbox) buyer(o *object, k *cart) {
	if k.customer == nil {
		o.merge(newObject("customer_group_id", 0, "customer_is_guest", 1))
		for _, name := range []string{"firstname", "lastname"} {
			o.set("customer_"+name, k.billTo.get(name))
		}
		return
	}
	o.merge(newObject("customer_id", k.customer.int("id"), "customer_group_id", k.group, "customer_is_guest", 0))
	for _, name := range []string{"firstname", "lastname", "middlename", "prefix", "suffix", "gender", "taxvat"} {
		if v := k.customer.get(name); v != nil {
			o.set("customer_"+name, v)
		}
	}
	if dob := k.customer.str("dob"); dob != "" {
		o.set("customer_dob", dob+" 00:00:00")
	}
}

func (s *Sandbox) orderAddress(in *object, kind string, order int, email string) *object {
	a := newObject("address_type", kind)
	for _, name := range []string{"city", "company", "country_id"} {
		if v := in.get(name); v != nil {
			a.set(name, v)
		}
	}
	a.set("email", email)
	a.set("entity_id", s.next("order address"))
	for _, name := range []string{"firstname", "lastname", "middlename", "prefix", "suffix", "postcode", "region", "region_code", "region_id", "street", "telephone", "vat_id"} {
		v := in.get(name)
		if region, ok := v.(*object); ok { // an address of a customer
			v = region.get("region")
		}
		if v != nil {
			a.set(name, cloneValue(v))
		}
	}
	a.set("parent_id", order)
	return a
}

// row is an order item with the child of a configurable beside it.
type row struct {
	*object
	child *object
}

func allItems(rows []row) []*object {
	var out []*object
	for _, r := range rows {
		out = append(out, r.object)
		if r.child != nil {
			out = append(out, r.child)
		}
	}
	return out
}

func (s *Sandbox) orderItems(o *object, k *cart, t totals) []row {
	var rows []row
	for _, l := range t.lines {
		sold := l.item.priced()
		i := s.orderItem(o, l.item, l.item.product, sold.sku())
		i.set("tax_percent", amount(l.rate, 4))
		i.set("discount_percent", t.percent)
		i.both("price", l.price)
		i.both("price_incl_tax", l.priceIncl)
		i.both("original_price", l.original)
		i.both("row_total", new(big.Rat).Sub(l.total, l.discount)) // as REST shows it: less the discount
		i.both("row_total_incl_tax", new(big.Rat).Sub(l.totalIncl, l.discount))
		i.both("tax_amount", l.tax)
		i.both("discount_amount", l.discount)
		i.both("discount_tax_compensation_amount", l.compensated)
		i.set("row_weight", amount(new(big.Rat).Mul(sold.base.rat("weight"), l.item.qty), 4))
		i.set("weight", amount(sold.base.rat("weight"), 4))
		if k.coupon != "" {
			i.set("applied_rule_ids", "1")
		}
		taxes := []any{}
		if l.tax.Sign() > 0 {
			taxes = append(taxes, itemizedTax(s.next("tax item"), i.get("item_id"), "product", l))
		}
		r := row{object: i}
		if l.item.child != nil {
			i.set("product_option", newObject("extension_attributes", newObject("configurable_item_options", cloneValue(l.item.options))))
			i.set("extension_attributes", newObject("itemized_taxes", taxes))
			r.child = s.orderItem(o, l.item, l.item.child, sold.sku())
			for _, name := range []string{"price", "row_total", "tax_amount", "discount_amount", "row_total_incl_tax"} {
				r.child.both(name, new(big.Rat))
			}
			r.child.merge(newObject("original_price", 0, "discount_percent", 0, "tax_percent", 0, "row_weight", 0, "weight", i.get("weight"),
				"parent_item_id", i.get("item_id"), "parent_item", i.clone(), "extension_attributes", newObject("itemized_taxes", []any{})))
		}
		i.set("extension_attributes", newObject("itemized_taxes", taxes))
		rows = append(rows, r)
	}
	return rows
}

func itemizedTax(id int, item any, kind string, l line) *object {
	tax := newObject("tax_item_id", id, "tax_id", id)
	if item != nil {
		tax.set("item_id", item)
	}
	tax.merge(newObject("tax_code", l.code, "tax_percent", amount(l.rate, 4), "amount", amount(l.tax, 2), "base_amount", amount(l.tax, 2),
		"real_amount", amount(l.tax, 2), "real_base_amount", amount(l.tax, 2), "taxable_item_type", kind))
	return tax
}

// orderItem is what every row has.
func (s *Sandbox) orderItem(o *object, item *cartItem, p *product, sku string) *object {
	i := newObject("item_id", s.next("order item"), "order_id", o.get("entity_id"), "quote_item_id", item.id, "product_id", p.id(), "product_type", p.kind(),
		"sku", sku, "name", p.base.get("name"), "qty_ordered", amount(item.qty, 4), "store_id", 1, "created_at", o.get("created_at"), "updated_at", o.get("created_at"),
		"free_shipping", 0, "no_discount", 0, "is_qty_decimal", 0, "is_virtual", map[bool]int{true: 1}[p.kind() == "virtual"])
	for _, name := range []string{"qty_canceled", "qty_invoiced", "qty_refunded", "qty_shipped", "row_invoiced", "base_row_invoiced", "tax_invoiced",
		"base_tax_invoiced", "discount_invoiced", "base_discount_invoiced", "amount_refunded", "base_amount_refunded"} {
		i.set(name, 0)
	}
	if cost := p.attrs.str("cost"); cost != "" {
		i.set("base_cost", amount(rat(cost), 4))
	}
	return i
}

func orderPayment(id int, in *object, t totals) *object {
	p := newObject("account_status", nil, "additional_information", []any{paymentTitles[in.str("method")]}, "amount_ordered", amount(t.grand(), 2),
		"base_amount_ordered", amount(t.grand(), 2), "base_shipping_amount", amount(t.shipping.total, 2), "cc_last4", nil, "entity_id", id,
		"method", in.str("method"), "parent_id", id)
	if po := in.str("po_number"); po != "" {
		p.set("po_number", po)
	}
	p.set("shipping_amount", amount(t.shipping.total, 2))
	return p
}

func (s *Sandbox) orderExtension(o, to, payment *object, t totals) *object {
	shipping := newObject()
	if to != nil {
		shipping.set("address", to)
		shipping.set("method", "flatrate_flatrate")
		if t.shipping.totalIncl.Sign() == 0 {
			shipping.set("method", "freeshipping_freeshipping")
		}
	}
	total := newObject()
	for _, name := range []string{"shipping_amount", "shipping_discount_amount", "shipping_incl_tax", "shipping_tax_amount"} {
		total.set("base_"+name, o.get(name))
		total.set(name, o.get(name))
	}
	total.set("base_shipping_discount_tax_compensation_amnt", 0)
	total.set("shipping_discount_tax_compensation_amount", 0)
	shipping.set("total", total)

	applied, taxes, perItem, extra := []any{}, []any{}, []any{}, []any{}
	one := func(l line) *object {
		return newObject("code", l.code, "title", l.code, "percent", amount(l.rate, 4), "amount", amount(l.tax, 2), "base_amount", amount(l.tax, 2))
	}
	for _, l := range t.taxes() {
		applied = append(applied, one(l))
		tax := newObject("tax_id", s.next("order tax"), "order_id", o.get("entity_id"))
		tax.merge(one(l))
		tax.merge(newObject("base_real_amount", amount(l.tax, 2), "priority", 0, "position", 0, "process", 0))
		taxes = append(taxes, tax)
	}
	for _, rate := range t.taxes() {
		if t.shipping.tax.Sign() > 0 && t.shipping.code == rate.code {
			perItem = append(perItem, newObject("type", "shipping", "applied_taxes", []any{one(t.shipping)}))
			extra = append(extra, itemizedTax(s.next("tax item"), nil, "shipping", t.shipping))
		}
		for i, item := range topItems(o) {
			if l := t.lines[i]; l.tax.Sign() > 0 && l.code == rate.code {
				perItem = append(perItem, newObject("type", "product", "item_id", item.get("item_id"), "applied_taxes", []any{one(l)}))
			}
		}
	}
	return newObject("shipping_assignments", []any{newObject("shipping", shipping)},
		"payment_additional_info", []any{newObject("key", "method_title", "value", paymentTitles[payment.str("method")])},
		"applied_taxes", applied, "item_applied_taxes", perItem, "converting_from_quote", false, "taxes", taxes, "additional_itemized_taxes", extra)
}

// topItems are the rows that are no children of others.
func topItems(o *object) []*object {
	var out []*object
	for _, i := range o.objects("items") {
		if !i.has("parent_item_id") {
			out = append(out, i)
		}
	}
	return out
}
