package flows_test

import (
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/http/httptest"
	"net/mail"
	"net/textproto"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/alerts"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/outbound"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

// sink gets alerts by mail and by webhook.
type sink struct {
	t      *testing.T
	mu     sync.Mutex
	posts  []string
	mails  []string
	config alerts.Config
}

func newSink(t *testing.T) *sink {
	t.Helper()
	s := &sink{t: t}
	t.Cleanup(func() {
		if t.Failed() {
			t.Logf("people were told by mail: %q", s.mails)
		}
	})
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body) // what is cut off is not what the test waits for
		s.mu.Lock()
		defer s.mu.Unlock()
		s.posts = append(s.posts, string(text))
	}))
	t.Cleanup(hook.Close)
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			s.takeMail(c)
		}
	})
	t.Cleanup(func() { _ = l.Close(); serving.Wait() })
	s.config = alerts.Config{Link: "https://crosswalk.example.com", Stall: 15, Webhook: &alerts.Webhook{URL: hook.URL},
		Mail: &alerts.Mail{Server: l.Addr().String(), From: "crosswalk@example.com", To: []string{"ops@example.com"}}}
	return s
}

// takeMail speaks as much SMTP as a sender needs.
func (s *sink) takeMail(c net.Conn) {
	text := textproto.NewConn(c)
	defer text.Close()
	_ = text.PrintfLine("220 sink.example.com")
	for {
		line, err := text.ReadLine()
		if err != nil {
			return
		}
		if strings.HasPrefix(line, "DATA") {
			_ = text.PrintfLine("354 go on")
			m, err := mail.ReadMessage(text.DotReader())
			if err != nil {
				s.t.Error(err)
				return
			}
			body, err := io.ReadAll(quotedprintable.NewReader(m.Body))
			if err != nil {
				s.t.Error(err)
			}
			subject, err := new(mime.WordDecoder).DecodeHeader(m.Header.Get("Subject"))
			if err != nil {
				s.t.Error(err)
			}
			s.mu.Lock()
			s.mails = append(s.mails, subject+"\n"+strings.ReplaceAll(string(body), "\r\n", "\n"))
			s.mu.Unlock()
		}
		_ = text.PrintfLine("250 ok")
	}
}

// said counts the posts and the mails that hold all words.
func (s *sink) said(words ...string) (posts, mails int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	count := func(all []string) (n int) {
		for _, text := range all {
			has := true
			for _, w := range words {
				has = has && strings.Contains(text, w)
			}
			if has {
				n++
			}
		}
		return n
	}
	return count(s.posts), count(s.mails)
}

const stockFlow = `from: books
to: webshop
entity: stock
settings: {maxZeroed: 0, quantity: "0"}
`

