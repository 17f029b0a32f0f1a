package magento

import (
	"context"
	"encoding/json"
	"errors"
	"net/http"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// labelled is the member in which a document names what the API wants by id:
//
//	crosswalk.taxRate     percent in the country of the option taxCountry: the tax class that has it
//	crosswalk.categories  [["Shoes", "Men"], ...]: paths below the root of the shop; the product is put into them and taken out of none
//	crosswalk.attributes  [{code, name, value}, ...]: an attribute by its code, else by its label; values of lists by label
//	crosswalk.variants    [{sku, name, price, weight, quantity, attributes, options: [{code, name, value}]}, ...] of a configurable
//	crosswalk.members     [{sku, quantity}, ...] of a grouped product
//	crosswalk.related     [sku, ...] that are shown with it; other links of the product stay
//	crosswalk.images      [{url, name, hash}, ...]: the first one is the main image; see image.go
//	crosswalk.quantity    what lies at the default source when the product is made
//
// Attributes, options and categories that the shop lacks are made, unless the option createMissing says no. Variants, members and values that
// the shop has and the document does not name stay. quantity counts when a product is made; later the resource stock moves it.
const labelled = "crosswalk"

const configurable, grouped, bundle = "configurable", "grouped", "bundle"

// composite tells whether products of a type are made of others, and keep no stock of their own.
func composite(kind string) bool { return kind == configurable || kind == grouped || kind == bundle }

func invalid(op, field, message string) error {
	return &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: field, Message: message}
}

// createProduct makes the variants of a family before the family, which is written in one call with all that it needs: cut off
// anywhere, a repeat finds the variants and goes on.
func (c *Client) createProduct(ctx context.Context, op string, body []byte) (port.Document, error) {
	in, err := decoded(op, body)
	if err != nil {
		return port.Document{}, err
	}
	sku := in.Text("sku")
	if sku == "" {
		return port.Document{}, invalid(op, "sku", "a product needs a SKU")
	}
	known, _, err := c.skuInShop(ctx, sku)
	if err != nil {
		return port.Document{}, err
	}
	if known != "" {
		return port.Document{}, &port.Error{Kind: port.ErrConflict, System: system, Op: op, Field: "sku", Message: "the shop has the SKU " + known + ", which Magento takes for the same"}
	}
	put, err := c.newProduct(ctx, op, in)
	if err != nil {
		return port.Document{}, err
	}
	labels := in.Object(labelled)
	if in.Text("type_id") == configurable {
		f := jsondoc.New("options", []any{}, "links", []any{})
		if err := c.writeVariants(ctx, op, put, f, nil, in); err != nil {
			return port.Document{}, err
		}
		ext := extension(put)
		ext.Set("configurable_product_options", f.Get("options"))
		ext.Set("configurable_product_links", f.Get("links"))
		put.Drop("price")
	}
	if in.Text("type_id") == grouped {
		put.Set("product_links", append(in.List("product_links"), memberLinks(sku, labels.Objects("members"), 0)...))
		put.Drop("price")
	}
	related, err := c.relatedLinks(ctx, op, sku, labels, 0)
	if err != nil {
		return port.Document{}, err
	}
	if len(related) > 0 {
		put.Set("product_links", append(put.List("product_links"), related...))
	}
	row, err := c.postProduct(ctx, put)
	if err != nil {
		return port.Document{}, err
	}
	if err := c.writeImages(ctx, sku, jsondoc.New(), labels); err != nil {
		return port.Document{}, err
	}
	return c.asItIs(ctx, op, row)
}

// newProduct is the body of a new product without its family.
func (c *Client) newProduct(ctx context.Context, op string, in *jsondoc.Object) (*jsondoc.Object, error) {
	put, labels := in.Clone(), in.Object(labelled)
	put.Drop(labelled)
	set := put.Text("attribute_set_id")
	if set == "" {
		var err error
		if set, err = c.attributeSet(ctx, op); err != nil {
			return nil, err
		}
		put.Set("attribute_set_id", json.Number(set))
	}
	if err := c.putLabels(ctx, op, set, jsondoc.New(), put, labels); err != nil {
		return nil, err
	}
	kind := put.Text("type_id")
	if q, ok := labels.Get("quantity").(json.Number); ok && kind != configurable && kind != grouped {
		extension(put).Set("stock_item", jsondoc.New("qty", q, "is_in_stock", positive(q)))
	} else if kind == configurable || kind == grouped {
		extension(put).Set("stock_item", jsondoc.New("is_in_stock", true)) // else it is never sold
	}
	return put, nil
}

func positive(q json.Number) bool {
	n, ok := amountOf(q.String())
	return ok && n.Sign() > 0
}

func extension(put *jsondoc.Object) *jsondoc.Object {
	if put.Object("extension_attributes") == nil {
		put.Set("extension_attributes", jsondoc.New())
	}
	return put.Object("extension_attributes")
}

