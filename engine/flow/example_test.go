package flow_test

import (
	"context"
	"fmt"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// A run reads what changed, and every document ends in exactly one outcome. A second run changes nothing.
func ExampleProcess_Run() {
	w := with(newWorld(), order(10001), order(10002, "paymentStatus", `"open"`), order(10003, "lines.0.sku", `"NK-GIFT"`))
	process, err := flow.New(w.flow, flow.Systems{Source: w.shop, Target: w.books, Links: w.store, Cursors: w.store}, flow.Pace{})
	if err != nil {
		fmt.Println(err)
		return
	}
	for range 2 {
		summary, err := process.Run(context.Background(), flow.RunOptions{
			FromStart: true,
			OnResult: func(r flow.Result, _ flow.Summary) {
				fmt.Println(strings.TrimSpace(fmt.Sprint(r.Document.Name(), " ", r.Outcome, " ", r.Reason)))
			},
		})
		fmt.Println(summary, err)
	}
	// Output:
	// 10001 created
	// 10002 skipped filtered by where: paymentStatus == "paid" (status open, paymentStatus open)
	// 10003 failed books has no article NK-GIFT
	// read 3 = created 1 + updated 0 + skipped 1 + failed 1 + in doubt 0 <nil>
	// 10001 skipped already sent as invoiceDraft 1005
	// 10002 skipped filtered by where: paymentStatus == "paid" (status open, paymentStatus open)
	// 10003 failed books has no article NK-GIFT
	// read 3 = created 0 + updated 0 + skipped 2 + failed 1 + in doubt 0 <nil>
}

// A plan says what would be written, before anything is.
func ExamplePlan_Render() {
	w := with(newWorld(), order(10001))
	w.books.put("customer", `{"EmailAddress":"anna10001@example.nl","Name":"A. Bakker","IsPrivatePerson":true,"City":"Den Haag"}`)
	w.flow.Settings = []byte(`{"updateCustomer": true}`)
	process, err := flow.New(w.flow, flow.Systems{Source: w.shop, Target: w.books, Links: w.store, Cursors: w.store}, flow.Pace{})
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Print(process.Planner().Plan(context.Background(), w.shop.orders[0]).Render())
	// Output:
	// order 10001 -> invoiceDraft
	//   ~ update customer customer-4
	//       Name: "A. Bakker" -> "Anna Bakker"
	//   + create invoiceDraft (reference 10001)
	//       BuyersOrderReference: "10001"
	//       CustomerId: "customer-4"
	//       Note: ""
	//       Rows[0].ArticleId: "article-1"
	//       Rows[0].Amount: 12.10
	//       Rows[1].ArticleId: "article-2"
	//       Rows[1].Amount: 7.90
	//       Rows[2].ArticleId: "article-3"
	//       Rows[2].Amount: 4.95
	//   = total 24.95
}
