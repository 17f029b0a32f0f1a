// Package runtime keeps what must survive a crash in NATS JetStream: links, cursors and rotated tokens here, and
// what the packages below it put into streams of their own. The store is embedded in the process, where every write is on disk before
// it is acknowledged and nothing listens on the network, or it is a cluster that exists already; both are used in the same way.
//
// It is not for running flows (see server/runtime/runner) or talking to systems. Start with
// [Open]; [Runtime.Links], [Runtime.Cursors] and [Runtime.Tokens] are the stores.
package runtime

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"
)

// layout is the number of how things are stored. It rises when an older program could not read them.
const layout = 1

// Options configure [Open].
type Options struct {
	Log *slog.Logger // nil discards
	// Join uses the store of another process of this machine that has the folder open. A cluster that is only just starting is waited for less long.
	Join bool
	// Cluster is an existing NATS cluster to keep everything in; nil for the folder.
	Cluster *Cluster
}

// Runtime is an open store. It is safe for concurrent use.
type Runtime struct {
	server *server.Server // nil unless this process owns the store
	socket *socket
	conn   *nats.Conn
	lock   *lock
	dir    string // of an embedded store that has been started
	log    *slog.Logger
	broken broken
	js     jetstream.JetStream

	replicas int
	cluster  *clusterTrouble // nil for a folder
	company  company

	links, cursors, tokens jetstream.KeyValue
	putLinks               *Gatherer
}

// Open opens the store in the folder dir, which is made if need be; what is stored in it is closed to other
// users of the machine. A folder that is open already, here or in another process, is an error that
// is [ErrInUse], unless it may be joined. Close it.
func Open(ctx context.Context, dir string, o Options) (*Runtime, error) {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	r := &Runtime{replicas: 1, log: o.Log, broken: newBroken()}
	where, err := "the cluster", error(nil)
	if o.Cluster != nil {
		most := clusterPatience
		if o.Join {
			most = commandPatience
		}
		if err = r.connectCluster(*o.Cluster, most); err == nil {
			err = r.prepare(ctx)
		}
	} else {
		where = "the store in " + dir
		if err = r.openFolder(ctx, dir, o); err == nil {
			err = r.prepare(ctx)
		}
	}
	if err != nil {
		// The caller's context may be over; what was started ends nevertheless.
		err = errors.Join(err, r.Close(context.WithoutCancel(ctx)))
		if errors.Is(err, ErrInUse) || errors.Is(err, errNoFolder) {
			return nil, err
		}
		return nil, fmt.Errorf("opening %s: %w", where, err)
	}
	return r, nil
}

var errNoFolder = errors.New("the data folder")

// openFolder starts a server on the folder, or joins the one that another process has there.
func (r *Runtime) openFolder(ctx context.Context, dir string, o Options) error {
	if dir == "" {
		return fmt.Errorf("%w: no folder is named", errNoFolder)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return fmt.Errorf("%w: %w", errNoFolder, err)
	}
	lock, err := acquire(filepath.Join(dir, "lock"))
	switch {
	case err == nil:
		r.lock = lock
		return r.start(ctx, dir, o.Log)
	case errors.Is(err, ErrInUse) && o.Join:
		if joined := r.join(ctx, dir); joined != nil {
			return fmt.Errorf("%w %s: %w, and it cannot be joined: %w", errNoFolder, dir, err, joined)
		}
		return nil
	}
	return fmt.Errorf("%w %s: %w", errNoFolder, dir, err)
}

func (r *Runtime) start(ctx context.Context, dir string, log *slog.Logger) error {
	if _, err := hasStore(dir); err != nil {
		return err
	}
	store := filepath.Join(dir, "store")
	if err := os.MkdirAll(store, 0o700); err != nil {
		return err
	}
	if err := os.Chmod(store, 0o700); err != nil { // it may have been there
		return err
	}
	if err := errors.Join(inspect(dir, log.Warn), forgetInHand(dir)); err != nil {
		return err
	}
	srv, err := server.NewServer(&server.Options{
		ServerName: "crosswalk",
		DontListen: true, // reached by in-process connections and the folder's socket only
		NoSigs:     true, // signals are the program's
		JetStream:  true,
		StoreDir:   store,
		// The default leaves up to two minutes of acknowledged writes in memory.
		SyncAlways: true,
		MaxPayload: maxMessage,
	})
	if err != nil {
		return err
	}
	srv.SetLoggerV2(serverLog{log, r.broken}, false, false, false)
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
	r.dir = dir
	if r.conn, err = nats.Connect("", nats.InProcessServer(inProcess{srv}), nats.Name("crosswalk"), nats.NoReconnect(), nats.SyncQueueLen(waitingMost)); err != nil {
		return err
	}
	if r.socket, err = listen(dir, srv, &r.company); err != nil {
		log.Warn("other commands cannot use the store while this one runs", "error", err)
	}
	return nil
}

// prepare makes the buckets of this package and holds the store's layout to what this program knows.
func (r *Runtime) prepare(ctx context.Context) error {
	js, err := jetstream.New(r.conn)
	if err != nil {
		return err
	}
	r.js = js
	about, err := r.Bucket(ctx, jetstream.KeyValueConfig{Bucket: "about"})
	if err != nil {
		return err
	}
	if err := checkLayout(ctx, about); err != nil {
		return err
	}
	for _, b := range []struct {
		name string
		kv   *jetstream.KeyValue
	}{{"links", &r.links}, {"cursors", &r.cursors}, {"tokens", &r.tokens}} {
		if *b.kv, err = r.Bucket(ctx, jetstream.KeyValueConfig{Bucket: b.name}); err != nil {
			return err
		}
	}
	r.putLinks = r.Gather()
	return r.patiently(ctx, func(ctx context.Context) error { return r.allowBatches(ctx, "KV_links") })
}

