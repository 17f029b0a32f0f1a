package sandbox

import (
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"math/big"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

const storeName = "Main Website\nMain Website Store\nDefault Store View"

// setBoth sets an amount and its twin in the base currency, which is the same here.
func setBoth(o *object, name string, v *big.Rat) {
	o.Set("base_"+name, amount(v, 4))
	o.Set(name, amount(v, 4))
}

// orderOf is the order that a cart becomes.
func (s *Sandbox) orderOf(k *cart, payment *object, email string) *object {
	t := s.totals(k, k.country())
	id := s.next("order")
	now := s.now()
	off := new(big.Rat).Neg(t.discount())
	o := jsondoc.New("entity_id", id, "increment_id", s.orderNumber(), "created_at", now, "updated_at", now, "state", "new", "status", "pending",
		"store_id", 1, "store_name", storeName, "quote_id", k.id, "protect_code", protectCode(id), "remote_ip", "203.0.113.7",
		"customer_email", email, "customer_note_notify", 0, "is_virtual", map[bool]int{true: 1}[k.virtual()],
		"base_to_global_rate", 1, "base_to_order_rate", 1, "store_to_base_rate", 0, "store_to_order_rate", 0)
	for _, c := range []string{"base", "global", "order", "store"} {
		o.Set(c+"_currency_code", "EUR")
	}
	s.buyer(o, k)
	if k.coupon != "" {
		o.Merge(jsondoc.New("applied_rule_ids", "1", "coupon_code", k.coupon, "discount_description", t.discountName))
	}
	setBoth(o, "discount_amount", off)
	setBoth(o, "discount_tax_compensation_amount", t.compensated())
	setBoth(o, "grand_total", t.grand())
	setBoth(o, "shipping_amount", t.shipping.total)
	setBoth(o, "shipping_discount_amount", new(big.Rat))
	o.Set("base_shipping_discount_tax_compensation_amnt", 0) // sic: the column is cut off
	o.Set("shipping_discount_tax_compensation_amount", 0)
	setBoth(o, "shipping_incl_tax", t.shipping.totalIncl)
	setBoth(o, "shipping_tax_amount", t.shipping.tax)
	setBoth(o, "subtotal", t.subtotal())
	setBoth(o, "subtotal_incl_tax", t.subtotalIncl())
	setBoth(o, "tax_amount", t.tax())
	setBoth(o, "total_due", t.grand())
	if !k.virtual() {
		o.Set("shipping_description", shippingTitle(k.method))
	}
	items := s.orderItems(o, k, t)
	qty, weight := new(big.Rat), new(big.Rat)
	for i, l := range t.lines {
		qty.Add(qty, l.item.qty)
		weight.Add(weight, rat(items[i].Get("row_weight")))
	}
	o.Merge(jsondoc.New("total_item_count", len(t.lines), "total_qty_ordered", amount(qty, 4), "weight", amount(weight, 4)))

	var to *object
	if !k.virtual() {
		to = s.orderAddress(k.shipTo, "shipping", id, email)
	}
	bill := s.orderAddress(k.billTo, "billing", id, email)
	o.Set("billing_address_id", bill.Get("entity_id"))
	all := objectList(allItems(items))
	o.Set("items", all)
	o.Set("billing_address", bill)
	o.Set("payment", orderPayment(id, payment, t))
	o.Set("status_histories", []any{})
	o.Set("extension_attributes", s.orderExtension(o, to, payment, t))
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
		o.Merge(jsondoc.New("customer_group_id", 0, "customer_is_guest", 1))
		for _, name := range []string{"firstname", "lastname"} {
			o.Set("customer_"+name, k.billTo.Get(name))
		}
		return
	}
	o.Merge(jsondoc.New("customer_id", k.customer.Int("id"), "customer_group_id", k.group, "customer_is_guest", 0))
	for _, name := range []string{"firstname", "lastname", "middlename", "prefix", "suffix", "gender", "taxvat"} {
		if v := k.customer.Get(name); v != nil {
			o.Set("customer_"+name, v)
		}
	}
	if dob := text(k.customer.Get("dob")); dob != "" {
		o.Set("customer_dob", dob+" 00:00:00")
	}
}

