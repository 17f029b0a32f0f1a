package main

import (
	"fmt"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// printResult prints what became of a document: a line, or with a dry run its plan. With --json it is one
// object, without the plan of a document that was sent: that holds a person's data.
func (c *cli) printResult(r flow.Result) {
	if c.json {
		if !r.DryRun {
			r.Plan = nil
		}
		_ = writeJSON(c.stdout, r)
		return
	}
	if r.DryRun && r.Plan != nil {
		fmt.Fprint(c.stdout, r.Plan.Render())
		return
	}
	fmt.Fprintf(c.stdout, "  %-8s %-8s %s\n", r.Document.Name(), outcomeWord(r.Outcome), outcomeText(r))
	if r.Help != "" {
		fmt.Fprintf(c.stdout, "  %-8s %-8s   %s\n", "", "", r.Help)
	}
	for _, l := range r.Logs {
		if l.Level != "debug" {
			fmt.Fprintf(c.stdout, "  %-8s %-8s   log %s\n", "", "", l)
		}
	}
	for _, w := range r.Warnings {
		fmt.Fprintf(c.stdout, "  %-8s %-8s   note: %s\n", "", "", w)
	}
}

func outcomeWord(o flow.Outcome) string { return strings.ReplaceAll(string(o), "_", " ") }

// outcomeText says why nothing was made, or what was: "invoiceDraft 1023, with a new customer 1004".
func outcomeText(r flow.Result) string {
	own, ok := r.Target()
	if r.Reason != "" || !ok {
		return strings.ReplaceAll(r.Reason, "\n", "; ")
	}
	text := own.String()
	for _, t := range r.Targets[:len(r.Targets)-1] {
		switch t.Verb {
		case flow.Create:
			text += ", with a new " + t.String()
		case flow.Update:
			text += ", changed " + t.String()
		}
	}
	return text
}

func (c *cli) printSummary(s flow.Summary) {
	if c.json {
		_ = writeJSON(c.stdout, map[string]flow.Summary{"summary": s})
		return
	}
	prefix := ""
	if s.DryRun {
		prefix = "dry run: "
	}
	fmt.Fprintf(c.stdout, "%s%s\n", prefix, s)
}
