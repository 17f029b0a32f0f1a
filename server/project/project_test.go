package project

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// opened is what a connection was opened with.
type opened struct {
	connectors.Connector
	cfg connectors.Config
}

var errRefused = errors.New("refused")

func systems() []connectors.System {
	open := func(cfg connectors.Config) (connectors.Connector, error) {
		if cfg.URL == "https://refused.example.com" {
			return nil, errRefused
		}
		return opened{cfg: cfg}, nil
	}
	return []connectors.System{
		{Spec: connectors.Spec{Name: "shopware", Title: "Shopware", Credentials: []connectors.Credential{
			{Name: "accessKeyId", Title: "access key", Needed: true},
			{Name: "secretAccessKey", Title: "secret key", Help: "Settings > System > Integrations", Secret: true, Needed: true}}}, Open: open},
		{Spec: connectors.Spec{Name: "eaccounting", Title: "Visma eAccounting", Credentials: []connectors.Credential{
			{Name: "clientSecret", Title: "client secret", Secret: true}},
			Options: []connectors.Option{{Name: "identityURL"}, {Name: "a"}}}, Open: open},
	}
}

// folder writes files ("crosswalk.yaml", "flows/a.yaml", ...) into a new folder.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

const goodMain = `
connections:
  webshop:
    system: shopware
    url: https://${SHOP_HOST}/
    credentials:
      accessKeyId: SWIAEXAMPLE   # no secret
      secretAccessKey: ${SHOP_SECRET}
  books:
    system: eaccounting
    credentials:
      clientSecret: {file: secrets/books}
    options:
      identityURL: https://identity.example.com
server:
  listen: ":8080"
  workers: 8
`

const goodFlow = `# orders to the books
from: webshop
to: books
entity: order
trigger: {every: 5m, webhook: true}
start: 2026-01-01
where: paymentStatus == "paid"
limit: 50
settings:
  orderType: invoiceDraft
  customerMatch: [link, email]
  defaultCustomer: ""
  threshold: 19.10
  big: 9007199254740993
  text: "19.10"
  block: |
    two
    lines
tables:
  taxCodes:        {NL: {21: "a", 9: "b"}, NO: {25: c}}
  revenueAccounts: {NL: 3001, EU: 3106}
mappings:
  write: mappings/mine.yaml
steps: []
note: the main flow
`

func TestLoad(t *testing.T) {
	dir := folder(t, map[string]string{"crosswalk.yaml": goodMain, "flows/webshop-orders.yaml": goodFlow, "flows/.hidden.yaml": "]", "flows/old/a.yaml": "]", "flows/README.md": "]"})
	p, err := Load(dir, systems())
	if err != nil {
		t.Fatal(err)
	}
	if p.Data != filepath.Join(dir, ".crosswalk") || string(p.Server) != `{"listen":":8080","workers":8}` || p.Alerts != nil {
		t.Errorf("data %s, server %s, alerts %s", p.Data, p.Server, p.Alerts)
	}
	if len(p.Connections) != 2 || p.Connections[0].Name != "webshop" || p.Connections[1].System != "eaccounting" || p.Connections[1].Pos.Line != 9 {
		t.Errorf("connections %+v", p.Connections)
	}
	flow, err := p.Flow("webshop-orders")
	if err != nil || len(p.Flows) != 1 {
		t.Fatal(err, p.Flows)
	}
	settings := `{"orderType":"invoiceDraft","customerMatch":["link","email"],"defaultCustomer":"","threshold":19.10,"big":9007199254740993,"text":"19.10","block":"two\nlines\n"}`
	tables := `{"taxCodes":{"NL":{"21":"a","9":"b"},"NO":{"25":"c"}},"revenueAccounts":{"NL":3001,"EU":3106}}`
	if string(flow.Settings) != settings || string(flow.Tables) != tables {
		t.Errorf("settings %s\ntables %s", flow.Settings, flow.Tables)
	}
	flow.Settings, flow.Tables, flow.file, flow.at = nil, nil, nil, nil
	file := filepath.Join(dir, "flows", "webshop-orders.yaml")
	want := Flow{Name: "webshop-orders", File: file, From: "webshop", To: "books", Entity: port.Order,
		Trigger: Trigger{Every: 5 * time.Minute, Webhook: true}, Start: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		Where: `paymentStatus == "paid"`, WherePos: engine.Position{File: file, Line: 7, Column: 8}, Limit: 50,
		Mappings: Mappings{Write: "mappings/mine.yaml"}}
	if !reflect.DeepEqual(flow, want) {
		t.Errorf("got  %+v\nwant %+v", flow, want)
	}
	for name, hint := range map[string]string{"webshop-order": `did you mean "webshop-orders"?`, "x": "there are webshop-orders"} {
		if _, err := p.Flow(name); err == nil || !strings.Contains(err.Error(), hint) {
			t.Errorf("flow %s: %v", name, err)
		}
	}
}

