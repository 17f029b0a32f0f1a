package scripting_test

import (
	"context"
	"encoding/json"
	"errors"
	"os"
	"sync"
	"testing"
	"testing/fstest"
	"time"

	"github.com/crosswalk-go/crosswalk/scripting"
)

// inWorkers loads a script that runs in processes.
func inWorkers(t testing.TB, fsys fstest.MapFS, limits scripting.Limits) *scripting.Scripts {
	t.Helper()
	exe, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	s, err := scripting.Load(fsys, []string{"a.ts"}, scripting.Options{Limits: limits, Worker: []string{exe, workerArg}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func TestWorker(t *testing.T) {
	s := inWorkers(t, files("a.ts", `
		export const same = (x: any, y?: any) => y === undefined ? x : [x, y];
		export const nothing = () => undefined;
		export const fail = (x: any) => { log.warn("soon"); throw new Error("no " + x) };
		export const bomb = () => { let s = "x"; for (;;) s += s };
		export const stuck = () => /^(a|a)*$/g[Symbol.replace]("é" + "a".repeat(40) + "!", "");
		export const pid = (globalThis as any).process;`), scripting.Limits{Time: time.Second, MemoryBytes: 64 << 20})
	good := func(t *testing.T) {
		t.Helper()
		got, err := s.Call(t.Context(), "same", json.RawMessage(`{"id": 9007199254740993, "price": 19.10}`), nil)
		if want := `{"id": 9007199254740993, "price": 19.10}`; err != nil || string(got) != want {
			t.Fatalf("got %s, %v", got, err)
		}
	}
	good(t)
	if got, err := s.Call(t.Context(), "nothing"); got != nil || err != nil {
		t.Errorf("nothing is %s, %v", got, err)
	}
	var logs []scripting.Log
	_, err := s.CallIn(t.Context(), scripting.Run{Log: func(l scripting.Log) { logs = append(logs, l) }}, "fail", json.RawMessage(`"jane"`))
	var e *scripting.Error
	if !errors.As(err, &e) || e.Kind != scripting.Thrown || e.Thrown != "Error: no jane" || e.Error() != "a.ts:4:61: fail: threw Error" || len(logs) != 1 || logs[0].Data != nil {
		t.Errorf("the error is %+v, with the logs %v", e, logs)
	}
	for range 2 {
		if _, err := s.Call(t.Context(), "bomb"); !errors.As(err, &e) || e.Kind != scripting.MemoryLimit {
			t.Errorf("the bomb gives %v", err)
		}
		good(t)
	}
	if _, err := s.Call(t.Context(), "missing"); !errors.Is(err, scripting.ErrUnknown) {
		t.Errorf("an unknown function gives %v", err)
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Millisecond)
	defer cancel()
	if _, err := s.Call(ctx, "bomb"); !errors.Is(err, context.DeadlineExceeded) && !errors.Is(err, scripting.ErrLimit) {
		t.Errorf("a call that is given up gives %v", err)
	}
	good(t)
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 20 {
				if got, err := s.Call(t.Context(), "same", json.RawMessage(`1.50`), json.RawMessage(`null`)); err != nil || string(got) != `[1.50,null]` {
					t.Errorf("got %s, %v", got, err)
				}
			}
		})
	}
	wg.Wait()
}

// TestWorkerThatDoesNotStart names commands that are no workers.
func TestWorkerThatDoesNotStart(t *testing.T) {
	for _, command := range [][]string{{"/nothing/here"}, {"/bin/true"}, {"/bin/echo", "hello, this is no frame"}} {
		s, err := scripting.Load(files("a.ts", "export const f = () => 1"), []string{"a.ts"}, scripting.Options{Worker: command})
		var e *scripting.Error
		if !errors.As(err, &e) || e.Kind != scripting.Broken {
			t.Errorf("%v gives %v", command, err)
		}
		if err == nil {
			s.Close()
		}
	}
}

func BenchmarkCall(b *testing.B) {
	fsys := files("a.ts", `export const f = (x: any) => x.lines[0].price.mul(2)`)
	doc := json.RawMessage(`{"number": "10001", "lines": [{"price": 19.10}]}`)
	here, err := scripting.Load(fsys, []string{"a.ts"}, scripting.Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer here.Close()
	for name, s := range map[string]*scripting.Scripts{"here": here, "worker": inWorkers(b, fsys, scripting.Limits{})} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				if _, err := s.Call(b.Context(), "f", doc); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
