package ecwid

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// resource is what the connection knows of one kind of document.
type resource struct {
	name, list, key string
	stamp           string // member with the change stamp
}

const (
	orderResource    = "order"
	customerResource = "customer"
	productResource  = "product"
	stockResource    = "stock"
)

var resources = map[string]resource{
	orderResource:    {name: orderResource, list: "orders", key: "id", stamp: "updateTimestamp"},
	customerResource: {name: customerResource, list: "customers", key: "email", stamp: "updated"},
	productResource:  {name: productResource, list: "products", key: "sku", stamp: "updateTimestamp"},
	stockResource:    {name: stockResource, list: "products", key: "sku", stamp: "updateTimestamp"},
}

func resourceOf(name string) (resource, error) {
	if r, ok := resources[name]; ok {
		return r, nil
	}
	return resource{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: "resource " + name, Message: "the connection has no such resource"}
}

// dateLayout is how the API writes instants, which is not RFC 3339.
const dateLayout = "2006-01-02 15:04:05 -0700"

// stampOf reads a change stamp: seconds since 1970 where there are, else text.
func stampOf(v gjson.Result) time.Time {
	if v.Type == gjson.Number {
		return time.Unix(v.Int(), 0).UTC()
	}
	at, err := time.Parse(dateLayout, v.String())
	if err != nil {
		return time.Time{}
	}
	return at.UTC()
}

// document makes a document of what the API gave and what is added to it.
func (r resource) document(body []byte) port.Document {
	hash := sha256.Sum256(body)
	return port.Document{
		Resource:  r.name,
		ID:        gjson.GetBytes(body, "id").String(), // of an order a text, which old stores write as a number
		Key:       gjson.GetBytes(body, r.key).String(),
		Version:   hex.EncodeToString(hash[:16]),
		ChangedAt: stampOf(gjson.GetBytes(body, r.stamp)),
		Body:      bytes.Clone(body), // a row must not hold on to its page
	}
}

// documents makes the documents of one row: stock has one for each product and variation that has its own.
func (c *Client) documents(ctx context.Context, r resource, row gjson.Result) ([]port.Document, error) {
	switch r.name {
	case orderResource:
		body, err := c.completedOrder(ctx, row)
		if err != nil {
			return nil, err
		}
		return []port.Document{r.document(body)}, nil
	case productResource:
		body, err := c.completedProduct(ctx, row)
		if err != nil {
			return nil, err
		}
		return []port.Document{r.document(body)}, nil
	case stockResource:
		return stockDocuments(r, row)
	}
	return []port.Document{r.document([]byte(row.Raw))}, nil
}

// completedOrder adds the member crosswalk to an order: currency and currencyPrecision, which an order does not say.
func (c *Client) completedOrder(ctx context.Context, row gjson.Result) ([]byte, error) {
	p, err := c.profile(ctx, false)
	if err != nil {
		return nil, err
	}
	formats := p.Get("formatsAndUnits")
	body, err := setRaw([]byte(row.Raw), "crosswalk.currency", formats.Get("currency").Raw)
	if err != nil {
		return nil, err
	}
	return setRaw(body, "crosswalk.currencyPrecision", formats.Get("currencyPrecision").Raw)
}

// setRaw sets a member to JSON text; an empty text sets none.
func setRaw(body []byte, path, raw string) ([]byte, error) {
	if raw == "" {
		return body, nil
	}
	return sjson.SetRawBytes(body, path, []byte(raw))
}

// isID tells whether text is a number as the API gives ids.
func isID(s string) bool {
	return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}

// one reads one document by its id, which shows it as it is now: searches lag. ok is false where there is none.
func (c *Client) one(ctx context.Context, list, id string) (row gjson.Result, ok bool, err error) {
	if id == "" || list != "orders" && !isID(id) {
		return gjson.Result{}, false, nil
	}
	req := rest.Request{Path: rest.Path(list, id), Route: "/" + list + "/{id}"}
	row, resp, err := c.do(ctx, req)
	if err != nil {
		return gjson.Result{}, false, noneFound(err)
	}
	if !row.Get("id").Exists() {
		return gjson.Result{}, false, &port.Error{Kind: port.ErrProtocol, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer has no id"}
	}
	return row, true, nil
}
