package project

import (
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/engine/schema"
)

// flowName is what a flow may be called: it stands in URLs, logs and messages.
var flowName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]*$`)

// maxEvery bounds a schedule: a longer one is a slip of the pen.
const maxEvery = 366 * 24 * time.Hour

func (p *Project) readFlow(f *file, name string) Flow {
	flow := Flow{Name: name, File: f.path, file: f, at: map[string]text{}}
	if !flowName.MatchString(name) {
		f.report(text{line: 1, column: 1}, codeValue, fmt.Sprintf("a flow cannot be called %q", name), "rename the file: letters, digits, dots, - and _")
	}
	if f.root == nil {
		return flow
	}
	seen := map[string]bool{}
	for _, e := range f.entries(f.root, "a flow is a map with the keys from, to and entity") {
		seen[e.key.value] = true
		flow.at[e.key.value] = at(e.node)
		switch e.key.value {
		case "from":
			flow.From = p.connectionName(f, e.node)
		case "to":
			flow.To = p.connectionName(f, e.node)
		case "entity":
			flow.Entity = port.Entity(f.oneOf(e.node, "entity", schema.Entities))
		case "trigger":
			flow.Trigger = f.trigger(e.node)
			flow.placeMembers(f, e)
		case "after":
			flow.After, flow.after = f.names(e.node)
		case "start":
			flow.Start = f.start(e.node)
		case "where":
			if w := f.word(e.node); w != nil {
				flow.Where, flow.WherePos = w.value, f.position(*w)
			}
		case "keep":
			flow.Keep = f.keep(e.node)
		case "limit":
			flow.Limit = f.limit(e.node)
		case "settings":
			if flow.Settings = f.object(e.node); flow.Settings == nil && e.node.Type() != ast.NullType {
				f.report(at(e.node), codeShape, "settings is a map of name to value", "")
			}
			flow.placeMembers(f, e)
		case "tables":
			for _, t := range f.entries(e.node, "tables is a map of table name to table") {
				if _, ok := t.node.(ast.MapNode); !ok {
					f.report(at(t.node), codeShape, "a table is a map of key to value", "")
				}
			}
			flow.Tables = f.object(e.node)
		case "mappings":
			flow.Mappings = f.mappings(e.node)
			flow.placeMembers(f, e)
		case "steps":
			flow.Steps = f.steps(e.node)
		case "note":
			f.word(e.node)
		default:
			f.unknown(e.key, "key", schema.FlowKeys.Names())
		}
	}
	for _, need := range []string{"from", "to", "entity"} {
		if !seen[need] {
			f.report(text{line: 1, column: 1}, codeMissingKey, fmt.Sprintf("the flow has no %q", need), "a flow needs at least the keys from, to and entity")
		}
	}
	return flow
}

// placeMembers remembers where the members of a map stand: the keys of settings, the values of mappings.
func (flow *Flow) placeMembers(f *file, e entry) {
	if _, ok := e.node.(ast.MapNode); !ok {
		return
	}
	for _, m := range f.entries(e.node, "") {
		name := e.key.value + "." + m.key.value
		flow.at[name], flow.at["value of "+name] = m.key, at(m.node)
		if e.key.value == "mappings" {
			flow.at[name] = at(m.node)
		}
	}
}

// names reads a word or a list of words.
func (f *file) names(n ast.Node) (names []string, places []text) {
	list := []ast.Node{n}
	if s, ok := n.(*ast.SequenceNode); ok {
		list = s.Values
	}
	for _, e := range list {
		if w := f.word(e); w != nil {
			names, places = append(names, w.value), append(places, *w)
		}
	}
	return names, places
}

func (p *Project) connectionName(f *file, n ast.Node) string {
	w := f.word(n)
	if w == nil {
		return ""
	}
	if _, ok := p.Connection(w.value); !ok {
		var names []string
		for _, c := range p.Connections {
			names = append(names, c.Name)
		}
		f.misspelt(*w, codeUnknownConnection, fmt.Sprintf("crosswalk.yaml has no connection %q", w.value), names)
	}
	return w.value
}

func (f *file) trigger(n ast.Node) Trigger {
	var t Trigger
	for _, e := range f.entries(n, "trigger is a map with the keys "+strings.Join(schema.TriggerKeys.Names(), ", ")) {
		switch e.key.value {
		case "every":
			w := f.word(e.node)
			if w == nil {
				continue
			}
			d, err := time.ParseDuration(w.value)
			if err != nil || d < time.Second || d > maxEvery {
				f.report(*w, codeValue, fmt.Sprintf("every cannot be %q", w.value), "write a time such as 30s, 5m or 24h")
				continue
			}
			t.Every = d
		case "cron":
			if w := f.word(e.node); w != nil {
				c, err := parseCron(w.value)
				if err == nil && c.next(time.Now().UTC()).IsZero() {
					err = errors.New("there is no such day")
				}
				if err != nil {
					f.report(*w, codeValue, fmt.Sprintf("cron cannot be %q: %v", w.value, err), "write five fields, such as 0 4 * * mon-fri")
					continue
				}
				t.Cron = w.value
			}
		case "zone":
			if w := f.word(e.node); w != nil {
				if _, err := time.LoadLocation(w.value); err != nil || w.value == "" || w.value == "Local" {
					f.report(*w, codeValue, fmt.Sprintf("there is no time zone %q", w.value), "write a name such as Europe/Amsterdam, or leave the key out for UTC")
					continue
				}
				t.Zone = w.value
			}
		case "webhook":
			t.Webhook = f.oneOf(e.node, "webhook", []string{"true", "false"}) == "true"
		default:
			f.unknown(e.key, "key", schema.TriggerKeys.Names())
		}
	}
	switch {
	case t.Every > 0 && t.Cron != "":
		f.report(at(n), codeValue, "the trigger has both every and cron", "one of them says when the flow runs")
	case t.Zone != "" && t.Cron == "":
		f.report(at(n), codeValue, "the trigger has a zone and no cron", "the zone is that of the cron expression's times")
	}
	return t
}

func (f *file) start(n ast.Node) time.Time {
	w := f.word(n)
	if w == nil {
		return time.Time{}
	}
	for _, layout := range []string{time.DateOnly, time.RFC3339Nano} {
		if at, err := time.Parse(layout, w.value); err == nil {
			return at.UTC()
		}
	}
	f.report(*w, codeValue, fmt.Sprintf("start cannot be %q", w.value), "write a day (2026-01-31, midnight UTC) or an instant (2026-01-31T08:00:00+01:00)")
	return time.Time{}
}

// The shortest and the longest time for which the activity of a flow is kept: what is queued has to be in it.
const (
	minKeep = time.Hour
	maxKeep = 3660 * 24 * time.Hour
)

func (f *file) keep(n ast.Node) time.Duration {
	w := f.word(n)
	if w == nil {
		return 0
	}
	d, err := time.ParseDuration(w.value)
	if days, isDays := strings.CutSuffix(w.value, "d"); isDays {
		var count int
		if count, err = strconv.Atoi(days); err == nil && count < 100_000 {
			d = time.Duration(count) * 24 * time.Hour
		}
	}
	if err != nil || d < minKeep || d > maxKeep {
		f.report(*w, codeValue, fmt.Sprintf("keep cannot be %q", w.value), "write days or hours, such as 14d or 36h")
		return 0
	}
	return d
}

func (f *file) limit(n ast.Node) int {
	w := f.word(n)
	if w == nil {
		return 0
	}
	limit, err := strconv.Atoi(w.value)
	if err != nil || limit < 0 || w.quoted {
		f.report(*w, codeValue, fmt.Sprintf("limit cannot be %q", w.value), "write a whole number; 0 is no limit")
		return 0
	}
	return limit
}

// object returns a map as JSON text, nil for what is none.
func (f *file) object(n ast.Node) []byte {
	if _, ok := n.(ast.MapNode); !ok {
		return nil
	}
	return f.json(n)
}

func (f *file) mappings(n ast.Node) Mappings {
	var m Mappings
	places := map[string]*string{"read": &m.Read, "write": &m.Write, "customer": &m.Customer, "product": &m.Product}
	for _, e := range f.entries(n, "mappings is a map with the keys read, write, customer and product") {
		place, ok := places[e.key.value]
		if !ok {
			f.unknown(e.key, "key", schema.FlowMappingKeys.Names())
			continue
		}
		if w := f.word(e.node); w != nil {
			if *place = strings.TrimSpace(w.value); *place == "" {
				f.report(*w, codeValue, "this names no mapping", "write a file or the name of a mapping, or leave the key out")
			}
		}
	}
	return m
}
