package scripting

import (
	"context"
	"encoding/json"

	"github.com/crosswalk-go/crosswalk/scripting/internal/machine"
	"github.com/crosswalk-go/crosswalk/scripting/internal/worker"
)

// Reply is what became of one of several calls: see [Scripts.CallMany].
type Reply struct {
	Result json.RawMessage
	Err    error
	Logs   []Log
}

// Batches tells whether CallMany makes more than one call: where scripts run in processes, and nothing is counted.
func (s *Scripts) Batches() bool {
	_, ok := s.runner.(*worker.Pool)
	return ok && s.cover == nil
}

// CallMany calls a function with one list of arguments after the other in one exchange with a process, each call under the limits of its
// own. It makes the first call, and as many of the others as are done within a few milliseconds and a
// megabyte of results; the replies are those of the calls that were made. Log of the run gets nothing.
func (s *Scripts) CallMany(ctx context.Context, run Run, name string, args [][]json.RawMessage) []Reply {
	pool, ok := s.runner.(*worker.Pool)
	if !ok || s.cover != nil || len(args) == 1 {
		var r Reply
		run.Log = func(l Log) { r.Logs = append(r.Logs, l) }
		r.Result, r.Err = s.CallIn(ctx, run, name, args[0]...)
		return []Reply{r}
	}
	i, err := s.find(name)
	if err != nil {
		return []Reply{{Err: err}}
	}
	requests := make([]machine.Request, len(args))
	for j, a := range args {
		requests[j] = machine.Request{Function: s.exports[i], Name: name, Args: a, Now: run.Now, Seed: run.Seed}
	}
	made, errs := pool.CallMany(ctx, requests)
	out := make([]Reply, len(made))
	for j, m := range made {
		out[j] = Reply{m.Result, errs[j], m.Logs}
	}
	return out
}
