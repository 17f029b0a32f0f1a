package shopware

import (
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// documentIsWrong names where the document differs from what the same server answered.
var documentIsWrong = []contract.Exception{
	{What: `/(calculatedTaxes|taxRules): value must be an object`, Reason: "they are lists: exchanges 230, 301, 302"},
	{What: `/addressFormat: value must be an object`, Reason: "a list of lists of names: exchange 230"},
	{What: `/breadcrumb/\*: value must be an object`, Reason: "a list of names: exchange 062"},
	{What: `/variation/\*: value must be a string`, Reason: "a list of group and option: exchange 166"},
	{Path: "/search/sales-channel", What: `/filter/\*/value: value must be a string`, Reason: "a boolean is taken: exchange 332"},
	{Path: "/_action/sync", What: `/(deleted|notFound): value must be an object`, Reason: "PHP writes [] for what is empty: exchange 181"},
	{What: `^response 204: status is not supported`, Reason: "writes are answered with 204 unless _response is in the query: exchanges 100, 129, 301, 321"},
	{Path: "/search-ids/order", What: `not in the document`, Reason: "the route is there: exchange 256"},
}

// TestContract sends the client's traffic with the sandbox past the document that
// a running Shopware 6.6.7.1 gave of itself.
func TestContract(t *testing.T) {
	path := contract.Vendor(t, "shopware/admin-api-6.6.7.1.openapi.json")
	doc := contract.Load(t, path, contract.Reading{Nulls: true, Optional: true})
	checker := contract.New(t, doc, documentIsWrong, contract.Base("/api"))
	box := sandbox.New(connectors.SandboxOptions{})
	srv := httptest.NewServer(checker.Handler(box))
	defer srv.Close()
	c, err := Open(connectors.Config{Name: "webshop", URL: srv.URL, Credentials: box.Credentials()})
	if err != nil {
		t.Fatal(err)
	}
	s := &shop{Client: c, Sandbox: box}
	defer c.Close()
	if _, err := c.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	for _, res := range []string{"order", "customer", "product", "stock"} {
		docs := read(t, c, port.Query{Resource: res})
		read(t, c, port.Query{Resource: res, Since: docs[0].ChangedAt})
	}
	for _, r := range references {
		s.reference(t, r.name)
	}
	order, err := c.Create(t.Context(), "order", s.orderBody(t))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := c.Update(t.Context(), "order", order.ID, []byte(`{"customerComment":"x"}`)); err != nil {
		t.Error(err)
	}
	if _, err := c.Create(t.Context(), "customer", s.customerBody(t, "a@example.nl")); err != nil {
		t.Error(err)
	}
	family := s.make(t, "product", sweater)
	s.change(t, family, with(t, sweater, "crosswalk.images.0.hash", "f2", "crosswalk.variants.0.ean", "2", "crosswalk.features.1", map[string]string{"name": "Wool", "value": "Lamb"}))
	s.change(t, read(t, c, port.Query{Resource: "stock"})[0], `{"stock":3,"isCloseout":true}`)
	product := s.product(t, "A", "")
	stock := []byte(`[{"entity":"product","action":"upsert","payload":[{"id":"` + product.ID + `","stock":5}]}]`)
	for _, r := range []rest.Request{
		{Method: http.MethodPost, Path: "/_action/sync", Body: stock},
		{Method: http.MethodPost, Path: rest.Path("_action", "order", order.ID, "state", "process"), Body: []byte(`{"sendMail":false}`)},
		{Path: rest.Path("order", order.ID)},
		{Path: rest.Path("_info", "config")},
		{Method: http.MethodPost, Path: "/search-ids/order", Body: []byte(`{"limit":3}`)},
		{Method: http.MethodDelete, Path: rest.Path("product", product.ID)},
	} {
		if _, err := c.api.Do(t.Context(), r); err != nil {
			t.Error(err)
		}
	}
}
