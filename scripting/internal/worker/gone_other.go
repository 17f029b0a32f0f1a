//go:build !unix

package worker

import "os"

// endWith does nothing: the process ends with the call that runs, which has a limit.
func endWith(*os.File) {}
