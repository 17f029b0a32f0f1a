package shopware

import (
	"bytes"
	"cmp"
	"context"
	"iter"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Read yields the documents of q.Resource ("order", "customer", "product", "stock") with the associations that a mapping needs.
// A family of variants is one product. Stock has no stamps: all of it is read every time.
//
// It reads in two steps, because Shopware cannot sort by the newest of several stamps and its pages shift while
// data moves. First the ids and stamps of everything that changed are collected, by a keyset over
// autoIncrement, which never changes and is unique. Then the documents are fetched by id, in the order of their
// stamps. What is changed in between keeps the stamp of the first step, and none is
// later than the shop's clock at its beginning: the next read finds it again.
//
// An order counts as changed when it, one of its transactions or one of its deliveries was: states of payment and
// delivery leave the order's own updatedAt alone. A booking of stock moves no stamp at all.
func (c *Client) Read(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		res, err := resourceOf(q.Resource)
		if err != nil {
			yield(port.Document{}, err)
			return
		}
		changed, err := c.changed(ctx, res, q)
		if err != nil {
			yield(port.Document{}, err)
			return
		}
		pages := rest.Pages(ctx, func(ctx context.Context, page int) ([]port.Document, bool, error) {
			from, to := min((page-1)*c.page, len(changed)), min(page*c.page, len(changed))
			docs, err := c.fetch(ctx, res, changed[from:to])
			return docs, to < len(changed), err
		})
		for doc, err := range pages {
			if !yield(doc, err) {
				return
			}
		}
	}
}

// change is a document that was created or changed.
type change struct {
	id string
	at time.Time
}

// changed returns what q asks for, in the order of the stamps.
func (c *Client) changed(ctx context.Context, res resource, q port.Query) ([]change, error) {
	base := res.stampsOnly()
	base.Filter = slices.Clone(res.only)
	if !q.Since.IsZero() && !res.unstamped {
		base.Filter = append(base.Filter, res.changedSince(q.Since.Add(-c.overlap)))
	}
	var list []change
	var err error
	if len(q.IDs) > 0 {
		list, err = c.named(ctx, res, base, q.IDs)
	} else {
		list, err = c.scan(ctx, res, base)
	}
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(list, func(a, b change) int {
		return cmp.Or(a.at.Compare(b.at), strings.Compare(a.id, b.id))
	})
	return limited(list, q), nil
}

// limited keeps q.Limit documents that are newer than q.Since. Those that are not are the overlap: if they
// counted, a read with a small limit would return them again and again and never come further.
func limited(list []change, q port.Query) []change {
	if q.Limit <= 0 {
		return list
	}
	newer := 0
	for i, ch := range list {
		if !ch.at.After(q.Since) {
			continue
		}
		if newer++; newer > q.Limit {
			return list[:i]
		}
	}
	return list
}

// named asks for stamps by id. What is no id does not exist.
func (c *Client) named(ctx context.Context, res resource, base criteria, ids []string) ([]change, error) {
	ids = slices.DeleteFunc(slices.Clone(ids), func(id string) bool { return !isID(id) })
	var list []change
	for chunk := range slices.Chunk(ids, maxLimit) {
		crit := base
		crit.IDs = chunk
		page, err := c.search(ctx, res.route, crit, nil)
		if err != nil {
			return nil, err
		}
		list = append(list, res.changes(page.rows)...)
	}
	return list, nil
}

// scan walks over autoIncrement: rows that change stay where they are, new ones come at the end.
func (c *Client) scan(ctx context.Context, res resource, base criteria) ([]change, error) {
	base.Limit = maxLimit
	base.Sort = []sorting{{Field: "autoIncrement"}}
	var list []change
	var began time.Time
	for after := ""; ; {
		crit := base
		if after != "" {
			crit.Filter = append(slices.Clone(base.Filter), above("autoIncrement", after))
		}
		page, err := c.search(ctx, res.route, crit, nil)
		if err != nil {
			return nil, err
		}
		if after == "" {
			began = page.at
		}
		list = append(list, res.changes(page.rows)...)
		if !page.full {
			break
		}
		last := page.rows[len(page.rows)-1].Get("autoIncrement").Raw
		if last == "" || last == after {
			return nil, &port.Error{Kind: port.ErrProtocol, System: system, Op: "POST /search/" + res.route,
				Message: "the shop does not page by autoIncrement"}
		}
		after = last
	}
	// A row whose turn was over may have changed while others, later, were found: whoever
	// remembers the newest stamp must not pass it by.
	if !began.IsZero() {
		for i := range list {
			if list[i].at.After(began) {
				list[i].at = began
			}
		}
	}
	return list, nil
}

