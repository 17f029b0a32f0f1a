package sandbox

import (
	"crypto/rand"
	"math/big"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// cart is a quote of a guest or of a customer.
type cart struct {
	id       int
	mask     string
	group    int
	customer *object
	items    []cartItem
	coupon   string
	method   string // of shipping
	shipTo   *object
	billTo   *object
	ordered  bool
}

// cartItem is a product, or a configurable with the child that was chosen.
type cartItem struct {
	id      int
	product *product
	child   *product
	options []any
	qty     *big.Rat
}

// priced is the product whose price counts.
func (i *cartItem) priced() *product {
	if i.child != nil {
		return i.child
	}
	return i.product
}

func (k *cart) virtual() bool {
	for _, i := range k.items {
		if i.priced().kind() != "virtual" {
			return false
		}
	}
	return len(k.items) > 0
}

func (s *Sandbox) newCart(*call) (any, *apiError) {
	const letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
	var b [32]byte
	_, _ = rand.Read(b[:]) // crypto/rand does not fail
	for i := range b {
		b[i] = letters[int(b[i])%len(letters)]
	}
	k := &cart{id: s.next("quote"), mask: string(b[:])}
	s.carts[k.mask] = k
	return k.mask, nil
}

// customerCart makes the cart of a customer; it is known by its id, not by a mask.
func (s *Sandbox) customerCart(c *call) (any, *apiError) {
	o, err := s.customer(c)
	if err != nil {
		return nil, err
	}
	k := &cart{id: s.next("quote"), customer: o, group: o.Int("group_id")}
	k.mask = strconv.Itoa(k.id)
	s.carts[k.mask] = k
	return jsondoc.Int(k.id), nil
}

func (s *Sandbox) cart(c *call) (*cart, *apiError) {
	k := s.carts[c.vars[0]]
	if k == nil || k.ordered {
		var value any
		if n, err := strconv.Atoi(c.vars[0]); err == nil {
			value = jsondoc.Int(n)
		}
		return nil, noEntity("cartId", value)
	}
	return k, nil
}

func (s *Sandbox) getCart(c *call) (any, *apiError) {
	k, err := s.cart(c)
	if err != nil {
		return nil, err
	}
	items := []any{}
	for i := range k.items {
		items = append(items, s.showItem(k, &k.items[i]))
	}
	return jsondoc.New("id", k.id, "created_at", s.now(), "updated_at", s.now(), "is_active", true, "is_virtual", k.virtual(), "items", items,
		"items_count", len(items), "customer_is_guest", k.customer == nil, "store_id", 1), nil
}

func (s *Sandbox) showItem(k *cart, i *cartItem) *object {
	l := s.priced(s.finalPrice(i), i.qty, s.taxClass(i.priced()), k.country(), k.group, 0)
	o := jsondoc.New("item_id", i.id, "sku", i.priced().sku(), "qty", amount(i.qty, 4), "name", i.product.base.Get("name"),
		"price", amount(l.price, 2), "product_type", i.product.kind(), "quote_id", strconv.Itoa(k.id))
	if i.options != nil {
		o.Set("product_option", jsondoc.New("extension_attributes", jsondoc.New("configurable_item_options", i.options)))
	}
	return o
}

// country is where the goods go; the shop's own until it is known.
func (k *cart) country() string {
	switch {
	case k.shipTo != nil:
		return text(k.shipTo.Get("country_id"))
	case k.billTo != nil:
		return text(k.billTo.Get("country_id"))
	}
	return shopCountry
}

func (s *Sandbox) addItem(c *call) (any, *apiError) {
	k, err := s.cart(c)
	if err != nil {
		return nil, err
	}
	in, err := c.object("cartItem", "cart_item")
	if err != nil {
		return nil, err
	}
	item, err := s.chosen(in)
	if err != nil {
		return nil, err
	}
	for i := range k.items {
		if k.items[i].priced() == item.priced() && k.items[i].product == item.product {
			k.items[i].qty = new(big.Rat).Add(k.items[i].qty, item.qty)
			return s.showItem(k, &k.items[i]), nil
		}
	}
	item.id = s.next("quote item")
	k.items = append(k.items, *item)
	return s.showItem(k, item), nil
}

// chosen is the product that a cart item names, and the child that its options name.
func (s *Sandbox) chosen(in *object) (*cartItem, *apiError) {
	p := s.bySKU(text(in.Get("sku")))
	if p == nil {
		return nil, missing(noProduct)
	}
	if !in.Has("qty") {
		return nil, required("qty")
	}
	item := &cartItem{product: p, qty: rat(in.Get("qty"))}
	if p.kind() == "configurable" {
		item.options = in.Object("product_option").Object("extension_attributes").List("configurable_item_options")
		if len(item.options) == 0 {
			return nil, refuse("You need to choose options for your item.")
		}
		if item.child = s.childWith(p, item.options); item.child == nil {
			return nil, refuse("The product's required option(s) weren't entered. Make sure the options are entered and try again.")
		}
	}
	sold := item.priced()
	if sold.base.Int("status") != 1 {
		return nil, refuse("Product that you are trying to add is not available.")
	}
	if sold.item.Get("manage_stock") == true && s.salable(sold).Cmp(item.qty) < 0 {
		return nil, refuse("The requested qty is not available")
	}
	return item, nil
}

func (s *Sandbox) childWith(p *product, options []any) *product {
	for _, id := range p.children {
		child := s.productByID(id)
		fits := child != nil
		for _, v := range options {
			o, ok := v.(*object)
			a := hasID(s.attributes, "attribute_id", o.Int("option_id"))
			fits = fits && ok && a != nil && text(child.attrs.Get(text(a.Get("attribute_code")))) == text(o.Get("option_value"))
		}
		if fits {
			return child
		}
	}
	return nil
}

func (s *Sandbox) putCoupon(c *call) (any, *apiError) {
	k, err := s.cart(c)
	if err != nil {
		return nil, err
	}
	if len(k.items) == 0 {
		return nil, missing(`The "%1" Cart doesn't contain products.`, strconv.Itoa(k.id))
	}
	if _, ok := coupons[c.vars[1]]; !ok {
		return nil, missing("The coupon code isn't valid. Verify the code and try again.")
	}
	k.coupon = c.vars[1]
	return true, nil
}

var shippingMethods = map[string][2]string{"freeshipping": {"Free Shipping", "Free"}, "flatrate": {"Flat Rate", "Fixed"}}

func (s *Sandbox) estimateShipping(c *call) (any, *apiError) {
	k, err := s.cart(c)
	if err != nil {
		return nil, err
	}
	if _, err := c.object("address", "quote_address"); err != nil {
		return nil, err
	}
	out := []any{}
	for _, code := range []string{"freeshipping", "flatrate"} {
		cost := new(big.Rat)
		if code == "flatrate" {
			cost = flatRate
		}
		if !k.virtual() {
			out = append(out, jsondoc.New("carrier_code", code, "method_code", code, "carrier_title", shippingMethods[code][0],
				"method_title", shippingMethods[code][1], "amount", amount(cost, 2), "base_amount", amount(cost, 2), "available", true,
				"error_message", "", "price_excl_tax", amount(cost, 2), "price_incl_tax", amount(cost, 2)))
		}
	}
	return out, nil
}

var paymentMethods = []string{"checkmo", "purchaseorder", "banktransfer", "cashondelivery"}

var paymentTitles = map[string]string{"checkmo": "Check / Money order", "purchaseorder": "Purchase Order", "banktransfer": "Bank Transfer Payment",
	"cashondelivery": "Cash On Delivery"}

func methodList() []any {
	out := []any{}
	for _, code := range paymentMethods {
		out = append(out, jsondoc.New("code", code, "title", paymentTitles[code]))
	}
	return out
}

func (s *Sandbox) getPaymentMethods(c *call) (any, *apiError) {
	if _, err := s.cart(c); err != nil {
		return nil, err
	}
	return methodList(), nil
}

func (s *Sandbox) shippingInformation(c *call) (any, *apiError) {
	k, err := s.cart(c)
	if err != nil {
		return nil, err
	}
	in, err := c.object("addressInformation", "shipping_information")
	if err != nil {
		return nil, err
	}
	if len(k.items) == 0 {
		return nil, refuse("The shipping method can't be set for an empty cart. Add an item to cart and try again.")
	}
	to := in.Object("shipping_address")
	if text(to.Get("country_id")) == "" {
		return nil, refuse("The shipping address is missing. Set the address and try again.")
	}
	carrier := text(in.Get("shipping_carrier_code"))
	if _, ok := shippingMethods[carrier]; !ok || carrier != text(in.Get("shipping_method_code")) {
		return nil, missing("Carrier with such method not found: %1, %2", carrier, text(in.Get("shipping_method_code")))
	}
	k.shipTo, k.method = to, carrier
	if bill := in.Object("billing_address"); bill != nil {
		k.billTo = bill
	}
	return jsondoc.New("payment_methods", methodList(), "totals", s.showTotals(k)), nil
}

func (s *Sandbox) getTotals(c *call) (any, *apiError) {
	k, err := s.cart(c)
	if err != nil {
		return nil, err
	}
	return s.showTotals(k), nil
}

func (s *Sandbox) showTotals(k *cart) *object {
	t := s.totals(k, k.country())
	o := jsondoc.New()
	both := func(name string, v *big.Rat) {
		o.Set(name, amount(v, 2))
		o.Set("base_"+name, amount(v, 2))
	}
	off := new(big.Rat).Neg(t.discount())
	both("grand_total", t.grand())
	both("subtotal", t.subtotal())
	both("discount_amount", off)
	both("subtotal_with_discount", new(big.Rat).Add(t.subtotal(), off))
	both("shipping_amount", t.shipping.total)
	both("shipping_discount_amount", new(big.Rat))
	both("tax_amount", t.tax())
	o.Set("weee_tax_applied_amount", nil)
	both("shipping_tax_amount", t.shipping.tax)
	o.Set("subtotal_incl_tax", amount(t.subtotalIncl(), 2))
	both("shipping_incl_tax", t.shipping.totalIncl)
	o.Merge(jsondoc.New("base_currency_code", "EUR", "quote_currency_code", "EUR"))
	if k.coupon != "" {
		o.Set("coupon_code", k.coupon)
	}
	qty := new(big.Rat)
	items := []any{}
	for _, l := range t.lines {
		qty.Add(qty, l.item.qty)
		i := jsondoc.New("item_id", l.item.id)
		set := func(name string, v *big.Rat) {
			i.Set(name, amount(v, 2))
			i.Set("base_"+name, amount(v, 2))
		}
		set("price", l.price)
		i.Set("qty", amount(l.item.qty, 4))
		set("row_total", l.total)
		i.Set("row_total_with_discount", 0)
		set("tax_amount", l.tax)
		i.Set("tax_percent", amount(l.rate, 4))
		set("discount_amount", l.discount)
		i.Set("discount_percent", t.percent)
		set("price_incl_tax", l.priceIncl)
		set("row_total_incl_tax", l.totalIncl)
		i.Merge(jsondoc.New("options", "[]", "weee_tax_applied_amount", nil, "weee_tax_applied", nil, "name", l.item.product.base.Get("name")))
		items = append(items, i)
	}
	o.Set("items_qty", amount(qty, 4))
	o.Set("items", items)
	o.Set("total_segments", segments(t, k))
	if k.coupon != "" {
		o.Set("extension_attributes", jsondoc.New("coupon_label", t.discountName))
	}
	return o
}

func segments(t totals, k *cart) []any {
	segment := func(code, title string, v *big.Rat) *object {
		return jsondoc.New("code", code, "title", title, "value", amount(v, 2))
	}
	list := []any{segment("subtotal", "Subtotal", t.subtotal())}
	if t.discount().Sign() > 0 {
		list = append(list, segment("discount", "Discount ("+t.discountName+")", new(big.Rat).Neg(t.discount())))
	}
	list = append(list, segment("shipping", "Shipping & Handling ("+shippingTitle(k.method)+")", t.shipping.total))
	details := []any{}
	for i, tax := range t.taxes() {
		details = append(details, jsondoc.New("amount", amount(tax.tax, 2), "rates",
			[]any{jsondoc.New("percent", string(amount(tax.rate, 4)), "title", tax.code)}, "group_id", i+1))
	}
	tax := segment("tax", "Tax", t.tax())
	tax.Set("extension_attributes", jsondoc.New("tax_grandtotal_details", details))
	grand := segment("grand_total", "Grand Total", t.grand())
	grand.Set("area", "footer")
	return append(list, tax, grand)
}

func shippingTitle(code string) string {
	titles := shippingMethods[code]
	return strings.TrimSuffix(titles[0]+" - "+titles[1], " - ")
}

// paymentInformation places the order of a guest.
func (s *Sandbox) paymentInformation(c *call) (any, *apiError) {
	email, err := c.param("email", "string")
	if err != nil {
		return nil, err
	}
	k, err := s.cart(c)
	if err != nil {
		return nil, err
	}
	bill, err := c.optional("billingAddress", "quote_address")
	if err != nil {
		return nil, err
	}
	if o, ok := bill.(*object); ok {
		k.billTo = o
	}
	return s.place(c, k, text(email))
}

// putOrder places the order of a cart, as administrators and customers do.
func (s *Sandbox) putOrder(c *call) (any, *apiError) {
	k, err := s.cart(c)
	if err != nil {
		return nil, err
	}
	email := text(k.billTo.Get("email"))
	if k.customer != nil {
		email = text(k.customer.Get("email"))
	}
	return s.place(c, k, email)
}

func (s *Sandbox) place(c *call, k *cart, email string) (any, *apiError) {
	payment, err := c.object("paymentMethod", "payment")
	if err != nil {
		return nil, err
	}
	switch {
	case len(k.items) == 0:
		return nil, refuse("A server error stopped your order from being placed. Please try to place your order again.")
	case paymentTitles[text(payment.Get("method"))] == "":
		return nil, refuse("The requested Payment Method is not available.")
	case k.billTo == nil:
		return nil, refuse("Please check the billing address information. %1", `"firstname" is required. Enter and try again.`)
	case k.shipTo == nil && !k.virtual():
		return nil, refuse("Some addresses can't be used due to the configurations for specific countries.")
	case k.method == "" && !k.virtual():
		return nil, refuse("The shipping method is missing. Select the shipping method and try again.")
	case email == "":
		return nil, refuse("Email has a wrong format")
	}
	for i := range k.items {
		sold := k.items[i].priced()
		if sold.item.Get("manage_stock") == true && s.salable(sold).Cmp(k.items[i].qty) < 0 {
			return nil, refuse("The requested qty is not available")
		}
	}
	o := s.orderOf(k, payment, email)
	k.ordered = true
	s.orders = append(s.orders, o)
	for i := range k.items {
		s.reserve(k.items[i].priced().sku(), k.items[i].qty)
	}
	return o.Get("entity_id"), nil
}