// TestAlertKinds makes each thing go wrong that people are told of, and reads what they are told, by mail and by webhook.
func TestAlertKinds(t *testing.T) {
	refuse := func(status int, header ...string) func(http.ResponseWriter) {
		return func(w http.ResponseWriter) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(status)
			_, _ = io.WriteString(w, `{}`)
		}
	}
	const entry = "See: https://crosswalk.example.com/activity/"
	for _, tt := range []struct {
		name   string
		refuse func(http.ResponseWriter) // the answer of the books to what would be written; nil for their own
		only   string                    // the method that is answered so, "" for all that write
		flow   string                    // another flow than that of customers
		begin  func(*bench)
		open   func(*flows.Options)
		want   []string
	}{
		{name: "failed", refuse: refuse(400), want: []string{"customers: documents failed (", "Documents: ", ", one of them ", "Why: ", entry}},
		{name: "auth", refuse: refuse(401), want: []string{"connection books: the credentials are refused", "Flows: customers", "Why: ", "Document", entry}},
		{name: "unreachable", refuse: refuse(503, "Retry-After", "3600"), want: []string{"connection books: a system does not answer", "Flows: customers", "Why: ", "Document", entry}},
		{name: "budget", refuse: refuse(429, "Retry-After", "3600"), want: []string{"connection books: the budget of calls is used up", "Flows: customers", "Why: ", "Document", entry}},
		{name: "guard", flow: stockFlow, want: []string{"other: the stock guard stopped a run", "Documents: ", "Why: ", entry}},
		{name: "reading", flow: "from: books\nto: webshop\nentity: customer\n", refuse: refuse(401),
			want: []string{"connection books: the credentials are refused", "Flows: other", "Why: ", "See: https://crosswalk.example.com/flows/other"}},
		{name: "in doubt", refuse: refuse(500), // creates only: whether an update was made is of no account
			only: http.MethodPost,
			want: []string{"customers: documents are in doubt (lost)", "Documents: ", ", one of them ", "Why: ", entry}},
		{name: "closed", open: func(o *flows.Options) { o.Outbound = &outbound.Policy{} }, want: []string{"customers: the flow cannot be opened", "Why: ", "See: https://crosswalk.example.com/flows/customers"}},
		{name: "missing", begin: func(b *bench) {
			b.eventually("documents are handled", func() bool {
				state, err := b.set.Engine.State(b.t.Context(), customers)
				return err == nil && !state.Running && !state.LastFinished.IsZero() && state.Live.Total() == 0
			})
			stream, err := b.set.Store.JetStream().Stream(b.t.Context(), "ACTIVITY")
			if err == nil {
				err = stream.DeleteMsg(b.t.Context(), b.entries(customers)[0].ID)
			}
			if err == nil {
				err = b.service.Reconcile(b.t.Context(), time.Now())
			}
			if err != nil {
				b.t.Fatal(err)
			}
		}, want: []string{"customers: documents are missing from the account", "Documents: 1, one of them ", "Why: they were read", "What helps: crosswalk reconcile customers"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			s := newSink(t)
			b := serve(t, func(o *flows.ServiceOptions) { o.Look, o.Alerts = 20*time.Millisecond, s.config }, func(next http.Handler) http.Handler {
				return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if tt.refuse != nil && strings.HasPrefix(r.URL.Path, "/v2/") && (r.Method != http.MethodGet && (tt.only == "" || tt.only == r.Method) || tt.name == "reading" && r.URL.Path == "/v2/customers") {
						tt.refuse(w)
						return
					}
					next.ServeHTTP(w, r)
				})
			}, func(o *flows.Options) {
				o.Pace = flow.Pace{Probes: 1, Wait: time.Millisecond}
				if tt.open != nil {
					tt.open(o)
				}
			})
			name := customers
			if tt.flow != "" {
				name = "other"
				b.write("flows/other.yaml", tt.flow)
				if err := b.service.Reload(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
			if err := b.set.Engine.Start(t.Context(), name, schedule.Ask{}); err != nil {
				t.Fatal(err)
			}
			if tt.begin != nil {
				tt.begin(b)
			}
			b.eventually("people are told", func() bool { posts, mails := s.said(tt.want[0]); return posts > 0 && mails > 0 })
			s.mu.Lock()
			told := s.mails[0]
			s.mu.Unlock()
			if posts, mails := s.said(strings.Split(told, "\n")[0]); posts != 1 || mails != 1 {
				t.Errorf("they were told %d times by webhook and %d times by mail", posts, mails)
			}
			if _, mails := s.said(tt.want...); mails != 1 {
				t.Errorf("they are told\n%s\nand not %q", told, tt.want)
			}
		})
	}
}

