package ccv

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// hooks are what incoming calls are checked with.
type hooks struct {
	keys    []string // one for each webhook
	address string   // where they were registered; "" is the address of the call
}

// hinted are the resources of events that the connection reads, by the name in an address. A change of a product may be one of its stock:
// the vendor has no event for that.
var hinted = map[string][]port.Entity{"orders": {port.Order}, "products": {port.Product, port.Stock}}

var resourceNames = map[port.Entity]string{port.Order: orderResource, port.Product: productResource, port.Stock: stockResource}

// Receive checks the header x-hash: HMAC-SHA512 over address|body with the key of the webhook. That is inferred from the vendor's
// handshake, which is signed so, and from the key that a webhook is given; no public receiver checks it. The body names neither its
// event nor whether the document is gone: both are found out by reading it.
func (c *Client) Receive(r *http.Request, body []byte) ([]connectors.Hint, []byte, error) {
	got := r.Header.Get("X-Hash")
	proven := false
	for _, address := range c.addresses(r) {
		for _, key := range c.hooks.keys {
			// Every key is tried, whichever fits.
			proven = equalHash(got, hash(key, address, string(body))) || proven
		}
	}
	if !proven {
		return nil, nil, connectors.ErrSignature
	}
	event := gjson.ParseBytes(body)
	id := event.Get("id").String()
	if !gjson.ValidBytes(body) || !isID(id) {
		return nil, nil, nil // it is the shop's, and nothing that is read here
	}
	sum := sha256.Sum256(body)
	var hints []connectors.Hint
	for _, entity := range hinted[resourceOfEvent(event)] {
		hint := connectors.Hint{Entity: entity, Resource: resourceNames[entity], ID: id, Delivery: hex.EncodeToString(sum[:16])}
		if entity == port.Stock {
			hint.ID = "" // stock has ids of its own
		}
		hints = append(hints, hint)
	}
	return hints, nil, nil
}

func (c *Client) addresses(r *http.Request) []string {
	if c.hooks.address != "" {
		return []string{c.hooks.address}
	}
	// The vendor calls by https only; a sandbox on the same machine does not.
	return []string{"https://" + r.Host + r.URL.RequestURI(), "http://" + r.Host + r.URL.RequestURI()}
}

// resourceOfEvent is the name in the address of what an event is about.
func resourceOfEvent(event gjson.Result) string {
	_, after, _ := strings.Cut(event.Get("href").String(), apiPath+"/")
	name, _, _ := strings.Cut(after, "/")
	if name == "" && event.Get("order_number").Exists() {
		return "orders"
	}
	return name
}
