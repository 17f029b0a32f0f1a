package api_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/server/auth"
)

// A key that documents brought and no table has is counted, added with a value to the flow's file, and gone from the list.
func TestTables(t *testing.T) {
	c, _ := withFlows(t, auth.Config{})
	const route, terms = "/flows/" + ordersFlow + "/tables", `tables.#(name=="paymentTerms")`
	got := c.get("GET", route, nil)
	if n := gjson.Get(got, terms+`.missing.#(keys.0=="invoice").count`).Int(); n == 0 || gjson.Get(got, terms+".own").Bool() {
		t.Fatalf("the terms are %s", gjson.Get(got, terms))
	}
	if v := gjson.Get(got, `tables.#(name=="shippingArticles").entries.#(keys.0=="21").value`).Str; v != `"SHIP-21"` {
		t.Errorf("shippingArticles has %q for 21", v)
	}
	tag := `"` + gjson.Get(got, "tag").Str + `"`
	entry := object{"table": "paymentTerms", "keys": []string{"invoice"}, "value": `"30 days"`}
	c.fail(428, "POST", route, entry)
	c.fail(428, "POST", route, entry, "If-None-Match", "*")
	if got := c.fail(412, "POST", route, entry, "If-Match", `"another"`); gjson.Get(got, "code").Str != "changed" {
		t.Errorf("another text: %s", got)
	}
	for _, wrong := range []object{
		{"table": "paymentTerms", "keys": []string{}, "value": `1`}, {"table": "paymentTerms", "keys": []string{""}, "value": `1`},
		{"table": "paymentTerms", "keys": []string{"x"}, "value": `30 days`}, {"table": "paymentTerms", "keys": []string{"x"}, "value": `null`},
	} {
		c.fail(400, "POST", route, wrong, "If-Match", tag)
	}
	c.fail(404, "POST", route, object{"table": "none", "keys": []string{"x"}, "value": "1"}, "If-Match", tag)
	c.fail(404, "POST", "/flows/none/tables", entry, "If-Match", tag)
	done := c.get("POST", route, entry, "If-Match", tag)
	text, err := os.ReadFile(filepath.Join(c.dir, filepath.FromSlash(gjson.Get(done, "path").Str)))
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(text), "  paymentTerms:\n    invoice: \"30 days\"\n") || !strings.Contains(string(text), "feeArticles: {0: DISC-0}\n") {
		t.Errorf("the flow's file is\n%s", text)
	}
	tag = `"` + gjson.Get(done, "tag").Str + `"`
	if got := c.fail(409, "POST", route, entry, "If-Match", tag); gjson.Get(got, "code").Str != "exists" {
		t.Errorf("the same again: %s", got)
	}
	got = c.get("GET", route, nil)
	if gjson.Get(got, terms+`.missing.#(keys.0=="invoice")`).Exists() || !gjson.Get(got, terms+".own").Bool() || `"`+gjson.Get(got, "tag").Str+`"` != tag {
		t.Errorf("after it, the terms are %s", gjson.Get(got, terms))
	}
	if log := c.log.String(); !strings.Contains(log, `msg="file written" user=local file=flows/webshop-orders.yaml`) || strings.Contains(log, "30 days") {
		t.Errorf("the audit log says\n%s", log)
	}
}
