package engine

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/internal/limit"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Apply maps one document and returns the target document as JSON text. Where
// the document fails it returns [Diagnostics] with every failure and no output.
func (m *Mapping) Apply(ctx context.Context, document []byte, in Input) ([]byte, error) {
	f := m.frame()
	defer m.release(f)
	diags := f.read(ctx, m.limits, &m.keys, m.plan, document, in)
	if diags == nil {
		f.overlayTables(m.tables)
		diags = m.checkSettings(f)
	}
	if diags != nil {
		return nil, diags
	}
	f.bind(m.views[0], f.doc)
	r := &run{frame: f, mapping: m}
	if out, ok := r.quick(); ok {
		return out, nil
	}
	f.limits = limit.New(ctx, m.limits.Steps, m.limits.MemoryBytes)
	return r.thorough()
}

// thorough maps the document by building the target first. It finds every failure.
func (r *run) thorough() ([]byte, error) {
	m := r.mapping
	r.out = &outNode{form: outObject}
	if m.copyBase {
		r.out.set(r.doc)
	} else {
		r.out.reserve(m.steps)
	}
	r.steps(m.steps, r.out)
	if r.diags != nil {
		return nil, r.diags
	}
	out := r.out.appendJSON(make([]byte, 0, 1024))
	if len(out) > m.limits.OutputBytes {
		return nil, m.tooLarge()
	}
	return out, nil
}

// frame returns a frame with room for one document.
func (m *Mapping) frame() *frame {
	if f, ok := m.frames.Get().(*frame); ok {
		return f
	}
	return &frame{
		vars: make([]value.Value, m.slots), lets: make([]letCell, len(m.lets)), rows: make([]value.Row, len(m.views)), letCode: m.lets,
	}
}

// release gives a frame back without anything of its document.
func (m *Mapping) release(f *frame) {
	clear(f.vars)
	clear(f.lets)
	for i := range f.rows {
		f.rows[i].Forget()
	}
	for i := range f.tapes {
		f.tapes[i].Forget()
	}
	f.arena.Reset()
	clear(f.stack[:f.high])
	f.high, f.doubts = 0, 0
	var none value.Value
	f.doc, f.source, f.settings, f.tables, f.links, f.current, f.now = none, none, none, none, none, none, none
	f.out, f.limits, f.call, f.trace = nil, limit.Budget{}, function.Call{}, nil
	f.stack, f.words, f.buf = f.stack[:0], f.words[:0], f.buf[:0]
	if cap(f.buf) > 1<<20 {
		f.buf = nil
	}
	if cap(f.stack) > 1<<14 {
		f.stack = nil
	}
	m.frames.Put(f)
}

// read checks a document and what comes with it.
func (f *frame) read(ctx context.Context, limits Limits, keys *value.Keys, plan *value.Plan, document []byte, in Input) Diagnostics {
	if len(document) > limits.DocumentBytes {
		return Diagnostics{{Severity: Error, Code: codeLimit, Message: fmt.Sprintf("the document is larger than %d bytes", limits.DocumentBytes)}}
	}
	var diag *Diagnostic
	if f.doc, diag = f.json(0, document, keys, plan, limits.Depth); diag != nil {
		return Diagnostics{*diag}
	}
	f.size = len(document)
	f.write, f.limits = in.Write, limit.New(ctx, limits.Steps, limits.MemoryBytes)
	f.budget = &f.limits
	f.call = function.Call{Budget: f.budget, Arena: &f.arena, Now: in.Now}
	if in.Now != "" {
		f.now = value.Text(in.Now)
	}
	var diags Diagnostics
	for i, part := range [...]struct {
		name string
		text []byte
		to   *value.Value
	}{{"source", in.Source, &f.source}, {"settings", in.Settings, &f.settings}, {"tables", in.Tables, &f.tables}, {"links", in.Links, &f.links}, {"current", in.Current, &f.current}} {
		if len(part.text) == 0 {
			continue
		}
		v, diag := f.json(1+i, part.text, keys, nil, limits.Depth)
		switch {
		case diag != nil:
			diag.Code, diag.Message = codeInput, part.name+": "+diag.Message
			diags = append(diags, *diag)
		case v.Kind() != value.Object:
			diags = append(diags, Diagnostic{Severity: Error, Code: codeInput, Message: fmt.Sprintf("%s must be a JSON object, this is %s", part.name, article(v.Kind().String()))})
		default:
			*part.to = v
		}
	}
	return diags
}

