package format_test

import (
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/format"
)

func ExampleFormat() {
	text, err := format.Format([]byte("rules:\n    number:   \"orderNumber\"   # the shop's\n    total: { expr: sum,  round: 2 }\n"))
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(string(text))
	// Output:
	// rules:
	//   number: orderNumber # the shop's
	//   total: {expr: sum, round: 2}
}
