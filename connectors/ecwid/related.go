package ecwid

import (
	"context"
	"encoding/json"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// relatedAge is for how long the SKU of a related product is believed.
const relatedAge = 10 * time.Minute

// relatives are SKUs of related products by id, of which a document has only the ids.
type relatives struct {
	skus map[string]string
	read time.Time
}

// relatedSKUs are the SKUs of the products that a product names as related, as a JSON list; "" where it names none. Those that are
// gone are left out.
func (c *Client) relatedSKUs(ctx context.Context, product gjson.Result) (string, error) {
	ids := product.Get("relatedProducts.productIds").Array()
	if len(ids) == 0 {
		return "", nil
	}
	c.mu.Lock()
	if c.now().Sub(c.relatives.read) >= relatedAge {
		c.relatives = relatives{skus: map[string]string{}, read: c.now()}
	}
	known := c.relatives.skus
	var unknown []string
	for _, id := range ids {
		if _, ok := known[id.Raw]; !ok {
			unknown = append(unknown, id.Raw)
		}
	}
	c.mu.Unlock()
	for chunk := range slices.Chunk(unknown, pageSize) {
		p, err := c.search(ctx, "products", url.Values{"productId": {strings.Join(chunk, ",")}, "responseFields": {"total,items(id,sku)"}}, 0)
		if err != nil {
			return "", err
		}
		c.mu.Lock()
		for _, id := range chunk {
			known[id] = "" // gone, unless it is in the answer
		}
		for _, row := range p.rows {
			known[row.Get("id").Raw] = row.Get("sku").String()
		}
		c.mu.Unlock()
	}
	skus := []any{}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		if sku := known[id.Raw]; sku != "" {
			skus = append(skus, sku)
		}
	}
	return string(jsondoc.Encode(skus)), nil
}

// relatedID is the id of the product with a SKU, or of the one with a variation that has it.
func (c *Client) relatedID(ctx context.Context, op, sku string) (json.Number, error) {
	p, err := c.search(ctx, "products", url.Values{"sku": {sku}, "responseFields": {"total,items(id,sku)"}}, 0)
	if err != nil {
		return "", err
	}
	if len(p.rows) == 0 {
		return "", &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: "related", Message: "the store has no product " + sku}
	}
	own := max(0, slices.IndexFunc(p.rows, func(r gjson.Result) bool { return r.Get("sku").String() == sku }))
	return json.Number(p.rows[own].Get("id").Raw), nil
}

// relatedTo are the ids of products that a product does not name yet, and their SKUs.
func (c *Client) relatedTo(ctx context.Context, op string, have *jsondoc.Object, skus []any) (ids, missing []any, err error) {
	there := have.Object("relatedProducts").List("productIds")
	for _, sku := range skus {
		id, err := c.relatedID(ctx, op, jsondoc.Text(sku))
		if err != nil {
			return nil, nil, err
		}
		if slices.Contains(there, any(id)) || slices.Contains(ids, any(id)) || id.String() == have.Text("id") {
			continue
		}
		ids, missing = append(ids, id), append(missing, sku)
	}
	return ids, missing, nil
}

// compareRelated looks for related products that are not named yet. What a document that was read says of them needs no call.
func (c *Client) compareRelated(ctx context.Context, d *jsondoc.Difference, labels, have, want *jsondoc.Object) error {
	known := have.Object("crosswalk").List("related")
	unknown := slices.DeleteFunc(slices.Clone(want.List("related")), func(sku any) bool { return slices.Contains(known, sku) })
	_, missing, err := c.relatedTo(ctx, "compare product", have, unknown)
	if err != nil || len(missing) == 0 {
		return err
	}
	d.Note("crosswalk.related", have.Object("crosswalk").Get("related"), want.Get("related"))
	labels.Set("related", missing)
	return nil
}

// putRelated adds related products to those that a product names.
func (c *Client) putRelated(ctx context.Context, op string, have, put, labels *jsondoc.Object) error {
	if len(labels.List("related")) == 0 {
		return nil
	}
	ids, _, err := c.relatedTo(ctx, op, have, labels.List("related"))
	if err != nil || len(ids) == 0 {
		return err
	}
	related := jsondoc.New()
	if old := have.Object("relatedProducts"); old != nil {
		related = old.Clone() // a category beside them stays
	}
	related.Set("productIds", append(slices.Clone(related.List("productIds")), ids...))
	put.Set("relatedProducts", related)
	return nil
}
