package connectors

import (
	"bytes"
	"sync"
	"time"
)

// Tables keeps the reference data that a connection has read. The zero value has none. It is safe for concurrent use.
type Tables struct {
	mu   sync.Mutex
	kept map[string]keptTable
}

type keptTable struct {
	rows []byte
	at   time.Time
}

// relook is how old a table is at least before it is read again because something is not in it.
const relook = time.Minute

// Get returns a copy of the table, which read gives where it was not read yet or refresh is true. now is when.
func (t *Tables) Get(name string, refresh bool, now func() time.Time, read func() ([]byte, error)) ([]byte, error) {
	if rows := t.Known(name); rows != nil && !refresh {
		return bytes.Clone(rows), nil
	}
	rows, err := read()
	if err != nil {
		return nil, err
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.kept == nil {
		t.kept = map[string]keptTable{}
	}
	t.kept[name] = keptTable{rows, now()}
	return bytes.Clone(rows), nil
}

// Known returns the table as it was read, nil where it was not. It must not be changed.
func (t *Tables) Known(name string) []byte {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.kept[name].rows
}

// Missed tells whether the table may be read again because something is not in it. What is still not in it after that was
// deleted, and must not cost a call for every document that names it.
func (t *Tables) Missed(name string, now time.Time) bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return now.Sub(t.kept[name].at) >= relook
}
