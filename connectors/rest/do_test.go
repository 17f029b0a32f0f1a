package rest_test

import (
	"compress/gzip"
	"context"
	"crypto/tls"
	"errors"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestWhatIsRepeated(t *testing.T) {
	ok := status(200, `{"ok":true}`)
	tests := []struct {
		name   string
		req    rest.Request
		decode port.Error
		steps  []http.HandlerFunc
		kind   error // nil: the call succeeds
		calls  int
	}{
		{"a GET that works", rest.Request{}, port.Error{}, []http.HandlerFunc{ok}, nil, 1},
		{"a GET after 500", rest.Request{}, port.Error{}, []http.HandlerFunc{status(500, ""), ok}, nil, 2},
		{"a GET after 502", rest.Request{}, port.Error{}, []http.HandlerFunc{status(502, ""), ok}, nil, 2},
		{"a GET whose answer is lost", rest.Request{}, port.Error{}, []http.HandlerFunc{hangUp, hangUp, ok}, nil, 3},
		{"a GET whose answer is cut off", rest.Request{}, port.Error{}, []http.HandlerFunc{cutOff(200), ok}, nil, 2},
		{"a GET never works", rest.Request{}, port.Error{}, []http.HandlerFunc{status(503, "")}, port.ErrOutage, 3},
		{"a PUT after 504", rest.Request{Method: "PUT"}, port.Error{}, []http.HandlerFunc{status(504, ""), ok}, nil, 2},
		{"a PUT that adds, after 504", rest.Request{Method: "PUT", Repeat: rest.Once}, port.Error{}, []http.HandlerFunc{status(504, ""), ok}, port.ErrInDoubt, 1},
		{"a DELETE whose answer is cut off", rest.Request{Method: "DELETE"}, port.Error{}, []http.HandlerFunc{cutOff(200), ok}, nil, 2},
		{"a POST that works", rest.Request{Method: "POST", Body: []byte("{}")}, port.Error{}, []http.HandlerFunc{ok}, nil, 1},
		{"a POST whose answer is lost", rest.Request{Method: "POST", Body: []byte("{}")}, port.Error{}, []http.HandlerFunc{hangUp, ok}, port.ErrInDoubt, 1},
		{"a POST whose answer is cut off", rest.Request{Method: "POST", Body: []byte("{}")}, port.Error{}, []http.HandlerFunc{cutOff(201), ok}, port.ErrInDoubt, 1},
		{"a POST refused with words cut off", rest.Request{Method: "POST", Body: []byte("{}")}, port.Error{}, []http.HandlerFunc{cutOff(400), ok}, port.ErrValidation, 1},
		{"a POST after 500", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(500, ""), ok}, port.ErrInDoubt, 1},
		{"a POST after 502", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(502, ""), ok}, port.ErrInDoubt, 1},
		{"a POST after 503 of nobody knows whom", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(503, ""), ok}, port.ErrInDoubt, 1},
		{"a POST after 503 that tells when", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(503, "", "Retry-After", "7"), ok}, nil, 2},
		{"a POST after 504", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(504, ""), ok}, port.ErrInDoubt, 1},
		{"a POST after 408", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(408, ""), ok}, port.ErrInDoubt, 1},
		{"a POST after 429", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(429, "Try again in 41 seconds."), ok}, nil, 2},
		{"a PATCH after 504", rest.Request{Method: "PATCH"}, port.Error{}, []http.HandlerFunc{status(504, ""), ok}, port.ErrInDoubt, 1},
		{"a search by POST after 504", rest.Request{Method: "POST", Repeat: rest.Safe}, port.Error{}, []http.HandlerFunc{status(504, ""), ok}, nil, 2},
		{"a POST after a 500 that rolled back, says the connector", rest.Request{Method: "POST"}, port.Error{Kind: port.ErrOutage}, []http.HandlerFunc{status(500, ""), ok}, nil, 2},
		{"a POST after a 500 that is a refusal, says the connector", rest.Request{Method: "POST"}, port.Error{Kind: port.ErrValidation}, []http.HandlerFunc{status(500, ""), ok}, port.ErrValidation, 1},
		{"a GET in doubt, says the connector", rest.Request{}, port.Error{Kind: port.ErrInDoubt}, []http.HandlerFunc{status(500, ""), ok}, nil, 2},
		{"refused", rest.Request{}, port.Error{}, []http.HandlerFunc{status(400, "")}, port.ErrValidation, 1},
		{"not allowed in", rest.Request{}, port.Error{}, []http.HandlerFunc{status(401, "")}, port.ErrAuth, 1},
		{"not permitted", rest.Request{}, port.Error{}, []http.HandlerFunc{status(403, "")}, port.ErrPermission, 1},
		{"not there", rest.Request{}, port.Error{}, []http.HandlerFunc{status(404, "")}, port.ErrNotFound, 1},
		{"already there", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(409, "")}, port.ErrConflict, 1},
		{"a method that the path does not know", rest.Request{}, port.Error{}, []http.HandlerFunc{status(405, "")}, port.ErrProtocol, 1},
		{"not built", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(501, "")}, port.ErrProtocol, 1},
		{"a redirect, which would make a POST a GET", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(301, "", "Location", "https://www.shop.example.com/api"), ok}, port.ErrProtocol, 1},
		{"a maintenance page with status 200", rest.Request{}, port.Error{}, []http.HandlerFunc{status(200, "<html>")}, port.ErrProtocol, 1},
		{"a maintenance page after a POST", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(200, "<html>")}, port.ErrInDoubt, 1},
		{"no content", rest.Request{Method: "POST"}, port.Error{}, []http.HandlerFunc{status(204, "")}, nil, 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			s := serve(t, tt.steps...)
			c := client(t, s.URL, newClock(), func(cfg *rest.Config) {
				cfg.JSON = true
				cfg.HTTP = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
				cfg.Decode = func(int, http.Header, []byte) port.Error { return tt.decode }
			})
			tt.req.Path = "/v2/orders"
			_, err := c.Do(t.Context(), tt.req)
			if tt.kind == nil && err != nil || tt.kind != nil && !errors.Is(err, tt.kind) {
				t.Errorf("got error %v, want %v", err, tt.kind)
			}
			if got := s.count(); got != tt.calls {
				t.Errorf("the server got %d calls, want %d", got, tt.calls)
			}
		})
	}
}

