package api_test

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/api"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/files"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

const ordersFlow = "webshop-orders"

// withFlows starts the API over a project whose flow goes from a sandbox shop to sandbox books, and runs the flow once.
func withFlows(t *testing.T, cfg auth.Config) (*client, *flows.Set) {
	t.Helper()
	dir, env := t.TempDir(), map[string]string{}
	for connection, system := range map[string]string{"WEBSHOP": "shopware", "BOOKS": "eaccounting"} {
		for _, s := range all.Systems() {
			if s.Spec.Name != system {
				continue
			}
			box := s.Sandbox(connectors.SandboxOptions{})
			server := httptest.NewServer(box)
			t.Cleanup(server.Close)
			env[connection+"_URL"] = server.URL
			for name, value := range box.Credentials() {
				env[connection+"_"+strings.ToUpper(name)] = value
			}
		}
	}
	for name, text := range map[string]string{
		"crosswalk.yaml": `connections:
  webshop: {system: shopware, url: "${WEBSHOP_URL}", credentials: {accessKeyId: "${WEBSHOP_ACCESSKEYID}", secretAccessKey: "${WEBSHOP_SECRETACCESSKEY}"}}
  books: {system: eaccounting, url: "${BOOKS_URL}", credentials: {clientId: "${BOOKS_CLIENTID}", clientSecret: "${BOOKS_CLIENTSECRET}", refreshToken: "${BOOKS_REFRESHTOKEN}"}}
`,
		"flows/" + ordersFlow + ".yaml": `from: webshop
to: books
entity: order
trigger: {every: 5m}
start: 2026-01-01
where: paymentStatus == "paid" and status != "cancelled"
mappings: {read: mappings/order.yaml}
settings: {orderType: invoiceDraft, customerMatch: [link, email], updateCustomer: false, missingProduct: fail, roundingLimit: 0.02, timeZone: Europe/Amsterdam}
tables:
  shippingArticles: {21: SHIP-21, 9: SHIP-9, 0: SHIP-0}
  discountArticles: {21: DISC-21, 9: DISC-9, 0: DISC-0}
  feeArticles: {0: DISC-0}
`,
		"mappings/order.yaml": "extends: shopware/order.read\nrules: {}\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := project.Load(dir, all.Systems(), project.Env(func(name string) (string, bool) { v, ok := env[name]; return v, ok }))
	if err != nil {
		t.Fatal(err)
	}
	set, err := flows.Open(t.Context(), p, flows.Options{Library: mappings.FS})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := set.Close(context.WithoutCancel(t.Context())); err != nil { // the test's own context has ended by now
			t.Error(err)
		}
	})
	open, err := set.Flow(t.Context(), ordersFlow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Engine.Run(t.Context(), open, runner.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := open.Close(); err != nil {
		t.Fatal(err)
	}
	c := openWith(t, cfg, func(o *api.Options) {
		o.Flows = set
		if o.Folder, err = files.Open(dir); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = o.Folder.Close() })
	})
	c.dir = dir
	return c, set
}

