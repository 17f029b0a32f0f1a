package main

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"
	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/scripting/tsc"
)

// -update rewrites what the scripts expect to what the program prints now.
var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

func TestMain(m *testing.M) {
	// A test that calls Main in this process starts this binary for scripts.
	if len(os.Args) > 1 && os.Args[1] == scriptWorker {
		main()
	}
	testscript.Main(leakChecked{m}, map[string]func(){"crosswalk": main})
}

// leakChecked fails a run of the tests that leaves a goroutine behind.
type leakChecked struct{ m *testing.M }

func (l leakChecked) Run() int {
	code := l.m.Run()
	if code == 0 {
		if err := goleak.Find(); err != nil {
			println(err.Error())
			return 1
		}
	}
	return code
}

// passRace hands the options of the race detector on to the programs of a script, which get nothing else of this process' environment.
func passRace(env *testscript.Env) error {
	env.Setenv("GORACE", os.Getenv("GORACE"))
	return nil
}

// TestScripts runs the command line as a shell does: one script a command in testdata/script.
func TestScripts(t *testing.T) {
	root := repository(t)
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		UpdateScripts:       *update,
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		Setup: func(env *testscript.Env) error {
			// A test's home is its own; nothing of who runs it comes in.
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("MAPPINGS", filepath.Join(root, "mappings"))
			env.Setenv("TYPESCRIPT", filepath.Join(root, "scripting/tsc/testdata/node_modules"))
			return passRace(env)
		},
		Condition: func(name string) (bool, error) {
			if name != "typescript" {
				return false, fmt.Errorf("unknown condition %q", name)
			}
			_, err := tsc.Find(filepath.Join(root, "scripting/tsc/testdata"))
			return err == nil, nil
		},
	})
}
