package flows_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/gorilla/mux"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	books "github.com/crosswalk-go/crosswalk/connectors/eaccounting/sandbox"
	shop "github.com/crosswalk-go/crosswalk/connectors/ecwid/sandbox"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m, goleak.IgnoreAnyFunction("net/http.(*persistConn).readLoop"), goleak.IgnoreAnyFunction("net/http.(*persistConn).writeLoop"))
}

const customers = "customers"

const customersFlow = `from: webshop
to: books
entity: customer
trigger: {webhook: true}
tables:
  customerTaxCodes: {NL: domestic, EU: intra, world: export}
`

// bench is a project with a shop that calls and its books, served.
type bench struct {
	t     *testing.T
	dir   string
	shop  *shop.Sandbox
	books *books.Sandbox
	// front stands before the books.
	set     *flows.Set
	service *flows.Service
	url     string
	stop    context.CancelFunc
	ran     chan error
	log     *lockedBuffer
}

func logTo(w io.Writer) *slog.Logger { return slog.New(slog.NewTextHandler(w, nil)) }

type lockedBuffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (l *lockedBuffer) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

func (l *lockedBuffer) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

func (b *bench) write(name, text string) {
	b.t.Helper()
	path := filepath.Join(b.dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		b.t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		b.t.Fatal(err)
	}
}