// TestOneCauseOfTwoFlows has the books refuse the credentials of two flows, which is one cause.
func TestOneCauseOfTwoFlows(t *testing.T) {
	s := newSink(t)
	b := serve(t, func(o *flows.ServiceOptions) { o.Look, o.Alerts = 20*time.Millisecond, s.config }, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodGet && strings.HasPrefix(r.URL.Path, "/v2/") {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	b.write("flows/other.yaml", customersFlow)
	if err := b.service.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{customers, "other"} {
		if err := b.set.Engine.Start(t.Context(), name, schedule.Ask{}); err != nil {
			t.Fatal(err)
		}
		b.eventually("documents of "+name+" are refused", func() bool {
			list, err := b.set.Engine.Activity().List(t.Context(), activity.Query{Flow: name, Code: flow.FailAuth})
			return err == nil && len(list) > 0
		})
	}
	const words = "connection books: the credentials are refused"
	b.eventually("people are told", func() bool { posts, mails := s.said(words); return posts > 0 && mails > 0 })
	time.Sleep(300 * time.Millisecond) // many looks
	if posts, mails := s.said("crosswalk: "); posts != 1 || mails != 1 {
		t.Errorf("they were told %d times by webhook and %d times by mail", posts, mails)
	}
	// Where people are told anew, as after another restart with nothing in the book, both flows are named.
	book, err := b.set.Store.JetStream().KeyValue(t.Context(), "alerts")
	if err == nil {
		err = book.Purge(t.Context(), "told")
	}
	if err != nil {
		t.Fatal(err)
	}
	b.eventually("people are told of both flows", func() bool {
		posts, mails := s.said(words, "Flows: ", customers, "other")
		return posts == 1 && mails == 1
	})
}

// TestStallAlert has the books not answer at all: people are told that documents wait, and that it is over.
func TestStallAlert(t *testing.T) {
	g := make(chan struct{})
	var once sync.Once
	lift := func() { once.Do(func() { close(g) }) }
	s := newSink(t)
	s.config.Stall = 0 // at the second look
	b := serve(t, func(o *flows.ServiceOptions) { o.Look, o.Alerts = 20*time.Millisecond, s.config }, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v2/") {
				<-g
			}
			next.ServeHTTP(w, r)
		})
	})
	defer lift()
	if err := b.set.Engine.Hint(t.Context(), customers, connectors.Hint{ID: "281904402"}); err != nil {
		t.Fatal(err)
	}
	const words = "customers: documents wait and none is settled"
	b.eventually("people are told", func() bool {
		posts, mails := s.said(words, "Documents: 1", "Why: none was settled since 20", "What helps: crosswalk log customers")
		return posts == 1 && mails == 1
	})
	lift()
	b.eventually("people are told that it is over", func() bool { posts, mails := s.said("over: " + words); return posts == 1 && mails == 1 })
}

// TestAlerts takes the books away: people are told once that they do not answer, whatever waits for them, and once that they are back.
func TestAlerts(t *testing.T) {
	var mu sync.Mutex
	var posts []string
	sink := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		text, _ := io.ReadAll(r.Body)
		mu.Lock()
		defer mu.Unlock()
		posts = append(posts, string(text))
	}))
	t.Cleanup(sink.Close)
	said := func(words string) int {
		mu.Lock()
		defer mu.Unlock()
		return strings.Count(strings.Join(posts, "\n"), words)
	}
	b := serve(t, func(o *flows.ServiceOptions) {
		o.Look = 20 * time.Millisecond
		o.Alerts.Stall = 15
		o.Alerts.Webhook = &alerts.Webhook{URL: sink.URL}
	}, func(next http.Handler) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if r.Method == http.MethodPost && strings.HasPrefix(r.URL.Path, "/v2/") {
				w.Header().Set("Content-Type", "application/json")
				w.WriteHeader(http.StatusBadRequest)
				_, _ = io.WriteString(w, `{"ErrorCode":4000,"DeveloperErrorMessage":"no such thing","ErrorId":"1"}`)
				return
			}
			next.ServeHTTP(w, r)
		})
	})
	if err := b.set.Engine.Start(t.Context(), customers, schedule.Ask{}); err != nil {
		t.Fatal(err)
	}
	b.eventually("people are told", func() bool { return said("documents failed") > 0 })
	b.eventually("everything failed", func() bool {
		left, err := b.set.Engine.Unsettled(t.Context(), customers)
		state, stateErr := b.set.Engine.State(t.Context(), customers)
		return err == nil && stateErr == nil && len(left) > 2 && !state.LastFinished.IsZero() && !state.Running && state.Live.Total() == 0
	})
	time.Sleep(300 * time.Millisecond) // many looks
	if n := said(`"text"`); n != 1 {
		t.Errorf("%d messages of one cause", n)
	}
	left, err := b.set.Engine.Unsettled(t.Context(), customers)
	if err != nil {
		t.Fatal(err)
	}
	open, err := b.set.Store.JetStream().KeyValue(t.Context(), "open")
	if err != nil {
		t.Fatal(err)
	}
	keys, err := open.Keys(t.Context())
	if err != nil || len(keys) != len(left) {
		t.Fatal(keys, err)
	}
	for _, k := range keys { // as if all were settled
		if err := open.Purge(t.Context(), k); err != nil {
			t.Fatal(err)
		}
	}
	b.eventually("people are told that it is over", func() bool { return said("crosswalk: over:") == 1 })
}
