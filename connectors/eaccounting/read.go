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
	seen := map[string]string{} // id to version, of documents at or after bound
	fresh := func(d port.Document) bool {
		known, again := seen[d.ID]
		seen[d.ID] = d.Version
		return !again || known != d.Version
	}
	for bound := since; ; {
		l, err := c.list(ctx, r.path, r.changed(bound, time.Time{}), 1, readPage)
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
		if len(l.items) < readPage {
			return nil
		}
		// A whole second is asked for again: how finely the server compares is unknown.
		next := last.Truncate(time.Second)
		if !next.After(bound) {
			next = bound.Truncate(time.Second).Add(time.Second)
			done := false
			err := c.each(ctx, r.path, r.changed(bound, next), readPage, func(item gjson.Result) bool {
				d := r.document(item.Raw)
				done = fresh(d) && !emit(d, nil)
				return !done
			})
			if err != nil || done {
				return err
			}
		}
		bound = next
		maps.DeleteFunc(seen, func(_, version string) bool { return moment(version).Before(bound) })
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
// document that changes meanwhile comes again at the front, where it hides nothing.
func (c *Connector) readByIndex(ctx context.Context, r *resource, since time.Time, emit func(port.Document, error) bool) error {
	query := url.Values{"$orderby": {r.stamp + " desc"}, "$select": {"Id," + r.stamp}}
	known := map[string]bool{}
	var ids []string
	for page, older := 1, false; !older; page++ {
		l, err := c.list(ctx, r.path, query, page, maxPage)
		if err != nil {
			return err
		}
		for _, item := range l.items {
			older = older || moment(item.Get(r.stamp).String()).Before(since)
			if id := item.Get("Id").String(); !older && !known[id] {
				known[id] = true
				ids = append(ids, id)
			}
		}
		if len(l.items) < maxPage || int64(page)*maxPage >= l.total {
			break
		}
	}
	for _, id := range slices.Backward(ids) {
		d, err := c.get(ctx, r, id)
		if errors.Is(err, port.ErrNotFound) {
			continue
		}
		if err != nil {
			return err
		}
		if !emit(d, nil) {
			return nil
		}
	}
	return nil
}
