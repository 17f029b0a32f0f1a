package all_test

import (
	"context"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/all"
	"github.com/crosswalk-go/crosswalk/mappings"
)

// TestSystems holds every system to what the wizard, the flows and the sandbox command build on.
func TestSystems(t *testing.T) {
	var names []string
	for _, s := range all.Systems() {
		names = append(names, s.Spec.Name)
		t.Run(s.Spec.Name, func(t *testing.T) {
			if s.Spec.Title == "" || len(s.Spec.Resources) == 0 {
				t.Errorf("spec %+v", s.Spec)
			}
			for _, c := range s.Spec.Credentials {
				if c.Name == "" || c.Title == "" || c.Help == "" {
					t.Errorf("credential %+v says too little", c)
				}
			}
			for _, r := range s.Spec.Resources {
				if r.Name == "" || r.Entity == "" || r.Title == "" || !slices.Contains(r.Probes, "id") {
					t.Errorf("resource %+v says too little", r)
				}
			}
			if !slices.ContainsFunc(mappings.Names(), func(n string) bool { return strings.HasPrefix(n, s.Spec.Name+"/") }) {
				t.Error("it has no mappings")
			}
			documented(t, s.Spec)
			answers(t, s)
		})
	}
	if !slices.IsSorted(names) || len(slices.Compact(names)) != len(names) {
		t.Errorf("the systems are not sorted, or one is there twice: %v", names)
	}
}

// documented holds the page of a system to what the system declares.
func documented(t *testing.T, s connectors.Spec) {
	page, err := os.ReadFile("../../docs/systems/" + s.Name + ".md")
	if err != nil {
		t.Error(err)
		return
	}
	for _, c := range s.Credentials {
		if !strings.Contains(string(page), c.Name) {
			t.Errorf("its page does not say what the credential %s is", c.Name)
		}
	}
	for _, o := range s.Options {
		if !strings.Contains(string(page), "`"+o.Name+"`") {
			t.Errorf("its page does not say what the option %s is", o.Name)
		}
	}
}

// answers opens a connection to the sandbox with the credentials that it names, and nothing else.
func answers(t *testing.T, s connectors.System) {
	sandbox := s.Sandbox(connectors.SandboxOptions{})
	server := httptest.NewServer(sandbox)
	defer server.Close()
	for _, c := range s.Spec.Credentials {
		if _, ok := sandbox.Credentials()[c.Name]; c.Needed && !ok {
			t.Errorf("the sandbox does not say the credential %s", c.Name)
		}
	}
	c, err := s.Open(connectors.Config{
		Name: "test", URL: server.URL, Credentials: sandbox.Credentials(),
	})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if says, err := c.Ping(ctx); err != nil || says == "" {
		t.Errorf("ping: %q, %v", says, err)
	}
}
