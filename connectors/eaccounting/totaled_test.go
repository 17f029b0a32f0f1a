package eaccounting

import (
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestTotaled(t *testing.T) {
	cases := []struct {
		resource, body string
		want           port.Totals
		ok             bool
	}{
		{"invoiceDraft", `{"TotalAmount":1250.00,"TotalVatAmount":250}`, port.Totals{Gross: "1250.00", Tax: "250"}, true},
		{"invoice", `{"TotalAmount":9007199254740993.10,"TotalVatAmount":null}`, port.Totals{Gross: "9007199254740993.10"}, true},
		{"invoice", `{"TotalAmount":null}`, port.Totals{}, false},
		{"invoice", `{}`, port.Totals{}, false},
		{"order", `{"Amount":1250}`, port.Totals{}, false},
	}
	for _, c := range cases {
		got, ok := (&Connector{}).Totaled(c.resource, []byte(c.body))
		if got != c.want || ok != c.ok {
			t.Errorf("%s %s: %+v %v", c.resource, c.body, got, ok)
		}
	}
}
