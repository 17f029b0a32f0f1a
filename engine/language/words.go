package language

// keyDocs explains the keys of a mapping file.
var keyDocs = map[string]string{
	"from":     "The document type that the mapping reads: `shopware.order`, or `order` for the canonical one.",
	"to":       "The document type that the mapping builds.",
	"extends":  "The mapping that this one is an overlay of: the name of a built-in one, or a path relative to this file.",
	"base":     "`base: doc` starts the target as a copy of the source, so that the rules only patch it.",
	"let":      "Names for intermediate results. Each may use the ones above it.",
	"rules":    "One target field a line: the key is the target path, the value an expression or a map of options.",
	"tables":   "Lookup tables: key to value. A flow may set a table of its own.",
	"settings": "What a flow may set: `name: {type, default, choices, help}`.",
	"scripts":  "Modules whose exported functions can be called by name. Paths are relative to this file.",
	"note":     "Words for whoever reads.",
}

// optionDocs explains the options of a rule.
var optionDocs = map[string]string{
	"expr":     "The expression that gives the result.",
	"value":    "A literal, taken as it stands: `{value: EUR}`.",
	"each":     "A list: one target element is made for each of its elements.",
	"as":       "The name of the source element in the rules of this list.",
	"index":    "The name of the element's index, from 0.",
	"where":    "A condition: only elements that pass make a target element.",
	"when":     "Ordered cases `{if, expr or value}`; the last may lack `if`.",
	"lookup":   "The table in which `key` is looked up.",
	"key":      "What is looked up, as text. A list of expressions walks nested tables.",
	"missing":  "What a key without an entry does: `fail`, `omit`, `default` or `{value: ...}`.",
	"default":  "Used where the result is missing or null.",
	"required": "A missing, null or empty result fails the document.",
	"write":    "When the field is written: `always`, on `create`, on `update`, or `if-empty`.",
	"empty":    "What a missing, null or empty result does to the target: `omit`, `null` or `keep`.",
	"round":    "Digits, or `{digits, mode}`.",
	"note":     "Words for whoever reads; explain shows them.",
	"if":       "The condition of the case.",
	"type":     "The setting's type: string, number, boolean, object or list.",
	"choices":  "The only values that the setting can have.",
	"help":     "What the setting does, for whoever sets it.",
	"digits":   "The digits behind the decimal point.",
	"mode":     "How a half is rounded.",
}

// contextDocs explains the names that every expression knows.
var contextDocs = map[string]string{
	"doc":      "The whole source document. A field that has the name of something else is read as `doc.name`.",
	"source":   "In a write mapping, the raw document of the source system.",
	"settings": "The flow's settings over the declared defaults.",
	"tables":   "The lookup tables: the flow's over those of the file.",
	"links":    "What the target knows: ids of the customer and the products, reference data.",
	"now":      "The run's instant, RFC 3339.",
	"out":      "What the rules above have made.",
	"current":  "On update, the target's present document.",
}

// operators can follow a value.
var operators = []string{"and", "or", "in", "not in", "contains", "startsWith", "endsWith", "matches"}
