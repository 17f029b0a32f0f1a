package ccv

import (
	"context"
	"errors"
	"iter"
	"net/http"
	"net/url"
	"strconv"
	"strings"

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

// walk yields the rows of a paged list. Pages are cut by position only, so that rows that come or go while others are read move the pages: each page
// therefore begins with the last rows of the one before. Where the first of them is not known, rows in front of it went away, and the walk
// steps back. sort is the member that the list is sorted by; all rows that are equal in it are read again, for a list
// that orders them anew with each call.
func (c *Client) walk(ctx context.Context, query url.Values, sort string, size int, segments ...string) iter.Seq2[gjson.Result, error] {
	const mostSteps = 1000
	return func(yield func(gjson.Result, error) bool) {
		seen := map[string]bool{}
		start, back := 0, 0
		for {
			q := url.Values{"start": {strconv.Itoa(start)}, "size": {strconv.Itoa(size)}}
			for k, v := range query {
				q[k] = v
			}
			page, err := c.get(ctx, q, segments...)
			if err != nil {
				yield(gjson.Result{}, err)
				return
			}
			rows := page.Get("items").Array()
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
			if page.Get("next").String() == "" {
				return
			}
			step := equalTail(rows, sort)
			if step < 1 {
				yield(gjson.Result{}, c.odd("GET "+route(segments...), "the list says that more follows and gives nothing"))
				return
			}
			start += step
		}
	}
}

// equalTail is where the rows begin that equal the last one, or the last row where all do.
func equalTail(rows []gjson.Result, sort string) int {
	i := len(rows) - 1
	for i > 0 && rows[i-1].Get(sort).Raw == rows[len(rows)-1].Get(sort).Raw {
		i--
	}
	if i <= 0 {
		i = len(rows) - 1
	}
	return i
}

// all reads a whole paged list.
func (c *Client) all(ctx context.Context, query url.Values, sort string, segments ...string) ([]gjson.Result, error) {
	var out []gjson.Result
	for row, err := range c.walk(ctx, query, sort, c.page, segments...) {
		if err != nil {
			return nil, err
		}
		out = append(out, row)
	}
	return out, nil
}
