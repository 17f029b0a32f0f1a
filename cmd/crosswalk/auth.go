package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/crosswalk-go/crosswalk/server/auth"
)

func newAuthCommand(c *cli) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "auth",
		Short: "Make passwords and tokens for crosswalk serve",
		Long: `Make what stands in the section server of crosswalk.yaml, which holds hashes only:

  server:
    auth:
      users:
        - {name: ann, role: editor, password: "$argon2id$..."}
      tokens:
        - {name: ci, role: viewer, hash: "sha256:..."}

Roles are viewer, editor (changes files), operator (runs flows) and admin.`,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(&cobra.Command{
		Use:     "password",
		Short:   "Print the hash of a password that is typed or read from stdin",
		Example: `  crosswalk auth password`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			password, err := c.readPassword()
			if err != nil {
				return err
			}
			hash, err := auth.HashPassword(password)
			if err != nil {
				return misuse{err}
			}
			return c.printMade(map[string]string{"password": hash}, "%s\n", hash)
		},
	}, &cobra.Command{
		Use:     "token",
		Short:   "Print a new token and its hash",
		Example: `  crosswalk auth token`,
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			text, hash := auth.NewToken()
			return c.printMade(map[string]string{"token": text, "hash": hash}, "token  %s\nhash   %s\n", text, hash)
		},
	})
	return cmd
}

func (c *cli) printMade(object map[string]string, format string, args ...any) error {
	if c.json {
		return writeJSON(c.stdout, object)
	}
	_, err := fmt.Fprintf(c.stdout, format, args...)
	return err
}

// readPassword reads a line, from a terminal without showing it.
func (c *cli) readPassword() (string, error) {
	if in, ok := c.stdin.(*os.File); ok && term.IsTerminal(int(in.Fd())) {
		fmt.Fprint(c.stderr, "Password: ")
		text, err := term.ReadPassword(int(in.Fd()))
		fmt.Fprintln(c.stderr)
		return string(text), err
	}
	line, err := bufio.NewReader(c.stdin).ReadString('\n')
	if err != nil && !errors.Is(err, io.EOF) {
		return "", err
	}
	return strings.TrimRight(line, "\r\n"), nil
}
