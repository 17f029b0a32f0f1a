package api_test

import (
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/api"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/outbound"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/setup"
)

// sandbox starts a system's sandbox and returns its address and credentials.
func sandbox(t *testing.T, system string) (string, map[string]string) {
	t.Helper()
	return sandboxAt(t, system, func() time.Time { return inTests })
}

func sandboxAt(t *testing.T, system string, now func() time.Time) (string, map[string]string) {
	t.Helper()
	systems := all.Systems()
	i := slices.IndexFunc(systems, func(s connectors.System) bool { return s.Spec.Name == system })
	box := systems[i].Sandbox(connectors.SandboxOptions{Now: now})
	s := httptest.NewServer(box)
	t.Cleanup(s.Close)
	return s.URL, box.Credentials()
}

// withSetup lets the API set connections up in its project.
func withSetup(policy outbound.Policy, env map[string]string) func(*api.Options, string) {
	return func(o *api.Options, dir string) {
		o.Setup = setup.New(setup.Options{
			Load: func() (*project.Project, error) {
				return project.Load(dir, o.Systems, project.Env(func(name string) (string, bool) { v, ok := env[name]; return v, ok }))
			},
			Folder: o.Folder, Systems: o.Systems, Library: mappings.FS, Policy: policy, Now: o.Now,
		})
	}
}

var here = outbound.Policy{Loopback: true}

const two = `# kept
connections:
  books: # of the company
    system: eaccounting
    url: ${BOOKS_URL}
    credentials:
      clientId: ${BOOKS_ID}
      clientSecret: ${BOOKS_SECRET}
      refreshToken: {file: secret.txt}

# also kept
alerts: {}
`

// books are the variables of the project of these tests; its third credential is in a file.
func books(t *testing.T) (files, env map[string]string) {
	url, credentials := sandbox(t, "eaccounting")
	return map[string]string{"crosswalk.yaml": two, "secret.txt": credentials["refreshToken"]},
		map[string]string{"BOOKS_URL": url, "BOOKS_ID": credentials["clientId"], "BOOKS_SECRET": credentials["clientSecret"]}
}

func TestConnections(t *testing.T) {
	texts, env := books(t)
	texts["flows/a.yaml"] = "from: books\nto: books\nentity: order\n"
	c := open(t, texts, auth.Config{}, withSetup(here, env))
	got := c.get("GET", "/connections", nil)
	for path, want := range map[string]string{
		"connections.#": "1", "connections.0.name": "books", "connections.0.title": "Visma eAccounting", "connections.0.address": "${BOOKS_URL}",
		"connections.0.credentials.1.variable": "BOOKS_SECRET", "connections.0.credentials.2.file": "secret.txt", "connections.0.flows.0": "a",
	} {
		if v := gjson.Get(got, path).String(); v != want {
			t.Errorf("%s is %q, want %q", path, v, want)
		}
	}
	state := c.get("POST", "/connections/books/check", nil)
	if !gjson.Get(state, "ok").Bool() || gjson.Get(state, "says").Str == "" || gjson.Get(state, "account").Str == "" {
		t.Errorf("the check says %s", state)
	}
	c.fail(404, "POST", "/connections/none/check", nil)
	delete(env, "BOOKS_SECRET")
	if state = c.get("POST", "/connections/books/check", nil); !strings.Contains(gjson.Get(state, "problem").Str, "BOOKS_SECRET is not set") {
		t.Errorf("without a variable the check says %s", state)
	}
	closed := open(t, texts, auth.Config{}, withSetup(outbound.Policy{}, map[string]string{"BOOKS_URL": env["BOOKS_URL"], "BOOKS_ID": "a", "BOOKS_SECRET": "b"}))
	if state = closed.get("POST", "/connections/books/check", nil); gjson.Get(state, "ok").Bool() || !strings.Contains(state, "may not call") {
		t.Errorf("an address that is not allowed: %s", state)
	}
	if got := open(t, nil, auth.Config{}).get("GET", "/connections", nil); gjson.Get(got, "connections.#").Int() != 0 {
		t.Errorf("without a project: %s", got)
	}
}

