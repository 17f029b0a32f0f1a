package magento

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// An order is placed as a guest places one: a cart, its lines, addresses and shipping method, payment. The shop prices it by its own catalog
// and rules, so that the cart's total is held to the order's before it is placed. The cart is a guest's even where the customer has
// an account, because the API gives for a customer the basket that he may be filling.
//
// Its reference is ext_order_id, which no call of the cart takes: it is written once the order stands. The payment's po_number has it from the
// beginning where the payment method keeps one (purchaseorder does), and tells an order whose reference was lost.

// lookBack is how long an order may stand without the reference that was to be written at once.
const lookBack = 48 * time.Hour

// Totaled reads what an order comes to.
func (c *Client) Totaled(resource string, body []byte) (port.Totals, bool) {
	total := gjson.GetBytes(body, "grand_total")
	if resource != orderResource || total.Type != gjson.Number {
		return port.Totals{}, false
	}
	return port.Totals{Gross: total.Raw, Tax: gjson.GetBytes(body, "tax_amount").Raw}, true
}

// placeOrder places an order that is written as the API reads it: ext_order_id, customer_email, grand_total, items with sku and qty_ordered,
// billing_address, payment.method, and extension_attributes.shipping_assignments.0.shipping with address and method. Without a
// method it is the one that costs shipping_incl_tax.
func (c *Client) placeOrder(ctx context.Context, op string, body []byte) (port.Document, error) {
	in, err := decoded(op, body)
	if err != nil {
		return port.Document{}, err
	}
	reference, email, total := in.Text("ext_order_id"), in.Text("customer_email"), in.Text("grand_total")
	for field, value := range map[string]string{"ext_order_id": reference, "customer_email": email, "grand_total": total, "payment.method": in.Object("payment").Text("method")} {
		if value == "" {
			return port.Document{}, invalid(op, field, "an order is not placed without it")
		}
	}
	there, err := c.Find(ctx, orderResource, port.Key{Field: port.KeyReference, Value: reference})
	if err != nil {
		return port.Document{}, err
	}
	if len(there) > 0 {
		return port.Document{}, &port.Error{Kind: port.ErrConflict, System: system, Op: op, Field: "ext_order_id", Message: "the shop has it as " + there[0].Key}
	}
	row, err := c.lostOrder(ctx, op, in)
	if err != nil {
		return port.Document{}, err
	}
	if !row.Exists() {
		if row, err = c.placeCart(ctx, op, in); err != nil {
			return port.Document{}, err
		}
	}
	return c.withReference(ctx, op, row, reference)
}

// lostOrder finds an order that was placed, but whose reference could not be written.
func (c *Client) lostOrder(ctx context.Context, op string, in *jsondoc.Object) (gjson.Result, error) {
	rows, err := c.all(ctx, resources[orderResource].list, criteria{sorts: []string{"entity_id"}, groups: [][]condition{
		and("customer_email", "eq", in.Text("customer_email")), and("ext_order_id", "null", "1"), and("created_at", "gteq", inShop(c.now().Add(-lookBack)))}})
	if err != nil {
		return gjson.Result{}, err
	}
	for _, row := range rows {
		number := row.Get("payment.po_number").String()
		if number == in.Text("ext_order_id") {
			return row, nil
		}
		if number == "" && sameGoods(row, in) {
			return gjson.Result{}, &port.Error{Kind: port.ErrInDoubt, System: system, Op: op, Field: "ext_order_id", Message: "order " + row.Get("increment_id").String() +
				" of the last two days is of the same customer, goods and total, and has no reference: if it is this one, write its ext_order_id"}
		}
	}
	return gjson.Result{}, nil
}

func sameGoods(row gjson.Result, in *jsondoc.Object) bool {
	if !sameAmount(row.Get("grand_total").Raw, in.Text("grand_total")) {
		return false
	}
	count := map[string]string{}
	for _, i := range row.Get("items").Array() {
		if i.Get("parent_item_id").Int() == 0 {
			count[i.Get("sku").String()] = added(count[i.Get("sku").String()], i.Get("qty_ordered").Raw)
		}
	}
	for _, i := range in.Objects("items") {
		sku := i.Text("sku")
		count[sku] = added(count[sku], "-"+i.Text("qty_ordered"))
	}
	for _, left := range count {
		if n, ok := amountOf(left); ok && n.Sign() != 0 {
			return false
		}
	}
	return true
}

func sameAmount(a, b string) bool {
	x, okX := amountOf(a)
	y, okY := amountOf(b)
	return okX && okY && x.Cmp(y) == 0
}

