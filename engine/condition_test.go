package engine_test

import (
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
