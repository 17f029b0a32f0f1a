package sandbox

import (
	"cmp"
	"math/big"
	"net/mail"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// showOrder has the scalars by name, then what they belong to. The assignment to shipping repeats the items.
func (s *Sandbox) showOrder(o *object) any {
	out := jsondoc.New()
	for _, k := range sortedNames(o) {
		switch o.Get(k).(type) {
		case *object, []any:
		default:
			out.Set(k, o.Get(k))
		}
	}
	items := o.Objects("items")
	for i := range items {
		items[i] = items[i].Clone()
		if parent := hasID(o.Objects("items"), "item_id", items[i].Int("parent_item_id")); parent != nil {
			items[i].Set("parent_item", parent.Clone())
		}
	}
	out.Set("items", objectList(items))
	for _, k := range []string{"billing_address", "payment", "status_histories", "extension_attributes"} {
		if v := o.Get(k); v != nil {
			out.Set(k, jsondoc.Clone(v))
		}
	}
	for _, a := range out.Object("extension_attributes").Objects("shipping_assignments") {
		total := a.Object("shipping").Object("total")
		for _, name := range []string{"shipping_canceled", "shipping_invoiced", "shipping_refunded", "shipping_tax_refunded"} {
			for _, twin := range []string{"base_" + name, name} {
				if total != nil && o.Has(twin) {
					total.Set(twin, o.Get(twin))
				}
			}
		}
		a.Set("items", objectList(items))
	}
	return out
}

func sortedNames(o *object) []string {
	names := slices.Clone(o.Keys())
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
		return row.Get(name), typ == "int" || typ == "float" || typ == "string"
	}}
	return c.list(t, s.showOrder)
}

