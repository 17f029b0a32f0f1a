package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/connectors"
)

// sandboxFlags are the flags of `crosswalk sandbox`.
type sandboxFlags struct {
	port  int
	empty bool
}

func newSandboxCommand(c *cli) *cobra.Command {
	var f sandboxFlags
	cmd := &cobra.Command{
		Use:   "sandbox [SYSTEM...]",
		Short: "Start imitations of the systems' APIs on this machine",
		Long: `Start in-memory imitations of the systems' APIs, each on a port of the loopback interface, and print where they
are and with which credentials a connection reaches them. Without SYSTEM all of them start. What is written to a
sandbox is gone when it stops; Ctrl-C stops them.`,
		Example: `  crosswalk sandbox
  crosswalk sandbox shopware --port 9000
  crosswalk sandbox --json`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return systemNames(systems), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := chooseSystems(systems, args)
			if err != nil {
				return err
			}
			return c.runSandboxes(cmd.Context(), chosen, f)
		},
	}
	cmd.Flags().IntVar(&f.port, "port", 0, "the first sandbox's `port`, the next ones take the ports after it (default: any free ports)")
	cmd.Flags().BoolVar(&f.empty, "empty", false, "leave out the demo documents")
	return cmd
}

// chooseSystems returns the systems with the names, all of them without a name.
func chooseSystems(all []connectors.System, names []string) ([]connectors.System, error) {
	if len(names) == 0 {
		return all, nil
	}
	var chosen []connectors.System
	for _, name := range names {
		i := slices.IndexFunc(all, func(s connectors.System) bool { return s.Spec.Name == name })
		if i < 0 {
			return nil, misusef("unknown system %q: there is a sandbox for %s", name, strings.Join(systemNames(all), ", "))
		}
		if !slices.ContainsFunc(chosen, func(s connectors.System) bool { return s.Spec.Name == name }) {
			chosen = append(chosen, all[i])
		}
	}
	return chosen, nil
}

func systemNames(all []connectors.System) []string {
	names := make([]string, len(all))
	for i, s := range all {
		names[i] = s.Spec.Name
	}
	return names
}

// runSandboxes serves a sandbox of each system until ctx ends.
func (c *cli) runSandboxes(ctx context.Context, chosen []connectors.System, f sandboxFlags) error {
	if f.port < 0 || f.port+max(0, len(chosen)-1) > 65535 {
		return misusef("--port %d leaves no room for %s: ports end at 65535", f.port, count(len(chosen), "sandbox port"))
	}
	// Every port is taken before the first request is served, so that the addresses come all or not at all.
	listeners := make([]net.Listener, 0, len(chosen))
	defer func() {
		for _, l := range listeners {
			l.Close() // a second close of what a server has closed does nothing
		}
	}()
	for i := range chosen {
		port := 0
		if f.port != 0 {
			port = f.port + i
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			return fmt.Errorf("%s: %w\nChoose another --port, or leave it out for any free one", chosen[i].Spec.Name, err)
		}
		listeners = append(listeners, l)
	}

	servers := make([]*http.Server, len(chosen))
	ended := make(chan error, len(chosen))
	for i, system := range chosen {
		sandbox := system.Sandbox(connectors.SandboxOptions{Empty: f.empty})
		servers[i] = &http.Server{
			Handler:           sandbox,
			ReadHeaderTimeout: 10 * time.Second,
			IdleTimeout:       time.Minute,
			ErrorLog:          log.New(c.stderr, system.Spec.Name+": ", 0),
		}
		go func() { ended <- servers[i].Serve(listeners[i]) }()
		c.printSandbox(system.Spec, "http://"+listeners[i].Addr().String(), sandbox.Credentials())
	}
	if !c.json {
		fmt.Fprintln(c.stdout, "Ctrl-C stops.")
	}

	var err error
	running := len(servers)
	select {
	case <-ctx.Done():
	case err = <-ended:
		running--
	}
	stop(servers)
	for ; running > 0; running-- {
		if e := <-ended; err == nil && !errors.Is(e, http.ErrServerClosed) {
			err = e
		}
	}
	return err
}

// stop lets requests under way finish, for a moment.
func stop(servers []*http.Server) {
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	for _, s := range servers {
		if s.Shutdown(ctx) != nil {
			s.Close()
		}
	}
}

func (c *cli) printSandbox(spec connectors.Spec, url string, credentials map[string]string) {
	if c.json {
		_ = writeJSON(c.stdout, map[string]any{"system": spec.Name, "url": url, "credentials": credentials})
		return
	}
	fmt.Fprintf(c.stdout, "%s\n", spec.Title)
	printPair(c.stdout, "system", spec.Name)
	printPair(c.stdout, "url", url)
	for _, name := range slices.Sorted(maps.Keys(credentials)) {
		printPair(c.stdout, name, credentials[name])
	}
	fmt.Fprintln(c.stdout)
}

func printPair(w io.Writer, name, value string) { fmt.Fprintf(w, "  %-14s %s\n", name, value) }
