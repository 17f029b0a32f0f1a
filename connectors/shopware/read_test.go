package shopware

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestReadOrders(t *testing.T) {
	s := open0(t)
	docs := read(t, s.Client, port.Query{Resource: "order"})
	want := []string{"10001", "10002", "10003", "10004", "10005", "10006", "10007", "10008", "10009", "10010"}
	if got := keys(docs); !slices.Equal(got, want) {
		t.Fatalf("orders %v, want %v", got, want)
	}
	// What mappings need must be loaded, in every order.
	for _, d := range docs {
		if d.Resource != "order" || !isID(d.ID) || d.Version == "" || d.ChangedAt.IsZero() {
			t.Errorf("%s: %+v", d.Key, d)
		}
		for _, path := range []string{
			"orderCustomer.email", "orderCustomer.customer.group.displayGross", "billingAddress.country.iso", "addresses.0.country.iso",
			"currency.isoCode", "language.locale.code", "salesChannel.name", "stateMachineState.technicalName", "tags",
			"lineItems.0.product.productNumber", "transactions.0.stateMachineState.technicalName", "transactions.0.paymentMethod.technicalName",
			"deliveries.0.stateMachineState.technicalName", "deliveries.0.shippingMethod.technicalName",
			"deliveries.0.shippingOrderAddress.country.iso", "deliveries.0.positions.0.price.totalPrice",
		} {
			if v := gjson.GetBytes(d.Body, path); !v.Exists() || v.Type == gjson.Null {
				t.Errorf("%s: %s is not loaded", d.Key, path)
			}
		}
	}
	states := gjson.GetBytes(docs[8].Body, "transactions.#.stateMachineState.technicalName").String()
	if docs[8].Key != "10009" || states != `["failed","paid"]` {
		t.Errorf("payments of %s are %s, not in the order of their creation", docs[8].Key, states)
	}
}

func TestReadVersions(t *testing.T) {
	for _, v := range []string{"6.4.20.2", "6.5.8.14", "6.6.7.1", "6.7.0.0", "6.6.9999999.9999999-dev"} {
		s := open0(t, sandbox.WithVersion(v))
		got, err := s.Ping(t.Context())
		if err != nil || got != "Shopware "+v {
			t.Errorf("%s: %q %v", v, got, err)
		}
		for _, res := range []string{"order", "customer", "product"} {
			if docs := read(t, s.Client, port.Query{Resource: res}); len(docs) == 0 {
				t.Errorf("%s: no %s", v, res)
			}
		}
	}
	s := open0(t, sandbox.WithVersion("6.3.5.4"))
	if _, err := s.Ping(t.Context()); !errors.Is(err, port.ErrProtocol) {
		t.Errorf("6.3: %v", err)
	}
}

func TestReadPages(t *testing.T) {
	want := []string(nil)
	for size := 1; size <= 12; size++ {
		s := open0(t)
		s.page = size
		s.largest.Store(int64(size)) // of the scan
		docs := read(t, s.Client, port.Query{Resource: "product"})
		if want == nil {
			want = keys(docs)
			if len(want) != 6 { // a family is one
				t.Fatalf("%d products", len(want))
			}
		}
		if got := keys(docs); !slices.Equal(got, want) {
			t.Errorf("pages of %d: %v, want %v", size, got, want)
		}
	}
}

func TestReadSmallerPagesThanShopware(t *testing.T) {
	s := open0(t)
	s.Fault(faults.Fault{Match: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/search/order") },
		Serve: func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusBadRequest)
			fmt.Fprint(w, `{"errors":[{"status":"400","code":"FRAMEWORK__QUERY_LIMIT_EXCEEDED","title":"Bad Request","detail":"The limit must be lower than or equal to MAX_LIMIT(=4). Given: 500","meta":{"parameters":{"maxLimit":4,"limit":500}}}]}`)
		}})
	if docs := read(t, s.Client, port.Query{Resource: "order"}); len(docs) != 10 || s.largest.Load() != 4 {
		t.Errorf("%d orders, pages of %d", len(docs), s.largest.Load())
	}
}

