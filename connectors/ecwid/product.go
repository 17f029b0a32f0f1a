package ecwid

import (
	"context"
	"encoding/json"
	"math/big"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// completedProduct adds the member crosswalk to a product: what a mapping needs and Ecwid says elsewhere, or only by ids.
//
//	crosswalk.currency, weightUnit, pricesIncludeTax  of the store
//	crosswalk.taxRate     percent where the store is; not there where it cannot be told
//	crosswalk.categories  [[name, ...], ...] from the top category to the product's
//	crosswalk.related     [sku, ...] of related products, where there are some
//
// An answer that leaves out variations, as a search of many does not, gets them by a call of its own.
func (c *Client) completedProduct(ctx context.Context, row gjson.Result) ([]byte, error) {
	p, err := c.profile(ctx, false)
	if err != nil {
		return nil, err
	}
	body := []byte(row.Raw)
	rate := rateOf(p, row)
	for _, m := range []struct{ path, raw string }{
		{"currency", p.Get("formatsAndUnits.currency").Raw}, {"weightUnit", p.Get("formatsAndUnits.weightUnit").Raw},
		{"pricesIncludeTax", p.Get("taxSettings.pricesIncludeTax").Raw}, {"taxRate", rate},
	} {
		if body, err = setRaw(body, "crosswalk."+m.path, m.raw); err != nil {
			return nil, err
		}
	}
	paths, err := c.categoryPaths(ctx, row)
	if err != nil {
		return nil, err
	}
	if body, err = setRaw(body, "crosswalk.categories", paths); err != nil {
		return nil, err
	}
	related, err := c.relatedSKUs(ctx, row)
	if err != nil || related == "" {
		return body, err
	}
	return setRaw(body, "crosswalk.related", related)
}

// rateOf is the rate of a product's taxes where the store is, "" where it cannot be told.
func rateOf(profile, product gjson.Result) string {
	if taxable := product.Get("tax.taxable"); taxable.Type == gjson.False {
		return "0"
	}
	ids := product.Get("tax.enabledManualTaxes").Array()
	sum := new(big.Rat)
	for _, id := range ids {
		rate, ok := taxOf(profile, func(t gjson.Result) bool { return t.Get("id").Raw == id.Raw })
		if !ok {
			return ""
		}
		if len(ids) == 1 {
			return rate
		}
		part, ok := new(big.Rat).SetString(rate)
		if !ok {
			return ""
		}
		sum.Add(sum, part)
	}
	if len(ids) > 0 {
		return strings.TrimRight(strings.TrimRight(sum.FloatString(4), "0"), ".")
	}
	return product.Get("tax.defaultLocationIncludedTaxRate").Raw
}

// taxOf is the rate that a tax has where the store is: that of the zone with the store's country, else its default.
func taxOf(profile gjson.Result, which func(gjson.Result) bool) (rate string, ok bool) {
	home := map[string]bool{}
	for _, z := range profile.Get("zones").Array() {
		for _, code := range z.Get("countryCodes").Array() {
			if code.String() == profile.Get("company.countryCode").String() {
				home[z.Get("id").String()] = true
			}
		}
	}
	for _, t := range profile.Get("taxSettings.taxes").Array() {
		if !which(t) {
			continue
		}
		for _, rule := range t.Get("rules").Array() {
			if home[rule.Get("zoneId").String()] {
				return rule.Get("tax").Raw, true
			}
		}
		return t.Get("defaultTax").Raw, true
	}
	return "", false
}

// taxFor is the member tax of a product with a rate, nil where Ecwid finds taxes itself.
func (c *Client) taxFor(ctx context.Context, op string, rate json.Number) (*jsondoc.Object, error) {
	for _, refresh := range []bool{false, true} {
		if refresh && !c.missed("profile") {
			break
		}
		p, err := c.profile(ctx, refresh)
		if err != nil {
			return nil, err
		}
		if p.Get("taxSettings.automaticTaxEnabled").Bool() {
			return nil, nil
		}
		for _, t := range p.Get("taxSettings.taxes").Array() {
			have, _ := taxOf(p, func(o gjson.Result) bool { return o.Get("id").Raw == t.Get("id").Raw })
			if t.Get("enabled").Bool() && jsondoc.SameNumber(json.Number(have), rate) {
				return jsondoc.New("taxable", true, "enabledManualTaxes", []any{json.Number(t.Get("id").Raw)}), nil
			}
		}
	}
	if jsondoc.SameNumber(json.Number("0"), rate) {
		return jsondoc.New("taxable", true, "enabledManualTaxes", []any{}), nil
	}
	return nil, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: "taxRate",
		Message: "the store has no tax of " + rate.String() + " % where it is: add it in Settings > Taxes"}
}

// compareProduct says what of a product differs; d.Body gets these members.
func (c *Client) compareProduct(ctx context.Context, d *jsondoc.Difference, have, want *jsondoc.Object) error {
	const op = "compare product"
	if sku := want.Text("sku"); sku != "" && sku != have.Text("sku") {
		v := variationOf(have, func(v *jsondoc.Object) bool { return v.Text("sku") == sku })
		if v == nil {
			return &port.Error{Kind: port.ErrConflict, System: system, Op: op, Field: "sku", Message: "Crosswalk changes no SKU"}
		}
		want = asVariation(v, want)
	}
	d.Members(have, want, "id", "sku", "quantity", "unlimited", "attributes", "options", "combinations", "crosswalk")
	compareAttributes(d, have, want)
	compareOptions(d, have, want)
	compareVariations(d, have, want)
	return c.compareLabels(ctx, d, have, want.Object("crosswalk"))
}