// fault is a transport that never gets a call through.
type fault struct {
	err   error
	calls int
}

func (f *fault) RoundTrip(*http.Request) (*http.Response, error) {
	f.calls++
	return nil, f.err
}

func TestNothingWasSent(t *testing.T) {
	closed := httptest.NewServer(http.NotFoundHandler())
	closed.Close()
	selfSigned := httptest.NewUnstartedServer(http.NotFoundHandler())
	selfSigned.Config.ErrorLog = log.New(io.Discard, "", 0)
	selfSigned.StartTLS()
	defer selfSigned.Close()
	tests := []struct {
		name  string
		url   string
		rt    http.RoundTripper
		kind  error
		sleep int
	}{
		{"connection refused", closed.URL, nil, port.ErrOutage, 2},
		{"no such host", "http://shop.example.com", &fault{err: &net.DNSError{Err: "no such host", Name: "shop.example.com"}}, port.ErrOutage, 2},
		{"a certificate of nobody we know", selfSigned.URL, nil, port.ErrOutage, 0},
		{"garbled half-way", "http://shop.example.com", &fault{err: tls.RecordHeaderError{Msg: "garbled"}}, port.ErrInDoubt, 0},
		{"reset by an unknown transport", "http://shop.example.com", &fault{err: &net.OpError{Op: "read", Err: errors.New("connection reset by peer")}}, port.ErrInDoubt, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			clk := newClock()
			c := client(t, tt.url, clk, func(cfg *rest.Config) {
				if tt.rt != nil {
					cfg.HTTP = &http.Client{Transport: tt.rt}
				}
			})
			_, err := c.Do(t.Context(), rest.Request{Method: "POST", Path: "/orders", Body: []byte("{}")})
			var e *port.Error
			if !errors.As(err, &e) || e.Kind != tt.kind {
				t.Fatalf("got %v, want %v", err, tt.kind)
			}
			if got := len(clk.sleeps()); got != tt.sleep {
				t.Errorf("waited %d times, want %d", got, tt.sleep)
			}
		})
	}
}

