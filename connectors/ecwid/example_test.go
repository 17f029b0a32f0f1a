package ecwid_test

import (
	"context"
	"fmt"
	"net/http/httptest"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/ecwid"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// A sandbox is a store to try things out with.
func ExampleOpen() {
	store := ecwid.System().Sandbox(connectors.SandboxOptions{})
	server := httptest.NewServer(store)
	defer server.Close()
	c, err := ecwid.Open(connectors.Config{Name: "webshop", URL: server.URL, Credentials: store.Credentials()})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	found, err := c.Find(context.Background(), "stock", port.Key{Field: port.KeySKU, Value: "NK-TEE-BLACK-M"})
	if err != nil || len(found) != 1 {
		fmt.Println(len(found), err)
		return
	}
	now, err := c.Update(context.Background(), "stock", found[0].ID, []byte(`{"quantity": 12}`))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(gjson.GetBytes(found[0].Body, "quantity"), "->", gjson.GetBytes(now.Body, "quantity"))
	// Output:
	// 7 -> 12
}
