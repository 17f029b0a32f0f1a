package api_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/server/auth"
)

const plain = "from: any\nto: any\nrules:\n  total: doc.total\n  id: doc.id\n  gone: doc.gone\n"

func TestPreviewIsExact(t *testing.T) {
	c := open(t, nil, auth.Config{})
	got := c.get("POST", "/preview", object{"mapping": mapping("m.yaml", plain), "document": `{"total": 19.10, "id": 9007199254740993, "x": 1e400}`})
	if out := gjson.Get(got, "output").Str; out != `{"total":19.10,"id":9007199254740993}` {
		t.Errorf("the output is %s", out)
	}
	if shown := gjson.Get(got, "shown").Str; shown != "{\n  \"total\": 19.10,\n  \"id\": 9007199254740993\n}" {
		t.Errorf("it is shown as %s", shown)
	}
	if rules := gjson.Get(got, "mapping.rules").Int(); rules != 3 {
		t.Errorf("it counts %d rules", rules)
	}
}

func TestPreviewOfMistakes(t *testing.T) {
	c := open(t, nil, auth.Config{})
	tests := []struct {
		name, mapping, document string
		path, want              string // of the answer
	}{
		{"a misspelt field, with its fix", "from: shopware.order\nto: order\nrules:\n  number: ordrNumber\n", "{}", "mapping.diagnostics.0.fix.newText", "orderNumber"},
		{"and its column", "from: shopware.order\nto: order\nrules:\n  number: ordrNumber\n", "{}", "mapping.diagnostics.0.pos.column", "11"},
		{"no YAML", "from: [", "{}", "mapping.diagnostics.0.code", "CW1002"},
		{"a document that is no JSON", plain, "{", "diagnostics.0.severity", "error"},
		{"a rule that fails", "from: any\nto: any\nrules:\n  a: {expr: doc.a, required: true}\n", "{}", "diagnostics.0.target", "a"},
		{"no document", plain, " ", "output", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c.t = t
			got := c.get("POST", "/preview", object{"mapping": mapping("m.yaml", test.mapping), "document": test.document})
			if v := gjson.Get(got, test.path).String(); v != test.want {
				t.Errorf("%s is %q, want %q in %s", test.path, v, test.want, got)
			}
			if out := gjson.Get(got, "output"); out.Type != gjson.Null {
				t.Errorf("there is an output: %s", out)
			}
		})
	}
}

func TestPreviewInput(t *testing.T) {
	c := open(t, nil, auth.Config{})
	text := "from: any\nto: any\nsettings:\n  timeZone: {type: string, default: UTC}\nrules:\n  zone: settings.timeZone\n  now: now\n  new: {expr: '\"yes\"', write: create}\n  t: tables.t.a\n  s: source.x\n  l: links.id\n" +
		"tables:\n  t: {a: file}\n"
	send := func(more object) string {
		body := object{"mapping": mapping("m.yaml", text), "document": "{}"}
		for k, v := range more {
			body[k] = v
		}
		return gjson.Get(c.get("POST", "/preview", body), "output").Str
	}
	if got := send(nil); got != `{"zone":"UTC","now":"2026-11-21T12:00:00Z","new":"yes","t":"file"}` {
		t.Errorf("got %s", got)
	}
	got := send(object{"mode": "update", "timeZone": "Europe/Amsterdam", "now": "2026-01-02T03:04:05Z", "tables": `{"t":{"a":"flow"}}`, "source": `{"x":1.50}`, "links": `{"id":"7"}`})
	if got != `{"zone":"Europe/Amsterdam","now":"2026-01-02T03:04:05Z","t":"flow","s":1.50,"l":"7"}` {
		t.Errorf("got %s", got)
	}
	base := func(key string, v any) object {
		return object{"mapping": mapping("m.yaml", text), "document": "{}", key: v}
	}
	c.fail(422, "POST", "/preview", base("settings", "[1]"))
	c.fail(422, "POST", "/preview", base("timeZone", "Mars/Olympus"))
	c.fail(400, "POST", "/preview", base("mode", "delete"))
	c.fail(400, "POST", "/preview", base("now", "noon"))
	c.fail(400, "POST", "/preview", base("unknown", "x"))
	c.fail(400, "POST", "/preview", object{"mapping": mapping("../m.yaml", text), "document": "{}"})
	c.fail(400, "POST", "/preview", object{"mapping": mapping("m.txt", text), "document": "{}"})
}

