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
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// serveFlags are the flags of `crosswalk serve`.
type serveFlags struct {
	project string
	listen  string
	profile bool
}

func newServeCommand(c *cli) *cobra.Command {
	var f serveFlags
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Run the project's flows, and serve the page and the API",
		Long: `Serve the page and the HTTP API behind it, until Ctrl-C: the playground, in which mappings are written and tried, and beside it what the
flows do.

In the folder of a project, one with a crosswalk.yaml, its flows run by their schedules, and the page opens and saves its files. Elsewhere it
keeps what is written in the browser. Several processes may serve one project: each document is handled by one of them.

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
	log := slog.New(slog.NewTextHandler(c.stderr, nil))
	var set *flows.Set
	if p != nil {
		if set, err = flows.Open(ctx, p, flows.Options{Library: mappings.FS, Surroundings: project.Surroundings{Log: log}, Log: log}); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, set.Close(context.WithoutCancel(ctx))) }()
	}
	s, cfg, closeFolder, err := c.newServer(set, log, f.profile)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, closeFolder()) }()
	if f.listen != "" {
		cfg.Listen = f.listen
	}
	l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", cfg.Listen)
	if err != nil {
		return misusef("%w\nChoose another address with --listen", err)
	}
	c.sayServing(l.Addr(), "Ctrl-C stops.")
	err = serveFlows(ctx, s, l, set)
	if errors.Is(err, server.ErrOpen) {
		return misusef("%w\nName users or tokens in the section server of crosswalk.yaml (crosswalk auth makes them), or listen on 127.0.0.1", err)
	}
	return err
}

// serveFlows serves the page while the flows of set run, until ctx ends or one of both cannot go on; a nil set has none.
func serveFlows(ctx context.Context, s *server.Server, l net.Listener, set *flows.Set) error {
	if set == nil {
		return s.Serve(ctx, l)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	ran := make(chan error, 1)
	go func() {
		ran <- set.Engine.Serve(ctx, set, runner.ServeOptions{})
		stop()
	}()
	err := s.Serve(ctx, l)
	stop()
	return errors.Join(err, <-ran)
}

// newServer makes the server of a project with its flows, nil for none. Whoever calls it closes the folder.
func (c *cli) newServer(set *flows.Set, log *slog.Logger, profile bool) (*server.Server, server.Config, func() error, error) {
	opts := api.Options{
		Library: mappings.FS, Tests: mappings.Tests, Systems: systems, Scripts: c.scripts, Reader: host.Reader{Worker: scriptWorkerCommand()},
		Version: readVersion(debug.ReadBuildInfo()).Version,
		Log:     log, Flows: set,
	}
	opts.Audit = opts.Log.With("log", "audit")
	var section []byte
	closeFolder := func() error { return nil }
	if set != nil {
		p := set.Project
		folder, err := files.Open(p.Dir, p.SecretFiles()...)
		if err != nil {
			return nil, server.Config{}, nil, err
		}
		opts.Folder, closeFolder, section = folder, folder.Close, p.Server
	}
	fail := func(err error) (*server.Server, server.Config, func() error, error) {
		return nil, server.Config{}, nil, errors.Join(err, closeFolder())
	}
	cfg, err := server.ParseConfig(section)
	if err != nil {
		return fail(misuse{err})
	}
	if opts.Auth, err = auth.New(cfg.Auth, nil); err != nil {
		return fail(misusef("the section server of crosswalk.yaml: %w", err))
	}
	opts.Secure = cfg.TLS
	s, err := server.New(server.Options{API: opts, Hosts: cfg.Hosts, Profile: profile})
	if err != nil {
		return fail(err)
	}
	return s, cfg, closeFolder, nil
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
