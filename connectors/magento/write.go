package magento

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Create makes a customer, a product (see put.go), a source item or an order (see order.go) of body, in the form that the API writes,
// without the wrapper. Products are written for all store views.
//
// Magento updates a product whose SKU is there already, and renames it where the case differs: that is refused as a conflict.
func (c *Client) Create(ctx context.Context, name string, body []byte) (port.Document, error) {
	res, err := resourceOf(name)
	if err != nil {
		return port.Document{}, err
	}
	op := "create " + name
	if err := checkObject(op, body); err != nil {
		return port.Document{}, err
	}
	switch res.name {
	case "customer":
		if err := c.checkCountries(ctx, op, body); err != nil {
			return port.Document{}, err
		}
		// Without a store code the customer belongs to the default website.
		return c.save(ctx, res, rest.Request{Method: http.MethodPost, Path: "/V1/customers", Body: wrap("customer", body)})
	case "product":
		return c.createProduct(ctx, op, body)
	case stockResource:
		return c.saveStock(ctx, op, body)
	case orderResource:
		return c.placeOrder(ctx, op, body)
	}
	return port.Document{}, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Message: "the connection does not create such documents"}
}

// Update changes the members of change. Lists are replaced by Magento: addresses of a customer keep their ids here, and none
// is deleted; a custom attribute is one member.
func (c *Client) Update(ctx context.Context, name, id string, change []byte) (port.Document, error) {
	res, err := resourceOf(name)
	if err != nil {
		return port.Document{}, err
	}
	op := "update " + name
	if err := checkObject(op, change); err != nil {
		return port.Document{}, err
	}
	switch res.name {
	case "customer":
		return c.updateCustomer(ctx, res, op, id, change)
	case "product":
		return c.updateProduct(ctx, op, id, change)
	case stockResource:
		return c.updateStock(ctx, op, id, change)
	case stockItemResource:
		return c.updateStockItem(ctx, id, change)
	}
	return port.Document{}, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Message: "the connection does not change such documents"}
}