func TestAnswerThatDoesNotCome(t *testing.T) {
	for _, tt := range []struct {
		method string
		kind   error
	}{{"POST", port.ErrInDoubt}, {"GET", port.ErrOutage}} {
		t.Run(tt.method, func(t *testing.T) {
			// Within the bubble a minute passes when nothing else can happen.
			synctest.Test(t, func(t *testing.T) {
				near, far := net.Pipe()
				var taken int64
				done := make(chan struct{})
				go func() {
					defer close(done)
					taken, _ = io.Copy(io.Discard, far) // and says nothing
				}()
				c := client(t, "http://shop.example.com", newClock(), func(cfg *rest.Config) {
					cfg.Retry.Attempts = 1
					cfg.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) { return near, nil }}}
				})
				_, err := c.Do(t.Context(), rest.Request{Method: tt.method, Path: "/orders", Body: []byte("{}")})
				if !errors.Is(err, tt.kind) || !errors.Is(err, context.DeadlineExceeded) {
					t.Errorf("got %v, want %v", err, tt.kind)
				}
				<-done
				if taken == 0 {
					t.Error("the request was not sent")
				}
			})
		})
	}
	t.Run("no connection in time", func(t *testing.T) {
		synctest.Test(t, func(t *testing.T) {
			over := make(chan struct{})
			defer close(over) // the transport goes on dialling for a call that gave up
			c := client(t, "http://shop.example.com", newClock(), func(cfg *rest.Config) {
				cfg.Retry.Attempts = 1
				cfg.HTTP = &http.Client{Transport: &http.Transport{DialContext: func(context.Context, string, string) (net.Conn, error) {
					<-over
					return nil, errors.New("too late")
				}}}
			})
			_, err := c.Do(t.Context(), rest.Request{Method: "POST", Path: "/orders", Timeout: time.Second})
			if !errors.Is(err, port.ErrOutage) || errors.Is(err, port.ErrInDoubt) {
				t.Errorf("got %v", err)
			}
		})
	})
}

func TestCallerGivesUp(t *testing.T) {
	for _, tt := range []struct {
		name, method string
		doubt        bool
	}{{"during a POST", "POST", true}, {"during a GET", "GET", false}} {
		t.Run(tt.name, func(t *testing.T) {
			ctx, cancel := context.WithCancel(t.Context())
			s := serve(t, func(_ http.ResponseWriter, r *http.Request) {
				_, _ = io.Copy(io.Discard, r.Body)
				cancel()
				<-r.Context().Done()
			})
			c := client(t, s.URL, newClock(), nil)
			_, err := c.Do(ctx, rest.Request{Method: tt.method, Path: "/orders"})
			if !errors.Is(err, context.Canceled) || errors.Is(err, port.ErrInDoubt) != tt.doubt || port.Retryable(err) {
				t.Errorf("got %v, in doubt %v", err, tt.doubt)
			}
			if s.count() != 1 {
				t.Errorf("%d calls, want 1", s.count())
			}
		})
	}
	t.Run("before a POST", func(t *testing.T) {
		s := serve(t, status(200, "{}"))
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		_, err := client(t, s.URL, newClock(), nil).Do(ctx, rest.Request{Method: "POST", Path: "/orders"})
		if !errors.Is(err, context.Canceled) || !errors.Is(err, port.ErrOutage) || s.count() != 0 { // nothing was made, and it says so
			t.Errorf("got %v after %d calls", err, s.count())
		}
	})
	t.Run("during a wait", func(t *testing.T) {
		ctx, cancel := context.WithCancel(t.Context())
		s := serve(t, status(429, "", "Retry-After", "5"))
		c := client(t, s.URL, newClock(), func(cfg *rest.Config) {
			cfg.Sleep = func(ctx context.Context, _ time.Duration) error { cancel(); return ctx.Err() }
		})
		_, err := c.Do(ctx, rest.Request{Method: "POST", Path: "/orders"})
		if !errors.Is(err, context.Canceled) || !errors.Is(err, port.ErrOutage) || s.count() != 1 {
			t.Errorf("got %v after %d calls", err, s.count())
		}
	})
}

