package runtime

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"sync"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
)

// longestSocket is the longest path of a socket that every system takes.
const longestSocket = 100

// socketPath is where the store of a folder is reached by other processes of its owner.
func socketPath(dir string) (string, error) {
	abs, err := filepath.Abs(dir)
	if err != nil {
		return "", err
	}
	if path := filepath.Join(abs, "socket"); len(path) <= longestSocket {
		return path, nil
	}
	sum := sha256.Sum256([]byte(abs))
	return filepath.Join(os.TempDir(), "crosswalk-"+hex.EncodeToString(sum[:8])), nil
}

// socket lets other processes of the same user use an embedded store. It is a file, closed to others.
type socket struct {
	listener net.Listener
	server   *server.Server
	company  *company
	mu       sync.Mutex
	open     map[net.Conn]bool // nil once closed
	done     sync.WaitGroup
}

func listen(dir string, srv *server.Server, c *company) (*socket, error) {
	path, err := socketPath(dir)
	if err != nil {
		return nil, err
	}
	// The folder is locked: one that is there is left of a process that died.
	if err := os.Remove(path); err != nil && !errors.Is(err, os.ErrNotExist) {
		return nil, err
	}
	l, err := net.Listen("unix", path)
	if err != nil {
		return nil, err
	}
	if err := os.Chmod(path, 0o600); err != nil {
		l.Close()
		return nil, err
	}
	s := &socket{listener: l, server: srv, company: c, open: map[net.Conn]bool{}}
	s.done.Go(s.accept)
	return s, nil
}

func (s *socket) accept() {
	for {
		outer, err := s.listener.Accept()
		if err != nil {
			if errors.Is(err, net.ErrClosed) {
				return
			}
			time.Sleep(50 * time.Millisecond) // too many files are open: that passes
			continue
		}
		inner, err := s.server.InProcessConn()
		if err != nil {
			outer.Close()
			continue
		}
		if !s.hold(outer, inner) {
			return
		}
		if err := s.company.come(); err != nil {
			s.drop(outer, inner) // whoever comes tries again
			continue
		}
		var ways sync.WaitGroup
		for _, pair := range [][2]net.Conn{{outer, inner}, {inner, outer}} {
			ways.Go(func() {
				_, _ = io.Copy(pair[0], pair[1]) // its end is the connection's, whatever ended it
				s.drop(outer, inner)
			})
		}
		s.done.Go(func() {
			ways.Wait()
			s.company.leave()
		})
	}
}

// hold keeps the ends of a connection, or closes them where the socket is closed.
func (s *socket) hold(ends ...net.Conn) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range ends {
		if s.open == nil {
			c.Close()
			continue
		}
		s.open[c] = true
	}
	return s.open != nil
}

func (s *socket) drop(ends ...net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, c := range ends {
		c.Close()
		delete(s.open, c)
	}
}

func (s *socket) close() {
	s.listener.Close()
	s.mu.Lock()
	for c := range s.open {
		c.Close()
	}
	s.open = nil
	s.mu.Unlock()
	s.done.Wait()
}

// joinPatience is how long a store that is only just being opened is waited for.
const joinPatience = 5 * time.Second

// join connects to the store that another process has open.
func (r *Runtime) join(ctx context.Context, dir string) error {
	path, err := socketPath(dir)
	if err != nil {
		return err
	}
	for end := time.Now().Add(joinPatience); ; {
		r.conn, err = nats.Connect("nats://crosswalk", nats.SetCustomDialer(socketDialer(path)), nats.Name("crosswalk"), nats.NoReconnect(), nats.Timeout(2*time.Second),
			nats.SyncQueueLen(waitingMost))
		if err == nil || time.Now().After(end) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
	}
}

type socketDialer string

// Dial connects to the socket, whatever address is asked for.
func (d socketDialer) Dial(string, string) (net.Conn, error) {
	return net.DialTimeout("unix", string(d), 2*time.Second)
}

// SkipTLSHandshake says that there is no TLS within one machine.
func (socketDialer) SkipTLSHandshake() bool { return true }
