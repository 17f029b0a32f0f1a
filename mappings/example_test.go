package mappings_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// An overlay says only what differs from a default mapping.
func ExampleFS() {
	overlay := []byte(`
extends: eaccounting/customer.write
rules:
  Name: {expr: upper(name), required: true}
  TermsOfPaymentId: null
`)
	m, err := engine.Parse("my-books.yaml", overlay, engine.Library(mappings.FS))
	if err != nil {
		fmt.Println(err)
		return
	}
	out, err := m.Apply(context.Background(), []byte(`{"name": "Bos & Zn.", "type": "company"}`), engine.Input{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("%s -> %s\n%s\n", m.From(), m.To(), out)
	// Output:
	// customer -> eaccounting.customer
	// {"Name":"BOS & ZN.","IsPrivatePerson":false,"IsActive":true,"InvoicePostalCode":"-","InvoiceCity":"-"}
}

func ExampleNames() {
	for _, name := range mappings.Names() {
		if strings.HasPrefix(name, "magento/") {
			fmt.Println(name)
		}
	}
	// Output:
	// magento/customer.read
	// magento/customer.write
	// magento/order.read
	// magento/order.write
	// magento/product.read
	// magento/product.write
	// magento/stock.read
	// magento/stock.write
}
