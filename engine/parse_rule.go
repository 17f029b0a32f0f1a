package engine

import (
	"errors"
	"fmt"
	"strconv"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/schema"
	"github.com/crosswalk-go/crosswalk/engine/yamltext"
)

// rule reads one line of rules: an expression, a map of options, or null.
func (p *fileParser) rule(m *mappingFile, key *scalar, n ast.Node) *ruleDecl {
	r := &ruleDecl{file: m, key: key}
	path, err := parsePath(key.text)
	if err != nil {
		d := Diagnostic{Code: codePath, Message: err.Error()}
		var pe *pathError
		if errors.As(err, &pe) {
			d.Pos, d.End = key.rangeOf(pe.from, pe.to)
		}
		p.add(d)
		return nil
	}
	r.path, r.target = path, path.String()
	if !p.plain(n) {
		return nil
	}
	switch {
	case yamltext.IsNull(n):
		r.remove = true
		return r
	case yamltext.IsScalar(n):
		r.result.expr = p.expression(n)
	default:
		if _, ok := n.(ast.MapNode); !ok {
			p.node(n, codeShape, "a rule is an expression or a map of options", "quote an expression that starts with [: '[a, b]'")
			p.bracketFix(p.last(), n)
			return nil
		}
		for _, e := range p.entries(n, "") {
			p.option(r, e.key, e.node)
		}
		p.consistent(r)
	}
	return r
}

func (p *fileParser) option(r *ruleDecl, key *scalar, n ast.Node) {
	switch key.text {
	case "expr":
		r.result.expr = p.expression(n)
		r.odd = r.odd || r.result.expr == nil
	case "value":
		json, ok := p.json(n)
		if ok {
			r.result.literal = &json
		}
		r.odd = r.odd || !ok
	case "each":
		r.each = p.expression(n)
	case "as":
		r.as = p.word(n)
	case "index":
		r.index = p.word(n)
	case "where":
		r.where = p.expression(n)
	case "when":
		r.hasWhen = true
		p.cases(r, n)
	case "lookup":
		r.lookup = p.word(n)
	case "key":
		if seq, ok := n.(*ast.SequenceNode); ok {
			for _, v := range seq.Values {
				if x := p.expression(v); x != nil {
					r.keys = append(r.keys, x)
				}
			}
		} else if x := p.expression(n); x != nil {
			r.keys = []*scalar{x}
		}
	case "missing":
		p.missing(r, n)
	case "default":
		r.def = p.result(n)
	case "required":
		if b, ok := n.(*ast.BoolNode); ok {
			r.required = b.Value
		} else {
			p.node(n, codeShape, "required is true or false", "")
		}
	case "write":
		p.write(r, n)
	case "empty":
		p.empty(r, n)
	case "round":
		p.round(r, n)
	case "note":
		r.note = p.word(n)
	default:
		p.unknown(key, "option", schema.RuleOptions.Names())
		r.odd = true
	}
}

// result reads an expression, {expr: ...} or {value: ...}.
func (p *fileParser) result(n ast.Node) *resultDecl {
	if _, ok := n.(ast.MapNode); !ok {
		if x := p.expression(n); x != nil {
			return &resultDecl{expr: x}
		}
		return nil
	}
	var r resultDecl
	for _, e := range p.entries(n, "") {
		switch e.key.text {
		case "expr":
			r.expr = p.expression(e.node)
		case "value":
			if json, ok := p.json(e.node); ok {
				r.literal = &json
			}
		default:
			p.unknown(e.key, "key", schema.ResultKeys.Names())
		}
	}
	return &r
}

func (p *fileParser) cases(r *ruleDecl, n ast.Node) {
	seq, ok := n.(*ast.SequenceNode)
	if !ok || len(seq.Values) == 0 {
		p.node(n, codeShape, "when is a list of cases {if, expr or value}", "write `when: [{if: a == b, expr: c}, {expr: d}]`")
		return
	}
	for i, v := range seq.Values {
		c := caseDecl{at: v}
		for _, e := range p.entries(v, "a case is a map {if, expr or value}") {
			switch e.key.text {
			case "if":
				c.cond = p.expression(e.node)
			case "expr":
				c.result.expr = p.expression(e.node)
			case "value":
				if json, ok := p.json(e.node); ok {
					c.result.literal = &json
				}
			default:
				p.unknown(e.key, "key of a case", schema.CaseKeys.Names())
			}
		}
		if !c.result.set() {
			p.node(v, codeOptionClash, "the case has no result", "add `expr:` or `value:`")
		}
		if c.cond == nil && i < len(seq.Values)-1 {
			p.node(v, codeOptionClash, "only the last case may lack `if`", "the cases after this one can never be reached")
		}
		r.when = append(r.when, c)
	}
}

