package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"
	"time"
)

func (s *Sandbox) getCountry(c *call) (reply, error) {
	for _, o := range s.countries.items {
		if strings.EqualFold(o.text("Code"), c.id) {
			return s.countries.answer(c, http.StatusOK, o)
		}
	}
	return reply{}, notFound("country")
}

// getCompany answers the settings: a bare object, parts of which follow from the state.
func (s *Sandbox) getCompany(*call) (reply, error) {
	o := s.company.clone()
	o["ActivatedModules"] = slices.Clone(s.set.Modules)
	if s.set.StockModule {
		o["ActivatedModules"] = append(slices.Clone(s.set.Modules), "stock_standard")
	}
	o["ProductVariant"] = int64(s.set.Variant)
	o["ShowPricesExclVatPC"] = s.set.ShowPricesExclVatPC
	o["KeepOriginalDraftDate"] = s.set.KeepOriginalDraftDate
	o["DomesticCurrencyRounding"] = int64(0)
	if s.set.RoundTotals {
		o["DomesticCurrencyRounding"] = int64(1)
	}
	o["NextCustomerNumber"], o["NextOrderNumber"] = s.nextCustomer, s.nextOrder
	o["NextQuoteNumber"], o["NextCustomerInvoiceNumber"] = s.nextQuote, s.nextInvoiceNo
	return reply{http.StatusOK, companySchema.appendJSON(nil, o, nil)}, nil
}

// accountsOfYear lists the accounts of one fiscal year.
func (s *Sandbox) accountsOfYear(c *call) (reply, error) {
	year := c.id
	if s.fiscalYrs.get(year) == nil {
		return reply{}, notFound("fiscal year")
	}
	col := *s.accounts
	col.where = func(o object) bool { return o.text("FiscalYearId") == year }
	return col.list(c)
}

// seedReference makes the company and what every company has. The accounts and
// names are invented for a Dutch company: 21, 9 and 0 %, euros, no rounding.
func (s *Sandbox) seedReference() {
	add := func(col *collection, values object) object {
		o := col.schema.blank()
		if col.schema.byName["Id"] != nil {
			o["Id"] = s.newID()
		}
		for name, v := range values {
			o[name] = v
		}
		col.add(o)
		return o
	}
	for _, t := range []struct {
		name, english string
		days, kind    int64
	}{{"30 dagen netto", "30 days net", 30, 0}, {"14 dagen netto", "14 days net", 14, 0}, {"Contant", "Cash", 0, 2},
		{"Kaartbetaling", "Card payment", 0, 3}, {"Betaaldienst", "Payment service provider", 0, 5}} {
		add(s.terms, object{"Name": t.name, "NameEnglish": t.english, "NumberOfDays": t.days, "TermsOfPaymentTypeId": t.kind,
			"AvailableForSales": true, "AvailableForPurchase": t.kind == 0})
	}
	for _, u := range [][4]string{{"Stuks", "PCS", "st", "pcs"}, {"Uur", "HRS", "u", "h"}, {"Kilogram", "KGM", "kg", "kg"}} {
		add(s.units, object{"Name": u[0], "Code": u[1], "Abbreviation": u[2], "AbbreviationEnglish": u[3]})
	}
	for _, m := range [][3]string{{"Pakketpost", "Parcel post", "PARCEL"}, {"Afhalen", "Collection", "PICKUP"}} {
		add(s.deliveryMethods, object{"Name": m[0], "NameEnglish": m[1], "Code": m[2]})
	}
	add(s.deliveryTerms, object{"Name": "Franco", "NameEnglish": "Delivered", "Code": "DAP", "Editable": true})
	for _, code := range []string{"EUR", "GBP", "SEK", "USD"} {
		add(s.currencies, object{"Code": code})
	}
	for _, c := range countries {
		add(s.countries, object{"Code": c.code, "Name": c.name, "NameEnglish": c.english, "IsEuMember": c.eu})
	}
	s.seedCodings(add)
	s.seedYears(add)
	s.company = companySchema.blank()
	for name, v := range (object{
		"Name": "Voorbeeld Boekhouding B.V.", "CountryCode": "NL", "CurrencyCode": "EUR", "Address1": "Keizersgracht 1",
		"PostalCode": "1015 CJ", "City": "Amsterdam", "Phone": "020-5550100", "Email": "boekhouding@example.nl",
		"CorporateIdentityNumber": "12345678", "VatCode": "NL001234567B01", "CompanyIdentifier": s.newID(),
		"CompanyStatus": int64(1), "TypeOfBusiness": int64(1), "VatPeriod": int64(3), "AccountNumberDigits": int64(4),
		"AccountingLockInterval": int64(0), "NextArticleNumber": int64(1), "NextSupplierNumber": int64(1),
		"TermsOfPaymentId": s.terms.items[0]["Id"],
	}) {
		s.company[name] = v
	}
}

