package eaccounting

import (
	"cmp"
	"fmt"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// resource is one kind of document and what the API's endpoint for it can.
type resource struct {
	name   string
	title  string
	help   string // what of it travels
	entity port.Entity
	path   string
	update bool
	// reason says why nothing can be written; "" where documents can be made.
	reason string
	// number is the member that people call the document by; "" where there is none.
	number string
	// numeric tells that number is a JSON number.
	numeric bool
	// stamp is the member that moves with every change; "" where the API has none,
	// so that the resource cannot be read for changes.
	stamp string
	// since is the query parameter that bounds stamp from below; "" where $filter does.
	since string
	// keys maps the fields of a port.Key to the members that hold them, beside the id.
	keys map[string]string
	// query goes with every read: prices with more than two decimals could not be sent back.
	query url.Values
	// readOnly members are not sent back on an update, nor rowReadOnly of its rows; nor is
	// what the server computes from the rows.
	readOnly    []string
	rowReadOnly []string
}

var resources = []*resource{
	{
		name: "customer", title: "Customer", help: "companies with their contact, and persons", entity: port.Customer, path: "customers", update: true,
		number: "CustomerNumber", stamp: "ChangedUtc",
		keys: map[string]string{port.KeyEmail: "EmailAddress", port.KeyNumber: "CustomerNumber"},
		readOnly: []string{"Id", "ChangedUtc", "LastInvoiceDate", "TermsOfPayment", "PayToAccountId", "UnpaidInvoicesAmount",
			"IsFutureInvoiceDateAllowed", "Notes", "MessageThreads"},
	},
	{
		name: "article", title: "Article", help: "labels are the categories", entity: port.Product, path: "articles", update: true,
		number: "Number", stamp: "ChangedUtc",
		keys:  map[string]string{port.KeySKU: "Number", port.KeyNumber: "Number"},
		query: url.Values{"showPricesWithTwoDecimals": {"true"}},
		readOnly: []string{"Id", "CodingName", "UnitName", "UnitAbbreviation", "StockBalanceManuallyChangedUtc", "StockBalanceReserved",
			"StockBalanceAvailable", "StockValue", "ChangedUtc", "CreatedUtc", "PurchasePriceManuallyChangedUtc",
			"FreightCostsManuallyChangedUtc", "IsServiceArticle", "ShowStockInformation", "Notes", "MessageThreads", "NetPriceWithDiscount"},
	},
	{
		// What lies in stock stands in the article. Selling follows what is available.
		name: "stock", title: "Stock", help: "balance, reserved, available", entity: port.Stock, path: "articles", number: "Number", stamp: "ChangedUtc",
		keys:   map[string]string{port.KeySKU: "Number", port.KeyNumber: "Number"},
		reason: "With the stock module on, a balance moves with deliveries and stock-takings only: StockBalance is read-only then.",
	},
	{
		name: "order", title: "Order", entity: port.Order, path: "orders", update: true,
		number: "Number", numeric: true, stamp: "ModifiedUtc",
		keys: map[string]string{port.KeyReference: "BuyersOrderReference", port.KeyNumber: "Number"},
		readOnly: []string{"Id", "Number", "CustomerIsPrivatePerson", "CustomerName", "CustomerNumber", "InvoiceCustomerName", "IncludesVat",
			"IsNotDelivered", "CreatedUtc", "ModifiedUtc", "CreatedFromQuoteId", "RotReducedInvoicingPercent", "Notes", "MessageThreads",
			"SalesDocumentAttachments", "ContributionMargin", "Amount", "VatAmount", "RoundingsAmount",
			"DeliveredAmount", "DeliveredVatAmount", "DeliveredRoundingsAmount"},
		rowReadOnly: []string{"Amount", "VatRate", "UnitId", "IsServiceArticle", "PurchasePrice", "FreightCosts", "ContributionMargin"},
	},
	{
		name: "quote", title: "Quote", entity: port.Order, path: "quotes", update: true,
		number: "Number", numeric: true, stamp: "ModifiedUtc",
		keys: map[string]string{port.KeyReference: "BuyersOrderReference", port.KeyNumber: "Number"},
		readOnly: []string{"Id", "Number", "Status", "ApprovedDate", "CurrencyCode", "CurrencyRate", "CustomerIsPrivatePerson", "CustomerName",
			"CustomerNumber", "DeliveryAddress1", "DeliveryAddress2", "DeliveryCity", "DeliveryCountryCode", "DeliveryCustomerName",
			"DeliveryMethodCode", "DeliveryMethodName", "DeliveryPostalCode", "DeliveryTermCode", "DeliveryTermName", "IncludesVat",
			"InvoiceAddress1", "InvoiceAddress2", "InvoiceCity", "InvoiceCountryCode", "InvoiceCustomerName", "InvoicePostalCode",
			"IsDomestic", "IsNotDelivered", "CreatedUtc", "ModifiedUtc", "RotReducedInvoicingAutomaticDistribution",
			"RotReducedInvoicingPercent", "RoundingsAmount", "TotalAmount", "VatAmount", "TermsOfPayment", "Notes", "MessageThreads",
			"SalesDocumentAttachments", "ContributionMargin"},
		rowReadOnly: []string{"ArticleNumber", "IsServiceArticle", "IsTextRow", "IsWorkCost", "LineNumber", "UnitId", "Amount", "VatRate",
			"PurchasePrice", "FreightCosts", "ContributionMargin"},
	},
	{
		name: "invoiceDraft", title: "Invoice draft", help: "nothing is booked until a person converts it", entity: port.Order, path: "customerinvoicedrafts", update: true,
		keys: map[string]string{port.KeyReference: "BuyersOrderReference"},
		readOnly: []string{"Id", "CreatedUtc", "CustomerIsPrivatePerson", "CustomerName", "CustomerNumber", "IncludesVat", "InvoiceCity",
			"InvoiceCountryCode", "InvoiceCurrencyCode", "InvoiceCustomerName", "InvoicePostalCode", "IsDirectDebit", "Notes",
			"MessageThreads", "ReverseChargeOnConstructionServices", "SalesDocumentAttachments", "TotalAmount", "TotalAmountBaseCurrency",
			"TotalRoundings", "TotalVatAmount", "TotalVatAmountBaseCurrency", "ContributionMargin"},
		rowReadOnly: []string{"IsServiceArticle", "UnitId", "UnitName", "UnitAbbreviation", "UnitAbbreviationEnglish", "VatRateId", "VatRate",
			"Amount", "PurchasePrice", "FreightCosts", "ContributionMargin"},
	},
	{
		name: "invoice", title: "Invoice", entity: port.Order, path: "customerinvoices",
		number: "InvoiceNumber", numeric: true, stamp: "ModifiedUtc", since: "modifiedSinceUtc",
		keys: map[string]string{port.KeyReference: "BuyersOrderReference", port.KeyNumber: "InvoiceNumber"},
	},
}

// find returns the resource with a name, or an error that lists those there are.
func find(name string) (*resource, error) {
	for _, r := range resources {
		if r.name == name {
			return r, nil
		}
	}
	names := make([]string, len(resources))
	for i, r := range resources {
		names[i] = r.name
	}
	return nil, fmt.Errorf("%s: there is no resource %q; there are %v", Name, name, names)
}

func (r *resource) probes() []string {
	return append([]string{port.KeyID}, slices.Sorted(maps.Keys(r.keys))...)
}

// document makes a Document of an object that the API sent. The body is copied, so
// that one document of a page does not keep the whole page.
func (r *resource) document(raw string) port.Document {
	d := port.Document{Resource: r.name, ID: gjson.Get(raw, "Id").String(), Body: []byte(raw)}
	if r.number != "" {
		if n := gjson.Get(raw, r.number); n.Type != gjson.Null {
			d.Key = n.String()
		}
	}
	// Not the stamp, although it moves with every change: how finely it counts is not promised, and two changes may share one.
	d.Version = hash(d.Body)
	d.ChangedAt = moment(gjson.Get(raw, cmp.Or(r.stamp, "CreatedUtc")).String())
	return d
}

// moment reads a stamp; zero if it is none.
func moment(text string) time.Time {
	t, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}
