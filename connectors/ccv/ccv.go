// Package ccv reads and writes the orders, customers, products and stock of a CCV Shop, and of a CCV SalesPOS, by the REST API that the two
// share: one client, two dialects. It does not map documents, does not issue invoices and does not book the closing of a till's day. Start
// with [Shop] and [SalesPOS]; ccv/sandbox imitates both, dialect.go holds what tells them apart.
//
// Facts come from the vendor's documentation and SDK (github.com/ccvshop/ccvshop-api, MIT) and from clients that were generated from the
// vendor's schemas; no running shop was at hand. What is inferred is said to be.
package ccv

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Client is a connection to one shop or one branch of a till. It is safe for concurrent use.
type Client struct {
	dialect dialect
	api     *rest.Client
	signer  *signer
	prefix  string // of the path that is signed
	account string // what the vendor counts calls of
	calls   int    // reads of a resource a minute
	size    int    // of pages
	overlap time.Duration
	rescan  time.Duration
	verify  bool
	hooks   hooks
	now     func() time.Time

	images   *http.Client // fetches the pictures that products name
	tables   connectors.Tables
	rows     rowCache
	skus     skuCache
	numbers  numberCache
	variants variantIndex
	users    index
	orders   index
}

var _ interface {
	connectors.Connector
	connectors.Receiver
	connectors.Accounts
	port.Comparer
	port.Totaled
} = (*Client)(nil)

// open opens a connection; it makes no call. adjust lets tests change how calls are made.
func open(d dialect, cfg connectors.Config, adjust func(*rest.Config)) (*Client, error) {
	fail := func(err error) (*Client, error) {
		return nil, fmt.Errorf("%s: connection %s: %w", d.name, cfg.Name, err)
	}
	base, prefix, err := apiURL(cfg.URL)
	if err != nil {
		return fail(err)
	}
	c := &Client{dialect: d, prefix: prefix, size: 100, calls: callsPerMinute, now: cfg.Now, verify: true, overlap: 10 * time.Minute, rescan: d.rescan}
	if c.now == nil {
		c.now = time.Now
	}
	c.signer = &signer{public: cfg.Credentials["public"], secret: cfg.Credentials["secret"], now: c.now}
	if c.signer.public == "" || c.signer.secret == "" {
		return fail(errors.New("the credentials public and secret are needed"))
	}
	c.hooks = hooks{keys: strings.FieldsFunc(cfg.Credentials["webhookKeys"], func(r rune) bool { return r == ',' || r == ' ' }), address: cfg.Options["webhookAddress"]}
	c.account = base + " " + c.signer.public
	if err := c.setOptions(cfg.Options); err != nil {
		return fail(err)
	}
	rc := rest.Config{
		System: d.name, URL: base, JSON: true, Auth: c.signer, Decode: decodeError(c.now), Limit: c.limit,
		Header: http.Header{"Accept": {d.accept}}, HTTP: cfg.HTTP, Log: cfg.Log, Now: cfg.Now, Capture: cfg.Capture, Observer: cfg.Observer, Connection: cfg.Name,
	}
	if l := cfg.Options["language"]; l != "" {
		rc.Header.Set("Accept-Language", l)
	}
	if adjust != nil {
		adjust(&rc)
	}
	if c.api, err = rest.New(rc); err != nil {
		return fail(err)
	}
	c.images = &http.Client{Timeout: time.Minute}
	if cfg.HTTP != nil {
		c.images.Transport = cfg.HTTP.Transport
	}
	c.users.start(c, "/users/", nil, userKeys)
	c.orders.start(c, "/orders/", url.Values{"is_completed": {"true"}}, orderKeys)
	return c, nil
}

