package sandbox

import (
	"net/http"

	"github.com/tidwall/gjson"
)

// The states of a quote.
const (
	quoteDraft    = 0
	quoteOngoing  = 1
	quoteApproved = 2
	quoteInvoiced = 3
	quoteOrdered  = 4
)

// quoteResource is one of the two resources that share the store of quotes.
func (s *Sandbox) quoteResource(drafts bool) *collection {
	col := *s.quotes
	if drafts {
		col.name = "quote draft"
	}
	col.where = func(o object) bool { return (o.number("Status") == quoteDraft) == drafts }
	return &col
}

// onQuotes makes a handler that sees the resource as it is now.
func (s *Sandbox) onQuotes(drafts bool, f func(*collection, *call) (reply, error)) handler {
	return func(c *call) (reply, error) { return f(s.quoteResource(drafts), c) }
}

func (s *Sandbox) postQuote(drafts bool) handler {
	return func(c *call) (reply, error) {
		q, err := c.decode(quoteSchema)
		if err != nil {
			return reply{}, err
		}
		q["CreatedUtc"] = s.stampNow()
		q["Status"] = int64(quoteOngoing)
		if drafts {
			q["Status"] = int64(quoteDraft)
		}
		if err := s.completeQuote(q, nil); err != nil {
			return reply{}, err
		}
		q["Id"] = s.newID()
		s.quotes.add(q)
		return s.quotes.answer(c, http.StatusCreated, q)
	}
}

func (s *Sandbox) putQuote(col *collection, c *call) (reply, error) {
	old := col.get(c.id)
	if old == nil {
		return reply{}, notFound(col.name)
	}
	if old.number("Status") > quoteOngoing {
		return reply{}, invalid("The quote can no longer be changed.")
	}
	q, err := c.decode(quoteSchema)
	if err != nil {
		return reply{}, err
	}
	carry(quoteSchema, old, q)
	if err := s.completeQuote(q, old); err != nil {
		return reply{}, err
	}
	for name, v := range q {
		old[name] = v
	}
	if s.set.Unproven.PutHasNoBody {
		return reply{status: http.StatusOK}, nil
	}
	return col.answer(c, http.StatusOK, old)
}

func (s *Sandbox) deleteQuote(col *collection, c *call) (reply, error) {
	if col.get(c.id) == nil {
		return reply{}, notFound(col.name)
	}
	s.quotes.remove(c.id)
	return s.deleted()
}

func (s *Sandbox) completeQuote(q, old object) error {
	customer, err := s.customerOf(q)
	if err != nil {
		return err
	}
	if day, from := q.text("DeliveryDate"), q.text("QuoteDate"); day != "" && from != "" && day < from {
		return invalid("The DeliveryDate must not lie before the QuoteDate.")
	}
	created := old == nil || old.text("CustomerId") != q.text("CustomerId")
	if created { // addresses of a quote are always the customer's
		for _, d := range addressDefaults {
			q[d.member] = nil
		}
	}
	s.setCustomer(quoteSchema, q, customer, created)
	s.setAddresses(quoteSchema, q, customer, created)
	q["CurrencyCode"], q["CurrencyRate"] = customer["CurrencyCode"], whole(1)
	if terms := s.terms.get(customer.text("TermsOfPaymentId")); terms != nil {
		q["TermsOfPayment"] = terms.clone()
	}
	rules := rowRules{schema: quoteRowSchema, keepIDs: true, needArticle: s.set.Unproven.QuoteTextRowsRefused}
	rows, err := s.completeRows(rules, q, customer, old)
	if err != nil {
		return err
	}
	t := s.sum(rows, q.flag("IncludesVat"))
	q["TotalAmount"], q["VatAmount"], q["RoundingsAmount"] = s.documentAmount(q, t), t.vat, t.rounding
	if q.number("Status") >= quoteOngoing && q["Number"] == nil {
		q["Number"] = s.nextQuote
		s.nextQuote++
	}
	q["ModifiedUtc"] = s.stampNow()
	return nil
}

// quoteStep makes the handler of a step in a quote's life.
func (s *Sandbox) quoteStep(drafts bool, act func(c *call, q object) (reply, error)) handler {
	return func(c *call) (reply, error) {
		q := s.quoteResource(drafts).get(c.id)
		if q == nil {
			return reply{}, notFound("quote")
		}
		if q.number("Status") > quoteApproved {
			return reply{}, invalid("The quote has been converted.")
		}
		return act(c, q)
	}
}

func (s *Sandbox) sendQuote(c *call, q object) (reply, error) {
	q["Status"] = int64(quoteOngoing)
	if err := s.completeQuote(q, q.clone()); err != nil {
		return reply{}, err
	}
	return s.quotes.answer(c, http.StatusOK, q)
}

func (s *Sandbox) acceptQuote(c *call, q object) (reply, error) {
	q["Status"], q["ApprovedDate"], q["ModifiedUtc"] = int64(quoteApproved), s.today(), s.stampNow()
	return s.quotes.answer(c, http.StatusOK, q)
}

func (s *Sandbox) quoteToOrder(c *call, q object) (reply, error) {
	o := orderSchema.blank()
	share(orderSchema, o, quoteSchema, q)
	o["YourReference"], o["OurReference"] = q["CustomerReference"], q["CompanyReference"]
	o["Number"], o["OrderDate"], o["CreatedFromQuoteId"] = nil, s.today(), q["Id"]
	o["Status"] = int64(orderDraft)
	if kind := gjson.GetBytes(c.body, "Type"); kind.Raw == "1" {
		o["Status"] = int64(orderOngoing)
	}
	o["Rows"] = s.rowsOf(orderRowSchema, quoteRowSchema, q)
	s.dropReference(o)
	o["CreatedUtc"] = s.stampNow()
	if err := s.completeOrder(o, nil); err != nil {
		return reply{}, err
	}
	o["Id"] = s.newID()
	s.orders.add(o)
	q["Status"], q["ModifiedUtc"] = int64(quoteOrdered), s.stampNow()
	return s.orders.answer(c, http.StatusOK, o)
}

func (s *Sandbox) quoteToInvoice(c *call, q object) (reply, error) {
	inv := invoiceSchema.blank()
	share(invoiceSchema, inv, quoteSchema, q)
	inv["YourReference"], inv["OurReference"], inv["DueDate"] = q["CustomerReference"], q["CompanyReference"], nil
	inv["Rows"] = s.rowsOf(invoiceRowSchema, quoteRowSchema, q)
	s.dropReference(inv)
	if err := s.completeInvoice(inv, false); err != nil {
		return reply{}, err
	}
	s.bookInvoice(inv)
	q["Status"], q["ModifiedUtc"] = int64(quoteInvoiced), s.stampNow()
	return s.invoices.answer(c, http.StatusOK, inv)
}

// rowsOf makes rows of another kind of document.
func (s *Sandbox) rowsOf(to, from *schema, doc object) []object {
	var out []object
	for _, row := range doc.objects("Rows") {
		r := to.blank()
		share(to, r, from, row)
		out = append(out, r)
	}
	return out
}

func (s *Sandbox) dropReference(doc object) {
	if s.set.Unproven.ConversionDropsRef {
		doc["BuyersOrderReference"] = nil
	}
}
