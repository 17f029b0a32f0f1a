package sandbox

import "slices"

// region is where a customer stands for VAT.
type region uint8

const (
	domestic   region = iota
	euConsumer        // taxed as at home
	euBusiness        // reverse charge
	export            // exempt
)

// region tells how sales to a customer are taxed: by the country of the invoice, or
// of the delivery where the customer says so.
func (s *Sandbox) region(customer object) region {
	code := customer.text("InvoiceCountryCode")
	if customer.flag("DeliveryBasedVat") && customer.text("DeliveryCountryCode") != "" {
		code = customer.text("DeliveryCountryCode")
	}
	if code == "" || code == s.company.text("CountryCode") {
		return domestic
	}
	i := slices.IndexFunc(s.countries.items, func(o object) bool { return o.text("Code") == code })
	inEU := i >= 0 && s.countries.items[i].flag("IsEuMember") || customer.flag("IsNorthernIreland")
	switch {
	case !inEU:
		return export
	case !customer.flag("IsPrivatePerson") && customer.text("VatNumber") != "":
		return euBusiness
	}
	return euConsumer
}

// rate is the VAT on a row: the article's coding gives it, the customer may lift it.
func (s *Sandbox) rate(customer, article, row object) amount {
	if r := s.region(customer); r == euBusiness || r == export {
		return amount{}
	}
	reverse := row.flag("ReversedConstructionServicesVatFree") || row.flag("EligibleForReverseChargeOnVat")
	if row.flag("IsVatFree") || reverse && customer.flag("ReverseChargeOnConstructionServices") {
		return amount{}
	}
	coding := s.codings.get(article.text("CodingId"))
	return coding.decimal("VatRatePercent")
}

// rowAmount is what a row adds, in the price basis of the document.
func rowAmount(row object, quantity amount) amount {
	left := whole(1).sub(row.decimal("DiscountPercentage"))
	a := row.decimal("UnitPrice").mul(quantity).mul(left)
	if row.flag("IsDiscountInFixedAmount") {
		a = a.sub(row.decimal("DiscountFixedAmount"))
	}
	return a.round(2)
}

// taxed is an amount with its VAT rate.
type taxed struct{ amount, rate amount }

// totals of a document; gross includes the rounding.
type totals struct {
	net, vat, gross, rounding amount
	rates                     []rateTotal
}

type rateTotal struct{ rate, net, vat amount }

// sum adds up rows. VAT is rounded for each rate, or for each row where the
// settings say so; the payable total is rounded to whole units where the company does that.
func (s *Sandbox) sum(rows []taxed, includesVAT bool) totals {
	var t totals
	type share struct{ rate, amount, vat amount }
	var shares []*share
	for _, row := range rows {
		i := slices.IndexFunc(shares, func(x *share) bool { return x.rate.cmp(row.rate) == 0 })
		if i < 0 {
			i = len(shares)
			shares = append(shares, &share{rate: row.rate})
		}
		shares[i].amount = shares[i].amount.add(row.amount)
		shares[i].vat = shares[i].vat.add(vatOf(row.amount, row.rate, includesVAT))
	}
	for _, x := range shares {
		if !s.set.Unproven.VATPerRow {
			x.vat = vatOf(x.amount, x.rate, includesVAT)
		}
		net := x.amount
		if includesVAT {
			net = net.sub(x.vat)
		}
		t.net, t.vat = t.net.add(net), t.vat.add(x.vat)
		t.rates = append(t.rates, rateTotal{x.rate, net, x.vat})
	}
	slices.SortFunc(t.rates, func(a, b rateTotal) int { return b.rate.cmp(a.rate) })
	t.gross = t.net.add(t.vat)
	if s.set.RoundTotals {
		rounded := t.gross.round(0)
		t.rounding, t.gross = rounded.sub(t.gross), rounded
	}
	return t
}

