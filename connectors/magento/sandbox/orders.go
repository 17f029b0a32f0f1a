package sandbox

import (
	"cmp"
	"math/big"
	"net/mail"
	"slices"
	"strings"
)

// showOrder has the scalars by name, then what they belong to. The assignment to shipping repeats the items.
func (s *Sandbox) showOrder(o *object) any {
	out := newObject()
	for _, k := range sortedNames(o) {
		switch o.get(k).(type) {
		case *object, []any:
		default:
			out.set(k, o.get(k))
		}
	}
	items := o.objects("items")
	for i := range items {
		items[i] = items[i].clone()
		if parent := hasID(o.objects("items"), "item_id", items[i].int("parent_item_id")); parent != nil {
			items[i].set("parent_item", parent.clone())
		}
	}
	out.set("items", objectList(items))
	for _, k := range []string{"billing_address", "payment", "status_histories", "extension_attributes"} {
		if v := o.get(k); v != nil {
			out.set(k, cloneValue(v))
		}
	}
	for _, a := range out.obj("extension_attributes").objects("shipping_assignments") {
		total := a.obj("shipping").obj("total")
		for _, name := range []string{"shipping_canceled", "shipping_invoiced", "shipping_refunded", "shipping_tax_refunded"} {
			for _, twin := range []string{"base_" + name, name} {
				if total != nil && o.has(twin) {
					total.set(twin, o.get(twin))
				}
			}
		}
		a.set("items", objectList(items))
	}
	return out
}

func sortedNames(o *object) []string {
	names := slices.Clone(o.keys)
	slices.Sort(names)
	return names
}

func (s *Sandbox) order(c *call) (*object, *apiError) {
	id, err := c.id(0)
	if err != nil {
		return nil, err
	}
	if id == 0 {
		return nil, refuse("An ID is needed. Set the ID and try again.")
	}
	if o := hasID(s.orders, "entity_id", id); o != nil {
		return o, nil
	}
	return nil, missing(noSalesEntity)
}

func (s *Sandbox) getOrder(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	return s.showOrder(o), nil
}

func (s *Sandbox) searchOrders(c *call) (any, *apiError) {
	t := table{rows: s.orders, badField: s.internal, badSort: s.internal, field: func(row *object, name string) (any, bool) {
		typ := types["order"][name]
		return row.get(name), typ == "int" || typ == "float" || typ == "string"
	}}
	return c.list(t, s.showOrder)
}

func (s *Sandbox) searchOrderItems(c *call) (any, *apiError) {
	var rows []*object
	for _, o := range s.orders {
		shown, _ := s.showOrder(o).(*object)
		for _, i := range shown.objects("items") {
			i.drop("extension_attributes")
			if parent := i.obj("parent_item"); parent != nil {
				parent.drop("extension_attributes")
			}
			rows = append(rows, i)
		}
	}
	return c.list(s.salesTable(rows), nil)
}

// salesTable lets every column through that a row has.
func (s *Sandbox) salesTable(rows []*object) table {
	t := plain(rows)
	t.badField = s.internal
	return t
}

func (s *Sandbox) getStatus(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	return o.get("status"), nil
}

func (s *Sandbox) getComments(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, h := range o.objects("status_histories") {
		items = append([]any{ordered(h, []string{"comment", "created_at", "entity_id", "is_customer_notified", "is_visible_on_front", "parent_id", "status"})}, items...)
	}
	filter := newObject("field", "parent_id", "value", o.str("entity_id"), "condition_type", "eq")
	echo := newObject("filter_groups", []any{newObject("filters", []any{filter})})
	return newObject("items", items, "search_criteria", echo, "total_count", len(items)), nil
}

// note writes a line of history, the newest first.
func (s *Sandbox) note(o *object, comment any, entity, status string) {
	h := newObject("comment", comment, "created_at", s.now(), "entity_id", s.next("history"), "entity_name", entity, "is_customer_notified", 0,
		"is_visible_on_front", 0, "parent_id", o.get("entity_id"), "status", status)
	if entity == "" {
		h.drop("entity_name")
	}
	o.set("status_histories", append([]any{h}, o.list("status_histories")...))
}

// postComment takes the order's current status only; without one the status stays.
func (s *Sandbox) postComment(c *call) (any, *apiError) {
	in, err := c.object("statusHistory", "status_history")
	if err != nil {
		return nil, err
	}
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	status := cmp.Or(in.str("status"), o.str("status"))
	if status != o.str("status") {
		return nil, refuse("Unable to add comment: The status \"%1\" is not part of the order\n                 status history.", status)
	}
	s.note(o, in.get("comment"), "", status)
	return true, nil
}

