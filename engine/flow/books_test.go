package flow_test

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// fault is what a call of the books meets.
type fault int

const (
	none fault = iota
	lostAfter
	lostBefore
	busy
	down
	crashBefore
	crashAfter
	faults
)

var errCrashed = errors.New("the process has died")

// books are a target.
type books struct {
	mu     sync.Mutex
	docs   map[string][]port.Document
	serial int
	calls  []string // "create customer"
	// next decides what a call meets; nil is none.
	next func(call string) fault
	// reference stands in for the books' own reference data; nil for none.
	reference func(name string, refresh bool) ([]byte, error)
	// noProbe makes orders impossible to ask for.
	noProbe bool
	// blind hides documents of a resource from look-ups, as an index that lags does.
	blind string
	// unique refuses a second document with one key.
	unique bool
	dead   bool
	// computes is added to what the books say an order will add up to.
	computes string
	// wrong is added to what the books say an order adds up to after it was made.
	wrong string
}

func newBooks() *books {
	b := &books{docs: map[string][]port.Document{}}
	for _, sku := range []string{"NK-BEAN", "NK-MUG", "SHIP-21"} {
		b.put("article", fmt.Sprintf(`{"Number":%q,"Name":%q}`, sku, sku))
	}
	return b
}

func (b *books) put(resource, body string) port.Document {
	b.serial++
	id := fmt.Sprintf("%s-%d", resource, b.serial)
	text, _ := sjson.Set(body, "Id", id)
	d := port.Document{Resource: resource, ID: id, Key: fmt.Sprint(1000 + b.serial), Version: "1", Body: []byte(text)}
	if number := gjson.Get(body, "Number").String(); resource == "article" && number != "" {
		d.Key = number
	}
	b.docs[resource] = append(b.docs[resource], d)
	return d
}

func (b *books) meet(call string) (commit bool, err error) {
	b.calls = append(b.calls, call)
	if b.dead {
		return false, errCrashed
	}
	f := none
	if b.next != nil {
		f = b.next(call)
	}
	switch f {
	case lostAfter:
		return true, &port.Error{Kind: port.ErrInDoubt, System: "books", Op: call}
	case lostBefore:
		return false, &port.Error{Kind: port.ErrInDoubt, System: "books", Op: call}
	case busy:
		return false, &port.Error{Kind: port.ErrRateLimit, System: "books", Op: call, RetryAfter: time.Second}
	case down:
		return false, &port.Error{Kind: port.ErrOutage, System: "books", Op: call}
	case crashBefore, crashAfter:
		b.dead = true
		return f == crashAfter, errCrashed
	}
	return true, nil
}

func keyOf(resource string) (field, member string) {
	switch resource {
	case "customer":
		return port.KeyEmail, "EmailAddress"
	case "article":
		return port.KeySKU, "Number"
	case "stock":
		return port.KeySKU, "Sku"
	}
	return port.KeyReference, "BuyersOrderReference"
}

func (b *books) Find(_ context.Context, resource string, key port.Key) ([]port.Document, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	field, member := keyOf(resource)
	known := key.Field == field || key.Field == port.KeyID || resource == "customer" && key.Field == port.KeyNumber
	if !known || b.noProbe && key.Field == port.KeyReference {
		return nil, &port.Error{Kind: port.ErrNoProbe, System: "books", Op: "find " + resource}
	}
	if _, err := b.meet("find " + resource); err != nil {
		if errors.Is(err, port.ErrInDoubt) {
			err = &port.Error{Kind: port.ErrOutage, System: "books", Op: "find " + resource}
		}
		return nil, err
	}
	var out []port.Document
	docs := b.docs[resource]
	if resource == "invoiceDraft" && key.Field == port.KeyReference {
		docs = append(slices.Clone(docs), b.docs["invoice"]...) // what a draft may have become
	}
	for _, d := range docs {
		switch {
		case key.Field == port.KeyID && d.ID == key.Value,
			key.Field == port.KeyNumber && d.Key == key.Value,
			key.Field == field && strings.EqualFold(gjson.GetBytes(d.Body, member).String(), key.Value) && b.blind != resource,
			resource == "article" && key.Field == field && gjson.GetBytes(d.Body, `Product.variants.#(sku=="`+key.Value+`")`).Exists():
			out = append(out, d)
		}
	}
	return out, nil
}

