package ecwid

import (
	"context"
	"encoding/json"
	"math/big"
	"slices"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Compare says what Update would change. Members that Ecwid derives, ids and the order of members do not count.
//
// A product is written with these members besides those of the API:
//
//	crosswalk.categories  [["Shoes", "Men"], ...]: paths of names; the product is put into them and taken out of none
//	crosswalk.taxRate     percent: the tax of the store that has the rate
//	crosswalk.attributes  [{name, value}, ...]: information, by the name of the attribute; one that the store lacks is made
//	crosswalk.images      [{url, hash}, ...]: the first one is the main image; see images.go
//
// Options, choices and variations that the store has and the document does not name stay, and so do images that somebody else
// put there. quantity and unlimited count when a product or a variation is made: the stock of one that is there moves by the resource stock.
func (c *Client) Compare(ctx context.Context, name string, have port.Document, want []byte) (port.Comparison, error) {
	r, in, err := input(name, "compare", want)
	if err != nil {
		return port.Comparison{}, err
	}
	old, err := jsondoc.DecodeObject(have.Body)
	if err != nil {
		return port.Comparison{}, &port.Error{Kind: port.ErrProtocol, System: system, Op: "compare " + name, Err: err}
	}
	d := &difference{body: jsondoc.New()}
	switch r.name {
	case productResource:
		err = c.compareProduct(ctx, d, old, in)
	case customerResource:
		compareCustomer(d, old, in)
	case stockResource:
		if old.Get("unlimited") == true && in.Get("unlimited") != false {
			in.Drop("quantity") // left alone
		}
		d.members(old, in, "id", "crosswalk")
		if unlimited := in.Get("unlimited"); len(d.changes) > 0 && unlimited != nil {
			d.body.Set("unlimited", unlimited)
		}
	default:
		d.members(old, in, "id", "crosswalk")
	}
	if err != nil || len(d.changes) == 0 {
		return port.Comparison{}, err
	}
	return port.Comparison{Changes: d.changes, Body: jsondoc.Encode(d.body)}, nil
}

// difference collects what is to be changed.
type difference struct {
	changes []port.Change
	body    *jsondoc.Object
}

// note adds a change without a member of the body.
func (d *difference) note(path string, from, to any) {
	ch := port.Change{Path: path, To: json.RawMessage(jsondoc.Encode(to))}
	if from != nil {
		ch.From = jsondoc.Encode(from)
	}
	d.changes = append(d.changes, ch)
}

// members compares the members of want, except some.
func (d *difference) members(have, want *jsondoc.Object, except ...string) {
	for _, name := range want.Keys() {
		if slices.Contains(except, name) {
			continue
		}
		if v := want.Get(name); !holds(have.Get(name), v) {
			d.note(name, have.Get(name), v)
			d.body.Set(name, v)
		}
	}
}

// holds tells whether a value of the store says all that is wanted: objects may have more members, numbers other texts (21 and
// 21.00), and what is not there is as empty.
func holds(have, want any) bool {
	switch w := want.(type) {
	case *jsondoc.Object:
		h, _ := have.(*jsondoc.Object)
		for _, name := range w.Keys() {
			if !slices.Contains(derived, name) && !holds(h.Get(name), w.Get(name)) {
				return false
			}
		}
		return true
	case []any:
		h, _ := have.([]any)
		if len(h) != len(w) {
			return false
		}
		for i := range w {
			if !holds(h[i], w[i]) {
				return false
			}
		}
		return true
	case json.Number:
		return sameNumber(have, w)
	case string:
		return jsondoc.Text(have) == w
	case nil:
		return have == nil
	}
	return have == want
}

func sameNumber(have any, want json.Number) bool {
	h, ok := have.(json.Number)
	if !ok || h == want {
		return ok
	}
	const longest = 40 // of an amount; a text such as 1e999999999 is never taken apart
	if len(h) > longest || len(want) > longest {
		return false
	}
	a, ok := new(big.Rat).SetString(h.String())
	b, fine := new(big.Rat).SetString(want.String())
	return ok && fine && a.Cmp(b) == 0
}

// compareCustomer compares addresses with those that an update would change.
func compareCustomer(d *difference, have, want *jsondoc.Object) {
	d.members(have, want, "id", "shippingAddresses", "crosswalk")
	if !want.Has("shippingAddresses") {
		return
	}
	old := have.Objects("shippingAddresses")
	after := mergeAddresses(old, want.Objects("shippingAddresses"))
	changed := len(after) != len(old)
	for _, v := range after {
		o, _ := v.(*jsondoc.Object)
		i := slices.IndexFunc(old, func(h *jsondoc.Object) bool { return o.Has("id") && h.Text("id") == o.Text("id") })
		changed = changed || i < 0 || !holds(old[max(i, 0)], o)
	}
	if changed {
		d.note("shippingAddresses", have.Get("shippingAddresses"), want.Get("shippingAddresses"))
		d.body.Set("shippingAddresses", want.Get("shippingAddresses"))
	}
}
