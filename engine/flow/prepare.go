package flow

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

// prepareProduct does to a canonical product what the flow's settings and tables say, whatever the systems: prices, and the labels
// of attributes and features.
func (p *Planner) prepareProduct(product []byte) ([]byte, error) {
	product, err := p.choosePrices(product)
	if err != nil {
		return nil, err
	}
	for _, table := range []string{"attributes", "features"} {
		if product, err = p.relabel(product, table); err != nil {
			return nil, err
		}
	}
	return product, nil
}

// checkCurrency holds the currency of the prices to that of the target.
func (p *Planner) checkCurrency(product []byte) error {
	has := gjson.GetBytes(product, "currency").String()
	if p.set.currency == "" || has == "" || has == p.set.currency {
		return nil
	}
	return &Failure{Code: FailCurrency, Message: fmt.Sprintf("its prices are in %s, and settings.currency is %s", has, p.set.currency),
		Help: "leave products in other currencies out with where, or let the read mapping choose the price"}
}

// priceDigits is how many decimals a computed price has: a cent of the gross price must come back from the net one.
const priceDigits = 4

// choosePrices leaves the net or the gross prices, and computes them where the source gives the other.
func (p *Planner) choosePrices(product []byte) ([]byte, error) {
	want, other := "priceNet", "priceGross"
	switch p.set.prices {
	case pricesBoth:
		return product, nil
	case pricesGross:
		want, other = other, want
	}
	places := []string{""}
	for i := range gjson.GetBytes(product, "variants").Array() {
		places = append(places, fmt.Sprintf("variants.%d.", i))
	}
	rate := gjson.GetBytes(product, "taxRate")
	var err error
	for _, at := range places {
		given := gjson.GetBytes(product, at+other)
		if !present(given) {
			continue
		}
		if !present(gjson.GetBytes(product, at+want)) {
			price, err := converted(given, rate, want == "priceNet")
			if err != nil {
				return nil, err
			}
			if product, err = sjson.SetRawBytes(product, at+want, []byte(price.String())); err != nil {
				return nil, err
			}
		}
		if product, err = withoutMembers(product, at+other); err != nil {
			return nil, err
		}
	}
	return product, nil
}

func converted(price, rate gjson.Result, toNet bool) (decimal.Decimal, error) {
	var zero decimal.Decimal
	amount, err1 := decimal.Parse(price.Raw)
	percent, err2 := decimal.Parse(rate.Raw)
	if !present(rate) || err1 != nil || err2 != nil {
		return zero, &Failure{Code: FailMapping, Message: "the price cannot be computed without a tax rate", Help: "let the read mapping give taxRate, or set settings.prices to both"}
	}
	factor := decimal.New(1, 0).Add(percent.Mul(decimal.New(1, 2)))
	if toNet {
		return amount.QuoRound(factor, priceDigits, decimal.HalfUp)
	}
	return amount.Mul(factor).Round(priceDigits, decimal.HalfUp), nil
}

// relabel puts the target's labels in the places of the source's, by the flow's table attributes or features:
//
//	attributes:
//	  Colour: {name: Kleur, values: {Red: Rood}}
//	  size: Maat
//
// A key is the source's code or name of it, a text is short for {name: ...}, and settings.unmappedAttributes
// and unmappedFeatures say what becomes of the rest. Attributes are also the options that the variants of a family differ in.
func (p *Planner) relabel(product []byte, table string) ([]byte, error) {
	l := labels{table: gjson.GetBytes(p.flow.Tables, table), name: table, unmapped: p.set.unmapped[table]}
	var err error
	set := func(path string, list gjson.Result) {
		if err != nil || !list.IsArray() {
			return
		}
		var out []byte
		if out, err = l.list(list); err == nil {
			product, err = sjson.SetRawBytes(product, path, out)
		}
	}
	root := gjson.ParseBytes(product)
	set(table, root.Get(table))
	if table == "attributes" {
		set("options", root.Get("options"))
		for i, v := range root.Get("variants").Array() {
			set(fmt.Sprintf("variants.%d.options", i), v.Get("options"))
		}
	}
	if err != nil {
		return nil, err
	}
	return product, distinctVariants(product, l)
}

// labels translates {code, name, value} and {code, name, values[]}.
type labels struct {
	table    gjson.Result
	name     string
	unmapped string
}

