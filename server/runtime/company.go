package runtime

import (
	"sync"
	"time"
)

// company knows who uses an embedded store besides the process that has it open: other commands, by the socket.
type company struct {
	mu     sync.RWMutex
	hosts  []func() error // what this process does before somebody comes
	guests int
	left   time.Time // when the last one went
}

// Host says that this process will do things with nobody's knowledge while it is alone with its store (see [Runtime.Alone]). Before anybody else gets
// to the store, reveal is called, and is to make known in the store what others must know; its error keeps them out. With two hosts on one store neither is alone.
func (r *Runtime) Host(reveal func() error) error {
	r.company.mu.Lock()
	defer r.company.mu.Unlock()
	r.company.hosts = append(r.company.hosts, reveal)
	if len(r.company.hosts) == 2 {
		return r.company.hosts[0]()
	}
	return nil
}

// Alone calls do and returns true where only this process can have used the store for the last time quiet. Nobody comes while do is called.
func (r *Runtime) Alone(quiet time.Duration, do func()) bool {
	c := &r.company
	c.mu.RLock()
	defer c.mu.RUnlock()
	if r.server == nil || len(c.hosts) != 1 || c.guests > 0 || time.Since(c.left) < quiet {
		return false
	}
	do()
	return true
}

// come lets somebody in.
func (c *company) come() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.hosts) == 1 && c.guests == 0 {
		if err := c.hosts[0](); err != nil {
			return err
		}
	}
	c.guests++
	return nil
}

func (c *company) leave() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.guests--
	c.left = time.Now()
}
