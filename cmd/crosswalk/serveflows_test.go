package main

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"
)

// TestServeFlows serves a project whose flow runs by its trigger, has it take a changed file over by SIGHUP, looks at what became of the orders while it
// runs, and stops it.
func TestServeFlows(t *testing.T) {
	dir := exampleProject(t)
	path := filepath.Join(dir, "flows", "webshop-orders.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	write := func(from, to string) {
		t.Helper()
		next := strings.Replace(string(text), from, to, 1)
		if next == string(text) {
			t.Fatalf("the flow has no %q", from)
		}
		if text = []byte(next); os.WriteFile(path, text, 0o600) != nil {
			t.Fatal("the flow cannot be written")
		}
	}
	write("every: 5m", "every: 1s")
	cmd := exec.CommandContext(t.Context(), "crosswalk", "serve", "--json", "--project", dir, "--listen", "127.0.0.1:0")
	// NATS updates a stream and makes a consumer of it at the same time, and the race detector tells. Races of ours are for the tests
	// within a process.
	cmd.Env = append(os.Environ(), "GORACE=exitcode=0")
	var stderr strings.Builder
	cmd.Stderr = &stderr
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	defer cmd.Process.Kill()
	wait := func(what string, is func(log string) bool) {
		t.Helper()
		for end := time.Now().Add(40 * time.Second); ; time.Sleep(200 * time.Millisecond) {
			code, out, _ := command("log", "webshop-orders", "--project", dir, "--outcome", "created,failed,skipped", "--json")
			if code == exitOK && is(out) {
				return
			}
			if time.Now().After(end) {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
				t.Fatalf("%s: it did not come to that\n%s\n%s", what, out, stderr.String())
			}
		}
	}
	wait("the orders cross", func(log string) bool { return strings.Count(log, `"outcome":"created"`) == 6 })
	write("missingProduct: fail", "missingProduct: create")
	if err := cmd.Process.Signal(syscall.SIGHUP); err != nil {
		t.Fatal(err)
	}
	if code, out, errs := command("replay", "webshop-orders", "--failed", "--project", dir); code != exitOK || !strings.Contains(out, "would be created") {
		t.Errorf("code %d: %s%s", code, out, errs)
	}
	if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err != nil {
		t.Errorf("it ends with %v\n%s", err, stderr.String())
	}
	if _, out, _ := command("reconcile", "--project", dir); !strings.Contains(out, "created 6") || strings.Contains(out, "missing") {
		t.Errorf("the account:\n%s", out)
	}
}
