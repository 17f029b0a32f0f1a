package setup

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"regexp"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// name is what connections and flows that are made here may be called: it stands in addresses, variables and file names.
var name = regexp.MustCompile(`^[a-z][a-z0-9-]{0,39}$`)

// Plan is a flow to be.
type Plan struct {
	Name   string      `json:"name"`
	From   End         `json:"from"`
	To     End         `json:"to"`
	Entity port.Entity `json:"entity"`
	Every  string      `json:"every"` // 5m; "" for never by itself
	Start  string      `json:"start"` // 2026-01-31
	Where  string      `json:"where"`
	// Settings and Tables are the texts of JSON objects.
	Settings string `json:"settings"`
	Tables   string `json:"tables"`
}

// sides finds both sides of a plan.
func (s *Setup) sides(owner string, p Plan) (from, to end, err error) {
	if from, err = s.end(owner, p.From); err != nil {
		return from, to, err
	}
	if to, err = s.end(owner, p.To); err != nil {
		return from, to, err
	}
	switch {
	case from.name == to.name:
		return from, to, refusal("A flow leads from one connection to another.")
	case !name.MatchString(p.Name):
		return from, to, refusal("A flow's name has small letters, digits and -, and begins with a letter.")
	}
	return from, to, nil
}

// scratch makes a project of its own of two connections and the flow between them, in a folder that remove takes away. No secret is
// in its files: they name variables that only it knows.
func (s *Setup) scratch(from, to end, plan Plan) (p *project.Project, remove func(), err error) {
	if err := errors.Join(from.broken, to.broken); err != nil {
		return nil, nil, err
	}
	text, err := flowText(from, to, plan)
	if err != nil {
		return nil, nil, err
	}
	dir, err := os.MkdirTemp("", "crosswalk-setup-")
	if err != nil {
		return nil, nil, err
	}
	remove = func() { _ = os.RemoveAll(dir) } // what stays behind holds no secret
	secrets := map[string]string{}
	config := "connections:\n"
	for _, e := range []end{from, to} {
		config += connectionText(e, s.spec(e.system), "  ", func(credential string) string {
			v := variableOf(e.name, credential)
			secrets[v] = e.cfg.Credentials[credential]
			return "${" + v + "}"
		})
		if e.name == to.name && from.name == to.name {
			break
		}
	}
	flows := filepath.Join(dir, "flows")
	err = os.Mkdir(flows, 0o700)
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "crosswalk.yaml"), []byte(config), 0o600)
	}
	if err == nil {
		err = os.WriteFile(filepath.Join(flows, plan.Name+".yaml"), text, 0o600)
	}
	if err == nil {
		p, err = project.Load(dir, s.Systems, project.Scripts(s.Scripts), project.Env(func(v string) (string, bool) { t, ok := secrets[v]; return t, ok }))
	}
	if err != nil {
		remove()
		return nil, nil, placed(err, dir)
	}
	return p, remove, nil
}

// placed gives diagnostics of the scratch project the names that its files will have.
func placed(err error, dir string) error {
	var diags engine.Diagnostics
	if !errors.As(err, &diags) {
		return err
	}
	out := make(engine.Diagnostics, len(diags))
	for i, d := range diags {
		if rel, err := filepath.Rel(dir, d.Pos.File); err == nil {
			d.Pos.File, d.End.File = filepath.ToSlash(rel), filepath.ToSlash(rel)
		}
		out[i] = d
	}
	return out
}

// Trial is what a flow would do with one real document.
type Trial struct {
	File string `json:"file"` // the flow's text
	// Found is false where the source has no document.
	Found     bool   `json:"found"`
	Key       string `json:"key,omitempty"`
	Source    string `json:"source,omitempty"`
	Canonical string `json:"canonical,omitempty"`
	Outcome   string `json:"outcome,omitempty"`
	Reason    string `json:"reason,omitempty"`
	Help      string `json:"help,omitempty"`
	// Operations are what would be written, in order.
	Operations []Operation `json:"operations"`
	Warnings   []string    `json:"warnings"`
	// Links are what the write mapping saw of the target, as a preview takes them; "" where it did not come so far.
	Links string `json:"links,omitempty"`
}

// Operation is one write. Body is JSON text.
type Operation struct {
	Verb     string   `json:"verb"`
	Resource string   `json:"resource"`
	Body     string   `json:"body"`
	Diff     []Change `json:"diff"`
}

