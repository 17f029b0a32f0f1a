// Package setup shows and checks the connections of a project, and sets up new ones with a flow between them: it asks what a flow
// needs to know, tries it on one real document, and writes the project's files. Secrets go in and never come out. It is not for
// running flows, and it speaks no HTTP of its own. Start with [New].
package setup

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/files"
	"github.com/crosswalk-go/crosswalk/server/outbound"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// Options are what setting up works with.
type Options struct {
	// Load reads the project as it stands now.
	Load func() (*project.Project, error)
	// Folder writes the project's files.
	Folder  *files.Folder
	Systems []connectors.System
	Library fs.FS
	Scripts engine.ScriptHost
	// Policy says where connections may lead.
	Policy outbound.Policy
	// Tokens keeps refresh tokens of the project's connections durably; nil keeps them in memory.
	Tokens connectors.TokenStore
	// Store is what the project's flows remember: plans look at it. nil remembers nothing.
	Store project.Store
	Now   func() time.Time // nil for the system clock
}

// Setup is safe for concurrent use.
type Setup struct {
	Options
	mu     sync.Mutex
	drafts map[string]*draft
}

// New returns what sets connections and flows up.
func New(o Options) *Setup {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Tokens == nil {
		o.Tokens = newTokens()
	}
	return &Setup{Options: o, drafts: map[string]*draft{}}
}

// Connection is what may be seen of a connection.
type Connection struct {
	Name        string       `json:"name"`
	System      string       `json:"system"`
	Title       string       `json:"title"` // of the system
	Address     string       `json:"address"`
	Credentials []Credential `json:"credentials"`
	Flows       []string     `json:"flows"` // that read or write it
}

// Credential says where a credential comes from.
type Credential struct {
	Name     string `json:"name"`
	Title    string `json:"title"`
	Variable string `json:"variable,omitempty"`
	File     string `json:"file,omitempty"`
}

// Connections returns the project's connections in the order of its file.
func (s *Setup) Connections() ([]Connection, error) {
	p, err := s.Load()
	if err != nil {
		return nil, err
	}
	all := []Connection{}
	for _, c := range p.Connections {
		shown := Connection{Name: c.Name, System: c.System, Address: c.Address(), Credentials: []Credential{}, Flows: []string{}}
		spec := s.spec(c.System)
		shown.Title = spec.Title
		for _, o := range c.Origins() {
			shown.Credentials = append(shown.Credentials, Credential{o.Name, titleOf(spec, o.Name), o.Variable, o.File})
		}
		for _, f := range p.Flows {
			if f.From == c.Name || f.To == c.Name {
				shown.Flows = append(shown.Flows, f.Name)
			}
		}
		all = append(all, shown)
	}
	return all, nil
}

func titleOf(spec connectors.Spec, credential string) string {
	for _, c := range spec.Credentials {
		if c.Name == credential {
			return c.Title
		}
	}
	return credential
}

func (s *Setup) system(name string) (connectors.System, bool) {
	i := slices.IndexFunc(s.Systems, func(s connectors.System) bool { return s.Spec.Name == name })
	if i < 0 {
		return connectors.System{}, false
	}
	return s.Systems[i], true
}

func (s *Setup) spec(name string) connectors.Spec {
	system, _ := s.system(name)
	return system.Spec
}

// State is what a live check of a connection found.
type State struct {
	OK      bool   `json:"ok"`
	Says    string `json:"says,omitempty"`    // what answered
	Account string `json:"account,omitempty"` // which account of the system it is
	Problem string `json:"problem,omitempty"`
	Help    string `json:"help,omitempty"`
	Micros  int64  `json:"micros"`
}

// ErrUnknown is the error of a connection or draft that is not there.
var ErrUnknown = errors.New("there is no such connection")

// Check calls the system of a connection and says what answered.
func (s *Setup) Check(ctx context.Context, name string) (State, error) {
	e, err := s.existing(name)
	if err != nil {
		return State{}, err
	}
	return s.check(ctx, e), nil
}

// end is one side of a flow: everything that a connection is opened with. It holds secrets.
type end struct {
	name, system string
	cfg          connectors.Config
	tokens       connectors.TokenStore
	draft        *draft // nil for a connection of the project
	broken       error  // why it cannot be opened
}

