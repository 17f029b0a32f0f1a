package ccv

import (
	"context"
	"iter"
	"net/url"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Read yields the documents of q.Resource ("order", "customer", "product", "stock").
//
// Only products have a stamp of changes. Orders are read by their creation, again and again for the time of the option rescan. Customers
// and stock have no dates at all: each read yields all of them, and a version that tells which changed.
func (c *Client) Read(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	if err := c.known(q.Resource); err != nil {
		return func(yield func(port.Document, error) bool) { yield(port.Document{}, err) }
	}
	if len(q.IDs) > 0 && q.Resource != stockResource {
		return c.named(ctx, q)
	}
	switch q.Resource {
	case orderResource:
		return c.readOrders(ctx, q)
	case customerResource:
		return c.readCustomers(ctx, q)
	case productResource:
		return c.limited(c.readProducts(ctx, q), q)
	}
	return c.readStock(ctx, q)
}

// limited ends a sequence after q.Limit documents that are newer than q.Since.
func (c *Client) limited(docs iter.Seq2[port.Document, error], q port.Query) iter.Seq2[port.Document, error] {
	if q.Limit <= 0 {
		return docs
	}
	return func(yield func(port.Document, error) bool) {
		newer := 0
		for doc, err := range docs {
			if err == nil && doc.ChangedAt.After(q.Since) {
				if newer++; newer > q.Limit {
					return
				}
			}
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// named reads by id.
func (c *Client) named(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return rest.Pages(ctx, func(ctx context.Context, _ int) ([]port.Document, bool, error) {
		var docs []port.Document
		var err error
		switch q.Resource {
		case orderResource:
			docs, err = c.orderByID(ctx, q.IDs)
		case customerResource:
			docs, err = c.customerByID(ctx, q.IDs)
		default:
			docs, err = c.productByID(ctx, q.IDs)
		}
		if q.Limit > 0 && len(docs) > q.Limit {
			docs = docs[:q.Limit]
		}
		return docs, false, err
	})
}

func (c *Client) readCustomers(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		yielded := 0
		for row, err := range c.walk(ctx, url.Values{"orderby": {"id"}}, c.size, "users") {
			if err != nil {
				yield(port.Document{}, err)
				return
			}
			if yielded++; q.Limit > 0 && yielded > q.Limit {
				return
			}
			if !yield(document(customerResource, row.Get("id").String(), emailOf(row), time.Time{}, []byte(row.Raw)), nil) {
				return
			}
		}
	}
}

func (c *Client) customerByID(ctx context.Context, ids []string) ([]port.Document, error) {
	var docs []port.Document
	for _, id := range ids {
		row, ok, err := c.existing(ctx, "users", id)
		if err != nil {
			return nil, err
		}
		if ok {
			docs = append(docs, document(customerResource, id, emailOf(row), time.Time{}, []byte(row.Raw)))
		}
	}
	return docs, nil
}
