package ccv

import (
	"context"
	"fmt"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/ccv/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// ask sends a request of a merchant: past the connection's memory, and without what a test does before each call.
func (s *shop) ask(t tester, method, body string, segments ...string) gjson.Result {
	t.Helper()
	before := s.before
	s.before = nil
	defer func() { s.before = before }()
	v, err := s.write(context.Background(), method, []byte(body), segments...)
	if err != nil {
		t.Fatalf("%s %s: %v", method, strings.Join(segments, "/"), err)
	}
	return v
}

// dice are drawn before the shop is asked: a property test may not draw in the shop's goroutine. When they are used up, all come to 0.
type dice struct{ left []int }

func draw(t *rapid.T) *dice {
	return &dice{rapid.SliceOfN(rapid.IntRange(0, 9999), 120, 120).Draw(t, "dice")}
}

// roll gives a number below n.
func (d *dice) roll(n int) int {
	if len(d.left) == 0 {
		return 0
	}
	v := d.left[0] % n
	d.left = d.left[1:]
	return v
}

func TestReadOrders(t *testing.T) {
	s := newShop(t)
	docs := read(t, s.Client, port.Query{Resource: "order"})
	var numbers []string
	for i, d := range docs {
		numbers = append(numbers, d.Key)
		if i > 0 && d.ChangedAt.Before(docs[i-1].ChangedAt) {
			t.Errorf("%s comes after %s", docs[i-1].Key, d.Key)
		}
		if n := len(gjson.GetBytes(d.Body, "orderrows.collection").Array()); n == 0 || gjson.GetBytes(d.Body, "orderrows.href").Str == "" {
			t.Errorf("%s has %d rows", d.Key, n)
		}
	}
	if got := strings.Join(numbers, " "); got != "1001 1002 1003 1004 1005 1006 1007 1008 1009" {
		t.Error(got)
	}
	limited := read(t, s.Client, port.Query{Resource: "order", Limit: 2})
	if len(limited) != 2 || limited[0].Key != "1001" {
		t.Errorf("%d orders", len(limited))
	}
	// The window goes back by thirty days; a limit counts what is newer than the cursor.
	since := docs[6].ChangedAt
	again := read(t, s.Client, port.Query{Resource: "order", Since: since, Limit: 1})
	if len(again) != 8 || again[7].Key != "1008" {
		t.Errorf("%d orders since %s", len(again), since)
	}
	named := read(t, s.Client, port.Query{Resource: "order", IDs: []string{"339900103", "1", "x", "339900101"}})
	if len(named) != 2 || named[0].Key != "1001" {
		t.Errorf("%d orders by id", len(named))
	}
}

// TestRowsAreRemembered reads the rows of an order again only where the order changed, or where it is new.
func TestRowsAreRemembered(t *testing.T) {
	s := newShop(t)
	docs := read(t, s.Client, port.Query{Resource: "order"})
	rows := func() int {
		s.calls.Reset()
		read(t, s.Client, port.Query{Resource: "order", Since: docs[len(docs)-1].ChangedAt})
		n := 0
		for _, c := range s.calls.List() {
			if strings.HasSuffix(c, "/orderrows/") {
				n++
			}
		}
		return n
	}
	if n := rows(); n != 1 { // the newest, which the overlap holds
		t.Errorf("rows were read %d times", n)
	}
	if err := s.box.Set("orders", 339900101, []byte(`{"status":6}`)); err != nil {
		t.Fatal(err)
	}
	if n := rows(); n != 2 {
		t.Errorf("rows were read %d times after a change", n)
	}
}

func TestReadProductsAndStock(t *testing.T) {
	s := newShop(t)
	docs := read(t, s.Client, port.Query{Resource: "product"})
	if len(docs) != 6 {
		t.Fatalf("%d products", len(docs))
	}
	for _, d := range docs {
		if d.Key == "NK-MUG-350" && gjson.GetBytes(d.Body, "crosswalk.categories").Raw != `[["Benodigdheden","Mokken"]]` {
			t.Error(gjson.GetBytes(d.Body, "crosswalk").Raw)
		}
		if d.Key == "NK-TEE" && (len(gjson.GetBytes(d.Body, "attributecombinations.collection").Array()) != 2 || gjson.GetBytes(d.Body, "productphotos.collection.0.deeplink").Str == "") {
			t.Errorf("%s", d.Body)
		}
	}
	stocks := map[string]string{}
	for _, d := range read(t, s.Client, port.Query{Resource: "stock"}) {
		stocks[d.Key] = gjson.GetBytes(d.Body, "stock").Raw
		if gjson.GetBytes(d.Body, "reserved").Exists() {
			t.Errorf("a shop reserves nothing: %s", d.Body)
		}
	}
	if len(stocks) != 7 || stocks["NK-TEE-BLACK-M"] != "8" || stocks["NK-BEAN-HOUSE-500"] != "71" {
		t.Errorf("%v", stocks)
	}
}

// TestReservedStock computes at a till what reserved orders wait for.
func TestReservedStock(t *testing.T) {
	s := newTill(t)
	if _, err := s.box.RingUp(sandbox.Sale{SKUs: map[string]string{"NK-TEE-BLACK-M": "2"}, Account: true}); err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, d := range read(t, s.Client, port.Query{Resource: "stock"}) {
		got[d.Key] = gjson.GetBytes(d.Body, "stock").Raw + " " + gjson.GetBytes(d.Body, "reserved").Raw
	}
	for sku, want := range map[string]string{"NK-BEAN-HOUSE-500": "79 12", "NK-TEE-BLACK-M": "7 2", "NK-TEE-BLACK-S": "9 0"} {
		if got[sku] != want {
			t.Errorf("%s: %s, want %s", sku, got[sku], want)
		}
	}
}

// TestReadSales finds the slip of a card in the sale, and makes no sale of it.
func TestReadSales(t *testing.T) {
	s := newTill(t)
	docs := read(t, s.Client, port.Query{Resource: "order"})
	slips := ""
	for _, d := range docs {
		slips += fmt.Sprint(len(gjson.GetBytes(d.Body, "terminalreceipts.collection").Array()), " ")
	}
	if slips != "0 1 1 0 1 " {
		t.Errorf("slips: %s", slips)
	}
	// A register may not have the list behind the link.
	s.box.Fault(faults.Fault{Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/terminalreceipts/") }, Times: 3, Serve: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusNotFound)
		fmt.Fprint(w, `{"status":404,"code":"404.20","developermessage":"The resource terminalreceipts does not exist."}`)
	}})
	if docs := read(t, s.Client, port.Query{Resource: "order"}); len(docs) != 5 {
		t.Errorf("%d sales", len(docs))
	}
}