func TestWaits(t *testing.T) {
	t.Run("backoff doubles, with jitter", func(t *testing.T) {
		clk := newClock()
		s := serve(t, status(500, ""), status(500, ""), status(200, "{}"))
		if _, err := client(t, s.URL, clk, nil).Do(t.Context(), rest.Request{Path: "/a"}); err != nil {
			t.Fatal(err)
		}
		if got := clk.sleeps(); len(got) != 2 || got[0] != 500*time.Millisecond || got[1] != time.Second {
			t.Errorf("waited %v", got)
		}
	})
	t.Run("as long as told and a little", func(t *testing.T) {
		clk := newClock()
		s := serve(t, status(429, `{"DeveloperErrorMessage":"maximum admitted 600 per Minute. Try again in 41 seconds."}`), status(200, "{}"))
		if _, err := client(t, s.URL, clk, nil).Do(t.Context(), rest.Request{Method: "POST", Path: "/a"}); err != nil {
			t.Fatal(err)
		}
		if got := clk.sleeps(); len(got) != 1 || got[0] != 41*time.Second+500*time.Millisecond {
			t.Errorf("waited %v", got)
		}
	})
	t.Run("the connector's word comes first", func(t *testing.T) {
		clk := newClock()
		s := serve(t, status(429, "", "Retry-After", "50"), status(200, "{}"))
		c := client(t, s.URL, clk, func(cfg *rest.Config) {
			cfg.Decode = func(int, http.Header, []byte) port.Error { return port.Error{RetryAfter: 3 * time.Second} }
		})
		if _, err := c.Do(t.Context(), rest.Request{Path: "/a"}); err != nil {
			t.Fatal(err)
		}
		if got := clk.sleeps(); len(got) != 1 || got[0] != 3500*time.Millisecond {
			t.Errorf("waited %v", got)
		}
	})
	t.Run("too long to wait", func(t *testing.T) {
		clk := newClock()
		s := serve(t, status(429, "", "Retry-After", "3600"))
		_, err := client(t, s.URL, clk, nil).Do(t.Context(), rest.Request{Path: "/a"})
		var e *port.Error
		if !errors.As(err, &e) || e.Kind != port.ErrRateLimit || e.RetryAfter != time.Hour {
			t.Errorf("got %v", err)
		}
		if len(clk.sleeps()) != 0 || s.count() != 1 {
			t.Errorf("waited %v, called %d times", clk.sleeps(), s.count())
		}
	})
	t.Run("too long in sum", func(t *testing.T) {
		clk := newClock()
		s := serve(t, status(429, "", "Retry-After", "40"))
		_, err := client(t, s.URL, clk, nil).Do(t.Context(), rest.Request{Path: "/a"})
		if !errors.Is(err, port.ErrRateLimit) || s.count() != 2 {
			t.Errorf("got %v after %d calls", err, s.count())
		}
	})
}

