package lsp

import (
	"context"
	"encoding/json"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/language"
)

// parse reads the parameters of a message.
func parse(params json.RawMessage, into any) error {
	if err := json.Unmarshal(params, into); err != nil {
		return rpcErrorf(codeInvalidParams, "the parameters are not those of the method")
	}
	return nil
}

func (s *session) initialize(params json.RawMessage) (any, error) {
	var p struct {
		Capabilities clientCapabilities `json:"capabilities"`
	}
	if err := parse(params, &p); err != nil {
		return nil, err
	}
	s.client, s.state = p.Capabilities, running
	capabilities := map[string]any{
		"positionEncoding":   "utf-16",
		"textDocumentSync":   map[string]any{"openClose": true, "change": 2, "save": true},
		"completionProvider": map[string]any{"triggerCharacters": []string{".", "#", "\"", "'"}},
		"hoverProvider":      true,
		"definitionProvider": true,
		"codeActionProvider": map[string]any{"codeActionKinds": []string{"quickfix"}},
	}
	if s.Format != nil {
		capabilities["documentFormattingProvider"] = true
	}
	return map[string]any{
		"capabilities": capabilities,
		"serverInfo":   map[string]any{"name": "crosswalk", "version": s.Version},
	}, nil
}

// watch asks the client to tell when files change that it has not open.
func (s *session) watch() error {
	if !s.client.Workspace.DidChangeWatchedFiles.DynamicRegistration {
		return nil
	}
	params, err := json.Marshal(map[string]any{"registrations": []any{map[string]any{
		"id": "files", "method": "workspace/didChangeWatchedFiles",
		"registerOptions": map[string]any{"watchers": []any{map[string]any{"globPattern": "**/*.{yaml,yml,ts,mts,js,mjs,json}"}}},
	}}})
	if err != nil {
		return err
	}
	return s.send(message{Version: "2.0", ID: json.RawMessage(`"watch"`), Method: "client/registerCapability", Params: params})
}

// notify takes a notification; one that the server does not know is left alone.
func (s *session) notify(method string, params json.RawMessage) error {
	switch method {
	case "textDocument/didOpen":
		var p struct {
			TextDocument struct {
				textDocumentIdentifier
				Text string `json:"text"`
			} `json:"textDocument"`
		}
		if err := parse(params, &p); err != nil {
			return err
		}
		t := p.TextDocument
		s.open(&document{uri: t.URI, path: pathOf(t.URI), version: t.Version, text: t.Text})
	case "textDocument/didChange":
		var p struct {
			TextDocument   textDocumentIdentifier `json:"textDocument"`
			ContentChanges []contentChange        `json:"contentChanges"`
		}
		if err := parse(params, &p); err != nil {
			return err
		}
		d := s.documents[p.TextDocument.URI]
		if d == nil {
			return fmt.Errorf("a change of a document that is not open")
		}
		for _, c := range p.ContentChanges {
			d.text = c.apply(d.text)
		}
		d.version = p.TextDocument.Version
		s.changed(d)
	case "textDocument/didClose":
		var p textDocumentPosition
		if err := parse(params, &p); err != nil {
			return err
		}
		d := s.documents[p.TextDocument.URI]
		if d == nil {
			return nil
		}
		delete(s.documents, d.uri)
		delete(s.files.texts, path.Clean(d.path))
		s.dirtyReaders(d.path)
		return s.tell("textDocument/publishDiagnostics", map[string]any{"uri": d.uri, "diagnostics": []lspDiagnostic{}})
	case "textDocument/didSave", "workspace/didChangeWatchedFiles":
		// Any file may have changed that a document is made of.
		for _, d := range s.documents {
			d.dirty = true
		}
	}
	return nil
}

// publish checks a document and shows the result.
func (s *session) publish(d *document) error {
	d.dirty = false
	var report language.Report
	if language.IsMapping(d.path, d.text) {
		if err := s.guarded(func() error { report = s.service.Diagnose(d.path, d.text); return nil }); err != nil {
			return nil // the fault is logged; what was shown stays
		}
	}
	d.report = &report
	shown := []lspDiagnostic{}
	for _, p := range report.Problems {
		shown = append(shown, diagnosticOf(p, d.text))
	}
	if inherited, ok := s.inherited(d, report); ok {
		shown = append(shown, inherited)
	}
	if len(report.Scripts) > 0 {
		shown = append(shown, s.elsewhere("A script has problems:", report.Scripts, spanOf(report.ScriptsPos, report.ScriptsEnd, d.text), report.Sources))
	}
	return s.tell("textDocument/publishDiagnostics", map[string]any{"uri": d.uri, "version": d.version, "diagnostics": shown})
}

