package engine

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// emitNode is a field of the target document in the order in which it is written. Most mappings
// write their output from front to back without building it first: see [emitPlan].
type emitNode struct {
	name string
	key  []byte // ,"name": as it is written behind another field
	step *step  // what makes the value; nil for an object of kids
	kids []emitNode
}

// errNotEmitted says that the document must be mapped the thorough way, which finds every
// failure and says it.
var errNotEmitted = errors.New("not emitted")

// emitPlan arranges steps as a tree of fields. It returns nil where the output must be built
// before it is written: where rules patch what another rule has made.
func emitPlan(steps []step) *emitNode {
	root := &emitNode{}
	for i := range steps {
		s := &steps[i]
		s.resolve()
		at := root
		for k, seg := range s.rel {
			if at.step != nil {
				return nil
			}
			kid := at.kid(seg.name)
			last := k == len(s.rel)-1
			if kid == nil {
				at.kids = append(at.kids, emitNode{name: seg.name, key: append(jsontext.AppendQuote([]byte{','}, seg.name), ':')})
				kid = &at.kids[len(at.kids)-1]
			} else if last {
				return nil
			}
			at = kid
		}
		at.step = s
		if s.element == nil {
			continue
		}
		if s.result != nil && len(s.element.steps) > 0 {
			return nil
		}
		if s.element.emit = emitPlan(s.element.steps); s.element.emit == nil {
			return nil
		}
	}
	return root
}

func (n *emitNode) kid(name string) *emitNode {
	for i := range n.kids {
		if n.kids[i].name == name {
			return &n.kids[i]
		}
	}
	return nil
}

// cellRef is where a path of a sealed view is read.
type cellRef struct{ row, cell int }

// resolve finds where the paths are read that the rule copies.
func (s *step) resolve() {
	for _, ref := range s.copies {
		s.cells = append(s.cells, cellRef{ref.view.number, ref.path.Cell})
	}
}

// emit appends the fields of n that have a value; written is false where there are none.
func (r *run) emit(dst []byte, n *emitNode) (out []byte, written bool, err error) {
	if err := r.budget.Step(1 + len(n.kids)); err != nil {
		return dst, false, err
	}
	dst = append(dst, '{')
	for i := range n.kids {
		kid := &n.kids[i]
		mark := len(dst)
		if written {
			dst = append(dst, kid.key...)
		} else {
			dst = append(dst, kid.key[1:]...)
		}
		var wrote bool
		switch {
		case kid.step == nil:
			dst, wrote, err = r.emit(dst, kid)
		case kid.step.element != nil:
			dst, wrote, err = r.emitList(dst, kid.step)
		default:
			dst, wrote, err = r.emitRule(dst, kid.step)
		}
		if err != nil {
			return dst, false, err
		}
		if !wrote {
			dst = dst[:mark]
			continue
		}
		if len(dst) > r.most {
			return dst, false, errNotEmitted
		}
		written = true
	}
	return append(dst, '}'), written, nil
}

// emitForm is how the result of a rule is written.
type emitForm uint8

const (
	asValue  emitForm = iota // it is computed as a value
	asCopy                   // the first of some paths that has a value, as it stands in the document
	asText                   // characters
	asNumber                 // a decimal
	asTest                   // true or false
	asList                   // JSON text of a list
)

// emitAs chooses how a rule's result is written.
func (s *step) emitAs(o *operand) {
	kinds := o.shape.Kinds &^ value.Nil
	words := s.target.Has(value.String) && s.target.Enum == nil
	numbers := s.target.Has(value.Number) && s.target.Enum == nil
	switch {
	case s.plainCopy(*o):
		s.form, s.copies = asCopy, o.copies
		if o.konst != nil {
			s.literal = o.konst.AppendJSON(nil)
		} else if o.fallback != nil && !o.fallback.IsNil() {
			s.literal = o.fallback.AppendJSON(nil)
		}
	case s.rule.round != nil:
		if numbers && o.num != nil {
			s.form = asNumber
		}
	case o.test != nil:
		if s.target.Has(value.Bool) && s.target.Enum == nil {
			s.form, s.test = asTest, o.test
		}
	case o.list != nil:
		if s.target.Has(value.List) {
			s.form = asList
		}
	case numbers && o.num != nil && (kinds == value.Numbers || o.counted()):
		s.form = asNumber
	case words && kinds.Has(value.String) && (o.word != nil || o.text != nil):
		s.form = asText
	}
	s.quick = o.quick
}