// product writes a product by the API of the sandbox.
func (s *shop) product(t failer, number string, extra string) port.Document {
	t.Helper()
	tax := gjson.GetBytes(s.reference(t, "taxes"), "0.id").String()
	body := fmt.Sprintf(`{"productNumber":%q,"name":"P","taxId":%q,"stock":1,"price":[{"currencyId":"b7d2554b0ce847cd82f3ac9bd1c0dfca","net":1,"gross":1.21,"linked":true}]%s}`, number, tax, extra)
	d, err := s.Create(context.Background(), "product", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (s *shop) reference(t failer, name string) []byte {
	t.Helper()
	table, err := s.Reference(context.Background(), name, false)
	if err != nil {
		t.Fatal(err)
	}
	return table
}

func TestReadEqualStamps(t *testing.T) {
	s := start(t, t.Cleanup, connectors.SandboxOptions{Empty: true}, connectors.Config{})
	var want []string
	for i := range 25 { // the clock stands still
		want = append(want, s.product(t, fmt.Sprintf("SAME-%02d", i), "").Key)
	}
	s.largest.Store(4)
	s.page = 3
	for _, q := range []port.Query{{Resource: "product"}, {Resource: "product", Since: s.clock.Now()}} {
		got := keys(read(t, s.Client, q))
		slices.Sort(got)
		if !slices.Equal(got, want) {
			t.Errorf("since %v: %v", q.Since, got)
		}
	}
	// A limit cuts the list, and whoever goes on from the last stamp still gets everything.
	if n := len(read(t, s.Client, port.Query{Resource: "product", Limit: 7})); n != 7 {
		t.Errorf("limit 7 gave %d", n)
	}
	if n := len(read(t, s.Client, port.Query{Resource: "product", Limit: 7, Since: s.clock.Now()})); n != 25 {
		t.Errorf("limit 7 since the stamp of all gave %d", n)
	}
}

// TestReadLosesNothing plays a flow that reads from its newest stamp while
// products come and change at any moment, between any two requests of a read.
func TestReadLosesNothing(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var done []func()
		defer func() {
			for _, f := range slices.Backward(done) {
				f()
			}
		}()
		s := start(t, func(f func()) { done = append(done, f) }, connectors.SandboxOptions{Empty: true}, connectors.Config{Options: map[string]string{"overlap": "0s"}})
		s.largest.Store(int64(rapid.IntRange(1, 2).Draw(t, "scan")))
		s.page = rapid.IntRange(1, 3).Draw(t, "page")
		other, err := Open(connectors.Config{Name: "other", URL: s.url(), Credentials: s.Credentials(), Now: s.clock.Now})
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		writer := &shop{Client: other}
		var ids []string
		quiet := false
		change := func() {
			quiet = true
			defer func() { quiet = false }()
			s.clock.Add(time.Duration(rapid.IntRange(0, 900).Draw(t, "ms")) * time.Millisecond)
			if len(ids) < 3 || rapid.Bool().Draw(t, "new") {
				ids = append(ids, writer.product(t, fmt.Sprintf("N-%d", len(ids)), fmt.Sprintf(`,"id":"%032x"`, len(ids))).ID)
				return
			}
			id := rapid.SampledFrom(ids).Draw(t, "which")
			if _, err := other.Update(context.Background(), "product", id, fmt.Appendf(nil, `{"ean":"%d"}`, rapid.IntRange(1, 1e9).Draw(t, "ean"))); err != nil {
				t.Fatal(err)
			}
		}
		for range rapid.IntRange(3, 8).Draw(t, "first") {
			change()
		}
		left := rapid.IntRange(2, 12).Draw(t, "during")
		s.before = func(r *http.Request) {
			if !quiet && left > 0 && strings.HasSuffix(r.URL.Path, "/search/product") && rapid.Bool().Draw(t, "now") {
				left--
				change()
			}
		}
		seen := map[string]string{}
		var cursor time.Time
		for round := range 5 {
			s.clock.Add(time.Second)
			if round == 4 { // at last nobody writes any more
				left = 0
			}
			last := cursor
			for d, err := range s.Read(context.Background(), port.Query{Resource: "product", Since: cursor}) {
				if err != nil {
					t.Fatal(err)
				}
				if d.ChangedAt.Before(last) && d.ChangedAt.After(cursor) {
					t.Fatalf("stamps go back from %v to %v", last, d.ChangedAt)
				}
				last = d.ChangedAt
				seen[d.ID] = d.Version
			}
			if last.After(cursor) {
				cursor = last
			}
		}
		s.before = nil
		for _, d := range read(t, s.Client, port.Query{Resource: "product"}) {
			if seen[d.ID] != d.Version {
				t.Errorf("%s was last seen as %q, but is %q", d.Key, seen[d.ID], d.Version)
			}
		}
	})
}

func (s *shop) url() string { return strings.TrimSuffix(s.base, "/api") }

