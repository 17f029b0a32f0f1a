package magento

import (
	"bytes"
	"context"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
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
}

var references = []reference{
	{name: "storeConfigs", help: "settings of the store views: currency, time zone, addresses", path: "/V1/store/storeConfigs", plain: true},
	{name: "storeViews", help: "store views, by code", path: "/V1/store/storeViews", plain: true},
	{name: "websites", help: "websites, by code", path: "/V1/store/websites", plain: true},
	{name: "storeGroups", help: "stores, with the root of their categories", path: "/V1/store/storeGroups", plain: true},
	{name: "countries", help: "countries that the shop knows, with their regions, by id (ISO code)", path: "/V1/directory/countries", plain: true},
	{name: "customerGroups", help: "groups of customers, by code", path: "/V1/customerGroups/search"},
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
}

// Reference returns a table as the list of its rows: storeConfigs, storeViews, websites, storeGroups, countries, customerGroups, taxClasses,
// taxRates, taxRules, attributeSets, attributes, categories, sources, stocks. Labels are those of the admin view.
func (c *Client) Reference(ctx context.Context, name string, refresh bool) ([]byte, error) {
	for _, r := range references {
		if r.name == name {
			return c.read(ctx, r, refresh)
		}
	}
	return nil, &port.Error{Kind: port.ErrNotFound, System: system, Op: "reference " + name, Message: "there is no such table"}
}

func (c *Client) read(ctx context.Context, r reference, refresh bool) ([]byte, error) {
	if known := c.known(r.name); known.rows != nil && !refresh {
		return bytes.Clone(known.rows), nil
	}
	var rows []byte
	if r.plain {
		req := rest.Request{Path: r.path}
		resp, err := c.api.Do(ctx, req)
		if err != nil {
			return nil, err
		}
		if !gjson.ParseBytes(resp.Body).IsArray() {
			return nil, &port.Error{Kind: port.ErrProtocol, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer is no list"}
		}
		rows = resp.Body
	} else {
		crit := criteria{}
		if r.sort != "" {
			crit.sorts = []string{r.sort}
		}
		if r.name == "attributeSets" {
			crit.groups = [][]condition{and("entity_type_id", "eq", "4")} // those of products
		}
		list, err := c.all(ctx, r.path, crit)
		if err != nil {
			return nil, err
		}
		raw := make([]string, len(list))
		for i, row := range list {
			raw[i] = row.Raw
		}
		rows = []byte("[" + strings.Join(raw, ",") + "]")
	}
	c.mu.Lock()
	c.tables[r.name] = table{rows, c.now()}
	c.mu.Unlock()
	return bytes.Clone(rows), nil
}

// table is reference data and when it was read.
type table struct {
	rows []byte
	at   time.Time
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
