package jsontext

import "testing"

// FuzzAppendUnquoted: writing a quoted string with the escapes that are needed is reading its characters and quoting
// them again.
func FuzzAppendUnquoted(f *testing.F) {
	for _, seed := range []string{
		`""`, `"a"`, `"\n\r\t\b\f\"\\\/"`, `"\u00fc\u0022\u005c\u000a\u0001\u001F"`, `"\ud83d\ude00"`, `"\ud83d"`, `"\ude00\ud83d"`, `"\ud83dx"`, `"\ud83d\u0041"`, `"é\u2028 "`, `"\uD83D\uDE00tail"`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, quoted string) {
		start, end, err := Validate(quoted, 1)
		if err != nil || quoted[start] != '"' {
			return
		}
		quoted = quoted[start:end]
		got := string(append(AppendUnquoted([]byte{'"'}, quoted), '"'))
		if want := string(AppendQuote(nil, Unquote(quoted))); got != want {
			t.Errorf("%s is written as %s, want %s", quoted, got, want)
		}
	})
}
