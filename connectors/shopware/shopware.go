// Package shopware reads and writes the orders, customers, products and stock of a Shopware 6 shop by its Admin API, as a
// connectors.Connector. It does not map documents, does not sell anything (that is the Store API), and leaves
// states and documents alone. Start with [System] and [Open]; shopware/sandbox imitates a shop.
package shopware

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

const system = "shopware"

// System describes Shopware 6 and opens connections to it.
func System() connectors.System {
	return connectors.System{
		Spec:    spec(),
		Open:    func(c connectors.Config) (connectors.Connector, error) { return Open(c) },
		Sandbox: func(o connectors.SandboxOptions) connectors.Sandbox { return sandbox.New(o) },
	}
}

func spec() connectors.Spec {
	s := connectors.Spec{
		Name:  system,
		Title: "Shopware 6",
		Resources: []connectors.Resource{
			{Name: "order", Entity: port.Order, Title: "Orders", Help: "with payments and deliveries; an update changes no states", Read: true, Create: true, Update: true, Writes: connectors.WriteMerge,
				Probes: []string{port.KeyID, port.KeyNumber, port.KeyReference}},
			{Name: "customer", Entity: port.Customer, Title: "Customers", Help: "a guest is a customer of one order", Read: true, Create: true, Update: true, Writes: connectors.WriteMerge,
				Probes: []string{port.KeyID, port.KeyEmail, port.KeyNumber}},
			{Name: "product", Entity: port.Product, Title: "Products", Help: "families as one product with their variants, properties, categories, images, visibilities",
				Read: true, Create: true, Update: true, Writes: connectors.WriteMerge,
				Probes: []string{port.KeyID, port.KeySKU, port.KeyNumber}, Idempotent: true, ProductTypes: []string{"simple", "variants"}, Relates: true},
			{Name: "stock", Entity: port.Stock, Title: "Stock", Help: "of simple products and variants", Read: true, Update: true, Writes: connectors.WriteAbsolute,
				Probes: []string{port.KeyID, port.KeySKU}, Impossible: map[string]string{"create": "Stock is a member of a product: it is there as soon as that is."}},
		},
		Credentials: []connectors.Credential{
			{Name: "accessKeyId", Title: "Access key ID", Needed: true,
				Help: "Settings > System > Integrations > Add integration. It begins with SWIA. Give it the Administrator right, or a role that may read what the flows read."},
			{Name: "secretAccessKey", Title: "Secret access key", Secret: true, Needed: true,
				Help: "Shown once, when the integration is made or its keys are generated anew."},
			{Name: "webhookSecret", Title: "Secret of webhooks", Secret: true, Webhooks: true,
				Help: "A long random text of your own. The app's registration hands it to the shop, which signs its calls with it. Only for flows that webhooks start."},
			{Name: "appSecret", Title: "Secret of the app", Secret: true,
				Help: "What stands in <secret> of the app's manifest. Only for flows that webhooks start, and only until the app is installed."},
		},
	}
	s.Options = []connectors.Option{
		{Name: "pageSize", Default: "100", Help: "Documents a request, 1 to 500."},
		{Name: "overlap", Default: "2m", Help: "How far before the last change a read begins, for writes that were committed late."},
		{Name: "triggerFlows", Default: "false", Choices: []string{"true", "false"}, Help: "Whether writes start the shop's own flows, such as mails to customers."},
		{Name: "rootCategory", Help: "Id of the category below which the paths of products begin; unsaid that of the first active storefront."},
		{Name: "createMissing", Default: "true", Choices: []string{"true", "false"}, Help: "Whether categories, properties and manufacturers that a product names are made where the shop lacks them."},
		{Name: "appName", Default: "Crosswalk", Help: "Name of the app whose webhooks start flows, as in its manifest."},
		{Name: "webhookAddress", Help: "The address at which the shop's calls arrive, where a proxy changes it; unsaid https and the address of the call."},
	}
	s.Limits = "None by the vendor but for log-ins: ten wrong ones lock every integration behind one address for seconds. Hosts may throttle: what they tell is waited for."
	s.Webhooks = true
	s.Impossible = map[string]string{
		"quote":        "The Admin API has no quotes: they belong to a commercial extension.",
		"invoiceDraft": "The API has no drafts of invoices.",
		"invoice":      "POST /_action/order/document/invoice/create prints an invoice of an order that is there, and of nothing else.",
		"grouped":      "A product has variants and cross-selling, and no members: there is no entity for a set of products.",
	}
	for _, r := range references {
		s.References = append(s.References, connectors.Reference{Name: r.name, Help: r.help, Feeds: r.feeds})
	}
	return s
}

