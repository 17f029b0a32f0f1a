package server_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/schema"
	"github.com/crosswalk-go/crosswalk/server"
	"github.com/crosswalk-go/crosswalk/server/alerts"
)

// What `crosswalk check` and editors know of the sections server and alerts is what the server reads.
func TestSectionsAreKnown(t *testing.T) {
	sameKeys(t, "server", schema.ServerKeys, reflect.TypeFor[server.Config]())
	sameKeys(t, "alerts", schema.AlertKeys, reflect.TypeFor[alerts.Config]())
}

func sameKeys(t *testing.T, where string, keys schema.Parts, read reflect.Type) {
	t.Helper()
	var names []string
	for i := range read.NumField() {
		f := read.Field(i)
		name := f.Tag.Get("json")
		if !f.IsExported() || name == "" {
			continue
		}
		names = append(names, name)
		at := slices.Index(keys.Names(), name)
		if at < 0 {
			t.Errorf("%s.%s is read, and not known", where, name)
			continue
		}
		inner := f.Type
		for inner.Kind() == reflect.Pointer || inner.Kind() == reflect.Slice {
			inner = inner.Elem()
		}
		if part := keys[at].Part; len(part.Keys) > 0 {
			sameKeys(t, where+"."+name, part.Keys, inner)
		}
	}
	for _, name := range keys.Names() {
		if !slices.Contains(names, name) {
			t.Errorf("%s.%s is known, and not read", where, name)
		}
	}
}

// A section that is checked without a word is read without one, with everything in it.
func TestWholeSection(t *testing.T) {
	c, err := server.ParseConfig([]byte(`{"listen":"0.0.0.0:80","hosts":["a.example.com"],"tls":true,"workers":8,"drain":"1m","outbound":{"schemes":["http"],"private":true,"loopback":true},
		"auth":{"users":[],"tokens":[],"oidc":{"issuer":"https://login.example.com","clientId":"a","url":"https://b.example.com","roles":{"staff":"admin"},"everybody":"viewer"}},
		"nats":{"url":"nats://a","replicas":3}}`))
	if err != nil {
		t.Fatal(err)
	}
	if got := strings.Join(c.Names(), " "); got != "a.example.com b.example.com" || c.Auth.OIDC.Roles["staff"].String() != "admin" || c.Auth.OIDC.Everybody.String() != "viewer" {
		t.Errorf("names %s, provider %+v", got, c.Auth.OIDC)
	}
}
