package schema

import (
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
)

// Words that options of rules and settings can be.
var (
	WriteWords   = []string{"always", "create", "update", "if-empty"}
	EmptyWords   = []string{"omit", "null", "keep"}
	MissingWords = []string{"fail", "omit", "default"}
	RoundModes   = []string{"half-up", "half-even", "half-down", "up", "down", "ceiling", "floor"}
	SettingTypes = []string{"string", "number", "boolean", "object", "list"}
)

// MappingKeys are the keys of a mapping file.
var MappingKeys = Keys{
	{"from", "The document type that is read, such as shopware.order; any is a document of any form.", word},
	{"to", "The document type that is built, such as order; any is a document of any form.", word},
	{"extends", "The mapping that this one changes: a built-in one by its name (shopware/order.read), one of your own by its path (./base.yaml). What this file says takes the place of what that one says.", word},
	{"base", "doc starts the target as a copy of the source, so that the rules only patch it.", oneOf("doc")},
	{"let", "Names for intermediate results, each an expression. A name knows those above it.", form{"type": "object", "propertyNames": form{"pattern": "^[A-Za-z_][A-Za-z0-9_]*$"}, "additionalProperties": reference("expression")}},
	{"rules", "One line a target field: its path, and the expression or the options that fill it. A path ends in [] where `each` builds a list; the rules below it fill each element.", form{"type": "object", "additionalProperties": reference("rule")}},
	{"tables", "Tables for `lookup`: the name of a table, and its entries. A flow's table of the same name takes the place of one as a whole.", form{"type": "object", "additionalProperties": form{"type": "object"}}},
	{"settings", "What a flow may set, as `settings` in expressions.", form{"type": "object", "additionalProperties": reference("setting")}},
	{"scripts", "Modules whose exported functions rules may call, as paths relative to this file.", words},
	{"note", "Words for whoever reads the file.", word},
}

// RuleOptions are the options of a rule.
var RuleOptions = Keys{
	{"expr", "The expression that gives the value; a rule without other options is written as the expression alone.", reference("expression")},
	{"value", "A value taken as it stands: a text, a number, a list or an object.", anything},
	{"each", "A list: one element of the target is made for each of its elements. The target's path ends in [].", reference("expression")},
	{"as", "The name of the element in the rules below `each`.", word},
	{"index", "A name for the element's place, counted from 0.", word},
	{"where", "A condition that an element must pass to be taken.", reference("expression")},
	{"when", "Cases in order: the first whose `if` is true gives the value. The last may lack `if`.", form{"type": "array", "minItems": 1, "items": reference("case")}},
	{"lookup", "The name of the table whose entry is the value.", word},
	{"key", "The expression that gives the key of the entry; a list of expressions reads a table of tables.", form{"anyOf": []form{reference("expression"), {"type": "array", "items": reference("expression")}}}},
	{"missing", "What happens where the table has no entry: fail the document (the default), omit the field, take the default, or {value: ...}.", form{"anyOf": []form{oneOf(MissingWords...), {"type": "object", "additionalProperties": false, "properties": form{"value": anything}}}}},
	{"default", "What is used where the result is missing or null: an expression, or {value: ...}.", form{"anyOf": []form{reference("expression"), object(ResultKeys, nil)}}},
	{"required", "true fails the document where the result is missing, null or empty.", form{"type": "boolean"}},
	{"write", "When the field is written: always, at create or at update only, or if the target's field is empty.", oneOf(WriteWords...)},
	{"empty", "What a missing, null or empty result does to the target: omit the field, write null, or keep what is there; one word for all three, or one for each.", form{"anyOf": []form{emptyWord, object(EmptyKeys, nil)}}},
	{"round", "The digits behind the point that a number is rounded to, or {digits, mode}.", form{"anyOf": []form{digits, object(RoundKeys, nil)}}},
	{"note", "Words for whoever reads the rule; explain shows them.", word},
}

// ResultKeys are the keys of a default that is a map.
var ResultKeys = Keys{
	{"expr", "The expression that gives the value.", reference("expression")},
	{"value", "A value taken as it stands.", anything},
}

// CaseKeys are the keys of a case of `when`.
var CaseKeys = append(Keys{{"if", "The condition of the case.", reference("expression")}}, ResultKeys...)

var emptyWord = form{"enum": []any{"omit", "null", "keep", nil}} // `empty: null` is YAML's null

// EmptyKeys are the keys of `empty` as a map.
var EmptyKeys = Keys{
	{"missing", "What a missing result does.", emptyWord},
	{"null", "What null does.", emptyWord},
	{"empty", `What "", [] or {} does.`, emptyWord},
}

var digits = form{"type": "integer", "minimum": -30, "maximum": 30}

// RoundKeys are the keys of `round` as a map.
var RoundKeys = Keys{
	{"digits", "The digits behind the point; -2 rounds to hundreds.", digits},
	{"mode", "Which way a half goes; half-up is away from zero.", oneOf(RoundModes...)},
}

// SettingKeys are the keys of a setting that a mapping declares.
var SettingKeys = Keys{
	{"type", "The kind of value that it has.", oneOf(SettingTypes...)},
	{"default", "Its value where the flow does not set it.", anything},
	{"choices", "The only values that it can have.", words},
	{"help", "What it does, for who sets it.", word},
}

func mappingForm() form {
	results := []string{"expr", "value", "when", "lookup"}
	rule := object(RuleOptions, form{
		"anyOf": anyHaving(append(results, "each")...),
		"not":   notTwo(results...),
		"dependencies": form{
			"each": []string{"as"}, "as": []string{"each"}, "index": []string{"each"}, "where": []string{"each"},
			"lookup": []string{"key"}, "key": []string{"lookup"}, "missing": []string{"lookup"},
		},
	})
	return object(MappingKeys, form{
		"description": "A file of rules that builds one document type from another.",
		"anyOf":       []form{having("extends"), having("from", "to")},
		"definitions": form{
			"expression": word.with(form{"description": expressionDoc()}),
			"rule": form{
				"description": "An expression, a map of options, or null to remove an inherited rule.",
				"anyOf":       []form{{"type": "null"}, reference("expression"), rule},
			},
			"case":    object(CaseKeys, form{"anyOf": anyHaving("expr", "value"), "not": notTwo("expr", "value")}),
			"setting": object(SettingKeys, form{"required": []string{"type"}}),
		},
	})
}

// expressionDoc says what an expression is and which functions it can call.
func expressionDoc() string {
	var names []string
	for _, f := range function.All() {
		names = append(names, f.Name)
	}
	return "An expression: fields of the source by their names, operators and functions. In quotes where it holds `: ` or ` #`, and inside { } where it holds a comma. Functions: " +
		strings.Join(names, ", ") + "; and filter, map, find and their like, which take a condition for each element."
}