// json checks a text and returns its value, which refers to the text and to a tape of the frame.
func (f *frame) json(tape int, text []byte, keys *value.Keys, plan *value.Plan, depth int) (value.Value, *Diagnostic) {
	s := unsafe.String(unsafe.SliceData(text), len(text))
	if v, ok := f.tapes[tape].Parse(s, keys, plan, depth); ok {
		return v, nil
	}
	d := &Diagnostic{Severity: Error, Code: codeNotJSON, Message: "the document is no JSON"}
	_, _, err := jsontext.Validate(s, depth)
	var syntax *jsontext.SyntaxError
	if errors.As(err, &syntax) {
		line, column := jsontext.LineColumn(s, syntax.Offset)
		d.Pos = Position{Line: line, Column: column}
		d.Message += ": " + syntax.Msg
	}
	return value.Value{}, d
}

// overlayTables puts the tables of the mapping under those of the flow.
func (f *frame) overlayTables(tables value.Value) {
	if f.ownTables = f.tables.Kind() == value.Missing; f.ownTables {
		f.tables = tables
		return
	}
	f.tables = value.ObjectOf(overlayFields(tables.Fields(), f.tables))
}

// overlayFields returns fields with those of over in place of the ones with the same name.
func overlayFields(fields []value.Field, over value.Value) []value.Field {
	if over.Kind() != value.Object {
		return fields
	}
	out := append([]value.Field(nil), fields...)
	for _, f := range over.Fields() {
		out = setField(out, f.Key, f.Value)
	}
	return out
}

// checkSettings puts the declared defaults under what the flow sets.
func (m *Mapping) checkSettings(f *frame) Diagnostics {
	if f.settings.Kind() == value.Missing {
		f.settings = m.defaults
		return nil
	}
	var diags Diagnostics
	fields := make([]value.Field, 0, len(m.settings))
	for _, s := range m.settings {
		v := f.settings.Member(s.Name)
		if v.IsNil() {
			if s.Default != nil {
				fields = append(fields, value.Field{Key: s.Name, Value: value.Raw(string(s.Default))})
			}
			continue
		}
		if !settingKinds[s.Type].Has(v.Kind()) || choiceMissing(s, v) {
			diags = append(diags, Diagnostic{Severity: Error, Code: codeSettingValue, Message: fmt.Sprintf("setting %q has a value that it cannot have", s.Name), Help: settingHelp(s),
				Values: []Observed{{"settings." + s.Name, v.Preview(80)}}, Pos: Position{File: m.name}})
		}
		fields = append(fields, value.Field{Key: s.Name, Value: v})
	}
	f.settings = value.ObjectOf(fields)
	return diags
}

// let returns variable i, computed when it is first needed.
func (f *frame) let(i int) (value.Value, error) {
	cell := &f.lets[i]
	if !cell.done {
		v, err := f.letCode[i](f)
		*cell = letCell{true, v, err}
	}
	return cell.value, cell.err
}

// run is one document on its way through a mapping.
type run struct {
	*frame
	mapping *Mapping
	diags   Diagnostics
	written int64 // about how many bytes of output there are
	stopped bool  // a limit was reached: nothing more is tried
	indexes []int // of the elements that are being built
}

func (r *run) steps(steps []step, at *outNode) {
	for i := range steps {
		if r.stopped {
			return
		}
		s := &steps[i]
		if err := r.budget.Step(1); err != nil {
			r.fail(s, asFault(err, s.rule.key, 0, whole(s.rule.key)), nil)
			return
		}
		r.trace.open(r, s)
		if s.element != nil {
			r.each(s, at)
		} else {
			r.rule(s, at)
		}
		r.trace.close()
	}
}

// fail notes a failure of a rule with the values that it read.
func (r *run) fail(s *step, err error, reads []read) {
	d := asFault(err, s.text, 0, whole(s.text)).diagnostic()
	d.Target = r.targetName(s.rule.path)
	d.Chain = chainOf(r.mapping.linked, s.rule)
	if d.Code == codeLimit {
		r.stopped = true
	} else {
		for _, rd := range reads {
			if slices.ContainsFunc(d.Values, func(o Observed) bool { return o.Path == rd.path }) {
				continue // an argument of a script
			}
			if v, err := rd.run(r.frame); err == nil {
				d.Values = append(d.Values, Observed{rd.path, v.Preview(80)})
			}
		}
	}
	r.diags = append(r.diags, d)
	r.trace.failed(d)
}

