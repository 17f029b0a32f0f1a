package alerts

import (
	"bufio"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"
)

type memory map[string][]string

func (m memory) Load(context.Context) (map[string][]string, error) { return maps.Clone(m), nil }
func (m memory) Save(_ context.Context, told map[string][]string) error {
	clear(m)
	maps.Copy(m, told)
	return nil
}

// mailServer is an SMTP server on loopback that keeps what it gets.
func mailServer(t *testing.T) (addr string, got func() []string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var mu sync.Mutex
	var messages []string
	var serving sync.WaitGroup
	serving.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			in := bufio.NewReader(c)
			fmt.Fprint(c, "220 test\r\n")
			for data := (*strings.Builder)(nil); ; {
				line, err := in.ReadString('\n')
				if err != nil {
					break
				}
				switch {
				case data != nil && line == ".\r\n":
					mu.Lock()
					messages = append(messages, data.String())
					mu.Unlock()
					data = nil
					fmt.Fprint(c, "250 ok\r\n")
				case data != nil:
					data.WriteString(line)
				case strings.HasPrefix(line, "EHLO"):
					fmt.Fprint(c, "250-test\r\n250 AUTH PLAIN\r\n")
				case strings.HasPrefix(line, "AUTH"):
					fmt.Fprint(c, "235 ok\r\n")
				case strings.HasPrefix(line, "DATA"):
					data = &strings.Builder{}
					fmt.Fprint(c, "354 go on\r\n")
				default:
					fmt.Fprint(c, "250 ok\r\n")
				}
			}
			c.Close()
		}
	})
	t.Cleanup(func() { l.Close(); serving.Wait() })
	return l.Addr().String(), func() []string { mu.Lock(); defer mu.Unlock(); return append([]string(nil), messages...) }
}

// TestMailLater has nobody take the mail at first: it is told in the log, and sent once when somebody does, after a restart too.
func TestMailLater(t *testing.T) {
	addr, mails := mailServer(t)
	gone, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	gone.Close()
	var log strings.Builder
	book := memory{}
	for n, server := range []string{gone.Addr().String(), gone.Addr().String(), addr, addr} {
		cfg := Config{Mail: &Mail{Server: server, From: "crosswalk@example.com", To: []string{"ops@example.com"}}}
		teller := New(cfg, book, slog.New(slog.NewTextHandler(&log, nil)))
		if err := teller.Tell(t.Context(), []Cause{{Flow: "webshop-orders", Kind: "stall", Documents: 3}}); err != nil {
			t.Fatal(err)
		}
		if told := strings.Count(log.String(), "an alert could not be sent"); told != min(n+1, 2) || len(mails()) != max(0, min(n-1, 1)) {
			t.Errorf("the try %d: the log tells of %d, and there are %d mails", n+1, told, len(mails()))
		}
	}
}

