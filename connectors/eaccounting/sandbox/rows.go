package sandbox

// rowRules are what differs between the rows of the four kinds of documents.
type rowRules struct {
	schema      *schema
	saysText    bool // IsTextRow is sent; else a row without an article is one
	keepIDs     bool // a row keeps its id when it is sent again
	fineAbroad  bool // unit prices of foreign customers may have 4 decimals
	zeroMeans   bool // ReplaceUnitPriceWhenZero applies
	needArticle bool // a row without an article is refused
}

// completeRows checks the rows of a document, fills what the server knows and
// gives what each adds.
func (s *Sandbox) completeRows(rules rowRules, doc, customer, old object) ([]taxed, error) {
	var out []taxed
	kept := map[string]bool{}
	for _, row := range old.objects("Rows") {
		kept[row.text("Id")] = true
	}
	for i, row := range doc.objects("Rows") {
		if id := row.text("Id"); !rules.keepIDs || !kept[id] {
			row["Id"] = s.newID()
		}
		delete(kept, row.text("Id"))
		if row["LineNumber"] == nil {
			row["LineNumber"] = int64(i + 1)
		}
		if !rules.saysText {
			row["IsTextRow"] = row["ArticleId"] == nil
		}
		if row.flag("IsTextRow") {
			if rules.needArticle {
				return nil, invalid("The ArticleId field is required.")
			}
			s.textRow(rules.schema, row)
			continue
		}
		amount, err := s.articleRow(rules, doc, customer, row)
		if err != nil {
			return nil, err
		}
		out = append(out, amount)
	}
	return out, nil
}

// textRow clears what a text row cannot have.
func (s *Sandbox) textRow(sc *schema, row object) {
	for _, name := range []string{"ArticleId", "ArticleNumber", "UnitId", "UnitName", "UnitAbbreviation",
		"UnitAbbreviationEnglish", "VatRateId", "VatRate", "PercentVat", "UnitPrice", "Quantity", "DeliveredQuantity", "Amount", "AmountNoVat"} {
		if m := sc.byName[name]; m != nil {
			row[name] = m.unset
		}
	}
}

func (s *Sandbox) articleRow(rules rowRules, doc, customer, row object) (taxed, error) {
	if row["ArticleId"] == nil {
		return taxed{}, invalid("The ArticleId field is required.")
	}
	article := s.articles.get(row.text("ArticleId"))
	if article == nil {
		return taxed{}, s.missing(3000, "article")
	}
	places := 2
	if rules.fineAbroad && s.region(customer) != domestic {
		places = 4
	}
	if row.decimal("UnitPrice").places() > places {
		return taxed{}, invalid("The field UnitPrice must have at most %d decimals.", places)
	}
	if row.flag("ReversedConstructionServicesVatFree") && !customer.flag("ReverseChargeOnConstructionServices") {
		return taxed{}, invalid("The customer does not use reverse charge on construction services.")
	}
	if rules.zeroMeans && doc.flag("ReplaceUnitPriceWhenZero") && row.decimal("UnitPrice").sign() == 0 {
		row["UnitPrice"] = article.decimal("NetPrice").round(2)
		if doc.flag("IncludesVat") {
			row["UnitPrice"] = article.decimal("GrossPrice").round(2)
		}
	}
	rate := s.rate(customer, article, row)
	total := rowAmount(row, row.decimal("Quantity"))
	s.describe(rules.schema, row, article, total, rate, doc.flag("IncludesVat"))
	return taxed{total, rate}, nil
}

// describe fills the members of a row that follow from its article.
func (s *Sandbox) describe(sc *schema, row, article object, total, rate amount, includesVAT bool) {
	if row["Text"] == nil {
		row["Text"] = article["Name"]
	}
	unit := s.units.get(article.text("UnitId"))
	net := total
	if includesVAT {
		net = total.sub(vatOf(total, rate, true))
	}
	percent := rate
	if s.set.Unproven.PercentVatIsPercentage {
		percent = rate.mul(whole(100))
	}
	for name, v := range map[string]any{
		"ArticleNumber": article["Number"], "IsServiceArticle": article["IsServiceArticle"],
		"UnitId": article["UnitId"], "UnitName": unit["Name"], "UnitAbbreviation": unit["Abbreviation"],
		"UnitAbbreviationEnglish": unit["AbbreviationEnglish"], "VatRateId": article["CodingId"],
		"VatRate": rate, "PercentVat": percent, "Amount": total, "AmountNoVat": net,
		"PurchasePrice": article["PurchasePrice"], "FreightCosts": article["FreightCosts"],
	} {
		if sc.byName[name] != nil {
			row[name] = v
		}
	}
}

// delivered adds up what a document took from stock, by article.
func delivered(doc object, quantity string) map[string]amount {
	out := map[string]amount{}
	for _, row := range doc.objects("Rows") {
		if id := row.text("ArticleId"); id != "" {
			out[id] = out[id].add(row.decimal(quantity))
		}
	}
	return out
}

// moveStock books the difference between what was and what is taken.
func (s *Sandbox) moveStock(before, after map[string]amount) {
	for _, article := range s.articles.items {
		id := article.text("Id")
		change := after[id].sub(before[id])
		if change.sign() == 0 || article.flag("IsServiceArticle") {
			continue
		}
		article["StockBalance"] = article.decimal("StockBalance").sub(change).round(2)
		if !s.set.Unproven.StockLeavesChangedUtc {
			article["ChangedUtc"] = s.stampNow()
		}
	}
}
