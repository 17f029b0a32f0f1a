package api_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/scripting"
	"github.com/crosswalk-go/crosswalk/scripting/host"
	"github.com/crosswalk-go/crosswalk/server/api"
	"github.com/crosswalk-go/crosswalk/server/auth"
)

// sampleJob is the first sample of a mapping that is built in, as a job.
func (c *client) sampleJob(name string) object {
	c.t.Helper()
	doc := c.get("GET", "/sample?mapping="+name, nil)
	body := object{"mapping": mapping(name, library(c.t, name))}
	for _, key := range []string{"document", "mode", "source", "settings", "tables", "links", "current", "now"} {
		if v := gjson.Get(doc, key); v.Exists() {
			body[key] = v.Str
		}
	}
	return body
}

func TestRequestIsTheConnectors(t *testing.T) {
	c := open(t, nil, auth.Config{})
	body := c.sampleJob("eaccounting/invoiceDraft.write.yaml")
	got := c.get("POST", "/request", body)
	first := gjson.Get(got, "requests.0")
	if first.Get("method").Str != "POST" || !strings.HasPrefix(first.Get("path").Str, "/v2/customerinvoicedrafts") {
		t.Errorf("got %s", got)
	}
	out := gjson.Get(c.get("POST", "/preview", body), "output").Str
	if sent := first.Get("body").Str; gjson.Get(sent, "Rows.#").Int() != gjson.Get(out, "Rows.#").Int() || gjson.Get(sent, "Rows.0.UnitPrice").Raw != gjson.Get(out, "Rows.0.UnitPrice").Raw {
		t.Errorf("sent is %s, the result %s", sent, out)
	}
	// Every mapping to a system leads to a request.
	for _, m := range gjson.Get(c.get("GET", "/mappings", nil), "mappings").Array() {
		if name := m.Get("name").Str; strings.HasSuffix(name, ".write.yaml") && m.Get("samples.#").Int() > 0 {
			job := c.sampleJob(name)
			w := c.send("POST", "/request", job)
			switch {
			case w.Code == 422 && job["mode"] == "update" && gjson.Get(w.Body.String(), "code").Str == "no-target": // the system has no update
			case w.Code != 200:
				t.Errorf("%s: %d %s", name, w.Code, w.Body)
			case gjson.Get(w.Body.String(), "requests.#").Int() == 0 && gjson.Get(w.Body.String(), "refused").Str == "" && gjson.Get(w.Body.String(), "updated").Str == "":
				t.Errorf("%s: nothing is sent, and nothing is said: %s", name, w.Body)
			}
		}
	}
	if got := c.fail(422, "POST", "/request", c.sampleJob("shopware/order.read.yaml")); gjson.Get(got, "code").Str != "no-target" {
		t.Errorf("got %s", got)
	}
}

func TestLinesAreVaried(t *testing.T) {
	c := open(t, nil, auth.Config{})
	paths := map[string]string{
		"shopware/order.read.yaml": "lineItems", "magento/order.read.yaml": "items", "ecwid/order.read.yaml": "items",
		"eaccounting/invoiceDraft.write.yaml": "lines", "ccvshop/order.read.yaml": "orderrows.collection",
	}
	for name, path := range paths {
		body := c.sampleJob(name)
		rows := map[string]int{}
		for _, lines := range []string{"none", "one", "many"} {
			body["lines"] = lines
			got := c.get("POST", "/sample/lines", body)
			if p := gjson.Get(got, "path").Str; p != path {
				t.Errorf("%s: the lines are %s, want %s", name, p, path)
				continue
			}
			if n := gjson.Get(gjson.Get(got, "document").Str, path+".#").Int(); n != gjson.Get(got, "lines").Int() {
				t.Errorf("%s, %s: %d elements, and it says %s", name, lines, n, gjson.Get(got, "lines"))
			}
			job := c.sampleJob(name)
			job["document"] = gjson.Get(got, "document").Str
			out := gjson.Get(c.get("POST", "/preview", job), "output").Str
			rows[lines] = int(gjson.Get(out, "lines.#").Int() + gjson.Get(out, "Rows.#").Int())
		}
		if rows["many"] <= rows["one"] || rows["one"] < rows["none"] {
			t.Errorf("%s: %v rows come out", name, rows)
		}
	}
	// Every other byte stays.
	text := "from: any\nto: any\nrules:\n  rows[]: {each: doc.a.list, as: x}\n  rows[].n: x.n\n"
	vary := func(document, lines string) string {
		return gjson.Get(c.get("POST", "/sample/lines", object{"mapping": mapping("m.yaml", text), "document": document, "lines": lines}), "document").Str
	}
	const doc = "{ \"n\": 1.0,\n \"a\": {\"list\": [\n  {\"n\": 1e2}\n ], \"b\": [1]}}"
	if got := vary(doc, "many"); got != "{ \"n\": 1.0,\n \"a\": {\"list\": [\n  {\"n\": 1e2},\n  {\"n\": 1e2},\n  {\"n\": 1e2}\n ], \"b\": [1]}}" {
		t.Errorf("got %s", got)
	}
	if got := vary(doc, "none"); got != "{ \"n\": 1.0,\n \"a\": {\"list\": [], \"b\": [1]}}" {
		t.Errorf("got %s", got)
	}
	c.fail(422, "POST", "/sample/lines", object{"mapping": mapping("m.yaml", plain), "document": "{}", "lines": "one"})
	c.fail(400, "POST", "/sample/lines", object{"mapping": mapping("m.yaml", text), "document": doc, "lines": "lots"})
}

