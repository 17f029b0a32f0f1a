package eaccounting

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Create posts a document and returns it with what the server added. A number that is
// taken gives port.ErrConflict: whether to adopt the document that has it is the caller's decision.
func (c *Connector) Create(ctx context.Context, name string, body []byte) (port.Document, error) {
	r, err := find(name)
	if err != nil {
		return port.Document{}, err
	}
	op := "POST /" + r.path
	if r.reason != "" {
		return port.Document{}, &port.Error{Kind: port.ErrValidation, System: Name, Op: op, Message: r.reason}
	}
	if err := object(op, body); err != nil {
		return port.Document{}, err
	}
	resp, err := c.api.Do(ctx, rest.Request{Method: http.MethodPost, Path: "/" + r.path, Route: "/" + r.path, Body: body})
	if err != nil {
		return port.Document{}, aboutBody(err)
	}
	return r.answered(op, resp.Body, port.ErrInDoubt)
}

// Update reads the document, sets what change holds and puts the whole document back, because the
// API's PUT empties every member that is left out. Objects are merged, lists are replaced; a null empties.
func (c *Connector) Update(ctx context.Context, name, id string, change []byte) (port.Document, error) {
	r, err := find(name)
	if err != nil {
		return port.Document{}, err
	}
	op := "PUT /" + r.path + "/{id}"
	if !r.update {
		reason := r.reason
		if reason == "" {
			reason = "a booked " + r.name + " cannot be changed"
		}
		return port.Document{}, &port.Error{Kind: port.ErrValidation, System: Name, Op: op, Message: reason}
	}
	if err := object(op, change); err != nil {
		return port.Document{}, err
	}
	release, err := c.locks.lock(ctx, r.name+" "+id)
	if err != nil {
		return port.Document{}, fmt.Errorf("%s: %s: %w", Name, op, err)
	}
	defer release()
	present, err := c.get(ctx, r, id)
	if err != nil {
		return port.Document{}, err
	}
	body, err := r.replacement(present.Body, change)
	if err != nil {
		return port.Document{}, fmt.Errorf("%s: %s: %w", Name, op, err)
	}
	resp, err := c.api.Do(ctx, rest.Request{Method: http.MethodPut, Path: rest.Path(r.path, id), Route: "/" + r.path + "/{id}", Body: body})
	if err != nil {
		return port.Document{}, aboutBody(err)
	}
	if gjson.GetBytes(resp.Body, "Id").String() == "" { // some answers are empty
		return c.get(ctx, r, id)
	}
	return r.document(string(resp.Body)), nil
}

func object(op string, body []byte) error {
	if !gjson.ValidBytes(body) || !gjson.ParseBytes(body).IsObject() {
		return &port.Error{Kind: port.ErrValidation, System: Name, Op: op, Message: "the document is not a JSON object"}
	}
	return nil
}

// aboutBody turns the 404 for an id inside a body into what it is: a document that cannot be
// made as it is. The document that a path names was read just before.
func aboutBody(err error) error {
	var e *port.Error
	if errors.As(err, &e) && errors.Is(e.Kind, port.ErrNotFound) && strings.HasPrefix(e.Code, "300") {
		e.Kind = port.ErrValidation
	}
	return err
}

// replacement is the whole document that PUT needs: what is there, with the change, without
// what the server alone decides. Untouched numbers keep their text.
func (r *resource) replacement(present, change []byte) ([]byte, error) {
	body, err := merge(present, "", gjson.ParseBytes(change))
	if err != nil {
		return nil, err
	}
	for _, name := range slices.Concat(r.readOnly, r.outdated(present, change)) {
		if body, err = sjson.DeleteBytes(body, name); err != nil {
			return nil, fmt.Errorf("leaving out %s: %w", name, err)
		}
	}
	for i := range gjson.GetBytes(body, "Rows").Array() {
		for _, name := range r.rowReadOnly {
			if body, err = sjson.DeleteBytes(body, "Rows."+strconv.Itoa(i)+"."+name); err != nil {
				return nil, fmt.Errorf("leaving out %s of row %d: %w", name, i+1, err)
			}
		}
	}
	return body, nil
}

// merge sets the members of change in body at path.
func merge(body []byte, path string, change gjson.Result) ([]byte, error) {
	var err error
	change.ForEach(func(key, value gjson.Result) bool {
		at := path + escape(key.String())
		if value.IsObject() && gjson.GetBytes(body, at).IsObject() {
			body, err = merge(body, at+".", value)
		} else if body, err = sjson.SetRawBytes(body, at, []byte(value.Raw)); err != nil {
			err = fmt.Errorf("setting %s: %w", key.String(), err)
		}
		return err == nil
	})
	return body, err
}

// escape writes a member's name as a path of gjson and sjson.
func escape(name string) string {
	var b strings.Builder
	for _, r := range name {
		if strings.ContainsRune(`.*?|#@!{}[]()=<>~^$%&"'\:`, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// outdated names the price of an article that no longer fits: net and gross must agree by the
// VAT rate of the coding, so that the one that was not changed is left to the server.
func (r *resource) outdated(present, change []byte) []string {
	if r.name != "article" {
		return nil
	}
	has := func(name string) bool { return gjson.GetBytes(change, name).Type == gjson.Number }
	coding := gjson.GetBytes(change, "CodingId")
	recoded := coding.Exists() && coding.String() != gjson.GetBytes(present, "CodingId").String()
	switch {
	case has("NetPrice") && has("GrossPrice"):
		return nil
	case has("GrossPrice"):
		return []string{"NetPrice"}
	case has("NetPrice") || recoded:
		return []string{"GrossPrice"}
	}
	return nil
}