func (b *books) Create(_ context.Context, resource string, body []byte) (port.Document, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, member := keyOf(resource)
	if b.unique {
		for _, d := range b.docs[resource] {
			if strings.EqualFold(gjson.GetBytes(d.Body, member).String(), gjson.GetBytes(body, member).String()) {
				b.calls = append(b.calls, "create "+resource)
				return port.Document{}, &port.Error{Kind: port.ErrConflict, System: "books", Op: "create " + resource, Status: 409}
			}
		}
	}
	if strings.Contains(string(body), "${") && !strings.Contains(string(body), `"Note":"${`) {
		panic("a placeholder was sent: " + string(body))
	}
	if gjson.GetBytes(body, "Name").String() == "Refused" {
		return port.Document{}, &port.Error{Kind: port.ErrValidation, System: "books", Op: "create " + resource, Status: 400, Message: "no"}
	}
	commit, err := b.meet("create " + resource)
	var d port.Document
	if commit {
		d = b.put(resource, string(body))
	}
	if err != nil {
		return port.Document{}, err
	}
	return d, nil
}

func (b *books) Update(_ context.Context, resource, id string, change []byte) (port.Document, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	commit, err := b.meet("update " + resource)
	for i, d := range b.docs[resource] {
		if d.ID != id || !commit {
			continue
		}
		gjson.ParseBytes(change).ForEach(func(k, v gjson.Result) bool {
			d.Body, _ = sjson.SetRawBytes(d.Body, k.String(), []byte(v.Raw))
			return true
		})
		d.Version += "+"
		b.docs[resource][i] = d
		return d, err
	}
	return port.Document{}, err
}

func (b *books) Reference(_ context.Context, name string, refresh bool) ([]byte, error) {
	if b.reference != nil {
		return b.reference(name, refresh)
	}
	switch name {
	case "terms":
		return []byte(`[{"Id":"t-30","Name":"30 days"}]`), nil
	case "accounts":
		return nil, &port.Error{Kind: port.ErrPermission, System: "books", Op: "GET /accounts"}
	}
	return nil, &port.Error{Kind: port.ErrNotFound, System: "books", Op: name}
}

func (b *books) Totals(_ context.Context, _ string, body, _ []byte) (port.Totals, error) {
	return port.Totals{Gross: b.sum(body).String()}, nil
}

func (b *books) Totaled(_ string, body []byte) (port.Totals, bool) {
	if !gjson.GetBytes(body, "Rows").Exists() {
		return port.Totals{}, false
	}
	sum := b.sum(body)
	if b.wrong != "" {
		d, _ := decimal.Parse(b.wrong)
		sum = sum.Add(d)
	}
	return port.Totals{Gross: sum.String()}, true
}

func (b *books) sum(body []byte) (sum decimal.Decimal) {
	for _, r := range gjson.GetBytes(body, "Rows").Array() {
		d, _ := decimal.Parse(r.Get("Amount").Raw)
		sum = sum.Add(d)
	}
	if b.computes != "" {
		d, _ := decimal.Parse(b.computes)
		sum = sum.Add(d)
	}
	return sum
}

func (b *books) count(resource, reference string) int {
	_, member := keyOf(resource)
	n := 0
	for _, d := range b.docs[resource] {
		if strings.EqualFold(gjson.GetBytes(d.Body, member).String(), reference) {
			n++
		}
	}
	return n
}

func (b *books) writes() (out []string) {
	for _, c := range b.calls {
		if !strings.HasPrefix(c, "find") {
			out = append(out, c)
		}
	}
	return out
}
