package ccv

import (
	"context"
	"iter"
	"math/big"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// statusReserved is an order that goods are kept for.
const statusReserved = "14"

// readStock yields the stock of every article: that of a product, or of each of its variants. No stamp tells of stock, so that every read takes
// all of it. The documents are put together here, as CCV has no resource of stock:
//
//	product_id, attributecombination_id   whose stock it is; variants have stocks of their own where the product's stocktype is Attribute
//	product_number, sub_product_number, sku_number, ean_number
//	stockenabled                          whether stock is kept at all
//	stock                                 what lies there
//	reserved                              at a till: what orders in the state "reserved" wait for
//	stocklocation, modifydate             those of the product
func (c *Client) readStock(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		reserved, err := c.reserved(ctx)
		if err != nil {
			yield(port.Document{}, err)
			return
		}
		yielded := 0
		for row, err := range c.walkWhole(ctx, url.Values{"orderby": {"id"}, "expand": {"attributecombinations"}}) {
			if err != nil {
				yield(port.Document{}, err)
				return
			}
			for _, doc := range stockOf(row, reserved) {
				if len(q.IDs) > 0 && !slices.Contains(q.IDs, doc.ID) {
					continue
				}
				if yielded++; q.Limit > 0 && yielded > q.Limit || !yield(doc, nil) {
					return
				}
			}
		}
	}
}

// stockOf makes the documents of a product: one, or one for each variant where these have stocks of their own.
func stockOf(p gjson.Result, reserved map[string]*big.Rat) []port.Document {
	product := p.Get("id").String()
	one := func(holder gjson.Result, id, sku, ean string, numbers ...any) port.Document {
		pairs := append([]any{"product_id", raw(p.Get("id").Raw), "product_number", p.Get("productnumber").String(), "ean_number", ean}, numbers...)
		pairs = append(pairs, "stockenabled", raw(rawOr(p.Get("stockenabled").Raw, "null")), "stock", raw(rawOr(holder.Get("stock").Raw, "null")))
		if reserved != nil {
			pairs = append(pairs, "reserved", raw(decimalText(reserved[stockKey(product, sku)])))
		}
		pairs = append(pairs, "stocklocation", p.Get("stocklocation").String(), "modifydate", p.Get("modifydate").String())
		return document(stockResource, id, sku, time.Time{}, members(pairs...), "modifydate")
	}
	combinations := p.Get("attributecombinations.collection").Array()
	if len(combinations) == 0 || p.Get("stocktype").String() != "Attribute" {
		return []port.Document{one(p, product, p.Get("productnumber").String(), p.Get("eannumber").String(),
			"attributecombination_id", nil, "sub_product_number", "", "sku_number", "")}
	}
	docs := make([]port.Document, len(combinations))
	for i, o := range combinations {
		docs[i] = one(o, product+"/"+o.Get("id").String(), skuOf(o), o.Get("ean_number").String(), "attributecombination_id", raw(o.Get("id").Raw),
			"sub_product_number", o.Get("product_number").String(), "sku_number", o.Get("sku_number").String())
	}
	return docs
}

// reserved sums what reserved orders wait for, by article; nil for a shop, where an order takes its goods off the stock at once.
func (c *Client) reserved(ctx context.Context) (map[string]*big.Rat, error) {
	if !c.dialect.register {
		return nil, nil
	}
	out := map[string]*big.Rat{}
	for order, err := range c.walk(ctx, url.Values{"status": {statusReserved}, "is_completed": {"true"}, "orderby": {"id"}}, c.size, "orders") {
		if err != nil {
			return nil, err
		}
		rows, err := c.all(ctx, nil, "orders", order.Get("id").String(), "orderrows")
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			// A row does not tell which variant it is but by its numbers.
			key := stockKey(row.Get("product_id").String(), rowSKU(row))
			if out[key] == nil {
				out[key] = new(big.Rat)
			}
			out[key].Add(out[key], ratOf(row.Get("count").Raw))
		}
	}
	return out, nil
}

func stockKey(product, sku string) string { return product + "\x00" + sku }

// rowSKU is the SKU of a row of an order: that of the variant, where it is one.
func rowSKU(row gjson.Result) string {
	for _, m := range []string{"sub_sku_number", "sub_product_number", "product_number"} {
		if s := row.Get(m).String(); s != "" {
			return s
		}
	}
	return ""
}

// stockByID reads the stock of articles by id.
func (c *Client) stockByID(ctx context.Context, ids []string) ([]port.Document, error) {
	var reserved map[string]*big.Rat
	var docs []port.Document
	for i, id := range ids {
		if i == 0 {
			var err error
			if reserved, err = c.reserved(ctx); err != nil {
				return nil, err
			}
		}
		product, _, _ := strings.Cut(id, "/")
		found, err := c.productByID(ctx, []string{product})
		if err != nil {
			return nil, err
		}
		for _, p := range found {
			for _, doc := range stockOf(gjson.ParseBytes(p.Body), reserved) {
				if doc.ID == id {
					docs = append(docs, doc)
				}
			}
		}
	}
	return docs, nil
}

// updateStock writes an absolute quantity; CCV knows no other. stockenabled is a member of the product, whose variants share it.
func (c *Client) updateStock(ctx context.Context, id string, change []byte) (port.Document, error) {
	const op = "update stock"
	quantity, managed := gjson.GetBytes(change, "stock"), gjson.GetBytes(change, "stockenabled")
	if quantity.Exists() && quantity.Type != gjson.Number {
		return port.Document{}, c.refuse(op, "stock", "the stock must be a number")
	}
	docs, err := c.stockByID(ctx, []string{id})
	if err != nil {
		return port.Document{}, err
	}
	if len(docs) == 0 {
		return port.Document{}, &port.Error{Kind: port.ErrNotFound, System: c.dialect.name, Op: op, Message: "there is no such article"}
	}
	product, variant, _ := strings.Cut(id, "/")
	row, err := c.get(ctx, nil, "products", product)
	if err != nil {
		return port.Document{}, err
	}
	target := []string{"products", product}
	if variant != "" {
		target = []string{"attributecombinations", variant}
	}
	if managed.IsBool() && managed.Bool() != row.Get("stockenabled").Bool() {
		if _, err := c.write(ctx, http.MethodPatch, members("stockenabled", managed.Bool()), "products", product); err != nil {
			return port.Document{}, err
		}
	}
	if quantity.Exists() {
		if _, err := c.write(ctx, http.MethodPatch, members("stock", raw(quantity.Raw)), target...); err != nil {
			return port.Document{}, err
		}
	}
	after, err := c.stockByID(ctx, []string{id})
	if err != nil || len(after) == 0 {
		return docs[0], nil // it is written; only reading it again failed
	}
	return after[0], nil
}
