// Package rest is the HTTP client that all connectors share: authentication, limits, retries
// that never do a thing twice, circuit breaking, and a record of every exchange without its secrets.
//
// It is not for the words of one system: paths, error bodies and documents are the connector's,
// handed in as [Config.Decode] and [Request]. Start with [New] and [Client.Do];
// [ClientCredentials] and [RefreshToken] log in, [Budgets] shares a vendor's limit between connections.
package rest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Config says how a [Client] calls one system. Only System and URL are needed.
type Config struct {
	// System is the word for errors and logs: "eaccounting".
	System string
	// URL is the base of every path: "https://shop.example.com/api". It holds no user, query or fragment.
	URL string
	// Header is sent with every request. Unsaid, Accept and the Content-Type of a
	// body are application/json.
	Header http.Header
	// Auth proves who calls; nil sends no credentials.
	Auth Authenticator
	// Decode reads the system's error body of an answer with status 300 or more. What
	// it leaves empty is filled in: System, Op, Status, a Kind by the status and by
	// whether a repeat is safe, RetryAfter by the Retry-After header or the words of the body.
	//
	// A Kind that it does set decides what happens: ErrOutage and
	// ErrRateLimit are the connector's word that nothing was done, so that even a POST is repeated.
	Decode func(status int, header http.Header, body []byte) port.Error
	// JSON demands that the body of every answer below 300 is empty or JSON, so
	// that a host's maintenance page with status 200 is no success.
	JSON bool
	// Limit gives the budget that a request takes from; nil, or a nil Limiter, is none.
	Limit func(Request) *Limiter
	// Retry bounds repeats and waits; its zero value has sane bounds.
	Retry Retry
	// Breaker stops calling a system that is down; its zero value has sane bounds.
	Breaker Breaker
	// Timeout bounds one attempt where the request names none; 0 is 60 s.
	Timeout time.Duration
	// MaxBody is the most bytes of an answer, after decompression; 0 is 64 MiB.
	MaxBody int64
	// Capture is called after every attempt and says who takes what crossed the wire, secrets masked; nil for nobody. The
	// context is that of the call. It must be safe for concurrent use.
	Capture func(context.Context) func(Exchange)
	// Observer hears of attempts and waits, for metrics and traces; nil for none. Connection is the name that it is told.
	Observer   connectors.Observer
	Connection string
	// HTTP makes the calls; nil is a client of its own. Its redirect policy is not used:
	// a redirect is an error, because it would turn a POST into a GET.
	HTTP *http.Client
	Log  *slog.Logger     // nil discards
	Now  func() time.Time // nil for the system clock
	// Sleep waits or ends early with the context's error; nil for real time.
	Sleep func(context.Context, time.Duration) error
	// Rand gives jitter in [0,1); nil for math/rand.
	Rand func() float64
}

// Client calls one system. Its configuration never changes and it is safe for concurrent use.
type Client struct {
	cfg     Config
	base    string // the base URL without trailing slash
	http    *http.Client
	owned   *http.Transport // the transport to close, nil for the caller's
	breaker *breaker
}

// New returns a client, or an error that says what is wrong with cfg.
func New(cfg Config) (*Client, error) {
	if cfg.System == "" {
		return nil, errors.New("rest: Config.System is empty")
	}
	base, err := baseURL(cfg.URL)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", cfg.System, err)
	}
	c := &Client{cfg: cfg, base: base}
	c.cfg.Header = cfg.Header.Clone()
	c.cfg.Retry = cfg.Retry.withDefaults()
	if c.cfg.Timeout <= 0 {
		c.cfg.Timeout = time.Minute
	}
	if c.cfg.MaxBody <= 0 {
		c.cfg.MaxBody = 64 << 20
	}
	if c.cfg.Log == nil {
		c.cfg.Log = slog.New(slog.DiscardHandler)
	}
	if c.cfg.Now == nil {
		c.cfg.Now = time.Now
	}
	if c.cfg.Sleep == nil {
		c.cfg.Sleep = sleep
	}
	if c.cfg.Rand == nil {
		c.cfg.Rand = rand.Float64
	}
	c.breaker = newBreaker(cfg.Breaker)
	if cfg.HTTP == nil {
		c.owned = newTransport()
		c.http = &http.Client{Transport: c.owned}
	} else {
		own := *cfg.HTTP
		c.http = &own
	}
	c.http.CheckRedirect = func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }
	return c, nil
}

// Close waits for a log-in that is under way and closes idle connections of the client's own.
func (c *Client) Close() error {
	var err error
	if closer, ok := c.cfg.Auth.(io.Closer); ok {
		err = closer.Close()
	}
	if c.owned != nil {
		c.owned.CloseIdleConnections()
	}
	return err
}

// System returns the word for errors and logs.
func (c *Client) System() string { return c.cfg.System }

func baseURL(text string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(text))
	switch {
	case err != nil:
		return "", errors.New("the url cannot be read") // url.Error repeats the text, which may hold a password
	case u.Scheme != "http" && u.Scheme != "https":
		return "", errors.New("the url must start with https:// or http://")
	case u.Host == "":
		return "", errors.New("the url names no host")
	case u.User != nil:
		return "", errors.New("the url must not hold a user or a password")
	case u.RawQuery != "" || u.Fragment != "":
		return "", errors.New("the url must not hold ? or #")
	}
	return strings.TrimRight(u.String(), "/"), nil
}

func newTransport() *http.Transport {
	return &http.Transport{
		Proxy:                 http.ProxyFromEnvironment,
		DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
		ForceAttemptHTTP2:     true,
		MaxIdleConns:          32,
		MaxIdleConnsPerHost:   8,
		IdleConnTimeout:       90 * time.Second,
		TLSHandshakeTimeout:   10 * time.Second,
		ExpectContinueTimeout: time.Second,
	}
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
