package project

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/engine/schema"
	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// section holds the map that stands behind a key to the keys that it may have, and to what these may hold.
func (f *file) section(key text, n ast.Node, keys schema.Parts, needed []string) {
	var seen []string
	for _, e := range f.entries(n, fmt.Sprintf("%s is a map with the keys %s", key.value, strings.Join(keys.Names(), ", "))) {
		seen = append(seen, e.key.value)
		i := slices.Index(keys.Names(), e.key.value)
		if i < 0 {
			f.unknown(e.key, "key", keys.Names())
			continue
		}
		if yamltext.IsNull(e.node) {
			continue // as good as none
		}
		f.part(e.key, e.node, keys[i].Part)
	}
	if _, isMap := n.(ast.MapNode); !isMap {
		return
	}
	for _, need := range needed {
		if !slices.Contains(seen, need) {
			f.report(key, codeMissingKey, fmt.Sprintf("%s has no %q", key.value, need), "")
		}
	}
}

// part holds what stands behind a key to what it may be.
func (f *file) part(key text, n ast.Node, p schema.Part) {
	switch p.Kind {
	case schema.Section:
		f.section(key, n, p.Keys, p.Needed)
	case schema.Sections, schema.Texts:
		list, ok := n.(*ast.SequenceNode)
		if !ok {
			f.report(at(n), codeShape, key.value+" is a list", "")
			return
		}
		for _, item := range list.Values {
			if p.Kind == schema.Texts {
				f.textPart(key, item, p)
				continue
			}
			one := at(item)
			one.value, one.width = "an entry of "+key.value, 1
			f.section(one, item, p.Keys, p.Needed)
		}
	case schema.Choices:
		for _, e := range f.entries(n, key.value+" is a map") {
			f.oneOf(e.node, e.key.value, p.Words)
		}
	case schema.Choice:
		f.oneOf(n, key.value, p.Words)
	case schema.Truth:
		if n.Type() != ast.BoolType {
			f.wrong(key, n, false, "write true or false")
		}
	case schema.Whole:
		number, err := strconv.Atoi(yamltext.Text(n))
		if n.Type() != ast.IntegerType || err != nil || number < p.Min || number > p.Max {
			f.wrong(key, n, false, fmt.Sprintf("write a number from %d to %d", p.Min, p.Max))
		}
	case schema.Pause:
		if d, err := time.ParseDuration(yamltext.Text(n)); n.Type() != ast.StringType || err != nil || d < 0 {
			f.wrong(key, n, false, "write a time such as 30s or 5m")
		}
	case schema.Secret:
		if f.scalar(n) && !onlyVariable.MatchString(yamltext.Text(n)) {
			f.literalSecret(at(n), key.value, "put it into a variable of the environment and write "+key.value+": ${NAME}")
		}
	default:
		f.textPart(key, n, p)
	}
}

// textPart checks a text. What looks like a number or a truth is none, because what reads the section is strict.
func (f *file) textPart(key text, n ast.Node, p schema.Part) {
	switch {
	case !f.scalar(n):
	case n.Type() != ast.StringType && n.Type() != ast.LiteralType:
		f.wrong(key, n, p.Hidden, "put it into quotes: a text is expected")
	case p.Pattern != "" && !regexp.MustCompile(p.Pattern).MatchString(yamltext.Text(n)):
		f.wrong(key, n, p.Hidden, p.Help)
	}
}

// scalar tells whether a word stands there, and says so if not.
func (f *file) scalar(n ast.Node) bool { return f.word(n) != nil }

// wrong reports a value that a key cannot have; one that may be a secret is not shown.
func (f *file) wrong(key text, n ast.Node, hidden bool, help string) {
	t := at(n)
	if hidden {
		f.hide(t)
		f.report(t, codeValue, fmt.Sprintf("%s cannot be what stands here", key.value), help)
		return
	}
	f.report(t, codeValue, fmt.Sprintf("%s cannot be %q", key.value, t.value), help)
}
