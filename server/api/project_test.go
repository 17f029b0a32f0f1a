package api_test

import (
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/server/auth"
)

func TestSamples(t *testing.T) {
	c := open(t, nil, auth.Config{})
	got := c.get("GET", "/samples", nil)
	from := map[string]bool{}
	gjson.Get(got, "samples").ForEach(func(_, s gjson.Result) bool {
		from[s.Get("from").Str] = true
		return true
	})
	for _, want := range []string{"shopware.order", "shopware.customer", "shopware.product", "magento.order", "order", "customer", "product"} {
		if !from[want] {
			t.Errorf("no sample of %s", want)
		}
	}
	// Every sample opens and maps.
	seen := map[string]bool{}
	gjson.Get(got, "samples").ForEach(func(_, s gjson.Result) bool {
		name := s.Get("mapping").Str
		if seen[name] {
			return true
		}
		seen[name] = true
		doc := c.get("GET", "/sample?mapping="+name+"&name="+queryEscape(s.Get("name").Str), nil)
		body := object{"mapping": mapping(name, library(t, name))}
		for _, key := range []string{"document", "mode", "source", "settings", "tables", "links", "current", "now"} {
			if v := gjson.Get(doc, key); v.Exists() {
				body[key] = v.Str
			}
		}
		if out := gjson.Get(c.get("POST", "/preview", body), "output"); out.Type != gjson.String {
			t.Errorf("the sample %s of %s does not map", s.Get("name"), name)
		}
		return true
	})
	c.fail(404, "GET", "/sample?mapping=shopware/order.read.yaml&name=none", nil)
	c.fail(404, "GET", "/sample?mapping=none.yaml", nil)
	if got := c.get("GET", "/library/shopware/order.read.yaml", nil); gjson.Get(got, "text").Str != library(t, "shopware/order.read.yaml") {
		t.Error("a file of the library is another one")
	}
	c.fail(404, "GET", "/library/none.yaml", nil)
	if n := gjson.Get(c.get("GET", "/systems", nil), "systems.#").Int(); n < 3 {
		t.Errorf("there are %d systems", n)
	}
}

func TestGeneratedSampleTellsNothing(t *testing.T) {
	c := open(t, nil, auth.Config{})
	document := `{"orderNumber": "10001", "orderCustomer": {"email": "Sanne@Example.nl", "firstName": "Sanne", "company": null},
		"again": "Sanne", "amountTotal": 81.65, "type": "product", "at": "2025-03-04T10:11:12.345+00:00", "day": "2025-03-05", "midnight": "2025-03-06T00:00:00.000+02:00",
		"country": "NL", "url": "https://shop.example/sanne", "note": "2025-03-07 Sanne rang", "login": "sanne_de_vries", "large": 8.165E3,
		"script": "\u0660\u0666\u0660 \u5c71\u7530", "by": {"sanne@example.nl": 1, "10001": "x", "Sanne de Vries": 2, "taxRate": 3}}`
	whole := object{"mapping": mapping("m.yaml", "from: any\nto: any\nrules:\n  a: if doc.type == \"product\" {1} else {2}\n"), "document": document}
	got := gjson.Get(c.get("POST", "/sample/generated", whole), "document").Str
	for _, secret := range []string{"Sanne", "sanne", "81.65", "2025-03", "10001", "shop.example", "12.345", "8.165", "rang", "Vries", "vries", "\u0666", "\u5c71"} {
		if strings.Contains(got, secret) {
			t.Errorf("%q is still there:\n%s", secret, got)
		}
	}
	for path, want := range map[string]string{"type": "product", "country": "NL", "orderCustomer.company": "", "day": "2026-01-15", "midnight": "2026-01-15T00:00:00.000+02:00"} {
		if v := gjson.Get(got, path).String(); v != want {
			t.Errorf("%s is %q, want %q", path, v, want)
		}
	}
	if at, err := time.Parse(time.RFC3339, gjson.Get(got, "at").Str); err != nil || at.Day() != 15 {
		t.Errorf("the instant has become none: %s, %v", gjson.Get(got, "at"), err)
	}
	if first := gjson.Get(got, "orderCustomer.firstName").Str; first != gjson.Get(got, "again").Str || len(first) != 5 {
		t.Errorf("one name has become two:\n%s", got)
	}
	if total := gjson.Get(got, "amountTotal"); total.Type != gjson.Number || len(total.Raw) != 5 {
		t.Errorf("the total is %s", total.Raw)
	}
	if !gjson.Valid(got) || !gjson.Get(got, "by.taxRate").Exists() {
		t.Errorf("the shape has changed:\n%s", got)
	}

	whole["document"], whole["lines"] = `{"n": "Sanne"}`+"\n\n"+`{"n": "Joris"}`, true
	if got := gjson.Get(c.get("POST", "/sample/generated", whole), "document").Str; strings.Count(got, "\n") != 3 || strings.Contains(got, "Sanne") || strings.Contains(got, "Joris") {
		t.Errorf("the lines are %q", got)
	}
	whole["document"] = "{}\n{broken"
	if got := c.fail(422, "POST", "/sample/generated", whole); !strings.Contains(got, "Line 2 ") {
		t.Errorf("a broken line: %s", got)
	}
}

