package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
)

const module = "github.com/crosswalk-go/crosswalk"

// importRules says which packages of this module a package may import. The first rule that matches a
// package holds; a package that none matches has no place in the house yet. A pattern is a path below the
// module, `name/...` is it and everything below it, `*` is one element, and `$1` in a list is what the first `*` stood for.
var importRules = []struct {
	who    string
	may    []string
	tests  []string // what tests may import besides
	reason string
}{
	{"engine/flow/...", []string{"engine/..."}, nil,
		"a flow plans against the ports of engine/port, so that it runs with any system and in any process"},
	{"engine/...", []string{"engine/..."}, []string{"mappings"},
		"the engine is a library of its own: who embeds it gets the mapping language and nothing else"},
	{"scripting/host", []string{"scripting", "engine", "engine/decimal", "engine/mappingtest", "engine/signature"}, nil,
		"only this package knows both sides: it hands scripting to the engine"},
	{"scripting/types", []string{"engine"}, []string{"engine/decimal", "mappings", "scripting", "scripting/tsc"},
		"declarations describe what the engine knows of documents; running scripts is no part of it"},
	{"scripting/tsc", []string{"scripting/types"}, nil,
		"the compiler is another program: it is started with files, and its words are read"},
	{"scripting/...", []string{"scripting/...", "engine/decimal"}, nil,
		"scripting stands beside the engine and is handed to it, so that the engine is used without a JavaScript machine; the decimals are one leaf of both"},
	{"mappings/...", []string{"mappings/..."}, []string{"engine/...", "connectors/..."},
		"mappings are data: whoever holds them decides what reads them"},
	{"connectors", []string{"engine/port"}, nil,
		"what a connector is may depend on no connector, and on no more of the engine than the shared words"},
	{"connectors/rest/...", []string{"connectors", "connectors/rest/...", "engine/port"}, nil,
		"the shared client serves every system and knows none"},
	{"connectors/jsondoc", []string{"engine/port"}, nil,
		"JSON documents as sandboxes and comparisons hold them: it knows no system"},
	{"connectors/faults", nil, nil,
		"a leaf that the sandboxes share: it disturbs HTTP and knows no system"},
	{"connectors/statepage", []string{"connectors", "connectors/faults"}, []string{"connectors/all"},
		"the page sees HTTP and what a sandbox says of itself, not a system"},
	{"connectors/contract/...", []string{"connectors/contract/..."}, nil,
		"the contract checks see HTTP, not a system"},
	{"connectors/all", []string{"connectors", "connectors/*"}, []string{"connectors/...", "engine/port", "mappings"},
		"the registry lists systems and does nothing else"},
	{"connectors/*/...", []string{"connectors", "connectors/rest", "connectors/jsondoc", "connectors/faults", "engine/port", "connectors/$1/..."}, []string{"connectors/contract"},
		"a connector speaks one system's API: it sees no other system, no mapping and no flow"},
	{"server/runtime/...", []string{"server/runtime/...", "engine/...", "connectors"}, []string{"connectors/...", "mappings", "server/project"},
		"the runtime makes flows durable: it knows no HTTP API and no product"},
	{"server/project/...", []string{"server/project/...", "engine/...", "connectors"}, []string{"connectors/...", "mappings"},
		"reading a project's files is no business of one system, nor of the HTTP API"},
	{"playground/...", []string{"playground/..."}, nil,
		"the web app is a client of the HTTP API; its Go file only embeds it"},
	{"server/...", []string{"server/...", "playground", "scripting/...", "mappings", "connectors", "connectors/all", "engine/..."}, []string{"connectors/..."},
		"the server stands below the command line, and reaches systems through their registry"},
	{"cmd/...", []string{"..."}, nil,
		"the command line may use everything, and nothing imports it"},
}

// reachRules says what may not come along at all, however many imports away. Patterns are whole
// import paths.
var reachRules = []struct {
	who    string
	never  []string
	reason string
}{
	{"engine/...", []string{"net/http", "github.com/nats-io/...", "github.com/gorilla/mux", "github.com/spf13/cobra"},
		"who embeds the engine must not get a web server, a queue or a command line with it"},
	{"engine/...", []string{"github.com/dop251/goja/...", "github.com/evanw/esbuild/..."},
		"the engine is used without a JavaScript machine and without a bundler"},
	{"scripting/internal/machine", []string{"net/http", "github.com/evanw/esbuild/..."},
		"what runs user functions reaches no network"},
	{"scripting", []string{"github.com/nats-io/...", "github.com/gorilla/mux", "github.com/expr-lang/..."},
		"who embeds scripting gets neither a queue nor the engine; esbuild alone brings net/http along, for its development server"},
	{"connectors/...", []string{"github.com/nats-io/...", "github.com/expr-lang/...", "github.com/gorilla/mux", "github.com/dop251/goja/..."},
		"a connector is a client of one API and nothing more"},
	{"mappings", []string{"net/http", "github.com/..."},
		"mappings are data in the binary"},
	{"cmd/...", []string{"github.com/getkin/...", "github.com/rogpeppe/...", "pgregory.net/rapid", "testing"},
		"what tests need is no part of the program"},
}