func (s *Setup) existing(name string) (end, error) {
	p, err := s.Load()
	if err != nil {
		return end{}, err
	}
	c, ok := p.Connection(name)
	if !ok {
		return end{}, ErrUnknown
	}
	cfg, err := p.Config(name, project.Surroundings{})
	return end{name: name, system: c.System, cfg: cfg, tokens: s.Tokens, broken: err}, nil
}

// check opens the connection, asks the cheapest thing, and closes it.
func (s *Setup) check(ctx context.Context, e end) State {
	start := s.Now()
	state := s.ping(ctx, e)
	state.Micros = s.Now().Sub(start).Microseconds()
	return state
}

func (s *Setup) ping(ctx context.Context, e end) State {
	conn, err := s.open(ctx, e)
	if err != nil {
		return failed(err, e)
	}
	defer func() { _ = conn.Close() }() // the answer is what counts
	says, err := conn.Ping(ctx)
	if err != nil {
		return failed(err, e)
	}
	state := State{OK: true, Says: e.masked(says)}
	if a, ok := conn.(connectors.Accounts); ok {
		account, err := a.Account(ctx)
		if err != nil {
			return failed(err, e)
		}
		state.Account = e.masked(account)
	}
	return state
}

func (s *Setup) open(ctx context.Context, e end) (connectors.Connector, error) {
	if e.broken != nil {
		return nil, e.broken
	}
	system, ok := s.system(e.system)
	if !ok {
		return nil, ErrUnknown
	}
	if e.cfg.URL != "" {
		if err := s.Policy.Check(ctx, e.cfg.URL); err != nil {
			return nil, err
		}
	}
	cfg := e.cfg
	cfg.Name, cfg.HTTP, cfg.Tokens = e.name, s.Policy.Client(), e.tokens
	conn, err := system.Open(cfg)
	if err != nil {
		return nil, err
	}
	return closing{conn, cfg.HTTP.CloseIdleConnections}, nil
}

// closing gives back the connections of a client that a connector was handed.
type closing struct {
	connectors.Connector
	idle func()
}

func (c closing) Close() error {
	defer c.idle()
	return c.Connector.Close()
}

// Account asks the connector, where it can tell.
func (c closing) Account(ctx context.Context) (string, error) {
	if a, ok := c.Connector.(connectors.Accounts); ok {
		return a.Account(ctx)
	}
	return "", nil
}

// failed puts an error into words, without a secret that a system may have repeated.
func failed(err error, e end) State {
	state := State{Problem: e.masked(err.Error())}
	var diags engine.Diagnostics
	var known *port.Error
	switch {
	case errors.As(err, &diags) && len(diags) > 0:
		state.Problem, state.Help = e.masked(diags[0].Message), e.masked(diags[0].Help)
	case errors.Is(err, outbound.ErrRefused):
		state.Help = "The section server of crosswalk.yaml says where connections may lead."
	case errors.As(err, &known) && errors.Is(err, port.ErrAuth):
		state.Help = "The system refuses the credentials: compare them, and look whether they were renewed or lack a right."
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, port.ErrOutage):
		state.Help = "Nothing answers at the address, or too slowly: look whether it is right."
	}
	return state
}

// masked takes the connection's secrets out of a text.
func (e end) masked(text string) string {
	values := slices.Collect(maps.Values(e.cfg.Credentials))
	slices.SortFunc(values, func(a, b string) int { return len(b) - len(a) })
	for _, v := range values {
		if len(v) >= 4 {
			text = strings.ReplaceAll(text, v, "***")
		}
	}
	return text
}

// draft is a connection that is being set up. It lives in memory only.
type draft struct {
	id, owner string
	end       end
	tokens    *namedTokens
	used      time.Time
}

// Bounds of drafts.
const (
	maxDrafts = 50
	draftLife = 2 * time.Hour
)

// Draft is a connection to be. It holds secrets.
type Draft struct {
	Name        string            `json:"name"`
	System      string            `json:"system"`
	Address     string            `json:"address"`
	Credentials map[string]string `json:"credentials"`
	Options     map[string]string `json:"options"`
}

