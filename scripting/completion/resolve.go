package completion

import (
	"slices"
	"strings"
)

// typed is the text of a type and where names in it are looked up.
type typed struct{ text, scope string }

// parts are what a type may be: a union taken apart, without what has no members.
func (d *Declarations) parts(t typed, depth int) []typed {
	if depth > maxDepth {
		return nil
	}
	var all []typed
	for _, text := range split(t.text, '|') {
		if len(all) > maxParts {
			break
		}
		text = strings.TrimSpace(strings.TrimPrefix(text, "readonly "))
		if inner, ok := strings.CutPrefix(text, "("); ok && endOf(inner, 0, "") == len(inner)-1 {
			all = append(all, d.parts(typed{inner[:len(inner)-1], t.scope}, depth+1)...)
			continue
		}
		if text == "" || text == "undefined" || text == "null" || text == "any" || text == "unknown" {
			continue
		}
		if name, known, ok := d.lookUp(text, t.scope); ok && known.alias != "" {
			all = append(all, d.parts(typed{known.alias, spaceOf(name)}, depth+1)...)
			continue
		}
		all = append(all, typed{text, t.scope})
	}
	return all
}

// maxDepth bounds how many steps are followed from a name to its type.
const maxDepth = 12

// maxParts bounds a union.
const maxParts = 200

// split takes a type apart at a character that stands outside of brackets.
func split(text string, at byte) []string {
	var all []string
	for start := 0; start <= len(text); {
		end := endOf(text, start, string(at))
		all = append(all, strings.TrimSpace(text[start:end]))
		start = end + 1
	}
	return all
}

// lookUp finds a name from where it is used, outwards.
func (d *Declarations) lookUp(name, scope string) (string, *declared, bool) {
	for {
		if t, ok := d.types[join(scope, name)]; ok {
			return join(scope, name), t, true
		}
		if scope == "" {
			return "", nil, false
		}
		scope = spaceOf(scope)
	}
}

func spaceOf(name string) string {
	if at := strings.LastIndexByte(name, '.'); at >= 0 {
		return name[:at]
	}
	return ""
}

// members are those of a type.
func (d *Declarations) members(t typed) []*member {
	var all []*member
	for _, p := range d.parts(t, 0) {
		switch {
		case isList(p.text):
			all = append(all, lists.members...)
		case p.text == "string" || strings.HasPrefix(p.text, `"`):
			all = append(all, texts.members...)
		case strings.HasPrefix(p.text, "{"):
			var in declared
			r := reader{text: p.text[1:], into: d}
			r.members(&in, p.scope)
			all = append(all, in.members...)
		default:
			if _, known, ok := d.lookUp(p.text, p.scope); ok {
				all = append(all, known.members...)
			}
		}
	}
	return all
}

func isList(text string) bool { return strings.HasSuffix(text, "[]") }

// element is the type of what a list, or an object that is a table, holds.
func (d *Declarations) element(t typed) typed {
	for _, p := range d.parts(t, 0) {
		switch {
		case isList(p.text):
			return typed{strings.TrimSuffix(p.text, "[]"), p.scope}
		case strings.HasPrefix(p.text, "{"):
			var in declared
			r := reader{text: p.text[1:], into: d}
			r.members(&in, p.scope)
			if in.index != "" {
				return typed{in.index, p.scope}
			}
		default:
			if name, known, ok := d.lookUp(p.text, p.scope); ok && known.index != "" {
				return typed{known.index, name}
			}
		}
	}
	return typed{}
}

// step is one step of a chain: a member, a call of what stands before, or an element.
type step struct {
	name    string
	call    bool
	element bool
}

// follow takes the steps of a chain from a type on.
func (d *Declarations) follow(t typed, steps []step) typed {
	for i, s := range steps {
		switch {
		case s.element:
			t = d.element(t)
		case s.call: // the type of a method is that of its result
		default:
			if same := d.sameList(t, s.name); same.text != "" && i+1 < len(steps) && steps[i+1].call {
				t = same
				continue
			}
			members := d.members(t)
			i := slices.IndexFunc(members, func(m *member) bool { return m.name == s.name })
			if i < 0 {
				t = d.element(t) // a key of a table
				break
			}
			t = typed{members[i].result, members[i].scope}
		}
		if t.text == "" {
			return t
		}
	}
	return t
}

// sameList is what a method of a list gives that only chooses: the list, or an element of it.
func (d *Declarations) sameList(t typed, method string) typed {
	for _, p := range d.parts(t, 0) {
		if !isList(p.text) {
			continue
		}
		switch method {
		case "filter", "slice", "concat", "sort", "toSorted", "reverse", "toReversed":
			return p
		case "find", "findLast", "at", "pop", "shift":
			return d.element(p)
		}
	}
	return typed{}
}

// What lists and texts have is JavaScript's own (ECMA-262, Array.prototype and String.prototype): the members that scripts use.
var (
	lists = of(`interface L {
  readonly length: number; map(f: (element, index) => any): any[]; filter(keep: (element, index) => boolean): any[]; find(which: (element, index) => boolean): any;
  findIndex(which: (element, index) => boolean): number; some(which: (element) => boolean): boolean; every(which: (element) => boolean): boolean;
  forEach(f: (element, index) => void): void; reduce(f: (sum, element) => any, start?: any): any; flatMap(f: (element) => any[]): any[]; join(separator?: string): string;
  includes(element: any): boolean; indexOf(element: any): number; slice(start?: number, end?: number): any[]; concat(...others: any[]): any[];
  at(index: number): any; push(...elements: any[]): number; toSorted(order?: (a, b) => number): any[]; toReversed(): any[]; }`)
	texts = of(`interface L {
  readonly length: number; trim(): string; toLowerCase(): string; toUpperCase(): string; startsWith(text: string): boolean; endsWith(text: string): boolean;
  includes(text: string): boolean; indexOf(text: string): number; slice(start?: number, end?: number): string; split(separator: string): string[];
  replace(what: string, by: string): string; replaceAll(what: string, by: string): string; padStart(length: number, fill?: string): string;
  padEnd(length: number, fill?: string): string; match(pattern: RegExp): any[]; charAt(index: number): string; repeat(count: number): string; }`)
)

func of(text string) *declared { return Read(text).types["L"] }
