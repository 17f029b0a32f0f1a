package flow

import (
	"fmt"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

var (
	cent     = decimal.New(1, 2)
	halfCent = decimal.New(5, 3)
)

// rowKinds are the lists of a canonical order whose amounts make up its totals, and
// the names of their members.
var rowKinds = []struct{ list, what, net, tax, gross string }{
	{"lines", "line", "totalNet", "tax", "totalGross"},
	{"shippingCosts", "shipping cost", "net", "tax", "gross"},
	{"discounts", "discount", "net", "tax", "gross"},
	{"fees", "fee", "net", "tax", "gross"},
}

// checkTotals holds a canonical order to its invariants: every row and the totals have net plus tax equal
// to gross, and the rows add up to the totals. Gross must agree to the cent. Net and
// tax may differ by less than a cent a row, because shops round tax a row or
// a document; such a difference is a warning.
func checkTotals(order []byte) (totals port.Totals, warnings []string, err error) {
	root := gjson.ParseBytes(order)
	var net, tax, gross decimal.Decimal
	rows, whole := 0, true
	for _, kind := range rowKinds {
		for i, row := range root.Get(kind.list).Array() {
			rows++
			n, t, g := row.Get(kind.net), row.Get(kind.tax), row.Get(kind.gross)
			where := fmt.Sprintf("%s %d", kind.what, i+1)
			if !present(g) {
				return totals, nil, totalsFailure("%s has no %s", where, kind.gross)
			}
			gd, err := amount(where, g)
			if err != nil {
				return totals, nil, err
			}
			gross = gross.Add(gd)
			if !present(n) || !present(t) {
				whole = false
				continue
			}
			nd, err := amount(where, n)
			if err != nil {
				return totals, nil, err
			}
			td, err := amount(where, t)
			if err != nil {
				return totals, nil, err
			}
			if differ(nd.Add(td), gd) {
				return totals, nil, totalsFailure("%s: net %s and tax %s are not gross %s", where, nd, td, gd)
			}
			net, tax = net.Add(nd), tax.Add(td)
		}
	}
	g := root.Get("totals.gross")
	if !present(g) {
		return totals, nil, totalsFailure("the order has no totals.gross")
	}
	gd, err := amount("totals.gross", g)
	if err != nil {
		return totals, nil, err
	}
	if differ(gd, gross) {
		return totals, nil, difference("order total", gd, "the rows add up to", gross)
	}
	totals.Gross = g.Raw
	n, t := root.Get("totals.net"), root.Get("totals.tax")
	if !present(n) || !present(t) {
		return totals, nil, nil
	}
	nd, err := amount("totals.net", n)
	if err != nil {
		return totals, nil, err
	}
	td, err := amount("totals.tax", t)
	if err != nil {
		return totals, nil, err
	}
	totals.Net, totals.Tax = n.Raw, t.Raw
	if differ(nd.Add(td), gd) {
		return totals, nil, totalsFailure("totals: net %s and tax %s are not gross %s", nd, td, gd)
	}
	if !whole || !differ(td, tax) {
		return totals, nil, nil
	}
	if td.Sub(tax).Abs().Cmp(cent.Mul(decimal.New(int64(rows), 0))) > 0 {
		return totals, nil, difference("order tax", td, "the tax of the rows adds up to", tax)
	}
	return totals, []string{fmt.Sprintf("order tax is %s, the tax of the rows adds up to %s: rounded by the shop", td, tax)}, nil
}

// compareTotals holds what the target says to what the order says. A difference of tax alone is a warning: the
// target computes tax by its own rules.
func compareTotals(order, target port.Totals, verb string) (warnings []string, err error) {
	want, err := decimal.Parse(order.Gross)
	if err != nil {
		return nil, totalsFailure("order total %q is no amount", order.Gross)
	}
	got, err := decimal.Parse(target.Gross)
	if err != nil {
		return nil, totalsFailure("the target's total %q is no amount", target.Gross)
	}
	if differ(want, got) {
		return nil, difference("order total", want, verb, got)
	}
	wantTax, err1 := decimal.Parse(order.Tax)
	gotTax, err2 := decimal.Parse(target.Tax)
	if err1 == nil && err2 == nil && differ(wantTax, gotTax) {
		warnings = append(warnings, fmt.Sprintf("order tax is %s, the target computes %s", wantTax, gotTax))
	}
	return warnings, nil
}

func differ(a, b decimal.Decimal) bool { return a.Sub(b).Abs().Cmp(halfCent) >= 0 }

// differenceError is the cause of a failure of two amounts that should be one.
type differenceError struct{ by decimal.Decimal }

func (d *differenceError) Error() string { return "difference " + d.by.String() }

func difference(what string, want decimal.Decimal, verb string, got decimal.Decimal) error {
	by := &differenceError{want.Sub(got)}
	return &Failure{Code: FailTotals, Message: fmt.Sprintf("%s is %s, %s %s: %s", what, want, verb, got, by), Err: by}
}

func totalsFailure(format string, args ...any) error {
	return &Failure{Code: FailTotals, Message: fmt.Sprintf(format, args...)}
}

func amount(where string, v gjson.Result) (decimal.Decimal, error) {
	if v.Type != gjson.Number {
		return decimal.Decimal{}, totalsFailure("%s: an amount is not a number", where)
	}
	d, err := decimal.Parse(v.Raw)
	if err != nil {
		return decimal.Decimal{}, totalsFailure("%s: an amount cannot be read: %v", where, err)
	}
	return d, nil
}
