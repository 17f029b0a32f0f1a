package main

import (
	"bytes"
	"encoding/json"
	"io/fs"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// exampleProject copies the demo's project and starts its sandboxes, which the environment then names.
func exampleProject(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	files, err := fs.Sub(demoProject, "demo")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, files); err != nil {
		t.Fatal(err)
	}
	for connection, system := range map[string]string{"WEBSHOP": "shopware", "BOOKS": "eaccounting"} {
		chosen, err := chooseSystems(systems, []string{system})
		if err != nil {
			t.Fatal(err)
		}
		sandbox := chosen[0].Sandbox(connectors.SandboxOptions{})
		server := httptest.NewServer(sandbox)
		t.Cleanup(server.Close)
		t.Setenv(connection+"_URL", server.URL)
		for name, value := range sandbox.Credentials() {
			t.Setenv(connection+"_"+variableName(name), value)
		}
	}
	return dir
}

// command runs the command line.
func command(args ...string) (code int, stdout, stderr string) {
	var out, errs bytes.Buffer
	code = Main(args, strings.NewReader(""), &out, &errs)
	return code, out.String(), errs.String()
}

// ids takes out what differs from one sandbox to the next.
func ids(text string) string {
	return regexp.MustCompile(`[0-9a-f]{8}-[0-9a-f-]{27}`).ReplaceAllString(text, "<id>")
}

func TestRun(t *testing.T) {
	dir := exampleProject(t)
	code, dry, stderr := command("run", "webshop-orders", "--project", dir, "--dry-run")
	if code != exitFindings || stderr != "" {
		t.Fatalf("dry run: code %d, stderr %s", code, stderr)
	}
	for _, line := range []string{
		"order 10002 -> invoiceDraft\n  . step 1, script scripts/enrich.ts: changed\n      custom: (absent) -> {\"summary\":\"5 pieces in 2 lines\"}\n  + create customer (email ",
		"      OurReference: \"5 pieces in 2 lines\"\n", "  - skip: eaccounting has it as invoiceDraft <id>\n",
		"  ! fail: eaccounting has no article NK-GIFT-UNKNOWN\n    help: create it there", "dry run: read 10 = created 6 + updated 0 + skipped 3 + failed 1 + in doubt 0\n",
	} {
		if !strings.Contains(ids(dry), line) {
			t.Errorf("the dry run does not say %q:\n%s", line, ids(dry))
		}
	}
	code, first, stderr := command("run", "webshop-orders", "--project", dir)
	if code != exitFindings || stderr != "" {
		t.Fatalf("code %d, stderr %s", code, stderr)
	}
	for _, line := range []string{
		"  10002    created  invoiceDraft <id>, with a new customer 1004\n",
		"  10006    skipped  filtered by where: paymentStatus == \"paid\" and status != \"cancelled\" (status open, paymentStatus open, fulfillmentStatus open)\n",
		"  10007    failed   eaccounting has no article NK-GIFT-UNKNOWN\n",
		"read 10 = created 6 + updated 0 + skipped 3 + failed 1 + in doubt 0\n",
	} {
		if !strings.Contains(ids(first), line) {
			t.Errorf("the run does not say %q:\n%s", line, ids(first))
		}
	}
	// The next run, of the file by its path, comes back to the failed order and changes nothing.
	_, second, _ := command("run", filepath.Join(dir, "flows", "webshop-orders.yaml"))
	if strings.Contains(second, "created ") && !strings.Contains(second, "created 0 ") || !strings.Contains(second, "10007    failed") || strings.Contains(second, "  10001 ") {
		t.Errorf("the second run:\n%s", second)
	}
}

func TestRunJSON(t *testing.T) {
	dir := exampleProject(t)
	code, out, stderr := command("run", "webshop-orders", "--project", dir, "--json", "--workers", "4")
	if code != exitFindings || stderr != "" {
		t.Fatalf("code %d, stderr %s", code, stderr)
	}
	lines := strings.Split(strings.TrimSpace(out), "\n")
	outcomes := map[flow.Outcome]int{}
	for _, line := range lines[:len(lines)-1] {
		var r flow.Result
		if err := json.Unmarshal([]byte(line), &r); err != nil {
			t.Fatal(err)
		}
		outcomes[r.Outcome]++
		if r.Plan != nil || strings.Contains(line, "@") {
			t.Errorf("a result of a run holds a person's data: %s", line)
		}
	}
	var last struct{ Summary flow.Summary }
	if err := json.Unmarshal([]byte(lines[len(lines)-1]), &last); err != nil {
		t.Fatal(err)
	}
	if s := last.Summary; !s.Balanced() || s.Read != 10 || s.Created != 6 || outcomes[flow.Created] != 6 || outcomes[flow.Failed] != s.Failed {
		t.Errorf("summary %s, outcomes %v", s, outcomes)
	}
}

