package language

import (
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/schema"
)

// role says what can be written at a place.
type role uint8

const (
	otherRole role = iota
	keyRole        // one of keys
	targetRole
	expressionRole
	typeRole    // a document type
	mappingRole // the name of a mapping
	tableRole
	wordRole    // one of words
	literalRole // a literal for the target
)

// slot is what is expected at a place.
type slot struct {
	role    role
	keys    schema.Keys // of keyRole
	words   []string    // of wordRole
	target  string      // of the rule that the place is in
	let     string      // the let that the place is in
	outside bool        // the expression stands outside of its rule's list
}

// optionWords are the words that options know.
var optionWords = map[string][]string{
	"write": schema.WriteWords, "empty": schema.EmptyWords, "missing": schema.MissingWords, "mode": schema.RoundModes, "required": {"true", "false"},
}

// slot tells what is expected at the place of f.
func (f *file) slot() slot {
	p := f.at.path
	if f.inComment() {
		return slot{}
	}
	// A new line below a key without a value begins a map.
	inKey := f.at.inKey || f.at.value != nil && f.at.value.kind == noNode && f.tree.lineOf(f.off) > f.tree.lineOf(f.at.value.from)
	switch {
	case len(p) == 0:
		if inKey {
			return slot{role: keyRole, keys: schema.MappingKeys}
		}
	case p[0] == "rules":
		return f.ruleSlot(p[1:], inKey)
	case p[0] == "let" && len(p) == 2:
		return slot{role: expressionRole, let: p[1]}
	case p[0] == "settings" && len(p) == 2 && inKey:
		return slot{role: keyRole, keys: schema.SettingKeys}
	case p[0] == "settings" && len(p) == 3 && p[2] == "type" && !inKey:
		return slot{role: wordRole, words: schema.SettingTypes}
	case len(p) == 1 && !inKey:
		switch p[0] {
		case "from", "to":
			return slot{role: typeRole}
		case "extends":
			return slot{role: mappingRole}
		case "base":
			return slot{role: wordRole, words: []string{"doc"}}
		}
	}
	return slot{}
}

func (f *file) ruleSlot(p []string, inKey bool) slot {
	if len(p) == 0 {
		if inKey {
			return slot{role: targetRole}
		}
		return slot{}
	}
	s := slot{target: p[0]}
	if len(p) == 1 {
		s.role = expressionRole
		if inKey {
			s.role, s.keys = keyRole, schema.RuleOptions
		}
		return s
	}
	option := p[1]
	if option == "when" && len(p) >= 3 && p[2] == "-" {
		switch {
		case len(p) == 3:
			s.role, s.keys = keyRole, schema.CaseKeys
			return s
		case len(p) == 4:
			option, p = p[3], p[2:]
		}
	}
	switch {
	case option == "default" && len(p) == 2 && inKey:
		s.role, s.keys = keyRole, schema.ResultKeys
	case option == "default" && len(p) == 3:
		option, p = p[2], p[:2]
	case option == "missing" && len(p) == 2 && inKey:
		s.role, s.keys = keyRole, schema.ResultKeys[1:]
	case option == "empty" && len(p) == 2 && inKey:
		s.role, s.keys = keyRole, schema.EmptyKeys
	case option == "empty" && len(p) == 3:
		p = p[:2]
	case option == "round" && len(p) == 2 && inKey:
		s.role, s.keys = keyRole, schema.RoundKeys
	case option == "round" && len(p) == 3:
		option, p = p[2], p[:2]
	case option == "key" && len(p) == 3 && p[2] == "-":
		p = p[:2]
	}
	if s.role != otherRole || len(p) != 2 || inKey {
		return s
	}
	switch option {
	case "expr", "where", "if", "key", "default":
		s.role = expressionRole
	case "each":
		s.role, s.outside = expressionRole, true
	case "lookup":
		s.role = tableRole
	case "value":
		s.role = literalRole
	default:
		if words := optionWords[option]; words != nil {
			s.role, s.words = wordRole, words
		}
	}
	return s
}

// scalarAt returns the scalar that the place is in; what was read as keys without a colon is one too where
// an expression is expected.
func (f *file) scalarAt() scalarText {
	n := f.at.value
	if f.at.inKey || n == nil {
		n = f.at.in.bare()
	}
	if n == nil || n.kind != scalarNode {
		return scalarText{at: []int{f.off}}
	}
	return f.tree.scalar(n)
}

// inComment tells whether the place is in a comment: behind a # that no text holds.
func (f *file) inComment() bool {
	from := f.tree.lines[f.tree.lineOf(f.off)]
	if n := f.at.value; n != nil && n.kind == scalarNode && !f.at.inKey {
		if n.block || f.off <= n.to {
			return false
		}
		from = max(from, n.to)
	}
	for i := from; i < f.off; i++ {
		if f.tree.text[i] == '#' && (i == 0 || strings.ContainsRune(" \t\n", f.tree.text[i-1])) {
			return true
		}
	}
	return false
}
