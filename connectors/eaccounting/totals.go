package eaccounting

import (
	"context"
	"fmt"
	"math/big"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Totals adds up an order, quote, invoice draft or invoice as the API will: a row is rounded to
// cents, VAT follows the article's coding and the customer, and unit prices include VAT for
// private persons unless the company shows them without.
//
// Of links it reads customer.document, products.*.id and .document, and, where they are there,
// reference.companySettings, .articleAccountCodings and .countries; what is missing
// is read from the API. A row may name an article that does not exist yet
// as "${product:SKU}". Gross includes the rounding to whole units that some countries use.
func (c *Connector) Totals(ctx context.Context, name string, body, links []byte) (port.Totals, error) {
	r, err := find(name)
	if err != nil {
		return port.Totals{}, err
	}
	op := "totals of " + r.name
	if r.entity != port.Order {
		return port.Totals{}, &port.Error{Kind: port.ErrValidation, System: Name, Op: op, Message: "it has no rows"}
	}
	if err := object(op, body); err != nil {
		return port.Totals{}, err
	}
	t := &tally{c: c, r: r, links: gjson.ParseBytes(links), perRow: c.perRow}
	totals, err := t.sum(ctx, gjson.ParseBytes(body))
	if err != nil {
		return port.Totals{}, fmt.Errorf("%s: %s: %w", Name, op, err)
	}
	return totals, nil
}

// tally adds up one document.
type tally struct {
	c        *Connector
	r        *resource
	links    gjson.Result
	perRow   bool
	company  gjson.Result
	customer gjson.Result
	taxFree  bool // the customer's place lifts VAT
	incl     bool // unit prices include VAT
	rates    []rateSum
}

type rateSum struct{ rate, amount, vat *big.Rat }

func (t *tally) sum(ctx context.Context, body gjson.Result) (port.Totals, error) {
	if err := t.prepare(ctx, body); err != nil {
		return port.Totals{}, err
	}
	for i, row := range body.Get("Rows").Array() {
		if err := t.add(ctx, body, row); err != nil {
			return port.Totals{}, fmt.Errorf("row %d: %w", i+1, err)
		}
	}
	net, vat := new(big.Rat), new(big.Rat)
	for _, s := range t.rates {
		if !t.perRow {
			s.vat = t.vatOf(s.amount, s.rate)
		}
		vat = add(vat, s.vat)
		net = add(net, s.amount)
		if t.incl {
			net = sub(net, s.vat)
		}
	}
	gross := add(net, vat)
	if t.company.Get("DomesticCurrencyRounding").Int() == 1 {
		gross = round(gross, 0)
	}
	return port.Totals{Net: net.FloatString(2), Tax: vat.FloatString(2), Gross: gross.FloatString(2)}, nil
}

// prepare reads what decides price basis and taxation.
func (t *tally) prepare(ctx context.Context, body gjson.Result) error {
	var err error
	if t.company, err = t.reference(ctx, "companySettings"); err != nil {
		return err
	}
	if t.customer, err = t.customerOf(ctx, body); err != nil {
		return err
	}
	person := t.customer.Get("IsPrivatePerson").Bool()
	t.incl = person && !t.company.Get("ShowPricesExclVatPC").Bool()
	country := t.customer.Get("InvoiceCountryCode").String()
	if at := t.customer.Get("DeliveryCountryCode").String(); t.customer.Get("DeliveryBasedVat").Bool() && at != "" {
		country = at
	}
	if country == "" || country == t.company.Get("CountryCode").String() {
		return nil
	}
	eu, err := t.inEU(ctx, country)
	if err != nil {
		return err
	}
	// Outside the EU sales are exempt; inside, companies with a VAT number are charged in reverse.
	t.taxFree = !eu || !person && t.customer.Get("VatNumber").String() != ""
	return nil
}

func (t *tally) inEU(ctx context.Context, country string) (bool, error) {
	if t.customer.Get("IsNorthernIreland").Bool() {
		return true, nil
	}
	countries, err := t.reference(ctx, "countries")
	if err != nil {
		return false, err
	}
	for _, c := range countries.Array() {
		if c.Get("Code").String() == country {
			return c.Get("IsEuMember").Bool(), nil
		}
	}
	return false, fmt.Errorf("the books do not know the country %q", country)
}

// reference takes a table from links, else from the API.
func (t *tally) reference(ctx context.Context, name string) (gjson.Result, error) {
	if table := t.links.Get("reference." + name); table.IsObject() || table.IsArray() {
		return table, nil
	}
	raw, err := t.c.Reference(ctx, name, false)
	return gjson.ParseBytes(raw), err
}

func (t *tally) customerOf(ctx context.Context, body gjson.Result) (gjson.Result, error) {
	if doc := t.links.Get("customer.document"); doc.IsObject() {
		return doc, nil
	}
	id := body.Get("CustomerId").String()
	if !isGUID(id) {
		return gjson.Result{}, fmt.Errorf("neither links.customer.document nor CustomerId names the customer")
	}
	r, err := find("customer")
	if err != nil {
		return gjson.Result{}, err
	}
	d, err := t.c.get(ctx, r, id)
	return gjson.ParseBytes(d.Body), err
}

// add adds one row; text rows add nothing.
func (t *tally) add(ctx context.Context, body, row gjson.Result) error {
	id := row.Get("ArticleId").String()
	// Quotes and invoices have no say: a row without an article is text.
	if row.Get("IsTextRow").Bool() || id == "" && (t.r.name == "quote" || t.r.name == "invoice") {
		return nil
	}
	if id == "" {
		return fmt.Errorf("it has no ArticleId and is no text row")
	}
	article, err := t.article(ctx, id)
	if err != nil {
		return err
	}
	rate, err := t.rateOf(ctx, row, article)
	if err != nil {
		return err
	}
	amount, err := t.amount(body, row, article)
	if err != nil {
		return err
	}
	vat := t.vatOf(amount, rate)
	for i := range t.rates {
		if s := &t.rates[i]; s.rate.Cmp(rate) == 0 {
			s.amount, s.vat = add(s.amount, amount), add(s.vat, vat)
			return nil
		}
	}
	t.rates = append(t.rates, rateSum{rate, amount, vat})
	return nil
}

// amount is what a row adds in the document's price basis.
func (t *tally) amount(body, row, article gjson.Result) (*big.Rat, error) {
	values := map[string]*big.Rat{}
	for _, name := range []string{"UnitPrice", "Quantity", "DiscountPercentage", "DiscountFixedAmount"} {
		values[name] = new(big.Rat)
		if v := row.Get(name); v.Exists() && v.Type != gjson.Null {
			n, err := parseRat(v.Raw)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", name, err)
			}
			values[name] = n
		}
	}
	price := values["UnitPrice"]
	if price.Sign() == 0 && t.r.name == "invoiceDraft" && body.Get("ReplaceUnitPriceWhenZero").Bool() {
		own := article.Get("NetPrice")
		if t.incl {
			own = article.Get("GrossPrice")
		}
		n, err := parseRat(own.Raw)
		if err != nil {
			return nil, fmt.Errorf("the article's price: %w", err)
		}
		price = round(n, 2)
	}
	total := mul(mul(price, values["Quantity"]), sub(one, values["DiscountPercentage"]))
	if row.Get("IsDiscountInFixedAmount").Bool() {
		total = sub(total, values["DiscountFixedAmount"])
	}
	return round(total, 2), nil
}

