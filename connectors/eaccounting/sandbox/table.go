package sandbox

import (
	"net/http"
	"strings"
)

// openStore makes the empty collections. Known filters are those that integrators
// were seen using; the uncertain ones can be switched off.
func (s *Sandbox) openStore() {
	s.customers = &collection{name: "customer", schema: customerSchema, view: s.showCustomer, computed: []string{"LastInvoiceDate", "UnpaidInvoicesAmount"}, rules: filterRules{
		known: []string{"EmailAddress", "CorporateIdentityNumber", "IsActive", "ChangedUtc"},
		uncertain: []string{"Id", "CustomerNumber", "Name", "IsPrivatePerson", "WebshopCustomerNumber", "VatNumber",
			"InvoiceCity", "InvoicePostalCode", "InvoiceCountryCode"},
	}}
	s.articles = &collection{name: "article", schema: articleSchema, view: s.showArticle, computed: []string{
		"StockBalanceReserved", "StockBalanceAvailable", "StockValue", "PurchasePriceWithCurrency", "FreightCostWithCurrency", "NetPrice", "GrossPrice", "NetPriceWithDiscount",
	}, rules: filterRules{
		known:     []string{"Number", "ChangedUtc", "CodingType"},
		uncertain: []string{"Id", "Name", "IsActive", "CodingId", "IsStock"},
		virtual:   map[string]func(object) any{"CodingType": codingType},
	}}
	s.orders = &collection{name: "order", schema: orderSchema, rules: filterRules{
		uncertain: []string{"Id", "CustomerId", "Status", "Number", "OrderDate", "CreatedUtc", "ModifiedUtc",
			"BuyersOrderReference", "YourReference", "Amount", "Rows/ArticleNumber", "Rows/Text"},
	}}
	s.quotes = &collection{name: "quote", schema: quoteSchema, rules: filterRules{
		known: []string{"CustomerId"},
		uncertain: []string{"Id", "Status", "Number", "QuoteDate", "CreatedUtc", "ModifiedUtc", "BuyersOrderReference",
			"CustomerReference", "TotalAmount", "Rows/ArticleNumber", "Rows/Text"},
	}}
	s.drafts = &collection{name: "customer invoice draft", schema: draftSchema, view: s.showDraft, computed: []string{"InvoiceDate"}, rules: filterRules{
		known: []string{"Rows/ArticleNumber"},
		uncertain: []string{"Id", "CustomerId", "CreatedUtc", "InvoiceDate", "BuyersOrderReference", "YourReference",
			"TotalAmount", "Rows/Text"},
	}}
	s.invoices = &collection{name: "customer invoice", schema: invoiceSchema, view: s.showInvoice, computed: []string{"PaymentStatus"}, rules: filterRules{
		known: []string{"PaymentStatus", "HasAutoInvoiceError", "TotalAmount", "TotalVatAmount", "RemainingAmount",
			"TotalAmountInvoiceCurrency", "RemainingAmountInvoiceCurrency", "Rows/Text"},
		uncertain: []string{"Id", "CustomerId", "InvoiceNumber", "InvoiceDate", "DueDate", "CreatedUtc", "ModifiedUtc",
			"BuyersOrderReference", "YourReference", "CreatedFromOrderId", "CreatedFromDraftId", "Rows/ArticleNumber"},
	}}
	s.customerLabels = &collection{name: "customer label", schema: labelSchema}
	s.articleLabels = &collection{name: "article label", schema: labelSchema}
	s.terms = &collection{name: "terms of payment", schema: termsSchema}
	s.units = &collection{name: "unit", schema: unitSchema}
	s.deliveryMethods = &collection{name: "delivery method", schema: deliveryMethodSchema}
	s.deliveryTerms = &collection{name: "delivery term", schema: deliveryTermSchema}
	s.codings = &collection{name: "article account coding", schema: codingSchema, rules: filterRules{
		known: []string{"ChangedUtc"}, uncertain: []string{"IsActive", "Name"},
	}}
	s.vatCodes = &collection{name: "VAT code", schema: vatCodeSchema}
	s.accounts = &collection{name: "account", schema: accountSchema, rules: filterRules{
		known: []string{"Number", "IsActive"}, numeric: []string{"Number"},
	}}
	s.currencies = &collection{name: "currency", schema: currencySchema}
	s.countries = &collection{name: "country", schema: countrySchema}
	s.fiscalYrs = &collection{name: "fiscal year", schema: fiscalYearSchema}
	s.nextCustomer, s.nextOrder, s.nextQuote, s.nextInvoiceNo = 1001, 1, 1, 1001
}

