package sandbox

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"net/http"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// Event is what the store tells about a change.
type Event struct {
	ID, Type string
	Created  int64 // seconds since 1970
	Body     []byte
}

// Webhook is the event of a type ("order.created", "product.updated", "customer.deleted") for a document, signed as the store signs. The
// id of an order is its internalId.
func (s *Sandbox) Webhook(kind, entity string) Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	e := Event{ID: fmt.Sprintf("5f0c1a52-8a8e-4c1b-9c39-%012d", s.next("event", 0)), Type: kind, Created: s.clock().Unix()}
	body := jsondoc.New("eventId", e.ID, "eventCreated", int(e.Created), "storeId", number(StoreID), "entityId", number(entity), "eventType", kind)
	if r := s.order(entity); r != nil {
		body.Set("data", jsondoc.New("orderId", r.doc.Get("id"), "newPaymentStatus", r.doc.Get("paymentStatus"), "newFulfillmentStatus", r.doc.Get("fulfillmentStatus")))
	}
	e.Body = jsondoc.Encode(body)
	return e
}

// Request is the call that the store makes.
func (e Event) Request(ctx context.Context, url string) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, url+"?eventtype="+e.Type, bytes.NewReader(e.Body))
	if err != nil {
		return nil, fmt.Errorf("webhook: %w", err)
	}
	mac := hmac.New(sha256.New, []byte(clientSecret))
	fmt.Fprintf(mac, "%d.%s", e.Created, e.ID)
	r.Header.Set("X-Ecwid-Webhook-Signature", base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	r.Header.Set("Content-Type", "application/json;charset=UTF-8")
	r.Header.Set("Cache-Control", "no-cache")
	return r, nil
}
