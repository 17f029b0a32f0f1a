package faults_test

import (
	"net/http/httptest"
	"testing"

	"github.com/crosswalk-go/crosswalk/connectors/faults"
)

// TestWatch holds that each disturbed request, and no other, is told with the fault's name.
func TestWatch(t *testing.T) {
	c := &counter{}
	serve := func(method, want string) {
		t.Helper()
		r, fault := faults.Watch(httptest.NewRequest(method, "/", nil))
		c.ServeHTTP(httptest.NewRecorder(), r)
		if got := fault(); got != want {
			t.Errorf("%s met %q, want %q", method, got, want)
		}
	}
	serve("GET", "")
	c.Fault(faults.Fault{Name: "503", Serve: faults.Maintenance})
	serve("GET", "503")
	c.Fault(faults.Fault{Serve: faults.Maintenance})
	serve("POST", "unnamed fault")
	c.Fault(faults.Fault{Name: "slow", Delay: 1})
	serve("POST", "slow")
	c.Fault(faults.Fault{Name: "stale", Stale: true, Times: 3})
	serve("GET", "") // nothing was remembered that could be stale
	serve("POST", "")
	serve("GET", "stale")
	serve("GET", "")
}
