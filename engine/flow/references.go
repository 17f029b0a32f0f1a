package flow

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// references are the target's reference tables as one JSON object.
type references struct {
	text  []byte
	reads int       // how often they were read
	at    time.Time // when the target was asked; zero where they are what the connection had kept
}

// relook is how old the tables are at least before they are read again because a mapping did not find something in them: what a document names
// and nobody has must not cost calls for each document.
const relook = time.Minute

// references returns the target's reference tables as one JSON object.
func (p *Planner) references(ctx context.Context) ([]byte, error) {
	m := p.memory
	m.mu.Lock()
	defer m.mu.Unlock() // held during the calls: workers that start together read each table once
	if m.references.text == nil {
		if err := p.readReferences(ctx, false); err != nil {
			return nil, err
		}
	}
	return m.references.text, nil
}

// readReferences reads the tables into the memory, which is held.
func (p *Planner) readReferences(ctx context.Context, refresh bool) error {
	var at time.Time
	if refresh {
		at = p.pace.Now()
	}
	var b bytes.Buffer
	b.WriteByte('{')
	for _, name := range p.flow.Resources.References {
		table, err := retry(ctx, p.pace, func() ([]byte, error) { return p.target.Reference(ctx, name, refresh) })
		if errors.Is(err, port.ErrPermission) {
			continue
		}
		if err != nil {
			return fmt.Errorf("reference data %s: %w", name, err)
		}
		writeMember(&b, name, table)
	}
	b.WriteByte('}')
	p.memory.references = references{b.Bytes(), p.memory.references.reads + 1, at}
	return nil
}

// referencesRead is how often the tables have been read.
func (p *Planner) referencesRead() int {
	p.memory.mu.Lock()
	defer p.memory.mu.Unlock()
	return p.memory.references.reads
}

// missedReference tells whether a plan that a mapping failed may come out otherwise when it is made again, because somebody may have made in the
// target what the mapping did not find. The tables are read again for it, unless another worker did so since the plan was begun; before is how
// often they had been read then.
func (p *Planner) missedReference(ctx context.Context, failed error, before int) bool {
	var f *Failure
	if !errors.As(failed, &f) || f.Code != FailMapping || len(p.flow.Resources.References) == 0 {
		return false
	}
	m := p.memory
	m.mu.Lock()
	defer m.mu.Unlock()
	switch {
	case m.references.text == nil:
		return false // the mapping that failed is one before
	case m.references.reads > max(before, 1):
		return true
	case !m.references.at.IsZero() && p.pace.Now().Sub(m.references.at) < relook:
		return false
	}
	return p.readReferences(ctx, true) == nil
}
