package project

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// canonical reads a document of a connection as a flow would.
func (x *crossing) canonical(connection, resource string, body []byte) (gjson.Result, error) {
	p, err := x.loaded()
	if err != nil {
		return gjson.Result{}, err
	}
	conn, ok := p.Connection(connection)
	if !ok {
		return gjson.Result{}, fmt.Errorf("no connection %s", connection)
	}
	m, err := engine.Load(conn.System+"/"+resource+".read", engine.Library(mappings.FS))
	if err != nil {
		return gjson.Result{}, err
	}
	out, err := m.Apply(x.t.Context(), body, engine.Input{})
	return gjson.ParseBytes(out), err
}

// differences says which facts of a canonical document another lacks. What a system may name or split in its own way is compared without
// that: streets without their parts, e-mail addresses without case.
func differences(c cell, want, got gjson.Result) (out []string) {
	text := func(what, want, got string) {
		if want != "" && fold(want) != fold(got) {
			out = append(out, fmt.Sprintf("%s was %q and is %q", what, want, got))
		}
	}
	about := func(what string, want, got decimal.Decimal) {
		if want.Sub(got).Abs().Cmp(rounding) > 0 {
			out = append(out, fmt.Sprintf("%s was %s and is %s", what, want, got))
		}
	}
	number := func(what string, want, got gjson.Result) {
		if want.Exists() && want.Type != gjson.Null && !sameNumber(want, got) {
			out = append(out, fmt.Sprintf("%s was %s and is %q", what, want.Raw, got.Raw))
		}
	}
	address := func(what string, want, got gjson.Result) {
		if fold(addressText(want, "extra")) != fold(addressText(got, "extra")) { // some have one line for both
			text(what, addressText(want), addressText(got))
		}
	}
	switch c.entity {
	case port.Order:
		number("totals.gross", want.Get("totals.gross"), got.Get("totals.gross"))
		if ownShippingTax[c.to.Name] {
			goods := func(o gjson.Result) decimal.Decimal { return sum(o, "lines.#.tax").Add(sum(o, "discounts.#.tax")) }
			about("tax of the lines", goods(want), goods(got))
		} else {
			about("totals.tax", sum(want, "totals.tax"), sum(got, "totals.tax"))
		}
		address("billing", want.Get("billing"), got.Get("billing"))
		if want.Get("shipping.street").Exists() {
			address("shipping", want.Get("shipping"), got.Get("shipping"))
		}
		have := pieces(got)
		for sku, n := range pieces(want) {
			if !have[sku].Abs().Equal(n.Abs()) { // what came back is a negative price where pieces cannot be
				out = append(out, fmt.Sprintf("pieces of %s were %s and are %s", sku, n, have[sku]))
			}
		}
	case port.Customer:
		text("email", want.Get("email").String(), got.Get("email").String())
		text("company", want.Get("company").String(), got.Get("company").String())
		text("lastName", want.Get("lastName").String(), got.Get("lastName").String()+suffix(got, want))
		if billing := want.Get(`addresses.#(use.#(=="billing"))`); billing.Exists() {
			address("billing", billing, got.Get(`addresses.#(use.#(=="billing"))`))
		}
	case port.Product:
		text("sku", want.Get("sku").String(), got.Get("sku").String())
		if want.Get("type").String() != "variants" {
			price(number, "", want, got)
			break
		}
		for _, v := range want.Get("variants").Array() {
			sku := v.Get("sku").String()
			there := got.Get(fmt.Sprintf(`variants.#(sku==%q)`, sku))
			if !there.Exists() {
				out = append(out, "variant "+sku+" did not arrive")
				continue
			}
			price(number, sku+" ", v, there)
			for _, o := range v.Get("options").Array() {
				if !strings.Contains(fold(there.Get("options.#.value").Raw), fold(o.Get("value").String())) {
					out = append(out, fmt.Sprintf("%s: %s was %s, options are %s", sku, o.Get("name"), o.Get("value"), there.Get("options").Raw))
				}
			}
			if n := len(got.Get(fmt.Sprintf(`variants.#(sku==%q)#`, sku)).Array()); n != 1 {
				out = append(out, fmt.Sprintf("variant %s is there %d times", sku, n))
			}
		}
	case port.Stock:
		text("sku", want.Get("sku").String(), got.Get("sku").String())
		if !got.Get("managed").Exists() || got.Get("managed").Bool() {
			// Whatever a target reserves for its own orders: what it can sell is the number.
			if !sameNumber(available(want), available(got)) {
				out = append(out, fmt.Sprintf("available was %s and is %s: %s", available(want), available(got), got.Raw))
			}
		}
	}
	return out
}