// Client is a connection to one shop. It is safe for concurrent use.
type Client struct {
	base    string // of every call
	auth    *rest.Client
	api     *rest.Client
	page    int
	overlap time.Duration
	quiet   bool
	largest atomic.Int64 // page that the shop allows

	rootCategory  string
	createMissing bool
	names         *names
	hooks         hooks

	tables  connectors.Tables
	mu      sync.Mutex
	version string
}

// Open returns a connection; it makes no call. Config.URL is the address of the shop, with its folder if it
// has one. Options:
//
//	pageSize      documents a request, 1 to 500; unsaid 100
//	overlap       how far before Query.Since a read begins, for writes that were committed
//	              late; unsaid 2m
//	triggerFlows  true lets writes start the shop's own flows, such as mails to customers
//	rootCategory  id of the category below which the paths of products begin; unsaid that of
//	              the first active storefront
//	createMissing false refuses products that name a category, property or manufacturer that the
//	              shop lacks, instead of making it
//	appName       of the app whose webhooks start flows; unsaid Crosswalk
//	webhookAddress  the address at which the shop's calls arrive, where a proxy changes it
func Open(cfg connectors.Config) (*Client, error) { return open(cfg, nil) }

// open lets tests change how calls are made.
func open(cfg connectors.Config, adjust func(*rest.Config)) (*Client, error) {
	fail := func(format string, args ...any) (*Client, error) {
		return nil, fmt.Errorf("%s: connection %s: %w", system, cfg.Name, fmt.Errorf(format, args...))
	}
	base, err := apiURL(cfg.URL)
	if err != nil {
		return fail("%w", err)
	}
	key, secret := cfg.Credentials["accessKeyId"], cfg.Credentials["secretAccessKey"]
	if key == "" || secret == "" {
		return fail("accessKeyId and secretAccessKey are needed")
	}
	c := &Client{base: base, page: 100, overlap: 2 * time.Minute, quiet: true, createMissing: true}
	c.names = &names{c: c, ids: map[string]string{}}
	c.hooks = hooks{secret: cfg.Credentials["webhookSecret"], appSecret: cfg.Credentials["appSecret"],
		app: cmp.Or(cfg.Options["appName"], "Crosswalk"), address: cfg.Options["webhookAddress"], now: cfg.Now}
	if c.hooks.now == nil {
		c.hooks.now = time.Now
	}
	if s := cfg.Options["pageSize"]; s != "" {
		if c.page, err = strconv.Atoi(s); err != nil || c.page < 1 || c.page > maxLimit {
			return fail("option pageSize is %q, but must be a number from 1 to %d", s, maxLimit)
		}
	}
	if s := cfg.Options["overlap"]; s != "" {
		if c.overlap, err = time.ParseDuration(s); err != nil || c.overlap < 0 {
			return fail("option overlap is %q, but must be a duration such as 2m", s)
		}
	}
	if s := cfg.Options["triggerFlows"]; s != "" {
		loud, err := strconv.ParseBool(s)
		if err != nil {
			return fail("option triggerFlows is %q, but must be true or false", s)
		}
		c.quiet = !loud
	}
	if s := cfg.Options["createMissing"]; s != "" {
		if c.createMissing, err = strconv.ParseBool(s); err != nil {
			return fail("option createMissing is %q, but must be true or false", s)
		}
	}
	if c.rootCategory = cfg.Options["rootCategory"]; c.rootCategory != "" && !isID(c.rootCategory) {
		return fail("option rootCategory is %q, but must be the id of a category", c.rootCategory)
	}
	c.largest.Store(maxLimit)
	common := rest.Config{System: system, URL: base, Decode: decodeError, JSON: true, HTTP: cfg.HTTP, Log: cfg.Log, Now: cfg.Now}
	if adjust != nil {
		adjust(&common)
	}
	if c.auth, err = rest.New(common); err != nil {
		return fail("%w", err)
	}
	// The token endpoint takes JSON; its errors have Shopware's own shape, not that of RFC 6749.
	common.Auth = rest.ClientCredentials(rest.OAuth2{Client: c.auth, Path: "/oauth/token", ClientID: key, ClientSecret: secret, JSONBody: true})
	common.Capture, common.Observer, common.Connection = cfg.Capture, cfg.Observer, cfg.Name
	if c.api, err = rest.New(common); err != nil {
		return fail("%w", err)
	}
	return c, nil
}

