package magento

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/connectors/magento/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// documentIsWrong names where the document differs from what the same server answered.
var documentIsWrong = []contract.Exception{
	{What: `/custom_attributes/\*/value: value must be a string`, Reason: "category_ids is a list: exchange 110"},
	{Path: "/V1/inventory/source-items", What: `^response 200 body: value must be an object`, Reason: "PHP writes [] for nothing: exchange 248"},
	{What: `^response 200 body: value must be an integer`, Reason: "ids of invoices, shipments and refunds come as text: exchanges 310, 312, 314"},
}

// TestContract sends the client's traffic with the sandbox, and the seed of the sandbox, past the document that
// a running Magento 2.4.7 gave of itself.
func TestContract(t *testing.T) {
	path := contract.Vendor(t, "magento/rest-2.4.7.swagger.json")
	doc := contract.Load(t, path, contract.Reading{Nulls: true, Optional: true})
	checker := contract.New(t, doc, documentIsWrong, contract.Base("/rest/all"))
	box := sandbox.New(connectors.SandboxOptions{})
	// The document knows the paths of one scope; a path without a store code is that of the default view.
	checked := checker.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if original := r.Header.Get("X-Original-Path"); original != "" {
			r.URL.Path, r.URL.RawPath = original, ""
		}
		box.ServeHTTP(w, r)
	}))
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if rest, ok := strings.CutPrefix(r.URL.Path, "/rest/V1/"); ok {
			r.Header.Set("X-Original-Path", r.URL.Path)
			r.URL.Path, r.URL.RawPath = "/rest/all/V1/"+rest, ""
		}
		checked.ServeHTTP(w, r)
	}))
	defer srv.Close()
	c, err := Open(connectors.Config{Name: "webshop", URL: srv.URL, Credentials: box.Credentials(), Options: map[string]string{"taxCountry": "NL"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	for _, res := range []string{"order", "customer", "product", "stock"} {
		docs := read(t, c, port.Query{Resource: res})
		read(t, c, port.Query{Resource: res, Since: docs[0].ChangedAt})
	}
	for _, r := range references {
		if _, err := c.Reference(t.Context(), r.name, true); err != nil {
			t.Error(err)
		}
	}
	customer, err := c.Create(t.Context(), "customer", []byte(`{"email":"a@example.nl","firstname":"A","lastname":"B","addresses":[{"firstname":"A","lastname":"B","street":["Kade 1"],
		"postcode":"9712 AA","city":"Groningen","country_id":"NL","telephone":"050-5550100","default_billing":true}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Update(t.Context(), "customer", customer.ID, []byte(`{"email":"a@example.nl","firstname":"A","lastname":"C"}`)); err != nil {
		t.Error(err)
	}
	product, err := c.Create(t.Context(), "product", []byte(`{"sku":"A/B","name":"A","attribute_set_id":4,"price":1.5,"type_id":"simple"}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Update(t.Context(), "product", product.ID, []byte(`{"sku":"A/B","price":2}`)); err != nil {
		t.Error(err)
	}
	if _, err := c.Create(t.Context(), "stock", []byte(`{"sku":"A/B","source_code":"default","quantity":3,"status":1}`)); err != nil {
		t.Error(err)
	}
	family, err := c.Create(t.Context(), "product", []byte(hoodie))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Update(t.Context(), "product", family.ID, []byte(`{"crosswalk":{"variants":[{"sku":"HOODIE-M","price":50,"options":[{"name":"Maat","value":"M"},{"name":"Pasvorm","value":"Smal"}]}]}}`)); err != nil {
		t.Error(err)
	}
	set, err := c.Create(t.Context(), "product", []byte(`{"sku":"SET","name":"Set","type_id":"grouped","crosswalk":{"members":[{"sku":"NK-MUG-350","quantity":2}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Update(t.Context(), "product", set.ID, []byte(`{"crosswalk":{"members":[{"sku":"NK-GRINDER-01"}]}}`)); err != nil {
		t.Error(err)
	}
	picture := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\x89PNG\r\n\x1a\n")) }))
	defer picture.Close()
	for _, images := range []string{`{"url":"` + picture.URL + `/1.png"}`, ""} {
		if _, err := c.Update(t.Context(), "product", product.ID, []byte(`{"crosswalk":{"images":[`+images+`]}}`)); err != nil {
			t.Error(err)
		}
	}
	if _, err := c.Create(t.Context(), "order", orderBy("purchaseorder")); err != nil {
		t.Error(err)
	}
	mask, err := c.api.Do(t.Context(), rest.Request{Method: http.MethodPost, Path: "/all/V1/guest-carts"})
	if err != nil {
		t.Fatal(err)
	}
	cart := rest.Path("all", "V1", "guest-carts", gjson.ParseBytes(mask.Body).String())
	address := `{"firstname":"A","lastname":"B","street":["Kade 1"],"postcode":"9712 AA","city":"Groningen","country_id":"NL","telephone":"050-5550100","email":"a@example.nl","region":"","region_id":0,"region_code":""}`
	for _, r := range []rest.Request{
		request("POST", cart+"/items", `{"cartItem":{"sku":"NK-MUG-350","qty":1,"quote_id":"x"}}`),
		request("POST", cart+"/estimate-shipping-methods", `{"address":`+address+`}`),
		request("POST", cart+"/shipping-information", `{"addressInformation":{"shipping_address":`+address+`,"billing_address":`+address+`,"shipping_carrier_code":"flatrate","shipping_method_code":"flatrate"}}`),
		{Path: cart + "/totals"},
		request("POST", cart+"/payment-information", `{"email":"a@example.nl","paymentMethod":{"method":"checkmo"}}`),
		request("POST", "/all/V1/order/11/invoice", `{"capture":true}`),
		request("POST", "/all/V1/order/11/ship", `{"tracks":[{"track_number":"1","title":"PostNL","carrier_code":"custom"}]}`),
		request("POST", "/all/V1/order/11/refund", `{"notify":false}`),
		{Path: "/all/V1/orders/11"},
		{Path: "/all/V1/invoices", Query: criteria{size: 2}.query()},
		{Path: "/all/V1/shipments", Query: criteria{size: 2}.query()},
		{Path: "/all/V1/creditmemos", Query: criteria{size: 2}.query()},
		{Path: "/all/V1/categories"},
		request("PUT", "/all/V1/products/NK-MUG-350/stockItems/1", `{"stockItem":{"qty":3,"is_in_stock":true}}`),
		{Path: "/all/V1/stockItems/NK-MUG-350"},
	} {
		if _, err := c.api.Do(t.Context(), r); err != nil {
			t.Error(err)
		}
	}
}