// save makes the call and the document of its answer.
func (c *Client) save(ctx context.Context, res resource, req rest.Request) (port.Document, error) {
	resp, err := c.api.Do(ctx, req)
	if err != nil {
		return port.Document{}, err
	}
	if !gjson.GetBytes(resp.Body, res.id).Exists() {
		return port.Document{}, &port.Error{Kind: port.ErrInDoubt, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer holds no " + res.name}
	}
	docs, err := c.documents(ctx, res, []gjson.Result{gjson.ParseBytes(resp.Body)})
	if err != nil {
		// It is written; only what stands beside it could not be read.
		return res.document(resp.Body), nil
	}
	return docs[0], nil
}

// skuInShop is the SKU of the product that Magento takes for sku, in its own case, and its type; "" where there is none.
func (c *Client) skuInShop(ctx context.Context, sku string) (known, kind string, err error) {
	rows, _, err := c.search(ctx, productList, criteria{groups: [][]condition{and("sku", "eq", sku)}, size: 2})
	if err != nil || len(rows) == 0 {
		return "", "", err
	}
	return rows[0].Get("sku").String(), rows[0].Get("type_id").String(), nil
}

// updateCustomer gives new addresses the id of the address with the same role, so that they change it, and lists the
// addresses that are not spoken of, because those left out would be deleted.
func (c *Client) updateCustomer(ctx context.Context, res resource, op, id string, change []byte) (port.Document, error) {
	if !isID(id) {
		return port.Document{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: op, Message: "this is no id of Magento"}
	}
	if err := c.checkCountries(ctx, op, change); err != nil {
		return port.Document{}, err
	}
	path := rest.Path("all", "V1", "customers", id)
	const route = "/all/V1/customers/{id}"
	if gjson.GetBytes(change, "addresses").IsArray() {
		resp, err := c.api.Do(ctx, rest.Request{Path: path, Route: route})
		if err != nil {
			return port.Document{}, err
		}
		list, err := mergeAddresses(gjson.GetBytes(resp.Body, "addresses").Array(), gjson.GetBytes(change, "addresses").Array())
		if err != nil {
			return port.Document{}, err
		}
		if change, err = sjson.SetRawBytes(change, "addresses", list); err != nil {
			return port.Document{}, err
		}
	}
	return c.save(ctx, res, rest.Request{Method: http.MethodPut, Path: path, Route: route, Body: wrap("customer", change)})
}

func mergeAddresses(have, want []gjson.Result) ([]byte, error) {
	taken := map[string]bool{}
	for _, w := range want {
		taken[w.Get("id").String()] = true
	}
	var out []string
	for _, w := range want {
		raw := w.Raw
		if !w.Get("id").Exists() {
			for _, h := range have {
				sameRole := h.Get("default_billing").Bool() && w.Get("default_billing").Bool() || h.Get("default_shipping").Bool() && w.Get("default_shipping").Bool()
				if id := h.Get("id").String(); sameRole && !taken[id] {
					var err error
					if raw, err = sjson.SetRaw(raw, "id", h.Get("id").Raw); err != nil {
						return nil, err
					}
					taken[id] = true
					break
				}
			}
		}
		out = append(out, raw)
	}
	for _, h := range have {
		if taken[h.Get("id").String()] {
			continue
		}
		raw := h.Raw
		for _, role := range []string{"default_billing", "default_shipping"} {
			if !h.Get(role).Bool() || !slices.ContainsFunc(want, func(w gjson.Result) bool { return w.Get(role).Bool() }) {
				continue
			}
			// Another address has the role now. Of two that claim it Magento believes the last.
			var err error
			if raw, err = sjson.Delete(raw, role); err != nil {
				return nil, err
			}
		}
		out = append(out, raw)
	}
	return []byte("[" + strings.Join(out, ",") + "]"), nil
}

// checkCountries refuses addresses in countries that the shop does not know: Magento drops such an address and says
// that all is well.
func (c *Client) checkCountries(ctx context.Context, op string, body []byte) error {
	addresses := gjson.GetBytes(body, "addresses").Array()
	if len(addresses) == 0 {
		return nil
	}
	table, err := c.Reference(ctx, "countries", false)
	if err != nil {
		return err
	}
	known := map[string]bool{}
	for _, row := range gjson.ParseBytes(table).Array() {
		known[row.Get("id").String()] = true
	}
	for _, a := range addresses {
		if code := a.Get("country_id").String(); !known[code] {
			return &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: "country_id", Message: "the shop does not know the country of an address"}
		}
	}
	return nil
}

func wrap(name string, body []byte) []byte { return []byte(`{"` + name + `":` + string(body) + `}`) }

func checkObject(op string, body []byte) error {
	if gjson.ValidBytes(body) && gjson.ParseBytes(body).IsObject() {
		return nil
	}
	return &port.Error{Kind: port.ErrValidation, System: system, Op: op, Message: "the document is no JSON object"}
}

// member returns a top-level member that is text or a number.
func member(body []byte, name string) string {
	v := gjson.GetBytes(body, name)
	if v.Type == gjson.String || v.Type == gjson.Number {
		return v.String()
	}
	return ""
}

// compareCustomer compares addresses with those that the update would make.
func (c *Client) compareCustomer(_ context.Context, d *jsondoc.Difference, have, want *jsondoc.Object) error {
	d.Members(have, want, "id", "addresses", labelled)
	if !want.Has("addresses") {
		return nil
	}
	encode := func(o *jsondoc.Object) []gjson.Result {
		return gjson.ParseBytes(jsondoc.Encode(append([]any{}, o.List("addresses")...))).Array()
	}
	merged, err := mergeAddresses(encode(have), encode(want))
	if err != nil {
		return err
	}
	after, err := jsondoc.DecodeObject([]byte(`{"addresses":` + string(merged) + `}`))
	if err != nil {
		return err
	}
	old := have.Objects("addresses")
	for _, a := range after.Objects("addresses") {
		i := slices.IndexFunc(old, func(h *jsondoc.Object) bool { return a.Has("id") && h.Text("id") == a.Text("id") })
		if i < 0 || !d.Holds(old[i], a) {
			d.Note("addresses", have.Get("addresses"), want.Get("addresses"))
			d.Body.Set("addresses", want.Get("addresses"))
			return nil
		}
	}
	return nil
}
