//go:build race

package main

// raceDetector is true where the race detector maps memory of its own beside what is limited, and ends a process with words of its own.
const raceDetector = true
