package sandbox

import (
	"fmt"
	"math/big"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// portion is how much of an order item a document takes.
type portion struct {
	item *object
	qty  *big.Rat
}

// portions are the items of a request with their quantities; without a list, all that is left of every item. More than
// is left is cut down without a word.
func (c *call) portions(o *object, left func(*object) *big.Rat) ([]portion, *apiError) {
	v, err := c.optional("items", "item_quantity*")
	if err != nil {
		return nil, err
	}
	asked := jsondoc.New("items", v).Objects("items")
	var out []portion
	for _, i := range topItems(o) {
		qty := left(i)
		if len(asked) > 0 {
			want := hasID(asked, "order_item_id", i.Int("item_id"))
			if want == nil {
				continue
			}
			if q := rat(want.Get("qty")); q.Cmp(qty) < 0 {
				qty = q
			}
		}
		if qty.Sign() > 0 {
			out = append(out, portion{i, qty})
		}
	}
	return out, nil
}

func less(i *object, names ...string) *big.Rat {
	left := rat(i.Get("qty_ordered"))
	for _, n := range names {
		left.Sub(left, rat(i.Get(n)))
	}
	return left
}

func toInvoice(i *object) *big.Rat { return less(i, "qty_invoiced", "qty_canceled") }

func toRefund(i *object) *big.Rat {
	return new(big.Rat).Sub(rat(i.Get("qty_invoiced")), rat(i.Get("qty_refunded")))
}

func toShip(i *object) *big.Rat {
	if i.Int("is_virtual") == 1 {
		return new(big.Rat)
	}
	return less(i, "qty_shipped", "qty_canceled", "qty_refunded")
}

// part is the share of an amount of an item for a quantity.
func (p portion) part(name string) *big.Rat {
	of := rat(p.item.Get(name))
	if name == "row_total" { // the stored total is before the discount
		of.Add(of, rat(p.item.Get("discount_amount")))
	}
	of.Mul(of, p.qty)
	return cents(of.Quo(of, rat(p.item.Get("qty_ordered"))))
}

// add raises an amount and its twin in the base currency.
func add(o *object, name string, by *big.Rat) {
	for _, twin := range []string{"base_" + name, name} {
		o.Set(twin, amount(new(big.Rat).Add(rat(o.Get(twin)), by), 4))
	}
}

// raise raises a quantity of an item and of its children.
func raise(o *object, p portion, name string) {
	for _, i := range o.Objects("items") {
		if i == p.item || i.Int("parent_item_id") == p.item.Int("item_id") {
			i.Set(name, amount(new(big.Rat).Add(rat(i.Get(name)), p.qty), 4))
		}
	}
}

func refusedDocument(kind string, faults ...string) *apiError {
	return refuse(kind + " Document Validation Error(s):\n" + strings.Join(faults, "\n"))
}

func (s *Sandbox) postInvoice(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	parts, err := c.portions(o, toInvoice)
	if err != nil {
		return nil, err
	}
	open := text(o.Get("state")) != "canceled" && text(o.Get("state")) != "closed" && text(o.Get("state")) != "holded"
	if len(parts) == 0 || !open {
		return nil, refusedDocument("Invoice", "The invoice can't be created without products. Add products and try again.",
			"The order does not allow an invoice to be created.")
	}
	first := !o.Has("total_invoiced")
	sums := s.sumUp(o, parts, first)
	for _, p := range parts {
		raise(o, p, "qty_invoiced")
		for name, of := range invoicedParts {
			s.forChildrenToo(o, p.item, func(i *object, own bool) {
				by := new(big.Rat)
				if own {
					by = p.part(of)
				}
				add(i, name, by)
			})
		}
		s.forChildrenToo(o, p.item, func(i *object, own bool) {
			if own {
				i.Set("weee_tax_applied", "[]")
			}
		})
	}
	add(o, "discount_invoiced", new(big.Rat).Neg(sums.discount))
	add(o, "discount_tax_compensation_invoiced", sums.compensated)
	add(o, "shipping_invoiced", sums.shipping)
	add(o, "subtotal_invoiced", sums.subtotal)
	add(o, "tax_invoiced", sums.tax)
	add(o, "total_invoiced", sums.grand)
	o.Set("base_total_invoiced_cost", amount(rat(o.Get("base_total_invoiced_cost")), 4))
	add(o, "total_paid", sums.grand)
	add(o, "total_due", new(big.Rat).Neg(sums.grand))
	pay := o.Object("payment")
	add(pay, "amount_paid", sums.grand)
	add(pay, "shipping_captured", sums.shipping)
	s.settle(o)
	inv := s.document(o, "invoice", sums)
	inv.Merge(jsondoc.New("state", 2, "can_void_flag", 0, "total_qty", amount(sums.qty, 4), "comments", []any{}))
	inv.Set("items", documentItems(inv, parts))
	s.invoices = append(s.invoices, inv)
	return text(inv.Get("entity_id")), nil
}

// invoicedParts are the sums of an item that an invoice raises, and what they are shares of.
var invoicedParts = map[string]string{"row_invoiced": "row_total", "tax_invoiced": "tax_amount", "discount_invoiced": "discount_amount",
	"discount_tax_compensation_invoiced": "discount_tax_compensation_amount"}

var refundedParts = map[string]string{"amount_refunded": "row_total", "tax_refunded": "tax_amount", "discount_refunded": "discount_amount",
	"discount_tax_compensation_refunded": "discount_tax_compensation_amount"}

func (s *Sandbox) forChildrenToo(o, item *object, do func(i *object, own bool)) {
	for _, i := range o.Objects("items") {
		if i == item || i.Int("parent_item_id") == item.Int("item_id") {
			do(i, i == item)
		}
	}
}

// sums are the amounts of an invoice or a credit memo.
type sums struct{ subtotal, subtotalIncl, tax, discount, compensated, shipping, shippingTax, grand, qty *big.Rat }

// sumUp adds the shares; shipping goes with the first invoice.
func (s *Sandbox) sumUp(o *object, parts []portion, shipping bool) sums {
	zero := func() *big.Rat { return new(big.Rat) }
	t := sums{zero(), zero(), zero(), zero(), zero(), zero(), zero(), zero(), zero()}
	for _, p := range parts {
		t.qty.Add(t.qty, p.qty)
		t.subtotal.Add(t.subtotal, p.part("row_total"))
		t.tax.Add(t.tax, p.part("tax_amount"))
		t.discount.Add(t.discount, p.part("discount_amount"))
		t.compensated.Add(t.compensated, p.part("discount_tax_compensation_amount"))
		t.grand.Add(t.grand, p.part("row_total_incl_tax"))
	}
	t.subtotalIncl.Add(t.grand, t.discount)
	if shipping {
		t.shipping, t.shippingTax = rat(o.Get("shipping_amount")), rat(o.Get("shipping_tax_amount"))
		t.tax.Add(t.tax, t.shippingTax)
		t.grand.Add(t.grand, t.shipping)
		t.grand.Add(t.grand, t.shippingTax)
		t.grand.Add(t.grand, rat(o.Get("shipping_discount_tax_compensation_amount")))
		t.grand.Sub(t.grand, rat(o.Get("shipping_discount_amount")))
	}
	return t
}

// document is what invoices and credit memos have in common.
func (s *Sandbox) document(o *object, kind string, t sums) *object {
	id := s.next(kind)
	d := jsondoc.New("entity_id", id, "increment_id", fmt.Sprintf("%09d", id), "order_id", o.Get("entity_id"), "store_id", 1, "state", 2,
		"created_at", s.now(), "updated_at", s.now(), "billing_address_id", o.Get("billing_address_id"), "base_to_global_rate", 1, "base_to_order_rate", 1,
		"store_to_base_rate", 0, "store_to_order_rate", 0)
	if to := firstObject(o.Object("extension_attributes").List("shipping_assignments")).Object("shipping").Object("address"); to != nil {
		d.Set("shipping_address_id", to.Get("entity_id"))
	}
	for _, c := range []string{"base", "global", "order", "store"} {
		d.Set(c+"_currency_code", "EUR")
	}
	setBoth(d, "discount_amount", new(big.Rat).Neg(t.discount))
	setBoth(d, "discount_tax_compensation_amount", t.compensated)
	setBoth(d, "grand_total", t.grand)
	setBoth(d, "shipping_amount", t.shipping)
	setBoth(d, "shipping_incl_tax", new(big.Rat).Add(t.shipping, t.shippingTax))
	setBoth(d, "shipping_tax_amount", t.shippingTax)
	setBoth(d, "subtotal", t.subtotal)
	setBoth(d, "subtotal_incl_tax", t.subtotalIncl)
	setBoth(d, "tax_amount", t.tax)
	if kind == "invoice" {
		d.Set("base_shipping_discount_tax_compensation_amnt", 0)
		d.Set("shipping_discount_tax_compensation_amount", 0)
	}
	return d
}

func documentItems(d *object, parts []portion) []any {
	list := []any{}
	for n, p := range parts {
		i := jsondoc.New("entity_id", n+1, "parent_id", d.Get("entity_id"), "name", p.item.Get("name"), "sku", p.item.Get("sku"), "product_id", p.item.Get("product_id"),
			"order_item_id", p.item.Get("item_id"), "qty", amount(p.qty, 4))
		if cost := p.item.Get("base_cost"); cost != nil {
			i.Set("base_cost", cost)
		}
		for _, name := range []string{"price", "price_incl_tax"} {
			setBoth(i, name, rat(p.item.Get(name)))
		}
		for _, name := range []string{"row_total", "tax_amount", "discount_tax_compensation_amount"} {
			setBoth(i, name, p.part(name))
		}
		setBoth(i, "row_total_incl_tax", new(big.Rat).Add(p.part("row_total_incl_tax"), p.part("discount_amount")))
		list = append(list, i)
	}
	return list
}

// settle gives the order the state that follows from what was invoiced, shipped and refunded.
func (s *Sandbox) settle(o *object) {
	open, invoiced, refunded := false, false, true
	for _, i := range topItems(o) {
		open = open || toInvoice(i).Sign() > 0 || toShip(i).Sign() > 0
		invoiced = invoiced || rat(i.Get("qty_invoiced")).Sign() > 0
		refunded = refunded && rat(i.Get("qty_refunded")).Cmp(rat(i.Get("qty_ordered"))) == 0
	}
	state := "processing"
	switch {
	case invoiced && refunded:
		state = "closed"
	case !open:
		state = "complete"
	}
	o.Set("state", state)
	o.Set("status", state)
	o.Set("updated_at", s.now())
	for _, i := range o.Objects("items") {
		i.Set("updated_at", s.now())
	}
}

func (s *Sandbox) postShipment(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	if text(o.Get("state")) == "holded" {
		return nil, refusedDocument("Shipment", "A shipment cannot be created when an order has a status of holded")
	}
	any := false
	for _, i := range topItems(o) {
		any = any || toShip(i).Sign() > 0
	}
	if !any || text(o.Get("state")) == "canceled" {
		return nil, refusedDocument("Shipment", "The order does not allow a shipment to be created.", "You can't create a shipment without products.")
	}
	parts, err := c.portions(o, toShip)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, refusedDocument("Shipment", "You can't create a shipment without products.")
	}
	arguments, err := c.optional("arguments", "ship_arguments")
	if err != nil {
		return nil, err
	}
	source := defaultSource
	if a, ok := arguments.(*object); ok {
		if code := text(a.Object("extension_attributes").Get("source_code")); code != "" {
			source = code
		}
	}
	if hasCode(s.reference["sources"], source) == nil {
		return nil, refuse("Could not save a shipment, see error log for details")
	}
	tracks, err := c.optional("tracks", "track_creation*")
	if err != nil {
		return nil, err
	}
	ship := s.shipment(c, o, parts, source)
	for _, t := range jsondoc.New("t", tracks).Objects("t") {
		s.addTrack(ship, t)
	}
	for _, p := range parts {
		p.item.Set("qty_shipped", amount(new(big.Rat).Add(rat(p.item.Get("qty_shipped")), p.qty), 4))
		if src := s.sourceItem(text(p.item.Get("sku")), source); src != nil {
			src.Set("quantity", amount(new(big.Rat).Sub(rat(src.Get("quantity")), p.qty), 4))
			s.reserve(text(p.item.Get("sku")), new(big.Rat).Neg(p.qty))
		}
	}
	s.settle(o)
	s.shipments = append(s.shipments, ship)
	return text(ship.Get("entity_id")), nil
}

