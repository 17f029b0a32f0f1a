package server_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/mappingtest"
	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/server/auth"
)

// BenchmarkPreview measures a preview of a 10 KB order over HTTP, the way the page asks: with a mapping that was not seen before
// ("typing") and with another document only ("document"). "empty" is a round trip without work. p50 and p99 are in milliseconds.
func BenchmarkPreview(b *testing.B) {
	srv := httptest.NewServer(open(b, auth.Config{}, nil))
	defer srv.Close()
	mapping, err := mappings.FS.ReadFile("magento/order.read.yaml")
	if err != nil {
		b.Fatal(err)
	}
	var document []byte
	for _, s := range mappingtest.Samples(mappings.Tests, "magento/order.read.test.yaml") {
		if len(s.Document) > 8<<10 && (document == nil || len(s.Document) < len(document)) {
			document = s.Document
		}
	}
	body := func(i int, change bool) []byte {
		text := string(mapping)
		if change {
			text += fmt.Sprintf("# %d\n", i)
		}
		out, err := json.Marshal(map[string]any{"mapping": map[string]string{"name": "magento/order.read.yaml", "text": text}, "document": string(document)})
		if err != nil {
			b.Fatal(err)
		}
		return out
	}
	measure := func(b *testing.B, send func(i int) (*http.Response, error)) {
		var took []time.Duration
		for i := 0; b.Loop(); i++ {
			start := time.Now()
			resp, err := send(i)
			if err != nil {
				b.Fatal(err)
			}
			_, err = io.Copy(io.Discard, resp.Body)
			took = append(took, time.Since(start))
			if err := resp.Body.Close(); err != nil || resp.StatusCode != 200 {
				b.Fatal(resp.Status, err)
			}
			if err != nil {
				b.Fatal(err)
			}
		}
		slices.Sort(took)
		ms := func(part int) float64 { return float64(took[len(took)*part/100].Microseconds()) / 1000 }
		b.ReportMetric(ms(50), "p50-ms")
		b.ReportMetric(ms(99), "p99-ms")
		b.ReportMetric(float64(len(document)), "document-B")
	}
	post := func(change bool) func(int) (*http.Response, error) {
		return func(i int) (*http.Response, error) {
			return http.Post(srv.URL+"/api/v1/preview", "application/json", bytes.NewReader(body(i, change)))
		}
	}
	b.Run("empty", func(b *testing.B) {
		measure(b, func(int) (*http.Response, error) { return http.Get(srv.URL + "/healthz") })
	})
	b.Run("document", func(b *testing.B) { measure(b, post(false)) })
	b.Run("typing", func(b *testing.B) { measure(b, post(true)) })
}
