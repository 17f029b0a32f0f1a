package flows

import (
	"context"
	"strconv"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/crosswalk-go/crosswalk/connectors"
)

// callMetrics count what connections do: calls by how they ended, waits, what is left of budgets, and who is not called for a while.
type callMetrics struct {
	calls   *prometheus.CounterVec
	retries *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	waits   *prometheus.CounterVec
	left    *prometheus.GaugeVec
	open    *prometheus.GaugeVec
}

var _ connectors.Observer = (*callMetrics)(nil)

func newCallMetrics() *callMetrics {
	return &callMetrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crosswalk_calls_total", Help: "Attempts of calls to systems, by how they ended and the HTTP status of the answer, none where none came."},
			[]string{"connection", "system", "end", "status"}),
		retries: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crosswalk_call_retries_total", Help: "Attempts of calls to systems that were not the first one."}, []string{"connection", "system"}),
		seconds: prometheus.NewHistogramVec(prometheus.HistogramOpts{
			Name: "crosswalk_call_duration_seconds", Help: "How long attempts of calls to systems took.",
			Buckets: []float64{.05, .1, .25, .5, 1, 2.5, 5, 10, 30, 60}}, []string{"connection", "system"}),
		waits: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crosswalk_call_wait_seconds_total", Help: "How long calls waited before they were sent, by reason."}, []string{"connection", "system", "why"}),
		left: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "crosswalk_call_budget_left", Help: "Calls that could be sent at once when the last one began; below 0, calls queue."}, []string{"connection", "system"}),
		open: prometheus.NewGaugeVec(prometheus.GaugeOpts{
			Name: "crosswalk_circuit_open", Help: "1 where a system is not called for a while because it failed several times in a row."}, []string{"connection", "system"}),
	}
}

func (m *callMetrics) collectors() []prometheus.Collector {
	return []prometheus.Collector{m.calls, m.retries, m.seconds, m.waits, m.left, m.open}
}

// Call is [connectors.Observer].
func (m *callMetrics) Call(ctx context.Context, c connectors.Call) (context.Context, func(connectors.Ended)) {
	if c.Budget != nil {
		m.left.WithLabelValues(c.Connection, c.System).Set(*c.Budget)
	}
	if c.Attempt > 1 {
		m.retries.WithLabelValues(c.Connection, c.System).Inc()
	}
	return ctx, func(e connectors.Ended) {
		m.calls.WithLabelValues(c.Connection, c.System, e.Word(), statusOf(e.Status)).Inc()
		m.seconds.WithLabelValues(c.Connection, c.System).Observe(e.Took.Seconds())
		open := 0.0
		if e.Open {
			open = 1
		}
		m.open.WithLabelValues(c.Connection, c.System).Set(open)
	}
}

// Wait is [connectors.Observer].
func (m *callMetrics) Wait(_ context.Context, w connectors.Wait) {
	m.waits.WithLabelValues(w.Connection, w.System, string(w.Why)).Add(w.For.Seconds())
}

// statusOf is the status of an answer as a label.
func statusOf(status int) string {
	if status == 0 {
		return "none"
	}
	return strconv.Itoa(status)
}
