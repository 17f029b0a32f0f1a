// Package mappings holds the benchmark's mappings, the same ones in the language of each peer, as text.
// It compiles and runs none of them: the peers do. Start with order.yaml, Crosswalk's own; its
// neighbours order.jq, order.js and order.cel say the same.
package mappings

import "embed"

// FS holds the texts: order.yaml, order.jq and so on.
//
//go:embed *.yaml *.jq *.js *.cel
var FS embed.FS

// Text returns a file of [FS]. It panics where there is none, as that is a mistake in the benchmark's code.
func Text(name string) string {
	b, err := FS.ReadFile(name)
	if err != nil {
		panic(err)
	}
	return string(b)
}
