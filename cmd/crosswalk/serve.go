package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net"
	"os"
	"path/filepath"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/playground"
	"github.com/crosswalk-go/crosswalk/scripting/host"
	"github.com/crosswalk-go/crosswalk/server"
	"github.com/crosswalk-go/crosswalk/server/api"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/files"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/sessions"
	"github.com/crosswalk-go/crosswalk/server/setup"
)

// serveFlags are the flags of `crosswalk serve`.
type serveFlags struct {
	project string
	listen  string
	profile bool
	noFlows bool
}

func newServeCommand(c *cli) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the project's flows, and serve the page and the API",
		Long: `Serve the page and the HTTP API behind it, until Ctrl-C: the playground, in which mappings are written and tried, and beside it what the
flows do.

In the folder of a project, one with a crosswalk.yaml, the page opens and saves its files, and the flows of the project run by their
triggers: every so often, at the times of a cron expression, and when a system calls POST /hooks/CONNECTION. --no-flows leaves them alone.
Elsewhere the page keeps what is written in the browser. Several processes may serve one project: each document is handled by one of them.

Changed files are taken over as soon as all of them are free of mistakes, and on SIGHUP; documents in hand are ended with the mappings
with which they were begun. Told to stop, it ends what is in hand first, for as long as server.drain of crosswalk.yaml says (30s).

It listens on this machine only, and there nobody has to sign in. It refuses any other address unless the section server of
crosswalk.yaml names users or tokens; crosswalk auth makes what stands there.

/healthz, /readyz and /metrics are for whoever looks after it.`,
		Example: `  crosswalk serve
  crosswalk serve --project /srv/shop --listen 127.0.0.1:9000`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return c.serve(cmd.Context(), f) },
	}
	flags := cmd.Flags()
	flags.StringVar(&f.project, "project", "", "the project's `folder` (default: this one, if it holds a crosswalk.yaml)")
	flags.StringVar(&f.listen, "listen", "", "`address` and port (default: that of crosswalk.yaml, else "+server.DefaultListen+")")
	flags.BoolVar(&f.noFlows, "no-flows", false, "run no flows: serve the page and the API only")
	flags.BoolVar(&f.profile, "pprof", false, "serve profiles of the program to admins at /debug/pprof")
	return cmd
}

func (c *cli) serve(ctx context.Context, f serveFlags) (err error) {
	dir := f.project
	if dir == "" {
		dir = "."
	}
	var p *project.Project
	if _, statErr := os.Stat(filepath.Join(dir, "crosswalk.yaml")); statErr == nil {
		if p, err = project.Load(dir, systems, project.Scripts(c.scripts)); err != nil {
			return err
		}
	} else if f.project != "" && errors.Is(statErr, fs.ErrNotExist) {
		return misusef("%s holds no crosswalk.yaml: a project is a folder with one", dir)
	}
	cfg, err := serverConfig(p)
	if err != nil {
		return err
	}
	if f.listen != "" {
		cfg.Listen = f.listen
	}
	// What would refuse to serve at all is found before a flow runs.
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return misusef("%w\nChoose another address with --listen", err)
	}
	defer l.Close() // again does nothing
	var run *flows.Service
	if p != nil && !f.noFlows {
		var set *flows.Set
		set, err = openFlowsWith(ctx, p, flows.Options{
			Surroundings: project.Surroundings{Log: c.logger()}, Outbound: &cfg.Outbound, Log: c.logger(), Own: ownPatience,
		})
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, set.Close(context.WithoutCancel(ctx))) }()
		if run, err = c.service(set, dir, cfg); err != nil {
			return err
		}
	}
	s, closeFolder, err := c.newServer(ctx, p, cfg, f.profile, run)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeFolder()) }()
	if err := s.MayServe(l.Addr()); err != nil {
		return misusef("%w\nName users or tokens in the section server of crosswalk.yaml (crosswalk auth makes them), or listen on 127.0.0.1", err)
	}
	c.sayServing(l.Addr(), "Ctrl-C stops.")
	return serveBeside(ctx, c.logger(), run, func(ctx context.Context) error { return s.Serve(ctx, l) })
}

// ownPatience is how long a server waits for other commands to leave the data folder.
const ownPatience = 20 * time.Second

// logger writes what happens to stderr.
func (c *cli) logger() *slog.Logger { return slog.New(slog.NewTextHandler(c.stderr, nil)) }

// newServer makes the server of a project, nil for none, and of the flows that run beside it. Whoever calls it closes the folder.
func (c *cli) newServer(ctx context.Context, p *project.Project, cfg server.Config, profile bool, run *flows.Service) (*server.Server, func() error, error) {
	opts := api.Options{
		Library: mappings.FS, Tests: mappings.Tests, Systems: systems, Scripts: c.scripts, Reader: host.Reader{Worker: scriptWorkerCommand()},
		Version: readVersion(debug.ReadBuildInfo()).Version,
		Log:     c.logger(),
	}
	opts.Audit = opts.Log.With("log", "audit")
	who, err := cfg.SignIn(p)
	if err == nil {
		opts.Auth, err = auth.New(who, nil)
	}
	if err != nil {
		return nil, nil, misusef("the section server of crosswalk.yaml: %w", err)
	}
	if run != nil && !opts.Auth.Open() {
		kept, err := sessions.Open(ctx, run.Set().Store, auth.SessionLife)
		if err != nil {
			return nil, nil, err
		}
		opts.Auth.Keep(kept)
	}
	opts.Secure = cfg.TLS
	closeFolder := func() error { return nil }
	if p != nil {
		folder, err := files.Open(p.Dir, p.SecretFiles()...)
		if err != nil {
			return nil, nil, err
		}
		opts.Folder, closeFolder = folder, folder.Close
	}
	if p != nil {
		tokens := runtime.TokensIn(p.Data)
		var store project.Store
		if run != nil {
			tokens, store = run.Set().Store.Tokens(), run.Set().Store
		}
		opts.Setup = setup.New(setup.Options{
			Load: p.Again, Folder: opts.Folder, Systems: systems, Library: mappings.FS, Scripts: c.scripts, Policy: cfg.Outbound, Tokens: tokens, Store: store,
		})
	}
	all := server.Options{API: opts, Hosts: cfg.Names(), Profile: profile}
	if run != nil {
		all.Hooks, all.Collectors = run.Hooks(), run.Collectors()
		all.API.Flows, all.API.Reload = run.Set(), run.Reload
		all.Ready = run.Set().Store.Ready
	}
	s, err := server.New(all)
	if err != nil {
		return nil, nil, errors.Join(err, closeFolder())
	}
	return s, closeFolder, nil
}

// sayServing says where to click.
func (c *cli) sayServing(addr net.Addr, then string) {
	if c.json {
		_ = writeJSON(c.stdout, map[string]string{"url": "http://" + addr.String()})
		return
	}
	fmt.Fprintf(c.stdout, "The playground is at http://%s\n", addr)
	if !playground.Built() {
		fmt.Fprintln(c.stdout, "(only the API: the page is not built into this program, `make build` does it)")
	}
	fmt.Fprintln(c.stdout, then)
}
