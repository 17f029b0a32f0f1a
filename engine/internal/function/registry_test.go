package function_test

import (
	"context"
	"errors"
	"fmt"
	"regexp"
	"runtime"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/limit"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

func newCall(steps, bytes int64) *function.Call {
	budget := limit.New(context.Background(), steps, bytes)
	return &function.Call{Budget: &budget}
}

func TestEveryFunctionIsDeclaredWhole(t *testing.T) {
	name := regexp.MustCompile(`^[a-z][a-zA-Z0-9]*$`)
	for _, f := range function.All() {
		if !name.MatchString(f.Name) || function.Lookup(f.Name) != f {
			t.Errorf("%q: odd name", f.Name)
		}
		if !slices.Contains(function.Groups, f.Group) {
			t.Errorf("%s: unknown group %q", f.Name, f.Group)
		}
		if !strings.HasSuffix(f.Summary, ".") {
			t.Errorf("%s: the summary is no sentence", f.Name)
		}
		if (f.Result == nil) == (f.Infer == nil) {
			t.Errorf("%s: needs either Result or Infer", f.Name)
		}
		optional := false
		for i, p := range f.Params {
			if p.Kinds == 0 || p.Kinds&value.Nil != 0 || !name.MatchString(p.Name) {
				t.Errorf("%s: parameter %s: odd kinds or name", f.Name, p.Name)
			}
			if optional && !p.Optional && !p.Variadic || p.Variadic && i != len(f.Params)-1 {
				t.Errorf("%s: parameter %s stands in the wrong place", f.Name, p.Name)
			}
			optional = optional || p.Optional
		}
	}
	for _, g := range function.Groups {
		if !slices.ContainsFunc(function.All(), func(f *function.Func) bool { return f.Group == g }) {
			t.Errorf("group %q is empty", g)
		}
	}
}

// secret stands for personal data in arguments: no message may repeat it.
const secret = "Zebedeus"

// argument draws a value of the kinds, or now and then missing or null.
func argument(t *rapid.T, p *function.Param) value.Value {
	if rapid.IntRange(0, 19).Draw(t, "nil") == 0 {
		return rapid.SampledFrom([]value.Value{{}, value.NullValue}).Draw(t, "nothing")
	}
	if p.Choices != nil && rapid.Bool().Draw(t, "choice") {
		return value.Text(rapid.SampledFrom(p.Choices).Draw(t, "choice"))
	}
	var all []value.Value
	for _, raw := range []string{
		`true`, `0`, `1`, `-1`, `2.50`, `1e30`, `-9223372036854775808`, `1e999`, `1e5000`, `12345`, `""`, `"` + secret + `"`, `"` + secret + ` 12 bus 3"`, `"a,b"`, `","`, `"("`, `"[a-z]+"`,
		`"2026-03-29"`, `"2026-03-29T01:30:00Z"`, `"2026-03-29 02:30"`, `"Europe/Amsterdam"`, `"yyyy-MM-dd HH:mm"`, `"NL"`, `"4006381333931"`, `"+31 20 5550101"`, `"<p>` + secret + `"`,
		`"{\"a\":`, `"%zz"`, `"\u00e9\ud83d\ude00"`, `[]`, `[1,2.0,null]`, `["b","a","` + secret + `"]`, `[[1],[2,[3]]]`, `[{"key":"a","value":1}]`, `[["a",1]]`, `{}`, `{"a":1,"b":{"c":"` + secret + `"}}`,
	} {
		if v := value.Raw(raw); p.Kinds.Has(v.Kind()) {
			all = append(all, v)
		}
	}
	return rapid.SampledFrom(all).Draw(t, p.Name)
}

func TestAnyArguments(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := rapid.SampledFrom(function.All()).Draw(t, "function")
		n := len(f.Params)
		for n > 0 && (f.Params[n-1].Optional || f.Params[n-1].Variadic) && rapid.Bool().Draw(t, "fewer") {
			n--
		}
		if last := len(f.Params) - 1; n > last && last >= 0 && f.Params[last].Variadic {
			n += rapid.IntRange(0, 3).Draw(t, "more")
		}
		args := make([]value.Value, n)
		for i := range args {
			args[i] = argument(t, f.Param(i))
			if p := f.Param(i); args[i].IsNil() && !f.TakesNil && !p.Optional && !p.Variadic {
				return // the caller makes that missing
			}
		}
		v, err := f.Call(newCall(1e6, 1<<20), args)
		if said := function.Failed(""); errors.As(err, &said) {
			return // the author's own words
		}
		if err != nil && (strings.Contains(err.Error(), secret) || strings.Contains(err.Error(), "value.") || strings.Contains(err.Error(), "%!")) {
			t.Fatalf("%s: %v", f.Name, err)
		}
		if err == nil && f.Result != nil && !f.Result.With(value.Of(value.Missing)).Has(v.Kind()) {
			t.Fatalf("%s gives %s, which its result does not know", f.Name, v.Kind())
		}
		if f.Prepare == nil {
			return
		}
		code, prepareErr := f.Prepare(args)
		if code != nil {
			var again value.Value
			again, prepareErr = code(newCall(1e6, 1<<20), args)
			if err == nil && (prepareErr != nil || !value.Equal(v, again)) {
				t.Fatalf("%s: prepared it gives %s, %v, not %s", f.Name, again.Preview(80), prepareErr, v.Preview(80))
			}
		}
		if (prepareErr == nil) != (err == nil) && (code != nil || prepareErr != nil) {
			t.Fatalf("%s: prepared it fails with %v, else with %v", f.Name, prepareErr, err)
		}
	})
}