// rounding is what two systems' ways of rounding tax may differ by in an order.
var rounding = decimal.New(2, 2)

// ownShippingTax are systems that tax shipping at a rate of their own, which the API takes from nobody.
var ownShippingTax = map[string]bool{"ccvshop": true, "ccvsalespos": true, "magento": true}

func sum(doc gjson.Result, path string) decimal.Decimal {
	total := decimal.Decimal{}
	for _, v := range doc.Get(path).Array() {
		if n, err := decimal.Parse(v.Raw); err == nil {
			total = total.Add(n)
		}
	}
	return total
}

// price compares the price that both know.
func price(number func(string, gjson.Result, gjson.Result), what string, want, got gjson.Result) {
	for _, kind := range []string{"priceGross", "priceNet"} {
		if want.Get(kind).Exists() && got.Get(kind).Exists() {
			number(what+kind, want.Get(kind), got.Get(kind))
			return
		}
	}
	number(what+"price", gjson.Parse(`"one of the two"`), gjson.Result{})
}

// suffix lets a person whose system knows one name only stand for the last name.
func suffix(got, want gjson.Result) string {
	if !got.Get("lastName").Exists() && strings.Contains(fold(got.Get("name").String()), fold(want.Get("lastName").String())) {
		return want.Get("lastName").String()
	}
	return ""
}

// available is what a flow of stock sends: nothing below zero.
func available(stock gjson.Result) gjson.Result {
	if stock.Get("available").Exists() {
		return atLeastZero(stock.Get("available"))
	}
	on, err := decimal.Parse(stock.Get("onHand").Raw)
	if err != nil {
		return gjson.Result{}
	}
	if r, err := decimal.Parse(stock.Get("reserved").Raw); err == nil {
		on = on.Sub(r)
	}
	return atLeastZero(gjson.Parse(on.String()))
}

func atLeastZero(n gjson.Result) gjson.Result {
	if n.Num < 0 {
		return gjson.Parse("0")
	}
	return n
}

// pieces adds up the pieces of each SKU in an order.
func pieces(order gjson.Result) map[string]decimal.Decimal {
	out := map[string]decimal.Decimal{}
	for _, l := range order.Get("lines").Array() {
		if n, err := decimal.Parse(l.Get("quantity").Raw); err == nil && l.Get("sku").String() != "" {
			out[l.Get("sku").String()] = out[l.Get("sku").String()].Add(n)
		}
	}
	return out
}

func addressText(a gjson.Result, more ...string) string {
	var parts []string
	for _, name := range slices.Concat([]string{"street", "houseNumber", "houseNumberAddition"}, more, []string{"postalCode", "city", "country"}) {
		parts = append(parts, a.Get(name).String())
	}
	return strings.TrimSpace(strings.Join(parts, " "))
}

var notLetters = regexp.MustCompile(`[^\pL\pN]+`)

// fold leaves letters and digits, in lower case.
func fold(s string) string { return notLetters.ReplaceAllString(strings.ToLower(s), "") }

func sameNumber(a, b gjson.Result) bool {
	x, err := decimal.Parse(a.Raw)
	y, err2 := decimal.Parse(b.Raw)
	return err == nil && err2 == nil && x.Equal(y)
}
