package main

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// killer stands before a sandbox and kills a process at its nth POST of a document, before or after
// the sandbox has done what was asked.
type killer struct {
	sandbox http.Handler

	mu      sync.Mutex
	victim  *exec.Cmd
	at      int
	commits bool
	posts   int
}

func (k *killer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodPost || !strings.HasPrefix(r.URL.Path, "/v2/") {
		k.sandbox.ServeHTTP(w, r)
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.posts++
	if k.victim == nil || k.posts != k.at {
		k.sandbox.ServeHTTP(w, r)
		return
	}
	if k.commits {
		k.sandbox.ServeHTTP(httptest.NewRecorder(), r)
	}
	_ = k.victim.Process.Kill() // that it is gone already is as good
	k.victim = nil
	panic(http.ErrAbortHandler)
}

// arm starts a run that is going to die.
func (k *killer) arm(t *testing.T, at int, commits bool, args ...string) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "crosswalk", args...)
	k.mu.Lock()
	k.at, k.posts, k.commits = at, 0, commits
	err := cmd.Start()
	k.victim = cmd
	k.mu.Unlock()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Wait(); err == nil || cmd.ProcessState.Exited() {
		t.Fatalf("the run was not killed: %v", err)
	}
}

// TestRunKilled kills a run at one write after the other. Whether the books carried that out or not, the runs after
// it make each order and each customer once.
func TestRunKilled(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	for _, commits := range []bool{true, false} {
		for at := 1; at <= 5; at++ {
			t.Run(fmt.Sprintf("at write %d, carried out %v", at, commits), func(t *testing.T) {
				dir := exampleProject(t)
				chosen, err := chooseSystems(systems, []string{"eaccounting"})
				if err != nil {
					t.Fatal(err)
				}
				sandbox := chosen[0].Sandbox(connectors.SandboxOptions{})
				k := &killer{sandbox: sandbox}
				server := httptest.NewServer(k)
				t.Cleanup(server.Close)
				t.Setenv("BOOKS_URL", server.URL)
				for name, value := range sandbox.Credentials() {
					t.Setenv("BOOKS_"+variableName(name), value)
				}
				k.arm(t, at, commits, "run", "webshop-orders", "--project", dir)

				_, out, stderr := command("run", "webshop-orders", "--project", dir, "--json")
				if stderr != "" {
					t.Fatal(stderr)
				}
				counts := map[flow.Outcome]int{}
				for line := range strings.Lines(out) {
					var r flow.Result
					if json.Unmarshal([]byte(line), &r) == nil && r.Outcome != "" {
						counts[r.Outcome]++
					}
				}
				// What was not carried out may not be sent again yet: it is in doubt, and with it the other orders of a
				// customer who is. Everything else is there.
				if commits != (counts[flow.InDoubt] == 0) || commits && counts[flow.Failed] != 1 {
					t.Fatalf("%v\n%s", counts, out)
				}
				for number, n := range references(t, sandbox, server.URL) {
					if n != 1 {
						t.Errorf("order %s stands in the books %d times", number, n)
					}
				}
			})
		}
	}
}

// references counts the invoice drafts of the books by their reference, and holds their customers to being there once.
func references(t *testing.T, sandbox connectors.Sandbox, url string) map[string]int {
	t.Helper()
	chosen, err := chooseSystems(systems, []string{"eaccounting"})
	if err != nil {
		t.Fatal(err)
	}
	c, err := chosen[0].Open(connectors.Config{Name: "count", URL: url, Credentials: sandbox.Credentials()})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	out := map[string]int{}
	for number := 10001; number <= 10010; number++ {
		docs, err := c.Find(t.Context(), "invoiceDraft", port.Key{Field: port.KeyReference, Value: fmt.Sprint(number)})
		if err != nil {
			t.Fatal(err)
		}
		if len(docs) == 0 {
			continue
		}
		out[fmt.Sprint(number)] = len(docs)
		customer, err := c.Find(t.Context(), "customer", port.Key{Field: port.KeyID, Value: gjson.GetBytes(docs[0].Body, "CustomerId").String()})
		if err != nil || len(customer) != 1 {
			t.Fatalf("order %d has %d customers, %v", number, len(customer), err)
		}
		same, err := c.Find(t.Context(), "customer", port.Key{Field: port.KeyEmail, Value: gjson.GetBytes(customer[0].Body, "EmailAddress").String()})
		if err != nil || len(same) != 1 {
			t.Errorf("the customer of order %d is there %d times, %v", number, len(same), err)
		}
	}
	if len(out) < 2 {
		t.Errorf("only %v stand in the books", out)
	}
	return out
}
