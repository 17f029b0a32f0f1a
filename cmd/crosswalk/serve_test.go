package main

import (
	"bytes"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"testing"
)

// TestServeShowsTheProject starts the server over a project whose connections read secrets from variables and files, and looks for them in
// everything that it answers.
func TestServeShowsTheProject(t *testing.T) {
	const marker = "s3cret-m4rker"
	dir := t.TempDir()
	for name, text := range map[string]string{
		"crosswalk.yaml": "connections:\n  webshop:\n    system: shopware\n    url: https://shop.example.com\n    credentials:\n" +
			"      accessKeyId: ${SERVE_TEST_ID}\n      secretAccessKey: {file: mappings/key.yaml}\n",
		"mappings/key.yaml":   marker,
		"mappings/order.yaml": "from: any\nto: any\nrules:\n  a: doc.a\n",
		".env":                marker,
	} {
		path := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	t.Setenv("SERVE_TEST_ID", marker)
	url := serving(t, dir)
	want := map[string]int{
		"/": 200, "/healthz": 200, "/readyz": 200, "/metrics": 200, "/api/v1/session": 200, "/api/v1/systems": 200, "/api/v1/mappings": 200,
		"/api/v1/files": 200, "/api/v1/files/crosswalk.yaml": 200, "/api/v1/files/mappings/order.yaml": 200,
		"/api/v1/files/mappings/key.yaml": 404, "/api/v1/files/.env": 404, "/api/v1/sample?mapping=mappings/key.yaml": 404,
	}
	for path, status := range want {
		r, err := http.Get(url + path)
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r.Body)
		r.Body.Close()
		if err != nil || r.StatusCode != status {
			t.Errorf("%s answers %d instead of %d: %v", path, r.StatusCode, status, err)
		}
		if bytes.Contains(body, []byte(marker)) {
			t.Errorf("%s tells a secret:\n%s", path, body)
		}
	}
}