// setAttribute sets a custom attribute.
func setAttribute(put *jsondoc.Object, code string, value any) {
	list := slices.DeleteFunc(slices.Clone(put.List("custom_attributes")), func(v any) bool {
		o, _ := v.(*jsondoc.Object)
		return o.Text("attribute_code") == code
	})
	put.Set("custom_attributes", append(list, jsondoc.New("attribute_code", code, "value", value)))
}

// putLabels writes tax class, categories and attributes of a product as ids. have is the product as it is.
func (c *Client) putLabels(ctx context.Context, op, set string, have, put, labels *jsondoc.Object) error {
	if rate, ok := labels.Get("taxRate").(json.Number); ok {
		class, err := c.taxClass(ctx, op, rate)
		if err != nil {
			return err
		}
		setAttribute(put, "tax_class_id", class)
	}
	if labels.Has("categories") {
		ids, err := c.categoryIDs(ctx, op, labels.List("categories"))
		if err != nil {
			return err
		}
		if links := linkedCategories(have, ids); len(links) > 0 {
			extension(put).Set("category_links", links)
		}
	}
	for _, named := range labels.Objects("attributes") {
		if named.Text("value") == "" {
			continue
		}
		a, err := c.attributeFor(ctx, op, set, named, false)
		if err != nil {
			return err
		}
		value, err := c.written(ctx, op, a, attributeValue(have, a.code()), named.Text("value"))
		if err != nil {
			return err
		}
		setAttribute(put, a.code(), value)
	}
	return nil
}

// taxClass is the tax class of products with a rate in the country of the connection.
func (c *Client) taxClass(ctx context.Context, op string, rate json.Number) (string, error) {
	if c.country == "" {
		return "", invalid(op, "taxRate", "set the connection's option taxCountry: Magento has a tax rate by country")
	}
	for _, refresh := range []bool{false, true} {
		table, err := c.Reference(ctx, "taxClasses", refresh)
		if err != nil {
			return "", err
		}
		for _, row := range gjson.ParseBytes(table).Array() {
			if row.Get("class_type").String() != "PRODUCT" {
				continue
			}
			have, err := c.taxRate(ctx, row.Get("class_id").String())
			if err != nil {
				return "", err
			}
			if jsondoc.SameNumber(json.Number(have), rate) {
				return row.Get("class_id").String(), nil
			}
		}
		if !c.missed("taxRules") {
			break
		}
		for _, name := range []string{"taxRules", "taxRates"} {
			if _, err := c.Reference(ctx, name, true); err != nil {
				return "", err
			}
		}
	}
	if n, ok := amountOf(rate.String()); ok && n.Sign() == 0 {
		return "0", nil // Magento's class None
	}
	return "", invalid(op, "taxRate", "the shop has no tax class of products with "+rate.String()+" % in "+c.country+": add a tax rule")
}

