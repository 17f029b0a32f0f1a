package runner_test

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	shop "github.com/crosswalk-go/crosswalk/connectors/shopware/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

const flowName = "webshop-orders"

func TestMain(m *testing.M) {
	if settings := os.Getenv("CROSSWALK_TEST_NODE"); settings != "" {
		if err := serveNode(settings); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if os.Getenv("CROSSWALK_TEST_WORKER") != "" {
		if err := worker(); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if dir := os.Getenv("CROSSWALK_TEST_RUN"); dir != "" {
		if err := child(dir); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

// child is a process that runs the flow once, and dies at the point of its work that it is told.
func child(dir string) error {
	var o runner.Options
	o.Page = 4
	if point, number, ok := strings.Cut(os.Getenv("CROSSWALK_TEST_DIE"), ":"); ok {
		left, err := strconv.Atoi(number)
		if err != nil {
			return err
		}
		o.Fault = func(at string) {
			if at != point {
				return
			}
			if left--; left == 0 {
				_ = syscall.Kill(os.Getpid(), syscall.SIGKILL)
				select {} // the signal is on its way
			}
		}
	}
	if text, ok := os.LookupEnv("CROSSWALK_TEST_AHEAD"); ok {
		ahead, err := time.ParseDuration(text)
		if err != nil {
			return err
		}
		o.Now = func() time.Time { return time.Now().Add(ahead) }
	}
	workers, err := strconv.Atoi(os.Getenv("CROSSWALK_TEST_WORKERS"))
	if err != nil {
		return err
	}
	ctx := context.Background()
	s, err := openSet(ctx, dir, o, os.LookupEnv)
	if err != nil {
		return err
	}
	summary, err := s.engine.Run(ctx, s.flow, runner.RunOptions{Workers: workers})
	fmt.Println(summary)
	return errors.Join(err, s.close())
}

// set is the flow of the project in testdata on the store in a folder.
type set struct {
	store   *runtime.Runtime
	engine  *runner.Engine
	flow    *runner.Flow
	project *project.Project
}

func (s *set) close() error {
	return errors.Join(s.flow.Close(), s.store.Close(context.Background()))
}

// quick is a pace for tests: what takes seconds there takes milliseconds here.
var quick = flow.Pace{Wait: 5 * time.Millisecond, MaxWait: 3 * time.Second, Settle: 300 * time.Millisecond, Probes: 3}

// openSet opens the project as the environment has it.
func openSet(ctx context.Context, dir string, o runner.Options, env func(string) (string, bool)) (*set, error) {
	files, _ := env("CROSSWALK_TEST_PROJECT")
	p, err := project.Load(cmp.Or(files, "testdata"), all.Systems(), project.Env(env))
	if err != nil {
		return nil, err
	}
	s := &set{project: p}
	if s.store, err = runtime.Open(ctx, dir, runtime.Options{Join: dir != "", Cluster: clusterOf(env)}); err != nil {
		return nil, err
	}
	if s.engine, err = runner.Open(ctx, s.store, o); err != nil {
		return nil, errors.Join(err, s.store.Close(ctx))
	}
	process, err := p.Process(ctx, flowName, mappings.FS, s.store,
		project.Surroundings{Capture: runner.Capture, Keeper: s.engine}, quick)
	if err != nil {
		return nil, errors.Join(err, s.store.Close(ctx))
	}
	s.flow = flowOf(process)
	return s, nil
}

// flowOf is what server/flows makes of an open process.
func flowOf(p *project.Process) *runner.Flow {
	return &runner.Flow{Name: p.Flow().Name, Process: p.Process, Versions: p.Versions(), Close: p.Close,
		Version: runner.Version{ID: p.Snapshot.Version, Files: p.Snapshot.Files}, At: func(v runner.Version) (*runner.Flow, error) {
			old, err := p.At(project.Snapshot{Version: v.ID, Files: v.Files})
			if err != nil {
				return nil, err
			}
			return flowOf(old), nil
		}}
}

func opened(t *testing.T, dir string, o runner.Options) *set {
	t.Helper()
	s, err := openSet(t.Context(), dir, o, worldOf(t).lookup)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

// world is a shop and its books, each behind HTTP, which the environment names as the project in testdata expects it.
type world struct {
	shop, books       connectors.Sandbox
	shopURL, booksURL string
	env               map[string]string // of what is opened and started in this world; tests run beside each other, so it is not the process's
}

// worlds are those of the tests that run.
var worlds sync.Map

// worldOf returns the world of a test.
func worldOf(t *testing.T) *world {
	t.Helper()
	w, ok := worlds.Load(t.Name())
	if !ok {
		t.Fatal("the test has no world")
	}
	return w.(*world)
}

func (w *world) lookup(name string) (string, bool) {
	value, ok := w.env[name]
	return value, ok
}

// command is this program as another process in the world, which does what the variable says.
func (w *world) command(ctx context.Context, variables ...string) *exec.Cmd {
	cmd := exec.CommandContext(ctx, os.Args[0])
	cmd.Env = append(os.Environ(), variables...)
	for name, value := range w.env {
		cmd.Env = append(cmd.Env, name+"="+value)
	}
	return cmd
}

var innerCapital = regexp.MustCompile(`([a-z0-9])([A-Z])`)

// newWorld starts the sandboxes. front may stand before each of them.
func newWorld(t *testing.T, front func(http.Handler) http.Handler) *world {
	t.Helper()
	w := &world{env: map[string]string{}}
	worlds.Store(t.Name(), w)
	t.Cleanup(func() { worlds.Delete(t.Name()) })
	for _, side := range []struct {
		system, prefix string
		sandbox        *connectors.Sandbox
		url            *string
	}{{"shopware", "WEBSHOP", &w.shop, &w.shopURL}, {"eaccounting", "BOOKS", &w.books, &w.booksURL}} {
		*side.sandbox = shop.New(connectors.SandboxOptions{})
		if side.system == "eaccounting" {
			*side.sandbox = books.New(connectors.SandboxOptions{}, func(s *books.Settings) { s.CallsPerMinute = 100_000 })
		}
		var handler http.Handler = *side.sandbox
		if front != nil {
			handler = front(handler)
		}
		server := httptest.NewServer(handler)
		t.Cleanup(server.Close)
		*side.url = server.URL
		w.env[side.prefix+"_URL"] = server.URL
		for name, value := range (*side.sandbox).Credentials() {
			w.env[side.prefix+"_"+strings.ToUpper(innerCapital.ReplaceAllString(name, "${1}_${2}"))] = value
		}
	}
	return w
}

// run runs the flow in a process of its own, which dies at the nth time that it comes to a point; "" for not at all.
func run(t *testing.T, dir, die string, workers int) (out string, killed bool) {
	t.Helper()
	cmd := worldOf(t).command(t.Context(), "CROSSWALK_TEST_RUN="+dir, "CROSSWALK_TEST_DIE="+die, "CROSSWALK_TEST_WORKERS="+strconv.Itoa(workers))
	var text bytes.Buffer
	cmd.Stdout, cmd.Stderr = &text, &text
	err := cmd.Run()
	if err == nil {
		return text.String(), false
	}
	if status, ok := cmd.ProcessState.Sys().(syscall.WaitStatus); ok && status.Signaled() && status.Signal() == syscall.SIGKILL {
		return text.String(), true
	}
	t.Fatalf("%v: %s", err, text.String())
	return "", false
}

// connect opens a connection to a sandbox that nothing disturbs.
func (w *world) connect(t *testing.T, system string) connectors.Connector {
	t.Helper()
	i := slices.IndexFunc(all.Systems(), func(s connectors.System) bool { return s.Spec.Name == system })
	sandbox := w.shop
	if system == "eaccounting" {
		sandbox = w.books
	}
	server := httptest.NewServer(sandbox)
	t.Cleanup(server.Close)
	options := map[string]string{}
	if system == "eaccounting" {
		options["callsPerMinute"] = "100000" // sandboxes have no budget to keep
	}
	c, err := all.Systems()[i].Open(connectors.Config{Name: "oracle", URL: server.URL, Credentials: sandbox.Credentials(), Options: options})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

// count counts the invoice drafts of each order of the shop, and how often each of their customers is in the books.
func (w *world) count(t *testing.T) (drafts, customers map[string]int) {
	t.Helper()
	references, emails := w.inBooks(t, "customerinvoicedrafts", "BuyersOrderReference"), w.inBooks(t, "customers", "EmailAddress")
	drafts, customers = map[string]int{}, map[string]int{}
	for doc, err := range w.connect(t, "shopware").Read(t.Context(), port.Query{Resource: "order"}) {
		if err != nil {
			t.Fatal(err)
		}
		n := references[strings.ToLower(doc.Key)]
		if n == 0 {
			continue
		}
		drafts[doc.Key] = n
		if email := strings.ToLower(gjson.GetBytes(doc.Body, "orderCustomer.email").Str); email != "" {
			customers[email] = emails[email]
		}
	}
	return drafts, customers
}

// inBooks counts what the books hold of a kind by a member, without regard to case: all of it, past the connector, so that neither its
// search nor a call for each of ten thousand orders stands between the books and the verdict.
func (w *world) inBooks(t *testing.T, kind, member string) map[string]int {
	t.Helper()
	out := map[string]int{}
	for _, doc := range w.held(t, kind, math.MaxInt).Newest {
		out[strings.ToLower(gjson.GetBytes(doc, member).Str)]++
	}
	return out
}

// drafts counts the invoice drafts in the books.
func (w *world) drafts(t *testing.T) int { return w.held(t, "customerinvoicedrafts", 0).Count }

func (w *world) held(t *testing.T, kind string, newest int) connectors.Holding {
	t.Helper()
	books, ok := w.books.(interface {
		State(newest int) []connectors.Holding
	})
	if ok {
		for _, h := range books.State(newest) {
			if h.Kind == kind {
				return h
			}
		}
	}
	t.Errorf("the books do not show their %s", kind)
	return connectors.Holding{}
}

// orderID returns the id of an order of the shop.
func (w *world) orderID(t *testing.T, number string) string {
	t.Helper()
	for doc, err := range w.connect(t, "shopware").Read(t.Context(), port.Query{Resource: "order"}) {
		if err != nil {
			t.Fatal(err)
		}
		if doc.Key == number {
			return doc.ID
		}
	}
	t.Fatalf("the shop has no order %s", number)
	return ""
}

// references returns what the invoice drafts of the shop's orders say as YourReference.
func (w *world) references(t *testing.T) map[string]string {
	t.Helper()
	out := map[string]string{}
	books := w.connect(t, "eaccounting")
	for doc, err := range w.connect(t, "shopware").Read(t.Context(), port.Query{Resource: "order"}) {
		if err != nil {
			t.Fatal(err)
		}
		found, err := books.Find(t.Context(), "invoiceDraft", port.Key{Field: port.KeyReference, Value: doc.Key})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range found {
			out[doc.Key] = gjson.GetBytes(f.Body, "YourReference").Str
		}
	}
	return out
}

// addOrders puts n paid orders of some customers into the shop, made like one of the seed.
func (w *world) addOrders(t *testing.T, n, customers int) {
	t.Helper()
	shop := w.connect(t, "shopware")
	var model []byte
	for doc, err := range shop.Read(t.Context(), port.Query{Resource: "order"}) {
		if err != nil {
			t.Fatal(err)
		}
		if doc.Key == "10002" {
			model = doc.Body
		}
	}
	load, ok := w.shop.(interface{ Load(...[]byte) error })
	if model == nil || !ok {
		t.Fatal("the shop has no order to make others of")
	}
	email := gjson.GetBytes(model, "orderCustomer.email").String()
	customer := gjson.GetBytes(model, "orderCustomer.customerId").String()
	stamp := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)
	var own []string // ids of what belongs to the order alone
	collect(gjson.ParseBytes(model), &own)
	for i := range n {
		at := stamp.Add(time.Duration(i) * time.Second).Format("2006-01-02T15:04:05.000-07:00")
		buyer := fmt.Sprintf("buyer%d@example.com", i%customers)
		pairs := []string{email, buyer, customer, hexOf(buyer), gjson.GetBytes(model, "orderNumber").Raw, strconv.Quote(strconv.Itoa(200000 + i))}
		for _, id := range own {
			pairs = append(pairs, id, hexOf(id+strconv.Itoa(i)))
		}
		for _, field := range []string{"orderDateTime", "createdAt", "updatedAt"} {
			if old := gjson.GetBytes(model, field).Str; old != "" {
				pairs = append(pairs, old, at)
			}
		}
		// A shop counts its orders, and pages by that number.
		order, err := sjson.SetBytes([]byte(strings.NewReplacer(pairs...).Replace(string(model))), "autoIncrement", 1000+i)
		if err != nil {
			t.Fatal(err)
		}
		if err := load.Load(order); err != nil {
			t.Fatal(err)
		}
	}
}

func hexOf(s string) string {
	sum := md5.Sum([]byte(s))
	return hex.EncodeToString(sum[:])
}

// collect finds the ids of an order's parts.
func collect(v gjson.Result, ids *[]string) {
	if v.IsObject() && strings.HasPrefix(v.Get("apiAlias").Str, "order") {
		if id := v.Get("id").Str; id != "" && !slices.Contains(*ids, id) {
			*ids = append(*ids, id)
		}
	}
	if v.IsObject() || v.IsArray() {
		v.ForEach(func(_, e gjson.Result) bool { collect(e, ids); return true })
	}
}

// balanced holds the account of everything to be balanced.
func balanced(t *testing.T, s *set) runner.Account {
	t.Helper()
	a, err := s.engine.Account(t.Context(), flowName, time.Time{}, time.Now().Add(time.Hour))
	if err != nil {
		t.Fatal(err)
	}
	if !a.Balanced() {
		text, _ := json.MarshalIndent(a, "", " ")
		t.Errorf("the account does not balance: %s\n%s", a, text)
	}
	return a
}
