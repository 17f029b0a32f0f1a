package sandbox

import (
	"net/http"
	"slices"
)

func (s *Sandbox) postArticle(c *call) (reply, error) {
	o, err := c.decode(articleSchema)
	if err != nil {
		return reply{}, err
	}
	o["CreatedUtc"] = s.stampNow()
	if err := s.completeArticle(o, nil); err != nil {
		return reply{}, err
	}
	o["Id"] = s.newID()
	s.articles.add(o)
	return s.articles.answer(c, http.StatusCreated, o)
}

func (s *Sandbox) putArticle(c *call) (reply, error) {
	old := s.articles.get(c.id)
	if old == nil {
		return reply{}, notFound("article")
	}
	o, err := c.decode(articleSchema)
	if err != nil {
		return reply{}, err
	}
	carry(articleSchema, old, o)
	if err := s.completeArticle(o, old); err != nil {
		return reply{}, err
	}
	for name, v := range o {
		old[name] = v
	}
	return s.articles.answer(c, http.StatusOK, old)
}

// completeArticle checks an article and fills what the server decides.
func (s *Sandbox) completeArticle(o, old object) error {
	coding, unit := s.codings.get(o.text("CodingId")), s.units.get(o.text("UnitId"))
	if coding == nil {
		return s.missing(3000, "article account coding")
	}
	if unit == nil {
		return s.missing(3000, "unit")
	}
	taken := slices.ContainsFunc(s.articles.items, func(x object) bool {
		return x["Id"] != old["Id"] && s.sameText(x.text("Number"), o.text("Number"))
	})
	if taken {
		return duplicate("The article number " + o.text("Number"))
	}
	service := coding.text("Type") != "Goods"
	o["CodingName"], o["IsServiceArticle"] = coding["Name"], service
	o["UnitName"], o["UnitAbbreviation"] = unit["Name"], unit["Abbreviation"]
	if err := setPrices(o, coding.decimal("VatRatePercent")); err != nil {
		return err
	}
	if err := s.checkStock(o, old, service); err != nil {
		return err
	}
	if err := resolveLabels(o, "ArticleLabels", s.articleLabels); err != nil {
		return err
	}
	if len(o.objects("Barcodes")) == 0 {
		o["Barcodes"] = nil
	}
	o["ShowStockInformation"] = !service && (!s.set.StockModule || o.flag("IsStock"))
	if o["CurrencyCode"] == nil {
		o["CurrencyCode"] = s.company["CurrencyCode"]
	}
	if old != nil && old.decimal("StockBalance").cmp(o.decimal("StockBalance")) != 0 {
		o["StockBalanceManuallyChangedUtc"] = s.stampNow()
	}
	if old != nil && old.decimal("PurchasePrice").cmp(o.decimal("PurchasePrice")) != 0 {
		o["PurchasePriceManuallyChangedUtc"] = s.stampNow()
	}
	o["ChangedUtc"] = s.stampNow()
	return nil
}

// setPrices derives the price that was not sent, with more decimals than a client
// may send; two that were sent must agree with the coding's VAT rate.
func setPrices(o object, rate amount) error {
	factor := whole(1).add(rate)
	net, hasNet := o["NetPrice"].(amount)
	gross, hasGross := o["GrossPrice"].(amount)
	switch {
	case hasNet && hasGross:
		if net.mul(factor).round(2).cmp(gross) != 0 && gross.quo(factor, 2).cmp(net) != 0 {
			return invalid("NetPrice and GrossPrice do not agree with the VAT rate of the article.")
		}
	case hasNet:
		gross = net.mul(factor)
	case hasGross:
		net = gross.quo(factor, 6)
	}
	o["NetPrice"], o["GrossPrice"] = net, gross
	return nil
}

func (s *Sandbox) checkStock(o, old object, service bool) error {
	left := old.decimal("StockBalance").sign() != 0
	switch {
	case o.flag("IsStock") && (service || !s.set.StockModule):
		return invalid("A stock article needs the stock module and a goods coding.")
	case old.flag("IsStock") && !o.flag("IsStock") && left:
		return &apiError{http.StatusBadRequest, 5003, "ValidationException - The article still has stock."}
	case old != nil && !old.flag("IsServiceArticle") && service && left:
		return &apiError{http.StatusBadRequest, 5004, "ValidationException - The article still has stock."}
	}
	if s.set.StockModule {
		o["StockBalance"] = old.decimal("StockBalance")
	}
	return nil
}

// showArticle adds what follows from the orders, and rounds prices on request.
func (s *Sandbox) showArticle(c *call, o object) object {
	reserved := amount{}
	for _, order := range s.orders.items {
		if order.number("Status") != orderOngoing || o.flag("IsServiceArticle") {
			continue
		}
		for _, row := range order.objects("Rows") {
			if row["ArticleId"] == o["Id"] {
				reserved = reserved.add(row.decimal("Quantity").sub(row.decimal("DeliveredQuantity")))
			}
		}
	}
	balance := o.decimal("StockBalance")
	o["StockBalanceReserved"] = reserved
	o["StockBalanceAvailable"] = balance.sub(reserved)
	o["StockValue"] = balance.mul(o.decimal("PurchasePrice")).round(2)
	o["PurchasePriceWithCurrency"], o["FreightCostWithCurrency"] = o.decimal("PurchasePrice"), o.decimal("FreightCosts")
	if c.query.Get("showPricesWithTwoDecimals") == "true" {
		o["NetPrice"], o["GrossPrice"] = o.decimal("NetPrice").round(2), o.decimal("GrossPrice").round(2)
	}
	o["NetPriceWithDiscount"] = o["NetPrice"]
	return o
}

// codingType is the member by which articles can only be filtered: 1 goods, 2 services.
func codingType(o object) any {
	if o.flag("IsServiceArticle") {
		return whole(2)
	}
	return whole(1)
}
