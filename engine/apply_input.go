package engine

import (
	"context"
	"errors"
	"fmt"
	"unsafe"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/internal/limit"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// read checks a document and what comes with it.
func (f *frame) read(ctx context.Context, limits Limits, keys *value.Keys, plan *value.Plan, document []byte, in Input) Diagnostics {
	if len(document) > limits.DocumentBytes {
		return Diagnostics{{Severity: Error, Code: codeLimit, Message: fmt.Sprintf("the document is larger than %d bytes", limits.DocumentBytes)}}
	}
	var diag *Diagnostic
	if f.doc, diag = f.json(0, document, keys, plan, limits.Depth); diag != nil {
		return Diagnostics{*diag}
	}
	f.begin(ctx, limits, in)
	return f.inputs(limits, keys, in)
}

// begin starts to count what a document costs.
func (f *frame) begin(ctx context.Context, limits Limits, in Input) {
	f.write, f.limits = in.Write, limit.New(ctx, limits.Steps, limits.MemoryBytes)
	f.budget = &f.limits
	f.call = function.Call{Budget: f.budget, Arena: &f.arena, Now: in.Now}
	f.seed, f.log, f.missed = in.Seed, in.Log, in.Missed
	if in.Now != "" {
		f.now = value.Text(in.Now)
	}
}

// inputs checks what comes with a document.
func (f *frame) inputs(limits Limits, keys *value.Keys, in Input) Diagnostics {
	if len(in.Source)+len(in.Settings)+len(in.Tables)+len(in.Links)+len(in.Current) == 0 {
		return nil
	}
	var diags Diagnostics
	for i, part := range [...]struct {
		name string
		text []byte
		to   *value.Value
	}{{"source", in.Source, &f.source}, {"settings", in.Settings, &f.settings}, {"tables", in.Tables, &f.tables}, {"links", in.Links, &f.links}, {"current", in.Current, &f.current}} {
		if len(part.text) == 0 {
			continue
		}
		f.beside = true
		v, diag := f.json(1+i, part.text, keys, nil, limits.Depth)
		switch {
		case diag != nil:
			diag.Code, diag.Message = codeInput, part.name+": "+diag.Message
			diags = append(diags, *diag)
		case v.Kind() != value.Object:
			diags = append(diags, Diagnostic{Severity: Error, Code: codeInput, Message: fmt.Sprintf("%s must be a JSON object, this is %s", part.name, article(v.Kind().String()))})
		default:
			*part.to = v
		}
	}
	return diags
}

// text returns bytes as a string that lies in their memory.
func text(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }

// json checks a text and returns its value, which refers to the text and to a tape of the frame.
func (f *frame) json(tape int, raw []byte, keys *value.Keys, plan *value.Plan, depth int) (value.Value, *Diagnostic) {
	s := text(raw)
	if v, ok := f.tapes[tape].Parse(s, keys, plan, depth); ok {
		return v, nil
	}
	d := &Diagnostic{Severity: Error, Code: codeNotJSON, Message: "the document is no JSON"}
	_, _, err := jsontext.Validate(s, depth)
	var syntax *jsontext.SyntaxError
	if errors.As(err, &syntax) {
		line, column := jsontext.LineColumn(s, syntax.Offset)
		d.Pos = Position{Line: line, Column: column}
		d.Message += ": " + syntax.Msg
	}
	return value.Value{}, d
}

// overlayTables puts the tables of the mapping under those of the flow.
func (f *frame) overlayTables(tables value.Value) {
	if f.ownTables = f.tables.Kind() == value.Missing; f.ownTables {
		f.tables = tables
		return
	}
	f.tables = value.ObjectOf(overlayFields(tables.Fields(), f.tables))
}

// overlayFields returns fields with those of over in place of the ones with the same name.
func overlayFields(fields []value.Field, over value.Value) []value.Field {
	if over.Kind() != value.Object {
		return fields
	}
	out := append([]value.Field(nil), fields...)
	for _, f := range over.Fields() {
		out = setField(out, f.Key, f.Value)
	}
	return out
}

// checkSettings puts the declared defaults under what the flow sets.
func (m *Mapping) checkSettings(f *frame) Diagnostics {
	if f.settings.Kind() == value.Missing {
		f.settings = m.defaults
		return nil
	}
	var diags Diagnostics
	fields := make([]value.Field, 0, len(m.settings))
	for _, s := range m.settings {
		v := f.settings.Member(s.Name)
		if v.IsNil() {
			if s.Default != nil {
				fields = append(fields, value.Field{Key: s.Name, Value: value.Raw(string(s.Default))})
			}
			continue
		}
		if !settingKinds[s.Type].Has(v.Kind()) || choiceMissing(s, v) {
			diags = append(diags, Diagnostic{Severity: Error, Code: codeSettingValue, Message: fmt.Sprintf("setting %q has a value that it cannot have", s.Name), Help: settingHelp(s),
				Values: []Observed{{"settings." + s.Name, v.Preview(80)}}, Pos: Position{File: m.name}})
		}
		fields = append(fields, value.Field{Key: s.Name, Value: v})
	}
	f.settings = value.ObjectOf(fields)
	return diags
}
