package machine

import (
	"regexp"
	"strconv"
	"strings"
	"testing"
)

// TestLogs logs what a document's line could hold: nothing of it may fail the call.
func TestLogs(t *testing.T) {
	tests := []struct{ name, body, want string }{
		{"data", `log.info("m", {a: decimal("1.50"), b: undefined, c: () => 1})`, `{"a":1.50}`},
		{"no data", `log.info("m")`, ``},
		{"a double", `log.info("m", {sum: 0.1 + 0.2, none: 0 / 0})`, `{"sum":"0.30000000000000004","none":"NaN"}`},
		{"an error", `log.info("m", {e: new RangeError("no price")})`, `{"e":"RangeError: no price"}`},
		{"what was changed later", `const a = [1]; log.info("m", a); a.push(2)`, `[1]`},
		{"a list that is too long", `log.info("m", Array.from({length: 2000}, () => "abc"))`, `"[\"abc\",\"abc\",\"abc\"`},
		{"a text that is too long", `log.info("m", "é".repeat(5000))`, `"\"éééé`},
		{"what holds itself", `const a: any = {}; a.a = a; log.info("m", a)`, `"{\"a\":{\"a\":{\"a\":`},
		{"a date that is none", `log.info("m", {at: new Date(8.64e15)})`, `"{`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			pool := start(t, "export function f(): any {\n  "+test.body+"; return 7;\n}")
			reply, err := pool.Call(t.Context(), Request{Name: "f"})
			if err != nil || string(reply.Result) != "7" {
				t.Fatalf("the call gives %s, %v", reply.Result, err)
			}
			if len(reply.Logs) != 1 || reply.Logs[0].Message != "m" {
				t.Fatalf("the lines are %v", reply.Logs)
			}
			got := string(reply.Logs[0].Data)
			if got != test.want && (!strings.HasPrefix(test.want, `"`) || !strings.HasPrefix(got, test.want) || !strings.HasSuffix(got, `…"`)) {
				t.Errorf("the data is %s, want %s", got, test.want)
			}
			if got != "" {
				if err := CheckJSON(got); err != nil || len(got) > 3*mostLogData {
					t.Errorf("%d bytes: %v", len(got), err)
				}
			}
		})
	}
}

// TestFixedMessages holds the list of what may be logged to the messages of the prelude.
func TestFixedMessages(t *testing.T) {
	for _, m := range regexp.MustCompile(`Error\((".*?")( \+|\);)`).FindAllStringSubmatch(preludeText, -1) {
		text, err := strconv.Unquote(m[1])
		if err != nil {
			t.Fatal(err)
		}
		known := false
		for message := range fixedMessages {
			known = known || message == text || m[2] == " +" && strings.HasPrefix(message, text)
		}
		if !known {
			t.Errorf("fixedMessages lacks %q, so that nobody is told", text)
		}
	}
}
