package eaccounting

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

const (
	// readPage is how many documents a read asks for at a time.
	readPage = 100
	// overlap is how far before q.Since a read begins: a document's stamp is set
	// a little before others can see it.
	overlap = 2 * time.Minute
)

// Read yields changed documents, oldest change first. Deletions are not told by the API. Orders, quotes and invoices have
// the member crosswalk.customer: the customer as it is now, because they name it by its id alone; a customer that is gone is left out.
func (c *Connector) Read(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		r, err := find(q.Resource)
		if err == nil && r.stamp == "" {
			err = &port.Error{Kind: port.ErrNoProbe, System: Name, Op: "read " + r.name, Message: "the API has no change stamp for it"}
		}
		if err != nil {
			yield(port.Document{}, err)
			return
		}
		left := q.Limit
		customers := map[string][]byte{}
		emit := func(d port.Document, err error) bool {
			if err == nil && r.entity == port.Order {
				d.Body, err = c.withCustomer(ctx, d.Body, customers)
			}
			if !yield(d, err) || err != nil {
				return false
			}
			left--
			return left != 0
		}
		if len(q.IDs) > 0 {
			c.readIDs(ctx, r, q.IDs, emit)
			return
		}
		since := q.Since
		if !since.IsZero() {
			since = since.Add(-overlap)
		}
		err = c.readChanges(ctx, r, since, emit)
		if refusedFilter(err) {
			err = c.readByIndex(ctx, r, since, emit)
		}
		if err != nil {
			emit(port.Document{}, err)
		}
	}
}

// withCustomer adds the document's customer, reading each once.
func (c *Connector) withCustomer(ctx context.Context, body []byte, known map[string][]byte) ([]byte, error) {
	id := gjson.GetBytes(body, "CustomerId").String()
	customer, ok := known[id]
	if !ok {
		r, err := find("customer")
		if err != nil {
			return nil, err
		}
		docs, err := c.findID(ctx, r, id)
		if err != nil {
			return nil, err
		}
		if len(docs) > 0 {
			customer = docs[0].Body
		}
		known[id] = customer
	}
	if customer == nil {
		return body, nil
	}
	return sjson.SetRawBytes(body, "crosswalk.customer", customer)
}

// refusedFilter tells whether the API cannot filter by what was asked.
func refusedFilter(err error) bool {
	var e *port.Error
	return errors.As(err, &e) && e.Code == codeBadFilter
}

// readIDs yields the documents with the ids that still exist, in order of their change.
func (c *Connector) readIDs(ctx context.Context, r *resource, ids []string, emit func(port.Document, error) bool) {
	var docs []port.Document
	for _, id := range ids {
		d, err := c.get(ctx, r, id)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			emit(port.Document{}, err)
			return
		}
		docs = append(docs, d)
	}
	slices.SortStableFunc(docs, func(a, b port.Document) int { return a.ChangedAt.Compare(b.ChangedAt) })
	for _, d := range docs {
		if !emit(d, nil) {
			return
		}
	}
}

// readChanges follows the change stamp. It does not count pages over a moving set: each
// step asks for what changed since the last stamp seen, so that a document that changes
// meanwhile moves to the end instead of pushing another one out of sight. Only a second
// with more documents than a page is read by pages, by itself.
func (c *Connector) readChanges(ctx context.Context, r *resource, since time.Time, emit func(port.Document, error) bool) error {
	seen := map[string]port.Document{} // by id, without their bodies, of documents at or after bound
	fresh := func(d port.Document) bool {
		known, again := seen[d.ID]
		seen[d.ID] = port.Document{Version: d.Version, ChangedAt: d.ChangedAt}
		return !again || known.Version != d.Version
	}
	for bound := since; ; {
		l, err := c.list(ctx, r.path, r.changed(bound, time.Time{}), 1, c.page)
		if err != nil {
			return err
		}
		var last time.Time
		for _, item := range l.items {
			d := r.document(item.Raw)
			if d.ChangedAt.IsZero() || d.ChangedAt.Before(last) {
				return &port.Error{Kind: port.ErrProtocol, System: Name, Op: "GET /" + r.path,
					Message: "the documents do not come in the order of " + r.stamp}
			}
			last = d.ChangedAt
			if fresh(d) && !emit(d, nil) {
				return nil
			}
		}
		if len(l.items) < c.page {
			return nil
		}
		// A whole second is asked for again: how finely the server compares is unknown.
		next := last.Truncate(time.Second)
		if !next.After(bound) {
			next = bound.Truncate(time.Second).Add(time.Second)
			done := false
			err := c.each(ctx, r.path, r.changed(bound, next), c.page, func(item gjson.Result) bool {
				d := r.document(item.Raw)
				done = fresh(d) && !emit(d, nil)
				return !done
			})
			if err != nil || done {
				return err
			}
		}
		bound = next
		maps.DeleteFunc(seen, func(_ string, d port.Document) bool { return d.ChangedAt.Before(bound) })
	}
}

// changed is the query for documents that changed at or after from and, unless
// it is zero, before to; oldest change first.
func (r *resource) changed(from, to time.Time) url.Values {
	q := url.Values{"$orderby": {r.stamp + ",Id"}}
	maps.Copy(q, r.query)
	text := func(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.9999999Z") }
	var filter []string
	switch {
	case from.IsZero():
	case r.since != "":
		q.Set(r.since, text(from))
	default:
		filter = append(filter, r.stamp+" ge "+text(from))
	}
	if !to.IsZero() {
		filter = append(filter, r.stamp+" lt "+text(to))
	}
	if len(filter) > 0 {
		q.Set("$filter", strings.Join(filter, " and "))
	}
	return q
}

// readByIndex serves where the change stamp cannot be filtered by: it lists ids and stamps, newest
// change first, until they are older than since, and then reads the documents one by one. A
// document that changes meanwhile comes again at the front, where it hides nothing, but may not have
// been met where it was: each has the stamp that the index gave, none of which is later than its first page,
// so that the next read asks for that document again.
func (c *Connector) readByIndex(ctx context.Context, r *resource, since time.Time, emit func(port.Document, error) bool) error {
	index, err := c.index(ctx, r, since)
	if err != nil {
		return err
	}
	for _, row := range slices.Backward(index) {
		d, err := c.get(ctx, r, row.Get("Id").String())
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		d.ChangedAt = moment(row.Get(r.stamp).String())
		if !emit(d, nil) {
			return nil
		}
	}
	return nil
}

// index lists ids and stamps, newest change first.
func (c *Connector) index(ctx context.Context, r *resource, since time.Time) (rows []gjson.Result, err error) {
	known := map[string]bool{}
	var began time.Time
	query := url.Values{"$orderby": {r.stamp + " desc"}, "$select": {"Id," + r.stamp}}
	err = c.each(ctx, r.path, query, c.most, func(row gjson.Result) bool {
		at, id := moment(row.Get(r.stamp).String()), row.Get("Id").String()
		if began.IsZero() {
			began = at
		}
		// What has changed since is the next read's.
		if !at.Before(since) && !at.After(began) && !known[id] {
			known[id] = true
			rows = append(rows, row)
		}
		return !at.Before(since)
	})
	slices.SortStableFunc(rows, func(a, b gjson.Result) int {
		return moment(b.Get(r.stamp).String()).Compare(moment(a.Get(r.stamp).String()))
	})
	return rows, err
}
