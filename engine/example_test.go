package engine_test

import (
	"context"
	"errors"
	"fmt"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
)

var shopToBooks = fstest.MapFS{"order.yaml": {Data: []byte(`
from: any
to: any
rules:
  number: orderNumber
  total:  {expr: price * quantity, round: 2}
  lines[]:     {each: items, as: item, where: item.type == "product"}
  lines[].sku: {expr: item.sku, required: true}
`)}}

func ExampleLoad() {
	m, err := engine.Load("order.yaml", engine.Files(shopToBooks))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(m.Name(), m.From(), m.To())
	// Output: order.yaml any any
}

func ExampleMapping_Apply() {
	m, err := engine.Load("order.yaml", engine.Files(shopToBooks))
	if err != nil {
		fmt.Println(err)
		return
	}
	order := `{"orderNumber": 9007199254740993, "price": 19.10, "quantity": 3, "items": [{"type": "product", "sku": "NK-1"}, {"type": "promotion"}]}`
	out, err := m.Apply(context.Background(), []byte(order), engine.Input{})
	fmt.Println(string(out), err)
	// Output: {"number":9007199254740993,"total":57.30,"lines":[{"sku":"NK-1"}]} <nil>
}

// Many documents into the same room: nothing is allocated for a document once the room is large enough.
func ExampleMapping_Append() {
	m, err := engine.Load("order.yaml", engine.Files(shopToBooks))
	if err != nil {
		fmt.Println(err)
		return
	}
	var room []byte
	for _, order := range []string{`{"orderNumber": 1, "price": 19.10, "quantity": 3}`, `{"orderNumber": 2, "price": 0.10, "quantity": 3}`} {
		out, err := m.Append(context.Background(), room[:0], []byte(order), engine.Input{})
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(string(out))
		room = out
	}
	// Output:
	// {"number":1,"total":57.30,"lines":[]}
	// {"number":2,"total":0.30,"lines":[]}
}

func ExampleDiagnostics() {
	_, err := engine.Parse("order.yaml", []byte(`from: any
to: any
rules:
  number: lowr(orderNumber)
  total: price *
`))
	var problems engine.Diagnostics
	if errors.As(err, &problems) {
		for _, p := range problems {
			fmt.Println(p.Pos, p.Code, p.Message)
		}
	}
	// Output:
	// order.yaml:4:11 CW1014 unknown function "lowr"
	// order.yaml:5:16 CW1010 the expression ends too early
}

func ExampleCompileCondition() {
	paid, err := engine.CompileCondition(`paymentStatus == "paid" and totals.gross >= 10`, "any")
	if err != nil {
		fmt.Println(err)
		return
	}
	ok, err := paid.Eval(context.Background(), []byte(`{"paymentStatus": "paid", "totals": {"gross": 80.77}}`), engine.Input{})
	fmt.Println(ok, err)
	// Output: true <nil>
}

func ExampleMapping_Unread() {
	m, err := engine.Parse("order.yaml", []byte(`
from: any
to: any
rules:
  number: orderNumber
  lines[]: {each: items, as: item}
  lines[].sku: item.sku
`))
	if err != nil {
		fmt.Println(err)
		return
	}
	unread, err := m.Unread([]byte(`{"orderNumber": "1", "giftNote": "Happy birthday", "items": [{"sku": "A", "ean": "4006381333931"}]}`))
	fmt.Println(unread, err)
	// Output: [giftNote items[].ean] <nil>
}
