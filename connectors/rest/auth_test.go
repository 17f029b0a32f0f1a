package rest_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// identity is a token endpoint and an API that takes only its newest access token.
type identity struct {
	mu       sync.Mutex
	asked    []string // what each log-in sent
	headers  []http.Header
	rotating bool
	refresh  string // the refresh token that is good now
	access   string
	broken   http.HandlerFunc // answers log-ins instead, while set
	log      []string         // what happened, in order
}

func (i *identity) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	i.mu.Lock()
	defer i.mu.Unlock()
	if r.URL.Path != "/connect/token" {
		if r.Header.Get("Authorization") != "Bearer "+i.access {
			w.WriteHeader(401)
			return
		}
		i.log = append(i.log, "call "+i.access)
		fmt.Fprint(w, `{}`)
		return
	}
	body, _ := io.ReadAll(r.Body)
	i.asked = append(i.asked, string(body))
	i.headers = append(i.headers, r.Header.Clone())
	if i.broken != nil {
		i.broken(w, r)
		return
	}
	n := len(i.asked)
	answer := map[string]any{"token_type": "bearer", "expires_in": 600, "access_token": fmt.Sprintf("access-%d", n)}
	if i.refresh != "" {
		if !strings.Contains(string(body), "refresh_token="+i.refresh) {
			w.WriteHeader(400)
			fmt.Fprint(w, `{"error":"invalid_grant","error_description":"the token is not known"}`)
			return
		}
		if i.rotating {
			i.refresh = fmt.Sprintf("refresh-%d", n)
			answer["refresh_token"] = i.refresh
		}
	}
	i.access = answer["access_token"].(string)
	i.log = append(i.log, "login "+i.access)
	_ = json.NewEncoder(w).Encode(answer)
}

func (i *identity) logins() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	return len(i.asked)
}

func (i *identity) note(text string) {
	i.mu.Lock()
	defer i.mu.Unlock()
	i.log = append(i.log, text)
}

// store is a token store that can fail.
type store struct {
	id     *identity
	mu     sync.Mutex
	tokens map[string]string
	fail   error
}

func (s *store) Token(_ context.Context, connection string) (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.tokens[connection], nil
}

func (s *store) SaveToken(_ context.Context, connection, token string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.fail != nil {
		return s.fail
	}
	if s.tokens == nil {
		s.tokens = map[string]string{}
	}
	s.tokens[connection] = token
	if s.id != nil {
		s.id.note("save")
	}
	return nil
}

func TestClientCredentials(t *testing.T) {
	id := &identity{}
	s := serve(t, id.ServeHTTP)
	clk := newClock()
	login := client(t, s.URL, clk, nil)
	c := client(t, s.URL, clk, func(cfg *rest.Config) {
		cfg.Auth = rest.ClientCredentials(rest.OAuth2{Client: login, Path: "/connect/token", ClientID: "SWIA", ClientSecret: "s3cr+t", Scope: "write", JSONBody: true})
	})
	do := func() {
		t.Helper()
		if _, err := c.Do(t.Context(), rest.Request{Method: "POST", Path: "/orders"}); err != nil {
			t.Fatal(err)
		}
	}
	do()
	do()
	if id.logins() != 1 {
		t.Fatalf("%d log-ins for two calls", id.logins())
	}
	var sent map[string]string
	if err := json.Unmarshal([]byte(id.asked[0]), &sent); err != nil || sent["client_secret"] != "s3cr+t" || sent["grant_type"] != "client_credentials" || sent["scope"] != "write" {
		t.Errorf("sent %s: %v", id.asked[0], err)
	}
	_ = clk.sleep(t.Context(), 539*time.Second)
	if do(); id.logins() != 1 {
		t.Error("logged in again long before the end")
	}
	_ = clk.sleep(t.Context(), time.Second)
	if do(); id.logins() != 2 {
		t.Error("a token within the last tenth of its life was used")
	}
	id.mu.Lock()
	id.access = "withdrawn"
	id.mu.Unlock()
	if do(); id.logins() != 3 {
		t.Error("no new log-in after a 401")
	}
}

func TestASecond401EndsTheCall(t *testing.T) {
	calls := 0
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/token" {
			fmt.Fprint(w, `{"access_token":"a"}`)
			return
		}
		calls++
		w.WriteHeader(401)
	})
	clk := newClock()
	c := client(t, s.URL, clk, func(cfg *rest.Config) {
		cfg.Auth = rest.ClientCredentials(rest.OAuth2{Client: client(t, s.URL, clk, nil), Path: "/token"})
	})
	_, err := c.Do(t.Context(), rest.Request{Path: "/a"})
	if !errors.Is(err, port.ErrAuth) || calls != 2 {
		t.Errorf("%v after %d calls", err, calls)
	}
}