const (
	salesScope      = "ea:sales"
	accountingScope = "ea:accounting"
)

// table lists the operations.
func (s *Sandbox) table() []route {
	var t []route
	at := func(method, path, scope, module string, h handler) {
		t = append(t, route{method, strings.Split(path, "/"), scope, module, h})
	}
	sales := func(method, path, module string, h handler) { at(method, path, salesScope, module, h) }
	read := func(path, scope, module string, col *collection) {
		at(http.MethodGet, path, scope, module, col.list)
		at(http.MethodGet, path+"/{id}", scope, module, col.single)
	}
	const get, post, put, del = http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete

	read("customers", salesScope, "", s.customers)
	sales(post, "customers", "", s.postCustomer)
	sales(put, "customers/{id}", "", s.putCustomer)
	sales(del, "customers/{id}", "", s.deleteCustomer)

	read("articles", salesScope, "", s.articles)
	sales(post, "articles", "", s.postArticle)
	sales(put, "articles/{id}", "", s.putArticle)

	for path, col := range map[string]*collection{"customerlabels": s.customerLabels, "articlelabels": s.articleLabels} {
		read(path, salesScope, "labels", col)
		sales(post, path, "labels", s.postLabel(col))
		sales(put, path+"/{id}", "labels", s.putLabel(col))
		sales(del, path+"/{id}", "labels", s.deleteLabel(col))
	}

	const orders = "sales_standard"
	read("orders", salesScope, orders, s.orders)
	sales(post, "orders", orders, s.postOrder)
	sales(put, "orders/{id}", orders, s.putOrder)
	sales(del, "orders/{id}", orders, s.deleteOrder)
	sales(post, "orders/{id}/converteddrafttoorder", orders, s.orderAction(s.draftToOrder))
	sales(post, "orders/{id}/completed", orders, s.orderAction(s.completed))
	sales(post, "orders/{id}/voided", orders, s.orderAction(s.voided))
	sales(post, "orders/{id}/convert", orders, s.convertOrder)

	const quotes = "quote_standard"
	for path, drafts := range map[string]bool{"quotes": false, "quotedrafts": true} {
		sales(get, path, quotes, s.onQuotes(drafts, (*collection).list))
		sales(get, path+"/{id}", quotes, s.onQuotes(drafts, (*collection).single))
		sales(post, path, quotes, s.postQuote(drafts))
		sales(put, path+"/{id}", quotes, s.onQuotes(drafts, s.putQuote))
		sales(del, path+"/{id}", quotes, s.onQuotes(drafts, s.deleteQuote))
	}
	sales(put, "quotedrafts/{id}/convert", quotes, s.quoteStep(true, s.sendQuote))
	sales(put, "quotes/{id}/accept", quotes, s.quoteStep(false, s.acceptQuote))
	sales(post, "quotes/{id}/converttoorder", quotes, s.quoteStep(false, s.quoteToOrder))
	sales(post, "quotes/{id}/converttocustomerinvoice", quotes, s.quoteStep(false, s.quoteToInvoice))

	read("customerinvoicedrafts", salesScope, "", s.drafts)
	sales(post, "customerinvoicedrafts", "", s.postDraft)
	sales(put, "customerinvoicedrafts/{id}", "", s.putDraft)
	sales(del, "customerinvoicedrafts/{id}", "", s.deleteDraft)
	sales(post, "customerinvoicedrafts/{id}/convert", "", s.convertDraft)

	read("customerinvoices", salesScope, "", s.invoices)
	sales(post, "customerinvoices", "", s.postInvoice)

	read("termsofpayments", salesScope, "", s.terms)
	read("units", salesScope, "", s.units)
	read("deliverymethods", salesScope, "", s.deliveryMethods)
	read("deliveryterms", salesScope, "", s.deliveryTerms)
	read("articleaccountcodings", salesScope, "", s.codings)
	read("fiscalyears", salesScope, "", s.fiscalYrs)
	sales(get, "currencies", "", s.currencies.list)
	sales(get, "countries", "", s.countries.list)
	sales(get, "countries/{id}", "", s.getCountry)
	sales(get, "companysettings", "", s.getCompany)
	read("vatcodes", accountingScope, "", s.vatCodes)
	at(get, "accounts", accountingScope, "", s.accounts.list)
	at(get, "accounts/{id}", accountingScope, "", s.accountsOfYear)
	return t
}
