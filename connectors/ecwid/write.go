package ecwid

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Create makes an order, a customer or a product of body, in the form that the API reads.
//
// Orders are stored as they are: Ecwid computes and checks no amount. A product has what it is made of in the member crosswalk, by name: see
// [Client.Compare].
func (c *Client) Create(ctx context.Context, name string, body []byte) (port.Document, error) {
	r, in, err := input(name, "create", body)
	if err != nil {
		return port.Document{}, err
	}
	op := "create " + name
	switch r.name {
	case orderResource:
		if in.Text("email") == "" {
			return port.Document{}, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: "email", Message: "Ecwid takes no order without an e-mail address"}
		}
		return c.post(ctx, r, in, "orderid")
	case customerResource:
		return c.post(ctx, r, in, "id")
	case productResource:
		return c.createProduct(ctx, r, op, in)
	}
	return port.Document{}, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Message: "a quantity is part of a product or variation: find it by its SKU and update it"}
}

// Update changes the members of change. Objects in it are merged with what the store has, because the API replaces them whole; addresses of
// customers keep their ids, and none is deleted.
func (c *Client) Update(ctx context.Context, name, id string, change []byte) (port.Document, error) {
	r, in, err := input(name, "update", change)
	if err != nil {
		return port.Document{}, err
	}
	op := "update " + name
	if r.name == stockResource {
		return c.updateStock(ctx, op, id, change)
	}
	row, ok, err := c.one(ctx, r.list, id)
	if err != nil {
		return port.Document{}, err
	}
	if !ok {
		return port.Document{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: op, Message: "the store has no such document"}
	}
	have, err := jsondoc.DecodeObject([]byte(row.Raw))
	if err != nil {
		return port.Document{}, &port.Error{Kind: port.ErrProtocol, System: system, Op: op, Err: err}
	}
	if r.name == productResource {
		return c.updateProduct(ctx, r, op, have, in)
	}
	whole(have, in)
	if r.name == customerResource && in.Has("shippingAddresses") {
		in.Set("shippingAddresses", mergeAddresses(have.Objects("shippingAddresses"), in.Objects("shippingAddresses")))
	}
	if group := have.Get("customerGroup"); r.name == orderResource && group != nil && !in.Has("customerGroup") {
		in.Set("customerGroup", group) // a change that does not repeat it takes it away
	}
	if err := c.put(ctx, r, id, in); err != nil {
		return port.Document{}, err
	}
	return c.asItIs(ctx, r, op, id)
}

func input(name, verb string, body []byte) (resource, *jsondoc.Object, error) {
	r, err := resourceOf(name)
	if err != nil {
		return r, nil, err
	}
	in, err := jsondoc.DecodeObject(body)
	if err != nil {
		return r, nil, &port.Error{Kind: port.ErrValidation, System: system, Op: verb + " " + name, Message: "the document is no JSON object"}
	}
	return r, in, nil
}

// post makes a document and reads it as it now is: a create answers with its id only. member is where the id is, without regard to case, because
// the reference and the API spell orderId in two ways; an answer without it may have the other id of orders.
func (c *Client) post(ctx context.Context, r resource, in *jsondoc.Object, member string) (port.Document, error) {
	in.Drop("crosswalk")
	req := rest.Request{Method: http.MethodPost, Path: "/" + r.list, Body: jsondoc.Encode(in)}
	answer, resp, err := c.do(ctx, req)
	if err != nil {
		return port.Document{}, err
	}
	id := answer.Get("id").String()
	for name, v := range answer.Map() {
		if strings.EqualFold(name, member) {
			id = v.String()
		}
	}
	if id == "" {
		return port.Document{}, &port.Error{Kind: port.ErrInDoubt, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer has no id"}
	}
	return c.asItIs(ctx, r, req.Op(), id)
}

// put changes members of a document.
func (c *Client) put(ctx context.Context, r resource, id string, in *jsondoc.Object) error {
	in.Drop("crosswalk")
	_, _, err := c.do(ctx, rest.Request{Method: http.MethodPut, Path: rest.Path(r.list, id), Route: "/" + r.list + "/{id}", Body: jsondoc.Encode(in)})
	return err
}

// asItIs reads a document that was just written.
func (c *Client) asItIs(ctx context.Context, r resource, op, id string) (port.Document, error) {
	row, ok, err := c.one(ctx, r.list, id)
	if err != nil {
		return port.Document{}, err
	}
	if !ok {
		return port.Document{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: op, Message: "the document is gone"}
	}
	docs, err := c.documents(ctx, r, row)
	if err != nil {
		return port.Document{}, err
	}
	return docs[0], nil
}

// derived are members of nested objects that the API makes of others.
var derived = []string{"firstName", "lastName", "countryName", "stateOrProvinceName", "addressFormatted", "createdDate", "shippingRateWithoutTax"}

// whole completes the objects in a change, because the API replaces them.
func whole(have, change *jsondoc.Object) {
	for _, name := range change.Keys() {
		old, part := have.Object(name), change.Object(name)
		if old == nil || part == nil {
			continue
		}
		full := old.Clone()
		full.Drop(derived...)
		full.Merge(part)
		change.Set(name, full)
	}
}

// mergeAddresses lists all addresses, because those that are left out would be deleted. One that is asked for changes the address at the
// same place, else the default address if it is to be the default.
func mergeAddresses(have, want []*jsondoc.Object) []any {
	taken := map[string]bool{}
	var out []any
	for _, w := range want {
		w = w.Clone()
		if old := addressFor(have, w, taken); old != nil {
			full := old.Clone()
			full.Drop(derived...)
			full.Merge(w)
			full.Set("id", old.Get("id"))
			taken[old.Text("id")] = true
			w = full
		}
		out = append(out, w)
	}
	for _, h := range have {
		if !taken[h.Text("id")] {
			h = h.Clone()
			h.Drop(derived...)
			if hasDefault(out) {
				h.Set("defaultAddress", false)
			}
			out = append(out, h)
		}
	}
	for _, v := range out {
		if o, ok := v.(*jsondoc.Object); ok && !o.Has("defaultAddress") && hasDefault(out) {
			o.Set("defaultAddress", false)
		}
	}
	return out
}

func addressFor(have []*jsondoc.Object, w *jsondoc.Object, taken map[string]bool) *jsondoc.Object {
	fits := func(test func(h *jsondoc.Object) bool) *jsondoc.Object {
		i := slices.IndexFunc(have, func(h *jsondoc.Object) bool { return !taken[h.Text("id")] && test(h) })
		if i < 0 {
			return nil
		}
		return have[i]
	}
	if w.Has("id") {
		return fits(func(h *jsondoc.Object) bool { return h.Text("id") == w.Text("id") })
	}
	place := func(o *jsondoc.Object) string {
		return strings.ToLower(strings.Join([]string{o.Text("street"), o.Text("postalCode"), o.Text("city"), o.Text("countryCode")}, "\x00"))
	}
	if same := fits(func(h *jsondoc.Object) bool { return place(h) == place(w) }); same != nil {
		return same
	}
	return fits(func(h *jsondoc.Object) bool {
		return w.Get("defaultAddress") == true && h.Get("defaultAddress") == true
	})
}

func hasDefault(list []any) bool {
	return slices.ContainsFunc(list, func(v any) bool {
		o, ok := v.(*jsondoc.Object)
		return ok && o.Get("defaultAddress") == true
	})
}
