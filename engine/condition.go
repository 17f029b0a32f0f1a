package engine

import (
	"context"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Condition is a compiled test of a document, such as the `where` of a flow. It is
// immutable and safe for concurrent use.
type Condition struct {
	over
	test func(*frame) (bool, error)
}

// CompileCondition compiles an expression over a document of docType. The error is
// [Diagnostics] whose positions count in the expression, from 1:1.
func CompileCondition(expression, docType string, opts ...Option) (*Condition, error) {
	cond := &Condition{}
	err := cond.compile(expression, docType, opts, func(c *mappingCompiler) { cond.test = c.test(cond.text) })
	if err != nil {
		return nil, err
	}
	return cond, nil
}

// Eval tells whether the document passes. Missing and null count as no. An error
// is [Diagnostics].
func (c *Condition) Eval(ctx context.Context, document []byte, in Input) (bool, error) {
	f, err := c.frame(ctx, document, in)
	if err != nil {
		return false, err
	}
	ok, err := c.test(f)
	return ok, c.failed(err)
}

// Expression is a compiled expression over a document, such as the `quantity` of a flow of stock. It is
// immutable and safe for concurrent use.
type Expression struct {
	over
	run code
}

// CompileExpression compiles an expression over a document of docType, as [CompileCondition] does.
func CompileExpression(expression, docType string, opts ...Option) (*Expression, error) {
	e := &Expression{}
	err := e.compile(expression, docType, opts, func(c *mappingCompiler) { e.run = c.expression(e.text).run })
	if err != nil {
		return nil, err
	}
	return e, nil
}

// Eval returns the expression's value as JSON text, nil where it is missing. An error is [Diagnostics].
func (e *Expression) Eval(ctx context.Context, document []byte, in Input) ([]byte, error) {
	f, err := e.frame(ctx, document, in)
	if err != nil {
		return nil, err
	}
	v, err := e.run(f)
	if err != nil || v.Kind() == value.Missing {
		return nil, e.failed(err)
	}
	return v.AppendJSON(nil), nil
}

// over is what an expression that stands alone needs to be computed for a document.
type over struct {
	text   *scalar
	slots  int
	views  []*view
	keys   value.Keys
	limits Limits
}

func (o *over) compile(expression, docType string, opts []Option, body func(*mappingCompiler)) error {
	l := newLoader(opts)
	var diags Diagnostics
	o.text, o.limits = textScalar(expression), l.limits
	c := &mappingCompiler{}
	c.compiler = compiler{diags: &diags, keys: &o.keys}
	c.docView = c.newView()
	doc := c.docType(l, &scalar{file: newSourceFile("", docType), text: docType, line: 1, column: 1})
	c.names = names{doc: doc, settings: shape.Any, tables: shape.Any, current: shape.Any, out: shape.Any}
	body(c)
	if diags.HasErrors() {
		return diags
	}
	o.keys.Seal()
	o.slots, o.views = c.most, c.sealViews()
	return nil
}

func (o *over) frame(ctx context.Context, document []byte, in Input) (*frame, error) {
	f := &frame{vars: make([]value.Value, o.slots), rows: make([]value.Row, len(o.views))}
	if diags := f.read(ctx, o.limits, &o.keys, nil, document, in); diags != nil {
		return nil, diags
	}
	f.bind(o.views[0], f.doc)
	f.out = &outNode{form: outObject}
	return f, nil
}

func (o *over) failed(err error) error {
	if err == nil {
		return nil
	}
	return Diagnostics{asFault(err, o.text, 0, whole(o.text)).diagnostic()}
}
