//go:build !unix

package paired

import "time"

var began = time.Now()

// CPU returns the time since the process began: where the CPU time is not to be had, ratios of turns in
// milliseconds still say something.
func CPU() time.Duration { return time.Since(began) }