func (s *Sandbox) shipment(c *call, o *object, parts []portion, source string) *object {
	id := s.next("shipment")
	ship := jsondoc.New("billing_address_id", o.Get("billing_address_id"), "created_at", s.now())
	if o.Has("customer_id") {
		ship.Set("customer_id", o.Get("customer_id"))
	}
	ship.Merge(jsondoc.New("entity_id", id, "increment_id", fmt.Sprintf("%09d", id), "order_id", o.Get("entity_id"), "packages", []any{}))
	if to := firstObject(o.Object("extension_attributes").List("shipping_assignments")).Object("shipping").Object("address"); to != nil {
		ship.Set("shipping_address_id", to.Get("entity_id"))
	}
	qty := new(big.Rat)
	items := []any{}
	for _, p := range parts {
		qty.Add(qty, p.qty)
		items = append(items, jsondoc.New("entity_id", s.next("shipment item"), "name", p.item.Get("name"), "parent_id", id, "price", p.item.Get("price"),
			"product_id", p.item.Get("product_id"), "sku", p.item.Get("sku"), "weight", p.item.Get("weight"), "order_item_id", p.item.Get("item_id"), "qty", amount(p.qty, 4)))
	}
	ship.Merge(jsondoc.New("store_id", 1, "total_qty", amount(qty, 4), "updated_at", s.now(), "items", items, "tracks", []any{}, "comments", []any{},
		"extension_attributes", jsondoc.New("source_code", source)))

	if comment, ok := c.raw("comment").(*object); ok && c.raw("appendComment") == true {
		ship.Set("comments", []any{jsondoc.New("is_customer_notified", 0, "parent_id", id, "comment", text(comment.Get("comment")),
			"is_visible_on_front", comment.Int("is_visible_on_front"), "created_at", s.now(), "entity_id", s.next("shipment comment"))})

	}
	return ship
}

