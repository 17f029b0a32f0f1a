// Command crosswalk is the command line of Crosswalk: one file a command, each of which reads flags,
// calls a package and prints. It is not the place for logic: what it does, the packages
// below it do for whoever embeds them. Start with [Main] in cli.go and the list of commands there.
package main

import "os"

func main() {
	os.Exit(Main(os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
}
