package sandbox

import (
	"encoding/json"
	"math/big"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// rat is a number as a fraction; zero where it is none, or none that an amount can be.
func rat(v any) *big.Rat {
	if text := jsondoc.Text(v); len(text) < 40 && !strings.ContainsAny(text, "eE") {
		if r, ok := new(big.Rat).SetString(text); ok {
			return r
		}
	}
	return new(big.Rat)
}

// quo divides; by zero it gives zero.
func quo(a, b *big.Rat) *big.Rat {
	if b.Sign() == 0 {
		return new(big.Rat)
	}
	return new(big.Rat).Quo(a, b)
}

// amount is money as the API writes it: without zeros behind the point, and where the store is noisy with the tail of a binary number.
func (s *Sandbox) amount(r *big.Rat) json.Number {
	text := r.FloatString(2)
	if s.set.noise && !r.IsInt() {
		f, _ := r.Float64()
		text = strconv.FormatFloat(f+f*2.3e-16, 'f', -1, 64)
	}
	if strings.Contains(text, ".") {
		text = strings.TrimRight(strings.TrimRight(text, "0"), ".")
	}
	if text == "-0" {
		text = "0"
	}
	return json.Number(text)
}

func cents(r *big.Rat) *big.Rat {
	out, _ := new(big.Rat).SetString(r.FloatString(2)) // rounds half away from zero
	return out
}

// share splits an amount in proportion to weights, in cents; the last part takes what is left.
func share(amount *big.Rat, weights []*big.Rat) []*big.Rat {
	sum, left := new(big.Rat), new(big.Rat).Set(amount)
	for _, w := range weights {
		sum.Add(sum, w)
	}
	out := make([]*big.Rat, len(weights))
	for i, w := range weights {
		part := new(big.Rat)
		switch {
		case i == len(weights)-1:
			part.Set(left)
		default:
			part = cents(quo(part.Mul(amount, w), sum))
		}
		left.Sub(left, part)
		out[i] = part
	}
	return out
}

// taxPart is the tax of an amount at a rate in percent.
func taxPart(amount, rate *big.Rat, inside bool) *big.Rat {
	base := big.NewRat(100, 1)
	if inside {
		base.Add(base, rate)
	}
	return cents(quo(new(big.Rat).Mul(amount, rate), base))
}

// calculateOrder computes what an order comes to, as the checkout does, and stores nothing: promotions of discountInfo and the discountCoupon
// (PERCENT or ABS) are spread over the lines, shipping too, and tax is rounded a line.
func (s *Sandbox) calculateOrder(c *call) (any, *apiError) {
	out := c.body.Clone()
	if err := checkOrder(out); err != nil {
		return nil, err
	}
	inside := !s.set.netPrices
	if v, ok := out.Get("pricesIncludeTax").(bool); ok {
		inside = v
	}
	items := out.Objects("items")
	subtotal := new(big.Rat)
	weights := make([]*big.Rat, len(items))
	for n, i := range items {
		if err := s.fillItem(i); err != nil {
			return nil, err
		}
		weights[n] = new(big.Rat).Mul(rat(i.Get("price")), rat(i.Get("quantity")))
		subtotal.Add(subtotal, weights[n])
	}
	promotion, coupon := s.discounts(out, items, weights, subtotal)
	postage := rat(out.Object("shippingOption").Get("shippingRate"))
	onShipping := map[string]*big.Rat{}
	var rates []string
	tax := new(big.Rat)
	parts := share(postage, weights)
	for n, i := range items {
		rate := rat(i.Get("taxRate"))
		base := new(big.Rat).Sub(weights[n], rat(i.Get("couponAmount")))
		for _, d := range i.Objects("discounts") {
			base.Sub(base, rat(d.Get("total")))
		}
		goods, ship := taxPart(base, rate, inside), taxPart(parts[n], rate, inside)
		line := new(big.Rat).Add(goods, ship)
		tax.Add(tax, line)
		i.Set("tax", s.amount(line))
		i.Set("shipping", s.amount(parts[n]))
		without := rat(i.Get("price"))
		if inside {
			without.Sub(without, cents(quo(goods, rat(i.Get("quantity")))))
		}
		i.Set("priceWithoutTax", s.amount(without))
		i.Set("taxes", []any{})
		if rate.Sign() != 0 {
			value := s.amount(rate)
			i.Set("taxes", []any{jsondoc.New("name", "BTW", "value", value, "total", s.amount(line), "taxOnDiscountedSubtotal", s.amount(goods),
				"taxOnShipping", s.amount(ship), "includeInPrice", inside, "sourceTaxRateType", "MANUAL", "taxClassName", "Standard rate", "taxClassCode", "default")})
			if onShipping[value.String()] == nil {
				onShipping[value.String()] = new(big.Rat)
				rates = append(rates, value.String())
			}
			onShipping[value.String()].Add(onShipping[value.String()], ship)
		}
		i.Drop("taxRate")
	}
	shippingTaxes := []any{}
	for _, rate := range rates {
		if onShipping[rate].Sign() != 0 {
			shippingTaxes = append(shippingTaxes, jsondoc.New("name", "BTW", "value", json.Number(rate), "total", s.amount(onShipping[rate])))
		}
	}
	total := new(big.Rat).Sub(subtotal, promotion)
	total.Sub(total, coupon)
	total.Add(total, postage)
	if !inside {
		total.Add(total, tax)
	}
	out.Merge(jsondoc.New("subtotal", s.amount(subtotal), "total", s.amount(total), "tax", s.amount(tax), "couponDiscount", s.amount(coupon),
		"discount", s.amount(promotion), "volumeDiscount", s.amount(promotion), "taxesOnShipping", shippingTaxes, "pricesIncludeTax", inside))
	return out, nil
}

// fillItem takes what a line leaves out from the catalog.
func (s *Sandbox) fillItem(i *jsondoc.Object) *apiError {
	p, v := s.bySKU(i.Text("sku"))
	if p == nil {
		p = s.product(i.Text("productId"))
	}
	if p == nil {
		return nil
	}
	price, name := p.doc.Get("price"), p.doc.Text("name")
	i.Set("productId", p.doc.Get("id"))
	if v != nil {
		i.Set("combinationId", v.Get("id"))
		if v.Has("price") {
			price = v.Get("price")
		}
		chosen := []any{}
		for _, o := range v.Objects("options") {
			chosen = append(chosen, jsondoc.New("name", o.Get("name"), "type", "CHOICE", "value", o.Get("value"), "valuesArray", []any{o.Get("value")},
				"selections", []any{jsondoc.New("selectionTitle", o.Get("value"), "selectionModifier", 0, "selectionModifierType", "ABSOLUTE")}))
		}
		i.Set("selectedOptions", chosen)
	}
	fill(i, "name", name, "price", price, "productPrice", price)
	if rate := s.rateOf(p.doc); rate != "" && !i.Has("taxRate") {
		i.Set("taxRate", json.Number(rate))
	}
	return nil
}

// discounts spreads promotions and then the coupon over the lines.
func (s *Sandbox) discounts(out *jsondoc.Object, items []*jsondoc.Object, weights []*big.Rat, subtotal *big.Rat) (promotion, coupon *big.Rat) {
	promotion, coupon = new(big.Rat), new(big.Rat)
	of := func(kind string, value any, base *big.Rat) *big.Rat {
		if strings.HasPrefix(kind, "PERCENT") {
			return cents(quo(new(big.Rat).Mul(base, rat(value)), big.NewRat(100, 1)))
		}
		return rat(value)
	}
	for _, i := range items {
		i.Set("discounts", []any{})
		i.Set("couponApplied", false)
	}
	for _, d := range out.Objects("discountInfo") {
		total := of(d.Text("type"), d.Get("value"), subtotal)
		promotion.Add(promotion, total)
		for n, part := range share(total, weights) {
			items[n].Set("discounts", append(items[n].List("discounts"), jsondoc.New("discountInfo", d.Clone(), "total", s.amount(part))))
		}
	}
	if d := out.Object("discountCoupon"); d != nil {
		coupon = of(d.Text("discountType"), d.Get("discount"), new(big.Rat).Sub(subtotal, promotion))
		for n, part := range share(coupon, weights) {
			items[n].Set("couponApplied", true)
			items[n].Set("couponAmount", s.amount(part))
		}
	}
	return promotion, coupon
}
