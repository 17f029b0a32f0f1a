package sandbox

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/big"
	"net/http/httptest"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// Sale is what a person at the till rings up. How a register stores it is a proposal: an order that is completed and paid, with a terminal
// receipt where a card paid. A sale with negative counts is a return.
type Sale struct {
	SKUs    map[string]string // SKU to count
	Price   map[string]string // in place of the article's, by SKU
	Card    bool              // paid by card, else in cash
	User    int               // 0 is the walk-in customer
	Account bool              // reserved, to be paid later
}

var errSale = errors.New("the till refuses the sale")

// RingUp makes the order of a sale and returns its id.
func (s *Sandbox) RingUp(sale Sale) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.register {
		return 0, fmt.Errorf("%w: a web shop has no till", errSale)
	}
	var rows []any
	for _, sku := range slices.Sorted(maps.Keys(sale.SKUs)) {
		row := s.articleRow(sku)
		if row == nil {
			return 0, fmt.Errorf("%w: no article %s", errSale, sku)
		}
		row.Set("count", json.Number(sale.SKUs[sku]))
		if p := sale.Price[sku]; p != "" {
			row.Set("price", json.Number(p))
		}
		rows = append(rows, row)
	}
	body := jsondoc.New("customer", jsondoc.New(), "orderrows", rows, "total_shipping", 0, "paid", !sale.Account, "status", 7)
	if sale.Account {
		body.Set("status", statusReserved)
	}
	if sale.User != 0 {
		body.Set("user_id", sale.User)
	}
	r := httptest.NewRequest("POST", "/api/rest/v1/orders/", nil)
	v, fault := (&call{s: s, r: r, body: body}).postOrder()
	if fault != nil {
		return 0, fmt.Errorf("%w: %s", errSale, fault.message)
	}
	o := v.(*object)
	switch {
	case sale.Account:
		s.pay(o, "BankTransfer")
		o.Set("reservationnumber", fmt.Sprintf("RES-%s-%03d", o.Text("create_date")[:4], o.Int("ordernumber")%1000))
	case sale.Card:
		s.pay(o, "Pin")
		s.slip(o)
	default:
		s.pay(o, "Cash")
	}
	return o.Int("id"), nil
}

// articleRow is a row for an article or one of its variants.
func (s *Sandbox) articleRow(sku string) *object {
	for _, p := range s.table("products").rows {
		if p.Text("productnumber") == sku {
			return jsondoc.New("product_id", p.Get("id"))
		}
	}
	for _, o := range s.table("attributecombinations").rows {
		if o.Text("sku_number") == sku {
			return jsondoc.New("product_id", o.Get("product_id"), "attribute_combination_id", o.Get("id"))
		}
	}
	return nil
}

func (s *Sandbox) pay(o *object, method string) {
	for _, m := range s.methods() {
		if m.method == method {
			o.Set("paymethod_id", m.id)
			o.Set("paymethod", m.method)
			o.Set("paymethod_label", m.text)
		}
	}
}

// slip is the receipt of the payment terminal.
func (s *Sandbox) slip(o *object) {
	id := fmt.Sprintf("CCV-%s-%06d", strings.ReplaceAll(o.Text("create_date")[:10], "-", ""), o.Int("ordernumber"))
	o.Set("transaction_id", id)
	t := s.add("terminalreceipts", "terminalreceipt", "{order}", o.Text("id"))
	amount := rat(o.Get("total_price"))
	t.Set("order_id", o.Get("id"))
	t.Set("create_date", s.stamp())
	t.Set("transaction_id", id)
	t.Set("amount", number(new(big.Rat).Abs(amount), 2))
	if amount.Sign() < 0 {
		t.Set("type", "refund")
	}
	words := "NOORDERKADE KOFFIE\nTerminal: TRM-0001\nMaestro ************1234\nTotaal: " + t.Text("amount") + " EUR\nAkkoord"
	t.Set("receipts", jsondoc.New("customer", words, "merchant", words+"\nWinkelkopie"))
}

// CloseDay makes the cash-up of all sales since the one before. What its lists hold is a proposal.
func (s *Sandbox) CloseDay() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closeDay()
}

func (s *Sandbox) closeDay() {
	since := ""
	for _, c := range s.table("cashups").rows {
		since = c.Text("end_period")
	}
	o := s.add("cashups", "cashup")
	o.Set("number_full", s.stamp()[:4]+"-"+fmt.Sprintf("%04d", len(s.table("cashups").rows)))
	for _, m := range []string{"create_date", "start_period", "end_period"} {
		o.Set(m, s.stamp())
	}
	o.Set("status", "CLOSED")
	paid, tax := map[string]*big.Rat{}, new(big.Rat)
	gross := new(big.Rat)
	for _, order := range s.table("orders").rows {
		if !flag(order, "paid") || order.Text("create_date") <= since {
			continue
		}
		if o.Text("start_period") > order.Text("create_date") {
			o.Set("start_period", order.Text("create_date"))
		}
		m := order.Text("paymethod")
		if paid[m] == nil {
			paid[m] = new(big.Rat)
		}
		paid[m].Add(paid[m], rat(order.Get("total_price")))
		gross.Add(gross, rat(order.Get("total_price")))
		tax.Add(tax, rat(order.Get("total_tax")))
	}
	var balances []any
	for _, m := range s.methods() {
		if amount := paid[m.method]; amount != nil {
			balances = append(balances, jsondoc.New("paymethod_id", m.id, "paymethod", m.method, "opening", 0, "expected", number(amount, 2), "counted", number(amount, 2), "difference", 0))
		}
	}
	o.Set("balances", balances)
	o.Set("vat_totals", []any{jsondoc.New("tax", 21, "total_exc_tax", number(sub(gross, tax), 2), "total_tax", number(tax, 2), "total_inc_tax", number(gross, 2))})
}
