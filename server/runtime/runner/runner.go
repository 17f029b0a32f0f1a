// Package runner runs flows durably: it reads what changed into the queue, has workers take documents from it, and keeps an account of each in the
// activity, so that every document that was read ends in exactly one outcome whatever dies when.
//
// It is not for planning or sending, which is engine/flow's, and it knows no project files and no HTTP. Start with [Open], then
// [Engine.Run] for one run.
package runner

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/lease"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
	"github.com/crosswalk-go/crosswalk/server/runtime/seal"
)

// Options configure [Open]; a field's zero value is its default.
type Options struct {
	// Page is how many documents are queued at a time (default 250).
	Page int
	// HighWater is how many documents of a flow may be queued before reading waits (default 1000).
	HighWater int
	// Lease is how long a silent worker keeps what it has in hand (default 30 s), Step the longest that one write to a target may take (default 20 s),
	// Dedupe how long one version of a document is queued once (default 10 min). Step < Lease < Dedupe < retention.
	Lease, Step, Dedupe time.Duration
	// Activity says how long documents are remembered.
	Activity activity.Options
	// Log gets what happens; nil discards. It gets no personal data.
	Log *slog.Logger
	// Now replaces the clock, in tests.
	Now func() time.Time
	// Fault is called at every point at which a crash is tested; nil for nothing.
	Fault func(point string)
}

// Flow is a flow, open and ready to run.
type Flow struct {
	Name    string
	Process *flow.Process
	// Scope names the flow and the two accounts that it joins.
	Scope string
	// Versions name the flow and the mappings in use: "flow:0123456789abcdef", "read:0123456789abcdef".
	Versions []string
	// Version is what the flow was put together from; without an ID it is not kept, and documents meet the flow as it is when they are handled.
	Version Version
	// At puts a version that was kept together again, on the connections of this flow.
	At func(Version) (*Flow, error)
	// Close closes the flow's connections; nil for nothing.
	Close func() error
}

// Engine runs flows on a store. It is safe for concurrent use.
type Engine struct {
	store    *runtime.Runtime
	options  Options
	sealer   *seal.Sealer
	queue    *queue.Queue
	activity *activity.Log
	leases   *lease.Keeper
	open     jetstream.KeyValue // documents that failed or are in doubt
	reads    jetstream.Stream
	recent   jetstream.KeyValue
	control  jetstream.KeyValue // what is paused, and the state of flows
	versions jetstream.KeyValue // what flows were put together from
	fresh    jetstream.KeyValue // the versions of documents that were read as they were handled

	schedules *schedule.Scheduler
	stating   sync.Mutex // who changes the state of a flow
	keptLast  sync.Map   // flow and version -> when it was kept
	missed    missedKeys
}

// Open opens what flows need of the store, and makes what is not there.
func Open(ctx context.Context, store *runtime.Runtime, o Options) (*Engine, error) {
	o.defaults()
	e := &Engine{store: store, options: o}
	var err error
	if e.sealer, err = seal.Open(ctx, store); err != nil {
		return nil, err
	}
	if e.queue, err = queue.Open(ctx, store, e.sealer, queue.Options{Lease: o.Lease, Dedupe: o.Dedupe}); err != nil {
		return nil, err
	}
	if e.activity, err = activity.Open(ctx, store, e.sealer, o.Activity); err != nil {
		return nil, err
	}
	if e.leases, err = lease.Open(ctx, store, lease.Options{Lease: o.Lease, Step: o.Step}); err != nil {
		return nil, err
	}
	if e.open, err = store.Bucket(ctx, jetstream.KeyValueConfig{Bucket: "open"}); err != nil {
		return nil, err
	}
	if e.recent, err = store.Bucket(ctx, jetstream.KeyValueConfig{Bucket: "recent"}); err != nil {
		return nil, err
	}
	if e.control, err = store.Bucket(ctx, jetstream.KeyValueConfig{Bucket: "control"}); err != nil {
		return nil, err
	}
	if e.versions, err = store.Bucket(ctx, jetstream.KeyValueConfig{Bucket: "versions", TTL: versionRetention}); err != nil {
		return nil, err
	}
	if e.fresh, err = store.Bucket(ctx, jetstream.KeyValueConfig{Bucket: "fresh", TTL: freshRetention}); err != nil {
		return nil, err
	}
	if e.schedules, err = schedule.Open(ctx, store); err != nil {
		return nil, err
	}
	e.reads, err = store.Stream(ctx, jetstream.StreamConfig{Name: readStream, Subjects: []string{"read.*"}, MaxAge: readRetention, Duplicates: time.Second})
	if err != nil {
		return nil, err
	}
	return e, nil
}

func (o *Options) defaults() {
	if o.Page <= 0 {
		o.Page = 250
	}
	if o.HighWater <= 0 {
		o.HighWater = 1000
	}
	if o.Lease <= 0 {
		o.Lease = queue.DefaultLease
	}
	if o.Step <= 0 {
		o.Step = 20 * time.Second
	}
	if o.Dedupe <= 0 {
		o.Dedupe = queue.DefaultDedupe
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Fault == nil {
		o.Fault = func(string) {}
	}
}

// Activity returns the log of documents.
func (e *Engine) Activity() *activity.Log { return e.activity }

// Guard returns a target that writes only for documents that are in living hands, each write announced in the activity.
func (e *Engine) Guard(t port.Target) port.Target {
	return e.leases.Target(t, lease.Before{
		Look: func(ctx context.Context) error { return inHand(ctx).look(ctx) },
		Write: func(ctx context.Context) error {
			e.options.Fault("before-write")
			return inHand(ctx).announce(ctx)
		},
		Turn: func(ctx context.Context) (func(), error) { return inHand(ctx).turn(ctx) },
	})
}

// Locks returns the locker for flows that write to one place, which scope names.
func (e *Engine) Locks(scope string) flow.Locker { return e.leases.Locks(scope) }

// Links returns links that are kept while the worker of a document goes on.
func (e *Engine) Links(l port.Links) port.Links { return e.leases.Links(l) }

// FaultPoints are the names with which [Options.Fault] is called, in the order in which a document passes them.
var FaultPoints = []string{"read", "queued", "noted", "cursor-saved", "taken", "read-again", "before-write", "planned", "recorded", "opened", "done"}
