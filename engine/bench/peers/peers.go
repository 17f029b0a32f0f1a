// Package peers holds what users would pick instead of Crosswalk, and Crosswalk itself, behind one signature:
// source document in, target document out. It measures nothing. Start with [All].
package peers

// Func maps one source document to one target document. It may reuse memory from call to call, so it
// belongs to one goroutine; what it returns is the caller's.
type Func func(src []byte) ([]byte, error)

// Peer makes a [Func] for a mapping ("tiny", "order", "product", "catalogue"). Make does all that is done
// once: reading, checking, compiling.
type Peer struct {
	Name string
	Make func(mapping string) (Func, error)
	// Scan marks a limit: it reads all bytes and maps nothing, so that it has no output to compare.
	Scan bool
}

// Names of peers that others are compared with.
const (
	Crosswalk   = "crosswalk"
	Handwritten = "hand-stdjson"
	GoJSON      = "hand-gojson"
	Valid       = "limit-gjson-valid"
	ExprMap     = "expr-map"
	Gojq        = "gojq"
)

// All returns the peers, Crosswalk first.
func All() []Peer {
	return []Peer{
		{Name: Crosswalk, Make: crosswalk},
		{Name: Handwritten, Make: hand(stdJSON)},
		{Name: GoJSON, Make: hand(goccyJSON)},
		{Name: "hand-sonic", Make: hand(sonicJSON)},
		{Name: ExprMap, Make: exprMap},
		{Name: Gojq, Make: gojqMapping},
		{Name: "cel-go", Make: celMapping},
		{Name: "goja", Make: gojaMapping},
		{Name: "goja-hostmap", Make: gojaHostMapping},
		{Name: Valid, Make: gjsonValid, Scan: true},
		{Name: "limit-std-valid", Make: stdValid, Scan: true},
		{Name: "limit-std-any", Make: stdAny, Scan: true},
	}
}

// Get returns the peer with that name.
func Get(name string) (Peer, bool) {
	for _, p := range All() {
		if p.Name == name {
			return p, true
		}
	}
	return Peer{}, false
}
