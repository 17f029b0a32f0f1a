package flows

import (
	"context"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// TestCallsAreCounted holds that what connections do is counted, each failure under the name of its kind.
func TestCallsAreCounted(t *testing.T) {
	calls := newCallMetrics()
	call := func(e connectors.Ended) {
		left := -2.0
		_, ended := calls.Call(t.Context(), connectors.Call{Connection: "webshop", System: "ecwid", Op: "GET /orders", Attempt: max(1, e.Status/200), Budget: &left})
		ended(e)
	}
	call(connectors.Ended{Status: 200, Took: time.Second})
	call(connectors.Ended{Status: 200})
	call(connectors.Ended{Status: 429, Kind: port.ErrRateLimit})
	call(connectors.Ended{Kind: fmt.Errorf("more: %w", context.Canceled)})
	call(connectors.Ended{Kind: port.ErrOutage, Open: true})
	calls.Wait(t.Context(), connectors.Wait{Connection: "webshop", System: "ecwid", Why: connectors.WaitBudget, For: 1500 * time.Millisecond})
	r := prometheus.NewRegistry()
	r.MustRegister(calls.collectors()...)
	w := httptest.NewRecorder()
	promhttp.HandlerFor(r, promhttp.HandlerOpts{}).ServeHTTP(w, httptest.NewRequest("GET", "/metrics", nil))
	for _, want := range []string{
		`crosswalk_calls_total{connection="webshop",end="ok",status="200",system="ecwid"} 2`,
		`crosswalk_calls_total{connection="webshop",end="rate_limit",status="429",system="ecwid"} 1`,
		`crosswalk_calls_total{connection="webshop",end="cancelled",status="none",system="ecwid"} 1`,
		`crosswalk_calls_total{connection="webshop",end="outage",status="none",system="ecwid"} 1`,
		`crosswalk_call_retries_total{connection="webshop",system="ecwid"} 1`,
		`crosswalk_call_wait_seconds_total{connection="webshop",system="ecwid",why="budget"} 1.5`,
		`crosswalk_call_budget_left{connection="webshop",system="ecwid"} -2`,
		`crosswalk_circuit_open{connection="webshop",system="ecwid"} 1`,
		`crosswalk_call_duration_seconds_count{connection="webshop",system="ecwid"} 5`,
	} {
		if !strings.Contains(w.Body.String(), want+"\n") {
			t.Errorf("no %s in\n%s", want, w.Body)
		}
	}
}
