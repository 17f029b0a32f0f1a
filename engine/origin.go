package engine

import (
	"slices"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// origins tells at which path of the texts that came in a value stands. Values that rules pass on without computing
// still lie in the text that they were read from, so their place says where they come from, whichever
// functions, aliases and variables they went through.
type origins struct {
	texts []*originText
}

// originText is one of the texts, with every value in it once somebody asks.
type originText struct {
	name  string // "" for the source document, else source, settings, tables, links or current
	text  string
	spots []spot // in the order of the text; nil until asked
}

// spot is a value in a text.
type spot struct {
	start  int
	parent int // index of the object or list that holds it, -1 for the whole
	index  int // of an element, -1 for a member
	name   string
}

func (o *origins) add(name, text string) {
	if text != "" {
		o.texts = append(o.texts, &originText{name: name, text: text})
	}
}

// of returns the path at which v stands: orderCustomer.email, lineItems[2], settings.timeZone; "doc" is the
// whole source document. ok is false for a value that a rule has made.
func (o *origins) of(v value.Value) (path string, ok bool) {
	for _, t := range o.texts {
		if at, inside := v.Offset(t.text); inside {
			return t.path(at)
		}
	}
	return "", false
}

func (t *originText) path(at int) (string, bool) {
	if t.spots == nil {
		t.note(t.text, jsontext.SkipSpace(t.text, 0), -1, -1, "")
	}
	i, found := slices.BinarySearchFunc(t.spots, at, func(s spot, at int) int { return s.start - at })
	if !found {
		return "", false
	}
	var chain []int
	for ; t.spots[i].parent >= 0; i = t.spots[i].parent {
		chain = append(chain, i)
	}
	var b strings.Builder
	b.WriteString(t.name)
	for _, i := range slices.Backward(chain) {
		writeStep(&b, t.spots[i].name, t.spots[i].index)
	}
	if b.Len() == 0 {
		return "doc", true
	}
	return b.String(), true
}

// note remembers the value raw, which starts at start, and every value in it.
func (t *originText) note(raw string, start, parent, index int, name string) {
	at := len(t.spots)
	t.spots = append(t.spots, spot{start: start, parent: parent, index: index, name: name})
	raw = raw[jsontext.SkipSpace(raw, 0):]
	inside := func(part string) int {
		offset, _ := value.Raw(part).Offset(t.text)
		return offset
	}
	switch raw[0] {
	case '{':
		jsontext.EachMember(raw, func(quoted, part string) bool {
			t.note(part, inside(part), at, -1, jsontext.Unquote(quoted))
			return true
		})
	case '[':
		i := 0
		jsontext.EachElement(raw, func(part string) bool {
			t.note(part, inside(part), at, i, "")
			i++
			return true
		})
	}
}

// writeStep appends a member or, where index is not negative, an element to a path.
func writeStep(b *strings.Builder, name string, index int) {
	switch {
	case index >= 0:
		b.WriteString("[" + strconv.Itoa(index) + "]")
	case !plainName(name):
		b.WriteString("[" + strconv.Quote(name) + "]")
	default:
		if b.Len() > 0 {
			b.WriteByte('.')
		}
		b.WriteString(name)
	}
}

// stepOf returns path with one step more; it shares no memory with name.
func stepOf(path, name string, index int) string {
	var b strings.Builder
	b.WriteString(path)
	writeStep(&b, name, index)
	return b.String()
}
