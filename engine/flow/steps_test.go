package flow_test

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// set is a step that sets a field, and logs that it did.
func set(path, value string) flow.Step {
	return flow.Step{Name: "script " + path, Map: mapper(func(_ context.Context, doc []byte, in engine.Input) ([]byte, error) {
		in.Log(engine.ScriptLog{Level: "info", Message: "set " + path})
		return sjson.SetRawBytes(doc, path, []byte(value))
	})}
}

func gives(text string) flow.Step {
	return flow.Step{Name: "map it", Map: mapper(func(context.Context, []byte, engine.Input) ([]byte, error) { return []byte(text), nil })}
}

func filter(pass bool, err error) flow.Step {
	return flow.Step{Name: "filter note", Filter: condition(func([]byte) (bool, error) { return pass, err })}
}

// TestSteps says what the steps of a flow make of an order.
func TestSteps(t *testing.T) {
	refused := engine.Diagnostics{{Severity: engine.Error, Code: "CW2013", Message: "threw an error", Pos: engine.Position{File: "scripts/a.ts", Line: 3, Column: 9},
		Values: []engine.Observed{{Path: "thrown", Text: "no jane@example.com"}, {Path: "note"}}}}
	failing := flow.Step{Name: "script scripts/a.ts", Map: mapper(func(_ context.Context, _ []byte, in engine.Input) ([]byte, error) {
		in.Log(engine.ScriptLog{Level: "warn", Message: "soon", Data: json.RawMessage(`{"a":19.10}`)})
		return nil, refused
	})}
	removed := flow.Step{Name: "map less", Map: mapper(func(_ context.Context, doc []byte, _ engine.Input) ([]byte, error) {
		return sjson.DeleteBytes(doc, "customer.firstName")
	})}
	cases := []struct {
		name    string
		steps   []flow.Step
		order   string
		outcome flow.Outcome
		reason  string
		note    string // of the draft that is made
		did     string // of the steps
		changes string // of all steps
		logs    string
	}{
		{name: "none", outcome: flow.Created},
		{name: "in order", steps: []flow.Step{set("note", `"a"`), filter(true, nil), set("note", `"b"`)}, outcome: flow.Created, note: "b",
			did: "changed passed changed", changes: ` note:->"a" note:"a"->"b"`, logs: "info: set note|info: set note"},
		{name: "a step that changes nothing", steps: []flow.Step{set("number", `"1"`)}, outcome: flow.Created, did: "unchanged", logs: "info: set number"},
		{name: "a field that is gone", steps: []flow.Step{removed}, outcome: flow.Created, did: "changed", changes: ` customer.firstName:"Anna"->`},
		{name: "left out", steps: []flow.Step{filter(false, nil), set("note", `"a"`)}, outcome: flow.Skipped, reason: "filtered by step 1, filter note", did: "filtered"},
		{name: "where comes first", steps: []flow.Step{failing}, order: order(1, "paymentStatus", `"open"`), outcome: flow.Skipped, reason: "filtered by where"},
		{name: "a filter that fails", steps: []flow.Step{filter(false, refused)}, outcome: flow.Failed, reason: "step 1, filter note: scripts/a.ts:3:9: error CW2013", did: "failed"},
		{name: "a script that fails", steps: []flow.Step{set("note", `"a"`), failing}, outcome: flow.Failed,
			reason: "step 2, script scripts/a.ts: scripts/a.ts:3:9: error CW2013: threw an error", did: "changed failed", changes: ` note:->"a"`, logs: `info: set note|warn: soon {"a":19.10}`},
		{name: "a step that gives nothing", steps: []flow.Step{gives("")}, outcome: flow.Failed, reason: "step 1, map it: it gave no document", did: "failed"},
		{name: "a step that gives null", steps: []flow.Step{gives("null")}, outcome: flow.Failed, reason: "it gave no document", did: "failed"},
		{name: "a step that gives a list", steps: []flow.Step{gives("[]")}, outcome: flow.Failed, reason: "it gave no document", did: "failed"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			for _, dry := range []bool{true, false} {
				if c.order == "" {
					c.order = order(1)
				}
				w := with(newWorld(), c.order)
				w.flow.Steps = c.steps
				_, results, err := w.run(t, flow.RunOptions{DryRun: dry})
				if err != nil {
					t.Fatal(err)
				}
				r := results["1"]
				if r.Outcome != c.outcome || !strings.Contains(r.Reason, c.reason) {
					t.Errorf("dry %v: %s, %s", dry, r.Outcome, r.Reason)
				}
				var did, changes, logs []string
				for _, s := range r.Plan.Steps {
					did = append(did, s.Did)
					for _, change := range s.Changes {
						changes = append(changes, " "+change.Path+":"+string(change.From)+"->"+string(change.To))
					}
				}
				for _, l := range r.Logs {
					logs = append(logs, l.String())
				}
				if said := strings.Contains(r.Plan.Render(), "\n    thrown = no jane@example.com\n    note = missing\n"); said != strings.Contains(c.reason, "CW2013") {
					t.Errorf("the values that took part are not as they should be in\n%s", r.Plan.Render())
				}
				if strings.Contains(r.Reason, "jane") {
					t.Errorf("the reason holds a value: %s", r.Reason)
				}
				if got := strings.Join(did, " "); got != c.did {
					t.Errorf("the steps %s, want %s", got, c.did)
				}
				if got := strings.Join(changes, ""); got != c.changes {
					t.Errorf("the changes are %s, want %s", got, c.changes)
				}
				if got := strings.Join(logs, "|"); got != c.logs {
					t.Errorf("the logs are %s, want %s", got, c.logs)
				}
				if c.outcome == flow.Created && !dry {
					if got := gjson.GetBytes(w.books.docs["invoiceDraft"][0].Body, "Note").String(); got != c.note {
						t.Errorf("the note is %q", got)
					}
				}
				if c.outcome != flow.Created && len(w.books.docs["invoiceDraft"]) > 0 {
					t.Error("something was sent")
				}
			}
		})
	}
}