// targetName writes a target path with the indexes of the elements in hand.
func (r *run) targetName(p targetPath) string {
	name := p.String()
	for _, i := range r.indexes {
		name = strings.Replace(name, "[]", fmt.Sprintf("[%d]", i), 1)
	}
	return name
}

// skipped tells whether the rule does not write in this mode.
func (r *run) skipped(s *step) bool {
	switch s.rule.write {
	case writeOnCreate:
		return r.write != Create
	case writeOnUpdate:
		return r.write != Update
	case writeIfEmpty:
		return r.write == Update && !r.present(s).IsEmpty()
	}
	return false
}

// present returns what the target holds now where the rule writes.
func (r *run) present(s *step) value.Value {
	v := r.current
	for _, seg := range s.rule.path {
		v = v.Member(seg.name)
	}
	return v
}

// rule computes a rule and writes its result into the element at.
func (r *run) rule(s *step, at *outNode) {
	if r.skipped(s) {
		return
	}
	v, err := r.result(s)
	if err != nil {
		r.fail(s, err, s.reads)
		return
	}
	r.put(s, at, s.rel, v)
}

// result computes a rule's expression, default and rounding.
func (r *run) result(s *step) (value.Value, error) {
	v, err := s.result(r.frame)
	if err != nil {
		return v, err
	}
	if v.IsNil() && s.def != nil {
		if v, err = s.def(r.frame); err != nil {
			return v, err
		}
	}
	if s.rule.round != nil && !v.IsNil() {
		if v.Kind() != value.Number {
			return v, &fault{text: s.text, to: whole(s.text), code: codeKinds, msg: fmt.Sprintf("round wants a number, this is %s", article(v.Kind().String())), help: "number(x) reads a number from text"}
		}
		d, err := v.Dec()
		if err != nil {
			return v, &fault{text: s.text, to: whole(s.text), code: codeNumber, msg: "the number is too large to compute with", err: err}
		}
		v = value.Decimal(d.Round(int(s.rule.round.digits), s.mode))
	}
	if s.rule.required && v.IsEmpty() && v.Kind() != value.List && v.Kind() != value.Object {
		word := v.Kind().String()
		if v.Kind() == value.String {
			word = "empty"
		}
		return v, &fault{text: s.text, to: whole(s.text), code: codeRequired, msg: "the required field has no value: the result is " + word, help: "correct the source document, or give the rule a `default`"}
	}
	return v, nil
}

// put writes v at path below at, as the rule's empty modes say.
func (r *run) put(s *step, at *outNode, path targetPath, v value.Value) {
	v, write := r.settle(s, v)
	if !write {
		r.trace.omitted()
		r.omit(at, path)
		return
	}
	if r.written += v.Weight(); r.written > int64(r.mapping.limits.OutputBytes) {
		r.fail(s, &fault{text: s.text, to: whole(s.text), code: codeLimit, msg: fmt.Sprintf("the target document is larger than %d bytes", r.mapping.limits.OutputBytes)}, nil)
		return
	}
	if why := r.wrongKind(s, v); why != "" {
		d := &fault{text: s.text, to: whole(s.text), code: codeWrongKind, msg: why}
		r.fail(s, d, s.reads)
		return
	}
	node := at
	for i, seg := range path {
		next := node.child(seg.name)
		if next == nil {
			r.fail(s, &fault{text: s.rule.key, to: whole(s.rule.key), code: codeWrongKind, msg: fmt.Sprintf("%s is no object, it cannot have fields", targetPath(path[:i]))}, nil)
			return
		}
		node = next
	}
	node.set(v)
	r.trace.wrote()
}

// settle applies a rule's empty modes to its result; write is false where the field is left out.
func (r *run) settle(s *step, v value.Value) (out value.Value, write bool) {
	if !v.IsEmpty() {
		return v, true
	}
	mode := emptyUnsaid
	switch v.Kind() {
	case value.Missing:
		mode = s.rule.empty[0]
	case value.Null:
		mode = s.rule.empty[1]
	default:
		if mode = s.rule.empty[2]; mode == emptyUnsaid {
			return v, true
		}
	}
	switch mode {
	case emptyNull:
		return value.NullValue, true
	case emptyKeep:
		if r.write == Update {
			v = r.present(s)
			return v, v.Kind() != value.Missing
		}
	}
	return v, false
}

