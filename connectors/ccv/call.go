package ccv

import (
	"cmp"
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// do makes a call and holds the answer to its signature. That a write changed nothing is a success.
func (c *Client) do(ctx context.Context, req rest.Request) (rest.Response, error) {
	resp, err := c.api.Do(ctx, req)
	var e *port.Error
	switch {
	case errors.As(err, &e) && e.Code == codeSameValue:
		return resp, nil
	case errors.As(err, &e) && e.Code == codeOwnSchema && req.Method == http.MethodPost:
		e.Kind = port.ErrInDoubt // it was done; only the answer does not fit
		return resp, e
	case err != nil || !c.verify:
		return resp, err
	}
	method := req.Method
	if method == "" {
		method = http.MethodGet
	}
	if c.signer.answered(method, c.uri(req), resp.Header, resp.Body) {
		return resp, nil
	}
	kind := port.ErrProtocol
	if method == http.MethodPost {
		kind = port.ErrInDoubt
	}
	return resp, &port.Error{Kind: kind, System: c.dialect.name, Op: req.Op(), Status: resp.Status,
		Message: "the answer is not signed by the shop: something between changes it, or the option verifyAnswers must be false"}
}

// uri is the path and query that a request is sent with.
func (c *Client) uri(req rest.Request) string {
	uri := c.prefix + "/" + strings.TrimLeft(req.Path, "/")
	if len(req.Query) > 0 {
		uri += "?" + strings.ReplaceAll(req.Query.Encode(), "+", "%20")
	}
	return uri
}

// get reads one document.
func (c *Client) get(ctx context.Context, query url.Values, segments ...string) (gjson.Result, error) {
	resp, err := c.do(ctx, rest.Request{Path: pathOf(segments...), Route: route(segments...), Query: query})
	if err != nil {
		return gjson.Result{}, err
	}
	v := gjson.ParseBytes(resp.Body)
	if !v.IsObject() {
		return gjson.Result{}, c.odd("GET "+route(segments...), "the answer is no object")
	}
	return v, nil
}

// write sends a document. An answer without a body is a success, too.
func (c *Client) write(ctx context.Context, method string, body []byte, segments ...string) (gjson.Result, error) {
	req := rest.Request{Method: method, Path: pathOf(segments...), Route: route(segments...), Body: body}
	if method == http.MethodPatch {
		req.Repeat = rest.Safe // every PATCH here sets values
	}
	resp, err := c.do(ctx, req)
	return gjson.ParseBytes(resp.Body), err
}

func pathOf(segments ...string) string { return rest.Path(segments...) + "/" }

// route is a path without ids.
func route(segments ...string) string {
	var b strings.Builder
	for _, s := range segments {
		if isID(s) {
			s = "{id}"
		}
		b.WriteString("/" + s)
	}
	return b.String() + "/"
}

func (c *Client) odd(op, message string) error {
	return &port.Error{Kind: port.ErrProtocol, System: c.dialect.name, Op: op, Message: message}
}

// flat reads a list that has no pages.
func (c *Client) flat(ctx context.Context, segments ...string) ([]gjson.Result, error) {
	v, err := c.get(ctx, nil, segments...)
	if err != nil {
		return nil, err
	}
	return v.Get("items").Array(), nil
}

// walk yields the rows of a paged list that is sorted by id. Pages are cut by position only, so that rows that go away while others are read
// move the pages: each page therefore begins with the last row of the one before. Where that is not there, rows in front of it went away, and
// the walk steps back. New rows come at the end, or at the beginning of a list that goes down.
func (c *Client) walk(ctx context.Context, query url.Values, size int, segments ...string) iter.Seq2[gjson.Result, error] {
	const mostSteps = 100
	return func(yield func(gjson.Result, error) bool) {
		seen := map[string]bool{}
		start, back := 0, 0
		for {
			rows, more, err := c.page(ctx, query, start, size, segments...)
			if err != nil {
				yield(gjson.Result{}, err)
				return
			}
			if start > 0 && (len(rows) == 0 || !seen[rows[0].Get("id").Raw]) {
				if back++; back > mostSteps {
					yield(gjson.Result{}, c.odd("GET "+route(segments...), "the list changes faster than it can be read"))
					return
				}
				start = max(0, start-size)
				continue
			}
			for _, row := range rows {
				id := row.Get("id").Raw
				if seen[id] {
					continue
				}
				seen[id] = true
				if !yield(row, nil) {
					return
				}
			}
			if !more {
				return
			}
			if len(rows) < 2 {
				yield(gjson.Result{}, c.odd("GET "+route(segments...), "the list says that more follows and gives nothing"))
				return
			}
			start += len(rows) - 1
		}
	}
}

// page reads rows of a list from a position on; more tells whether others follow.
func (c *Client) page(ctx context.Context, query url.Values, start, size int, segments ...string) (rows []gjson.Result, more bool, err error) {
	q := url.Values{"start": {strconv.Itoa(start)}, "size": {strconv.Itoa(size)}}
	for k, v := range query {
		q[k] = v
	}
	v, err := c.get(ctx, q, segments...)
	return v.Get("items").Array(), v.Get("next").String() != "", err
}

// change is a document and when it was made or changed.
type change struct {
	id string
	at time.Time
}

// inOrder yields documents in the order of a list that says which they are. Their pages, sorted by a stamp, only save calls: stamps are equal
// for many documents, and pages move, so that what does not come where it belongs is read by its id.
func (c *Client) inOrder(ctx context.Context, list []change, query url.Values, size int, resource string) iter.Seq2[gjson.Result, error] {
	return func(yield func(gjson.Result, error) bool) {
		wanted := map[string]bool{}
		for _, ch := range list {
			wanted[ch.id] = true
		}
		early := map[string]gjson.Result{}
		start, more := 0, true
		for _, ch := range list {
			for row := early[ch.id]; !row.Exists(); row = early[ch.id] {
				if !more || len(early) > 4*size {
					break
				}
				rows, next, err := c.page(ctx, query, start, size, resource)
				if e := (*port.Error)(nil); errors.As(err, &e) && e.Code == codeTooBig && size > 3 {
					size /= 2
					continue
				}
				if err != nil {
					yield(gjson.Result{}, err)
					return
				}
				for _, row := range rows {
					if id := row.Get("id").String(); wanted[id] {
						early[id] = row
					}
				}
				start, more = start+len(rows), next && len(rows) > 0
			}
			row := early[ch.id]
			delete(early, ch.id)
			delete(wanted, ch.id)
			if !row.Exists() {
				var err error
				row, err = c.get(ctx, url.Values{"expand": query["expand"]}, resource, ch.id)
				if errors.Is(err, port.ErrNotFound) {
					continue // it is gone
				}
				if err != nil {
					yield(gjson.Result{}, err)
					return
				}
			}
			if !yield(row, nil) {
				return
			}
		}
	}
}

// byStamp sorts documents by stamp, and by id where these are equal.
func byStamp(list []change) {
	slices.SortFunc(list, func(a, b change) int {
		return cmp.Or(a.at.Compare(b.at), len(a.id)-len(b.id), strings.Compare(a.id, b.id))
	})
}

// all reads a whole paged list.
func (c *Client) all(ctx context.Context, query url.Values, segments ...string) ([]gjson.Result, error) {
	var out []gjson.Result
	for row, err := range c.walk(ctx, query, c.size, segments...) {
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}