// TestGeneratedIsAnother holds that no value becomes itself by chance, not even one with a single digit to change.
func TestGeneratedIsAnother(t *testing.T) {
	c := open(t, nil, auth.Config{})
	var document []string
	for i := 2; i < 10; i++ {
		for zeros := range 40 {
			document = append(document, fmt.Sprintf(`"%d%s"`, i, strings.Repeat("0", zeros+4)), fmt.Sprintf(`"%c%s"`, 'a'+i, strings.Repeat("-", zeros)))
		}
	}
	whole := object{"mapping": mapping("m.yaml", plain), "document": "[" + strings.Join(document, ",") + "]"}
	got := gjson.Parse(gjson.Get(c.get("POST", "/sample/generated", whole), "document").Str).Array()
	for i, was := range document {
		if got[i].Raw == was {
			t.Errorf("%s stays", was)
		}
	}
}

// TestGeneratedLinksFit holds that what is known by a value is known by what became of it.
func TestGeneratedLinksFit(t *testing.T) {
	c := open(t, nil, auth.Config{})
	answer := c.get("POST", "/sample/generated", object{"mapping": mapping("m.yaml", plain), "document": `{"sku": "NK-SCREW", "id": 4711, "fee": "FEE-21"}`,
		"tables": `{"fees": {"21": "FEE-21"}}`, "links": `{"products": {"NK-SCREW": {"id": "4711"}, "FEE-21": {"id": "x9"}}}`})
	document, links := gjson.Get(answer, "document").Str, gjson.Get(answer, "links").Str
	sku := gjson.Get(document, "sku").Str
	if sku == "NK-SCREW" || gjson.Get(links, "products."+sku+".id").Str != gjson.Get(document, "id").Raw || !gjson.Get(links, "products.FEE-21").Exists() {
		t.Errorf("the document %s and the links %s do not fit", document, links)
	}
}

// TestGeneratedSampleMaps holds that what is given away takes the ways of the true document, also through the mapping before.
func TestGeneratedSampleMaps(t *testing.T) {
	c := open(t, nil, auth.Config{})
	sample := c.get("GET", "/sample?mapping=shopware/order.read.yaml", nil)
	// The tables and the literals that decide stand in what is extended.
	overlay := mapping("o.yaml", "extends: shopware/order.read\nrules:\n  note: '\"\"'\n")
	plain := object{"mapping": overlay, "document": gjson.Get(sample, "document").Str}
	given := gjson.Get(c.get("POST", "/sample/generated", plain), "document").Str
	mapped := gjson.Get(c.get("POST", "/preview", object{"mapping": overlay, "document": given}), "output").Str
	if status := gjson.Get(mapped, "paymentStatus").Str; status != "partially_refunded" {
		t.Errorf("with an overlay it makes the payment status %q of %.300s", status, given)
	}
	write := mapping("m.yaml", "from: order\nto: any\nrules:\n  status: paymentStatus\n  gross: pricesIncludeTax\n")
	body := object{"mapping": write, "before": "shopware/order.read.yaml", "document": gjson.Get(sample, "document").Str}
	result := func(document string) string {
		answer := c.get("POST", "/preview", object{"mapping": write, "before": body["before"], "document": document})
		return gjson.Get(answer, "output").Str
	}
	want := result(gjson.Get(sample, "document").Str)
	if got := result(gjson.Get(c.get("POST", "/sample/generated", body), "document").Str); got != want || want == "" {
		t.Errorf("it makes %s, and the document itself %s", got, want)
	}
}

