// Package contract checks HTTP traffic in tests against a system's own OpenAPI 3 or Swagger 2.0
// document, whoever sends it: a client, a sandbox or both.
//
// It is imported by tests only, and it does not judge the document itself: vendors' documents
// have errors, which a test names as [Exception]s. Start with [Vendor], [Load] and [New].
package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi2"
	"github.com/getkin/kin-openapi/openapi2conv"
	"github.com/getkin/kin-openapi/openapi3"
)

// Env names the folder with the vendors' documents, which may not be copied into the project.
const Env = "CROSSWALK_CONTRACTS"

// Vendor returns the path of a document in the folder that [Env] names
// ("shopware/admin-api-6.6.7.1.openapi.json"), or skips the test.
func Vendor(t testing.TB, name string) string {
	t.Helper()
	dir := os.Getenv(Env)
	if dir == "" {
		t.Skipf("%s is not set: it names the folder with the vendors' API documents", Env)
	}
	path := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(path); err != nil {
		t.Skipf("the vendor's document is not there: %v", err)
	}
	return path
}

// Reading says how a document is to be read where it is known to say too much or too little.
type Reading struct {
	// Nulls allows null everywhere: the document does not say where it may be.
	Nulls bool
	// Optional lets every member be absent: the document's lists of required members mean
	// something else.
	Optional bool
	// Closed makes members of a JSON body findings which the document does not name.
	Closed bool
}

// Document is an API document. It is safe for concurrent use.
type Document struct {
	spec    *openapi3.T
	routes  []route
	base    string // the path of its server: "/api"
	reading Reading
}

type loaded struct {
	once sync.Once
	doc  *Document
	err  error
}

type cacheKey struct {
	path    string
	reading Reading
}

var cache sync.Map // cacheKey -> *loaded

// Load reads the document at path, once for a test binary and [Reading]. What is wrong with a
// part of it comes up when traffic meets that part.
func Load(t testing.TB, path string, how Reading) *Document {
	t.Helper()
	entry, _ := cache.LoadOrStore(cacheKey{path, how}, &loaded{})
	l := entry.(*loaded)
	l.once.Do(func() { l.doc, l.err = read(path, how) })
	if l.err != nil {
		t.Fatalf("%s: %v", path, l.err)
	}
	return l.doc
}

func read(path string, how Reading) (*Document, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	spec, err := parse(text)
	if err != nil {
		return nil, err
	}
	d := &Document{spec: spec, reading: how}
	if len(spec.Servers) > 0 {
		if u, err := url.Parse(spec.Servers[0].URL); err == nil {
			d.base = strings.TrimRight(u.Path, "/")
		}
	}
	loosen(spec, how)
	d.routes = routesOf(spec)
	if len(d.routes) == 0 {
		return nil, errors.New("the document has no paths")
	}
	return d, nil
}

func parse(text []byte) (*openapi3.T, error) {
	loader := openapi3.NewLoader()
	var version struct {
		Swagger string `json:"swagger"`
	}
	// A document in YAML is none of JSON; the loader reads both.
	if json.Unmarshal(text, &version) != nil || version.Swagger == "" {
		return loader.LoadFromData(text)
	}
	var old openapi2.T
	d := json.NewDecoder(bytes.NewReader(text))
	if err := d.Decode(&old); err != nil {
		return nil, fmt.Errorf("reading Swagger %s: %w", version.Swagger, err)
	}
	return openapi2conv.ToV3WithLoader(&old, loader, nil)
}

// loosen changes the schemas as how says, and drops patterns that Go's regular
// expressions do not know.
func loosen(spec *openapi3.T, how Reading) {
	eachSchema(spec, func(s *openapi3.Schema) {
		if s.Pattern != "" {
			if _, err := regexp.Compile(s.Pattern); err != nil {
				s.Pattern = ""
			}
		}
		if how.Optional {
			s.Required = nil
		}
		if how.Nulls {
			s.Nullable = true
			if len(s.Enum) > 0 {
				s.Enum = append(s.Enum, nil)
			}
			if spec.IsOpenAPI31OrLater() && s.Type != nil {
				types := append(openapi3.Types{}, *s.Type...)
				types = append(types, openapi3.TypeNull)
				s.Type = &types
			}
		}
	})
}

// eachSchema calls visit once for every schema of the document's components, parameters, bodies and answers.
func eachSchema(spec *openapi3.T, visit func(*openapi3.Schema)) {
	seen := map[*openapi3.Schema]bool{}
	var walk func(*openapi3.SchemaRef)
	all := func(refs openapi3.SchemaRefs) {
		for _, r := range refs {
			walk(r)
		}
	}
	walk = func(ref *openapi3.SchemaRef) {
		if ref == nil || ref.Value == nil || seen[ref.Value] {
			return
		}
		s := ref.Value
		seen[s] = true
		for _, p := range s.Properties {
			walk(p)
		}
		walk(s.Items)
		walk(s.Not)
		walk(s.AdditionalProperties.Schema)
		all(s.AllOf)
		all(s.AnyOf)
		all(s.OneOf)
		visit(s)
	}
	content := func(c openapi3.Content) {
		for _, m := range c {
			if m != nil {
				walk(m.Schema)
			}
		}
	}
	parameter := func(p *openapi3.ParameterRef) {
		if p != nil && p.Value != nil {
			walk(p.Value.Schema)
			content(p.Value.Content)
		}
	}
	if c := spec.Components; c != nil {
		for _, s := range c.Schemas {
			walk(s)
		}
	}
	for _, item := range spec.Paths.Map() {
		for _, p := range item.Parameters {
			parameter(p)
		}
		for _, op := range item.Operations() {
			for _, p := range op.Parameters {
				parameter(p)
			}
			if op.RequestBody != nil && op.RequestBody.Value != nil {
				content(op.RequestBody.Value.Content)
			}
			for _, r := range op.Responses.Map() {
				if r != nil && r.Value != nil {
					content(r.Value.Content)
				}
			}
		}
	}
}
