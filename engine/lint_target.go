package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// targetNode is a field of the target and the rules that write it.
type targetNode struct {
	names []string
	kids  map[string]*targetNode
	rule  *ruleDecl // the first that writes the whole of it, or builds the list
	whole *shape.Shape
	item  bool // the rules below fill each element of a list
}

func (n *targetNode) kid(name string) *targetNode {
	if n.kids == nil {
		n.kids = map[string]*targetNode{}
	}
	k := n.kids[name]
	if k == nil {
		k = &targetNode{}
		n.kids[name] = k
		n.names = append(n.names, name)
	}
	return k
}

// targetTree puts the rules of a mapping in the form of the document that they build.
func targetTree(k *linked, results map[*ruleDecl]*shape.Shape) *targetNode {
	root := &targetNode{}
	for _, r := range k.rules {
		n := root
		for _, seg := range r.path {
			n = n.kid(seg.name)
			n.item = n.item || seg.list
		}
		if n.rule == nil {
			n.rule = r
		}
		if s := results[r]; s != nil {
			n.whole = shape.Union(n.whole, s)
		}
	}
	return root
}

// unfilled warns about required fields of the target that no rule fills.
func (l *lint) unfilled(c *mappingCompiler) {
	if c.m.copyBase || c.linked.to == nil {
		return
	}
	l.unfilledBelow(c, targetTree(c.linked, l.results), c.target, c.linked.to, nil, nil)
}

func (l *lint) unfilledBelow(c *mappingCompiler, n *targetNode, s *shape.Shape, at *scalar, rule *ruleDecl, path []string) {
	s = s.Without(value.Nil)
	var lacks []string
	for _, name := range s.Names() {
		if kid := n.kids[name]; kid == nil && !s.Prop(name).Has(value.Missing) {
			lacks = append(lacks, strings.Join(append(slices.Clone(path), name), "."))
		}
	}
	if len(lacks) > 0 {
		c.rule = rule
		l.warnWhole(&c.compiler, at, codeUnfilled, fmt.Sprintf("no rule fills %s, which the target requires", strings.Join(lacks, ", ")), "add a rule for it")
		c.rule = nil
	}
	for _, name := range n.names {
		kid, m := n.kids[name], s.Prop(name)
		if m == nil {
			continue
		}
		below, text, r := append(slices.Clone(path), name), at, rule
		if kid.rule != nil {
			text, r = kid.rule.key, kid.rule
		}
		if kid.item {
			m = m.Without(value.Nil).Element()
			below[len(below)-1] += "[]"
		}
		switch {
		case kid.whole != nil:
			l.lacks(c, r, kid, kid.whole, m, strings.Join(below, "."), 12)
		case len(kid.names) > 0:
			l.unfilledBelow(c, kid, m, text, r, below)
		}
	}
}

// lacks warns about objects that a rule makes without a field that the target requires.
func (l *lint) lacks(c *mappingCompiler, r *ruleDecl, n *targetNode, got, want *shape.Shape, path string, depth int) {
	if got == nil || want == nil || got == shape.Any || want == shape.Any || depth == 0 {
		return
	}
	got, want = got.Without(value.Nil), want.Without(value.Nil)
	switch {
	case got.Kinds == value.Lists && want.Has(value.List):
		l.lacks(c, r, &targetNode{}, got.Item, want.Item, path+"[]", depth-1)
	case got.Kinds == value.Objects && want.Has(value.Object) && got.Extra == nil:
		for _, name := range want.Names() {
			switch have := got.Prop(name); {
			case have != nil:
				l.lacks(c, r, &targetNode{}, have, want.Prop(name), path+"."+name, depth-1)
			case !want.Prop(name).Has(value.Missing) && n.kids[name] == nil:
				c.rule = r
				l.warnWhole(&c.compiler, r.key, codeUnfilled, fmt.Sprintf("no rule fills %s.%s, which the target requires", path, name), "add it to the object")
				c.rule = nil
			}
		}
	}
}

// overwritten warns about a rule that takes away what a rule before it wrote.
func (l *lint) overwritten(c *mappingCompiler) {
	below := map[string][]int{} // rules by every path that they stand at or below, without []
	for i, r := range c.linked.rules {
		for n := range r.path {
			key := r.path[:n+1].names()
			below[key] = append(below[key], i)
		}
	}
	warn := func(r *ruleDecl, msg, help string) {
		c.rule = r
		l.warnWhole(&c.compiler, r.key, codeOverwrites, msg, help)
		c.rule = nil
	}
	for i, r := range c.linked.rules {
		s := l.results[r]
		noFields := s != nil && r.each == nil && s.Kinds&^value.Nil != 0 && s.Kinds&(value.Objects|value.Lists) == 0
		told := false
		for _, j := range below[r.path.names()] {
			other := c.linked.rules[j]
			switch {
			case !covers(r.path, other.path) || !together(r, other):
			case j < i && !told:
				told = true
				warn(r, fmt.Sprintf("this replaces what the rule for %s in line %d writes", other.path, other.key.line),
					"put this rule first, so that the other one changes a part of its result, or remove one of them")
			case j > i && noFields && len(other.path) > len(r.path):
				warn(other, fmt.Sprintf("the rule for %s in line %d writes %s, which has no fields", r.path, r.key.line, article((s.Kinds&^value.Nil).String())), "remove one of them")
				noFields = false
			}
		}
	}
}

// names writes the path without its lists.
func (p targetPath) names() string {
	plain := slices.Clone(p)
	for i := range plain {
		plain[i].list = false
	}
	return plain.String()
}

// covers tells whether writing a takes away what b wrote: b is a, or stands below it. The list that a rule
// with `each` builds and the rules for its elements belong together.
func covers(a, b targetPath) bool {
	if len(a) > len(b) || a[len(a)-1].list && b.hasPrefix(a) {
		return false
	}
	for i, seg := range a {
		if seg.name != b[i].name {
			return false
		}
		if seg.list != b[i].list {
			return true // lines and lines[]: one of them takes the other's place
		}
	}
	return len(b) > len(a) || a.String() == b.String()
}

// together tells whether two rules may both write in one run.
func together(a, b *ruleDecl) bool {
	return !(a.write == writeOnCreate && b.write == writeOnUpdate || a.write == writeOnUpdate && b.write == writeOnCreate)
}

// entries warns about an entry of a table that the target can never hold.
func (l *lint) entries(c *mappingCompiler, r *ruleDecl, target *shape.Shape) {
	if r.lookup == nil || target == shape.Any {
		return
	}
	if r.missing == missingValue {
		if where, why := misfit(literalShape(value.Raw(r.missingV)), target, 12); why != "" {
			l.warnWhole(&c.compiler, r.lookup, codeTableEntry, fmt.Sprintf("the value for a key without an entry does not fit the target: it%s %s", where, why), "correct `missing`; a document that gets it fails")
		}
	}
	for _, decl := range c.linked.tables {
		if decl.name.text != r.lookup.text {
			continue
		}
		var check func(v value.Value, depth int, path string)
		check = func(v value.Value, depth int, path string) {
			if depth > 0 {
				for _, f := range v.Fields() {
					check(f.Value, depth-1, path+"."+f.Key)
				}
				return
			}
			if where, why := misfit(literalShape(v), target, 12); why != "" {
				l.warnWhole(&c.compiler, decl.name, codeTableEntry, fmt.Sprintf("the entry %s does not fit the target: it%s %s", strings.TrimPrefix(path, "."), where, why), "correct the entry; a document that gets it fails")
			}
		}
		check(value.Raw(decl.json), len(r.keys), "")
	}
}
