package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
)

// logFlags are the flags of `crosswalk log`.
type logFlags struct {
	project      string
	outcomes     []string
	code, key    string
	since, until string
	before       uint64
	limit        int
	entry        uint64
	explain      bool
}

func newLogCommand(c *cli) *cobra.Command {
	var f logFlags
	cmd := &cobra.Command{
		Use:   "log [FLOW]",
		Short: "See what became of documents, newest first",
		Long: `List what became of documents, newest first: of one flow or of all, and of those that the flags choose.

Every line begins with the number of its entry. --entry shows one entry whole: what came, the canonical document, what was sent and what was
answered, and the attempts before it; with --explain also which rule made each field.`,
		Example: `  crosswalk log webshop-orders --outcome failed,in_doubt
  crosswalk log webshop-orders --key 10023 --json
  crosswalk log --entry 4711 --explain`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			name := ""
			if len(args) > 0 {
				name = args[0]
			}
			return c.runLog(cmd.Context(), f, name)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.project, "project", "", "the project's `folder` (default: this one)")
	flags.StringSliceVar(&f.outcomes, "outcome", nil, "only these `outcomes`: created, updated, skipped, failed, in_doubt, retrying, sending")
	flags.StringVar(&f.code, "code", "", "only entries with this `code`, such as mapping or exists")
	flags.StringVar(&f.key, "key", "", "only the document with this `key` (number, SKU) or id; needs FLOW")
	flags.StringVar(&f.since, "since", "", "only entries from this `day` or instant on")
	flags.StringVar(&f.until, "until", "", "only entries before this `day` or instant")
	flags.Uint64Var(&f.before, "before", 0, "the next page: only entries below this `number`")
	flags.IntVar(&f.limit, "limit", 50, "how `many` entries at most")
	flags.Uint64Var(&f.entry, "entry", 0, "show the entry with this `number` whole")
	flags.BoolVar(&f.explain, "explain", false, "with --entry: say which rule made each field")
	return cmd
}

// query is what the flags ask for.
func (f logFlags) query(flowName string) (activity.Query, error) {
	q := activity.Query{Flow: flowName, Code: f.code, Key: f.key, Before: f.before, Limit: f.limit}
	for _, o := range f.outcomes {
		word := flow.Outcome(strings.ReplaceAll(o, " ", "_"))
		if !slices.Contains(activity.Outcomes, word) {
			return q, misusef("--outcome %q: there are %v", o, activity.Outcomes)
		}
		q.Outcomes = append(q.Outcomes, word)
	}
	if len(q.Outcomes) == 0 {
		q.Outcomes = slices.DeleteFunc(slices.Clone(activity.Outcomes), func(o flow.Outcome) bool { return o == activity.Sending })
	}
	if strings.ContainsAny(f.code, ".*> ") { // the store gives these a meaning
		return q, misusef("--code %q: there is no such code", f.code)
	}
	if f.key != "" && flowName == "" {
		return q, misusef("--key needs the FLOW that the document belongs to")
	}
	for _, flag := range []struct {
		name, text string
		place      *time.Time
	}{{"since", f.since, &q.Since}, {"until", f.until, &q.Until}} {
		if flag.text == "" {
			continue
		}
		at, err := parseInstant(flag.text)
		if err != nil {
			return q, misusef("--%s %q: %w", flag.name, flag.text, err)
		}
		*flag.place = at
	}
	if f.limit < 1 || f.limit > 1000 {
		return q, misusef("--limit %d: it is a number from 1 to 1000", f.limit)
	}
	return q, nil
}

// withStore loads a project, opens its store and calls do.
func (c *cli) withStore(ctx context.Context, folder, flowName string, do func(*flows.Set, string) error) (err error) {
	p, name, err := c.loadProject(folder, flowName)
	if err != nil {
		return err
	}
	set, err := openFlows(ctx, p)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close(context.WithoutCancel(ctx))) }()
	if flowName == "" {
		name = ""
	}
	return set.Store.Lost(do(set, name))
}

func (c *cli) runLog(ctx context.Context, f logFlags, flowName string) error {
	q, err := f.query(flowName)
	if err != nil {
		return err
	}
	return c.withStore(ctx, f.project, flowName, func(set *flows.Set, name string) error {
		if f.entry > 0 {
			return c.showEntry(ctx, set, f)
		}
		q.Flow = name
		entries, err := set.Engine.Activity().List(ctx, q)
		if err != nil {
			return err
		}
		for _, e := range entries {
			c.printEntry(e)
		}
		if len(entries) == q.Limit {
			c.say("older: --before %d\n", entries[len(entries)-1].ID)
		}
		return nil
	})
}

