package runner

import (
	"context"

	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/runtime/queue"
)

// QueueForTest reads documents into the queue, as if a source had given them.
func (e *Engine) QueueForTest(ctx context.Context, f *Flow, docs ...port.Document) error {
	r := &reader{engine: e, flow: f, run: "test", lane: queue.Live, cause: "poll"}
	for _, doc := range docs {
		if err := r.add(ctx, doc); err != nil {
			return err
		}
	}
	return r.flush(ctx)
}

// NoteErrorForTest notes why a reading ended early.
func (e *Engine) NoteErrorForTest(ctx context.Context, name string, err error) {
	e.noteState(ctx, name, func(s *FlowState) { s.failed(err) })
}
