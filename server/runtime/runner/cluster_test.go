package runner_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// node is one NATS server of a cluster, a process of its own.
type node struct {
	settings nodeSettings
	process  *exec.Cmd
	life     io.Closer // the process ends with it
	words    bytes.Buffer
}

// nodeSettings are what the process of a node is told.
type nodeSettings struct {
	Name, Store       string
	Port, ClusterPort int
	Routes            []string
}

func (n *node) start(t *testing.T) {
	t.Helper()
	settings, err := json.Marshal(n.settings)
	if err != nil {
		t.Fatal(err)
	}
	n.process = exec.CommandContext(context.Background(), os.Args[0]) // it is killed
	n.process.Env = append(os.Environ(), "CROSSWALK_TEST_NODE="+string(settings))
	n.words.Reset()
	n.process.Stdout, n.process.Stderr = &n.words, &n.words
	if n.life, err = n.process.StdinPipe(); err != nil {
		t.Fatal(err)
	}
	if err := n.process.Start(); err != nil {
		t.Fatal(err)
	}
}

// kill ends the process at once, with whatever it was doing.
func (n *node) kill() {
	_ = n.process.Process.Kill()
	_ = n.process.Wait()
}

// serveNode is what the process of a node does, until its standard input ends.
func serveNode(settings string) error {
	var n nodeSettings
	if err := json.Unmarshal([]byte(settings), &n); err != nil {
		return err
	}
	o := server.Options{ServerName: n.Name, Host: "127.0.0.1", Port: n.Port, NoSigs: true, JetStream: true, StoreDir: n.Store, Username: "crosswalk", Password: "pw",
		MaxPayload: 8 << 20, Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: n.ClusterPort}}
	for _, route := range n.Routes {
		u, err := url.Parse(route)
		if err != nil {
			return err
		}
		o.Routes = append(o.Routes, u)
	}
	s, err := server.NewServer(&o)
	if err != nil {
		return err
	}
	s.Start()
	_, err = io.Copy(io.Discard, os.Stdin)
	s.Shutdown()
	s.WaitForShutdown()
	return err
}

// freePort is a port of loopback that nobody has.
func freePort(t *testing.T) int {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().(*net.TCPAddr).Port
}

// newCluster starts three NATS servers that need a user and a password, and returns their address.
func newCluster(t *testing.T) ([]*node, string) {
	t.Helper()
	var nodes []*node
	var routes, urls []string
	for i := range 3 {
		n := &node{settings: nodeSettings{Name: fmt.Sprintf("node%d", i), Store: t.TempDir(), Port: freePort(t), ClusterPort: freePort(t)}}
		routes = append(routes, fmt.Sprintf("nats://127.0.0.1:%d", n.settings.ClusterPort))
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", n.settings.Port))
		nodes = append(nodes, n)
	}
	for _, n := range nodes {
		n.settings.Routes = routes
		n.start(t)
		t.Cleanup(n.kill)
	}
	for _, n := range nodes {
		eventually(t, n.settings.Name+" listens", func() bool {
			conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", n.settings.Port))
			if err == nil {
				conn.Close()
			}
			return err == nil
		})
	}
	return nodes, strings.Join(urls, ",")
}

// clusterOf is the cluster that the environment names, nil for none.
func clusterOf(env func(string) (string, bool)) *runtime.Cluster {
	if urls, ok := env("CROSSWALK_TEST_CLUSTER"); ok {
		return &runtime.Cluster{URL: urls, User: "crosswalk", Password: "pw"}
	}
	return nil
}

// worker is a process that serves the flow until it is told to stop.
func worker() error {
	ctx, stop := signal.NotifyContext(context.Background(), syscall.SIGTERM)
	defer stop()
	s, err := openSet(ctx, "", runner.Options{Lease: 5 * time.Second, Step: 3 * time.Second}, os.LookupEnv)
	if err != nil {
		return err
	}
	if err := os.WriteFile(os.Getenv("CROSSWALK_TEST_BEGUN"), nil, 0o600); err != nil {
		return errors.Join(err, s.close())
	}
	err = s.engine.Serve(ctx, host{s, time.Second}, runner.ServeOptions{Workers: 2, Tend: 300 * time.Millisecond})
	return errors.Join(err, s.close())
}

