package runtime

import (
	"bytes"
	"cmp"
	"context"
	"crypto/tls"
	"encoding/pem"
	"log/slog"
	"net"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go/jetstream"
)

// TestBucketsOpenedTogether opens a bucket as the workers of a cluster do that start at once. Making it lets any server answer, and then only the
// one that writes may: no handle may go on asking those that do not answer any more.
func TestBucketsOpenedTogether(t *testing.T) {
	r := open(t, t.TempDir())
	cfg := jetstream.KeyValueConfig{Bucket: "together"}
	for range 10 {
		handles := make([]jetstream.KeyValue, 8)
		var opening sync.WaitGroup
		for i := range handles {
			opening.Go(func() {
				if _, err := r.js.CreateOrUpdateKeyValue(t.Context(), cfg); err != nil {
					t.Error(err)
					return
				}
				kv, err := r.askLeader(t.Context(), cfg.Bucket)
				if err != nil {
					t.Error(err)
					return
				}
				handles[i] = kv
			})
		}
		opening.Wait()
		if t.Failed() {
			return
		}
		if err := put(t.Context(), handles[0], "k", []byte("v")); err != nil {
			t.Fatal(err)
		}
		for i, kv := range handles {
			if value, ok, err := get(t.Context(), kv, "k"); err != nil || !ok || string(value) != "v" {
				t.Errorf("handle %d reads %q, %v, %v", i, value, ok, err)
			}
		}
	}
}

// natsServer starts one NATS server with a user and a password.
func natsServer(t *testing.T, o server.Options) *server.Server {
	t.Helper()
	o.ServerName, o.Host, o.NoSigs, o.Port = "one", "127.0.0.1", true, cmp.Or(o.Port, server.RANDOM_PORT)
	if o.JetStream {
		o.StoreDir = cmp.Or(o.StoreDir, t.TempDir())
	}
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	s.Start()
	t.Cleanup(func() { s.Shutdown(); s.WaitForShutdown() })
	if !s.ReadyForConnections(time.Minute) {
		t.Fatal("the server does not start")
	}
	return s
}

// TestClusterRefuses opens clusters that cannot be used. The error says which and what to do about it, and no secret.
func TestClusterRefuses(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(nil) // for its certificate
	defer web.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: web.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	one := natsServer(t, server.Options{JetStream: true, Username: "u", Password: "hunter2"}).ClientURL()
	bare := natsServer(t, server.Options{Username: "u", Password: "hunter2"}).ClientURL()
	secure := natsServer(t, server.Options{JetStream: true, TLSConfig: &tls.Config{Certificates: web.TLS.Certificates}}).ClientURL()
	accounts := []*server.Account{server.NewAccount("without"), server.NewAccount("limited")}
	shared := natsServer(t, server.Options{JetStream: true, Accounts: accounts, Users: []*server.User{
		{Username: "u", Password: "hunter2", Account: accounts[0]},
		{Username: "limited", Password: "hunter2", Account: accounts[1], Permissions: &server.Permissions{Publish: &server.SubjectPermission{Allow: []string{"orders"}}}},
	}}).ClientURL()
	free, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	nobody := "nats://" + free.Addr().String()
	free.Close()
	for name, tt := range map[string]struct {
		Cluster
		says, help string
	}{
		"nobody there":         {Cluster{URL: nobody}, nobody, "Nobody answers there"},
		"another password":     {Cluster{URL: one, User: "u", Password: "hunter3"}, one, "set server.nats.credentials, user and password"},
		"no credentials":       {Cluster{URL: one}, one, "set server.nats.credentials, user and password"},
		"no such file":         {Cluster{URL: one, Credentials: "gone.creds"}, "server.nats.credentials", "no such file"},
		"another CA's":         {Cluster{URL: secure}, secure, "name who did in server.nats.ca"},
		"too few servers":      {Cluster{URL: one, User: "u", Password: "hunter2"}, one, "set server.nats.replicas to 1"},
		"no JetStream":         {Cluster{URL: bare, User: "u", Password: "hunter2", Replicas: 1}, bare, "a section jetstream"},
		"none for the account": {Cluster{URL: shared, User: "u", Password: "hunter2", Replicas: 1}, shared, "enable it for that account"},
		"not allowed":          {Cluster{URL: shared, User: "limited", Password: "hunter2", Replicas: 1}, "Permissions Violation", "in an account of its own"},
		"a web address":        {Cluster{URL: "http://127.0.0.1"}, "server.nats.url begins with http://", "tls://"},
		"a secret in the file": {Cluster{URL: "u:hunter2@127.0.0.1"}, "server.nats.url holds a secret", "user and password"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			r, err := Open(t.Context(), "", Options{Cluster: &tt.Cluster})
			if err == nil {
				_ = r.Close(t.Context())
				t.Fatal("it opens")
			}
			if text := err.Error(); !strings.Contains(text, tt.says) || !strings.Contains(text, tt.help) || strings.Contains(text, "hunter") {
				t.Error(text)
			}
		})
	}
	r, err := Open(t.Context(), "", Options{Cluster: &Cluster{URL: secure, CA: ca, Replicas: 1}})
	if err != nil {
		t.Fatal(err)
	}
	if err := r.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

// TestClusterBelievesAgain has a cluster refuse the credentials of a store that is open, again and again, and then take them.
func TestClusterBelievesAgain(t *testing.T) {
	t.Parallel()
	o := server.Options{JetStream: true, StoreDir: t.TempDir(), Username: "u", Password: "hunter2"}
	s := natsServer(t, o)
	o.Port = s.Addr().(*net.TCPAddr).Port
	var mu sync.Mutex
	var words bytes.Buffer
	r, err := Open(t.Context(), "", Options{Cluster: &Cluster{URL: s.ClientURL(), User: "u", Password: "hunter2", Replicas: 1},
		Log: slog.New(slog.NewTextHandler(lockedWriter{&mu, &words}, nil))})
	if err != nil {
		t.Fatal(err)
	}
	defer func() {
		if err := r.Close(context.Background()); err != nil {
			t.Error(err)
		}
	}()
	s.Shutdown()
	s.WaitForShutdown()
	o.Password = "hunter3"
	s = natsServer(t, o)
	refused := func() int64 { v, _ := s.Varz(nil); return int64(v.TotalConnections) }
	for end := time.Now().Add(2 * time.Minute); refused() < 4; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it was tried %d times only", refused())
		}
	}
	if r.Ready(t.Context()) == nil {
		t.Error("a store is ready that is not reached")
	}
	s.Shutdown()
	s.WaitForShutdown()
	o.Password = "hunter2"
	natsServer(t, o)
	for end := time.Now().Add(2 * time.Minute); r.Ready(t.Context()) != nil; time.Sleep(20 * time.Millisecond) {
		if time.Now().After(end) {
			t.Fatal(r.Ready(t.Context()))
		}
	}
	if err := r.Cursors().SaveCursor(t.Context(), "orders", time.Now()); err != nil {
		t.Error(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if text := words.String(); strings.Count(text, "does not believe who we are") != 1 || !strings.Contains(text, "reached again") || strings.Contains(text, "hunter") {
		t.Errorf("the log says %s", text)
	}
}

type lockedWriter struct {
	*sync.Mutex
	to *bytes.Buffer
}

func (w lockedWriter) Write(text []byte) (int, error) {
	w.Lock()
	defer w.Unlock()
	return w.to.Write(text)
}
