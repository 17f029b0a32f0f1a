package shopware

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// webhookAge is how old a call may be, for a shop whose queue stood still, and webhookAhead how far its clock may be ahead.
const (
	webhookAge   = 24 * time.Hour
	webhookAhead = 10 * time.Minute
)

// liveVersion is the version of what is sold; others are drafts.
const liveVersion = "0fa91ce3e96a4bc2be4bd9ce752c3425"

// hooks are what incoming calls are checked with.
type hooks struct {
	secret    string // that of the shop and the app, which the app's registration agrees on
	appSecret string // that of the app's manifest
	app       string // its name
	address   string // where they arrive; "" is the address of the call
	now       func() time.Time
}

// Receive checks a call of the shop, signed as those of apps are: header shopware-shop-signature, HMAC-SHA256 over the raw body in hex. A
// call without a signature is refused: webhooks that belong to an integration and no app have none. One of more than a day ago is refused
// as well, and Hint.Delivery tells one that comes twice.
//
// The registration of the app comes here, too, by GET; its answer is in reply.
func (c *Client) Receive(r *http.Request, body []byte) ([]connectors.Hint, []byte, error) {
	if r.Method == http.MethodGet {
		reply, err := c.register(r)
		return nil, reply, err
	}
	event := gjson.ParseBytes(body)
	if !signed(c.hooks.secret, r.Header.Get("Shopware-Shop-Signature"), body) || !gjson.ValidBytes(body) || !c.recent(event.Get("timestamp")) {
		return nil, nil, connectors.ErrSignature
	}
	hints := hintsOf(event)
	for i := range hints {
		hints[i].Delivery = event.Get("source.eventId").String()
	}
	return hints, nil, nil
}

// register answers the handshake with which a shop installs the app: the proof that the app knows its secret, and the secret that
// the shop signs with from then on. What the shop confirms it with is no hint.
func (c *Client) register(r *http.Request) ([]byte, error) {
	q := r.URL.Query()
	if !signed(c.hooks.appSecret, r.Header.Get("Shopware-App-Signature"), []byte(r.URL.RawQuery)) || c.hooks.secret == "" || !c.recent(gjson.Result{Type: gjson.String, Str: q.Get("timestamp")}) {
		return nil, connectors.ErrSignature
	}
	address := c.hooks.address
	if address == "" {
		address = "https://" + r.Host + r.URL.Path // a shop calls by https
	}
	return jsondoc.Encode(jsondoc.New("proof", signature(c.hooks.appSecret, []byte(q.Get("shop-id")+q.Get("shop-url")+c.hooks.app)),
		"secret", c.hooks.secret, "confirmation_url", address)), nil
}

func (c *Client) recent(at gjson.Result) bool {
	age := c.hooks.now().Sub(time.Unix(at.Int(), 0))
	return age <= webhookAge && age >= -webhookAhead
}

// signed compares in constant time. Without a secret nothing is.
func signed(secret, given string, text []byte) bool {
	return hmac.Equal([]byte(signature(secret, text)), []byte(given)) && secret != ""
}

func signature(secret string, text []byte) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write(text)
	return hex.EncodeToString(mac.Sum(nil))
}

// hintsOf reads the two kinds of events: rows that were written or deleted, and what happened in the course of business, which
// brings an entity by its name.
func hintsOf(event gjson.Result) []connectors.Hint {
	payload := event.Get("data.payload")
	var hints []connectors.Hint
	add := func(list ...connectors.Hint) {
		for _, h := range list {
			if !slices.Contains(hints, h) {
				hints = append(hints, h)
			}
		}
	}
	if payload.IsArray() {
		for _, row := range payload.Array() {
			if v := row.Get("versionId").String(); v == "" || v == liveVersion {
				add(hintsOfRow(row)...)
			}
		}
		return hints
	}
	// An order brings its customer along.
	for _, name := range []string{"order", "customer"} {
		if id := payload.Get(name + ".id").String(); isID(id) {
			return []connectors.Hint{{Entity: entityOf[name], Resource: name, ID: id}}
		}
	}
	return nil
}

// entityOf are the entities that have the name that Shopware gives them.
var entityOf = map[string]port.Entity{"order": port.Order, "customer": port.Customer}

func hintsOfRow(row gjson.Result) []connectors.Hint {
	entity, part := row.Get("entity").String(), false
	if before, ok := strings.CutSuffix(entity, "_address"); ok {
		entity, part = before, true
	}
	id, deleted := row.Get("primaryKey").String(), row.Get("operation").String() == "delete"
	switch {
	case part && entityOf[entity] != "": // whose part, only reading tells
		return []connectors.Hint{{Entity: entityOf[entity], Resource: entity}}
	case entityOf[entity] != "":
		return []connectors.Hint{{Entity: entityOf[entity], Resource: entity, ID: id, Deleted: deleted}}
	case entity == "product_price", entity == "product" && !deleted:
		// It may be a variant, which is read with its family.
		hints := []connectors.Hint{{Entity: port.Product, Resource: "product"}}
		if movesStock(row) {
			hints = append(hints, connectors.Hint{Entity: port.Stock, Resource: "stock", ID: id})
		}
		return hints
	case entity == "product":
		return []connectors.Hint{{Entity: port.Product, Resource: "product", ID: id, Deleted: true}}
	}
	return nil
}

// movesStock tells whether a product was written with its stock. What orders book is no event: it is read by time.
func movesStock(row gjson.Result) bool {
	return row.Get("entity").String() == "product" && slices.ContainsFunc(row.Get("updatedFields").Array(), func(f gjson.Result) bool {
		return f.Str == "stock" || f.Str == "isCloseout"
	})
}
