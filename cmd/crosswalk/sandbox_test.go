package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
)

// echoSystem is a system whose sandbox answers with the name of the system.
func echoSystem(name string) connectors.System {
	return connectors.System{
		Spec:    connectors.Spec{Name: name, Title: strings.ToUpper(name)},
		Sandbox: func(connectors.SandboxOptions) connectors.Sandbox { return echoSandbox(name) },
	}
}

type echoSandbox string

func (s echoSandbox) ServeHTTP(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, string(s)) }
func (s echoSandbox) Credentials() map[string]string {
	return map[string]string{"clientId": "id-of-" + string(s)}
}

// started is a line of `crosswalk sandbox --json`.
type started struct {
	System      string            `json:"system"`
	URL         string            `json:"url"`
	Credentials map[string]string `json:"credentials"`
}

func TestSandboxServesUntilItIsStopped(t *testing.T) {
	withSystems(t, echoSystem("alpha"), echoSystem("beta"))
	out, in := io.Pipe()
	code := make(chan int)
	var stderr bytes.Buffer
	go func() {
		code <- Main([]string{"sandbox", "--json"}, strings.NewReader(""), in, &stderr)
		in.Close()
	}()

	lines := bufio.NewScanner(out)
	for _, want := range []string{"alpha", "beta"} {
		if !lines.Scan() {
			t.Fatalf("no line for %s: %s", want, stderr.String())
		}
		var got started
		if err := json.Unmarshal(lines.Bytes(), &got); err != nil {
			t.Fatalf("%s: %v", lines.Text(), err)
		}
		if got.System != want || got.Credentials["clientId"] != "id-of-"+want {
			t.Errorf("got %+v, want system %s", got, want)
		}
		if !strings.HasPrefix(got.URL, "http://127.0.0.1:") {
			t.Errorf("%s listens at %s, which is not loopback", want, got.URL)
		}
		if body := get(t, got.URL); body != want {
			t.Errorf("%s answers %q", got.URL, body)
		}
	}

	self, err := os.FindProcess(os.Getpid())
	if err == nil {
		err = self.Signal(syscall.SIGTERM)
	}
	if err != nil {
		t.Fatal(err)
	}
	if got := <-code; got != exitOK {
		t.Errorf("exit code %d, want %d: %s", got, exitOK, stderr.String())
	}
}

func TestSandboxForPeople(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	stop() // it starts, prints and sees at once that it should end
	var stdout bytes.Buffer
	c := &cli{stdout: &stdout, stderr: io.Discard}
	if err := c.runSandboxes(ctx, []connectors.System{echoSystem("alpha")}, sandboxFlags{}); err == nil {
		for _, want := range []string{"ALPHA", "system           alpha", "url              http://127.0.0.1:", "clientId         id-of-alpha", "Ctrl-C"} {
			if !strings.Contains(stdout.String(), want) {
				t.Errorf("no %q in\n%s", want, stdout.String())
			}
		}
	} else {
		t.Error(err)
	}
}

// frailSystem is a system whose sandbox can be made to go wrong, in words of its own.
func frailSystem(name string) connectors.System {
	s := echoSystem(name)
	s.Sandbox = func(connectors.SandboxOptions) connectors.Sandbox {
		return &frailSandbox{echoSandbox: echoSandbox(name)}
	}
	return s
}

type frailSandbox struct {
	faults.Injector
	echoSandbox
}

func (s *frailSandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, s.echoSandbox.ServeHTTP)
}

func (s *frailSandbox) FailureWords() faults.Words {
	return faults.Words{TooMany: func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusTooManyRequests)
		io.WriteString(w, "softly, please")
	}}
}

// callingSandbox calls an address for each text that is handed to it.
type callingSandbox struct {
	*frailSandbox
	address string
	due     chan string
}

func (s callingSandbox) Deliver(ctx context.Context, client *http.Client) error {
	for {
		select {
		case text := <-s.due:
			if err := s.Call(client, text, func() (*http.Request, error) {
				return http.NewRequestWithContext(ctx, http.MethodPost, s.address, strings.NewReader(text))
			}); err != nil {
				return err
			}
		default:
			return nil
		}
	}
}

// TestSandboxCalls holds that the webhooks of a sandbox come, twice where the plan says so, that it is told where nobody takes one, and that calls end with it.
func TestSandboxCalls(t *testing.T) {
	got := make(chan string, 8)
	receiver := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		if string(text) == "unwanted" {
			w.WriteHeader(http.StatusGone)
		}
		got <- string(text)
	}))
	defer receiver.Close()
	due := make(chan string, 8)
	system := echoSystem("alpha")
	system.Sandbox = func(connectors.SandboxOptions) connectors.Sandbox {
		return callingSandbox{&frailSandbox{echoSandbox: "alpha"}, receiver.URL, due}
	}
	var told bytes.Buffer
	s, err := serveSandboxes(t.Context(), []connectors.System{system}, sandboxFlags{faults: "twice=100%"}, &told)
	if err != nil {
		t.Fatal(err)
	}
	if answer := get(t, s.running[0].url); answer != "alpha" {
		t.Errorf("a request was disturbed: %s", answer)
	}
	due <- "order 7"
	if first, second := <-got, <-got; first != "order 7" || second != "order 7" {
		t.Errorf("%q, %q", first, second)
	}
	due <- "unwanted"
	<-got
	due <- "order 8" // is due after what was told
	<-got
	<-got
	if err := s.stop(); err != nil {
		t.Error(err)
	}
	if want := "alpha: webhook unwanted: 410 Gone"; !strings.Contains(told.String(), want) {
		t.Errorf("told is %q", told.String())
	}
}

