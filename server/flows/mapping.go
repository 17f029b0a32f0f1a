package flows

import (
	"context"
	"errors"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// ErrOtherMapping is the error of a changed mapping that stands for none of a flow's.
var ErrOtherMapping = errors.New("the flow has no mapping of these document types")

// DiffMapping says what a changed mapping would do to the last documents that are kept of a flow, beside the read or the write mapping that the
// flow has now; its document types say which. For a write mapping it reads the reference tables of the target; nothing is sent. The error is
// [ErrOtherMapping], [engine.Diagnostics] of the project, or what the target and the store say.
func (s *Set) DiffMapping(ctx context.Context, name string, changed *engine.Mapping, last int) (effect runner.MappingEffect, err error) {
	p := s.Current()
	f, err := p.Flow(name)
	if err != nil {
		return effect, err
	}
	assembled, err := p.Assemble(f, s.options.Library)
	if err != nil {
		return effect, err
	}
	pair := runner.MappingPair{New: changed}
	fits := func(mapper any) (*engine.Mapping, bool) {
		m, ok := mapper.(*engine.Mapping)
		return m, ok && m.From() == changed.From() && m.To() == changed.To()
	}
	if read, ok := fits(assembled.Mappings.Read); ok {
		pair.Old = read
		return s.Engine.DiffMapping(ctx, assembled, pair, last)
	}
	write, ok := fits(assembled.Mappings.Write)
	if !ok {
		return effect, ErrOtherMapping
	}
	pair.Old, pair.Write = write, true
	open, err := s.Flow(ctx, name)
	if err != nil {
		return effect, err
	}
	pair.References, err = open.Process.References(ctx)
	if err := errors.Join(err, open.Close()); err != nil {
		return effect, err
	}
	return s.Engine.DiffMapping(ctx, assembled, pair, last)
}
