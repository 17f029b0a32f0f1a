package language_test

import (
	"context"
	"fmt"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/language"
	"github.com/crosswalk-go/crosswalk/mappings"
)

func ExampleService_Complete() {
	s := language.New(fstest.MapFS{}, mappings.FS)
	text := "from: shopware.order\nto: order\nrules:\n  customer.email: lower(orderCustomer.ema"
	found, err := s.Complete(context.Background(), "order.yaml", text, engine.Position{Line: 4, Column: 42})
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, c := range found {
		if c.Label == "email" {
			fmt.Println(c.Label, c.Detail)
		}
	}
	// Output: email string
}
