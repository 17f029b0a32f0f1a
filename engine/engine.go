// Package engine maps JSON documents by rules: it reads mapping files (YAML with expressions of
// expr-lang/expr), checks them against the schemas of source and target, compiles them once, and
// applies them to documents with exact decimals.
//
// It is not for talking to systems or running flows: it knows no network and no
// product. Start with [Load] and [Mapping.Apply]; every problem of a file or a
// document comes back as [Diagnostics].
package engine

// WriteMode says what a document is mapped for.
type WriteMode uint8

// The write modes.
const (
	Create WriteMode = iota
	Update
)

// Input is what a mapping may read besides the document. Every member is a JSON
// object as text, so that numbers stay exact; nil is an empty object.
type Input struct {
	Source   []byte // the raw document of the source system, as `source`
	Settings []byte // the flow's settings over the declared defaults, as `settings`
	Tables   []byte // {"taxCodes": {...}}: the flow's tables over those of the file, whole tables replaced
	Links    []byte // what the target knows: ids of the customer and products, reference data, as `links`
	Now      string // the run's instant in RFC 3339, as `now`
	Write    WriteMode
	Current  []byte // on Update the target's present document, for `write: if-empty` and `empty: keep`
	Seed     uint64 // of the random numbers of scripts: with the same seed a document gives the same bytes
	// Log is given what scripts log while the document is mapped, also where it fails; nil drops it.
	Log func(ScriptLog)
	// Missed is told of each key that rules look for in a table without finding it, also where they allow for that, once or more
	// often; nil for nobody.
	Missed func(Missed)
}

// Setting is an entry of a mapping's settings: what a flow may set.
type Setting struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"` // string, number, boolean, object or list
	Default []byte   `json:"-"`    // JSON text, nil without default
	Choices []string `json:"choices,omitempty"`
	Help    string   `json:"help,omitempty"`
}

// Name returns the path the mapping was loaded from.
func (m *Mapping) Name() string { return m.name }

// From returns the document type that the mapping reads.
func (m *Mapping) From() string { return m.from }

// To returns the document type that the mapping builds.
func (m *Mapping) To() string { return m.to }

// Settings returns what a flow may set, in the order of the file.
func (m *Mapping) Settings() []Setting { return m.settings }

// Rules returns the rules that hold, inherited ones included, in the order in which they run.
func (m *Mapping) Rules() []Rule {
	var all []Rule
	for _, r := range m.linked.rules {
		all = append(all, ruleOf(m.linked, r))
	}
	return all
}

// Warnings returns what is suspicious but compiles.
func (m *Mapping) Warnings() Diagnostics { return m.warnings }