// TestSandboxWithFaults holds that the sandboxes go wrong in their own words, the same way each time with one seed, that the page tells
// of it and is never disturbed, and that demos go undisturbed.
func TestSandboxWithFaults(t *testing.T) {
	answers := func(f sandboxFlags) (got []string, page string) {
		s, err := serveSandboxes(t.Context(), []connectors.System{frailSystem("alpha")}, f, io.Discard)
		if err != nil {
			t.Fatal(err)
		}
		defer s.stop()
		for range 60 {
			got = append(got, get(t, s.running[0].url))
		}
		for range 20 {
			page = get(t, s.running[0].url+"/_sandbox")
			if !strings.Contains(page, "ALPHA: sandbox") {
				t.Fatalf("the page was disturbed: %s", page)
			}
		}
		return got, page
	}
	plan := sandboxFlags{faults: "429=40%", seed: 7}
	first, page := answers(plan)
	refused := strings.Count(strings.Join(first, ";"), "softly, please")
	if refused < 10 || refused > 40 {
		t.Errorf("%d of 60 requests were refused by %q", refused, plan.faults)
	}
	if told := strings.Count(page, "<td>429</td>"); told != 2*refused { // as answer and as fault
		t.Errorf("the page tells of %d, %d were refused", told, refused)
	}
	if !strings.Contains(page, "429=40% (seed 7)") {
		t.Error("the page does not show the plan")
	}
	if again, _ := answers(plan); !slices.Equal(first, again) {
		t.Error("the same seed gives other faults")
	}
	if other, _ := answers(sandboxFlags{faults: plan.faults, seed: 8}); slices.Equal(first, other) {
		t.Error("another seed gives the same faults")
	}
	if calm, _ := answers(sandboxFlags{}); slices.Contains(calm, "softly, please") {
		t.Error("it goes wrong without a plan")
	}
}

func TestSandboxRefusesFaults(t *testing.T) {
	for _, test := range []struct{ system, args, says string }{
		{"frail", "--faults 418=1%", `there is no fault "418"`},
		{"frail", "--faults 429", "write a kind and its share"},
		{"frail", "--seed 7", "--seed is of no use without --faults"},
		{"sturdy", "--faults 429=1%", "sandbox of alpha: it cannot be made to go wrong"},
	} {
		if test.system == "frail" {
			withSystems(t, frailSystem("alpha"))
		} else {
			withSystems(t, echoSystem("alpha"))
		}
		var stdout, stderr bytes.Buffer
		code := Main(append([]string{"sandbox"}, strings.Fields(test.args)...), strings.NewReader(""), &stdout, &stderr)
		if code != exitMisuse || !strings.Contains(stderr.String(), test.says) || stdout.Len() > 0 {
			t.Errorf("%s: exit code %d, %s%s; want %q", test.args, code, stdout.String(), stderr.String(), test.says)
		}
	}
}

func TestSandboxPorts(t *testing.T) {
	taken, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	port := taken.Addr().(*net.TCPAddr).Port

	tests := []struct {
		name string
		port int
		says string
	}{
		{"taken", port, "Choose another --port"},
		{"too high", 65535, "leaves no room for 2 sandbox ports"},
		{"negative", -1, "leaves no room"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := &cli{stdout: io.Discard, stderr: io.Discard}
			err := c.runSandboxes(t.Context(), []connectors.System{echoSystem("alpha"), echoSystem("beta")}, sandboxFlags{port: test.port})
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v, want an error with %q", err, test.says)
			}
		})
	}
}

func TestChooseSystems(t *testing.T) {
	all := []connectors.System{echoSystem("alpha"), echoSystem("beta"), echoSystem("gamma")}
	tests := []struct{ names, want, fails string }{
		{names: "", want: "alpha beta gamma"},
		{names: "gamma alpha", want: "gamma alpha"},
		{names: "beta beta", want: "beta"},
		{names: "alfa", fails: `unknown system "alfa": there is a sandbox for alpha, beta, gamma`},
	}
	for _, test := range tests {
		chosen, err := chooseSystems(all, strings.Fields(test.names))
		if test.fails != "" {
			if err == nil || err.Error() != test.fails {
				t.Errorf("%q: got error %v, want %s", test.names, err, test.fails)
			}
			continue
		}
		if got := strings.Join(systemNames(chosen), " "); err != nil || got != test.want {
			t.Errorf("%q: got %q, %v, want %q", test.names, got, err, test.want)
		}
	}
}

func withSystems(t *testing.T, s ...connectors.System) {
	before := systems
	systems = s
	t.Cleanup(func() { systems = before })
}

func get(t *testing.T, url string) string {
	t.Helper()
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(body)
}

// TestSandboxThatEndsByItself holds that one sandbox that ends ends the others, and that it is told which.
func TestSandboxThatEndsByItself(t *testing.T) {
	s, err := serveSandboxes(t.Context(), []connectors.System{echoSystem("alpha"), echoSystem("beta")}, sandboxFlags{}, io.Discard)
	if err != nil {
		t.Fatal(err)
	}
	s.servers[0].Close()
	<-s.failed
	if err := s.stop(); !errors.Is(err, http.ErrServerClosed) || !strings.Contains(err.Error(), "sandbox of alpha") {
		t.Errorf("got %v", err)
	}
	if _, err := net.Dial("tcp", strings.TrimPrefix(s.running[1].url, "http://")); err == nil {
		t.Error("the other one still listens")
	}
}