func (c *cli) printEntry(e activity.Entry) {
	if c.json {
		_ = writeJSON(c.stdout, e)
		return
	}
	what := outcomeText(flow.Result{Outcome: e.Outcome, Reason: e.Reason, Targets: e.Targets})
	if e.Gone != "" {
		what = e.Gone
	}
	fmt.Fprintf(c.stdout, "%6d  %s  %s  %-8s %-8s %s\n", e.ID, e.At.UTC().Format("2006-01-02 15:04:05"), e.Flow, e.Document.Name(), outcomeWord(e.Outcome), what)
	if e.Help != "" {
		fmt.Fprintf(c.stdout, "%8s%s\n", "", e.Help)
	}
}

// page is a document's page.
type page struct {
	activity.Entry
	activity.Record
	Attempts []activity.Entry    `json:"attempts,omitempty"`
	Explain  *engine.Explanation `json:"explain,omitempty"`
}

func (c *cli) showEntry(ctx context.Context, set *flows.Set, f logFlags) error {
	log := set.Engine.Activity()
	e, r, err := log.Get(ctx, f.entry)
	if errors.Is(err, activity.ErrNoEntry) {
		return misuse{err}
	}
	if err != nil {
		return err
	}
	out := page{Entry: e, Record: r}
	if out.Attempts, err = log.Attempts(ctx, e); err != nil {
		return err
	}
	if f.explain {
		if out.Explain, err = explainEntry(ctx, set.Project, e, r); err != nil {
			return err
		}
	}
	if c.json {
		return writeJSON(c.stdout, out)
	}
	c.printEntry(e)
	c.printPage(out)
	return nil
}

// explainEntry says which rule made what of the canonical document, by the read mapping as it is now.
func explainEntry(ctx context.Context, p *project.Project, e activity.Entry, r activity.Record) (*engine.Explanation, error) {
	f, err := p.Flow(e.Flow)
	if err != nil {
		return nil, err
	}
	assembled, err := p.Assemble(f, mappings.FS)
	if err != nil {
		return nil, err
	}
	read, ok := assembled.Mappings.Read.(*engine.Mapping)
	if !ok || len(r.Source) == 0 {
		return nil, errors.New("there is no document left to explain")
	}
	return read.Explain(ctx, r.Source, engine.Input{Source: r.Source, Settings: assembled.Settings, Tables: assembled.Tables, Now: e.At.UTC().Format(time.RFC3339)})
}

func (c *cli) printPage(p page) {
	section := func(title string, doc json.RawMessage) {
		if len(doc) > 0 {
			c.say("\n%s\n%s\n", title, indented(doc))
		}
	}
	c.say("run %s, attempt %d, %d ms, because of: %s\nversions: %s\n", p.Run, p.Attempt, p.Took, p.Cause, strings.Join(p.Versions, " "))
	section("source", p.Source)
	if p.Plan != nil {
		section("canonical", p.Plan.Canonical)
		c.say("\nplan\n%s", p.Plan.Render())
	}
	for _, x := range p.Exchanges {
		c.say("\n%s %s -> %d (%d ms)%s\n", x.Method, x.URL, x.Status, x.End.Sub(x.Start).Milliseconds(), x.Error)
		if len(x.RequestBody) > 0 {
			c.say("sent %s\n", indented(x.RequestBody))
		}
		if len(x.ResponseBody) > 0 {
			c.say("answer %s\n", indented(x.ResponseBody))
		}
	}
	if p.Omitted > 0 {
		c.say("\n%d more calls were not kept\n", p.Omitted)
	}
	if len(p.Attempts) > 1 {
		c.say("\nattempts\n")
		for _, a := range p.Attempts {
			c.printEntry(a)
		}
	}
	if p.Explain != nil {
		c.say("\nexplanation of the canonical document\n%s", p.Explain.Render())
	}
}

// indented is a document for people to read; what is no JSON stays as it is.
func indented(doc []byte) string {
	var out bytes.Buffer
	if json.Indent(&out, doc, "", "  ") != nil {
		return string(doc)
	}
	return out.String()
}