// Try checks a connection that is not there yet. Where it works, id names it for the calls that follow, for that owner and for two hours.
func (s *Setup) Try(ctx context.Context, owner string, d Draft) (id string, state State, err error) {
	if err := s.fit(d); err != nil {
		return "", State{}, err
	}
	made := &draft{id: rand.Text(), owner: owner, used: s.Now(), tokens: newTokens()}
	made.end = end{name: d.Name, system: d.System, tokens: made.tokens, draft: made,
		cfg: connectors.Config{URL: strings.TrimSpace(d.Address), Credentials: maps.Clone(d.Credentials), Options: maps.Clone(d.Options)}}
	state = s.check(ctx, made.end)
	if !state.OK {
		return "", state, nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	for id, old := range s.drafts {
		if s.Now().Sub(old.used) > draftLife || len(s.drafts) >= maxDrafts && old.owner == owner {
			delete(s.drafts, id)
		}
	}
	if len(s.drafts) >= maxDrafts {
		return "", State{}, refusal("Too many connections are being set up at once: try again later.")
	}
	s.drafts[made.id] = made
	return made.id, state, nil
}

// refusal is an error in words for whoever asked.
type refusal string

func (r refusal) Error() string { return string(r) }

// Refusal returns the words of an error that is the asker's to mend.
func Refusal(err error) (string, bool) {
	var r refusal
	ok := errors.As(err, &r)
	return string(r), ok
}

// fit looks whether what was typed can be a connection.
func (s *Setup) fit(d Draft) error {
	if !name.MatchString(d.Name) {
		return refusal("A connection's name has small letters, digits and -, and begins with a letter.")
	}
	spec, ok := s.system(d.System)
	if !ok {
		return refusal("There is no such system.")
	}
	p, err := s.Load()
	if err != nil {
		return err
	}
	if _, taken := p.Connection(d.Name); taken {
		return refusal(fmt.Sprintf("There is a connection %q already: give this one another name.", d.Name))
	}
	for _, c := range spec.Spec.Credentials {
		if c.Needed && strings.TrimSpace(d.Credentials[c.Name]) == "" {
			return refusal(fmt.Sprintf("%s needs the field %q.", spec.Spec.Title, c.Title))
		}
	}
	for given, value := range d.Credentials {
		if !slices.ContainsFunc(spec.Spec.Credentials, func(c connectors.Credential) bool { return c.Name == given }) {
			return refusal(fmt.Sprintf("%s has no credential %q.", spec.Spec.Title, given))
		}
		if strings.ContainsAny(value, "\r\n\x00") {
			return refusal("A credential is one line.")
		}
	}
	if spec.Spec.Address == "" && strings.TrimSpace(d.Address) == "" {
		return refusal(fmt.Sprintf("%s has an address of its own for each shop: say it.", spec.Spec.Title))
	}
	if strings.Contains(d.Address, "${") {
		return refusal("Write the address itself, not a variable.")
	}
	for given, value := range d.Options {
		if strings.Contains(value, "${") {
			return refusal("Write the option itself, not a variable.")
		}
		if !slices.ContainsFunc(spec.Spec.Options, func(o connectors.Option) bool { return o.Name == given }) {
			return refusal(fmt.Sprintf("%s has no option %q.", spec.Spec.Title, given))
		}
	}
	return nil
}

// namedTokens keeps the tokens of connections in memory.
type namedTokens struct {
	mu    sync.Mutex
	texts map[string]string
}

func newTokens() *namedTokens { return &namedTokens{texts: map[string]string{}} }

func (t *namedTokens) Token(_ context.Context, connection string) (string, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.texts[connection], nil
}

func (t *namedTokens) SaveToken(_ context.Context, connection, token string) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.texts[connection] = token
	return nil
}

// End names one side of a flow to be: a connection of the project or a draft.
type End struct {
	Connection string `json:"connection"`
	Draft      string `json:"draft"`
}

// end finds the side. A draft is its owner's only.
func (s *Setup) end(owner string, e End) (end, error) {
	if e.Draft == "" {
		return s.existing(e.Connection)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	d, ok := s.drafts[e.Draft]
	if !ok || d.owner != owner || s.Now().Sub(d.used) > draftLife {
		return end{}, refusal("What was typed of a connection is not kept any more: check it again.")
	}
	d.used = s.Now()
	return d.end, nil
}
