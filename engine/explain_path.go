package engine

import (
	"fmt"
	"strconv"
	"strings"
)

// At returns the part of e about a path of the target and everything below it. [] stands for every element: lines[].sku.
// The error names a path that comes close.
func (e *Explanation) At(path string) (*Explanation, error) {
	want, err := pathSteps(path)
	if err != nil {
		return nil, err
	}
	part := *e
	part.Fields, part.Absent = []Field{}, []Absence{}
	var known []string
	for _, f := range e.Fields {
		known = append(known, f.Path)
		if got, _ := pathSteps(f.Path); pathCovers(want, got) {
			part.Fields = append(part.Fields, f)
		}
	}
	for _, a := range e.Absent {
		known = append(known, a.Path)
		if got, _ := pathSteps(a.Path); pathCovers(want, got) || pathCovers(got, want) {
			part.Absent = append(part.Absent, a)
		}
	}
	if len(part.Fields)+len(part.Absent) > 0 {
		return &part, nil
	}
	if list, n := e.shortList(want); n > 0 {
		return nil, fmt.Errorf("%s is not there: %s has %s", path, list, count(n, "element"))
	}
	if best, _ := nearest(path, known); best != "" {
		return nil, fmt.Errorf("no rule is about %s, did you mean %q?", path, best)
	}
	return nil, fmt.Errorf("no rule is about %s", path)
}

// shortList returns the list that has fewer elements than the path wants, and how many it has; 0 where there is no such list.
func (e *Explanation) shortList(want []string) (list string, elements int) {
	for n, step := range want {
		if step[0] != '[' || step == "[]" {
			continue
		}
		elements = 0
		for _, f := range e.Fields {
			if got, _ := pathSteps(f.Path); len(got) > n && pathCovers(want[:n], got) {
				if i, err := strconv.Atoi(strings.Trim(got[n], "[]")); err == nil {
					elements = max(elements, i+1)
				}
			}
		}
		if i, err := strconv.Atoi(strings.Trim(step, "[]")); err == nil && elements > 0 && i >= elements {
			return strings.TrimPrefix(strings.Join(want[:n], ""), "."), elements
		}
	}
	return "", 0
}

// Nearest is At for a path that may lead nowhere: it returns what is told about the closest field above it, without the
// output and the diagnostics of the whole document.
func (e *Explanation) Nearest(path string) *Explanation {
	part := *e
	part.Output, part.Diagnostics = nil, nil
	steps, err := pathSteps(path)
	for n := len(steps); err == nil && n > 0; n-- {
		part.Fields, part.Absent = []Field{}, []Absence{}
		for _, f := range e.Fields {
			if got, _ := pathSteps(f.Path); pathCovers(steps[:n], got) && (n == len(steps) || len(got) == n) {
				part.Fields = append(part.Fields, f)
			}
		}
		for _, a := range e.Absent {
			if got, _ := pathSteps(a.Path); pathCovers(steps[:n], got) && (n == len(steps) || len(got) == n) {
				part.Absent = append(part.Absent, a)
			}
		}
		if len(part.Fields)+len(part.Absent) > 0 {
			return &part
		}
	}
	part.Fields, part.Absent = []Field{}, []Absence{}
	return &part
}

// pathCovers tells whether got is want or below it.
func pathCovers(want, got []string) bool {
	if len(got) < len(want) {
		return false
	}
	for i, w := range want {
		any := (w == "[]" || got[i] == "[]") && w[0] == '[' && got[i][0] == '['
		if w != got[i] && !any {
			return false
		}
	}
	return true
}

// pathSteps splits lines[2]["a.b"].sku into its steps: names with a dot before them, [2] and [].
func pathSteps(path string) ([]string, error) {
	bad := func(at int) error { return fmt.Errorf("the path %q cannot be read from character %d on", path, at+1) }
	var steps []string
	for i := 0; i < len(path); {
		switch {
		case path[i] == '[' && i+1 < len(path) && (path[i+1] == '"' || path[i+1] == '\''):
			end := strings.Index(path[i+2:], path[i+1:i+2]+"]")
			if end < 0 {
				return nil, bad(i)
			}
			steps = append(steps, "."+path[i+2:i+2+end])
			i += end + 4
		case path[i] == '[':
			end := strings.IndexByte(path[i:], ']')
			if end < 0 || strings.Trim(path[i+1:i+end], "0123456789") != "" {
				return nil, bad(i)
			}
			steps = append(steps, path[i:i+end+1])
			i += end + 1
		default:
			if path[i] == '.' && i > 0 {
				i++
			}
			end := strings.IndexAny(path[i:], ".[")
			if end < 0 {
				end = len(path) - i
			}
			if end == 0 {
				return nil, bad(i)
			}
			steps = append(steps, "."+path[i:i+end])
			i += end
		}
	}
	return steps, nil
}
