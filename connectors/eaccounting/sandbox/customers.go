package sandbox

import (
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

func (s *Sandbox) postCustomer(c *call) (reply, error) {
	o, err := c.decode(customerSchema)
	if err != nil {
		return reply{}, err
	}
	if err := s.completeCustomer(o, nil); err != nil {
		return reply{}, err
	}
	o["Id"] = s.newID()
	s.customers.add(o)
	return s.customers.answer(c, http.StatusCreated, o)
}

func (s *Sandbox) putCustomer(c *call) (reply, error) {
	old := s.customers.get(c.id)
	if old == nil {
		return reply{}, notFound("customer")
	}
	o, err := c.decode(customerSchema)
	if err != nil {
		return reply{}, err
	}
	carry(customerSchema, old, o)
	if err := s.completeCustomer(o, old); err != nil {
		return reply{}, err
	}
	for name, v := range o {
		old[name] = v
	}
	return s.customers.answer(c, http.StatusOK, old)
}

func (s *Sandbox) deleteCustomer(c *call) (reply, error) {
	if s.customers.get(c.id) == nil {
		return reply{}, notFound("customer")
	}
	for _, col := range []*collection{s.orders, s.quotes, s.drafts, s.invoices} {
		if slices.ContainsFunc(col.items, func(o object) bool { return o.text("CustomerId") == c.id }) {
			return reply{}, hasDependants("customer")
		}
	}
	s.customers.remove(c.id)
	return s.deleted()
}

// vatNumber is a country code and at most 12 signs; the shortest in the EU has two.
var vatNumber = regexp.MustCompile(`^[A-Z]{2}[A-Z0-9+*]{2,12}$`)

// completeCustomer checks a customer and fills what the server decides.
func (s *Sandbox) completeCustomer(o, old object) error {
	for _, name := range []string{"InvoiceCountryCode", "DeliveryCountryCode"} {
		if code := o.text(name); code != "" && !s.knowsCountry(code) {
			return invalid("The field %s is not a known country code.", name)
		}
	}
	terms := s.terms.get(o.text("TermsOfPaymentId"))
	switch {
	case terms == nil:
		return s.missing(3000, "terms of payment")
	case o.text("DeliveryMethodId") != "" && s.deliveryMethods.get(o.text("DeliveryMethodId")) == nil:
		return s.missing(3000, "delivery method")
	case o.text("DeliveryTermId") != "" && s.deliveryTerms.get(o.text("DeliveryTermId")) == nil:
		return s.missing(3000, "delivery term")
	case o.flag("DeliveryBasedVat") && (o.text("DeliveryCity") == "" || o.text("DeliveryPostalCode") == "" || o.text("DeliveryCountryCode") == ""):
		return invalid("DeliveryBasedVat needs the delivery city, postal code and country code.")
	case o.flag("ReverseChargeOnConstructionServices") && o.text("VatNumber") == "":
		return invalid("The VatNumber field is required when ReverseChargeOnConstructionServices is true.")
	}
	if err := s.checkVATNumber(o.text("VatNumber")); err != nil {
		return err
	}
	if err := resolveLabels(o, "CustomerLabels", s.customerLabels); err != nil {
		return err
	}
	o["TermsOfPayment"] = terms.clone()
	if o["InvoiceCountryCode"] == nil && !s.set.Unproven.NoDefaultCountry {
		o["InvoiceCountryCode"] = s.company["CountryCode"]
	}
	if o["CurrencyCode"] == nil {
		o["CurrencyCode"] = s.company["CurrencyCode"]
	}
	if err := s.numberCustomer(o, old); err != nil {
		return err
	}
	o["ChangedUtc"] = s.stampNow()
	return nil
}

func (s *Sandbox) knowsCountry(code string) bool {
	return slices.ContainsFunc(s.countries.items, func(c object) bool { return c.text("Code") == code })
}

// checkVATNumber stands for the enquiry at VIES.
func (s *Sandbox) checkVATNumber(number string) error {
	switch {
	case number == "":
		return nil
	case !vatNumber.MatchString(number):
		return invalid("The field VatNumber is not a valid VAT number.")
	case slices.Contains(s.set.UnknownVATNumbers, number):
		return &apiError{http.StatusBadRequest, 4100, "ExternalServiceException - The VAT number could not be validated."}
	}
	return nil
}

// numberCustomer keeps the number unique and gives the next one if none was sent.
func (s *Sandbox) numberCustomer(o, old object) error {
	if o.text("CustomerNumber") == "" {
		if old != nil {
			o["CustomerNumber"] = old["CustomerNumber"]
			return nil
		}
		for s.customerNumbered(strconv.FormatInt(s.nextCustomer, 10), nil) {
			s.nextCustomer++
		}
		o["CustomerNumber"] = strconv.FormatInt(s.nextCustomer, 10)
		s.nextCustomer++
		return nil
	}
	if s.customerNumbered(o.text("CustomerNumber"), old) {
		return duplicate("The customer number " + o.text("CustomerNumber"))
	}
	return nil
}

func (s *Sandbox) customerNumbered(number string, but object) bool {
	return slices.ContainsFunc(s.customers.items, func(x object) bool {
		return x["Id"] != but["Id"] && s.sameText(x.text("CustomerNumber"), number)
	})
}

func (s *Sandbox) sameText(a, b string) bool {
	if s.set.Unproven.CaseSensitiveText {
		return a == b
	}
	return strings.EqualFold(a, b)
}

// showCustomer adds what follows from the invoices.
func (s *Sandbox) showCustomer(_ *call, o object) object {
	unpaid := amount{}
	for _, inv := range s.invoices.items {
		if inv["CustomerId"] != o["Id"] {
			continue
		}
		unpaid = unpaid.add(inv.decimal("RemainingAmount"))
		if day := inv.text("InvoiceDate"); day > o.text("LastInvoiceDate") {
			o["LastInvoiceDate"] = day
		}
	}
	o["UnpaidInvoicesAmount"] = unpaid
	return o
}