func TestReadSinceFollowsParts(t *testing.T) {
	s := open0(t)
	start := s.clock.Now()
	s.overlap = 0
	q := port.Query{Resource: "order", Since: start}
	if docs := read(t, s.Client, q); len(docs) != 0 {
		t.Fatalf("nothing changed, but %v came", keys(docs))
	}
	find := func(number string) gjson.Result {
		docs, err := s.Find(t.Context(), "order", port.Key{Field: port.KeyNumber, Value: number})
		if err != nil || len(docs) != 1 {
			t.Fatalf("%s: %d %v", number, len(docs), err)
		}
		return gjson.ParseBytes(docs[0].Body)
	}
	before, _ := s.Find(t.Context(), "order", port.Key{Field: port.KeyNumber, Value: "10006"})
	s.clock.Add(time.Minute)
	// Paying moves the transaction's stamp, shipping the delivery's; the order's own stays null.
	act := func(path string) {
		t.Helper()
		if _, err := s.api.Do(t.Context(), rest.Request{Method: "POST", Path: path, Body: []byte(`{"sendMail":false}`)}); err != nil {
			t.Fatal(err)
		}
	}
	act("/_action/order_transaction/" + find("10006").Get("transactions.0.id").String() + "/state/paid")
	s.clock.Add(time.Minute)
	act("/_action/order_delivery/" + find("10002").Get("deliveries.0.id").String() + "/state/ship")
	if find("10006").Get("updatedAt").Type != gjson.Null {
		t.Error("the order's own stamp moved")
	}
	docs := read(t, s.Client, q)
	if got := keys(docs); !slices.Equal(got, []string{"10006", "10002"}) {
		t.Fatalf("changed: %v", got)
	}
	if at := docs[0].ChangedAt; !at.Equal(start.Add(time.Minute)) {
		t.Errorf("10006 changed at %v", at)
	}
	if docs[0].Version == before[0].Version {
		t.Error("a paid order has the version of an unpaid one")
	}
	s.overlap = time.Hour
	q.Since = s.clock.Now().Add(30 * time.Minute)
	if docs := read(t, s.Client, q); len(docs) != 2 {
		t.Errorf("the overlap gives %v", keys(docs))
	}
	q = port.Query{Resource: "order", IDs: []string{find("10008").Get("id").String(), "x", strings.Repeat("0", 32)}}
	if docs := read(t, s.Client, q); !slices.Equal(keys(docs), []string{"10008"}) {
		t.Errorf("by id: %v", keys(docs))
	}
}

func TestReadStampsNeverPassTheBeginning(t *testing.T) {
	s := start(t, t.Cleanup, connectors.SandboxOptions{Empty: true}, connectors.Config{})
	s.product(t, "A", "")
	s.clock.Add(time.Minute)
	began := s.clock.Now()
	n := 0
	s.before = func(r *http.Request) {
		if n++; n == 1 { // a product appears while the read is under way, a minute later
			s.before = nil
			s.clock.Add(time.Minute)
			s.product(t, "B", "")
			s.clock.Add(-time.Minute)
		}
	}
	docs := read(t, s.Client, port.Query{Resource: "product"})
	if len(docs) != 2 || docs[1].Key != "B" || docs[1].ChangedAt.After(began) {
		t.Errorf("%+v, the read began at %v", docs[len(docs)-1].ChangedAt, began)
	}
}

func TestVersionIsContent(t *testing.T) {
	a := []byte(`{"id":"1","updatedAt":"x","tags":[{"id":"a","name":"A"},{"id":"b"}],"price":19.10,"lineItems":[{"id":"l","product":{"stock":1}}]}`)
	same := []byte(`{"price":19.10,"id":"1","updatedAt":"y","lineItems":[{"product":{"stock":2},"id":"l"}],"tags":[{"id":"b"},{"name":"A","id":"a"}]}`)
	other := []byte(`{"id":"1","updatedAt":"x","tags":[{"id":"a","name":"A"},{"id":"b"}],"price":19.1,"lineItems":[{"id":"l","product":{"stock":1}}]}`)
	volatile := []string{"lineItems.product"}
	if contentHash(a, volatile) != contentHash(same, volatile) {
		t.Error("the order of members, noise or volatile members count")
	}
	if contentHash(a, volatile) == contentHash(other, volatile) {
		t.Error("another text of a number does not count")
	}
	if contentHash([]byte(`{"a":["x","y"]}`), nil) == contentHash([]byte(`{"a":["y","x"]}`), nil) {
		t.Error("the order of a plain list does not count")
	}
}
