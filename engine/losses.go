package engine

import (
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// maxLossPaths bounds how many fields a report tells apart: objects whose member names are data have no end.
const maxLossPaths = 10_000

// Losses counts over many documents what a mapping loses without a word. It keeps no document. It is not safe for
// concurrent use.
type Losses struct {
	m         *Mapping
	documents int
	failed    int
	order     []string
	unread    map[string]*lossCount
	more      bool
	filled    map[string]bool // by the path of a rule
}

type lossCount struct {
	documents int
	last      int // the document that was counted last
}

// LossReport is what a mapping loses: source fields that no rule reads and target fields that get no value.
type LossReport struct {
	Documents int `json:"documents"`
	Failed    int `json:"failed"` // of which have no output
	// Unread are the source fields that no rule reads, in the order in which documents have them. Documents counts
	// those with a value: null, "", [] and {} are nothing to lose.
	Unread []FieldCount `json:"unread"`
	// More is true where there are more unread fields than are told apart.
	More bool `json:"more,omitempty"`
	// NoRule are the fields of the target's schema that no rule fills.
	NoRule []string `json:"noRule"`
	// NeverFilled are the target fields that have a rule and got no value in any document that was mapped; a list
	// stands for what is below it.
	NeverFilled []string `json:"neverFilled"`
}

// FieldCount is a field and in how many documents it was seen.
type FieldCount struct {
	Path      string `json:"path"`
	Documents int    `json:"documents"`
}

// Losses returns an empty count for the mapping.
func (m *Mapping) Losses() *Losses {
	l := &Losses{m: m, unread: map[string]*lossCount{}, filled: map[string]bool{}}
	for _, r := range m.linked.rules {
		l.filled[r.path.String()] = false
	}
	return l
}

// Add counts a document and what the mapping made of it, nil where it failed. The error is [Diagnostics] for
// a document that is no JSON, which is not counted.
func (l *Losses) Add(document, output []byte) error {
	number := l.documents + 1
	err := l.m.eachField(document, func(path, raw string, read bool) {
		if read || value.Raw(raw).IsEmpty() {
			return
		}
		c := l.unread[path]
		if c == nil {
			if len(l.order) == maxLossPaths {
				l.more = true
				return
			}
			c = &lossCount{}
			l.unread[path] = c
			l.order = append(l.order, path)
		}
		if c.last != number {
			c.last = number
			c.documents++
		}
	})
	if err != nil {
		return err
	}
	l.documents = number
	if output == nil {
		l.failed++
		return nil
	}
	(&fieldWalk{func(path, _ string, _ bool) {
		// A value fills every field that it lies in: a.b[] fills a, a.b and a.b[].
		for i := 0; i <= len(path); i++ {
			if i == len(path) || path[i] == '.' || path[i] == '[' {
				if _, target := l.filled[path[:i]]; target {
					l.filled[path[:i]] = true
				}
			}
		}
	}}).value(strings.TrimSpace(string(output)), "", nil)
	return nil
}

// Report returns what was counted.
func (l *Losses) Report() LossReport {
	r := LossReport{Documents: l.documents, Failed: l.failed, More: l.more, Unread: []FieldCount{}, NoRule: []string{}, NeverFilled: []string{}}
	for _, path := range l.order {
		r.Unread = append(r.Unread, FieldCount{path, l.unread[path].documents})
	}
	r.NoRule = append(r.NoRule, l.m.Unfilled()...)
	if l.documents == l.failed {
		return r
	}
	for _, rule := range l.m.linked.rules {
		if path := rule.path.String(); !l.filled[path] && !below(path, r.NeverFilled) {
			r.NeverFilled = append(r.NeverFilled, path)
		}
	}
	return r
}

// below tells whether a path lies in one of the lists.
func below(path string, lists []string) bool {
	for _, list := range lists {
		if strings.HasSuffix(list, "[]") && strings.HasPrefix(path, list) {
			return true
		}
	}
	return false
}