func vatOf(a, rate amount, includesVAT bool) amount {
	if includesVAT {
		return a.mul(rate).quo(whole(1).add(rate), 2)
	}
	return a.mul(rate).round(2)
}

// includesVAT is the price basis of a customer's documents.
func (s *Sandbox) includesVAT(privatePerson bool) bool {
	return privatePerson && !s.set.ShowPricesExclVatPC
}

// customerOf finds the customer that a document names.
func (s *Sandbox) customerOf(doc object) (object, error) {
	customer := s.customers.get(doc.text("CustomerId"))
	if customer == nil {
		return nil, s.missing(3000, "customer")
	}
	return customer, nil
}

// setCustomer fills what a document shows of its customer and cannot be written.
// The price basis is set once, when the document is made.
func (s *Sandbox) setCustomer(sc *schema, doc, customer object, created bool) {
	set := func(name string, v any) {
		if sc.byName[name] != nil {
			doc[name] = v
		}
	}
	set("CustomerName", customer["Name"])
	set("CustomerNumber", customer["CustomerNumber"])
	set("InvoiceCustomerName", customer["Name"])
	set("CustomerEmail", customer["EmailAddress"])
	set("IsDomestic", s.region(customer) == domestic)
	if created {
		set("CustomerIsPrivatePerson", customer["IsPrivatePerson"])
		set("IncludesVat", s.includesVAT(customer.flag("IsPrivatePerson")))
	}
}

// addressDefaults maps a document's member to the customer's members that fill it.
var addressDefaults = []struct {
	member string
	from   []string
	length int
}{
	{"InvoiceAddress1", []string{"InvoiceAddress1"}, 0},
	{"InvoiceAddress2", []string{"InvoiceAddress2"}, 0},
	{"InvoiceCity", []string{"InvoiceCity"}, 0},
	{"InvoicePostalCode", []string{"InvoicePostalCode"}, 0},
	{"InvoiceCountryCode", []string{"InvoiceCountryCode"}, 0},
	{"DeliveryCustomerName", []string{"DeliveryCustomerName", "Name"}, 50},
	{"DeliveryAddress1", []string{"DeliveryAddress1", "InvoiceAddress1"}, 0},
	{"DeliveryAddress2", []string{"DeliveryAddress2", "InvoiceAddress2"}, 0},
	{"DeliveryCity", []string{"DeliveryCity", "InvoiceCity"}, 0},
	{"DeliveryPostalCode", []string{"DeliveryPostalCode", "InvoicePostalCode"}, 0},
	{"DeliveryCountryCode", []string{"DeliveryCountryCode", "InvoiceCountryCode"}, 0},
}

// setAddresses fills unset addresses from the customer: all of them on a new
// document, later only those that a client cannot write.
func (s *Sandbox) setAddresses(sc *schema, doc, customer object, created bool) {
	delivery := customer.text("DeliveryAddress1") != ""
	for _, d := range addressDefaults {
		m := sc.byName[d.member]
		if m == nil || m.input && !created || doc[d.member] != nil {
			continue
		}
		from := d.from[len(d.from)-1]
		if delivery || d.member == "DeliveryCustomerName" && customer[d.from[0]] != nil {
			from = d.from[0]
		}
		doc[d.member] = customer[from]
		if text := []rune(customer.text(from)); d.length > 0 && len(text) > d.length {
			doc[d.member] = string(text[:d.length])
		}
	}
	if !created {
		return
	}
	fill := func(name string, v any) {
		if sc.byName[name] != nil && doc[name] == nil {
			doc[name] = v
		}
	}
	if method := s.deliveryMethods.get(customer.text("DeliveryMethodId")); method != nil {
		fill("DeliveryMethodName", method["Name"])
		fill("DeliveryMethodCode", method["Code"])
	}
	if term := s.deliveryTerms.get(customer.text("DeliveryTermId")); term != nil {
		fill("DeliveryTermName", term["Name"])
		fill("DeliveryTermCode", term["Code"])
	}
}
