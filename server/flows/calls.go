package flows

import (
	"context"
	"errors"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// callMetrics count what connections do: calls by how they ended, waits, what is left of budgets, and who is not called for a while.
type callMetrics struct {
	calls   *prometheus.CounterVec
	seconds *prometheus.HistogramVec
	waits   *prometheus.CounterVec
	left    *prometheus.GaugeVec
	open    *prometheus.GaugeVec
}

var _ connectors.Observer = (*callMetrics)(nil)

func newCallMetrics() *callMetrics {
	return &callMetrics{
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "crosswalk_calls_total", Help: "Attempts of calls to systems, by how they ended."}, []string{"connection", "system", "end"}),
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
	return []prometheus.Collector{m.calls, m.seconds, m.waits, m.left, m.open}
}

// Call is [connectors.Observer].
func (m *callMetrics) Call(ctx context.Context, c connectors.Call) (context.Context, func(connectors.Ended)) {
	if c.Budget != nil {
		m.left.WithLabelValues(c.Connection, c.System).Set(*c.Budget)
	}
	return ctx, func(e connectors.Ended) {
		m.calls.WithLabelValues(c.Connection, c.System, endOf(e.Kind)).Inc()
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

// ends are the values of the label end.
var ends = []struct {
	kind error
	end  string
}{
	{port.ErrAuth, "auth"}, {port.ErrPermission, "permission"}, {port.ErrNotFound, "not_found"}, {port.ErrConflict, "conflict"},
	{port.ErrValidation, "validation"}, {port.ErrRateLimit, "rate_limit"}, {port.ErrOutage, "outage"}, {port.ErrInDoubt, "in_doubt"},
	{context.Canceled, "cancelled"}, {context.DeadlineExceeded, "cancelled"},
}

func endOf(kind error) string {
	if kind == nil {
		return "ok"
	}
	for _, e := range ends {
		if errors.Is(kind, e.kind) {
			return e.end
		}
	}
	return "protocol"
}
