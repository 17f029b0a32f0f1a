package signature

import (
	"regexp"
	"slices"
	"strings"
)

var (
	tag     = regexp.MustCompile(`^@(\w+)\s*`)
	param   = regexp.MustCompile(`^(\[)?\s*([\w$]+)([\w$\[\].]*)\s*(?:=[^\]]*)?\]?\s*-?\s*`)
	starred = regexp.MustCompile(`(?m)^[ \t]*(?:\* ?)?`)
)

// comment reads the comment of a function: its text, and in JavaScript the types that its tags tell.
func (p *parser) comment(f *Function, doc string) {
	if doc == "" {
		return
	}
	doc = strings.TrimSuffix(strings.TrimPrefix(doc, "/**"), "*/")
	var prose, tags []string
	for _, line := range strings.Split(starred.ReplaceAllString(strings.ReplaceAll(doc, "\r", ""), ""), "\n") {
		line = strings.TrimRight(line, " \t")
		switch {
		case tag.MatchString(line):
			tags = append(tags, line)
		case len(tags) > 0:
			tags[len(tags)-1] += "\n" + line
		default:
			prose = append(prose, line)
		}
	}
	f.Doc = strings.TrimSpace(strings.Join(prose, "\n"))
	if !p.typed && slices.ContainsFunc(tags, func(t string) bool { return strings.HasPrefix(t, "@template") || strings.HasPrefix(t, "@overload") }) {
		return // types with parameters of their own
	}
	for _, t := range tags {
		name := tag.FindStringSubmatch(t)[1]
		typ, rest, typed := jsdocType(tag.ReplaceAllString(t, ""))
		typed = typed && !p.typed // TypeScript's own types go before those of comments
		switch name {
		case "param", "arg", "argument":
			f.describe(typ, rest, typed)
		case "returns", "return":
			if typed {
				f.Result = typ.Type
			}
		}
	}
}

// describe takes what a tag says of a parameter: "{string} [name] - what it is".
func (f *Function) describe(typ documented, rest string, typed bool) {
	m := param.FindStringSubmatch(rest)
	if m == nil || m[3] != "" { // a member of a parameter
		return
	}
	i := slices.IndexFunc(f.Params, func(q Param) bool { return q.Name == m[2] })
	if i < 0 {
		return
	}
	q := &f.Params[i]
	q.Doc = strings.TrimSpace(rest[len(m[0]):])
	if typed {
		q.Type = typ.Type
		q.Required = m[1] == "" && !typ.optional && !q.Rest && !q.Type.mayBeMissing()
	}
}

// documented is a type of JSDoc.
type documented struct {
	Type
	optional bool
}

// jsdocType reads the type in braces at the start of a tag, and returns what stands behind it.
func jsdocType(text string) (t documented, rest string, ok bool) {
	if !strings.HasPrefix(text, "{") {
		return t, text, false
	}
	end := bracesEnd(text, 0, 0)
	if end < 0 {
		return t, text, false
	}
	tokens, ok := scan(text[1 : end-1])
	rest = strings.TrimLeft(text[end:], " \t\n")
	if !ok {
		return t, rest, false
	}
	p := &parser{tokens: tokens, text: text, named: map[string]*Type{}}
	variadic := p.accept("...")
	t.Type = p.typ()
	t.optional = p.accept("=") || variadic
	if p.failed || p.peek().kind != endToken {
		return documented{}, rest, false
	}
	return t, rest, true
}
