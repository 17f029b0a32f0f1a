package faults

import (
	"context"
	"fmt"
	"net/http"
)

// Caller is a sandbox that calls others: it has webhooks.
type Caller interface {
	// Deliver makes the calls that are due since it was last asked. Its error tells which of them nobody took; none is repeated.
	Deliver(ctx context.Context, client *http.Client) error
}

// Call makes the call of a webhook, twice where a fault says so.
func (i *Injector) Call(client *http.Client, name string, request func() (*http.Request, error)) error {
	for range i.calls() {
		r, err := request()
		if err != nil {
			return err
		}
		res, err := client.Do(r)
		if err != nil {
			return fmt.Errorf("webhook %s: %w", name, err)
		}
		if err := res.Body.Close(); err != nil {
			return fmt.Errorf("webhook %s: %w", name, err)
		}
		if res.StatusCode >= 300 {
			return fmt.Errorf("webhook %s: %s", name, res.Status)
		}
	}
	return nil
}

func (i *Injector) calls() int {
	i.mu.Lock()
	defer i.mu.Unlock()
	for _, f := range i.faults {
		if f.Twice && i.draw() < f.Percent {
			return 2
		}
	}
	return 1
}
