package sandbox

import (
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"
)

var (
	draftRules   = rowRules{schema: draftRowSchema, saysText: true, fineAbroad: true, zeroMeans: true}
	invoiceRules = rowRules{schema: invoiceRowSchema, fineAbroad: true}
)

func (s *Sandbox) postDraft(c *call) (reply, error) {
	d, err := c.decode(draftSchema)
	if err != nil {
		return reply{}, err
	}
	d["CreatedUtc"] = s.stampNow()
	if c.query.Get("overrideCustomerIsPrivatePerson") == "true" {
		d["CustomerIsPrivatePerson"] = gjson.GetBytes(c.body, "CustomerIsPrivatePerson").Bool()
		d["IncludesVat"] = s.includesVAT(d.flag("CustomerIsPrivatePerson"))
		err = s.completeDraft(d, d.clone())
	} else {
		err = s.completeDraft(d, nil)
	}
	if err != nil {
		return reply{}, err
	}
	d["Id"] = s.newID()
	s.drafts.add(d)
	return s.drafts.answer(c, http.StatusCreated, d)
}

func (s *Sandbox) putDraft(c *call) (reply, error) {
	old := s.drafts.get(c.id)
	if old == nil {
		return reply{}, notFound("customer invoice draft")
	}
	d, err := c.decode(draftSchema)
	if err != nil {
		return reply{}, err
	}
	carry(draftSchema, old, d)
	if err := s.completeDraft(d, old); err != nil {
		return reply{}, err
	}
	for name, v := range d {
		old[name] = v
	}
	return s.drafts.answer(c, http.StatusOK, old)
}

func (s *Sandbox) deleteDraft(c *call) (reply, error) {
	if s.drafts.get(c.id) == nil {
		return reply{}, notFound("customer invoice draft")
	}
	s.drafts.remove(c.id)
	return s.deleted()
}

func (s *Sandbox) completeDraft(d, old object) error {
	customer, err := s.customerOf(d)
	if err != nil {
		return err
	}
	created := old == nil || old.text("CustomerId") != d.text("CustomerId")
	s.setCustomer(draftSchema, d, customer, created)
	s.setAddresses(draftSchema, d, customer, d["Id"] == nil)
	d["InvoiceCurrencyCode"] = customer["CurrencyCode"]
	d["ReverseChargeOnConstructionServices"] = customer.flag("ReverseChargeOnConstructionServices")
	if err := s.setTerms(d, customer); err != nil {
		return err
	}
	rows, err := s.completeRows(draftRules, d, customer, old)
	if err != nil {
		return err
	}
	t := s.sum(rows, d.flag("IncludesVat"))
	d["TotalAmount"], d["TotalVatAmount"], d["TotalRoundings"] = t.gross, t.vat, t.rounding
	d["TotalAmountBaseCurrency"], d["TotalVatAmountBaseCurrency"] = t.gross, t.vat
	return nil
}

// setTerms fills terms of payment, invoice date and due date.
func (s *Sandbox) setTerms(doc, customer object) error {
	if doc["TermsOfPaymentId"] == nil {
		doc["TermsOfPaymentId"] = customer["TermsOfPaymentId"]
	}
	if s.terms.get(doc.text("TermsOfPaymentId")) == nil {
		return s.missing(3000, "terms of payment")
	}
	if doc["InvoiceDate"] == nil {
		doc["InvoiceDate"] = s.today()
	}
	if !s.inFiscalYear(doc.text("InvoiceDate")) {
		return s.missing(3001, "fiscal year")
	}
	if doc["DueDate"] == nil {
		doc["DueDate"] = s.dueDate(doc.text("InvoiceDate"), doc.text("TermsOfPaymentId"))
	}
	return nil
}

// convertDraft books a draft.
func (s *Sandbox) convertDraft(c *call) (reply, error) {
	d := s.drafts.get(c.id)
	if d == nil {
		return reply{}, notFound("customer invoice draft")
	}
	inv := s.invoiceOfDraft(d, c.query.Get("keepOriginalDraftDate") == "true")
	if err := s.completeInvoice(inv, false); err != nil {
		return reply{}, err
	}
	if err := expectedTotals(c.body, inv); err != nil {
		return reply{}, err
	}
	s.bookInvoice(inv)
	s.drafts.remove(d.text("Id"))
	return s.invoices.answer(c, http.StatusCreated, inv)
}

func (s *Sandbox) invoiceOfDraft(d object, keepDate bool) object {
	inv := invoiceSchema.blank()
	share(invoiceSchema, inv, draftSchema, d)
	inv["Rows"] = s.rowsOf(invoiceRowSchema, draftRowSchema, d)
	inv["CreatedFromDraftId"] = d["Id"]
	if !keepDate && !s.set.KeepOriginalDraftDate && d.text("InvoiceDate") < s.today() {
		inv["InvoiceDate"], inv["DueDate"] = s.today(), nil
	}
	s.dropReference(inv)
	return inv
}

