package tracing_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/tidwall/gjson"
	collector "go.opentelemetry.io/proto/otlp/collector/trace/v1"
	common "go.opentelemetry.io/proto/otlp/common/v1"
	otlp "go.opentelemetry.io/proto/otlp/trace/v1"
	"google.golang.org/protobuf/proto"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	shop "github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
	"github.com/crosswalk-go/crosswalk/server/tracing"
)

// taken is a collector on loopback.
type taken struct {
	t       *testing.T
	mu      sync.Mutex
	raw     bytes.Buffer
	spans   map[string]*otlp.Span
	service []string
	key     string // header that the collector wants
}

func (c *taken) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	var got collector.ExportTraceServiceRequest
	if err == nil {
		err = proto.Unmarshal(body, &got)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if err != nil || r.URL.Path != "/v1/traces" || r.Header.Get("Api-Key") != c.key {
		c.t.Errorf("%s %s: %v", r.Method, r.URL, err)
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	c.raw.Write(body)
	for _, of := range got.ResourceSpans {
		c.service = append(c.service, attribute(of.Resource.Attributes, "service.name"))
		for _, scope := range of.ScopeSpans {
			for _, s := range scope.Spans {
				c.spans[string(s.SpanId)] = s
			}
		}
	}
	w.Header().Set("Content-Type", "application/x-protobuf")
}

func attribute(list []*common.KeyValue, name string) string {
	for _, a := range list {
		if a.Key != name {
			continue
		}
		if v, ok := a.Value.Value.(*common.AnyValue_IntValue); ok {
			return fmt.Sprint(v.IntValue)
		}
		return a.Value.GetStringValue()
	}
	return ""
}

// above returns the names of the spans around s, the nearest first.
func (c *taken) above(s *otlp.Span) []string {
	var names []string
	for p := c.spans[string(s.ParentSpanId)]; p != nil; p = c.spans[string(p.ParentSpanId)] {
		names = append(names, p.Name)
	}
	return names
}

// TestTracesOfARun runs orders of a shop into the books, with a call that fails once, and looks at what a collector got: a span for each document, its steps and each
// request that the systems saw, and nothing of a document or a secret.
func TestTracesOfARun(t *testing.T) {
	got := &taken{t: t, spans: map[string]*otlp.Span{}, key: "t0ps3cret"}
	server := httptest.NewServer(got)
	defer server.Close()
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	t.Setenv("OTEL_EXPORTER_OTLP_HEADERS", "api-key=t0ps3cret")
	t.Setenv("OTEL_SERVICE_NAME", "the shop's crosswalk")
	tracer, err := tracing.FromEnv(t.Context(), tracing.Options{Version: "v1", Getenv: os.Getenv})
	if err != nil || tracer == nil {
		t.Fatal(tracer, err)
	}

	var calls atomic.Int64
	var failed atomic.Bool
	dir, env, text := t.TempDir(), map[string]string{}, "connections:\n"
	boxes := map[string]connectors.Sandbox{
		"ecwid":       shop.New(connectors.SandboxOptions{}),
		"eaccounting": books.New(connectors.SandboxOptions{}, func(s *books.Settings) { s.CallsPerMinute = 100_000 }),
	}
	for system, box := range boxes {
		s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			calls.Add(1)
			if system == "ecwid" && strings.HasSuffix(r.URL.Path, "/orders") && failed.CompareAndSwap(false, true) {
				w.WriteHeader(http.StatusServiceUnavailable)
				return
			}
			box.ServeHTTP(w, r)
		}))
		defer s.Close()
		text += fmt.Sprintf("  %s:\n    system: %s\n    url: %s\n    credentials:\n", system, system, s.URL)
		for name, value := range box.Credentials() {
			variable := strings.ToUpper(system + "_" + name)
			env[variable] = value
			text += fmt.Sprintf("      %s: ${%s}\n", name, variable)
		}
	}
	for name, text := range map[string]string{
		"crosswalk.yaml": text,
		"flows/orders.yaml": "from: ecwid\nto: eaccounting\nentity: order\nsettings: {orderType: invoiceDraft, missingProduct: create}\n" +
			"steps:\n  - filter: customer.email != \"nobody@example.com\"\n" +
			"tables:\n  shippingArticles: {21: SHIP-21, 9: SHIP-9, 0: SHIP-0}\n  discountArticles: {21: DISC-21, 9: DISC-9, 0: DISC-0}\n",
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	p, err := project.Load(dir, all.Systems(), project.Env(func(n string) (string, bool) { v, ok := env[n]; return v, ok }))
	if err != nil {
		t.Fatal(err)
	}
	set, err := flows.Open(t.Context(), p, flows.Options{Library: mappings.FS, Tracing: tracer})
	if err != nil {
		t.Fatal(err)
	}
	f, err := set.Flow(t.Context(), "orders")
	if err != nil {
		t.Fatal(err)
	}
	sum, err := set.Engine.Run(t.Context(), f, runner.RunOptions{Workers: 2})
	if err != nil {
		t.Fatal(err)
	}
	sent := calls.Load()
	if err := f.Close(); err != nil {
		t.Error(err)
	}
	shopConnection, err := p.Open("ecwid", project.Surroundings{}) // reads what must not be in the traces, unseen by them
	if err != nil {
		t.Fatal(err)
	}
	secret := map[string]bool{"t0ps3cret": true, "nobody@example.com": true}
	for _, value := range env {
		secret[value] = true
	}
	for doc, err := range shopConnection.Read(t.Context(), port.Query{Resource: "order"}) {
		if err != nil {
			t.Fatal(err)
		}
		secret[doc.ID], secret[doc.Key] = true, true
		for _, path := range []string{"email", "billingPerson.name", "shippingPerson.name", "billingPerson.street", "billingPerson.phone", "billingPerson.postalCode",
			"shippingPerson.city", "ipAddress", "items.0.sku", "items.0.name", "internalId"} {
			if s := gjson.GetBytes(doc.Body, path).String(); len(s) > 3 {
				secret[s] = true
			}
		}
	}
	if err := shopConnection.Close(); err != nil {
		t.Error(err)
	}
	if err := set.Close(t.Context()); err != nil {
		t.Fatal(err)
	}

	outcomes, under, attempts, again := map[string]int{}, map[string]int{}, int64(0), 0
	for _, s := range got.spans {
		around := got.above(s)
		switch {
		case s.Kind == otlp.Span_SPAN_KIND_CLIENT:
			attempts++
			if attribute(s.Attributes, "http.request.resend_count") == "1" {
				again++
			}
			if attribute(s.Attributes, "http.response.status_code") == "503" && (attribute(s.Attributes, "error.type") != "outage" || s.Status.Code != otlp.Status_STATUS_CODE_ERROR) {
				t.Errorf("a call that failed: %v", s)
			}
			if len(around) > 0 {
				under[around[0]]++
			}
		case s.Name == "order of orders":
			outcomes[attribute(s.Attributes, "crosswalk.outcome")]++
		case s.Name != "read orders" && (len(around) == 0 || around[len(around)-1] != "order of orders"):
			t.Errorf("the step %q is in no document: %q", s.Name, around)
		default:
			under[s.Name]++
		}
	}
	if sum.Created == 0 || sum.Failed > 0 {
		t.Fatalf("the run: %s", sum)
	}
	if outcomes["created"] != sum.Created || outcomes["skipped"] != sum.Skipped {
		t.Errorf("documents in the traces %v, in the run %s", outcomes, sum)
	}
	for _, step := range []string{"read mapping", "step 1, filter", "plan", "create customer", "create invoiceDraft"} {
		if under[step] < 1 {
			t.Errorf("there is nothing of the step %q: %v", step, under)
		}
	}
	if attempts != sent || again == 0 {
		t.Errorf("the systems got %d requests, and the traces have %d, of which %d were another try", sent, attempts, again)
	}
	if len(got.service) == 0 || got.service[0] != "the shop's crosswalk" {
		t.Errorf("the service is %q", got.service)
	}
	for text := range secret {
		if len(text) > 2 && bytes.Contains(got.raw.Bytes(), []byte(text)) {
			t.Errorf("the traces hold %q", text)
		}
	}
	if len(secret) < 40 {
		t.Errorf("only %d texts were looked for", len(secret))
	}
}