func TestRequestOnTheWire(t *testing.T) {
	var got *http.Request
	var body []byte
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.Clone(context.Background())
		body, _ = io.ReadAll(r.Body)
		w.WriteHeader(201)
	})
	c := client(t, s.URL+"/shop/api/", newClock(), func(cfg *rest.Config) {
		cfg.Header = http.Header{"X-Shop": {"nl"}, "X-Both": {"client"}}
		cfg.Auth = rest.Bearer("abc")
	})
	resp, err := c.Do(t.Context(), rest.Request{Method: "POST", Path: rest.Path("products", "NK/1 a", ".."),
		Query:  url.Values{"$filter": {"Name eq 'a+b c'"}},
		Header: http.Header{"x-both": {"request"}}, Body: []byte(`{"a":19.10}`)})
	if err != nil || resp.Status != 201 {
		t.Fatal(resp.Status, err)
	}
	want := "/shop/api/products/NK%2F1%20a/%2E%2E?%24filter=Name%20eq%20%27a%2Bb%20c%27"
	if got.RequestURI != want {
		t.Errorf("asked for %s\nwant      %s", got.RequestURI, want)
	}
	for name, want := range map[string]string{"X-Shop": "nl", "X-Both": "request", "Authorization": "Bearer abc", "Accept": "application/json", "Content-Type": "application/json"} {
		if v := got.Header.Get(name); v != want {
			t.Errorf("%s is %q, want %q", name, v, want)
		}
	}
	if string(body) != `{"a":19.10}` {
		t.Errorf("body %s", body)
	}
}

func TestBodies(t *testing.T) {
	zipped := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write([]byte(strings.Repeat(" ", 2000) + `{"a":1}`))
		_ = z.Close()
	}
	s := serve(t, zipped)
	resp, err := client(t, s.URL, newClock(), nil).Do(t.Context(), rest.Request{Path: "/a"})
	if err != nil || !strings.HasSuffix(string(resp.Body), `{"a":1}`) {
		t.Errorf("got %q, %v", resp.Body, err)
	}
	small := client(t, s.URL, newClock(), func(cfg *rest.Config) { cfg.MaxBody = 1000 })
	before := s.count()
	if _, err = small.Do(t.Context(), rest.Request{Path: "/a"}); !errors.Is(err, port.ErrProtocol) || s.count() != before+1 {
		t.Errorf("an answer over the cap: %v after %d calls", err, s.count()-before)
	}
	if _, err = small.Do(t.Context(), rest.Request{Method: "POST", Path: "/a"}); !errors.Is(err, port.ErrInDoubt) {
		t.Errorf("an answer over the cap after a POST: %v", err)
	}
}

func TestErrorsSayWhatAndNoMore(t *testing.T) {
	s := serve(t, status(400, `{"detail":"no such country"}`))
	c := client(t, s.URL, newClock(), func(cfg *rest.Config) {
		cfg.Decode = func(code int, _ http.Header, body []byte) port.Error {
			return port.Error{Code: "C1", Field: "/0/country", Message: string(body) + strings.Repeat("é", 400)}
		}
	})
	req := rest.Request{Method: "POST", Path: "/customers/anna@example.nl", Route: "/customers/{email}",
		Query: url.Values{"email": {"anna@example.nl"}}}
	resp, err := c.Do(t.Context(), req)
	if !strings.HasPrefix(err.Error(), `shop: POST /customers/{email}: refused (HTTP 400, code C1): /0/country: {"detail":"no such country"}é`) {
		t.Errorf("got %v", err)
	}
	if len(err.Error()) > 700 || resp.Status != 400 {
		t.Errorf("%d bytes, answer %d", len(err.Error()), resp.Status)
	}
	s.Close()
	for _, req := range []rest.Request{req, {Path: "/a", Query: req.Query}, {Method: "B A D", Path: "/a", Query: req.Query}} {
		_, err := c.Do(t.Context(), req)
		if err == nil || strings.Contains(err.Error(), "anna") {
			t.Errorf("the error gives the address away, or is none: %v", err)
		}
	}
	if _, err := c.Do(t.Context(), rest.Request{Path: "/a?b=c"}); err == nil {
		t.Error("a query in the path is taken")
	}
}

