package scripting_test

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/scripting"
)

// hostile are texts of the largest size that are made to cost whoever reads them, each in its own way. What stands above
// the limits of a process that reads is ended; the others are read, and what they cost stays in that process.
var hostile = map[string]func() string{
	"accessors": func() string { return "export class f {" + count("static accessor %;") + "}" },
	"objects":   func() string { return "export const f = () => [" + fill("{a},") + "]; let a" },
	"sums": func() string {
		return "export const f = () => [" + fill("1"+strings.Repeat("+a", 9000)+",") + "]; let a"
	},
	"declarations":        func() string { return "export function f() {}" + count("var %={};") },
	"enums":               func() string { return "export enum f {" + count("%,") + "}" },
	"lines":               func() string { return "export const f = () => 1" + fill("\n") },
	"comments":            func() string { return "/**" + fill("@param {a} b\n") + "*/ export function f() {}" },
	"a signature":         func() string { return "export function f(a: " + fill("1|") + "2) {}" },
	"imports of packages": func() string { return count("import '%';") },
}

const fileBytes = 2 << 20

// fill repeats a part up to the size that a file may have.
func fill(part string) string { return strings.Repeat(part, (fileBytes-200)/len(part)) }

// count does that with another name for each % of the part.
func count(part string) string {
	var b strings.Builder
	for i := 0; b.Len() < fileBytes-200; i++ {
		b.WriteString(strings.ReplaceAll(part, "%", fmt.Sprintf("v%x", i)))
	}
	return b.String()
}

// TestHostileSources holds that a script which is made to harm who reads it costs this process nothing but what its text and its
// bundle take, and ends within the limits of another process in an error that says so, or not at all.
func TestHostileSources(t *testing.T) {
	if raceDetector {
		t.Skip("the race detector takes memory of its own beside what is measured")
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	before := allocated()
	t.Run("all", func(t *testing.T) {
		for name, text := range hostile {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				fsys := fstest.MapFS{"a.ts": {Data: []byte("import './b';" + text())}, "b.ts": {Data: []byte(text())}}
				s, err := scripting.Load(fsys, []string{"a.ts"}, scripting.Options{Worker: []string{exe, workerArg}})
				if err == nil {
					s.Close()
					return
				}
				var list scripting.Errors
				var e *scripting.Error
				if !errors.As(err, &list) && !errors.As(err, &e) || e != nil && e.Kind == scripting.Broken {
					t.Errorf("the error is %.300v", err)
				}
				t.Logf("%.200v", err)
			})
		}
	})
	if taken, most := allocated()-before, uint64(len(hostile))*64<<20; taken > most {
		t.Errorf("they took %d MiB of this process in all, more than %d", taken>>20, most>>20)
	}
	good := fstest.MapFS{"a.ts": {Data: []byte("export const f = () => 1")}}
	s, err := scripting.Load(good, []string{"a.ts"}, scripting.Options{Worker: []string{exe, workerArg}})
	if err != nil {
		t.Fatal(err)
	}
	s.Close()
}

// allocated is how much memory this process has asked for so far, in bytes: what is gone counts, so that no collection hides it.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}