// postProduct makes a product, or changes the one that has its SKU. Where the part of its address that Magento makes of the name is taken,
// the SKU makes it another.
func (c *Client) postProduct(ctx context.Context, put *jsondoc.Object) (gjson.Result, error) {
	req := rest.Request{Method: http.MethodPost, Path: productList, Body: wrap("product", jsondoc.Encode(put)), Repeat: rest.Safe}
	resp, err := c.api.Do(ctx, req)
	if addressTaken(err) {
		setAttribute(put, "url_key", urlKey(put.Text("name")+" "+put.Text("sku")))
		req.Body = wrap("product", jsondoc.Encode(put))
		resp, err = c.api.Do(ctx, req)
	}
	if err != nil {
		return gjson.Result{}, err
	}
	row := gjson.ParseBytes(resp.Body)
	if !row.Get("id").Exists() {
		return row, &port.Error{Kind: port.ErrInDoubt, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer holds no product"}
	}
	return row, nil
}

func addressTaken(err error) bool {
	var e *port.Error
	return errors.Is(err, port.ErrConflict) && errors.As(err, &e) && strings.Contains(e.Message, "URL key")
}

var notInAddress = regexp.MustCompile(`[^a-z0-9]+`)

func urlKey(text string) string {
	return strings.Trim(notInAddress.ReplaceAllString(strings.ToLower(text), "-"), "-")
}

// putProduct changes members of a product.
func (c *Client) putProduct(ctx context.Context, sku string, put *jsondoc.Object) error {
	if put.Len() == 0 {
		return nil
	}
	path, route := skuPath("products", sku)
	_, err := c.api.Do(ctx, rest.Request{Method: http.MethodPut, Path: path, Route: route, Body: wrap("product", jsondoc.Encode(put)), Repeat: rest.Safe})
	return err
}

// asItIs reads a product that was written.
func (c *Client) asItIs(ctx context.Context, op string, row gjson.Result) (port.Document, error) {
	docs, err := c.Find(ctx, productResource, port.Key{Field: port.KeyID, Value: row.Get("id").String()})
	if err != nil || len(docs) != 1 {
		// It is written; only reading it failed.
		return resources[productResource].document([]byte(row.Raw)), nil
	}
	return docs[0], nil
}

const relatedLink = "related"

// memberLinks are the links of a grouped product.
func memberLinks(sku string, members []*jsondoc.Object, from int) []any {
	out := []any{}
	for i, m := range members {
		qty := m.Get("quantity")
		if qty == nil {
			qty = jsondoc.Int(1)
		}
		out = append(out, jsondoc.New("sku", sku, "link_type", "associated", "linked_product_sku", m.Text("sku"), "linked_product_type", "simple",
			"position", from+i, "extension_attributes", jsondoc.New("qty", qty)))
	}
	return out
}

// relatedLinks are the links to related products. Magento takes none to a product that it does not have.
func (c *Client) relatedLinks(ctx context.Context, op, sku string, labels *jsondoc.Object, from int) ([]any, error) {
	var out []any
	for i, v := range labels.List("related") {
		known, kind, err := c.skuInShop(ctx, jsondoc.Text(v))
		if err != nil {
			return nil, err
		}
		if known == "" {
			return nil, invalid(op, "related", "the shop has no product "+jsondoc.Text(v))
		}
		out = append(out, jsondoc.New("sku", sku, "link_type", relatedLink, "linked_product_sku", known, "linked_product_type", kind, "position", from+i))
	}
	return out, nil
}

func (c *Client) updateProduct(ctx context.Context, op, id string, change []byte) (port.Document, error) {
	in, err := decoded(op, change)
	if err != nil {
		return port.Document{}, err
	}
	var docs []port.Document
	if isID(id) {
		if docs, err = c.Find(ctx, productResource, port.Key{Field: port.KeyID, Value: id}); err != nil {
			return port.Document{}, err
		}
	}
	if len(docs) == 0 {
		return port.Document{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: op, Message: "the shop has no product with this id"}
	}
	have, err := decoded(op, docs[0].Body)
	if err != nil {
		return port.Document{}, err
	}
	// Products are written by SKU; the id tells which one it is today.
	sku := have.Text("sku")
	if want := in.Text("sku"); want != "" && want != sku {
		if !strings.EqualFold(want, sku) {
			return port.Document{}, invalid(op, "sku", "Magento's API does not change a SKU")
		}
		sku = want // another case in the path renames it
	}
	if err := c.changeProduct(ctx, op, sku, have, in); err != nil {
		return port.Document{}, err
	}
	return c.asItIs(ctx, op, gjson.ParseBytes(docs[0].Body))
}

// changeProduct makes the calls that it takes for a product to say what in says.
func (c *Client) changeProduct(ctx context.Context, op, sku string, have, in *jsondoc.Object) error {
	put, labels := in.Clone(), in.Object(labelled)
	put.Drop(labelled, "type_id")
	if err := c.putLabels(ctx, op, have.Text("attribute_set_id"), have, put, labels); err != nil {
		return err
	}
	if have.Text("type_id") == configurable && (labels.Has("variants") || labels.Has("taxRate")) {
		ext := have.Object("extension_attributes")
		f := jsondoc.New("options", jsondoc.Clone(ext.List("configurable_product_options")), "links", slices.Clone(ext.List("configurable_product_links")))
		before := string(jsondoc.Encode(f))
		put.Set("sku", sku)
		if err := c.writeVariants(ctx, op, put, f, have, in); err != nil {
			return err
		}
		if string(jsondoc.Encode(f)) != before { // both replace what is there, and go together
			extension(put).Set("configurable_product_options", f.Get("options"))
			extension(put).Set("configurable_product_links", f.Get("links"))
		}
	}
	put.Drop("sku")
	if sku != have.Text("sku") {
		put.Set("sku", sku)
	}
	if err := c.putProduct(ctx, sku, put); err != nil {
		return err
	}
	links := memberLinks(sku, labels.Objects("members"), len(have.List("product_links")))
	related, err := c.relatedLinks(ctx, op, sku, labels, len(have.List("product_links"))+len(links))
	if err != nil {
		return err
	}
	if links = append(links, related...); len(links) > 0 {
		path, route := skuPath("products", sku, "links")
		body := jsondoc.Encode(jsondoc.New("items", links))
		if _, err := c.api.Do(ctx, rest.Request{Method: http.MethodPost, Path: path, Route: route, Body: body, Repeat: rest.Safe}); err != nil {
			return err
		}
	}
	return c.writeImages(ctx, sku, have, labels)
}

func decoded(op string, body []byte) (*jsondoc.Object, error) {
	o, err := jsondoc.DecodeObject(body)
	if err != nil {
		return nil, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Message: "the document is no JSON object"}
	}
	return o, nil
}
