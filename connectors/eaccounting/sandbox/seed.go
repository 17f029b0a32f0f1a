package sandbox

import (
	"encoding/json"
	"fmt"
)

// seedDocuments makes the demo's articles, customers and documents through the
// handlers themselves, so that the seed cannot be what a client could not make.
func (s *Sandbox) seedDocuments() {
	wanted := s.set // the seed is made leniently, whatever the settings refuse later
	s.set.Unproven, s.set.StockModule, s.set.UnknownVATNumbers = Unproven{}, false, nil
	defer func() { s.set = wanted }()
	coding := map[string]any{}
	for _, c := range s.codings.items {
		coding[c.text("Name")] = c["Id"]
	}
	article := func(number, name, kind, gross, stock, ean string) string {
		body := map[string]any{"Number": number, "Name": name, "IsActive": true, "GrossPrice": json.Number(gross),
			"CodingId": coding[kind], "UnitId": s.units.items[0]["Id"], "StockBalance": json.Number(stock)}
		if ean != "" {
			body["Barcodes"] = []any{map[string]any{"Barcode": ean, "BarcodeType": 0}}
		}
		return s.make(s.postArticle, body).text("Id")
	}
	house := article("NK-BEAN-HOUSE-500", "House blend 500 g", "Goods 9 %", "8.95", "120", "8711111000017")
	article("NK-BEAN-DARK-1000", "Dark roast 1 kg", "Goods 9 %", "16.95", "80", "8711111000024")
	mug := article("NK-MUG-350", "Mug 350 ml", "Goods 21 %", "12.50", "64", "8711111000031")
	article("NK-TEE-BLACK-M", "T-shirt black M", "Goods 21 %", "24.95", "30", "8711111000048")
	article("NK-GRINDER-01", "Hand grinder", "Goods 21 %", "59.00", "12", "8711111000055")
	shipping := map[string]string{}
	for _, rate := range []string{"21", "9", "0"} {
		shipping[rate] = article("SHIP-"+rate, "Shipping "+rate+" %", "Goods "+rate+" %", "0", "0", "")
		article("DISC-"+rate, "Discount "+rate+" %", "Goods "+rate+" %", "0", "0", "")
	}

	label := s.make(s.postLabel(s.customerLabels), map[string]any{"Name": "Webshop"})
	terms := s.terms.items[0]["Id"]
	company := s.make(s.postCustomer, map[string]any{
		"Name": "Koffiehuis De Haven B.V.", "IsPrivatePerson": false, "IsActive": true, "EmailAddress": "inkoop@example.nl",
		"ContactPersonName": "Femke Jansen", "ContactPersonEmail": "femke@example.nl", "Telephone": "010-5550120",
		"InvoiceAddress1": "Wijnhaven 12", "InvoicePostalCode": "3011 WN", "InvoiceCity": "Rotterdam", "InvoiceCountryCode": "NL",
		"DeliveryCustomerName": "Koffiehuis De Haven B.V.", "DeliveryAddress1": "Maasboulevard 3", "DeliveryPostalCode": "3011 TX",
		"DeliveryCity": "Rotterdam", "DeliveryCountryCode": "NL", "VatNumber": "NL009999990B01", "CorporateIdentityNumber": "87654321",
		"TermsOfPaymentId": terms, "CustomerLabels": []any{map[string]any{"Id": label["Id"]}},
	})
	// A shop writes this address in lower case.
	person := s.make(s.postCustomer, map[string]any{
		"Name": "Sanne de Vries", "IsPrivatePerson": true, "IsActive": true, "EmailAddress": "Sanne.deVries@Example.nl",
		"InvoiceAddress1": "Lindelaan 7", "InvoicePostalCode": "1234 AB", "InvoiceCity": "Utrecht", "InvoiceCountryCode": "NL",
		"TermsOfPaymentId": terms,
	})
	s.make(s.postCustomer, map[string]any{
		"Name": "Kaffeehaus Muster GmbH", "IsPrivatePerson": false, "IsActive": true, "EmailAddress": "einkauf@example.com",
		"InvoiceAddress1": "Hauptstr. 1", "InvoicePostalCode": "10115", "InvoiceCity": "Berlin", "InvoiceCountryCode": "DE",
		"VatNumber": "DE999999999", "TermsOfPaymentId": terms,
	})

	// Order 10001 of the shop is in the books already, as an order and as a draft.
	row := func(id, price string, quantity int) map[string]any {
		return map[string]any{"ArticleId": id, "UnitPrice": json.Number(price), "Quantity": quantity,
			"IsTextRow": false, "IsWorkCost": false, "EligibleForReverseChargeOnVat": false, "ReversedConstructionServicesVatFree": false}
	}
	rows := []any{row(house, "8.95", 2), row(shipping["9"], "4.95", 1)}
	for i, r := range rows {
		r.(map[string]any)["LineNumber"] = i + 1
	}
	s.make(s.postOrder, map[string]any{
		"CustomerId": person["Id"], "CurrencyCode": "EUR", "OrderDate": s.today(), "Status": orderOngoing, "EuThirdParty": false,
		"RotReducedInvoicingType": 0, "ReverseChargeOnConstructionServices": false, "BuyersOrderReference": "10001", "Rows": rows,
	})
	s.make(s.postDraft, map[string]any{
		"CustomerId": person["Id"], "EuThirdParty": false, "RotReducedInvoicingType": 0, "BuyersOrderReference": "10001", "Rows": rows,
	})
	s.make(s.postQuote(false), map[string]any{
		"CustomerId": company["Id"], "QuoteDate": s.today(), "DueDate": s.today(), "BuyersOrderReference": "OFFER-77",
		"Rows": []any{row(mug, "10.33", 24)},
	})
}

// make posts body to a handler and gives what was stored. The seed is fixed, so a
// refusal is a mistake in this file.
func (s *Sandbox) make(h handler, body map[string]any) object {
	b, err := json.Marshal(body)
	if err != nil {
		panic(fmt.Sprintf("sandbox: seed: %v", err))
	}
	rep, err := h(&call{s: s, body: b})
	if err != nil {
		panic(fmt.Sprintf("sandbox: seed: %v", err))
	}
	var made struct {
		ID string `json:"Id"`
	}
	if err := json.Unmarshal(rep.body, &made); err != nil {
		panic(fmt.Sprintf("sandbox: seed: %v", err))
	}
	for _, col := range []*collection{s.articles, s.customers, s.customerLabels, s.orders, s.quotes, s.drafts} {
		if o := col.get(made.ID); o != nil {
			return o
		}
	}
	panic("sandbox: seed: nothing was stored")
}
