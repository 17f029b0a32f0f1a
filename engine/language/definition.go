package language

import (
	"context"

	"github.com/crosswalk-go/crosswalk/engine"
)

// Location is a place of a file. In a file of the library, Library is true and Pos.File its name there.
type Location struct {
	Pos     engine.Position `json:"pos"`
	End     engine.Position `json:"end"`
	Library bool            `json:"library,omitempty"`
}

// Definition tells where the thing at a place of a mapping file is declared: the inherited rule of an overlay's
// rule, the list that a target path enters, a let, an alias, a table, a setting, the file that `extends` names. nil where
// there is none. The error is that of ctx.
func (s *Service) Definition(ctx context.Context, name, text string, pos engine.Position) (*Location, error) {
	f, err := s.open(ctx, name, text, pos)
	if err != nil {
		return nil, err
	}
	slot := f.slot()
	switch {
	case f.at.inKey && slot.role == targetRole && f.at.entry != nil:
		return f.ruleDefinition(f.at.entry), ctx.Err()
	case f.at.inKey:
	case slot.role == mappingRole:
		return f.extended(), ctx.Err()
	case slot.role == tableRole:
		return f.declared("tables", f.scalarAt().String()), ctx.Err()
	case slot.role == expressionRole:
		return f.nameDefinition(slot), ctx.Err()
	}
	return nil, ctx.Err()
}

// located returns a place of one of the mapping's files.
func (f *file) located(pos, end engine.Position) *Location {
	l := &Location{Pos: pos, End: end}
	for _, s := range f.a.Sources() {
		if s.Path == pos.File {
			l.Library = s.Library
		}
	}
	return l
}

func (f *file) ruleDefinition(e *entry) *Location {
	if r, ok := f.inherited(e.key); ok {
		return f.located(r.Pos, r.End)
	}
	// The innermost list before the place, else before the end of the path.
	path := []rune(e.key)
	for to := len(path) - 1; to > 1; to-- {
		if path[to-1] == ']' && path[to-2] == '[' && path[to] == '.' {
			for _, r := range f.a.Rules() {
				if r.List && r.Target == string(path[:to]) {
					return f.located(r.Pos, r.End)
				}
			}
		}
	}
	return nil
}

func (f *file) extended() *Location {
	sources := f.a.Sources()
	for i, s := range sources {
		if samePath(s.Path, f.name) && i+1 < len(sources) {
			start := engine.Position{File: sources[i+1].Path, Line: 1, Column: 1}
			return &Location{Pos: start, End: start, Library: sources[i+1].Library}
		}
	}
	return nil
}

func (f *file) declared(section, name string) *Location {
	pos, end, ok := f.a.Declaration(section, name)
	if !ok {
		return nil
	}
	return f.located(pos, end)
}

func (f *file) nameDefinition(s slot) *Location {
	w, ok := f.wordAt()
	if !ok {
		return nil
	}
	if fn, ok := f.scriptCall(w); ok && fn.Pos.Line > 0 && !isFunction(w) {
		return &Location{Pos: fn.Pos, End: fn.Pos}
	}
	if w.call {
		return nil
	}
	first, t := w.tokens[w.first], w.token()
	if w.i == w.first+2 && (first.text == "tables" || first.text == "settings") {
		return f.declared(first.text, t.text)
	}
	if w.i != w.first || t.kind != nameToken {
		return nil
	}
	stack := levels(w.tokens, w.first)
	for i := len(stack) - 1; i >= 0; i-- {
		for j := len(stack[i].lets) - 1; j >= 0; j-- {
			if d := stack[i].lets[j]; d.name == t.text {
				return &Location{Pos: f.position(w.text.at[d.at.from]), End: f.position(w.text.at[d.at.to])}
			}
		}
	}
	for _, sym := range f.scope(s).Symbols() {
		if sym.Name == t.text {
			if sym.Pos.Line == 0 {
				return nil
			}
			return f.located(sym.Pos, sym.End)
		}
	}
	return nil
}
