package main

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// TestReplayVersion breaks a flow, mends it and takes it apart, and replays an order with each of its versions: a version is the whole flow, with
// mappings and scripts that are not on the disk any more.
func TestReplayVersion(t *testing.T) {
	dir := exampleProject(t)
	edit := func(name string, change func(string) string) {
		t.Helper()
		path := filepath.Join(dir, filepath.FromSlash(name))
		text, err := os.ReadFile(path)
		if err == nil {
			err = os.WriteFile(path, []byte(change(string(text))), 0o600)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	reference := func(rule string) func(string) string {
		return func(string) string {
			return "extends: eaccounting/invoiceDraft.write\nrules:\n  OurReference: custom.summary\n  YourReference: " + rule + "\n"
		}
	}
	replay := func(flags ...string) (int, string, string) {
		return command(append([]string{"replay", "webshop-orders", "--project", dir, "--key", "10003"}, flags...)...)
	}
	versions := func() []string {
		list := logged(t, "webshop-orders", "--project", dir, "--key", "10003")
		if len(list) == 0 || len(list[0].Versions) < 3 || !strings.HasPrefix(list[0].Versions[0], "flow:") {
			t.Fatalf("the versions of the last entry: %+v", list)
		}
		return list[0].Versions
	}
	const broken = `{expr: 'number == "10003" ? "" : number', required: true}`
	edit("mappings/invoiceDraft.yaml", reference(broken))
	if code, out, stderr := command("run", "webshop-orders", "--project", dir); code != exitFindings || !strings.Contains(out, "10003    failed") {
		t.Fatalf("code %d: %s%s", code, out, stderr)
	}
	first := versions()
	edit("mappings/invoiceDraft.yaml", reference(`'"second " + number'`))
	if code, out, _ := replay("--version", first[0]); code != exitOK || !strings.Contains(out, "10003: was failed, would be failed, the same") {
		t.Errorf("with the first version, code %d: %s", code, out)
	}
	code, out, _ := replay()
	if code != exitOK || !strings.Contains(out, "10003: was failed, would be created") || !strings.Contains(out, `    YourReference: (absent) -> "second 10003"`) {
		t.Errorf("with the version of now, code %d: %s", code, out)
	}
	if code, out, _ := replay("--version", first[slices.IndexFunc(first, func(v string) bool { return strings.HasPrefix(v, "write:") })], "--yes"); code != exitFindings || !strings.Contains(out, "10003    failed") {
		t.Errorf("code %d: %s", code, out)
	}
	if now := versions(); !slices.Equal(now, first) {
		t.Errorf("the replay names %v", now)
	}

	// Another document is queued with the second version, so that it is kept; then the flow loses its script and its mapping.
	if code, out, _ := command("replay", "webshop-orders", "--project", dir, "--key", "10007", "--yes"); code != exitFindings {
		t.Fatalf("code %d: %s", code, out)
	}
	second := logged(t, "webshop-orders", "--project", dir, "--key", "10007")[0].Versions
	edit("flows/webshop-orders.yaml", func(text string) string {
		text = strings.Replace(text, "write: mappings/invoiceDraft.yaml", "write: mappings/third.yaml", 1)
		return strings.Replace(text, "  - script: scripts/enrich.ts", "  - filter: number != \"\"", 1)
	})
	for _, name := range []string{"scripts/enrich.ts", "scripts/enrich.test.ts", "mappings/invoiceDraft.yaml"} {
		if err := os.Remove(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "mappings", "third.yaml"), []byte(reference(broken)("")), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, stderr := replay(); code != exitOK || !strings.Contains(out, "would be failed") {
		t.Errorf("code %d: %s%s", code, out, stderr)
	}
	if code, out, stderr := replay("--version", second[0][:12], "--yes"); code != exitOK || !strings.Contains(out, "10003    created") {
		t.Errorf("with the second version, code %d: %s%s", code, out, stderr)
	}
	list := logged(t, "webshop-orders", "--project", dir, "--key", "10003")
	if !slices.Equal(list[0].Versions, second) || list[0].Outcome != "created" || strings.Contains(strings.Join(list[0].Warnings, ""), "version") {
		t.Errorf("%+v", list[0])
	}
	_, page, _ := command("log", "--project", dir, "--entry", strconv.FormatUint(list[0].ID, 10))
	for _, want := range []string{"versions: " + second[0] + " read:", `"second 10003"`, "pieces in ", "step 1, script scripts/enrich.ts"} {
		if !strings.Contains(page, want) {
			t.Errorf("the entry does not show %q:\n%s", want, page)
		}
	}
	if code, out, _ := replay(); code != exitOK || !strings.Contains(out, "10003: was created, would be skipped: already sent as") || strings.Contains(out, "->") {
		t.Errorf("of what would not be sent, code %d, no field differs: %s", code, out)
	}
	all := []string{"replay", "webshop-orders", "--project", dir}
	if code, out, _ := command(append(all, "--outcome", "failed")...); code != exitOK || !strings.Contains(out, "10007: was failed") || strings.Contains(out, "10003: ") {
		t.Errorf("code %d, 10003 was made after it had failed: %s", code, out)
	}
	for _, flags := range [][]string{{"--failed", "--key", "10003"}, {"--failed", "--limit", "1"}, {"--entry", "1", "--failed"}, {"--entry", "1", "--outcome", "failed"}, {"--until", "2026-01-01"}} {
		if code, out, stderr := command(append(all, flags...)...); code != exitMisuse || out != "" {
			t.Errorf("%v: code %d: %s%s", flags, code, out, stderr)
		}
	}
	for _, version := range []string{"write:", "flow:", "flow:" + second[1][len("read:"):]} {
		if code, _, stderr := replay("--version", version); code != exitMisuse || !strings.Contains(stderr, "no such version is kept") {
			t.Errorf("version %s: code %d, %s", version, code, stderr)
		}
	}
	if code, _, stderr := replay("--version", "0000000000000000"); code != exitMisuse || !strings.Contains(stderr, "no such version is kept") || !strings.Contains(stderr, second[0]) {
		t.Errorf("a version that there is not: code %d, %s", code, stderr)
	}
}
