package api

import (
	"bytes"
	"encoding/json"
	"net/http"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/engine"
)

func indent(b *bytes.Buffer, document []byte) error { return json.Indent(b, document, "", "  ") }

// report is what became of a mapping's text.
type report struct {
	From        string             `json:"from"`
	To          string             `json:"to"`
	Extends     string             `json:"extends,omitempty"` // the file that it extends
	Rules       int                `json:"rules"`
	Settings    []setting          `json:"settings"`
	Diagnostics engine.Diagnostics `json:"diagnostics"`
	Inherited   engine.Diagnostics `json:"inherited"`
	Tables      []table            `json:"tables"`
	Micros      int64              `json:"compileMicros"` // 0 where it was compiled before
}

// setting is one that the mapping declares; Default is JSON text.
type setting struct {
	Name    string   `json:"name"`
	Type    string   `json:"type"`
	Default string   `json:"default,omitempty"`
	Choices []string `json:"choices,omitempty"`
	Help    string   `json:"help,omitempty"`
}

func (c *compiled) report() report {
	r := report{Settings: []setting{}, Tables: append([]table{}, c.tables...), Diagnostics: c.problems, Inherited: c.inherited, Micros: c.took.Microseconds()}
	if c.mapping == nil {
		return r
	}
	rules := c.mapping.Rules()
	r.From, r.To, r.Rules = c.mapping.From(), c.mapping.To(), len(rules)
	for _, rule := range rules {
		if len(rule.Chain) > 1 {
			r.Extends = rule.Chain[1].File
			break
		}
	}
	for _, s := range c.mapping.Settings() {
		r.Settings = append(r.Settings, setting{s.Name, s.Type, string(s.Default), s.Choices, s.Help})
	}
	return r
}

// previewed is the answer of a preview.
type previewed struct {
	Mapping report `json:"mapping"`
	// Output is the result to the byte, nil where there is none; Shown is the same with line breaks.
	Output      *string            `json:"output"`
	Shown       string             `json:"shown"`
	Between     string             `json:"between,omitempty"` // what the mapping before made, with line breaks
	Diagnostics engine.Diagnostics `json:"diagnostics"`       // of the document
	Micros      int64              `json:"mapMicros"`
	Console     []logLine          `json:"console"` // what scripts logged
}

func (a *API) preview(w http.ResponseWriter, r *http.Request) error {
	var j job
	if err := read(r, &j); err != nil {
		return err
	}
	if err := j.Mapping.check(r.Context()); err != nil {
		return err
	}
	c := a.compile(j.Mapping)
	answer := previewed{Mapping: c.report(), Console: []logLine{}}
	if c.mapping == nil || strings.TrimSpace(j.Document) == "" {
		return write(w, answer)
	}
	p, err := a.prepare(r.Context(), j, c.mapping)
	if err != nil {
		return err
	}
	done, err := p.apply(r.Context())
	if err != nil {
		return err
	}
	if p.between != nil {
		answer.Between = indented(p.between)
	}
	answer.Diagnostics, answer.Micros, answer.Console = done.problems, done.took.Microseconds(), p.console.all()
	if done.output != nil {
		text := string(done.output)
		answer.Output, answer.Shown = &text, indented(done.output)
	}
	return write(w, answer)
}

// maxLines bounds a batch.
const maxLines = 10_000

// line is what became of one document of a batch.
type line struct {
	Line        int                `json:"line"`
	Output      *string            `json:"output"`
	Diagnostics engine.Diagnostics `json:"diagnostics"`
}

// lines is the answer of a batch.
type lines struct {
	Mapping report `json:"mapping"`
	Lines   []line `json:"lines"`
	Mapped  int    `json:"mapped"`
	Failed  int    `json:"failed"`
	More    bool   `json:"more"` // there are more lines than were looked at
	Micros  int64  `json:"mapMicros"`
}

func (a *API) previewLines(w http.ResponseWriter, r *http.Request) error {
	var j job
	if err := read(r, &j); err != nil {
		return err
	}
	if err := j.Mapping.check(r.Context()); err != nil {
		return err
	}
	c := a.compile(j.Mapping)
	answer := lines{Mapping: c.report(), Lines: []line{}}
	if c.mapping == nil {
		return write(w, answer)
	}
	if _, err := j.input(a, c.mapping); err != nil { // once for all, not as the failure of each line
		return err
	}
	var took time.Duration
	number := 0
	for document := range strings.Lines(j.Document) {
		number++
		if strings.TrimSpace(document) == "" {
			continue
		}
		if len(answer.Lines) == maxLines {
			answer.More = true
			break
		}
		one := j
		one.Document = document
		p, err := a.prepare(r.Context(), one, c.mapping)
		if err != nil {
			return err
		}
		done, err := p.apply(r.Context())
		if err != nil {
			return err
		}
		took += done.took
		l := line{Line: number, Diagnostics: done.problems}
		if done.output == nil {
			answer.Failed++
		} else {
			text := string(done.output)
			l.Output = &text
			answer.Mapped++
		}
		answer.Lines = append(answer.Lines, l)
	}
	answer.Micros = took.Microseconds()
	return write(w, answer)
}

// unreadFields is what a mapping leaves of a document and of the target.
type unreadFields struct {
	Unread   []string `json:"unread"`
	Unfilled []string `json:"unfilled"`
}

func (a *API) unread(w http.ResponseWriter, r *http.Request) error {
	var j job
	if err := read(r, &j); err != nil {
		return err
	}
	m, err := a.sound(r.Context(), j.Mapping)
	if err != nil {
		return err
	}
	answer := unreadFields{Unread: []string{}, Unfilled: append([]string{}, m.Unfilled()...)}
	if strings.TrimSpace(j.Document) == "" {
		return write(w, answer)
	}
	p, err := a.prepare(r.Context(), j, m)
	if err != nil {
		return err
	}
	if p.document == nil {
		return write(w, answer)
	}
	paths, err := m.Unread(p.document)
	if err != nil {
		return documentProblem(err)
	}
	answer.Unread = append(answer.Unread, paths...)
	return write(w, answer)
}
