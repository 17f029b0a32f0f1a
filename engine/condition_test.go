package engine_test

import (
	"context"
	"errors"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
)

// TestConditionPositions shows that positions count in the expression, line by line.
func TestConditionPositions(t *testing.T) {
	for text, want := range map[string]string{
		"nmae(1)":                          "1:1",
		"true and\n  nmae(1)":              "2:3",
		"true and\n\n  nmae(1)\n and true": "3:3",
	} {
		_, err := engine.CompileCondition(text, "any")
		var found engine.Diagnostics
		if !errors.As(err, &found) || found[0].Pos.String() != want {
			t.Errorf("%q: %v, want it at %s", text, err, want)
		}
	}
}

func TestExpression(t *testing.T) {
	for _, c := range []struct{ text, doc, want string }{
		{"available ?? (onHand - (reserved ?? 0))", `{"onHand":12.50,"reserved":0.3}`, "12.20"},
		{"available ?? (onHand - (reserved ?? 0))", `{"available":7,"onHand":9,"reserved":2}`, "7"},
		{"onHand - reserved", `{}`, ""},
		{`settings.name + "!"`, `{}`, `"a!"`},
		{"[1, {a: onHand}]", `{"onHand":9007199254740993}`, `[1,{"a":9007199254740993}]`},
	} {
		e, err := engine.CompileExpression(c.text, "any")
		if err != nil {
			t.Fatal(err)
		}
		got, err := e.Eval(context.Background(), []byte(c.doc), engine.Input{Settings: []byte(`{"name":"a"}`)})
		if string(got) != c.want || (c.want == "") != (got == nil) || err != nil && c.want != "" {
			t.Errorf("%s of %s is %s (%v), want %s", c.text, c.doc, got, err, c.want)
		}
	}
	e, err := engine.CompileExpression(`upper(onHand)`, "any")
	if err != nil {
		t.Fatal(err)
	}
	var found engine.Diagnostics
	if got, err := e.Eval(context.Background(), []byte(`{"onHand":1}`), engine.Input{}); !errors.As(err, &found) || got != nil {
		t.Errorf("it gave %s and %v", got, err)
	}
}

// TestReadsLink shows which members of links a mapping is known to use.
func TestReadsLink(t *testing.T) {
	for rule, want := range map[string][2]bool{ // customer, products
		"links.customer.id":     {true, false},
		"a":                     {false, false},
		"links?.products[a].id": {false, true},
		`links["customer"].id ?? links.products.x`: {true, true},
		"keys(links)":              {true, true},
		"links.reference.customer": {false, false},
		"links[a]":                 {true, true},
	} {
		m, err := engine.Parse("m.yaml", []byte("from: any\nto: any\nrules:\n  x: |\n    "+rule+"\n"))
		if err != nil {
			t.Fatalf("%s: %v", rule, err)
		}
		if got := [2]bool{m.ReadsLink("customer"), m.ReadsLink("products")}; got != want {
			t.Errorf("%s: customer, products %v, want %v", rule, got, want)
		}
	}
}
