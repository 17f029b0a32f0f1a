package magento

import (
	"context"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
)

// completed adds the member crosswalk to a product: what a mapping needs and Magento says elsewhere, or only by ids.
//
//	crosswalk.children    the children of a configurable, whole
//	crosswalk.parents     ids of the configurables that a product which is sold by itself is a child of
//	crosswalk.quantity    what lies at all sources, of a product and of each child
//	crosswalk.labels      {code: {label, options: {id: label}}} of the attributes that are options or have values here
//	crosswalk.categories  [[name, ...], ...] from the top category of a shop to the product's
//	crosswalk.taxRate     percent in the country of the option taxCountry
//	crosswalk.currency    base currency
//	crosswalk.weightUnit  kgs or lbs
//	crosswalk.mediaUrl    what stands before the files of images
func (c *Client) completed(ctx context.Context, row gjson.Result, children []byte) ([]byte, error) {
	body := []byte(row.Raw)
	set := func(path string, raw []byte, err error) error {
		if err != nil || len(raw) == 0 {
			return err
		}
		body, err = sjson.SetRawBytes(body, "crosswalk."+path, raw)
		return err
	}
	if err := set("children", children, nil); err != nil {
		return nil, err
	}
	labels, err := c.labels(ctx, gjson.ParseBytes(body))
	if err := set("labels", labels, err); err != nil {
		return nil, err
	}
	categories, err := c.categoryPaths(ctx, row)
	if err := set("categories", categories, err); err != nil {
		return nil, err
	}
	rate, err := c.taxRate(ctx, attributeOf(row, "tax_class_id").String())
	if err := set("taxRate", []byte(rate), err); err != nil {
		return nil, err
	}
	configs, err := c.Reference(ctx, "storeConfigs", false)
	if err != nil {
		return nil, err
	}
	first := gjson.GetBytes(configs, "0")
	if err := set("currency", []byte(first.Get("base_currency_code").Raw), nil); err != nil {
		return nil, err
	}
	if err := set("weightUnit", []byte(first.Get("weight_unit").Raw), nil); err != nil {
		return nil, err
	}
	return body, set("mediaUrl", jsonText(first.Get("secure_base_media_url").String()+"catalog/product"), nil)
}

func jsonText(s string) []byte {
	raw := jsonObject("t", s)
	return []byte(gjson.GetBytes(raw, "t").Raw)
}

func attributeOf(p gjson.Result, code string) gjson.Result {
	for _, a := range p.Get("custom_attributes").Array() {
		if a.Get("attribute_code").String() == code {
			return a.Get("value")
		}
	}
	return gjson.Result{}
}

// labels names the attributes with options that the product or its children have, and what the ids mean. A value that the table
// does not know is looked for once more.
func (c *Client) labels(ctx context.Context, p gjson.Result) ([]byte, error) {
	for _, refresh := range []bool{false, true} {
		table, err := c.Reference(ctx, "attributes", refresh)
		if err != nil {
			return nil, err
		}
		out, unknown, err := labelsFrom(gjson.ParseBytes(table), p)
		if err != nil || !unknown || refresh || !c.missed("attributes") {
			return out, err
		}
	}
	return nil, nil // not reached: the second turn returns
}

func labelsFrom(table, p gjson.Result) (out []byte, unknown bool, err error) {
	values := map[string][]string{} // by code
	note := func(o gjson.Result) {
		for _, a := range o.Get("custom_attributes").Array() {
			code := a.Get("attribute_code").String()
			values[code] = append(values[code], strings.Split(a.Get("value").String(), ",")...)
		}
	}
	note(p)
	for _, child := range p.Get("crosswalk.children").Array() {
		note(child)
	}
	axes := map[string]bool{} // by id
	for _, o := range p.Get("extension_attributes.configurable_product_options").Array() {
		axes[o.Get("attribute_id").String()] = true
	}
	out = []byte("{}")
	for _, a := range table.Array() {
		code := a.Get("attribute_code").String()
		_, has := values[code]
		axis := axes[a.Get("attribute_id").String()]
		known := map[string]string{}
		for _, o := range a.Get("options").Array() {
			known[o.Get("value").String()] = o.Get("label").String()
		}
		userDefined := a.Get("is_user_defined").Bool()
		if !axis && !(has && userDefined) {
			continue
		}
		entry := jsonObject("id", a.Get("attribute_id").String(), "label", a.Get("default_frontend_label").String())
		options := map[string]string{}
		for _, v := range values[code] {
			label, ok := known[v]
			if ok && v != "" {
				options[v] = label
			}
			unknown = unknown || !ok && v != "" && len(known) > 0
		}
		if len(options) > 0 {
			if entry, err = sjson.SetBytes(entry, "options", options); err != nil {
				return nil, false, err
			}
		}
		if out, err = sjson.SetRawBytes(out, sjsonKey(code), entry); err != nil {
			return nil, false, err
		}
	}
	return out, unknown, nil
}

// sjsonKey keeps what sjson reads as syntax out of a key.
func sjsonKey(code string) string {
	return strings.NewReplacer(".", `\.`, "*", `\*`, "?", `\?`).Replace(code)
}

// categoryPaths are the names of the categories above, without the root of the shop.
func (c *Client) categoryPaths(ctx context.Context, p gjson.Result) ([]byte, error) {
	links := p.Get("extension_attributes.category_links").Array()
	if len(links) == 0 {
		return nil, nil
	}
	for _, refresh := range []bool{false, true} {
		table, err := c.Reference(ctx, "categories", refresh)
		if err != nil {
			return nil, err
		}
		names, paths := map[string]string{}, map[string][]string{}
		for _, row := range gjson.ParseBytes(table).Array() {
			id := row.Get("id").String()
			names[id], paths[id] = row.Get("name").String(), strings.Split(row.Get("path").String(), "/")
		}
		found := [][]string{}
		missing := false
		for _, l := range links {
			ids, ok := paths[l.Get("category_id").String()]
			missing = missing || !ok
			var path []string
			for _, id := range ids[min(2, len(ids)):] {
				path = append(path, names[id])
			}
			if len(path) > 0 {
				found = append(found, path)
			}
		}
		if !missing || refresh || !c.missed("categories") {
			return []byte(gjson.GetBytes(jsonObject("p", found), "p").Raw), nil
		}
	}
	return nil, nil // not reached: the second turn returns
}

// taxRate is the rate of a tax class in the country of the connection, by the shop's rules; "" where it is not asked for or there are
// several.
func (c *Client) taxRate(ctx context.Context, class string) (string, error) {
	if c.country == "" || class == "" {
		return "", nil
	}
	rules, err := c.Reference(ctx, "taxRules", false)
	if err != nil {
		return "", err
	}
	rates, err := c.Reference(ctx, "taxRates", false)
	if err != nil {
		return "", err
	}
	wanted := map[string]bool{}
	for _, rule := range gjson.ParseBytes(rules).Array() {
		for _, id := range rule.Get("product_tax_class_ids").Array() {
			if id.String() == class {
				for _, rate := range rule.Get("tax_rate_ids").Array() {
					wanted[rate.String()] = true
				}
			}
		}
	}
	found := map[string]bool{}
	for _, rate := range gjson.ParseBytes(rates).Array() {
		if wanted[rate.Get("id").String()] && rate.Get("tax_country_id").String() == c.country && rate.Get("tax_region_id").Int() == 0 {
			found[rate.Get("rate").Raw] = true
		}
	}
	if len(found) > 1 {
		return "", nil
	}
	for rate := range found {
		return rate, nil
	}
	if class == "0" || len(wanted) == 0 {
		return "0", nil
	}
	return "", nil
}
