//go:build race

package scripting_test

// raceDetector is true where memory is counted otherwise: the race detector maps its own beside it, and ends a process with words of its own.
const raceDetector = true
