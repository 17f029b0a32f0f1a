package ecwid

import (
	"context"
	"net/url"
	"slices"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// reference is a table of reference data: an object or list at a path, a list in pages, or a list in the profile.
type reference struct {
	connectors.Reference
	path  string
	query url.Values // of a list in pages, nil for an answer that is the table
	part  string     // where a list is in the profile; switched-off rows stay out
	words []string   // that the API has for it, each a row with the member name
}

var references = []reference{
	{path: "/profile", Reference: connectors.Reference{Name: "profile", Help: "settings of the store: currency, units, languages, taxes, shipping and payment options"}},
	{path: "categories", query: url.Values{"hidden_categories": {"true"}},
		Reference: connectors.Reference{Name: "categories", Help: "categories, disabled ones too, with the id above in parentId"}},
	{path: "/classes", Reference: connectors.Reference{Name: "classes", Help: "product types with their attributes, by id; 0 is the general one"}},
	{path: "customer_groups", query: url.Values{}, Reference: connectors.Reference{Name: "customerGroups", Help: "groups of customers, by name",
		Key: "name", Keys: []string{"customerGroups"}}},
	// An order names its method of payment in the words of the checkout.
	{part: "payment.paymentOptions", Reference: connectors.Reference{Name: "paymentOptions", Help: "ways to pay that are on, by checkoutTitle", Setup: true,
		Key: "checkoutTitle", Keys: []string{"paymentMethods", "paymentTerms"}}},
	{part: "shipping.shippingOptions", Reference: connectors.Reference{Name: "shippingOptions", Help: "ways of shipping that are on, by id and title", Setup: true,
		Key: "id", Label: "title", Value: "title", Keys: []string{"shippingMethods", "deliveryMethods"}, Values: []string{"shippingMethods"}}},
	{part: "taxSettings.taxes", Reference: connectors.Reference{Name: "taxes", Help: "taxes that are on, by their rate", Setup: true,
		Key: "defaultTax", Label: "name", Keys: []string{"shippingArticles", "discountArticles", "feeArticles", "taxCodes", "taxTariffs"}}},
	{words: []string{"AWAITING_PAYMENT", "PAID", "CANCELLED", "REFUNDED", "PARTIALLY_REFUNDED", "INCOMPLETE",
		"CUSTOM_PAYMENT_STATUS_1", "CUSTOM_PAYMENT_STATUS_2", "CUSTOM_PAYMENT_STATUS_3"},
		Reference: connectors.Reference{Name: "paymentStatuses", Help: "the API's words for states of a payment", Setup: true,
			Key: "name", Keys: []string{"paymentStatuses"}}},
	{words: []string{"AWAITING_PROCESSING", "PROCESSING", "READY_FOR_PICKUP", "OUT_FOR_DELIVERY", "SHIPPED", "DELIVERED", "RETURNED", "WILL_NOT_DELIVER",
		"CUSTOM_FULFILLMENT_STATUS_1", "CUSTOM_FULFILLMENT_STATUS_2", "CUSTOM_FULFILLMENT_STATUS_3"},
		Reference: connectors.Reference{Name: "fulfillmentStatuses", Help: "the API's words for states of an order", Setup: true,
			Key: "name", Keys: []string{"orderStatuses", "fulfillmentStatuses"}}},
}

// Reference returns a table: profile as an object, every other one as the list of its rows.
func (c *Client) Reference(ctx context.Context, name string, refresh bool) ([]byte, error) {
	for _, r := range references {
		if r.Name != name {
			continue
		}
		return c.tables.Get(name, refresh, c.now, func() ([]byte, error) { return c.readTable(ctx, r) })
	}
	return nil, &port.Error{Kind: port.ErrNotFound, System: system, Op: "reference " + name, Message: "there is no such table"}
}

func (c *Client) readTable(ctx context.Context, r reference) ([]byte, error) {
	switch {
	case r.words != nil:
		var rows []any
		for _, w := range r.words {
			rows = append(rows, jsondoc.New("name", w))
		}
		return jsondoc.Encode(rows), nil
	case r.part != "":
		p, err := c.profile(ctx, true)
		return rest.RawList(slices.DeleteFunc(p.Get(r.part).Array(), func(row gjson.Result) bool { return row.Get("enabled").Type == gjson.False })), err
	case r.query != nil:
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