// goPackage is what `go list -json` says of a package.
type goPackage struct {
	ImportPath                         string
	ForTest                            string
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

// TestArchitecture holds the import directions that docs/architecture.md draws.
func TestArchitecture(t *testing.T) {
	packages := listPackages(t)
	if len(packages) < 5 {
		t.Fatalf("go list names %d packages only", len(packages))
	}
	for _, finding := range checkArchitecture(packages) {
		t.Error(finding)
	}
}

// TestEveryPackageHasARoom holds the table of docs/architecture.md to the packages that there are.
func TestEveryPackageHasARoom(t *testing.T) {
	page, err := os.ReadFile(filepath.Join(repository(t), "docs/architecture.md"))
	if err != nil {
		t.Fatal(err)
	}
	for _, p := range listPackages(t) {
		name := strings.TrimPrefix(p.ImportPath, module+"/")
		system := strings.HasPrefix(name, "connectors/") && (strings.HasSuffix(name, "/sandbox") || slices.ContainsFunc(all.Systems(), func(s connectors.System) bool {
			return name == "connectors/"+s.Spec.Name
		}))
		onlyTests := strings.HasPrefix(name, "mappings/") // what tests one system's mappings stands beside them
		inner := regexp.MustCompile("/internal/.*").ReplaceAllString(name, "/internal/...")
		if !system && !onlyTests && !strings.Contains(string(page), "`"+inner+"`") {
			t.Errorf("docs/architecture.md does not say what %s is for", name)
		}
	}
}

func listPackages(t *testing.T) []goPackage {
	t.Helper()
	list := exec.CommandContext(t.Context(), "go", "list", "-json=ImportPath,ForTest,Imports,TestImports,XTestImports,Deps", module+"/...")
	list.Dir = repository(t)
	var stderr bytes.Buffer
	list.Stderr = &stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v\n%s", err, stderr.String())
	}
	var packages []goPackage
	for dec := json.NewDecoder(bytes.NewReader(out)); ; {
		var p goPackage
		if err := dec.Decode(&p); errors.Is(err, io.EOF) {
			return packages
		} else if err != nil {
			t.Fatal(err)
		}
		packages = append(packages, p)
	}
}

// checkArchitecture returns a line for each import that breaks a rule.
func checkArchitecture(packages []goPackage) []string {
	var findings []string
	for _, p := range packages {
		who := below(p.ImportPath)
		findings = append(findings, checkImports(who, p)...)
		for _, rule := range reachRules {
			if ok, _ := matches(rule.who, who); !ok {
				continue
			}
			for _, dep := range p.Deps {
				if matchesAny(rule.never, dep, "") {
					findings = append(findings, fmt.Sprintf("%s reaches %s: %s", who, dep, rule.reason))
				}
			}
		}
	}
	return findings
}

func checkImports(who string, p goPackage) []string {
	for _, rule := range importRules {
		ok, star := matches(rule.who, who)
		if !ok {
			continue
		}
		var findings []string
		for _, path := range p.Imports {
			if inModule(path) && !matchesAny(rule.may, below(path), star) {
				findings = append(findings, fmt.Sprintf("%s imports %s: %s", who, below(path), rule.reason))
			}
		}
		inTests := append(slices.Clone(rule.may), rule.tests...)
		for _, path := range append(slices.Clone(p.TestImports), p.XTestImports...) {
			if inModule(path) && path != p.ImportPath && !matchesAny(inTests, below(path), star) {
				findings = append(findings, fmt.Sprintf("a test of %s imports %s: %s", who, below(path), rule.reason))
			}
		}
		return findings
	}
	return []string{fmt.Sprintf("%s: no rule says what it may import; the house has no such room (docs/architecture.md)", who)}
}

func inModule(path string) bool { return path == module || strings.HasPrefix(path, module+"/") }

func below(path string) string { return strings.TrimPrefix(strings.TrimPrefix(path, module), "/") }

func matchesAny(patterns []string, path, star string) bool {
	return slices.ContainsFunc(patterns, func(pattern string) bool {
		ok, _ := matches(strings.ReplaceAll(pattern, "$1", star), path)
		return ok
	})
}

