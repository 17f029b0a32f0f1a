package runner

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/nats-io/nats.go/jetstream"

	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// Version is everything that a flow was put together from at a time: its file, its mappings and its scripts.
type Version struct {
	// ID is a hash of Files.
	ID    string `json:"id"`
	Files []byte `json:"files"`
	// Versions are the flow's at that time, and Kept is when it was used last, to the month.
	Versions []string  `json:"versions"`
	Kept     time.Time `json:"-"`
}

// The versions of flows are kept for longer than any document waits. One that is in use is kept anew now and then.
const (
	versionRetention = 400 * 24 * time.Hour
	versionRenewal   = 30 * 24 * time.Hour
)

func versionKey(flowName, id string) string { return token(flowName) + "." + id }

// keepVersion stores what the flow was put together from, before documents refer to it, and returns what they refer to it by.
func (e *Engine) keepVersion(ctx context.Context, f *Flow) (id string, err error) {
	key := versionKey(f.Name, f.Version.ID)
	if f.Version.ID == "" {
		return "", nil
	}
	if at, ok := e.keptLast.Load(key); ok && time.Since(at.(time.Time)) < versionRenewal {
		return f.Version.ID, nil
	}
	switch entry, err := e.versions.Get(ctx, key); {
	case err == nil && time.Since(entry.Created()) < versionRenewal:
		e.keptLast.Store(key, entry.Created())
		return f.Version.ID, nil
	case err != nil && !errors.Is(err, jetstream.ErrKeyNotFound):
		return "", fmt.Errorf("looking for the version of %s: %w", f.Name, err)
	}
	v := f.Version
	v.Versions = f.Versions
	text, err := json.Marshal(v)
	if err != nil {
		return "", err
	}
	if int64(len(text)) > e.store.MaxMessage()-4096 {
		e.options.Log.Warn("the flow is too large to be kept with its mappings and scripts: documents meet it as it is when they are handled", "flow", f.Name, "bytes", len(text))
		return "", nil
	}
	if _, err := e.versions.Put(ctx, key, text); err != nil {
		return "", fmt.Errorf("keeping the version of %s: %w", f.Name, err)
	}
	e.keptLast.Store(key, time.Now())
	return f.Version.ID, nil
}

// ErrNoVersion is the error of a version that is not kept, or not any more.
var ErrNoVersion = errors.New("no such version is kept")

// ErrManyVersions is the error of a name that several versions begin with.
var ErrManyVersions = errors.New("several versions begin like this")

func (e *Engine) version(ctx context.Context, key string) (v Version, err error) {
	entry, err := e.versions.Get(ctx, key)
	if errors.Is(err, jetstream.ErrKeyNotFound) {
		return v, ErrNoVersion
	}
	if err == nil {
		v.Kept = entry.Created()
		err = json.Unmarshal(entry.Value(), &v)
	}
	if err != nil {
		return v, fmt.Errorf("the version %s: %w", key, err)
	}
	return v, nil
}

// Versions returns what is kept of the versions of a flow, the one that was used last first.
func (e *Engine) Versions(ctx context.Context, flowName string) ([]Version, error) {
	keys, err := e.versions.ListKeysFiltered(ctx, versionKey(flowName, "*"))
	if err != nil {
		return nil, fmt.Errorf("the versions of %s: %w", flowName, err)
	}
	var out []Version
	for key := range keys.Keys() {
		v, err := e.version(ctx, key)
		if err != nil {
			return nil, errors.Join(err, keys.Stop())
		}
		out = append(out, v)
	}
	slices.SortFunc(out, func(a, b Version) int { return b.Kept.Compare(a.Kept) })
	return out, nil
}

// FindVersion returns the version of a flow that a person names: by the beginning of its own hash, or of that of one of its mappings
// ("write:0123456789abcdef"), of which the one that was used last counts.
func (e *Engine) FindVersion(ctx context.Context, flowName, name string) (Version, error) {
	all, err := e.Versions(ctx, flowName)
	if err != nil {
		return Version{}, err
	}
	var own []Version
	what, hash, said := strings.Cut(name, ":")
	if !said {
		what, hash = "flow", name
	}
	for _, v := range all {
		if what == "flow" && strings.HasPrefix(v.ID, hash) {
			own = append(own, v)
		}
	}
	switch {
	case len(hash) < 4:
	case len(own) == 1:
		return own[0], nil
	case len(own) > 1:
		return Version{}, fmt.Errorf("%w: %d of %s with %q; name more of it", ErrManyVersions, len(own), flowName, name)
	default:
		i := slices.IndexFunc(all, func(v Version) bool {
			return slices.ContainsFunc(v.Versions, func(m string) bool {
				_, hash, _ := strings.Cut(m, ":")
				return strings.HasPrefix(m, name) || strings.HasPrefix(hash, name)
			})
		})
		if i >= 0 {
			return all[i], nil
		}
	}
	words := "none is kept yet"
	if len(all) > 0 {
		var known []string
		for _, v := range all[:min(len(all), 5)] {
			known = append(known, strings.Join(v.Versions, " "))
		}
		words = "there are\n  " + strings.Join(known, "\n  ")
	}
	return Version{}, fmt.Errorf("%w: %s has no version %q; %s", ErrNoVersion, flowName, name, words)
}

// edition is one version of a flow in a crew's hands.
type edition struct {
	flow    *Flow
	note    string // why it is not the one that was asked for
	planner *flow.Planner
	fresh   time.Time // when the planner was made
}

// edition returns the flow as it was when a document was queued. Where that is not kept any more, or cannot be put together any more, it is the
// flow as it is now, and says so.
func (c *crew) edition(ctx context.Context, id string) (*edition, error) {
	if id == "" {
		id = c.flow.Version.ID
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.editions[id]; known != nil {
		return known, nil
	}
	made := &edition{flow: c.flow}
	if id != c.flow.Version.ID {
		v, err := c.engine.version(ctx, versionKey(c.flow.Name, id))
		if err == nil {
			made.flow, err = c.flow.At(v)
			if err != nil {
				c.engine.options.Log.Warn("a flow cannot be put together as it was", "flow", c.flow.Name, "version", id, "error", err)
			}
		} else if !errors.Is(err, ErrNoVersion) {
			return nil, err
		}
		if err != nil {
			made.flow, made.note = c.flow, "queued with the version "+id+" of the flow, which cannot be used any more: handled with the one of now"
		}
	}
	c.editions[id] = made
	return made, nil
}

// plans returns the planner that the crew shares.
func (c *crew) plans(e *edition) *flow.Planner {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := time.Now(); e.planner == nil || now.Sub(e.fresh) > plannerAge {
		e.planner, e.fresh = e.flow.Process.Planner(), now
	}
	return e.planner
}