// TestSecretsNeverComeOut seeds markers, lets a system repeat them in its answers, and looks for them in everything that leaves the API.
func TestSecretsNeverComeOut(t *testing.T) {
	markers := []string{"marker-of-the-id-1", "marker-of-the-secret-2", "marker-of-the-token-3"}
	echo := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		_ = r.ParseForm()
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(http.StatusBadRequest)
		_, _ = w.Write([]byte(`{"error": "invalid_grant", "error_description": "` + strings.Join(markers, " ") + `", "message": "` + strings.Join(markers, " ") + r.Header.Get("Authorization") + r.Form.Encode() + `"}`))
	}))
	t.Cleanup(echo.Close)
	credentials := map[string]string{"clientId": markers[0], "clientSecret": markers[1], "refreshToken": markers[2]}
	texts := map[string]string{"crosswalk.yaml": two, "secret.txt": markers[2]}
	c := open(t, texts, auth.Config{}, withSetup(here, map[string]string{"BOOKS_URL": echo.URL, "BOOKS_ID": markers[0], "BOOKS_SECRET": markers[1]}))
	var said strings.Builder
	said.WriteString(c.get("GET", "/connections", nil))
	said.WriteString(c.get("POST", "/connections/books/check", nil))
	said.WriteString(c.get("POST", "/wizard/connection", object{"name": "other", "system": "eaccounting", "address": echo.URL, "credentials": credentials}))
	ends := object{"from": object{"connection": "books"}, "to": object{"connection": "books"}, "entity": "order", "name": "x"}
	said.WriteString(c.send("POST", "/wizard/questions", object{"from": ends["from"], "to": ends["to"], "entity": "order"}).Body.String())
	said.WriteString(c.send("POST", "/wizard/rehearsal", ends).Body.String())
	said.WriteString(c.get("GET", "/files/crosswalk.yaml", nil))
	said.WriteString(c.send("GET", "/files/secret.txt", nil).Body.String())
	said.WriteString(c.log.String())
	if !strings.Contains(said.String(), "problem") {
		t.Fatalf("nothing failed: %s", &said)
	}
	for _, m := range markers {
		if i := strings.Index(said.String(), m); i >= 0 {
			t.Errorf("%s came out: %s", m, said.String()[max(0, i-200):i+40])
		}
	}
}

func TestWizardTakesAnAdmin(t *testing.T) {
	token, hash := auth.NewToken()
	texts, env := books(t)
	c := open(t, texts, auth.Config{Tokens: []auth.Token{{Name: "op", Role: auth.Operator, Hash: hash}}}, withSetup(here, env))
	c.token = token
	for _, path := range []string{"connection", "questions", "rehearsal", "files"} {
		c.fail(403, "POST", "/wizard/"+path, object{})
	}
}

