package magento

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

const (
	// stockResource is a source item: the quantity of a SKU at a source. Its id is source_code/sku.
	stockResource = "stock"
	// stockItemResource is the stock item of a product, for shops without sources. Its id is the SKU.
	stockItemResource = "stockItem"
	defaultSource     = "default"
	sourceItems       = "/V1/inventory/source-items"
)

// readStock yields every source item. The member crosswalk.stockStatus of those at the default source is the answer to
// /stockStatuses/{sku}: the quantity that is left to sell, and whether stock is kept at all.
func (c *Client) readStock(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	crit := criteria{sorts: []string{"sku", "source_code"}, size: c.page}
	yielded := 0
	return rest.Pages(ctx, func(ctx context.Context, _ int) ([]port.Document, bool, error) {
		if len(q.IDs) > 0 {
			docs, err := c.stockByID(ctx, q.IDs)
			return docs, false, err
		}
		rows, more, err := c.search(ctx, sourceItems, crit)
		if err != nil || len(rows) == 0 {
			return nil, false, err
		}
		// From one (sku, source) to the next: a page number would jump when rows come and go.
		last := rows[len(rows)-1]
		sku, source := last.Get("sku").String(), last.Get("source_code").String()
		next := [][]condition{and("sku", "gteq", sku), {{"sku", "gt", sku}, {"source_code", "gt", source}}}
		if sku == "" || len(crit.groups) == 2 && slices.Equal(crit.groups[1], next[1]) {
			return nil, false, &port.Error{Kind: port.ErrProtocol, System: system, Op: "GET " + sourceItems, Message: "the shop does not page by sku and source_code"}
		}
		crit.groups = next
		if q.Limit > 0 && yielded+len(rows) >= q.Limit {
			rows, more = rows[:q.Limit-yielded], false
		}
		yielded += len(rows)
		docs, err := c.stockDocuments(ctx, rows)
		return docs, more, err
	})
}

func (c *Client) stockByID(ctx context.Context, ids []string) ([]port.Document, error) {
	var all []port.Document
	for _, id := range ids {
		docs, err := c.findStock(ctx, port.Key{Field: port.KeyID, Value: id})
		if err != nil {
			return nil, err
		}
		all = append(all, docs...)
	}
	return all, nil
}

// stockDocuments leaves out the source items of families and sets, which anybody can write and nobody looks at: nothing of them is ever for sale.
func (c *Client) stockDocuments(ctx context.Context, rows []gjson.Result) ([]port.Document, error) {
	docs := make([]port.Document, 0, len(rows))
	var none []string // SKUs of which nothing is for sale
	for _, row := range rows {
		d, err := c.stockDocument(ctx, row)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
		if q := gjson.GetBytes(d.Body, "crosswalk.stockStatus.qty"); q.Exists() && q.Num == 0 {
			none = append(none, d.Key)
		}
	}
	made := map[string]bool{}
	for chunk := range slices.Chunk(none, 20) {
		rows, err := c.all(ctx, productList, criteria{groups: [][]condition{oneOf("sku", chunk)}, sorts: []string{"entity_id"}, fields: "items[sku,type_id],total_count"})
		if err != nil {
			return nil, err
		}
		for _, row := range rows {
			made[row.Get("sku").String()] = composite(row.Get("type_id").String())
		}
	}
	return slices.DeleteFunc(docs, func(d port.Document) bool { return made[d.Key] }), nil
}

func (c *Client) stockDocument(ctx context.Context, row gjson.Result) (port.Document, error) {
	body := []byte(row.Raw)
	sku, source := row.Get("sku").String(), row.Get("source_code").String()
	if source == defaultSource {
		path, route := skuPath("stockStatuses", sku)
		resp, err := c.api.Do(ctx, rest.Request{Path: path, Route: route})
		switch {
		case errors.Is(err, port.ErrNotFound): // a source item may be there without a product
		case err != nil:
			return port.Document{}, err
		default:
			if body, err = sjson.SetRawBytes(body, "crosswalk.stockStatus", resp.Body); err != nil {
				return port.Document{}, err
			}
		}
	}
	return port.Document{Resource: stockResource, ID: source + "/" + sku, Key: sku, Version: contentHash(body, nil), Body: body}, nil
}

func (c *Client) findStock(ctx context.Context, key port.Key) ([]port.Document, error) {
	sku, source := key.Value, ""
	if key.Field == port.KeyID {
		var ok bool
		if source, sku, ok = strings.Cut(key.Value, "/"); !ok {
			return nil, nil
		}
	}
	crit := criteria{groups: [][]condition{and("sku", "eq", sku)}, sorts: []string{"source_code"}}
	if source != "" {
		crit.groups = append(crit.groups, and("source_code", "eq", source))
	}
	rows, err := c.all(ctx, sourceItems, crit)
	if err != nil {
		return nil, err
	}
	var same []gjson.Result
	for _, row := range rows {
		if row.Get("sku").String() == sku {
			same = append(same, row)
		}
	}
	return c.stockDocuments(ctx, same)
}

