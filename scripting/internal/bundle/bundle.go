// Package bundle turns the modules that a user wrote, JavaScript, TypeScript and JSON, with what they import from
// files and from node_modules, into one program for the JavaScript machine, with the way back to the user's lines. It
// is not for running anything. Start with [Bundle].
package bundle

import (
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"
	"unicode/utf8"

	"github.com/evanw/esbuild/pkg/api"

	"github.com/crosswalk-go/crosswalk/scripting/internal/source"
)

// Bounds of what is read. esbuild and the machine's parser recurse, and so does all that walks their trees: a million brackets, or a
// sum of a million terms, would end the process. Measured on texts of the largest size that are made to harm (sums, calls, lists,
// thousands of functions), bundling and compiling take up to 400 bytes of memory and 2.5 microseconds for a byte of text.
const (
	MaxFileBytes  = 2 << 20
	MaxTotalBytes = 4 << 20
	MaxNesting    = 200
	MaxChain      = 10_000
)

// Output is a bundle. The code is one strict function of one parameter, and what it returns has a
// member for each entry, named by [source.Namespace].
type Output struct {
	Code     string
	Map      []byte // a source map of version 3; its sources are paths in the file system
	Warnings []source.Message
}

// entriesFile is the name of the file that imports the entries; no message is about it.
const entriesFile = source.Own + ">"

// space is the name space of our own files: esbuild leaves resolving and reading them to us.
const space = source.Space

// Options are what may differ from one bundle to the next.
type Options struct {
	// Whole keeps what no entry needs of the modules that it imports, so that it can be counted as not reached.
	Whole bool
	// Harness is the text of [source.Harness], which is then an entry too; every module finds what it exports as globals.
	Harness string
}

// Bundle bundles the entries, which are paths in fsys, and reads nothing outside of it.
func Bundle(fsys fs.FS, entries []string, o Options) (*Output, error) {
	if len(entries) == 0 {
		return nil, errors.New("no script is named")
	}
	var stdin strings.Builder
	for i, entry := range entries {
		if !fs.ValidPath(entry) {
			return nil, source.Errors{{File: entry, Text: "the path of a script is relative, without . and .."}}
		}
		fmt.Fprintf(&stdin, "export * as %s from %s;\n", source.Namespace(i), strconv.Quote("/"+entry))
	}
	r := &reader{files: fsys, harness: o.Harness}
	var inject []string
	if o.Harness != "" {
		fmt.Fprintf(&stdin, "export * as %s from %s;\n", source.Namespace(len(entries)), strconv.Quote(source.Harness))
		inject = []string{source.Harness}
	}
	shaking := api.TreeShakingTrue
	if o.Whole {
		shaking = api.TreeShakingFalse
	}
	result := api.Build(api.BuildOptions{
		Stdin:      &api.StdinOptions{Contents: stdin.String(), Sourcefile: entriesFile, Loader: api.LoaderJS},
		Plugins:    []api.Plugin{r.plugin()},
		Bundle:     true,
		Write:      false,
		Outfile:    "/scripts.js",
		Format:     api.FormatIIFE,
		GlobalName: source.Result,
		Platform:   api.PlatformNeutral,
		Target:     api.ES2022,
		// What the machine lacks of that year, and what it cannot do without a later job.
		Supported: map[string]bool{
			"async-generator": false, "for-await": false, "logical-assignment": false, "class-static-blocks": false,
			"class-private-brand-check": false, "top-level-await": false, "import-meta": false, "dynamic-import": false,
		},
		Charset:           api.CharsetUTF8,
		Sourcemap:         api.SourceMapExternal,
		SourcesContent:    api.SourcesContentExclude,
		LegalComments:     api.LegalCommentsNone,
		TreeShaking:       shaking,
		Inject:            inject,
		TsconfigRaw:       `{"compilerOptions": {"target": "ES2022", "useDefineForClassFields": true}}`,
		Define:            map[string]string{"process.env.NODE_ENV": `"production"`},
		LogLevel:          api.LogLevelSilent,
		AbsWorkingDir:     "/",
		IgnoreAnnotations: o.Whole,
	})
	if len(result.Errors) > 0 {
		return nil, source.Errors(messages(result.Errors))
	}
	out := &Output{Warnings: messages(result.Warnings)}
	for _, f := range result.OutputFiles {
		if strings.HasSuffix(f.Path, ".map") {
			out.Map = f.Contents
		} else {
			out.Code = source.Head + string(f.Contents) + "return " + source.Result + ";})"
		}
	}
	return out, nil
}