// postOrder stores an order as it is sent: nothing is priced, mailed or reserved, and nearly nothing is needed.
func (s *Sandbox) postOrder(c *call) (any, *apiError) {
	in, err := c.object("entity", "order")
	if err != nil {
		return nil, err
	}
	if old := hasID(s.orders, "entity_id", in.int("entity_id")); old != nil {
		return s.patchOrder(old, in), nil
	}
	if in.obj("payment").str("method") == "" {
		return nil, refuse("Please provide payment for the order.")
	}
	email := in.str("customer_email")
	if bill := in.obj("billing_address"); bill != nil {
		if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
			return nil, refuse("We can't save the address:\n%1", "Email has a wrong format")
		}
	}
	number := cmp.Or(in.str("increment_id"), s.orderNumber())
	if slices.ContainsFunc(s.orders, func(o *object) bool {
		return o.str("increment_id") == number && o.int("store_id") == in.int("store_id")
	}) {
		return nil, refuse("Unique constraint violation found")
	}
	o := s.importedOrder(in, number)
	s.orders = append(s.orders, o)
	answer, _ := s.showOrder(o).(*object)
	asSent(answer, in)
	asStored(o)
	return answer, nil
}

// asSent takes out of the answer what only reading the order again would show.
func asSent(answer, in *object) {
	ext := answer.obj("extension_attributes")
	for _, a := range ext.objects("shipping_assignments") {
		a.obj("shipping").drop("total")
		a.set("items", nil)
	}
	answer.drop("extension_attributes")
	if in.obj("extension_attributes").has("shipping_assignments") {
		answer.set("extension_attributes", newObject("shipping_assignments", ext.list("shipping_assignments")))
	}
	for _, i := range answer.objects("items") {
		i.drop("extension_attributes")
	}
	for _, h := range answer.objects("status_histories") {
		h.drop("created_at")
	}
}

// asStored fills in the defaults of the database.
func asStored(o *object) {
	for _, i := range o.objects("items") {
		for _, name := range []string{"amount_refunded", "base_amount_refunded", "base_cost", "base_discount_amount", "base_discount_invoiced", "base_row_invoiced",
			"base_tax_invoiced", "discount_amount", "discount_invoiced", "discount_percent", "free_shipping", "no_discount", "qty_backordered", "qty_canceled", "qty_invoiced",
			"qty_refunded", "qty_shipped", "row_invoiced", "row_weight", "tax_invoiced", "weight"} {
			if !i.has(name) {
				i.set(name, 0)
			}
		}
	}
	to := firstObject(o.obj("extension_attributes").list("shipping_assignments")).obj("shipping").obj("address")
	for _, a := range []*object{o.obj("billing_address"), to} {
		if a != nil && a.get("telephone") == "" {
			a.set("telephone", nil)
		}
	}
}

func (s *Sandbox) importedOrder(in *object, number string) *object {
	id, now := s.next("order"), s.now()
	o := newObject("base_grand_total", nil, "base_total_due", 0, "customer_email", nil, "grand_total", nil, "total_due", 0)
	for _, k := range in.keys {
		switch in.get(k).(type) {
		case *object, []any:
		default:
			o.set(k, in.get(k))
		}
	}
	store := storeName
	if !in.has("store_id") {
		store = "Admin\nDefault\nAdmin"
	}
	o.merge(newObject("entity_id", id, "increment_id", number, "created_at", cmp.Or(in.str("created_at"), now), "updated_at", now, "store_name", store, "protect_code", protectCode(id)))
	for _, twin := range []string{"", "base_"} {
		due := new(big.Rat).Sub(in.rat(twin+"grand_total"), in.rat(twin+"total_paid"))
		o.set(twin+"total_due", amount(due, 4))
	}
	items := []any{}
	for _, i := range in.objects("items") {
		items = append(items, s.importedItem(i, id))
	}
	o.set("total_item_count", len(items))
	o.set("items", items)
	if bill := in.obj("billing_address"); bill != nil {
		a := s.importedAddress(bill, "billing", id)
		o.set("billing_address", a)
		o.set("billing_address_id", a.get("entity_id"))
	}
	payment := newObject("account_status", nil, "additional_information", []any{}, "cc_last4", nil, "entity_id", id)
	payment.merge(in.obj("payment"))
	payment.set("parent_id", id)
	payment.set("additional_information", instructions(payment.str("method")))
	o.set("payment", payment)
	o.set("status_histories", []any{})
	for _, h := range slices.Backward(in.objects("status_histories")) {
		s.note(o, h.get("comment"), "", cmp.Or(h.str("status"), in.str("status")))
	}
	ext := newObject()
	shipping := newObject()
	if a := firstObject(in.obj("extension_attributes").list("shipping_assignments")).obj("shipping"); a != nil {
		shipping.merge(a)
		if to := a.obj("address"); to != nil {
			shipping.set("address", s.importedAddress(to, "shipping", id))
		}
		total := newObject()
		for _, name := range []string{"base_shipping_amount", "shipping_amount", "base_shipping_incl_tax", "shipping_incl_tax", "base_shipping_tax_amount", "shipping_tax_amount"} {
			if in.has(name) {
				total.set(name, in.get(name))
			}
		}
		shipping.set("total", total)
	}
	if in.has("items") || len(shipping.keys) > 0 {
		ext.set("shipping_assignments", []any{newObject("shipping", shipping)})
	}
	info := []any{}
	if len(instructions(payment.str("method"))) > 0 {
		info = append(info, newObject("key", "instructions", "value", "null"))
	}
	ext.merge(newObject("payment_additional_info", info, "applied_taxes", []any{}, "item_applied_taxes", []any{}, "converting_from_quote", false,
		"taxes", []any{}, "additional_itemized_taxes", []any{}))
	o.set("extension_attributes", ext)
	return o
}

