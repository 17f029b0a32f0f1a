// Package magento reads and writes the customers, products and stock of a Magento 2.4 shop (Magento Open Source, Adobe Commerce) by its
// REST API, and reads and places its orders, as a connectors.Connector. It does not map documents, and leaves invoices,
// shipments and prices of groups alone. Start with [System] and [Open]; magento/sandbox imitates a shop.
package magento

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/magento/sandbox"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

const system = "magento"

// System describes Magento 2 and opens connections to it.
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
		Title: "Magento 2",
		Resources: []connectors.Resource{
			{Name: "order", Entity: port.Order, Title: "Orders", Help: "placed by a cart, at the shop's own prices", Read: true, Create: true, Idempotent: true,
				Impossible: map[string]string{"update": "POST /V1/orders with the id of an order stores what it is sent and carries nothing out: no payment, no shipment, no change of stock."},
				Probes:     []string{port.KeyID, port.KeyNumber, port.KeyReference}},
			{Name: "customer", Entity: port.Customer, Title: "Customers", Read: true, Create: true, Update: true, Writes: connectors.WriteParts, Probes: []string{port.KeyID, port.KeyEmail}},
			{Name: "product", Entity: port.Product, Title: "Products", Help: "with variants, members, attributes, categories and images",
				Read: true, Create: true, Update: true, Writes: connectors.WriteParts, Idempotent: true, ProductTypes: []string{"simple", "variants", "grouped"}, Relates: true, Probes: []string{port.KeyID, port.KeySKU}},
			{Name: "stock", Entity: port.Stock, Title: "Stock by source", Help: "what lies at each source, with what can be sold at the default one",
				Read: true, Create: true, Update: true, Writes: connectors.WriteAbsolute, Idempotent: true, Probes: []string{port.KeyID, port.KeySKU}},
			{Name: "stockItem", Entity: port.Stock, Title: "Stock without sources", Help: "stock items, of shops that switched Inventory off", Update: true, Writes: connectors.WriteAbsolute, Probes: []string{port.KeyID, port.KeySKU},
				Impossible: map[string]string{
					"read":   "GET /V1/stockItems/{sku} gives one, and no call lists them: stock is read by source.",
					"create": "A stock item is there as soon as its product is."}},
		},
		Credentials: []connectors.Credential{
			{Name: "consumerKey", Title: "Consumer key", Help: "System > Integrations > Add new integration, give it the rights that the flows need, Activate. Leave all but the access token empty to use that as a bearer token."},
			{Name: "consumerSecret", Title: "Consumer secret", Secret: true, Help: "Shown when the integration is activated."},
			{Name: "accessToken", Title: "Access token", Secret: true, Help: "Shown when the integration is activated."},
			{Name: "accessTokenSecret", Title: "Access token secret", Secret: true, Help: "Shown when the integration is activated."},
			{Name: "username", Title: "Administrator", Help: "Instead of an integration: the name of an administrator without a second factor."},
			{Name: "password", Title: "Password", Secret: true, Help: "The administrator's password."},
		},
	}
	s.Limits = "None by the vendor. A shop may answer 429 when orders are placed too fast, and hosts may throttle: what they tell is waited for."
	s.Impossible = map[string]string{
		"quote":        "A quote of Magento is a cart; negotiable quotes belong to Adobe Commerce B2B.",
		"invoiceDraft": "The API has no drafts of invoices.",
		"invoice":      "POST /V1/order/{orderId}/invoice invoices an order that is there; POST /V1/invoices stores what it is sent and carries nothing out.",
	}
	s.Options = []connectors.Option{
		{Name: "pageSize", Default: "100", Help: "Documents a request, 1 to 300."},
		{Name: "overlap", Default: "2m", Help: "How far before the last change a read begins, for writes that were committed late."},
		{Name: "taxCountry", Help: "ISO code of the country whose tax rates products are read and written with: Magento knows a product's tax by class."},
		{Name: "createMissing", Default: "true", Choices: []string{"true", "false"}, Help: "Whether categories, attributes and their options that a product names are made where the shop lacks them."},
		{Name: "attributeSet", Default: "Default", Help: "Name of the attribute set that new products get."},
	}
	for _, r := range references {
		s.References = append(s.References, connectors.Reference{Name: r.name, Help: r.help, Feeds: r.feeds, Setup: r.used != nil})
	}
	return s
}

// Client is a connection to one shop. It is safe for concurrent use.
type Client struct {
	login   *rest.Client // without credentials
	api     *rest.Client
	page    int
	overlap time.Duration
	country string // whose tax rates products get

	// createMissing makes what a product names and the shop lacks; set is the attribute set of new products.
	createMissing bool
	set           string

	now func() time.Time
	web *http.Client // for images, wherever they are

	tables connectors.Tables
	mu     sync.Mutex
	sets   map[string]map[string]bool // codes of the attributes in an attribute set

	making sync.Mutex // one at a time makes categories, attributes and options
}