// target is how esbuild names what it is told to make code for.
var target = regexp.MustCompile(`in the configured target environment \(.*\)`)

func messages(list []api.Message) []source.Message {
	out := make([]source.Message, len(list))
	for i, m := range list {
		out[i].Text = target.ReplaceAllString(m.Text, "to scripts")
		if l := m.Location; l != nil && l.File != entriesFile {
			out[i].File = source.Path(l.File)
			out[i].Line = l.Line
			out[i].Column = utf8.RuneCountInString(l.LineText[:min(l.Column, len(l.LineText))]) + 1
		}
	}
	return out
}

// reader gives esbuild the files of one bundle.
type reader struct {
	files   fs.FS
	harness string
	total   atomic.Int64 // bytes read; esbuild loads files at the same time
}

func (r *reader) plugin() api.Plugin {
	return api.Plugin{Name: space, Setup: func(b api.PluginBuild) {
		b.OnResolve(api.OnResolveOptions{Filter: ".*"}, func(a api.OnResolveArgs) (api.OnResolveResult, error) {
			if a.Path == source.Harness && r.harness != "" {
				return api.OnResolveResult{Path: a.Path, Namespace: space}, nil
			}
			file, err := r.resolve(a.Path, source.Path(a.Importer), a.Kind == api.ResolveJSRequireCall)
			if err != nil {
				return api.OnResolveResult{Errors: []api.Message{{Text: err.Error()}}}, nil
			}
			return api.OnResolveResult{Path: file, Namespace: space}, nil
		})
		b.OnLoad(api.OnLoadOptions{Filter: ".*", Namespace: space}, func(a api.OnLoadArgs) (api.OnLoadResult, error) {
			if a.Path == source.Harness {
				return api.OnLoadResult{Contents: &r.harness, Loader: api.LoaderJS}, nil
			}
			text, loader, problem := r.load(a.Path)
			if problem != "" {
				return api.OnLoadResult{Errors: []api.Message{{Text: problem}}}, nil
			}
			return api.OnLoadResult{Contents: &text, Loader: loader}, nil
		})
	}}
}

var loaders = map[string]api.Loader{
	".js": api.LoaderJS, ".mjs": api.LoaderJS, ".cjs": api.LoaderJS,
	".ts": api.LoaderTS, ".mts": api.LoaderTS, ".cts": api.LoaderTS, ".json": api.LoaderJSON,
}

func (r *reader) load(name string) (text string, loader api.Loader, problem string) {
	loader, ok := loaders[path.Ext(name)]
	if !ok {
		return "", 0, fmt.Sprintf("%s is no script: JavaScript, TypeScript and JSON can be imported", name)
	}
	info, err := fs.Stat(r.files, name)
	if err == nil && info.Size() > MaxFileBytes {
		return "", 0, fmt.Sprintf("%s is larger than %d bytes", name, MaxFileBytes)
	}
	var b []byte
	if err == nil {
		b, err = fs.ReadFile(r.files, name)
	}
	if err != nil {
		return "", 0, fmt.Sprintf("%s: %s", name, reason(err))
	}
	if len(b) > MaxFileBytes || r.total.Add(int64(len(b))) > MaxTotalBytes {
		return "", 0, fmt.Sprintf("the scripts and what they import are larger than %d bytes", MaxTotalBytes)
	}
	if !utf8.Valid(b) {
		return "", 0, fmt.Sprintf("%s is not written in UTF-8", name)
	}
	if loader == api.LoaderJSON {
		// A number of a JSON file is exact as a number of a document is; a script would make a double of it.
		if line, number := inexact(b); number != "" {
			return "", 0, fmt.Sprintf("%s:%d: the number %s is not exact in JavaScript: write it as a string, and decimal(x) where it is used", name, line, number)
		}
	}
	if line := tooDeep(string(b)); line > 0 {
		return "", 0, fmt.Sprintf("%s:%d: nested more than %d levels deep, or one expression of more than %d parts", name, line, MaxNesting, MaxChain)
	}
	return string(b), loader, ""
}

func reason(err error) string {
	var pe *fs.PathError
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return "there is no such file"
	case errors.As(err, &pe):
		return pe.Err.Error()
	}
	return err.Error()
}
