package eaccounting

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Connector is a connection to one company. It is safe for concurrent use.
type Connector struct {
	api      *rest.Client
	identity *rest.Client
	lookback int
	perRow   bool // VAT is rounded row by row
	page     int  // of reads
	most     int  // the largest page that the API gives

	locks   keyedLocks
	tables  connectors.Tables
	refused sync.Map // "orders BuyersOrderReference": the API cannot filter by it

	folds    sync.Mutex // guards caseless
	caseless *bool      // whether text is compared without case; nil: not known yet
}

// budgets is shared by every connection of the process: the vendor counts calls by
// the partner's client id and endpoint, whoever the company is.
var budgets rest.Budgets

// Open makes a connection; it calls nothing yet.
//
// Config.URL is the API's base, with or without /v2; empty is the vendor's. Options:
// identityURL (the identity server; unsaid, the vendor's for the vendor's API and else the
// host of URL), callsPerMinute (our share of the limit for each endpoint, 600), lookback (how many
// of the newest documents are searched for a reference where the API cannot filter by it,
// 5000), vatRounding (rate or row: whether VAT is rounded for each rate or each row, rate).
func Open(cfg connectors.Config) (*Connector, error) {
	return open(cfg, func(*rest.Config) {})
}

// open lets a test change the clients before they are made.
func open(cfg connectors.Config, change func(*rest.Config)) (*Connector, error) {
	o, err := readOptions(cfg)
	if err != nil {
		return nil, fmt.Errorf("%s: connection %s: %w", Name, cfg.Name, err)
	}
	base := rest.Config{
		System: Name, URL: o.identityURL, JSON: true, Decode: decode,
		HTTP: cfg.HTTP, Log: cfg.Log, Now: cfg.Now, Observer: cfg.Observer, Connection: cfg.Name,
	}
	change(&base)
	identity, err := rest.New(base)
	if err != nil && cfg.Options[optIdentityURL] != "" {
		return nil, fmt.Errorf("connection %s: option %s: %w", cfg.Name, optIdentityURL, err)
	}
	if err != nil {
		return nil, fmt.Errorf("connection %s: %w", cfg.Name, err)
	}
	api := base
	api.URL = o.url
	api.Capture = cfg.Capture
	api.Header = http.Header{"Content-Type": {"application/json; charset=utf-8"}}
	api.Auth = rest.RefreshToken(rest.RefreshGrant{
		OAuth2: rest.OAuth2{Client: identity, Path: "/connect/token", Basic: true,
			ClientID: cfg.Credentials[credClientID], ClientSecret: cfg.Credentials[credClientSecret]},
		Connection: cfg.Name, RefreshToken: cfg.Credentials[credRefreshToken], Store: cfg.Tokens,
	})
	partner := o.url + " " + cfg.Credentials[credClientID]
	api.Limit = func(r rest.Request) *rest.Limiter {
		return budgets.Limiter(partner+" "+r.Route, o.callsPerMinute, time.Minute)
	}
	client, err := rest.New(api)
	if err != nil {
		return nil, fmt.Errorf("connection %s: %w", cfg.Name, err)
	}
	return &Connector{api: client, identity: identity, lookback: o.lookback, perRow: o.perRow, page: readPage, most: maxPage}, nil
}

type options struct {
	url, identityURL         string
	callsPerMinute, lookback int
	perRow                   bool
}

func readOptions(cfg connectors.Config) (options, error) {
	var problems []error
	for _, name := range []string{credClientID, credClientSecret, credRefreshToken} {
		// A refresh token may live in the store alone.
		if cfg.Credentials[name] == "" && (name != credRefreshToken || cfg.Tokens == nil) {
			problems = append(problems, fmt.Errorf("the credential %s is missing", name))
		}
	}
	o := options{url: strings.TrimRight(cfg.URL, "/"), identityURL: cfg.Options[optIdentityURL]}
	if o.url == "" {
		o.url = DefaultURL
	}
	if !strings.HasSuffix(o.url, "/v2") {
		o.url += "/v2"
	}
	if o.identityURL == "" {
		o.identityURL = DefaultIdentityURL
		if o.url != DefaultURL {
			o.identityURL = origin(o.url)
		}
	}
	number := func(name string, unsaid int) int {
		text := cfg.Options[name]
		if text == "" {
			return unsaid
		}
		n, err := strconv.Atoi(text)
		if err != nil || n < 1 {
			problems = append(problems, fmt.Errorf("the option %s must be a positive number", name))
		}
		return n
	}
	o.callsPerMinute = number(optCallsPerMinute, callsPerMinute)
	o.lookback = number(optLookback, lookback)
	switch cfg.Options[optVATRounding] {
	case "", "rate":
	case "row":
		o.perRow = true
	default:
		problems = append(problems, fmt.Errorf("the option %s must be rate or row", optVATRounding))
	}
	return o, errors.Join(problems...)
}

// origin is scheme and host of an address; New says what is wrong with a bad one.
func origin(addr string) string {
	u, err := url.Parse(addr)
	if err != nil || u.Host == "" {
		return addr
	}
	return u.Scheme + "://" + u.Host
}