// apiURL finds the API of a shop whose address people copy from a browser.
func apiURL(address string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return "", errors.New("url must be the address of the shop, such as https://shop.example.com")
	}
	u.RawQuery, u.Fragment = "", ""
	u.Path = strings.TrimRight(u.Path, "/")
	for _, end := range []string{"/api", "/admin"} {
		u.Path = strings.TrimSuffix(u.Path, end)
	}
	return u.String() + "/api", nil
}

// Ping asks for the version, which needs a token but no privilege.
func (c *Client) Ping(ctx context.Context) (string, error) {
	c.mu.Lock()
	c.version = ""
	c.mu.Unlock()
	v, err := c.shopVersion(ctx)
	if err != nil {
		return "", err
	}
	return "Shopware " + v, nil
}

// shopVersion is asked for once a connection.
func (c *Client) shopVersion(ctx context.Context) (string, error) {
	c.mu.Lock()
	v := c.version
	c.mu.Unlock()
	if v != "" {
		return v, nil
	}
	req := rest.Request{Path: "/_info/version"}
	resp, err := c.api.Do(ctx, req)
	if err != nil {
		return "", err
	}
	v = gjson.GetBytes(resp.Body, "version").String()
	if major, minor := versionOf(v); major != 6 || minor < 4 {
		return "", &port.Error{Kind: port.ErrProtocol, System: system, Op: req.Op(), Status: resp.Status,
			Message: fmt.Sprintf("the shop answers as version %q; 6.4 or later is needed", v)}
	}
	c.mu.Lock()
	c.version = v
	c.mu.Unlock()
	return v, nil
}

// versionOf reads "6.6.7.1" and "6.6.9999999.9999999-dev".
func versionOf(v string) (major, minor int) {
	parts := strings.SplitN(v, ".", 3)
	if len(parts) < 2 {
		return 0, 0
	}
	major, _ = strconv.Atoi(parts[0])
	minor, _ = strconv.Atoi(parts[1])
	return major, minor
}

// Close ends the connection. Calls must have ended.
func (c *Client) Close() error { return errors.Join(c.api.Close(), c.auth.Close()) }

// answer is a page of rows.
type answer struct {
	rows []gjson.Result
	at   time.Time // by the shop's clock; zero where it is not told
	full bool      // as many rows as were asked for: there may be more
}

// search posts criteria. Where the shop allows smaller pages than Shopware does by itself, the
// limit it names is kept from then on.
func (c *Client) search(ctx context.Context, route string, crit criteria, header http.Header) (answer, error) {
	req := rest.Request{Method: http.MethodPost, Path: rest.Path("search", route), Header: header, Repeat: rest.Safe}
	for {
		if largest := int(c.largest.Load()); crit.Limit > largest {
			crit.Limit = largest
		}
		req.Body = crit.json()
		resp, err := c.api.Do(ctx, req)
		if err != nil {
			allowed := gjson.GetBytes(resp.Body, "errors.0.meta.parameters.maxLimit").Int()
			if allowed < 1 || int(allowed) >= crit.Limit {
				return answer{}, err
			}
			c.largest.Store(allowed)
			continue
		}
		data := gjson.GetBytes(resp.Body, "data")
		if !data.IsArray() {
			return answer{}, &port.Error{Kind: port.ErrProtocol, System: system, Op: req.Op(), Status: resp.Status,
				Message: "the answer to a search holds no list"}
		}
		a := answer{rows: data.Array()}
		a.full = crit.Limit > 0 && len(a.rows) >= crit.Limit
		if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			a.at = at.UTC()
		}
		return a, nil
	}
}