func (s *Sandbox) addTrack(ship, in *object) *object {
	t := jsondoc.New("order_id", ship.Get("order_id"), "created_at", s.now(), "entity_id", s.next("track"), "parent_id", ship.Get("entity_id"), "updated_at", s.now())
	for _, k := range []string{"weight", "qty", "description", "track_number", "title", "carrier_code"} {
		t.Set(k, in.Get(k))
	}
	ship.Set("tracks", append(ship.List("tracks"), t))
	return t
}

func (s *Sandbox) postTrack(c *call) (any, *apiError) {
	in, err := c.object("entity", "track")
	if err != nil {
		return nil, err
	}
	ship := hasID(s.shipments, "entity_id", in.Int("parent_id"))
	if ship == nil {
		return nil, missing(noSalesEntity)
	}
	return s.addTrack(ship, in).Clone(), nil
}

func (s *Sandbox) postRefund(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	switch text(o.Get("state")) {
	case "closed", "canceled", "holded":
		return nil, refusedDocument("Creditmemo", "A creditmemo can not be created when an order has a status of "+text(o.Get("status")))
	}
	parts, err := c.portions(o, toRefund)
	if err != nil {
		return nil, err
	}
	if len(parts) == 0 {
		return nil, refusedDocument("Creditmemo", "The order does not allow a creditmemo to be created.")
	}
	v, err := c.optional("arguments", "refund_arguments")
	if err != nil {
		return nil, err
	}
	arguments, _ := v.(*object)
	full := !arguments.Has("shipping_amount") || rat(arguments.Get("shipping_amount")).Sign() > 0
	t := s.sumUp(o, parts, full && !o.Has("shipping_refunded"))
	t.grand.Add(t.grand, rat(arguments.Get("adjustment_positive")))
	t.grand.Sub(t.grand, rat(arguments.Get("adjustment_negative")))
	for _, p := range parts {
		shipped := rat(p.item.Get("qty_shipped"))
		for _, id := range arguments.Object("extension_attributes").List("return_to_stock_items") {
			if src := s.sourceItem(text(p.item.Get("sku")), defaultSource); src != nil && text(id) == text(p.item.Get("item_id")) && shipped.Sign() > 0 {
				src.Set("quantity", amount(new(big.Rat).Add(rat(src.Get("quantity")), p.qty), 4))
			}
		}
		if shipped.Sign() == 0 {
			s.reserve(text(p.item.Get("sku")), new(big.Rat).Neg(p.qty))
		}
		raise(o, p, "qty_refunded")
		for name, of := range refundedParts {
			s.forChildrenToo(o, p.item, func(i *object, own bool) {
				by := new(big.Rat)
				if own {
					by = p.part(of)
				}
				add(i, name, by)
			})
		}
	}
	add(o, "adjustment_negative", rat(arguments.Get("adjustment_negative")))
	add(o, "adjustment_positive", rat(arguments.Get("adjustment_positive")))
	add(o, "discount_refunded", new(big.Rat).Neg(t.discount))
	add(o, "discount_tax_compensation_refunded", t.compensated)
	add(o, "shipping_refunded", t.shipping)
	add(o, "shipping_tax_refunded", t.shippingTax)
	add(o, "subtotal_refunded", t.subtotal)
	add(o, "tax_refunded", t.tax)
	add(o, "total_offline_refunded", t.grand)
	add(o, "total_refunded", t.grand)
	pay := o.Object("payment")
	add(pay, "amount_refunded", t.grand)
	add(pay, "shipping_refunded", t.shipping)
	s.settle(o)
	s.note(o, fmt.Sprintf("We refunded €%s offline.", t.grand.FloatString(2)), "creditmemo", text(o.Get("status")))
	memo := s.document(o, "refund", t)
	for _, name := range []string{"adjustment", "adjustment_negative", "adjustment_positive"} {
		setBoth(memo, name, rat(arguments.Get(name)))
	}
	items := documentItems(memo, parts)
	for _, i := range items {
		i.(*object).Merge(jsondoc.New("base_weee_tax_row_disposition", 0, "weee_tax_applied", "[]", "weee_tax_applied_row_amount", 0, "weee_tax_row_disposition", 0))
	}
	memo.Merge(jsondoc.New("items", items, "comments", []any{}))
	s.refunds = append(s.refunds, memo)
	return text(memo.Get("entity_id")), nil
}

// sortedRows are documents with their scalars by name and the rest behind.
func sortedRow(o *object) any {
	out := jsondoc.New()
	for _, k := range sortedNames(o) {
		if _, isList := o.Get(k).([]any); !isList && o.Object(k) == nil {
			out.Set(k, o.Get(k))
		}
	}
	for _, k := range []string{"packages", "items", "tracks", "comments", "extension_attributes"} {
		if o.Has(k) {
			out.Set(k, jsondoc.Clone(o.Get(k)))
		}
	}
	return out
}

func (s *Sandbox) searchInvoices(c *call) (any, *apiError) {
	return c.list(s.salesTable(s.invoices), sortedRow)
}

func (s *Sandbox) searchShipments(c *call) (any, *apiError) {
	return c.list(s.salesTable(s.shipments), sortedRow)
}

func (s *Sandbox) searchRefunds(c *call) (any, *apiError) {
	return c.list(s.salesTable(s.refunds), sortedRow)
}
