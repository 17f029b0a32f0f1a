// Package ecwid reads and writes the orders, customers, products and stock of an Ecwid store (Ecwid by Lightspeed) by its REST API v3, as a
// connectors.Connector that also receives Ecwid's webhooks. It does not map documents, and leaves carts, subscriptions, coupons and
// invoices alone. Start with [System] and [Open]; ecwid/sandbox imitates a store.
package ecwid

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

const (
	system = "ecwid"
	// callsPerMinute is what Ecwid grants a token, and unsaidCalls what a connection takes of it: webhooks and other programs with the
	// token need room, and a token that goes beyond is blocked.
	callsPerMinute = 600
	unsaidCalls    = 480
)

// System describes Ecwid and opens connections to it.
func System() connectors.System {
	return connectors.System{
		Spec:    spec(),
		Open:    func(c connectors.Config) (connectors.Connector, error) { return Open(c) },
		Sandbox: func(o connectors.SandboxOptions) connectors.Sandbox { return sandbox.New(o) },
	}
}

func spec() connectors.Spec {
	s := connectors.Spec{
		Name:    system,
		Title:   "Ecwid",
		Address: defaultAddress,
		Resources: []connectors.Resource{
			{Name: "order", Entity: port.Order, Title: "Orders", Help: "finished ones", Read: true, Create: true, Update: true, Writes: connectors.WriteParts,
				Probes: []string{port.KeyID, port.KeyNumber, port.KeyReference}},
			{Name: "customer", Entity: port.Customer, Title: "Customers", Read: true, Create: true, Update: true, Writes: connectors.WriteParts,
				Probes: []string{port.KeyID, port.KeyEmail}, Idempotent: true},
			{Name: "product", Entity: port.Product, Title: "Products", Help: "with options and variations, attributes, categories and images",
				Read: true, Create: true, Update: true, Writes: connectors.WriteParts,
				Probes: []string{port.KeyID, port.KeySKU}, ProductTypes: []string{"simple", "variants"}, Relates: true},
			{Name: "stock", Entity: port.Stock, Title: "Stock", Help: "of products, and of variations with a SKU of their own",
				Read: true, Update: true, Writes: connectors.WriteDifference,
				Probes: []string{port.KeyID, port.KeySKU},
				Impossible: map[string]string{
					"create": "A quantity is a member of a product or a variation: it is there as soon as that is."}},
		},
		Credentials: []connectors.Credential{
			{Name: "storeId", Title: "Store id", Needed: true, Help: "The number at the foot of every page of the Ecwid admin."},
			{Name: "accessToken", Title: "Secret token", Secret: true, Needed: true,
				Help: "Apps > My Apps > the custom app > Details: the secret token, which begins with secret_. The app needs the scopes of docs/systems/ecwid.md."},
			{Name: "clientSecret", Title: "Client secret", Secret: true, Webhooks: true,
				Help: "Beside the token: what webhooks are signed with. Left empty, webhooks are refused."},
		},
		Options: []connectors.Option{
			{Name: "overlap", Help: "how far before the last change a read begins, for searches that lag behind writes; at least 1m", Default: defaultOverlap.String()},
			{Name: "callsPerMinute", Help: fmt.Sprintf("what the connection takes of the %d calls a minute that Ecwid grants a token", callsPerMinute),
				Default: strconv.Itoa(unsaidCalls)},
		},
		CallsPerMinute: callsPerMinute,
		BudgetPer:      "connection",
		Limits:         fmt.Sprintf("%d calls a minute for each token, for everybody who uses it; a token that goes beyond is blocked for the time that Ecwid tells.", callsPerMinute),
		Webhooks:       true,
		Impossible: map[string]string{
			"quote":        "The API has orders and carts, and no quotes.",
			"invoiceDraft": "The API has no drafts of invoices.",
			"invoice":      "POST /orders/{orderId}/invoices/create-invoice makes a tax invoice of an order that is there, and of nothing else.",
			"grouped":      "Product bundles are no part of the API for products.",
		},
	}
	for _, r := range references {
		s.References = append(s.References, connectors.Reference{Name: r.name, Help: r.help, Feeds: r.feeds})
	}
	return s
}

// Client is a connection to one store. It is safe for concurrent use.
type Client struct {
	api     *rest.Client
	store   string
	secret  string // of webhooks
	overlap time.Duration
	now     func() time.Time
	// refused is set when Ecwid refuses the token: it throttles whoever goes on with a dead one.
	refused atomic.Bool

	tables    connectors.Tables
	mu        sync.Mutex
	relatives relatives
	// making serves those who would make the same category or attribute at one time.
	making sync.Mutex
}