func TestOneLogInForManyCallers(t *testing.T) {
	var fetches atomic.Int32
	started, release := make(chan struct{}), make(chan struct{})
	tokens := rest.NewTokens(func(context.Context) (rest.Token, error) {
		if fetches.Add(1) == 1 {
			close(started)
		}
		<-release
		return rest.Token{Value: "a"}, nil
	}, nil)
	impatient, cancel := context.WithCancel(t.Context())
	gone := make(chan error)
	authorize := func(ctx context.Context) error {
		r, _ := http.NewRequestWithContext(ctx, "GET", "http://shop.example.com", nil)
		return tokens.Authorize(ctx, r)
	}
	go func() { gone <- authorize(impatient) }()
	<-started
	cancel()
	if err := <-gone; !errors.Is(err, context.Canceled) {
		t.Errorf("the caller who gave up got %v", err)
	}
	var wg sync.WaitGroup
	for range 20 {
		wg.Go(func() {
			if err := authorize(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	close(release)
	wg.Wait()
	if err := tokens.Close(); err != nil || fetches.Load() != 1 {
		t.Errorf("%d fetches, %v", fetches.Load(), err)
	}
}

func TestRefreshToken(t *testing.T) {
	setup := func(t *testing.T, id *identity, st *store, configured string) (*rest.Client, *clock) {
		s := serve(t, id.ServeHTTP)
		clk := newClock()
		login := client(t, s.URL, clk, nil)
		g := rest.RefreshGrant{OAuth2: rest.OAuth2{Client: login, Path: "/connect/token", ClientID: "crosswalk", ClientSecret: "geheim&1", Basic: true},
			Connection: "books", RefreshToken: configured}
		if st != nil {
			g.Store = st
		}
		return client(t, s.URL, clk, func(cfg *rest.Config) { cfg.Auth = rest.RefreshToken(g) }), clk
	}
	call := func(t *testing.T, c *rest.Client, clk *clock) error {
		t.Helper()
		_ = clk.sleep(t.Context(), time.Hour) // every call needs a new access token
		_, err := c.Do(t.Context(), rest.Request{Path: "/v2/orders"})
		return err
	}

	t.Run("each token is stored before it is used", func(t *testing.T) {
		id := &identity{rotating: true, refresh: "first"}
		c, clk := setup(t, id, &store{id: id}, "first")
		for range 2 {
			if err := call(t, c, clk); err != nil {
				t.Fatal(err)
			}
		}
		want := []string{"login access-1", "save", "call access-1", "login access-2", "save", "call access-2"}
		if !slices.Equal(id.log, want) {
			t.Errorf("got  %v\nwant %v", id.log, want)
		}
		if _, pw, ok := (&http.Request{Header: id.headers[0]}).BasicAuth(); !ok || pw != "geheim%261" || strings.Contains(id.asked[0], "client_secret") {
			t.Errorf("id and secret: %q, body %s", pw, id.asked[0])
		}
	})
	t.Run("a new client goes on from the store", func(t *testing.T) {
		id := &identity{rotating: true, refresh: "first"}
		st := &store{id: id}
		for range 3 {
			c, clk := setup(t, id, st, "first")
			if err := call(t, c, clk); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("without a store the chain is in memory", func(t *testing.T) {
		id := &identity{rotating: true, refresh: "first"}
		c, clk := setup(t, id, nil, "first")
		for range 3 {
			if err := call(t, c, clk); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("a reusable token is kept", func(t *testing.T) {
		id := &identity{refresh: "first"}
		st := &store{id: id}
		c, clk := setup(t, id, st, "first")
		for range 3 {
			if err := call(t, c, clk); err != nil {
				t.Fatal(err)
			}
		}
		if len(st.tokens) != 0 {
			t.Errorf("stored %v", st.tokens)
		}
	})
	t.Run("a token that someone else stored", func(t *testing.T) {
		id := &identity{refresh: "by-hand"}
		c, clk := setup(t, id, &store{tokens: map[string]string{"books": "by-hand"}}, "")
		if err := call(t, c, clk); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a person authorises again", func(t *testing.T) {
		id := &identity{rotating: true, refresh: "first"}
		st := &store{id: id}
		c, clk := setup(t, id, st, "first")
		if err := call(t, c, clk); err != nil {
			t.Fatal(err)
		}
		other := &identity{rotating: true, refresh: "other-company"}
		c, clk = setup(t, other, st, "other-company")
		for range 2 {
			if err := call(t, c, clk); err != nil {
				t.Fatal(err)
			}
		}
	})
	t.Run("a rotated token that could not be stored is not lost", func(t *testing.T) {
		id := &identity{rotating: true, refresh: "first"}
		full := errors.New("disk full")
		st := &store{id: id, fail: full}
		c, clk := setup(t, id, st, "first")
		if err := call(t, c, clk); !errors.Is(err, full) {
			t.Fatalf("got %v", err)
		}
		if slices.ContainsFunc(id.log, func(s string) bool { return strings.HasPrefix(s, "call") }) {
			t.Error("the access token was used before its refresh token was kept")
		}
		st.fail = nil
		if err := call(t, c, clk); err != nil {
			t.Fatal(err)
		}
	})
	t.Run("a dead token", func(t *testing.T) {
		id := &identity{refresh: "alive"}
		c, clk := setup(t, id, nil, "dead")
		err := call(t, c, clk)
		var e *port.Error
		if !errors.As(err, &e) || e.Kind != port.ErrAuth || e.Code != "invalid_grant" || e.Message != "the token is not known" {
			t.Errorf("got %v", err)
		}
		if strings.Contains(err.Error(), "dead") || strings.Contains(err.Error(), "geheim") || id.logins() != 1 {
			t.Errorf("%v after %d log-ins", err, id.logins())
		}
	})
	t.Run("no token at all", func(t *testing.T) {
		c, clk := setup(t, &identity{}, nil, "")
		if err := call(t, c, clk); !errors.Is(err, port.ErrAuth) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("an answer without token", func(t *testing.T) {
		c, clk := setup(t, &identity{broken: status(200, `{}`)}, nil, "first")
		if err := call(t, c, clk); !errors.Is(err, port.ErrProtocol) {
			t.Errorf("got %v", err)
		}
	})
	t.Run("the identity server is down", func(t *testing.T) {
		id := &identity{broken: status(503, "<html>")}
		c, clk := setup(t, id, nil, "first")
		if err := call(t, c, clk); !errors.Is(err, port.ErrOutage) || id.logins() != 3 {
			t.Errorf("got %v after %d log-ins", err, id.logins())
		}
	})
}

func TestARefusedLogInIsNotTriedForEveryDocument(t *testing.T) {
	for _, tt := range []struct {
		name   string
		answer http.HandlerFunc
		kind   error
		pause  time.Duration
	}{
		{"wrong credentials", status(401, `{}`), port.ErrAuth, 30 * time.Second},
		{"locked out", status(429, "Auth throttled for 600 seconds."), port.ErrRateLimit, 600 * time.Second},
		{"another error", status(400, `{}`), port.ErrValidation, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			id := &identity{broken: tt.answer}
			s := serve(t, id.ServeHTTP)
			clk := newClock()
			c := client(t, s.URL, clk, func(cfg *rest.Config) {
				cfg.Auth = rest.ClientCredentials(rest.OAuth2{Client: client(t, s.URL, clk, nil), Path: "/connect/token"})
			})
			call := func() {
				t.Helper()
				if _, err := c.Do(t.Context(), rest.Request{Path: "/orders"}); !errors.Is(err, tt.kind) {
					t.Errorf("got %v", err)
				}
			}
			call()
			if tt.pause > 0 {
				_ = clk.sleep(t.Context(), tt.pause-time.Second)
				if call(); id.logins() != 1 {
					t.Errorf("%d log-ins", id.logins())
				}
				_ = clk.sleep(t.Context(), time.Second)
			}
			if call(); id.logins() != 2 {
				t.Errorf("%d log-ins", id.logins())
			}
		})
	}
}

// signer shows that a scheme which signs each request, body included, fits.
type signer struct{}

func (signer) Authorize(_ context.Context, r *http.Request) error {
	body, err := r.GetBody()
	if err != nil {
		return err
	}
	text, err := io.ReadAll(body)
	if err != nil {
		return err
	}
	r.Header.Set("X-Hash", strings.Join([]string{r.Method, r.URL.RequestURI(), string(text)}, "|"))
	return nil
}

func (signer) Invalidate(context.Context, *http.Request) bool { return false }

func TestASchemeThatSignsEachAttempt(t *testing.T) {
	var hashes []string
	s := serve(t, func(w http.ResponseWriter, r *http.Request) {
		hashes = append(hashes, r.Header.Get("X-Hash"))
		w.WriteHeader(429)
	})
	c := client(t, s.URL, newClock(), func(cfg *rest.Config) { cfg.Auth = signer{} })
	_, _ = c.Do(t.Context(), rest.Request{Method: "POST", Path: "/a", Body: []byte("[1]")})
	if len(hashes) != 3 || hashes[2] != "POST|/a|[1]" {
		t.Errorf("signed %q", hashes)
	}
}
