package project

import (
	"regexp"
	"slices"
	"strings"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// cover stands where a secret would.
const cover = "********"

// hide has no message show a text, nor what follows it on its line.
func (f *file) hide(t text) {
	if f.hidden == nil {
		f.hidden = map[int]int{}
	}
	if column, ok := f.hidden[t.line]; !ok || t.column < column {
		f.hidden[t.line] = t.column
	}
}

// hideCredentials hides what stands in the place of references to secrets, whatever else is wrong with the connection. Only what the system
// says to be no secret is shown.
func (f *file) hideCredentials(spec *connectors.Spec, n ast.Node) {
	entries, _ := yamltext.Entries(n)
	for _, e := range entries {
		open := spec != nil && slices.ContainsFunc(spec.Credentials, func(c connectors.Credential) bool {
			return c.Name == yamltext.Text(e.Key) && !c.Secret
		})
		if _, isMap := e.Value.(ast.MapNode); !isMap && !open && !yamltext.IsNull(e.Value) && !onlyVariable.MatchString(yamltext.Text(e.Value)) {
			f.hide(at(e.Value))
		}
	}
}

// cover covers what is hidden in the lines that messages show.
func (f *file) cover() {
	for i := range *f.diags {
		d := &(*f.diags)[i]
		column, ok := f.hidden[d.Pos.Line]
		if !ok || d.Pos.File != f.path || d.Snippet == "" {
			continue
		}
		head := []rune(d.Snippet)
		if d.Pos.Column > column || len(head) < column {
			d.Snippet = "" // it would point at nothing
			continue
		}
		d.Snippet = string(head[:column-1]) + cover
		if d.Pos.Column == column {
			d.End.Line, d.End.Column = d.Pos.Line, column+len(cover)
		}
	}
}

var hashes = regexp.MustCompile(`\$argon2id\$[A-Za-z0-9+/=,$]*|sha256:[0-9a-fA-F]{16,}`)

// Covered is the text of crosswalk.yaml without the hashes of passwords and tokens: who has one can try passwords at leisure.
func Covered(text string) string {
	return hashes.ReplaceAllStringFunc(text, func(hash string) string {
		kind, _, _ := strings.Cut(strings.TrimPrefix(hash, "$"), "$")
		kind, _, _ = strings.Cut(kind, ":")
		return kind + " " + cover
	})
}
