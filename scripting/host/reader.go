package host

import (
	"context"
	"errors"
	"io/fs"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/scripting"
)

// Reader is an [engine.ScriptHost] for editors: it reads scripts and says what is wrong with them and which functions they have, and
// runs nothing.
type Reader struct {
	// Worker is the command of the processes that read them, as in [scripting.Options]; without it they are read in this one.
	Worker []string
}

// LoadScripts reads the scripts at paths of files.
func (r Reader) LoadScripts(files fs.FS, paths []string) (engine.Scripts, error) {
	functions, err := scripting.Inspect(files, paths, r.Worker)
	if err != nil {
		return nil, loadErrors(err)
	}
	return readScripts{listed(functions, signatures(files, functions))}, nil
}

type readScripts struct{ functions []engine.ScriptFunction }

func (r readScripts) Functions() []engine.ScriptFunction { return r.functions }

// CallScript fails: nothing is run.
func (readScripts) CallScript(context.Context, engine.ScriptCall) ([]byte, error) {
	return nil, errors.New("scripts are only read here")
}
