package main

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime"
)

// demoProject is the example project: a shop, its books and the flow between them.
//
//go:embed demo
var demoProject embed.FS

const (
	demoFlow  = "webshop-orders"
	demoEvery = 5 * time.Second
)

func newDemoCommand(c *cli) *cobra.Command {
	var once bool
	cmd := &cobra.Command{
		Use:   "demo",
		Short: "See orders cross from a sandbox shop to sandbox books",
		Long: `Start sandboxes of a shop and its books on this machine, run the example project's flow of orders between them, and
run it again to show that nothing is doubled. Nothing leaves the machine and nothing is kept.

The sandboxes then stay, the flow runs every few seconds, and the playground shows the project's mappings, until Ctrl-C; --once ends
right away.`,
		Example: `  crosswalk demo --once
  crosswalk demo --once --json`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.runDemo(cmd.Context(), once) },
	}
	cmd.Flags().BoolVar(&once, "once", false, "end after the second run")
	return cmd
}

func (c *cli) runDemo(ctx context.Context, once bool) (err error) {
	dir, err := os.MkdirTemp("", "crosswalk-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	files, err := fs.Sub(demoProject, "demo")
	if err == nil {
		err = os.CopyFS(dir, files)
	}
	if err != nil {
		return fmt.Errorf("the example project: %w", err)
	}
	env, served, err := c.demoSandboxes(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, served.stop()) }()
	p, err := project.Load(dir, systems, project.Scripts(c.scripts), project.Env(func(name string) (string, bool) { v, ok := env[name]; return v, ok }))
	if err != nil {
		return err
	}
	store, err := runtime.Open(ctx, p.Data, runtime.Options{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close(context.WithoutCancel(ctx))) }()
	process, err := p.Process(ctx, demoFlow, mappings.FS, store, project.Surroundings{}, flow.Pace{})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, process.Close()) }()
	d := &demo{cli: c, process: process, made: map[string]string{}}
	if err := d.runTwice(ctx); err != nil || once {
		return err
	}
	return d.watchAndServe(ctx, p)
}

// watchAndServe lets the flow run on, with the playground beside it.
func (d *demo) watchAndServe(ctx context.Context, p *project.Project) (err error) {
	cfg, err := serverConfig(p)
	if err != nil {
		return err
	}
	s, closeFolder, err := d.newServer(p, cfg, false, nil)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeFolder()) }()
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil { // somebody has that port: any other does for a demonstration
		l, err = (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	}
	if err != nil {
		return err
	}
	d.say("\n")
	d.sayServing(l.Addr(), "")
	ctx, stop := context.WithCancel(ctx)
	served := make(chan error, 1)
	go func() {
		served <- s.Serve(ctx, l)
		stop() // without the page there is nothing to watch
	}()
	err = d.watch(ctx)
	stop()
	return errors.Join(err, <-served)
}

// demo is a demonstration on its way.
type demo struct {
	*cli
	process *project.Process
	made    map[string]string // order number -> what it became
}

// runTwice runs the flow, runs it again over everything, and looks into the books whether each order is there once.
func (d *demo) runTwice(ctx context.Context) error {
	d.say("\nThe flow %s runs.\n", demoFlow)
	first, err := d.run(ctx, nil)
	if err != nil {
		return err
	}
	if first.Created == 0 || first.InDoubt > 0 {
		return fmt.Errorf("no order crossed, or one is in doubt: %s", first)
	}
	d.say("\nIt runs again, over everything.\n")
	second, err := d.run(ctx, nil)
	if err != nil {
		return err
	}
	if second.Created+second.Updated+second.InDoubt > 0 {
		return fmt.Errorf("the second run was not to change anything: %s", second)
	}
	for number, resource := range d.made {
		found, err := d.process.To.Find(ctx, resource, port.Key{Field: port.KeyReference, Value: number})
		if err != nil {
			return fmt.Errorf("looking for order %s: %w", number, err)
		}
		if len(found) != 1 {
			return fmt.Errorf("order %s stands in the books %d times", number, len(found))
		}
	}
	d.say("\nThe second run changed nothing: each of the %d orders that were sent stands in the books once.\n", len(d.made))
	return nil
}

// watch runs the flow every few seconds until ctx ends, and prints what is made.
func (d *demo) watch(ctx context.Context) error {
	d.say("The sandboxes stay, and the flow runs every %s. Ctrl-C ends it.\n", demoEvery)
	ticker := time.NewTicker(demoEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-ticker.C:
		}
		news := func(r flow.Result) bool {
			return r.Outcome == flow.Created || r.Outcome == flow.Updated || r.Outcome == flow.InDoubt
		}
		if _, err := d.run(ctx, news); err != nil && ctx.Err() == nil {
			return err
		}
	}
}

// run runs the flow once and prints the results that pass; nil prints all and the summary.
func (d *demo) run(ctx context.Context, pass func(flow.Result) bool) (flow.Summary, error) {
	summary, err := d.process.Run(ctx, flow.RunOptions{
		FromStart: pass == nil,
		OnResult: func(r flow.Result, _ flow.Summary) {
			if t, ok := r.Target(); ok && r.Outcome == flow.Created {
				d.made[r.Document.Name()] = t.Resource
			}
			if pass == nil || pass(r) {
				d.printResult(r)
			}
		},
	})
	if pass == nil {
		d.printSummary(summary)
	}
	return summary, err
}

// say prints words for people, which programs do not get.
func (c *cli) say(format string, args ...any) {
	if !c.json {
		fmt.Fprintf(c.stdout, format, args...)
	}
}

// demoSandboxes starts the sandboxes of the example project and returns the variables that its
// connections name: WEBSHOP_URL, BOOKS_CLIENT_ID, ...
func (c *cli) demoSandboxes(ctx context.Context) (map[string]string, *sandboxes, error) {
	connections := []string{"WEBSHOP", "BOOKS"}
	chosen, err := chooseSystems(systems, []string{"shopware", "eaccounting"})
	if err != nil {
		return nil, nil, err
	}
	s, err := serveSandboxes(ctx, chosen, sandboxFlags{}, c.stderr)
	if err != nil {
		return nil, nil, err
	}
	env := map[string]string{}
	for i, sandbox := range s.running {
		c.say("%-28s %s\n", sandbox.spec.Title+" sandbox", sandbox.url)
		env[connections[i]+"_URL"] = sandbox.url
		for name, value := range sandbox.credentials {
			env[connections[i]+"_"+variableName(name)] = value
		}
	}
	return env, s, nil
}

var innerCapital = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// variableName turns clientId into CLIENT_ID.
func variableName(credential string) string {
	return strings.ToUpper(innerCapital.ReplaceAllString(credential, "${1}_${2}"))
}