func (r resource) changes(rows []gjson.Result) []change {
	list := make([]change, len(rows))
	for i, row := range rows {
		list[i] = change{row.Get("id").String(), r.stamp(row)}
	}
	return list
}

// stampsOnly loads nothing but ids and stamps.
func (r resource) stampsOnly() criteria {
	alias := strings.ReplaceAll(r.route, "-", "_")
	crit := criteria{
		Associations: associations{},
		Includes:     map[string][]string{},
	}
	own := []string{"id", "autoIncrement", "createdAt", "updatedAt"}
	for _, name := range slices.Sorted(maps.Keys(r.parts)) {
		crit.Associations[name] = criteria{}
		crit.Includes[r.parts[name]] = []string{"id", "createdAt", "updatedAt"}
		own = append(own, name)
	}
	crit.Includes[alias] = own // also where a part is of the same kind
	return crit
}

// changedSince selects rows with a stamp at or after t, of their own or of a part. updatedAt is null until the first update.
func (r resource) changedSince(t time.Time) filter {
	queries := []filter{since("updatedAt", t), allOf(equals("updatedAt", nil), since("createdAt", t))}
	for _, name := range slices.Sorted(maps.Keys(r.parts)) {
		queries = append(queries, since(name+".updatedAt", t), since(name+".createdAt", t))
	}
	return anyOf(queries...)
}

// stamp is the newest of a row's stamps.
func (r resource) stamp(row gjson.Result) time.Time {
	newest := stampOf(row)
	for name := range r.parts {
		// PHP writes [] for what is empty; null is not loaded.
		for _, part := range row.Get(name).Array() {
			if at := stampOf(part); at.After(newest) {
				newest = at
			}
		}
	}
	return newest
}

func stampOf(row gjson.Result) time.Time {
	var newest time.Time
	for _, name := range []string{"createdAt", "updatedAt"} {
		if at, err := time.Parse(time.RFC3339Nano, row.Get(name).String()); err == nil && at.After(newest) {
			newest = at.UTC()
		}
	}
	return newest
}

// fetch loads whole documents, in the order asked for. What was deleted meanwhile is left out.
func (c *Client) fetch(ctx context.Context, res resource, list []change) ([]port.Document, error) {
	if len(list) == 0 {
		return nil, nil
	}
	ids := make([]string, len(list))
	for i, ch := range list {
		ids[i] = ch.id
	}
	docs, _, err := c.load(ctx, res, criteria{IDs: ids})
	if err != nil {
		return nil, err
	}
	byID := make(map[string]port.Document, len(docs))
	for _, d := range docs {
		byID[d.ID] = d
	}
	docs = docs[:0]
	for _, ch := range list {
		if d, ok := byID[ch.id]; ok {
			d.ChangedAt = ch.at
			docs = append(docs, d)
		}
	}
	return docs, nil
}

// load searches for whole documents.
func (c *Client) load(ctx context.Context, res resource, crit criteria) (docs []port.Document, more bool, err error) {
	crit.Associations, crit.Includes = res.load, res.fields
	page, err := c.search(ctx, res.route, crit, res.header)
	if err != nil {
		return nil, false, err
	}
	docs = make([]port.Document, 0, len(page.rows))
	for _, row := range page.rows {
		docs = append(docs, res.document(row))
	}
	return docs, page.full, nil
}

func (r resource) document(row gjson.Result) port.Document {
	body := bytes.Clone([]byte(row.Raw)) // a row must not hold on to its page
	return port.Document{
		Resource:  r.name,
		ID:        row.Get("id").String(),
		Key:       row.Get(r.key).String(),
		Version:   contentHash(body, r.volatile),
		ChangedAt: r.stamp(row),
		Body:      body,
	}
}

// isID tells whether text is an id as routes and criteria take it.
func isID(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
