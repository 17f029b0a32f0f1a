package bundle

import (
	"strings"
	"testing"
)

// FuzzTooDeep looks for texts that the count of nesting cannot read to their end, and holds that short texts are never deep.
func FuzzTooDeep(f *testing.F) {
	for _, text := range []string{"`${`${1}`}`", "/[/]/", "'\\", "`\\", "/* ", "a\n/b/g", "}}}", "if (a) if (b)", strings.Repeat("(", 300)} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		line := tooDeep(text)
		if line < 0 || line > strings.Count(text, "\n")+1 {
			t.Errorf("line %d of %q", line, text)
		}
		if line > 0 && len(text) <= MaxNesting {
			t.Errorf("%q is said to be deep", text)
		}
	})
}

func TestInexact(t *testing.T) {
	for text, want := range map[string]string{
		`{"a": 21, "b": [1.50, -0, 1e3, 123456789012345]}`: "", `[9007199254740993]`: "9007199254740993", `[0.1234567890123456]`: "0.1234567890123456", `[1e999]`: "1e999", `{`: "",
	} {
		if _, got := inexact([]byte(text)); got != want {
			t.Errorf("%s: %q, want %q", text, got, want)
		}
	}
}

// TestTooDeep holds that texts which make deep trees are refused however they do it, and that long texts which do not are none of them.
func TestTooDeep(t *testing.T) {
	const n = 15_000
	many := strings.Repeat
	for name, text := range map[string]string{
		"brackets": many("(", n), "sums": "1" + many("+1", n), "sums on lines": "1" + many("\n+1", n), "sums behind comments": "1" + many("/**/+1", n), "members": "a" + many(".a", n),
		"members that are words": "a" + many(".if", n), "optional members": "a" + many("?.a", n), "calls": "a" + many("()", n), "calls with arguments": "a" + many("(1,{a:1},'x')", n),
		"calls on lines": "a" + many("\n()", n), "indexes": "a" + many("[0]", n), "templates": "a" + many("``", n), "sequences": "(a" + many(",a", n) + ")", "statements of commas": "a" + many(",a", n),
		"sequences with conditions": "(a" + many(",a?b:c", n) + ")", "else": many("if(a)a();else ", n), "else behind comments": many("if(a)a();/**/else/**/ ", n), "else with blocks": many("if(a){a()}else ", n),
		"loops": many("for(;;)", n) + ";", "loops in": many("for(a in b)", n) + ";", "ifs": many("if(a)", n) + ";", "prefixes": many("- ", n) + "1", "words": many("typeof ", n) + "1", "arrows": many("a=>", n) + "1",
		"types": "let a: A" + many("[]", n), "keys of types": "type A = " + many("keyof ", n) + "B", "words between": "a" + many(" in a", n), "words on lines": "a" + many("\ninstanceof a", n),
		"sums at the left of brackets": many("(", 150) + "a" + many(many("+a", 100)+")", 150), "sums far apart": "a" + many(many(" ", 300)+"\n+a", n), "sums of objects": "a" + many("+{}", n),
	} {
		if tooDeep(text) == 0 {
			t.Errorf("%s pass", name)
		}
	}
	for name, text := range map[string]string{
		"statements": many("a.b(c+d);", n), "statements without semicolons": many("a.b(c + d)\n", n), "functions": many("function f(a){return a.b+1}", n), "lists": "[" + many("1,", 5*n) + "]",
		"objects": "const a = {" + many("a:{b:1,c:[2]},", n) + "}", "lists of objects": "const a = [" + many("{b:1},", n) + "]", "methods": "class A {" + many("m(a){return a.b(1)+1}", n) + "}",
		"methods on lines": "class A {" + many("m(a) {\n return a.b(1)+1\n}\n", n) + "}", "ifs": many("if (a) { b() } else { c() }\n", n), "cases": "switch(a){" + many("case 1: b(); break; case 2: { c() }", n) + "}",
		"texts": many(`"`+many("(", 50)+`";`, 50), "chains of a builder": "a" + many("\n  .b(c)", 2000), "declarations": many("const a = 1, b = a + 2\n", n), "conditions": many("x = a ? b : c ? d : e;", n),
		"types": many("type A = keyof B | readonly C[];", n), "comments": many("// a + b + c (\n", n),
	} {
		if line := tooDeep(text); line != 0 {
			t.Errorf("%s are refused in line %d", name, line)
		}
	}
}
