package worker

import (
	"encoding/json"
	"os"
	"testing"
	"testing/fstest"
	"time"

	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/scripting/internal/bundle"
	"github.com/crosswalk-go/crosswalk/scripting/internal/machine"
)

const workerArg = "serve-scripts"

func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == workerArg {
		os.Exit(Serve(os.Stdin, os.Stdout, nil))
	}
	goleak.VerifyTestMain(m)
}

func newPool(t *testing.T, rest time.Duration) *Pool {
	t.Helper()
	p := poolOf(t, "export const f = (x) => x", machine.DefaultLimits)
	p.rest = rest
	return p
}

func poolOf(t *testing.T, script string, limits machine.Limits) *Pool {
	t.Helper()
	out, err := bundle.Bundle(fstest.MapFS{"a.ts": {Data: []byte(script)}}, []string{"a.ts"}, bundle.Options{})
	if err != nil {
		t.Fatal(err)
	}
	program, err := machine.Compile(machine.Source{Code: out.Code, Map: out.Map, Entries: []string{"a.ts"}})
	if err != nil {
		t.Fatal(err)
	}
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	p := NewPool(program.Outline().Source, limits, []string{exe, workerArg})
	t.Cleanup(p.Close)
	return p
}

func (p *Pool) count() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.all)
}

func call(t *testing.T, p *Pool) {
	t.Helper()
	r, err := p.Call(t.Context(), machine.Request{Name: "f", Args: []json.RawMessage{[]byte("19.10")}})
	if err != nil || string(r.Result) != "19.10" {
		t.Fatalf("got %s, %v", r.Result, err)
	}
}

// TestIdle holds that a process which nobody needs is ended, and that the next call starts another.
func TestIdle(t *testing.T) {
	p := newPool(t, time.Millisecond)
	for range 3 {
		call(t, p)
		for deadline := time.Now().Add(20 * time.Second); p.count() > 0; time.Sleep(time.Millisecond) {
			if time.Now().After(deadline) {
				t.Fatal("the process stays")
			}
		}
	}
}

func TestRest(t *testing.T) {
	p := newPool(t, time.Hour)
	for range 2 {
		call(t, p)
		if p.count() != 1 {
			t.Errorf("%d processes", p.count())
		}
		p.Rest()
		if p.count() != 0 {
			t.Errorf("%d processes stay", p.count())
		}
	}
}

// TestOrphan holds that a process ends with the one that started it, also in the middle of a script that would run for an hour.
func TestOrphan(t *testing.T) {
	limits := machine.DefaultLimits
	limits.Time = time.Hour
	p := poolOf(t, "export const f = () => { for (;;); }", limits)
	w, err := p.start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	if err := writeFrame(w.in, []byte(`{"Name":"f","Args":[0]}`)); err != nil {
		t.Fatal(err)
	}
	if err := w.in.Close(); err != nil { // as the system does for a process that has gone
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() { ended <- w.cmd.Wait() }()
	select {
	case err := <-ended:
		if err != nil {
			t.Errorf("it ended with %v", err)
		}
	case <-time.After(time.Minute):
		t.Error("it goes on")
	}
}
