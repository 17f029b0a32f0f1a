package peers

import (
	"errors"
	"math"
	"strings"
)

// What a Go developer writes by hand: structs with just the needed fields, floats for amounts.

type srcCountry struct {
	ISO string `json:"iso"`
}
type srcAddress struct {
	FirstName string     `json:"firstName"`
	LastName  string     `json:"lastName"`
	Company   *string    `json:"company"`
	Street    string     `json:"street"`
	Zipcode   string     `json:"zipcode"`
	City      string     `json:"city"`
	Phone     *string    `json:"phoneNumber"`
	Country   srcCountry `json:"country"`
}
type srcTax struct {
	Tax     float64 `json:"tax"`
	TaxRate float64 `json:"taxRate"`
}
type srcPrice struct {
	UnitPrice       float64  `json:"unitPrice"`
	TotalPrice      float64  `json:"totalPrice"`
	CalculatedTaxes []srcTax `json:"calculatedTaxes"`
}
type srcState struct {
	TechnicalName string `json:"technicalName"`
}
type srcLine struct {
	ReferencedID string   `json:"referencedId"`
	Quantity     int      `json:"quantity"`
	Label        string   `json:"label"`
	Type         string   `json:"type"`
	Position     int      `json:"position"`
	TotalPrice   float64  `json:"totalPrice"`
	Price        srcPrice `json:"price"`
	Payload      struct {
		ProductNumber *string  `json:"productNumber"`
		EAN           *string  `json:"ean"`
		Weight        *float64 `json:"weight"`
	} `json:"payload"`
}
type srcOrder struct {
	ID             string   `json:"id"`
	OrderNumber    string   `json:"orderNumber"`
	OrderDateTime  string   `json:"orderDateTime"`
	AmountTotal    float64  `json:"amountTotal"`
	AmountNet      float64  `json:"amountNet"`
	TaxStatus      string   `json:"taxStatus"`
	CurrencyFactor float64  `json:"currencyFactor"`
	Comment        *string  `json:"customerComment"`
	ShippingCosts  srcPrice `json:"shippingCosts"`
	Currency       struct {
		ISOCode *string `json:"isoCode"`
	} `json:"currency"`
	Language struct {
		Locale struct {
			Code *string `json:"code"`
		} `json:"locale"`
	} `json:"language"`
	OrderCustomer struct {
		Email          string   `json:"email"`
		FirstName      string   `json:"firstName"`
		LastName       string   `json:"lastName"`
		Company        *string  `json:"company"`
		CustomerNumber string   `json:"customerNumber"`
		VatIDs         []string `json:"vatIds"`
	} `json:"orderCustomer"`
	BillingAddress srcAddress `json:"billingAddress"`
	Deliveries     []struct {
		ShippingOrderAddress srcAddress `json:"shippingOrderAddress"`
	} `json:"deliveries"`
	LineItems    []srcLine `json:"lineItems"`
	Transactions []struct {
		Amount        srcPrice `json:"amount"`
		State         srcState `json:"stateMachineState"`
		PaymentMethod srcState `json:"paymentMethod"`
	} `json:"transactions"`
	State srcState `json:"stateMachineState"`
}

type outAddress struct {
	Name    string `json:"name"`
	Company string `json:"company"`
	Street  string `json:"street"`
	Number  string `json:"number"`
	Postal  string `json:"postal"`
	City    string `json:"city"`
	Country string `json:"country"`
}
type outLine struct {
	Pos       int     `json:"pos"`
	SKU       string  `json:"sku"`
	Name      string  `json:"name"`
	Qty       int     `json:"qty"`
	Price     float64 `json:"price"`
	PriceIncl float64 `json:"priceIncl"`
	Vat       float64 `json:"vat"`
	EAN       string  `json:"ean"`
	Weight    float64 `json:"weight"`
}
type outOrder struct {
	Number         string  `json:"number"`
	ExternalID     string  `json:"externalId"`
	Date           string  `json:"date"`
	OrderedAt      string  `json:"orderedAt"`
	Status         string  `json:"status"`
	Currency       string  `json:"currency"`
	CurrencyFactor float64 `json:"currencyFactor"`
	Language       string  `json:"language"`
	TaxMode        string  `json:"taxMode"`
	Customer       struct {
		Number  string  `json:"number"`
		Name    string  `json:"name"`
		Email   string  `json:"email"`
		Company string  `json:"company"`
		Type    string  `json:"type"`
		VatID   *string `json:"vatId"`
		Phone   string  `json:"phone"`
	} `json:"customer"`
	Billing      outAddress `json:"billing"`
	Shipping     outAddress `json:"shipping"`
	Lines        []outLine  `json:"lines"`
	ShippingCost float64    `json:"shippingCost"`
	ShippingVat  float64    `json:"shippingVat"`
	Discount     float64    `json:"discount"`
	Totals       struct {
		Net   float64 `json:"net"`
		Gross float64 `json:"gross"`
		Tax   float64 `json:"tax"`
	} `json:"totals"`
	Payment struct {
		Method string  `json:"method"`
		State  string  `json:"state"`
		Paid   bool    `json:"paid"`
		Amount float64 `json:"amount"`
	} `json:"payment"`
	Comment   string `json:"comment"`
	ItemCount int    `json:"itemCount"`
}

