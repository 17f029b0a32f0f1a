// Package machine runs a bundle of user functions in goja: it converts documents to JavaScript and back without loss,
// takes away what scripts must not have, and ends calls that cost too much. It is not for reading files, and it
// knows no mapping. Start with [Compile] and [Pool.Call].
package machine

import (
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"unicode/utf8"

	"github.com/dop251/goja"
	"github.com/dop251/goja/file"
	"github.com/dop251/goja/parser"
	"github.com/go-sourcemap/sourcemap"

	"github.com/crosswalk-go/crosswalk/scripting/internal/source"
)

// Source is what a [Program] is compiled from, and all that a worker process is sent.
type Source struct {
	Code    string
	Map     []byte
	Entries []string // the scripts, in the order of the bundle
	Cover   bool     // calls count what they reach
	Tests   bool     // the bundle is of a test file
}

// Program is a compiled bundle. It is immutable and may be used by many machines.
type Program struct {
	source    Source
	compiled  *goja.Program
	stateless bool
	changes   atomic.Bool // a call was seen to change what stands at the top of a module
	words     map[string]bool
	exports   []Export
	positions func() *sourcemap.Consumer
	points    []Point // where calls count what they reach
}

// Export is something that a script exports.
type Export struct {
	Script   string
	Name     string // default for the default export
	Function bool
	Params   []string
	Rest     bool // the function takes more arguments than Params names
	Pos      Position
}

// Position is a place in a user's file: Line and Column count from 1, Column in characters. Line is 0 where the place is unknown.
type Position struct {
	File         string
	Line, Column int
}

// String returns file:line:column.
func (p Position) String() string {
	if p.Line == 0 {
		return p.File
	}
	return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column)
}

// codeName is the name of the bundle in goja's positions.
const codeName = "scripts.js"

// Compile checks and compiles a bundle. Its error is [source.Errors] where the scripts are to blame.
func Compile(src Source) (p *Program, err error) {
	defer func() {
		if r := recover(); r != nil {
			err = errors.New("the scripts cannot be compiled")
		}
	}()
	p = &Program{source: src}
	p.positions = sync.OnceValue(func() *sourcemap.Consumer {
		c, err := sourcemap.Parse("", src.Map)
		if err != nil {
			return nil
		}
		return c
	})
	tree, err := parser.ParseFile(nil, codeName, src.Code, 0, parser.WithDisableSourceMaps)
	if err != nil {
		return nil, p.syntaxErrors(err)
	}
	in, err := inspect(tree)
	if err != nil {
		return nil, err
	}
	var list source.Errors
	for _, r := range in.refused {
		list = append(list, p.message(r.at, r.text))
	}
	for _, at := range in.inexact {
		// Packages know what they do with doubles; an author of rules hardly means one.
		if m := p.message(at, "this number is not exact in JavaScript: write it as a text, decimal(\"...\")"); !strings.Contains(m.File, "node_modules/") {
			list = append(list, m)
		}
	}
	if len(list) > 0 {
		return nil, list
	}
	p.stateless, p.words = in.stateless, in.words
	p.exports = p.listExports(in)
	code := src.Code[:in.returns] + source.Freeze + "([" + strings.Join(in.lasting, ",") + "]);" + src.Code[in.returns:]
	if src.Cover {
		p.compiled, err = p.instrument(code, in)
	} else {
		p.compiled, err = goja.Compile(codeName, code, true)
	}
	if err != nil {
		return nil, p.syntaxErrors(err)
	}
	return p, nil
}

// Outline is what is known of a program where it is not compiled: enough to name its functions, and to hand it to processes.
type Outline struct {
	Source  Source
	Exports []Export
	Points  []Point // the places that calls count, nil where they count none
}

// Outline returns the outline of the program.
func (p *Program) Outline() Outline { return Outline{p.source, p.exports, p.points} }

func (p *Program) syntaxErrors(err error) error {
	var list parser.ErrorList
	if !errors.As(err, &list) || len(list) == 0 {
		return fmt.Errorf("the scripts cannot be compiled: %w", err)
	}
	var out source.Errors
	for _, e := range list {
		pos := p.original(e.Position.Line, e.Position.Column)
		out = append(out, source.Message{File: pos.File, Line: pos.Line, Column: pos.Column, Text: e.Message})
	}
	return out
}

func (p *Program) message(at file.Idx, text string) source.Message {
	pos := p.place(at)
	return source.Message{File: pos.File, Line: pos.Line, Column: pos.Column, Text: text}
}

func (p *Program) place(at file.Idx) Position {
	offset := int(at) - 1
	if offset < 0 || offset > len(p.source.Code) {
		return Position{}
	}
	before := p.source.Code[:offset]
	line := strings.Count(before, "\n") + 1
	column := utf8.RuneCountInString(before[strings.LastIndexByte(before, '\n')+1:]) + 1
	return p.original(line, column)
}

// original returns the user's place for one of the bundle.
func (p *Program) original(line, column int) Position {
	c := p.positions()
	if c == nil || line == 0 {
		return Position{}
	}
	if line == 1 { // the head of the function stands before what the map knows
		column -= len(source.Head)
	}
	file, _, l, col, ok := c.Source(line, max(column-1, 0))
	if !ok {
		return Position{}
	}
	name := source.Path(path.Clean(file))
	if strings.HasPrefix(name, source.Own) {
		return Position{}
	}
	return Position{File: name, Line: l, Column: col + 1}
}

// listExports names the exports of each entry, from the object that esbuild makes of them.
func (p *Program) listExports(in *inspection) []Export {
	var root map[string]string
	for _, members := range in.exported {
		if _, ok := members[source.Namespace(0)]; ok && len(members) == len(p.source.Entries) {
			root = members
		}
	}
	var out []Export
	for i, entry := range p.source.Entries {
		members := in.exported[root[source.Namespace(i)]]
		for _, name := range sortedKeys(members) {
			e := Export{Script: entry, Name: name}
			if d, ok := in.functions[members[name]]; ok {
				e.Function, e.Params, e.Rest, e.Pos = true, d.params, d.rest, p.place(d.at)
			}
			out = append(out, e)
		}
	}
	return out
}

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
