package language

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
)

// Completion is something that can be written at a place.
type Completion struct {
	Label string `json:"label"`
	Kind  string `json:"kind"` // field, target, variable, function, keyword, value, mapping or type
	// Detail is its type or signature in short, Documentation more in Markdown; both may be empty.
	Detail        string `json:"detail,omitempty"`
	Documentation string `json:"documentation,omitempty"`
	// Text replaces what stands between Pos and End. In a snippet ${1:name} are the places to fill in, in their
	// order, and $0 is where the cursor ends; a literal $, } or \ has a \ before it.
	Text    string          `json:"text"`
	Snippet bool            `json:"snippet,omitempty"`
	Pos     engine.Position `json:"pos"`
	End     engine.Position `json:"end"`
	// Rank orders completions: lower ones are likelier.
	Rank int `json:"rank"`
}

// The ranks of completions.
const (
	rankNear     = 1 // aliases and variables of the expression
	rankField    = 2
	rankLet      = 3
	rankContext  = 4
	rankFunction = 5
	rankOverride = 6 // a target that an inherited rule fills already
)

// Complete returns what can be written at a place of a mapping file, likeliest first. The error is that of ctx.
func (s *Service) Complete(ctx context.Context, name, text string, pos engine.Position) ([]Completion, error) {
	f, err := s.open(ctx, name, text, pos)
	if err != nil {
		return nil, err
	}
	var found []Completion
	switch slot := f.slot(); slot.role {
	case keyRole:
		found = f.keys(slot)
	case targetRole:
		found = f.targets()
	case expressionRole:
		found = f.expression(slot)
	case typeRole:
		found = f.whole("type", f.a.DocumentTypes())
	case mappingRole:
		found = f.whole("mapping", f.a.Mappings())
	case tableRole:
		found = f.whole("value", f.a.Tables())
	case wordRole:
		found = f.whole("keyword", slot.words)
	case literalRole:
		t, _ := f.a.Target(slot.target)
		found = f.whole("value", plainChoices(t))
	}
	slices.SortStableFunc(found, func(a, b Completion) int { return a.Rank - b.Rank })
	return found, ctx.Err()
}

// plainChoices are the values of a type as YAML has them.
func plainChoices(t engine.Type) []string {
	var all []string
	for _, c := range t.Choices() {
		if text, ok := unquoted(c); ok {
			c = text
		}
		all = append(all, c)
	}
	return all
}

// whole offers words for the whole scalar at the place.
func (f *file) whole(kind string, words []string) []Completion {
	from, to := f.off, f.off
	if n := f.at.value; n != nil && n.kind == scalarNode && n.from <= f.off {
		from, to = n.from, max(f.off, n.to)
	}
	var all []Completion
	for _, w := range words {
		all = append(all, f.completion(Completion{Label: w, Kind: kind, Text: w}, from, to))
	}
	return all
}

func (f *file) completion(c Completion, from, to int) Completion {
	// A place before the first word of a value is as good as one in it.
	c.Pos, c.End = f.position(min(from, to)), f.position(to)
	return c
}

// keySpan returns the bounds of the key at the place and whether its colon is written.
func (f *file) keySpan() (from, to int, colon bool) {
	if e := f.at.entry; e != nil && f.at.inKey {
		return e.from, max(e.to, f.off), e.colon >= 0
	}
	return f.off, f.off, false
}

// keys offers the keys of the language that the map does not have yet.
func (f *file) keys(s slot) []Completion {
	from, to, colon := f.keySpan()
	var all []Completion
	for _, key := range s.keys {
		w := key.Name
		if in := f.at.in; in != nil && f.at.inKey && slices.ContainsFunc(in.entries, func(e entry) bool { return e.key == w && e.from != from }) {
			continue
		}
		c := Completion{Label: w, Kind: "keyword", Documentation: key.Doc, Text: w}
		if !colon {
			c.Text += ": "
			if len(f.at.path) == 0 && (w == "rules" || w == "let" || w == "tables" || w == "settings") {
				c.Text = w + ":\n  "
			}
		}
		all = append(all, f.completion(c, from, to))
	}
	return all
}

// Bounds of the list of target paths.
const (
	maxTargetDepth = 8
	maxTargets     = 2000
)

