package shopware

import (
	"context"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// reference is a table of reference data.
type reference struct {
	name, help string
	feeds      []connectors.Feed
	route      string
	filter     []filter
	load       associations
	fields     map[string][]string
}

var references = []reference{
	{name: "salesChannels", help: "the shops and other channels that sell", route: "sales-channel", load: associations{"domains": {}},
		fields: map[string][]string{"sales_channel": {"id", "name", "translated", "active", "typeId", "languageId", "currencyId", "countryId",
			"customerGroupId", "paymentMethodId", "shippingMethodId", "taxCalculationType", "domains"}, "sales_channel_domain": {"url"}}},
	{name: "paymentMethods", feeds: []connectors.Feed{{Key: "technicalName", Label: "translated.name", Keys: []string{"paymentMethods", "paymentTerms"}, Values: []string{"paymentMethods"}}}, help: "methods of payment, by technicalName", route: "payment-method",
		fields: map[string][]string{"payment_method": {"id", "name", "translated", "technicalName", "distinguishableName", "shortName", "handlerIdentifier", "active"}}},
	{name: "shippingMethods", feeds: []connectors.Feed{{Key: "technicalName", Label: "translated.name", Keys: []string{"deliveryMethods", "shippingMethods"}, Values: []string{"shippingMethods"}}}, help: "methods of shipping, by technicalName", route: "shipping-method",
		fields: map[string][]string{"shipping_method": {"id", "name", "translated", "technicalName", "active", "taxType", "trackingUrl"}}},
	{name: "countries", help: "countries, by iso", route: "country",
		fields: map[string][]string{"country": {"id", "iso", "iso3", "name", "translated", "active", "shippingAvailable", "isEu", "customerTax", "companyTax"}}},
	{name: "currencies", help: "currencies, by isoCode", route: "currency",
		fields: map[string][]string{"currency": {"id", "isoCode", "factor", "symbol", "shortName", "name", "translated", "itemRounding", "totalRounding", "isSystemDefault"}}},
	{name: "taxes", feeds: []connectors.Feed{{Key: "taxRate", Label: "name", Keys: []string{"shippingArticles", "discountArticles", "feeArticles", "taxCodes"}}}, help: "rates of tax that a product can have", route: "tax",
		fields: map[string][]string{"tax": {"id", "taxRate", "name", "position"}}},
	{name: "salutations", help: "salutations, by salutationKey", route: "salutation",
		fields: map[string][]string{"salutation": {"id", "salutationKey", "displayName", "letterName", "translated"}}},
	{name: "customerGroups", feeds: []connectors.Feed{{Key: "translated.name", Keys: []string{"customerGroups"}, Values: []string{"customerGroups"}}}, help: "groups of customers; displayGross decides whether prices include tax", route: "customer-group",
		fields: map[string][]string{"customer_group": {"id", "name", "translated", "displayGross"}}},
	{name: "orderStates", feeds: []connectors.Feed{{Key: "technicalName", Label: "translated.name", Keys: []string{"orderStatuses"}, Values: []string{"orderStates"}}}, help: "states of an order", route: "state-machine-state", filter: machine("order.state"), fields: stateFields},
	{name: "transactionStates", feeds: []connectors.Feed{{Key: "technicalName", Label: "translated.name", Keys: []string{"paymentStatuses"}, Values: []string{"transactionStates"}}}, help: "states of a payment", route: "state-machine-state", filter: machine("order_transaction.state"), fields: stateFields},
	{name: "deliveryStates", feeds: []connectors.Feed{{Key: "technicalName", Label: "translated.name", Keys: []string{"fulfillmentStatuses"}, Values: []string{"deliveryStates"}}}, help: "states of a delivery", route: "state-machine-state", filter: machine("order_delivery.state"), fields: stateFields},
}

var stateFields = map[string][]string{"state_machine_state": {"id", "technicalName", "name", "translated", "stateMachineId"}}

func machine(name string) []filter { return []filter{equals("stateMachine.technicalName", name)} }

// Reference returns a table as the list of its rows, without the members that no mapping needs: salesChannels,
// paymentMethods, shippingMethods, countries, currencies, taxes, salutations, customerGroups, orderStates,
// transactionStates, deliveryStates.
func (c *Client) Reference(ctx context.Context, name string, refresh bool) ([]byte, error) {
	for _, r := range references {
		if r.name == name {
			return c.table(ctx, r, refresh)
		}
	}
	return nil, &port.Error{Kind: port.ErrNotFound, System: system, Op: "reference " + name, Message: "there is no such table"}
}

func (c *Client) table(ctx context.Context, r reference, refresh bool) ([]byte, error) {
	return c.tables.Get(r.name, refresh, c.hooks.now, func() ([]byte, error) { return c.readTable(ctx, r) })
}

func (c *Client) readTable(ctx context.Context, r reference) ([]byte, error) {
	var rows []gjson.Result
	crit := criteria{Limit: maxLimit, Sort: []sorting{{Field: "id"}}, Filter: r.filter, Associations: r.load, Includes: r.fields}
	for crit.Page = 1; ; crit.Page++ {
		page, err := c.search(ctx, r.route, crit, nil)
		if err != nil {
			return nil, err
		}
		rows = append(rows, page.rows...)
		if !page.full {
			return rest.RawList(rows), nil
		}
	}
}