func TestScriptsAsTheyAreWritten(t *testing.T) {
	h := host.New(scripting.Options{})
	t.Cleanup(h.Close)
	c := open(t, map[string]string{"crosswalk.yaml": "connections: {}\n", "scripts/a.ts": "export const twice = (n: any) => n.mul(2);\n"}, auth.Config{},
		func(o *api.Options, _ string) { o.Scripts, o.Reader = h, host.Reader{} })
	m := mapping("mappings/m.yaml", "from: any\nto: any\nscripts: [../scripts/a.ts]\nrules:\n  n: twice(doc.n)\n")
	preview := func() string { return c.get("POST", "/preview", object{"mapping": m, "document": `{"n": 1.50}`}) }
	if got := gjson.Get(preview(), "output").Str; got != `{"n":3.00}` && got != `{"n":3.0}` && got != `{"n":3}` {
		t.Errorf("got %s", got)
	}
	m["scripts"] = object{"scripts/a.ts": "export function twice(n: any) {\n  log.info('given', {n});\n  return n.mul(3);\n}\n"}
	got := preview()
	if out := gjson.Get(got, "output").Str; !strings.HasPrefix(out, `{"n":4.5`) {
		t.Errorf("the text that is not saved gives %s", out)
	}
	if line := gjson.Get(got, "console.0"); line.Get("message").Str != "given" || line.Get("level").Str != "info" || gjson.Get(line.Get("data").Str, "n").Raw != "1.50" {
		t.Errorf("logged is %s", line)
	}
	m["scripts"] = object{"scripts/a.ts": "export function twice(n: any) {\n  throw new Error('no');\n}\n"}
	if at := gjson.Get(preview(), "diagnostics.0.script"); at.Get("file").Str != "scripts/a.ts" || at.Get("line").Int() != 2 {
		t.Errorf("it failed at %s", at)
	}
	m["scripts"] = object{"scripts/a.ts": "export const twice = (\n"}
	if found := gjson.Get(preview(), "mapping.inherited.0.pos"); found.Get("file").Str != "scripts/a.ts" {
		t.Errorf("it cannot be read at %s", found)
	}
	check := c.get("POST", "/scripts/check", object{"path": "scripts/a.ts", "text": "export const a = 1 +;\n"})
	if gjson.Get(check, "diagnostics.0.pos.line").Int() != 1 {
		t.Errorf("got %s", check)
	}
	check = c.get("POST", "/scripts/check", object{"path": "scripts/a.ts", "text": "export const a = (x: string, y = 1) => x;\n"})
	if f := gjson.Get(check, "functions.0").Str; f != "a(x, y)" {
		t.Errorf("got %s", check)
	}
	complete := func(line string) string {
		text := "// é\nexport function f(order: Order) {\n" + line
		got := c.get("POST", "/scripts/complete", object{"text": text, "line": 3, "column": len(line) + 1})
		return gjson.Get(got, "completions.#.label").Raw
	}
	for line, want := range map[string]string{"order.lines[0].q": `"quantity"`, "order.lines.map((l) => l.quantity.": `"round"`, "cw.": `"street"`, "Shopware.": `"Order"`} {
		if got := complete(line); !strings.Contains(got, want) {
			t.Errorf("%s: %s", line, got)
		}
	}
	c.fail(400, "POST", "/scripts/complete", object{"text": "", "line": 0, "column": 1})
	c.fail(400, "POST", "/scripts/check", object{"path": "../a.ts", "text": ""})
	c.fail(400, "POST", "/scripts/check", object{"path": "mappings/a.yaml", "text": ""})
}

// TestScriptsTakeARole holds that a viewer runs what is saved and nothing else, by no route.
func TestScriptsTakeARole(t *testing.T) {
	c, tokens := guarded(t)
	c.token = tokens[auth.Viewer]
	m := mapping("mappings/m.yaml", plain)
	c.get("POST", "/preview", object{"mapping": m, "document": "{}"})
	m["scripts"] = object{"scripts/a.ts": ""}
	job := object{"mapping": m, "document": "{}"}
	for _, route := range []string{"/preview", "/preview/lines", "/unread", "/request", "/sample/generated"} {
		c.fail(403, "POST", route, job)
	}
	c.fail(403, "POST", "/explain", object{"mapping": m, "document": "{}", "about": object{}})
	c.fail(403, "POST", "/sample/lines", object{"mapping": m, "document": "{}", "lines": "one"})
	c.fail(403, "POST", "/check", object{"mapping": m})
	c.fail(403, "POST", "/tests/run", object{"mapping": m})
	for _, route := range []string{"/complete", "/hover", "/definition"} {
		c.fail(403, "POST", route, object{"mapping": m, "line": 1, "column": 1})
	}
}