// targets offers the target fields that no rule of the file fills yet.
func (f *file) targets() []Completion {
	from, to, colon := f.keySpan()
	own, inherited, lists := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for _, r := range f.a.Rules() {
		lists[r.Target] = r.List
		inherited[r.Target] = true
	}
	if rules := f.tree.root.child("rules"); rules != nil {
		for _, e := range rules.entries {
			if e.from != from {
				own[strings.TrimSpace(e.key)] = true
			}
		}
	}
	root, _ := f.a.Target("")
	var all []Completion
	add := func(path string, t engine.Type, list bool) {
		if own[path] || len(all) >= maxTargets {
			return
		}
		k := known{typ: t, typed: true}
		c := Completion{Label: path, Kind: "target", Detail: k.detail(), Documentation: k.markdown(""), Text: path, Rank: rankField}
		if inherited[path] && !own[path] {
			if r, ok := f.inherited(path); ok {
				c.Rank = rankOverride
				c.Documentation += "\n\n" + f.inheritedMarkdown(r)
			}
		} else if !t.Optional() {
			c.Rank = rankNear // required and not filled
		}
		switch {
		case colon:
		case list:
			c.Text, c.Snippet = snippetText(path)+": {each: ${1:list}, as: ${2:item}}", true
		default:
			c.Text += ": "
		}
		all = append(all, f.completion(c, from, to))
	}
	var walk func(prefix string, t engine.Type, depth int)
	walk = func(prefix string, t engine.Type, depth int) {
		for _, name := range t.Fields() {
			m, _ := t.Field(name)
			path := join(prefix, name)
			switch {
			case m.IsList():
				add(path+"[]", m, true)
				if lists[path+"[]"] && depth < maxTargetDepth {
					walk(path+"[]", m.Element(), depth+1)
				}
			case m.IsObject() && len(m.Fields()) > 0 && depth < maxTargetDepth:
				walk(path, m, depth+1)
			default:
				add(path, m, false)
			}
		}
	}
	walk("", root, 0)
	return all
}

// join writes the path of a field.
func join(prefix, name string) string {
	switch {
	case strings.ContainsAny(name, ".[]\"' :#"):
		return fmt.Sprintf("%s[%q]", prefix, name)
	case prefix == "":
		return name
	}
	return prefix + "." + name
}

