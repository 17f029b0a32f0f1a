package engine

import (
	"errors"
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// emitNode is a field of the target document in the order in which it is written. Most mappings
// write their output from front to back without building it first: see [emitPlan].
type emitNode struct {
	name string
	key  []byte // ,"name": as it is written behind another field
	step *step  // what makes the value; nil for an object of kids
	kids []*emitNode
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
		at := root
		for k, seg := range s.rel {
			if at.step != nil {
				return nil
			}
			kid := at.kid(seg.name)
			last := k == len(s.rel)-1
			if kid == nil {
				kid = &emitNode{name: seg.name, key: append(jsontext.AppendQuote([]byte{','}, seg.name), ':')}
				at.kids = append(at.kids, kid)
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
	for _, k := range n.kids {
		if k.name == name {
			return k
		}
	}
	return nil
}

// emit appends the fields of n that have a value; written is false where there are none.
func (r *run) emit(dst []byte, n *emitNode) (out []byte, written bool, err error) {
	if err := r.budget.Step(1 + len(n.kids)); err != nil {
		return dst, false, err
	}
	dst = append(dst, '{')
	for _, kid := range n.kids {
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
		written = true
	}
	if len(dst) > r.mapping.limits.OutputBytes {
		return dst, false, errNotEmitted
	}
	return append(dst, '}'), written, nil
}

func (r *run) emitRule(dst []byte, s *step) ([]byte, bool, error) {
	if s.copies != nil {
		if raw, kind, ok := r.first(s.copies); ok {
			if kind <= value.Null && s.literal != nil {
				return append(dst, s.literal...), true, nil
			}
			return r.emitText(dst, s, raw, kind)
		}
	}
	if !s.always && r.skipped(s) {
		return dst, false, nil
	}
	var v value.Value
	var err error
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

// first returns the text of the first path that has a value; ok is false where a row does not know.
func (r *run) first(paths []pathRef) (raw string, kind value.Kind, ok bool) {
	for i := range paths {
		raw, kind, ok = r.rows[paths[i].view.number].Text(paths[i].path)
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
	return o.copies != nil && r.each == nil && r.def == nil && r.round == nil && !r.required &&
		r.write == writeAlways && r.empty == [3]emptyMode{} && s.target.Enum == nil
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
	mark := len(dst)
	dst = append(dst, '[')
	made := 0
	for i, item := range items {
		r.vars[e.item], r.vars[e.index] = item, value.Int(i)
		r.bind(e.view, item)
		if e.where != nil {
			pass, err := e.where(r.frame)
			if err != nil {
				return dst, false, err
			}
			if !pass {
				continue
			}
		}
		before := len(dst)
		if made > 0 {
			dst = append(dst, ',')
		}
		if s.result != nil {
			v, err := r.result(s)
			if err != nil {
				return dst, false, err
			}
			if v.Kind() == value.Missing {
				dst = dst[:before]
				continue
			}
			dst = v.AppendJSON(dst)
		} else if dst, _, err = r.emit(dst, e.emit); err != nil {
			return dst, false, err
		}
		made++
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

// quick maps the document from front to back; ok is false where it has to be mapped the thorough way.
func (r *run) quick() (out []byte, ok bool) {
	if r.mapping.emit == nil {
		return nil, false
	}
	if r.buf == nil {
		r.buf = make([]byte, 0, 512+r.size>>2)
	}
	buf, _, err := r.emit(r.buf[:0], r.mapping.emit)
	r.buf = buf
	if err != nil || len(buf) > r.mapping.limits.OutputBytes {
		return nil, false
	}
	return append(make([]byte, 0, len(buf)), buf...), true
}

// tooLarge is the failure of an output beyond its limit.
func (m *Mapping) tooLarge() Diagnostics {
	return Diagnostics{{Severity: Error, Code: codeLimit, Message: fmt.Sprintf("the target document is larger than %d bytes", m.limits.OutputBytes), Pos: Position{File: m.name}}}
}
