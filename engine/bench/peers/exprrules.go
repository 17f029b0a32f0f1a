package peers

import "slices"

// exprRule is a rule in the language of expr, with that language's own functions and float arithmetic.
type exprRule struct {
	To   string // target path, dotted
	Expr string
	Each *exprEach // instead of Expr: a list built element by element
}

type exprEach struct {
	In    string // source list
	As    string // name of the element in Rules
	Where string
	Rules []exprRule
}

func exprAddress(to, from string) []exprRule {
	split := `let s = ` + from + `.street ?? ""; let i = lastIndexOf(s, " "); i > 0 and s[i+1:] matches "^[0-9]" ? `
	return []exprRule{
		{To: to + ".name", Expr: `trim(` + from + `.firstName + " " + ` + from + `.lastName)`},
		{To: to + ".company", Expr: from + `.company ?? ""`},
		{To: to + ".street", Expr: split + `s[:i] : s`},
		{To: to + ".number", Expr: split + `s[i+1:] : ""`},
		{To: to + ".postal", Expr: from + `.zipcode`},
		{To: to + ".city", Expr: from + `.city`},
		{To: to + ".country", Expr: from + `.country.iso`},
	}
}

var exprOrder = slices.Concat([]exprRule{
	{To: "number", Expr: `"SW-" + orderNumber`},
	{To: "externalId", Expr: `id`},
	{To: "date", Expr: `orderDateTime[:10]`},
	{To: "orderedAt", Expr: `orderDateTime`},
	{To: "status", Expr: `lookup("status", stateMachineState.technicalName, "unknown")`},
	{To: "currency", Expr: `currency.isoCode ?? "EUR"`},
	{To: "currencyFactor", Expr: `currencyFactor`},
	{To: "language", Expr: `language?.locale?.code ?? "de-DE"`},
	{To: "taxMode", Expr: `taxStatus == "gross" ? "incl" : "excl"`},
	{To: "customer.number", Expr: `orderCustomer.customerNumber`},
	{To: "customer.name", Expr: `trim(orderCustomer.firstName + " " + orderCustomer.lastName)`},
	{To: "customer.email", Expr: `lower(orderCustomer.email)`},
	{To: "customer.company", Expr: `orderCustomer.company ?? ""`},
	{To: "customer.type", Expr: `(orderCustomer.company ?? "") != "" ? "business" : "private"`},
	{To: "customer.vatId", Expr: `orderCustomer.vatIds[0]`},
	{To: "customer.phone", Expr: `billingAddress.phoneNumber ?? ""`},
},
	exprAddress("billing", "billingAddress"),
	exprAddress("shipping", "deliveries[0].shippingOrderAddress"),
	[]exprRule{
		{To: "lines", Each: &exprEach{In: "lineItems", As: "item", Where: `item.type == "product"`, Rules: []exprRule{
			{To: "pos", Expr: `item.position`},
			{To: "sku", Expr: `item.payload.productNumber ?? item.referencedId`},
			{To: "name", Expr: `item.label`},
			{To: "qty", Expr: `item.quantity`},
			{To: "price", Expr: `round((taxStatus == "gross" ? item.price.unitPrice / (1 + item.price.calculatedTaxes[0].taxRate / 100) : item.price.unitPrice) * 10000) / 10000`},
			{To: "priceIncl", Expr: `round((taxStatus == "gross" ? item.price.unitPrice : item.price.unitPrice * (1 + item.price.calculatedTaxes[0].taxRate / 100)) * 10000) / 10000`},
			{To: "vat", Expr: `item.price.calculatedTaxes[0].taxRate`},
			{To: "ean", Expr: `item.payload.ean ?? ""`},
			{To: "weight", Expr: `item.payload.weight ?? 0`},
		}}},
		{To: "shippingCost", Expr: `round((shippingCosts.totalPrice - shippingCosts.calculatedTaxes[0].tax) * 10000) / 10000`},
		{To: "shippingVat", Expr: `shippingCosts.calculatedTaxes[0].taxRate`},
		{To: "discount", Expr: `round(sum(filter(lineItems, .type == "promotion"), -.totalPrice) * 100) / 100`},
		{To: "totals.net", Expr: `amountNet`},
		{To: "totals.gross", Expr: `amountTotal`},
		{To: "totals.tax", Expr: `round((amountTotal - amountNet) * 100) / 100`},
		{To: "payment.method", Expr: `lookup("payment", transactions[0].paymentMethod.technicalName, "other")`},
		{To: "payment.state", Expr: `transactions[0].stateMachineState.technicalName`},
		{To: "payment.paid", Expr: `transactions[0].stateMachineState.technicalName == "paid"`},
		{To: "payment.amount", Expr: `transactions[0].amount.totalPrice`},
		{To: "comment", Expr: `customerComment ?? ""`},
		{To: "itemCount", Expr: `sum(filter(lineItems, .type == "product"), .quantity)`},
	})

var exprProduct = []exprRule{
	{To: "sku", Expr: `productNumber`},
	{To: "name", Expr: `translated.name ?? name ?? ""`},
	{To: "brand", Expr: `manufacturer.translated.name ?? manufacturer.name ?? ""`},
	{To: "title", Expr: `(manufacturer.translated.name ?? manufacturer.name ?? "") + " " + (translated.name ?? name ?? "")`},
	{To: "ean", Expr: `ean ?? ""`},
	{To: "active", Expr: `active`},
	{To: "stock", Expr: `availableStock ?? stock ?? 0`},
	{To: "availability", Expr: `(availableStock ?? stock ?? 0) > 0 ? "in_stock" : (isCloseout ? "sold_out" : "backorder")`},
	{To: "priceNet", Expr: `price[0].net`},
	{To: "priceGross", Expr: `price[0].gross`},
	{To: "margin", Expr: `round((price[0].net - purchasePrices[0].net) / price[0].net * 10000) / 10000`},
	{To: "vat", Expr: `tax.taxRate`},
	{To: "currency", Expr: `"EUR"`},
	{To: "category", Expr: `join(categories[0].breadcrumb, " > ")`},
	{To: "image", Expr: `cover?.media?.url ?? ""`},
	{To: "weightG", Expr: `round((weight ?? 0) * 1000)`},
	{To: "dims", Expr: `string(width) + "x" + string(height) + "x" + string(length)`},
	{To: "minQty", Expr: `minPurchase ?? 1`},
	{To: "tags", Expr: `map(tags, .name)`},
}

var exprTiny = []exprRule{
	{To: "id", Expr: `id`},
	{To: "number", Expr: `"SW-" + orderNumber`},
	{To: "name", Expr: `trim(customer.firstName + " " + customer.lastName)`},
	{To: "email", Expr: `lower(customer.email)`},
	{To: "total", Expr: `round(unitPrice * quantity * 100) / 100`},
	{To: "paid", Expr: `state == "paid"`},
}