// TestTooBig asks for smaller pages where the shop refuses an answer that is too big.
func TestTooBig(t *testing.T) {
	s := newShop(t)
	s.box.Fault(faults.Fault{Match: func(r *http.Request) bool { return r.URL.Query().Get("size") == "25" }, Times: 9, Serve: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusInternalServerError)
		fmt.Fprint(w, `{"status":500,"code":"500.80","developermessage":"The requested payload is too big."}`)
	}})
	if docs := read(t, s.Client, port.Query{Resource: "product"}); len(docs) != 6 {
		t.Errorf("%d products", len(docs))
	}
}

// TestManyChangedProducts are read in pages.
func TestManyChangedProducts(t *testing.T) {
	s := start(t, t.Cleanup, plan{empty: true})
	pack := s.ask(t, http.MethodPost, `{"name":"x"}`, "packages").Get("id").Raw
	for i := range fewChanges + 5 {
		s.clock.Add(time.Second)
		s.ask(t, http.MethodPost, fmt.Sprintf(`{"name":"P","productnumber":"P-%d","price":1,"discount":0,"taxtariff":"normal","package_id":%s}`, i, pack), "products")
	}
	if docs := read(t, s.Client, port.Query{Resource: "product", Since: s.clock.Now().Add(-time.Hour)}); len(docs) != fewChanges+5 {
		t.Errorf("%d products", len(docs))
	}
	if docs := read(t, s.Client, port.Query{Resource: "product", Since: s.clock.Now().Add(-5 * time.Second), Limit: 3}); len(docs) < 3 || docs[len(docs)-1].Key != fmt.Sprintf("P-%d", fewChanges+2) {
		t.Errorf("%d products, the last %s", len(docs), docs[len(docs)-1].Key)
	}
}

// TestPagesThatMove lets customers come and go while they are read: whoever is there all the time is read once.
func TestPagesThatMove(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var cleanups []func()
		defer func() {
			for _, f := range cleanups {
				f()
			}
		}()
		s := start(rt, func(f func()) { cleanups = append(cleanups, f) }, plan{empty: true})
		s.size = rapid.IntRange(2, 5).Draw(rt, "page")
		stays := map[string]bool{}
		var ids []string
		d := draw(rt)
		add := func() string {
			return s.ask(rt, http.MethodPost, fmt.Sprintf(`{"username":"c%d@example.nl","password":"x"}`, len(ids)), "users").Get("id").String()
		}
		for range rapid.IntRange(0, 14).Draw(rt, "customers") {
			id := add()
			ids = append(ids, id)
			stays[id] = true
		}
		s.before = func(r *http.Request) {
			if r.Method != http.MethodGet {
				return
			}
			for range d.roll(3) {
				if len(ids) > 0 {
					id := ids[d.roll(len(ids))]
					s.box.Remove("users", int(gjson.Parse(id).Int()))
					delete(stays, id)
				}
			}
		}
		seen := map[string]int{}
		for _, doc := range read(rt, s.Client, port.Query{Resource: "customer"}) {
			seen[doc.ID]++
		}
		for id := range stays {
			if seen[id] != 1 {
				rt.Fatalf("%s was read %d times", id, seen[id])
			}
		}
		for id, n := range seen {
			if n > 1 {
				rt.Fatalf("%s was read %d times", id, n)
			}
		}
	})
}

