package api_test

import (
	"bytes"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/server/auth"
)

func queryEscape(s string) string { return url.QueryEscape(s) }

const (
	goodPassword = "correct horse battery"
	// cheapHash is a hash of it that costs as little as one may: tests sign in often.
	cheapHash = "$argon2id$v=19$m=19456,t=1,p=1$c2FsdC1vZi10aGUtdGVzdHM$ilLF7/EDXLP1F6eTMTN8zay/8G4X+NoW2H06z3mlbrs"
)

// guarded opens an API with a token for each role and one account.
func guarded(t *testing.T) (*client, map[auth.Role]string) {
	t.Helper()
	cfg, tokens := tokensOfRoles()
	return open(t, map[string]string{"crosswalk.yaml": "connections: {}\n"}, cfg), tokens
}

// tokensOfRoles are accounts with a token for each role.
func tokensOfRoles() (auth.Config, map[auth.Role]string) {
	cfg := auth.Config{Users: []auth.Account{{Name: "ann", Role: auth.Editor, Password: cheapHash}}}
	tokens := map[auth.Role]string{}
	for role := auth.Viewer; role <= auth.Admin; role++ {
		text, sum := auth.NewToken()
		tokens[role] = text
		cfg.Tokens = append(cfg.Tokens, auth.Token{Name: role.String(), Role: role, Hash: sum})
	}
	return cfg, tokens
}

func TestRoles(t *testing.T) {
	c, tokens := guarded(t)
	body := object{"mapping": mapping("m.yaml", plain), "document": "{}"}
	c.fail(401, "POST", "/preview", body)
	c.token = "cw_none"
	c.fail(401, "POST", "/preview", body)
	c.fail(401, "GET", "/session", nil)
	for role, token := range tokens {
		c.token = token
		c.get("POST", "/preview", body)
		file := "/files/mappings/" + role.String() + ".yaml"
		if role < auth.Editor {
			c.fail(403, "PUT", file, object{"text": "x"}, "If-None-Match", "*")
		} else {
			c.get("PUT", file, object{"text": "x"}, "If-None-Match", "*")
		}
		tag := gjson.Get(c.get("GET", "/files/crosswalk.yaml", nil), "tag").Str
		if role < auth.Admin {
			c.fail(403, "PUT", "/files/crosswalk.yaml", object{"text": "x"}, "If-Match", `"`+tag+`"`)
		} else {
			c.get("PUT", "/files/crosswalk.yaml", object{"text": "x"}, "If-Match", `"`+tag+`"`)
		}
	}
	for _, want := range []string{"refused", "file written", "user=editor", "file=mappings/editor.yaml"} {
		if !strings.Contains(c.log.String(), want) {
			t.Errorf("the audit log lacks %q:\n%s", want, c.log)
		}
	}
}

func TestSignIn(t *testing.T) {
	c, _ := guarded(t)
	if got := c.get("GET", "/session", nil); gjson.Get(got, "user").Exists() {
		t.Errorf("somebody is here: %s", got)
	}
	c.fail(401, "POST", "/session", object{"name": "ann", "password": "wrong horse battery"})
	c.fail(401, "POST", "/session", object{"name": "nobody", "password": goodPassword})
	w := c.send("POST", "/session", object{"name": "ann", "password": goodPassword})
	cookies := w.Result().Cookies()
	if w.Code != 200 || len(cookies) != 1 {
		t.Fatalf("signing in answers %d: %s", w.Code, w.Body)
	}
	if k := cookies[0]; !k.HttpOnly || k.SameSite != http.SameSiteStrictMode || k.Path != "/" {
		t.Errorf("the cookie is %s", k)
	}
	cookie := cookies[0].Name + "=" + cookies[0].Value
	got := c.get("GET", "/session", nil, "Cookie", cookie)
	if gjson.Get(got, "user.name").Str != "ann" || gjson.Get(got, "user.role").Str != "editor" || !gjson.Get(got, "user.session").Bool() {
		t.Errorf("got %s", got)
	}
	c.get("GET", "/systems", nil, "Cookie", cookie)
	c.get("DELETE", "/session", nil, "Cookie", cookie)
	c.fail(401, "GET", "/systems", nil, "Cookie", cookie)
	c.fail(401, "DELETE", "/session?everywhere=true", nil)
	c.fail(400, "DELETE", "/session?everywhere=maybe", nil)
	// Five attempts at once: three are used.
	c.fail(401, "POST", "/session", object{"name": "ann", "password": "wrong horse battery"})
	c.fail(401, "POST", "/session", object{"name": "ann", "password": "wrong horse battery"})
	c.fail(429, "POST", "/session", object{"name": "ann", "password": goodPassword})
}

