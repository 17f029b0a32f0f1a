package ccv

import (
	"context"
	"errors"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// whole is what a product is read with.
const whole = "attributecombinations,productattributesets,productphotos,producttocategories"

const (
	// wholePage is how many whole products a page has: the vendor refuses answers that are too big and says no limit.
	wholePage = 25
	// fewChanges are read one by one; of more, the whole catalogue is read in pages.
	fewChanges = 50
)

// productVolatile are members that shopping moves.
var productVolatile = []string{"amount_sold", "stock", "modifydate", "credit_points_calculated"}

// readProducts yields the products whose modifydate is not before q.Since. What moves that stamp is the vendor's secret: that a
// change of a variant or of a photo does is not promised.
func (c *Client) readProducts(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		from := q.Since.Add(-c.overlap)
		if !q.Since.IsZero() {
			ids, err := c.changedProducts(ctx, from)
			if err != nil {
				yield(port.Document{}, err)
				return
			}
			if len(ids) <= fewChanges {
				docs, err := c.productByID(ctx, ids)
				if err != nil {
					yield(port.Document{}, err)
					return
				}
				for _, doc := range docs {
					if !yield(doc, nil) {
						return
					}
				}
				return
			}
		}
		query := withExpand(whole)
		query.Set("orderby", "modifydate")
		for row, err := range c.walkWhole(ctx, query, "modifydate") {
			if err != nil {
				yield(port.Document{}, err)
				return
			}
			if !q.Since.IsZero() && stamp(row.Get("modifydate").String()).Before(from) {
				continue
			}
			doc, err := c.product(ctx, row)
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// walkWhole yields products with their children, in pages that the shop is willing to answer.
func (c *Client) walkWhole(ctx context.Context, query url.Values, sort string) iter.Seq2[gjson.Result, error] {
	return func(yield func(gjson.Result, error) bool) {
		for size := min(c.page, wholePage); ; size /= 2 {
			started, tooBig := false, false
			for row, err := range c.walk(ctx, query, sort, size, "products") {
				if e := (*port.Error)(nil); !started && size > 3 && errors.As(err, &e) && e.Code == codeTooBig {
					tooBig = true
					break
				}
				started = true
				if !yield(row, err) || err != nil {
					return
				}
			}
			if !tooBig {
				return
			}
		}
	}
}

// changedProducts lists ids from the newest stamp back. A product that changes meanwhile moves to the front, with a stamp that the next read asks for.
func (c *Client) changedProducts(ctx context.Context, from time.Time) ([]string, error) {
	var ids []string
	for row, err := range c.walk(ctx, url.Values{"orderby": {"modifydate_desc"}}, "modifydate", c.page, "products") {
		if err != nil {
			return nil, err
		}
		if stamp(row.Get("modifydate").String()).Before(from) {
			break
		}
		ids = append(ids, row.Get("id").String())
	}
	return ids, nil
}

// productByID reads products and variants by id, in the order of their stamps.
func (c *Client) productByID(ctx context.Context, ids []string) ([]port.Document, error) {
	var docs []port.Document
	for _, id := range ids {
		product, variant, _ := strings.Cut(id, "/")
		if !isID(product) || variant != "" && !isID(variant) {
			continue
		}
		row, err := c.get(ctx, withExpand(whole), "products", product)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		doc, err := c.product(ctx, row)
		if err == nil && variant != "" {
			doc, err = asVariant(doc, variant)
		}
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	slices.SortStableFunc(docs, func(a, b port.Document) int { return a.ChangedAt.Compare(b.ChangedAt) })
	return docs, nil
}

// product adds the member crosswalk: what a mapping needs and CCV says elsewhere.
//
//	crosswalk.categories        [[name, ...], ...] from the root to each category of the product
//	crosswalk.currency          the shop's
//	crosswalk.pricesIncludeTax  whether price includes VAT
//	crosswalk.variant           in a document of one variant: its attributecombination
func (c *Client) product(ctx context.Context, row gjson.Result) (port.Document, error) {
	paths, err := c.pathsOf(ctx, row.Get("producttocategories.collection").Array())
	if err != nil {
		return port.Document{}, err
	}
	settings, err := c.Reference(ctx, "settings", false)
	if err != nil {
		return port.Document{}, err
	}
	s := gjson.ParseBytes(settings)
	extra := members("categories", paths)
	for member, v := range map[string]gjson.Result{"currency": s.Get("currency"), "pricesIncludeTax": s.Get("prices_include_vat")} {
		if v.Exists() && v.Type != gjson.Null {
			if extra, err = setRaw(extra, member, []byte(v.Raw)); err != nil {
				return port.Document{}, err
			}
		}
	}
	body, err := setRaw([]byte(row.Raw), "crosswalk", extra)
	if err != nil {
		return port.Document{}, err
	}
	volatile := slices.Clone(productVolatile)
	for i := range row.Get("attributecombinations.collection").Array() {
		volatile = append(volatile, "attributecombinations.collection."+strconv.Itoa(i)+".stock")
	}
	return document(productResource, row.Get("id").String(), row.Get("productnumber").String(), stamp(row.Get("modifydate").String()), body, volatile...), nil
}

// pathsOf names the categories of memberships. A category that the tree does not know is looked for once more.
func (c *Client) pathsOf(ctx context.Context, memberships []gjson.Result) ([][]string, error) {
	out := [][]string{}
	if len(memberships) == 0 {
		return out, nil
	}
	for _, refresh := range []bool{false, true} {
		if refresh && !c.missed("categories") {
			break
		}
		paths, err := c.categoryPaths(ctx, refresh)
		if err != nil {
			return nil, err
		}
		out = out[:0]
		for _, m := range memberships {
			if p := paths[m.Get("category_id").String()]; p != nil {
				out = append(out, p)
			}
		}
		if len(out) == len(memberships) {
			break
		}
	}
	return out, nil
}

// asVariant makes the document of one variant of a product: id product/combination, key its SKU.
func asVariant(doc port.Document, variant string) (port.Document, error) {
	for _, o := range gjson.GetBytes(doc.Body, "attributecombinations.collection").Array() {
		if o.Get("id").String() != variant {
			continue
		}
		body, err := sjson.SetRawBytes(doc.Body, "crosswalk.variant", []byte(o.Raw))
		if err != nil {
			return port.Document{}, err
		}
		return document(productResource, doc.ID+"/"+variant, skuOf(o), doc.ChangedAt, body, append(productVolatile, "crosswalk.variant.stock")...), nil
	}
	return port.Document{}, &port.Error{Kind: port.ErrNotFound, Op: "read product", Message: "the product has no such variant"}
}

// skuOf is the number by which people call a variant.
func skuOf(combination gjson.Result) string {
	if s := combination.Get("sku_number").String(); s != "" {
		return s
	}
	return combination.Get("product_number").String()
}
