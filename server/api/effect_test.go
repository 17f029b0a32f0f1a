package api_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/server/auth"
)

// A mapping's text is held to the documents that crossed, before it is saved.
func TestMappingEffect(t *testing.T) {
	c, _ := withFlows(t, auth.Config{})
	const route = "/flows/" + ordersFlow + "/mapping-effect"
	over := func(rules string) object {
		return object{"mapping": mapping("mappings/order.yaml", "extends: shopware/order.read\nrules:\n  "+rules+"\n")}
	}
	same := c.get("POST", route, over("number: orderNumber"))
	if n := gjson.Get(same, "documents").Int(); n < 5 || gjson.Get(same, "changed").Int() != 0 || gjson.Get(same, "fields.#").Int() != 0 {
		t.Errorf("the same rules change %s", same)
	}
	got := c.get("POST", route, over(`number: '"W-" + orderNumber'`))
	if n := gjson.Get(got, "documents").Int(); gjson.Get(got, "changed").Int() != n || gjson.Get(got, "fields.#").Int() != 1 || gjson.Get(got, "fields.0.count").Int() != n {
		t.Errorf("another number changes %s", got)
	}
	if x := gjson.Get(got, "fields.0.examples.#").Int(); x != 3 {
		t.Errorf("there are %d examples", x)
	}
	x := gjson.Get(got, "fields.0.examples.0")
	if from := x.Get("from").Str; x.Get("path").Str != "number" || x.Get("to").Str != `"W-`+strings.Trim(from, `"`)+`"` {
		t.Errorf("an example is %s", x)
	}
	broken := c.get("POST", route, object{"mapping": over(`number: 'fail("no")'`)["mapping"], "last": 2})
	if gjson.Get(broken, "broken").Int() != 2 || gjson.Get(broken, "refusals.#").Int() != 2 {
		t.Errorf("a mapping that fails: %s", broken)
	}
	write := c.get("POST", route, object{"mapping": mapping("mappings/draft.yaml", "extends: eaccounting/invoiceDraft.write\nrules: {YourReference: '\"R\"'}\n")})
	if gjson.Get(write, "fields.0.path").Str != "YourReference" || gjson.Get(write, "changed").Int() == 0 {
		t.Errorf("a write mapping: %s", write)
	}
	c.fail(422, "POST", route, over("number: orderNumbr"))
	if got := c.fail(422, "POST", route, object{"mapping": mapping("mappings/x.yaml", "from: any\nto: any\nrules: {a: b}\n")}); gjson.Get(got, "code").Str != "other-mapping" {
		t.Errorf("another kind of mapping: %s", got)
	}
	c.fail(400, "POST", route, object{"mapping": over("number: orderNumber")["mapping"], "last": 1000})
	c.fail(404, "POST", "/flows/none/mapping-effect", over("number: orderNumber"))
}