func (l labels) list(list gjson.Result) ([]byte, error) {
	out := []byte("[]")
	for _, e := range list.Array() {
		one, keep, err := l.one(e)
		if err != nil {
			return nil, err
		}
		if !keep {
			continue
		}
		if out, err = sjson.SetRawBytes(out, "-1", one); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (l labels) one(e gjson.Result) (out []byte, keep bool, err error) {
	name := scalar(e.Get("name"))
	if name == "" {
		name = scalar(e.Get("code"))
	}
	entry := labelled(l.table, scalar(e.Get("code")), name)
	if !present(entry) {
		keep, err := l.stray(name, "")
		return []byte(e.Raw), keep, err
	}
	out = []byte(e.Raw)
	set := func(path string, v gjson.Result) {
		if err == nil && present(v) {
			out, err = sjson.SetRawBytes(out, path, []byte(v.Raw))
		}
	}
	if !entry.IsObject() {
		set("name", entry)
		return out, true, err
	}
	set("code", entry.Get("code"))
	set("name", entry.Get("name"))
	values := entry.Get("values")
	if err != nil || !values.IsObject() {
		return out, true, err
	}
	if v := e.Get("value"); present(v) {
		to := labelled(values, "", text(v))
		if !present(to) {
			keep, err := l.stray(name, text(v))
			return out, keep, err
		}
		set("value", to)
	}
	if list := e.Get("values"); list.IsArray() {
		some := []byte("[]")
		for _, v := range list.Array() {
			to := labelled(values, "", text(v))
			if !present(to) {
				keep, strayErr := l.stray(name, text(v))
				if strayErr != nil {
					return nil, false, strayErr
				}
				if !keep {
					continue
				}
				to = v
			}
			if some, err = sjson.SetRawBytes(some, "-1", []byte(to.Raw)); err != nil {
				return nil, false, err
			}
		}
		set("values", gjson.ParseBytes(some))
	}
	return out, true, err
}

// stray decides about a label that is in no table. value is "" for an attribute itself.
func (l labels) stray(name, value string) (keep bool, err error) {
	// Without a table everything keeps its label: there is nothing that it could be missing from.
	if !l.table.IsObject() || l.unmapped == unmappedCreate {
		return true, nil
	}
	if l.unmapped == unmappedIgnore {
		return false, nil
	}
	what := fmt.Sprintf("%q", name)
	if value != "" {
		what = fmt.Sprintf("the value %q of %q", value, name)
	}
	return false, &Failure{Code: FailLabel, Message: fmt.Sprintf("the table %s does not have %s", l.name, what),
		Help: "add it to the flow's table, or let the setting for what is unmapped create or ignore it"}
}

// distinctVariants fails a family whose variants cannot be told apart any more, because an option was left out or two values
// have one label.
func distinctVariants(product []byte, l labels) error {
	if l.name != "attributes" || !l.table.IsObject() {
		return nil
	}
	seen := map[string]string{}
	for _, v := range gjson.GetBytes(product, "variants").Array() {
		var key strings.Builder
		for _, o := range v.Get("options").Array() {
			fmt.Fprintf(&key, "%q=%q ", o.Get("name").String(), text(o.Get("value")))
		}
		sku := scalar(v.Get("sku"))
		if other, again := seen[key.String()]; again {
			return &Failure{Code: FailLabel, Message: fmt.Sprintf("the variants %s and %s have the same options in the target", other, sku),
				Help: "give each option and value that makes a variant a label of its own in the table attributes"}
		}
		seen[key.String()] = sku
	}
	return nil
}

// labelled returns the entry of a code or a name: as it is written, else without regard to case and outer blanks.
func labelled(table gjson.Result, code, name string) gjson.Result {
	for _, key := range []string{code, name} {
		if v := member(table, key); key != "" && present(v) {
			return v
		}
	}
	var found gjson.Result
	table.ForEach(func(k, v gjson.Result) bool {
		for _, key := range []string{code, name} {
			if key != "" && strings.EqualFold(strings.TrimSpace(k.String()), strings.TrimSpace(key)) {
				found = v
				return false
			}
		}
		return true
	})
	return found
}

// text is a value as a label: a number or a boolean stands for its own text.
func text(v gjson.Result) string {
	if v.Type == gjson.String {
		return v.Str
	}
	return v.Raw
}

func quoted(s string) string {
	out, _ := json.Marshal(s) // a string always marshals
	return string(out)
}
