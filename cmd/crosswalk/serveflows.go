package main

import (
	"context"
	"errors"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"syscall"
	"time"

	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server"
	"github.com/crosswalk-go/crosswalk/server/alerts"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
	"github.com/crosswalk-go/crosswalk/server/tracing"
)

// serverConfig reads the section server of a project, nil for none.
func serverConfig(p *project.Project) (server.Config, error) {
	var section []byte
	if p != nil {
		section = p.Server
	}
	cfg, err := server.ParseConfig(section)
	if err != nil {
		return cfg, misuse{err}
	}
	return cfg, nil
}

// openFlows opens the flows of a project on the store that it names.
func openFlows(ctx context.Context, p *project.Project) (*flows.Set, error) {
	return openFlowsWith(ctx, p, flows.Options{})
}

func openFlowsWith(ctx context.Context, p *project.Project, o flows.Options) (*flows.Set, error) {
	cfg, err := serverConfig(p)
	if err != nil {
		return nil, err
	}
	cluster, err := cfg.Cluster(p)
	if err != nil {
		return nil, misusef("crosswalk.yaml: %w", err)
	}
	if o.Tracing, err = tracing.FromEnv(ctx, tracing.Options{Version: readVersion(debug.ReadBuildInfo()).Version, Log: o.Log, Getenv: os.Getenv}); err != nil {
		return nil, misuse{err}
	}
	o.Library, o.Cluster = mappings.FS, cluster
	set, err := flows.Open(ctx, p, o)
	if err != nil && o.Tracing != nil {
		o.Tracing.Close(context.WithoutCancel(ctx))
	}
	return set, err
}

// service makes what runs the flows of a set that was opened in dir.
func (c *cli) service(set *flows.Set, dir string, cfg server.Config) (*flows.Service, error) {
	tell, err := alerts.ParseConfig(set.Project.Alerts, set.Project.Secret)
	if err != nil {
		return nil, misuse{err}
	}
	return flows.NewService(set, flows.ServiceOptions{
		Load: func() (*project.Project, error) {
			return project.Load(dir, systems, project.Scripts(c.scripts))
		},
		Drain:  time.Duration(cfg.Drain),
		Alerts: tell,
		Serve:  runner.ServeOptions{Workers: cfg.Workers},
	}), nil
}

// serveBeside serves with the flows beside it, nil for none. Where one of them ends, the other is told to.
func serveBeside(ctx context.Context, log *slog.Logger, run *flows.Service, serve func(context.Context) error) error {
	if run == nil {
		return serve(ctx)
	}
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	hangups := make(chan os.Signal, 1)
	signal.Notify(hangups, syscall.SIGHUP)
	defer signal.Stop(hangups)
	ran := make(chan error, 1)
	go func() {
		ran <- run.Run(ctx)
		stop()
	}()
	reloading := make(chan struct{})
	var broken error
	go func() {
		defer close(reloading)
		for {
			select {
			case <-ctx.Done():
				return
			case <-run.Set().Store.Broken():
				broken = run.Set().Store.Ready(context.WithoutCancel(ctx))
				stop() // whoever looks after the process starts it anew
				return
			case <-hangups:
				if err := run.Reload(ctx); err != nil && ctx.Err() == nil {
					log.Error("the project was not read anew", "error", err)
				}
			}
		}
	}()
	err := serve(ctx)
	stop()
	<-reloading
	return errors.Join(broken, err, <-ran)
}