func TestPreviewLines(t *testing.T) {
	c := open(t, nil, auth.Config{})
	body := object{"mapping": mapping("m.yaml", plain), "document": "{\"id\": 1.0}\n\n{broken\n{\"id\": 2}"}
	got := c.get("POST", "/preview/lines", body)
	if gjson.Get(got, "mapped").Int() != 2 || gjson.Get(got, "failed").Int() != 1 {
		t.Errorf("got %s", got)
	}
	if rows := gjson.Get(got, "lines.#.line").Raw; rows != "[1,3,4]" {
		t.Errorf("the rows are of lines %s", rows)
	}
	if out := gjson.Get(got, "lines.0.output").Str; out != `{"id":1.0}` {
		t.Errorf("the first is %s", out)
	}
}

func TestExplainBothWays(t *testing.T) {
	c := open(t, nil, auth.Config{})
	const text = "from: any\nto: any\nlet:\n  who: doc.customer\nrules:\n  name: upper(who.name)\n  mail: doc.customer.mail\n  phone: doc.customer.phone\n  sum:\n    when:\n      - {if: doc.total > 10, expr: doc.total}\n"
	ask := func(about object) string {
		return c.get("POST", "/explain", object{"mapping": mapping("m.yaml", text), "document": `{"customer": {"name": "Ann", "mail": "a@example.com"}, "total": 19.10}`, "about": about})
	}
	tests := []struct {
		name   string
		about  object
		fields string
		absent string
	}{
		{"a field", object{"field": "name"}, `["name"]`, `[]`},
		{"an absent field", object{"field": "phone"}, `[]`, `["phone"]`},
		{"a source field", object{"source": "customer.mail"}, `["mail"]`, `[]`},
		{"a source field by way of a let", object{"source": "customer.name"}, `["name"]`, `[]`},
		{"a source object", object{"source": "customer"}, `["name","mail"]`, `["phone"]`},
		{"a source field that nothing reads", object{"source": "total.x"}, `[]`, `[]`},
		{"a rule", object{"line": 7}, `["mail"]`, `[]`},
		{"the inside of a rule", object{"line": 11}, `["sum"]`, `[]`},
		{"a let", object{"line": 4}, `["name"]`, `[]`},
		{"nothing: what is absent", object{}, `[]`, `["phone"]`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c.t = t
			got := ask(test.about)
			if fields := gjson.Get(got, "fields.#.path").Raw; fields != test.fields {
				t.Errorf("fields: %s, want %s", fields, test.fields)
			}
			if absent := gjson.Get(got, "absent.#.path").Raw; absent != test.absent {
				t.Errorf("absent: %s, want %s", absent, test.absent)
			}
		})
	}
	c.t = t
	if v := gjson.Get(ask(object{"field": "sum"}), "fields.0.value"); v.Type != gjson.String || v.Str != "19.10" {
		t.Errorf("a value is no text: %s", v.Raw)
	}
	got := c.fail(422, "POST", "/explain", object{"mapping": mapping("m.yaml", "rules: ["), "document": "{}", "about": object{}})
	if gjson.Get(got, "diagnostics.#").Int() == 0 {
		t.Errorf("a mapping with errors is refused without them: %s", got)
	}
}

func TestUnread(t *testing.T) {
	c := open(t, nil, auth.Config{})
	got := c.get("POST", "/unread", object{"mapping": mapping("m.yaml", plain), "document": `{"total": 1, "other": {"deep": 2}}`})
	if v := gjson.Get(got, "unread").Raw; v != `["other.deep"]` {
		t.Errorf("unread: %s", v)
	}
	c.fail(422, "POST", "/unread", object{"mapping": mapping("m.yaml", plain), "document": `{`})
}