// article is the article that a row names: by id, or by a placeholder for one that is yet to be made.
func (t *tally) article(ctx context.Context, id string) (gjson.Result, error) {
	var found gjson.Result
	t.links.Get("products").ForEach(func(sku, product gjson.Result) bool {
		doc := product.Get("document")
		same := strings.EqualFold(product.Get("id").String(), id) || strings.EqualFold(doc.Get("Id").String(), id) ||
			id == "${product:"+sku.String()+"}"
		if same && doc.IsObject() {
			found = doc
		}
		return !found.Exists()
	})
	if found.Exists() {
		return found, nil
	}
	if !isGUID(id) {
		return found, fmt.Errorf("links.products holds no article %q", id)
	}
	r, err := find("article")
	if err != nil {
		return found, err
	}
	d, err := t.c.get(ctx, r, id)
	return gjson.ParseBytes(d.Body), err
}

// exempt names the member by which a row of each kind of document can be free of VAT. The flags for
// construction work count only for customers who have them.
var exempt = map[string]struct {
	member       string
	construction bool
}{
	"order":        {"EligibleForReverseChargeOnVat", true},
	"invoiceDraft": {"ReversedConstructionServicesVatFree", true},
	"quote":        {"IsVatFree", false},
	"invoice":      {"IsVatFree", false},
}

// rateOf is the VAT rate of a row as a fraction.
func (t *tally) rateOf(ctx context.Context, row, article gjson.Result) (*big.Rat, error) {
	e := exempt[t.r.name]
	free := row.Get(e.member).Bool() && (!e.construction || t.customer.Get("ReverseChargeOnConstructionServices").Bool())
	if t.taxFree || free {
		return new(big.Rat), nil
	}
	codings, err := t.reference(ctx, "articleAccountCodings")
	if err != nil {
		return nil, err
	}
	coding := article.Get("CodingId").String()
	for _, entry := range codings.Array() {
		if coding != "" && strings.EqualFold(entry.Get("Id").String(), coding) {
			rate, err := parseRat(entry.Get("VatRatePercent").Raw)
			if err != nil {
				return nil, fmt.Errorf("the VAT rate of the coding %q: %w", entry.Get("Name").String(), err)
			}
			return rate, nil
		}
	}
	return nil, fmt.Errorf("the article %q has the coding %q, which the books do not know", article.Get("Number").String(), coding)
}

func (t *tally) vatOf(amount, rate *big.Rat) *big.Rat {
	if t.incl {
		return round(quo(mul(amount, rate), add(one, rate)), 2)
	}
	return round(mul(amount, rate), 2)
}