func diagnosticOf(d engine.Diagnostic, text string) lspDiagnostic {
	out := lspDiagnostic{Range: spanOf(d.Pos, d.End, text), Severity: 1, Code: d.Code, Source: "crosswalk", Message: d.Message}
	if d.Severity == engine.Warning {
		out.Severity = 2
	}
	if d.Help != "" {
		out.Message += "\n" + d.Help
	}
	return out
}

// maxRelated is how many problems of other files are listed.
const maxRelated = 10

// inherited tells about the problems of files that a document extends, at the place where it names the first of
// them.
func (s *session) inherited(d *document, r language.Report) (lspDiagnostic, bool) {
	if len(r.Inherited) == 0 {
		return lspDiagnostic{}, false
	}
	var at span
	for _, f := range r.Sources {
		if path.Clean(f.Path) == path.Clean(d.path) {
			at = spanOf(f.Extends, f.ExtendsEnd, d.text)
		}
	}
	return s.elsewhere("The mapping that this one extends has problems:", r.Inherited, at, r.Sources), true
}

// elsewhere tells at a place of a document about the problems of other files.
func (s *session) elsewhere(title string, problems engine.Diagnostics, at span, sources []engine.MappingSource) lspDiagnostic {
	out := lspDiagnostic{Range: at, Severity: 2, Code: problems[0].Code, Source: "crosswalk", Message: title}
	for i, p := range problems {
		if p.Severity == engine.Error {
			out.Severity = 1
		}
		if i >= maxRelated {
			continue
		}
		out.Message += "\n" + path.Base(p.Pos.File) + p.Pos.String()[len(p.Pos.File):] + ": " + p.Message
		if !s.client.TextDocument.PublishDiagnostics.RelatedInformation {
			continue
		}
		library := slices.ContainsFunc(sources, func(f engine.MappingSource) bool { return f.Library && f.Path == p.Pos.File })
		if l, err := s.locate(p.Pos, p.End, library); err != nil {
			s.Log.Warn("a file of the library cannot be shown", "error", err)
		} else if l != nil {
			out.Related = append(out.Related, relatedInfo{*l, p.Message})
		}
	}
	return out
}

// locate turns a place of a file, or of one of the library, into one of the protocol; nil where it cannot be shown.
func (s *session) locate(pos, end engine.Position, library bool) (*location, error) {
	file := pos.File
	if library {
		if s.Cache == "" {
			return nil, nil
		}
		var err error
		if file, err = unpack(s.Library, pos.File, s.Cache); err != nil {
			return nil, err
		}
	}
	for _, d := range s.documents {
		if path.Clean(d.path) == path.Clean(file) {
			return &location{d.uri, spanOf(pos, end, d.text)}, nil
		}
	}
	text, _ := s.files.ReadFile(file) // without the text a place counts as if every character were one unit
	return &location{uriOf(file), placed(pos, end, string(text))}, nil
}

func placed(pos, end engine.Position, text string) span {
	if text == "" {
		start := position{max(pos.Line-1, 0), max(pos.Column-1, 0)}
		return span{start, start}
	}
	return spanOf(pos, end, text)
}

// question reads the place that a request is about; d is nil where there is nothing to answer from.
func (s *session) question(params json.RawMessage) (d *document, pos engine.Position, err error) {
	var p textDocumentPosition
	if err := parse(params, &p); err != nil {
		return nil, pos, err
	}
	d = s.documents[p.TextDocument.URI]
	if d == nil {
		return nil, pos, rpcErrorf(codeInvalidParams, "the document is not open")
	}
	return d, p.Position.engine(d.path, d.text), nil
}

func (s *session) complete(ctx context.Context, params json.RawMessage) (any, error) {
	d, pos, err := s.question(params)
	if err != nil {
		return nil, err
	}
	items := []completionItem{}
	if language.IsMapping(d.path, d.text) || language.MayBecomeMapping(d.path, d.text) {
		found, err := s.service.Complete(ctx, d.path, d.text, pos)
		if err != nil {
			return nil, err
		}
		for i, c := range found {
			items = append(items, s.item(i, c, d))
		}
	}
	return map[string]any{"isIncomplete": false, "items": items}, nil
}

// item turns a completion into one of the protocol; i is its place in the order.
func (s *session) item(i int, c language.Completion, d *document) completionItem {
	item := completionItem{
		Label: c.Label, Kind: completionKinds[c.Kind], Detail: c.Detail, Documentation: markdown(c.Documentation),
		SortText: fmt.Sprintf("%02d%05d", c.Rank, i), Format: 1,
		TextEdit: textEdit{spanOf(c.Pos, c.End, d.text), c.Text},
	}
	switch {
	case c.Snippet && s.client.TextDocument.Completion.CompletionItem.SnippetSupport:
		item.Format = 2
	case c.Snippet:
		item.TextEdit.NewText = plain(c.Text)
	}
	// Editors compare what stands in the range with this.
	if strings.HasPrefix(c.Text, "[") {
		item.FilterText = "." + c.Label
	}
	return item
}

