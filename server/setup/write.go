package setup

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/format"
	"github.com/crosswalk-go/crosswalk/server/files"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// Written is what came of writing a flow.
type Written struct {
	Files []File `json:"files"`
	// Secrets are the files that hold a credential each; their texts are never shown.
	Secrets []string `json:"secrets"`
	// Variables are those that have to be set before the flow can run.
	Variables []string `json:"variables"`
}

// File is a file of the project that was written.
type File struct {
	Path string `json:"path"`
	Text string `json:"text"`
}

// Where secrets go.
const (
	InFiles     = "files"
	InVariables = "variables"
)

// secretsFolder is where files of credentials are written, below the project's folder.
const secretsFolder = "secrets"

// Write writes the plan's connections and flow into the project's files, and the secrets into files of their own or, where they shall
// be variables, nowhere.
func (s *Setup) Write(ctx context.Context, owner string, plan Plan, secrets string) (Written, error) {
	out := Written{Files: []File{}, Secrets: []string{}, Variables: []string{}}
	if secrets != InFiles && secrets != InVariables {
		return out, refusal("Secrets go into files or variables.")
	}
	from, to, err := s.sides(owner, plan)
	if err != nil {
		return out, err
	}
	// What cannot be put together is not written.
	scratch, remove, err := s.scratch(from, to, plan)
	if err != nil {
		return out, err
	}
	defer remove()
	_, err = scratch.Assemble(scratch.Flows[0], s.Library)
	if err != nil {
		return out, placed(err, scratch.Dir)
	}
	text, err := flowText(from, to, plan)
	if err != nil {
		return out, err
	}
	p, err := s.Load()
	if err != nil {
		return out, err
	}
	before, tag, err := s.Folder.Read("crosswalk.yaml")
	if err != nil {
		return out, err
	}
	file := path.Join("flows", plan.Name+".yaml")
	if _, _, err := s.Folder.Read(file); !errors.Is(err, fs.ErrNotExist) {
		return out, refusal(fmt.Sprintf("There is a flow %q already: give this one another name.", plan.Name))
	}
	var block strings.Builder
	var made []end
	for _, e := range []end{from, to} {
		if e.draft == nil {
			continue
		}
		if _, taken := p.Connection(e.name); taken {
			return out, refusal(fmt.Sprintf("There is a connection %q already.", e.name))
		}
		made = append(made, e)
		block.WriteString(connectionText(e, s.spec(e.system), "  ", func(credential string) string {
			if secrets == InVariables {
				v := variableOf(e.name, credential)
				out.Variables = append(out.Variables, v)
				return "${" + v + "}"
			}
			name := path.Join(secretsFolder, e.name+"."+credential)
			out.Secrets = append(out.Secrets, name)
			return "{file: " + name + "}"
		}))
	}
	after := before
	if len(made) > 0 {
		if after, err = added(before, block.String()); err != nil {
			return out, err
		}
		if _, err := project.Load(p.Dir, s.Systems, project.Files(over(p.Dir, Drafts{"crosswalk.yaml": string(after)}))); err != nil {
			return out, errPlace
		}
	}
	if secrets == InFiles {
		for _, e := range made {
			if err := writeSecrets(p.Dir, e, s.spec(e.system)); err != nil {
				return out, err
			}
		}
	}
	undo := tag
	if len(made) > 0 {
		if undo, err = s.Folder.Write("crosswalk.yaml", after, tag); err != nil {
			return out, changed(err)
		}
	}
	if _, err := s.Folder.Write(file, text, ""); err != nil {
		if len(made) > 0 {
			_, undone := s.Folder.Write("crosswalk.yaml", before, undo)
			err = errors.Join(err, undone)
		}
		return out, changed(err)
	}
	for _, e := range made { // what the system has renewed since it was typed
		if token, _ := e.tokens.Token(ctx, e.name); token != "" {
			if err := s.Tokens.SaveToken(ctx, e.name, token); err != nil {
				return out, err
			}
		}
		s.mu.Lock()
		delete(s.drafts, e.draft.id)
		s.mu.Unlock()
	}
	out.Files = append(out.Files, File{"crosswalk.yaml", string(after)}, File{file, string(text)})
	return out, nil
}

func changed(err error) error {
	if errors.Is(err, files.ErrChanged) {
		return refusal("The project's files have changed meanwhile: try it again.")
	}
	return err
}

// writeSecrets writes each secret into a file that only its owner reads, in a folder that git leaves out.
func writeSecrets(dir string, e end, spec connectors.Spec) error {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return err
	}
	defer root.Close()
	if err := root.Mkdir(secretsFolder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	if err := root.WriteFile(secretsFolder+"/.gitignore", []byte("*\n"), 0o600); err != nil {
		return err
	}
	for _, c := range spec.Credentials {
		if value := e.cfg.Credentials[c.Name]; apart(c, value) {
			if err := root.WriteFile(secretsFolder+"/"+e.name+"."+c.Name, []byte(value+"\n"), 0o600); err != nil {
				return err
			}
		}
	}
	return nil
}

var innerCapital = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// variableOf is the variable of a connection's credential: WEBSHOP_SECRET_ACCESS_KEY.
func variableOf(connection, credential string) string {
	words := strings.ReplaceAll(connection, "-", "_") + "_" + innerCapital.ReplaceAllString(credential, "${1}_${2}")
	return strings.ToUpper(words)
}

