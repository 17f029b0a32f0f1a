package flow

import (
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// A variant is its SKU, whatever its options are called. Where the target has a family under other names of attributes than the source
// (Kleur for Colour), writing the source's names would give its variants a second set of options, or make each of them twice.

// axis is an attribute that the variants of a family differ in.
type axis struct{ code, name string }

func axisOf(option gjson.Result) axis {
	a := axis{scalar(option.Get("code")), scalar(option.Get("name"))}
	if a.name == "" {
		a.name = a.code
	}
	return a
}

func (a axis) same(b axis) bool {
	for _, x := range []string{a.code, a.name} {
		for _, y := range []string{b.code, b.name} {
			if x != "" && strings.EqualFold(strings.TrimSpace(x), strings.TrimSpace(y)) {
				return true
			}
		}
	}
	return false
}

// axesOf are the attributes that the variants of a family name, in their order.
func axesOf(family gjson.Result) (out []axis) {
	for _, v := range family.Get("variants").Array() {
		for _, o := range v.Get("options").Array() {
			if a := axisOf(o); !slices.ContainsFunc(out, a.same) {
				out = append(out, a)
			}
		}
	}
	return out
}

func axisNames(list []axis) string {
	var names []string
	for _, a := range list {
		names = append(names, a.name)
	}
	return strings.Join(names, " and ")
}

// valueOn is the value that a variant has of an attribute.
func valueOn(variant gjson.Result, a axis) string {
	for _, o := range variant.Get("options").Array() {
		if axisOf(o).same(a) {
			return text(o.Get("value"))
		}
	}
	return ""
}

// naming is how the options of a family are called in the target.
type naming struct {
	axes   []axis                 // the target's
	called map[axis]axis          // the target's by the source's, where they differ in name
	pairs  map[string]variantPair // by SKU
}

// variantPair is a variant that both have.
type variantPair struct{ here, there gjson.Result }

// namedAsThere gives a family the target's names of attributes and values where the family that the target has is made of others: a variant with
// a SKU that is there has the options that it has there, and from those it is told what the options of new variants are called. Both documents are canonical.
func (p *Planner) namedAsThere(have, want []byte) ([]byte, error) {
	there, here := gjson.ParseBytes(have), gjson.ParseBytes(want)
	n := naming{axes: axesOf(there), pairs: map[string]variantPair{}}
	own := axesOf(here)
	olds, news := without(n.axes, own), without(own, n.axes)
	if len(olds) == 0 {
		return want, nil
	}
	bySKU := map[string]gjson.Result{}
	for _, v := range there.Get("variants").Array() {
		bySKU[scalar(v.Get("sku"))] = v
	}
	fresh := false
	for _, v := range here.Get("variants").Array() {
		sku := scalar(v.Get("sku"))
		if t, ok := bySKU[sku]; ok && sku != "" {
			n.pairs[sku] = variantPair{v, t}
		} else {
			fresh = true
		}
	}
	if fresh {
		var ok bool
		if n.called, ok = correspondence(olds, news, n.pairs); !ok {
			return nil, &Failure{Code: FailLabel,
				Message: fmt.Sprintf("its variants differ in %s, those that %s has in %s, and the SKUs do not tell which is which", axisNames(own), p.flow.To, axisNames(n.axes)),
				Help:    "say it in the flow's table attributes, as in {Colour: Kleur, Size: Maat}"}
		}
	}
	return n.apply(there, here)
}

// without are the attributes of a list that another does not have.
func without(list, other []axis) []axis {
	return slices.DeleteFunc(slices.Clone(list), func(a axis) bool { return slices.ContainsFunc(other, a.same) })
}

// correspondence finds which of the target's attributes each of the source's is: the way in which a value of one always goes with the same value
// of the other; of several such ways the one with most equal values.
func correspondence(olds, news []axis, pairs map[string]variantPair) (best map[axis]axis, ok bool) {
	if len(olds) != len(news) || len(pairs) == 0 {
		return nil, false
	}
	most := -1
	chosen := map[axis]axis{}
	var choose func(free []axis, score int)
	choose = func(free []axis, score int) {
		if len(free) == 0 {
			if score >= most {
				ok = score > most // of two equally good ways neither is known to be right
				best, most = maps.Clone(chosen), score
			}
			return
		}
		from := news[len(news)-len(free)]
		for i, to := range free {
			if equal, fits := goTogether(from, to, pairs); fits {
				chosen[from] = to
				choose(slices.Delete(slices.Clone(free), i, i+1), score+equal)
			}
		}
	}
	choose(olds, 0)
	return best, ok
}

// goTogether tells whether the values of two attributes are the same ones under two names, and how many have even the same name.
func goTogether(from, to axis, pairs map[string]variantPair) (same int, ok bool) {
	there, back := map[string]string{}, map[string]string{}
	for _, pair := range pairs {
		a, b := valueOn(pair.here, from), valueOn(pair.there, to)
		was, seen := there[a]
		from, taken := back[b]
		if a == "" || b == "" || seen && was != b || taken && from != a {
			return 0, false
		}
		if !seen && strings.EqualFold(a, b) {
			same++
		}
		there[a], back[b] = b, a
	}
	return same, true
}

// chosen is an option of a variant in the target's words.
type chosen struct {
	axis
	value string
}

// options are those of a variant of the source.
func (n naming) options(variant gjson.Result) (out []chosen) {
	if pair, ok := n.pairs[scalar(variant.Get("sku"))]; ok {
		for _, o := range pair.there.Get("options").Array() {
			out = append(out, chosen{axisOf(o), text(o.Get("value"))})
		}
		return out
	}
	for _, o := range variant.Get("options").Array() {
		out = append(out, n.option(axisOf(o), text(o.Get("value"))))
	}
	return out
}

// option is the target's name of an option of a new variant. A value that no other variant has keeps its label.
func (n naming) option(from axis, value string) chosen {
	for own, to := range n.called {
		if !own.same(from) {
			continue
		}
		for _, pair := range n.pairs {
			if valueOn(pair.here, from) == value {
				return chosen{to, valueOn(pair.there, to)}
			}
		}
		return chosen{to, value}
	}
	if i := slices.IndexFunc(n.axes, from.same); i >= 0 {
		from = n.axes[i]
	}
	return chosen{from, value}
}

// apply writes the source's family in the target's words. What the target's has of values stays in the lists of options.
func (n naming) apply(there, here gjson.Result) ([]byte, error) {
	out := []byte(here.Raw)
	var err error
	set := func(path string, list []string) {
		if err == nil {
			out, err = sjson.SetRawBytes(out, path, []byte("["+strings.Join(list, ",")+"]"))
		}
	}
	values := map[axis][]string{}
	add := func(a axis, value string) {
		if !slices.Contains(values[a], quoted(value)) {
			values[a] = append(values[a], quoted(value))
		}
	}
	for _, o := range there.Get("options").Array() {
		for _, v := range o.Get("values").Array() {
			add(axisOf(o), text(v))
		}
	}
	for i, v := range here.Get("variants").Array() {
		var options []string
		for _, o := range n.options(v) {
			add(o.axis, o.value)
			options = append(options, o.json(`"value":`+quoted(o.value)))
		}
		set(fmt.Sprintf("variants.%d.options", i), options)
	}
	var options []string
	for _, a := range n.axes {
		options = append(options, a.json(`"values":[`+strings.Join(values[a], ",")+"]"))
	}
	set("options", options)
	return out, err
}

func (a axis) json(more string) string {
	code := ""
	if a.code != "" {
		code = `"code":` + quoted(a.code) + ","
	}
	return "{" + code + `"name":` + quoted(a.name) + "," + more + "}"
}
