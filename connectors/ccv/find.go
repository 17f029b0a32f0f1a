package ccv

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"
	"sync"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Find asks by id, by number (orders), by reference (orders: reservationnumber), by e-mail address (customers) or by SKU (products, their
// variants, and stock). CCV can be asked for neither addresses nor references: they are found in a list that is read once.
func (c *Client) Find(ctx context.Context, resource string, key port.Key) ([]port.Document, error) {
	if err := c.known(resource); err != nil {
		return nil, err
	}
	if !slices.Contains(probes[resource], key.Field) {
		return nil, &port.Error{Kind: port.ErrNoProbe, System: c.dialect.name, Op: "find " + resource, Field: key.Field}
	}
	if key.Value == "" {
		return nil, nil
	}
	switch {
	case resource == orderResource:
		return c.findOrder(ctx, key)
	case resource == customerResource:
		return c.findCustomer(ctx, key)
	case key.Field == port.KeySKU:
		return c.findSKU(ctx, resource, key.Value)
	case resource == stockResource:
		return c.stockByID(ctx, []string{key.Value})
	}
	return c.productByID(ctx, []string{key.Value})
}

// existing reads a document by id; ok is false where there is none.
func (c *Client) existing(ctx context.Context, resource, id string) (row gjson.Result, ok bool, err error) {
	if !isID(id) {
		return gjson.Result{}, false, nil
	}
	row, err = c.get(ctx, nil, resource, id)
	if errors.Is(err, port.ErrNotFound) {
		return gjson.Result{}, false, nil
	}
	return row, err == nil, err
}

func (c *Client) findOrder(ctx context.Context, key port.Key) ([]port.Document, error) {
	switch key.Field {
	case port.KeyID:
		return c.orderByID(ctx, []string{key.Value})
	case port.KeyReference:
		ids, err := c.orders.find(ctx, key.Value)
		if err != nil {
			return nil, err
		}
		docs, err := c.orderByID(ctx, ids)
		return slices.DeleteFunc(docs, func(d port.Document) bool {
			return gjson.GetBytes(d.Body, "reservationnumber").String() != key.Value
		}), err
	}
	// The number that people see may have a prefix; the filter wants the digits.
	digits := key.Value[len(strings.TrimRight(key.Value, "0123456789")):]
	if !isID(digits) {
		return nil, nil
	}
	rows, err := c.all(ctx, url.Values{"ordernumber": {digits}, "orderby": {"id"}}, "orders")
	if err != nil {
		return nil, err
	}
	var docs []port.Document
	for _, row := range rows {
		if row.Get("ordernumber_full").String() != key.Value && row.Get("ordernumber").String() != key.Value {
			continue
		}
		doc, err := c.order(ctx, row, false)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	return docs, nil
}

func (c *Client) findCustomer(ctx context.Context, key port.Key) ([]port.Document, error) {
	ids := []string{key.Value}
	if key.Field == port.KeyEmail {
		var err error
		if ids, err = c.users.find(ctx, foldEmail(key.Value)); err != nil {
			return nil, err
		}
	}
	docs, err := c.customerByID(ctx, ids)
	if key.Field == port.KeyID {
		return docs, err
	}
	return slices.DeleteFunc(docs, func(d port.Document) bool {
		return !slices.Contains(userKeys(gjson.ParseBytes(d.Body)), foldEmail(key.Value))
	}), err
}

func emailOf(row gjson.Result) string {
	if e := foldEmail(row.Get("userinfo.email").String()); e != "" {
		return e
	}
	return foldEmail(row.Get("username").String())
}

// article is what a SKU stands for.
type article struct {
	product, variant string // ids; no variant for a product without
	extra            string // what the variant costs more, as JSON
}

func (a article) id() string {
	if a.variant == "" {
		return a.product
	}
	return a.product + "/" + a.variant
}

// articles finds what has a SKU: products by their number, and else variants by theirs.
func (c *Client) articles(ctx context.Context, sku string) ([]article, error) {
	out, err := c.productsWith(ctx, sku)
	if err == nil && len(out) == 0 {
		out, err = c.variantsWith(ctx, sku)
	}
	if err != nil {
		return nil, err
	}
	c.skus.set(sku, out)
	return out, nil
}

func (c *Client) productsWith(ctx context.Context, number string) ([]article, error) {
	rows, err := c.all(ctx, url.Values{"productnumber": {number}, "orderby": {"id"}}, "products")
	if err != nil {
		return nil, err
	}
	var out []article
	for _, row := range rows {
		if row.Get("productnumber").String() == number {
			out = append(out, article{product: row.Get("id").String(), extra: "0"})
		}
	}
	return out, nil
}

func (c *Client) findSKU(ctx context.Context, resource, sku string) ([]port.Document, error) {
	found, err := c.articles(ctx, sku)
	if err != nil || len(found) == 0 {
		return nil, err
	}
	ids := make([]string, len(found))
	for i, a := range found {
		ids[i] = a.id()
	}
	if resource == stockResource {
		return c.stockByID(ctx, ids)
	}
	return c.productByID(ctx, ids)
}

// skuCache remembers what SKUs stand for, so that the rows of an order need no search that the order's flow has just made.
type skuCache struct {
	mu    sync.Mutex
	known map[string][]article
}

const mostSKUs = 20_000

func (s *skuCache) get(sku string) ([]article, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	a, ok := s.known[sku]
	return a, ok && len(a) > 0
}

func (s *skuCache) set(sku string, a []article) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.known == nil || len(s.known) >= mostSKUs {
		s.known = map[string][]article{}
	}
	s.known[sku] = a
}

// forget drops everything: ids of variants change when values are attached again.
func (s *skuCache) forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.known = nil
}