func TestStepsThatAreNone(t *testing.T) {
	w := newWorld()
	w.flow.Steps = []flow.Step{{Name: "nothing"}}
	if _, err := flow.New(w.flow, flow.Systems{Source: w.shop, Target: w.books, Links: w.store, Cursors: w.store}, flow.Pace{}); err == nil || !strings.Contains(err.Error(), "step 1") {
		t.Errorf("the error is %v", err)
	}
}

// TestSeeds holds that the randomness of a document depends on the document: a replay has the same, another document another.
func TestSeeds(t *testing.T) {
	seeds := func(bodies ...string) map[string]uint64 {
		w, out := with(newWorld(), bodies...), map[string]uint64{}
		w.flow.Steps = []flow.Step{{Name: "script seed", Map: mapper(func(_ context.Context, doc []byte, in engine.Input) ([]byte, error) {
			if n := gjson.GetBytes(doc, "number").String(); out[n] == 0 {
				out[n] = in.Seed
			} else if out[n] != in.Seed {
				return nil, errors.New("another seed")
			}
			return doc, nil
		})}}
		for range 2 {
			if _, results, err := w.run(t, flow.RunOptions{FromStart: true}); err != nil || results["1"].Outcome == flow.Failed {
				t.Fatal(err, results["1"].Reason)
			}
		}
		return out
	}
	first, second := seeds(order(1), order(2)), seeds(order(1))
	if first["1"] != second["1"] || first["1"] == first["2"] || first["1"] == 0 {
		t.Errorf("the seeds are %v and %v", first, second)
	}
}

// TestManyLogs holds that a script which logs without end does not fill the activity.
func TestManyLogs(t *testing.T) {
	w := with(newWorld(), order(1))
	w.flow.Steps = []flow.Step{{Name: "script log", Map: mapper(func(_ context.Context, doc []byte, in engine.Input) ([]byte, error) {
		for range 10_000 {
			in.Log(engine.ScriptLog{Level: "info", Message: "x"})
		}
		return doc, nil
	})}}
	_, results, err := w.run(t, flow.RunOptions{})
	if err != nil || len(results["1"].Logs) != 501 || !strings.Contains(results["1"].Logs[500].Message, "dropped") {
		t.Errorf("%v, %d lines", err, len(results["1"].Logs))
	}
}