func TestEditorQuestions(t *testing.T) {
	c := open(t, nil, auth.Config{})
	const text = "from: shopware.order\nto: order\nrules:\n  number: orderN\n  currency: lower(currency.isoCode)\n"
	at := func(line, column int) object {
		return object{"mapping": mapping("shopware/order.read.yaml", text), "line": line, "column": column}
	}
	got := c.get("POST", "/complete", at(4, 17))
	if !strings.Contains(gjson.Get(got, "completions.#.label").Raw, `"orderNumber"`) {
		t.Errorf("completions: %.300s", got)
	}
	// The tests beside the mapping give the sample value.
	if docs := gjson.Get(got, `completions.#(label=="orderNumber").documentation`).Str; !strings.Contains(docs, "10001") {
		t.Errorf("orderNumber has no example: %q", docs)
	}
	given := at(4, 17)
	given["document"] = `{"orderNumber": "77.70"}`
	if docs := gjson.Get(c.get("POST", "/complete", given), `completions.#(label=="orderNumber").documentation`).Str; !strings.Contains(docs, "77.70") {
		t.Errorf("the value is not of the document at hand: %q", docs)
	}
	if got := gjson.Get(c.get("POST", "/hover", at(5, 15)), "hover.markdown").Str; !strings.Contains(got, "lower(") {
		t.Errorf("hover: %q", got)
	}
	if got := c.get("POST", "/hover", at(1, 1)); !gjson.Valid(got) {
		t.Errorf("hover: %q", got)
	}
	overlay := object{"mapping": mapping("mappings/my.yaml", "extends: eaccounting/invoiceDraft.write\nrules:\n  YourReference: number\n"), "line": 3, "column": 5}
	got = c.get("POST", "/definition", overlay)
	if file := gjson.Get(got, "definition.pos.file").Str; !strings.HasPrefix(file, "eaccounting/") || !gjson.Get(got, "definition.library").Bool() {
		t.Errorf("the inherited rule is at %s", got)
	}
	if got := gjson.Get(c.get("POST", "/format", object{"text": "from:   any\nrules: {a:   b}\n"}), "text").Str; got != "from: any\nrules: {a: b}\n" {
		t.Errorf("formatted: %q", got)
	}
	if got := gjson.Get(c.get("POST", "/format", object{"text": "a: ["}), "diagnostics.0.code").Str; got != "CW1002" {
		t.Errorf("what cannot be read has the code %q", got)
	}
	if got := gjson.Get(c.get("POST", "/check", object{"mapping": mapping("m.yaml", text)}), "diagnostics.0.code").Str; got != "CW1012" {
		t.Errorf("checked: %q", got)
	}
	c.fail(400, "POST", "/hover", at(0, 1))
}

func TestStepBetween(t *testing.T) {
	c := open(t, map[string]string{"mappings/first.yaml": "from: any\nto: any\nrules:\n  total: doc.raw.sum\n"}, auth.Config{})
	second := mapping("mappings/second.yaml", "from: any\nto: any\nrules:\n  t: doc.total\n  raw: source.raw.id\n  not: doc.raw\n")
	body := object{"mapping": second, "document": `{"raw": {"sum": 19.10, "id": 1.0}}`, "before": "mappings/first.yaml"}
	got := c.get("POST", "/preview", body)
	if out := gjson.Get(got, "output").Str; out != `{"t":19.10,"raw":1.0}` {
		t.Errorf("the output is %s", out)
	}
	if between := gjson.Get(got, "between").Str; between != "{\n  \"total\": 19.10\n}" {
		t.Errorf("between is %s", between)
	}
	body["about"] = object{"field": "raw"}
	if from := gjson.Get(c.get("POST", "/explain", body), "fields.0.copiedFrom").Str; from != "source.raw.id" {
		t.Errorf("raw comes from %q", from)
	}
	delete(body, "about")
	c.get("POST", "/preview/lines", body)
	body["before"] = "mappings/none.yaml"
	c.fail(404, "POST", "/preview", body)
	body["before"] = "../first.yaml"
	c.fail(400, "POST", "/preview", body)
	body["before"] = "shopware/order.read.yaml"
	body["document"] = `{"stateMachineState": {"technicalName": "unheard-of"}}`
	if code := gjson.Get(c.get("POST", "/preview", body), "diagnostics.0.pos.file").Str; code != "shopware/order.read.yaml" {
		t.Errorf("the failure of the step before is of %q", code)
	}
}
