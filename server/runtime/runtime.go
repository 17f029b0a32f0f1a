// Package runtime keeps what must survive a crash: links, cursors and rotated tokens, in NATS
// JetStream embedded in the process, where every write is on disk before it is acknowledged.
//
// It is not for running flows or talking to systems, and nothing listens on the network. Start with
// [Open]; [Runtime.Links], [Runtime.Cursors] and [Runtime.Tokens] are the stores.
package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// Options configure [Open].
type Options struct {
	Log *slog.Logger // nil discards
}

// Runtime is an open store. It is safe for concurrent use.
type Runtime struct {
	server *server.Server
	conn   *nats.Conn
	lock   *lock

	links, cursors, tokens jetstream.KeyValue
}

// Open opens the store in the folder dir, which is made if need be; what is stored in it is closed to other
// users of the machine. A folder that is open already, here or in another process, is an error that
// is [ErrInUse]. Close it.
func Open(ctx context.Context, dir string, o Options) (*Runtime, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if dir == "" {
		return nil, errors.New("the data folder: no folder is named")
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("the data folder: %w", err)
	}
	lock, err := acquire(filepath.Join(dir, "lock"))
	if err != nil {
		return nil, fmt.Errorf("the data folder %s: %w", dir, err)
	}
	r := &Runtime{lock: lock}
	if err := r.start(ctx, dir, o.Log); err != nil {
		// The caller's context may be over; what was started ends nevertheless.
		if cerr := r.Close(context.WithoutCancel(ctx)); cerr != nil {
			err = errors.Join(err, cerr)
		}
		return nil, fmt.Errorf("opening the store in %s: %w", dir, err)
	}
	return r, nil
}

func (r *Runtime) start(ctx context.Context, dir string, log *slog.Logger) error {
	store := filepath.Join(dir, "store")
	if err := os.MkdirAll(store, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(store, 0o700); err != nil { // it may have been there
		return err
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "crosswalk",
		DontListen: true, // reached by in-process connections only
		NoSigs:     true, // signals are the program's
		JetStream:  true,
		StoreDir:   store,
		// The default leaves up to two minutes of acknowledged writes in memory.
		SyncAlways: true,
	})
	if err != nil {
		return err
	}
	srv.SetLoggerV2(serverLog{log}, false, false, false)
	r.server = srv
	ready := make(chan struct{})
	go func() {
		defer close(ready)
		srv.Start() // reads the whole store; ends by itself
	}()
	select {
	case <-ready:
	case <-ctx.Done():
		<-ready // Shutdown must not overtake Start
		return context.Cause(ctx)
	}
	if !srv.JetStreamEnabled() {
		return errors.New("the store cannot be read: the log says why")
	}
	r.conn, err = nats.Connect("", nats.InProcessServer(srv), nats.Name("crosswalk"), nats.NoReconnect())
	if err != nil {
		return err
	}
	js, err := jetstream.New(r.conn)
	if err != nil {
		return err
	}
	for _, b := range []struct {
		name string
		kv   *jetstream.KeyValue
	}{{"links", &r.links}, {"cursors", &r.cursors}, {"tokens", &r.tokens}} {
		*b.kv, err = js.CreateOrUpdateKeyValue(ctx, jetstream.KeyValueConfig{Bucket: b.name, History: 1, Storage: jetstream.FileStorage})
		if err != nil {
			return fmt.Errorf("bucket %s: %w", b.name, err)
		}
	}
	return nil
}

// Close ends the store and frees the folder. Where ctx ends first, the rest goes on behind it.
func (r *Runtime) Close(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		if r.conn != nil {
			r.conn.Close()
		}
		if r.server != nil {
			r.server.Shutdown()
			r.server.WaitForShutdown()
		}
		done <- r.lock.release()
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		return fmt.Errorf("closing the store: %w", context.Cause(ctx))
	}
}

// opTimeout bounds one read or write where the caller's context does not.
const opTimeout = 30 * time.Second

// bounded returns ctx with an end.
func bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, opTimeout)
}

// serverLog hands the server's words to slog. What it calls fatal ends the store, not the process.
type serverLog struct{ log *slog.Logger }

func (l serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l serverLog) Warnf(format string, v ...any)   { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l serverLog) Fatalf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l serverLog) Errorf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l serverLog) Debugf(string, ...any)           {}
func (l serverLog) Tracef(string, ...any)           {}
