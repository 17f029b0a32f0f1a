package ecwid

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"net/http"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// webhookAge is how long Ecwid goes on trying to deliver an event, and how far a clock may be ahead.
const (
	webhookAge   = 24*time.Hour + 30*time.Minute
	webhookAhead = 10 * time.Minute
)

// Receive checks Ecwid's signature and says what the event hints at; events of no interest hint at nothing.
//
// Ecwid signs the event's id and time, not the body: base64(HMAC-SHA256(client secret, eventCreated + "." + eventId)). So nothing of
// the body is believed but which document to read, an event of long ago is refused, and Hint.Delivery tells one that comes twice.
func (c *Client) Receive(r *http.Request, body []byte) ([]connectors.Hint, []byte, error) {
	given, err := base64.StdEncoding.DecodeString(r.Header.Get("X-Ecwid-Webhook-Signature"))
	event := gjson.ParseBytes(body)
	if err != nil || c.secret == "" || !gjson.ValidBytes(body) || !event.IsObject() {
		return nil, nil, connectors.ErrSignature
	}
	created, id := event.Get("eventCreated"), event.Get("eventId")
	mac := hmac.New(sha256.New, []byte(c.secret))
	mac.Write([]byte(created.Raw + "." + id.String()))
	if !hmac.Equal(mac.Sum(nil), given) || created.Type != gjson.Number || id.String() == "" {
		return nil, nil, connectors.ErrSignature
	}
	age := c.now().Sub(time.Unix(created.Int(), 0))
	if age > webhookAge || age < -webhookAhead || event.Get("storeId").String() != c.store {
		return nil, nil, connectors.ErrSignature
	}
	return hintsOf(event), nil, nil
}

// hintsOf reads order.created, product.updated and the like. Changes that a connection makes itself come back as events, too.
func hintsOf(event gjson.Result) []connectors.Hint {
	kind, what, _ := strings.Cut(event.Get("eventType").String(), ".")
	what = strings.ToLower(what)
	if what != "created" && what != "updated" && what != "deleted" {
		return nil
	}
	hint := connectors.Hint{ID: event.Get("entityId").String(), Deleted: what == "deleted", Delivery: event.Get("eventId").String()}
	switch strings.ToLower(kind) {
	case "order":
		// entityId is the internalId; paths and searches take both, documents go by the other.
		if number := event.Get("data.orderId").String(); number != "" {
			hint.ID = number
		}
		hint.Entity, hint.Resource = port.Order, orderResource
	case "customer":
		hint.Entity, hint.Resource = port.Customer, customerResource
	case "product":
		hint.Entity, hint.Resource = port.Product, productResource
		if !hint.Deleted {
			// A sale and a change of a variation come as a change of the product. Which stock moved, only reading tells.
			return []connectors.Hint{hint, {Entity: port.Stock, Resource: stockResource, Delivery: hint.Delivery}}
		}
	default:
		return nil
	}
	return []connectors.Hint{hint}
}
