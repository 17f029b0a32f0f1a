//go:build race

package engine_test

// raceEnabled is true where the race detector, which needs several times the memory, is on.
const raceEnabled = true
