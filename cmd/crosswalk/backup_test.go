package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/server/runtime"
)

// TestBackupAndRestore backs a project up, loses its store and what came after, and finds everything again without sending it twice.
func TestBackupAndRestore(t *testing.T) {
	dir := exampleProject(t)
	file := filepath.Join(t.TempDir(), "webshop.cwb")
	run := func(want int, args ...string) string {
		t.Helper()
		code, out, errs := command(append(args, "--project", dir)...)
		if code != want {
			t.Fatalf("%v ends with %d: %s%s", args, code, out, errs)
		}
		return out + errs
	}
	run(exitFindings, "run", "webshop-orders", "--only", "10001,10002,10007")
	run(exitOK, "backup", file)
	if info, err := os.Stat(file); err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the backup is open to others: %v, %v", info.Mode(), err)
	}
	run(exitFindings, "run", "webshop-orders") // what the backup does not know of
	if says := run(exitMisuse, "restore", file); !strings.Contains(says, "--replace") {
		t.Errorf("over a store: %s", says)
	}
	run(exitOK, "restore", "--replace", file)
	if says := run(exitOK, "log", "webshop-orders", "--outcome", "created"); strings.Count(says, "\n") > 2 || !strings.Contains(says, "10002") {
		t.Errorf("the activity of the backup:\n%s", says)
	}
	if says := run(exitFindings, "run", "webshop-orders", "--from-start"); !strings.Contains(says, "created 0") || !strings.Contains(says, "has it as invoiceDraft") {
		t.Errorf("orders are sent a second time:\n%s", says)
	}
	if says := run(exitMisuse, "backup", filepath.Join(dir, "no", "folder", "x")); strings.Contains(says, "panic") {
		t.Error(says)
	}
	if err := os.WriteFile(file, []byte("no backup"), 0o600); err != nil {
		t.Fatal(err)
	}
	run(exitFindings, "restore", "--replace", file)
	if says := run(exitFindings, "run", "webshop-orders"); !strings.Contains(says, "failed 1") {
		t.Errorf("after a restore that failed:\n%s", says)
	}
}

func TestDoctor(t *testing.T) {
	dir := exampleProject(t)
	code, out, errs := command("doctor", "--project", dir)
	if code != exitOK || errs != "" {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	for _, what := range []string{"version", "flow webshop-orders", "section server", "section alerts", "store", "connection webshop", "connection books", "clock", "disk"} {
		if !strings.Contains(out, "ok   "+what) {
			t.Errorf("nothing is said of %s:\n%s", what, out)
		}
	}
	main, err := os.ReadFile(filepath.Join(dir, "crosswalk.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, "crosswalk.yaml"), append(main, "\nalerts: {webhook: {url: \"${NOWHERE_TO_BE_FOUND}\"}}\n"...), 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ := command("doctor", "--project", dir); code != exitFindings || !strings.Contains(out, "bad  section alerts") || !strings.Contains(out, "NOWHERE_TO_BE_FOUND") {
		t.Errorf("alerts that reach nobody: code %d: %s", code, out)
	}
	if err := os.WriteFile(filepath.Join(dir, "crosswalk.yaml"), main, 0o600); err != nil {
		t.Fatal(err)
	}
	secret := "wr0ng-s3cret"
	t.Setenv("WEBSHOP_SECRET_ACCESS_KEY", secret)
	blocks, err := filepath.Glob(filepath.Join(dir, ".crosswalk", "store", "jetstream", "*", "streams", "KV_secrets", "msgs", "*.blk"))
	if err != nil || len(blocks) != 1 {
		t.Fatal(blocks, err)
	}
	data, err := os.ReadFile(blocks[0])
	if err != nil {
		t.Fatal(err)
	}
	code, out, _ = command("doctor", "--project", dir)
	if code != exitFindings || !strings.Contains(out, "bad  connection webshop") || strings.Contains(out, secret) {
		t.Errorf("wrong credentials: code %d: %s", code, out)
	}
	data[len(data)/2] ^= 1
	if err := os.WriteFile(blocks[0], data, 0o600); err != nil {
		t.Fatal(err)
	}
	if code, out, _ = command("doctor", "--project", dir); code != exitFindings || !strings.Contains(out, runtime.ErrDamaged.Error()) {
		t.Errorf("a damaged store: code %d: %s", code, out)
	}
}