func snippetText(s string) string {
	return strings.NewReplacer(`\`, `\\`, `$`, `\$`, `}`, `\}`).Replace(s)
}

// expression offers what can be written at a place of an expression.
func (f *file) expression(s slot) []Completion {
	text := f.scalarAt()
	i := text.index(f.off)
	all := tokens(text.runes)
	// The tokens before the word that is being typed, and where that begins.
	n, start := 0, i
	behind := f.off > text.at[len(text.at)-1] // blanks at the end are no part of the scalar
	for n < len(all) && (all[n].to < i || behind) {
		n++
	}
	if n < len(all) && all[n].from < i {
		switch t := all[n]; t.kind {
		case nameToken:
			start = t.from
		case pointerToken:
			return f.pointers(text, t)
		case stringToken:
			if i < t.to || t.open {
				return f.strings(s, text, all[:n], t)
			}
			n++
		case numberToken, commentToken:
			return nil
		default:
			n++
		}
	}
	if behind {
		text.at[len(text.at)-1] = f.off
	}
	before := all[:n]
	scope := f.scope(s)
	if n > 0 && (before[n-1].is(".") || before[n-1].is("?.")) {
		return f.members(scope, text, before, start)
	}
	if n > 0 && endsOperand(before[n-1]) {
		var found []Completion
		for _, w := range operators {
			found = append(found, f.completion(Completion{Label: w, Kind: "keyword", Text: w + " "}, text.at[start], f.off))
		}
		return found
	}
	return f.names(scope, text, before, start)
}

func (f *file) pointers(text scalarText, t token) []Completion {
	var all []Completion
	for _, w := range [][2]string{{"#", "The element."}, {"#index", "The index of the element, from 0."}, {"#acc", "In reduce: what the elements before gave."}} {
		all = append(all, f.completion(Completion{Label: w[0], Kind: "variable", Documentation: w[1], Text: w[0], Rank: rankNear}, text.at[t.from], f.off))
	}
	return all
}

// members offers the fields of the chain before the dot that before ends with.
func (f *file) members(scope *engine.Scope, text scalarText, before []token, start int) []Completion {
	dot := len(before) - 1
	base, first := "#", dot
	if dot > 0 && before[dot-1].kind != numberToken && endsOperand(before[dot-1]) {
		first = chainStart(before, dot-1)
		base = string(text.runes[before[first].from:before[dot-1].to])
	}
	k := f.infer(scope, text.runes, levels(before, first), base)
	var all []Completion
	for _, fn := range f.a.ScriptFunctions() { // loyalty.tier(...)
		if base == fn.Module {
			c := scriptCompletion(fn)
			c.Label, c.Text = fn.Export, strings.TrimPrefix(c.Text, strings.TrimSuffix(fn.Name, fn.Export))
			all = append(all, f.completion(c, text.at[start], f.off))
		}
	}
	for _, m := range k.fields() {
		c := Completion{Label: m.name, Kind: "field", Detail: m.detail(), Documentation: m.markdown(""), Text: m.name, Rank: rankField}
		from := text.at[start]
		if !plainWord(m.name) {
			c.Text, from = fmt.Sprintf("[%q]", m.name), text.at[before[dot].from]
		}
		all = append(all, f.completion(c, from, f.off))
	}
	return all
}

func plainWord(s string) bool {
	ts := tokens([]rune(s))
	return len(ts) == 1 && ts[0].kind == nameToken && !slices.Contains(keywords, s)
}

// strings offers the values that a text in quotes can be: the names of fields in x["name"], the choices of what it is
// compared with.
func (f *file) strings(s slot, text scalarText, before []token, t token) []Completion {
	n := len(before) - 1
	if n < 1 || !endsOperand(before[n-1]) {
		return nil
	}
	to := t.to
	if !t.open {
		to--
	}
	offer := func(kind, word string, k known) Completion {
		return f.completion(Completion{Label: word, Kind: kind, Detail: k.detail(), Documentation: k.markdown(""), Text: word, Rank: rankField}, text.at[t.from+1], text.at[to])
	}
	first := chainStart(before, n-1)
	k := f.infer(f.scope(s), text.runes, levels(before, first), string(text.runes[before[first].from:before[n-1].to]))
	var all []Completion
	switch {
	case before[n].is("["):
		for _, m := range k.fields() {
			all = append(all, offer("field", m.name, m.known))
		}
	case before[n].is("==") || before[n].is("!="):
		for _, w := range plainChoices(k.typ) {
			all = append(all, offer("value", w, known{typ: k.typ}))
		}
	}
	return all
}

// names offers what an expression can begin with.
func (f *file) names(scope *engine.Scope, text scalarText, before []token, start int) []Completion {
	var all []Completion
	seen := map[string]bool{}
	add := func(c Completion) {
		if !seen[c.Label] {
			seen[c.Label] = true
			all = append(all, f.completion(c, text.at[start], f.off))
		}
	}
	stack := levels(before, len(before))
	overElements := false
	for i, l := range stack {
		overElements = overElements || l.overElements()
		for _, d := range l.lets {
			k := f.infer(scope, text.runes, stack[:i+1], d.name)
			add(Completion{Label: d.name, Kind: "variable", Detail: k.detail(), Documentation: k.markdown(""), Text: d.name, Rank: rankNear})
		}
	}
	if overElements {
		k := f.infer(scope, text.runes, stack, "#")
		add(Completion{Label: "#", Kind: "variable", Detail: k.detail(), Documentation: k.markdown("element"), Text: "#", Rank: rankNear})
		for _, m := range k.fields() {
			if plainWord(m.name) {
				add(Completion{Label: "." + m.name, Kind: "field", Detail: m.detail(), Documentation: m.markdown(""), Text: "." + m.name, Rank: rankNear})
			}
		}
	}
	symbols := scope.Symbols()
	values := f.values(scope, symbols)
	for _, s := range symbols {
		k := known{typ: s.Type, typed: true, value: values[s.Name]}
		c := Completion{Label: s.Name, Kind: "variable", Detail: k.detail(), Documentation: k.markdown(""), Text: s.Name, Rank: rankLet}
		switch s.Kind {
		case engine.AliasSymbol:
			c.Rank = rankNear
		case engine.FieldSymbol:
			c.Kind, c.Rank = "field", rankField
			if !plainWord(s.Name) {
				c.Text = fmt.Sprintf("doc[%q]", s.Name)
			}
		case engine.ContextSymbol:
			c.Rank, c.Documentation = rankContext, contextDocs[s.Name]
		}
		add(c)
	}
	piped := len(before) > 0 && before[len(before)-1].is("|")
	if piped {
		all, seen = nil, map[string]bool{}
	}
	for _, fn := range engine.Functions() {
		c := Completion{Label: fn.Name, Kind: "function", Detail: fn.Signature, Documentation: functionMarkdown(fn), Rank: rankFunction, Snippet: true}
		params := fn.Params
		if piped && len(params) > 0 {
			params = params[1:]
		}
		var places []string
		for i, p := range params {
			places = append(places, fmt.Sprintf("${%d:%s}", i+1, p))
		}
		c.Text = fn.Name + "(" + strings.Join(places, ", ") + ")"
		if len(params) == 0 {
			c.Text = fn.Name + "($0)"
		}
		add(c)
	}
	for _, fn := range f.a.ScriptFunctions() {
		if !piped {
			add(scriptCompletion(fn))
		}
	}
	return all
}

// values computes what symbols are in the sample document, all at once.
func (f *file) values(scope *engine.Scope, symbols []engine.Symbol) map[string]gjson.Result {
	if f.docs == nil {
		return nil
	}
	var parts []string
	for _, s := range symbols {
		if s.Kind != engine.ContextSymbol && plainWord(s.Name) {
			parts = append(parts, s.Name+": "+s.Name)
		}
	}
	raw, ok := scope.Value(f.ctx, "{"+strings.Join(parts, ", ")+"}", f.docs.document, f.docs.in)
	if !ok {
		raw = f.docs.document // a let that fails hides the others; the fields are still known
	}
	all := map[string]gjson.Result{}
	gjson.ParseBytes(raw).ForEach(func(key, v gjson.Result) bool {
		all[key.Str] = v
		return true
	})
	return all
}
