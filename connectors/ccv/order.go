package ccv

import (
	"context"
	"crypto/sha256"
	"errors"
	"iter"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// zoneMargin is how far the zone may be from UTC in which the filters of dates are read: the vendor names none.
const zoneMargin = 14 * time.Hour

// readOrders yields orders in the order of their creation. CCV keeps no stamp of changes, so that a read goes back by the option rescan: an order that
// is paid days later is met again then. Query.Since only moves that window on.
func (c *Client) readOrders(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		query := url.Values{"orderby": {"id"}, "is_completed": {"true"}}
		var from time.Time
		if !q.Since.IsZero() {
			from = q.Since.Add(-max(c.overlap, c.rescan))
			query.Set("min_create_date", from.Add(-zoneMargin).UTC().Format(time.DateTime))
		}
		var list []change
		for row, err := range c.walk(ctx, query, maxPage, "orders") {
			if err != nil {
				yield(port.Document{}, err)
				return
			}
			if at := stamp(row.Get("create_date").String()); !at.Before(from) {
				list = append(list, change{row.Get("id").String(), at})
			}
		}
		byStamp(list)
		fresh := q.Since.Add(-c.overlap)
		newer := 0
		query.Set("orderby", "create_date")
		for row, err := range c.inOrder(ctx, list, query, c.size, "orders") {
			if err != nil {
				yield(port.Document{}, err)
				return
			}
			at := stamp(row.Get("create_date").String())
			if q.Limit > 0 && at.After(q.Since) {
				// Those that are not newer are read again: if they counted, a small limit would never come further.
				if newer++; newer > q.Limit {
					return
				}
			}
			doc, err := c.order(ctx, row, at.Before(fresh))
			if !yield(doc, err) || err != nil {
				return
			}
		}
	}
}

// orderByID reads orders by id, in the order of their creation.
func (c *Client) orderByID(ctx context.Context, ids []string) ([]port.Document, error) {
	var docs []port.Document
	for _, id := range ids {
		if !isID(id) {
			continue
		}
		row, err := c.get(ctx, nil, "orders", id)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return nil, err
		}
		doc, err := c.order(ctx, row, false)
		if err != nil {
			return nil, err
		}
		docs = append(docs, doc)
	}
	slices.SortStableFunc(docs, func(a, b port.Document) int { return a.ChangedAt.Compare(b.ChangedAt) })
	return docs, nil
}

// order puts the rows of an order into it, under orderrows.collection as the vendor's expand does for products, and the slips of a till's
// terminal under terminalreceipts.collection. remembered rows will do where the order itself is what it was.
func (c *Client) order(ctx context.Context, row gjson.Result, remembered bool) (port.Document, error) {
	id := row.Get("id").String()
	content := sha256.Sum256([]byte(row.Raw))
	body, ok := c.rows.get(id, content)
	if !ok || !remembered {
		rows, err := c.all(ctx, nil, "orders", id, "orderrows")
		if err != nil {
			return port.Document{}, err
		}
		if body, err = setRaw([]byte(row.Raw), "orderrows.collection", rest.RawList(rows)); err != nil {
			return port.Document{}, err
		}
		// A sale in cash has no slip, and a transaction only where a terminal took the money.
		if row.Get("terminalreceipts").Exists() && row.Get("transaction_id").String() != "" {
			slips, err := c.flat(ctx, "orders", id, "terminalreceipts")
			if err != nil && !errors.Is(err, port.ErrProtocol) { // no register promises the list
				return port.Document{}, err
			}
			if body, err = setRaw(body, "terminalreceipts.collection", rest.RawList(slips)); err != nil {
				return port.Document{}, err
			}
		}
		c.rows.set(id, content, body)
	}
	return document(orderResource, id, row.Get("ordernumber_full").String(), stamp(row.Get("create_date").String()), body), nil
}

// rowCache keeps whole orders, so that reading the window again costs a call for each page and not for each order.
type rowCache struct {
	mu    sync.Mutex
	kept  map[string]keptOrder
	bytes int
}

type keptOrder struct {
	content [sha256.Size]byte // of the order without its rows
	body    []byte
}

// mostKept is how many bytes of orders are kept before all are forgotten.
const mostKept = 64 << 20

func (r *rowCache) get(id string, content [sha256.Size]byte) ([]byte, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	k, ok := r.kept[id]
	return k.body, ok && k.content == content
}

func (r *rowCache) set(id string, content [sha256.Size]byte, body []byte) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.kept == nil || r.bytes > mostKept {
		r.kept, r.bytes = map[string]keptOrder{}, 0
	}
	r.bytes += len(body) - len(r.kept[id].body)
	r.kept[id] = keptOrder{content, body}
}

// Totaled reads what an order comes to.
func (c *Client) Totaled(resource string, body []byte) (port.Totals, bool) {
	o := gjson.ParseBytes(body)
	if resource != orderResource || o.Get("total_price").Type != gjson.Number {
		return port.Totals{}, false
	}
	return port.Totals{Gross: o.Get("total_price").Raw, Tax: o.Get("total_tax").Raw}, true
}
