package ecwid

import (
	"bytes"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// reference is a table of reference data: an object or list at a path, or a list in pages.
type reference struct {
	name, help, path string
	feeds            []connectors.Feed
	query            url.Values // of a list in pages, nil for an answer that is the table
}

var references = []reference{
	{name: "profile", help: "settings of the store: currency, units, languages, taxes, shipping and payment options", path: "/profile", feeds: []connectors.Feed{
		{Rows: "payment.paymentOptions", Key: "checkoutTitle", Keys: []string{"paymentMethods", "paymentTerms"}, Values: []string{"paymentMethods"}},
		{Rows: "shipping.shippingOptions", Key: "title", Keys: []string{"deliveryMethods", "shippingMethods"}, Values: []string{"shippingMethods"}},
		{Rows: "taxSettings.taxes.#.rules|@flatten", Key: "tax", Keys: []string{"shippingArticles", "discountArticles", "feeArticles", "taxCodes"}},
	}},
	{name: "categories", help: "categories, disabled ones too, with the id above in parentId", path: "categories", query: url.Values{"hidden_categories": {"true"}}},
	{name: "classes", help: "product types with their attributes, by id; 0 is the general one", path: "/classes"},
	{name: "customerGroups", help: "groups of customers, by name", path: "customer_groups", query: url.Values{}},
}

// table is reference data and when it was read.
type table struct {
	rows []byte
	at   time.Time
}

// Reference returns a table: profile as an object, categories, classes and customerGroups as the list of their rows.
func (c *Client) Reference(ctx context.Context, name string, refresh bool) ([]byte, error) {
	for _, r := range references {
		if r.name != name {
			continue
		}
		if known := c.known(name); known.rows != nil && !refresh {
			return bytes.Clone(known.rows), nil
		}
		rows, err := c.readTable(ctx, r)
		if err != nil {
			return nil, err
		}
		c.mu.Lock()
		c.tables[name] = table{rows, c.now()}
		c.mu.Unlock()
		return bytes.Clone(rows), nil
	}
	return nil, &port.Error{Kind: port.ErrNotFound, System: system, Op: "reference " + name, Message: "there is no such table"}
}

func (c *Client) readTable(ctx context.Context, r reference) ([]byte, error) {
	if r.query != nil {
		list, err := c.all(ctx, r.path, r.query)
		if err != nil {
			return nil, err
		}
		raw := make([]string, len(list))
		for i, row := range list {
			raw[i] = row.Raw
		}
		return []byte("[" + strings.Join(raw, ",") + "]"), nil
	}
	req := rest.Request{Path: r.path}
	answer, resp, err := c.do(ctx, req)
	if err != nil {
		return nil, err
	}
	if !answer.IsObject() && !answer.IsArray() {
		return nil, &port.Error{Kind: port.ErrProtocol, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer is no table"}
	}
	return resp.Body, nil
}

func (c *Client) known(name string) table {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.tables[name]
}

// missed tells whether a table may be read again because something is not in it. What is still not in it after
// that was deleted, and must not cost a call for every document that names it.
func (c *Client) missed(name string) bool {
	return c.now().Sub(c.known(name).at) >= time.Minute
}

func (c *Client) profile(ctx context.Context, refresh bool) (gjson.Result, error) {
	raw, err := c.Reference(ctx, "profile", refresh)
	return gjson.ParseBytes(raw), err
}
