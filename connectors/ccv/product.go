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
const whole = "attributecombinations,productattributesets,productphotos,producttocategories,productrelevant"

const (
	// wholePage is how many whole products a page has: the vendor refuses answers that are too big and says no limit.
	wholePage = 25
	// fewChanges are read one by one; of more, the whole catalogue is read in pages.
	fewChanges = 50
)

// productVolatile are members that shopping moves.
var productVolatile = []string{"amount_sold", "stock", "modifydate", "credit_points_calculated"}

// readProducts yields the products whose modifydate is not before q.Since, in the order of that stamp. What moves it is the vendor's secret: that a
// change of a variant or of a photo does is not promised. What changes while others are read keeps the stamp that it had at the beginning: the next
// read finds it again.
func (c *Client) readProducts(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		list, err := c.changedProducts(ctx, q.Since)
		if err != nil {
			yield(port.Document{}, err)
			return
		}
		at := map[string]time.Time{}
		for _, ch := range list {
			at[ch.id] = ch.at
		}
		query := withExpand(whole)
		query.Set("orderby", "modifydate")
		rows := c.inOrder(ctx, list, query, min(c.size, wholePage), "products")
		if !q.Since.IsZero() && len(list) <= fewChanges {
			rows = c.oneByOne(ctx, list)
		}
		for row, err := range rows {
			if err != nil {
				yield(port.Document{}, err)
				return
			}
			doc, err := c.product(ctx, row)
			doc.ChangedAt = at[doc.ID]
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// oneByOne reads products by id.
func (c *Client) oneByOne(ctx context.Context, list []change) iter.Seq2[gjson.Result, error] {
	return func(yield func(gjson.Result, error) bool) {
		for _, ch := range list {
			row, err := c.get(ctx, withExpand(whole), "products", ch.id)
			if errors.Is(err, port.ErrNotFound) {
				continue
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
	}
}

// changedProducts lists the products that changed since an instant, less the overlap, in the order of their stamps. It goes from the newest stamp
// back, and through the whole catalogue where that cannot be trusted: where a page moved, or is full of one stamp, as after an import.
func (c *Client) changedProducts(ctx context.Context, since time.Time) ([]change, error) {
	from := since.Add(-c.overlap)
	if !since.IsZero() {
		list, ok, err := c.newestProducts(ctx, from)
		if err != nil || ok {
			byStamp(list)
			return list, err
		}
	}
	// A product whose turn was over may change while others, later, are found: no stamp may pass it by.
	first, _, err := c.page(ctx, url.Values{"orderby": {"modifydate_desc"}}, 0, 1, "products")
	if err != nil {
		return nil, err
	}
	var list []change
	for row, err := range c.walk(ctx, url.Values{"orderby": {"id"}}, c.size, "products") {
		if err != nil {
			return nil, err
		}
		if at := stamp(row.Get("modifydate").String()); since.IsZero() || !at.Before(from) {
			list = append(list, change{row.Get("id").String(), at})
		}
	}
	for _, newest := range first {
		for i, began := 0, stamp(newest.Get("modifydate").String()); i < len(list); i++ {
			if list[i].at.After(began) {
				list[i].at = began
			}
		}
	}
	byStamp(list)
	return list, nil
}

// newestProducts goes from the newest stamp back. A product that changes meanwhile moves to the front, with a stamp that the next read asks
// for. ok is false where rows may have been missed.
func (c *Client) newestProducts(ctx context.Context, from time.Time) (list []change, ok bool, err error) {
	seen := map[string]bool{}
	for start := 0; ; {
		rows, more, err := c.page(ctx, url.Values{"orderby": {"modifydate_desc"}}, start, c.size, "products")
		if err != nil {
			return nil, false, err
		}
		if start > 0 && (len(rows) == 0 || !seen[rows[0].Get("id").String()]) {
			return nil, false, nil
		}
		for _, row := range rows {
			at, id := stamp(row.Get("modifydate").String()), row.Get("id").String()
			if at.Before(from) {
				return list, true, nil
			}
			if !seen[id] {
				seen[id] = true
				list = append(list, change{id, at})
			}
		}
		if !more {
			return list, true, nil
		}
		tail := equalTail(rows, "modifydate")
		if tail == 0 {
			return nil, false, nil
		}
		start += tail
	}
}

// equalTail is where the rows begin that equal the last one in a member.
func equalTail(rows []gjson.Result, member string) int {
	i := len(rows) - 1
	for i > 0 && rows[i-1].Get(member).Raw == rows[len(rows)-1].Get(member).Raw {
		i--
	}
	return max(i, 0)
}

// walkWhole yields products with their children, in pages that the shop is willing to answer.
func (c *Client) walkWhole(ctx context.Context, query url.Values) iter.Seq2[gjson.Result, error] {
	return func(yield func(gjson.Result, error) bool) {
		for size := min(c.size, wholePage); ; size /= 2 {
			started, tooBig := false, false
			for row, err := range c.walk(ctx, query, size, "products") {
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
//	crosswalk.related           [number, ...] of related products, where there are some
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
	related, err := c.relatedNumbers(ctx, row)
	if err != nil {
		return port.Document{}, err
	}
	if len(related) > 0 {
		extra = members("categories", paths, "related", related)
	}
	for _, m := range [][2]string{{"currency", "currency"}, {"pricesIncludeTax", "prices_include_vat"}} { // in one order: the version is a hash
		if v := s.Get(m[1]); v.Exists() && v.Type != gjson.Null {
			if extra, err = setRaw(extra, m[0], []byte(v.Raw)); err != nil {
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
