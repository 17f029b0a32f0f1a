package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/crosswalk-go/crosswalk/engine/internal/limit"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Apply maps one document and returns the target document as JSON text. Where
// the document fails it returns [Diagnostics] with every failure and no output.
func (m *Mapping) Apply(ctx context.Context, document []byte, in Input) ([]byte, error) {
	f := m.frame()
	defer m.release(f)
	large := len(document) > largeDocument
	dst := f.buf[:0]
	if large || dst == nil {
		dst = room(m.guess(len(document)))
	}
	out, diags := m.appendTo(f, ctx, dst, document, in)
	if diags != nil {
		return nil, diags
	}
	if large {
		m.portion.Store(uint64(len(out)) << 20 / uint64(len(document)))
		if cap(out)-len(out) <= len(out)>>3 {
			return out[:len(out):len(out)], nil
		}
	} else {
		f.buf = out[:0]
	}
	return append([]byte(nil), out...), nil
}

// room returns an empty slice with room for n bytes. Make would write zeros into it first, which mapping then overwrites.
func room(n int) []byte {
	var b strings.Builder
	b.Grow(n)
	b.WriteByte(0)
	return unsafe.Slice(unsafe.StringData(b.String()), n)[:0:n]
}

// largeDocument is the size in bytes from which the room for an output is made for it alone.
const largeDocument = 256 << 10

// guess returns how much room the output of a document of n bytes needs: as much of it as that of the last large one.
func (m *Mapping) guess(n int) int {
	portion := m.portion.Load()
	if portion == 0 {
		portion = 1 << 18
	}
	size := uint64(n) * portion >> 20
	return int(min(512+size+size>>4, uint64(m.limits.OutputBytes)))
}

// Append maps one document as [Mapping.Apply] does and appends the target document to dst, which must not lie in the
// document's memory. Whoever hands the same room in again and again maps without allocating. Where the document fails dst
// comes back as it was.
func (m *Mapping) Append(ctx context.Context, dst, document []byte, in Input) ([]byte, error) {
	f := m.frame()
	defer m.release(f)
	out, diags := m.appendTo(f, ctx, dst, document, in)
	if diags != nil {
		return dst, diags
	}
	return out, nil
}

// appendTo maps one document with a frame of its own.
func (m *Mapping) appendTo(f *frame, ctx context.Context, dst, document []byte, in Input) ([]byte, Diagnostics) {
	if m.streams {
		if out, ok := m.stream(f, ctx, dst, document, in); ok {
			return out, nil
		}
		f.reset()
	}
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
	early := f.listen(in.Log)
	if out, ok := r.quick(dst); ok {
		early.tell(in.Log)
		return out, nil
	}
	f.log = in.Log // scripts are called again, and log again
	f.limits = limit.New(ctx, m.limits.Steps, m.limits.MemoryBytes)
	return r.thorough(dst)
}

// thorough maps the document by building the target first, and appends it to dst. It finds every failure.
func (r *run) thorough(dst []byte) ([]byte, Diagnostics) {
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
	out, ok := r.out.appendJSON(dst, len(dst)+m.limits.OutputBytes)
	if ok {
		return out, nil
	}
	if r.over == nil {
		return nil, m.tooLarge()
	}
	d := asFault(r.tooLarge(r.over), nil, 0, 0).diagnostic()
	d.Target, d.Chain = r.targetName(r.over.rule.path), chainOf(m.linked, r.over.rule)
	return nil, Diagnostics{d}
}

// tooLarge is the failure of the rule with which the output became too large.
func (r *run) tooLarge(s *step) error {
	return &fault{text: s.text, to: whole(s.text), code: codeLimit, msg: fmt.Sprintf("the target document is larger than %d bytes", r.mapping.limits.OutputBytes)}
}

// maxGuess is how many times more than it is the size of an output may be guessed: a number that was computed counts for
// twenty characters, and text of the document with the spaces in it.
const maxGuess = 16

// run is one document on its way through a mapping.
type run struct {
	*frame
	mapping   *Mapping
	diags     Diagnostics
	written   int64 // about how many bytes of output there are
	over      *step // the rule with which they seem to be too many
	most      int   // bytes that the room for the output may hold
	streaming bool  // the document is read while it is mapped
	stopped   bool  // a limit was reached: nothing more is tried
	indexes   []int // of the elements that are being built
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
	failure := asFault(err, s.text, 0, whole(s.text))
	reads = append(reads[:len(reads):len(reads)], r.mapping.letReads[failure.text]...) // where a let failed
	d := failure.diagnostic()
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
			return v, &fault{text: s.text, to: whole(s.text), code: codeNumber, msg: "the number is too large or too precise to compute with", err: err}
		}
		v = value.Decimal(d.Round(int(s.rule.round.digits), s.mode))
	}
	if s.rule.required && v.IsEmpty() {
		word := "empty"
		if v.IsNil() {
			word = v.Kind().String()
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
		if r.over == nil {
			r.over = s
		}
		if r.written/maxGuess > int64(r.mapping.limits.OutputBytes) { // else it is counted when it is written
			r.fail(s, r.tooLarge(s), nil)
			return
		}
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
	if s.target.Enum == nil || v.Kind() <= value.Null || v.Kind() >= value.List {
		return ""
	}
	for _, e := range s.target.Enum {
		if value.Equal(value.Raw(e), v) {
			return ""
		}
	}
	word := "words"
	if v.Kind() != value.String {
		word = "values"
	}
	return fmt.Sprintf("the result is none of the %s that the target knows: %s", word, list(s.target.Enum, 20))
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
	r.vars[e.all] = src
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

// heard are the logs of scripts that are told once it is sure that what they belong to counts.
type heard struct{ logs []ScriptLog }

// listen keeps what scripts log, if anybody wants to know.
func (f *frame) listen(log func(ScriptLog)) *heard {
	if log == nil {
		return nil
	}
	h := &heard{}
	f.log = func(l ScriptLog) { h.logs = append(h.logs, l) }
	return h
}

func (h *heard) tell(log func(ScriptLog)) {
	if h == nil {
		return
	}
	for _, l := range h.logs {
		log(l)
	}
}
