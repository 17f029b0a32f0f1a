package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// webhookSecret is what the shop and the app to which webhooks belong have agreed on.
const webhookSecret = "5e1b7f0c94d24a3f8a6c2b9d7e10f4c3"

// told are the entities whose writes are events; there are none of payments and deliveries.
var told = []string{"product", "product_price", "category", "sales_channel", "sales_channel_domain", "customer", "customer_address", "order", "order_address", "document", "media"}

// Event is a call that the shop makes because of a webhook.
type Event struct {
	Name string // "product.written"
	URL  string
	Body []byte
	// Signature is the header shopware-shop-signature, empty for a webhook that belongs to no app.
	Signature string
}

// Request is the call.
func (e Event) Request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.URL, bytes.NewReader(e.Body))
	if err != nil {
		return nil, fmt.Errorf("webhook %s: %w", e.Name, err)
	}
	r.Header.Set("Content-Type", "application/json")
	if e.Signature != "" {
		r.Header.Set("Shopware-Shop-Signature", e.Signature)
	}
	return r, nil
}

// Events takes the calls that are due since it was last asked, one for each active webhook that wants the event.
func (s *Sandbox) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.events
	s.events = nil
	return out
}

// Deliver makes the calls that are due, once each.
func (s *Sandbox) Deliver(ctx context.Context, client *http.Client) error {
	var errs []error
	for _, e := range s.Events() {
		errs = append(errs, s.Call(client, e.Name, func() (*http.Request, error) { return e.Request(ctx) }))
	}
	return errors.Join(errs...)
}

// happening is an event of the running request, which counts once that has succeeded.
type happening struct {
	event   string
	payload any // a list of rows, or an object with one entity
}

// wrote remembers a row that was written or deleted.
func (s *Sandbox) wrote(ent *entity, id, operation string, fields []string) {
	if !slices.Contains(told, ent.name) {
		return
	}
	entry := jsondoc.New("entity", ent.name, "operation", operation, "primaryKey", id)
	event := ent.name + ".deleted"
	if operation != "delete" {
		event = ent.name + ".written"
		slices.Sort(fields)
		list := make([]any, len(fields))
		for i, f := range fields {
			list[i] = f
		}
		entry.Set("updatedFields", list)
	}
	if ent.byName["versionId"] != nil {
		entry.Set("versionId", liveVersion)
	}
	for i, h := range s.happened {
		if list, ok := h.payload.([]any); ok && h.event == event {
			s.happened[i].payload = append(list, entry)
			return
		}
	}
	s.happened = append(s.happened, happening{event, []any{entry}})
}

func (s *Sandbox) wroteAll(cmds []*command) {
	for _, c := range cmds {
		operation, fields := "update", slices.Collect(maps.Keys(c.v))
		if c.insert {
			operation = "insert"
		}
		for _, translated := range c.tr {
			fields = slices.AppendSeq(fields, maps.Keys(translated))
		}
		s.wrote(c.ent, c.key, operation, slices.Compact(slices.Sorted(slices.Values(fields))))
	}
}

// entered remembers that an order, or a payment or delivery of one, came into a state.
func (v *view) entered(ent *entity, r *row, state string) {
	id := r.str("id")
	if ent.name != "order" {
		id = r.str("orderId")
	}
	order := v.s.schema.entities["order"]
	o := v.s.db.get(order, id)
	if o == nil {
		return
	}
	e := &encoder{view: v}
	v.s.happened = append(v.s.happened, happening{"state_enter." + ent.name + ".state." + state, jsondoc.New("order", e.entity(order, o, nil, child))})
	v.s.wrote(order, id, "update", []string{"updatedAt"})
}

// announce makes the calls of what has happened.
func (s *Sandbox) announce(source string) {
	hook := s.schema.entities["webhook"]
	for _, h := range s.happened {
		for _, r := range s.db.all(hook) {
			if active, _ := r.v["active"].(bool); !active || r.str("eventName") != h.event {
				continue
			}
			body := jsondoc.EncodePHP(jsondoc.New(
				"data", jsondoc.New("payload", h.payload, "event", h.event),
				"source", jsondoc.New("url", source, "eventId", newID(s.now())),
				"timestamp", int(s.now().Unix())))
			e := Event{Name: h.event, URL: r.str("url"), Body: body}
			if r.str("appId") != "" {
				mac := hmac.New(sha256.New, []byte(webhookSecret))
				mac.Write(body)
				e.Signature = hex.EncodeToString(mac.Sum(nil))
			}
			s.events = append(s.events, e)
		}
	}
	s.happened = nil
}
