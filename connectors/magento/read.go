package magento

import (
	"context"
	"iter"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// byStamp sorts by the change stamp and, because stamps are in seconds and many are equal, by id.
var byStamp = []string{"updated_at", "entity_id"}

// Read yields the documents of q.Resource ("order", "customer", "product", "stock").
//
// Pages are cut by a keyset over change stamp and id instead of page numbers: a document that changes while others are
// read moves to the end of the list and is met there, perhaps a second time, and none is pushed over a page boundary. A read begins
// before q.Since, for stamps of seconds and for writes that were committed late.
//
// Magento moves no stamp when the stock of a product, its images or the comments of an order change. Stock has none: every read
// yields all of it.
func (c *Client) Read(ctx context.Context, q port.Query) iter.Seq2[port.Document, error] {
	return func(yield func(port.Document, error) bool) {
		res, err := resourceOf(q.Resource)
		if err != nil {
			yield(port.Document{}, err)
			return
		}
		var docs iter.Seq2[port.Document, error]
		switch {
		case res.name == stockResource:
			docs = c.readStock(ctx, q)
		case res.list == "":
			yield(port.Document{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: "read " + res.name, Message: "this resource is written only"})
			return
		case len(q.IDs) > 0:
			docs = c.named(ctx, res, q)
		default:
			docs = c.changed(ctx, res, q)
		}
		newer := 0
		for doc, err := range docs {
			if err == nil && q.Limit > 0 && doc.ChangedAt.After(q.Since) {
				// Those that are not newer are the overlap: if they counted, a read with a small limit
				// would return them again and again and never come further.
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

// changed walks from one (stamp, id) to the next. (stamp > T) or (stamp = T and id > I) is written as two groups, because
// Magento knows only conjunctions of alternatives.
func (c *Client) changed(ctx context.Context, res resource, q port.Query) iter.Seq2[port.Document, error] {
	crit := criteria{sorts: byStamp, size: c.page}
	if !q.Since.IsZero() {
		crit.groups = [][]condition{and("updated_at", "gteq", inShop(q.Since.Add(-c.overlap)))}
	}
	var families parents
	return rest.Pages(ctx, func(ctx context.Context, _ int) ([]port.Document, bool, error) {
		rows, more, err := c.search(ctx, res.list, crit)
		if err != nil || len(rows) == 0 {
			return nil, false, err
		}
		last := rows[len(rows)-1]
		at, id := last.Get("updated_at").String(), last.Get(res.id).Raw
		next := [][]condition{and("updated_at", "gteq", at), {{"updated_at", "gt", at}, {"entity_id", "gt", id}}}
		if at == "" || id == "" || len(crit.groups) == 2 && slices.Equal(crit.groups[1], next[1]) {
			return nil, false, &port.Error{Kind: port.ErrProtocol, System: system, Op: "GET " + res.list, Message: "the shop does not page by updated_at and entity_id"}
		}
		crit.groups = next
		var docs []port.Document
		if res.name == productResource {
			docs, err = c.changedProducts(ctx, &families, rows)
		} else {
			docs, err = c.documents(ctx, res, rows)
		}
		return docs, more, err
	})
}

// named reads by id, in the order of the stamps.
func (c *Client) named(ctx context.Context, res resource, q port.Query) iter.Seq2[port.Document, error] {
	ids := slices.DeleteFunc(slices.Clone(q.IDs), func(id string) bool { return !isID(id) })
	return rest.Pages(ctx, func(ctx context.Context, _ int) ([]port.Document, bool, error) {
		var all []port.Document
		for chunk := range slices.Chunk(ids, 100) { // an address has an end
			rows, _, err := c.search(ctx, res.list, criteria{groups: [][]condition{and("entity_id", "in", strings.Join(chunk, ","))}, sorts: byStamp, size: len(chunk)})
			if err != nil {
				return nil, false, err
			}
			docs, err := c.documents(ctx, res, rows)
			if err != nil {
				return nil, false, err
			}
			all = append(all, docs...)
		}
		slices.SortStableFunc(all, func(a, b port.Document) int { return a.ChangedAt.Compare(b.ChangedAt) })
		if !q.Since.IsZero() {
			from := q.Since.Add(-c.overlap)
			all = slices.DeleteFunc(all, func(d port.Document) bool { return d.ChangedAt.Before(from) })
		}
		return all, false, nil
	})
}

// isID tells whether text is an id as the database has them.
func isID(s string) bool {
	return s != "" && len(s) <= 18 && strings.Trim(s, "0123456789") == ""
}

// documents makes documents of rows; products get what a list leaves out.
func (c *Client) documents(ctx context.Context, res resource, rows []gjson.Result) ([]port.Document, error) {
	docs := make([]port.Document, 0, len(rows))
	var quantities map[string]string
	if res.name == productResource {
		var err error
		if quantities, err = c.quantities(ctx, rows); err != nil {
			return nil, err
		}
	}
	for _, row := range rows {
		if res.name != productResource {
			docs = append(docs, res.document([]byte(row.Raw)))
			continue
		}
		d, err := c.productDocument(ctx, res, row, quantities, nil)
		if err != nil {
			return nil, err
		}
		docs = append(docs, d)
	}
	return docs, nil
}