// expectedTotals compares what a client expects of the invoice, if it says so.
func expectedTotals(body []byte, inv object) error {
	for name, member := range map[string]string{
		"TotalAmountInvoiceCurrency": "TotalAmount", "TotalVatAmountInvoiceCurrency": "TotalVatAmount", "TotalRoundingsInvoiceCurrency": "TotalRoundings",
	} {
		want := gjson.GetBytes(body, name)
		if want.Type != gjson.Number {
			continue
		}
		if a, err := parseAmount(want.Raw); err != nil || a.cmp(inv.decimal(member)) != 0 {
			return invalid("The %s of the invoice is %s.", name, inv.decimal(member).json())
		}
	}
	return nil
}

func (s *Sandbox) postInvoice(c *call) (reply, error) {
	inv, err := c.decode(invoiceSchema)
	if err != nil {
		return reply{}, err
	}
	draft := inv.text("CreatedFromDraftId")
	if draft != "" {
		d := s.drafts.get(draft)
		if d == nil {
			return reply{}, s.missing(3000, "customer invoice draft")
		}
		inv = s.invoiceOfDraft(d, false)
	}
	if err := s.completeInvoice(inv, draft == ""); err != nil {
		return reply{}, err
	}
	s.bookInvoice(inv)
	s.drafts.remove(draft)
	return s.invoices.answer(c, http.StatusCreated, inv)
}

// completeInvoice checks an invoice and fills what the server decides, but the
// numbers. One that comes from another document keeps its price basis.
func (s *Sandbox) completeInvoice(inv object, created bool) error {
	customer, err := s.customerOf(inv)
	if err != nil {
		return err
	}
	s.setCustomer(invoiceSchema, inv, customer, created)
	s.setAddresses(invoiceSchema, inv, customer, true)
	if err := s.setTerms(inv, customer); err != nil {
		return err
	}
	if inv.text("InvoiceDate") > s.today() {
		return invalid("The InvoiceDate must not lie in the future.")
	}
	inv["CurrencyCode"] = customer["CurrencyCode"]
	if inv["CurrencyRate"] == nil {
		inv["CurrencyRate"] = whole(1)
	}
	rows, err := s.completeRows(invoiceRules, inv, customer, nil)
	if err != nil {
		return err
	}
	t := s.sum(rows, inv.flag("IncludesVat"))
	for name, v := range map[string]amount{
		"TotalAmount": t.gross, "TotalVatAmount": t.vat, "TotalRoundings": t.rounding,
		"TotalAmountInvoiceCurrency": t.gross, "TotalVatAmountInvoiceCurrency": t.vat,
		"RemainingAmount": t.gross, "RemainingAmountInvoiceCurrency": t.gross,
	} {
		inv[name] = v
	}
	spec := make([]object, 0, len(t.rates))
	for _, r := range t.rates {
		spec = append(spec, object{"AmountInvoiceCurrency": r.net, "VatAmountInvoiceCurrency": r.vat, "VatPercent": r.rate})
	}
	inv["VatSpecification"] = spec
	return nil
}

// bookInvoice gives an invoice its numbers; from here on it does not change.
func (s *Sandbox) bookInvoice(inv object) {
	inv["Id"], inv["VoucherId"], inv["CreatedByUserId"] = s.newID(), s.newID(), sandboxUser
	inv["InvoiceNumber"] = s.nextInvoiceNo
	inv["VoucherNumber"] = fmt.Sprintf("V%d", s.nextInvoiceNo)
	inv["CreatedUtc"], inv["ModifiedUtc"] = s.stampNow(), s.stampNow()
	s.nextInvoiceNo++
	s.invoices.add(inv)
	if inv["CreatedFromOrderId"] == nil { // an order's goods left the stock when it was shipped
		s.moveStock(nil, delivered(inv, "Quantity"))
	}
}

// sandboxUser is the one user of the company.
const sandboxUser = "5b2f0c61-7d3e-4a98-8c14-0e9d6a7b3c52"

// showInvoice adds what time changes.
func (s *Sandbox) showInvoice(_ *call, inv object) object {
	status := int64(1)
	switch {
	case inv.decimal("RemainingAmount").sign() == 0:
		status = 0
	case inv.text("DueDate") < s.today():
		status = 2
	}
	inv["PaymentStatus"] = status
	return inv
}

// showDraft shows today as the date of a draft where the company does not keep it.
func (s *Sandbox) showDraft(_ *call, d object) object {
	if s.set.Unproven.DraftShowsToday && !s.set.KeepOriginalDraftDate {
		d["InvoiceDate"] = s.today()
	}
	return d
}