// tables are the lookup tables of the order mapping.
var tables = map[string]map[string]string{
	"status":  {"open": "new", "in_progress": "processing", "completed": "done", "cancelled": "cancelled"},
	"payment": {"swag_paypal_paypal": "paypal", "payment_invoicepayment": "invoice", "payment_prepayment": "bank_transfer", "payment_cashpayment": "cash", "payment_debitpayment": "direct_debit", "stripe_card": "credit_card"},
}

func lookupOr(table, key, def string) string {
	if v, ok := tables[table][key]; ok {
		return v
	}
	return def
}

func strOr(p *string, def string) string {
	if p == nil {
		return def
	}
	return *p
}

func round4(x float64) float64 { return math.Round(x*10000) / 10000 }
func round2(x float64) float64 { return math.Round(x*100) / 100 }

func splitStreet(s string) (street, number string) {
	i := strings.LastIndexByte(s, ' ')
	if i > 0 && i+1 < len(s) && s[i+1] >= '0' && s[i+1] <= '9' {
		return s[:i], s[i+1:]
	}
	return s, ""
}

func (a *srcAddress) to() (t outAddress) {
	t.Name = strings.TrimSpace(a.FirstName + " " + a.LastName)
	t.Company = strOr(a.Company, "")
	t.Street, t.Number = splitStreet(a.Street)
	t.Postal, t.City, t.Country = a.Zipcode, a.City, a.Country.ISO
	return
}

func (o *srcOrder) to() (t outOrder, err error) {
	if len(o.Deliveries) == 0 || len(o.Transactions) == 0 || len(o.OrderDateTime) < 10 || len(o.ShippingCosts.CalculatedTaxes) == 0 {
		return t, errors.New("incomplete order")
	}
	gross := o.TaxStatus == "gross"
	t.Number = "SW-" + o.OrderNumber
	t.ExternalID = o.ID
	t.Date = o.OrderDateTime[:10]
	t.OrderedAt = o.OrderDateTime
	t.Status = lookupOr("status", o.State.TechnicalName, "unknown")
	t.Currency = strOr(o.Currency.ISOCode, "EUR")
	t.CurrencyFactor = o.CurrencyFactor
	t.Language = strOr(o.Language.Locale.Code, "de-DE")
	t.TaxMode = "excl"
	if gross {
		t.TaxMode = "incl"
	}
	c := &o.OrderCustomer
	t.Customer.Number = c.CustomerNumber
	t.Customer.Name = strings.TrimSpace(c.FirstName + " " + c.LastName)
	t.Customer.Email = strings.ToLower(c.Email)
	t.Customer.Company = strOr(c.Company, "")
	t.Customer.Type = "private"
	if t.Customer.Company != "" {
		t.Customer.Type = "business"
	}
	if len(c.VatIDs) > 0 {
		t.Customer.VatID = &c.VatIDs[0]
	}
	t.Customer.Phone = strOr(o.BillingAddress.Phone, "")
	t.Billing = o.BillingAddress.to()
	t.Shipping = o.Deliveries[0].ShippingOrderAddress.to()
	t.Lines = make([]outLine, 0, len(o.LineItems))
	discount := 0.0
	for i := range o.LineItems {
		l := &o.LineItems[i]
		switch l.Type {
		case "promotion":
			discount -= l.TotalPrice
		case "product":
			if len(l.Price.CalculatedTaxes) == 0 {
				return t, errors.New("no tax")
			}
			rate := l.Price.CalculatedTaxes[0].TaxRate
			net, incl := l.Price.UnitPrice, l.Price.UnitPrice
			if gross {
				net = net / (1 + rate/100)
			} else {
				incl = incl * (1 + rate/100)
			}
			w := 0.0
			if l.Payload.Weight != nil {
				w = *l.Payload.Weight
			}
			t.Lines = append(t.Lines, outLine{Pos: l.Position, SKU: strOr(l.Payload.ProductNumber, l.ReferencedID), Name: l.Label,
				Qty: l.Quantity, Price: round4(net), PriceIncl: round4(incl), Vat: rate, EAN: strOr(l.Payload.EAN, ""), Weight: w})
			t.ItemCount += l.Quantity
		}
	}
	t.ShippingCost = round4(o.ShippingCosts.TotalPrice - o.ShippingCosts.CalculatedTaxes[0].Tax)
	t.ShippingVat = o.ShippingCosts.CalculatedTaxes[0].TaxRate
	t.Discount = round2(discount)
	t.Totals.Net, t.Totals.Gross, t.Totals.Tax = o.AmountNet, o.AmountTotal, round2(o.AmountTotal-o.AmountNet)
	tx := &o.Transactions[0]
	t.Payment.Method = lookupOr("payment", tx.PaymentMethod.TechnicalName, "other")
	t.Payment.State = tx.State.TechnicalName
	t.Payment.Paid = tx.State.TechnicalName == "paid"
	t.Payment.Amount = tx.Amount.TotalPrice
	t.Comment = strOr(o.Comment, "")
	return t, nil
}
