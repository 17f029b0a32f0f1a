package rest_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
)

type ctxKey struct{}

func TestCaptureAndLog(t *testing.T) {
	s := serve(t, status(500, `{"error":"busy"}`), status(201, `{"id":1,"token":"tok"}`, "Set-Cookie", "session=1"))
	clk := newClock()
	var got []rest.Exchange
	var log bytes.Buffer
	c := client(t, s.URL, clk, func(cfg *rest.Config) {
		cfg.Auth = rest.Bearer("bearer-secret")
		cfg.Log = slog.New(slog.NewTextHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
		cfg.Capture = func(ctx context.Context) func(rest.Exchange) {
			if ctx.Value(ctxKey{}) != "order 10001" {
				t.Error("the capture does not see the call's context")
			}
			return func(x rest.Exchange) { got = append(got, x) }
		}
	})
	ctx := context.WithValue(t.Context(), ctxKey{}, "order 10001")
	_, err := c.Do(ctx, rest.Request{Method: "POST", Repeat: rest.Safe, Path: "/customers/anna@example.nl", Route: "/customers/{email}",
		Query: url.Values{"api_key": {"k"}, "page": {"1"}}, Body: []byte(`{"name":"Anna","password":"geheim"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if len(got) != 2 || got[0].Status != 500 || got[0].Attempt != 1 || got[1].Status != 201 || got[1].Attempt != 2 {
		t.Fatalf("captured %+v", got)
	}
	x := got[1]
	if x.URL != s.URL+"/customers/anna@example.nl?api_key=[masked]&page=1" || string(x.RequestBody) != `{"name":"Anna","password":"[masked]"}` || string(x.ResponseBody) != `{"id":1,"token":"[masked]"}` {
		t.Errorf("captured %s %s %s", x.URL, x.RequestBody, x.ResponseBody)
	}
	if all := fmt.Sprintf("%+v", got); strings.Contains(all, "bearer-secret") || strings.Contains(all, "geheim") || strings.Contains(all, "session=1") {
		t.Error("a secret is in the capture")
	}
	if strings.Contains(log.String(), "anna") || strings.Contains(log.String(), "Anna") || strings.Contains(log.String(), "secret") || !strings.Contains(log.String(), `op="POST /customers/{email}" attempt=2 status=201`) {
		t.Errorf("the log says %s", log.String())
	}
	s.Close()
	_, _ = c.Do(ctx, rest.Request{Path: "/a", Query: url.Values{"email": {"anna@example.nl"}}})
	if last := got[len(got)-1]; last.Status != 0 || last.Error == "" || strings.Contains(last.Error, "anna") {
		t.Errorf("captured %+v", last)
	}
}

func TestBudgetOfRequests(t *testing.T) {
	s := serve(t, status(200, "{}"))
	clk := newClock()
	var budgets rest.Budgets
	connect := func() *rest.Client {
		return client(t, s.URL, clk, func(cfg *rest.Config) {
			cfg.Limit = func(r rest.Request) *rest.Limiter {
				if r.Path == "/free" {
					return nil
				}
				return budgets.Limiter("partner "+r.Path, 2, time.Minute)
			}
		})
	}
	one, other := connect(), connect()
	for i, c := range []*rest.Client{one, other} {
		if _, err := c.Do(t.Context(), rest.Request{Path: "/orders"}); err != nil {
			t.Fatal(i, err)
		}
	}
	if got := clk.sleeps(); len(got) != 1 || got[0] != time.Minute {
		t.Errorf("two connections of one partner waited %v", got)
	}
	for _, path := range []string{"/customers", "/free", "/free"} {
		if _, err := one.Do(t.Context(), rest.Request{Path: path}); err != nil {
			t.Fatal(err)
		}
	}
	if got := clk.sleeps(); len(got) != 1 {
		t.Errorf("another endpoint waited %v", got)
	}
}

func TestA429HoldsEveryoneWhoSharesTheBudget(t *testing.T) {
	s := serve(t, status(429, "", "Retry-After", "600"), status(200, "{}"))
	clk := newClock()
	shared := rest.NewLimiter(1000, time.Second)
	connect := func() *rest.Client {
		return client(t, s.URL, clk, func(cfg *rest.Config) { cfg.Limit = func(rest.Request) *rest.Limiter { return shared } })
	}
	_, first := connect().Do(t.Context(), rest.Request{Path: "/a"})
	_, second := connect().Do(t.Context(), rest.Request{Path: "/a"})
	if first == nil || second == nil || s.count() != 1 {
		t.Errorf("%v, %v after %d calls", first, second, s.count())
	}
	_ = clk.sleep(t.Context(), 600*time.Second)
	if _, err := connect().Do(t.Context(), rest.Request{Path: "/a"}); err != nil {
		t.Error(err)
	}
}

func TestPages(t *testing.T) {
	broken := errors.New("page 3 is broken")
	next := func(_ context.Context, page int) ([]int, bool, error) {
		if page == 3 {
			return nil, false, broken
		}
		return []int{page * 10, page*10 + 1}, true, nil
	}
	var got []int
	var last error
	for n, err := range rest.Pages(t.Context(), next) {
		if err != nil {
			last = err
			break
		}
		got = append(got, n)
	}
	if fmt.Sprint(got) != "[10 11 20 21]" || !errors.Is(last, broken) {
		t.Errorf("got %v, %v", got, last)
	}
	for n := range rest.Pages(t.Context(), next) {
		if n == 11 {
			break // asks for no second page
		}
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	seen := 0
	for _, err := range rest.Pages(ctx, next) {
		if seen++; seen == 2 {
			cancel()
		}
		if seen == 3 && !errors.Is(err, context.Canceled) {
			t.Errorf("page 2 after the context's end: %v", err)
		}
	}
	if seen != 3 {
		t.Errorf("%d elements", seen)
	}
}

func ExampleClient_Do() {
	shop := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { fmt.Fprint(w, `{"total":19.10}`) })
	c, err := rest.New(rest.Config{System: "shop", URL: "https://shop.example.com/api", JSON: true,
		Auth: rest.Bearer("token"), HTTP: &http.Client{Transport: local{shop}}})
	if err != nil {
		fmt.Println(err)
		return
	}
	defer c.Close()
	resp, err := c.Do(context.Background(), rest.Request{Path: rest.Path("orders", "10001"), Route: "/orders/{number}"})
	fmt.Println(resp.Status, string(resp.Body), err)
	// Output: 200 {"total":19.10} <nil>
}