func (s *Sandbox) seedCodings(add func(*collection, object) object) {
	for i, c := range []struct {
		name, kind, percent, rate string
		account                   int64
	}{
		{"Goods 21 %", "Goods", "21%", "0.21", 8000}, {"Goods 9 %", "Goods", "9%", "0.09", 8010},
		{"Goods 0 %", "Goods", "0%", "0", 8020}, {"Services 21 %", "Services", "21%", "0.21", 8030},
	} {
		add(s.codings, object{
			"Name": c.name, "NameEnglish": c.name, "Type": c.kind, "VatRate": c.percent, "VatRatePercent": mustAmount(c.rate), "IsActive": true,
			"DomesticSalesSubjectToVatAccountNumber": c.account, "DomesticSalesVatExemptAccountNumber": int64(8090),
			"DomesticSalesVatCodeExemptAccountNumber": int64(8090), "ForeignSalesSubjectToVatWithinEuAccountNumber": int64(8100),
			"ForeignSalesVatExemptWithinEuAccountNumber": int64(8110), "ForeignSalesVatExemptOutsideEuAccountNumber": int64(8120),
			"ForeignSalesSubjectToThirdPartySalesAccountNumber": int64(8130), "ChangedUtc": stamp(s.now().AddDate(-1, 0, -i)),
		})
	}
	for _, v := range []struct{ code, text, rate string }{
		{"1a", "Leveringen belast met hoog tarief", "0.21"}, {"1b", "Leveringen belast met laag tarief", "0.09"},
		{"1e", "Leveringen belast met 0 %", "0"}, {"3b", "Leveringen binnen de EU", "0"}, {"3a", "Leveringen buiten de EU", "0"},
	} {
		add(s.vatCodes, object{"Code": v.code, "Description": v.text, "VatRate": mustAmount(v.rate),
			"RelatedAccounts": object{"AccountNumber1": int64(1600)}})
	}
}

// seedYears makes the fiscal years around the clock's and the accounts of each.
func (s *Sandbox) seedYears(add func(*collection, object) object) {
	this := s.now().UTC().Year()
	for year := this - 1; year <= this+1; year++ {
		y := add(s.fiscalYrs, object{"StartDate": fmt.Sprintf("%d-01-01", year), "EndDate": fmt.Sprintf("%d-12-31", year),
			"BookkeepingMethod": int64(0)})
		for _, a := range []struct{ number, name string }{
			{"1300", "Debiteuren"}, {"1600", "Af te dragen btw"}, {"8000", "Omzet goederen hoog"}, {"8010", "Omzet goederen laag"},
			{"8020", "Omzet goederen nul"}, {"8030", "Omzet diensten hoog"}, {"8110", "Omzet EU"}, {"8120", "Omzet buiten EU"},
		} {
			now := stamp(time.Date(year-1, 12, 1, 9, 0, 0, 0, time.UTC))
			add(s.accounts, object{"Number": a.number, "Name": a.name, "FiscalYearId": y["Id"], "IsActive": true,
				"CreatedUtc": now, "ModifiedUtc": now, "Type": int64(0)})
		}
	}
}

type country struct {
	code, name, english string
	eu                  bool
}

// countries are the members of the EU and some others.
var countries = []country{
	{"AT", "Oostenrijk", "Austria", true}, {"BE", "België", "Belgium", true}, {"BG", "Bulgarije", "Bulgaria", true},
	{"CY", "Cyprus", "Cyprus", true}, {"CZ", "Tsjechië", "Czechia", true}, {"DE", "Duitsland", "Germany", true},
	{"DK", "Denemarken", "Denmark", true}, {"EE", "Estland", "Estonia", true}, {"ES", "Spanje", "Spain", true},
	{"FI", "Finland", "Finland", true}, {"FR", "Frankrijk", "France", true}, {"GR", "Griekenland", "Greece", true},
	{"HR", "Kroatië", "Croatia", true}, {"HU", "Hongarije", "Hungary", true}, {"IE", "Ierland", "Ireland", true},
	{"IT", "Italië", "Italy", true}, {"LT", "Litouwen", "Lithuania", true}, {"LU", "Luxemburg", "Luxembourg", true},
	{"LV", "Letland", "Latvia", true}, {"MT", "Malta", "Malta", true}, {"NL", "Nederland", "Netherlands", true},
	{"PL", "Polen", "Poland", true}, {"PT", "Portugal", "Portugal", true}, {"RO", "Roemenië", "Romania", true},
	{"SE", "Zweden", "Sweden", true}, {"SI", "Slovenië", "Slovenia", true}, {"SK", "Slowakije", "Slovakia", true},
	{"CH", "Zwitserland", "Switzerland", false}, {"GB", "Verenigd Koninkrijk", "United Kingdom", false},
	{"NO", "Noorwegen", "Norway", false}, {"US", "Verenigde Staten", "United States", false},
	{"CA", "Canada", "Canada", false}, {"JP", "Japan", "Japan", false}, {"TR", "Turkije", "Turkey", false},
}