// matches tells whether path is what pattern means, and what its first * stood for.
func matches(pattern, path string) (ok bool, star string) {
	want, got := strings.Split(pattern, "/"), strings.Split(path, "/")
	for i, element := range want {
		switch {
		case element == "...":
			return true, star
		case i >= len(got):
			return false, ""
		case element == "*":
			if star == "" {
				star = got[i]
			}
		case element != got[i]:
			return false, ""
		}
	}
	return len(got) == len(want), star
}

// TestArchitectureFindsBreaches breaks each kind of rule once.
func TestArchitectureFindsBreaches(t *testing.T) {
	in := func(paths ...string) []string {
		for i, path := range paths {
			paths[i] = module + "/" + path
		}
		return paths
	}
	tests := []struct {
		name string
		pkg  goPackage
		want string // what a finding begins with; empty for none
	}{
		{"the engine imports a connector", goPackage{ImportPath: module + "/engine", Imports: in("connectors/shopware")}, "engine imports connectors/shopware: "},
		{"the engine imports the default mappings", goPackage{ImportPath: module + "/engine", Imports: in("mappings")}, "engine imports mappings: "},
		{"its tests may", goPackage{ImportPath: module + "/engine", XTestImports: in("engine", "mappings")}, ""},
		{"the engine imports a flow is the engine's own affair", goPackage{ImportPath: module + "/engine/flow", Imports: in("engine", "engine/port")}, ""},
		{"a flow imports a connector", goPackage{ImportPath: module + "/engine/flow", Imports: in("connectors")}, "engine/flow imports connectors: "},
		{"a flow's test imports the server", goPackage{ImportPath: module + "/engine/flow", TestImports: in("server/runtime")}, "a test of engine/flow imports server/runtime: "},
		{"the engine reaches HTTP", goPackage{ImportPath: module + "/engine/flow", Deps: []string{"fmt", "net/http"}}, "engine/flow reaches net/http: "},
		{"the engine reaches NATS", goPackage{ImportPath: module + "/engine", Deps: []string{"github.com/nats-io/nats.go"}}, "engine reaches github.com/nats-io/nats.go: "},
		{"the engine reaches goja", goPackage{ImportPath: module + "/engine", Deps: []string{"github.com/dop251/goja/parser"}}, "engine reaches github.com/dop251/goja/parser: "},
		{"scripting imports the engine", goPackage{ImportPath: module + "/scripting", Imports: in("engine")}, "scripting imports engine: "},
		{"a connector imports the engine", goPackage{ImportPath: module + "/connectors/shopware", Imports: in("engine")}, "connectors/shopware imports engine: "},
		{"a connector imports another", goPackage{ImportPath: module + "/connectors/shopware", Imports: in("connectors/magento")}, "connectors/shopware imports connectors/magento: "},
		{"a connector imports what it may", goPackage{ImportPath: module + "/connectors/shopware", Imports: in("connectors", "connectors/rest", "connectors/shopware/sandbox", "engine/port")}, ""},
		{"a sandbox imports another sandbox", goPackage{ImportPath: module + "/connectors/shopware/sandbox", Imports: in("connectors/magento/sandbox")}, "connectors/shopware/sandbox imports connectors/magento/sandbox: "},
		{"a connector imports the contract checks", goPackage{ImportPath: module + "/connectors/shopware", Imports: in("connectors/contract")}, "connectors/shopware imports connectors/contract: "},
		{"its tests may", goPackage{ImportPath: module + "/connectors/shopware", TestImports: in("connectors/contract")}, ""},
		{"the runtime imports the server", goPackage{ImportPath: module + "/server/runtime", Imports: in("server")}, "server/runtime imports server: "},
		{"the server imports a connector", goPackage{ImportPath: module + "/server", Imports: in("connectors/shopware")}, "server imports connectors/shopware: "},
		{"anything imports the command line", goPackage{ImportPath: module + "/server", Imports: in("cmd/crosswalk")}, "server imports cmd/crosswalk: "},
		{"the program carries a test library", goPackage{ImportPath: module + "/cmd/crosswalk", Deps: []string{"github.com/getkin/kin-openapi/openapi3"}}, "cmd/crosswalk reaches github.com/getkin/kin-openapi/openapi3: "},
		{"a room that the house does not have", goPackage{ImportPath: module + "/helpers"}, "helpers: no rule"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			got := checkArchitecture([]goPackage{test.pkg})
			switch {
			case test.want == "" && len(got) > 0:
				t.Errorf("found %q where nothing is wrong", got)
			case test.want != "" && (len(got) != 1 || !strings.HasPrefix(got[0], test.want)):
				t.Errorf("found %q, want one that begins with %q", got, test.want)
			}
		})
	}
}
