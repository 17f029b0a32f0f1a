package magento

import (
	"cmp"
	"context"
	"math/big"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

const productList = "/all/V1/products"

// A configurable and its children are one document. Magento's children do not know their parent, are changed without it, and
// are products in every list.

// parents are the ids of the configurables that a product belongs to, by its id.
type parents map[string][]string

// readParents asks for all configurables: it is done once a read, and only where the read meets a product that may be a child.
func (c *Client) readParents(ctx context.Context) (parents, error) {
	rows, err := c.all(ctx, productList, criteria{groups: [][]condition{and("type_id", "eq", "configurable")}, sorts: []string{"entity_id"},
		fields: "items[id,extension_attributes[configurable_product_links]],total_count"})
	if err != nil {
		return nil, err
	}
	out := parents{}
	for _, row := range rows {
		for _, child := range row.Get("extension_attributes.configurable_product_links").Array() {
			out[child.String()] = append(out[child.String()], row.Get("id").String())
		}
	}
	return out, nil
}

// changedProducts makes documents of a page of a read. A child that is not sold by itself stands for its family, and a family is
// yielded where the read meets the one of them that changed last, so that it comes once and in the order of changes: what
// changes meanwhile is met later. A child that is sold by itself is a document, too, and names its family in crosswalk.parents.
func (c *Client) changedProducts(ctx context.Context, known *parents, rows []gjson.Result) ([]port.Document, error) {
	res := resources[productResource]
	families := map[string]*family{}
	quantities, err := c.quantities(ctx, rows)
	if err != nil {
		return nil, err
	}
	var docs []port.Document
	for _, row := range rows {
		id := row.Get("id").String()
		if row.Get("type_id").String() == "configurable" {
			f, err := c.familyOf(ctx, families, id, row)
			if err != nil {
				return nil, err
			}
			if f != nil && f.last(row) {
				d, err := c.familyDocument(ctx, res, f)
				if err != nil {
					return nil, err
				}
				docs = append(docs, d)
			}
			continue
		}
		if *known == nil {
			if *known, err = c.readParents(ctx); err != nil {
				return nil, err
			}
		}
		above := (*known)[id]
		if len(above) == 0 || row.Get("visibility").Int() != 1 {
			d, err := c.productDocument(ctx, res, row, quantities, above)
			if err != nil {
				return nil, err
			}
			docs = append(docs, d)
		}
		for _, parent := range above {
			f, err := c.familyOf(ctx, families, parent, gjson.Result{})
			if err != nil {
				return nil, err
			}
			if f != nil && f.last(row) {
				d, err := c.familyDocument(ctx, res, f)
				if err != nil {
					return nil, err
				}
				docs = append(docs, d)
			}
		}
	}
	return docs, nil
}

// family is a configurable and its children.
type family struct {
	parent   gjson.Result
	children []gjson.Result
}

// familyOf reads the family of a configurable; nil where it is gone. parent is its row where that is known.
func (c *Client) familyOf(ctx context.Context, seen map[string]*family, id string, parent gjson.Result) (*family, error) {
	if f, ok := seen[id]; ok {
		return f, nil
	}
	if !parent.Exists() {
		rows, err := c.byIDs(ctx, []string{id})
		if err != nil {
			return nil, err
		}
		if len(rows) == 0 {
			seen[id] = nil
			return nil, nil
		}
		parent = rows[0]
	}
	children, err := c.childrenOf(ctx, parent)
	if err != nil {
		return nil, err
	}
	seen[id] = &family{parent, children}
	return seen[id], nil
}

// childrenOf are the children of a configurable, in its order. The list of children by itself leaves out most attributes.
func (c *Client) childrenOf(ctx context.Context, parent gjson.Result) ([]gjson.Result, error) {
	var ids []string
	for _, id := range parent.Get("extension_attributes.configurable_product_links").Array() {
		ids = append(ids, id.String())
	}
	rows, err := c.byIDs(ctx, ids)
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(rows, func(a, b gjson.Result) int {
		return cmp.Compare(slices.Index(ids, a.Get("id").String()), slices.Index(ids, b.Get("id").String()))
	})
	return rows, nil
}

// byIDs reads products.
func (c *Client) byIDs(ctx context.Context, ids []string) ([]gjson.Result, error) {
	var all []gjson.Result
	for chunk := range slices.Chunk(ids, 100) { // an address has an end
		rows, _, err := c.search(ctx, productList, criteria{groups: [][]condition{and("entity_id", "in", strings.Join(chunk, ","))}, sorts: byStamp, size: len(chunk)})
		if err != nil {
			return nil, err
		}
		all = append(all, rows...)
	}
	return all, nil
}

// last tells whether no one in the family changed later than row.
func (f *family) last(row gjson.Result) bool {
	return comparePlace(f.newest(), row) <= 0
}

func (f *family) newest() gjson.Result {
	return slices.MaxFunc(append([]gjson.Result{f.parent}, f.children...), comparePlace)
}

// comparePlace compares places in the order of reading.
func comparePlace(a, b gjson.Result) int {
	return cmp.Or(strings.Compare(a.Get("updated_at").String(), b.Get("updated_at").String()), cmp.Compare(a.Get("id").Int(), b.Get("id").Int()))
}

// familyDocument is the document of a family, changed when one of it was.
func (c *Client) familyDocument(ctx context.Context, res resource, f *family) (port.Document, error) {
	quantities, err := c.quantities(ctx, f.children)
	if err != nil {
		return port.Document{}, err
	}
	children := make([]string, len(f.children))
	for i, child := range f.children {
		children[i] = child.Raw
		if q, ok := quantities[child.Get("sku").String()]; ok {
			if children[i], err = sjson.SetRaw(child.Raw, "crosswalk.quantity", q); err != nil {
				return port.Document{}, err
			}
		}
	}
	body, err := c.completed(ctx, f.parent, []byte("["+strings.Join(children, ",")+"]"))
	if err != nil {
		return port.Document{}, err
	}
	d := res.document(body)
	d.ChangedAt = stampOf(f.newest().Get("updated_at").String())
	return d, nil
}

// productDocument is the document of a product; that of a configurable has its children in it.
func (c *Client) productDocument(ctx context.Context, res resource, row gjson.Result, quantities map[string]string, above []string) (port.Document, error) {
	if row.Get("type_id").String() == "configurable" {
		children, err := c.childrenOf(ctx, row)
		if err != nil {
			return port.Document{}, err
		}
		return c.familyDocument(ctx, res, &family{row, children})
	}
	body, err := c.completed(ctx, row, nil)
	if err != nil {
		return port.Document{}, err
	}
	if q, ok := quantities[row.Get("sku").String()]; ok {
		if body, err = sjson.SetRawBytes(body, "crosswalk.quantity", []byte(q)); err != nil {
			return port.Document{}, err
		}
	}
	if len(above) > 0 {
		if body, err = sjson.SetBytes(body, "crosswalk.parents", above); err != nil {
			return port.Document{}, err
		}
	}
	return res.document(body), nil
}

// quantities are what lies at all sources of products, by SKU. A shop without sources, and an account that may not see them, has none.
func (c *Client) quantities(ctx context.Context, products []gjson.Result) (map[string]string, error) {
	sums := map[string]string{}
	var skus []string
	for _, p := range products {
		if !composite(p.Get("type_id").String()) {
			skus = append(skus, p.Get("sku").String())
		}
	}
	for chunk := range slices.Chunk(skus, 20) {
		rows, err := c.all(ctx, sourceItems, criteria{groups: [][]condition{oneOf("sku", chunk)}, sorts: []string{"sku", "source_code"}})
		if noSources(err) {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			if sku := row.Get("sku").String(); row.Get("status").Int() == 1 {
				sums[sku] = added(sums[sku], row.Get("quantity").Raw)
			} else {
				sums[sku] = added(sums[sku], "0")
			}
		}
	}
	return sums, nil
}

// added is the sum of two decimals; the first may be missing.
func added(a, b string) string {
	x, okX := amountOf(a)
	y, okY := amountOf(b)
	if !okX || !okY {
		return b
	}
	text := x.Add(x, y).FloatString(4)
	return strings.TrimRight(strings.TrimRight(text, "0"), ".")
}

// amountOf reads a decimal as people and Magento write it.
func amountOf(s string) (*big.Rat, bool) {
	const longest = 40 // a text such as 1e999999999 is never taken apart
	if s == "" || len(s) > longest || strings.Trim(s, "-0123456789.") != "" {
		return nil, false
	}
	return new(big.Rat).SetString(s)
}
