package magento

import (
	"context"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// reference is a table of reference data. Lists without an envelope are plain.
type reference struct {
	name, help, path string
	plain            bool
	feeds            []connectors.Feed
	// sort is a field that is known to be sorted by; an unknown one is a 500 for some lists.
	sort string
	// used is what the shop has no list of: the rows come from the orders that were placed last, by the paths of code and title.
	used *used
}

// used is where an order says which method it took.
type used struct{ code, title string }

// lastOrders is how many orders are looked through for methods.
const lastOrders = 100

var references = []reference{
	{name: "storeConfigs", help: "settings of the store views: currency, time zone, addresses", path: "/V1/store/storeConfigs", plain: true},
	{name: "storeViews", help: "store views, by code", path: "/V1/store/storeViews", plain: true},
	{name: "websites", help: "websites, by code", path: "/V1/store/websites", plain: true},
	{name: "storeGroups", help: "stores, with the root of their categories", path: "/V1/store/storeGroups", plain: true},
	{name: "countries", help: "countries that the shop knows, with their regions, by id (ISO code)", path: "/V1/directory/countries", plain: true},
	{name: "customerGroups", help: "groups of customers, by code", path: "/V1/customerGroups/search",
		feeds: []connectors.Feed{{Key: "code", Keys: []string{"customerGroups"}}}},
	{name: "taxClasses", help: "tax classes of products and customers, by class_name", path: "/V1/taxClasses/search",
		feeds: []connectors.Feed{{Key: "class_id", Label: "class_name", Keys: []string{"taxRates"}}}},
	{name: "taxRates", help: "tax rates by country", path: "/V1/taxRates/search",
		feeds: []connectors.Feed{{Key: "rate", Label: "code", Keys: []string{"shippingArticles", "discountArticles", "feeArticles", "taxCodes"}}}},
	{name: "taxRules", help: "which rates a tax class has", path: "/V1/taxRules/search"},
	{name: "attributeSets", help: "attribute sets of products, by attribute_set_name", path: "/all/V1/eav/attribute-sets/list"},
	{name: "attributes", help: "attributes of products with the ids and labels of their options, by attribute_code", path: "/all/V1/products/attributes"},
	{name: "categories", help: "categories, with the ids above them in path", path: "/all/V1/categories/list", sort: "entity_id"},
	{name: "sources", help: "places that have stock, by source_code", path: "/V1/inventory/sources"},
	{name: "stocks", help: "stocks that sources are sold from", path: "/V1/inventory/stocks"},
	{name: "paymentMethods", help: "methods of payment of the orders that were placed last: the API has no list of them",
		used:  &used{"payment.method", "payment.additional_information.0"},
		feeds: []connectors.Feed{{Key: "code", Label: "title", Keys: []string{"paymentMethods", "paymentTerms"}, Values: []string{"paymentMethods"}}}},
	{name: "shippingMethods", help: "methods of shipping of the orders that were placed last: the API has no list of them",
		used:  &used{"extension_attributes.shipping_assignments.0.shipping.method", "shipping_description"},
		feeds: []connectors.Feed{{Key: "code", Label: "title", Keys: []string{"shippingMethods", "deliveryMethods"}, Values: []string{"shippingMethods"}}}},
}

// Reference returns a table as the list of its rows: storeConfigs, storeViews, websites, storeGroups, countries, customerGroups, taxClasses,
// taxRates, taxRules, attributeSets, attributes, categories, sources, stocks, paymentMethods, shippingMethods. Labels are those of the admin view.
func (c *Client) Reference(ctx context.Context, name string, refresh bool) ([]byte, error) {
	for _, r := range references {
		if r.name == name {
			return c.read(ctx, r, refresh)
		}
	}
	return nil, &port.Error{Kind: port.ErrNotFound, System: system, Op: "reference " + name, Message: "there is no such table"}
}

func (c *Client) read(ctx context.Context, r reference, refresh bool) ([]byte, error) {
	return c.tables.Get(r.name, refresh, c.now, func() ([]byte, error) { return c.readTable(ctx, r) })
}

func (c *Client) readTable(ctx context.Context, r reference) ([]byte, error) {
	switch {
	case r.used != nil:
		return c.methodsUsed(ctx, *r.used)
	case r.plain:
		req := rest.Request{Path: r.path}
		resp, err := c.api.Do(ctx, req)
		if err != nil {
			return nil, err
		}
		if !gjson.ParseBytes(resp.Body).IsArray() {
			return nil, &port.Error{Kind: port.ErrProtocol, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer is no list"}
		}
		return resp.Body, nil
	}
	crit := criteria{}
	if r.sort != "" {
		crit.sorts = []string{r.sort}
	}
	if r.name == "attributeSets" {
		crit.groups = [][]condition{and("entity_type_id", "eq", "4")} // those of products
	}
	list, err := c.all(ctx, r.path, crit)
	return rest.RawList(list), err
}

func (c *Client) missed(name string) bool { return c.tables.Missed(name, c.now()) }

// methodsUsed are the methods of the last orders with a code and a title, the one that was used last first.
func (c *Client) methodsUsed(ctx context.Context, u used) ([]byte, error) {
	orders, _, err := c.search(ctx, resources[orderResource].list, criteria{sorts: []string{"entity_id"}, newest: true, size: lastOrders})
	if err != nil {
		return nil, err
	}
	rows, known := []any{}, map[string]bool{}
	for _, o := range orders {
		code := o.Get(u.code).String()
		if code == "" || known[code] {
			continue
		}
		known[code] = true
		rows = append(rows, jsondoc.New("code", code, "title", o.Get(u.title).String()))
	}
	return jsondoc.Encode(rows), nil
}
