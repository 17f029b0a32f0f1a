package flow

import (
	"context"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
)

// Step is something that a flow does with each canonical document between reading and writing, after `where`. One of
// Filter and Map is set.
type Step struct {
	// Name is what messages call it: "filter totals.gross > 0", "script scripts/enrich.ts#default".
	Name string
	// Filter leaves out documents that do not pass.
	Filter Condition
	// Map gives the document that goes on: a mapping, or a function of a script.
	Map Mapper
}

// StepReport is what a step did to a document.
type StepReport struct {
	Name string `json:"name"`
	// Did is one of the Step constants.
	Did string `json:"did"`
	// Changes are the fields that are not what they were. From is absent for new ones, To for those that are gone.
	Changes []FieldChange `json:"changes,omitempty"`
}

// What a step can do.
const (
	StepPassed    = "passed"
	StepFiltered  = "filtered"
	StepChanged   = "changed"
	StepUnchanged = "unchanged"
	StepFailed    = "failed"
)

// checkSteps refuses steps that are neither or both.
func (f Flow) checkSteps() error {
	for i, s := range f.Steps {
		if (s.Filter == nil) == (s.Map == nil) {
			return fmt.Errorf("step %d is not one of a filter and a map", i+1)
		}
	}
	return nil
}

// takeSteps gives a canonical document to the flow's steps and returns what comes out, or why it is left out. What
// each step did goes to the plan.
func (p *Planner) takeSteps(ctx context.Context, d *draft, document []byte) ([]byte, *Verdict, error) {
	for i, s := range p.flow.Steps {
		d.plan.Steps = append(d.plan.Steps, StepReport{Name: s.Name, Did: StepFailed})
		var verdict *Verdict
		err := p.step(ctx, stepName(i, s), func(ctx context.Context) (err error) {
			document, verdict, err = d.takeStep(ctx, i, s, document)
			return err
		})
		if err != nil || verdict != nil {
			return document, verdict, err
		}
	}
	return document, nil, nil
}

// takeStep gives the document to the step with the number i, counted from 0, and notes what that did.
func (d *draft) takeStep(ctx context.Context, i int, s Step, document []byte) ([]byte, *Verdict, error) {
	report := &d.plan.Steps[i]
	what := fmt.Sprintf("step %d, %s", i+1, strings.Join(strings.Fields(s.Name), " "))
	if s.Filter != nil {
		pass, err := s.Filter.Eval(ctx, document, d.in)
		if err != nil {
			return nil, nil, mappingFailure(what, err)
		}
		if !pass {
			report.Did = StepFiltered
			return document, &Verdict{Code: SkipFiltered, Reason: "filtered by " + what}, nil
		}
		report.Did = StepPassed
		return document, nil, nil
	}
	made, err := s.Map.Apply(ctx, document, d.in)
	if err != nil {
		return nil, nil, mappingFailure(what, err)
	}
	if !gjson.ValidBytes(made) || !gjson.ParseBytes(made).IsObject() {
		return nil, nil, &Failure{Code: FailMapping, Message: what + ": it gave no document, a JSON object", Help: "give back the document that goes on; to leave one out, write a filter"}
	}
	if report.Changes, err = stepChanges(document, made); err != nil {
		return nil, nil, err
	}
	report.Did = StepUnchanged
	if len(report.Changes) > 0 {
		report.Did = StepChanged
	}
	return made, nil, nil
}

// stepChanges compares the document before a step with the one behind it.
func stepChanges(before, after []byte) ([]FieldChange, error) {
	changes, _, err := diff(before, after)
	if err != nil {
		return nil, err
	}
	return gone(changes, "", gjson.ParseBytes(before), gjson.ParseBytes(after)), nil
}

// gone adds the members of before that after does not have.
func gone(changes []FieldChange, path string, before, after gjson.Result) []FieldChange {
	before.ForEach(func(key, b gjson.Result) bool {
		at := key.String()
		if path != "" {
			at = path + "." + at
		}
		a := member(after, key.String())
		switch {
		case !a.Exists():
			changes = append(changes, FieldChange{Path: at, From: json.RawMessage(b.Raw)})
		case a.IsObject() && b.IsObject():
			changes = gone(changes, at, b, a)
		}
		return true
	})
	return changes
}

// maxLogs bounds the lines that a document keeps of what its scripts logged.
const maxLogs = 500

// keepLog notes what a script logged while the document was planned.
func (p *Plan) keepLog(l engine.ScriptLog) {
	switch {
	case len(p.Logs) < maxLogs:
		p.Logs = append(p.Logs, l)
	case len(p.Logs) == maxLogs:
		p.Logs = append(p.Logs, engine.ScriptLog{Level: "warn", Message: fmt.Sprintf("more than %d lines: the others are dropped", maxLogs)})
	}
}

// seedOf makes the random numbers of a document's scripts depend on the document alone, so that a replay gives the same bytes.
func seedOf(flow string, d Ref) uint64 {
	h := fnv.New64a()
	for _, part := range []string{flow, string(d.Entity), d.ID, d.Version} {
		h.Write([]byte(part))
		h.Write([]byte{0})
	}
	return h.Sum64()
}

func renderSteps(b *strings.Builder, steps []StepReport, logs []engine.ScriptLog) {
	for i, s := range steps {
		fmt.Fprintf(b, "  . step %d, %s: %s\n", i+1, strings.Join(strings.Fields(s.Name), " "), s.Did)
		for _, c := range s.Changes {
			from, to := string(c.From), string(c.To)
			if from == "" {
				from = "(absent)"
			}
			if to == "" {
				to = "(absent)"
			}
			fmt.Fprintf(b, "      %s: %s -> %s\n", c.Path, from, to)
		}
	}
	for _, l := range logs {
		fmt.Fprintf(b, "  log %s\n", l)
	}
}