// omit leaves a field out; what the source document brought there as a base goes too.
func (r *run) omit(at *outNode, path targetPath) {
	if !r.mapping.copyBase {
		return
	}
	for _, seg := range path[:len(path)-1] {
		if at = at.child(seg.name); at == nil {
			return
		}
	}
	if at.open() {
		at.remove(path[len(path)-1].name)
	}
}

// wrongKind tells why the target cannot hold v, "" if it can.
func (r *run) wrongKind(s *step, v value.Value) string {
	if !s.target.Has(v.Kind()) {
		return fmt.Sprintf("the target wants %s, the result is %s", article(s.target.Without(value.Of(value.Missing)).Kinds.String()), article(v.Kind().String()))
	}
	if v.Kind() == value.String && s.target.Enum != nil {
		text := string(value.Text(v.Str()).AppendJSON(nil)) // without escapes that the document may have
		for _, e := range s.target.Enum {
			if e == text {
				return ""
			}
		}
		return "the result is none of the words that the target knows: " + list(s.target.Enum, 20)
	}
	return ""
}

// each builds a list.
func (r *run) each(s *step, at *outNode) {
	if r.skipped(s) {
		return
	}
	e := s.element
	src, err := e.list(r.frame)
	if err != nil {
		r.fail(s, asFault(err, e.text, 0, whole(e.text)), e.reads)
		return
	}
	if !src.IsNil() && src.Kind() != value.List && !src.IsEmpty() {
		help := ""
		if src.Kind() == value.Object {
			help = "values(x) makes a list of an object's members; [x] is a list of one"
		}
		r.fail(s, &fault{text: e.text, to: whole(e.text), code: codeNotList, msg: fmt.Sprintf("each wants a list, this is %s", article(src.Kind().String())), help: help}, e.reads)
		return
	}
	items := src.Items()
	if err := r.budget.Bytes(int64(len(items)) * valueBytes); err != nil {
		r.fail(s, asFault(err, e.text, 0, whole(e.text)), nil)
		return
	}
	list := &outNode{form: outList}
	for i, item := range items {
		if r.stopped {
			return
		}
		r.vars[e.item], r.vars[e.index] = item, value.Int(i)
		r.bind(e.view, item)
		if e.where != nil {
			pass, err := e.where(r.frame)
			if err != nil {
				r.indexes = append(r.indexes, i)
				r.fail(s, asFault(err, s.rule.where, 0, whole(s.rule.where)), nil)
				r.indexes = r.indexes[:len(r.indexes)-1]
			}
			if err != nil || !pass {
				continue
			}
		}
		r.element(s, list)
	}
	if len(list.kids) == 0 {
		if s.rule.required && r.diags == nil {
			r.fail(s, &fault{text: e.text, to: whole(e.text), code: codeRequired, msg: "the required list has no elements", help: "correct the source document"}, e.reads)
			return
		}
		if src.IsNil() && s.rule.empty[0] != emptyUnsaid || s.rule.empty[2] != emptyUnsaid {
			r.put(s, at, s.rel, emptyList(src))
			return
		}
	}
	node := at
	for _, seg := range s.rel {
		if node = node.child(seg.name); node == nil {
			r.fail(s, &fault{text: s.rule.key, to: whole(s.rule.key), code: codeWrongKind, msg: "the target is no object, it cannot have fields"}, nil)
			return
		}
	}
	*node = *list
	r.trace.wrote()
}

// emptyList is what a list without elements counts as for the empty modes.
func emptyList(src value.Value) value.Value {
	if src.IsNil() {
		return src
	}
	return value.ListOf(nil)
}

// element adds one element to list: the rule's own result, then the rules below it.
func (r *run) element(s *step, list *outNode) {
	r.indexes = append(r.indexes, len(list.kids))
	defer func() { r.indexes = r.indexes[:len(r.indexes)-1] }()
	r.trace.openElement(r, s)
	defer r.trace.close()
	node := &outNode{form: outObject}
	if s.result != nil {
		v, err := r.result(s)
		if err != nil {
			r.fail(s, err, s.reads)
			return
		}
		if v.Kind() == value.Missing && len(s.element.steps) == 0 {
			return
		}
		r.written += v.Weight() // put, which the rules below go through, looks at the limit
		node.set(v)
	} else {
		node.reserve(s.element.steps)
	}
	list.kids = append(list.kids, node)
	r.trace.wrote()
	r.steps(s.element.steps, node)
}
