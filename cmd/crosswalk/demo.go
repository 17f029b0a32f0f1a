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
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/outbound"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
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

The sandboxes then stay, the flow runs every few seconds, and the page shows what it does and lets you change its mappings, until Ctrl-C; --once
ends right away.`,
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
	load := func() (*project.Project, error) {
		p, err := project.Load(dir, systems, project.Scripts(c.scripts), project.Env(func(name string) (string, bool) { v, ok := env[name]; return v, ok }))
		if err == nil {
			for i := range p.Flows { // more often than the file says, so that there is something to see
				p.Flows[i].Trigger = project.Trigger{Every: demoEvery}
			}
		}
		return p, err
	}
	p, err := load()
	if err != nil {
		return err
	}
	set, err := flows.Open(ctx, p, flows.Options{Library: mappings.FS, Outbound: &outbound.Policy{Loopback: true}}) // the sandboxes are on this machine
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, set.Close(context.WithoutCancel(ctx))) }()
	open, err := set.Flow(ctx, demoFlow)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, open.Close()) }()
	d := &demo{cli: c, load: load, set: set, flow: open, made: map[string]string{}}
	if err := d.runTwice(ctx); err != nil || once {
		return err
	}
	return d.serve(ctx)
}

// serve lets the flow run on, with the page beside it.
func (d *demo) serve(ctx context.Context) (err error) {
	cfg, err := serverConfig(d.set.Project)
	if err != nil {
		return err
	}
	run := flows.NewService(d.set, flows.ServiceOptions{Load: d.load, Serve: runner.ServeOptions{Workers: cfg.Workers}})
	cfg.Outbound.Loopback = true // the sandboxes are on this machine
	s, closeFolder, err := d.newServer(ctx, d.set.Project, cfg, false, run)
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
	d.sayServing(l.Addr(), "The sandboxes stay, and the flow runs every "+demoEvery.String()+": see Flows and Activity there. Ctrl-C ends it.")
	return serveBeside(ctx, d.logger(), run, func(ctx context.Context) error { return s.Serve(ctx, l) })
}

// demo is a demonstration on its way.
type demo struct {
	*cli
	load func() (*project.Project, error)
	set  *flows.Set
	flow *runner.Flow
	made map[string]string // order number -> what it became
}

// runTwice runs the flow, runs it again over everything, and looks into the books whether each order is there once.
func (d *demo) runTwice(ctx context.Context) (err error) {
	d.say("\nThe flow %s runs.\n", demoFlow)
	first, err := d.run(ctx)
	if err != nil {
		return err
	}
	if first.Created == 0 || first.InDoubt > 0 {
		return fmt.Errorf("no order crossed, or one is in doubt: %s", first)
	}
	d.say("\nIt runs again, over everything.\n")
	second, err := d.run(ctx)
	if err != nil {
		return err
	}
	if second.Created+second.Updated+second.InDoubt > 0 {
		return fmt.Errorf("the second run was not to change anything: %s", second)
	}
	books, err := d.set.Project.Open("books", project.Surroundings{Tokens: d.set.Store.Tokens()})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, books.Close()) }()
	for number, resource := range d.made {
		found, err := books.Find(ctx, resource, port.Key{Field: port.KeyReference, Value: number})
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

// run runs the flow once over everything, and prints what became of each document and the summary.
func (d *demo) run(ctx context.Context) (flow.Summary, error) {
	summary, err := d.set.Engine.Run(ctx, d.flow, runner.RunOptions{
		FromStart: true,
		OnResult: func(r flow.Result, _ flow.Summary) {
			if t, ok := r.Target(); ok && r.Outcome == flow.Created {
				d.made[r.Document.Name()] = t.Resource
			}
			d.printResult(r)
		},
	})
	d.printSummary(summary)
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
