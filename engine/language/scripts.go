package language

import (
	"fmt"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/signature"
)

// signatureOf is how a function of a script is called, with its types where they are known.
func signatureOf(fn engine.ScriptFunction) string {
	if fn.Signature != nil {
		return fn.Name + strings.TrimPrefix(fn.Signature.Text, fn.Signature.Name)
	}
	params := slices.Clone(fn.Params)
	if fn.Variadic {
		params = append(params, "...")
	}
	return fn.Name + "(" + strings.Join(params, ", ") + ")"
}

func scriptMarkdown(fn engine.ScriptFunction) string {
	var b strings.Builder
	fmt.Fprintf(&b, "```ts\n%s\n```\n\nFunction of %s", signatureOf(fn), escaped(shortName(fn.Script)))
	if s := fn.Signature; s != nil {
		if s.Doc != "" {
			b.WriteString("\n\n" + s.Doc)
		}
		for _, p := range s.Params {
			if p.Doc != "" {
				fmt.Fprintf(&b, "\n\n`%s`: %s", p.Name, p.Doc)
			}
		}
	}
	return b.String()
}

// scriptCompletion offers a call of a function with the parameters that must be given; without types these are all.
func scriptCompletion(fn engine.ScriptFunction) Completion {
	var places []string
	for i, name := range fn.Params {
		if s := fn.Signature; s != nil && i < len(s.Params) && !s.Params[i].Required && (s.Params[i].Type.Kind != signature.Any || strings.HasSuffix(fn.Pos.File, "ts")) {
			break
		}
		places = append(places, fmt.Sprintf("${%d:%s}", i+1, snippetText(name)))
	}
	c := Completion{Label: fn.Name, Kind: "function", Detail: signatureOf(fn), Documentation: scriptMarkdown(fn), Rank: rankLet, Snippet: true}
	c.Text = snippetText(fn.Name) + "(" + strings.Join(places, ", ") + ")"
	if len(places) == 0 {
		c.Text = snippetText(fn.Name) + "($0)"
	}
	return c
}

// scriptCall returns the function of a script that the word is called as: tier(x), or loyalty.tier(x).
func (f *file) scriptCall(w word) (engine.ScriptFunction, bool) {
	if w.i+1 >= len(w.tokens) || !w.tokens[w.i+1].is("(") || w.token().kind != nameToken || w.i != w.first && w.i != w.first+2 {
		return engine.ScriptFunction{}, false
	}
	return f.a.ScriptFunction(w.chain())
}

// isFunction tells whether a call means a function of the mapping language, which goes before one of a script.
func isFunction(w word) bool {
	return w.call && slices.ContainsFunc(engine.Functions(), func(fn engine.Function) bool { return fn.Name == w.token().text })
}
