package flow

import (
	"errors"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Outcome is how a document of a run ends. Every document ends in exactly one.
type Outcome string

// The outcomes.
const (
	Created Outcome = "created"
	Updated Outcome = "updated"
	Skipped Outcome = "skipped"
	Failed  Outcome = "failed"
	InDoubt Outcome = "in_doubt"
)

// Result is what became of one document.
type Result struct {
	Document Ref     `json:"document"`
	Outcome  Outcome `json:"outcome"`
	// DryRun is true where nothing was sent and Outcome is what would be.
	DryRun bool `json:"dryRun,omitempty"`
	// Code and Reason say why, where the outcome is not created or updated or the document comes back all the same. They
	// hold no personal data.
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
	// Help says what to do about it.
	Help string `json:"help,omitempty"`
	// Targets are the documents of the target that were made, changed or found. The document's own is the last.
	Targets []Target `json:"targets,omitempty"`
	// Attempts is how many writes were sent.
	Attempts int      `json:"attempts,omitempty"`
	Warnings []string `json:"warnings,omitempty"`
	// Logs are what the document's scripts logged. They may hold its values.
	Logs []engine.ScriptLog `json:"logs,omitempty"`
	// Plan is what was carried out. It holds the document's values.
	Plan *Plan `json:"plan,omitempty"`
	// Err is the cause of a failure.
	Err error `json:"-"`

	moved      bool // the plan does not fit the target any more: plan again
	unsettled  bool // it must come back although its outcome is a good one
	unanswered bool // a system was not reachable, or wants to be left alone for long
}

// Settled tells whether the document need not come back in the next run.
func (r Result) Settled() bool {
	return !r.unsettled && r.Outcome != Failed && r.Outcome != InDoubt
}

// Unanswered tells whether a system was not reachable or wants to be left alone for long, which is no fault of the document.
func (r Result) Unanswered() bool { return r.unanswered }

// Target returns the document's own document in the target.
func (r Result) Target() (Target, bool) {
	if len(r.Targets) == 0 || r.Outcome == Failed || r.Outcome == InDoubt {
		return Target{}, false
	}
	return r.Targets[len(r.Targets)-1], true
}

func newResult(p *Plan) Result {
	return Result{Document: p.Document, Plan: p, Logs: p.Logs, Warnings: append([]string(nil), p.Warnings...)}
}

// FailedResult is the result of a document that failed before there was a plan for it.
func FailedResult(document Ref, err error) Result {
	r := Result{Document: document}
	r.fail(err)
	return r
}

func (r *Result) fail(err error) {
	f := failureOf(err)
	r.Outcome, r.Code, r.Reason, r.Help, r.Err = Failed, f.Code, f.Message, f.Help, err
	r.unanswered = errors.Is(err, port.ErrOutage) || errors.Is(err, port.ErrRateLimit)
}

func (r *Result) skip(v Verdict) {
	r.Outcome, r.Code, r.Reason = Skipped, v.Code, v.Reason
	if v.Target != nil {
		r.Targets = append(r.Targets, *v.Target)
	}
}

func (r *Result) doubt(v Verdict) {
	r.Outcome, r.Code, r.Reason = InDoubt, v.Code, v.Reason
}

// preview is the result of a plan that is not carried out.
func preview(p *Plan) (r Result) {
	r = newResult(p)
	r.DryRun = true
	defer func() { r.await(p) }()
	switch main := p.Main(); {
	case p.Failure != nil:
		r.fail(p.Failure)
	case p.Doubt != nil:
		r.doubt(*p.Doubt)
	case p.Skip != nil:
		r.skip(*p.Skip)
	case main == nil:
		r.skip(Verdict{Code: SkipUnchanged, Reason: unchanged})
	case main.Verb == Update:
		r.Outcome = Updated
	default:
		r.Outcome = Created
	}
	return r
}
