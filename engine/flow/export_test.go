package flow

// In the tests of runs nothing fits into memory: what is small enough goes the same way, but for the file.
func init() { spillRoom = 1 }