func TestGrowthIsChargedFirst(t *testing.T) {
	text := func(s string) value.Value { return value.Text(s) }
	long := text(strings.Repeat("ab ", 100_000))
	items := make([]value.Value, 10_000)
	for i := range items {
		items[i] = value.Int(i)
	}
	list := value.ListOf(items)
	// Each level holds the one below twice: 2^40 elements in 40 lists.
	shared := value.ListOf([]value.Value{text("x"), text("y")})
	for range 40 {
		shared = value.ListOf([]value.Value{shared, shared})
	}
	for _, c := range []struct {
		name string
		args []value.Value
	}{
		{"repeat", []value.Value{text("abc"), value.Int(1 << 30)}},
		{"repeat", []value.Value{text("abc"), value.Raw("1e300")}},
		{"padLeft", []value.Value{text("abc"), value.Int(2_000_000_000)}},
		{"padRight", []value.Value{text("abc"), value.Raw("1e18"), text("xyz")}},
		{"replace", []value.Value{long, text("a"), long}},
		{"regexReplace", []value.Value{long, text("a"), long}},
		{"regexReplace", []value.Value{long, text("(.*)"), text(strings.Repeat("$1", 1000))}},
		{"regexReplace", []value.Value{long, text(""), text(strings.Repeat("$0", 5000))}},
		{"regexFindAll", []value.Value{long, text("")}},
		{"regexFind", []value.Value{long, text("(a{1,30}b?){1,30}$")}},
		{"join", []value.Value{list, long}},
		{"split", []value.Value{long, text("")}},
		{"flatten", []value.Value{shared}},
		{"toJSON", []value.Value{shared}},
		{"unique", []value.Value{shared}},
		{"indexOf", []value.Value{shared, shared}},
		{"concat", slices.Repeat([]value.Value{list}, 100)},
		{"zip", slices.Repeat([]value.Value{list}, 100)},
		{"htmlToText", []value.Value{text(strings.Repeat("<li>x", 200_000))}},
		{"slug", []value.Value{text(strings.Repeat("é", 1_000_000))}},
		{"urlEncode", []value.Value{long, long}[:1]},
	} {
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		_, err := function.Lookup(c.name).Call(newCall(1e5, 256<<10), c.args)
		runtime.ReadMemStats(&after)
		if !errors.Is(err, limit.ErrExceeded) {
			t.Errorf("%s: %v, want the limit", c.name, err)
		}
		// What it may do is read its arguments: the longest is 2 MB.
		if grown := after.TotalAlloc - before.TotalAlloc; grown > 8<<20 {
			t.Errorf("%s allocated %d bytes before the limit", c.name, grown)
		}
	}
}

func TestPatternsAreBounded(t *testing.T) {
	for _, c := range []struct{ pattern, want string }{
		{strings.Repeat("a", 1001), "is longer than 1000 characters"},
		{"((a{1,100}){1,100}){1,100}", "expression"},
		{strings.Repeat("a{900}", 30), "repeats too much: the regular expression is too large"},
		{"(" + secret, "is no regular expression: missing closing )"},
		{"(?=a)", "is no regular expression: invalid or unsupported Perl syntax"},
	} {
		if _, err := function.Compile(c.pattern); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%.30s: %v, want %q", c.pattern, err, c.want)
		}
	}
	for _, pattern := range []string{`^\p{L}{1,100}$`, `^[A-Z]{2}[0-9]{2}(?: ?[A-Z0-9]{4}){2,7}$`, `(\d{1,3}\.){3}\d{1,3}`} {
		if _, err := function.Compile(pattern); err != nil {
			t.Errorf("%s: %v", pattern, err)
		}
	}
}

func TestPatternCacheIsSafe(t *testing.T) {
	done := make(chan error)
	for g := range 4 {
		go func() {
			var err error
			for i := range 400 { // more than the cache holds
				n := (g*100 + i) % 600
				p, e := function.Compile(fmt.Sprintf("^x%d$", n))
				if e != nil || !p.MatchString(fmt.Sprintf("x%d", n)) {
					err = errors.Join(err, fmt.Errorf("wrong pattern for %d: %w", n, e))
				}
			}
			done <- err
		}()
	}
	for range 4 {
		if err := <-done; err != nil {
			t.Error(err)
		}
	}
}
