package sandbox

import (
	"net/http"
	"time"
)

// The states of an order.
const (
	orderDraft    = 1
	orderOngoing  = 2
	orderShipped  = 3
	orderInvoiced = 4
)

var orderRules = rowRules{schema: orderRowSchema, saysText: true, keepIDs: true}

func (s *Sandbox) postOrder(c *call) (reply, error) {
	o, err := c.decode(orderSchema)
	if err != nil {
		return reply{}, err
	}
	o["CreatedUtc"] = s.stampNow()
	if err := s.completeOrder(o, nil); err != nil {
		return reply{}, err
	}
	o["Id"] = s.newID()
	s.orders.add(o)
	s.orderMoved(nil, o)
	return s.orders.answer(c, http.StatusCreated, o)
}

func (s *Sandbox) putOrder(c *call) (reply, error) {
	old := s.orders.get(c.id)
	if old == nil {
		return reply{}, notFound("order")
	}
	if old.number("Status") == orderInvoiced {
		return reply{}, invalid("The order has been invoiced.")
	}
	o, err := c.decode(orderSchema)
	if err != nil {
		return reply{}, err
	}
	carry(orderSchema, old, o)
	if err := s.completeOrder(o, old); err != nil {
		return reply{}, err
	}
	s.replaceOrder(old, o)
	if s.set.Unproven.PutHasNoBody {
		return reply{status: http.StatusOK}, nil
	}
	return s.orders.answer(c, http.StatusOK, o)
}

func (s *Sandbox) replaceOrder(old, o object) {
	before := old.clone()
	for name, v := range o {
		old[name] = v
	}
	s.orderMoved(before, old)
}

func (s *Sandbox) deleteOrder(c *call) (reply, error) {
	o := s.orders.get(c.id)
	if o == nil {
		return reply{}, notFound("order")
	}
	if o.number("Status") == orderInvoiced {
		return reply{}, invalid("The order has been invoiced.")
	}
	s.orders.remove(c.id)
	s.orderMoved(o, nil)
	return s.deleted()
}

// orderMoved books stock: what is shipped leaves it. Reservations are counted when they are read.
func (s *Sandbox) orderMoved(before, after object) {
	taken := func(o object) map[string]amount {
		if o.number("Status") < orderShipped {
			return nil
		}
		return delivered(o, "DeliveredQuantity")
	}
	s.moveStock(taken(before), taken(after))
}

// completeOrder checks an order and fills what the server decides.
func (s *Sandbox) completeOrder(o, old object) error {
	customer, err := s.customerOf(o)
	if err != nil {
		return err
	}
	if o.number("Status") == orderInvoiced {
		return invalid("The status Invoiced cannot be set.")
	}
	if !s.inFiscalYear(o.text("OrderDate")) {
		return s.missing(3001, "fiscal year")
	}
	if id := o.text("TermsOfPaymentId"); id != "" && s.terms.get(id) == nil {
		return s.missing(3000, "terms of payment")
	}
	created := old == nil || old.text("CustomerId") != o.text("CustomerId")
	s.setCustomer(orderSchema, o, customer, created)
	s.setAddresses(orderSchema, o, customer, created)
	rows, err := s.completeRows(orderRules, o, customer, old)
	if err != nil {
		return err
	}
	t := s.sum(rows, o.flag("IncludesVat"))
	if t.gross.sign() < 0 {
		return invalid("The sum of the order must be positive.")
	}
	s.setOrderAmounts(o, customer, t)
	if o.number("Status") >= orderOngoing && o["Number"] == nil {
		o["Number"] = s.nextOrder
		s.nextOrder++
	}
	o["ModifiedUtc"] = s.stampNow()
	return nil
}

func (s *Sandbox) setOrderAmounts(o, customer object, t totals) {
	done := s.sum(s.deliveredRows(o, customer), o.flag("IncludesVat"))
	for name, v := range map[string]amount{
		"Amount": s.documentAmount(o, t), "VatAmount": t.vat, "RoundingsAmount": t.rounding,
		"DeliveredAmount": s.documentAmount(o, done), "DeliveredVatAmount": done.vat, "DeliveredRoundingsAmount": done.rounding,
	} {
		if sent := o.decimal(name); !s.set.Unproven.KeepSentAmounts || sent.n == nil {
			o[name] = v
		}
	}
}

