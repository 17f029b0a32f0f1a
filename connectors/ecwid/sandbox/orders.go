package sandbox

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

var orderRoutes = []route{
	{http.MethodGet, "orders", "read_orders", (*Sandbox).listOrders},
	{http.MethodPost, "orders", "create_orders", (*Sandbox).createOrder},
	{http.MethodGet, "orders/deleted", "read_orders", listDeleted("orders")},
	{http.MethodGet, "orders/*", "read_orders", (*Sandbox).getOrder},
	{http.MethodPut, "orders/*", "update_orders", (*Sandbox).updateOrder},
	{http.MethodDelete, "orders/*", "update_orders", (*Sandbox).deleteOrder},
	{http.MethodPost, "order/calculate", "read_orders", (*Sandbox).calculateOrder},
}

var (
	paymentStatuses = []string{"AWAITING_PAYMENT", "PAID", "CANCELLED", "REFUNDED", "PARTIALLY_REFUNDED", "INCOMPLETE",
		"CUSTOM_PAYMENT_STATUS_1", "CUSTOM_PAYMENT_STATUS_2", "CUSTOM_PAYMENT_STATUS_3"}
	fulfillmentStatuses = []string{"AWAITING_PROCESSING", "PROCESSING", "SHIPPED", "DELIVERED", "WILL_NOT_DELIVER", "RETURNED", "READY_FOR_PICKUP",
		"OUT_FOR_DELIVERY", "CUSTOM_FULFILLMENT_STATUS_1", "CUSTOM_FULFILLMENT_STATUS_2", "CUSTOM_FULFILLMENT_STATUS_3"}
	// deprecated statuses, and what the API says to use instead.
	deprecated = map[string]string{"QUEUED": "AWAITING_PAYMENT", "ACCEPTED": "PAID", "DECLINED": "CANCELLED", "NEW": "AWAITING_PROCESSING"}
)

// orderReadOnly is ignored where it is sent.
var orderReadOnly = []string{"id", "internalId", "orderNumber", "vendorOrderNumber", "publicUid", "updateDate", "updateTimestamp", "createTimestamp",
	"usdTotal", "refundedAmount", "invoices", "subtotalWithoutTax", "totalWithoutTax", "refunds"}

func (s *Sandbox) order(id string) *record {
	i := slices.IndexFunc(s.orders, func(r *record) bool { return r.doc.Text("id") == id || r.doc.Text("internalId") == id })
	if i < 0 {
		return nil
	}
	return s.orders[i]
}

func (s *Sandbox) listOrders(c *call) (any, *apiError) {
	within, err := s.times(c.query, "createDate", "updateDate")
	if err != nil {
		return nil, err
	}
	ids, payment, fulfillment := c.csv("ids"), c.csv("paymentStatus"), c.csv("fulfillmentStatus")
	found := s.search(s.orders, within, func(o *jsondoc.Object) bool {
		status := o.Text("paymentStatus")
		switch {
		case ids != nil && !slices.Contains(ids, o.Text("id")),
			payment == nil && status == "INCOMPLETE", payment != nil && !slices.Contains(payment, status),
			fulfillment != nil && !slices.Contains(fulfillment, o.Text("fulfillmentStatus")),
			c.query.Get("customerId") != "" && c.query.Get("customerId") != o.Text("customerId"),
			c.query.Get("refererId") != "" && c.query.Get("refererId") != o.Text("refererId"),
			c.query.Get("email") != "" && !strings.EqualFold(c.query.Get("email"), o.Text("email")):
			return false
		}
		return true
	})
	slices.SortStableFunc(found, func(a, b *jsondoc.Object) int {
		d := cmp.Compare(a.Int("internalId"), b.Int("internalId"))
		if !s.set.ascending {
			d = -d
		}
		return d
	})
	return c.page(found)
}

func (s *Sandbox) getOrder(c *call) (any, *apiError) {
	r := s.order(c.vars[0])
	if r == nil {
		return nil, notFound("ORDER_NOT_FOUND", "Order", c.vars[0])
	}
	return r.doc, nil
}

