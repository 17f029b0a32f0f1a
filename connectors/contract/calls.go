package contract

import (
	"net/http"
	"slices"
	"sync"
)

// Calls are the requests that a test's server got, as "GET /orders". It is safe for concurrent use: a connection that is cut
// leaves its handler to itself, so that even a client that calls in turn may meet two at a time. The zero value has none.
type Calls struct {
	mu   sync.Mutex
	list []string
}

// Note adds a request to path, which a test may have shortened.
func (c *Calls) Note(r *http.Request, path string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = append(c.list, r.Method+" "+path)
}

// List returns the calls since the last Reset, in order.
func (c *Calls) List() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.Clone(c.list)
}

// Reset forgets them.
func (c *Calls) Reset() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.list = nil
}
