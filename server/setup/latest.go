package setup

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/files"
	"github.com/crosswalk-go/crosswalk/server/outbound"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// Drafts are texts of the project's files, and of the library's, as they are being written.
type Drafts map[string]string

// Way is a flow that begins at a connection, and what it gives to rules.
type Way struct {
	Flow string `json:"flow"`
	To   string `json:"to"` // the connection
	// Uses tells whether the flow maps with the mapping that was asked about.
	Uses     bool   `json:"uses"`
	Read     string `json:"read"` // the mapping that makes the canonical document, as the project or the library names it
	Settings string `json:"settings"`
	Tables   string `json:"tables"`
}

// Newest are the newest documents of a connection.
type Newest struct {
	Resource  string     `json:"resource"`
	Documents []Document `json:"documents"` // the newest first
	Ways      []Way      `json:"ways"`
}

// Document is a document of a connection.
type Document struct {
	ID        string    `json:"id"`
	Key       string    `json:"key"` // what people call it
	ChangedAt time.Time `json:"changedAt,omitzero"`
	Document  string    `json:"document"` // the text
}

// Newest reads the newest documents of a connection. kind is a document type of its system (shopware.order), or an entity; mapping is the
// one that they are to be tried with.
func (s *Setup) Newest(ctx context.Context, connection, kind, mapping string, most int) (Newest, error) {
	p, err := s.Load()
	if err != nil {
		return Newest{}, err
	}
	e, err := s.existing(connection)
	if err != nil {
		return Newest{}, err
	}
	resource, entity, err := s.resource(e, kind)
	if err != nil {
		return Newest{}, err
	}
	out := Newest{Resource: resource, Documents: []Document{}, Ways: s.ways(p, connection, entity, mapping)}
	conn, err := s.open(ctx, e)
	if err != nil {
		return out, told(ctx, failed(err, e))
	}
	defer func() { _ = conn.Close() }() // it was only read
	found, err := Latest(ctx, conn, resource, most, s.Now())
	if err != nil {
		return out, told(ctx, failed(err, e))
	}
	for _, d := range found {
		key := d.Key
		if key == "" {
			key = d.ID
		}
		out.Documents = append(out.Documents, Document{d.ID, key, d.ChangedAt, string(d.Body)})
	}
	return out, nil
}

// told turns what a system said into what the user is told.
func told(ctx context.Context, state State) error {
	if ctx.Err() != nil {
		return refusal("It took too long to answer: try again, or look whether the address is right.")
	}
	return refusal(strings.TrimSpace(state.Problem + " " + state.Help))
}

// resource finds what a kind of document is called by the system of a connection.
func (s *Setup) resource(e end, kind string) (string, port.Entity, error) {
	system, name, typed := strings.Cut(kind, ".")
	if typed && system != e.system {
		return "", "", refusal(e.name + " holds no " + kind + ".")
	}
	spec := s.spec(e.system)
	i := slices.IndexFunc(spec.Resources, func(r connectors.Resource) bool {
		return r.Read && (typed && r.Name == name || !typed && r.Entity == port.Entity(kind))
	})
	if i < 0 {
		return "", "", refusal(spec.Title + " has no " + kind + " that can be read.")
	}
	return spec.Resources[i].Name, spec.Resources[i].Entity, nil
}

// ways are the flows of an entity that begin at a connection, those that use the mapping first. One that cannot be put together is
// none.
func (s *Setup) ways(p *project.Project, connection string, entity port.Entity, mapping string) []Way {
	all := []Way{}
	for _, f := range p.Flows {
		if f.From != connection || f.Entity != entity {
			continue
		}
		assembled, err := p.Assemble(f, s.Library)
		if err != nil {
			continue
		}
		w := Way{Flow: f.Name, To: f.To, Settings: string(assembled.Settings), Tables: string(assembled.Tables)}
		for _, m := range []flow.Mapper{assembled.Mappings.Read, assembled.Mappings.Write, assembled.Mappings.CustomerWrite, assembled.Mappings.ProductWrite} {
			if own, ok := m.(*engine.Mapping); ok {
				w.Uses = w.Uses || usesFile(p, own, mapping)
			}
		}
		if read, ok := assembled.Mappings.Read.(*engine.Mapping); ok {
			w.Read = s.pathOf(p, read.Name())
		}
		all = append(all, w)
	}
	slices.SortStableFunc(all, func(a, b Way) int {
		switch {
		case a.Uses == b.Uses:
			return 0
		case a.Uses:
			return -1
		}
		return 1
	})
	return all
}

// pathOf is a mapping's file as the project names it, or the library.
func (s *Setup) pathOf(p *project.Project, file string) string {
	if !strings.HasSuffix(file, ".yaml") && !strings.HasSuffix(file, ".yml") {
		return file + ".yaml"
	}
	if rel, err := filepath.Rel(p.Dir, file); err == nil && filepath.IsLocal(rel) {
		if _, err := fs.Stat(s.Library, file); err != nil {
			return filepath.ToSlash(rel)
		}
	}
	return file
}