func (s *Sandbox) orderAddress(in *object, kind string, order int, email string) *object {
	a := jsondoc.New("address_type", kind)
	for _, name := range []string{"city", "company", "country_id"} {
		if v := in.Get(name); v != nil {
			a.Set(name, v)
		}
	}
	a.Set("email", email)
	a.Set("entity_id", s.next("order address"))
	for _, name := range []string{"firstname", "lastname", "middlename", "prefix", "suffix", "postcode", "region", "region_code", "region_id", "street", "telephone", "vat_id"} {
		v := in.Get(name)
		if region, ok := v.(*object); ok { // an address of a customer
			v = region.Get("region")
		}
		if v != nil {
			a.Set(name, jsondoc.Clone(v))
		}
	}
	a.Set("parent_id", order)
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
		i.Set("tax_percent", amount(l.rate, 4))
		i.Set("discount_percent", t.percent)
		setBoth(i, "price", l.price)
		setBoth(i, "price_incl_tax", l.priceIncl)
		setBoth(i, "original_price", l.original)
		setBoth(i, "row_total", new(big.Rat).Sub(l.total, l.discount)) // as REST shows it: less the discount
		setBoth(i, "row_total_incl_tax", new(big.Rat).Sub(l.totalIncl, l.discount))
		setBoth(i, "tax_amount", l.tax)
		setBoth(i, "discount_amount", l.discount)
		setBoth(i, "discount_tax_compensation_amount", l.compensated)
		i.Set("row_weight", amount(new(big.Rat).Mul(rat(sold.base.Get("weight")), l.item.qty), 4))
		i.Set("weight", amount(rat(sold.base.Get("weight")), 4))
		if k.coupon != "" {
			i.Set("applied_rule_ids", "1")
		}
		taxes := []any{}
		if l.tax.Sign() > 0 {
			taxes = append(taxes, itemizedTax(s.next("tax item"), i.Get("item_id"), "product", l))
		}
		r := row{object: i}
		if l.item.child != nil {
			i.Set("product_option", jsondoc.New("extension_attributes", jsondoc.New("configurable_item_options", jsondoc.Clone(l.item.options))))
			i.Set("extension_attributes", jsondoc.New("itemized_taxes", taxes))
			r.child = s.orderItem(o, l.item, l.item.child, sold.sku())
			for _, name := range []string{"price", "row_total", "tax_amount", "discount_amount", "row_total_incl_tax"} {
				setBoth(r.child, name, new(big.Rat))
			}
			r.child.Merge(jsondoc.New("original_price", 0, "discount_percent", 0, "tax_percent", 0, "row_weight", 0, "weight", i.Get("weight"),
				"parent_item_id", i.Get("item_id"), "parent_item", i.Clone(), "extension_attributes", jsondoc.New("itemized_taxes", []any{})))

		}
		i.Set("extension_attributes", jsondoc.New("itemized_taxes", taxes))
		rows = append(rows, r)
	}
	return rows
}

func itemizedTax(id int, item any, kind string, l line) *object {
	tax := jsondoc.New("tax_item_id", id, "tax_id", id)
	if item != nil {
		tax.Set("item_id", item)
	}
	tax.Merge(jsondoc.New("tax_code", l.code, "tax_percent", amount(l.rate, 4), "amount", amount(l.tax, 2), "base_amount", amount(l.tax, 2),
		"real_amount", amount(l.tax, 2), "real_base_amount", amount(l.tax, 2), "taxable_item_type", kind))

	return tax
}