// connectionText is a connection as crosswalk.yaml has it. refer says where a secret is.
func connectionText(e end, spec connectors.Spec, indent string, refer func(credential string) string) string {
	var b strings.Builder
	line := func(depth int, key, value string) {
		b.WriteString(strings.Repeat(indent, depth) + key + ":")
		if value != "" {
			b.WriteString(" " + value)
		}
		b.WriteByte('\n')
	}
	line(1, e.name, "")
	line(2, "system", e.system)
	if e.cfg.URL != "" {
		line(2, "url", scalar(e.cfg.URL))
	}
	has := func(c connectors.Credential) bool { return e.cfg.Credentials[c.Name] != "" }
	if slices.ContainsFunc(spec.Credentials, has) {
		line(2, "credentials", "")
	}
	for _, c := range spec.Credentials {
		if value := e.cfg.Credentials[c.Name]; apart(c, value) {
			line(3, c.Name, refer(c.Name))
		} else if value != "" {
			line(3, c.Name, scalar(value))
		}
	}
	said := false
	for _, o := range spec.Options {
		if value := e.cfg.Options[o.Name]; value != "" {
			if !said {
				line(2, "options", "")
			}
			said = true
			line(3, o.Name, scalar(value))
		}
	}
	return b.String()
}

// apart tells whether a credential does not stand in crosswalk.yaml: a secret, or what would be read there as a reference.
func apart(c connectors.Credential, value string) bool {
	return value != "" && (c.Secret || strings.Contains(value, "${"))
}

var word = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_./-]*(://[A-Za-z0-9_.:/-]*[A-Za-z0-9/])?$|^[0-9]+[smh]$|^[0-9]{4}-[0-9]{2}-[0-9]{2}$`)

// scalar writes a text as YAML.
func scalar(text string) string {
	if word.MatchString(text) && !slices.Contains([]string{"true", "false", "null", "yes", "no", "on", "off", "y", "n"}, strings.ToLower(text)) {
		return text
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(text) // a string always encodes; what JSON writes in quotes, YAML reads
	return strings.TrimSpace(b.String())
}

// flowText is the flow's file.
func flowText(from, to end, plan Plan) ([]byte, error) {
	settings, err := object("settings", plan.Settings)
	if err != nil {
		return nil, err
	}
	tables, err := object("tables", plan.Tables)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	line := func(key, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%s: %s\n", key, value)
		}
	}
	line("from", from.name)
	line("to", to.name)
	line("entity", scalar(string(plan.Entity)))
	if plan.Every != "" {
		line("trigger", "{every: "+scalar(plan.Every)+"}")
	}
	if plan.Start != "" {
		line("start", scalar(plan.Start))
	}
	if plan.Where != "" {
		line("where", scalar(plan.Where))
	}
	members(&b, "settings", settings)
	members(&b, "tables", tables)
	if laid, err := format.Format([]byte(b.String())); err == nil {
		return laid, nil
	}
	return []byte(b.String()), nil
}

// members writes an object with a line for each member.
func members(b *strings.Builder, key string, raw json.RawMessage) {
	var list []string
	dec := json.NewDecoder(bytes.NewReader(raw))
	if _, err := dec.Token(); err != nil {
		return // there is none
	}
	for dec.More() {
		name, _ := dec.Token() // valid: see object
		var value json.RawMessage
		if dec.Decode(&value) != nil {
			return
		}
		var one bytes.Buffer
		if json.Compact(&one, value) != nil || one.String() == "{}" {
			continue
		}
		list = append(list, fmt.Sprintf("  %s: %s\n", scalar(fmt.Sprint(name)), spaced(one.String())))
	}
	if len(list) > 0 {
		fmt.Fprintf(b, "\n%s:\n%s", key, strings.Join(list, ""))
	}
}

// spaced puts a space behind the commas and colons of compact JSON, as YAML wants it.
func spaced(text string) string {
	var b strings.Builder
	quoted, escaped := false, false
	for _, r := range text {
		b.WriteRune(r)
		switch {
		case escaped:
			escaped = false
		case quoted && r == '\\':
			escaped = true
		case r == '"':
			quoted = !quoted
		case !quoted && (r == ',' || r == ':'):
			b.WriteByte(' ')
		}
	}
	return b.String()
}

var errPlace = refusal("crosswalk.yaml is written in a way that connections cannot be added to here: give `connections:` a line of its own.")

var (
	top   = regexp.MustCompile(`^connections:[ \t]*(\{[ \t]*\})?[ \t]*(#.*)?$`)
	other = regexp.MustCompile(`^[^\s#]`)
	child = regexp.MustCompile(`^( +)[^\s#]`)
)

// added puts connections, indented by two, behind those that crosswalk.yaml has, and leaves every other line as it is.
func added(config []byte, block string) ([]byte, error) {
	lines := strings.SplitAfter(string(config), "\n")
	at := slices.IndexFunc(lines, func(l string) bool { return top.MatchString(strings.TrimRight(l, "\r\n")) })
	if at < 0 {
		return nil, errPlace
	}
	lines[at] = strings.TrimRight(regexp.MustCompile(`\{[ \t]*\}[ \t]*`).ReplaceAllString(lines[at], ""), "\r\n ") + "\n"
	end := at + 1 // behind the last line that belongs to a connection
	for i := at + 1; i < len(lines) && !other.MatchString(lines[i]); i++ {
		if m := child.FindStringSubmatch(lines[i]); m != nil {
			if end == at+1 && m[1] != "  " {
				block = deeper(block, m[1])
			}
			end = i + 1
		}
	}
	if end > 0 && !strings.HasSuffix(lines[end-1], "\n") {
		lines[end-1] += "\n"
	}
	return []byte(strings.Join(slices.Insert(lines, end, block), "")), nil
}

// deeper indents a block by another width than two.
func deeper(block, indent string) string {
	var b strings.Builder
	for l := range strings.Lines(block) {
		text := strings.TrimLeft(l, " ")
		b.WriteString(strings.Repeat(indent, (len(l)-len(text))/2) + text)
	}
	return b.String()
}
