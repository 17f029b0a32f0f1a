package eaccounting

import (
	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

var _ port.Totaled = (*Connector)(nil)

// Totaled reads what the API says a document adds up to. Invoice drafts and invoices say so including VAT and
// rounding, as measured on live companies. Of orders and quotes it is not certain whether their
// amounts include VAT, so they are left to [Connector.Totals].
func (c *Connector) Totaled(name string, body []byte) (port.Totals, bool) {
	if name != "invoiceDraft" && name != "invoice" {
		return port.Totals{}, false
	}
	gross := gjson.GetBytes(body, "TotalAmount")
	if gross.Type != gjson.Number {
		return port.Totals{}, false
	}
	t := port.Totals{Gross: gross.Raw}
	if vat := gjson.GetBytes(body, "TotalVatAmount"); vat.Type == gjson.Number {
		t.Tax = vat.Raw
	}
	return t, true
}