func checkLayout(ctx context.Context, about jetstream.KeyValue) error {
	value, ok, err := get(ctx, about, "layout")
	if err != nil {
		return fmt.Errorf("the store's layout: %w", err)
	}
	if !ok {
		return put(ctx, about, "layout", []byte(strconv.Itoa(layout)))
	}
	if n, err := strconv.Atoi(string(value)); err != nil || n > layout {
		return fmt.Errorf("it was written by a newer Crosswalk (layout %q, and this one knows %d)", value, layout)
	}
	return nil
}

// maxMessage is the largest message of an embedded store, in bytes; beyond it the server warns.
const maxMessage = 8 << 20

// MaxMessage is the largest message that the store takes, in bytes.
func (r *Runtime) MaxMessage() int64 { return r.conn.MaxPayload() }

// Lost adds to an error of whoever joined the store of another process that this one has ended; any other error stays as it is.
func (r *Runtime) Lost(err error) error {
	if err == nil || r.server != nil || r.cluster != nil || !r.conn.IsClosed() {
		return err
	}
	return fmt.Errorf("the process that had the data folder open has ended: begin again, and it goes on where it was: %w", err)
}

// JetStream returns the store for the packages below this one.
func (r *Runtime) JetStream() jetstream.JetStream { return r.js }

// Owner tells whether nobody else can have used the store before this process opened it.
func (r *Runtime) Owner() bool { return r.server != nil }

// Scratch is a folder for files that need not survive this process; "" where there is no better one than the system's.
func (r *Runtime) Scratch() string { return r.dir }

// Replicas is on how many servers everything is kept.
func (r *Runtime) Replicas() int { return r.replicas }

// Bucket opens a bucket, and makes it where there is none. Storage on disk and the replicas are this package's business.
func (r *Runtime) Bucket(ctx context.Context, cfg jetstream.KeyValueConfig) (jetstream.KeyValue, error) {
	cfg.History, cfg.Replicas = 1, r.replicas
	var kv jetstream.KeyValue
	err := r.patiently(ctx, func(ctx context.Context) (err error) {
		if kv, err = r.js.CreateOrUpdateKeyValue(ctx, cfg); err == nil && r.replicas > 1 {
			kv, err = r.askLeader(ctx, cfg.Bucket)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("bucket %s: %w", cfg.Bucket, err)
	}
	return kv, nil
}

// askLeader has a bucket read where it is written: another server of the cluster may not have the link yet that was stored a moment ago. A
// handle remembers how it reads, and asks servers that no longer answer where another process changes that meanwhile: what counts is
// what it has seen last.
func (r *Runtime) askLeader(ctx context.Context, bucket string) (jetstream.KeyValue, error) {
	kv, err := r.js.KeyValue(ctx, bucket)
	if err != nil {
		return nil, err
	}
	for {
		s, err := kv.Status(ctx) // the handle learns from it, too
		if err != nil {
			return nil, err
		}
		cfg := s.(*jetstream.KeyValueBucketStatus).StreamInfo().Config
		if !cfg.AllowDirect {
			return kv, nil
		}
		cfg.AllowDirect = false
		if _, err := r.js.UpdateStream(ctx, cfg); err != nil {
			return nil, err
		}
	}
}

// Stream opens a stream, and makes it where there is none, with the replicas of the store.
func (r *Runtime) Stream(ctx context.Context, cfg jetstream.StreamConfig) (jetstream.Stream, error) {
	cfg.Replicas, cfg.AllowDirect = r.replicas, true
	var s jetstream.Stream
	err := r.patiently(ctx, func(ctx context.Context) (err error) {
		s, err = r.js.CreateOrUpdateStream(ctx, cfg)
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("stream %s: %w", cfg.Name, err)
	}
	return s, nil
}

// Close ends the store and frees the folder. Where ctx ends first, the rest goes on behind it.
func (r *Runtime) Close(ctx context.Context) error {
	done := make(chan error, 1)
	go func() {
		if r.socket != nil {
			r.socket.close()
		}
		if r.conn != nil {
			r.conn.Close()
		}
		if r.server != nil {
			r.server.Shutdown()
			r.server.WaitForShutdown()
		}
		var err error
		if r.dir != "" {
			if _, err = scrub(r.dir, false); err != nil {
				r.log.Warn("what is deleted could not be overwritten: it is at the next end", "error", err)
			}
			err = markClosed(r.dir)
			r.dir = "" // closed twice, it may be another's by now
		}
		if r.lock != nil {
			err = errors.Join(err, r.lock.release())
		}
		done <- err
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
type serverLog struct {
	log    *slog.Logger
	broken broken
}

func (l serverLog) Noticef(format string, v ...any) { l.log.Debug(fmt.Sprintf(format, v...)) }
func (l serverLog) Warnf(format string, v ...any)   { l.log.Warn(fmt.Sprintf(format, v...)) }
func (l serverLog) Fatalf(format string, v ...any)  { l.log.Error(fmt.Sprintf(format, v...)) }
func (l serverLog) Errorf(format string, v ...any) {
	text := fmt.Sprintf(format, v...)
	l.log.Error(text)
	l.broken.hear(text)
}
func (l serverLog) Debugf(string, ...any) {}
func (l serverLog) Tracef(string, ...any) {}