// TestSecretsStayInside sends marked secrets everywhere and looks for them in every answer and in the logs.
func TestSecretsStayInside(t *testing.T) {
	c, tokens := guarded(t)
	const marker = "s3cret-m4rker"
	var seen bytes.Buffer
	note := func(method, path string, body any, headers ...string) {
		seen.Write(c.send(method, path, body, headers...).Body.Bytes())
	}
	note("POST", "/session", object{"name": "ann", "password": marker})
	note("POST", "/session", object{"name": marker, "password": marker})
	note("GET", "/session", nil, "Authorization", "Bearer "+marker)
	note("GET", "/session", nil, "Authorization", "Basic "+marker)
	note("GET", "/systems", nil, "Cookie", auth.CookieName+"="+marker)
	c.token = tokens[auth.Admin]
	note("GET", "/session", nil)
	note("GET", "/systems", nil)
	note("GET", "/files", nil)
	seen.Write(c.log.Bytes())
	if bytes.Contains(seen.Bytes(), []byte(marker)) {
		t.Errorf("a secret came back:\n%s", seen.Bytes())
	}
	for role, token := range tokens {
		if bytes.Contains(seen.Bytes(), []byte(token)) {
			t.Errorf("the token of the %s came back", role)
		}
	}
	if bytes.Contains(seen.Bytes(), []byte("argon2")) {
		t.Error("a hash came back")
	}
}

// Hashes of passwords are for those who may change them.
func TestHashesAreCovered(t *testing.T) {
	cfg, tokens := tokensOfRoles()
	text := "connections: {}\nserver:\n  auth:\n    users: [{name: ann, role: editor, password: '" + cheapHash + "'}]\n    tokens: [{name: ci, role: viewer, hash: \"" + cfg.Tokens[0].Hash + "\"}]\n"
	c := open(t, map[string]string{"crosswalk.yaml": text}, cfg)
	for role, token := range tokens {
		c.token = token
		got := gjson.Get(c.get("GET", "/files/crosswalk.yaml", nil), "text").Str
		if role == auth.Admin {
			if got != text {
				t.Errorf("an admin sees\n%s", got)
			}
			continue
		}
		if strings.Contains(got, cheapHash[10:]) || strings.Contains(got, cfg.Tokens[0].Hash[7:]) || !strings.Contains(got, "role: editor, password: 'argon2id ********'}") {
			t.Errorf("the %s sees\n%s", role, got)
		}
	}
}

func TestLimits(t *testing.T) {
	c := open(t, nil, auth.Config{})
	large := strings.Repeat("x", 33<<20)
	if w := c.sendText("POST", "/preview", []byte(`{"document": "`+large+`"}`)); w.Code != http.StatusRequestEntityTooLarge {
		t.Errorf("33 MiB answer %d", w.Code)
	}
	if w := c.sendText("POST", "/preview", []byte(`{"mapping": {"name": "m.yaml", "text": ""}, "document": ""} {}`)); w.Code != http.StatusBadRequest {
		t.Errorf("two documents answer %d", w.Code)
	}
	endless := "from: any\nto: any\nrules:\n  a: 'map(1..100000, map(1..100000, #))'\n"
	got := c.get("POST", "/preview", object{"mapping": mapping("m.yaml", endless), "document": "{}"})
	if code := gjson.Get(got, "diagnostics.0.code").Str; code != "CW2007" {
		t.Errorf("a rule without end gives %.300s", got)
	}
	c.fail(404, "GET", "/none", nil)
	c.fail(405, "PATCH", "/preview", nil)
}