func TestWizard(t *testing.T) {
	texts, env := books(t)
	c := open(t, texts, auth.Config{}, withSetup(here, env))
	url, credentials := sandbox(t, "shopware")
	draft := object{"name": "webshop", "system": "shopware", "address": url, "credentials": credentials}
	with := func(key string, value any) object { return changed(draft, key, value) }
	for _, bad := range []object{with("name", "Web shop"), with("name", "books"), with("system", "none"), with("credentials", object{}), with("credentials", object{"none": "x"}), with("address", "https://${X}")} {
		c.fail(422, "POST", "/wizard/connection", bad)
	}
	wrong := object{}
	for name := range credentials {
		wrong[name] = "wrong-credential"
	}
	if got := c.get("POST", "/wizard/connection", with("credentials", wrong)); gjson.Get(got, "ok").Bool() || gjson.Get(got, "draft").Exists() {
		t.Errorf("wrong credentials: %s", got)
	}
	got := c.get("POST", "/wizard/connection", draft)
	if !gjson.Get(got, "ok").Bool() {
		t.Fatalf("the shop says %s", got)
	}
	from, to := object{"draft": gjson.Get(got, "draft").Str}, object{"connection": "books"}
	q := c.get("POST", "/wizard/questions", object{"from": from, "to": to, "entity": "order"})
	if gjson.Get(q, "flow").Str != "webshop-orders" || gjson.Get(q, "notes.#").Int() != 0 {
		t.Errorf("the questions are %.400s, notes %s", q, gjson.Get(q, "notes"))
	}
	if s := gjson.Get(q, `settings.#(name=="orderType")`); !s.Get("needed").Bool() || !strings.Contains(s.Get("choices").Raw, `"invoiceDraft"`) {
		t.Errorf("orderType is asked as %s", s)
	}
	for table, want := range map[string]string{ // of the sandboxes' own data
		"paymentTerms": `rows.#(key=="invoice").label`, "deliveryMethods": `values.0.value`, "taxCodes": `rows.#(key=="21").outer`,
		"shippingArticles": `rows.#(key=="21").label`, "paymentMethods": `rows.#(key=="payment_invoicepayment").preset`, "orderStatuses": `rows.#(key=="open").preset`,
	} {
		if v := gjson.Get(q, `tables.#(name=="`+table+`").`+want); v.String() == "" {
			t.Errorf("the table %s lacks %s: %s", table, want, gjson.Get(q, `tables.#(name=="`+table+`")`))
		}
	}
	plan := object{"name": "webshop-orders", "from": from, "to": to, "entity": "order", "every": "5m", "start": "2020-01-01", "where": `paymentStatus == "paid"`,
		"settings": `{"orderType": "invoiceDraft", "roundingLimit": 0.02}`,
		"tables":   `{"shippingArticles": {"21": "SHIP-21", "9": "SHIP-9", "0": "SHIP-0"}, "discountArticles": {"21": "DISC-21", "9": "DISC-9", "0": "DISC-0"}, "feeArticles": {"0": "DISC-0"}}`}
	tried := c.get("POST", "/wizard/rehearsal", plan)
	if gjson.Get(tried, "outcome").Str != "created" || gjson.Get(tried, `operations.#(resource=="invoiceDraft").body`).Str == "" || gjson.Get(tried, "canonical").Str == "" {
		t.Fatalf("the rehearsal says %s", tried)
	}
	bad := c.fail(422, "POST", "/wizard/rehearsal", changed(plan, "settings", `{"orderType": "letter"}`))
	if !strings.Contains(bad, "letter") {
		t.Errorf("an order type that is none: %s", bad)
	}
	write := changed(plan, "secrets", "files")
	written := c.get("POST", "/wizard/files", write)
	if got := gjson.Get(written, "files.#.path").Raw; got != `["crosswalk.yaml","flows/webshop-orders.yaml"]` {
		t.Errorf("it wrote %s", got)
	}
	config, _ := os.ReadFile(filepath.Join(c.dir, "crosswalk.yaml"))
	if !strings.HasPrefix(string(config), strings.SplitAfter(two, "refreshToken: {file: secret.txt}\n")[0]) || !strings.HasSuffix(string(config), "\n# also kept\nalerts: {}\n") {
		t.Errorf("what stood in the file has changed:\n%s", config)
	}
	if secret := credentials["secretAccessKey"]; strings.Contains(written, secret) || strings.Contains(string(config), secret) {
		t.Errorf("a secret stands in the file or the answer:\n%s", config)
	}
	secret := filepath.Join(c.dir, "secrets", "webshop.secretAccessKey")
	if text, err := os.ReadFile(secret); strings.TrimSpace(string(text)) != credentials["secretAccessKey"] {
		t.Errorf("the secret's file: %v", err)
	}
	if info, _ := os.Stat(secret); info != nil && info.Mode().Perm() != 0o600 {
		t.Errorf("the secret's file has the mode %o", info.Mode().Perm())
	}
	c.fail(404, "GET", "/files/secrets/webshop.secretAccessKey", nil)
	c.fail(422, "POST", "/wizard/files", write) // the draft is gone
	c.fail(422, "POST", "/wizard/files", changed(write, "from", object{"connection": "webshop"}))
	if state := c.get("POST", "/connections/webshop/check", nil); !gjson.Get(state, "ok").Bool() {
		t.Errorf("the connection that was written: %s", state)
	}
	// What was written is a project that the command line runs.
	p, err := project.Load(c.dir, all.Systems(), project.Env(func(name string) (string, bool) { return env[name], true }))
	if err != nil {
		t.Fatal(err)
	}
	f, err := p.Flow("webshop-orders")
	if err == nil {
		_, err = p.Assemble(f, mappings.FS)
	}
	if err != nil {
		t.Error(err)
	}
}

func changed(o object, key string, value any) object {
	out := object{key: value}
	for k, v := range o {
		if _, set := out[k]; !set {
			out[k] = v
		}
	}
	return out
}

// TestDraftsAreTheirOwners holds that one person cannot use what another has typed.
func TestDraftsAreTheirOwners(t *testing.T) {
	ann, annHash := auth.NewToken()
	bob, bobHash := auth.NewToken()
	texts, env := books(t)
	c := open(t, texts, auth.Config{Tokens: []auth.Token{{Name: "ann", Role: auth.Admin, Hash: annHash}, {Name: "bob", Role: auth.Admin, Hash: bobHash}}}, withSetup(here, env))
	url, credentials := sandbox(t, "shopware")
	c.token = ann
	draft := gjson.Get(c.get("POST", "/wizard/connection", object{"name": "webshop", "system": "shopware", "address": url, "credentials": credentials}), "draft").Str
	ask := object{"from": object{"draft": draft}, "to": object{"connection": "books"}, "entity": "order"}
	c.token = bob
	c.fail(422, "POST", "/wizard/questions", ask)
	c.token = ann
	c.get("POST", "/wizard/questions", ask)
}
