package setup

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// Questions are what a flow wants to know.
type Questions struct {
	Flow     string    `json:"flow"` // a name for it
	Settings []Setting `json:"settings"`
	Tables   []Table   `json:"tables"`
	// Notes say what could not be read.
	Notes []string `json:"notes"`
}

// Setting is one that a flow may set. Default is JSON text.
type Setting struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Default string   `json:"default,omitempty"`
	Choices []string `json:"choices,omitempty"`
	Help    string   `json:"help,omitempty"`
	Needed  bool     `json:"needed"`
}

// Table is a lookup table with what both systems know of it.
type Table struct {
	Name string `json:"name"`
	// Rows are its keys, those that the source has first.
	Rows []Row `json:"rows"`
	// Values are those that the target has; any may be written where there are none.
	Values []Value `json:"values"`
	// From and To say where keys and values were read: "paymentMethods of webshop".
	From string `json:"from,omitempty"`
	To   string `json:"to,omitempty"`
}

// Row is an entry. Outer is the first key of tables of two levels. Preset is what the mapping or a guess has for it.
type Row struct {
	Outer  string `json:"outer,omitempty"`
	Key    string `json:"key"`
	Label  string `json:"label,omitempty"`
	Preset string `json:"preset,omitempty"`
	Guess  bool   `json:"guess"` // nobody has written the preset down yet
}

// Value is one that a table can hold.
type Value struct {
	Value string `json:"value"`
	Label string `json:"label,omitempty"`
}

// Ask returns what a flow of the entity between both sides wants to know, prefilled with what the systems say.
func (s *Setup) Ask(ctx context.Context, owner string, from, to End, entity port.Entity) (Questions, error) {
	f, err := s.end(owner, from)
	if err != nil {
		return Questions{}, err
	}
	t, err := s.end(owner, to)
	if err != nil {
		return Questions{}, err
	}
	plan := Plan{Name: f.name + "-" + plural(entity), Entity: entity}
	p, remove, err := s.scratch(f, t, plan)
	if err != nil {
		return Questions{}, err
	}
	defer remove()
	q := Questions{Flow: plan.Name, Settings: []Setting{}, Tables: []Table{}, Notes: []string{}}
	declared := p.Declared(s.Library)[0]
	for _, d := range declared.Settings {
		q.Settings = append(q.Settings, s.question(d, t.system, entity))
	}
	q.Tables = s.tables(ctx, f, t, declared, &q)
	return q, nil
}

func plural(e port.Entity) string {
	if e == port.Stock {
		return string(e)
	}
	return string(e) + "s"
}

// question is a setting with the choices that the target leaves.
func (s *Setup) question(d engine.Setting, target string, entity port.Entity) Setting {
	out := Setting{Name: d.Name, Type: d.Type, Default: string(d.Default), Choices: d.Choices, Help: d.Help}
	if d.Name != "orderType" {
		return out
	}
	for _, r := range s.spec(target).Resources {
		if r.Entity == entity && r.Create {
			out.Choices = append(out.Choices, r.Name)
		}
	}
	out.Needed = len(out.Choices) > 1
	if !out.Needed {
		out.Choices = nil
	}
	return out
}

// known are the rows of reference data that tables may want.
type known struct {
	keys, values, spare, outer map[string][]Value
	from, to                   map[string]string
}

// read asks a system for the reference data that tables name.
func (k *known) read(ctx context.Context, conn connectors.Connector, e end, spec connectors.Spec, source bool, wanted map[string]bool, notes *[]string) {
	for _, r := range spec.References {
		if !slices.ContainsFunc(r.Feeds, func(f connectors.Feed) bool {
			tables := slices.Concat(f.Values, f.Spare, f.Outer)
			if source {
				tables = slices.Concat(f.Keys, f.Outer)
			}
			return slices.ContainsFunc(tables, func(name string) bool { return wanted[name] })
		}) {
			continue
		}
		text, err := conn.Reference(ctx, r.Name, false)
		if err != nil {
			reason := "it does not answer"
			if errors.Is(err, port.ErrPermission) || errors.Is(err, port.ErrAuth) {
				reason = "the credentials do not allow it"
			}
			*notes = append(*notes, fmt.Sprintf("%s of %s could not be read: %s.", r.Name, e.name, reason))
			continue
		}
		for _, f := range r.Feeds {
			k.fill(f, text, r.Name+" of "+e.name, source)
		}
	}
}

// fill adds the rows of reference data to the tables that they feed.
func (k *known) fill(f connectors.Feed, text []byte, where string, source bool) {
	rows := rowsOf(text, f)
	if len(rows) == 0 {
		return
	}
	for _, t := range f.Outer {
		k.outer[t] = append(k.outer[t], rows...)
	}
	if source {
		for _, t := range f.Keys {
			k.keys[t], k.from[t] = append(k.keys[t], rows...), where
		}
		return
	}
	for _, t := range f.Values {
		k.values[t], k.to[t] = append(k.values[t], rows...), where
	}
	for _, t := range f.Spare {
		k.spare[t] = append(k.spare[t], rows...)
	}
}

// rowsOf reads the keys and labels of a table of reference data, a list or one object. Switched-off rows stay out.
func rowsOf(text []byte, f connectors.Feed) []Value {
	list := gjson.ParseBytes(text)
	if f.Rows != "" {
		list = list.Get(f.Rows)
	}
	rows := []gjson.Result{list}
	if list.IsArray() {
		rows = list.Array()
	}
	var out []Value
	for _, row := range rows {
		v := Value{Value: plain(row.Get(f.Key))}
		if f.Fraction {
			v.Value = percent(v.Value)
		}
		if f.Label != "" {
			v.Label = row.Get(f.Label).String()
		}
		off := row.Get("active").Type == gjson.False || row.Get("enabled").Type == gjson.False
		if v.Value == "" || off || slices.ContainsFunc(out, func(o Value) bool { return o.Value == v.Value }) {
			continue
		}
		if out = append(out, v); len(out) == maxRows {
			break
		}
	}
	return out
}