// TestOrdersLoseNothing changes and places orders while they are read, many in one second, in lists that sort equal rows anew each time. Whoever goes on from the
// newest stamp that it has seen ends with what the shop has.
func TestOrdersLoseNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var cleanups []func()
		defer func() {
			for _, f := range cleanups {
				f()
			}
		}()
		s := start(rt, func(f func()) { cleanups = append(cleanups, f) }, plan{empty: true, options: []sandbox.Option{sandbox.WithRestlessLists()},
			config: connectors.Config{Options: map[string]string{"rescan": "24h", "overlap": "1m"}}})
		s.size = rapid.IntRange(3, 6).Draw(rt, "page")
		status := map[string]string{} // what the shop has
		var ids []string
		d := draw(rt)
		tick := func() { s.clock.Add(time.Duration(d.roll(1500)) * time.Millisecond) }
		change := func() {
			tick()
			if len(ids) == 0 || d.roll(2) == 0 {
				id := s.ask(rt, http.MethodPost, `{"customer":{},"status":1,"orderrows":[{"product_id":845003,"count":1}]}`, "orders").Get("id").String()
				ids = append(ids, id)
				status[id] = "1"
				return
			}
			id, to := ids[d.roll(len(ids))], fmt.Sprint(1+d.roll(14))
			s.ask(rt, http.MethodPatch, `{"status":`+to+`}`, "orders", id)
			status[id] = to
		}
		for range rapid.IntRange(0, 12).Draw(rt, "orders") {
			change()
		}
		s.before = func(r *http.Request) {
			if strings.HasSuffix(r.URL.Path, "/orders/") && d.roll(3) == 1 {
				change()
			}
		}
		seen := map[string]string{}
		var cursor time.Time
		take := func() {
			for _, doc := range read(rt, s.Client, port.Query{Resource: "order", Since: cursor}) {
				seen[doc.ID] = gjson.GetBytes(doc.Body, "status").Raw
				if doc.ChangedAt.After(cursor) {
					cursor = doc.ChangedAt
				}
			}
		}
		for range rapid.IntRange(1, 3).Draw(rt, "reads") {
			take()
			for range d.roll(4) {
				change()
			}
		}
		s.before = nil
		take()
		for id, want := range status {
			if seen[id] != want {
				rt.Fatalf("order %s is in the state %s, read was %q", id, want, seen[id])
			}
		}
	})
}

// TestProductsLoseNothing is the same for products, whose stamps have seconds.
func TestProductsLoseNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var cleanups []func()
		defer func() {
			for _, f := range cleanups {
				f()
			}
		}()
		s := start(rt, func(f func()) { cleanups = append(cleanups, f) }, plan{empty: true, options: []sandbox.Option{sandbox.WithRestlessLists()},
			config: connectors.Config{Options: map[string]string{"overlap": "30s"}}})
		s.size = rapid.IntRange(2, 4).Draw(rt, "page")
		price := map[string]string{}
		d := draw(rt)
		s.before = func(r *http.Request) {
			if !strings.HasSuffix(r.URL.Path, "/products/") || d.roll(2) == 0 {
				return
			}
			s.clock.Add(time.Duration(d.roll(1200)) * time.Millisecond)
			if d.roll(4) == 0 {
				s.clock.Add(time.Minute) // a walk may take longer than the overlap
			}
			id, to := []string{"845001", "845002", "845003", "845004", "845006"}[d.roll(5)], fmt.Sprint(1+d.roll(900))
			s.ask(rt, http.MethodPatch, `{"price":`+to+`}`, "products", id)
			price[id] = to
		}
		seen := map[string]string{}
		var cursor time.Time
		take := func() {
			for _, doc := range read(rt, s.Client, port.Query{Resource: "product", Since: cursor}) {
				seen[doc.ID] = gjson.GetBytes(doc.Body, "price").Raw
				if doc.ChangedAt.After(cursor) {
					cursor = doc.ChangedAt
				}
			}
		}
		for range rapid.IntRange(1, 3).Draw(rt, "reads") {
			take()
		}
		s.before = nil
		take()
		for id, want := range price {
			if seen[id] != want {
				rt.Fatalf("product %s costs %s, read was %s", id, want, seen[id])
			}
		}
	})
}

