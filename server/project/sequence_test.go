package project

import (
	"errors"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
)

func TestInOrder(t *testing.T) {
	const head = "from: webshop\nto: books\nentity: order\n"
	p, err := Load(folder(t, map[string]string{
		"crosswalk.yaml": goodMain,
		"flows/a.yaml":   head + "after: [b, c]\n", "flows/b.yaml": head + "after: c\n", "flows/c.yaml": head, "flows/d.yaml": head + "after: a\n",
	}), able())
	if err != nil {
		t.Fatal(err)
	}
	for given, want := range map[string]string{"a b c d": "c b a d", "d c": "c d", "a": "a", "c a a": "c a", "b a": "b a", "": ""} {
		if got := strings.Join(p.InOrder(strings.Fields(given)), " "); got != want {
			t.Errorf("%s: %s, want %s", given, got, want)
		}
	}
}

func TestAfterSays(t *testing.T) {
	const head = "from: webshop\nto: books\nentity: order\n"
	for name, c := range map[string]struct{ a, b, says string }{
		"no such flow":     {"after: bb\n", "", `a.yaml:4:8: error CW3012: there is no flow "bb"`},
		"itself":           {"after: a\n", "", "a.yaml:4:8: error CW3006: the flow comes after itself: a after a"},
		"in a ring":        {"after: [b]\n", "after: a\n", "a.yaml:4:9: error CW3006: the flow comes after itself: a after b after a"},
		"something else":   {"after: {b: 1}\n", "", "CW3003"},
		"a part of a list": {"after: [b, [c]]\n", "", "CW3003"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Load(folder(t, map[string]string{"crosswalk.yaml": goodMain, "flows/a.yaml": head + c.a, "flows/b.yaml": head + c.b}), able())
			var found engine.Diagnostics
			if !errors.As(err, &found) || !strings.Contains(found.Render(), c.says) {
				t.Errorf("%v", err)
			}
		})
	}
}
