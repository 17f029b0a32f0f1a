package engine

// The codes of diagnostics: CW1xxx is about a mapping file, CW2xxx about a document.
// docs/errors.md explains each.
const (
	codeRead         = "CW1001" // the file cannot be read
	codeYAML         = "CW1002" // no YAML, or YAML that mappings do not use
	codeShape        = "CW1003" // another kind of YAML value was expected
	codeUnknownKey   = "CW1004" // unknown key or option
	codeDuplicate    = "CW1005" // the same name or target twice
	codeMissingKey   = "CW1006" // a key that must be there is not
	codePath         = "CW1007" // the target path cannot be read
	codeOptionValue  = "CW1008" // the option has no such value
	codeOptionClash  = "CW1009" // options that exclude or need each other
	codeSyntax       = "CW1010" // the expression cannot be read
	codeTooLong      = "CW1011" // the expression is too long or nested too deep
	codeUnknownName  = "CW1012" // unknown name
	codeUnknownField = "CW1013" // the source has no such field
	codeUnknownFunc  = "CW1014" // unknown function
	codeArguments    = "CW1015" // wrong number or kind of arguments
	codeOperands     = "CW1016" // the operator can never work on these kinds
	codeTargetField  = "CW1017" // the target has no such field
	codeTargetKind   = "CW1018" // the target field cannot hold this kind
	codeNoEach       = "CW1019" // a rule below a list that no `each` builds
	codeExtends      = "CW1020" // the inherited mapping cannot be used
	codeDocType      = "CW1021" // unknown document type
	codeTable        = "CW1022" // unknown table
	codeNothingGone  = "CW1023" // null for a rule that is not inherited
	codeScripts      = "CW1024" // scripts without a script host
	codeSchema       = "CW1025" // the schema of a document type cannot be read
	codeRegexp       = "CW1026" // the pattern is no regular expression
	codeName         = "CW1027" // the name cannot be used for this
	codeScript       = "CW1028" // a script cannot be used

	// Warnings: the mapping compiles, and most likely does not do what was meant.
	codeMaybeMissing = "CW1101" // a required target field may get no value
	codeUnfilled     = "CW1102" // a required target field that no rule fills
	codeUnused       = "CW1103" // a name that nothing uses
	codeUnreachable  = "CW1104" // a case of `when` that is never reached
	codeAlways       = "CW1105" // a test with the same answer for every document
	codeNeverUsed    = "CW1106" // a default that is never used
	codeClears       = "CW1107" // an update can clear the field
	codeOverwrites   = "CW1108" // a rule takes away what another one wrote
	codeTableEntry   = "CW1109" // a table's entry does not fit the target
	codeShadow       = "CW1110" // the name hides another one
	codeNoZone       = "CW1111" // a date of an instant without a zone
	codeNow          = "CW1112" // the text of now in the place of the instant
	codeFloat        = "CW1113" // the target keeps the number as a binary float
	codeScriptNumber = "CW1114" // a script expects a number of JavaScript where a decimal arrives

	codeNotJSON      = "CW2001" // the document is no JSON
	codeRequired     = "CW2002" // a required field has no value
	codeNoEntry      = "CW2003" // the lookup table has no entry for the key
	codeKinds        = "CW2004" // an operator or function met a kind that it cannot work on
	codeFunction     = "CW2005" // a function failed
	codeNumber       = "CW2006" // a number cannot be computed
	codeLimit        = "CW2007" // a limit was reached
	codeNotList      = "CW2008" // `each` met something that is no list
	codeNotBool      = "CW2009" // a condition is not true or false
	codeWrongKind    = "CW2010" // the result does not fit the target field
	codeInput        = "CW2011" // settings, tables, links or the like are no JSON object
	codeSettingValue = "CW2012" // a setting has a value that it cannot have
	codeScriptFailed = "CW2013" // a function of a script failed
)

// Codes returns every code that a diagnostic of this package can have.
func Codes() []string {
	return []string{
		codeRead, codeYAML, codeShape, codeUnknownKey, codeDuplicate, codeMissingKey, codePath, codeOptionValue, codeOptionClash,
		codeSyntax, codeTooLong, codeUnknownName, codeUnknownField, codeUnknownFunc, codeArguments, codeOperands, codeTargetField,
		codeTargetKind, codeNoEach, codeExtends, codeDocType, codeTable, codeNothingGone, codeScripts, codeSchema, codeRegexp, codeName, codeScript,
		codeMaybeMissing, codeUnfilled, codeUnused, codeUnreachable, codeAlways, codeNeverUsed, codeClears, codeOverwrites,
		codeTableEntry, codeShadow, codeNoZone, codeNow, codeFloat, codeScriptNumber,
		codeNotJSON, codeRequired, codeNoEntry, codeKinds, codeFunction, codeNumber, codeLimit, codeNotList, codeNotBool, codeWrongKind,
		codeInput, codeSettingValue, codeScriptFailed,
	}
}
