package engine

import (
	"context"
	"path"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Analysis is what the engine knows of a mapping file, also of one that has errors: the ground
// that an editor stands on. It is immutable and safe for concurrent use.
type Analysis struct {
	diags  Diagnostics
	loader *loader
	linked *linked
	places []place // of linked.files
	names  names
	target *shape.Shape
	to     string
}

// Analyze reads the text of a mapping file, and what it extends, as far as they can be read. path names
// it as in [Parse].
func Analyze(path string, text []byte, opts ...Option) *Analysis {
	l := newLoader(opts)
	l.readOnly = true
	a := &Analysis{loader: l}
	files := l.load(place{name: path}, text, &a.diags)
	a.linked = link(files, &a.diags)
	m := l.compileLinked(a.linked, nil, &a.diags)
	a.names, a.target, a.to = l.compiled.names, l.compiled.target, m.to
	sortDiagnostics(a.diags)
	p := place{name: path}
	for _, f := range files {
		a.places = append(a.places, p)
		if f.extends != nil {
			p = l.parent(p, f.extends.text)
		}
	}
	return a
}

// Diagnostics returns every problem of the file and of those that it extends: what [Parse] returns as its
// error or as warnings, but for scripts that no host was handed to load: nothing is said about those.
func (a *Analysis) Diagnostics() Diagnostics { return a.diags }

// MappingSource is a file that a mapping is made of.
type MappingSource struct {
	Path    string
	Library bool // Path is one of the [Library]
	// Extends is where the file names the next one; the zero Position where it names none.
	Extends, ExtendsEnd Position
}

// Sources returns the file itself and those that it extends, the root last. A file that cannot be
// read is not among them.
func (a *Analysis) Sources() []MappingSource {
	var all []MappingSource
	for i, f := range a.linked.files {
		s := MappingSource{Path: a.places[i].name, Library: a.places[i].inLibrary}
		if f.extends != nil {
			s.Extends, s.ExtendsEnd = f.extends.whole()
		}
		all = append(all, s)
	}
	return all
}

// Mappings returns the names of the library's mappings, as `extends` names them.
func (a *Analysis) Mappings() []string {
	if a.loader.library == nil {
		return nil
	}
	return a.loader.mappingNames()
}

// DocumentTypes returns the document types that the library describes, and "any".
func (a *Analysis) DocumentTypes() []string {
	if a.loader.library == nil {
		return []string{anyType}
	}
	return a.loader.documentTypes()
}

// RuleText is a rule as it was written.
type RuleText struct {
	Target   string
	Pos, End Position // of its key
	Text     string   // its lines
	Source   int      // index into [Analysis.Sources]
	List     bool     // it builds the list Target
}

// Rules returns the rules that hold, inherited ones included, in the order in which they run.
func (a *Analysis) Rules() []RuleText {
	var all []RuleText
	for _, r := range a.linked.rules {
		all = append(all, a.ruleText(r))
	}
	return all
}

// Inherited returns the rule for a target that the file's own rule replaces or removes, or that holds because
// the file has none.
func (a *Analysis) Inherited(target string) (RuleText, bool) {
	path, err := parsePath(target)
	if err != nil {
		return RuleText{}, false
	}
	for _, f := range a.linked.files[1:] {
		for _, r := range f.rules {
			if r.path.String() == path.String() {
				return a.ruleText(r), !r.remove
			}
		}
	}
	return RuleText{}, false
}

func (a *Analysis) ruleText(r *ruleDecl) RuleText {
	t := RuleText{Target: r.path.String(), Source: slices.Index(a.linked.files, r.file), List: r.each != nil}
	t.Pos, t.End = r.key.whole()
	first := r.key.line
	lines := r.file.src.lines[min(first, len(r.file.src.lines))-1:]
	n := 1
	for n < len(lines) && (strings.TrimSpace(lines[n]) == "" || indent(lines[n]) > indent(lines[0])) {
		n++
	}
	t.Text = strings.TrimRight(strings.Join(lines[:n], "\n"), " \n")
	return t
}

func indent(line string) int { return len(line) - len(strings.TrimLeft(line, " ")) }

// Target returns what the target's schema says of a target path; ok is false where the target has no such
// field. The empty path is the target document.
func (a *Analysis) Target(path string) (t Type, ok bool) {
	if path == "" {
		return Type{a.target}, true
	}
	p, err := parsePath(path)
	if err != nil {
		return Type{}, false
	}
	t = Type{a.target}
	for i, seg := range p {
		if t, ok = t.Field(seg.name); !ok {
			return Type{}, false
		}
		if seg.list && i < len(p)-1 {
			t = t.Element()
		}
	}
	return t, true
}

// To returns the document type that the mapping builds; may be empty.
func (a *Analysis) To() string { return a.to }

// From returns the document type that the mapping reads, as far as it is known.
func (a *Analysis) From() string {
	if a.linked.from == nil {
		return ""
	}
	return a.linked.from.text
}

// ScriptFiles returns the paths of the scripts that the mapping names, as they are read from where the process is; those
// of files of the library are not among them.
func (a *Analysis) ScriptFiles() []string {
	var all []string
	for i, f := range a.linked.files {
		for _, s := range f.scripts {
			if file := path.Join(path.Dir(filepath.ToSlash(a.places[i].name)), filepath.ToSlash(s.text)); !a.places[i].inLibrary && !slices.Contains(all, file) {
				all = append(all, file)
			}
		}
	}
	return all
}

// ScriptFunctions returns the functions of scripts that rules may call, by name; those of scripts that no host was handed to load are not
// known.
func (a *Analysis) ScriptFunctions() []ScriptFunction {
	if a.loader.scripts == nil {
		return nil
	}
	var all []ScriptFunction
	for _, name := range a.loader.scripts.names {
		all = append(all, a.loader.scripts.functions[name].ScriptFunction)
	}
	return all
}

// ScriptFunction returns the function that a call means by name, or by script.name.
func (a *Analysis) ScriptFunction(name string) (ScriptFunction, bool) {
	fn := a.loader.scripts.lookup(name)
	if fn == nil {
		return ScriptFunction{}, false
	}
	return fn.ScriptFunction, true
}

// TableTexts returns the tables that the mapping declares, inherited ones included, each as the text of a JSON object.
func (a *Analysis) TableTexts() map[string][]byte {
	all := map[string][]byte{}
	for _, t := range a.linked.tables {
		all[t.name.text] = []byte(t.json)
	}
	return all
}

// Declaration returns where the mapping declares a table or a setting.
func (a *Analysis) Declaration(section, name string) (pos, end Position, ok bool) {
	var at *scalar
	switch section {
	case "tables":
		for _, t := range a.linked.tables {
			if t.name.text == name {
				at = t.name
			}
		}
	case "settings":
		for _, s := range a.linked.sets {
			if s.Name == name {
				at = s.name
			}
		}
	}
	if at == nil {
		return pos, end, false
	}
	pos, end = at.whole()
	return pos, end, true
}

// SettingsDeclared returns the settings that the mapping declares, inherited ones included.
func (a *Analysis) SettingsDeclared() []Setting {
	var all []Setting
	for _, s := range a.linked.sets {
		all = append(all, s.Setting)
	}
	return all
}

// Tables returns the names of the tables that the mapping declares.
func (a *Analysis) Tables() []string { return a.names.tables.Names() }

// SymbolKind says what a name stands for.
type SymbolKind string

// The kinds of symbols.
const (
	FieldSymbol   SymbolKind = "field"   // of the source document
	LetSymbol     SymbolKind = "let"     // a variable of the file
	AliasSymbol   SymbolKind = "alias"   // the element of an `each`, or its index
	ContextSymbol SymbolKind = "context" // doc, source, settings, ...
)

// Symbol is a name that an expression can use.
type Symbol struct {
	Name     string
	Kind     SymbolKind
	Type     Type
	Pos, End Position // of its declaration; zero where it is not in a mapping file
	Expr     string   // what a let or an alias stands for
}

// Scope is a place of a mapping where an expression stands.
type Scope struct {
	a       *Analysis
	lets    int // how many of them are declared
	aliases []scopeAlias
	locals  *local
}

type scopeAlias struct {
	rule *ruleDecl
	item Type
}

// LetScope returns the scope of the expression of a `let`: the lets above it are known.
func (a *Analysis) LetScope(name string) *Scope {
	i := slices.IndexFunc(a.linked.lets, func(l letDecl) bool { return l.name.text == name })
	if i < 0 {
		i = len(a.linked.lets)
	}
	return &Scope{a: a, lets: i}
}

// RuleScope returns the scope of the expressions of the rule for a target path, there being such a
// rule or not: the lets, and the elements of the lists that the path enters. The `each` of the rule itself
// stands outside of its list: outside is true for it.
func (a *Analysis) RuleScope(target string, outside bool) *Scope {
	s := &Scope{a: a, lets: len(a.linked.lets)}
	path, err := parsePath(target)
	if err != nil {
		return s
	}
	for i, seg := range path {
		if !seg.list || outside && i == len(path)-1 {
			continue
		}
		name := path[:i+1].String()
		for _, r := range a.linked.rules {
			if r.each != nil && r.path.String() == name {
				s.enter(r)
			}
		}
	}
	return s
}

func (s *Scope) enter(r *ruleDecl) {
	list, _ := s.infer(r.each.text)
	item := list.shape().Item
	if item == nil {
		item = shape.Any
	}
	s.aliases = append(s.aliases, scopeAlias{r, Type{item}})
	if r.index != nil {
		s.locals = &local{name: r.index.text, shape: shape.Of(value.Numbers), outer: s.locals}
	}
	if r.as != nil {
		s.locals = &local{name: r.as.text, shape: item, outer: s.locals}
	}
}

// Symbols returns every name that can be used, innermost first. A name that hides another stands before it.
func (s *Scope) Symbols() []Symbol {
	var all []Symbol
	for _, alias := range slices.Backward(s.aliases) {
		r := alias.rule
		if r.as != nil {
			all = append(all, symbolAt(r.as, AliasSymbol, alias.item, r.each.text))
		}
		if r.index != nil {
			all = append(all, symbolAt(r.index, AliasSymbol, Type{shape.Of(value.Numbers)}, ""))
		}
	}
	for i, l := range s.declared() {
		all = append(all, symbolAt(l.name, LetSymbol, Type{s.a.names.letShape[i]}, l.expr.text))
	}
	for _, name := range s.a.names.doc.Names() {
		t, _ := Type{s.a.names.doc}.Field(name)
		all = append(all, Symbol{Name: name, Kind: FieldSymbol, Type: t})
	}
	for _, name := range contextWords {
		t, _ := s.infer(name)
		all = append(all, Symbol{Name: name, Kind: ContextSymbol, Type: t})
	}
	return all
}

func (s *Scope) declared() []letDecl { return s.a.linked.lets[:min(s.lets, len(s.a.names.letShape))] }

func symbolAt(at *scalar, kind SymbolKind, t Type, expr string) Symbol {
	s := Symbol{Name: at.text, Kind: kind, Type: t, Expr: expr}
	s.Pos, s.End = at.whole()
	return s
}

// Type returns what is known of an expression's result; ok is false where it has errors.
func (s *Scope) Type(expr string) (Type, bool) { return s.infer(expr) }

func (s *Scope) infer(expr string) (Type, bool) {
	var diags Diagnostics
	c := compiler{names: s.a.names, diags: &diags, keys: &value.Keys{}, linked: s.a.linked, locals: s.locals, scripts: s.a.loader.scripts}
	c.docView = c.newView()
	c.names.lets = map[string]int{}
	for i, l := range s.declared() {
		c.names.lets[l.name.text] = i
	}
	o := c.expression(textScalar(expr))
	if diags.HasErrors() {
		return Type{}, false
	}
	return Type{o.shape}, true
}

// textScalar is text that stands in no file: as a block that starts at line 1, its line breaks and blanks are
// its own.
func textScalar(text string) *scalar {
	return &scalar{file: newSourceFile("", text), text: text, line: 0, column: 1, block: true}
}

// sampleLimits bound what it may cost to show an example.
var sampleLimits = Limits{DocumentBytes: 16 << 20, OutputBytes: 4 << 20, Depth: 200, Steps: 500_000, MemoryBytes: 32 << 20}

// Value computes an expression for a sample document and returns the result as JSON text; ok is false where it is
// missing or fails. An alias stands for the first element that passes its `where`.
func (s *Scope) Value(ctx context.Context, expr string, document []byte, in Input) (json []byte, ok bool) {
	var text strings.Builder
	for _, alias := range s.aliases {
		r := alias.rule
		if r.as == nil {
			continue
		}
		list := "(" + r.each.text + "\n)"
		if r.where != nil {
			list = "filter(" + list + ", let " + r.as.text + " = #; " + r.where.text + "\n)"
		}
		text.WriteString("let " + r.as.text + " = first(" + list + "); ")
		if r.index != nil {
			text.WriteString("let " + r.index.text + " = 0; ")
		}
	}
	text.WriteString(expr)
	k := *s.a.linked
	k.base, k.to, k.lets = nil, nil, slices.Clone(s.declared())
	key := textScalar("value")
	k.rules = []*ruleDecl{{file: k.main, key: key, path: targetPath{{name: "value"}}, result: resultDecl{expr: textScalar(text.String())}}}
	l := *s.a.loader
	l.limits = sampleLimits
	var diags Diagnostics
	m := l.compileLinked(&k, nil, &diags)
	out, err := m.Apply(ctx, document, in)
	if err != nil {
		return nil, false
	}
	found := gjson.GetBytes(out, "value")
	return []byte(found.Raw), found.Exists()
}
