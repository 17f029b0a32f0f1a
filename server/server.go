// Package server is the HTTP side of Crosswalk: the page and the API on one address, with the defences that both need. It
// listens on this machine only unless people have to sign in. It is not for answering the API's routes or for
// running flows: server/api and server/runtime do. Start with [New] and [Server.Serve].
package server

import (
	"context"
	"errors"
	"fmt"
	"log"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"strings"
	"sync/atomic"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"

	"github.com/crosswalk-go/crosswalk/playground"
	"github.com/crosswalk-go/crosswalk/server/api"
)

// Options are what a server serves and to whom.
type Options struct {
	API api.Options
	// Hosts are the names under which browsers may ask, besides this machine's own: "crosswalk.example.com".
	Hosts []string
	// Profile adds /debug/pprof for whoever has the role admin.
	Profile bool
	// Ready says why the server is not ready; nil is ready.
	Ready func(context.Context) error
	// Hooks answers POST /hooks/{connection}, where nobody signs in: who calls proves it by a signature. nil where no flows run.
	Hooks http.Handler
	// Collectors are further metrics.
	Collectors []prometheus.Collector
}

// Server serves the page and the API.
type Server struct {
	opts    Options
	routes  *api.API
	handler http.Handler
	closing atomic.Bool
}

// ErrOpen is the error of an address that others can reach while nobody has to sign in.
var ErrOpen = errors.New("others could reach this address, and nobody would have to sign in")

// New puts the routes together.
func New(opts Options) (*Server, error) {
	if opts.API.Log == nil {
		opts.API.Log = slog.New(slog.DiscardHandler)
	}
	routes, err := api.New(opts.API)
	if err != nil {
		return nil, err
	}
	s := &Server{opts: opts, routes: routes}
	m, err := newMetrics(opts.Collectors)
	if err != nil {
		return nil, err
	}
	r := mux.NewRouter()
	r.UseEncodedPath()
	r.Use(m.measure)
	r.HandleFunc("/healthz", s.healthz).Methods(http.MethodGet)
	r.HandleFunc("/readyz", s.readyz).Methods(http.MethodGet)
	r.Handle("/metrics", routes.Guard(m.handler())).Methods(http.MethodGet)
	if opts.Hooks != nil {
		r.Handle("/hooks/{connection}", api.Limit(opts.Hooks, 1<<20, 20*time.Second, 64)).Methods(http.MethodPost)
	}
	if opts.Profile {
		admin := func(path string, f http.HandlerFunc) { r.Handle(path, routes.GuardAdmin(f)) }
		admin("/debug/pprof/cmdline", pprof.Cmdline)
		admin("/debug/pprof/profile", pprof.Profile)
		admin("/debug/pprof/symbol", pprof.Symbol)
		admin("/debug/pprof/trace", pprof.Trace)
		r.PathPrefix("/debug/pprof/").Handler(routes.GuardAdmin(http.HandlerFunc(pprof.Index)))
	}
	routes.Register(r)
	page := api.Limit(playground.Handler(nonceOf), 64<<10, 30*time.Second, 256)
	r.PathPrefix("/").Methods(http.MethodGet, http.MethodHead).Handler(page)
	s.handler = s.defended(r)
	return s, nil
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// MayServe tells whether the server may serve on an address: one that others can reach is [ErrOpen] unless people have to sign in.
func (s *Server) MayServe(at net.Addr) error {
	if s.opts.API.Auth.Open() && !isLoopback(at) {
		return fmt.Errorf("%s: %w", at, ErrOpen)
	}
	return nil
}

// Serve serves on l until ctx ends, and then lets requests under way finish for a moment. The error of an address on which it
// may not is that of [Server.MayServe].
func (s *Server) Serve(ctx context.Context, l net.Listener) error {
	if err := s.MayServe(l.Addr()); err != nil {
		_ = l.Close()
		return err
	}
	srv := &http.Server{
		Handler:           s,
		ReadHeaderTimeout: 10 * time.Second,
		ReadTimeout:       2 * time.Minute,
		WriteTimeout:      3 * time.Minute,
		IdleTimeout:       2 * time.Minute,
		MaxHeaderBytes:    64 << 10,
		ErrorLog:          log.New(logWriter{s.opts.API.Log}, "", 0),
	}
	srv.RegisterOnShutdown(s.routes.EndStreams)
	done := make(chan error, 1)
	go func() {
		<-ctx.Done()
		s.closing.Store(true)
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 5*time.Second)
		defer cancel()
		err := srv.Shutdown(ctx)
		if err != nil {
			err = errors.Join(err, srv.Close())
		}
		done <- err
	}()
	if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
		return err // the goroutine ends with ctx, which its owner ends
	}
	return <-done
}

// logWriter hands what net/http says to the log.
type logWriter struct{ log *slog.Logger }

func (w logWriter) Write(p []byte) (int, error) {
	w.log.Warn(strings.TrimSpace(string(p)))
	return len(p), nil
}

func isLoopback(addr net.Addr) bool {
	tcp, ok := addr.(*net.TCPAddr)
	return ok && tcp.IP.IsLoopback()
}

func (s *Server) healthz(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	fmt.Fprintln(w, "ok")
}

func (s *Server) readyz(w http.ResponseWriter, r *http.Request) {
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	ctx, cancel := context.WithTimeout(r.Context(), 5*time.Second)
	defer cancel()
	var err error
	switch {
	case s.closing.Load():
		err = errors.New("the server is stopping")
	case s.opts.Ready != nil:
		err = s.opts.Ready(ctx)
	}
	if err != nil {
		s.opts.API.Log.Warn("not ready", "error", err)
		w.WriteHeader(http.StatusServiceUnavailable)
		fmt.Fprintln(w, "not ready")
		return
	}
	fmt.Fprintln(w, "ready")
}
