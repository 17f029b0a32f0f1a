package shopware

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

var _ connectors.Receiver = (*Client)(nil)

const hook = "https://crosswalk.example.com/hooks/webshop"

// subscribe registers webhooks of an app, or of none.
func (s *shop) subscribe(t *testing.T, app string, events ...string) {
	t.Helper()
	for _, e := range events {
		body := `{"name":"` + e + `","eventName":"` + e + `","url":"` + hook + `","onlyLiveVersion":true,"appId":` + app + `}`
		if _, err := s.api.Do(t.Context(), rest.Request{Method: http.MethodPost, Path: "/webhook", Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
}

const anApp = `"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"`

// received is what an event hints at; change alters the call on its way.
func (s *shop) received(t *testing.T, e sandbox.Event, change func(*http.Request, []byte) []byte) ([]connectors.Hint, error) {
	t.Helper()
	r, err := e.Request(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	body, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	if change != nil {
		body = change(r, body)
	}
	hints, reply, err := s.Receive(r, body)
	if reply != nil {
		t.Errorf("the shop reads no answer: %s", reply)
	}
	return hints, err
}

func TestWebhooks(t *testing.T) {
	s := open0(t)
	s.subscribe(t, anApp, "product.written", "product.deleted", "customer.written", "order.written", "order_address.written", "category.written", "state_enter.order_transaction.state.paid")
	order := read(t, s.Client, port.Query{Resource: "order"})[0]
	customer := s.make(t, "customer", string(s.customerBody(t, "ada@example.nl")))
	product := s.product(t, "A", "")
	s.Events()
	for name, c := range map[string]struct {
		method, path, body string
		want               []connectors.Hint
	}{
		"a name":           {"PATCH", "/product/" + product.ID, `{"name":"B"}`, []connectors.Hint{{Entity: port.Product, Resource: "product"}}},
		"stock":            {"PATCH", "/product/" + product.ID, `{"stock":3}`, []connectors.Hint{{Entity: port.Product, Resource: "product"}, {Entity: port.Stock, Resource: "stock", ID: product.ID}}},
		"a customer":       {"PATCH", "/customer/" + customer.ID, `{"company":"B"}`, []connectors.Hint{{Entity: port.Customer, Resource: "customer", ID: customer.ID}}},
		"an order":         {"PATCH", "/order/" + order.ID, `{"customerComment":"B"}`, []connectors.Hint{{Entity: port.Order, Resource: "order", ID: order.ID}}},
		"a part of one":    {"PATCH", "/order-address/" + gjson.GetBytes(order.Body, "billingAddressId").String(), `{"city":"B"}`, []connectors.Hint{{Entity: port.Order, Resource: "order"}}},
		"of no interest":   {"PATCH", "/category/" + s.rows(t, "category")[0].Get("id").String(), `{"name":"B"}`, nil},
		"deleted":          {"DELETE", "/product/" + s.product(t, "B", "").ID, ``, []connectors.Hint{{Entity: port.Product, Resource: "product", Deleted: true}}},
		"nobody asked for": {"PATCH", "/tag/" + s.rows(t, "tag")[0].Get("id").String(), `{"name":"B"}`, nil},
	} {
		s.Events()
		req := rest.Request{Method: c.method, Path: c.path}
		if c.body != "" {
			req.Body = []byte(c.body)
		}
		if _, err := s.api.Do(t.Context(), req); err != nil {
			t.Fatal(err)
		}
		var got []connectors.Hint
		seen := map[string]bool{}
		for _, e := range s.Events() {
			hints, err := s.received(t, e, nil)
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			for _, h := range hints {
				if h.Delivery == "" {
					t.Errorf("%s: a delivery without a number", name)
				}
				seen[h.Delivery] = true
				h.Delivery = ""
				if h.Deleted {
					h.ID = ""
				}
				got = append(got, h)
			}
		}
		if !slices.Equal(got, c.want) || len(seen) > 1 {
			t.Errorf("%s: %+v", name, got)
		}
	}
	// A payment that is paid is an event of its order.
	open := read(t, s.Client, port.Query{Resource: "order"})
	i := slices.IndexFunc(open, func(d port.Document) bool {
		return gjson.GetBytes(d.Body, "transactions.0.stateMachineState.technicalName").String() == "open"
	})
	if _, err := s.api.Do(t.Context(), rest.Request{Method: http.MethodPost, Body: []byte(`{}`),
		Path: "/_action/order_transaction/" + gjson.GetBytes(open[i].Body, "transactions.0.id").String() + "/state/paid"}); err != nil {
		t.Fatal(err)
	}
	events := s.Events()
	if len(events) == 0 || events[0].Name != "state_enter.order_transaction.state.paid" {
		t.Fatalf("%+v", events)
	}
	if hints, err := s.received(t, events[0], nil); err != nil || len(hints) != 1 || hints[0].ID != open[i].ID || hints[0].Entity != port.Order {
		t.Errorf("%+v %v", hints, err)
	}
	// A write that was refused is no event.
	if _, err := s.Update(t.Context(), "product", product.ID, []byte(`{"stock":"x"}`)); err == nil || len(s.Events()) != 0 {
		t.Errorf("refused: %v", err)
	}
}

func TestForgedWebhooks(t *testing.T) {
	s := open0(t)
	s.subscribe(t, anApp, "product.written")
	s.subscribe(t, "null", "product.written") // no app, no signature
	s.product(t, "A", "")
	events := s.Events()
	if len(events) != 2 || events[1].Signature != "" {
		t.Fatalf("%+v", events)
	}
	e := events[0]
	hints, err := s.received(t, e, nil)
	if err != nil || len(hints) == 0 {
		t.Fatal(err)
	}
	// The same call once more is the same delivery.
	if again, err := s.received(t, e, nil); err != nil || !slices.Equal(hints, again) {
		t.Errorf("%+v, then %+v, %v", hints, again, err)
	}
	for name, change := range map[string]func(*http.Request, []byte) []byte{
		"no signature": func(r *http.Request, b []byte) []byte { r.Header.Del("Shopware-Shop-Signature"); return b },
		"a wrong one": func(r *http.Request, b []byte) []byte {
			r.Header.Set("Shopware-Shop-Signature", strings.Repeat("0", 64))
			return b
		},
		"a shorter one": func(r *http.Request, b []byte) []byte {
			r.Header.Set("Shopware-Shop-Signature", e.Signature[:32])
			return b
		},
		"another body":  func(_ *http.Request, b []byte) []byte { return bytes.Replace(b, []byte("insert"), []byte("delete"), 1) },
		"one more byte": func(_ *http.Request, b []byte) []byte { return append(b, '\n') },
		"signed, no JSON": func(r *http.Request, _ []byte) []byte {
			r.Header.Set("Shopware-Shop-Signature", signature(s.hooks.secret, []byte("{")))
			return []byte("{")
		},
		"signed, no time": func(r *http.Request, _ []byte) []byte {
			r.Header.Set("Shopware-Shop-Signature", signature(s.hooks.secret, []byte("{}")))
			return []byte("{}")
		},
	} {
		if hints, err := s.received(t, e, change); !errors.Is(err, connectors.ErrSignature) || hints != nil {
			t.Errorf("%s: %v %v", name, hints, err)
		}
	}
	if _, err := s.received(t, events[1], nil); !errors.Is(err, connectors.ErrSignature) {
		t.Errorf("of no app: %v", err)
	}
	s.clock.Add(25 * time.Hour)
	if _, err := s.received(t, e, nil); !errors.Is(err, connectors.ErrSignature) {
		t.Errorf("an event of yesterday: %v", err)
	}
	s.clock.Add(-26 * time.Hour)
	if _, err := s.received(t, e, nil); !errors.Is(err, connectors.ErrSignature) {
		t.Errorf("an event of tomorrow: %v", err)
	}
	s.hooks.secret = ""
	if _, err := s.received(t, e, func(r *http.Request, b []byte) []byte {
		r.Header.Set("Shopware-Shop-Signature", signature("", b))
		return b
	}); !errors.Is(err, connectors.ErrSignature) {
		t.Errorf("without a secret: %v", err)
	}
}

// Drafts are no change, and hints are told once.
func TestHints(t *testing.T) {
	id := strings.Repeat("a", 32)
	for body, want := range map[string][]connectors.Hint{
		`{"data":{"payload":[{"entity":"order","primaryKey":"` + id + `","operation":"update","versionId":"` + strings.Repeat("b", 32) + `"}]}}`: nil,
		`{"data":{"payload":[{"entity":"customer_address","primaryKey":"x"},{"entity":"customer_address","primaryKey":"y"}]}}`:                   {{Entity: port.Customer, Resource: "customer"}},
		`{"data":{"payload":[{"entity":"product_price","primaryKey":"x","updatedFields":["stock"]}]}}`:                                           {{Entity: port.Product, Resource: "product"}},
		`{"data":{"payload":[{"entity":"sales_channel_address"}, null, 7]}}`:                                                                     nil,
		`{"data":{"payload":{"customer":{"id":"` + id + `"}}}}`:                                                                                  {{Entity: port.Customer, Resource: "customer", ID: id}},
		`{"data":{"payload":{"order":{"id":"` + id + `"},"customer":{"id":"` + id + `"}}}}`:                                                      {{Entity: port.Order, Resource: "order", ID: id}},
		`{"data":{"payload":{"order":{"id":"../x"}}}}`:                                                                                           nil,
		`{"apiKey":"k"}`: nil,
	} {
		if got := hintsOf(gjson.Parse(body)); !slices.Equal(got, want) {
			t.Errorf("%s: %+v", body, got)
		}
	}
}

// The shop installs the app: it asks for a proof and a secret, and signs with that from then on.
func TestRegistration(t *testing.T) {
	creds := sandbox.New(connectors.SandboxOptions{}).Credentials()
	creds["appSecret"] = "manifest"
	s := start(t, t.Cleanup, connectors.SandboxOptions{}, connectors.Config{Credentials: creds})
	ask := func(query, signature string) ([]byte, error) {
		r := httptest.NewRequest(http.MethodGet, hook+"?"+query, nil)
		r.Header.Set("shopware-app-signature", signature)
		hints, reply, err := s.Receive(r, nil)
		if hints != nil {
			t.Errorf("%v", hints)
		}
		return reply, err
	}
	// 1780315200 is about the shop's noon; the proof is what openssl dgst -sha256 -hmac manifest makes of the text.
	query := "shop-id=1&shop-url=https%3A%2F%2Fshop.example.com&timestamp=1780315200"
	reply, err := ask(query, signature("manifest", []byte(query)))
	if err != nil {
		t.Fatal(err)
	}
	got := gjson.ParseBytes(reply)
	if got.Get("proof").String() != "a5adf4e4e98f5be19df4d9805cc3938f78c11e79cb26d9a45bef301e4e3712c2" || got.Get("secret").String() != creds["webhookSecret"] || got.Get("confirmation_url").String() != hook {
		t.Errorf("%s", reply)
	}
	for name, c := range map[string][2]string{
		"another shop":  {strings.Replace(query, "shop.", "evil.", 1), signature("manifest", []byte(query))},
		"no signature":  {query, ""},
		"long ago":      {strings.Replace(query, "178", "168", 1), signature("manifest", []byte(strings.Replace(query, "178", "168", 1)))},
		"other secrets": {query, signature("other", []byte(query))},
	} {
		if reply, err := ask(c[0], c[1]); !errors.Is(err, connectors.ErrSignature) || reply != nil {
			t.Errorf("%s: %s %v", name, reply, err)
		}
	}
	s.hooks.appSecret = ""
	if _, err := ask(query, signature("", []byte(query))); !errors.Is(err, connectors.ErrSignature) {
		t.Errorf("without a secret: %v", err)
	}
}

func FuzzReceive(f *testing.F) {
	f.Add([]byte(`{"data":{"payload":[{"entity":"product"}]},"timestamp":1}`), "00")
	c := &Client{hooks: hooks{secret: "s", now: time.Now}}
	f.Fuzz(func(t *testing.T, body []byte, given string) {
		r := &http.Request{Method: http.MethodPost, Header: http.Header{"Shopware-Shop-Signature": {given}}}
		if hints, _, err := c.Receive(r, body); err == nil || hints != nil {
			t.Errorf("%s with %s was believed", body, given)
		}
		hintsOf(gjson.ParseBytes(body))
	})
}

// The sandbox makes the calls itself: a receiver learns of a write over HTTP.
func TestDelivery(t *testing.T) {
	s := open0(t)
	var told []connectors.Hint
	refuse := false
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		hints, _, err := s.Receive(r, body)
		if err != nil || refuse {
			w.WriteHeader(http.StatusUnauthorized)
		}
		told = append(told, hints...)
	}))
	defer receiver.Close()
	for _, e := range []string{"customer.written", "customer_address.written"} {
		body := `{"name":"` + e + `","eventName":"` + e + `","url":"` + receiver.URL + `","appId":` + anApp + `}`
		if _, err := s.api.Do(t.Context(), rest.Request{Method: http.MethodPost, Path: "/webhook", Body: []byte(body)}); err != nil {
			t.Fatal(err)
		}
	}
	d := s.make(t, "customer", string(s.customerBody(t, "ada@example.nl")))
	if err := s.Deliver(t.Context(), receiver.Client()); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(told, func(a, b connectors.Hint) int { return strings.Compare(b.ID, a.ID) })
	if len(told) != 2 || told[0].ID != d.ID || told[1].ID != "" || told[0].Delivery == told[1].Delivery {
		t.Errorf("%+v", told)
	}
	refuse = true
	s.make(t, "customer", with(t, string(s.customerBody(t, "bob@example.nl")), "addresses.0.id", strings.Repeat("6", 32),
		"defaultBillingAddressId", strings.Repeat("6", 32), "defaultShippingAddressId", strings.Repeat("6", 32)))
	if err := s.Deliver(t.Context(), receiver.Client()); err == nil {
		t.Error("a call that was refused counts as made")
	}
}