// placeCart fills a cart and makes an order of it. What goes wrong before the last call leaves an empty basket of nobody's behind.
func (c *Client) placeCart(ctx context.Context, op string, in *jsondoc.Object) (gjson.Result, error) {
	none := gjson.Result{}
	mask, err := c.ask(ctx, http.MethodPost, "/V1/guest-carts", "", nil)
	if err != nil {
		return none, err
	}
	cart := rest.Path("V1", "guest-carts", mask.String())
	const route = "/V1/guest-carts/{id}"
	quote, err := c.ask(ctx, http.MethodGet, cart, route, nil)
	if err != nil {
		return none, err
	}
	for _, i := range in.Objects("items") {
		if i.Text("sku") == "" {
			return none, invalid(op, "items", "a line has no SKU, and Magento sells nothing else")
		}
		item := jsondoc.New("cartItem", jsondoc.New("sku", i.Get("sku"), "qty", i.Get("qty_ordered"), "quote_id", mask.String()))
		if _, err := c.ask(ctx, http.MethodPost, cart+"/items", route+"/items", item); err != nil {
			return none, err
		}
	}
	if code := in.Text("coupon_code"); code != "" {
		if _, err := c.ask(ctx, http.MethodPut, cart+"/"+strings.TrimPrefix(rest.Path("coupons", code), "/"), route+"/coupons/{code}", nil); err != nil {
			return none, err
		}
	}
	bill, ship := in.Object("billing_address"), shippingOf(in)
	to := ship.Object("address")
	if to == nil {
		to = bill
	}
	method := ship.Text("method")
	if method == "" {
		if method, err = c.methodByCost(ctx, op, cart, route, to, in.Text("shipping_incl_tax")); err != nil {
			return none, err
		}
	}
	carrier, way, _ := strings.Cut(method, "_")
	answer, err := c.ask(ctx, http.MethodPost, cart+"/shipping-information", route+"/shipping-information", jsondoc.New("addressInformation",
		jsondoc.New("shipping_address", to, "billing_address", bill, "shipping_carrier_code", carrier, "shipping_method_code", way)))
	if err != nil {
		return none, err
	}
	if asks := answer.Get("totals.grand_total").Raw; !sameAmount(asks, in.Text("grand_total")) {
		return none, invalid(op, "grand_total", "nothing was placed: the shop asks "+asks+" for this order of "+in.Text("grand_total")+
			", because Magento prices by its own catalog, taxes and discounts, and takes no other prices")
	}
	payment := in.Object("payment").Clone()
	if !payment.Has("po_number") {
		payment.Set("po_number", in.Get("ext_order_id"))
	}
	placed, err := c.ask(ctx, http.MethodPost, cart+"/payment-information", route+"/payment-information",
		jsondoc.New("email", in.Get("customer_email"), "paymentMethod", payment, "billingAddress", bill))
	field, value := "entity_id", placed.String()
	if errors.Is(err, port.ErrInDoubt) {
		field, value = "quote_id", quote.Get("id").String() // the cart that it was made of
	} else if err != nil {
		return none, err
	}
	rows, _, readErr := c.search(ctx, resources[orderResource].list, criteria{groups: [][]condition{and(field, "eq", value)}, size: 1})
	switch {
	case len(rows) == 1:
		return rows[0], nil
	case err != nil && readErr == nil: // it was asked, and there is none
		return none, &port.Error{Kind: port.ErrOutage, System: system, Op: op, Message: "the order was not placed", Err: err}
	}
	return none, &port.Error{Kind: port.ErrInDoubt, System: system, Op: op, Message: "the order was placed, but cannot be read", Err: errors.Join(err, readErr)}
}

func shippingOf(in *jsondoc.Object) *jsondoc.Object {
	for _, a := range in.Object("extension_attributes").Objects("shipping_assignments") {
		return a.Object("shipping")
	}
	return nil
}

// methodByCost is the first way to ship that costs what the order's did.
func (c *Client) methodByCost(ctx context.Context, op, cart, route string, to *jsondoc.Object, cost string) (string, error) {
	list, err := c.ask(ctx, http.MethodPost, cart+"/estimate-shipping-methods", route+"/estimate-shipping-methods", jsondoc.New("address", to))
	if err != nil {
		return "", err
	}
	if cost == "" {
		cost = "0"
	}
	var offered []string
	for _, m := range list.Array() {
		code := m.Get("carrier_code").String() + "_" + m.Get("method_code").String()
		if m.Get("available").Bool() && sameAmount(m.Get("price_incl_tax").Raw, cost) {
			return code, nil
		}
		offered = append(offered, code+" for "+m.Get("price_incl_tax").Raw)
	}
	return "", invalid(op, "shipping_incl_tax", "nothing was placed: no way to ship costs "+cost+" there: "+strings.Join(offered, ", "))
}

// ask makes a call of the cart.
func (c *Client) ask(ctx context.Context, method, path, route string, body *jsondoc.Object) (gjson.Result, error) {
	req := rest.Request{Method: method, Path: path, Route: route}
	if body != nil {
		req.Body = jsondoc.Encode(body)
	}
	resp, err := c.api.Do(ctx, req)
	if err != nil {
		return gjson.Result{}, err
	}
	return gjson.ParseBytes(resp.Body), nil
}

// withReference writes the reference of an order that was placed.
func (c *Client) withReference(ctx context.Context, op string, row gjson.Result, reference string) (port.Document, error) {
	body := []byte(`{"entity":{"entity_id":` + row.Get("entity_id").Raw + `,"increment_id":` + row.Get("increment_id").Raw + `,"ext_order_id":` + string(jsonText(reference)) + `}}`)
	_, err := c.api.Do(ctx, rest.Request{Method: http.MethodPost, Path: "/all/V1/orders", Body: body, Repeat: rest.Safe})
	if err != nil {
		return port.Document{}, &port.Error{Kind: port.ErrInDoubt, System: system, Op: op, Message: "the order stands as " + row.Get("increment_id").String() + ", but its reference could not be written", Err: err}
	}
	docs, err := c.Find(ctx, orderResource, port.Key{Field: port.KeyID, Value: row.Get("entity_id").String()})
	if err != nil || len(docs) != 1 {
		return resources[orderResource].document([]byte(row.Raw)), nil // it stands; only reading it failed
	}
	return docs[0], nil
}
