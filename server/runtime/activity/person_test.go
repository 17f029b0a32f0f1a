package activity

import (
	"bytes"
	"encoding/json"
	"net/url"
	"testing"

	"golang.org/x/text/unicode/norm"
)

func personOf(t *testing.T, email string) Person {
	t.Helper()
	p, err := FindPerson(email)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestPersonIn(t *testing.T) {
	for _, tt := range []struct {
		email string
		in    []string
		not   []string
	}{
		{"anna@example.com",
			[]string{`{"email":"anna@example.com"}`, `"Anna@Example.com"`, "write to anna@example.com.", "?m=anna%40example.com&x", `"say\nanna@example.com"`, "q=%22anna%40example.com%22",
				`\u003canna\u0040example.com\u003e`, "joanna@example.com anna@example.com", "<anna@example.com>", "anna@example.com_1", "?q=to+anna%40example.com+or+so", "?next=%2Ffind%3Fm%3Danna%2540example.com",
				`{"text":"{\"email\":\"\\u0061nna@example.com\"}"}`, "mailto:anna&#64;example.com", "«anna@example.com»", "anna@example.com。", "see anna@example.com- she"},
			[]string{"joanna@example.com", "anna@example.com.au", "x.anna@example.com", "anna@example.co", "anna@example.com-mail.nl", "anna+shop@example.com", "anna%2Bshop@example.com", "shop+anna@example.com", "öanna@example.com", ""}},
		{"ANNA+Shop@example.com", []string{"anna+shop@example.com", "?m=anna%2Bshop%40example.com", "?m=anna+shop%40example.com"}, []string{"anna@example.com", "shop@example.com"}},
		{"José@example.com", []string{"josé@example.com", "JOSÉ@EXAMPLE.COM", `{"email":"jos\u00e9@example.com"}`, `{"email":"JOS\u00C9@example.com"}`, "?m=jos%C3%A9%40example.com", norm.NFD.String("josé@example.com")},
			[]string{"jose@example.com"}},
		{norm.NFD.String("josé@example.com"), []string{"josé@example.com"}, nil},
		{"jan@müller.example", []string{"jan@müller.example", "jan@xn--mller-kva.example", `"jan@M\u00dcLLER.example"`}, []string{"jan@muller.example"}},
		{"jan@xn--mller-kva.example", []string{"jan@müller.example"}, nil},
		{"o'brien@example.com", []string{"O'Brien@example.com", `"o\u0027brien@example.com"`, "?m=o%27brien%40example.com", "o&#39;brien@example.com"}, []string{"brien@example.com"}},
		{"tom&jerry@example.com", []string{"tom&jerry@example.com", `"tom\u0026jerry@example.com"`, "tom&amp;jerry@example.com"}, nil},
		{"a/b@example.com", []string{`{"email":"a\/b@example.com"}`}, nil},
		{"😀@example.com", []string{`"\ud83d\ude00@example.com"`}, nil},
	} {
		p := personOf(t, tt.email)
		for _, text := range tt.in {
			if !p.In([]byte(text)) {
				t.Errorf("%s is not found in %s", tt.email, text)
			}
		}
		for _, text := range tt.not {
			if p.In([]byte(text)) {
				t.Errorf("%s is found in %s", tt.email, text)
			}
		}
	}
}

// TestFindPerson refuses what would be found nowhere.
func TestFindPerson(t *testing.T) {
	for _, text := range []string{"", "a", "anna", "@example.com", "anna@", "Anna <anna@example.com>", "anna@example.com, jan@example.com", "anna@example.com jan@example.com", "a@b@c", "anna\x00@example.com", "\xff@example.com"} {
		if p, err := FindPerson(text); err == nil {
			t.Errorf("%q is taken for %q", text, p.Forms())
		}
	}
}

// FuzzPersonIn finds an address wherever it stands between two quotes, as JSON or a URL writes it.
func FuzzPersonIn(f *testing.F) {
	for _, email := range []string{"anna@example.com", "José+x@müller.example", "o'brien@example.com", "\u2028@example.com"} {
		f.Add(email, "{\"a\":\"%4\\u00", "\\u12+%&#;\"}")
	}
	f.Fuzz(func(t *testing.T, email, before, behind string) {
		p, err := FindPerson(email)
		if err != nil {
			return
		}
		quoted, err := json.Marshal(map[string]string{"email": email})
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range [][]byte{quoted, []byte("?m=" + url.QueryEscape(email))} {
			if !p.In(text) {
				t.Errorf("%q is not found in %s", email, text)
			}
		}
		p.In(bytes.Join([][]byte{[]byte(before), quoted, []byte(behind)}, nil)) // no panic
	})
}