// orderID is the n-th id: five letters and digits that look drawn by lot and never come twice.
func orderID(n int) string {
	const letters = "ABCDEFGHJKLMNPQRSTUVWXYZ23456789"
	n = n*2654435761 + 97 // odd, so that it permutes what follows
	var b strings.Builder
	for range 5 {
		b.WriteByte(letters[n>>7&31])
		n >>= 5
	}
	return b.String()
}

// createOrder stores an order as it is sent. Nothing is computed or checked: sums may be wrong.
func (s *Sandbox) createOrder(c *call) (any, *apiError) {
	in := c.body.Clone()
	in.Drop(orderReadOnly...)
	if !in.Has("email") {
		return nil, wrong("Field Order.email is absent")
	}
	if err := checkOrder(in); err != nil {
		return nil, err
	}
	internal := s.next("order", 604118200)
	id := orderID(internal)
	for s.order(id) != nil {
		id = orderID(s.next("order", 0))
	}
	now := s.clock().UTC()
	created := now
	if at, ok := parseTime(in.Text("createDate")); ok {
		created = at.UTC()
	}
	in.Drop("createDate")
	doc := jsondoc.New("id", id, "internalId", internal, "refundedAmount", 0, "subtotal", 0, "total", 0, "giftCardRedemption", 0,
		"totalBeforeGiftCardRedemption", orZero(in.Get("total")), "email", "", "tax", 0, "customerTaxExempt", false, "customerTaxId", "", "customerTaxIdValid", false,
		"b2b_b2c", "b2c", "reversedTaxApplied", false, "customerRequestedInvoice", false, "customerFiscalCode", "", "electronicInvoicePecEmail", "",
		"electronicInvoiceSdiCode", "", "couponDiscount", 0, "paymentStatus", "AWAITING_PAYMENT", "fulfillmentStatus", "AWAITING_PROCESSING",
		"orderNumber", internal, "vendorOrderNumber", id, "publicUid", id, "orderComments", "", "volumeDiscount", 0, "membershipBasedDiscount", 0,
		"totalAndMembershipBasedDiscount", 0, "customDiscount", []any{}, "customSurcharges", []any{}, "discount", 0,
		"createDate", created.Format(dateLayout), "updateDate", now.Format(dateLayout),
		"createTimestamp", int(created.Unix()), "updateTimestamp", int(now.Unix()),
		"items", []any{}, "refunds", []any{}, "predictedPackage", []any{}, "shipments", []any{}, "additionalInfo", jsondoc.New(),
		"paymentParams", jsondoc.New(), "extraFields", jsondoc.New(), "hidden", false, "taxesOnShipping", []any{}, "acceptMarketing", false,
		"disableAllCustomerNotifications", false, "externalFulfillment", false, "utmDataSets", []any{}, "invoices", []any{},
		"pricesIncludeTax", !s.set.netPrices, "lang", "nl")
	doc.Merge(in)
	if err := s.completeOrder(doc); err != nil {
		return nil, err
	}
	if email := doc.Text("email"); email != "" {
		doc.Set("customerId", s.customerOf(doc).Get("id"))
	}
	r := &record{doc: doc}
	s.touch(r)
	s.orders = append(s.orders, r)
	if status := doc.Text("paymentStatus"); status != "CANCELLED" && status != "INCOMPLETE" {
		s.sell(doc, -1)
	}
	return jsondoc.New("id", internal, s.set.repliedOrders, id), nil
}

func orZero(v any) any {
	if v == nil {
		return 0
	}
	return v
}

// checkOrder refuses what the API refuses.
func checkOrder(in *jsondoc.Object) *apiError {
	for _, of := range []struct {
		member string
		known  []string
	}{{"paymentStatus", paymentStatuses}, {"fulfillmentStatus", fulfillmentStatuses}} {
		status := in.Text(of.member)
		if instead := deprecated[status]; instead != "" {
			return wrong("Status " + status + " is deprecated, use " + instead + " instead")
		}
		if in.Has(of.member) && !slices.Contains(of.known, status) {
			return wrong("Unknown value of field Order." + of.member)
		}
	}
	for _, i := range in.Objects("items") {
		if !i.Has("quantity") {
			return wrong("Field OrderItem.quantity is absent")
		}
		if _, err := strconv.Atoi(i.Text("quantity")); err != nil {
			return wrong("Field OrderItem.quantity must be an integer")
		}
	}
	return nil
}

