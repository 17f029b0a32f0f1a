package sandbox

// route is one call of the API: segments of the path after the store code, * for a variable.
type route struct {
	method, path string
	right        string // "" is none
	serve        func(*Sandbox, *call) (any, *apiError)
}

const (
	products   = "Magento_Catalog::products"
	attributes = "Magento_Catalog::attributes_attributes"
	categories = "Magento_Catalog::categories"
	view       = "Magento_Sales::actions_view"
	stores     = "Magento_Backend::store"
	customerOf = "Magento_Customer::customer"
	managed    = "Magento_Customer::manage"
	sources    = "Magento_InventoryApi::source"
	sellable   = "Magento_InventorySalesApi::stock"
	carts      = "Magento_Cart::manage"
	taxes      = "Magento_Tax::manage_tax"
)

// routes is everything that the sandbox answers; all else is 404. A function refers to the table, hence init.
var routes []route

func init() {
	routes = []route{
		{"POST", "V1/integration/admin/token", anonymous, (*Sandbox).adminToken},
		{"POST", "V1/integration/customer/token", anonymous, (*Sandbox).customerToken},

		{"GET", "V1/store/storeConfigs", stores, table0("store-configs")},
		{"GET", "V1/store/storeViews", stores, table0("store-views")},
		{"GET", "V1/store/websites", stores, table0("websites")},
		{"GET", "V1/store/storeGroups", stores, table0("store-groups")},
		{"GET", "V1/directory/currency", anonymous, (*Sandbox).currency},
		{"GET", "V1/directory/countries", anonymous, (*Sandbox).countries},
		{"GET", "V1/directory/countries/*", anonymous, (*Sandbox).country},
		{"GET", "V1/modules", self, (*Sandbox).modules},
		{"GET", "V1/customerGroups/search", "Magento_Customer::group", searchTable("customer-groups")},
		{"GET", "V1/taxClasses/search", taxes, searchTable("tax-classes")},
		{"GET", "V1/taxRules/search", taxes, searchTable("tax-rules")},
		{"GET", "V1/taxRates/search", taxes, searchTable("tax-rates")},
		{"POST", "V1/taxClasses", taxes, (*Sandbox).postTaxClass},
		{"POST", "V1/taxRates", taxes, (*Sandbox).postTaxRate},
		{"POST", "V1/taxRules", taxes, (*Sandbox).postTaxRule},
		{"GET", "V1/eav/attribute-sets/list", "Magento_Catalog::sets", searchTable("attribute-sets")},

		{"GET", "V1/products", products, (*Sandbox).searchProducts},
		{"POST", "V1/products", products, (*Sandbox).postProduct},
		{"GET", "V1/products/*", products, (*Sandbox).getProduct},
		{"PUT", "V1/products/*", products, (*Sandbox).putProduct},
		{"DELETE", "V1/products/*", products, (*Sandbox).deleteProduct},
		{"POST", "V1/products/base-prices", products, (*Sandbox).basePrices},
		{"POST", "V1/products/*/links", "Magento_Catalog::catalog", (*Sandbox).postLinks},
		{"GET", "V1/products/*/links/*", "Magento_Catalog::catalog", (*Sandbox).getLinks},
		{"GET", "V1/products/*/media", "Magento_Catalog::catalog", (*Sandbox).getMedia},
		{"POST", "V1/products/*/media", "Magento_Catalog::catalog", (*Sandbox).postMedia},
		{"GET", "V1/products/*/media/*", "Magento_Catalog::catalog", (*Sandbox).getImage},
		{"DELETE", "V1/products/*/media/*", "Magento_Catalog::catalog", (*Sandbox).deleteMedia},
		{"POST", "V1/configurable-products/*/options", "Magento_Catalog::catalog", (*Sandbox).postOption},
		{"GET", "V1/configurable-products/*/options/all", "Magento_Catalog::catalog", (*Sandbox).getOptions},
		{"GET", "V1/configurable-products/*/children", "Magento_Catalog::catalog", (*Sandbox).getChildren},
		{"POST", "V1/configurable-products/*/child", "Magento_Catalog::catalog", (*Sandbox).postChild},
		{"DELETE", "V1/configurable-products/*/children/*", "Magento_Catalog::catalog", (*Sandbox).deleteChild},

		{"GET", "V1/products/attributes", attributes, (*Sandbox).searchAttributes},
		{"POST", "V1/products/attributes", attributes, (*Sandbox).postAttribute},
		{"GET", "V1/products/attributes/*", attributes, (*Sandbox).getAttribute},
		{"GET", "V1/products/attributes/*/options", attributes, (*Sandbox).getAttributeOptions},
		{"POST", "V1/products/attributes/*/options", attributes, (*Sandbox).postAttributeOption},
		{"POST", "V1/products/attribute-sets/attributes", "Magento_Catalog::sets", (*Sandbox).assignAttribute},
		{"GET", "V1/products/attribute-sets/*/attributes", attributes, (*Sandbox).attributesOfSet},
		{"GET", "V1/products/attribute-sets/groups/list", attributes, searchTable("attribute-groups")},

		{"GET", "V1/categories", categories, (*Sandbox).categoryTree},
		{"POST", "V1/categories", categories, (*Sandbox).postCategory},
		{"GET", "V1/categories/list", categories, (*Sandbox).searchCategories},
		{"GET", "V1/categories/*", categories, (*Sandbox).getCategory},
		{"PUT", "V1/categories/*", categories, (*Sandbox).putCategory},

		{"GET", "V1/customers/search", customerOf, (*Sandbox).searchCustomers},
		{"POST", "V1/customers", anonymous, (*Sandbox).postCustomer},
		{"POST", "V1/customers/isEmailAvailable", anonymous, (*Sandbox).emailAvailable},
		{"GET", "V1/customers/*", customerOf, (*Sandbox).getCustomer},
		{"PUT", "V1/customers/*", managed, (*Sandbox).putCustomer},
		{"DELETE", "V1/customers/*", "Magento_Customer::delete", (*Sandbox).deleteCustomer},
		{"GET", "V1/customers/addresses/*", customerOf, (*Sandbox).getAddress},
		{"POST", "V1/customers/*/carts", carts, (*Sandbox).customerCart},

		{"GET", "V1/orders", view, (*Sandbox).searchOrders},
		{"POST", "V1/orders", "Magento_Sales::create", (*Sandbox).postOrder},
		{"PUT", "V1/orders/create", "Magento_Sales::create", (*Sandbox).postOrder},
		{"GET", "V1/orders/items", view, (*Sandbox).searchOrderItems},
		{"GET", "V1/orders/*", view, (*Sandbox).getOrder},
		{"PUT", "V1/orders/*", "Magento_Sales::create", (*Sandbox).putOrderAddress},
		{"GET", "V1/orders/*/statuses", view, (*Sandbox).getStatus},
		{"GET", "V1/orders/*/comments", view, (*Sandbox).getComments},
		{"POST", "V1/orders/*/comments", "Magento_Sales::comment", (*Sandbox).postComment},
		{"POST", "V1/orders/*/cancel", "Magento_Sales::cancel", (*Sandbox).cancel},
		{"POST", "V1/orders/*/hold", "Magento_Sales::hold", (*Sandbox).hold},
		{"POST", "V1/orders/*/unhold", "Magento_Sales::unhold", (*Sandbox).unhold},
		{"POST", "V1/order/*/invoice", "Magento_Sales::invoice", (*Sandbox).postInvoice},
		{"POST", "V1/order/*/ship", "Magento_Sales::ship", (*Sandbox).postShipment},
		{"POST", "V1/order/*/refund", "Magento_Sales::creditmemo", (*Sandbox).postRefund},
		{"GET", "V1/invoices", "Magento_Sales::sales_invoice", (*Sandbox).searchInvoices},
		{"GET", "V1/shipments", "Magento_Sales::shipment", (*Sandbox).searchShipments},
		{"GET", "V1/creditmemos", "Magento_Sales::sales_creditmemo", (*Sandbox).searchRefunds},
		{"POST", "V1/shipment/track", "Magento_Sales::shipment", (*Sandbox).postTrack},

		{"GET", "V1/stockItems/*", "Magento_CatalogInventory::cataloginventory", (*Sandbox).getStockItem},
		{"PUT", "V1/products/*/stockItems/*", products, (*Sandbox).putStockItem},
		{"GET", "V1/stockStatuses/*", "Magento_CatalogInventory::cataloginventory", (*Sandbox).getStockStatus},
		{"GET", "V1/inventory/source-items", sources, (*Sandbox).searchSourceItems},
		{"POST", "V1/inventory/source-items", sources, (*Sandbox).postSourceItems},
		{"POST", "V1/inventory/source-items-delete", sources, (*Sandbox).deleteSourceItems},
		{"GET", "V1/inventory/sources", sources, searchTable("sources")},
		{"GET", "V1/inventory/stocks", "Magento_InventoryApi::stock", searchTable("stocks")},
		{"GET", "V1/inventory/stock-resolver/website/*", sellable, (*Sandbox).resolveStock},
		{"GET", "V1/inventory/get-product-salable-quantity/*/*", sellable, (*Sandbox).salableQuantity},
		{"GET", "V1/inventory/is-product-salable/*/*", sellable, (*Sandbox).isSalable},
		{"GET", "V1/inventory/are-products-salable", sellable, (*Sandbox).areSalable},
	}
	for prefix, right := range map[string]string{"V1/guest-carts": anonymous, "V1/carts": carts} {
		routes = append(routes, []route{
			{"POST", prefix, right, (*Sandbox).newCart},
			{"GET", prefix + "/*", right, (*Sandbox).getCart},
			{"POST", prefix + "/*/items", right, (*Sandbox).addItem},
			{"PUT", prefix + "/*/coupons/*", right, (*Sandbox).putCoupon},
			{"POST", prefix + "/*/estimate-shipping-methods", right, (*Sandbox).estimateShipping},
			{"POST", prefix + "/*/shipping-information", right, (*Sandbox).shippingInformation},
			{"GET", prefix + "/*/payment-methods", right, (*Sandbox).getPaymentMethods},
			{"GET", prefix + "/*/totals", right, (*Sandbox).getTotals},
			{"POST", prefix + "/*/payment-information", right, (*Sandbox).paymentInformation},
			{"PUT", prefix + "/*/order", right, (*Sandbox).putOrder},
		}...)
	}
}