func TestFiles(t *testing.T) {
	c := open(t, map[string]string{"crosswalk.yaml": "connections: {}\n", "mappings/a.yaml": "a", "secrets/key": "s3cret"}, auth.Config{})
	if got := gjson.Get(c.get("GET", "/files", nil), "files.#.path").Raw; got != `["crosswalk.yaml","mappings/a.yaml"]` {
		t.Errorf("the files are %s", got)
	}
	tag := gjson.Get(c.get("GET", "/files/mappings/a.yaml", nil), "tag").Str
	if again := gjson.Get(c.get("GET", "/files/mappings%2Fa.yaml", nil), "tag").Str; again != tag {
		t.Errorf("with an escaped slash it is another file: %q", again)
	}
	c.fail(http.StatusPreconditionRequired, "PUT", "/files/mappings/a.yaml", object{"text": "b"})
	next := gjson.Get(c.get("PUT", "/files/mappings/a.yaml", object{"text": "b"}, "If-Match", `"`+tag+`"`), "tag").Str
	if got := c.fail(http.StatusPreconditionFailed, "PUT", "/files/mappings/a.yaml", object{"text": "c"}, "If-Match", `"`+tag+`"`); gjson.Get(got, "code").Str != "changed" {
		t.Errorf("a conflict says %s", got)
	}
	c.get("PUT", "/files/mappings/a.yaml", object{"text": "d"}, "If-Match", `"`+next+`"`)
	c.get("PUT", "/files/mappings/new/b.yaml", object{"text": "e"}, "If-None-Match", "*")
	c.fail(http.StatusPreconditionFailed, "PUT", "/files/mappings/new/b.yaml", object{"text": "f"}, "If-None-Match", "*")
	for _, name := range []string{"secrets/key", ".env", "none.yaml", "mappings/%2e%2e/%2e%2e/etc.yaml"} {
		c.fail(404, "GET", "/files/"+name, nil)
	}
	c.fail(403, "PUT", "/files/.env", object{"text": "x"}, "If-None-Match", "*")
	if text, err := os.ReadFile(filepath.Join(c.dir, "mappings/a.yaml")); string(text) != "d" {
		t.Errorf("the file holds %q: %v", text, err)
	}
	without := open(t, nil, auth.Config{})
	without.fail(404, "GET", "/files/mappings/a.yaml", nil)
	without.fail(404, "PUT", "/files/mappings/a.yaml", object{"text": "x"}, "If-None-Match", "*")
	if got := without.get("GET", "/files", nil); gjson.Get(got, "project").Bool() {
		t.Errorf("there is a project: %s", got)
	}
}

