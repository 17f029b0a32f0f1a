package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// targetShape follows a rule's path through the target's schema and reports a field that the
// target does not have.
func (c *mappingCompiler) targetShape(r *ruleDecl, rel targetPath, parent *shape.Shape) *shape.Shape {
	s := parent
	for i, seg := range rel {
		s = s.Without(value.Nil)
		if !s.Has(value.Object) {
			c.at(r.key, seg.from, seg.to, codeTargetField, fmt.Sprintf("%s holds %s, it has no fields", targetPath(rel[:i]), article(s.Kinds.String())), "")
			return shape.Any
		}
		m, known := s.Member(seg.name)
		if !known {
			d := c.at(r.key, seg.from, seg.to, codeTargetField, fmt.Sprintf("%s has no field %q", c.targetName(rel[:i]), seg.name), "")
			d.suggest(seg.name, s.Names(), "its fields are "+list(s.Names(), 12))
			return shape.Any
		}
		s = m
		last := i == len(rel)-1
		if seg.list && !s.Has(value.List) {
			c.at(r.key, seg.from, seg.to+2, codeTargetKind, fmt.Sprintf("%s is no list, it holds %s", seg.name, article(s.Without(value.Nil).Kinds.String())), "write it without []").fix("Remove []", seg.name)
			return shape.Any
		}
		if !seg.list && !last && !s.Has(value.Object) && s.Has(value.List) {
			c.at(r.key, seg.from, seg.to, codeTargetKind, fmt.Sprintf("%s is a list", seg.name), fmt.Sprintf("write %s[] for its elements", seg.name))
			return shape.Any
		}
	}
	return s
}

func (c *mappingCompiler) targetName(p targetPath) string {
	if len(p) == 0 {
		return "the target " + c.m.to
	}
	return p.String()
}

// fits reports a result that the target can never hold.
func (c *mappingCompiler) fits(text *scalar, got, want *shape.Shape, r *ruleDecl) {
	if path, why := misfit(got, want, 12); why != "" {
		where := "the target"
		if path != "" {
			where = "the target's " + strings.TrimPrefix(path, ".")
		}
		d := c.at(text, 0, whole(text), codeTargetKind, fmt.Sprintf("%s %s", where, why), "")
		switch {
		case strings.Contains(why, "string, this is a number"):
			d.Help = "string(x) writes a number as text"
			c.textFix(d, text)
		case strings.Contains(why, "number, this is a string"):
			d.Help = "number(x) reads a number from text"
		}
	}
}

// misfit tells where and why a value of shape got can never stand where want is; why is "" where it may.
func misfit(got, want *shape.Shape, depth int) (path, why string) {
	g, w := got.Kinds&^value.Nil, want.Kinds&^value.Nil
	if g == 0 || got == shape.Any || want == shape.Any || depth == 0 {
		return "", ""
	}
	if g&w == 0 {
		return "", fmt.Sprintf("wants %s, this is %s", article(w.String()), article(g.String()))
	}
	if g == value.Strings && got.Enum != nil && want.Enum != nil {
		odd := slices.DeleteFunc(slices.Clone(got.Enum), func(e string) bool { return slices.Contains(want.Enum, e) })
		if len(odd) == len(got.Enum) || got.Const && len(odd) > 0 {
			return "", fmt.Sprintf("cannot be %s; it can be %s", odd[0], list(want.Enum, 20))
		}
	}
	if g.Has(value.List) && w.Has(value.List) && got.Item != nil && want.Item != nil {
		if p, why := misfit(got.Item, want.Item, depth-1); why != "" {
			return "[]" + p, why
		}
	}
	if g == value.Objects && w.Has(value.Object) {
		for _, name := range got.Names() {
			m, known := want.Member(name)
			if !known {
				why := "is no field that it has"
				if best, _ := nearest(name, want.Names()); best != "" {
					why = fmt.Sprintf("is no field that it has, did you mean %q?", best)
				}
				return "." + name, why
			}
			if p, why := misfit(got.Prop(name), m, depth-1); why != "" {
				return "." + name + p, why
			}
		}
	}
	return "", ""
}
