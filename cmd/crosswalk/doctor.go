package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"net/http"
	"runtime/debug"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/alerts"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime"
)

// doctor looks at everything that the flows of a project need.
type doctor struct {
	*cli
	project *project.Project
	bad     bool
}

// What is worth a word: a system's clock that far off makes tokens and cursors wrong, and a store needs room to write.
const (
	maxSkew = time.Minute
	minFree = 1 << 30
)

func (d *doctor) examine(ctx context.Context) {
	v := readVersion(debug.ReadBuildInfo())
	d.line("version", nil, "crosswalk %s, %s, %s", v.Version, v.Go, runtime.Version())
	for _, f := range d.project.Flows {
		_, err := d.project.Assemble(f, mappings.FS)
		d.line("flow "+f.Name, err, "its mappings and settings fit")
	}
	cfg, err := serverConfig(d.project)
	d.line("section server", err, "listens on %s", cfg.Listen)
	tell, err := alerts.ParseConfig(d.project.Alerts, d.project.Secret)
	says := "people are told of what is wrong"
	if tell.Mail == nil && tell.Webhook == nil {
		says = "nobody is told of what is wrong: neither mail nor webhook is set"
	}
	d.line("section alerts", err, "%s", says)
	clock, set := &skew{}, d.store(ctx, cfg.NATS)
	for _, c := range d.project.Connections {
		says, err := d.ping(ctx, c.Name, clock, set)
		d.line("connection "+c.Name, err, "%s", says)
	}
	if set != nil {
		if err := set.Close(context.WithoutCancel(ctx)); err != nil {
			d.line("store", err, "")
		}
	}
	if off, asked := clock.largest(); asked {
		var err error
		if off > maxSkew || off < -maxSkew {
			err = fmt.Errorf("this machine's clock is %s off that of a system", off.Round(time.Second))
		}
		d.line("clock", err, "within %s of the systems", maxSkew)
	}
	free, err := runtime.Free(d.project.Data)
	if errors.Is(err, fs.ErrNotExist) { // nothing is kept there
		free, err = runtime.Free(d.project.Dir)
	}
	if err == nil && free < minFree {
		err = fmt.Errorf("%d MB are left on the disk of %s", free>>20, d.project.Data)
	}
	if !errors.Is(err, errors.ErrUnsupported) {
		d.line("disk", err, "%d GB are left", free>>30)
	}
}

// store checks the store in the folder, or reaches the cluster, and returns what holds the rotated tokens; nil where it cannot be opened.
func (d *doctor) store(ctx context.Context, cluster *runtime.Cluster) (set *flows.Set) {
	if cluster != nil {
		set, err := openFlows(ctx, d.project)
		if err != nil {
			d.line("store", err, "")
			return nil
		}
		d.line("store", nil, "NATS at %s keeps everything, on %d servers", cluster.URL, set.Store.Replicas())
		return set
	}
	h, err := runtime.Inspect(d.project.Data)
	switch {
	case errors.Is(err, runtime.ErrInUse):
		d.line("store", nil, "%v: its files were checked when that opened it", err)
	case err == nil && h.Err() != nil:
		d.line("store", h.Err(), "")
		return nil
	default:
		d.line("store", err, "%d records in %d files are whole", h.Records, h.Files)
	}
	if err != nil && !errors.Is(err, runtime.ErrInUse) {
		return nil
	}
	if set, err = openFlows(ctx, d.project); err != nil {
		d.line("store", err, "")
		return nil
	}
	return set
}

// pingTimeout bounds what the doctor waits for one system.
const pingTimeout = 30 * time.Second

func (d *doctor) ping(ctx context.Context, name string, clock *skew, set *flows.Set) (says string, err error) {
	if set == nil {
		return "", errors.New("not asked: a token that a call may change could not be kept")
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	c, err := d.project.Open(name, project.Surroundings{Tokens: set.Store.Tokens(), HTTP: &http.Client{Transport: clock}})
	if err != nil {
		return "", err
	}
	defer func() { err = errors.Join(err, c.Close()) }()
	return c.Ping(ctx)
}

// skew compares the clocks of those who answer with this machine's.
type skew struct {
	mu    sync.Mutex
	most  time.Duration
	asked bool
}

// RoundTrip passes a call on and looks at the time of its answer.
func (s *skew) RoundTrip(r *http.Request) (*http.Response, error) {
	before := time.Now()
	res, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if at, err := http.ParseTime(res.Header.Get("Date")); err == nil {
		// The header has whole seconds, and the answer took a while.
		off := time.Since(at)
		if took := time.Since(before) + time.Second; off > 0 {
			off = max(0, off-took)
		}
		s.mu.Lock()
		s.asked = true
		if off.Abs() > s.most.Abs() {
			s.most = off
		}
		s.mu.Unlock()
	}
	return res, nil
}

func (s *skew) largest() (time.Duration, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.most, s.asked
}
