package rest_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
)

// chain is a log-in whose refresh tokens die on use. Where it is strict, a second use of one ends them all.
type chain struct {
	strict bool

	mu    sync.Mutex
	used  int
	ended bool
}

func (c *chain) newest() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return fmt.Sprint(":refresh-", c.used)
}

func (c *chain) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if r.URL.Path != "/token" {
		return
	}
	if c.ended || r.FormValue("refresh_token") != fmt.Sprint("refresh-", c.used) {
		c.ended = c.ended || c.strict
		w.WriteHeader(http.StatusBadRequest)
		fmt.Fprint(w, `{"error":"invalid_grant"}`)
		return
	}
	c.used++
	fmt.Fprintf(w, `{"access_token":"access-%d","refresh_token":"refresh-%[1]d","expires_in":60}`, c.used)
}

// turns is a store that lets one at a time renew a token.
type turns struct {
	store
	turn sync.Mutex
}

func (s *turns) LockToken(context.Context, string) (func(), error) {
	s.turn.Lock()
	return s.turn.Unlock, nil
}

// TestSeveralFollowOneChain renews the token of one connection from many places at one time, over and over: each gets on. Taking turns, no token is used
// twice; without, who was too late takes the one that was saved.
func TestSeveralFollowOneChain(t *testing.T) {
	for _, locked := range []bool{true, false} {
		t.Run(fmt.Sprint("turns ", locked), func(t *testing.T) {
			id := &chain{strict: locked}
			s := serve(t, id.ServeHTTP)
			clk := newClock()
			g := rest.RefreshGrant{Connection: "books", RefreshToken: "refresh-0", Store: &store{}}
			places := 3
			if locked {
				g.Store, places = &turns{}, 8
			}
			var clients []*rest.Client
			for range places {
				g.OAuth2 = rest.OAuth2{Client: client(t, s.URL, clk, func(c *rest.Config) {
					c.Sleep = func(ctx context.Context, _ time.Duration) error {
						for range 10_000 { // until whoever was faster has saved
							if text, err := g.Store.Token(ctx, "books"); err != nil || strings.HasSuffix(text, id.newest()) {
								return err
							}
							time.Sleep(time.Millisecond)
						}
						return nil
					}
				}), Path: "/token", ClientID: "id", ClientSecret: "s3cr3t!!"}
				clients = append(clients, client(t, s.URL, clk, func(c *rest.Config) { c.Auth = rest.RefreshToken(g) }))
			}
			for round := range 5 {
				var wg sync.WaitGroup
				for i, c := range clients {
					wg.Go(func() {
						if _, err := c.Do(t.Context(), rest.Request{Path: "/orders"}); err != nil {
							t.Errorf("round %d, place %d: %v", round, i, err)
						}
					})
				}
				wg.Wait()
				_ = clk.sleep(t.Context(), time.Hour)
			}
		})
	}
}
