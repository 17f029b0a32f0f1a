package project

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Declared is what a flow gives to the rules of its mappings.
type Declared struct {
	Flow     string
	Settings []engine.Setting // those that may be set; one that the flow sets has that as its default
	Tables   []byte           // a JSON object: the tables of the flow over those of its mappings
	// Clashing are tables that several of its mappings have under one name, with different entries for one key: the flow cannot have
	// a table of that name that serves all of them.
	Clashing []string
}

// Declared tells what the flows give to rules, of the flows' own mappings and of those of the library that flows of their
// kind use. Mappings with errors count as far as they can be read.
func (p *Project) Declared(library fs.FS) []Declared {
	var all []Declared
	for _, f := range p.Flows {
		all = append(all, p.declared(f, library))
	}
	return all
}

func (p *Project) declared(f Flow, library fs.FS) Declared {
	d := Declared{Flow: f.Name, Settings: flow.Settings(f.Entity)}
	tables := map[string]json.RawMessage{}
	for _, a := range p.analyses(f, library) {
		for _, s := range a.SettingsDeclared() {
			if !slices.ContainsFunc(d.Settings, func(o engine.Setting) bool { return o.Name == s.Name }) {
				d.Settings = append(d.Settings, s)
			}
		}
		for name, text := range a.TableTexts() {
			known, ok := tables[name]
			if !ok || bytes.Equal(known, []byte("{}")) {
				tables[name] = text
			} else if clash(known, text) && !slices.Contains(d.Clashing, name) {
				d.Clashing = append(d.Clashing, name)
			}
		}
	}
	for i, s := range d.Settings {
		if v := gjson.GetBytes(f.Settings, gjson.Escape(s.Name)); v.Exists() && v.Type != gjson.Null {
			d.Settings[i].Default = []byte(v.Raw)
		}
	}
	gjson.ParseBytes(f.Tables).ForEach(func(name, table gjson.Result) bool {
		tables[name.String()] = json.RawMessage(table.Raw)
		return true
	})
	if text, err := json.Marshal(tables); err == nil { // sorted by name; texts that were read are JSON
		d.Tables = text
	}
	return d
}

// clash tells whether two tables have different entries for one key.
func clash(a, b []byte) (found bool) {
	gjson.ParseBytes(a).ForEach(func(key, v gjson.Result) bool {
		other := gjson.GetBytes(b, gjson.Escape(key.String()))
		found = other.Exists() && other.Raw != v.Raw
		return !found
	})
	return found
}

// analyses reads the mappings that a flow may use: its own first.
func (p *Project) analyses(f Flow, library fs.FS) []*engine.Analysis {
	var all []*engine.Analysis
	read := func(name string, text []byte, err error) *engine.Analysis {
		if err != nil {
			return nil // `crosswalk check` says so
		}
		opts := []engine.Option{engine.Library(library)}
		if p.files != nil {
			opts = append(opts, engine.Files(p.files))
		}
		return engine.Analyze(name, text, opts...)
	}
	for _, own := range []string{f.Mappings.Read, f.Mappings.Write, f.Mappings.Customer, f.Mappings.Product} {
		if own == "" {
			continue
		}
		file := p.resolve(own)
		text, err := p.readFile(file)
		if err != nil {
			file = own + ".yaml"
			text, err = fs.ReadFile(library, file)
		}
		if a := read(file, text, err); a != nil {
			all = append(all, a)
		}
	}
	from, to := p.specOf(f.From), p.specOf(f.To)
	if from == nil || to == nil {
		return all
	}
	names, err := fs.Glob(library, from.Name+"/*.read.yaml")
	if err != nil {
		return all // names of systems are no patterns
	}
	writes, err := fs.Glob(library, to.Name+"/*.write.yaml")
	if err != nil {
		return all
	}
	for _, name := range append(names, writes...) {
		text, err := fs.ReadFile(library, name)
		a := read(name, text, err)
		if a == nil {
			continue
		}
		canonical := a.From()
		if strings.Contains(canonical, ".") {
			canonical = a.To()
		}
		// An order brings its customer and its products along.
		if canonical == fmt.Sprint(f.Entity) || f.Entity == port.Order && (canonical == string(port.Customer) || canonical == string(port.Product)) {
			all = append(all, a)
		}
	}
	return all
}