func TestNewRefuses(t *testing.T) {
	for _, bad := range []string{"", "shop.example.com", "ftp://shop.example.com", "https://", "https://anna:geheim@shop.example.com", "https://shop.example.com/?a=b", "https://shop.example.com/#a", "http://[::1", "%"} {
		if _, err := rest.New(rest.Config{System: "shop", URL: bad}); err == nil || strings.Contains(err.Error(), "geheim") {
			t.Errorf("%q: %v", bad, err)
		}
	}
	if _, err := rest.New(rest.Config{URL: "https://shop.example.com"}); err == nil {
		t.Error("a client without system")
	}
}

func TestBreaker(t *testing.T) {
	clk := newClock()
	up := false
	s := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		if up {
			w.WriteHeader(200)
			return
		}
		w.WriteHeader(502)
	})
	c := client(t, s.URL, clk, func(cfg *rest.Config) {
		cfg.Retry.Attempts = 1
		cfg.Breaker = rest.Breaker{Failures: 3, Open: 10 * time.Second}
	})
	do := func() error { _, err := c.Do(t.Context(), rest.Request{Path: "/a"}); return err }
	for range 3 {
		if err := do(); !errors.Is(err, port.ErrOutage) || errors.Is(err, rest.ErrOpen) {
			t.Fatal(err)
		}
	}
	var e *port.Error
	if err := do(); !errors.Is(err, rest.ErrOpen) || !errors.As(err, &e) || e.Kind != port.ErrOutage || e.RetryAfter != 10*time.Second {
		t.Errorf("the circuit is not open: %v", err)
	}
	if s.count() != 3 {
		t.Errorf("%d calls, want 3", s.count())
	}
	_ = clk.sleep(t.Context(), 10*time.Second)
	if err := do(); errors.Is(err, rest.ErrOpen) || s.count() != 4 {
		t.Errorf("no probe: %v", err)
	}
	if err := do(); !errors.Is(err, rest.ErrOpen) {
		t.Errorf("a failed probe does not open again: %v", err)
	}
	_ = clk.sleep(t.Context(), 10*time.Second)
	up = true
	for range 3 {
		if err := do(); err != nil {
			t.Errorf("after a good probe: %v", err)
		}
	}
}

func TestBreakerCountsOnlyOutagesInARow(t *testing.T) {
	bad, good, mine := status(503, ""), status(200, ""), status(500, "")
	s := serve(t, bad, bad, good, bad, bad, mine, bad, bad, good)
	c := client(t, s.URL, newClock(), func(cfg *rest.Config) {
		cfg.Retry.Attempts = 1
		cfg.Breaker = rest.Breaker{Failures: 3}
	})
	for i := range 9 {
		if _, err := c.Do(t.Context(), rest.Request{Path: "/a"}); errors.Is(err, rest.ErrOpen) {
			t.Fatalf("open after call %d", i)
		}
	}
}

func TestHalfOpenLetsOneThrough(t *testing.T) {
	clk := newClock()
	held, release := make(chan struct{}), make(chan struct{})
	s := serve(t, status(502, ""), func(w http.ResponseWriter, _ *http.Request) {
		close(held)
		<-release
	}, status(200, ""))
	c := client(t, s.URL, clk, func(cfg *rest.Config) {
		cfg.Retry.Attempts = 1
		cfg.Breaker = rest.Breaker{Failures: 1, Open: time.Second}
	})
	do := func() error { _, err := c.Do(t.Context(), rest.Request{Path: "/a"}); return err }
	_ = do()
	_ = clk.sleep(t.Context(), time.Second)
	probe := make(chan error)
	go func() { probe <- do() }()
	<-held
	if err := do(); !errors.Is(err, rest.ErrOpen) {
		t.Errorf("a second call beside the probe: %v", err)
	}
	close(release)
	if err := <-probe; err != nil {
		t.Error(err)
	}
	if err := do(); err != nil {
		t.Error(err)
	}
}
