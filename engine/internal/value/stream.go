package value

import "github.com/crosswalk-go/crosswalk/engine/internal/jsontext"

// stream is where a tape stands in a list that it reads element by element.
type stream struct {
	at       int
	elements uint16 // their step of the plan
	begun    bool
}

// Stream begins to read a document that is a list, of which each element is wanted once and nothing else. ok is false
// where it is no list, or where the plan wants more. Nothing but the element in hand is kept.
func (t *Tape) Stream(src string, keys *Keys, plan *Plan, maxDepth int) (ok bool) {
	t.src, t.keys, t.plan, t.nodes, t.max, t.place = src, keys, plan, t.nodes[:0], maxDepth, place{}
	i := jsontext.SkipSpace(src, 0)
	if uint64(len(src)) >= 1<<32 || maxDepth < 1 || i >= len(src) || src[i] != '[' || plan == nil {
		return false
	}
	root := &plan.steps[1]
	t.stream = stream{at: i + 1, elements: root.elements}
	return root.elements != 0 && !root.open
}

// Next checks and returns the next element; the ones before are void. more is false at the end of the document, ok where it
// is no JSON.
func (t *Tape) Next() (v Value, more, ok bool) {
	s, i := t.src, space(t.src, t.stream.at)
	if i < len(s) && s[i] == ']' {
		return Value{}, false, jsontext.SkipSpace(s, i+1) == len(s)
	}
	if t.stream.begun {
		if i >= len(s) || s[i] != ',' {
			return Value{}, false, false
		}
		i = space(s, i+1)
	}
	t.nodes, t.place = t.nodes[:0], place{}
	if i = t.planned(i, 0, t.stream.elements, 1, t.expected(t.plan)); i < 0 {
		return Value{}, false, false
	}
	t.stream.at, t.stream.begun = i, true
	return t.at(0), true, true
}