// startWorker starts a worker; its words are kept. begun is a file that it makes once it has the store.
func startWorker(t *testing.T, words *bytes.Buffer) (cmd *exec.Cmd, begun string) {
	t.Helper()
	begun = filepath.Join(t.TempDir(), "begun")
	cmd = worldOf(t).command(context.Background(), "CROSSWALK_TEST_WORKER=1", "CROSSWALK_TEST_BEGUN="+begun) // it is told to stop
	cmd.Stdout, cmd.Stderr = words, words
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, begun
}

// TestCluster has three workers on three NATS servers send orders, six processes. One of each is killed in the middle, and both come back. Every order
// stands in the books once, and the account balances.
func TestCluster(t *testing.T) {
	if testing.Short() {
		t.Skip("starts many processes")
	}
	t.Parallel()
	const orders = 120
	w := newWorld(t, nil)
	w.addOrders(t, orders, 12)
	nodes, urls := newCluster(t)
	w.env["CROSSWALK_TEST_CLUSTER"] = urls
	s := opened(t, "", runner.Options{Lease: 5 * time.Second, Step: 3 * time.Second})

	words := make([]bytes.Buffer, 4)
	var workers []*exec.Cmd
	t.Cleanup(func() { // when the processes have ended
		for i := range words {
			if t.Failed() {
				t.Logf("worker %d: %s", i, words[i].String())
			}
		}
	})
	for i := range 3 {
		cmd, _ := startWorker(t, &words[i])
		workers = append(workers, cmd)
	}
	t.Cleanup(func() {
		for _, cmd := range workers {
			if cmd.ProcessState == nil {
				_ = cmd.Process.Kill()
				_ = cmd.Wait()
			}
		}
	})
	settled := func() int {
		a, err := s.engine.Account(t.Context(), flowName, time.Now().Add(-time.Hour), time.Now().Add(time.Hour))
		if err != nil {
			return -1 // the servers are choosing a leader
		}
		return a.Read - a.Queued
	}
	eventually(t, "the workers begin", func() bool { return settled() > 15 })
	if err := workers[1].Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = workers[1].Wait()
	nodes[2].kill()
	before := settled()
	eventually(t, "the others go on", func() bool { return settled() > before+10 })
	nodes[2].start(t)
	var back string
	workers[1], back = startWorker(t, &words[3])
	eventually(t, "everything is handled", func() bool { return settled() == orders+10 })
	eventually(t, "the worker that was killed is back", func() bool { _, err := os.Stat(back); return err == nil })
	// Listed by any of the servers, of which one was away.
	eventually(t, "what is unsettled is known", func() bool {
		left, err := s.engine.Unsettled(t.Context(), flowName)
		return err == nil && len(left) == 1 && left[0].Key == "10007"
	})
	for i, cmd := range workers {
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Error(err)
		}
		if err := cmd.Wait(); err != nil {
			t.Errorf("worker %d ends with %v", i, err)
		}
	}
	drafts, customers := w.count(t)
	for order, n := range drafts {
		if n != 1 {
			t.Errorf("order %s stands in the books %d times", order, n)
		}
	}
	for email, n := range customers {
		if n != 1 && strings.HasPrefix(email, "buyer") {
			t.Errorf("%s is in the books %d times", email, n)
		}
	}
	if want := orders + 7; len(drafts) != want {
		t.Errorf("%d orders stand in the books, want %d", len(drafts), want)
	}
	if a := balanced(t, s); a.Queued != 0 || a.Created != orders+6 {
		t.Errorf("%s", a)
	}
	if found, err := filepath.Glob(filepath.Join(nodes[0].settings.Store, "jetstream", "*", "streams", "*")); err != nil || len(found) < 10 {
		t.Errorf("the first server keeps only %v, %v", found, err)
	}
}