// saveStock writes an absolute quantity. Magento takes source items of SKUs that it does not know, and these turn up
// when a product gets the SKU one day; it takes those of families and sets, and never looks at them. Both are refused here.
func (c *Client) saveStock(ctx context.Context, op string, body []byte) (port.Document, error) {
	sku, source := member(body, "sku"), member(body, "source_code")
	if source == "" {
		source = defaultSource
	}
	quantity := gjson.GetBytes(body, "quantity")
	if sku == "" || quantity.Type != gjson.Number {
		return port.Document{}, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Message: "a source item needs a sku and a quantity that is a number"}
	}
	known, kind, err := c.skuInShop(ctx, sku)
	if err != nil {
		return port.Document{}, err
	}
	if known != sku {
		return port.Document{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: op, Field: "sku", Message: "the shop has no product with this SKU"}
	}
	if composite(kind) {
		return port.Document{}, invalid(op, "sku", "a "+kind+" product keeps no stock: those that it is made of do")
	}
	item := jsonObject("sku", sku, "source_code", source)
	status := gjson.GetBytes(body, "status").Raw
	if status == "" { // it is compulsory
		status = "1"
		if strings.HasPrefix(quantity.Raw, "-") || strings.Trim(quantity.Raw, "0.") == "" {
			status = "0"
		}
	}
	for _, m := range [][2]string{{"quantity", quantity.Raw}, {"status", status}} {
		if item, err = sjson.SetRawBytes(item, m[0], []byte(m[1])); err != nil {
			return port.Document{}, err
		}
	}
	req := rest.Request{Method: http.MethodPost, Path: sourceItems, Repeat: rest.Safe, Body: []byte(`{"sourceItems":[` + string(item) + `]}`)}
	if _, err := c.api.Do(ctx, req); err != nil {
		return port.Document{}, err
	}
	return c.stockDocument(ctx, gjson.ParseBytes(item))
}

func (c *Client) updateStock(ctx context.Context, op, id string, change []byte) (port.Document, error) {
	docs, err := c.findStock(ctx, port.Key{Field: port.KeyID, Value: id})
	if err != nil {
		return port.Document{}, err
	}
	if len(docs) == 0 {
		return port.Document{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: op, Message: "the source does not have the SKU"}
	}
	body := docs[0].Body
	given := gjson.ParseBytes(change)
	for _, name := range []string{"quantity", "status"} {
		if v := given.Get(name); v.Exists() {
			if body, err = sjson.SetRawBytes(body, name, []byte(v.Raw)); err != nil {
				return port.Document{}, err
			}
		}
	}
	return c.saveStock(ctx, op, body)
}

func (c *Client) findStockItem(ctx context.Context, key port.Key) ([]port.Document, error) {
	sku, kind, err := c.skuInShop(ctx, key.Value)
	if err != nil || sku != key.Value || composite(kind) {
		return nil, err
	}
	d, err := c.stockItem(ctx, sku)
	if err != nil {
		return nil, err
	}
	return []port.Document{d}, nil
}

func (c *Client) stockItem(ctx context.Context, sku string) (port.Document, error) {
	path, route := skuPath("stockItems", sku)
	resp, err := c.api.Do(ctx, rest.Request{Path: path, Route: route})
	if err != nil {
		return port.Document{}, err
	}
	return port.Document{Resource: stockItemResource, ID: sku, Key: sku, Version: contentHash(resp.Body, nil), Body: resp.Body}, nil
}

// updateStockItem writes the stock item of a product. A quantity above zero does not bring a product back that went out of stock: unless
// the change says is_in_stock, it is said here.
func (c *Client) updateStockItem(ctx context.Context, sku string, change []byte) (port.Document, error) {
	path, route := skuPath("products", sku, "stockItems", "1") // the id in the path is not looked at
	var err error
	if q := gjson.GetBytes(change, "qty"); q.Type == gjson.Number && !gjson.GetBytes(change, "is_in_stock").Exists() {
		some := !strings.HasPrefix(q.Raw, "-") && strings.Trim(q.Raw, "0.") != ""
		if change, err = sjson.SetBytes(change, "is_in_stock", some); err != nil {
			return port.Document{}, err
		}
	}
	req := rest.Request{Method: http.MethodPut, Path: path, Route: route, Body: []byte(`{"stockItem":` + string(change) + `}`)}
	if _, err := c.api.Do(ctx, req); err != nil {
		return port.Document{}, err
	}
	return c.stockItem(ctx, sku)
}
