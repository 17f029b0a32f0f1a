package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"maps"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/statepage"
)

// sandboxFlags are the flags of `crosswalk sandbox`.
type sandboxFlags struct {
	port   int
	empty  bool
	env    bool
	faults string
	seed   uint64
}

func newSandboxCommand(c *cli) *cobra.Command {
	var f sandboxFlags
	cmd := &cobra.Command{
		Use:   "sandbox [SYSTEM...]",
		Short: "Start imitations of the systems' APIs on this machine",
		Long: `Start in-memory imitations of the systems' APIs, each on a port of the loopback interface, and print where they
are and with which credentials a connection reaches them. Without SYSTEM all of them start. What is written to a
sandbox is gone when it stops; Ctrl-C stops them. At /_sandbox of its address each shows what it holds and the last requests.

With --faults they go wrong as systems and networks do, each kind for a share of the requests:

` + faultKinds() + `
The same --seed makes the same requests go wrong, as long as they come in the same order.

With --env they are printed as lines for a shell, named after the systems: SHOPWARE_URL=..., SHOPWARE_ACCESS_KEY_ID=...`,
		Example: `  crosswalk sandbox
  crosswalk sandbox --env >sandboxes.env
  crosswalk sandbox shopware --port 9000
  crosswalk sandbox magento --faults "429=2%, lost=1%, slow=5%:300ms" --seed 7
  crosswalk sandbox --json`,
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			return systemNames(systems), cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(cmd *cobra.Command, args []string) error {
			chosen, err := chooseSystems(systems, args)
			if err != nil {
				return err
			}
			switch seeded := cmd.Flags().Changed("seed"); {
			case seeded && f.faults == "":
				return misusef("--seed is of no use without --faults")
			case !seeded:
				f.seed = rand.Uint64N(1_000_000)
			}
			return c.runSandboxes(cmd.Context(), chosen, f)
		},
	}
	cmd.Flags().IntVar(&f.port, "port", 0, "the first sandbox's `port`, the next ones take the ports after it (default: any free ports)")
	cmd.Flags().BoolVar(&f.env, "env", false, "print variables for a shell")
	cmd.Flags().BoolVar(&f.empty, "empty", false, "leave out the demo documents")
	cmd.Flags().StringVar(&f.faults, "faults", "", "go wrong by this `plan`, such as \"429=2%, lost=1%\"")
	cmd.Flags().Uint64Var(&f.seed, "seed", 0, "the `number` that the chances of --faults begin with (default: another one each time)")
	return cmd
}

// faultKinds is the help on the words of a plan.
func faultKinds() string {
	var b strings.Builder
	for _, kind := range faults.Kinds() {
		fmt.Fprintf(&b, "    %-6s %s\n", kind[0], kind[1])
	}
	return b.String()
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
	if f.env && c.json {
		return misusef("--env and --json are two forms of one thing: leave out one of the two")
	}
	if f.port < 0 || f.port+max(0, len(chosen)-1) > 65535 {
		return misusef("--port %d leaves no room for %s: ports end at 65535", f.port, count(len(chosen), "sandbox port"))
	}
	s, err := serveSandboxes(ctx, chosen, f, c.stderr)
	if errors.As(err, new(misuse)) {
		return err
	}
	if err != nil {
		return fmt.Errorf("%w\nChoose another --port, or leave it out for any free one", err)
	}
	if f.env {
		c.printVariables(s.running)
	} else {
		for _, sandbox := range s.running {
			c.printSandbox(sandbox, f)
		}
	}
	if !c.json && !f.env {
		fmt.Fprintln(c.stdout, "Ctrl-C stops.")
	}
	select {
	case <-ctx.Done():
		return s.stop()
	case <-s.failed:
		return s.stop() // says what failed
	}
}

// sandboxes are imitations of systems that are being served on the loopback interface.
type sandboxes struct {
	running []runningSandbox
	servers []*http.Server
	failed  chan struct{} // closed when one ends that nobody stopped

	serving  sync.WaitGroup
	mu       sync.Mutex
	stopping bool
	err      error // why the first one failed
}

// runningSandbox is where a sandbox is and how a connection reaches it.
type runningSandbox struct {
	spec        connectors.Spec
	url         string
	credentials map[string]string
}

// serveSandboxes starts a sandbox of each system. Whoever calls it stops them.
func serveSandboxes(ctx context.Context, chosen []connectors.System, f sandboxFlags, errorLog io.Writer) (*sandboxes, error) {
	made := make([]connectors.Sandbox, len(chosen))
	for i, system := range chosen {
		made[i] = system.Sandbox(connectors.SandboxOptions{Empty: f.empty})
		if err := f.disturb(made[i]); err != nil {
			return nil, misusef("sandbox of %s: %v", system.Spec.Name, err)
		}
	}
	// Every port is taken before the first request is served, so that the sandboxes come all or not at all.
	var listeners []net.Listener
	for i, system := range chosen {
		port := 0
		if f.port != 0 {
			port = f.port + i
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port)))
		if err != nil {
			for _, l := range listeners {
				l.Close()
			}
			return nil, fmt.Errorf("sandbox of %s: %w", system.Spec.Name, err)
		}
		listeners = append(listeners, l)
	}
	s := &sandboxes{failed: make(chan struct{})}
	for i, system := range chosen {
		s.serve(system.Spec, made[i], f, listeners[i], errorLog)
	}
	return s, nil
}

