package shopware

import (
	"context"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Find asks by id, by number (orderNumber, customerNumber, productNumber), by e-mail address (customers) or by
// SKU (products, the same as the number). Shopware compares text without regard to case; a SKU or number that
// differs in case is left out here. Guests are not found by e-mail.
func (c *Client) Find(ctx context.Context, name string, key port.Key) ([]port.Document, error) {
	res, err := resourceOf(name)
	if err != nil {
		return nil, err
	}
	p, ok := res.probes[key.Field]
	if !ok {
		return nil, &port.Error{Kind: port.ErrNoProbe, System: system, Op: "find " + name, Field: key.Field}
	}
	if key.Value == "" || p.field == "id" && !isID(key.Value) {
		return nil, nil // the API would refuse the question
	}
	if p.field == "id" {
		docs, _, err := c.load(ctx, res, criteria{IDs: []string{key.Value}})
		return docs, err
	}
	crit := criteria{Limit: c.page, Sort: byCreation, Filter: append(slices.Clone(p.also), equals(p.field, key.Value))}
	var all []port.Document
	for crit.Page = 1; ; crit.Page++ {
		docs, more, err := c.load(ctx, res, crit)
		if err != nil {
			return nil, err
		}
		for _, d := range docs {
			if p.matches(d, key.Value) {
				all = append(all, d)
			}
		}
		if !more {
			return all, nil
		}
	}
}

// matches compares again: the database ignores case, accents and trailing spaces.
func (p probe) matches(d port.Document, value string) bool {
	have := member(d.Body, p.field)
	if p.exact {
		return have == value
	}
	return strings.EqualFold(have, strings.TrimSpace(value))
}
