package flows_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/flows"
	"github.com/crosswalk-go/crosswalk/server/outbound"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// A flow of a server calls nobody that the policy does not allow, neither when it is opened nor when it reads.
func TestFlowsHoldToThePolicy(t *testing.T) {
	var calls atomic.Int32
	system := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		calls.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	t.Cleanup(system.Close)
	dir := t.TempDir()
	for name, text := range map[string]string{
		"crosswalk.yaml": `connections:
  webshop: {system: shopware, url: "` + system.URL + `", credentials: {accessKeyId: a, secretAccessKey: "${SECRET}"}}
  books: {system: eaccounting, url: "` + system.URL + `", credentials: {clientId: a, clientSecret: "${SECRET}", refreshToken: "${SECRET}"}}
`,
		"flows/customers.yaml": "from: webshop\nto: books\nentity: customer\n",
	} {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	const secret = "s3cret-m4rker"
	p, err := project.Load(dir, all.Systems(), project.Env(func(string) (string, bool) { return secret, true }))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct {
		name   string
		policy *outbound.Policy
		want   bool // somebody is called
	}{
		{"nothing is said", &outbound.Policy{}, false}, {"private networks only", &outbound.Policy{Schemes: []string{"http"}, Private: true}, false},
		{"this machine too", &outbound.Policy{Loopback: true}, true}, {"no policy, as for commands", nil, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			calls.Store(0)
			set, err := flows.Open(t.Context(), p, flows.Options{Library: mappings.FS, Outbound: tt.policy})
			if err != nil {
				t.Fatal(err)
			}
			defer func() {
				if err := set.Close(context.WithoutCancel(t.Context())); err != nil {
					t.Error(err)
				}
			}()
			open, err := set.Flow(t.Context(), "customers")
			if open != nil {
				for _, readErr := range open.Process.Read(t.Context(), open.Process.Flow().Start) {
					err = readErr
					break
				}
				if closeErr := open.Close(); closeErr != nil {
					t.Error(closeErr)
				}
			}
			if got := calls.Load() > 0; got != tt.want {
				t.Errorf("the system was called %d times", calls.Load())
			}
			if errors.Is(err, outbound.ErrRefused) == tt.want || err != nil && strings.Contains(err.Error(), secret) {
				t.Errorf("the error is %v", err)
			}
		})
	}
}
