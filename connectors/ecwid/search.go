package ecwid

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// pageSize is the most documents that a page holds. The default differs from list to list, so that it is always asked for.
const pageSize = 100

// page is one page of a list, and when it was made by the clock of the store.
type page struct {
	rows  []gjson.Result
	total int
	at    time.Time
}

// search asks for a page of a list.
func (c *Client) search(ctx context.Context, list string, query url.Values, offset int) (page, error) {
	q := url.Values{"limit": {strconv.Itoa(pageSize)}, "offset": {strconv.Itoa(offset)}}
	for name, values := range query {
		q[name] = values
	}
	req := rest.Request{Path: "/" + list, Query: q}
	answer, resp, err := c.do(ctx, req)
	if err != nil {
		return page{}, err
	}
	items := answer.Get("items")
	if !items.IsArray() || answer.Get("total").Type != gjson.Number {
		return page{}, &port.Error{Kind: port.ErrProtocol, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer is no list with items and a total"}
	}
	p := page{rows: items.Array(), total: int(answer.Get("total").Int()), at: c.now()}
	if at, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		p.at = at // the clock of this machine may be wrong
	}
	return p, nil
}

// all asks for every page of a list that does not change while it is read: what a key finds, categories.
func (c *Client) all(ctx context.Context, list string, query url.Values) ([]gjson.Result, error) {
	var rows []gjson.Result
	for row, err := range rest.Pages(ctx, func(ctx context.Context, number int) ([]gjson.Result, bool, error) {
		p, err := c.search(ctx, list, query, (number-1)*pageSize)
		return p.rows, len(p.rows) == pageSize && number*pageSize < p.total, err
	}) {
		if err != nil {
			return nil, err
		}
		rows = append(rows, row)
	}
	return rows, nil
}

// noneFound makes nothing of an error that says that there is no such document.
func noneFound(err error) error {
	if errors.Is(err, port.ErrNotFound) {
		return nil
	}
	return err
}