func TestFlows(t *testing.T) {
	c, set := withFlows(t, auth.Config{})
	row := gjson.Get(c.get("GET", "/flows", nil), "flows.0")
	for path, want := range map[string]string{"name": ordersFlow, "from.system": "Shopware 6", "to.connection": "books", "trigger": "every 5 minutes", "state": "waiting", "unsettled": "1", "outcomes.#": "24"} {
		if got := row.Get(path).String(); got != want {
			t.Errorf("%s is %q, want %q", path, got, want)
		}
	}
	account := c.get("GET", "/flows/"+ordersFlow+"/account?since=2026-01-01", nil)
	if line := gjson.Get(account, "line").Str; !strings.HasPrefix(line, "read ") || !gjson.Get(account, "balanced").Bool() {
		t.Errorf("the account is %s", account)
	}
	c.fail(400, "GET", "/flows/"+ordersFlow+"/account?since=yesterday", nil)

	plans := c.get("POST", "/flows/"+ordersFlow+"/dry-run", nil)
	if got := gjson.Get(plans, `plans.#(document=="10007").outcome`).Str; got != "failed" {
		t.Errorf("the dry run says %q of the order that failed: %s", got, plans)
	}
	if e := gjson.Get(c.get("GET", "/flows/"+ordersFlow+"/resync", nil), "documents").Int(); e != 10 {
		t.Errorf("a resync would read %d orders", e)
	}
	c.get("POST", "/flows/"+ordersFlow+"/run", object{})
	c.get("POST", "/flows/"+ordersFlow+"/resync", nil)
	c.get("POST", "/flows/"+ordersFlow+"/pause", nil)
	if got := gjson.Get(c.get("GET", "/flows", nil), "flows.0.state").Str; got != "paused" || !set.Engine.Paused(t.Context(), ordersFlow) {
		t.Errorf("a paused flow is %s", got)
	}
	for _, route := range []string{"run", "resync"} {
		if got := c.fail(409, "POST", "/flows/"+ordersFlow+"/"+route, object{}); gjson.Get(got, "code").Str != "paused" {
			t.Errorf("%s of a paused flow: %s", route, got)
		}
	}
	c.get("POST", "/flows/"+ordersFlow+"/resume", nil)
	if set.Engine.Paused(t.Context(), ordersFlow) {
		t.Error("a resumed flow is paused")
	}
	c.fail(404, "POST", "/flows/none/run", object{})
	c.fail(400, "POST", "/flows/"+ordersFlow+"/run", object{"id": "x"})
	if log := c.log.String(); !strings.Contains(log, `msg="flow paused" user=local flow=webshop-orders`) {
		t.Errorf("the audit log does not tell of the pause:\n%s", log)
	}
}

func TestActivity(t *testing.T) {
	c, _ := withFlows(t, auth.Config{})
	all := c.get("GET", "/activity", nil)
	if n := gjson.Get(all, "entries.#").Int(); n != 10 {
		t.Fatalf("there are %d entries", n)
	}
	page := c.get("GET", "/activity?limit=4", nil)
	last := gjson.Get(page, "entries.3.id").String()
	rest := c.get("GET", "/activity?limit=50&before="+last, nil)
	if n := gjson.Get(rest, "entries.#").Int(); n != 6 || !gjson.Get(page, "more").Bool() || gjson.Get(rest, "more").Bool() {
		t.Errorf("behind a page of 4 there are %d", n)
	}
	failed := gjson.Get(c.get("GET", "/activity?outcome=failed,in_doubt", nil), "entries")
	if failed.Get("#").Int() != 1 || failed.Get("0.document").Str != "10007" || failed.Get("0.help").Str == "" {
		t.Fatalf("what failed is %s", failed)
	}
	if n := gjson.Get(c.get("GET", "/activity?flow="+ordersFlow+"&key=10003", nil), "entries.#").Int(); n != 1 {
		t.Errorf("order 10003 has %d entries", n)
	}
	if n := gjson.Get(c.get("GET", "/activity?until=2020-01-01", nil), "entries.#").Int(); n != 0 {
		t.Errorf("before there was anything, there were %d", n)
	}
	for _, query := range []string{"outcome=sending", "key=10003", "limit=0", "limit=201", "before=x", "since=now", "code=a.b"} {
		c.fail(400, "GET", "/activity?"+query, nil)
	}
	c.fail(404, "GET", "/activity?flow=none", nil)

	id := failed.Get("0.id").String()
	if got := gjson.Get(c.get("GET", "/activity/"+id, nil), "attempts.#").Int(); got != 1 {
		t.Errorf("order 10007 has %d attempts", got)
	}
	docs := c.get("GET", "/activity/"+id+"/documents", nil)
	if source := gjson.Get(docs, "source").Str; gjson.Get(source, "orderNumber").Str != "10007" || !strings.Contains(source, "\n") {
		t.Errorf("the source is %.200s", source)
	}
	if gjson.Get(docs, "exchanges.#").Int() == 0 || gjson.Get(gjson.Get(docs, "canonical").Str, "number").Str != "10007" {
		t.Errorf("the documents are %.300s", docs)
	}
	if got := gjson.Get(c.get("GET", "/activity/"+id+"/explain?field=number", nil), "fields.0.reads.0.path").Str; got != "orderNumber" {
		t.Errorf("number comes of %q", got)
	}
	for _, none := range []string{"999999", "0", "x", "18446744073709551615"} {
		c.fail(404, "GET", "/activity/"+none, nil)
	}
	for side, want := range map[string]string{"read": "mappings/order.yaml", "write": "eaccounting/invoiceDraft.write.yaml"} {
		sample := c.get("GET", "/activity/"+id+"/sample?side="+side, nil)
		if got := gjson.Get(sample, "mapping").Str; got != want || gjson.Get(sample, "library").Bool() != (side == "write") {
			t.Errorf("the %s mapping is %s", side, got)
		}
	}
	if log := c.log.String(); !strings.Contains(log, `msg="documents seen" user=local flow=webshop-orders entry=`+id) {
		t.Errorf("the audit log does not say who saw the documents:\n%s", log)
	}
}