// Change is a field before and after, as JSON text.
type Change struct {
	Path   string `json:"path"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// tried bounds how many documents are looked at to find one that would cross.
const tried = 8

// Rehearse plans the flow for the newest document that would cross, or else for the newest of all. Nothing is sent.
func (s *Setup) Rehearse(ctx context.Context, owner string, plan Plan) (Trial, error) {
	from, to, err := s.sides(owner, plan)
	if err != nil {
		return Trial{}, err
	}
	text, err := flowText(from, to, plan)
	if err != nil {
		return Trial{}, err
	}
	out := Trial{File: string(text), Operations: []Operation{}, Warnings: []string{}}
	fail := func(err error) (Trial, error) {
		var diags engine.Diagnostics
		if errors.As(err, &diags) {
			return out, err
		}
		if ctx.Err() != nil {
			return out, ctx.Err()
		}
		return out, refusal(to.masked(from.masked(err.Error())))
	}
	p, remove, err := s.scratch(from, to, plan)
	if err != nil {
		return fail(err)
	}
	defer remove()
	process, leave, err := s.process(ctx, p, plan.Name, s.Library, nothing{}, from, to)
	if err != nil {
		return fail(placed(err, p.Dir))
	}
	defer leave()
	documents, err := Latest(ctx, process.From, process.Flow().Resources.Source, tried, s.Now())
	if err != nil {
		return fail(err)
	}
	planner := process.Planner()
	for _, doc := range documents {
		r, err := process.Handle(ctx, planner, doc, flow.Handling{DryRun: true})
		if err != nil {
			return fail(err)
		}
		if r.Outcome == flow.Skipped && out.Found {
			continue
		}
		out.tell(r, doc, func(text string) string { return to.masked(from.masked(text)) })
		if r.Outcome != flow.Skipped {
			break
		}
	}
	return out, nil
}

// tell takes over what a document would become.
func (t *Trial) tell(r flow.Result, doc port.Document, masked func(string) string) {
	t.Found, t.Key, t.Source = true, r.Document.Name(), string(doc.Body)
	t.Outcome, t.Reason, t.Help = string(r.Outcome), masked(r.Reason), r.Help
	t.Warnings, t.Operations = append([]string{}, r.Warnings...), []Operation{}
	if r.Plan != nil {
		t.Canonical = string(r.Plan.Canonical)
		t.Operations = Operations(r.Plan)
	}
}

// Operations are a plan's writes as they are shown.
func Operations(p *flow.Plan) []Operation {
	all := []Operation{}
	for _, op := range p.Operations {
		o := Operation{Verb: string(op.Verb), Resource: op.Resource, Body: string(op.Body), Diff: []Change{}}
		for _, d := range op.Diff {
			o.Diff = append(o.Diff, Change{d.Path, string(d.From), string(d.To)})
		}
		all = append(all, o)
	}
	return all
}

// Latest returns the newest documents of a resource, newest first: it looks back a day, a month, and then all the way.
func Latest(ctx context.Context, source port.Source, resource string, most int, now time.Time) ([]port.Document, error) {
	var last []port.Document
	for _, back := range []time.Duration{24 * time.Hour, 30 * 24 * time.Hour, 0} {
		q := port.Query{Resource: resource}
		if back > 0 {
			q.Since = now.Add(-back)
		}
		last = nil
		seen := 0
		for doc, err := range source.Read(ctx, q) {
			if err != nil {
				return nil, err
			}
			if last = append(last, doc); len(last) > most {
				last = last[1:]
			}
			if seen++; seen == maxLooked {
				break
			}
		}
		if len(last) > 0 {
			break
		}
	}
	for i, j := 0, len(last)-1; i < j; i, j = i+1, j-1 {
		last[i], last[j] = last[j], last[i]
	}
	return last, nil
}

// maxLooked bounds how far through a large source is read for its newest documents.
const maxLooked = 2000

// nothing is a store that remembers nothing, for a flow that sends nothing.
type nothing struct{}

func (nothing) Links(string) port.Links       { return nothing{} }
func (nothing) Cursors() port.Cursors         { return nothing{} }
func (nothing) Tokens() connectors.TokenStore { return newTokens() }
func (nothing) Link(context.Context, port.Entity, string) (port.Link, bool, error) {
	return port.Link{}, false, nil
}
func (nothing) SaveLink(context.Context, port.Entity, port.Link) error { return nil }
func (nothing) Cursor(context.Context, string) (time.Time, error)      { return time.Time{}, nil }
func (nothing) SaveCursor(context.Context, string, time.Time) error    { return nil }

// bothTokens gives each side the tokens of its own store: a chain of refresh tokens breaks where one is lost.
type bothTokens struct{ from, to end }

func (b bothTokens) of(connection string) connectors.TokenStore {
	if b.from.name == connection {
		return b.from.tokens
	}
	return b.to.tokens
}

func (b bothTokens) Token(ctx context.Context, connection string) (string, error) {
	return b.of(connection).Token(ctx, connection)
}

// LockToken takes turns where the store has turns.
func (b bothTokens) LockToken(ctx context.Context, connection string) (release func(), err error) {
	if locker, ok := b.of(connection).(connectors.TokenLocker); ok {
		return locker.LockToken(ctx, connection)
	}
	return func() {}, nil
}

func (b bothTokens) SaveToken(ctx context.Context, connection, token string) error {
	return b.of(connection).SaveToken(ctx, connection, token)
}
