// Package mappings holds the schemas of all document types and the default mappings of the systems that are built
// in, as files that are compiled into the program. It knows nothing of how a mapping is read or applied: that is package engine. Start
// with [FS], which is what [github.com/crosswalk-go/crosswalk/engine.Library] wants, and with the file shopware/order.read.yaml.
package mappings

import (
	"embed"
	"io/fs"
	"slices"
	"strings"
)

// FS holds <system>/<entity>.schema.json, canonical/<entity>.schema.json, <system>/<entity>.read.yaml and
// <system>/<resource>.write.yaml, and <system>/<name>.base.yaml, which only others extend. Tests of mappings and their
// documents are in [Tests].
//
//go:embed */*.schema.json */*.read.yaml */*.write.yaml */*.base.yaml
var FS embed.FS

// Tests holds the mappings of [FS] once more with the tests beside them and their documents: examples for whoever
// writes a mapping. The documents are of invented people.
//
//go:embed */*.read.yaml */*.write.yaml */*.base.yaml */*.test.yaml */testdata
var Tests embed.FS

// Names returns the names of the default mappings, sorted: "eaccounting/article.write", ...
func Names() []string {
	var names []string
	for _, pattern := range []string{"*/*.read.yaml", "*/*.write.yaml"} {
		files, err := fs.Glob(FS, pattern)
		if err != nil {
			continue // the patterns are constant and right
		}
		for _, f := range files {
			names = append(names, strings.TrimSuffix(f, ".yaml"))
		}
	}
	slices.Sort(names)
	return names
}
