package engine

import (
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// linked is a mapping with everything that it inherits, overlays applied.
type linked struct {
	main     *mappingFile
	files    []*mappingFile // main first, then what it extends
	from, to *scalar
	base     *scalar
	lets     []letDecl
	rules    []*ruleDecl
	tables   []tableDecl
	sets     []settingDecl
}

// link applies the overlays: the last file is the root, each one before it replaces, adds
// and removes.
func link(files []*mappingFile, diags *Diagnostics) *linked {
	k := &linked{main: files[0], files: files}
	for i := len(files) - 1; i >= 0; i-- {
		k.overlay(files[i], i == len(files)-1, diags)
	}
	for _, need := range []struct {
		have *scalar
		name string
	}{{k.from, "from"}, {k.to, "to"}} {
		if need.have == nil && files[len(files)-1].extends == nil && !files[len(files)-1].unreadable {
			*diags = append(*diags, Diagnostic{Severity: Error, Code: codeMissingKey, Message: fmt.Sprintf("the key %q is missing", need.name),
				Help: "a mapping says its document types: `from: shopware.order`, `to: order`; `any` is a document of any form", Pos: k.main.src.at(1, 1)})
		}
	}
	return k
}

func (k *linked) overlay(m *mappingFile, root bool, diags *Diagnostics) {
	at := func(s *scalar, code, msg, help string) *Diagnostic {
		d := Diagnostic{Severity: Error, Code: code, Message: msg, Help: help}
		d.Pos, d.End = s.whole()
		d.Snippet = m.src.line(d.Pos.Line)
		*diags = append(*diags, d)
		return &(*diags)[len(*diags)-1]
	}
	for _, w := range []struct {
		name string
		have **scalar
		said *scalar
	}{{"from", &k.from, m.from}, {"to", &k.to, m.to}} {
		if w.said == nil {
			continue
		}
		// A base for several document types says `any`; who extends it may say which.
		if *w.have != nil && (*w.have).text != w.said.text && (*w.have).text != anyType {
			at(w.said, codeExtends, fmt.Sprintf("%s is %q here and %q in the mapping that it extends", w.name, w.said.text, (*w.have).text), "leave it out: an overlay inherits it")
			continue
		}
		*w.have = w.said
	}
	if m.base != nil {
		k.base = m.base
	}
	for _, l := range m.lets {
		k.lets = replace(k.lets, l, func(a, b letDecl) bool { return a.name.text == b.name.text })
	}
	for _, t := range m.tables {
		k.tables = replace(k.tables, t, func(a, b tableDecl) bool { return a.name.text == b.name.text })
	}
	for _, s := range m.sets {
		k.sets = replace(k.sets, s, func(a, b settingDecl) bool { return a.Name == b.Name })
	}
	own := map[string]*ruleDecl{}
	for _, r := range m.rules {
		path := r.target
		if first := own[path]; first != nil {
			at(r.key, codeDuplicate, fmt.Sprintf("%s has a rule already, in line %d", path, first.key.line), "keep one of them")
			continue
		}
		own[path] = r
		if !r.remove {
			k.rules = replace(k.rules, r, func(a, b *ruleDecl) bool { return a.target == b.target })
			continue
		}
		if !k.remove(r.path) {
			msg, help := fmt.Sprintf("there is no inherited rule for %s to remove", path), ""
			if root {
				msg, help = "a rule without a result", "write an expression; null removes an inherited rule in a mapping that extends another"
			}
			d := at(r.key, codeNothingGone, msg, help)
			if !root {
				d.suggestText(path, k.targets(), "")
			}
		}
	}
}

// remove takes out the rule for path and, where it builds a list, the rules below.
func (k *linked) remove(path targetPath) bool {
	kept := k.rules[:0:0]
	for _, r := range k.rules {
		if r.target == path.String() || path[len(path)-1].list && r.path.hasPrefix(path) {
			continue
		}
		kept = append(kept, r)
	}
	gone := len(kept) < len(k.rules)
	k.rules = kept
	return gone
}

func (k *linked) targets() []string {
	out := make([]string, len(k.rules))
	for i, r := range k.rules {
		out[i] = r.target
	}
	return out
}

// replace puts x in the place of the element that is the same, or at the end.
func replace[T any](xs []T, x T, same func(a, b T) bool) []T {
	for i := range xs {
		if same(xs[i], x) {
			xs[i] = x
			return xs
		}
	}
	return append(xs, x)
}

// chainOf lists the files from main to the one that r was inherited from; nil for
// a rule of main itself.
func chainOf(k *linked, r *ruleDecl) []Position {
	if k == nil || r.file == k.main {
		return nil
	}
	var chain []Position
	for _, f := range k.files {
		if f == r.file {
			break
		}
		pos, _ := f.extends.whole()
		chain = append(chain, pos)
	}
	return chain
}

// settingKinds are the types that a setting can have.
var settingKinds = map[string]value.Kinds{
	"string": value.Strings, "number": value.Numbers, "boolean": value.Bools, "object": value.Objects, "list": value.Lists,
}
