package ecwid

import (
	"context"
	"net/url"

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
		{Rows: "shipping.shippingOptions", Key: "id", Label: "title", Keys: []string{"deliveryMethods", "shippingMethods"}}, // orders that are read tell the id
		{Rows: "shipping.shippingOptions", Key: "title", Values: []string{"shippingMethods"}},
		{Rows: "taxSettings.taxes.#.rules|@flatten", Key: "tax", Keys: []string{"shippingArticles", "discountArticles", "feeArticles", "taxCodes"}},
	}},
	{name: "categories", help: "categories, disabled ones too, with the id above in parentId", path: "categories", query: url.Values{"hidden_categories": {"true"}}},
	{name: "classes", help: "product types with their attributes, by id; 0 is the general one", path: "/classes"},
	{name: "customerGroups", help: "groups of customers, by name", path: "customer_groups", query: url.Values{},
		feeds: []connectors.Feed{{Key: "name", Keys: []string{"customerGroups"}}}},
}

// Reference returns a table: profile as an object, categories, classes and customerGroups as the list of their rows.
func (c *Client) Reference(ctx context.Context, name string, refresh bool) ([]byte, error) {
	for _, r := range references {
		if r.name != name {
			continue
		}
		return c.tables.Get(name, refresh, c.now, func() ([]byte, error) { return c.readTable(ctx, r) })
	}
	return nil, &port.Error{Kind: port.ErrNotFound, System: system, Op: "reference " + name, Message: "there is no such table"}
}

func (c *Client) readTable(ctx context.Context, r reference) ([]byte, error) {
	if r.query != nil {
		list, err := c.all(ctx, r.path, r.query)
		if err != nil {
			return nil, err
		}
		return rest.RawList(list), nil
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

func (c *Client) missed(name string) bool { return c.tables.Missed(name, c.now()) }

func (c *Client) profile(ctx context.Context, refresh bool) (gjson.Result, error) {
	raw, err := c.Reference(ctx, "profile", refresh)
	return gjson.ParseBytes(raw), err
}
