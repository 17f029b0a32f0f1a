package api_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/server/api"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/outbound"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/setup"
)

// filled is the path of a route with something in its places.
func filled(route string) (method, path string) {
	method, path, _ = strings.Cut(route, " ")
	if method == http.MethodPut {
		path = strings.ReplaceAll(path, "{path}", "mappings/a.yaml")
	}
	return method, strings.NewReplacer("{path}", "crosswalk.yaml", "{flow}", ordersFlow, "{connection}", "webshop", "{id}", "1").Replace(path)
}

// Every route refuses whom its role does not let in, and says nothing else. Only these are for everybody.
func TestEveryRouteHasItsRole(t *testing.T) {
	open := map[string]bool{"GET /openapi.json": true, "GET /openapi.yaml": true, "GET /session": true, "POST /session": true, "DELETE /session": true,
		"GET /session/oidc": true, "GET /session/oidc/callback": true}
	c, tokens := guarded(t)
	for _, route := range api.Routes() {
		role, limited := api.RoleOf(route)
		if !limited {
			t.Errorf("%s lacks a limit", route)
		}
		if open[route] != (role == auth.Nobody) {
			t.Errorf("%s is for %s", route, role)
		}
		if role == auth.Nobody {
			continue
		}
		method, path := filled(route)
		c.token = ""
		c.fail(401, method, path, nil)
		for below := auth.Viewer; below < role; below++ {
			c.token = tokens[below]
			if got := c.fail(403, method, path, object{}); !strings.Contains(got, "takes the role "+role.String()) {
				t.Errorf("%s as %s: %s", route, below, got)
			}
		}
		c.token = tokens[role]
		if w := c.send(method, path, object{}); w.Code == http.StatusUnauthorized || w.Code == http.StatusForbidden {
			t.Errorf("%s refuses a %s: %d", route, role, w.Code)
		}
	}
	// What changes something takes more than a viewer, but for trying things out.
	tries := map[string]bool{"POST /sample/generated": true, "POST /sample/lines": true, "POST /request": true, "POST /scripts/complete": true, "POST /preview": true, "POST /preview/lines": true, "POST /explain": true, "POST /unread": true,
		"POST /check": true, "POST /format": true, "POST /complete": true, "POST /hover": true, "POST /definition": true, "POST /tests/run": true}
	for _, route := range api.Routes() {
		role, _ := api.RoleOf(route)
		if !strings.HasPrefix(route, "GET ") && !open[route] && !tries[route] && role < auth.Editor {
			t.Errorf("%s is for a %s", route, role)
		}
	}
}

// Whatever is asked of a server whose connections work, no answer and no line of the log holds a secret of theirs.
func TestConnectionsSecretsStayInside(t *testing.T) {
	cfg, tokens := tokensOfRoles()
	c, set := withFlows(t, cfg)
	p := set.Current()
	secrets := map[string]string{}
	for _, connection := range p.Connections {
		config, err := p.Config(connection.Name, project.Surroundings{})
		if err != nil {
			t.Fatal(err)
		}
		for _, s := range all.Systems() {
			for _, credential := range s.Spec.Credentials {
				if v := config.Credentials[credential.Name]; s.Spec.Name == connection.System && credential.Secret && len(v) >= 6 {
					secrets[connection.Name+"."+credential.Name] = v
				}
			}
		}
	}
	if len(secrets) < 3 {
		t.Fatalf("the connections have these secrets only: %v", secrets)
	}
	c.api.Setup = setup.New(setup.Options{Load: p.Again, Folder: c.api.Folder, Systems: all.Systems(), Library: c.api.Library, Policy: outbound.Policy{Loopback: true}, Tokens: set.Store.Tokens()})
	c.token = tokens[auth.Admin]
	var seen bytes.Buffer
	answered := 0
	entries := c.get("GET", "/activity", nil)
	seen.WriteString(entries)
	for _, route := range api.Routes() {
		method, path := filled(route)
		if path == "/activity/events" || method == http.MethodDelete {
			continue // it goes on
		}
		paths := []string{path, strings.ReplaceAll(path, "/1", "/3"), strings.ReplaceAll(path, "/webshop/", "/books/")}
		slices.Sort(paths)
		for _, path := range slices.Compact(paths) {
			w := c.send(method, path, object{})
			if w.Code == http.StatusOK {
				answered++
			}
			fmt.Fprintf(&seen, "%s %s\n%s\n%v\n", method, path, w.Body, w.Header())
		}
	}
	if answered < 25 {
		t.Errorf("only %d requests were answered", answered)
	}
	seen.Write(c.log.Bytes())
	for name, secret := range secrets {
		if at := bytes.Index(seen.Bytes(), []byte(secret)); at >= 0 {
			t.Errorf("%s comes back: ...%s", name, seen.Bytes()[max(0, at-300):at])
		}
	}
	for _, token := range tokens {
		if bytes.Contains(seen.Bytes(), []byte(token)) {
			t.Error("a token comes back")
		}
	}
}

// No route reads more than its limit: what is longer is refused, by routes that read a body at all.
func TestEveryBodyIsBounded(t *testing.T) {
	c, set := withFlows(t, auth.Config{})
	c.api.Setup = setup.New(setup.Options{Load: set.Current().Again, Folder: c.api.Folder, Systems: all.Systems(), Library: c.api.Library, Tokens: set.Store.Tokens()})
	without := map[string]bool{"check": true, "pause": true, "resume": true, "dry-run": true, "resync": true, "replay": true} // read none
	spaces := bytes.Repeat([]byte(" "), 33<<20)
	for _, route := range api.Routes() {
		method, path := filled(route)
		if method == http.MethodGet || method == http.MethodDelete || without[path[strings.LastIndex(path, "/")+1:]] || strings.HasSuffix(path, "/replay/preview") {
			continue
		}
		headers := []string{}
		if method == http.MethodPut {
			headers = append(headers, "If-None-Match", "*")
		}
		if w := c.sendText(method, path, spaces[:api.BodyOf(route)+1], headers...); w.Code != http.StatusRequestEntityTooLarge {
			t.Errorf("%s answers %d: %.200s", route, w.Code, w.Body)
		}
	}
}

// Who sends a body slowly is not waited for.
func TestSlowBodies(t *testing.T) {
	c := open(t, nil, auth.Config{})
	s := httptest.NewServer(c.api.Slow(100 * time.Millisecond))
	t.Cleanup(s.Close)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	if err := conn.SetDeadline(time.Now().Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fprintf(conn, "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n{"); err != nil {
		t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), "POST", s.URL, nil)
	if err != nil {
		t.Fatal(err)
	}
	resp, err := http.ReadResponse(bufio.NewReader(conn), r)
	if err != nil {
		t.Fatalf("it is waited for: %v", err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusRequestTimeout && resp.StatusCode != http.StatusServiceUnavailable {
		t.Errorf("it answers %d", resp.StatusCode)
	}
}
