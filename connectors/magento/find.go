package magento

import (
	"context"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Find asks by id, by number (orders), by reference (orders: ext_order_id), by e-mail address (customers) or by SKU (products and
// stock). Magento compares text without regard to case; a SKU or number that differs in case is left out here.
func (c *Client) Find(ctx context.Context, name string, key port.Key) ([]port.Document, error) {
	res, err := resourceOf(name)
	if err != nil {
		return nil, err
	}
	field, ok := res.probes[key.Field]
	if !ok {
		return nil, &port.Error{Kind: port.ErrNoProbe, System: system, Op: "find " + name, Field: key.Field}
	}
	switch {
	case key.Value == "":
		return nil, nil
	case res.name == stockResource:
		return c.findStock(ctx, key)
	case res.name == stockItemResource:
		return c.findStockItem(ctx, key)
	case key.Field == port.KeyID && !isID(key.Value):
		return nil, nil // the API would refuse the question
	}
	value := key.Value
	if key.Field == port.KeyEmail {
		value = strings.TrimSpace(value)
	}
	rows, err := c.all(ctx, res.list, criteria{groups: [][]condition{and(field, "eq", value)}, sorts: []string{"entity_id"}})
	if err != nil {
		return nil, err
	}
	docs, err := c.documents(ctx, res, rows)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(docs, func(d port.Document) bool {
		have := member(d.Body, field)
		switch {
		case key.Field == port.KeyID:
			return d.ID != key.Value
		case slices.Contains(res.exact, key.Field):
			return have != value
		}
		return !strings.EqualFold(have, value)
	}), nil
}
