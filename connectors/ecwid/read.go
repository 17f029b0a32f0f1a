package ecwid

import (
	"cmp"
	"context"
	"iter"
	"net/url"
	"slices"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

const (
	// windowSize is how many documents a window of time holds at most, unless they all have one stamp.
	windowSize = 1000
	// narrow is how short a window is at least: stamps have seconds.
	narrow = time.Second
)

// opened is before the first store was opened.
var opened = time.Date(2009, 1, 1, 0, 0, 0, 0, time.UTC)

// Read yields the documents of q.Resource ("order", "customer", "product", "stock"); of orders those that were finished, of stock each
// product and each variation that has its own.
//
// Ecwid pages by offset over a list that changes, in an order that it does not promise. So time is cut into windows by change stamp. Within one,
// documents can only leave while it is read, because a change makes them newer than its end: its pages are read from the last to the first,
// and what moves up over a page's boundary is met there, perhaps a second time. Only the last minute, by the store's clock, is not quiet
// yet; it is read again by the next read, which begins before q.Since.
//
// Documents that were asked for by id are as they are now; what a search finds lags some seconds behind.
func (c *Client) Read(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		r, err := resourceOf(q.Resource)
		if err != nil {
			yield(port.Document{}, err)
			return
		}
		rows := c.changed(ctx, r, q.Since)
		if len(q.IDs) > 0 {
			rows = c.named(ctx, r, q)
		}
		newer := 0
		for row, err := range rows {
			var docs []port.Document
			if err == nil {
				docs, err = c.documents(ctx, r, row)
			}
			if err != nil {
				yield(port.Document{}, err)
				return
			}
			for _, doc := range docs {
				if r.name == stockResource && len(q.IDs) > 0 && !slices.Contains(q.IDs, doc.ID) {
					continue
				}
				// Those that are not newer are the overlap: if they counted, a read with a small limit
				// would return them again and again and never come further.
				if q.Limit > 0 && doc.ChangedAt.After(q.Since) {
					if newer++; newer > q.Limit {
						return
					}
				}
				if !yield(doc, nil) {
					return
				}
			}
		}
	}
}

// named reads by id, in the order of the stamps. An id of stock begins with that of its product.
func (c *Client) named(ctx context.Context, r resource, q port.Query) iter.Seq2[gjson.Result, error] {
	return func(yield func(gjson.Result, error) bool) {
		var rows []gjson.Result
		seen := map[string]bool{}
		for _, id := range q.IDs {
			if r.name == stockResource {
				id, _ = splitStockID(id)
			}
			if seen[id] {
				continue
			}
			seen[id] = true
			row, ok, err := c.one(ctx, r.list, id)
			if err != nil {
				yield(gjson.Result{}, err)
				return
			}
			if ok && !stampOf(row.Get(r.stamp)).Before(q.Since.Add(-c.overlap)) {
				rows = append(rows, row)
			}
		}
		for _, row := range sorted(r, rows) {
			if !yield(row, nil) {
				return
			}
		}
	}
}

// sorted sorts by stamp and, because stamps have seconds and many are equal, by id.
func sorted(r resource, rows []gjson.Result) []gjson.Result {
	slices.SortStableFunc(rows, func(a, b gjson.Result) int {
		return cmp.Or(stampOf(a.Get(r.stamp)).Compare(stampOf(b.Get(r.stamp))), cmp.Compare(a.Get("id").String(), b.Get("id").String()))
	})
	return rows
}

// changed yields what changed at since or after it, and some of what changed before, window by window.
func (c *Client) changed(ctx context.Context, r resource, since time.Time) iter.Seq2[gjson.Result, error] {
	return func(yield func(gjson.Result, error) bool) {
		from := opened
		if !since.IsZero() {
			from = since.Add(-c.overlap).UTC().Truncate(time.Second)
		}
		var span time.Duration // zero: as far as it is quiet
		for {
			w, err := c.window(ctx, r, from, span)
			if err != nil {
				yield(gjson.Result{}, err)
				return
			}
			for _, row := range w.rows {
				if !yield(row, nil) {
					return
				}
			}
			if w.last {
				return
			}
			from, span = w.to, w.to.Sub(w.from)
			switch n := len(w.rows); {
			case n < windowSize/8:
				span *= 8
			case n < windowSize/2:
				span *= 2
			}
		}
	}
}

// window is what changed from one instant to before another, sorted.
type window struct {
	from, to time.Time
	rows     []gjson.Result
	last     bool
}

// window reads a window that begins at from and is as long as span, or shorter where that holds too many documents. Whether the API's
// bounds count is not said: a second more is asked for on both sides, and what lies outside is left out here.
func (c *Client) window(ctx context.Context, r resource, from time.Time, span time.Duration) (window, error) {
	query := url.Values{"updatedFrom": {unix(from.Add(-time.Second))}}
	first, err := c.search(ctx, r.list, query, 0)
	if err != nil {
		return window{}, err
	}
	w := window{from: from}
	quiet := first.at.UTC().Add(-settled).Truncate(time.Second)
	// What is on one page was read at one instant.
	w.last = first.total <= pageSize || !from.Before(quiet)
	if !w.last {
		w.to = quiet
		if end := from.Add(span); span > 0 && end.Before(quiet) {
			w.to = end
		}
		for {
			query.Set("updatedTo", unix(w.to))
			if first, err = c.search(ctx, r.list, query, 0); err != nil {
				return window{}, err
			}
			span = w.to.Sub(from)
			if first.total <= windowSize || span <= narrow {
				break
			}
			w.to = from.Add(max(span/2, narrow).Truncate(time.Second))
		}
	}
	if w.rows, err = c.backwards(ctx, r, query, first); err != nil {
		return window{}, err
	}
	w.rows = slices.DeleteFunc(w.rows, func(row gjson.Result) bool {
		at := stampOf(row.Get(r.stamp))
		return at.Before(from) || !w.last && !at.Before(w.to)
	})
	return w, nil
}

// backwards reads the pages of a list from the last to the first; each document once, as it was met last.
func (c *Client) backwards(ctx context.Context, r resource, query url.Values, first page) ([]gjson.Result, error) {
	rows := first.rows
	if first.total > pageSize {
		rows = nil
		for offset := (first.total - 1) / pageSize * pageSize; offset >= 0; offset -= pageSize {
			p, err := c.search(ctx, r.list, query, offset)
			if err != nil {
				return nil, err
			}
			rows = append(rows, p.rows...)
		}
	}
	byID := map[string]gjson.Result{}
	for _, row := range rows {
		id := row.Get("id").String()
		if id == "" || stampOf(row.Get(r.stamp)).IsZero() {
			return nil, &port.Error{Kind: port.ErrProtocol, System: system, Op: "GET /" + r.list, Message: "a row of the list has no id or no change stamp"}
		}
		if have, ok := byID[id]; !ok || !stampOf(row.Get(r.stamp)).Before(stampOf(have.Get(r.stamp))) {
			byID[id] = row
		}
	}
	rows = rows[:0:0]
	for _, row := range byID {
		rows = append(rows, row)
	}
	return sorted(r, rows), nil
}

func unix(t time.Time) string { return strconv.FormatInt(t.Unix(), 10) }
