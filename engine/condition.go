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
	memos  int
	limits Limits
}

// CompileCondition compiles an expression over a document of docType. The error is
// [Diagnostics] whose positions count in the expression, from 1:1.
func CompileCondition(expression, docType string, opts ...Option) (*Condition, error) {
	l := newLoader(opts)
	var diags Diagnostics
	text := &scalar{file: newSourceFile("", expression), text: expression, line: 1, column: 1}
	c := &mappingCompiler{}
	c.compiler = compiler{diags: &diags}
	doc := c.docType(l, &scalar{file: newSourceFile("", docType), text: docType, line: 1, column: 1})
	c.names = names{doc: doc, settings: shape.Any, tables: shape.Any, current: shape.Any, out: shape.Any}
	test := c.test(text)
	if diags.HasErrors() {
		return nil, diags
	}
	return &Condition{test, text, c.most, len(c.memo), l.limits}, nil
}

// Eval tells whether the document passes. Missing and null count as no. An error
// is [Diagnostics].
func (c *Condition) Eval(ctx context.Context, document []byte, in Input) (bool, error) {
	f, diags := newFrame(ctx, c.limits, document, in, nil)
	if diags != nil {
		return false, diags
	}
	f.vars = make([]value.Value, c.slots)
	f.memo = make([]memoCell, c.memos)
	f.out = &outNode{form: outObject}
	ok, err := c.test(f)
	if err != nil {
		return false, Diagnostics{asFault(err, c.text, 0, whole(c.text)).diagnostic()}
	}
	return ok, nil
}
