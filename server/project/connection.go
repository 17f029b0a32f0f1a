package project

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/engine/schema"
)

// maxSecretBytes bounds a secret's file: whoever names the wrong file shall not wait for its end.
const maxSecretBytes = 64 << 10

// credential is where a credential comes from: a literal (never of a secret), a variable or a file.
type credential struct {
	name  string
	value text
	file  bool
}

type option struct {
	name  string
	value text
}

var (
	variable     = regexp.MustCompile(`\$\{([A-Za-z_][A-Za-z0-9_]*)\}`)
	onlyVariable = regexp.MustCompile(`^` + variable.String() + `$`)
)

func (p *Project) readConnection(f *file, e entry) Connection {
	c := Connection{Name: e.key.value, Pos: f.position(e.key), from: f}
	if c.Name == "" {
		f.report(e.key, codeValue, "a connection needs a name", "")
	}
	var credentials ast.Node
	var options []entry
	var system *text
	known := schema.ConnectionKeys.Names()
	for _, m := range f.entries(e.node, "a connection is a map with the keys "+strings.Join(known, ", ")) {
		switch m.key.value {
		case "system":
			if system = f.word(m.node); system != nil {
				c.System = system.value
			}
		case "url":
			c.url = f.word(m.node)
			if c.url != nil {
				c.url = f.checked(*c.url)
			}
		case "credentials":
			credentials = m.node
		case "options":
			for _, o := range f.entries(m.node, "options is a map of name to text") {
				if w := f.word(o.node); w != nil {
					if w = f.checked(*w); w != nil {
						c.options = append(c.options, option{o.key.value, *w})
						options = append(options, o)
					}
				}
			}
		default:
			f.unknown(m.key, "key", known)
		}
	}
	if credentials != nil {
		f.hideCredentials(p.spec(c.System), credentials)
	}
	if system == nil {
		f.report(e.key, codeMissingKey, fmt.Sprintf("connection %q has no system", c.Name), "write `system:` with one of "+strings.Join(p.systemNames(), ", "))
		return c
	}
	spec := p.spec(c.System)
	if spec == nil {
		f.misspelt(*system, codeUnknownSystem, fmt.Sprintf("there is no system %q", c.System), p.systemNames())
		return c
	}
	for i, o := range options {
		f.checkOption(spec, o.key, c.options[i].value)
	}
	if credentials != nil {
		c.credentials = p.readCredentials(f, spec, credentials)
	}
	for _, want := range spec.Credentials {
		if want.Needed && !slices.ContainsFunc(c.credentials, func(have credential) bool { return have.name == want.Name }) {
			f.report(e.key, codeMissingCredential, fmt.Sprintf("%s needs the credential %q (%s)", spec.Title, want.Name, want.Title), want.Help)
		}
	}
	return c
}

// checkOption holds an option to what the system declares.
func (f *file) checkOption(spec *connectors.Spec, name, value text) {
	var names []string
	for _, o := range spec.Options {
		if o.Name != name.value {
			names = append(names, o.Name)
			continue
		}
		if len(o.Choices) > 0 && !slices.Contains(o.Choices, value.value) && !strings.Contains(value.value, "${") {
			f.misspelt(value, codeValue, fmt.Sprintf("the option %s cannot be %q", o.Name, value.value), o.Choices)
		}
		return
	}
	f.misspelt(name, codeUnknownKey, fmt.Sprintf("%s has no option %q", spec.Title, name.value), names)
}

func (p *Project) readCredentials(f *file, spec *connectors.Spec, n ast.Node) []credential {
	var out []credential
	var names []string
	for _, c := range spec.Credentials {
		names = append(names, c.Name)
	}
	for _, m := range f.entries(n, "credentials is a map of name to ${VARIABLE} or {file: path}") {
		i := slices.Index(names, m.key.value)
		if i < 0 {
			f.misspelt(m.key, codeUnknownCredential, fmt.Sprintf("%s has no credential %q", spec.Title, m.key.value), names)
			continue
		}
		c := credential{name: m.key.value}
		if _, isMap := m.node.(ast.MapNode); isMap {
			for _, r := range f.entries(m.node, "") {
				if r.key.value != "file" {
					f.unknown(r.key, "key", schema.CredentialKeys.Names())
					continue
				}
				if w := f.word(r.node); w != nil {
					c.value, c.file = *w, true
				}
			}
			if c.file {
				out = append(out, c)
			}
			continue
		}
		w := f.word(m.node)
		if w == nil {
			continue
		}
		if !onlyVariable.MatchString(w.value) && (spec.Credentials[i].Secret || strings.Contains(w.value, "${")) {
			f.literalSecret(*w, c.name, "put it into a variable and write "+c.name+": ${NAME}, or into a file of its own and write "+c.name+": {file: path}")
			out = append(out, c) // it is there, if in the wrong place: that it is missing would be a second, false message
			continue
		}
		c.value = *w
		out = append(out, c)
	}
	return out
}