// maxRows bounds what a table offers.
const maxRows = 500

// plain is a value as keys of tables write it: 21, not 21.0.
func plain(v gjson.Result) string {
	if v.Type == gjson.Number && strings.Contains(v.Raw, ".") && !strings.ContainsAny(v.Raw, "eE") {
		return strings.TrimRight(strings.TrimRight(v.Raw, "0"), ".")
	}
	if v.Type == gjson.Number {
		return v.Raw
	}
	return v.String()
}

// percent is a fraction as tables write rates: 21 for 0.21. What is no number stays.
func percent(fraction string) string {
	d, err := decimal.Parse(fraction)
	if err != nil {
		return fraction
	}
	hundred, _ := decimal.Parse("100")
	return plain(gjson.Parse(d.Mul(hundred).String()))
}

// tables are the tables of the flow's mappings, with the rows that the systems know.
func (s *Setup) tables(ctx context.Context, f, t end, d project.Declared, q *Questions) []Table {
	declared := d.Tables
	wanted := map[string]bool{}
	gjson.ParseBytes(declared).ForEach(func(name, _ gjson.Result) bool {
		wanted[name.String()] = !slices.Contains(d.Clashing, name.String())
		return true
	})
	k := known{map[string][]Value{}, map[string][]Value{}, map[string][]Value{}, map[string][]Value{}, map[string]string{}, map[string]string{}}
	for _, side := range []struct {
		e      end
		source bool
	}{{f, true}, {t, false}} {
		conn, err := s.open(ctx, side.e)
		if err != nil {
			q.Notes = append(q.Notes, failed(err, side.e).Problem)
			continue
		}
		k.read(ctx, conn, side.e, s.spec(side.e.system), side.source, wanted, &q.Notes)
		_ = conn.Close() // it was read
	}
	all := []Table{}
	gjson.ParseBytes(declared).ForEach(func(name, presets gjson.Result) bool {
		if wanted[name.String()] {
			all = append(all, k.table(name.String(), presets, gjson.GetBytes(declared, "paymentMethods")))
		}
		return true
	})
	// What both systems know comes first: it is what a person has to join.
	slices.SortStableFunc(all, func(a, b Table) int {
		return cmp.Compare(b2i(len(b.Values) > 0)+b2i(b.From != ""), b2i(len(a.Values) > 0)+b2i(a.From != ""))
	})
	return all
}

func b2i(b bool) int {
	if b {
		return 1
	}
	return 0
}

// table puts one table together. It has no row where neither system nor mapping knows one.
func (k *known) table(name string, presets, methods gjson.Result) Table {
	t := Table{Name: name, Rows: []Row{}, Values: append([]Value{}, k.values[name]...), From: k.from[name], To: k.to[name]}
	outer := k.outer[name]
	if len(outer) == 0 {
		outer = []Value{{}}
	}
	keys := slices.Concat(k.keys[name], k.spare[name])
	has := map[string]bool{}
	for _, o := range outer {
		for _, key := range keys {
			row := Row{Outer: o.Value, Key: key.Value, Label: key.Label}
			if name == "paymentTerms" { // its keys are what paymentMethods makes of the shop's
				if m := methods.Get(gjson.Escape(key.Value)); m.Exists() {
					row.Key = m.String()
				}
			}
			if has[row.Outer+"\x00"+row.Key] {
				continue
			}
			has[row.Outer+"\x00"+row.Key] = true
			preset := presets
			if row.Outer != "" {
				preset = presets.Get(gjson.Escape(row.Outer))
			}
			if v := preset.Get(gjson.Escape(row.Key)); v.Exists() {
				row.Preset = v.String()
			} else if guess := guessed(row, t.Values); guess != "" {
				row.Preset, row.Guess = guess, true
			}
			t.Rows = append(t.Rows, row)
		}
	}
	presets.ForEach(func(key, v gjson.Result) bool {
		if !v.IsObject() && !v.IsArray() && !has["\x00"+key.String()] {
			t.Rows = append(t.Rows, Row{Key: key.String(), Preset: v.String()})
		}
		return true
	})
	return t
}

// guessed is the one value of the target that goes by the row's name, or that holds its number.
func guessed(row Row, values []Value) string {
	var found []string
	for _, v := range values {
		for _, text := range []string{v.Value, v.Label} {
			number := row.Key != "" && strings.Trim(row.Key, "0123456789.") == "" && slices.Contains(strings.FieldsFunc(text, func(r rune) bool { return (r < '0' || r > '9') && r != '.' }), row.Key)
			if text != "" && (number || strings.EqualFold(text, row.Key) || strings.EqualFold(text, row.Label)) {
				found = append(found, v.Value)
				break
			}
		}
	}
	if len(found) != 1 {
		return ""
	}
	return found[0]
}

// object returns a text that is a JSON object, nil for an empty text.
func object(what, text string) (json.RawMessage, error) {
	if strings.TrimSpace(text) == "" {
		return nil, nil
	}
	if !gjson.Valid(text) || !gjson.Parse(text).IsObject() {
		return nil, refusal(what + " is no JSON object.")
	}
	return json.RawMessage(text), nil
}
