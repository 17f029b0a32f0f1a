package engine

import (
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// when compiles the cases of a rule: the first whose test passes gives the result.
func (c *mappingCompiler) when(r *ruleDecl) operand {
	var branches []branch
	var s *shape.Shape
	complete := false
	mark := len(c.sure)
	for i, decl := range r.when {
		var b branch
		if decl.cond != nil {
			b.cond = c.test(decl.cond)
		} else {
			complete = true
		}
		known := len(c.sure)
		if decl.cond != nil && decl.cond.tree != nil {
			c.learn(decl.cond.tree, true)
		}
		o := c.result(&decl.result, roundingOf(r))
		if c.sure = c.sure[:known]; decl.cond != nil && decl.cond.tree != nil {
			c.learn(decl.cond.tree, false) // for the cases that follow
		}
		b.operand = o
		b.run = c.notedCase(r, i, o.run)
		s = shape.Union(s, o.shape)
		branches = append(branches, b)
	}
	c.sure = c.sure[:mark]
	if s == nil {
		return c.broken(nil)
	}
	if !complete {
		s = s.With(value.Of(value.Missing))
	}
	run := func(f *frame) (value.Value, error) {
		for i := range branches {
			b := &branches[i]
			if b.cond != nil {
				ok, err := b.cond(f)
				if err != nil {
					return value.Value{}, err
				}
				if !ok {
					continue
				}
			}
			return b.run(f)
		}
		return value.Value{}, nil
	}
	return operand{run: run, shape: s, quick: quickChoice(branches)}
}
