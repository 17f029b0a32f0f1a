package runtime

import (
	"net"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
)

// inProcess connects to a server of this process through a pipe with room in it. The server's own has none: every write waits there until the server
// has read it, and the client holds its lock meanwhile, so that all workers queue up for each of their messages.
type inProcess struct{ server *server.Server }

// InProcessConn returns a new connection.
func (p inProcess) InProcessConn() (net.Conn, error) {
	c, err := p.server.InProcessConn()
	if err != nil {
		return nil, err
	}
	return newRoomy(c), nil
}

// pipeRoom is how many bytes a connection takes before a write waits.
const pipeRoom = 4 << 20

// closeWait is how long a connection that is closed waits for the server to read what was written.
const closeWait = 2 * time.Second

// roomy is a connection whose writes return before they are read.
type roomy struct {
	net.Conn
	mu      sync.Mutex
	changed *sync.Cond
	written []byte
	closed  bool
	err     error
	done    chan struct{}
}

func newRoomy(c net.Conn) *roomy {
	r := &roomy{Conn: c, done: make(chan struct{})}
	r.changed = sync.NewCond(&r.mu)
	go r.pass()
	return r
}

// Write takes bytes, and waits only where there are too many.
func (r *roomy) Write(b []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for r.err == nil && !r.closed && len(r.written) > 0 && len(r.written)+len(b) > pipeRoom {
		r.changed.Wait()
	}
	switch {
	case r.err != nil:
		return 0, r.err
	case r.closed:
		return 0, net.ErrClosed
	}
	r.written = append(r.written, b...)
	r.changed.Broadcast()
	return len(b), nil
}

// pass hands on what was written, until the connection ends.
func (r *roomy) pass() {
	defer close(r.done)
	var out []byte
	for {
		r.mu.Lock()
		for len(r.written) == 0 && !r.closed {
			r.changed.Wait()
		}
		if len(r.written) == 0 {
			r.mu.Unlock()
			return
		}
		out, r.written = r.written, out[:0]
		r.changed.Broadcast()
		r.mu.Unlock()
		_, err := r.Conn.Write(out)
		if err != nil {
			r.mu.Lock()
			r.err, r.written = err, nil
			r.changed.Broadcast()
			r.mu.Unlock()
			return
		}
		if cap(out) > pipeRoom {
			out = nil
		}
	}
}

// Close ends the connection once the server has read what was written.
func (r *roomy) Close() error {
	r.mu.Lock()
	r.closed = true
	r.changed.Broadcast()
	r.mu.Unlock()
	_ = r.Conn.SetWriteDeadline(time.Now().Add(closeWait)) // a pipe takes every deadline
	<-r.done
	return r.Conn.Close()
}

// SetDeadline is about reading: writes return at once.
func (r *roomy) SetDeadline(t time.Time) error { return r.SetReadDeadline(t) }

// SetWriteDeadline does nothing: see [roomy.SetDeadline].
func (r *roomy) SetWriteDeadline(time.Time) error { return nil }
