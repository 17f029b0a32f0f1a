package completion

import (
	"regexp"
	"slices"
	"strings"
)

// Entry is something that may be written.
type Entry struct {
	Label         string `json:"label"`
	Kind          string `json:"kind"` // field, function, variable or type
	Detail        string `json:"detail,omitempty"`
	Documentation string `json:"documentation,omitempty"`
}

// At says what may be written at an offset in bytes of a script: the members of what stands before a dot, else what has a name
// everywhere. It is nil where it does not know.
func (d *Declarations) At(script string, offset int) []Entry {
	if len(script) > maxScript {
		return nil
	}
	offset = min(max(offset, 0), len(script))
	before := script[:offset]
	if inText(before) {
		return nil
	}
	word := len(before)
	for word > 0 && isWord(before[word-1]) {
		word--
	}
	at := strings.TrimRight(before[:word], " \t\r\n")
	if !strings.HasSuffix(at, ".") {
		return d.everywhere(script)
	}
	at = strings.TrimSuffix(strings.TrimSuffix(at, "."), "?")
	root, steps, start := chain(at)
	if root == "" {
		return nil
	}
	if space := d.within(root, steps); space != nil {
		return space
	}
	return entries(d.members(d.chain(before[:start], root, steps, 0)))
}

// maxScript bounds a script that is looked at, in bytes.
const maxScript = 300_000

// inText tells whether the end of a script stands in a comment or a text on its line.
func inText(before string) bool {
	line := before[strings.LastIndexByte(before, '\n')+1:]
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '/' && strings.HasPrefix(line[i:], "//"):
			return true
		case c == '"' || c == '\'':
			if i = closing(line, i); i >= len(line) {
				return true
			}
		}
	}
	return strings.LastIndex(before, "/*") > strings.LastIndex(before, "*/")
}

// everywhere are the globals, the names of types, and the functions of the script.
func (d *Declarations) everywhere(script string) []Entry {
	var all []Entry
	for _, m := range d.globals {
		if !inTests[m.name] {
			all = append(all, entry(m, "variable"))
		}
	}
	for name, t := range d.types {
		if !strings.Contains(name, ".") {
			all = append(all, Entry{Label: name, Kind: "type", Documentation: t.doc})
		}
	}
	for _, m := range ownFunction.FindAllStringSubmatch(script, -1) {
		all = append(all, Entry{Label: m[1], Kind: "function", Detail: m[2]})
	}
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Label, b.Label) })
	return slices.CompactFunc(all, func(a, b Entry) bool { return a.Label == b.Label })
}

var ownFunction = regexp.MustCompile(`(?m)^(?:export\s+)?(?:default\s+)?(?:async\s+)?function\s+([\w$]+)\s*(\([^)]*\))`)

// inTests are the globals that only test files have.
var inTests = map[string]bool{"expect": true, "test": true, "it": true, "describe": true, "beforeEach": true, "afterEach": true, "beforeAll": true, "afterAll": true}

// within are the types of a namespace, where the chain names one.
func (d *Declarations) within(root string, steps []step) []Entry {
	space := root
	for _, s := range steps {
		if s.call || s.element {
			return nil
		}
		space += "." + s.name
	}
	var all []Entry
	for name, t := range d.types {
		if rest, ok := strings.CutPrefix(name, space+"."); ok {
			rest, _, _ = strings.Cut(rest, ".")
			e := Entry{Label: rest, Kind: "type"}
			if name == space+"."+rest {
				e.Documentation = t.doc
			}
			all = append(all, e)
		}
	}
	slices.SortFunc(all, func(a, b Entry) int { return strings.Compare(a.Label, b.Label) })
	return slices.CompactFunc(all, func(a, b Entry) bool { return a.Label == b.Label })
}

func entries(members []*member) []Entry {
	var all []Entry
	for _, m := range members {
		if !slices.ContainsFunc(all, func(e Entry) bool { return e.Label == m.name }) {
			all = append(all, entry(m, "field"))
		}
	}
	return all
}

func entry(m *member, kind string) Entry {
	if m.method {
		kind = "function"
	}
	return Entry{Label: m.name, Kind: kind, Detail: strings.Join(strings.Fields(m.signature), " "), Documentation: m.doc}
}

// chain is the type of a chain that begins with a name, as it is known behind the text before.
func (d *Declarations) chain(before, root string, steps []step, depth int) typed {
	t := d.variable(before, root, depth)
	if t.text == "" {
		if g, ok := d.globals[root]; ok {
			t = typed{g.result, g.scope}
		}
	}
	if t.text == "" {
		return t
	}
	return d.follow(t, steps)
}