// TestRunSeveral runs flows of three entities, each after those that it names.
func TestRunSeveral(t *testing.T) {
	dir := exampleProject(t)
	orders := filepath.Join(dir, "flows", "webshop-orders.yaml")
	text, err := os.ReadFile(orders)
	if err != nil {
		t.Fatal(err)
	}
	for name, flow := range map[string]string{
		"webshop-orders":    string(text) + "after: [webshop-customers, webshop-products]\n",
		"webshop-customers": "from: webshop\nto: books\nentity: customer\nsettings: {sendVatNumber: false}\n",
		"webshop-products":  "from: webshop\nto: books\nentity: product\nsettings: {prices: gross}\n",
	} {
		if err := os.WriteFile(filepath.Join(dir, "flows", name+".yaml"), []byte(flow), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if code, out, _ := command("check", dir); code != exitOK || !strings.Contains(out, "1 mapping and 3 flows checked: 0 errors") {
		t.Fatalf("code %d: %s", code, out)
	}
	_, dry, _ := command("run", "webshop-products", "--project", dir, "--dry-run")
	for _, line := range []string{"product NK-GIFT-UNKNOWN -> article\n  + create article (sku NK-GIFT-UNKNOWN)\n", "product NK-TEE -> article\n  - skip: it is a family of variants", "  ~ update article <id>\n      NetPrice: 10.33 -> 10.70\n"} {
		if !strings.Contains(ids(dry), line) {
			t.Errorf("the dry run does not say %q:\n%s", line, ids(dry))
		}
	}
	code, out, stderr := command("run", "webshop-orders", "webshop-customers", "webshop-products", "--project", dir)
	if code != exitOK || stderr != "" {
		t.Errorf("code %d, stderr %s", code, stderr)
	}
	// The article that orders failed for is there by then.
	want := []string{"webshop-customers:\n", "  20002    created  customer 1004\n", "webshop-products:\n", "NK-GIFT-UNKNOWN created  article NK-GIFT-UNKNOWN\n", "webshop-orders:\n", "  10007    created  invoiceDraft <id>\n"}
	at := 0
	for _, line := range want {
		i := strings.Index(ids(out)[at:], line)
		if i < 0 {
			t.Fatalf("after %d it does not say %q:\n%s", at, line, ids(out))
		}
		at += i
	}
	if strings.Contains(out, "@") {
		t.Errorf("the run tells an address:\n%s", out)
	}
	_, again, _ := command("run", "webshop-products", "webshop-customers", "--project", dir, "--from-start")
	if strings.Count(again, "created 0 + updated 0") != 2 {
		t.Errorf("again:\n%s", again)
	}
}

func TestRunSays(t *testing.T) {
	dir := exampleProject(t)
	broken := filepath.Join(dir, "flows", "broken.yaml")
	if err := os.WriteFile(broken, []byte("from: webshop\nto: books\nentity: order\nwhere: paymentStats == \"paid\"\nsettings: {orderType: invoiceDraft}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	cases := []struct {
		args []string
		code int
		says string
	}{
		{[]string{"run"}, exitMisuse, "run takes one FLOW or more and got 0"},
		{[]string{"run", "webshop-order", "--project", dir}, exitMisuse, `did you mean "webshop-orders"?`},
		{[]string{"run", "webshop-orders", "--project", t.TempDir()}, exitMisuse, "holds no crosswalk.yaml"},
		{[]string{"run", "webshop-orders", "--project", dir, "--workers", "0"}, exitMisuse, "a number from 1 to 64"},
		{[]string{"run", "broken", "--project", dir}, exitFindings, `did you mean "paymentStatus"?`},
	}
	for _, c := range cases {
		code, stdout, stderr := command(c.args...)
		if code != c.code || !strings.Contains(stderr, c.says) || stdout != "" {
			t.Errorf("%v: code %d, want %d\nstdout %s\nstderr %s", c.args, code, c.code, stdout, stderr)
		}
	}
	t.Setenv("BOOKS_REFRESH_TOKEN", "")
	if code, _, stderr := command("run", "webshop-orders", "--project", dir); code != exitFindings || !strings.Contains(stderr, "the variable BOOKS_REFRESH_TOKEN is not set") {
		t.Errorf("code %d, stderr %s", code, stderr)
	}
	t.Setenv("BOOKS_REFRESH_TOKEN", "not the token")
	code, out, stderr := command("run", "webshop-orders", "--project", dir)
	if code != exitFindings || !strings.Contains(stderr, "not authorised") || strings.Contains(out+stderr, "not the token") {
		t.Errorf("code %d, stdout %s, stderr %s", code, out, stderr)
	}
}

// TestCheckProject shows that a project's flows are checked with its mappings, each problem once.
func TestCheckProject(t *testing.T) {
	dir := exampleProject(t)
	if code, out, _ := command("check", dir); code != exitOK || out != "1 mapping and 1 flow checked: 0 errors, 0 warnings\n" {
		t.Errorf("code %d: %s", code, out)
	}
	for name, change := range map[string][2]string{
		"flows/webshop-orders.yaml:19:": {"missingProduct: fail", "missingProdukt: fail"},
		"flows/webshop-orders.yaml:7:":  {"where: paymentStatus", "where: paymentStats"},
		"crosswalk.yaml:5:":             {"system: shopware", "system: shopwear"},
		"mappings/invoiceDraft.yaml:5:": {"YourReference:", "YourReferense:"},
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(dir, filepath.FromSlash(strings.SplitN(name, ":", 2)[0]))
			text, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			broken := strings.Replace(string(text), change[0], change[1], 1)
			if broken == string(text) {
				t.Fatalf("%s holds no %q", path, change[0])
			}
			if err := os.WriteFile(path, []byte(broken), 0o600); err != nil {
				t.Fatal(err)
			}
			defer os.WriteFile(path, text, 0o600)
			code, out, _ := command("check", dir)
			if code != exitFindings || !strings.Contains(filepath.ToSlash(out), name) || !strings.Contains(out, "1 error,") {
				t.Errorf("code %d: %s", code, out)
			}
		})
	}
}

// TestDemo is what whoever tries Crosswalk sees first.
func TestDemo(t *testing.T) {
	code, out, stderr := command("demo", "--once")
	if code != exitOK || stderr != "" {
		t.Fatalf("code %d, stderr %s\n%s", code, stderr, out)
	}
	for _, line := range []string{
		"read 10 = created 6 + updated 0 + skipped 3 + failed 1 + in doubt 0\n",
		"read 10 = created 0 + updated 0 + skipped 9 + failed 1 + in doubt 0\n",
		"The second run changed nothing: each of the 6 orders that were sent stands in the books once.\n",
	} {
		if !strings.Contains(out, line) {
			t.Errorf("the demo does not say %q:\n%s", line, out)
		}
	}
	if code, out, _ = command("demo", "--once", "--json"); code != exitOK || strings.Count(out, "\n") != 22 {
		t.Errorf("code %d:\n%s", code, out)
	}
}

// TestResync asks what a resync would cost, and has one look at everything that a run has handled already.
func TestResync(t *testing.T) {
	dir := exampleProject(t)
	resync := func(more ...string) (int, string, string) {
		return command(append([]string{"run", "webshop-orders", "--project", dir, "--resync"}, more...)...)
	}
	if code, out, stderr := resync("--estimate"); code != exitOK || stderr != "" ||
		out != "10 documents since 2026-01-01, about 40 calls to the target (guessed: nothing was sent lately that could tell): 1 minute or less at 600 calls a minute\n" {
		t.Errorf("code %d: %s%s", code, out, stderr)
	}
	if all := logged(t, "--project", dir); len(all) > 0 {
		t.Errorf("an estimate handles %d documents", len(all))
	}
	if code, out, stderr := command("run", "webshop-orders", "--project", dir); code != exitFindings {
		t.Fatalf("code %d: %s%s", code, out, stderr)
	}
	for since, want := range map[string]struct{ documents, minutes int }{"2025-12-01": {10, 1}, "2100-01-01": {}} {
		var e struct {
			Documents, Calls, Minutes, CallsPerMinute int
			Guessed                                   bool
		}
		_, out, _ := resync("--estimate", "--json", "--since", since)
		if err := json.Unmarshal([]byte(out), &e); err != nil || e.Documents != want.documents || e.Calls < e.Documents || e.Minutes != want.minutes ||
			e.CallsPerMinute != 600 || e.Guessed {
			t.Errorf("since %s: %s %v", since, out, err)
		}
	}
	code, out, stderr := resync()
	if code != exitFindings || stderr != "" || !strings.HasSuffix(out, "read 10 = created 0 + updated 0 + skipped 9 + failed 1 + in doubt 0\n") {
		t.Errorf("code %d: %s%s", code, out, stderr)
	}
	for _, entry := range logged(t, "--project", dir)[:10] {
		if entry.Cause != "backfill" {
			t.Errorf("%s was handled because of %s", entry.Document.Key, entry.Cause)
		}
	}
	for _, flags := range [][]string{{"--from-start"}, {"--only", "10002"}, {"--dry-run"}, {"--plan", "p"}, {"--apply", "p"}} {
		if code, _, stderr := resync(flags...); code != exitMisuse || !strings.Contains(stderr, "--resync") {
			t.Errorf("%v: code %d, %s", flags, code, stderr)
		}
	}
	if code, _, _ := command("run", "webshop-orders", "--project", dir, "--estimate"); code != exitMisuse {
		t.Errorf("an estimate of nothing: code %d", code)
	}
}

// TestOnlyByNumber shows that a customer is found by the number by which runs and the log call it, although the source's own name for it is an address.
func TestOnlyByNumber(t *testing.T) {
	dir := exampleProject(t)
	if err := os.WriteFile(filepath.Join(dir, "flows", "customers.yaml"), []byte("from: webshop\nto: books\nentity: customer\nsettings: {sendVatNumber: false}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := command("run", "customers", "--project", dir, "--only", "20002")
	if code != exitOK || !strings.Contains(out, "  20002 ") || !strings.Contains(out, "read 1 = ") {
		t.Errorf("code %d: %s%s", code, out, stderr)
	}
}