// literalSecret reports a secret that stands in the file, without showing it.
func (f *file) literalSecret(t text, name, help string) {
	f.hide(t)
	f.report(t, codeLiteralSecret, fmt.Sprintf("the credential %q stands in the file", name), help)
}

// checked returns t unless it holds a ${ that is no reference.
func (f *file) checked(t text) *text {
	if strings.Count(t.value, "${") != len(variable.FindAllString(t.value, -1)) {
		f.report(t, codeValue, "${ starts the name of a variable", "write ${NAME} with letters, digits and _")
		return nil
	}
	return &t
}

func (p *Project) spec(system string) *connectors.Spec {
	for i := range p.systems {
		if p.systems[i].Spec.Name == system {
			return &p.systems[i].Spec
		}
	}
	return nil
}

func (p *Project) systemNames() []string {
	var names []string
	for _, s := range p.systems {
		names = append(names, s.Spec.Name)
	}
	slices.Sort(names)
	return names
}

// Surroundings are what a connection works with besides its own settings.
type Surroundings struct {
	HTTP   *http.Client
	Log    *slog.Logger
	Now    func() time.Time
	Tokens connectors.TokenStore
	// Capture says who takes the exchanges of a connection; see [connectors.Config].
	Capture func(ctx context.Context) func(connectors.Exchange)
	// Observer hears of every attempt and wait of a connection; see [connectors.Config].
	Observer connectors.Observer
	// Tracer hears of the work on documents; nil for none.
	Tracer flow.Tracer
	// Keeper keeps documents in one worker's hands; nil leaves each flow locks of its own.
	Keeper Keeper
}

// Keeper keeps what is written in the name of documents to those who have them in hand.
type Keeper interface {
	// Guard stands before every target that flows write to.
	Guard(port.Target) port.Target
	// Locks gives the locker of flows that write to one place, which scope names.
	Locks(scope string) flow.Locker
	// Links stands before the links of every flow.
	Links(port.Links) port.Links
}

// Open opens the connection of that name. Now its secrets are looked up: what is not there
// is [engine.Diagnostics].
func (p *Project) Open(name string, s Surroundings) (connectors.Connector, error) {
	c, ok := p.Connection(name)
	if !ok {
		return nil, fmt.Errorf("no connection %q", name)
	}
	i := slices.IndexFunc(p.systems, func(s connectors.System) bool { return s.Spec.Name == c.System })
	cfg, err := p.config(c, s)
	if err != nil {
		return nil, err
	}
	conn, err := p.systems[i].Open(cfg)
	if err != nil {
		return nil, fmt.Errorf("connection %q: %w", name, err)
	}
	return conn, nil
}

// Config returns what the connection of that name is opened with, secrets included: keep it out of sight. What is not there is
// [engine.Diagnostics].
func (p *Project) Config(name string, s Surroundings) (connectors.Config, error) {
	c, ok := p.Connection(name)
	if !ok {
		return connectors.Config{}, fmt.Errorf("no connection %q", name)
	}
	return p.config(c, s)
}

// Origin is where a credential of a connection comes from. It never holds a secret.
type Origin struct {
	Name string
	// Variable or File is what the file refers to; both are empty for what stands in it.
	Variable, File string
}

// Origins returns where the connection's credentials come from.
func (c Connection) Origins() []Origin {
	var all []Origin
	for _, cr := range c.credentials {
		o := Origin{Name: cr.name}
		if m := onlyVariable.FindStringSubmatch(cr.value.value); cr.file {
			o.File = cr.value.value
		} else if m != nil {
			o.Variable = m[1]
		}
		all = append(all, o)
	}
	return all
}

