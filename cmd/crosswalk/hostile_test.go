package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// echo is a system at its worst: it logs whoever asks in, and then refuses with everything that it was sent, in words.
func echo(login bool) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		if login && strings.HasSuffix(r.URL.Path, "/token") {
			_, _ = io.WriteString(w, `{"access_token":"MARKER-access-token","refresh_token":"MARKER-next-refresh","expires_in":600}`)
			return
		}
		var words []string
		for name, values := range r.Header {
			words = append(words, name, strings.Join(values, " "))
		}
		words = append(words, r.URL.String(), string(body))
		if err := r.ParseForm(); err == nil {
			words = append(words, fmt.Sprint(r.Form))
		}
		text := strings.Join(words, " ")
		w.WriteHeader(http.StatusBadRequest)
		_ = json.NewEncoder(w).Encode(map[string]any{
			"errors":    []any{map[string]any{"status": "400", "code": text, "title": text, "detail": text}},
			"ErrorCode": 2000, "DeveloperErrorMessage": text, "error": "invalid_grant", "error_description": text,
		})
	}
}

// TestSecretsStayInside marks every credential and lets systems repeat what they are sent: no marker may come out.
func TestSecretsStayInside(t *testing.T) {
	for name, login := range map[string]bool{"log-in refused": false, "call refused": true} {
		t.Run(name, func(t *testing.T) {
			dir := exampleProject(t)
			for _, v := range []string{"WEBSHOP_SECRET_ACCESS_KEY", "BOOKS_CLIENT_SECRET", "BOOKS_REFRESH_TOKEN"} {
				t.Setenv(v, "MARKER-"+strings.ToLower(v))
			}
			rude := httptest.NewServer(echo(login))
			defer rude.Close()
			for _, connection := range []string{"WEBSHOP_URL", "BOOKS_URL"} {
				good := os.Getenv(connection)
				t.Setenv(connection, rude.URL)
				for _, args := range [][]string{{"run", "webshop-orders", "--project", dir}, {"run", "webshop-orders", "--project", dir, "--json", "--dry-run"}} {
					code, stdout, stderr := command(args...)
					if code != exitFindings || stderr == "" {
						t.Errorf("%v: code %d, stderr %q", args, code, stderr)
					}
					if out := stdout + stderr; strings.Contains(out, "MARKER") {
						t.Errorf("%s: %v lets a secret out: %s", connection, args, out)
					}
				}
				t.Setenv(connection, good)
			}
		})
	}
}

// TestRunTellsNoPersonalData holds the lines of a run, which end in logs, to numbers, ids and reasons.
func TestRunTellsNoPersonalData(t *testing.T) {
	dir := exampleProject(t)
	for _, args := range [][]string{{"run", "webshop-orders", "--project", dir, "--json"}, {"run", "webshop-orders", "--project", dir, "--from-start"}} {
		_, stdout, stderr := command(args...)
		for _, personal := range []string{"@", "Sanne", "Vries", "Pieter", "Jansen", "Haagse", "Herengracht", "Meerdervoort", "PO-2026"} {
			if strings.Contains(stdout+stderr, personal) {
				t.Errorf("%v tells %q:\n%s", args, personal, stdout)
			}
		}
	}
}

// TestFilesOfWindows reads what editors there write: a byte order mark, CRLF, names that are not ASCII.
func TestFilesOfWindows(t *testing.T) {
	const bom = "\ufeff"
	dir := filepath.Join(t.TempDir(), "Büro ☕")
	write := func(name, text string) string {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(bom+strings.ReplaceAll(text, "\n", "\r\n")), 0o644); err != nil {
			t.Fatal(err)
		}
		return path
	}
	mapping := write("ordér.yaml", "from: shopware.order\nto: order\nrules:\n  number: orderNumber\n  note: |\n    \"a\" +\n    \"b\"\n")
	code, stdout, stderr := command("map", "-m", mapping, write("döc.json", "{\"orderNumber\":\"1\"}\n"))
	if code != exitOK || stdout != `{"number":"1","note":"ab"}`+"\n" {
		t.Errorf("map: code %d, %q %s", code, stdout, stderr)
	}
	wrong := write("wrong.yaml", "from: shopware.order\nto: order\nrules:\n  number: ordrNumber\n")
	if code, stdout, stderr = command("check", wrong); code != exitFindings || !strings.Contains(stdout+stderr, "wrong.yaml:4:11: error CW1012") {
		t.Errorf("check: code %d, %s%s", code, stdout, stderr)
	}
	example := exampleProject(t)
	for _, name := range []string{"crosswalk.yaml", "flows/webshop-orders.yaml", "mappings/invoiceDraft.yaml", "scripts/enrich.ts"} {
		text, err := os.ReadFile(filepath.Join(example, filepath.FromSlash(name)))
		if err != nil {
			t.Fatal(err)
		}
		write(name, string(text))
	}
	t.Chdir(dir)
	if code, stdout, stderr = command("run", "webshop-orders", "--dry-run"); !strings.Contains(stdout, "read 10 = created 6") {
		t.Errorf("run: code %d, %s", code, stderr)
	}
}

// TestResultsThatGoNowhere holds that a full disk is no success.
func TestResultsThatGoNowhere(t *testing.T) {
	mapping := writeMapping(t)
	for _, args := range [][]string{{"check", mapping}, {"check", mapping, "--json"}, {"version"}, {"--help"}, {"demo", "--once"}, {"demo", "--once", "--json"}} {
		var stderr strings.Builder
		if code := Main(args, strings.NewReader(""), fullDisk{}, &stderr); code != exitFindings || !strings.Contains(stderr.String(), "no space left") {
			t.Errorf("%v: code %d, %q", args, code, stderr.String())
		}
	}
}

// TestCheckProjectWithoutMappings checks flows that use the built-in mappings alone.
func TestCheckProjectWithoutMappings(t *testing.T) {
	dir := exampleProject(t)
	if err := os.RemoveAll(filepath.Join(dir, "mappings")); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := command("check", dir); code != exitFindings || !strings.Contains(stdout+stderr, "CW3012") {
		t.Errorf("with a mapping that is gone: code %d, %s%s", code, stdout, stderr)
	}
	path := filepath.Join(dir, "flows", "webshop-orders.yaml")
	text, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(strings.Replace(string(text), "write: mappings/invoiceDraft.yaml", "write: eaccounting/invoiceDraft.write", 1)), 0o644); err != nil {
		t.Fatal(err)
	}
	if code, stdout, stderr := command("check", dir); code != exitOK || !strings.Contains(stdout, "1 flow checked: 0 errors") {
		t.Errorf("code %d, %s%s", code, stdout, stderr)
	}
}

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errors.New("no space left") }