// disturb makes a sandbox go wrong as --faults says.
func (f sandboxFlags) disturb(sandbox connectors.Sandbox) error {
	if f.faults == "" {
		return nil
	}
	faulty, ok := sandbox.(faults.Faulty)
	if !ok {
		return errors.New("it cannot be made to go wrong: leave out --faults")
	}
	var words faults.Words
	if worded, ok := sandbox.(faults.Worded); ok {
		words = worded.FailureWords()
	}
	plan, err := faults.Parse(f.faults, words)
	if err != nil {
		return fmt.Errorf("--faults: %w", err)
	}
	faulty.Seed(f.seed)
	for _, fault := range plan {
		faulty.Fault(fault)
	}
	return nil
}

// plan says how the sandboxes go wrong, "" where they do not.
func (f sandboxFlags) plan() string {
	if f.faults == "" {
		return ""
	}
	return fmt.Sprintf("%s (seed %d)", f.faults, f.seed)
}

func (s *sandboxes) serve(spec connectors.Spec, sandbox connectors.Sandbox, f sandboxFlags, l net.Listener, errorLog io.Writer) {
	server := &http.Server{
		Handler:           statepage.New(sandbox, statepage.Options{Title: spec.Title, Faults: f.plan()}),
		ReadHeaderTimeout: 10 * time.Second,
		IdleTimeout:       time.Minute,
		ErrorLog:          log.New(errorLog, spec.Name+": ", 0),
	}
	s.servers = append(s.servers, server)
	s.running = append(s.running, runningSandbox{spec, "http://" + l.Addr().String(), sandbox.Credentials()})
	if caller, ok := sandbox.(faults.Caller); ok {
		calling, stop := context.WithCancel(context.Background())
		server.RegisterOnShutdown(stop)
		s.serving.Go(func() {
			defer stop()
			deliver(calling, caller, server.ErrorLog)
		})
	}
	s.serving.Go(func() {
		err := server.Serve(l)
		s.mu.Lock()
		defer s.mu.Unlock()
		if !s.stopping && s.err == nil {
			s.err = fmt.Errorf("sandbox of %s: %w", spec.Name, err)
			close(s.failed)
		}
	})
}

// deliver makes the calls of a sandbox's webhooks until ctx ends.
func deliver(ctx context.Context, caller faults.Caller, errorLog *log.Logger) {
	client := &http.Client{Timeout: 10 * time.Second}
	defer client.CloseIdleConnections()
	tick := time.NewTicker(200 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
			if err := caller.Deliver(ctx, client); err != nil && ctx.Err() == nil {
				errorLog.Print(err)
			}
		}
	}
}

// stop ends every sandbox, lets requests under way finish for a moment, and returns why one had failed before.
func (s *sandboxes) stop() error {
	s.mu.Lock()
	s.stopping = true
	s.mu.Unlock()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Second)
	defer cancel()
	for _, server := range s.servers {
		if server.Shutdown(ctx) != nil {
			server.Close()
		}
	}
	s.serving.Wait()
	return s.err
}

func (c *cli) printSandbox(s runningSandbox, f sandboxFlags) {
	if c.json {
		line := map[string]any{"system": s.spec.Name, "url": s.url, "page": s.url + statepage.Path, "credentials": s.credentials}
		if f.faults != "" {
			line["faults"], line["seed"] = f.faults, f.seed
		}
		_ = writeJSON(c.stdout, line)
		return
	}
	fmt.Fprintf(c.stdout, "%s\n", s.spec.Title)
	printPair(c.stdout, "system", s.spec.Name)
	printPair(c.stdout, "url", s.url)
	printPair(c.stdout, "page", s.url+statepage.Path)
	if f.faults != "" {
		printPair(c.stdout, "faults", f.plan())
	}
	for _, name := range slices.Sorted(maps.Keys(s.credentials)) {
		printPair(c.stdout, name, s.credentials[name])
	}
	fmt.Fprintln(c.stdout)
}

// printVariables prints all at once, so that who waits for the file gets it whole.
func (c *cli) printVariables(running []runningSandbox) {
	var b strings.Builder
	for _, s := range running {
		prefix := strings.ToUpper(s.spec.Name)
		fmt.Fprintf(&b, "%s_URL=%s\n", prefix, s.url)
		for _, name := range slices.Sorted(maps.Keys(s.credentials)) {
			fmt.Fprintf(&b, "%s_%s=%s\n", prefix, variableName(name), s.credentials[name])
		}
	}
	fmt.Fprint(c.stdout, b.String())
}

func printPair(w io.Writer, name, value string) { fmt.Fprintf(w, "  %-16s %s\n", name, value) }
