package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Store is what flows remember durably; server/runtime has one.
type Store interface {
	Links(scope string) port.Links
	Cursors() port.Cursors
	Tokens() connectors.TokenStore
}

// Process is a flow whose connections are open. Close it.
type Process struct {
	*flow.Process
	// From and To are the connections.
	From, To connectors.Connector
}

// Versions name the mappings in use with the hashes of their texts: "read:0123456789abcdef".
func (p *Process) Versions() []string {
	m := p.Flow().Mappings
	var out []string
	for _, part := range []struct {
		name   string
		mapper flow.Mapper
	}{{"read", m.Read}, {"write", m.Write}, {"customer", m.CustomerWrite}, {"product", m.ProductWrite}} {
		if v, ok := part.mapper.(interface{ Version() string }); ok {
			out = append(out, part.name+":"+v.Version())
		}
	}
	return out
}

// Close closes the connections.
func (p *Process) Close() error {
	var errs []error
	for _, c := range []connectors.Connector{p.From, p.To} {
		if c != nil {
			errs = append(errs, c.Close())
		}
	}
	return errors.Join(errs...)
}

// Process opens the connections of a flow and puts it together with its mappings, which come from
// the project's files and the library. Its store keeps links, cursors and, unless the surroundings have others,
// tokens; links and cursors belong to the flow and the two accounts that it joins. An error of the
// project or its mappings is [engine.Diagnostics].
func (p *Project) Process(ctx context.Context, name string, library fs.FS, store Store, s Surroundings, pace flow.Pace) (*Process, error) {
	f, err := p.Flow(name)
	if err != nil {
		return nil, err
	}
	assembled, err := p.Assemble(f, library)
	if err != nil {
		return nil, err
	}
	if s.Tokens == nil {
		s.Tokens = store.Tokens()
	}
	out := &Process{}
	if out.From, err = p.Open(f.From, s); err != nil {
		return nil, err
	}
	if out.To, err = p.Open(f.To, s); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	scope, to, err := p.scope(ctx, f, out)
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	systems := flow.Systems{Source: out.From, Target: out.To, Links: store.Links(scope), Cursors: scopedCursors{store.Cursors(), scope}}
	if s.Guard != nil {
		systems.Target = s.Guard(out.To)
	}
	if s.Locks != nil {
		systems.Locks = s.Locks(to)
	}
	out.Process, err = flow.New(assembled, systems, pace)
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	return out, nil
}

// Assemble puts a flow together without opening a connection: it finds the resources of both systems, loads
// the mappings, compiles the condition and checks the settings. The error is
// [engine.Diagnostics] with everything that is wrong.
func (p *Project) Assemble(f Flow, library fs.FS) (flow.Flow, error) {
	a := &assembly{project: p, flow: f, library: library, from: p.specOf(f.From), to: p.specOf(f.To)}
	if a.from == nil || a.to == nil {
		return flow.Flow{}, fmt.Errorf("flow %s: its connections are not those of the project", f.Name)
	}
	out := flow.Flow{
		Name: f.Name, From: a.from.Name, To: a.to.Name, Entity: f.Entity,
		Start: f.Start, Limit: f.Limit, WhereText: f.Where, Settings: f.Settings, Tables: f.Tables,
	}
	if f.Entity != port.Order {
		a.report(f.at["entity"], codeUnsupported, fmt.Sprintf("flows of entity %q are not supported yet", f.Entity), "this version runs flows of orders")
		return flow.Flow{}, a.diags
	}
	out.Resources = a.resources()
	if !a.diags.HasErrors() {
		out.Mappings = a.mappings(out.Resources)
	}
	if !a.diags.HasErrors() {
		a.checkSettings()
	}
	if f.Where != "" {
		if c := a.condition(); c != nil {
			out.Where = c
		}
	}
	if a.diags.HasErrors() {
		return flow.Flow{}, a.diags
	}
	return out, nil
}

func (p *Project) specOf(connection string) *connectors.Spec {
	c, ok := p.Connection(connection)
	if !ok {
		return nil
	}
	return p.spec(c.System)
}