var (
	snippetPlace  = regexp.MustCompile(`\$\{\d+:([^}]*)\}|\$\d`)
	snippetEscape = regexp.MustCompile(`\\([\\$}])`)
)

// plain is a snippet for an editor that knows none.
func plain(snippet string) string {
	return snippetEscape.ReplaceAllString(snippetPlace.ReplaceAllString(snippet, "$1"), "$1")
}

func (s *session) hover(ctx context.Context, params json.RawMessage) (any, error) {
	d, pos, err := s.question(params)
	if err != nil || !language.IsMapping(d.path, d.text) {
		return nil, err
	}
	h, err := s.service.Hover(ctx, d.path, d.text, pos)
	if h == nil || err != nil {
		return nil, err
	}
	return map[string]any{"contents": markdown(h.Markdown), "range": spanOf(h.Pos, h.End, d.text)}, nil
}

func (s *session) definition(ctx context.Context, params json.RawMessage) (any, error) {
	d, pos, err := s.question(params)
	if err != nil || !language.IsMapping(d.path, d.text) {
		return nil, err
	}
	l, err := s.service.Definition(ctx, d.path, d.text, pos)
	if l == nil || err != nil {
		return nil, err
	}
	at, err := s.locate(l.Pos, l.End, l.Library)
	if at == nil || err != nil {
		return nil, err
	}
	return at, nil
}

// actions offers the fixes of the problems in a range.
func (s *session) actions(params json.RawMessage) (any, error) {
	var p struct {
		TextDocument textDocumentIdentifier `json:"textDocument"`
		Range        span                   `json:"range"`
		Context      struct {
			Only []string `json:"only"`
		} `json:"context"`
	}
	if err := parse(params, &p); err != nil {
		return nil, err
	}
	d := s.documents[p.TextDocument.URI]
	if d == nil {
		return nil, rpcErrorf(codeInvalidParams, "the document is not open")
	}
	found := []codeAction{}
	if len(p.Context.Only) > 0 && p.Context.Only[0] != "quickfix" || !language.IsMapping(d.path, d.text) {
		return found, nil
	}
	report := d.report
	if report == nil || d.dirty {
		r := s.service.Diagnose(d.path, d.text)
		report = &r
	}
	for _, problem := range report.Problems {
		shown := diagnosticOf(problem, d.text)
		if problem.Fix == nil || before(p.Range.End, shown.Range.Start) || before(shown.Range.End, p.Range.Start) {
			continue
		}
		fix := problem.Fix
		found = append(found, codeAction{
			Title: fix.Title, Kind: "quickfix", Diagnostics: []lspDiagnostic{shown}, IsPreferred: true,
			Edit: workspaceEdit{map[string][]textEdit{d.uri: {{spanOf(fix.Pos, fix.End, d.text), fix.NewText}}}},
		})
	}
	return found, nil
}

func before(a, b position) bool {
	return a.Line < b.Line || a.Line == b.Line && a.Character < b.Character
}

// format lays a document out anew; the edit leaves the lines alone that stay as they are at its start and end.
func (s *session) format(params json.RawMessage) (any, error) {
	var p textDocumentPosition
	if err := parse(params, &p); err != nil {
		return nil, err
	}
	d := s.documents[p.TextDocument.URI]
	if d == nil {
		return nil, rpcErrorf(codeInvalidParams, "the document is not open")
	}
	formatted, err := s.Format([]byte(d.text))
	if err != nil {
		return []textEdit{}, nil // a text that cannot be read stays as it is; its diagnostics say why
	}
	return difference(d.text, string(formatted)), nil
}

// difference is the edit that makes a text another.
func difference(from, to string) []textEdit {
	if from == to {
		return []textEdit{}
	}
	a, b := strings.SplitAfter(from, "\n"), strings.SplitAfter(to, "\n")
	head := 0
	for head < min(len(a), len(b)) && a[head] == b[head] {
		head++
	}
	tail := 0
	for tail < min(len(a), len(b))-head && a[len(a)-1-tail] == b[len(b)-1-tail] {
		tail++
	}
	end := position{Line: len(a) - tail}
	if tail == 0 {
		last := strings.TrimSuffix(a[len(a)-1], "\n")
		end = position{Line: len(a) - 1}
		for _, r := range last {
			end.Character += units16(r)
		}
	}
	return []textEdit{{span{position{Line: head}, end}, strings.Join(b[head:len(b)-tail], "")}}
}