const (
	defaultOverlap = 2 * time.Minute
	// settled is how old a change is at least before every search knows of it. Ecwid says seconds.
	settled = time.Minute
)

// budgets are shared by all connections with one token, which is what Ecwid counts.
var budgets rest.Budgets

// Open returns a connection; it makes no call. Config.URL is empty, or the address of something that stands in for app.ecwid.com.
// Options:
//
//	overlap         how far before Query.Since a read begins, at least 1m; unsaid 2m
//	callsPerMinute  unsaid 480 of the 600 that Ecwid grants a token
func Open(cfg connectors.Config) (*Client, error) { return open(cfg, nil) }

// open lets tests change how calls are made.
func open(cfg connectors.Config, adjust func(*rest.Config)) (*Client, error) {
	fail := func(format string, args ...any) (*Client, error) {
		return nil, fmt.Errorf("%s: connection %s: %w", system, cfg.Name, fmt.Errorf(format, args...))
	}
	v := cfg.Credentials
	base, err := apiURL(cfg.URL, v["storeId"])
	if err != nil {
		return fail("%w", err)
	}
	if v["accessToken"] == "" {
		return fail("accessToken is missing")
	}
	c := &Client{store: v["storeId"], secret: v["clientSecret"], overlap: defaultOverlap, now: time.Now}
	if cfg.Now != nil {
		c.now = cfg.Now
	}
	if s := cfg.Options["overlap"]; s != "" {
		if c.overlap, err = time.ParseDuration(s); err != nil || c.overlap < settled {
			return fail("option overlap is %q, but must be a duration of at least %s", s, settled)
		}
	}
	calls := unsaidCalls
	if s := cfg.Options["callsPerMinute"]; s != "" {
		if calls, err = strconv.Atoi(s); err != nil || calls < 1 {
			return fail("option callsPerMinute is %q, but must be a number from 1", s)
		}
	}
	key := base + " " + v["accessToken"]
	common := rest.Config{System: system, URL: base, JSON: true, Auth: rest.Bearer(v["accessToken"]), Decode: c.decodeError, Capture: cfg.Capture, Observer: cfg.Observer, Connection: cfg.Name,
		HTTP: cfg.HTTP, Log: cfg.Log, Now: cfg.Now,
		Limit: func(rest.Request) *rest.Limiter { return budgets.Limiter(key, calls, time.Minute) }}
	if adjust != nil {
		adjust(&common)
	}
	if c.api, err = rest.New(common); err != nil {
		return fail("%w", err)
	}
	return c, nil
}

// apiURL is the address of a store's API.
// defaultAddress is where every store is found.
const defaultAddress = "https://app.ecwid.com"

func apiURL(address, store string) (string, error) {
	if n, err := strconv.ParseUint(store, 10, 63); err != nil || n == 0 {
		return "", errors.New("storeId must be the number of the store")
	}
	if address = strings.TrimSpace(address); address == "" {
		address = defaultAddress
	}
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return "", errors.New("url must be empty or an address such as https://app.ecwid.com")
	}
	u.RawQuery, u.Fragment = "", ""
	path, _, _ := strings.Cut(strings.TrimRight(u.Path, "/")+"/", "/api/v3/")
	u.Path = strings.TrimRight(path, "/")
	return u.String() + "/api/v3/" + store, nil
}

// Account returns the store's id.
func (c *Client) Account(context.Context) (string, error) { return c.store, nil }

// Ping reads the profile of the store.
func (c *Client) Ping(ctx context.Context) (string, error) {
	p, err := c.profile(ctx, true)
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("Ecwid store %s, %s, %s", c.store, p.Get("settings.storeName").String(), p.Get("formatsAndUnits.currency").String()), nil
}

// Close ends the connection. Calls must have ended.
func (c *Client) Close() error { return c.api.Close() }

// do makes a call, unless Ecwid has refused the token already.
func (c *Client) do(ctx context.Context, req rest.Request) (gjson.Result, rest.Response, error) {
	if c.refused.Load() {
		return gjson.Result{}, rest.Response{}, &port.Error{Kind: port.ErrAuth, System: system, Op: req.Op(), Message: tokenRefused}
	}
	if req.Body != nil && req.Header == nil {
		req.Header = jsonHeader
	}
	resp, err := c.api.Do(ctx, req)
	if err != nil {
		return gjson.Result{}, resp, err
	}
	return gjson.ParseBytes(resp.Body), resp, nil
}

var jsonHeader = map[string][]string{"Content-Type": {"application/json;charset=utf-8"}}