// Ping reads the company's settings and names the company.
func (c *Connector) Ping(ctx context.Context) (string, error) {
	raw, err := c.Reference(ctx, "companySettings", true)
	if err != nil {
		return "", err
	}
	return "Visma eAccounting: " + gjson.GetBytes(raw, "Name").String(), nil
}

// Account returns what identifies the company. Every company has the same address.
func (c *Connector) Account(ctx context.Context) (string, error) {
	raw, err := c.Reference(ctx, "companySettings", false)
	if err != nil {
		return "", err
	}
	// https://eaccountingapi.vismaonline.com/swagger: CompanyIdentifier, a GUID. Where an answer lacks it, the
	// registration number and the name must do.
	settings := gjson.ParseBytes(raw)
	if id := settings.Get("CompanyIdentifier").String(); id != "" {
		return id, nil
	}
	return strings.Join([]string{settings.Get("CountryCode").String(), settings.Get("CorporateIdentityNumber").String(), settings.Get("Name").String()}, " "), nil
}

// Close ends the connection.
func (c *Connector) Close() error {
	return errors.Join(c.api.Close(), c.identity.Close())
}

// get reads one object of a resource.
func (c *Connector) get(ctx context.Context, r *resource, id string) (port.Document, error) {
	resp, err := c.api.Do(ctx, rest.Request{Path: rest.Path(r.path, id), Route: "/" + r.path + "/{id}", Query: r.query})
	if err != nil {
		return port.Document{}, err
	}
	return r.answered("GET /"+r.path+"/{id}", resp.Body, port.ErrProtocol)
}

// answered makes a document of an answer; one without an id is an error of kind.
func (r *resource) answered(op string, body []byte, kind error) (port.Document, error) {
	d := r.document(string(body))
	if d.ID == "" {
		return d, &port.Error{Kind: kind, System: Name, Op: op, Message: "the answer holds no Id"}
	}
	return d, nil
}

// listing is one page of a list.
type listing struct {
	items []gjson.Result
	total int64
}

// maxPage is the largest page the API gives.
const maxPage = 1000

// list reads one page (from 1) of a path. Names of the query keep their $.
func (c *Connector) list(ctx context.Context, path string, query url.Values, page, size int) (listing, error) {
	q := url.Values{"$page": {strconv.Itoa(page)}, "$pagesize": {strconv.Itoa(size)}}
	for name, values := range query {
		q[name] = values
	}
	resp, err := c.api.Do(ctx, rest.Request{Path: "/" + path, Route: "/" + path, Query: q})
	if err != nil {
		return listing{}, err
	}
	data := gjson.GetBytes(resp.Body, "Data")
	if !data.IsArray() {
		return listing{}, &port.Error{Kind: port.ErrProtocol, System: Name, Op: "GET /" + path, Status: resp.Status, Message: "the answer holds no Data"}
	}
	return listing{items: data.Array(), total: gjson.GetBytes(resp.Body, "Meta.TotalNumberOfResults").Int()}, nil
}

// each visits the items of a list until visit says stop. An item may come
// twice; none is missed: where the list shrank between two pages, it starts over.
func (c *Connector) each(ctx context.Context, path string, query url.Values, size int, visit func(gjson.Result) bool) error {
	total := int64(0)
	for page, restarts := 1, 0; ; page++ {
		l, err := c.list(ctx, path, query, page, size)
		if err != nil {
			return err
		}
		if l.total < total {
			if restarts++; restarts > maxRestarts {
				return restless(path)
			}
			page, total = 0, 0
			continue
		}
		total = l.total
		for _, item := range l.items {
			if !visit(item) {
				return nil
			}
		}
		if len(l.items) < size || int64(page)*int64(size) >= total {
			return nil
		}
	}
}

// maxRestarts bounds how often a list is begun anew because it shrank.
const maxRestarts = 10

// restless is the error of a list that shrinks all the time: to read on would miss documents.
func restless(path string) error {
	return &port.Error{Kind: port.ErrOutage, System: Name, Op: "GET /" + path, Message: "the list keeps shrinking while it is read"}
}

func hash(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:16])
}

// keyedLocks lets one at a time work on a document: the API has neither versions nor
// conditions, so that two updates in parallel would lose one.
type keyedLocks struct {
	mu   sync.Mutex
	held map[string]*keyedLock
}

type keyedLock struct {
	free  chan struct{} // holds one token while nobody has the lock
	users int
}

// lock waits for the key or for the context's end; release gives it back.
func (k *keyedLocks) lock(ctx context.Context, key string) (release func(), err error) {
	k.mu.Lock()
	if k.held == nil {
		k.held = map[string]*keyedLock{}
	}
	l := k.held[key]
	if l == nil {
		l = &keyedLock{free: make(chan struct{}, 1)}
		l.free <- struct{}{}
		k.held[key] = l
	}
	l.users++
	k.mu.Unlock()
	leave := func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		if l.users--; l.users == 0 {
			delete(k.held, key)
		}
	}
	select {
	case <-l.free:
		return func() { l.free <- struct{}{}; leave() }, nil
	case <-ctx.Done():
		leave()
		return nil, context.Cause(ctx)
	}
}