// serve starts the service of the project.
func serve(t *testing.T, change func(*flows.ServiceOptions), front func(http.Handler) http.Handler, open ...func(*flows.Options)) *bench {
	t.Helper()
	b := &bench{t: t, dir: t.TempDir(), shop: shop.New(connectors.SandboxOptions{}), ran: make(chan error, 1), log: &lockedBuffer{},
		books: books.New(connectors.SandboxOptions{}, func(s *books.Settings) { s.CallsPerMinute = 100_000 })}
	var handler http.Handler = b.books
	if front != nil {
		handler = front(handler)
	}
	env := map[string]string{}
	text := "connections:\n"
	for _, side := range []struct {
		name, system string
		sandbox      connectors.Sandbox
		handler      http.Handler
	}{{"webshop", "ecwid", b.shop, b.shop}, {"books", "eaccounting", b.books, handler}} {
		s := httptest.NewServer(side.handler)
		t.Cleanup(s.Close)
		text += fmt.Sprintf("  %s:\n    system: %s\n    url: %s\n    options: {callsPerMinute: 100000}\n    credentials:\n", side.name, side.system, s.URL)
		if side.system == "ecwid" {
			text = strings.Replace(text, "100000", "600", 1)
		}
		for name, value := range side.sandbox.Credentials() {
			env[strings.ToUpper(side.name+"_"+name)] = value
			text += fmt.Sprintf("      %s: ${%s}\n", name, strings.ToUpper(side.name+"_"+name))
		}
	}
	b.write("crosswalk.yaml", text)
	b.write("flows/"+customers+".yaml", customersFlow)
	load := func() (*project.Project, error) {
		return project.Load(b.dir, all.Systems(), project.Env(func(n string) (string, bool) { v, ok := env[n]; return v, ok }))
	}
	p, err := load()
	if err != nil {
		t.Fatal(err)
	}
	opening := flows.Options{Library: mappings.FS, Log: logTo(b.log)}
	for _, o := range open {
		o(&opening)
	}
	b.set, err = flows.Open(t.Context(), p, opening)
	if err != nil {
		t.Fatal(err)
	}
	o := flows.ServiceOptions{Load: load, Watch: 50 * time.Millisecond}
	if change != nil {
		change(&o)
	}
	b.service = flows.NewService(b.set, o)
	r := mux.NewRouter()
	r.Handle("/hooks/{connection}", b.service.Hooks()).Methods(http.MethodPost)
	s := httptest.NewServer(r)
	b.url = s.URL
	ctx, stop := context.WithCancel(context.Background())
	b.stop = stop
	go func() { b.ran <- b.service.Run(ctx) }()
	t.Cleanup(func() {
		s.Close()
		stop()
		if b.ran != nil {
			if err := <-b.ran; err != nil {
				t.Error(err)
			}
		}
		if err := b.set.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return b
}

// hook sends a webhook of the shop and returns the status of the answer.
func (b *bench) hook(e shop.Event, connection string, change func(*http.Request)) int {
	b.t.Helper()
	r, err := e.Request(b.t.Context(), b.url+"/hooks/"+connection)
	if err != nil {
		b.t.Fatal(err)
	}
	if change != nil {
		change(r)
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		b.t.Fatal(err)
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, res.Body)
	return res.StatusCode
}

// entries are what became of documents, newest first.
func (b *bench) entries(name string) []activity.Entry {
	b.t.Helper()
	var final []activity.Entry
	list, err := b.set.Engine.Activity().List(b.t.Context(), activity.Query{Flow: name, Limit: 1000})
	if err != nil {
		b.t.Fatal(err)
	}
	for _, e := range list {
		if activity.Final(e.Outcome) {
			final = append(final, e)
		}
	}
	return final
}

func (b *bench) eventually(what string, is func() bool) {
	b.t.Helper()
	for end := time.Now().Add(30 * time.Second); !is(); {
		if time.Now().After(end) {
			b.t.Fatalf("%s: it did not come to that\n%s", what, b.log)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

// metric is the sum of the values of a metric whose labels hold all of these values.
func (b *bench) metric(name string, values ...string) float64 {
	b.t.Helper()
	r := prometheus.NewRegistry()
	r.MustRegister(b.service.Collectors()...)
	families, err := r.Gather()
	if err != nil {
		b.t.Fatal(err)
	}
	sum := 0.0
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			have := map[string]bool{}
			for _, l := range m.GetLabel() {
				have[l.GetValue()] = true
			}
			all := true
			for _, v := range values {
				all = all && have[v]
			}
			if all {
				sum += m.GetCounter().GetValue() + m.GetGauge().GetValue()
			}
		}
	}
	return sum
}

// TestWebhooks sends webhooks, true and false, and looks at what the flow did.
func TestWebhooks(t *testing.T) {
	b := serve(t, nil, nil)
	const id = "281904401"
	forged := b.shop.Webhook("customer.updated", id)
	for _, tt := range []struct {
		name, connection string
		change           func(*http.Request)
		want             int
	}{
		{"a wrong signature", "webshop", func(r *http.Request) { r.Header.Set("X-Ecwid-Webhook-Signature", "AAAA") }, 401},
		{"no signature", "webshop", func(r *http.Request) { r.Header.Del("X-Ecwid-Webhook-Signature") }, 401},
		{"a connection that there is not", "nowhere", nil, 404},
		{"a system that does not call", "books", nil, 404},
		{"another method", "webshop", func(r *http.Request) { r.Method = http.MethodPut }, 405},
		{"a body without end", "webshop", func(r *http.Request) {
			r.Body, r.ContentLength = io.NopCloser(io.LimitReader(zeroes{}, 2<<20)), -1
		}, 413},
	} {
		if got := b.hook(forged, tt.connection, tt.change); got != tt.want {
			t.Errorf("%s answers %d, not %d", tt.name, got, tt.want)
		}
	}
	if n := b.metric("crosswalk_webhooks_total", "webshop", "refused"); n != 3 {
		t.Errorf("%v webhooks were counted as refused", n)
	}
	// The same twice at one time, and again by a retry of the shop.
	e := b.shop.Webhook("customer.created", id)
	var both sync.WaitGroup
	for range 2 {
		both.Go(func() {
			if got := b.hook(e, "webshop", nil); got != 204 {
				t.Errorf("a webhook answers %d", got)
			}
		})
	}
	both.Wait()
	b.eventually("the customer crosses", func() bool { return len(b.entries(customers)) > 0 })
	if got := b.hook(e, "webshop", nil); got != 204 {
		t.Errorf("the webhook answers %d the third time", got)
	}
	last := b.shop.Webhook("customer.updated", id)
	if got := b.hook(last, "webshop", nil); got != 204 {
		t.Errorf("the next webhook answers %d", got)
	}
	b.eventually("later webhooks are followed too", func() bool { return len(b.entries(customers)) > 1 })
	created := 0
	for _, e := range b.entries(customers) {
		if e.Cause != "webhook" || e.Document.ID != id {
			t.Errorf("%s was handled because of %s", e.Document.ID, e.Cause)
		}
		if e.Outcome == flow.Created || e.Outcome == flow.Updated {
			created++
		}
	}
	if created > 1 {
		t.Errorf("the customer was made or changed %d times", created)
	}
	if n := b.metric("crosswalk_webhooks_total", "webshop", "accepted"); n != 4 {
		t.Errorf("%v webhooks were counted as accepted", n)
	}
}

type zeroes struct{}

func (zeroes) Read(p []byte) (int, error) { clear(p); return len(p), nil }

// TestReload changes the files of a project while its flows run.
func TestReload(t *testing.T) {
	b := serve(t, nil, nil)
	const second = "more-customers"
	b.write("flows/"+second+".yaml", strings.Replace(customersFlow, "webhook: true", "every: 1s", 1))
	b.eventually("a new flow runs by its schedule", func() bool { return len(b.entries(second)) > 2 })
	before := b.entries(second)[0].Versions

	b.write("flows/"+second+".yaml", "from: webshop\nto: nowhere\nentity: customer\n")
	b.eventually("a mistake is told", func() bool { return strings.Contains(b.log.String(), "the flows go on as they were") })
	if _, err := b.set.Current().Flow(second); err != nil {
		t.Errorf("a mistake took the flow away: %v", err)
	}
	if err := b.service.Reload(t.Context()); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a reload with a mistake says %v", err)
	}

	b.write("mappings/ours.yaml", "extends: eaccounting/customer.write\nrules:\n  Note: \"'ours'\"\n")
	b.write("flows/"+second+".yaml", strings.Replace(customersFlow, "webhook: true", "every: 1s", 1)+"mappings: {write: mappings/ours.yaml}\n")
	b.eventually("the new mapping is in force", func() bool {
		f, err := b.set.Current().Flow(second)
		return err == nil && f.Mappings.Write != ""
	})
	oldest := b.entries(second)
	id := oldest[len(oldest)-1].Document.ID
	b.eventually("documents are handled with the new mapping", func() bool {
		if got := b.hook(b.shop.Webhook("customer.updated", id), "webshop", nil); got != 204 {
			t.Fatal(got)
		}
		if err := b.set.Engine.Hint(t.Context(), second, connectors.Hint{ID: id}); err != nil {
			t.Fatal(err)
		}
		return fmt.Sprint(b.entries(second)[0].Versions) != fmt.Sprint(before)
	})
	for _, e := range b.entries(second) {
		if len(e.Versions) != 3 {
			t.Errorf("entry %d names the versions %v", e.ID, e.Versions)
		}
	}
	for _, name := range before { // back to what the flow was, by its own version and by those of its mappings
		v, err := b.set.Engine.FindVersion(t.Context(), second, name)
		if err != nil {
			t.Fatal(err)
		}
		if err := b.set.Engine.Start(t.Context(), second, schedule.Ask{IDs: []string{id}, Version: v.ID, Cause: "replay"}); err != nil {
			t.Fatal(err)
		}
	}
	b.eventually("a document is replayed with the flow as it was", func() bool {
		return slices.ContainsFunc(b.entries(second), func(e activity.Entry) bool { return e.Cause == "replay" && slices.Equal(e.Versions, before) })
	})

	if err := os.Remove(filepath.Join(b.dir, "flows", second+".yaml")); err != nil {
		t.Fatal(err)
	}
	b.eventually("a flow that is gone is served no more", func() bool { _, err := b.set.Current().Flow(second); return err != nil })

}

// TestConservation holds the exported account to what was read.
func TestConservation(t *testing.T) {
	b := serve(t, nil, nil)
	if err := b.set.Engine.Start(t.Context(), customers, schedule.Ask{}); err != nil {
		t.Fatal(err)
	}
	b.eventually("everything is handled", func() bool {
		if err := b.service.Reconcile(t.Context(), time.Now()); err != nil {
			t.Fatal(err)
		}
		return b.metric("crosswalk_documents_read", customers, "today") > 1 && b.metric("crosswalk_documents", customers, "today", "queued") == 0
	})
	read := b.metric("crosswalk_documents_read", customers, "today")
	if sum := b.metric("crosswalk_documents", customers, "today"); sum != read || b.metric("crosswalk_documents", customers, "created") == 0 {
		t.Errorf("%v were read, and %v are accounted for", read, sum)
	}
	if skipped := b.metric("crosswalk_documents", customers, "today", "skipped"); skipped != b.metric("crosswalk_documents_skipped", customers, "today") {
		t.Errorf("%v were skipped, and the reasons say otherwise", skipped)
	}
	if n := b.metric("crosswalk_documents_missing") + b.metric("crosswalk_documents_doubled") + b.metric("crosswalk_documents_read", "yesterday"); n != 0 {
		t.Errorf("%v documents are missing, there twice or of yesterday", n)
	}
	// What somebody takes out of the store is missed, and named.
	stream, err := b.set.Store.JetStream().Stream(t.Context(), "ACTIVITY")
	if err != nil {
		t.Fatal(err)
	}
	gone := b.entries(customers)[0]
	if err := stream.DeleteMsg(t.Context(), gone.ID); err != nil {
		t.Fatal(err)
	}
	if err := b.service.Reconcile(t.Context(), time.Now()); err != nil {
		t.Fatal(err)
	}
	if n := b.metric("crosswalk_documents_missing", customers, "today"); n != 1 || !strings.Contains(b.log.String(), fmt.Sprintf("item=%d", gone.Item)) {
		t.Errorf("%v documents are missed\n%s", n, b.log)
	}
}

// TestDrain stops a service while a document is in hand: it is ended, or left for the next start where that takes too long.
func TestDrain(t *testing.T) {
	for _, tt := range []struct {
		name  string
		drain time.Duration
		late  bool
	}{{"in time", 20 * time.Second, false}, {"too late", 50 * time.Millisecond, true}} {
		t.Run(tt.name, func(t *testing.T) {
			reached, open := make(chan struct{}), make(chan struct{})
			var once, opened sync.Once
			b := serve(t, func(o *flows.ServiceOptions) { o.Drain = tt.drain }, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v2/") {
						once.Do(func() { close(reached) })
						<-open
					}
					next.ServeHTTP(w, r)
				})
			})
			defer opened.Do(func() { close(open) })
			if err := b.set.Engine.Hint(t.Context(), customers, connectors.Hint{ID: "281904402"}); err != nil {
				t.Fatal(err)
			}
			<-reached
			b.stop()
			if !tt.late {
				time.AfterFunc(200*time.Millisecond, func() { opened.Do(func() { close(open) }) })
			}
			err := <-b.ran
			b.ran = nil
			if got := err != nil && strings.Contains(err.Error(), "taken again"); got != tt.late {
				t.Fatalf("it ends with %v", err)
			}
			if tt.late {
				opened.Do(func() { close(open) })
			}
			b.eventually("the document is settled", func() bool { return len(b.entries(customers)) == 1 })
			if e := b.entries(customers)[0]; e.Outcome != flow.Created {
				t.Errorf("the document is %s: %s", e.Outcome, e.Reason)
			}
			<-b.service.Ended()
		})
	}
}