// TestSavedFilesCount holds that a mapping is compiled again when a file that it extends has changed.
func TestSavedFilesCount(t *testing.T) {
	c := open(t, map[string]string{"mappings/root.yaml": "from: any\nto: any\nrules:\n  a: '\"one\"'\n"}, auth.Config{})
	body := object{"mapping": mapping("mappings/over.yaml", "extends: ./root.yaml\n"), "document": "{}"}
	for _, want := range []string{"one", "three"} {
		if got := gjson.Get(c.get("POST", "/preview", body), "output").Str; got != `{"a":"`+want+`"}` {
			t.Errorf("got %s, want %s", got, want)
		}
		if err := os.WriteFile(filepath.Join(c.dir, "mappings/root.yaml"), []byte("from: any\nto: any\nrules:\n  a: '\"three\"'\n"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

func TestAddCaseAndRun(t *testing.T) {
	c := open(t, map[string]string{"mappings/a.yaml": plain}, auth.Config{})
	m := mapping("mappings/a.yaml", plain)
	if got := c.get("POST", "/tests/run", object{"mapping": m}); gjson.Get(got, "files.#").Int() != 0 {
		t.Errorf("there are tests: %s", got)
	}
	got := c.get("POST", "/tests/cases", object{"mapping": m, "name": "A case: with 19.10", "document": `{"total": 19.10}`})
	if files := gjson.Get(got, "files").Raw; files != `["mappings/testdata/a-case-with-19-10.json","mappings/testdata/a-case-with-19-10.expected.json","mappings/a.test.yaml"]` {
		t.Errorf("it wrote %s", files)
	}
	c.fail(409, "POST", "/tests/cases", object{"mapping": m, "name": "A case: with 19.10", "document": `{"total": 1}`})
	c.fail(409, "POST", "/tests/cases", object{"mapping": m, "name": "a case with 19 10", "document": `{"total": 1}`})
	c.fail(400, "POST", "/tests/cases", object{"mapping": m, "name": " ", "document": `{}`})
	c.fail(422, "POST", "/tests/cases", object{"mapping": m, "name": "broken", "document": `{`})
	got = c.get("POST", "/tests/run", object{"mapping": m})
	if gjson.Get(got, "passed").Int() != 1 || gjson.Get(got, "failed").Int() != 0 {
		t.Errorf("got %s", got)
	}
	// Line 4 is reached, 5 and 6 are not.
	if lines := gjson.Get(got, "lines.#.reached").Raw; lines != "[1,0,0]" {
		t.Errorf("reached: %s", gjson.Get(got, "lines").Raw)
	}
	// The text of the page counts, not the file's.
	changed := strings.Replace(plain, "doc.total", "doc.id", 1)
	got = c.get("POST", "/tests/run", object{"mapping": mapping("mappings/a.yaml", changed)})
	if gjson.Get(got, "failed").Int() != 1 || gjson.Get(got, "files.0.cases.0.diffs.0.why.absent.0.path").Str != "total" {
		t.Errorf("a broken mapping: %s", got)
	}
	// A document that fails is a case too.
	failing := mapping("mappings/f.yaml", "from: any\nto: any\nrules:\n  a: {expr: doc.a, required: true}\n")
	if err := os.WriteFile(filepath.Join(c.dir, "mappings/f.yaml"), []byte(failing["text"].(string)), 0o600); err != nil {
		t.Fatal(err)
	}
	c.get("POST", "/tests/cases", object{"mapping": failing, "name": "without a", "document": `{}`})
	if got := c.get("POST", "/tests/run", object{"mapping": failing}); gjson.Get(got, "passed").Int() != 1 {
		t.Errorf("got %s", got)
	}
}

func TestBuiltInTestsRun(t *testing.T) {
	c := open(t, nil, auth.Config{})
	name := "eaccounting/invoiceDraft.write.yaml"
	got := c.get("POST", "/tests/run", object{"mapping": mapping(name, library(t, name))})
	if gjson.Get(got, "passed").Int() < 3 || gjson.Get(got, "failed").Int() > 0 || gjson.Get(got, "problems").Int() > 0 {
		t.Errorf("got %.500s", got)
	}
	untested := "from: any\nto: any\nrules:\n  a:\n    when:\n      - {if: doc.x == 1, expr: '\"one\"'}\n      - {expr: '\"other\"'}\n"
	tests := "mapping: w.yaml\ncases:\n  - {name: other, input: {x: 2}, expect: {a: other}}\n"
	own := open(t, map[string]string{"crosswalk.yaml": "connections: {}\n", "mappings/w.yaml": untested, "mappings/w.test.yaml": tests}, auth.Config{})
	got = own.get("POST", "/tests/run", object{"mapping": mapping("mappings/w.yaml", untested)})
	if missed := gjson.Get(got, "lines.#.missed|@flatten").Raw; missed != `["case 1: doc.x == 1"]` {
		t.Errorf("no test reaches %s", missed)
	}
	var has bool
	gjson.Get(c.get("GET", "/mappings", nil), "mappings").ForEach(func(_, m gjson.Result) bool {
		has = has || m.Get("name").Str == name && m.Get("library").Bool() && m.Get("to").Str == "eaccounting.invoiceDraft" && m.Get("from").Str == "order"
		return true
	})
	if !has {
		t.Error("the list of mappings lacks it")
	}
}