func (c *Client) setOptions(options map[string]string) error {
	if s := options["pageSize"]; s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 2 || n > maxPage {
			return fmt.Errorf("option pageSize is %q, but must be a number from 2 to %d", s, maxPage)
		}
		c.size = n
	}
	if s := options["callsPerMinute"]; s != "" {
		n, err := strconv.Atoi(s)
		if err != nil || n < 1 {
			return fmt.Errorf("option callsPerMinute is %q, but must be a number from 1", s)
		}
		c.calls = n
	}
	for name, into := range map[string]*time.Duration{"overlap": &c.overlap, "rescan": &c.rescan} {
		if s := options[name]; s != "" {
			d, err := time.ParseDuration(s)
			if err != nil || d < 0 {
				return fmt.Errorf("option %s is %q, but must be a duration such as 10m", name, s)
			}
			*into = d
		}
	}
	if s := options["verifyAnswers"]; s != "" {
		v, err := strconv.ParseBool(s)
		if err != nil {
			return fmt.Errorf("option verifyAnswers is %q, but must be true or false", s)
		}
		c.verify = v
	}
	return nil
}

// callsPerMinute is how often the vendor lets a key pair read a resource.
const callsPerMinute = 150

// maxPage is the largest page that clients in the wild ask for; the vendor names no limit.
const maxPage = 250

const apiPath = "/api/rest/v1"

// apiURL is the address of the API of a shop, and the path in it.
func apiURL(shop string) (base, path string, err error) {
	shop = strings.TrimRight(strings.TrimSpace(shop), "/")
	if shop == "" {
		return "", "", errors.New("the url of the shop is needed, such as https://shop.example.nl")
	}
	base = strings.TrimSuffix(shop, apiPath) + apiPath
	u, err := url.Parse(base)
	if err != nil {
		return "", "", errors.New("the url cannot be read")
	}
	return base, u.EscapedPath(), nil
}

// budgets are shared by all connections with one key pair, which is what the vendor counts.
var budgets rest.Budgets

// limit is the vendor's budget: 150 reads, 100 writes and 30 searches by number a minute, for each resource; or the same shares of
// what the connection takes of it.
func (c *Client) limit(req rest.Request) *rest.Limiter {
	resource, n := resourceOfPath(req.Path), c.calls*100/callsPerMinute
	switch {
	case resource == "productqueries":
		n = c.calls * 30 / callsPerMinute
	case req.Method == "" || req.Method == http.MethodGet:
		n = c.calls
	}
	return budgets.Limiter(c.account+" "+req.Method+" "+resource, n, time.Minute)
}

// resourceOfPath is the last name in a path: the vendor counts /orders/1/orderrows/ as orderrows.
func resourceOfPath(path string) string {
	segments := strings.Split(strings.Trim(path, "/"), "/")
	for i := len(segments) - 1; i >= 0; i-- {
		if !isID(segments[i]) {
			return segments[i]
		}
	}
	return ""
}

// isID tells whether text is an id as the vendor has them.
func isID(s string) bool { return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == "" }

// Ping reads which shop answers.
func (c *Client) Ping(ctx context.Context) (string, error) {
	shop, err := c.shop(ctx)
	if err != nil {
		return "", err
	}
	return strings.TrimSpace(c.dialect.title + " " + shop.Get("name").String()), nil
}

// Account is the id of the shop: several share one platform, and a shop may have several addresses.
func (c *Client) Account(ctx context.Context) (string, error) {
	shop, err := c.shop(ctx)
	if err != nil {
		return "", err
	}
	return shop.Get("id").String(), nil
}

// shop is the webshop of the key. A merchant's other shops have keys of their own.
func (c *Client) shop(ctx context.Context) (gjson.Result, error) {
	table, err := c.Reference(ctx, "webshops", false)
	if err != nil {
		return gjson.Result{}, err
	}
	shops := gjson.ParseBytes(table).Array()
	if len(shops) == 0 {
		return gjson.Result{}, &port.Error{Kind: port.ErrPermission, System: c.dialect.name, Op: "GET /webshops/", Message: "the key may use no web shop"}
	}
	for _, s := range shops {
		if s.Get("is_salespos").Bool() == c.dialect.register {
			return s, nil
		}
	}
	return shops[0], nil
}

// Close ends idle connections.
func (c *Client) Close() error {
	c.images.CloseIdleConnections()
	return c.api.Close()
}
