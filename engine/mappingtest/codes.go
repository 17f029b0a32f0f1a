package mappingtest

// The codes of diagnostics about test files. docs/errors.md explains each.
const (
	codeRead    = "CW4001" // the file cannot be read
	codeYAML    = "CW4002" // no YAML, or YAML that tests do not use
	codeShape   = "CW4003" // another kind of value was expected
	codeUnknown = "CW4004" // unknown key
	codeMissing = "CW4005" // a key that must be there is not
	codeClash   = "CW4006" // keys that exclude each other
	codeJSON    = "CW4007" // a document that is no JSON object
	codeName    = "CW4008" // two cases with one name
)
