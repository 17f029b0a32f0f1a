package shopware

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"fmt"
	"net/http"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Create makes a document of body, in the form that the API writes: ids of references, addresses inline. An id
// that is missing is chosen here, so that a lost answer can be settled by asking for it; a missing
// orderNumber or customerNumber is reserved from the shop's number range.
//
// Shopware stores an order as it is sent: it calculates nothing, mails nobody, and books stock. A product may name things
// in its member crosswalk, see product.go.
func (c *Client) Create(ctx context.Context, name string, body []byte) (port.Document, error) {
	res, err := resourceOf(name)
	if err != nil {
		return port.Document{}, err
	}
	op := "POST /" + res.route
	if err := checkObject(op, body); err != nil {
		return port.Document{}, err
	}
	if res.fixed {
		return port.Document{}, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Message: "a " + res.name + " cannot be made"}
	}
	if res.name == "product" {
		return c.createProduct(ctx, res, op, body)
	}
	id := member(body, "id")
	if id == "" {
		id = newID()
		if body, err = sjson.SetBytes(body, "id", id); err != nil {
			return port.Document{}, fmt.Errorf("%s: %s: %w", system, op, err)
		}
	}
	return c.post(ctx, res, op, id, body)
}

// post makes the document with the id.
func (c *Client) post(ctx context.Context, res resource, op, id string, body []byte) (port.Document, error) {
	var err error
	if body, err = c.number(ctx, res, body); err != nil {
		return port.Document{}, err
	}
	_, err = c.api.Do(ctx, rest.Request{Method: http.MethodPost, Path: rest.Path(res.route), Body: body, Header: c.writeHeader()})
	if err != nil && !errors.Is(err, port.ErrInDoubt) {
		return port.Document{}, err
	}
	// The Location of the answer names the last row that was written, which may be a variant.
	return c.settle(ctx, res, op, id, err)
}

// settle reads what was written. doubt is the error of a write whose answer was lost: if
// the document is there, it was carried out.
func (c *Client) settle(ctx context.Context, res resource, op, id string, doubt error) (port.Document, error) {
	docs, _, err := c.load(ctx, res, criteria{IDs: []string{id}})
	switch {
	case err == nil && len(docs) == 1:
		return docs[0], nil
	case doubt != nil:
		return port.Document{}, doubt // not there yet: the shop may still be at work
	case err == nil:
		err = errors.New("it cannot be found")
	}
	return port.Document{}, &port.Error{Kind: port.ErrInDoubt, System: system, Op: op,
		Message: "written as " + id + ", but reading it back failed", Err: err}
}

// Update changes the members of change: PATCH merges. Elements of lists are added, or changed where
// they name their id; none is removed. States are changed by transitions, not here.
func (c *Client) Update(ctx context.Context, name, id string, change []byte) (port.Document, error) {
	res, err := resourceOf(name)
	if err != nil {
		return port.Document{}, err
	}
	req := rest.Request{Method: http.MethodPatch, Path: rest.Path(res.route, id), Route: "/" + res.route + "/{id}", Body: change, Header: c.writeHeader()}
	if err := checkObject(req.Op(), change); err != nil {
		return port.Document{}, err
	}
	if !isID(id) {
		return port.Document{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: req.Op(), Message: "this is no id of Shopware"}
	}
	var uploads []image
	if res.name == "product" {
		if req.Body, uploads, err = c.labelsToIDs(ctx, res, req.Op(), id, change); err != nil {
			return port.Document{}, err
		}
	}
	body := gjson.ParseBytes(req.Body)
	if repeatable(body) {
		req.Repeat = rest.Safe
	}
	if len(body.Map()) > 0 { // an empty object is refused: PHP takes it for a list
		if _, err := c.api.Do(ctx, req); err != nil {
			c.names.forget()
			return port.Document{}, err
		}
	}
	if err := c.uploadAll(ctx, uploads); err != nil {
		return port.Document{}, err
	}
	return c.settle(ctx, res, req.Op(), id, nil)
}

// repeatable tells whether writing a change twice is the same as once: an element of
// a list without an id would be added twice.
func repeatable(v gjson.Result) bool {
	ok := true
	v.ForEach(func(_, m gjson.Result) bool {
		if v.IsArray() && m.IsObject() && !m.Get("id").Exists() && !m.Get("currencyId").Exists() {
			ok = false
		}
		if m.IsObject() || m.IsArray() {
			ok = ok && repeatable(m)
		}
		return ok
	})
	return ok
}

// number fills a missing number from the shop's range, which the API does not do by itself.
func (c *Client) number(ctx context.Context, res resource, body []byte) ([]byte, error) {
	field := res.probes[port.KeyNumber].field
	if res.numbers == "" || member(body, field) != "" {
		return body, nil
	}
	path := []string{"_action", "number-range", "reserve", res.numbers}
	if channel := member(body, "salesChannelId"); isID(channel) {
		path = append(path, channel)
	}
	req := rest.Request{Path: rest.Path(path...), Route: "/_action/number-range/reserve/" + res.numbers}
	resp, err := c.api.Do(ctx, req)
	if err != nil {
		return nil, err
	}
	number := gjson.GetBytes(resp.Body, "number").String()
	if number == "" {
		return nil, &port.Error{Kind: port.ErrProtocol, System: system, Op: req.Op(), Status: resp.Status, Message: "the answer holds no number"}
	}
	return sjson.SetBytes(body, field, number)
}

// writeHeader keeps the shop's own flows still: a synchronisation must not mail people.
func (c *Client) writeHeader() http.Header {
	if !c.quiet {
		return nil
	}
	return http.Header{"Sw-Skip-Trigger-Flow": {"1"}}
}

func checkObject(op string, body []byte) error {
	if gjson.ValidBytes(body) && gjson.ParseBytes(body).IsObject() {
		return nil
	}
	return &port.Error{Kind: port.ErrValidation, System: system, Op: op, Message: "the document is no JSON object"}
}

// member returns a top-level member that is text or a number.
func member(body []byte, name string) string {
	v := gjson.GetBytes(body, name)
	if v.Type == gjson.String || v.Type == gjson.Number {
		return v.String()
	}
	return ""
}

// newID is a random id: clients may choose them.
func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand does not fail
	b[6] = b[6]&0x0f | 0x40
	b[8] = b[8]&0x3f | 0x80
	return hex.EncodeToString(b[:])
}
