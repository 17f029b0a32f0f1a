package flow

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tidwall/gjson"
)

// Render returns the plan as a diff for people: "+ create", "~ update", "- skip", "? in doubt" and "! fail", with a
// line for every field that is written. It shows values of the document.
func (p *Plan) Render() string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s -> %s\n", p.Document.Entity, p.Document.Name(), p.Resource)
	renderSteps(&b, p.Steps, p.Logs)
	switch {
	case p.Failure != nil:
		fmt.Fprintf(&b, "  ! fail: %s\n", p.Failure.Message)
		for _, v := range p.Failure.Values {
			fmt.Fprintf(&b, "    %s = %s\n", v.Path, cmp.Or(v.Text, "missing"))
		}
		if p.Failure.Help != "" {
			fmt.Fprintf(&b, "    help: %s\n", p.Failure.Help)
		}
	case p.Doubt != nil:
		fmt.Fprintf(&b, "  ? in doubt: %s\n", p.Doubt.Reason)
	case p.Skip != nil:
		fmt.Fprintf(&b, "  - skip: %s\n", p.Skip.Reason)
	case len(p.Operations) == 0:
		fmt.Fprintf(&b, "  - skip: %s\n", unchanged)
	}
	for _, op := range p.Operations {
		switch op.Verb {
		case Update:
			fmt.Fprintf(&b, "  ~ update %s %s\n", op.Resource, op.TargetID)
			for _, c := range op.Diff {
				from := string(c.From)
				if from == "" {
					from = "(absent)"
				}
				fmt.Fprintf(&b, "      %s: %s -> %s\n", c.Path, from, c.To)
			}
		default:
			fmt.Fprintf(&b, "  + create %s", op.Resource)
			for _, k := range op.Keys {
				fmt.Fprintf(&b, " (%s %s)", k.Field, k.Value)
			}
			b.WriteByte('\n')
			leaves(&b, "", gjson.ParseBytes(op.Body))
		}
	}
	if p.Expected != nil && p.Expected.Gross != "" {
		fmt.Fprintf(&b, "  = total %s\n", p.Expected.Gross)
	}
	for _, w := range p.Warnings {
		fmt.Fprintf(&b, "  note: %s\n", w)
	}
	return b.String()
}

func leaves(b *strings.Builder, path string, v gjson.Result) {
	switch {
	case v.IsObject() && v.Raw != "{}":
		v.ForEach(func(k, e gjson.Result) bool {
			name := k.String()
			if path != "" {
				name = path + "." + name
			}
			leaves(b, name, e)
			return true
		})
	case v.IsArray() && len(v.Array()) > 0:
		for i, e := range v.Array() {
			leaves(b, fmt.Sprintf("%s[%d]", path, i), e)
		}
	default:
		fmt.Fprintf(b, "      %s: %s\n", path, v.Raw)
	}
}
