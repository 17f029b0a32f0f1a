package project

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

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
	// From and To are the connections; nil where they are another process's.
	From, To connectors.Connector
	// Snapshot is what the flow was put together from.
	Snapshot Snapshot
	// Scope names the flow and the two accounts that it joins, to which links and cursors belong.
	Scope string

	project *Project
	library fs.FS
	systems flow.Systems
	pace    flow.Pace
}

// Versions name the flow and the mappings in use with the hashes of their texts: "flow:0123456789abcdef", "read:0123456789abcdef".
func (p *Process) Versions() []string {
	m := p.Flow().Mappings
	out := []string{"flow:" + p.Snapshot.Version}
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
	assembled, snapshot, err := p.recording(f, library)
	if err != nil {
		return nil, err
	}
	if s.Tokens == nil {
		s.Tokens = store.Tokens()
	}
	out := &Process{Snapshot: snapshot, project: p, library: library, pace: pace}
	if out.From, err = p.Open(f.From, s); err != nil {
		return nil, err
	}
	if out.To, err = p.Open(f.To, s); err != nil {
		return nil, errors.Join(err, out.Close())
	}
	var to string
	out.Scope, to, err = p.scope(ctx, f, out)
	if err != nil {
		return nil, errors.Join(err, out.Close())
	}
	systems := flow.Systems{Source: out.From, Target: out.To, Links: store.Links(out.Scope), Cursors: scopedCursors{store.Cursors(), out.Scope}, Tracer: s.Tracer}
	if k := s.Keeper; k != nil {
		systems.Target, systems.Locks, systems.Links = k.Guard(out.To), k.Locks(to), k.Links(systems.Links)
	}
	out.systems = systems
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
	out.Resources = a.resources()
	if !a.diags.HasErrors() {
		out.Mappings = a.mappings(&out.Resources)
	}
	if !a.diags.HasErrors() {
		a.checkSettings()
	}
	if f.Where != "" {
		if c := a.compile(a.flow.at["where"]); c != nil {
			out.Where = c
			a.productTypes(c, out.Resources)
		}
	}
	a.webhooks()
	if q := a.quantity(); q != nil {
		out.Quantity = q
	}
	out.Steps = a.steps()
	if !a.diags.HasErrors() {
		if err := out.Check(); err != nil {
			a.report(f.at["to"], codeValue, err.Error(), "")
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

func (a *assembly) misspelt(t text, code, message string, known []string) {
	help := "known are " + strings.Join(known, ", ")
	if best := nearest(t.value, known); best != "" {
		help = fmt.Sprintf("did you mean %q?", best)
	}
	a.report(t, code, message, help)
}

// load loads the flow's own mapping under key, or the library's of that name. One that
// is not needed may be absent.
func (a *assembly) load(key, own, name, from, to string, needed bool) *engine.Mapping {
	where := a.flow.at["from"]
	if own != "" {
		where = a.flow.at["mappings."+key]
	}
	return a.loadAt(where, "mappings: {"+key+": ...}", own, name, from, to, needed)
}

// loadAt is load for a mapping that is named at where, and that help says how to name.
func (a *assembly) loadAt(where text, help, own, name, from, to string, needed bool) *engine.Mapping {
	path, isOwn := name, false
	if own != "" {
		path = own
		// In a project of the present folder, file and own are the same text.
		if file := a.project.resolve(own); a.project.isFile(file) {
			path, isOwn = file, true
		}
	}
	if !isOwn {
		if _, err := fs.Stat(a.library, path+".yaml"); err != nil {
			if needed || own != "" {
				a.report(where, codeReference, fmt.Sprintf("there is no mapping %s", path), "write "+help+" with a file below the project or the name of a built-in mapping")
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

func (p *Project) isFile(path string) bool {
	stat := os.Stat
	if p.files != nil {
		stat = func(name string) (fs.FileInfo, error) { return fs.Stat(p.files, name) }
	}
	info, err := stat(path)
	return err == nil && info.Mode().IsRegular()
}
