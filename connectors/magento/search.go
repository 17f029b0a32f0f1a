package magento

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// maxPage is the largest page that a shop with Magento's input limits allows.
const maxPage = 300

// condition compares a field with a value; see the reference of Magento's search criteria.
type condition struct{ field, operator, value string }

// criteria is a search. Groups are all to be met, one condition of a group is enough. Stay under ten groups: from there on,
// Magento before 2.4.8 sorts the parameters of a signature in an order of its own.
type criteria struct {
	groups [][]condition
	sorts  []string // ascending
	newest bool     // descending instead
	size   int
	page   int
	fields string // what an answer is cut to; empty for all of it
}

func (c criteria) query() url.Values {
	q := url.Values{}
	for i, group := range c.groups {
		for j, cond := range group {
			at := "searchCriteria[filter_groups][" + itoa(i) + "][filters][" + itoa(j) + "]"
			q.Set(at+"[field]", cond.field)
			q.Set(at+"[condition_type]", cond.operator)
			q.Set(at+"[value]", cond.value)
		}
	}
	for i, field := range c.sorts {
		at := "searchCriteria[sortOrders][" + itoa(i) + "]"
		q.Set(at+"[field]", field)
		direction := "ASC" // unsaid it is DESC
		if c.newest {
			direction = "DESC"
		}
		q.Set(at+"[direction]", direction)
	}
	if c.size > 0 {
		q.Set("searchCriteria[pageSize]", itoa(c.size))
	}
	q.Set("searchCriteria[currentPage]", itoa(max(c.page, 1)))
	if c.fields != "" {
		q.Set("fields", c.fields)
	}
	return q
}

func itoa(n int) string { return strconv.Itoa(n) }

// and is a group of one.
func and(field, operator, value string) []condition { return []condition{{field, operator, value}} }

// oneOf asks for any of the values, each in a condition of its own: one may have a comma in it, which would end it in a list.
func oneOf(field string, values []string) (any []condition) {
	for _, v := range values {
		any = append(any, condition{field, "eq", v})
	}
	return any
}

// inShop is an instant as the database has it: UTC, in seconds, without an offset, which it would not understand.
func inShop(t time.Time) string { return t.UTC().Format(time.DateTime) }

// stampOf reads such an instant; zero where there is none.
func stampOf(s string) time.Time {
	t, err := time.ParseInLocation(time.DateTime, s, time.UTC)
	if err != nil {
		return time.Time{}
	}
	return t
}

// search asks for one page. more tells whether there may be another.
func (c *Client) search(ctx context.Context, path string, crit criteria) (rows []gjson.Result, more bool, err error) {
	req := rest.Request{Path: path, Query: crit.query()}
	resp, err := c.api.Do(ctx, req)
	if err != nil {
		return nil, false, err
	}
	items := gjson.GetBytes(resp.Body, "items")
	if !items.IsArray() && items.Type != gjson.Null || !gjson.GetBytes(resp.Body, "total_count").Exists() {
		return nil, false, &port.Error{Kind: port.ErrProtocol, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer to a search holds no list"}
	}
	rows = items.Array()
	return rows, crit.size > 0 && len(rows) >= crit.size, nil
}

// all reads every page of a list that nobody changes meanwhile, in the order of a unique field.
func (c *Client) all(ctx context.Context, path string, crit criteria) ([]gjson.Result, error) {
	crit.size = maxPage
	var list []gjson.Result
	first := ""
	for crit.page = 1; ; crit.page++ {
		rows, more, err := c.search(ctx, path, crit)
		if err != nil {
			return nil, err
		}
		if len(rows) > 0 && rows[0].Raw == first {
			return list, nil // an old shop repeats its last page for ever
		}
		list = append(list, rows...)
		if !more {
			return list, nil
		}
		first = rows[0].Raw
	}
}