// chain reads the chain at the end of a text backwards: order.lines[0].map(...) is order with its steps.
func chain(text string) (root string, steps []step, start int) {
	at := len(text)
	for {
		at = trimmed(text, at)
		switch {
		case at > 0 && (text[at-1] == ')' || text[at-1] == ']'):
			call := text[at-1] == ')'
			if at = opening(text, at-1); at < 0 {
				return "", nil, 0
			}
			steps = append(steps, step{call: call, element: !call})
			continue
		case at > 0 && text[at-1] == '!':
			at--
			continue
		}
		end := at
		for at > 0 && isWord(text[at-1]) {
			at--
		}
		if at == end {
			return "", nil, 0
		}
		name := text[at:end]
		dot := trimmed(text, at)
		if dot == 0 || text[dot-1] != '.' {
			slices.Reverse(steps)
			return name, steps, at
		}
		steps = append(steps, step{name: name})
		at = dot - 1
		if at > 0 && text[at-1] == '?' {
			at--
		}
	}
}

func trimmed(text string, at int) int { return len(strings.TrimRight(text[:at], " \t\r\n")) }

// opening is where the bracket that ends at at begins; -1 where it does not.
func opening(text string, at int) int {
	depth := 0
	for ; at >= 0; at-- {
		switch text[at] {
		case ')', ']', '}':
			depth++
		case '(', '[', '{':
			if depth--; depth == 0 {
				return at
			}
		}
	}
	return -1
}

// variable is the type of a name by the last declaration of it before.
func (d *Declarations) variable(before, name string, depth int) typed {
	if depth > maxDepth {
		return typed{}
	}
	for end := len(before); ; {
		at := strings.LastIndex(before[:end], name)
		if at < 0 {
			return typed{}
		}
		end = at
		if at > 0 && (isWord(before[at-1]) || before[at-1] == '.') || at+len(name) < len(before) && isWord(before[at+len(name)]) {
			continue
		}
		if t, ok := d.declaration(before, at, at+len(name), depth); ok {
			return t
		}
	}
}

// maxSpace bounds what stands between const and a name.
const maxSpace = 80

var keyword = regexp.MustCompile(`\b(const|let|var)\s+$`)

// declaration is the type of the name between two offsets, if it is declared there.
func (d *Declarations) declaration(before string, at, end, depth int) (typed, bool) {
	head, rest := before[:at], strings.TrimLeft(before[end:], " \t\r\n")
	rest = strings.TrimPrefix(rest, "?")
	introduced := keyword.MatchString(head[max(0, len(head)-maxSpace):])
	last := trimmed(head, len(head))
	parameter := last > 0 && (head[last-1] == '(' || head[last-1] == ',')
	switch {
	case !introduced && !parameter && !strings.HasPrefix(rest, "=>"):
		return typed{}, false
	case strings.HasPrefix(rest, ":"):
		written := rest[1:]
		return typed{strings.TrimSpace(written[:endOf(written, 0, ",=;\n")]), ""}, true
	case introduced && strings.HasPrefix(rest, "of "):
		return d.element(d.value(before[:at], rest[3:], depth)), true
	case introduced && strings.HasPrefix(rest, "=") && !strings.HasPrefix(rest, "=="):
		return d.value(before[:at], rest[1:], depth), true
	case introduced:
		return typed{}, true
	}
	return d.argument(head, last, rest, depth)
}

// value is the type of the expression that a text begins with, as far as it is a chain.
func (d *Declarations) value(before, text string, depth int) typed {
	text = strings.TrimSpace(text[:endOf(text, 0, ";\n,")])
	root, steps, start := chain(text)
	if root == "" || strings.TrimSpace(text[:start]) != "" {
		return typed{}
	}
	return d.chain(before, root, steps, depth+1)
}

// elementFirst are the methods of lists that give their function an element first.
var elementFirst = []string{"map", "filter", "find", "findLast", "findIndex", "some", "every", "forEach", "flatMap"}

// argument is the type of a parameter of a function that is given to a method of a list: lines.map((line) => ...). head ends before the name.
func (d *Declarations) argument(head string, last int, rest string, depth int) (typed, bool) {
	place := 0
	if last > 0 && head[last-1] == ',' { // reduce((sum, line) => ...)
		first := opening(head+")", len(head))
		if first < 0 || strings.Count(head[first:], ",") != 1 {
			return typed{}, false
		}
		place, last = 1, first+1
	}
	open := last - 1
	if open < 0 || head[open] != '(' {
		return typed{}, false
	}
	call := open
	if !strings.HasPrefix(rest, "=>") { // the parameters have brackets of their own
		if closed := endOf(rest, 0, ""); closed >= len(rest) || !strings.HasPrefix(strings.TrimLeft(rest[min(closed+1, len(rest)):], " \t"), "=>") {
			return typed{}, false
		}
		call = trimmed(head, open) - 1
	}
	if call < 0 || head[call] != '(' {
		return typed{}, false
	}
	root, steps, start := chain(head[:call])
	if root == "" || len(steps) == 0 {
		return typed{}, false
	}
	method := steps[len(steps)-1].name
	if place == 0 && !slices.Contains(elementFirst, method) || place == 1 && method != "reduce" {
		return typed{}, false
	}
	return d.element(d.chain(head[:start], root, steps[:len(steps)-1], depth+1)), true
}
