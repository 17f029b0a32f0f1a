package shopware

import (
	"net/http"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// resource is what the connection knows of one kind of document.
type resource struct {
	name  string
	route string
	key   string // member that people call it by
	// load is what a mapping needs of a document.
	load   associations
	header http.Header
	// parts are the lists in a document that have change stamps of their own, which do
	// not move the document's.
	parts map[string]string // association -> apiAlias
	// volatile members change without the document changing: the product behind a line has its
	// own life. They do not count for Version.
	volatile []string
	probes   map[string]probe
	// numbers is the number range from which a missing key is filled.
	numbers string
	// only leaves documents out of a read. Find finds them all the same.
	only []filter
	// unstamped documents change without any stamp: every read yields all of them.
	unstamped bool
	// fields are the only members that are loaded, by apiAlias; nil is all.
	fields map[string][]string
	// fixed resources are neither made here nor have members other than those in fields.
	fixed bool
}

// probe is how Find asks by one key.
type probe struct {
	field string
	exact bool // the database ignores case, the key does not
	also  []filter
}

var byCreation = []sorting{{Field: "createdAt"}, {Field: "id"}}

var address = criteria{Associations: associations{"country": {}, "countryState": {}, "salutation": {}}}

// resources are the documents. In 6.6 a state is null unless it is asked for; see the
// captured search with all associations.
var resources = map[string]resource{
	"order": {
		name: "order", route: "order", key: "orderNumber", numbers: "order",
		load: associations{
			"orderCustomer":     {Associations: associations{"customer": {Associations: associations{"group": {}}}, "salutation": {}}},
			"currency":          {},
			"language":          {Associations: associations{"locale": {}}},
			"salesChannel":      {},
			"billingAddress":    address,
			"addresses":         address,
			"stateMachineState": {},
			"tags":              {},
			"lineItems":         {Associations: associations{"product": {}}, Sort: []sorting{{Field: "position"}, {Field: "id"}}},
			"transactions":      {Associations: associations{"stateMachineState": {}, "paymentMethod": {}}, Sort: byCreation},
			"deliveries": {Associations: associations{"stateMachineState": {}, "shippingMethod": {}, "positions": {},
				"shippingOrderAddress": address}, Sort: byCreation},
		},
		parts:    map[string]string{"transactions": "order_transaction", "deliveries": "order_delivery"},
		volatile: []string{"lineItems.product", "orderCustomer.customer", "salesChannel", "currency", "language"},
		// An order that comes from elsewhere carries the number that it has there.
		probes: map[string]probe{port.KeyID: {field: "id"}, port.KeyNumber: {field: "orderNumber", exact: true}, port.KeyReference: {field: "orderNumber", exact: true}},
	},
	"customer": {
		name: "customer", route: "customer", key: "email", numbers: "customer",
		load: associations{
			"addresses":              {Associations: address.Associations, Sort: byCreation},
			"defaultBillingAddress":  address,
			"defaultShippingAddress": address,
			"group":                  {},
			"salutation":             {},
			"tags":                   {},
			"salesChannel":           {},
			"language":               {Associations: associations{"locale": {}}},
		},
		parts: map[string]string{"addresses": "customer_address"},
		// The counters follow the orders; they are no change of the customer.
		volatile: []string{"salesChannel", "language", "group", "orderCount", "orderTotalAmount", "lastOrderDate", "reviewCount", "lastLogin", "lastPaymentMethodId", "remoteAddress"},
		probes: map[string]probe{
			port.KeyID: {field: "id"}, port.KeyNumber: {field: "customerNumber", exact: true},
			// Every order of a guest makes another row with the same address: a guest is no account to update.
			port.KeyEmail: {field: "email", also: []filter{equals("guest", false)}},
		},
	},
	"product": {
		name: "product", route: "product", key: "productNumber",
		load: associations{
			"manufacturer": {}, "unit": {}, "cover": {}, "visibilities": {}, "categories": {}, "tags": {},
			"media":                {Sort: []sorting{{Field: "position"}, {Field: "id"}}},
			"properties":           {Associations: associations{"group": {}}},
			"options":              {Associations: associations{"group": {}}},
			"configuratorSettings": {Associations: associations{"option": {Associations: associations{"group": {}}}}},
			"crossSellings":        {Associations: associations{"assignedProducts": {Associations: associations{"product": {}}, Sort: []sorting{{Field: "position"}, {Field: "id"}}}}, Sort: []sorting{{Field: "position"}, {Field: "id"}}},
			"children":             {Associations: associations{"options": {Associations: associations{"group": {}}}}, Sort: []sorting{{Field: "autoIncrement"}}},
		},
		// A family is one document with its variants, and changes when one of them does.
		only:  []filter{equals("parentId", nil)},
		parts: map[string]string{"children": "product", "crossSellings": "product_cross_selling"},
		// Without the header, a variant is null wherever it inherits. Its mere presence counts.
		header:   http.Header{"Sw-Inheritance": {"1"}},
		volatile: []string{"sales", "ratingAverage", "availableStock", "available", "media.media.url", "cover.media.url", "crossSellings.assignedProducts.product"},
		probes: map[string]probe{port.KeyID: {field: "id"}, port.KeySKU: {field: "productNumber", exact: true},
			port.KeyNumber: {field: "productNumber", exact: true}},
	},
	"stock": {
		name: "stock", route: "product", key: "productNumber",
		// The stock of a family means nothing: its variants have it.
		only:      []filter{anyOf(equals("childCount", 0), equals("childCount", nil))},
		unstamped: true, // orders book stock in the database
		fields:    map[string][]string{"product": {"id", "productNumber", "parentId", "stock", "availableStock", "isCloseout", "createdAt", "updatedAt"}},
		probes:    map[string]probe{port.KeyID: {field: "id"}, port.KeySKU: {field: "productNumber", exact: true}},
		fixed:     true,
	},
}

func resourceOf(name string) (resource, error) {
	if r, ok := resources[name]; ok {
		return r, nil
	}
	return resource{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: "resource " + name, Message: "the connection has no such resource"}
}
