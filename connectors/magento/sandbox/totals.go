package sandbox

import (
	"math/big"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// The shop's prices include the VAT of its own country. For another country Magento takes that out and puts the
// customer's in, so that the price differs by country.
const shopCountry = "NL"

// flatRate is the shipping cost, with the VAT of the shop's country; its tax class is that of goods.
var flatRate = big.NewRat(495, 100)

const shippingClass = "2"

// line is a priced row of a cart. Amounts have two decimals.
type line struct {
	item        *cartItem
	rate        *big.Rat // percent
	code        string   // of the rate
	price       *big.Rat // of one without tax
	priceIncl   *big.Rat
	original    *big.Rat // of the catalog
	total       *big.Rat // of the row, without tax and before the discount
	totalIncl   *big.Rat
	discount    *big.Rat
	tax         *big.Rat // after the discount
	compensated *big.Rat // discount_tax_compensation_amount: tax that the discount took away
}

// totals are those of a cart.
type totals struct {
	lines        []line
	shipping     line
	discountName string
	percent      int
}

func (t totals) sum(of func(line) *big.Rat) *big.Rat {
	sum := new(big.Rat)
	for _, l := range t.lines {
		sum.Add(sum, of(l))
	}
	return sum
}

func (t totals) subtotal() *big.Rat     { return t.sum(func(l line) *big.Rat { return l.total }) }
func (t totals) subtotalIncl() *big.Rat { return t.sum(func(l line) *big.Rat { return l.totalIncl }) }
func (t totals) discount() *big.Rat     { return t.sum(func(l line) *big.Rat { return l.discount }) }
func (t totals) compensated() *big.Rat  { return t.sum(func(l line) *big.Rat { return l.compensated }) }

func (t totals) tax() *big.Rat {
	return new(big.Rat).Add(t.sum(func(l line) *big.Rat { return l.tax }), t.shipping.tax)
}

func (t totals) grand() *big.Rat {
	sum := new(big.Rat).Add(t.subtotalIncl(), t.shipping.totalIncl)
	return sum.Sub(sum, t.discount())
}

// taxes are the tax of each rate, in the order in which rates occur.
func (t totals) taxes() []line {
	var out []line
	for _, l := range append(append([]line{}, t.lines...), t.shipping) {
		if l.rate.Sign() == 0 || l.tax.Sign() == 0 {
			continue
		}
		found := false
		for i := range out {
			if out[i].code == l.code {
				out[i].tax = new(big.Rat).Add(out[i].tax, l.tax)
				found = true
			}
		}
		if !found {
			out = append(out, line{code: l.code, rate: l.rate, tax: l.tax})
		}
	}
	return out
}

// coupons are the promotions of the shop: percents off everything but shipping.
var coupons = map[string]struct {
	name    string
	percent int
}{"NAJAAR10": {"Najaarskorting", 10}}

// totals prices a cart for a country.
func (s *Sandbox) totals(k *cart, country string) totals {
	t := totals{discountName: coupons[k.coupon].name, percent: coupons[k.coupon].percent}
	for i := range k.items {
		item := &k.items[i]
		l := s.priced(s.finalPrice(item), item.qty, s.taxClass(item.priced()), country, k.group, t.percent)
		l.item, l.original = item, rat(item.priced().base.Get("price"))
		t.lines = append(t.lines, l)
	}
	cost := flatRate
	if k.method != "flatrate" || k.virtual() {
		cost = new(big.Rat)
	}
	t.shipping = s.priced(cost, big.NewRat(1, 1), shippingClass, country, k.group, 0)
	return t
}

func (s *Sandbox) priced(catalog, qty *big.Rat, class, country string, group, percent int) line {
	code, rate := s.taxRate(class, country, group)
	_, own := s.taxRate(class, shopCountry, 1)
	l := line{rate: rate, code: code}
	incl := new(big.Rat).Mul(catalog, factor(rate))
	l.priceIncl = cents(incl.Quo(incl, factor(own)))
	l.price = new(big.Rat).Sub(l.priceIncl, taxIn(l.priceIncl, rate))
	l.totalIncl = cents(new(big.Rat).Mul(l.priceIncl, qty))
	before := taxIn(l.totalIncl, rate)
	l.total = new(big.Rat).Sub(l.totalIncl, before)
	l.discount = cents(new(big.Rat).Mul(l.totalIncl, big.NewRat(int64(percent), 100)))
	l.tax = taxIn(new(big.Rat).Sub(l.totalIncl, l.discount), rate)
	l.compensated = new(big.Rat).Sub(before, l.tax)
	return l
}

func factor(rate *big.Rat) *big.Rat {
	f := new(big.Rat).Quo(rate, big.NewRat(100, 1))
	return f.Add(f, big.NewRat(1, 1))
}

// taxIn is the tax in an amount that includes it.
func taxIn(incl, rate *big.Rat) *big.Rat {
	return cents(new(big.Rat).Sub(incl, new(big.Rat).Quo(incl, factor(rate))))
}

func (s *Sandbox) taxClass(p *product) string { return text(p.attrs.Get("tax_class_id")) }

// taxRate finds the rate of a product class in a country for a customer group by the shop's rules.
func (s *Sandbox) taxRate(class, country string, group int) (code string, rate *big.Rat) {
	customer := 3
	if g := hasID(s.reference["customer-groups"], "id", group); g != nil {
		customer = g.Int("tax_class_id")
	}
	holds := func(list []any, id string) bool {
		for _, v := range list {
			if text(v) == id {
				return true
			}
		}
		return false
	}
	for _, rule := range s.reference["tax-rules"] {
		if !holds(rule.List("product_tax_class_ids"), class) || !holds(rule.List("customer_tax_class_ids"), text(jsondoc.Int(customer))) {
			continue
		}
		for _, r := range s.reference["tax-rates"] {
			if text(r.Get("tax_country_id")) == country && holds(rule.List("tax_rate_ids"), text(r.Get("id"))) {
				return text(r.Get("code")), rat(r.Get("rate"))
			}
		}
	}
	return "", new(big.Rat)
}

// finalPrice is the least of price, special price of today and tier price.
func (s *Sandbox) finalPrice(i *cartItem) *big.Rat {
	p := i.priced()
	price := rat(p.base.Get("price"))
	if special := text(p.attrs.Get("special_price")); special != "" {
		today := s.clock().UTC().Format(time.DateOnly)
		from, to := text(p.attrs.Get("special_from_date")), text(p.attrs.Get("special_to_date"))
		if (from == "" || day(from) <= today) && (to == "" || today <= day(to)) && rat(special).Cmp(price) < 0 {
			price = rat(special)
		}
	}
	for _, v := range p.tiers {
		tier, ok := v.(*object)
		if ok && rat(tier.Get("qty")).Cmp(i.qty) <= 0 && rat(tier.Get("value")).Cmp(price) < 0 {
			price = rat(tier.Get("value"))
		}
	}
	return price
}

func day(stamp string) string { d, _, _ := strings.Cut(stamp, " "); return d }