func TestLoadWithoutFlows(t *testing.T) {
	p, err := Load(folder(t, map[string]string{"crosswalk.yaml": "connections: {}\ndata: /var/lib/crosswalk\nalerts: {link: https://example.com}\n"}), nil)
	if err != nil || p.Data != filepath.FromSlash("/var/lib/crosswalk") || string(p.Alerts) != `{"link":"https://example.com"}` {
		t.Fatal(err, p)
	}
	if _, err := p.Flow("a"); err == nil || !strings.Contains(err.Error(), "has no flows") {
		t.Error(err)
	}
}

// TestProblems is what a person sees: place, code, message and help of each problem.
func TestProblems(t *testing.T) {
	shop := "connections:\n  webshop: {system: eaccounting}\n"
	flow := func(more string) map[string]string {
		return map[string]string{"crosswalk.yaml": shop, "flows/a.yaml": "from: webshop\nto: webshop\nentity: order\n" + more}
	}
	main := func(text string) map[string]string { return map[string]string{"crosswalk.yaml": text} }
	tests := []struct {
		name  string
		files map[string]string
		want  []string
	}{
		{"no project", nil, []string{"crosswalk.yaml: CW3001 there is no such file; a project is a folder"}},
		{"an empty file", main("# nothing\n"), []string{"crosswalk.yaml:1:1: CW3005 the file is empty"}},
		{"no connections", main("data: x\n"), []string{"crosswalk.yaml:1:1: CW3005 crosswalk.yaml has no connections; write `connections:`"}},
		{"no map", main("- a\n"), []string{"crosswalk.yaml:1:1: CW3003 crosswalk.yaml is a map"}},
		{"no YAML", main("connections: [\n"), []string{"crosswalk.yaml:1:14: CW3002 "}},
		{"no text", main("a: \xff\n"), []string{"crosswalk.yaml:1:1: CW3002 the file is not valid UTF-8"}},
		{"a bomb", main("a: " + strings.Repeat("[", 100000)), []string{"crosswalk.yaml:1:1: CW3002 nested more than 60 levels deep"}},
		{"a bomb that is closed on its line", main("a: " + strings.Repeat("[", 61) + strings.Repeat("]", 61)), []string{"crosswalk.yaml:1:1: CW3002 nested more than 60 levels deep"}},
		{"two documents", main(shop + "---\na: b\n"), []string{"crosswalk.yaml:4:1: CW3002 the file holds two YAML documents"}},
		{"an anchor", main("connections: &a\n  webshop: {system: eaccounting}\n"), []string{"crosswalk.yaml:1:14: CW3002 anchors and aliases"}},
		{"a tag", main(shop + "data: !!str x\n"), []string{"crosswalk.yaml:3:7: CW3002 tags"}},
		{"an unknown key", main("conections:\n  webshop: {system: eaccounting}\n"),
			[]string{"crosswalk.yaml:1:1: CW3004 unknown key \"conections\"; did you mean \"connections\"?", "crosswalk.yaml:1:1: CW3005 crosswalk.yaml has no connections"}},
		{"an unknown key of a connection", main("connections:\n  webshop: {system: eaccounting, adress: x}\n"), []string{"crosswalk.yaml:2:34: CW3004 unknown key \"adress\"; known are system, url, credentials, options"}},
		{"an empty data folder", main(shop + "data: ''\n"), []string{"crosswalk.yaml:3:7: CW3006 data names no folder"}},
		{"no system", main("connections:\n  webshop:\n    url: x\n"), []string{"crosswalk.yaml:2:3: CW3005 connection \"webshop\" has no system; write `system:` with one of eaccounting, shopware"}},
		{"an unknown system", main("connections:\n  webshop: {system: shopwaer}\n"), []string{"crosswalk.yaml:2:21: CW3007 there is no system \"shopwaer\"; did you mean \"shopware\"?"}},
		{"credentials that lack", main("connections:\n  webshop: {system: shopware}\n"),
			[]string{"crosswalk.yaml:2:3: CW3011 Shopware needs the credential \"accessKeyId\"", "crosswalk.yaml:2:3: CW3011 Shopware needs the credential \"secretAccessKey\" (secret key); Settings > System > Integrations"}},
		{"an unknown credential", main("connections:\n  books:\n    system: eaccounting\n    credentials: {clientsecret: '${X}'}\n"), []string{"crosswalk.yaml:4:19: CW3010 Visma eAccounting has no credential \"clientsecret\"; did you mean \"clientSecret\"?"}},
		{"a secret in the file", main("connections:\n  books:\n    system: eaccounting\n    credentials:\n      clientSecret: t0ps3cret\n"), []string{"crosswalk.yaml:5:21: CW3009 the credential \"clientSecret\" stands in the file; put it into a variable"}},
		{"a secret around a variable", main("connections:\n  books:\n    system: eaccounting\n    credentials: {clientSecret: 't0ps3cret${X}'}\n"), []string{"crosswalk.yaml:4:33: CW3009 "}},
		{"a secret on a line of its own", main("connections:\n  books:\n    system: eaccounting\n    credentials:\n      clientSecret: |\n        t0ps3cret\n"), []string{"crosswalk.yaml:5:21: CW3009 "}},
		{"a credential from nowhere", main("connections:\n  books:\n    system: eaccounting\n    credentials:\n      clientSecret: {path: x}\n"), []string{"crosswalk.yaml:5:22: CW3004 unknown key \"path\"; known are file"}},
		{"a secret under a wrong name", main("connections:\n  books: {system: eaccounting, credentials: {clientsecret: t0ps3cret}, adress: x}\n"),
			[]string{"crosswalk.yaml:2:46: CW3010 ", "crosswalk.yaml:2:72: CW3004 unknown key \"adress\""}},
		{"a secret of a wrong system", main("connections:\n  books: {system: eacounting, credentials: {clientSecret: t0ps3cret}}\n"), []string{"crosswalk.yaml:2:19: CW3007 "}},
		{"a list for a credential", main("connections:\n  books:\n    system: eaccounting\n    credentials:\n      clientSecret: [a]\n"), []string{"crosswalk.yaml:5:21: CW3003 a single word"}},
		{"half a variable", main("connections:\n  books:\n    system: eaccounting\n    url: https://${HOST\n    options: {a: '${1}'}\n"), []string{"crosswalk.yaml:4:10: CW3006 ${ starts", "crosswalk.yaml:5:18: CW3006 ${ starts"}},
		{"an unknown key of the server", main(shop + "server:\n  lisen: 127.0.0.1:80\n  auth: {user: []}\n  nats: {url: a, tokn: '${A}'}\n"), []string{
			"crosswalk.yaml:4:3: CW3004 unknown key \"lisen\"; did you mean \"listen\"?", "crosswalk.yaml:5:10: CW3004 unknown key \"user\"; did you mean \"users\"?",
			"crosswalk.yaml:6:18: CW3004 unknown key \"tokn\"; did you mean \"token\"?"}},
		{"what the server cannot be told", main(shop + "server:\n  listen: 8080\n  hosts: a\n  tls: 'yes'\n  workers: 100\n  drain: soon\n  outbound: {schemes: [ftp]}\n  auth: [a]\n"), []string{
			"crosswalk.yaml:4:11: CW3006 listen cannot be \"8080\"; put it into quotes", "crosswalk.yaml:5:10: CW3003 hosts is a list", "crosswalk.yaml:6:8: CW3006 tls cannot be \"yes\"; write true or false",
			"crosswalk.yaml:7:12: CW3006 workers cannot be \"100\"; write a number from 1 to 64", "crosswalk.yaml:8:10: CW3006 drain cannot be \"soon\"; write a time",
			"crosswalk.yaml:9:24: CW3006 schemes cannot be \"ftp\"; write https or http", "crosswalk.yaml:10:9: CW3003 auth is a map"}},
		{"who may come in", main(shop + "server:\n  auth:\n    users:\n      - {name: ann, role: king, password: t0ps3cret}\n      - {name: bo, role: admin}\n    tokens:\n      - {name: ci, role: viewer, hash: t0ps3cret}\n    oidc: {issuer: login.example.com, clientId: a, clientSecret: t0ps3cret, roles: {staff: boss}}\n"), []string{
			"crosswalk.yaml:6:27: CW3006 role cannot be \"king\"", "crosswalk.yaml:6:43: CW3006 password cannot be what stands here; write the hash", "crosswalk.yaml:7:9: CW3005 an entry of users has no \"password\"",
			"crosswalk.yaml:9:40: CW3006 hash cannot be what stands here; write the hash", "crosswalk.yaml:10:5: CW3005 oidc has no \"url\"",
			"crosswalk.yaml:10:20: CW3006 issuer cannot be \"login.example.com\"; an address begins", "crosswalk.yaml:10:66: CW3009 the credential \"clientSecret\" stands in the file",
			"crosswalk.yaml:10:92: CW3006 staff cannot be \"boss\""}},
		{"who is told", main(shop + "alerts:\n  mail: {server: smtp.example.com, from: a@example.com, to: [], passwort: x}\n  webhook: {url: https://hooks.example.com/t0ps3cret}\n"), []string{
			"crosswalk.yaml:4:18: CW3006 server cannot be \"smtp.example.com\"; write a host and a port", "crosswalk.yaml:4:65: CW3004 unknown key \"passwort\"; did you mean \"password\"?",
			"crosswalk.yaml:5:18: CW3009 the credential \"url\" stands in the file"}},
		{"a strange number", main(shop + "server: {port: 0x1F, big: 1_000, inf: .inf}\n"), []string{"crosswalk.yaml:3:16: CW3006 0x1F is not", "crosswalk.yaml:3:27: CW3006 1_000 is not", "crosswalk.yaml:3:39: CW3006 .inf is not"}},

		{"an empty flow", map[string]string{"crosswalk.yaml": shop, "flows/a.yaml": ""}, []string{"flows/a.yaml:1:1: CW3005 the file is empty"}},
		{"a flow under another extension", map[string]string{"crosswalk.yaml": shop, "flows/a.yml": ""}, []string{"flows/a.yml: CW3001 flows end in .yaml: this file would not be read; rename it to a.yaml"}},
		{"a name that no flow can have", map[string]string{"crosswalk.yaml": shop, "flows/my orders.yaml": "from: webshop\nto: webshop\nentity: order\n"}, []string{"flows/my orders.yaml:1:1: CW3006 a flow cannot be called \"my orders\""}},
		{"a flow without its keys", map[string]string{"crosswalk.yaml": shop, "flows/a.yaml": "limit: 1\n"}, []string{"flows/a.yaml:1:1: CW3005 the flow has no \"from\"", "flows/a.yaml:1:1: CW3005 the flow has no \"to\"", "flows/a.yaml:1:1: CW3005 the flow has no \"entity\""}},
		{"unknown connections", map[string]string{"crosswalk.yaml": shop, "flows/a.yaml": "from: webshp\nto: 'the books'\nentity: order\n"},
			[]string{"flows/a.yaml:1:7: CW3008 crosswalk.yaml has no connection \"webshp\"; did you mean \"webshop\"?", "flows/a.yaml:2:5: CW3008 crosswalk.yaml has no connection \"the books\"; known are webshop"}},
		{"an unknown entity", map[string]string{"crosswalk.yaml": shop, "flows/a.yaml": "from: webshop\nto: webshop\nentity: orders\n"}, []string{"flows/a.yaml:3:9: CW3006 entity cannot be \"orders\"; did you mean \"order\"?"}},
		{"an unknown key of a flow", flow("wheer: a\n"), []string{"flows/a.yaml:4:1: CW3004 unknown key \"wheer\"; did you mean \"where\"?"}},
		{"a strange trigger", flow("trigger: {every: 5 minutes, webhook: yes, crone: x}\n"),
			[]string{"flows/a.yaml:4:18: CW3006 every cannot be \"5 minutes\"", "flows/a.yaml:4:38: CW3006 webhook cannot be \"yes\"", "flows/a.yaml:4:43: CW3004 unknown key \"crone\""}},
		{"a strange cron", flow("trigger: {cron: daily, zone: Europe/Atlantis}\n"),
			[]string{"flows/a.yaml:4:17: CW3006 cron cannot be \"daily\": it has 1 of five fields", "flows/a.yaml:4:30: CW3006 there is no time zone \"Europe/Atlantis\""}},
		{"a day that never comes", flow("trigger: {cron: 0 4 30 2 *}\n"), []string{"flows/a.yaml:4:17: CW3006 cron cannot be \"0 4 30 2 *\": there is no such day"}},
		{"two schedules", flow("trigger: {every: 5m, cron: 0 4 * * *}\n"), []string{"flows/a.yaml:4:10: CW3006 the trigger has both every and cron"}},
		{"too often, too seldom", flow("trigger: {every: 1ms}\n"), []string{"flows/a.yaml:4:18: CW3006 every cannot be \"1ms\""}},
		{"a strange start", flow("start: 01-02-2026\n"), []string{"flows/a.yaml:4:8: CW3006 start cannot be \"01-02-2026\"; write a day"}},
		{"a start without zone", flow("start: 2026-01-01T00:00:00\n"), []string{"flows/a.yaml:4:8: CW3006 start cannot be"}},
		{"strange limits", flow("limit: -1\n"), []string{"flows/a.yaml:4:8: CW3006 limit cannot be \"-1\""}},
		{"half a document", flow("limit: 1.5\n"), []string{"flows/a.yaml:4:8: CW3006 limit cannot be \"1.5\""}},
		{"a list of settings", flow("settings: [a]\n"), []string{"flows/a.yaml:4:11: CW3003 settings is a map"}},
		{"a table that is none", flow("tables:\n  taxCodes: 21\n"), []string{"flows/a.yaml:5:13: CW3003 a table is a map"}},
		{"an unknown mapping", flow("mappings: {raed: a, write: ''}\n"), []string{"flows/a.yaml:4:12: CW3004 unknown key \"raed\"; did you mean \"read\"?", "flows/a.yaml:4:28: CW3006 this names no mapping"}},
		{"steps", flow("steps:\n  - flter: a\n  - split: lines\n  - {filter: a, script: b}\n  - {note: x}\n  - filter\n  - map: ''\n"), []string{
			"flows/a.yaml:5:5: CW3004 unknown key \"flter\"; did you mean \"filter\"?", "flows/a.yaml:6:5: CW3013 split is not built yet",
			"flows/a.yaml:7:17: CW3003 a step does one thing, and this does filter already", "flows/a.yaml:8:5: CW3005 this step does nothing",
			"flows/a.yaml:9:5: CW3003 a step is a map", "flows/a.yaml:10:10: CW3006 this names nothing"}},
		{"steps that are no list", flow("steps: {a: b}\n"), []string{"flows/a.yaml:4:8: CW3003 steps is a list"}},
		{"all at once, in order", map[string]string{"crosswalk.yaml": "connections:\n  webshop: {}\nx: 1\n", "flows/b.yaml": "from: a\nto: webshop\nentity: order\n", "flows/a.yaml": "limit: a\nfrom: webshop\nto: webshop\nentity: order\n"},
			[]string{"crosswalk.yaml:2:3: CW3005", "crosswalk.yaml:3:1: CW3004", "flows/a.yaml:1:8: CW3006", "flows/b.yaml:1:7: CW3008"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			dir := folder(t, tt.files)
			p, err := Load(dir, systems())
			var diags engine.Diagnostics
			if !errors.As(err, &diags) || p != nil {
				t.Fatalf("got %v, %v", p, err)
			}
			var got []string
			for _, d := range diags {
				line := strings.TrimPrefix(filepath.ToSlash(d.Pos.String()), filepath.ToSlash(dir)+"/") + ": " + d.Code + " " + d.Message
				if d.Help != "" {
					line += "; " + d.Help
				}
				got = append(got, line)
			}
			for i, w := range tt.want {
				if i >= len(got) || !strings.HasPrefix(got[i], w) {
					t.Errorf("want %s", w)
				}
			}
			if len(got) != len(tt.want) || t.Failed() {
				t.Errorf("got %s", strings.Join(got, "\n"))
			}
			if all := diags.Render() + diags.Error(); strings.Contains(all, "t0ps3cret") {
				t.Errorf("the secret is shown:\n%s", all)
			}
		})
	}
}