// TestReplay mends the mapping of the order that failed, and sees in the preview that it would go through.
func TestReplay(t *testing.T) {
	c, _ := withFlows(t, auth.Config{})
	open := gjson.Get(c.get("GET", "/unsettled", nil), "unsettled")
	if open.Get("#").Int() != 1 || open.Get("0.next").Str != "replay" || open.Get("0.fix").Str == "" {
		t.Fatalf("what is unsettled is %s", open)
	}
	id := open.Get("0.entry").String()
	if got := c.get("POST", "/activity/"+id+"/replay/preview", nil); !gjson.Get(got, "same").Bool() {
		t.Errorf("unchanged, a replay would differ: %s", got)
	}
	tag := gjson.Get(c.get("GET", "/files/mappings/order.yaml", nil), "tag").Str
	c.get("PUT", "/files/mappings/order.yaml", object{"text": mended}, "If-Match", `"`+tag+`"`)
	got := c.get("POST", "/activity/"+id+"/replay/preview", nil)
	if gjson.Get(got, "now").Str != "created" || gjson.Get(got, "changes.#").Int() == 0 {
		t.Errorf("mended, a replay would be %s", got)
	}
	versions := gjson.Get(c.get("GET", "/activity/"+id, nil), "entry.versions")
	for _, version := range []string{versions.Get("0").Str, versions.Get("1").Str} {
		if got := c.get("POST", "/activity/"+id+"/replay/preview", object{"version": version}); !gjson.Get(got, "same").Bool() {
			t.Errorf("with the version %s, a replay would differ: %s", version, got)
		}
	}
	for _, route := range []string{"/replay", "/replay/preview"} {
		if got := c.fail(404, "POST", "/activity/"+id+route, object{"version": "flow:0000000000000000"}); gjson.Get(got, "code").Str != "no-version" {
			t.Errorf("a version that there is not: %s", got)
		}
		c.fail(400, "POST", "/activity/"+id+route, object{"versoin": "x"})
	}
	c.get("POST", "/activity/"+id+"/replay", object{"version": versions.Get("0").Str})
	c.get("POST", "/activity/"+id+"/replay", nil)

	c.fail(409, "POST", "/unsettled/settle", object{"flow": ordersFlow, "documentId": open.Get("0.documentId").Str, "notMade": true})
	c.fail(404, "POST", "/unsettled/settle", object{"flow": ordersFlow, "documentId": "none", "made": "1"})
	c.fail(400, "POST", "/unsettled/settle", object{"flow": ordersFlow, "documentId": "none"})
	c.fail(400, "POST", "/unsettled/settle", object{"flow": ordersFlow, "documentId": "none", "made": "1", "notMade": true})
}

// mended gives the article that the books do not have the number of one that they have.
const mended = "extends: shopware/order.read\nrules:\n  lines[].sku: '(line.payload.productNumber ?? line.product.productNumber) == \"NK-GIFT-UNKNOWN\" ? \"NK-MUG-350\" : (line.payload.productNumber ?? line.product.productNumber)'\n"