// emitRule appends the result of a rule; written is false where there is none.
func (r *run) emitRule(dst []byte, s *step) (out []byte, written bool, err error) {
	if s.form == asCopy {
		if raw, kind, ok := r.first(s.cells); ok {
			if kind <= value.Null && s.literal != nil {
				return append(dst, s.literal...), true, nil
			}
			return r.emitText(dst, s, raw, kind)
		}
	}
	if !s.always && r.skipped(s) {
		return dst, false, nil
	}
	if s.form > asCopy && r.sure() {
		mark := len(dst)
		out, sight, err := r.emitQuick(dst, s)
		if err != nil || sight == value.Found {
			return out, true, err
		}
		if sight == value.Nothing && !s.rule.required && s.def == nil && s.rule.empty == (emptyModes{}) {
			return out[:mark], false, nil
		}
		dst = out[:mark]
		r.doubts++
	}
	var v value.Value
	if s.simple {
		v, err = s.result(r.frame)
	} else {
		v, err = r.result(s)
	}
	if err != nil {
		return dst, false, err
	}
	return r.emitValue(dst, s, v)
}

// emitQuick appends the result of a rule whose form is not a value.
func (r *run) emitQuick(dst []byte, s *step) (out []byte, sight value.Sight, err error) {
	switch s.form {
	case asNumber:
		d, sight := s.quick.num(r.frame)
		if sight == value.Found {
			if s.rule.round != nil {
				d = d.Round(int(s.rule.round.digits), s.mode)
			}
			dst = d.Append(dst)
		}
		return dst, sight, nil
	case asTest:
		ok, err := s.test(r.frame)
		if err != nil {
			return dst, value.Unsure, err
		}
		return strconv.AppendBool(dst, ok), value.Found, nil
	case asList:
		mark := len(dst)
		if dst, sight = s.quick.list(r.frame, dst); len(dst)-mark == len("[]") && (s.rule.required || s.rule.empty != (emptyModes{})) {
			return dst, value.Unsure, nil
		}
		return dst, sight, nil
	}
	var empty bool
	if s.quick.word != nil {
		var word string
		if word, sight = s.quick.word(r.frame); sight == value.Found {
			dst = append(dst, '"')
			dst = append(dst, word...)
			dst = append(dst, '"')
			empty = word == ""
		}
	} else {
		mark := len(dst) + 1
		if dst, sight = s.quick.text(r.frame, append(dst, '"')); sight == value.Found {
			empty = len(dst) == mark
			dst = append(dst, '"')
		}
	}
	if empty && (s.rule.required || s.rule.empty != (emptyModes{})) {
		return dst, value.Unsure, nil
	}
	return dst, sight, nil
}

// first returns the text of the first path that has a value; ok is false where a row does not know.
func (r *run) first(paths []cellRef) (raw string, kind value.Kind, ok bool) {
	ok = true
	for _, p := range paths {
		raw, kind, ok = r.rows[p.row].Text(p.cell)
		if !ok || kind > value.Null {
			break
		}
	}
	return raw, kind, ok
}

// emitText appends what stands at a path of the source as it is.
func (r *run) emitText(dst []byte, s *step, raw string, kind value.Kind) ([]byte, bool, error) {
	switch {
	case kind <= value.Null:
		return dst, false, nil
	case !s.target.Has(kind):
		return dst, false, errNotEmitted
	case kind >= value.List:
		return jsontext.AppendCompact(dst, raw), true, nil
	}
	return append(dst, raw...), true, nil
}

// plainCopy tells whether a rule does nothing but copy the first of some paths.
func (s *step) plainCopy(o operand) bool {
	r := s.rule
	if o.fallback != nil && !o.fallback.IsNil() && (!s.target.Has(o.fallback.Kind()) || o.fallback.Kind() >= value.List) {
		return false
	}
	if o.konst != nil && (o.konst.IsNil() || !s.target.Has(o.konst.Kind()) || o.konst.Kind() >= value.List) {
		return false
	}
	return (o.copies != nil || o.konst != nil) && r.each == nil && r.def == nil && r.round == nil && !r.required &&
		r.write == writeAlways && r.empty == emptyModes{} && s.target.Enum == nil
}

// emitValue appends what a rule made, as its empty modes say.
func (r *run) emitValue(dst []byte, s *step, v value.Value) ([]byte, bool, error) {
	if k := v.Kind(); k != value.Number && k != value.Bool {
		var write bool
		if v, write = r.settle(s, v); !write {
			return dst, false, nil
		}
		if v.Weight() > int64(r.mapping.limits.OutputBytes) {
			return dst, false, errNotEmitted
		}
	}
	if !s.any && r.wrongKind(s, v) != "" {
		return dst, false, errNotEmitted
	}
	return v.AppendJSON(dst), true, nil
}