// TestFromEnv holds when traces are made, and what is refused.
func TestFromEnv(t *testing.T) {
	for _, c := range []struct {
		name string
		env  map[string]string
		on   bool
		says string
	}{
		{name: "nothing"},
		{name: "an endpoint", env: map[string]string{"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}, on: true},
		{name: "an endpoint of traces", env: map[string]string{"OTEL_EXPORTER_OTLP_TRACES_ENDPOINT": "http://127.0.0.1:1/v1/traces"}, on: true},
		{name: "the exporter", env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp"}, on: true},
		{name: "no exporter", env: map[string]string{"OTEL_TRACES_EXPORTER": "none", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}},
		{name: "switched off", env: map[string]string{"OTEL_SDK_DISABLED": "TRUE", "OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:1"}},
		{name: "another exporter", env: map[string]string{"OTEL_TRACES_EXPORTER": "zipkin"}, says: `OTEL_TRACES_EXPORTER is "zipkin"`},
		{name: "another protocol", env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc"}, says: "http/protobuf only"},
		{name: "the protocol of traces wins", env: map[string]string{"OTEL_TRACES_EXPORTER": "otlp", "OTEL_EXPORTER_OTLP_PROTOCOL": "grpc",
			"OTEL_EXPORTER_OTLP_TRACES_PROTOCOL": "http/protobuf"}, on: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := tracing.FromEnv(t.Context(), tracing.Options{Getenv: func(name string) string { return c.env[name] }})
			if c.says != "" {
				if err == nil || !strings.Contains(err.Error(), c.says) {
					t.Errorf("error %v", err)
				}
				return
			}
			if err != nil || (got != nil) != c.on {
				t.Errorf("tracing %v, error %v", got, err)
			}
			if got != nil {
				got.Close(t.Context())
			}
		})
	}
}

// TestACollectorThatIsAway holds that nothing but a line in the log comes of it.
func TestACollectorThatIsAway(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	t.Setenv("OTEL_EXPORTER_OTLP_ENDPOINT", server.URL)
	server.Close()
	var log bytes.Buffer
	tracer, err := tracing.FromEnv(t.Context(), tracing.Options{Getenv: os.Getenv, Log: slog.New(slog.NewTextHandler(&log, nil))})
	if err != nil {
		t.Fatal(err)
	}
	for range 3 {
		_, done := tracer.Begin(t.Context(), flow.Work{Flow: "orders", Entity: port.Order})
		done(flow.Done{Outcome: flow.Created})
	}
	tracer.Close(t.Context())
	if n := strings.Count(log.String(), "could not be sent"); n < 1 || n > 2 {
		t.Errorf("%d lines:\n%s", n, log.String())
	}
}
