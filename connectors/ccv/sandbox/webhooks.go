package sandbox

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// hookEvents are those that were seen. None tells of stock.
var hookEvents = []string{
	"orders.created", "orders.deleted", "orders.updated.ispaid", "orders.updated.status", "orders.updated.trackandtrace",
	"products.created", "products.updated", "products.deleted", "categories.created", "categories.updated", "categories.deleted",
	"returns.created", "returns.updated", "returns.deleted", "invoices.updated.status",
}

func (c *call) postWebhook() (any, *apiError) {
	if fault := checkInput(webhookInput, c.body, "webhooks"); fault != nil {
		return nil, fault
	}
	if !slices.Contains(hookEvents, c.body.Text("event")) {
		return nil, refuse("The property event must be one of %s.", strings.Join(hookEvents, ", "))
	}
	o := c.s.add("webhooks", "webhook")
	o.Set("createdate", c.s.stamp())
	o.Set("key", webhookKey) // each has its own at the vendor; one is easier to try out
	o.Merge(c.body)
	return o, nil
}

func (c *call) patchWebhook() (any, *apiError) {
	o, fault := c.target("webhooks", "webhook")
	if fault != nil {
		return nil, fault
	}
	if fault := checkInput("address:s is_active:b", c.body, "webhooks"); fault != nil {
		return nil, fault
	}
	o.Merge(c.body)
	return nil, nil
}

// Event is something that happened, for a webhook that wants to know.
type Event struct {
	Name    string
	Address string
	Body    []byte
	Hash    string // what the header x-hash holds
}

// happened keeps an event for every active webhook. Links in it have no slash at their end.
func (s *Sandbox) happened(name string, about *object) {
	for _, hook := range s.table("webhooks").rows {
		if hook.Text("event") != name || !flag(hook, "is_active") {
			continue
		}
		body := jsondoc.New("triggered_at", s.stamp())
		body.Merge(about)
		body.Set("href", strings.TrimSuffix(about.Text("href"), "/"))
		text := jsondoc.EncodePHP(rendered(body, "https://shop.example.nl"))
		address := hook.Text("address")
		s.events = append(s.events, Event{name, address, text, sign(hook.Text("key"), address, string(text))})
	}
}

func (s *Sandbox) orderEvent(o *object) *object {
	who := o.Object("customer")
	return jsondoc.New("href", o.Text("href"), "id", o.Get("id"), "order_number", o.Get("ordernumber"), "ordernumber_prefix", o.Get("ordernumber_prefix"),
		"ordernumber_full", o.Get("ordernumber_full"), "total_price", o.Get("total_price"), "customer_email", who.Text("email"),
		"customer_mobile", who.Object("billingaddress").Text("mobile"))
}

// Events takes what happened since it was last asked.
func (s *Sandbox) Events() []Event {
	s.mu.Lock()
	defer s.mu.Unlock()
	out := s.events
	s.events = nil
	return out
}

// Request is the call that the shop makes.
func (e Event) Request(ctx context.Context) (*http.Request, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, e.Address, bytes.NewReader(e.Body))
	if err != nil {
		return nil, fmt.Errorf("webhook %s: %w", e.Name, err)
	}
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("X-Hash", e.Hash)
	return r, nil
}

// Deliver makes the calls of all webhooks whose events have not been told yet. The vendor's way to repeat a call that failed is not
// known: here it is not repeated.
func (s *Sandbox) Deliver(ctx context.Context, client *http.Client) error {
	var errs []error
	for _, e := range s.Events() {
		errs = append(errs, s.Call(client, e.Name, func() (*http.Request, error) { return e.Request(ctx) }))
	}
	return errors.Join(errs...)
}
