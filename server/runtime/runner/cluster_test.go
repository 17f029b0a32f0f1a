package runner_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
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

// node is one NATS server of a cluster.
type node struct {
	options server.Options
	running *server.Server
}

func (n *node) start(t *testing.T) {
	t.Helper()
	o := n.options
	s, err := server.NewServer(&o)
	if err != nil {
		t.Fatal(err)
	}
	n.running = s
	s.Start()
}

func (n *node) stop() {
	n.running.Shutdown()
	n.running.WaitForShutdown()
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
	var routes []*url.URL
	var urls []string
	for i := range 3 {
		o := server.Options{ServerName: fmt.Sprintf("node%d", i), Host: "127.0.0.1", Port: freePort(t), NoSigs: true, JetStream: true, StoreDir: t.TempDir(),
			Username: "crosswalk", Password: "pw", MaxPayload: 8 << 20,
			Cluster: server.ClusterOpts{Name: "test", Host: "127.0.0.1", Port: freePort(t)}}
		routes = append(routes, &url.URL{Scheme: "nats", Host: fmt.Sprintf("127.0.0.1:%d", o.Cluster.Port)})
		urls = append(urls, fmt.Sprintf("nats://127.0.0.1:%d", o.Port))
		nodes = append(nodes, &node{options: o})
	}
	for _, n := range nodes {
		n.options.Routes = routes
		n.start(t)
		t.Cleanup(n.stop)
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
	err = s.engine.Serve(ctx, host{s, time.Second}, runner.ServeOptions{Workers: 2, Tend: 300 * time.Millisecond})
	return errors.Join(err, s.close())
}

// startWorker starts a worker; its words are kept.
func startWorker(t *testing.T, words *bytes.Buffer) *exec.Cmd {
	t.Helper()
	cmd := worldOf(t).command(context.Background(), "CROSSWALK_TEST_WORKER=1") // it is told to stop
	cmd.Stdout, cmd.Stderr = words, words
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd
}

// TestCluster has three workers on three NATS servers send orders. One worker is killed and one server stopped in the middle, and both come back. Every order
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
	for i := range 3 {
		workers = append(workers, startWorker(t, &words[i]))
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
	nodes[2].stop()
	before := settled()
	eventually(t, "the others go on", func() bool { return settled() > before+10 })
	nodes[2].start(t)
	workers[1] = startWorker(t, &words[3])
	eventually(t, "everything is handled", func() bool { return settled() == orders+10 })
	left, err := s.engine.Unsettled(t.Context(), flowName)
	if err != nil || len(left) != 1 || left[0].Key != "10007" {
		t.Errorf("unsettled at the end: %+v, %v", left, err)
	}
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
	if t.Failed() {
		for i := range words {
			t.Logf("worker %d: %s", i, words[i].String())
		}
	}
	if found, err := filepath.Glob(filepath.Join(nodes[0].options.StoreDir, "jetstream", "*", "streams", "*")); err != nil || len(found) < 10 {
		t.Errorf("the first server keeps only %v, %v", found, err)
	}
}
