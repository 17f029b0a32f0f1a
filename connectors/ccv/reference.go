package ccv

import (
	"context"
	"net/url"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// reference is a table of reference data.
type reference struct {
	name, help string
	feeds      []connectors.Feed
	paged      bool
	register   bool // a till's only
	// read is for what is no plain list under its own name.
	read func(*Client, context.Context) ([]byte, error)
}

var references []reference

func init() {
	references = []reference{
		{name: "webshops", help: "the shops or branches of the key, with the limit of products"},
		{name: "settings", help: "the shop's settings: currency, whether prices include VAT, names of order states", read: (*Client).settings,
			feeds: []connectors.Feed{{Rows: "order_status", Key: "status", Label: "status_name", Keys: []string{"orderStatuses"}}}},
		{name: "paymethods", help: "ways to pay that are on",
			feeds: []connectors.Feed{{Key: "method", Label: "label", Keys: []string{"paymentMethods", "paymentTerms"}}}},
		{name: "packages", help: "kinds of packages; a product needs one"},
		{name: "brands", help: "brands, by name"},
		{name: "attributes", help: "what variants differ in, with their values", read: (*Client).attributes},
		{name: "categories", help: "the tree of categories", read: (*Client).categoryTree},
		{name: "usergroups", help: "groups of customers", paged: true,
			feeds: []connectors.Feed{{Key: "groupname", Keys: []string{"customerGroups"}}}},
		{name: "cashups", help: "the closings of a till's days: evidence, not revenue of their own", paged: true, register: true},
	}
}

func referenceList() []connectors.Reference {
	// init has not run where the declarations of the package are made.
	out := make([]connectors.Reference, 0, len(references))
	for _, r := range references {
		if !r.register {
			out = append(out, connectors.Reference{Name: r.name, Help: r.help, Feeds: r.feeds})
		}
	}
	return out
}

// Reference returns a table as the list of its rows (settings: one object). A till has cashups besides.
func (c *Client) Reference(ctx context.Context, name string, refresh bool) ([]byte, error) {
	for _, r := range references {
		if r.name != name || r.register && !c.dialect.register {
			continue
		}
		return c.tables.Get(name, refresh, c.now, func() ([]byte, error) { return c.readTable(ctx, r) })
	}
	return nil, &port.Error{Kind: port.ErrNotFound, System: c.dialect.name, Op: "reference " + name, Message: "there is no such table"}
}

func (c *Client) readTable(ctx context.Context, r reference) ([]byte, error) {
	if r.read != nil {
		return r.read(c, ctx)
	}
	var rows []gjson.Result
	var err error
	if r.paged {
		rows, err = c.all(ctx, nil, r.name)
	} else {
		rows, err = c.flat(ctx, r.name)
	}
	return rest.RawList(rows), err
}

func (c *Client) settings(ctx context.Context) ([]byte, error) {
	shop, err := c.shop(ctx)
	if err != nil {
		return nil, err
	}
	v, err := c.get(ctx, nil, "webshops", shop.Get("id").String(), "settings")
	return []byte(v.Raw), err
}

// attributes puts the values of each attribute into it, under attribute_values.collection, as the vendor's expand does elsewhere.
func (c *Client) attributes(ctx context.Context) ([]byte, error) {
	rows, err := c.flat(ctx, "attributes")
	if err != nil {
		return nil, err
	}
	out := make([]gjson.Result, len(rows))
	for i, row := range rows {
		values, err := c.flat(ctx, "attributes", row.Get("id").String(), "attributevalues")
		if err != nil {
			return nil, err
		}
		raw, err := setRaw([]byte(row.Raw), "attribute_values.collection", rest.RawList(values))
		if err != nil {
			return nil, err
		}
		out[i] = gjson.ParseBytes(raw)
	}
	return rest.RawList(out), nil
}

func (c *Client) categoryTree(ctx context.Context) ([]byte, error) {
	v, err := c.get(ctx, nil, "categorytree")
	if err != nil {
		return nil, err
	}
	return rest.RawList(v.Get("root_categories").Array()), nil
}

// categoryPaths are the names from the root to each category, by id.
func (c *Client) categoryPaths(ctx context.Context, refresh bool) (map[string][]string, error) {
	tree, err := c.Reference(ctx, "categories", refresh)
	if err != nil {
		return nil, err
	}
	out := map[string][]string{}
	var visit func(before []string, rows gjson.Result)
	visit = func(before []string, rows gjson.Result) {
		for _, row := range rows.Array() {
			here := append(append([]string{}, before...), row.Get("name").String())
			out[row.Get("id").String()] = here
			visit(here, row.Get("children"))
		}
	}
	visit(nil, gjson.ParseBytes(tree))
	return out, nil
}

func (c *Client) missed(name string) bool { return c.tables.Missed(name, c.now()) }

func withExpand(words string) url.Values { return url.Values{"expand": {words}} }