func (p *fileParser) missing(r *ruleDecl, n ast.Node) {
	if _, ok := n.(ast.MapNode); ok {
		for _, e := range p.entries(n, "") {
			if e.key.text != "value" {
				p.unknown(e.key, "key of missing", []string{"value"})
				continue
			}
			if json, ok := p.json(e.node); ok {
				r.missing, r.missingV = missingValue, json
			}
		}
		return
	}
	w := p.word(n)
	if w == nil {
		return
	}
	r.missingAt = w
	switch w.text {
	case "fail":
		r.missing = missingFail
	case "omit":
		r.missing = missingOmit
	case "default":
		r.missing = missingDefault
	default:
		p.at(w, codeOptionValue, fmt.Sprintf("missing cannot be %q", w.text), "use fail, omit, default or {value: ...}")
	}
}

func (p *fileParser) write(r *ruleDecl, n ast.Node) {
	w := p.word(n)
	if w == nil {
		return
	}
	r.writeAt = w
	switch w.text {
	case "always":
		r.write = writeAlways
	case "create":
		r.write = writeOnCreate
	case "update":
		r.write = writeOnUpdate
	case "if-empty":
		r.write = writeIfEmpty
	default:
		p.choice(w, "write", schema.WriteWords...)
	}
}

func (p *fileParser) empty(r *ruleDecl, n ast.Node) {
	mode := func(n ast.Node) emptyMode {
		if yamltext.IsNull(n) { // `empty: null` is YAML's null
			return emptyNull
		}
		w := p.word(n)
		if w == nil {
			return emptyUnsaid
		}
		if r.emptyAt == nil {
			r.emptyAt = w
		}
		switch w.text {
		case "omit":
			return emptyOmit
		case "null":
			return emptyNull
		case "keep":
			r.emptyAt = w
			return emptyKeep
		}
		p.choice(w, "empty", schema.EmptyWords...)
		return emptyUnsaid
	}
	if _, ok := n.(ast.MapNode); !ok {
		m := mode(n)
		r.empty, r.emptyWord = emptyModes{m, m, m}, true
		return
	}
	for _, e := range p.entries(n, "") {
		switch e.key.text {
		case "missing":
			r.empty[0] = mode(e.node)
		case "null":
			r.empty[1] = mode(e.node)
		case "empty":
			r.empty[2] = mode(e.node)
		default:
			p.unknown(e.key, "key of empty", schema.EmptyKeys.Names())
		}
	}
}

func (p *fileParser) round(r *ruleDecl, n ast.Node) {
	rd := &roundDecl{mode: "half-up"}
	digits := func(n ast.Node) {
		v, err := strconv.ParseInt(n.GetToken().Value, 10, 32)
		if _, ok := n.(*ast.IntegerNode); !ok || err != nil || v < -30 || v > 30 {
			p.node(n, codeOptionValue, "round wants a whole number of digits from -30 to 30", "")
			return
		}
		rd.digits = int32(v)
	}
	r.round = rd
	if _, ok := n.(ast.MapNode); !ok {
		digits(n)
		return
	}
	for _, e := range p.entries(n, "") {
		switch e.key.text {
		case "digits":
			digits(e.node)
		case "mode":
			if w := p.word(e.node); w != nil {
				rd.mode = w.text
				if _, err := decimal.ParseMode(w.text); err != nil {
					p.choice(w, "the mode of round", schema.RoundModes...)
					rd.mode = "half-up"
				}
			}
		default:
			p.unknown(e.key, "key of round", schema.RoundKeys.Names())
		}
	}
}

// consistent reports options that exclude or need each other.
func (p *fileParser) consistent(r *ruleDecl) {
	results := 0
	for _, set := range []bool{r.result.expr != nil, r.result.literal != nil, r.hasWhen, r.lookup != nil} {
		if set {
			results++
		}
	}
	last := r.path[len(r.path)-1]
	clash := func(msg, help string) { p.at(r.key, codeOptionClash, msg, help) }
	switch {
	case results > 1:
		clash("a rule has one of expr, value, when and lookup", "")
	case results == 0 && r.each == nil && !r.odd:
		clash("the rule has no result", "add `expr:`, `value:`, `when:` or `lookup:`")
	}
	if r.lookup != nil && len(r.keys) == 0 {
		clash("a lookup needs a key", "add `key:` with an expression")
	}
	if r.lookup == nil && (len(r.keys) > 0 || r.missing != missingUnsaid) {
		clash("`key` and `missing` belong to a lookup", "add `lookup:` with the name of a table")
	}
	if r.missing == missingDefault && r.def == nil {
		clash("`missing: default` needs a default", "add `default:` to the rule")
	}
	if r.each == nil && (r.as != nil || r.index != nil || r.where != nil) {
		clash("`as`, `index` and `where` belong to `each`", "add `each:` with a list")
	}
	if r.each != nil && !last.list {
		clash("`each` builds a list", fmt.Sprintf("write the target as %s[]", r.path))
	}
	if r.each != nil && r.as == nil {
		clash("`each` needs a name for the element", "add `as: line`")
	}
	for _, s := range r.path[:len(r.path)-1] {
		if s.list && (r.write == writeIfEmpty || r.empty[0] == emptyKeep || r.empty[1] == emptyKeep || r.empty[2] == emptyKeep) {
			clash("`write: if-empty` and `empty: keep` cannot be used inside a list", "the elements of a new list and of the present one have no common identity")
			break
		}
	}
}
