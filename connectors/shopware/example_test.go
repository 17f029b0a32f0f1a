package shopware_test

import (
	"context"
	"fmt"
	"log"
	"net/http/httptest"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/shopware"
	"github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// The newest change of an order decides its place, be it of a payment or of a delivery.
func ExampleOpen() {
	box := sandbox.New(connectors.SandboxOptions{})
	shop := httptest.NewServer(box)
	defer shop.Close()

	c, err := shopware.Open(connectors.Config{Name: "webshop", URL: shop.URL, Credentials: box.Credentials()})
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	ctx := context.Background()
	version, err := c.Ping(ctx)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(version)
	for order, err := range c.Read(ctx, port.Query{Resource: "order", Limit: 3}) {
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(order.Key, order.ChangedAt.Format("2 Jan 15:04"), gjson.GetBytes(order.Body, "amountTotal"))
	}
	// Output:
	// Shopware 6.6.7.1
	// 10001 3 Mar 10:36 22.85
	// 10002 4 Mar 12:16 57.7
	// 10003 5 Mar 14:50 303.16
}