// orderItem is what every row has.
func (s *Sandbox) orderItem(o *object, item *cartItem, p *product, sku string) *object {
	i := jsondoc.New("item_id", s.next("order item"), "order_id", o.Get("entity_id"), "quote_item_id", item.id, "product_id", p.id(), "product_type", p.kind(),
		"sku", sku, "name", p.base.Get("name"), "qty_ordered", amount(item.qty, 4), "store_id", 1, "created_at", o.Get("created_at"), "updated_at", o.Get("created_at"),
		"free_shipping", 0, "no_discount", 0, "is_qty_decimal", 0, "is_virtual", map[bool]int{true: 1}[p.kind() == "virtual"])
	for _, name := range []string{"qty_canceled", "qty_invoiced", "qty_refunded", "qty_shipped", "row_invoiced", "base_row_invoiced", "tax_invoiced",
		"base_tax_invoiced", "discount_invoiced", "base_discount_invoiced", "amount_refunded", "base_amount_refunded"} {
		i.Set(name, 0)
	}
	if cost := text(p.attrs.Get("cost")); cost != "" {
		i.Set("base_cost", amount(rat(cost), 4))
	}
	return i
}

func orderPayment(id int, in *object, t totals) *object {
	p := jsondoc.New("account_status", nil, "additional_information", []any{paymentTitles[text(in.Get("method"))]}, "amount_ordered", amount(t.grand(), 2),
		"base_amount_ordered", amount(t.grand(), 2), "base_shipping_amount", amount(t.shipping.total, 2), "cc_last4", nil, "entity_id", id,
		"method", text(in.Get("method")), "parent_id", id)
	// Other methods forget it.
	if po := text(in.Get("po_number")); po != "" && text(in.Get("method")) == "purchaseorder" {
		p.Set("po_number", po)
	}
	p.Set("shipping_amount", amount(t.shipping.total, 2))
	return p
}

func (s *Sandbox) orderExtension(o, to, payment *object, t totals) *object {
	shipping := jsondoc.New()
	if to != nil {
		shipping.Set("address", to)
		shipping.Set("method", "flatrate_flatrate")
		if t.shipping.totalIncl.Sign() == 0 {
			shipping.Set("method", "freeshipping_freeshipping")
		}
	}
	total := jsondoc.New()
	for _, name := range []string{"shipping_amount", "shipping_discount_amount", "shipping_incl_tax", "shipping_tax_amount"} {
		total.Set("base_"+name, o.Get(name))
		total.Set(name, o.Get(name))
	}
	total.Set("base_shipping_discount_tax_compensation_amnt", 0)
	total.Set("shipping_discount_tax_compensation_amount", 0)
	shipping.Set("total", total)

	applied, taxes, perItem, extra := []any{}, []any{}, []any{}, []any{}
	one := func(l line) *object {
		return jsondoc.New("code", l.code, "title", l.code, "percent", amount(l.rate, 4), "amount", amount(l.tax, 2), "base_amount", amount(l.tax, 2))
	}
	for _, l := range t.taxes() {
		applied = append(applied, one(l))
		tax := jsondoc.New("tax_id", s.next("order tax"), "order_id", o.Get("entity_id"))
		tax.Merge(one(l))
		tax.Merge(jsondoc.New("base_real_amount", amount(l.tax, 2), "priority", 0, "position", 0, "process", 0))
		taxes = append(taxes, tax)
	}
	for _, rate := range t.taxes() {
		if t.shipping.tax.Sign() > 0 && t.shipping.code == rate.code {
			perItem = append(perItem, jsondoc.New("type", "shipping", "applied_taxes", []any{one(t.shipping)}))
			extra = append(extra, itemizedTax(s.next("tax item"), nil, "shipping", t.shipping))
		}
		for i, item := range topItems(o) {
			if l := t.lines[i]; l.tax.Sign() > 0 && l.code == rate.code {
				perItem = append(perItem, jsondoc.New("type", "product", "item_id", item.Get("item_id"), "applied_taxes", []any{one(l)}))
			}
		}
	}
	return jsondoc.New("shipping_assignments", []any{jsondoc.New("shipping", shipping)},
		"payment_additional_info", []any{jsondoc.New("key", "method_title", "value", paymentTitles[text(payment.Get("method"))])},
		"applied_taxes", applied, "item_applied_taxes", perItem, "converting_from_quote", false, "taxes", taxes, "additional_itemized_taxes", extra)
}

// topItems are the rows that are no children of others.
func topItems(o *object) []*object {
	var out []*object
	for _, i := range o.Objects("items") {
		if !i.Has("parent_item_id") {
			out = append(out, i)
		}
	}
	return out
}
