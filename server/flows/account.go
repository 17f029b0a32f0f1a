package flows

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// metrics is what Prometheus learns of flows: the account of today and yesterday (UTC), as it was made last, and webhooks.
type metrics struct {
	read      *prometheus.GaugeVec
	documents *prometheus.GaugeVec
	skipped   *prometheus.GaugeVec
	missing   *prometheus.GaugeVec
	doubled   *prometheus.GaugeVec
	made      prometheus.Gauge
	hooks     *prometheus.CounterVec
}

func newMetrics() *metrics {
	gauge := func(name, help string, labels ...string) *prometheus.GaugeVec {
		return prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "crosswalk_" + name, Help: help}, append([]string{"flow", "day"}, labels...))
	}
	return &metrics{
		read:      gauge("documents_read", "Documents that were read on a day, UTC."),
		documents: gauge("documents", "What became of the documents that were read on a day; their sum is crosswalk_documents_read, less those that are missing. Dropped are older than what the flow keeps.", "outcome"),
		skipped:   gauge("documents_skipped", "Skipped documents by their reason's code.", "reason"),
		missing:   gauge("documents_missing", "Documents that were read and are neither settled nor queued. More than 0 is a mistake."),
		doubled:   gauge("documents_doubled", "Documents that ended twice. More than 0 is a mistake."),
		made:      prometheus.NewGauge(prometheus.GaugeOpts{Name: "crosswalk_reconcile_timestamp_seconds", Help: "When the account was made last."}),
		hooks:     prometheus.NewCounterVec(prometheus.CounterOpts{Name: "crosswalk_webhooks_total", Help: "Webhooks by connection: accepted, refused (wrong signature), unknown, failed."}, []string{"connection", "result"}),
	}
}

// Collectors are the metrics of the service.
func (s *Service) Collectors() []prometheus.Collector {
	m := s.metrics
	return append(s.set.calls.collectors(), m.read, m.documents, m.skipped, m.missing, m.doubled, m.made, m.hooks)
}

func (m *metrics) hook(connection, result string) { m.hooks.WithLabelValues(connection, result).Inc() }

// set exports an account.
func (m *metrics) set(day string, a runner.Account) {
	m.read.WithLabelValues(a.Flow, day).Set(float64(a.Read))
	for outcome, n := range map[string]int{string(flow.Created): a.Created, string(flow.Updated): a.Updated, string(flow.Skipped): a.Skipped,
		string(flow.Failed): a.Failed, string(flow.InDoubt): a.InDoubt, "queued": a.Queued, "dropped": a.Dropped} {
		m.documents.WithLabelValues(a.Flow, day, outcome).Set(float64(n))
	}
	m.skipped.DeletePartialMatch(prometheus.Labels{"flow": a.Flow, "day": day}) // a reason of yesterday is none of today's
	for code, n := range a.Reasons {
		m.skipped.WithLabelValues(a.Flow, day, code).Set(float64(n))
	}
	m.missing.WithLabelValues(a.Flow, day).Set(float64(len(a.Missing)))
	m.doubled.WithLabelValues(a.Flow, day).Set(float64(len(a.Doubled)))
}

// account makes the account of each flow, of today and of yesterday, again and again until ctx ends.
func (s *Service) account(ctx context.Context) {
	for {
		if err := s.Reconcile(ctx, time.Now()); err != nil && ctx.Err() == nil {
			s.log.Error("the account could not be made", "error", err)
		}
		select {
		case <-ctx.Done():
			return
		case <-time.After(s.options.Reconcile):
		}
	}
}

// Reconcile makes the account of the day of now and of the day before for every flow, exports it, and names in the log what is missing.
func (s *Service) Reconcile(ctx context.Context, now time.Time) error {
	today := now.UTC().Truncate(24 * time.Hour)
	for _, f := range s.set.Current().Flows {
		var missing []runner.MissingDocument
		for day, since := range map[string]time.Time{"today": today, "yesterday": today.AddDate(0, 0, -1)} {
			a, err := s.set.Engine.Account(ctx, f.Name, since, since.AddDate(0, 0, 1))
			if err != nil {
				return err
			}
			s.metrics.set(day, a)
			missing = append(missing, a.Missing...)
			for _, m := range a.Missing {
				s.log.Error("a document was read and is nowhere", "flow", f.Name, "day", since.Format(time.DateOnly), "item", m.Item)
			}
			for _, m := range a.Doubled {
				s.log.Error("a document ended twice", "flow", f.Name, "day", since.Format(time.DateOnly), "item", m.Item)
			}
		}
		s.missing.Store(f.Name, missing)
	}
	s.metrics.made.Set(float64(now.Unix()))
	return nil
}
