package scripting_test

import (
	"errors"
	"reflect"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/scripting"
)

// TestInspect holds that an editor sees the functions that are there to be called, and that nothing is run.
func TestInspect(t *testing.T) {
	files := fstest.MapFS{
		"a.ts": {Data: []byte("import { one } from \"./c\";\nexport const same = (x: string, ...more: string[]) => one(x);\nexport default function () {}\n")},
		"b.js": {Data: []byte("export function same(a) { return a; }\nexport async function only(a, b = 1) {}\n")},
		"c.ts": {Data: []byte("export const one = (x: string) => x;\n")},
	}
	s, err := scripting.Load(files, []string{"a.ts", "b.js"}, scripting.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	got, err := scripting.Inspect(files, []string{"a.ts", "b.js"}, nil)
	if err != nil || len(got) != 4 || !reflect.DeepEqual(got, s.Functions()) {
		t.Errorf("got  %+v, %v\nwant %+v", got, err, s.Functions())
	}

	files["a.ts"].Data = []byte("for (;;) {}\nexport const never = () => 1;\n")
	if got, err := scripting.Inspect(files, []string{"a.ts"}, nil); err != nil || len(got) != 1 || got[0].Name != "never" {
		t.Errorf("a script that never ends gives %+v, %v", got, err)
	}
	files["a.ts"].Data = []byte("export const slip = ;\n")
	var list scripting.Errors
	if _, err := scripting.Inspect(files, []string{"a.ts"}, nil); !errors.As(err, &list) || len(list) != 1 || list[0].Line != 1 {
		t.Errorf("a slip gives %v", err)
	}
}