// Open returns a connection; it makes no call. Config.URL is the address of the shop, with its folder if it has one. Credentials are
// the four of an integration (OAuth 1.0a), or its access token alone (where the shop allows it as bearer token), or an administrator.
// Options:
//
//	pageSize       documents a request, 1 to 300; unsaid 100
//	overlap        how far before Query.Since a read begins, for writes that were committed late; unsaid 2m
//	taxCountry     ISO code of the country whose tax rates products are read and written with; unsaid none
//	createMissing  false refuses products that name a category, attribute or option that the shop lacks; unsaid they are made
//	attributeSet   name of the attribute set of new products; unsaid Default
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
	c := &Client{page: 100, overlap: 2 * time.Minute, country: strings.ToUpper(cfg.Options["taxCountry"]), now: time.Now,
		createMissing: true, set: cmp.Or(cfg.Options["attributeSet"], "Default"), sets: map[string]map[string]bool{}, web: cfg.HTTP}
	if c.web == nil {
		c.web = &http.Client{Timeout: time.Minute, Transport: http.DefaultTransport.(*http.Transport).Clone()}
	}
	if cfg.Now != nil {
		c.now = cfg.Now
	}
	if s := cfg.Options["pageSize"]; s != "" {
		if c.page, err = strconv.Atoi(s); err != nil || c.page < 1 || c.page > maxPage {
			return fail("option pageSize is %q, but must be a number from 1 to %d", s, maxPage)
		}
	}
	if s := cfg.Options["overlap"]; s != "" {
		if c.overlap, err = time.ParseDuration(s); err != nil || c.overlap < 0 {
			return fail("option overlap is %q, but must be a duration such as 2m", s)
		}
	}
	if s := cfg.Options["createMissing"]; s != "" {
		if c.createMissing, err = strconv.ParseBool(s); err != nil {
			return fail("option createMissing is %q, but must be true or false", s)
		}
	}
	if c.country != "" && len(c.country) != 2 {
		return fail("option taxCountry is %q, but must be a code of two letters such as NL", c.country)
	}
	common := rest.Config{System: system, URL: base, JSON: true, Decode: decodeError(false), HTTP: cfg.HTTP, Log: cfg.Log, Now: cfg.Now}
	if adjust != nil {
		adjust(&common)
	}
	if c.login, err = rest.New(common); err != nil {
		return fail("%w", err)
	}
	if common.Auth, err = c.authenticator(cfg); err != nil {
		return fail("%w", err)
	}
	// A bearer token that is wrong makes a guest, whose answers look like those to a missing right.
	_, signs := common.Auth.(*rest.OAuth1)
	_, renews := common.Auth.(*rest.Tokens)
	common.Decode = decodeError(!signs && !renews)
	common.Capture, common.Observer, common.Connection = cfg.Capture, cfg.Observer, cfg.Name
	if c.api, err = rest.New(common); err != nil {
		return fail("%w", err)
	}
	return c, nil
}

// authenticator picks the way to log in from the credentials that are there.
func (c *Client) authenticator(cfg connectors.Config) (rest.Authenticator, error) {
	v := cfg.Credentials
	switch {
	case v["consumerKey"] != "" || v["consumerSecret"] != "" || v["accessTokenSecret"] != "":
		for _, name := range []string{"consumerKey", "consumerSecret", "accessToken", "accessTokenSecret"} {
			if v[name] == "" {
				return nil, fmt.Errorf("%s is missing: an integration has four credentials", name)
			}
		}
		return &rest.OAuth1{ConsumerKey: v["consumerKey"], ConsumerSecret: v["consumerSecret"], Token: v["accessToken"], TokenSecret: v["accessTokenSecret"], Now: cfg.Now}, nil
	case v["accessToken"] != "":
		return rest.Bearer(v["accessToken"]), nil
	case v["username"] != "" && v["password"] != "":
		return rest.NewTokens(func(ctx context.Context) (rest.Token, error) {
			return c.adminToken(ctx, v["username"], v["password"])
		}, cfg.Now), nil
	}
	return nil, errors.New("the four credentials of an integration are needed, or its accessToken, or username and password")
}

// adminToken logs an administrator in. Tokens live four hours unless the shop is set otherwise, which it does not tell:
// a 401 renews one that ended earlier.
func (c *Client) adminToken(ctx context.Context, user, password string) (rest.Token, error) {
	asked := c.now()
	req := rest.Request{Method: http.MethodPost, Path: "/V1/integration/admin/token", Repeat: rest.Safe, Body: jsonObject("username", user, "password", password)}
	resp, err := c.login.Do(ctx, req)
	if err != nil {
		var e *port.Error
		if errors.As(err, &e) && strings.Contains(e.Message, "2fa") {
			e.Kind = port.ErrAuth
			e.Message = "the administrator has a second factor: use an integration"
		}
		return rest.Token{}, err
	}
	token := gjson.ParseBytes(resp.Body)
	if token.Type != gjson.String || token.Str == "" {
		return rest.Token{}, &port.Error{Kind: port.ErrProtocol, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer to the log-in is no token"}
	}
	return rest.Token{Value: token.Str, Expires: asked.Add(4 * time.Hour)}, nil
}

// apiURL finds the API of a shop whose address people copy from a browser.
func apiURL(address string) (string, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil || u.Host == "" {
		return "", errors.New("url must be the address of the shop, such as https://shop.example.com")
	}
	u.RawQuery, u.Fragment = "", ""
	path, _, _ := strings.Cut(strings.TrimRight(u.Path, "/")+"/", "/rest/")
	u.Path = strings.TrimRight(path, "/")
	return u.String() + "/rest", nil
}

// Ping reads the settings of the shop's views, which needs a right.
func (c *Client) Ping(ctx context.Context) (string, error) {
	table, err := c.Reference(ctx, "storeConfigs", true)
	if err != nil {
		return "", err
	}
	first := gjson.GetBytes(table, "0")
	return fmt.Sprintf("Magento 2, store view %s, %s", first.Get("code").String(), first.Get("base_currency_code").String()), nil
}

// Close ends the connection. Calls must have ended.
func (c *Client) Close() error {
	var errs []error
	for _, closer := range []io.Closer{c.api, c.login} {
		errs = append(errs, closer.Close())
	}
	c.web.CloseIdleConnections()
	return errors.Join(errs...)
}