// assembly is a flow being put together.
type assembly struct {
	project  *Project
	flow     Flow
	library  fs.FS
	from, to *connectors.Spec
	known    []engine.Setting
	diags    engine.Diagnostics
}

func (a *assembly) report(t text, code, message, help string) {
	a.diags = append(a.diags, a.flow.file.diagnostic(t, code, message, help))
}

// resources finds the systems' words for what the flow touches.
func (a *assembly) resources() flow.Resources {
	var r flow.Resources
	find := func(s *connectors.Spec, entity port.Entity, able func(connectors.Resource) bool) string {
		i := slices.IndexFunc(s.Resources, func(r connectors.Resource) bool { return r.Entity == entity && able(r) })
		if i < 0 {
			return ""
		}
		return s.Resources[i].Name
	}
	reads := func(r connectors.Resource) bool { return r.Read }
	makes := func(r connectors.Resource) bool { return r.Create }
	r.Source = find(a.from, port.Order, reads)
	r.SourceProduct = find(a.from, port.Product, func(r connectors.Resource) bool { return slices.Contains(r.Probes, port.KeySKU) })
	r.Customer = find(a.to, port.Customer, makes)
	r.Product = find(a.to, port.Product, makes)
	r.Target = a.orderType()
	for _, ref := range a.to.References {
		r.References = append(r.References, ref.Name)
	}
	if r.Source == "" {
		a.report(a.flow.at["from"], codeValue, a.from.Title+" cannot be read for orders", "")
	}
	if r.Customer == "" || r.Product == "" {
		a.report(a.flow.at["to"], codeValue, a.to.Title+" takes no customers or no products, so it can take no orders", "")
	}
	return r
}

// orderType is what an order becomes: settings.orderType, or the only kind that there is.
func (a *assembly) orderType() string {
	var kinds []string
	for _, r := range a.to.Resources {
		if r.Entity == port.Order && r.Create {
			kinds = append(kinds, r.Name)
		}
	}
	asked := gjson.GetBytes(a.flow.Settings, "orderType")
	switch {
	case slices.Contains(kinds, asked.String()):
		return asked.String()
	case asked.Exists():
		a.misspelt(a.setting("orderType"), codeValue, fmt.Sprintf("%s makes no %s of an order", a.to.Title, asked.Raw), kinds)
	case len(kinds) == 1:
		return kinds[0]
	default:
		a.report(a.flow.at["to"], codeMissingKey, fmt.Sprintf("what an order becomes in %s is not said", a.to.Title),
			"write settings: {orderType: ...} with one of "+strings.Join(kinds, ", "))
	}
	return ""
}

func (a *assembly) misspelt(t text, code, message string, known []string) {
	help := "known are " + strings.Join(known, ", ")
	if best := nearest(t.value, known); best != "" {
		help = fmt.Sprintf("did you mean %q?", best)
	}
	a.report(t, code, message, help)
}

// mappings loads the flow's own mappings and, for the others, those of the library.
func (a *assembly) mappings(r flow.Resources) flow.Mappings {
	own := a.flow.Mappings
	var m flow.Mappings
	from, to := a.from.Name+".", a.to.Name+"."
	set := func(place *flow.Mapper, key, own, name, from, to string, needed bool) {
		if loaded := a.load(key, own, name, from, to, needed); loaded != nil {
			*place = loaded
		}
	}
	set(&m.Read, "read", own.Read, a.from.Name+"/"+r.Source+".read", from+r.Source, "order", true)
	set(&m.Write, "write", own.Write, a.to.Name+"/"+r.Target+".write", "order", to+r.Target, true)
	set(&m.CustomerWrite, "customer", own.Customer, a.to.Name+"/"+r.Customer+".write", "customer", to+r.Customer, true)
	set(&m.CustomerRead, "", "", a.to.Name+"/"+r.Customer+".read", to+r.Customer, "customer", false)
	set(&m.ProductWrite, "product", own.Product, a.to.Name+"/"+r.Product+".write", "product", to+r.Product, false)
	if r.SourceProduct != "" {
		set(&m.ProductRead, "", "", a.from.Name+"/"+r.SourceProduct+".read", from+r.SourceProduct, "product", false)
	}
	return m
}