func (r *run) emitList(dst []byte, s *step) ([]byte, bool, error) {
	if err := r.budget.Step(1); err != nil {
		return dst, false, err
	}
	if r.skipped(s) {
		return dst, false, nil
	}
	e := s.element
	if r.streaming && e.document {
		return r.emitStream(dst, s)
	}
	src, err := e.list(r.frame)
	if err != nil {
		return dst, false, err
	}
	if !src.IsNil() && src.Kind() != value.List && !src.IsEmpty() {
		return dst, false, errNotEmitted
	}
	if err := r.budget.Bytes(int64(src.Len()) * valueBytes); err != nil {
		return dst, false, err
	}
	defer r.drop(len(r.stack))
	items := r.items(src)
	r.vars[e.all] = src
	mark := len(dst)
	dst = append(dst, '[')
	made := 0
	for i, item := range items {
		wrote := false
		if dst, wrote, err = r.emitElement(dst, s, i, made, item); err != nil {
			return dst, false, err
		}
		if wrote {
			made++
		}
	}
	if made == 0 {
		if s.rule.required {
			return dst, false, errNotEmitted
		}
		if src.IsNil() && s.rule.empty[0] != emptyUnsaid || s.rule.empty[2] != emptyUnsaid {
			return r.emitValue(dst[:mark], s, emptyList(src))
		}
	}
	return append(dst, ']'), true, nil
}

// emitElement appends the element of a list that item makes, behind those that were made before.
func (r *run) emitElement(dst []byte, s *step, i, made int, item value.Value) (out []byte, written bool, err error) {
	e := s.element
	r.vars[e.item], r.vars[e.index] = item, value.Int(i)
	r.bind(e.view, item)
	if e.where != nil {
		if pass, err := e.where(r.frame); err != nil || !pass {
			return dst, false, err
		}
	}
	before := len(dst)
	if made > 0 {
		dst = append(dst, ',')
	}
	if s.result == nil {
		dst, _, err = r.emit(dst, e.emit)
		return dst, err == nil, err
	}
	v, err := r.result(s)
	if err != nil {
		return dst, false, err
	}
	if v.Kind() == value.Missing {
		return dst[:before], false, nil
	}
	return v.AppendJSON(dst), true, nil
}

// emitStream is emitList for a document that is read while its elements are mapped.
func (r *run) emitStream(dst []byte, s *step) ([]byte, bool, error) {
	tape := &r.tapes[0]
	dst = append(dst, '[')
	made := 0
	for i := 0; ; i++ {
		item, more, ok := tape.Next()
		if !ok {
			return dst, false, errNotEmitted
		}
		if !more {
			break
		}
		if err := r.budget.Bytes(valueBytes); err != nil {
			return dst, false, err
		}
		wrote := false
		var err error
		if dst, wrote, err = r.emitElement(dst, s, i, made, item); err != nil || len(dst) > r.most {
			return dst, false, errNotEmitted
		}
		if wrote {
			made++
		}
	}
	r.streaming = false // all of the document was seen
	if made == 0 && (s.rule.required || s.rule.empty != (emptyModes{})) {
		return dst, false, errNotEmitted
	}
	return append(dst, ']'), true, nil
}

// stream maps a document that is a list while it reads it, so that no more than an element is held. ok is false where it
// has to be read as a whole first: also where it is no JSON or fails, which is told then.
func (m *Mapping) stream(f *frame, ctx context.Context, dst, document []byte, in Input) (out []byte, ok bool) {
	if len(document) > m.limits.DocumentBytes || !f.tapes[0].Stream(text(document), &m.keys, m.plan, m.limits.Depth) {
		return nil, false
	}
	f.begin(ctx, m.limits, in)
	if f.inputs(m.limits, &m.keys, in) != nil {
		return nil, false
	}
	f.overlayTables(m.tables)
	if m.checkSettings(f) != nil {
		return nil, false
	}
	r := &run{frame: f, mapping: m, streaming: true}
	out, ok = r.quick(dst)
	return out, ok && !r.streaming
}

// quick maps the document from front to back and appends the output to dst; ok is false where it has to be mapped the
// thorough way.
func (r *run) quick(dst []byte) (out []byte, ok bool) {
	if r.mapping.emit == nil {
		return nil, false
	}
	r.most = len(dst) + r.mapping.limits.OutputBytes
	out, _, err := r.emit(dst, r.mapping.emit)
	if err != nil || len(out) > r.most {
		return nil, false
	}
	return out, true
}

// tooLarge is the failure of an output beyond its limit.
func (m *Mapping) tooLarge() Diagnostics {
	return Diagnostics{{Severity: Error, Code: codeLimit, Message: fmt.Sprintf("the target document is larger than %d bytes", m.limits.OutputBytes), Pos: Position{File: m.name}}}
}
