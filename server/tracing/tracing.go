// Package tracing sends traces of what flows do to a collector, by OTLP over HTTP: one span for each document, each step of it, each reading and
// each call to a system. Spans hold words of which there are few, and nothing of a document: no key, no id, no address, no value.
//
// It is not for metrics, which Prometheus fetches, nor for logs. Start with [FromEnv].
package tracing

import (
	"cmp"
	"context"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"go.opentelemetry.io/otel"
	"go.opentelemetry.io/otel/attribute"
	"go.opentelemetry.io/otel/codes"
	"go.opentelemetry.io/otel/exporters/otlp/otlptrace/otlptracehttp"
	"go.opentelemetry.io/otel/sdk/resource"
	sdk "go.opentelemetry.io/otel/sdk/trace"
	"go.opentelemetry.io/otel/trace"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// Tracing makes spans and sends them. Close it. It is safe for concurrent use.
type Tracing struct {
	log      *slog.Logger
	provider *sdk.TracerProvider
	tracer   trace.Tracer
}

var (
	_ connectors.Observer = (*Tracing)(nil)
	_ flow.Tracer         = (*Tracing)(nil)
)

// Options say what stands around the tracing.
type Options struct {
	Version string       // of the program
	Log     *slog.Logger // nil for the default one
	// Getenv is [os.Getenv] or what stands in for it where this package decides. The exporter reads the environment of the process.
	Getenv func(string) string
}

// closing bounds how long a program waits at its end for the last spans to be taken.
const closing = 5 * time.Second

// FromEnv makes a Tracing as the standard variables say, nil where they ask for none: it is on where OTEL_EXPORTER_OTLP_ENDPOINT or
// OTEL_EXPORTER_OTLP_TRACES_ENDPOINT is set or OTEL_TRACES_EXPORTER is otlp, and off where that is none or OTEL_SDK_DISABLED is true. Headers, time
// limits, certificates, sampling, batches and OTEL_SERVICE_NAME are read as the OpenTelemetry specification says
// (opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables). An error is what the variables ask for and this cannot do.
func FromEnv(ctx context.Context, o Options) (*Tracing, error) {
	exporter := strings.ToLower(o.Getenv("OTEL_TRACES_EXPORTER"))
	endpoint := cmp.Or(o.Getenv("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"), o.Getenv("OTEL_EXPORTER_OTLP_ENDPOINT"))
	switch {
	case strings.EqualFold(o.Getenv("OTEL_SDK_DISABLED"), "true"), exporter == "none", exporter == "" && endpoint == "":
		return nil, nil
	case exporter != "" && exporter != "otlp":
		return nil, fmt.Errorf("OTEL_TRACES_EXPORTER is %q, and traces go out as otlp only", exporter)
	}
	if p := cmp.Or(o.Getenv("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL"), o.Getenv("OTEL_EXPORTER_OTLP_PROTOCOL"), "http/protobuf"); p != "http/protobuf" {
		return nil, fmt.Errorf("OTEL_EXPORTER_OTLP_PROTOCOL is %q, and traces go out by http/protobuf only, to port 4318 of most collectors", p)
	}
	send, err := otlptracehttp.New(ctx)
	if err != nil {
		return nil, fmt.Errorf("traces cannot be sent as the OTEL_ variables say: %w", err)
	}
	// What the environment says of the service comes last and wins.
	about, err := resource.New(ctx, resource.WithAttributes(attribute.String("service.name", "crosswalk"), attribute.String("service.version", o.Version)),
		resource.WithTelemetrySDK(), resource.WithFromEnv())
	if err != nil {
		return nil, fmt.Errorf("OTEL_RESOURCE_ATTRIBUTES: %w", err)
	}
	log := cmp.Or(o.Log, slog.Default())
	otel.SetErrorHandler(&complaints{log: log, now: time.Now})
	provider := sdk.NewTracerProvider(sdk.WithBatcher(send), sdk.WithResource(about))
	return &Tracing{log: log, provider: provider, tracer: provider.Tracer("github.com/crosswalk-go/crosswalk")}, nil
}

// Close sends what is left, for a few seconds, and ends. What could not be sent is logged: no run fails by it.
func (t *Tracing) Close(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, closing)
	defer cancel()
	if err := t.provider.Shutdown(ctx); err != nil {
		t.log.Warn("the last traces could not be sent", "error", err)
	}
}

// Begin is [flow.Tracer].
func (t *Tracing) Begin(ctx context.Context, w flow.Work) (context.Context, func(flow.Done)) {
	name := w.Step
	switch name {
	case "":
		name = string(w.Entity) + " of " + w.Flow
	case flow.ReadStep:
		name = "read " + w.Flow
	}
	ctx, span := t.tracer.Start(ctx, name, trace.WithAttributes(
		attribute.String("crosswalk.flow", w.Flow), attribute.String("crosswalk.entity", string(w.Entity))))
	return ctx, func(d flow.Done) {
		if d.Outcome != "" {
			span.SetAttributes(attribute.String("crosswalk.outcome", string(d.Outcome)))
		}
		if d.Code != "" {
			span.SetAttributes(attribute.String("crosswalk.code", d.Code))
		}
		if d.Failed {
			span.SetStatus(codes.Error, d.Code)
		}
		span.End()
	}
}

// Call is [connectors.Observer]. Names of attributes are those of the semantic conventions for HTTP where there are.
func (t *Tracing) Call(ctx context.Context, c connectors.Call) (context.Context, func(connectors.Ended)) {
	method, route, _ := strings.Cut(c.Op, " ")
	about := []attribute.KeyValue{
		attribute.String("crosswalk.connection", c.Connection), attribute.String("crosswalk.system", c.System),
		attribute.String("http.request.method", method), attribute.String("url.template", route),
	}
	if c.Attempt > 1 {
		about = append(about, attribute.Int("http.request.resend_count", c.Attempt-1))
	}
	ctx, span := t.tracer.Start(ctx, c.Op, trace.WithSpanKind(trace.SpanKindClient), trace.WithAttributes(about...))
	return ctx, func(e connectors.Ended) {
		if e.Status > 0 {
			span.SetAttributes(attribute.Int("http.response.status_code", e.Status))
		}
		if e.Open {
			span.SetAttributes(attribute.Bool("crosswalk.circuit_open", true))
		}
		if e.Kind != nil {
			span.SetAttributes(attribute.String("error.type", e.Word()))
			span.SetStatus(codes.Error, e.Word())
		}
		span.End()
	}
}

// Wait is [connectors.Observer]: a pause is an event of the span that the call is made for.
func (t *Tracing) Wait(ctx context.Context, w connectors.Wait) {
	trace.SpanFromContext(ctx).AddEvent("wait", trace.WithAttributes(
		attribute.String("crosswalk.connection", w.Connection), attribute.String("crosswalk.wait.why", string(w.Why)), attribute.Float64("crosswalk.wait.seconds", w.For.Seconds())))
}

// complaints logs what goes wrong with traces, once a minute at most: a collector that is away must not fill the log.
type complaints struct {
	log *slog.Logger
	now func() time.Time

	mu   sync.Mutex
	last time.Time
}

// Handle is [otel.ErrorHandler].
func (c *complaints) Handle(err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.last) >= time.Minute {
		c.last = now
		c.log.Warn("traces could not be sent", "error", err)
	}
}
