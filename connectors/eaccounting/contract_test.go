package eaccounting

import (
	"encoding/json"
	"errors"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

const (
	added = "the vendor's changelog added it after July 2023"
	// named follows the members of a finding, lest an exception covers more than it says.
	named2023 = "): the document does not name it$"
)

var exceptions = []contract.Exception{
	{Path: "/connect/token", What: "not in the document", Reason: "the identity server has no description"},
	{What: "^response 4[0-9][0-9]: status is not supported$", Reason: "the description knows successes only"},
	{What: `/(OrderDate|InvoiceDate|DueDate|QuoteDate|DeliveryDate|StartDate|EndDate|LastInvoiceDate|SigningDate): string doesn't match the format "date-time"`,
		Reason: "business dates travel as YYYY-MM-DD, although typed date-time; measured, and said by the description's own texts"},
	{Path: "/v2/customers*", What: "/(PropertyType|PropertyReference|TaxDeductionNumber" + named2023, Reason: added},
	{Path: "/v2/customers/*", What: "/(PropertyType|PropertyReference|TaxDeductionNumber" + named2023, Reason: added},
	{Path: "/v2/articles*", What: "/(SupplierId|OrderingPoint|CurrencyCode|PurchasePriceWithCurrency|FreightCostWithCurrency" + named2023, Reason: added},
	{Path: "/v2/articles/*", What: "/(SupplierId|OrderingPoint|CurrencyCode|PurchasePriceWithCurrency|FreightCostWithCurrency" + named2023, Reason: added},
	{Path: "/v2/countries", What: "/(NameEnglish" + named2023, Reason: added},
	{What: "/Rows/[*]/(VatRate|IsDiscountInFixedAmount|DiscountFixedAmount|PurchasePrice|FreightCosts" + named2023, Reason: added},
	{Path: "/v2/customerinvoice*", What: "/Rows/[*]/(Amount" + named2023, Reason: added},
	{Path: "/v2/customerinvoice*/*", What: "/Rows/[*]/(Amount" + named2023, Reason: added},
	{What: "/(CreatedFromQuoteId|TermsOfPaymentId|BackgroundId" + named2023, Reason: added},
	{What: `request body /(CustomerLabels|Rows)/[*]/Id: readOnly`, Reason: "the id of a label names it, that of a row tells the server which row it was"},
	{Path: "/v2/quotes/*", What: "/Rows/[*]/IsVatFree: readOnly", Reason: "writable since 2024, says the vendor's changelog"},
	{Path: "/v2/customerinvoices", What: laterInvoice, Reason: added},
	{Path: "/v2/customerinvoices/*", What: laterInvoice, Reason: added},
}

const laterInvoice = "/(PaymentRemindersCount|LastPaymentReminderSentDate|TaxDeductionStatus|IsQuickInvoice|IsCollectiveInvoice|" +
	"CollectiveCustomerInvoiceRowsRelationToOrders|ReplaceUnitPriceWhenZero" + named2023

// TestContract holds client and sandbox to the vendor's description of 2023-07-03, the newest
// complete one that is known, over every call that the connector makes.
func TestContract(t *testing.T) {
	// Null stands for every unset member, although the description knows no null.
	doc := contract.Load(t, contract.Vendor(t, "eaccounting/swagger-v2-2023-07-03.json"), contract.Reading{Nulls: true, Closed: true})
	check := contract.New(t, doc, exceptions)
	co := connect(t, plan{wrap: check.Handler})
	exercise(t, co)
	if _, err := co.Create(t.Context(), "article", raw(t, co.article("C-1"))); !errors.Is(err, port.ErrConflict) {
		t.Error(err)
	}
	co.box.Configure(func(s *sandbox.Settings) { s.Inactive = true })
	if _, err := co.Ping(t.Context()); !errors.Is(err, port.ErrPermission) {
		t.Error(err)
	}
}

// TestStrict does the same where every unproven claim about the API is read unkindly.
func TestStrict(t *testing.T) {
	exercise(t, connect(t, plan{box: func(s *sandbox.Settings) { s.Unproven = sandbox.Strict() }}))
}

// exercise makes every call of the connector.
func exercise(t *testing.T, co *company) {
	for name := range referencePaths {
		co.table(name)
	}
	quote := fields{"CustomerId": co.one("customer", port.KeyNumber, "1001").ID, "BuyersOrderReference": "C-1", "QuoteDate": "2026-06-15", "DueDate": "2026-07-15",
		"Rows": []fields{{"ArticleId": co.one("article", port.KeySKU, "NK-MUG-350").ID, "Quantity": 1, "UnitPrice": json.Number("10.33")}}}
	made := map[string]port.Document{
		"customer":     co.create("customer", co.full()),
		"article":      co.create("article", merged(co.article("C-1"), fields{"Barcodes": []fields{{"Barcode": "8711111000017", "BarcodeType": 0}}})),
		"order":        co.create("order", co.order("C-1")),
		"invoiceDraft": co.create("invoiceDraft", co.draft("C-1")),
		"invoice":      co.create("invoice", merged(co.invoice("C-1"), fields{"EuThirdParty": false, "RotReducedInvoicingType": 0})),
		"quote":        co.create("quote", quote),
	}
	made["stock"] = made["article"] // which it is read from
	for _, r := range resources {
		d := made[r.name]
		if r.stamp != "" {
			for _, since := range []time.Time{{}, co.clock.Now().Add(-time.Hour)} {
				if len(co.read(port.Query{Resource: r.name, Since: since})) == 0 {
					t.Errorf("%s: nothing is read", r.name)
				}
			}
		}
		for _, field := range r.probes() {
			value := map[string]string{port.KeyID: d.ID, port.KeyNumber: d.Key, port.KeySKU: d.Key, port.KeyReference: "C-1", port.KeyEmail: "Full@Example.nl"}[field]
			if co.count(r.name, field, value) == 0 {
				t.Errorf("%s by %s %q: none", r.name, field, value)
			}
		}
		if !r.update {
			continue
		}
		member := map[string]string{"customer": "Note", "article": "NameEnglish", "quote": "CompanyReference"}[r.name]
		if member == "" {
			member = "OurReference"
		}
		got, err := co.Update(t.Context(), r.name, d.ID, []byte(`{"`+member+`":"changed"}`))
		if err != nil || gjson.GetBytes(got.Body, member).String() != "changed" {
			t.Errorf("%s: %v %s", r.name, err, got.Body)
		}
	}
}
