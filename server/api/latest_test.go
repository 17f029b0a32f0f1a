package api_test

import (
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/outbound"
)

// TestLatest reads real documents of a sandbox, and plans one against another with a mapping as it is being written.
func TestLatest(t *testing.T) {
	shop, secrets := sandbox(t, "shopware")
	texts, env := books(t)
	texts["crosswalk.yaml"] = strings.Replace(two, "\n# also kept", `  webshop:
    system: shopware
    url: `+shop+`
    credentials: {accessKeyId: "${SHOP_ID}", secretAccessKey: "${SHOP_SECRET}"}

# also kept`, 1)
	env["SHOP_ID"], env["SHOP_SECRET"] = secrets["accessKeyId"], secrets["secretAccessKey"]
	texts["flows/orders.yaml"] = "from: webshop\nto: books\nentity: order\nmappings: {write: mappings/draft.yaml}\nsettings: {orderType: invoiceDraft, missingProduct: ignore, roundingLimit: 0.02}\n" +
		"tables: {shippingArticles: {21: SHIP-21, 9: SHIP-9, 0: SHIP-0}, discountArticles: {21: DISC-21, 9: DISC-9, 0: DISC-0}, feeArticles: {0: DISC-0}}\n"
	const draft = "extends: eaccounting/invoiceDraft.write\nrules:\n  YourReference: {value: saved}\n"
	texts["mappings/draft.yaml"] = draft
	c := open(t, texts, auth.Config{}, withSetup(here, env))
	found := c.get("POST", "/connections/webshop/latest", object{"type": "shopware.order", "limit": 3})
	if n := gjson.Get(found, "documents.#").Int(); n != 3 || gjson.Get(found, "resource").Str != "order" {
		t.Fatalf("%d documents: %.300s", n, found)
	}
	for i, d := range gjson.Get(found, "documents").Array() {
		if gjson.Get(d.Get("document").Str, "orderNumber").Str != d.Get("key").Str {
			t.Errorf("document %d is called %s", i, d.Get("key"))
		}
	}
	// A mapping that reads the canonical document is given those of every system that has some, with the way that they go.
	found = c.get("POST", "/connections/webshop/latest", object{"type": "order", "mapping": "mappings/draft.yaml"})
	for path, want := range map[string]string{"ways.0.flow": "orders", "ways.0.to": "books", "ways.0.uses": "true", "ways.0.read": "shopware/order.read.yaml"} {
		if v := gjson.Get(found, path).String(); v != want {
			t.Errorf("%s is %q, want %q", path, v, want)
		}
	}
	if s := gjson.Get(gjson.Get(found, "ways.0.settings").Str, "roundingLimit").Raw; s != "0.02" {
		t.Errorf("the settings hold %s", s)
	}
	for _, built := range []string{"shopware/order.read.yaml", "eaccounting/invoiceDraft.write.yaml"} {
		if !gjson.Get(c.get("POST", "/connections/webshop/latest", object{"type": "order", "mapping": built}), "ways.0.uses").Bool() {
			t.Errorf("the flow does not use %s", built)
		}
	}
	id := ""
	plan := func(m object) string {
		return c.get("POST", "/flows/orders/plan", object{"id": id, "mapping": m})
	}
	outcomes := map[string]int{}
	for _, d := range gjson.Get(found, "documents").Array() {
		id = d.Get("id").Str
		got := plan(mapping("mappings/draft.yaml", strings.Replace(draft, "saved", "typed", 1)))
		outcomes[gjson.Get(got, "outcome").Str]++
		if gjson.Get(got, "outcome").Str != "created" {
			if gjson.Get(got, "reason").Str == "" {
				t.Errorf("no reason: %s", got)
			}
			continue
		}
		last := gjson.Get(got, "operations.@reverse.0")
		// With the links of the plan, a preview gives what the plan would send.
		job := object{"mapping": mapping("mappings/draft.yaml", strings.Replace(draft, "saved", "typed", 1)), "document": d.Get("document").Str, "before": "shopware/order.read.yaml",
			"settings": gjson.Get(found, "ways.0.settings").Str, "tables": gjson.Get(found, "ways.0.tables").Str, "links": gjson.Get(got, "links").Str}
		out := gjson.Get(c.get("POST", "/preview", job), "output").Str
		if first := gjson.Get(out, "Rows.0.ArticleId").Str; first == "" || first != gjson.Get(last.Get("body").Str, "Rows.0.ArticleId").Str {
			t.Errorf("the preview is %s", out)
		}
		if gjson.Get(last.Get("body").Str, "YourReference").Str != "typed" || last.Get("verb").Str != "create" {
			t.Errorf("the plan is %s", last)
		}
	}
	if outcomes["created"] == 0 {
		t.Errorf("outcomes %v", outcomes)
	}
	// A mistake in the text is told with its place, and nothing but mappings and scripts is taken from the request.
	if got := c.fail(422, "POST", "/flows/orders/plan", object{"id": id, "mapping": mapping("mappings/draft.yaml", "extends: eaccounting/none\n")}); gjson.Get(got, "diagnostics.0.pos.file").Str != "mappings/draft.yaml" {
		t.Errorf("got %s", got)
	}
	for _, file := range []string{"crosswalk.yaml", "flows/orders.yaml"} {
		if got := c.fail(422, "POST", "/flows/orders/plan", object{"id": id, "mapping": mapping(file, "connections: {}\n")}); !strings.Contains(got, "Only mappings and scripts") {
			t.Errorf("%s: %s", file, got)
		}
	}
	c.fail(404, "POST", "/flows/none/plan", object{"id": id, "mapping": mapping("mappings/draft.yaml", draft)})
	c.fail(422, "POST", "/flows/orders/plan", object{"id": strings.Repeat("0", 32), "mapping": mapping("mappings/draft.yaml", draft)})
	c.fail(404, "POST", "/connections/none/latest", object{"type": "order"})
	c.fail(422, "POST", "/connections/books/latest", object{"type": "shopware.order"})
	c.fail(400, "POST", "/connections/webshop/latest", object{"type": "order", "limit": 21})
	// What stands in the way of a call is told in place.
	closed := open(t, texts, auth.Config{}, withSetup(outbound.Policy{}, env))
	if got := closed.fail(422, "POST", "/connections/webshop/latest", object{"type": "order"}); !strings.Contains(got, "may not call") {
		t.Errorf("got %s", got)
	}
	if got := closed.fail(422, "POST", "/flows/orders/plan", object{"id": id, "mapping": mapping("mappings/draft.yaml", draft)}); !strings.Contains(got, "may not call") {
		t.Errorf("got %s", got)
	}
}
