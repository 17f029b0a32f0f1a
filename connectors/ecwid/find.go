package ecwid

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Find asks by id (as it is now), by number (orders: the same as the id), by reference (orders: refererId), by e-mail address
// (customers) or by SKU (products and stock); searches lag some seconds behind writes.
//
// A product is found by the SKU of its variations too, after those that have the SKU themselves: the key of the document tells.
func (c *Client) Find(ctx context.Context, name string, key port.Key) ([]port.Document, error) {
	r, err := resourceOf(name)
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(spec().Resources, func(s connectors.Resource) bool { return s.Name == name })
	if !slices.Contains(spec().Resources[i].Probes, key.Field) {
		return nil, &port.Error{Kind: port.ErrNoProbe, System: system, Op: "find " + name, Field: key.Field}
	}
	value := strings.TrimSpace(key.Value)
	if value == "" {
		return nil, nil
	}
	var rows []gjson.Result
	switch key.Field {
	case port.KeyID, port.KeyNumber:
		id := value
		if r.name == stockResource {
			id, _ = splitStockID(value)
		}
		row, ok, err := c.one(ctx, r.list, id)
		if err != nil || !ok {
			return nil, err
		}
		rows = append(rows, row)
	case port.KeyReference:
		rows, err = c.all(ctx, r.list, url.Values{"refererId": {value}, "paymentStatus": {allPayments}})
	case port.KeyEmail:
		// Without useExactEmailMatch, parts of addresses match.
		rows, err = c.all(ctx, r.list, url.Values{"email": {value}, "useExactEmailMatch": {"true"}})
	case port.KeySKU:
		rows, err = c.all(ctx, r.list, url.Values{"sku": {value}})
	}
	if err != nil {
		return nil, err
	}
	var docs []port.Document
	for _, row := range rows {
		more, err := c.documents(ctx, r, row)
		if err != nil {
			return nil, err
		}
		docs = append(docs, slices.DeleteFunc(more, func(d port.Document) bool { return !matches(d, key.Field, value) })...)
	}
	slices.SortStableFunc(docs, func(a, b port.Document) int {
		own := func(d port.Document) int {
			if key.Field == port.KeySKU && d.Key != value {
				return 1
			}
			return 0
		}
		return cmp.Or(cmp.Compare(own(a), own(b)), cmp.Compare(created(a), created(b)))
	})
	return docs, nil
}

// allPayments is every payment status: searches leave out unfinished orders unless they are asked for.
const allPayments = "AWAITING_PAYMENT,PAID,CANCELLED,REFUNDED,PARTIALLY_REFUNDED,INCOMPLETE,CUSTOM_PAYMENT_STATUS_1,CUSTOM_PAYMENT_STATUS_2,CUSTOM_PAYMENT_STATUS_3"

// created grows with the age of documents: ids do, but those of orders are drawn by lot.
func created(d port.Document) int64 {
	if d.Resource == orderResource {
		return gjson.GetBytes(d.Body, "internalId").Int()
	}
	return gjson.GetBytes(d.Body, "id").Int()
}

// matches compares again what the API was asked for.
func matches(d port.Document, field, value string) bool {
	switch field {
	case port.KeyID, port.KeyNumber:
		return d.ID == value || d.Resource == orderResource && gjson.GetBytes(d.Body, "internalId").Raw == value
	case port.KeyReference:
		return gjson.GetBytes(d.Body, "refererId").String() == value
	case port.KeyEmail:
		return strings.EqualFold(strings.TrimSpace(d.Key), value)
	}
	return d.Key == value || d.Resource == productResource && variationBySKU(d.Body, value).Exists()
}

func variationBySKU(product []byte, sku string) gjson.Result {
	for _, v := range gjson.GetBytes(product, "combinations").Array() {
		if v.Get("sku").String() == sku {
			return v
		}
	}
	return gjson.Result{}
}