// Address returns the connection's address as the file writes it, "" for the system's own.
func (c Connection) Address() string {
	if c.url == nil {
		return ""
	}
	return c.url.value
}

// CallsPerMinute is how many calls a minute a connection takes of its system's budget: what its options say, else what the system
// declares, 0 where nobody says.
func (p *Project) CallsPerMinute(connection string) int {
	c, ok := p.Connection(connection)
	if !ok {
		return 0
	}
	spec := p.specOf(connection)
	if spec == nil {
		return 0
	}
	said := ""
	for _, o := range spec.Options {
		if o.Name == optCallsPerMinute {
			said = o.Default
		}
	}
	for _, o := range c.options {
		if o.name == optCallsPerMinute {
			said = p.expand(o.value, c.from, new(engine.Diagnostics)) // opening the connection tells what is wrong with it
		}
	}
	if n, err := strconv.Atoi(said); err == nil && n > 0 {
		return n
	}
	return spec.CallsPerMinute
}

// optCallsPerMinute is the option by which systems let a connection take a part of the budget.
const optCallsPerMinute = "callsPerMinute"

func (p *Project) config(c Connection, s Surroundings) (connectors.Config, error) {
	cfg := connectors.Config{Name: c.Name, Credentials: map[string]string{}, Options: map[string]string{}, HTTP: s.HTTP, Log: s.Log, Now: s.Now, Tokens: s.Tokens, Capture: s.Capture, Observer: s.Observer}
	var diags engine.Diagnostics
	if c.url != nil {
		cfg.URL = p.expand(*c.url, c.from, &diags)
	}
	for _, o := range c.options {
		cfg.Options[o.name] = p.expand(o.value, c.from, &diags)
	}
	for _, cr := range c.credentials {
		if cr.file {
			cfg.Credentials[cr.name] = p.readSecret(cr, c.from, &diags)
			continue
		}
		cfg.Credentials[cr.name] = p.expand(cr.value, c.from, &diags)
	}
	if diags.HasErrors() {
		return connectors.Config{}, diags
	}
	return cfg, nil
}

// expand puts variables in their places.
func (p *Project) expand(t text, f *file, diags *engine.Diagnostics) string {
	return variable.ReplaceAllStringFunc(t.value, func(ref string) string {
		name := ref[2 : len(ref)-1]
		value, ok := p.getenv(name)
		if !ok || value == "" {
			*diags = append(*diags, f.diagnostic(t, codeReference, fmt.Sprintf("the variable %s is not set", name), "set it in the environment of the process"))
		}
		return value
	})
}

func (p *Project) readSecret(c credential, f *file, diags *engine.Diagnostics) string {
	report := func(message string) string {
		*diags = append(*diags, f.diagnostic(c.value, codeReference, message, "the path counts from the project's folder"))
		return ""
	}
	in, err := os.Open(p.resolve(c.value.value))
	if err != nil {
		return report(fmt.Sprintf("the file of the credential %q cannot be opened", c.name))
	}
	defer in.Close()
	content, err := io.ReadAll(io.LimitReader(in, maxSecretBytes+1))
	switch secret := strings.TrimRight(string(content), "\r\n"); {
	case err != nil:
		return report(fmt.Sprintf("the file of the credential %q cannot be read", c.name))
	case len(content) > maxSecretBytes:
		return report(fmt.Sprintf("the file of the credential %q is too large for a secret", c.name))
	case secret == "":
		return report(fmt.Sprintf("the file of the credential %q is empty", c.name))
	default:
		return secret
	}
}

// SecretFiles returns the files in the project's folder that hold credentials, relative to it and with slashes: whoever shows
// the folder leaves them out.
func (p *Project) SecretFiles() []string {
	var all []string
	for _, c := range p.Connections {
		for _, cred := range c.credentials {
			if !cred.file {
				continue
			}
			if rel, err := filepath.Rel(p.Dir, p.resolve(cred.value.value)); err == nil {
				all = append(all, filepath.ToSlash(rel))
			}
		}
	}
	return all
}