// instructions is a list with the shop's text for the method, of which there is none here.
func instructions(method string) []any {
	if method == "cashondelivery" || method == "banktransfer" {
		return []any{nil}
	}
	return []any{}
}

func firstObject(list []any) *object {
	if len(list) == 0 {
		return nil
	}
	o, _ := list[0].(*object)
	return o
}

func (s *Sandbox) importedItem(in *object, order int) *object {
	i := in.clone()
	i.merge(newObject("item_id", s.next("order item"), "order_id", order, "created_at", s.now(), "updated_at", s.now()))
	if !i.has("original_price") {
		i.set("original_price", in.get("price"))
	}
	for _, twin := range []string{"", "base_"} {
		off := in.rat(twin + "discount_amount")
		total := new(big.Rat).Sub(in.rat(twin+"row_total"), off)
		i.set(twin+"row_total", amount(total, 4))
		incl := new(big.Rat).Add(total, in.rat(twin+"tax_amount"))
		i.set(twin+"row_total_incl_tax", amount(incl.Add(incl, in.rat(twin+"discount_tax_compensation_amount")), 4))
	}
	i.set("extension_attributes", newObject("itemized_taxes", []any{}))
	return i
}

func (s *Sandbox) importedAddress(in *object, kind string, order int) *object {
	a := in.clone()
	a.set("address_type", kind)
	a.set("entity_id", s.next("order address"))
	a.set("parent_id", order)
	if a.str("telephone") == "0" {
		a.set("telephone", "") // PHP takes "0" for nothing
	}
	return a
}

// patchOrder changes what the request holds. The answer shows nulls for what was not sent, although the stored order keeps it.
func (s *Sandbox) patchOrder(o, in *object) *object {
	for _, k := range in.keys {
		switch v := in.get(k).(type) {
		case []any:
		case *object:
			if k == "payment" {
				o.obj("payment").merge(v)
			}
		default:
			if v != nil {
				o.set(k, v)
			}
		}
	}
	o.set("updated_at", s.now())
	answer := newObject("base_grand_total", in.get("base_grand_total"), "base_total_due", 0, "created_at", o.get("created_at"), "customer_email", in.get("customer_email"),
		"entity_id", o.get("entity_id"), "grand_total", in.get("grand_total"), "total_due", 0, "updated_at", o.get("updated_at"))
	if o.has("billing_address_id") {
		answer.set("billing_address_id", o.get("billing_address_id"))
	}
	for _, k := range in.keys {
		if _, nested := in.get(k).(*object); !nested {
			answer.set(k, in.get(k))
		}
	}
	shown, _ := s.showOrder(o).(*object)
	for _, i := range shown.objects("items") {
		i.drop("extension_attributes")
	}
	if p := in.obj("payment"); p != nil {
		sent := newObject("account_status", nil, "additional_information", instructions(p.str("method")), "cc_last4", nil, "entity_id", s.next("payment"))
		sent.merge(p)
		sent.set("parent_id", o.get("entity_id"))
		shown.set("payment", sent)
	}
	for _, k := range []string{"items", "billing_address", "payment", "status_histories"} {
		if shown.has(k) {
			answer.set(k, shown.get(k))
		}
	}
	return answer
}

// putOrderAddress changes one address of an order.
func (s *Sandbox) putOrderAddress(c *call) (any, *apiError) {
	in, err := c.object("entity", "order_address")
	if err != nil {
		return nil, err
	}
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	a := o.obj("billing_address")
	if in.str("address_type") == "shipping" || a.int("entity_id") != in.int("entity_id") && in.has("entity_id") {
		a = firstObject(o.obj("extension_attributes").list("shipping_assignments")).obj("shipping").obj("address")
	}
	if a == nil {
		return nil, missing(noSalesEntity)
	}
	a.merge(in)
	if strings.TrimSpace(a.str("telephone")) == "0" {
		a.set("telephone", "")
	}
	o.set("updated_at", s.now())
	answer := a.clone()
	asStored(o)
	return answer, nil
}