// completeOrder adds what the API derives: ids of lines, what products say, names of countries, amounts without tax.
func (s *Sandbox) completeOrder(o *jsondoc.Object) *apiError {
	for _, i := range o.Objects("items") {
		if !i.Has("id") {
			i.Set("id", s.next("item", 1903344000))
		}
		if p := s.product(i.Text("productId")); p != nil {
			i.Set("productAvailable", true)
			if !i.Has("categoryId") {
				i.Set("categoryId", p.doc.Int("defaultCategoryId"))
			}
		} else if i.Has("productId") {
			return wrong("Product #" + i.Text("productId") + " not found")
		}
		fill(i, "price", 0, "tax", 0, "taxes", []any{}, "discounts", []any{}, "attributes", []any{})
	}
	for _, name := range []string{"billingPerson", "shippingPerson"} {
		completePerson(o.Object(name))
	}
	if ship := o.Object("shippingOption"); ship != nil {
		fill(ship, "isPickup", false)
		tax := rat(nil)
		for _, t := range o.Objects("taxesOnShipping") {
			tax.Add(tax, rat(t.Get("total")))
		}
		without := rat(ship.Get("shippingRate"))
		if o.Get("pricesIncludeTax") == true {
			without.Sub(without, tax)
		}
		ship.Set("shippingRateWithoutTax", s.amount(without))
	}
	without := rat(o.Get("total"))
	o.Set("totalWithoutTax", s.amount(without.Sub(without, rat(o.Get("tax")))))
	return nil
}

// completePerson derives the parts of a name from the first space, and the names of places.
func completePerson(p *jsondoc.Object) {
	if p == nil {
		return
	}
	p.Drop("firstName", "lastName", "countryName")
	if first, last, ok := strings.Cut(p.Text("name"), " "); ok {
		p.Set("firstName", first)
		p.Set("lastName", last)
	}
	if name := countryNames[p.Text("countryCode")]; name != "" {
		p.Set("countryName", name)
	}
}

var countryNames = map[string]string{"NL": "Netherlands", "BE": "Belgium", "DE": "Germany", "FR": "France", "GB": "United Kingdom", "US": "United States", "SE": "Sweden"}

// updateOrder changes the members that are sent; items and nested objects as a whole.
func (s *Sandbox) updateOrder(c *call) (any, *apiError) {
	r := s.order(c.vars[0])
	if r == nil {
		return nil, notFound("ORDER_NOT_FOUND", "Order", c.vars[0])
	}
	in := c.body.Clone()
	in.Drop(orderReadOnly...)
	if err := checkOrder(in); err != nil {
		return nil, err
	}
	before := r.doc.Text("paymentStatus")
	doc := r.doc.Clone()
	if !in.Has("customerGroup") {
		doc.Drop("customerGroup") // as the official tests see it
	}
	doc.Merge(in)
	if err := s.completeOrder(doc); err != nil {
		return nil, err
	}
	r.doc = doc
	if now := doc.Text("paymentStatus"); now == "CANCELLED" && before != now {
		s.sell(doc, 1)
	}
	s.touch(r)
	return jsondoc.New("updateCount", 1), nil
}

func (s *Sandbox) deleteOrder(c *call) (any, *apiError) {
	r := s.order(c.vars[0])
	if r == nil {
		return nil, notFound("ORDER_NOT_FOUND", "Order", c.vars[0])
	}
	s.forget("orders", r.doc.Get("internalId"), "orderId", r.doc.Get("id"))
	s.orders = slices.DeleteFunc(s.orders, func(o *record) bool { return o == r })
	return jsondoc.New("deleteCount", 1), nil
}

// sell moves the stock of every line with a product: down by an order, up again when it is cancelled. A line without a product
// is free text.
func (s *Sandbox) sell(o *jsondoc.Object, sign int) {
	for _, i := range o.Objects("items") {
		p := s.product(i.Text("productId"))
		if p == nil {
			continue
		}
		stock := p.doc
		if v := variation(p.doc, i.Text("combinationId")); v != nil && v.Has("sku") {
			stock = v
		}
		if !stock.Has("quantity") {
			continue
		}
		i.Set("quantityInStock", stock.Int("quantity"))
		setStock(stock, stock.Int("quantity")+sign*i.Int("quantity"))
		s.settle(p)
	}
}