// usesFile tells whether a mapping is the file, or made of it.
func usesFile(p *project.Project, m *engine.Mapping, file string) bool {
	own := path.Clean(filepath.ToSlash(filepath.Join(p.Dir, file)))
	is := func(name string) bool {
		name = path.Clean(filepath.ToSlash(name))
		return name == own || name == file || name+".yaml" == file
	}
	if is(m.Name()) {
		return true
	}
	for _, r := range m.Rules() {
		if is(r.Pos.File) || slices.ContainsFunc(r.Chain, func(at engine.Position) bool { return is(at.File) }) {
			return true
		}
	}
	return false
}

// Plan plans one document of a flow's source against its target as that is now, with the files as drafts have them, and writes nothing.
func (s *Setup) Plan(ctx context.Context, name, id string, drafts Drafts) (Trial, error) {
	out := Trial{Operations: []Operation{}, Warnings: []string{}}
	for file := range drafts { // connections and flows are as they are saved: they say where credentials go
		if kind, ok := s.Folder.KindOf(file); !ok || kind != files.Mapping && kind != files.Script {
			return out, refusal("Only mappings and scripts are planned with before they are saved.")
		}
	}
	now, err := s.Load()
	if err != nil {
		return out, err
	}
	p, err := now.With(over(now.Dir, drafts))
	if err != nil {
		return out, err
	}
	f, err := p.Flow(name)
	if err != nil {
		return out, ErrUnknown
	}
	from, err := s.existing(f.From)
	if err != nil {
		return out, err
	}
	to, err := s.existing(f.To)
	if err != nil {
		return out, err
	}
	fail := func(err error) (Trial, error) {
		var diags engine.Diagnostics
		if errors.As(err, &diags) && !errors.Is(err, outbound.ErrRefused) {
			return out, placed(err, p.Dir)
		}
		state := failed(err, to)
		state.Problem = from.masked(state.Problem)
		return out, told(ctx, state)
	}
	process, leave, err := s.process(ctx, p, name, files.Overlay{FS: s.Library, Texts: drafts}, s.store(), from, to)
	if err != nil {
		return fail(err)
	}
	defer leave()
	for doc, err := range process.From.Read(ctx, port.Query{Resource: process.Flow().Resources.Source, IDs: []string{id}}) {
		if err != nil {
			return fail(err)
		}
		r, err := process.Handle(ctx, process.Planner(), doc, flow.Handling{DryRun: true})
		if err != nil {
			return fail(err)
		}
		out.tell(r, doc, func(text string) string { return to.masked(from.masked(text)) })
		if out.Links, err = linksOf(ctx, process, r.Plan); err != nil {
			return fail(err)
		}
		return out, nil
	}
	return out, refusal(f.From + " does not have this document any more.")
}

// disk is the file system by the paths that the process has of it.
type disk struct{}

func (disk) Open(name string) (fs.File, error) { return os.Open(name) }

// over is the disk with the drafts of a project in dir.
func over(dir string, drafts Drafts) fs.FS {
	texts := map[string]string{}
	for name, text := range drafts {
		texts[path.Clean(filepath.ToSlash(filepath.Join(dir, name)))] = text
	}
	return files.Overlay{FS: disk{}, Texts: texts}
}

// linksOf are the links of a plan with the target's reference tables.
func linksOf(ctx context.Context, process *project.Process, plan *flow.Plan) (string, error) {
	if plan == nil || len(plan.Operations) == 0 {
		return "", nil
	}
	links := []byte(plan.Links())
	if len(links) == 0 {
		links = []byte("{}")
	}
	references, err := process.References(ctx)
	if err != nil || len(references) == 0 {
		return string(links), err
	}
	links, err = sjson.SetRawBytes(links, "reference", references)
	return string(links), err
}

// store is what the flows of the project remember; without it, nothing.
func (s *Setup) store() project.Store {
	if s.Store == nil {
		return nothing{}
	}
	return s.Store
}

// process opens a flow with everything that it calls held to the policy. leave closes it.
func (s *Setup) process(ctx context.Context, p *project.Project, name string, library fs.FS, store project.Store, from, to end) (open *project.Process, leave func(), err error) {
	for _, e := range []end{from, to} {
		if e.cfg.URL == "" {
			continue
		}
		if err := s.Policy.Check(ctx, e.cfg.URL); err != nil {
			return nil, nil, err
		}
	}
	client := s.Policy.Client()
	open, err = p.Process(ctx, name, library, store, project.Surroundings{HTTP: client, Tokens: bothTokens{from, to}}, flow.Pace{})
	if err != nil {
		client.CloseIdleConnections()
		return nil, nil, err
	}
	return open, func() {
		_ = open.Close() // nothing was written
		client.CloseIdleConnections()
	}, nil
}
