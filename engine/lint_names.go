package engine

import (
	"fmt"
	"slices"
	"strings"
)

// names warns about names that nothing uses. What an inherited file declares is left alone: it may be
// there for another overlay.
func (l *lint) names(c *mappingCompiler) {
	k := c.linked
	t := followReads(k)
	c.m.reads = t.doc
	unused := func(name *scalar, what, help string) {
		if name.file != k.main.src || strings.HasPrefix(name.text, "_") {
			return
		}
		l.warnWhole(&c.compiler, name, codeUnused, fmt.Sprintf("%s %s is never used", what, name.text), help)
	}
	for i, let := range k.lets {
		if t.lets[i].from == nil {
			unused(let.name, "the variable", "remove it")
		}
	}
	for _, table := range k.tables {
		if p := t.tables; !p.whole && p.member == nil && p.fields[table.name.text] == nil {
			unused(table.name, "the table", "remove it, or name it in a `lookup`")
		}
	}
	for _, set := range k.sets {
		if p := t.settings; !p.whole && p.member == nil && p.fields[set.Name] == nil {
			unused(set.name, "the setting", fmt.Sprintf("remove it, or read it as settings.%s", set.Name))
		}
	}
	for _, v := range t.vars {
		switch {
		case v.used || strings.HasPrefix(v.name, "_") || v.at.file != k.main.src:
		case v.node != nil:
			loc := v.node.Location()
			l.warn(&c.compiler, v.at, loc.From, loc.To, codeUnused, fmt.Sprintf("the variable %s is never used", v.name), "remove it")
		case isIndex(t.vars, v):
			unused(v.at, "the index", "remove `index`")
		case v.index != nil && v.index.used: // the elements differ by their number
		default:
			unused(v.at, "the alias", fmt.Sprintf("every element comes out the same; call it _%s if that is meant", v.name))
		}
	}
}

func isIndex(vars []*readLocal, v *readLocal) bool {
	return slices.ContainsFunc(vars, func(o *readLocal) bool { return o.index == v })
}

// declared looks at the names that a mapping or a rule gives.
func (l *lint) declared(c *compiler, name *scalar) {
	l.shadow(c, name.text, func(msg, help string) { l.warnWhole(c, name, codeShadow, msg, help) })
}

// shadow warns about a name that hides a field of the source or another name.
func (l *lint) shadow(c *compiler, name string, warn func(msg, help string)) {
	if c.linked == nil {
		return
	}
	if c.names.doc != nil && slices.Contains(c.names.doc.Names(), name) {
		warn(fmt.Sprintf("%s hides the source's field of that name", name), fmt.Sprintf("choose another name; the field is doc.%s from here on", name))
		return
	}
	if _, ok := c.names.lets[name]; ok {
		warn(fmt.Sprintf("%s hides the variable of that name in `let`", name), "choose another name")
		return
	}
	for o := c.locals; o != nil; o = o.outer {
		if o.name == name {
			warn(fmt.Sprintf("%s hides an outer name that is the same", name), "choose another name")
			return
		}
	}
}
