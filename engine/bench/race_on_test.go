//go:build race

package main

// raceEnabled is true where the race detector would spoil times and allocation counts.
const raceEnabled = true
