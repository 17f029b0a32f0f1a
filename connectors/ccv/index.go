package ccv

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
)

// index finds documents by what the API cannot be asked for: customers by e-mail address, orders by reference. It reads a whole list once
// and then, on every miss, what is new at its end; what was changed in between is met when it is read whole again.
type index struct {
	client  *Client
	list    string
	query   url.Values
	keys    func(gjson.Result) []string
	refresh time.Duration

	mu   sync.Mutex
	ids  map[string][]string // by key
	last string              // the highest id that was read
	read time.Time           // when all of it was read
}

// Ages of an index.
const (
	// indexAge is when changed e-mail addresses are looked for again.
	indexAge = 10 * time.Minute
)

func (x *index) start(c *Client, list string, query url.Values, keys func(gjson.Result) []string) {
	x.client, x.list, x.query, x.keys, x.refresh = c, strings.Trim(list, "/"), query, keys, indexAge
}

// find returns the ids of the documents that have or had a key, oldest first. The caller reads them and looks.
func (x *index) find(ctx context.Context, key string) ([]string, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ids == nil || x.client.now().Sub(x.read) >= x.refresh {
		if err := x.rebuild(ctx); err != nil {
			return nil, err
		}
	}
	// Also after a hit: two documents may have one key, and the second may be new.
	if err := x.tail(ctx); err != nil {
		return nil, err
	}
	return slices.Clone(x.ids[key]), nil
}

func (x *index) rebuild(ctx context.Context) error {
	ids, last := map[string][]string{}, ""
	q := url.Values{"orderby": {"id"}}
	for k, v := range x.query {
		q[k] = v
	}
	began := x.client.now()
	for row, err := range x.client.walk(ctx, q, maxPage, x.list) {
		if err != nil {
			return err
		}
		last = x.note(ids, last, row)
	}
	x.ids, x.last, x.read = ids, last, began
	return nil
}

// note adds a row and returns the higher of two ids.
func (x *index) note(ids map[string][]string, last string, row gjson.Result) string {
	id := row.Get("id").String()
	for _, key := range x.keys(row) {
		if key != "" && !slices.Contains(ids[key], id) {
			ids[key] = append(ids[key], id)
		}
	}
	if higher(id, last) {
		return id
	}
	return last
}

// tail reads from the newest back to what is known.
func (x *index) tail(ctx context.Context) error {
	q := url.Values{"orderby": {"id_desc"}}
	for k, v := range x.query {
		q[k] = v
	}
	var fresh []gjson.Result
	for row, err := range x.client.walk(ctx, q, 10, x.list) {
		if err != nil {
			return err
		}
		if !higher(row.Get("id").String(), x.last) {
			break
		}
		fresh = append(fresh, row)
	}
	for _, row := range slices.Backward(fresh) {
		x.last = x.note(x.ids, x.last, row)
	}
	return nil
}

// add remembers a document that this connection changed.
func (x *index) add(row gjson.Result) {
	x.mu.Lock()
	defer x.mu.Unlock()
	if x.ids != nil {
		x.note(x.ids, "", row) // last stays: others may have come in between
	}
}

func higher(a, b string) bool { return len(a) > len(b) || len(a) == len(b) && a > b }

// userKeys are the addresses of a customer, folded. The user name is one by custom.
func userKeys(row gjson.Result) []string {
	keys := []string{foldEmail(row.Get("userinfo.email").String())}
	if name := foldEmail(row.Get("username").String()); strings.Contains(name, "@") && name != keys[0] {
		keys = append(keys, name)
	}
	return keys
}

func foldEmail(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// orderKeys is the source's number of an order, which this connection keeps in reservationnumber.
func orderKeys(row gjson.Result) []string { return []string{row.Get("reservationnumber").String()} }