func TestRender(t *testing.T) {
	dir := folder(t, map[string]string{"crosswalk.yaml": "connections:\n  wébshop: {systm: shopware}\n"})
	_, err := Load(dir, systems())
	var diags engine.Diagnostics
	if !errors.As(err, &diags) {
		t.Fatal(err)
	}
	want := "error CW3004: unknown key \"systm\"\n   |\n 2 |   wébshop: {systm: shopware}\n   |             ^^^^^\n   help: did you mean \"system\"?\n"
	if got := diags.Render(); !strings.Contains(got, want) {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOpen(t *testing.T) {
	env := map[string]string{"SHOP_HOST": "shop.example.com", "SHOP_SECRET": "s1", "EMPTY": ""}
	lookup := func(name string) (string, bool) { v, ok := env[name]; return v, ok }
	dir := folder(t, map[string]string{"crosswalk.yaml": goodMain, "secrets/books": "s2\r\n"})
	p, err := Load(dir, systems(), Env(lookup))
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now
	for name, want := range map[string]connectors.Config{
		"webshop": {Name: "webshop", URL: "https://shop.example.com/", Credentials: map[string]string{"accessKeyId": "SWIAEXAMPLE", "secretAccessKey": "s1"}, Options: map[string]string{}},
		"books":   {Name: "books", Credentials: map[string]string{"clientSecret": "s2"}, Options: map[string]string{"identityURL": "https://identity.example.com"}},
	} {
		c, err := p.Open(name, Surroundings{Now: now})
		if err != nil {
			t.Fatal(err)
		}
		got := c.(opened).cfg
		if got.Now == nil {
			t.Error("the surroundings do not arrive")
		}
		got.Now = nil
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got  %+v\nwant %+v", got, want)
		}
	}
	if _, err := p.Open("till", Surroundings{}); err == nil {
		t.Error("a connection that is not there")
	}
}

func TestOpenLacks(t *testing.T) {
	tests := []struct {
		name, connection, want string
		files                  map[string]string
	}{
		{"a variable", "url: https://${NOT_SET}/", "4:10: error CW3012: the variable NOT_SET is not set", nil},
		{"an empty variable", "options: {a: '${EMPTY}'}", "4:18: error CW3012: the variable EMPTY is not set", nil},
		{"a variable with a secret", "credentials: {clientSecret: '${NOT_SET}'}", "4:33: error CW3012: the variable NOT_SET is not set", nil},
		{"a file", "credentials: {clientSecret: {file: nowhere}}", `4:40: error CW3012: the file of the credential "clientSecret" cannot be opened`, nil},
		{"an empty file", "credentials: {clientSecret: {file: s}}", "is empty", map[string]string{"s": "\n"}},
		{"a file too large", "credentials: {clientSecret: {file: s}}", "is too large", map[string]string{"s": strings.Repeat("x", 70000)}},
		{"a folder", "credentials: {clientSecret: {file: flows}}", "cannot be read", map[string]string{"flows/README": ""}},
		{"the system refuses", "url: https://refused.example.com", `connection "books": refused`, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			files := map[string]string{"crosswalk.yaml": "connections:\n  books:\n    system: eaccounting\n    " + tt.connection + "\n"}
			for k, v := range tt.files {
				files[k] = v
			}
			p, err := Load(folder(t, files), systems(), Env(func(name string) (string, bool) { return "", name == "EMPTY" }))
			if err != nil {
				t.Fatal(err)
			}
			if _, err := p.Open("books", Surroundings{}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	f.Add(goodMain, goodFlow)
	f.Add("connections: {a: {system: shopware, credentials: {x: {file: [}}}}", "tables: {a: {? [b] : c}}")
	f.Add("a: &x\n  <<: *x", "settings: !!binary x\nsteps: [a]")
	f.Add("connections:\n  a: |\n    b\n", "start: 2026-13-01\nlimit: 99999999999999999999\ntables: {a: {b: -0x1}}")
	f.Fuzz(func(t *testing.T, main, flow string) {
		dir := t.TempDir()
		_ = os.Mkdir(filepath.Join(dir, "flows"), 0o700)
		_ = os.WriteFile(filepath.Join(dir, "crosswalk.yaml"), []byte(main), 0o600)
		_ = os.WriteFile(filepath.Join(dir, "flows", "a.yaml"), []byte(flow), 0o600)
		p, err := Load(dir, systems())
		if err == nil {
			for _, c := range p.Connections {
				_, _ = p.Open(c.Name, Surroundings{})
			}
			return
		}
		var diags engine.Diagnostics
		if !errors.As(err, &diags) || !diags.HasErrors() {
			t.Fatalf("got %v", err)
		}
		for _, d := range diags {
			if d.Code == "" || d.Pos.File == "" || d.Pos.Line < 0 || fmt.Sprint(d.Render()) == "" {
				t.Errorf("a poor diagnostic: %+v", d)
			}
		}
	})
}
