package outbound

import (
	"context"
	"errors"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/net/dns/dnsmessage"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

func TestAddresses(t *testing.T) {
	const loopback, private, never, public = 1, 2, 4, 0
	tests := map[string]int{
		"127.0.0.1": loopback, "127.9.9.9": loopback, "::1": loopback, "::ffff:127.0.0.1": loopback, "64:ff9b::7f00:1": loopback, "2002:7f00:1::": loopback,
		"10.0.0.1": private, "172.16.0.1": private, "192.168.1.1": private, "fd00::1": private, "100.64.0.1": private, "0.1.2.3": private,
		"198.18.0.1": private, "::ffff:10.0.0.1": private, "64:ff9b::a00:1": private, "2002:a00:1::": private, "240.0.0.1": private,
		"169.254.169.254": never, "fe80::1": never, "0.0.0.0": never, "::": never, "224.0.0.1": never, "ff02::1": never, "64:ff9b::a9fe:a9fe": never,
		"93.184.216.34": public, "2606:2800:220:1::": public, "172.32.0.1": public,
	}
	for text, needs := range tests {
		for _, p := range []struct {
			policy Policy
			allows int
		}{{Policy{}, 0}, {Policy{Loopback: true}, loopback}, {Policy{Private: true}, private}, {Policy{Loopback: true, Private: true}, loopback | private}} {
			err := p.policy.address(netip.MustParseAddr(text))
			if want := needs&^p.allows == 0; want != (err == nil) {
				t.Errorf("%s with %+v: %v", text, p.policy, err)
			}
			if err != nil && !errors.Is(err, ErrRefused) {
				t.Errorf("%s: the error is %v", text, err)
			}
		}
	}
}

func TestCheck(t *testing.T) {
	tests := []struct {
		address string
		policy  Policy
		want    string
	}{
		{"https://93.184.216.34/api", Policy{}, ""},
		{"http://93.184.216.34", Policy{}, "https://"},
		{"http://93.184.216.34", Policy{Schemes: []string{"https", "http"}}, ""},
		{"http://93.184.216.34", Policy{Loopback: true}, "https://"},
		{"http://127.0.0.1:8080", Policy{Loopback: true}, ""},
		{"https://127.0.0.1:8080", Policy{}, "this machine"},
		{"file:///etc/passwd", Policy{}, "cannot be read"},
		{"gopher://93.184.216.34", Policy{Private: true, Loopback: true}, "https://"},
		{"https://10.1.2.3", Policy{}, "private network"},
		{"https://localhost:1", Policy{}, "this machine"},
		{"http://localhost:1", Policy{Loopback: true}, ""},
		{"https://user:s3cret@[", Policy{}, "cannot be read"},
	}
	for _, test := range tests {
		err := test.policy.Check(t.Context(), test.address)
		switch {
		case test.want == "" && err != nil, test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)):
			t.Errorf("%s with %+v: %v", test.address, test.policy, err)
		case err != nil && strings.Contains(err.Error(), "s3cret"):
			t.Errorf("the error holds a password: %v", err)
		}
	}
}

// names is a name server on this machine that knows these names.
func names(t *testing.T, known map[string]string) *net.Resolver {
	t.Helper()
	conn, err := (&net.ListenConfig{}).ListenPacket(t.Context(), "udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	t.Cleanup(func() { _ = conn.Close(); <-done })
	go func() {
		defer close(done)
		buf := make([]byte, 1500)
		for {
			n, from, err := conn.ReadFrom(buf)
			if err != nil {
				return
			}
			var m dnsmessage.Message
			if m.Unpack(buf[:n]) != nil || len(m.Questions) != 1 {
				continue
			}
			q := m.Questions[0]
			m.Response, m.Additionals = true, nil
			if ip, ok := known[q.Name.String()]; ok && q.Type == dnsmessage.TypeA {
				m.Answers = []dnsmessage.Resource{{Header: dnsmessage.ResourceHeader{Name: q.Name, Type: q.Type, Class: q.Class}, Body: &dnsmessage.AResource{A: netip.MustParseAddr(ip).As4()}}}
			}
			if out, err := m.Pack(); err == nil {
				_, _ = conn.WriteTo(out, from)
			}
		}
	}()
	return &net.Resolver{PreferGo: true, Dial: func(ctx context.Context, _, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, "udp", conn.LocalAddr().String())
	}}
}

// TestNames holds that what counts is where a name leads when the connection is made.
func TestNames(t *testing.T) {
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked++ }))
	t.Cleanup(s.Close)
	port := s.URL[strings.LastIndex(s.URL, ":"):]
	resolver := names(t, map[string]string{"here.example.com.": "127.0.0.1", "inside.example.com.": "10.255.255.1"})
	get := func(p Policy, url string) error {
		p.resolver = resolver
		c := p.Client()
		defer c.CloseIdleConnections()
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
		res, err := c.Do(r)
		if err == nil {
			_ = res.Body.Close()
		}
		return err
	}
	both := []string{"https", "http"}
	for _, host := range []string{"here.example.com", "inside.example.com"} {
		if err := get(Policy{Schemes: both}, "http://"+host+port); !errors.Is(err, ErrRefused) {
			t.Errorf("%s: %v", host, err)
		}
		if err := (Policy{Schemes: both, resolver: resolver}).Check(t.Context(), "http://"+host); !errors.Is(err, ErrRefused) {
			t.Errorf("looking at %s: %v", host, err)
		}
	}
	if asked != 0 {
		t.Fatalf("it was asked %d times", asked)
	}
	if err := get(Policy{Schemes: both, Loopback: true}, "http://here.example.com"+port); err != nil || asked != 1 {
		t.Errorf("where it is allowed: %v, asked %d times", err, asked)
	}
}

// TestRedirects holds that a system cannot send the server elsewhere.
func TestRedirects(t *testing.T) {
	target := "http://10.255.255.1/"
	asked := 0
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked++
		http.Redirect(w, r, target, http.StatusFound)
	}))
	t.Cleanup(s.Close)
	c := Policy{Loopback: true}.Client()
	t.Cleanup(c.CloseIdleConnections)
	for _, to := range []string{"http://10.255.255.1/", "https://10.255.255.1/", "https://169.254.169.254/latest/meta-data", "file:///etc/passwd", "ftp://127.0.0.1/"} {
		target = to
		r, _ := http.NewRequestWithContext(t.Context(), http.MethodPost, s.URL, strings.NewReader("x"))
		_, err := c.Do(r) //nolint:bodyclose // there is none
		var failed *url.Error
		if !errors.Is(err, ErrRefused) || !errors.As(err, &failed) {
			t.Errorf("to %s: %v", to, err)
		}
	}
	if asked != 5 {
		t.Errorf("it was asked %d times", asked)
	}
}