func TestTell(t *testing.T) {
	smtpServer, mails := mailServer(t)
	var mu sync.Mutex
	var posts []string
	down := true
	hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		mu.Lock()
		defer mu.Unlock()
		var in struct{ Text string }
		if err := json.NewDecoder(r.Body).Decode(&in); err != nil || down {
			w.WriteHeader(500)
			return
		}
		posts = append(posts, in.Text)
	}))
	t.Cleanup(hook.Close)
	secrets := map[string]string{"${SMTP_PASSWORD}": "m4il-s3cret", "${SLACK}": hook.URL + "/h00k-s3cret"}
	lookup := func(ref string) (string, error) {
		if v, ok := secrets[ref]; ok {
			return v, nil
		}
		return "", errors.New("no such reference")
	}
	cfg, err := ParseConfig([]byte(`{"link":"https://crosswalk.example.com/","mail":{"server":"`+smtpServer+
		`","from":"crosswalk@example.com","to":["ops@example.com"],"user":"u","password":"${SMTP_PASSWORD}"},"webhook":{"url":"${SLACK}"}}`), lookup)
	if err != nil {
		t.Fatal(err)
	}
	var log strings.Builder
	book := memory{}
	teller := New(cfg, book, slog.New(slog.NewTextHandler(&log, nil)))
	tell := func(causes ...Cause) {
		t.Helper()
		if err := teller.Tell(t.Context(), causes); err != nil {
			t.Fatal(err)
		}
	}
	cause := Cause{Flow: "webshop-orders", Kind: "failed", Code: "product_missing", Documents: 40, Example: "10007", Reason: "no article of anna@example.com <!channel> & Co, GET /x?email=anna%40example.com", Help: "create it"}
	other := Cause{Flow: "webshop-orders", Kind: "auth", Code: "not_authorised"}
	tell(cause) // the webhook is down
	if len(mails()) != 1 || len(posts) != 0 || !strings.Contains(log.String(), "tried again") {
		t.Fatalf("%d mails, %d posts, %s", len(mails()), len(posts), log.String())
	}
	mu.Lock()
	down = false
	mu.Unlock()
	cause.Documents = 41
	tell(cause)
	teller = New(cfg, book, teller.Log) // a restart
	tell(cause, other)
	if len(mails()) != 2 || len(posts) != 2 {
		t.Fatalf("one cause sends more than one message: %d mails, %d posts", len(mails()), len(posts))
	}
	for _, want := range []string{"product_missing", "41, one of them 10007", "&lt;!channel&gt; &amp; Co", "What helps: create it", "https://crosswalk.example.com/flows/webshop-orders"} {
		if !strings.Contains(posts[0], want) {
			t.Errorf("the message does not say %q:\n%s", want, posts[0])
		}
	}
	tell(other)
	tell(other)
	if len(mails()) != 3 || len(posts) != 3 || !strings.Contains(posts[2], "over: webshop-orders: documents failed (product_missing)") {
		t.Errorf("the end of it: %d mails, %v", len(mails()), posts)
	}
	tell()
	tell(cause)
	if len(posts) != 5 {
		t.Errorf("a cause that comes again is not told: %v", posts)
	}
	for _, text := range append(append(mails(), posts...), log.String()) {
		for _, secret := range []string{"s3cret", "anna@", "anna%40"} {
			if strings.Contains(text, secret) {
				t.Errorf("%s in\n%s", secret, text)
			}
		}
	}
	for _, section := range []string{`{"mail":{"server":"x"}}`, `{"mail":{"server":"x:25","from":"a@example.com","to":["b@example.com\r\nBcc: c@example.com"]}}`,
		`{"webhook":{"url":"https://hooks.example.com/T0"}}`, `{"stallMinutes":0}`, `{"mial":{}}`} {
		if _, err := ParseConfig([]byte(section), lookup); err == nil || strings.Contains(err.Error(), "T0") {
			t.Errorf("%s: %v", section, err)
		}
	}
}

// TestMailServerSaysNothing stops while a mail server that took the call keeps silent: nobody waits for it.
func TestMailServerSaysNothing(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	ctx, stop := context.WithCancel(t.Context())
	answered := make(chan error, 1)
	m := &Mail{Server: l.Addr().String(), From: "crosswalk@example.com", To: []string{"ops@example.com"}}
	go func() { answered <- m.Send(ctx, "subject", "text") }()
	c, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	stop()
	select {
	case err := <-answered:
		if err == nil {
			t.Error("a message that nobody took was sent")
		}
	case <-time.After(sendTimeout / 2):
		t.Error("it still waits")
	}
}

// TestMailTLS offers STARTTLS with a certificate that nobody knows: neither password nor message goes there.
func TestMailTLS(t *testing.T) {
	other := httptest.NewTLSServer(nil) // for its certificate
	defer other.Close()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var said []string
	var serving sync.WaitGroup
	serving.Go(func() {
		c, err := l.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		in := bufio.NewReader(c)
		fmt.Fprint(c, "220 test\r\n")
		for {
			line, err := in.ReadString('\n')
			if err != nil {
				return
			}
			said = append(said, line)
			if strings.HasPrefix(line, "STARTTLS") {
				fmt.Fprint(c, "220 go on\r\n")
				secured := tls.Server(c, &tls.Config{Certificates: other.TLS.Certificates})
				_, err := io.ReadAll(secured)
				said = append(said, fmt.Sprint(err))
				return
			}
			fmt.Fprint(c, "250-test\r\n250-STARTTLS\r\n250 AUTH PLAIN\r\n")
		}
	})
	m := &Mail{Server: l.Addr().String(), From: "crosswalk@example.com", To: []string{"ops@example.com"}, User: "u", Password: "m4il-s3cret"}
	err = m.Send(t.Context(), "subject", "text")
	l.Close()
	serving.Wait()
	var unknown *tls.CertificateVerificationError
	if !errors.As(err, &unknown) {
		t.Errorf("%v", err)
	}
	if len(said) != 3 || !strings.HasPrefix(said[0], "EHLO") || !strings.HasPrefix(said[1], "STARTTLS") || !strings.Contains(said[2], "certificate") {
		t.Errorf("the server was told %q", said)
	}
}
