package engine

import (
	"context"

	"github.com/crosswalk-go/crosswalk/engine/internal/limit"
)

// ApplyThorough maps a document the way that builds the output first, for tests that compare it
// with the quick way. quick tells whether the mapping has a quick way.
func (m *Mapping) ApplyThorough(ctx context.Context, document []byte, in Input) (out []byte, quick bool, err error) {
	f := m.frame()
	diags := f.read(ctx, m.limits, &m.keys, m.plan, document, in)
	if diags == nil {
		f.overlayTables(m.tables)
		diags = m.checkSettings(f)
	}
	if diags != nil {
		return nil, m.emit != nil, diags
	}
	f.limits = limit.New(ctx, m.limits.Steps, m.limits.MemoryBytes)
	f.bind(m.views[0], f.doc)
	out, diags = (&run{frame: f, mapping: m}).thorough(nil)
	if diags != nil {
		return nil, m.emit != nil, diags
	}
	return out, m.emit != nil, nil
}

// LimitSteps sets the limit of a mapping that nobody else uses.
func (m *Mapping) LimitSteps(steps int64) { m.limits.Steps = steps }

// Streams tells whether documents are mapped while they are read.
func (m *Mapping) Streams() bool { return m.streams }
