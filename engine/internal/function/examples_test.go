package function_test

import (
	"context"
	"encoding/json"
	"errors"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/internal/function"
)

// evaluate runs an expression as a rule and returns its result as JSON text, "missing", or "error: " and the message.
func evaluate(t *testing.T, expr string) string {
	t.Helper()
	m, err := engine.Parse("example.yaml", []byte("from: any\nto: any\nrules:\n  result:\n    expr: |-\n      "+expr+"\n"))
	if err == nil {
		var doc []byte
		if doc, err = m.Apply(context.Background(), []byte("{}"), engine.Input{}); err == nil {
			var out struct{ Result json.RawMessage }
			if err := json.Unmarshal(doc, &out); err != nil {
				t.Fatal(err)
			}
			if out.Result == nil {
				return "missing"
			}
			return string(out.Result)
		}
	}
	var diags engine.Diagnostics
	if !errors.As(err, &diags) {
		t.Fatalf("%s: %v", expr, err)
	}
	return "error: " + diags[0].Message
}

func TestExamples(t *testing.T) {
	for _, f := range function.All() {
		if len(f.Examples) == 0 {
			t.Errorf("%s has no example", f.Name)
		}
		for _, ex := range f.Examples {
			if got := evaluate(t, ex.Expr); got != ex.Result {
				t.Errorf("%s\n got %s\nwant %s", ex.Expr, got, ex.Result)
			}
		}
	}
}
