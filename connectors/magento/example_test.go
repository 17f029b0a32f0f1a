package magento_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/magento"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// A sandbox is a shop to try things out with.
func ExampleOpen() {
	shop := magento.System().Sandbox(connectors.SandboxOptions{})
	server := httptest.NewServer(shop)
	defer server.Close()
	c, err := magento.Open(connectors.Config{Name: "webshop", URL: server.URL, Credentials: shop.Credentials()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	for d, err := range c.Read(context.Background(), port.Query{Resource: "order", Limit: 2}) {
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(d.Key, gjson.GetBytes(d.Body, "state"), gjson.GetBytes(d.Body, "grand_total"))
	}
	// Output:
	// 000000001 complete 22.85
	// 000000002 processing 57.7
}
