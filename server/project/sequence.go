package project

import (
	"fmt"
	"slices"
	"strings"
)

// checkAfter makes sure that the flows that others come after are there, and that none comes after itself.
func (p *Project) checkAfter() {
	var names []string
	for _, f := range p.Flows {
		names = append(names, f.Name)
	}
	for _, f := range p.Flows {
		for i, name := range f.After {
			switch ring := p.ring(name, f.Name, nil); {
			case !slices.Contains(names, name):
				f.file.misspelt(f.after[i], codeReference, fmt.Sprintf("there is no flow %q to come after", name), names)
			case ring != nil:
				f.file.report(f.after[i], codeValue, "the flow comes after itself: "+strings.Join(append([]string{f.Name}, ring...), " after "), "leave one of them out")
			}
		}
	}
}

// ring returns the way from a flow over those that it comes after to another, nil where there is none.
func (p *Project) ring(from, to string, seen []string) []string {
	if from == to {
		return []string{to}
	}
	i := slices.IndexFunc(p.Flows, func(f Flow) bool { return f.Name == from })
	if i < 0 || slices.Contains(seen, from) {
		return nil
	}
	for _, next := range p.Flows[i].After {
		if rest := p.ring(next, to, append(seen, from)); rest != nil {
			return append([]string{from}, rest...)
		}
	}
	return nil
}

// InOrder returns the flows, each once, so that every one follows those among them that it comes after; otherwise they stay in the
// order given. Flows that are not named do not join in.
func (p *Project) InOrder(names []string) []string {
	var out []string
	var add func(name string)
	add = func(name string) {
		if slices.Contains(out, name) {
			return
		}
		for _, other := range names {
			if other != name && p.ring(name, other, nil) != nil {
				add(other)
			}
		}
		out = append(out, name)
	}
	for _, name := range names {
		add(name)
	}
	return out
}