func (s *Sandbox) deliveredRows(o, customer object) []taxed {
	var out []taxed
	for _, row := range o.objects("Rows") {
		if article := s.articles.get(row.text("ArticleId")); article != nil {
			out = append(out, taxed{rowAmount(row, row.decimal("DeliveredQuantity")), s.rate(customer, article, row)})
		}
	}
	return out
}

// documentAmount is the amount that orders and quotes show: with VAT where the prices have it.
func (s *Sandbox) documentAmount(o object, t totals) amount {
	if o.flag("IncludesVat") && !s.set.Unproven.OrderAmountIsNet {
		return t.gross
	}
	return t.net
}

func (s *Sandbox) inFiscalYear(day string) bool {
	for _, y := range s.fiscalYrs.items {
		if y.text("StartDate") <= day && day <= y.text("EndDate") {
			return true
		}
	}
	return false
}

// orderAction makes the handler of an action on an order.
func (s *Sandbox) orderAction(act func(o object) error) handler {
	return func(c *call) (reply, error) {
		old := s.orders.get(c.id)
		if old == nil {
			return reply{}, notFound("order")
		}
		o := old.clone()
		if err := act(o); err != nil {
			return reply{}, err
		}
		if err := s.completeOrder(o, old); err != nil {
			return reply{}, err
		}
		s.replaceOrder(old, o)
		return s.orders.answer(c, http.StatusOK, old)
	}
}

func (s *Sandbox) draftToOrder(o object) error {
	if o.number("Status") != orderDraft {
		return invalid("The order is not a draft.")
	}
	o["Status"] = int64(orderOngoing)
	return nil
}

func (s *Sandbox) completed(o object) error {
	if o.number("Status") != orderOngoing {
		return invalid("Only an ongoing order can be completed.")
	}
	o["Status"] = int64(orderShipped)
	o["ShippedDateTime"] = s.today()
	for _, row := range o.objects("Rows") {
		row["DeliveredQuantity"] = row.decimal("Quantity").round(2)
	}
	return nil
}

func (s *Sandbox) voided(o object) error {
	if o.number("Status") != orderShipped {
		return invalid("Only a shipped order can be undone.")
	}
	o["Status"] = int64(orderOngoing)
	o["ShippedDateTime"] = nil
	for _, row := range o.objects("Rows") {
		row["DeliveredQuantity"] = amount{}
	}
	return nil
}

// convertOrder makes an invoice of what was delivered.
func (s *Sandbox) convertOrder(c *call) (reply, error) {
	o := s.orders.get(c.id)
	if o == nil {
		return reply{}, notFound("order")
	}
	if o.number("Status") != orderShipped {
		return reply{}, invalid("Only a shipped order can be converted to an invoice.")
	}
	inv := invoiceSchema.blank()
	share(invoiceSchema, inv, orderSchema, o)
	var rows []object
	for _, row := range o.objects("Rows") {
		r := invoiceRowSchema.blank()
		share(invoiceRowSchema, r, orderRowSchema, row)
		r["Quantity"] = row.decimal("DeliveredQuantity")
		rows = append(rows, r)
	}
	inv["Rows"] = rows
	inv["CreatedFromOrderId"] = o["Id"]
	if s.set.Unproven.ConversionDropsRef {
		inv["BuyersOrderReference"] = nil
	}
	if err := s.completeInvoice(inv, false); err != nil {
		return reply{}, err
	}
	s.bookInvoice(inv)
	o["Status"] = int64(orderInvoiced)
	o["ModifiedUtc"] = s.stampNow()
	return s.invoices.answer(c, http.StatusOK, inv)
}

// dueDate adds terms of payment to a day.
func (s *Sandbox) dueDate(day, termsID string) any {
	terms := s.terms.get(termsID)
	t, err := time.Parse(time.DateOnly, day)
	if terms == nil || err != nil {
		return nil
	}
	if terms.number("TermsOfPaymentTypeId") == 1 { // counted from the end of the month
		t = time.Date(t.Year(), t.Month()+1, 0, 0, 0, 0, 0, time.UTC)
	}
	return t.AddDate(0, 0, int(terms.number("NumberOfDays"))).Format(time.DateOnly)
}
