package api

import (
	"context"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
)

// varied is a document with another number of lines.
type varied struct {
	Document string `json:"document"`
	Path     string `json:"path"` // of the list: lineItems
	Lines    int    `json:"lines"`
}

// maxTried bounds the lists of a document that are looked at.
const maxTried = 60

// vary makes of a document one with no line, one or several. Its lines are the list without which the mapping's main `each`, or that of the
// mapping that the document goes through first, has least to walk.
func (a *API) vary(w http.ResponseWriter, r *http.Request) error {
	var j struct {
		job
		Lines string `json:"lines"`
	}
	if err := read(r, &j); err != nil {
		return err
	}
	walked := j.job
	if j.Before != "" {
		text, err := a.textOf(r.Context(), j.Before)
		if err != nil {
			return err
		}
		walked = job{Mapping: text, Document: j.Document, Now: j.Now, TimeZone: j.TimeZone}
	}
	m, err := a.sound(r.Context(), walked.Mapping)
	if err != nil {
		return err
	}
	in, err := walked.input(a, m)
	if err != nil {
		return err
	}
	v := variation{mapping: m, in: in, document: j.Document, rule: mainEach(m.Rules())}
	switch {
	case v.rule == "":
		return problem{Status: 422, Title: "The mapping walks no list.", Code: "no-lines"}
	case !gjson.Valid(v.document):
		return problem{Status: 422, Title: "The document is no JSON.", Code: "document"}
	}
	if err := v.find(r.Context()); err != nil {
		return err
	}
	if v.path == "" {
		return problem{Status: 422, Title: "No list of this document has lines for " + v.rule + ": pick a sample that has some.", Code: "no-lines"}
	}
	answer := varied{Path: strings.ReplaceAll(v.path, `\`, "")}
	switch j.Lines {
	case "none":
		answer.Document = v.with(nil)
	case "one":
		one, err := v.one(r.Context())
		if err != nil {
			return err
		}
		answer.Document, answer.Lines = v.with([]string{one}), 1
	case "many":
		all := v.elements()
		for i := 0; len(all) < 3; i++ {
			all = append(all, all[i])
		}
		answer.Document, answer.Lines = v.with(all), len(all)
	default:
		return refuse("lines is none, one or many.")
	}
	return write(w, answer)
}

// mainEach is the target of the rule whose elements most other rules fill: `lines[]`; "" where none walks a list.
func mainEach(rules []engine.Rule) string {
	below := map[string]int{}
	for _, r := range rules {
		if list, rest, ok := strings.Cut(r.Target, "[]"); ok && rest != "" {
			below[list+"[]"]++
		}
	}
	best := ""
	for _, r := range rules {
		if strings.HasSuffix(r.Target, "[]") && strings.Count(r.Target, "[]") == 1 && (best == "" || below[r.Target] > below[best]) {
			best = r.Target
		}
	}
	return best
}

// variation is a document whose lines are being varied.
type variation struct {
	mapping  *engine.Mapping
	in       engine.Input
	document string
	rule     string
	path     string // of the list
}

// find finds the list: the first without which the rule walks least. Other lists may add to what it walks, such as shipping costs
// to the rows of an invoice.
func (v *variation) find(ctx context.Context) error {
	items, _, err := v.walked(ctx, v.document)
	if err != nil || items == 0 {
		return err
	}
	best := ""
	for _, path := range listsOf(v.document) {
		v.path = path
		left, _, err := v.walked(ctx, v.with(nil))
		if err != nil {
			return err
		}
		if left < items {
			best, items = path, left
		}
		if items == 0 {
			break
		}
	}
	v.path = best
	return nil
}

// one is the first element that alone makes a line; the first of all where none does.
func (v *variation) one(ctx context.Context) (string, error) {
	all := v.elements()
	for _, e := range all[:min(len(all), 10)] {
		_, kept, err := v.walked(ctx, v.with([]string{e}))
		if err != nil {
			return "", err
		}
		if kept > 0 {
			return e, nil
		}
	}
	return all[0], nil
}

// walked tells how many elements the rule walks in a document, and how many pass.
func (v *variation) walked(ctx context.Context, document string) (items, kept int, err error) {
	e, err := v.mapping.Explain(ctx, []byte(document), v.in)
	if err != nil {
		return 0, 0, documentProblem(err)
	}
	for _, f := range e.Fields {
		if f.Rule.Target == v.rule && f.Items > 0 {
			return f.Items, f.Kept, nil
		}
	}
	for _, f := range e.Absent {
		if f.Rule.Target == v.rule && f.Items > 0 {
			return f.Items, f.Kept, nil
		}
	}
	return 0, 0, nil
}

func (v *variation) elements() []string {
	var all []string
	gjson.Get(v.document, v.path).ForEach(func(_, e gjson.Result) bool {
		all = append(all, e.Raw)
		return true
	})
	return all
}

// with is the document with other elements in the list; every other byte stays.
func (v *variation) with(elements []string) string {
	list := gjson.Get(v.document, v.path)
	separator := ", "
	if at := strings.IndexFunc(list.Raw[1:], func(r rune) bool { return r != ' ' && r != '\n' && r != '\r' && r != '\t' }); at > 0 && strings.Contains(list.Raw[1:1+at], "\n") {
		separator = "," + list.Raw[1:1+at]
		if len(elements) > 0 {
			end := strings.TrimRight(list.Raw[:len(list.Raw)-1], " \n\r\t")
			return v.document[:list.Index] + list.Raw[:1+at] + strings.Join(elements, separator) + list.Raw[len(end):] + v.document[list.Index+len(list.Raw):]
		}
	}
	return v.document[:list.Index] + "[" + strings.Join(elements, separator) + "]" + v.document[list.Index+len(list.Raw):]
}

// listsOf are the paths of the lists with elements that stand in no list, those nearer to the top first.
func listsOf(document string) []string {
	var found []string
	level := []struct {
		path string
		at   gjson.Result
	}{{"", gjson.Parse(document)}}
	for depth := 0; depth < 6 && len(level) > 0; depth++ {
		here := level
		level = nil
		for _, o := range here {
			o.at.ForEach(func(key, value gjson.Result) bool {
				path := strings.TrimPrefix(o.path+"."+gjson.Escape(key.String()), ".")
				switch {
				case value.IsObject():
					level = append(level, struct {
						path string
						at   gjson.Result
					}{path, value})
				case value.IsArray() && value.Get("#").Int() > 0 && len(found) < maxTried:
					found = append(found, path)
				}
				return true
			})
		}
	}
	return found
}