// load loads the flow's own mapping under key, or the library's of that name. One that
// is not needed may be absent.
func (a *assembly) load(key, own, name, from, to string, needed bool) *engine.Mapping {
	path, where, isOwn := name, a.flow.at["from"], false
	if own != "" {
		path, where = own, a.flow.at["mappings."+key]
		// In a project of the present folder, file and own are the same text.
		if file := a.project.resolve(own); isFile(file) {
			path, isOwn = file, true
		}
	}
	if !isOwn {
		if _, err := fs.Stat(a.library, path+".yaml"); err != nil {
			if needed || own != "" {
				a.report(where, codeReference, fmt.Sprintf("there is no mapping %s", path), "write mappings: {"+key+": ...} with a file below the project or the name of a built-in mapping")
			}
			return nil
		}
	}
	opts := []engine.Option{engine.Library(a.library)}
	if a.project.files != nil {
		opts = append(opts, engine.Files(a.project.files))
	}
	if a.project.scripts != nil {
		opts = append(opts, engine.WithScripts(a.project.scripts))
	}
	m, err := engine.Load(path, opts...)
	if err != nil {
		var found engine.Diagnostics
		if !errors.As(err, &found) {
			a.report(where, codeRead, fmt.Sprintf("the mapping %s cannot be read: %v", path, err), "")
		}
		a.diags = append(a.diags, found...)
		return nil
	}
	if m.From() != from || m.To() != to {
		a.report(where, codeValue, fmt.Sprintf("the mapping %s makes %s from %s, and the flow needs %s from %s", path, m.To(), m.From(), to, from), "")
		return nil
	}
	a.known = append(a.known, m.Settings()...)
	return m
}

func isFile(path string) bool {
	info, err := os.Stat(path)
	return err == nil && info.Mode().IsRegular()
}

// condition compiles the flow's where.
func (a *assembly) condition() *engine.Condition {
	c, err := engine.CompileCondition(a.flow.Where, string(a.flow.Entity), engine.Library(a.library))
	if err == nil {
		return c
	}
	var found engine.Diagnostics
	if !errors.As(err, &found) {
		a.report(a.flow.at["where"], codeValue, err.Error(), "")
		return nil
	}
	for _, d := range found {
		a.diags = append(a.diags, a.flow.place(d))
	}
	return nil
}

// place moves a diagnostic of the where expression to where that stands in the file.
func (f Flow) place(d engine.Diagnostic) engine.Diagnostic {
	start := f.at["where"]
	lines := strings.Split(f.Where, "\n")
	line := strings.TrimSpace(lines[min(max(d.Pos.Line, 1), len(lines))-1])
	for n := start.line; n <= len(f.file.lines); n++ {
		before, _, ok := strings.Cut(f.file.line(n), line)
		if !ok {
			continue
		}
		shift := len([]rune(before)) - indent(lines[min(max(d.Pos.Line, 1), len(lines))-1])
		if d.Fix != nil {
			fix := *d.Fix
			fix.Pos, fix.End = f.moved(fix.Pos, n, shift), f.moved(fix.End, n, shift)
			d.Fix = &fix
		}
		d.Pos, d.End, d.Snippet = f.moved(d.Pos, n, shift), f.moved(d.End, n, shift), f.file.line(n)
		return d
	}
	d.Pos, d.End, d.Snippet, d.Fix = f.WherePos, f.WherePos, f.file.line(start.line), nil
	return d
}

func (f Flow) moved(p engine.Position, line, shift int) engine.Position {
	return engine.Position{File: f.file.path, Line: line, Column: p.Column + shift}
}

func indent(s string) int { return len(s) - len(strings.TrimLeft(s, " \t")) }