// compareLabels compares what the member crosswalk names.
func (c *Client) compareLabels(ctx context.Context, d *jsondoc.Difference, have, want *jsondoc.Object) error {
	p, err := c.profile(ctx, false)
	if err != nil {
		return err
	}
	row := gjson.ParseBytes(jsondoc.Encode(have))
	labels := jsondoc.New()
	if rate, ok := want.Get("taxRate").(json.Number); ok && !p.Get("taxSettings.automaticTaxEnabled").Bool() {
		if is := rateOf(p, row); !jsondoc.SameNumber(json.Number(is), rate) {
			d.Note("crosswalk.taxRate", numberOrNil(is), rate)
			labels.Set("taxRate", rate)
		}
	}
	if want.Has("categories") {
		raw, err := c.categoryPaths(ctx, row)
		if err != nil {
			return err
		}
		if missing := missingPaths(gjson.Parse(raw), want.List("categories")); len(missing) > 0 {
			d.Note("crosswalk.categories", rawOrNil(raw), want.Get("categories"))
			labels.Set("categories", missing)
		}
	}
	if err := c.compareRelated(ctx, d, labels, have, want); err != nil {
		return err
	}
	compareNamed(d, labels, have, want)
	compareImages(d, labels, have, want)
	if labels.Len() > 0 {
		d.Body.Set("crosswalk", labels)
	}
	return nil
}

func numberOrNil(text string) any {
	if text == "" {
		return nil
	}
	return json.Number(text)
}

func rawOrNil(raw string) any {
	v, err := jsondoc.Decode([]byte(raw))
	if err != nil {
		return nil
	}
	return v
}

// createProduct makes a product with its variations, and then what takes further calls. A SKU that is taken is refused, because Ecwid
// would make a second product with it.
func (c *Client) createProduct(ctx context.Context, r resource, op string, in *jsondoc.Object) (port.Document, error) {
	sku := in.Text("sku")
	if sku == "" {
		return port.Document{}, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: "sku", Message: "a product needs a SKU"}
	}
	taken, err := c.Find(ctx, productResource, port.Key{Field: port.KeySKU, Value: sku})
	if err != nil {
		return port.Document{}, err
	}
	if len(taken) > 0 {
		return port.Document{}, &port.Error{Kind: port.ErrConflict, System: system, Op: op, Field: "sku", Message: "the store has the SKU " + sku}
	}
	put, err := c.productMembers(ctx, op, jsondoc.New(), in)
	if err != nil {
		return port.Document{}, err
	}
	const most = 200 // of variations in one call
	if list := in.List("combinations"); len(list) > 0 {
		put.Set("combinations", jsondoc.Clone(list[:min(len(list), most)]))
	}
	req := rest.Request{Method: "POST", Path: "/products", Query: map[string][]string{"saveCombinations": {"true"}}, Body: jsondoc.Encode(put)}
	answer, resp, err := c.do(ctx, req)
	if err != nil {
		return port.Document{}, err
	}
	id := answer.Get("id").String()
	if id == "" {
		return port.Document{}, &port.Error{Kind: port.ErrInDoubt, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer has no id"}
	}
	row, ok, err := c.one(ctx, r.list, id)
	if err != nil || !ok {
		return port.Document{}, err
	}
	have, err := jsondoc.DecodeObject([]byte(row.Raw))
	if err != nil {
		return port.Document{}, &port.Error{Kind: port.ErrProtocol, System: system, Op: op, Err: err}
	}
	return c.updateProduct(ctx, r, op, have, in)
}

// updateProduct makes the calls that it takes to make have what want says, and none where nothing differs.
func (c *Client) updateProduct(ctx context.Context, r resource, op string, have, want *jsondoc.Object) (port.Document, error) {
	d := jsondoc.NewDifference(derived...)
	if err := c.compareProduct(ctx, d, have, want); err != nil {
		return port.Document{}, err
	}
	id := have.Text("id")
	put, err := c.productMembers(ctx, op, have, d.Body)
	if err != nil {
		return port.Document{}, err
	}
	if put.Len() > 0 {
		if err := c.put(ctx, r, id, put); err != nil {
			return port.Document{}, err
		}
	}
	if err := c.writeVariations(ctx, have, d.Body); err != nil {
		return port.Document{}, err
	}
	if err := c.writeImages(ctx, op, have, d.Body.Object("crosswalk")); err != nil {
		return port.Document{}, err
	}
	return c.asItIs(ctx, r, op, id)
}

// productMembers are the members of one call: those of the document, with what it names by label as ids. What the store lacks is made.
func (c *Client) productMembers(ctx context.Context, op string, have, want *jsondoc.Object) (*jsondoc.Object, error) {
	put, labels := want.Clone(), want.Object("crosswalk")
	put.Drop("crosswalk", "combinations", "attributes", "options")
	whole(have, put)
	if rate, ok := labels.Get("taxRate").(json.Number); ok {
		tax, err := c.taxFor(ctx, op, rate)
		if err != nil {
			return nil, err
		}
		if tax != nil {
			put.Set("tax", tax)
		}
	}
	if labels.Has("categories") {
		ids, err := c.categoryIDs(ctx, op, labels.List("categories"))
		if err != nil {
			return nil, err
		}
		all := slices.Clone(have.List("categoryIds"))
		for _, id := range ids {
			if !slices.Contains(all, any(id)) {
				all = append(all, id)
			}
		}
		put.Set("categoryIds", all)
	}
	if err := c.putRelated(ctx, op, have, put, labels); err != nil {
		return nil, err
	}
	if want.Has("options") {
		put.Set("options", mergedOptions(have.Objects("options"), want.Objects("options")))
	}
	if want.Has("attributes") || labels.Has("attributes") {
		list, err := c.attributeList(ctx, have, want)
		if err != nil {
			return nil, err
		}
		put.Set("attributes", list)
	}
	return put, nil
}
