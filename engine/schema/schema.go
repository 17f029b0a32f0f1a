// Package schema knows the words of mapping, test, flow and project files: every key with what it means and what it
// may hold, as one table. The readers of these files take the words they know from it, and [JSON] makes of it the JSON
// Schemas by which editors complete and check the files.
//
// It is not for reading files: a file that fits its schema can still be wrong, which is told by loading
// it. Start with [JSON].
package schema

import (
	"encoding/json"
	"fmt"
)

// Kind is a kind of file.
type Kind string

// The kinds of files.
const (
	Mapping Kind = "mapping"
	Test    Kind = "test"
	Flow    Kind = "flow"
	Project Kind = "project"
)

// Kinds returns every kind of file.
func Kinds() []Kind { return []Kind{Mapping, Test, Flow, Project} }

// Key is a key of a map in a file.
type Key struct {
	Name string
	Doc  string // what it means, in a sentence or two
	form form   // what it may hold
}

// Keys are the keys of a map, in the order in which people write them.
type Keys []Key

// Names returns the names of the keys.
func (ks Keys) Names() []string {
	names := make([]string, len(ks))
	for i, k := range ks {
		names[i] = k.Name
	}
	return names
}

// Doc returns what the key of that name means, "" for one that is not there.
func (ks Keys) Doc(name string) string {
	for _, k := range ks {
		if k.Name == name {
			return k.Doc
		}
	}
	return ""
}

// form is a JSON Schema. Keywords are written in the order of the alphabet, so that the text is the same each time.
type form map[string]any

// with returns a copy of f with more keywords.
func (f form) with(more form) form {
	out := form{}
	for k, v := range f {
		out[k] = v
	}
	for k, v := range more {
		out[k] = v
	}
	return out
}

// object is a map with these keys and no others.
func object(keys Keys, more form) form {
	properties := form{}
	for _, k := range keys {
		properties[k.Name] = k.form.with(form{"description": k.Doc})
	}
	return form{"type": "object", "additionalProperties": false, "properties": properties}.with(more)
}

// Known are words that files may hold and this package cannot know.
type Known struct {
	// Systems are those that a connection of a project can name; without any it can name what it likes.
	Systems []string
	// Settings are those of flows by entity. Mappings have others, so more are allowed.
	Settings map[string][]Setting
}

// Setting is a setting of a flow, in the words of [SettingTypes].
type Setting struct {
	Name, Type, Help string
	Choices          []string
}

// JSON returns the JSON Schema (draft 7, which editors know best) of a kind of file, indented.
func JSON(kind Kind, known Known) ([]byte, error) {
	var root form
	switch kind {
	case Mapping:
		root = mappingForm()
	case Test:
		root = testForm()
	case Flow:
		root = flowForm(known.Settings)
	case Project:
		root = projectForm(known.Systems)
	default:
		return nil, fmt.Errorf("there is no schema %q", kind)
	}
	root = root.with(form{"$schema": "http://json-schema.org/draft-07/schema#", "title": "Crosswalk " + string(kind) + " file"})
	text, err := json.MarshalIndent(root, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("the schema of %s files: %w", kind, err)
	}
	return append(text, '\n'), nil
}

// Forms that several keys have. YAML reads 21 and true as what they look like, so whatever is text for Crosswalk may
// be written as these too.
var (
	anything  = form{}
	word      = form{"type": []string{"string", "number", "boolean"}}
	text      = form{"type": "string"}
	words     = form{"anyOf": []form{word, {"type": "array", "items": word}}}
	anyObject = form{"type": "object"}
	section   = form{"type": []string{"object", "null"}} // a key with nothing behind it is as good as none
	tables    = form{"type": []string{"object", "null"}, "additionalProperties": form{"type": "object"}}
)

func oneOf(words ...string) form { return form{"enum": words} }

func reference(name string) form { return form{"$ref": "#/definitions/" + name} }

// having is a map that has all of these keys.
func having(keys ...string) form { return form{"required": keys} }

// anyHaving is a map that has at least one of these keys.
func anyHaving(keys ...string) []form {
	forms := make([]form, len(keys))
	for i, k := range keys {
		forms[i] = having(k)
	}
	return forms
}

// notTwo forbids a map to have two of these keys.
func notTwo(keys ...string) form {
	var pairs []form
	for i, a := range keys {
		for _, b := range keys[i+1:] {
			pairs = append(pairs, having(a, b))
		}
	}
	return form{"anyOf": pairs}
}
