package engine

import (
	"context"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Condition is a compiled test of a document, such as the `where` of a flow. It is
// immutable and safe for concurrent use.
type Condition struct {
	test   func(*frame) (bool, error)
	text   *scalar
	slots  int
	views  []*view
	keys   value.Keys
	limits Limits
}

// CompileCondition compiles an expression over a document of docType. The error is
// [Diagnostics] whose positions count in the expression, from 1:1.
func CompileCondition(expression, docType string, opts ...Option) (*Condition, error) {
	l := newLoader(opts)
	var diags Diagnostics
	text := textScalar(expression)
	cond := &Condition{text: text, limits: l.limits}
	c := &mappingCompiler{}
	c.compiler = compiler{diags: &diags, keys: &cond.keys}
	c.docView = c.newView()
	doc := c.docType(l, &scalar{file: newSourceFile("", docType), text: docType, line: 1, column: 1})
	c.names = names{doc: doc, settings: shape.Any, tables: shape.Any, current: shape.Any, out: shape.Any}
	cond.test = c.test(text)
	if diags.HasErrors() {
		return nil, diags
	}
	cond.keys.Seal()
	cond.slots, cond.views = c.most, c.sealViews()
	return cond, nil
}

// Eval tells whether the document passes. Missing and null count as no. An error
// is [Diagnostics].
func (c *Condition) Eval(ctx context.Context, document []byte, in Input) (bool, error) {
	f := &frame{vars: make([]value.Value, c.slots), rows: make([]value.Row, len(c.views))}
	if diags := f.read(ctx, c.limits, &c.keys, nil, document, in); diags != nil {
		return false, diags
	}
	f.bind(c.views[0], f.doc)
	f.out = &outNode{form: outObject}
	ok, err := c.test(f)
	if err != nil {
		return false, Diagnostics{asFault(err, c.text, 0, whole(c.text)).diagnostic()}
	}
	return ok, nil
}
