package mappings_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
)

func TestX(t *testing.T) {
	m := load(t, "shopware/order.read")
	doc, _ := os.ReadFile("shopware/testdata/orders/02-person-nl-coupon.json")
	e, err := m.Explain(context.Background(), doc, engine.Input{})
	if err != nil {
		t.Fatal(err)
	}
	fmt.Println(e.Render())
}
