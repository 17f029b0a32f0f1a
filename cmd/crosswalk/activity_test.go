package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
)

// logged returns the entries that a command lists.
func logged(t *testing.T, args ...string) []activity.Entry {
	t.Helper()
	code, out, stderr := command(append([]string{"log", "--json"}, args...)...)
	if code != exitOK || stderr != "" {
		t.Fatalf("%v: code %d, %s", args, code, stderr)
	}
	var list []activity.Entry
	for line := range strings.Lines(out) {
		var e activity.Entry
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatal(err)
		}
		list = append(list, e)
	}
	return list
}

// TestAfterARun asks for what a run left behind: the log, the account, what is unsettled, what another mapping would do.
func TestAfterARun(t *testing.T) {
	dir := exampleProject(t)
	if code, _, stderr := command("run", "webshop-orders", "--project", dir); code != exitFindings || stderr != "" {
		t.Fatalf("code %d, %s", code, stderr)
	}
	if all := logged(t, "--project", dir); len(all) != 10 || all[0].Document.Key != "10010" {
		t.Errorf("%d entries", len(all))
	}
	if page := logged(t, "--project", dir, "--limit", "2", "--before", strconv.FormatUint(logged(t, "--project", dir)[1].ID, 10)); len(page) != 2 || page[0].Document.Key != "10008" {
		t.Errorf("the second page: %+v", page)
	}
	if code, _, stderr := command("log", "--project", dir, "--code", "*"); code != exitMisuse {
		t.Errorf("a code that is a pattern: code %d, %s", code, stderr)
	}
	failed := logged(t, "webshop-orders", "--project", dir, "--outcome", "failed")
	if len(failed) != 1 || failed[0].Code != "product_missing" || failed[0].Help == "" {
		t.Fatalf("%+v", failed)
	}
	created := logged(t, "webshop-orders", "--project", dir, "--key", "10002")
	if len(created) != 1 || created[0].Outcome != "created" || len(created[0].Versions) < 2 {
		t.Fatalf("%+v", created)
	}
	entry := strconv.FormatUint(created[0].ID, 10)
	_, page, _ := command("log", "--project", dir, "--entry", entry, "--explain")
	for _, part := range []string{"source\n{", "canonical\n{", "+ create invoiceDraft (reference 10002)", "POST http://", "answer {", "shopware/order.read.yaml:"} {
		if !strings.Contains(page, part) {
			t.Errorf("the page of entry %s does not show %q", entry, part)
		}
	}
	if strings.Contains(page, os.Getenv("BOOKS_CLIENT_SECRET")) {
		t.Error("the page shows a secret")
	}

	code, out, _ := command("reconcile", "--project", dir)
	if code != exitOK || !strings.Contains(out, "webshop-orders: read 10 = created 6 + updated 0 + skipped 3 + failed 1 + in doubt 0\n  skipped 1: exists\n  skipped 2: filtered\n") {
		t.Errorf("code %d: %s", code, out)
	}
	if _, out, _ = command("settle", "webshop-orders", "--project", dir); !strings.HasPrefix(out, "10007    failed   product_missing since ") {
		t.Error(out)
	}
	if _, out, _ = command("replay", "webshop-orders", "--project", dir, "--failed"); out != "10007: was failed, would be failed, the same: eaccounting has no article NK-GIFT-UNKNOWN\nnothing was sent: --yes sends it\n" {
		t.Error(out)
	}
	if _, out, _ = command("replay", "webshop-orders", "--project", dir, "--key", "10002"); !strings.HasPrefix(out, "10002: was created, would be skipped: already sent as invoiceDraft ") || strings.Count(out, "\n") != 2 {
		t.Error(out) // nothing of it would change
	}
	if code, out, _ = command("replay", "webshop-orders", "--project", dir, "--key", "10002", "--yes"); code != exitOK || !strings.Contains(out, "10002    skipped  already sent as invoiceDraft") {
		t.Errorf("code %d: %s", code, out)
	}

	changed := filepath.Join(dir, "mappings", "new.yaml")
	text := "extends: eaccounting/invoiceDraft.write\nrules:\n  YourReference: '\"order \" + number'\n"
	if err := os.WriteFile(changed, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	code, out, stderr := command("diff-mapping", "webshop-orders", "--project", dir, "--to", changed)
	if code != exitOK || !strings.Contains(out, "6 documents: 6 would change, 0 would fail") || !strings.Contains(out, "  YourReference: 6 times\n") || strings.Count(out, "-> \"order 100") != 3 {
		t.Errorf("code %d: %s%s", code, out, stderr)
	}
	if code, _, stderr = command("diff-mapping", "webshop-orders", "--project", dir, "--to", "eaccounting/customer.write"); code != exitMisuse {
		t.Errorf("a mapping of something else: code %d, %s", code, stderr)
	}

	var shown struct {
		Source struct {
			OrderCustomer struct{ Email string } `json:"orderCustomer"`
		} `json:"source"`
	}
	_, page, _ = command("log", "--project", dir, "--entry", entry, "--json")
	if err := json.Unmarshal([]byte(page), &shown); err != nil || shown.Source.OrderCustomer.Email == "" {
		t.Fatalf("%v", err)
	}
	code, out, _ = command("erase", "--project", dir, "--email", strings.ToUpper(shown.Source.OrderCustomer.Email))
	if code != exitOK || !strings.Contains(out, "0 entries and 0 files still name the person\nof records that were deleted before, 0 are not overwritten\n") || strings.HasPrefix(out, "erased 0") {
		t.Errorf("code %d: %s", code, out)
	}
	if code, out, _ = command("reconcile", "--project", dir); code != exitOK {
		t.Errorf("after the erasure code %d: %s", code, out)
	}
	for _, e := range logged(t, "--project", dir) {
		if e.ID == created[0].ID || e.Document.Key == "10002" {
			t.Errorf("the entry is still there: %+v", e)
		}
	}
}

// editedPlans writes a file beside another that differs from it in one place.
func editedPlans(t *testing.T, path, old, now string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil || !strings.Contains(string(text), old) {
		t.Fatalf("%v: %s is not in %s", err, old, path)
	}
	path += ".changed"
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), old, now, 1)), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// cutPlans writes a file beside another that lacks the end of it.
func cutPlans(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err == nil {
		path += ".cut"
		err = os.WriteFile(path, text[:len(text)-100], 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return path
}

// copyOfFlow gives the project a second flow like its first.
func copyOfFlow(t *testing.T, dir, name string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(dir, "flows", "webshop-orders.yaml"))
	if err == nil {
		err = os.WriteFile(filepath.Join(dir, "flows", name+".yaml"), text, 0o600)
	}
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

// TestPlanAndApply saves plans, and carries out exactly these.
func TestPlanAndApply(t *testing.T) {
	dir := exampleProject(t)
	plans := filepath.Join(t.TempDir(), "plans.jsonl")
	if code, out, stderr := command("run", "webshop-orders", "--project", dir, "--only", "10002,10003", "--plan", plans); code != exitOK || strings.Count(out, "+ create invoiceDraft") != 2 {
		t.Fatalf("code %d: %s%s", code, out, stderr)
	}
	if info, err := os.Stat(plans); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("plans hold personal data: %v, %v", info.Mode(), err)
	}
	if code, out, _ := command("log", "--project", dir); code != exitOK || out != "" {
		t.Errorf("a plan was remembered as done: %s", out)
	}
	for what, args := range map[string][]string{
		"it is not as it was written":        {"webshop-orders", "--project", dir, "--apply", editedPlans(t, plans, `"CustomerId":`, `"CustomerID":`)},
		"it is a plan of another flow":       {"others", "--project", copyOfFlow(t, dir, "others"), "--apply", plans},
		"line 2 of " + plans + ".cut is no ": {"webshop-orders", "--project", dir, "--apply", cutPlans(t, plans)},
	} {
		code, out, stderr := command(append([]string{"run"}, args...)...)
		if code != exitMisuse || !strings.Contains(stderr, what) || out != "" {
			t.Errorf("%s: code %d: %s%s", what, code, out, stderr)
		}
	}
	code, out, stderr := command("run", "webshop-orders", "--project", dir, "--apply", plans)
	if code != exitOK || !strings.Contains(out, "read 2 = created 2 ") {
		t.Errorf("code %d: %s%s", code, out, stderr)
	}
	if code, out, _ = command("run", "webshop-orders", "--project", dir, "--apply", plans); strings.Contains(out, " created  ") {
		t.Errorf("code %d, and a plan makes a second document: %s", code, out)
	}
	if code, out, _ = command("reconcile", "--project", dir); code != exitOK {
		t.Errorf("code %d: %s", code, out)
	}
	for _, args := range [][]string{
		{"--apply", plans, "--dry-run"}, {"--only", "1", "--from-start"}, {"--only", ""}, {"--only", "10002,"}, {"--since", ""}, {"--apply", ""}, {"--plan", " "}, {"--since", "yesterday"}, {"--apply", filepath.Join(dir, "nothing")}, {"--apply", filepath.Join(dir, "crosswalk.yaml")},
	} {
		if code, _, stderr := command(append([]string{"run", "webshop-orders", "--project", dir}, args...)...); code != exitMisuse {
			t.Errorf("%v: code %d, %s", args, code, stderr)
		}
	}
	if code, _, stderr := command("run", "webshop-orders", "--project", dir, "--only", "99999, 10002"); code != exitFindings || !strings.Contains(stderr, "shopware has no document 99999\n") {
		t.Errorf("code %d, %s", code, stderr)
	}
	if code, _, stderr := command("run", "webshop-orders", "--project", exampleProject(t), "--apply", plans); code != exitMisuse || !strings.Contains(stderr, "it was made in another project") {
		t.Errorf("plans of another project: code %d, %s", code, stderr)
	}
}