func (s *Sandbox) searchOrderItems(c *call) (any, *apiError) {
	var rows []*object
	for _, o := range s.orders {
		shown, _ := s.showOrder(o).(*object)
		for _, i := range shown.Objects("items") {
			i.Drop("extension_attributes")
			if parent := i.Object("parent_item"); parent != nil {
				parent.Drop("extension_attributes")
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
	return o.Get("status"), nil
}

func (s *Sandbox) getComments(c *call) (any, *apiError) {
	o, err := s.order(c)
	if err != nil {
		return nil, err
	}
	items := []any{}
	for _, h := range o.Objects("status_histories") {
		items = append([]any{ordered(h, []string{"comment", "created_at", "entity_id", "is_customer_notified", "is_visible_on_front", "parent_id", "status"})}, items...)
	}
	filter := jsondoc.New("field", "parent_id", "value", text(o.Get("entity_id")), "condition_type", "eq")
	echo := jsondoc.New("filter_groups", []any{jsondoc.New("filters", []any{filter})})
	return jsondoc.New("items", items, "search_criteria", echo, "total_count", len(items)), nil
}

// note writes a line of history, the newest first.
func (s *Sandbox) note(o *object, comment any, entity, status string) {
	h := jsondoc.New("comment", comment, "created_at", s.now(), "entity_id", s.next("history"), "entity_name", entity, "is_customer_notified", 0,
		"is_visible_on_front", 0, "parent_id", o.Get("entity_id"), "status", status)
	if entity == "" {
		h.Drop("entity_name")
	}
	o.Set("status_histories", append([]any{h}, o.List("status_histories")...))
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
	status := cmp.Or(text(in.Get("status")), text(o.Get("status")))
	if status != text(o.Get("status")) {
		return nil, refuse("Unable to add comment: The status \"%1\" is not part of the order\n                 status history.", status)
	}
	s.note(o, in.Get("comment"), "", status)
	return true, nil
}

// postOrder stores an order as it is sent: nothing is priced, mailed or reserved, and nearly nothing is needed.
func (s *Sandbox) postOrder(c *call) (any, *apiError) {
	in, err := c.object("entity", "order")
	if err != nil {
		return nil, err
	}
	if old := hasID(s.orders, "entity_id", in.Int("entity_id")); old != nil {
		return s.patchOrder(old, in), nil
	}
	if text(in.Object("payment").Get("method")) == "" {
		return nil, refuse("Please provide payment for the order.")
	}
	email := text(in.Get("customer_email"))
	if bill := in.Object("billing_address"); bill != nil {
		if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
			return nil, refuse("We can't save the address:\n%1", "Email has a wrong format")
		}
	}
	number := cmp.Or(text(in.Get("increment_id")), s.orderNumber())
	if slices.ContainsFunc(s.orders, func(o *object) bool {
		return text(o.Get("increment_id")) == number && o.Int("store_id") == in.Int("store_id")
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
	ext := answer.Object("extension_attributes")
	for _, a := range ext.Objects("shipping_assignments") {
		a.Object("shipping").Drop("total")
		a.Set("items", nil)
	}
	answer.Drop("extension_attributes")
	if in.Object("extension_attributes").Has("shipping_assignments") {
		answer.Set("extension_attributes", jsondoc.New("shipping_assignments", ext.List("shipping_assignments")))
	}
	for _, i := range answer.Objects("items") {
		i.Drop("extension_attributes")
	}
	for _, h := range answer.Objects("status_histories") {
		h.Drop("created_at")
	}
}

// asStored fills in the defaults of the database.
func asStored(o *object) {
	for _, i := range o.Objects("items") {
		for _, name := range []string{"amount_refunded", "base_amount_refunded", "base_cost", "base_discount_amount", "base_discount_invoiced", "base_row_invoiced",
			"base_tax_invoiced", "discount_amount", "discount_invoiced", "discount_percent", "free_shipping", "no_discount", "qty_backordered", "qty_canceled", "qty_invoiced",
			"qty_refunded", "qty_shipped", "row_invoiced", "row_weight", "tax_invoiced", "weight"} {
			if !i.Has(name) {
				i.Set(name, 0)
			}
		}
	}
	to := firstObject(o.Object("extension_attributes").List("shipping_assignments")).Object("shipping").Object("address")
	for _, a := range []*object{o.Object("billing_address"), to} {
		if a != nil && a.Get("telephone") == "" {
			a.Set("telephone", nil)
		}
	}
}

func (s *Sandbox) importedOrder(in *object, number string) *object {
	id, now := s.next("order"), s.now()
	o := jsondoc.New("base_grand_total", nil, "base_total_due", 0, "customer_email", nil, "grand_total", nil, "total_due", 0)
	for _, k := range in.Keys() {
		switch in.Get(k).(type) {
		case *object, []any:
		default:
			o.Set(k, in.Get(k))
		}
	}
	store := storeName
	if !in.Has("store_id") {
		store = "Admin\nDefault\nAdmin"
	}
	o.Merge(jsondoc.New("entity_id", id, "increment_id", number, "created_at", cmp.Or(text(in.Get("created_at")), now), "updated_at", now, "store_name", store, "protect_code", protectCode(id)))
	for _, twin := range []string{"", "base_"} {
		due := new(big.Rat).Sub(rat(in.Get(twin+"grand_total")), rat(in.Get(twin+"total_paid")))
		o.Set(twin+"total_due", amount(due, 4))
	}
	items := []any{}
	for _, i := range in.Objects("items") {
		items = append(items, s.importedItem(i, id))
	}
	o.Set("total_item_count", len(items))
	o.Set("items", items)
	if bill := in.Object("billing_address"); bill != nil {
		a := s.importedAddress(bill, "billing", id)
		o.Set("billing_address", a)
		o.Set("billing_address_id", a.Get("entity_id"))
	}
	payment := jsondoc.New("account_status", nil, "additional_information", []any{}, "cc_last4", nil, "entity_id", id)
	payment.Merge(in.Object("payment"))
	payment.Set("parent_id", id)
	payment.Set("additional_information", instructions(text(payment.Get("method"))))
	o.Set("payment", payment)
	o.Set("status_histories", []any{})
	for _, h := range slices.Backward(in.Objects("status_histories")) {
		s.note(o, h.Get("comment"), "", cmp.Or(text(h.Get("status")), text(in.Get("status"))))
	}
	ext := jsondoc.New()
	shipping := jsondoc.New()
	if a := firstObject(in.Object("extension_attributes").List("shipping_assignments")).Object("shipping"); a != nil {
		shipping.Merge(a)
		if to := a.Object("address"); to != nil {
			shipping.Set("address", s.importedAddress(to, "shipping", id))
		}
		total := jsondoc.New()
		for _, name := range []string{"base_shipping_amount", "shipping_amount", "base_shipping_incl_tax", "shipping_incl_tax", "base_shipping_tax_amount", "shipping_tax_amount"} {
			if in.Has(name) {
				total.Set(name, in.Get(name))
			}
		}
		shipping.Set("total", total)
	}
	if in.Has("items") || len(shipping.Keys()) > 0 {
		ext.Set("shipping_assignments", []any{jsondoc.New("shipping", shipping)})
	}
	info := []any{}
	if len(instructions(text(payment.Get("method")))) > 0 {
		info = append(info, jsondoc.New("key", "instructions", "value", "null"))
	}
	ext.Merge(jsondoc.New("payment_additional_info", info, "applied_taxes", []any{}, "item_applied_taxes", []any{}, "converting_from_quote", false,
		"taxes", []any{}, "additional_itemized_taxes", []any{}))

	o.Set("extension_attributes", ext)
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
	i := in.Clone()
	i.Merge(jsondoc.New("item_id", s.next("order item"), "order_id", order, "created_at", s.now(), "updated_at", s.now()))
	if !i.Has("original_price") {
		i.Set("original_price", in.Get("price"))
	}
	for _, twin := range []string{"", "base_"} {
		off := rat(in.Get(twin + "discount_amount"))
		total := new(big.Rat).Sub(rat(in.Get(twin+"row_total")), off)
		i.Set(twin+"row_total", amount(total, 4))
		incl := new(big.Rat).Add(total, rat(in.Get(twin+"tax_amount")))
		i.Set(twin+"row_total_incl_tax", amount(incl.Add(incl, rat(in.Get(twin+"discount_tax_compensation_amount"))), 4))
	}
	i.Set("extension_attributes", jsondoc.New("itemized_taxes", []any{}))
	return i
}

func (s *Sandbox) importedAddress(in *object, kind string, order int) *object {
	a := in.Clone()
	a.Set("address_type", kind)
	a.Set("entity_id", s.next("order address"))
	a.Set("parent_id", order)
	if text(a.Get("telephone")) == "0" {
		a.Set("telephone", "") // PHP takes "0" for nothing
	}
	return a
}

// patchOrder changes what the request holds. The answer shows nulls for what was not sent, although the stored order keeps it.
func (s *Sandbox) patchOrder(o, in *object) *object {
	for _, k := range in.Keys() {
		switch v := in.Get(k).(type) {
		case []any:
		case *object:
			if k == "payment" {
				o.Object("payment").Merge(v)
			}
		default:
			if v != nil {
				o.Set(k, v)
			}
		}
	}
	o.Set("updated_at", s.now())
	answer := jsondoc.New("base_grand_total", in.Get("base_grand_total"), "base_total_due", 0, "created_at", o.Get("created_at"), "customer_email", in.Get("customer_email"),
		"entity_id", o.Get("entity_id"), "grand_total", in.Get("grand_total"), "total_due", 0, "updated_at", o.Get("updated_at"))
	if o.Has("billing_address_id") {
		answer.Set("billing_address_id", o.Get("billing_address_id"))
	}
	for _, k := range in.Keys() {
		if _, nested := in.Get(k).(*object); !nested {
			answer.Set(k, in.Get(k))
		}
	}
	shown, _ := s.showOrder(o).(*object)
	for _, i := range shown.Objects("items") {
		i.Drop("extension_attributes")
	}
	if p := in.Object("payment"); p != nil {
		sent := jsondoc.New("account_status", nil, "additional_information", instructions(text(p.Get("method"))), "cc_last4", nil, "entity_id", s.next("payment"))
		sent.Merge(p)
		sent.Set("parent_id", o.Get("entity_id"))
		shown.Set("payment", sent)
	}
	for _, k := range []string{"items", "billing_address", "payment", "status_histories"} {
		if shown.Has(k) {
			answer.Set(k, shown.Get(k))
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
	a := o.Object("billing_address")
	if text(in.Get("address_type")) == "shipping" || a.Int("entity_id") != in.Int("entity_id") && in.Has("entity_id") {
		a = firstObject(o.Object("extension_attributes").List("shipping_assignments")).Object("shipping").Object("address")
	}
	if a == nil {
		return nil, missing(noSalesEntity)
	}
	a.Merge(in)
	if strings.TrimSpace(text(a.Get("telephone"))) == "0" {
		a.Set("telephone", "")
	}
	o.Set("updated_at", s.now())
	answer := a.Clone()
	asStored(o)
	return answer, nil
}