// TestLongWalk changes a product whose turn is over and, later, one whose turn is to come, in a walk through the catalogue that takes longer than the overlap.
func TestLongWalk(t *testing.T) {
	s := start(t, t.Cleanup, plan{config: connectors.Config{Options: map[string]string{"overlap": "30s", "pageSize": "2"}}})
	price := func(id, to string) {
		s.clock.Add(time.Minute)
		s.ask(t, http.MethodPatch, `{"price":`+to+`}`, "products", id)
	}
	ids := []string{"845001", "845002", "845003", "845004", "845006"}
	s.clock.Add(time.Hour)
	for _, id := range ids[1:] { // an import: they all bear one stamp, so that the newest cannot be gone back through
		s.ask(t, http.MethodPatch, `{"price":1}`, "products", id)
	}
	walked := 0
	s.before = func(r *http.Request) {
		if q := r.URL.Query(); !strings.HasSuffix(r.URL.Path, "/products/") || q.Get("orderby") != "id" {
			return
		}
		switch walked++; walked {
		case 2:
			price(ids[0], "2")
		case 3:
			price(ids[4], "3")
		}
	}
	cursor, seen := s.clock.Now().Add(-time.Minute), map[string]string{}
	for range 2 {
		for _, d := range read(t, s.Client, port.Query{Resource: "product", Since: cursor}) {
			seen[d.ID] = gjson.GetBytes(d.Body, "price").Raw
			if d.ChangedAt.After(cursor) {
				cursor = d.ChangedAt
			}
		}
	}
	if walked < 3 || seen[ids[0]] != "2" || seen[ids[4]] != "3" {
		t.Errorf("%d pages, read was %v", walked, seen)
	}
}

// TestURIsAreSigned sends what is hard to escape: client and shop must sign the same text.
func TestURIsAreSigned(t *testing.T) {
	s := newShop(t)
	for _, sku := range []string{"a b", "a+b", "a/b", "ä,ö", "50%", "a&b=c", "#1", "^", `"`, "a%2Fb"} {
		if _, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: sku}); err != nil {
			t.Errorf("%q: %v", sku, err)
		}
	}
	req := rest.Request{Path: "/products/", Query: withExpand("a,b c")}
	if got := s.uri(req); got != "/api/rest/v1/products/?expand=a%2Cb%20c" {
		t.Error(got)
	}
}

func TestSolve(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		n := rapid.IntRange(1, 4).Draw(rt, "unknowns")
		x := make([]*big.Rat, n)
		for i := range x {
			x[i] = big.NewRat(int64(rapid.IntRange(-500, 500).Draw(rt, "x")), 100)
		}
		var rows, kept [][]*big.Rat
		for range rapid.IntRange(1, 6).Draw(rt, "rows") {
			row := make([]*big.Rat, n+1)
			row[n] = new(big.Rat)
			for i := range n {
				row[i] = big.NewRat(int64(rapid.IntRange(0, 1).Draw(rt, "a")), 1)
				row[n].Add(row[n], new(big.Rat).Mul(row[i], x[i]))
			}
			rows = append(rows, row)
			same := make([]*big.Rat, n+1)
			for i := range row {
				same[i] = new(big.Rat).Set(row[i])
			}
			kept = append(kept, same)
		}
		solution, ok := solve(rows, n)
		if !ok {
			rt.Fatal("no solution was found, and there is one")
		}
		for _, row := range kept {
			sum := new(big.Rat)
			for i := range n {
				sum.Add(sum, new(big.Rat).Mul(row[i], solution[i]))
			}
			if sum.Cmp(row[n]) != 0 {
				rt.Fatalf("%v is no solution of %v", solution, row)
			}
		}
	})
	one := func(n int64) *big.Rat { return big.NewRat(n, 1) }
	if _, ok := solve([][]*big.Rat{{one(1), one(2)}, {one(1), one(3)}}, 1); ok {
		t.Error("1 is 2 and 3")
	}
}

// TestProductVersion shows that a product that did not change has the same version every time it is read: another would be sent again.
func TestProductVersion(t *testing.T) {
	s := newShop(t)
	versions := map[string]bool{}
	for range 20 {
		docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-TEE"})
		if err != nil || len(docs) != 1 {
			t.Fatal(docs, err)
		}
		versions[docs[0].Version] = true
	}
	if len(versions) != 1 {
		t.Errorf("%d versions", len(versions))
	}
}