// TestRolesOfFlows holds the routes to who may what.
func TestRolesOfFlows(t *testing.T) {
	cfg, tokens := tokensOfRoles()
	c, _ := withFlows(t, cfg)
	c.token = tokens[auth.Admin]
	id := gjson.Get(c.get("GET", "/activity?outcome=failed", nil), "entries.0.id").String()
	for _, r := range []struct {
		method, path string
		least        auth.Role
	}{
		{"GET", "/flows", auth.Viewer}, {"GET", "/activity", auth.Viewer}, {"GET", "/activity/" + id, auth.Viewer}, {"GET", "/unsettled", auth.Viewer},
		{"GET", "/activity/" + id + "/documents", auth.Editor}, {"GET", "/activity/" + id + "/explain", auth.Editor}, {"GET", "/activity/" + id + "/sample?side=read", auth.Editor},
		{"POST", "/flows/" + ordersFlow + "/run", auth.Operator}, {"POST", "/flows/" + ordersFlow + "/dry-run", auth.Operator}, {"GET", "/flows/" + ordersFlow + "/resync", auth.Operator},
		{"POST", "/flows/" + ordersFlow + "/pause", auth.Operator}, {"POST", "/flows/" + ordersFlow + "/resume", auth.Operator},
		{"POST", "/activity/" + id + "/replay/preview", auth.Operator},
	} {
		allowed := false
		for _, role := range []auth.Role{auth.Viewer, auth.Editor, auth.Operator, auth.Admin} {
			allowed = allowed || role == r.least
			c.token = tokens[role]
			var body any
			if strings.HasSuffix(r.path, "/run") {
				body = object{}
			}
			want := http.StatusForbidden
			if allowed {
				want = http.StatusOK
			}
			if w := c.send(r.method, r.path, body); w.Code != want {
				t.Errorf("%s %s answers a %s with %d instead of %d: %s", r.method, r.path, role, w.Code, want, w.Body)
			}
		}
		c.token = "nobody's"
		c.fail(401, r.method, r.path, nil)
	}
}

// TestEvents follows what a run writes.
func TestEvents(t *testing.T) {
	c, set := withFlows(t, auth.Config{})
	server := httptest.NewServer(c.handler)
	defer server.Close()
	newest := gjson.Get(c.get("GET", "/activity?limit=1", nil), "entries.0.id").Int()
	r, err := http.Get(fmt.Sprintf("%s%s/activity/events?after=%d", server.URL, api.Prefix, newest-1))
	if err != nil {
		t.Fatal(err)
	}
	defer r.Body.Close()
	if got := r.Header.Get("Content-Type"); got != "text/event-stream" {
		t.Fatalf("it comes as %s", got)
	}
	events := bufio.NewScanner(r.Body)
	next := func() gjson.Result {
		for events.Scan() {
			if data, ok := strings.CutPrefix(events.Text(), "data: "); ok {
				return gjson.Parse(data)
			}
		}
		t.Fatalf("the stream ended: %v", events.Err())
		return gjson.Result{}
	}
	if got := next().Get("id").Int(); got != newest {
		t.Errorf("the first event is %d, not %d", got, newest)
	}
	open, err := set.Flow(t.Context(), ordersFlow)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := set.Engine.Run(t.Context(), open, runner.RunOptions{Only: []string{"10007"}}); err != nil {
		t.Fatal(err)
	}
	if err := open.Close(); err != nil {
		t.Error(err)
	}
	if got := next(); got.Get("document").Str != "10007" || got.Get("outcome").Str != "failed" {
		t.Errorf("the event is %s", got)
	}
	c.api.EndStreams()
	for events.Scan() { // until it ends
	}
	c.fail(400, "GET", "/activity/events?after=x", nil)
}

func TestNoFlows(t *testing.T) {
	c := open(t, nil, auth.Config{})
	if n := gjson.Get(c.get("GET", "/flows", nil), "flows.#").Int(); n != 0 {
		t.Errorf("there are %d flows", n)
	}
	c.get("GET", "/activity", nil)
	c.get("GET", "/unsettled", nil)
	for _, route := range []string{"POST /flows/a/run", "GET /activity/1", "GET /activity/events", "GET /flows/a/account"} {
		method, path, _ := strings.Cut(route, " ")
		c.fail(404, method, path, object{})
	}
}
