package ccv

import (
	"context"
	"errors"
	"math/big"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// choice is one value of one attribute, both by name.
type choice struct{ attribute, value string }

func (ch choice) fold() choice {
	return choice{strings.ToLower(ch.attribute), strings.ToLower(ch.value)}
}

// choicesOf are what makes a variant that is wanted.
func choicesOf(variant gjson.Result) []choice {
	var out []choice
	for _, o := range variant.Get("options").Array() {
		out = append(out, choice{strings.TrimSpace(o.Get("name").String()), strings.TrimSpace(o.Get("value").String())})
	}
	return out
}

// madeOf are what makes a variant that is there.
func madeOf(combination gjson.Result) []choice {
	var out []choice
	for _, part := range combination.Get("combination").Array() {
		out = append(out, choice{part.Get("attribute.name").String(), part.Get("attribute_value.name").String()})
	}
	return out
}

// sameChoices compares without regard to order and case.
func sameChoices(a, b []choice) bool { return choicesKey(a) == choicesKey(b) }

func choicesKey(list []choice) string {
	parts := make([]string, len(list))
	for i, ch := range list {
		f := ch.fold()
		parts[i] = f.attribute + "\x00" + f.value
	}
	slices.Sort(parts)
	return strings.Join(parts, "\x01")
}

// valuePhase attaches the values that variants are made of, each with what it costs more.
func (c *Client) valuePhase(_ context.Context, have, want gjson.Result) ([]step, error) {
	if !want.Get("variants").IsArray() {
		return nil, nil
	}
	extra, err := surcharges(want, have)
	if err != nil {
		return nil, c.refuse("write product", "variants.price", err.Error())
	}
	if err := c.sameAxes(have, want); err != nil {
		return nil, err
	}
	attached := map[choice]gjson.Result{}
	for _, set := range have.Get("productattributesets.collection").Array() {
		for _, item := range set.Get("items").Array() {
			attached[choice{set.Get("attributename").String(), item.Get("optionsname").String()}.fold()] = item
		}
	}
	product := have.Get("id").String()
	seen := map[choice]bool{}
	var steps []step
	for _, variant := range want.Get("variants").Array() {
		for _, ch := range choicesOf(variant) {
			if seen[ch.fold()] {
				continue
			}
			seen[ch.fold()] = true
			price, priced := extra[ch.fold()]
			item, there := attached[ch.fold()]
			at := "attributes[" + ch.attribute + "][" + ch.value + "]"
			switch {
			case !there:
				steps = append(steps, step{port.Change{Path: at, To: raw(decimalText(price))}, func(ctx context.Context) error {
					return c.attach(ctx, product, ch, decimalText(price))
				}})
			case priced && ratOf(item.Get("price").Raw).Cmp(price) != 0:
				steps = append(steps, step{port.Change{Path: at, From: rawJSON(item.Get("price")), To: raw(decimalText(price))}, func(ctx context.Context) error {
					_, err := c.write(ctx, http.MethodPatch, members("price", raw(decimalText(price))), "productattributevalues", item.Get("id").String())
					return err
				}})
			}
		}
	}
	return steps, nil
}

// sameAxes refuses variants that leave out an attribute of which the product's are made: the shop makes a variant of every choice of one value of
// each attribute, so that it can make none of these.
func (c *Client) sameAxes(have, want gjson.Result) error {
	if !have.Get("attributecombinations.collection.0").Exists() {
		return nil
	}
	for _, set := range have.Get("productattributesets.collection").Array() {
		if !strings.HasPrefix(set.Get("type").String(), menus) {
			continue // free text makes no variants
		}
		name := set.Get("attributename").String()
		for _, v := range want.Get("variants").Array() {
			if !slices.ContainsFunc(choicesOf(v), func(ch choice) bool { return strings.EqualFold(ch.attribute, name) }) {
				return c.refuse("write product", "variants", "the variants of the product are made of "+name+" too, which the variant "+label(choicesOf(v))+" leaves out")
			}
		}
	}
	return nil
}

// attach gives a product a value of an attribute, both of which are made where the shop has none.
func (c *Client) attach(ctx context.Context, product string, ch choice, price string) error {
	value, err := c.valueID(ctx, ch)
	if err != nil {
		return err
	}
	_, err = c.write(ctx, http.MethodPost, members("optionvalue", raw(value), "price", raw(price)), "products", product, "productattributevalues")
	if errors.Is(err, port.ErrConflict) {
		return nil // it has it
	}
	return err
}

// Types that begin with menus make variants; of menuType a customer must choose a value.
const (
	menus    = "option_menu"
	menuType = menus + "_required"
)

// valueID is the id of a value of an attribute.
func (c *Client) valueID(ctx context.Context, ch choice) (string, error) {
	attribute := ""
	for _, refresh := range []bool{false, true} {
		if refresh && !c.missed("attributes") {
			break
		}
		table, err := c.Reference(ctx, "attributes", refresh)
		if err != nil {
			return "", err
		}
		for _, a := range gjson.ParseBytes(table).Array() {
			if !strings.EqualFold(a.Get("name").String(), ch.attribute) || !strings.HasPrefix(a.Get("type").String(), menus) {
				continue
			}
			attribute = a.Get("id").String()
			for _, v := range a.Get("attribute_values.collection").Array() {
				if strings.EqualFold(v.Get("name").String(), ch.value) {
					return v.Get("id").String(), nil
				}
			}
		}
	}
	if attribute == "" {
		v, err := c.write(ctx, http.MethodPost, members("name", ch.attribute, "type", menuType), "attributes")
		if err != nil {
			return "", err
		}
		if attribute, err = c.made("POST /attributes/", v); err != nil {
			return "", err
		}
	}
	v, err := c.write(ctx, http.MethodPost, members("name", ch.value, "default_price", raw("0")), "attributes", attribute, "attributevalues")
	if err != nil {
		return "", err
	}
	if _, err := c.Reference(ctx, "attributes", true); err != nil {
		return "", err
	}
	return c.made("POST /attributes/{id}/attributevalues/", v)
}

// variantMembers are what a variant has of its own.
var variantMembers = []string{"product_number", "sku_number", "ean_number", "stock", "note", "delivery_time", "delivery_time_type", "delivery_default_text"}

// variantPhase writes what each variant has of its own, and switches those off that nobody listed: the shop makes a variant of every choice, and
// none can be deleted.
func (c *Client) variantPhase(_ context.Context, have, want gjson.Result) ([]step, error) {
	if !want.Get("variants").IsArray() {
		return nil, nil
	}
	wanted := want.Get("variants").Array()
	var steps []step
	met := map[int]bool{}
	for _, o := range have.Get("attributecombinations.collection").Array() {
		i := slices.IndexFunc(wanted, func(v gjson.Result) bool { return sameChoices(choicesOf(v), madeOf(o)) })
		change := []byte("{}")
		if i < 0 {
			if o.Get("active").Bool() {
				change = members("active", false)
			}
		} else {
			met[i] = true
			change = variantChange(o, wanted[i])
		}
		do := func(ctx context.Context) error {
			_, err := c.write(ctx, http.MethodPatch, change, "attributecombinations", o.Get("id").String())
			return err
		}
		gjson.ParseBytes(change).ForEach(func(k, v gjson.Result) bool {
			steps = append(steps, step{port.Change{Path: "variants[" + label(madeOf(o)) + "]." + k.String(), From: rawJSON(o.Get(k.String())), To: rawJSON(v)}, do})
			do = nothing // the first member's step makes the call for all
			return true
		})
	}
	for i, v := range wanted {
		if !met[i] {
			// A plan sees no variant that is yet to be made; once its values are attached, it is there.
			steps = append(steps, step{port.Change{Path: "variants[" + label(choicesOf(v)) + "]", To: rawJSON(v)}, func(context.Context) error {
				return c.odd("write product", "the shop did not make the variant "+label(choicesOf(v)))
			}})
		}
	}
	return steps, nil
}

// variantChange holds the members that differ.
func variantChange(have, want gjson.Result) []byte {
	change := []byte("{}")
	set := func(member string, v gjson.Result) {
		if !equal(have.Get(member), v) {
			if more, err := sjson.SetRawBytes(change, member, []byte(v.Raw)); err == nil {
				change = more
			}
		}
	}
	for _, m := range variantMembers {
		if v := want.Get(m); v.Exists() {
			set(m, v)
		}
	}
	active := want.Get("active")
	if !active.Exists() {
		active = gjson.Parse("true")
	}
	set("active", active)
	return change
}

// ownMembers are what an article that is a variant here has of its own, by the names that a product has for it. All else is its product's.
var ownMembers = map[string]string{"eannumber": "ean_number", "stock": "stock"}

// variantDifferences compares an article of the source with the variant that it is here.
func (c *Client) variantDifferences(have, want gjson.Result) ([]port.Change, error) {
	variant := have.Get("crosswalk.variant")
	var changes []port.Change
	for _, member := range []string{"eannumber", "stock"} {
		if w, h := want.Get(member), variant.Get(ownMembers[member]); w.Exists() && !equal(h, w) {
			changes = append(changes, port.Change{Path: ownMembers[member], From: rawJSON(h), To: rawJSON(w)})
		}
	}
	if price := want.Get("price"); price.Type == gjson.Number {
		asked := new(big.Rat).Sub(ratOf(price.Raw), ratOf(want.Get("discount").Raw))
		costs := new(big.Rat).Sub(ratOf(have.Get("price").Raw), ratOf(have.Get("discount").Raw))
		if costs.Add(costs, ratOf(variant.Get("netto_extra_price").Raw)).Cmp(asked) != 0 {
			return nil, c.refuse("update product", "price", "here it is a variant, whose price is that of its product and of what its values cost more: write the product")
		}
	}
	return changes, nil
}

func (c *Client) updateVariant(ctx context.Context, id string, want gjson.Result) (port.Document, error) {
	doc, err := c.productNow(ctx, id)
	if err != nil {
		return port.Document{}, err
	}
	changes, err := c.variantDifferences(gjson.ParseBytes(doc.Body), want)
	if err != nil || len(changes) == 0 {
		return doc, err
	}
	var pairs []any
	for _, ch := range changes {
		pairs = append(pairs, ch.Path, ch.To)
	}
	_, variant, _ := strings.Cut(id, "/")
	if _, err := c.write(ctx, http.MethodPatch, members(pairs...), "attributecombinations", variant); err != nil {
		return port.Document{}, err
	}
	return c.productNow(ctx, id)
}

func label(list []choice) string {
	parts := make([]string, len(list))
	for i, ch := range list {
		parts[i] = ch.attribute + "=" + ch.value
	}
	slices.Sort(parts)
	return strings.Join(parts, ",")
}

var errPrices = errors.New("the prices of the variants are no sums of what their values cost more, which is all that CCV can express")

// surcharges finds what each value costs more, so that every variant comes to its price: price of the product less its discount, plus
// what each of its values costs more. Of the first value of every attribute but the first that is nothing. Prices that cannot be such sums are an error.
func surcharges(want, have gjson.Result) (map[choice]*big.Rat, error) {
	amount := func(member string) *big.Rat {
		if v := want.Get(member); v.Exists() {
			return ratOf(v.Raw)
		}
		return ratOf(have.Get(member).Raw)
	}
	base := new(big.Rat).Sub(amount("price"), amount("discount"))
	column := map[choice]int{} // of unknowns
	firstOf := map[string]choice{}
	leading := ""
	var unknowns []choice
	out := map[choice]*big.Rat{}
	for _, v := range want.Get("variants").Array() {
		for _, ch := range choicesOf(v) {
			f := ch.fold()
			if _, ok := firstOf[f.attribute]; !ok {
				firstOf[f.attribute] = f
				if leading == "" {
					leading = f.attribute
				}
			}
			if _, ok := column[f]; ok || f == firstOf[f.attribute] && f.attribute != leading {
				continue
			}
			column[f] = len(unknowns)
			unknowns = append(unknowns, f)
		}
	}
	var rows [][]*big.Rat
	for _, v := range want.Get("variants").Array() {
		if v.Get("price").Type != gjson.Number {
			continue
		}
		row := make([]*big.Rat, len(unknowns)+1)
		for i := range row {
			row[i] = new(big.Rat)
		}
		for _, ch := range choicesOf(v) {
			if i, ok := column[ch.fold()]; ok {
				row[i].SetInt64(1)
			}
		}
		row[len(unknowns)].Sub(ratOf(v.Get("price").Raw), base)
		rows = append(rows, row)
	}
	if len(rows) == 0 {
		return out, nil
	}
	solution, ok := solve(rows, len(unknowns))
	if !ok {
		return nil, errPrices
	}
	for f, i := range column {
		out[f] = solution[i]
	}
	for _, f := range firstOf {
		if out[f] == nil {
			out[f] = new(big.Rat)
		}
	}
	return out, nil
}

// solve finds a solution of linear equations, each a row of coefficients and what they come to; unknowns that nothing decides are 0. ok
// is false where there is none.
func solve(rows [][]*big.Rat, unknowns int) (solution []*big.Rat, ok bool) {
	pivots := make([]int, 0, unknowns) // column of each row that was solved
	for col := range unknowns {
		at := len(pivots)
		i := slices.IndexFunc(rows[at:], func(r []*big.Rat) bool { return r[col].Sign() != 0 })
		if i < 0 {
			continue
		}
		rows[at], rows[at+i] = rows[at+i], rows[at]
		pivot := rows[at]
		by := new(big.Rat).Set(pivot[col])
		for _, v := range pivot {
			v.Quo(v, by)
		}
		for j, r := range rows {
			if f := new(big.Rat).Set(r[col]); j != at && f.Sign() != 0 {
				for k := range r {
					r[k].Sub(r[k], new(big.Rat).Mul(f, pivot[k]))
				}
			}
		}
		if pivots = append(pivots, col); len(pivots) == len(rows) {
			break
		}
	}
	for _, r := range rows[len(pivots):] {
		if r[unknowns].Sign() != 0 {
			return nil, false
		}
	}
	solution = make([]*big.Rat, unknowns)
	for i := range solution {
		solution[i] = new(big.Rat)
	}
	for i, col := range pivots {
		solution[col] = rows[i][unknowns]
	}
	return solution, true
}
