package decimal_test

import (
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

func Example() {
	price, _ := decimal.Parse("19.10")
	line := price.Mul(decimal.New(3, 0))
	net, _ := line.QuoRound(decimal.New(121, 2), 2, decimal.HalfUp)
	fmt.Println(line, net, line.Sub(net))
	// Output: 57.30 47.36 9.94
}

func ExampleDecimal_Allocate() {
	discount := decimal.New(1000, 2)
	parts, _ := discount.Allocate([]decimal.Decimal{decimal.New(1, 0), decimal.New(1, 0), decimal.New(1, 0)}, 2)
	fmt.Println(parts)
	// Output: [3.34 3.33 3.33]
}

func ExampleDecimal_Round() {
	d := decimal.New(-25, 1)
	fmt.Println(d.Round(0, decimal.HalfUp), d.Round(0, decimal.HalfEven), d.Round(2, decimal.HalfUp))
	// Output: -3 -2 -2.50
}

func ExampleDecimal_Quo() {
	third, _ := decimal.New(1, 0).Quo(decimal.New(3, 0))
	quarter, _ := decimal.New(1000, 2).Quo(decimal.New(4, 0))
	_, err := quarter.Quo(decimal.Decimal{})
	fmt.Println(third, quarter, err)
	// Output: 0.3333333333333333333333333333333333 2.50 division by zero
}
