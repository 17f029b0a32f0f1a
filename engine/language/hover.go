package language

import (
	"context"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
)

// Hover is what is known of the word at a place.
type Hover struct {
	Markdown string          `json:"markdown"`
	Pos      engine.Position `json:"pos"`
	End      engine.Position `json:"end"`
}

// Hover explains the word at a place of a mapping file; nil where there is nothing to say. The error is that of
// ctx.
func (s *Service) Hover(ctx context.Context, name, text string, pos engine.Position) (*Hover, error) {
	f, err := s.open(ctx, name, text, pos)
	if err != nil {
		return nil, err
	}
	if f.at.inKey {
		return f.hoverKey(), ctx.Err()
	}
	switch slot := f.slot(); slot.role {
	case expressionRole:
		return f.hoverExpression(slot), ctx.Err()
	case typeRole:
		if e := f.at.entry; e != nil && e.key == "to" {
			t, _ := f.a.Target("")
			return f.hover(known{typ: t, typed: true}.markdown(f.a.To()), f.at.value.from, f.at.value.to), nil
		}
	}
	return nil, nil
}

func (f *file) hover(markdown string, from, to int) *Hover {
	return &Hover{Markdown: markdown, Pos: f.position(from), End: f.position(to)}
}

func (f *file) hoverKey() *Hover {
	e := f.at.entry
	if e == nil {
		return nil
	}
	slot := f.slot()
	docs := ""
	switch slot.role {
	case targetRole:
		return f.hoverTarget(e)
	case keyRole:
		docs = slot.keys.Doc(e.key)
	default:
		if len(f.at.path) == 1 && f.at.path[0] == "let" {
			return f.hoverLet(e)
		}
	}
	if docs == "" {
		return nil
	}
	return f.hover("**"+e.key+"**: "+escaped(docs), e.from, e.to)
}

func (f *file) hoverLet(e *entry) *Hover {
	scope := f.a.RuleScope("", false)
	return f.hover(f.infer(scope, nil, nil, e.key).markdown(e.key), e.from, e.to)
}

// hoverTarget explains the part of a target path that the place is in, and the rule that the file's own
// replaces.
func (f *file) hoverTarget(e *entry) *Hover {
	path := []rune(e.key)
	to := len(path)
	for i := max(f.off-e.from, 1); i < len(path); i++ {
		if path[i] == '.' || path[i] == '[' && (i+1 < len(path) && path[i+1] != ']') {
			to = i
			break
		}
	}
	part := string(path[:to])
	t, ok := f.a.Target(part)
	if !ok {
		return nil
	}
	text := known{typ: t, typed: true}.markdown(part)
	if r, ok := f.inherited(e.key); ok && to == len(path) {
		text += "\n\n" + f.inheritedMarkdown(r)
	}
	return f.hover(text, e.from, e.from+to)
}

// inheritedMarkdown shows a rule of a file that this one extends.
func (f *file) inheritedMarkdown(r engine.RuleText) string {
	lines := strings.Split(r.Text, "\n")
	pad := len(lines[0]) - len(strings.TrimLeft(lines[0], " "))
	for i, l := range lines {
		lines[i] = l[min(pad, len(l)-len(strings.TrimLeft(l, " "))):]
	}
	const most = 12
	if len(lines) > most {
		lines = append(lines[:most], "…")
	}
	return "Inherited from " + escaped(shortName(r.Pos.File)) + ":\n\n```yaml\n" + strings.Join(lines, "\n") + "\n```"
}

// shortName is the file and its folder.
func shortName(path string) string {
	parts := strings.Split(strings.ReplaceAll(path, `\`, "/"), "/")
	return strings.Join(parts[max(0, len(parts)-2):], "/")
}

// word is a name of an expression.
type word struct {
	text   scalarText
	tokens []token
	i      int // of the name
	first  int // of the chain that it ends
	call   bool
}

// wordAt returns the name at the place.
func (f *file) wordAt() (word, bool) {
	w := word{text: f.scalarAt()}
	w.tokens = tokens(w.text.runes)
	at := w.text.index(f.off)
	w.i = slices.IndexFunc(w.tokens, func(t token) bool {
		return (t.kind == nameToken && endsOperand(t) || t.kind == pointerToken) && t.from <= at && at <= t.to
	})
	if w.i < 0 {
		return w, false
	}
	w.first = chainStart(w.tokens, w.i)
	w.call = w.first == w.i && w.i+1 < len(w.tokens) && w.tokens[w.i+1].is("(") && w.tokens[w.i].kind == nameToken
	return w, true
}

func (w word) token() token { return w.tokens[w.i] }

func (w word) chain() string {
	return string(w.text.runes[w.tokens[w.first].from:w.token().to])
}

func (f *file) hoverExpression(s slot) *Hover {
	w, ok := f.wordAt()
	if !ok {
		return nil
	}
	t := w.token()
	from, to := w.text.at[t.from], w.text.at[t.to]
	if w.call {
		for _, fn := range engine.Functions() {
			if fn.Name == t.text {
				return f.hover(functionMarkdown(fn), from, to)
			}
		}
	}
	if fn, ok := f.scriptCall(w); ok {
		return f.hover(scriptMarkdown(fn), from, to)
	}
	if w.call {
		return nil
	}
	stack := levels(w.tokens, w.first)
	// The value of a variable that is being declared is known behind its declaration only.
	if w.i > 0 && w.tokens[w.i-1].kind == nameToken && w.tokens[w.i-1].text == "let" {
		return nil
	}
	// A key of an object literal is no name.
	if w.first == w.i && len(stack) > 1 && w.i+1 < len(w.tokens) && w.tokens[w.i+1].is(":") && (w.tokens[w.i-1].is("{") || w.tokens[w.i-1].is(",")) {
		return nil
	}
	scope := f.scope(s)
	k := f.infer(scope, w.text.runes, stack, w.chain())
	if !k.typed {
		return nil
	}
	text := k.markdown(w.chain())
	if w.first == w.i {
		if docs := contextDocs[t.text]; docs != "" {
			text += "\n\n" + docs
		}
		for _, sym := range scope.Symbols() {
			if sym.Name == t.text && sym.Expr != "" {
				text += "\n\n```\n" + strings.TrimRight(sym.Expr, "\n") + "\n```"
				break
			}
		}
	}
	return f.hover(text, from, to)
}
