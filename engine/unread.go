package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// SourceRead is a place of the source document that a mapping reads.
type SourceRead struct {
	// Path names the place: lineItems[].price. A star is any member, where rules compute the name.
	Path string `json:"path"`
	// Whole is true where everything below the place is read too. Otherwise rules depend only
	// on whether something stands there, of what kind it is, or how many elements it has.
	Whole bool `json:"whole"`
}

// Reads returns what the mapping reads of the source document, sorted by path. It is found from the rules
// alone, through variables, loops and functions; where a rule hands on a whole object, the whole of it counts as
// read. It says nothing about `source`, `current` and `links`, which are other documents.
func (m *Mapping) Reads() []SourceRead {
	var out []SourceRead
	var walk func(p *sourcePlace, path string)
	walk = func(p *sourcePlace, path string) {
		leaf := p.item == nil && p.member == nil && len(p.fields) == 0
		if p.whole || p.itself && leaf {
			out = append(out, SourceRead{path, p.whole})
			return
		}
		for _, name := range sortedKeys(p.fields) {
			walk(p.fields[name], memberPath(path, name))
		}
		if p.member != nil {
			walk(p.member, strings.TrimPrefix(path+".*", "."))
		}
		if p.item != nil {
			walk(p.item, path+"[]")
		}
	}
	walk(m.reads, "")
	return out
}

// ReadsLink tells whether a rule or a `let` reads the member of `links` with this name, or all of `links`: a flow
// needs to look for customers and products only for mappings that use them.
func (m *Mapping) ReadsLink(name string) bool { return m.links[name] || m.links[""] }

// readsLink notes a member of links; "" is the whole of it.
func (c *compiler) readsLink(name string) {
	if c.linksRead == nil {
		c.linksRead = map[string]bool{}
	}
	c.linksRead[name] = true
}

func memberPath(path, name string) string {
	if !plainName(name) || name == "*" {
		return fmt.Sprintf("%s[%q]", path, name)
	}
	if path == "" {
		return name
	}
	return path + "." + name
}

// Unread returns the fields of a document that the mapping does not read: the paths of values that are no
// list or object with something in it, lists without their indexes, each path once, in the order of the document.
// Whatever stands at such a path, the output is the same. A document that is no JSON gives [Diagnostics].
func (m *Mapping) Unread(document []byte) ([]string, error) {
	var paths []string
	seen := map[string]bool{}
	err := m.eachField(document, func(path, _ string, read bool) {
		if !read && !seen[path] {
			seen[path] = true
			paths = append(paths, path)
		}
	})
	return paths, err
}

// eachField calls f for every value of a document that is no list or object with something in it: its path without
// indexes, its text, and whether the mapping reads it. Elements of a list have the same path.
func (m *Mapping) eachField(document []byte, f func(path, raw string, read bool)) error {
	root, diag := (&frame{}).json(0, document, &m.keys, nil, m.limits.Depth)
	if diag != nil {
		return Diagnostics{*diag}
	}
	if root.Kind() == value.Object || root.Kind() == value.List {
		(&fieldWalk{f}).value(strings.TrimSpace(string(document)), "", []*sourcePlace{m.reads})
	}
	return nil
}

// fieldWalk goes through the text of a document beside the places that rules read.
type fieldWalk struct {
	f func(path, raw string, read bool)
}

func (w *fieldWalk) value(raw, path string, places []*sourcePlace) {
	read := false
	for _, p := range places {
		read = read || p.whole
		if p.whole {
			places = []*sourcePlace{p}
			break
		}
	}
	below := func(next func(p *sourcePlace) []*sourcePlace) []*sourcePlace {
		if read {
			return places
		}
		var out []*sourcePlace
		for _, p := range places {
			for _, n := range next(p) {
				if n != nil && !slices.Contains(out, n) {
					out = append(out, n)
				}
			}
		}
		return out
	}
	empty := true
	switch raw[0] {
	case '{':
		jsontext.EachMember(raw, func(quoted, val string) bool {
			empty = false
			name := jsontext.Unquote(quoted)
			w.value(val, memberPath(path, name), below(func(p *sourcePlace) []*sourcePlace { return []*sourcePlace{p.fields[name], p.member} }))
			return true
		})
	case '[':
		items := below(func(p *sourcePlace) []*sourcePlace { return []*sourcePlace{p.item} })
		jsontext.EachElement(raw, func(val string) bool {
			empty = false
			w.value(val, path+"[]", items)
			return true
		})
	}
	if !empty || path == "" {
		return
	}
	for _, p := range places {
		read = read || p.itself
	}
	w.f(path, raw, read)
}

// Unfilled returns the fields of the target that no rule fills, as far as the target's schema names them, in its
// order. A rule that writes a whole object of which the members are not known fills all of it.
func (m *Mapping) Unfilled() []string {
	if m.copyBase || m.target == nil {
		return nil
	}
	var out []string
	var walk func(n *targetNode, s *shape.Shape, path string, depth int)
	walk = func(n *targetNode, s *shape.Shape, path string, depth int) {
		s = s.Without(value.Nil)
		if n.item || s.Kinds == value.Lists {
			s = s.Element().Without(value.Nil)
			path += "[]"
		}
		for _, name := range s.Names() {
			below := memberPath(path, name)
			kid, m := n.kids[name], s.Prop(name)
			switch {
			case kid == nil:
				out = append(out, below)
			case kid.whole != nil && !(kid.whole.Kinds&^value.Nil == value.Objects && kid.whole.Extra == nil):
			case depth > 0:
				if kid.whole != nil {
					for _, name := range kid.whole.Names() {
						kid.kid(name)
					}
				}
				if len(kid.names) > 0 {
					walk(kid, m, below, depth-1)
				}
			}
		}
	}
	walk(targetTree(m.linked, m.results), m.target, "", maxPathDepth)
	return out
}
