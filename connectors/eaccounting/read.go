package eaccounting

import (
	"context"
	"errors"
	"iter"
	"maps"
	"net/url"
	"slices"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

const (
	// readPage is how many documents a read asks for at a time.
	readPage = 100
	// overlap is how far before q.Since a read begins: a document's stamp is set
	// a little before others can see it.
	overlap = 2 * time.Minute
)

// Read yields changed documents, oldest change first. Deletions are not told by the API.
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
		emit := func(d port.Document, err error) bool {
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

// readChanges follows the change stamp. It never counts pages over a moving set: each
// step asks for what changed since the last stamp seen, so that a document that changes
// meanwhile moves to the end instead of pushing another one out of sight. Only
// within one second, whose documents share the bound, does it turn pages, and it starts
// over when the set has shrunk.
func (c *Connector) readChanges(ctx context.Context, r *resource, since time.Time, emit func(port.Document, error) bool) error {
	bound, page, total := since, 1, int64(0)
	seen := map[string]string{} // id to stamp, of documents at or after bound
	for restarts := 0; ; {
		l, err := c.list(ctx, r.path, r.changedSince(bound), page, readPage)
		if err != nil {
			return err
		}
		if page > 1 && l.total < total && restarts < maxRestarts {
			restarts++
			page = 1
			continue
		}
		total = l.total
		var last time.Time
		for _, item := range l.items {
			d := r.document(item.Raw)
			last = d.ChangedAt
			if seen[d.ID] == d.Version && d.Version != "" {
				continue
			}
			seen[d.ID] = d.Version
			if !emit(d, nil) {
				return nil
			}
		}
		if len(l.items) < readPage {
			return nil
		}
		// A whole second is asked for again: how finely the server compares is unknown.
		if next := last.Truncate(time.Second); next.After(bound) {
			bound, page, total = next, 1, 0
			maps.DeleteFunc(seen, func(_, stamp string) bool { return moment(stamp).Before(bound) })
		} else {
			page++
		}
	}
}

// changedSince is the query for documents that changed at or after bound, oldest change first.
func (r *resource) changedSince(bound time.Time) url.Values {
	q := url.Values{"$orderby": {r.stamp + ",Id"}}
	maps.Copy(q, r.query)
	if bound.IsZero() {
		return q
	}
	at := bound.UTC().Format("2006-01-02T15:04:05.9999999Z")
	if r.since != "" {
		q.Set(r.since, at)
	} else {
		q.Set("$filter", r.stamp+" ge "+at)
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
		if len(l.items) < maxPage {
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
