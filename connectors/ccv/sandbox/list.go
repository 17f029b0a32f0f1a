package sandbox

import (
	"cmp"
	"encoding/json"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// Sizes of pages; the vendor documents neither.
const (
	defaultSize = 25
	mostSize    = 250
)

// list answers with a page of rows, or with all of them where the resource is not paged.
func (c *call) list(rows []*object, paged bool) (any, *apiError) {
	if !paged {
		return jsondoc.New("href", c.path, "items", list(rows)), nil
	}
	rows = sorted(rows, c.query.Get("orderby"))
	if c.s.restless {
		rows = c.s.stirred(rows, c.query.Get("orderby"))
	}
	start, size := atoi(c.query.Get("start"), 0), min(atoi(c.query.Get("size"), defaultSize), mostSize)
	if start < 0 || size < 1 {
		return nil, refuse("The parameters start and size must be positive.")
	}
	from := min(start, len(rows))
	to := min(from+size, len(rows))
	at := func(start int) string {
		q := url.Values{}
		for k, v := range c.query {
			q[k] = v
		}
		q.Set("start", strconv.Itoa(start))
		q.Set("size", strconv.Itoa(size))
		return c.path + "?" + q.Encode()
	}
	out := jsondoc.New("start", start, "size", size, "href", at(start), "first", at(0), "previous", nil, "next", nil)
	// first, previous and next are links too, under names of their own.
	out.Set("first", absolute(at(0), c.host()))
	if start > 0 {
		out.Set("previous", absolute(at(max(0, start-size)), c.host()))
	}
	if to < len(rows) {
		out.Set("next", absolute(at(to), c.host()))
	}
	out.Set("items", list(rows[from:to]))
	return out, nil
}

func (c *call) host() string {
	if c.r.TLS != nil {
		return "https://" + c.r.Host
	}
	return "http://" + c.r.Host
}

func atoi(text string, otherwise int) int {
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		return -1
	}
	return n
}

// sorted orders by one member, descending where its name ends in _desc. Equal ones come in the order of their ids.
func sorted(rows []*object, by string) []*object {
	member, down := strings.CutSuffix(by, "_desc")
	if member == "" {
		return rows
	}
	out := slices.Clone(rows)
	slices.SortStableFunc(out, func(a, b *object) int {
		x, y := a.Get(member), b.Get(member)
		order := strings.Compare(jsondoc.Text(x), jsondoc.Text(y))
		if _, ok := x.(json.Number); ok {
			order = rat(x).Cmp(rat(y))
		}
		if down {
			order = -order
		}
		return cmp.Or(order, a.Int("id")-b.Int("id"))
	})
	return out
}

// stirred turns rows around that are equal in what they are sorted by, every other time.
func (s *Sandbox) stirred(rows []*object, by string) []*object {
	member, _ := strings.CutSuffix(by, "_desc")
	if s.turns++; s.turns%2 == 0 || member == "" {
		return rows
	}
	out := slices.Clone(rows)
	for from := 0; from < len(out); {
		to := from + 1
		for to < len(out) && out[to].Get(member) == out[from].Get(member) {
			to++
		}
		slices.Reverse(out[from:to])
		from = to
	}
	return out
}

// keepOrder tells whether an order passes the filters of a request. Unknown filters are left out of account.
func (c *call) keepOrder(o *object) bool {
	completed := c.query.Get("is_completed")
	if completed == "" {
		completed = "true" // baskets that were left are hidden unless they are asked for
	}
	if strconv.FormatBool(flag(o, "is_completed")) != completed {
		return false
	}
	if v := c.query.Get("is_paid"); v != "" && strconv.FormatBool(flag(o, "paid")) != v {
		return false
	}
	for _, member := range []string{"ordernumber", "status", "paymethod_id", "transaction_id"} {
		if v := c.query.Get(member); v != "" && o.Text(member) != v {
			return false
		}
	}
	created := strings.NewReplacer("T", " ", "Z", "").Replace(o.Text("create_date"))
	if v := c.query.Get("min_create_date"); v != "" && created < v {
		return false
	}
	if v := c.query.Get("max_create_date"); v != "" && created > v {
		return false
	}
	return true
}

// keepProduct tells whether a product passes the filters of a request.
func (c *call) keepProduct(p *object) bool {
	for _, member := range []string{"productnumber", "eannumber", "mpnnumber"} {
		if v := c.query.Get(member); v != "" && p.Text(member) != v {
			return false
		}
	}
	if v := c.query.Get("productname"); len(v) >= 3 && !strings.Contains(strings.ToLower(p.Text("name")), strings.ToLower(v)) {
		return false
	}
	v := c.query.Get("active")
	return v == "" || strconv.FormatBool(flag(p, "is_active")) == v
}
