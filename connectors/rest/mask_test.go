package rest

import (
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"testing"
)

func TestMaskBody(t *testing.T) {
	const form, js, html = "application/x-www-form-urlencoded", "application/json; charset=utf-8", "text/html"
	m := masker{literal: []string{"bearer-value-1"}}
	tests := []struct{ name, kind, in, want string }{
		{"a form", form, "grant_type=refresh_token&refresh_token=abc&client_secret=d%26e&scope=a%20b", "grant_type=refresh_token&refresh_token=[masked]&client_secret=[masked]&scope=a%20b"},
		{"an authorisation code", form, "code=abc&state=x", "code=[masked]&state=x"},
		{"numbers and spaces stay as they were", js, "{ \"total\" : 19.10,\n \"access_token\": \"abc\", \"expires_in\":3600 }", "{ \"total\" : 19.10,\n \"access_token\":\"[masked]\", \"expires_in\":3600 }"},
		{"secrets that are objects or lists", js, `{"password":{"a":[1,{"token":"x"}]},"b":[{"clientSecret":[1,2]},3]}`, `{"password":"[masked]","b":[{"clientSecret":"[masked]"},3]}`},
		{"secrets that are null or numbers", js, `{"password":null,"apiKey":12,"b":true}`, `{"password":"[masked]","apiKey":"[masked]","b":true}`},
		{"a name as value", js, `{"field":"password","list":["access_token","x"]}`, `{"field":"password","list":["access_token","x"]}`},
		{"a bare string is a token", js, ` "abcdef"`, `"[masked]"`},
		{"the request's own token, wherever", js, `{"echo":"Bearer bearer-value-1"}`, `{"echo":"Bearer [masked]"}`},
		{"JSON cut off", js, `{"access_token":"abc`, `{"access_token":"[masked]`},
		{"HTML", html, `<input name=x> token=abc&y=1; Authorization: Bearer abcdef`, `<input name=x> token=[masked]&y=1; Authorization: Bearer [masked]`},
		{"an order's own words", js, `{"orderNumber":"10001","tokens":3,"secretary":"Anna"}`, `{"orderNumber":"10001","tokens":3,"secretary":"Anna"}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := string(m.body(tt.kind, []byte(tt.in))); got != tt.want {
				t.Errorf("got  %s\nwant %s", got, tt.want)
			}
		})
	}
}

func TestMaskHeaderAndURL(t *testing.T) {
	h := http.Header{"Authorization": {"Bearer abcdefgh"}, "X-Echo": {"abcdefgh"}, "Set-Cookie": {"a", "b"}, "X-Hash": {"x"}, "Sw-Access-Key": {"y"}, "Accept": {"application/json"},
		"Location": {"https://shop.example.com/cb?code=abc&state=1"}}
	got := masker{literal: credentials(h)}.header(h)
	want := map[string]string{"Authorization": masked, "X-Echo": masked, "Set-Cookie": masked, "X-Hash": masked, "Sw-Access-Key": masked, "Accept": "application/json",
		"Location": "https://shop.example.com/cb?code=[masked]&state=1"}
	for name, v := range want {
		if got.Get(name) != v || len(got[name]) != 1 {
			t.Errorf("%s: %v, want %s", name, got[name], v)
		}
	}
	u, _ := url.Parse("https://shop.example.com/a%2Fb?token=x&%24filter=a%20eq%20b")
	if got := (masker{}).url(u); got != "https://shop.example.com/a%2Fb?token=[masked]&%24filter=a%20eq%20b" {
		t.Errorf("got %s", got)
	}
}

func FuzzMaskJSON(f *testing.F) {
	f.Add(`{"a":{"password":[1,{"b":2}],"c":19.10}}`)
	f.Add(`[{"token":null},"x",{"access_token":{"a":{}}}] {"secret":1}`)
	f.Add(`"abc"`)
	f.Add(`{"a":`)
	f.Fuzz(func(t *testing.T, in string) {
		out, ok := maskJSON([]byte(in))
		if !ok {
			return
		}
		if json.Valid([]byte(in)) && !json.Valid(out) {
			t.Fatalf("%q became %q", in, out)
		}
		again, ok := maskJSON(out)
		if !ok || string(again) != string(out) {
			t.Fatalf("%q is masked to %q, and that to %q", in, out, again)
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(out, &members) == nil {
			for name, v := range members {
				if secretName(name) && string(v) != `"`+masked+`"` {
					t.Fatalf("%q keeps %s = %s", in, name, v)
				}
			}
		}
	})
}

func TestMaskJSONDoesNotNestInGo(t *testing.T) {
	deep := strings.Repeat("[", 1_000_000)
	if _, ok := maskJSON([]byte(deep)); ok {
		t.Error("an unfinished document is taken as a whole one")
	}
}
