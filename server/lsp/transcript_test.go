package lsp

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"go.uber.org/goleak"
	"golang.org/x/tools/txtar"

	"github.com/crosswalk-go/crosswalk/mappings"
	"github.com/crosswalk-go/crosswalk/scripting/host"
)

var update = flag.Bool("update", false, "rewrite the answers in testdata")

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// client is the editor's side of a session over pipes.
type client struct {
	t    testing.TB
	in   *io.PipeWriter
	out  *bufio.Reader
	done chan error
	next int
}

func start(t testing.TB, opts Options) *client {
	t.Helper()
	inR, inW := io.Pipe()
	outR, outW := io.Pipe()
	c := &client{t: t, in: inW, out: bufio.NewReader(outR), done: make(chan error, 1)}
	if opts.Library == nil {
		opts.Library = mappings.FS
	}
	if opts.Log == nil {
		opts.Log = slog.New(slog.NewTextHandler(t.Output(), nil))
	}
	go func() {
		err := Serve(context.Background(), inR, outW, opts)
		_ = outW.Close()
		c.done <- err
	}()
	t.Cleanup(func() {
		_ = inW.Close()
		_ = outR.Close()
	})
	return c
}

func (c *client) write(content string) {
	c.t.Helper()
	if err := writeFrame(c.in, []byte(content)); err != nil {
		c.t.Fatal(err)
	}
}

func (c *client) read() map[string]any {
	c.t.Helper()
	content, err := readFrame(c.out)
	if err != nil {
		c.t.Fatal(err)
	}
	var m map[string]any
	if err := json.Unmarshal(content, &m); err != nil {
		c.t.Fatalf("%v in %s", err, content)
	}
	if m["jsonrpc"] != "2.0" {
		c.t.Fatalf("no JSON-RPC: %s", content)
	}
	delete(m, "jsonrpc")
	return m
}

func (c *client) notify(method string, params any) {
	c.t.Helper()
	c.write(marshal(c.t, map[string]any{"jsonrpc": "2.0", "method": method, "params": params}))
}

func (c *client) request(method string, params any) int {
	c.t.Helper()
	c.next++
	c.write(marshal(c.t, map[string]any{"jsonrpc": "2.0", "id": c.next, "method": method, "params": params}))
	return c.next
}

func marshal(t testing.TB, v any) string {
	t.Helper()
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// TestTranscripts plays sessions. In the archives the comment is the script; every line below a command that begins
// with "<- " is what the server answers. The commands:
//
//	initialize [JSON]           with these capabilities
//	open FILE [as FILE]         a file of the archive
//	change FILE JSON            contentChanges
//	close, save FILE
//	complete FILE L:C [LABELS]  shows the items with these labels only
//	hover, define, actions, format FILE [L:C]
//	send JSON                   anything
//	write FILE TEXT             on the disk, then workspace/didChangeWatchedFiles
//	exit, hang-up               and what Serve returns
//
// A number before a command is how many messages answer it; unsaid it is one.
func TestTranscripts(t *testing.T) {
	files, err := filepath.Glob("testdata/*.txtar")
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".txtar"), func(t *testing.T) {
			archive, err := txtar.ParseFile(file)
			if err != nil {
				t.Fatal(err)
			}
			got := play(t, archive)
			if *update {
				archive.Comment = []byte(got)
				if err := os.WriteFile(file, txtar.Format(archive), 0o644); err != nil {
					t.Fatal(err)
				}
				return
			}
			gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(archive.Comment), "\n")
			for i := range max(len(gotLines), len(wantLines)) {
				if i >= len(gotLines) || i >= len(wantLines) || gotLines[i] != wantLines[i] {
					t.Fatalf("line %d\n got %s\nwant %s", i+1, lineOf(gotLines, i), lineOf(wantLines, i))
				}
			}
		})
	}
}

func lineOf(lines []string, i int) string {
	if i < len(lines) {
		return lines[i]
	}
	return "nothing"
}

func play(t *testing.T, archive *txtar.Archive) string {
	t.Helper()
	root := t.TempDir()
	texts := map[string]string{}
	for _, f := range archive.Files {
		name := filepath.Join(root, filepath.FromSlash(f.Name))
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, f.Data, 0o644); err != nil {
			t.Fatal(err)
		}
		texts[f.Name] = string(f.Data)
	}
	cache := t.TempDir()
	opts := Options{Version: "test", Cache: cache, Scripts: host.Reader{}}
	if strings.Contains(string(archive.Comment), "# with a formatter") {
		opts.Format = func(text []byte) ([]byte, error) {
			if bytes.Contains(text, []byte("[")) {
				return nil, errors.New("no YAML")
			}
			return bytes.ReplaceAll(text, []byte(":  "), []byte(": ")), nil
		}
	}
	p := &player{t: t, client: start(t, opts), texts: texts, root: root, cache: cache, versions: map[string]int{}}
	var out strings.Builder
	for _, line := range strings.Split(strings.TrimSuffix(string(archive.Comment), "\n"), "\n") {
		if strings.HasPrefix(line, "<- ") {
			continue
		}
		out.WriteString(line + "\n")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		for _, answer := range p.run(line) {
			out.WriteString("<- " + answer + "\n")
		}
	}
	return out.String()
}

type player struct {
	*client
	t        *testing.T
	texts    map[string]string
	root     string
	cache    string
	versions map[string]int
}

func (p *player) uri(file string) string { return uriOf(filepath.Join(p.root, file)) }

func (p *player) run(line string) []string {
	p.t.Helper()
	answers := 1
	command, rest, _ := strings.Cut(line, " ")
	if n, err := strconv.Atoi(command); err == nil {
		answers = n
		command, rest, _ = strings.Cut(rest, " ")
	}
	file, args, _ := strings.Cut(rest, " ")
	doc := map[string]any{"uri": p.uri(file)}
	at := func() (map[string]any, string) {
		place, more, _ := strings.Cut(args, " ")
		var l, c int
		if _, err := fmt.Sscanf(place, "%d:%d", &l, &c); err != nil {
			p.t.Fatalf("%s: %v", line, err)
		}
		return map[string]any{"textDocument": doc, "position": position{l, c}}, more
	}
	var labels string
	switch command {
	case "initialize":
		var capabilities any
		if rest != "" {
			p.decode(rest, &capabilities)
		}
		p.request("initialize", map[string]any{"capabilities": capabilities, "processId": nil, "rootUri": nil})
	case "open":
		if other, ok := strings.CutPrefix(args, "as "); ok {
			doc["uri"] = p.uri(other)
		}
		doc["languageId"], doc["version"], doc["text"] = "yaml", 1, p.texts[file]
		p.notify("textDocument/didOpen", map[string]any{"textDocument": doc})
	case "change":
		var changes any
		p.decode(args, &changes)
		p.versions[file]++
		doc["version"] = p.versions[file] + 1
		p.notify("textDocument/didChange", map[string]any{"textDocument": doc, "contentChanges": changes})
	case "close":
		p.notify("textDocument/didClose", map[string]any{"textDocument": doc})
	case "save":
		p.notify("textDocument/didSave", map[string]any{"textDocument": doc})
	case "write":
		if err := os.WriteFile(filepath.Join(p.root, file), []byte(strings.ReplaceAll(args, `\n`, "\n")), 0o644); err != nil {
			p.t.Fatal(err)
		}
		p.notify("workspace/didChangeWatchedFiles", map[string]any{"changes": []any{map[string]any{"uri": doc["uri"], "type": 2}}})
	case "complete":
		params, more := at()
		labels = more
		p.request("textDocument/completion", params)
	case "hover":
		params, _ := at()
		p.request("textDocument/hover", params)
	case "define":
		params, _ := at()
		p.request("textDocument/definition", params)
	case "actions":
		params, _ := at()
		params["range"] = span{params["position"].(position), params["position"].(position)}
		params["context"] = map[string]any{"diagnostics": []any{}}
		p.request("textDocument/codeAction", params)
	case "format":
		p.request("textDocument/formatting", map[string]any{"textDocument": doc, "options": map[string]any{"tabSize": 2}})
	case "send":
		p.write(strings.ReplaceAll(rest, "$ROOT", uriOf(p.root)))
	case "exit":
		p.notify("exit", nil)
		return p.end()
	case "hang-up":
		_ = p.in.Close()
		return p.end()
	default:
		p.t.Fatalf("unknown command %q", line)
	}
	var all []string
	for range answers {
		m := p.read()
		if command == "complete" {
			pickItems(m, strings.Split(labels, ","))
		}
		text := strings.ReplaceAll(marshal(p.t, m), uriOf(p.root), "$ROOT")
		if i := strings.Index(text, uriOf(p.cache)); i >= 0 { // the folder is named after the content of the file
			rest := text[i+len(uriOf(p.cache))+1:]
			text = text[:i] + "$CACHE" + rest[strings.Index(rest, "/"):]
		}
		all = append(all, text)
	}
	return all
}

// pickItems leaves the completions with these labels, without what orders them.
func pickItems(m map[string]any, labels []string) {
	result, ok := m["result"].(map[string]any)
	if !ok {
		return
	}
	items, _ := result["items"].([]any)
	items = slices.DeleteFunc(items, func(item any) bool { return !slices.Contains(labels, item.(map[string]any)["label"].(string)) })
	for _, item := range items {
		delete(item.(map[string]any), "sortText")
	}
	result["items"] = items
}

func (p *player) decode(text string, into any) {
	p.t.Helper()
	if err := json.Unmarshal([]byte(text), into); err != nil {
		p.t.Fatalf("%s: %v", text, err)
	}
}

// end waits for the end of the session; nothing may come any more.
func (p *player) end() []string {
	rest, err := io.ReadAll(p.out)
	if err != nil || len(rest) > 0 {
		p.t.Errorf("after the end: %q (%v)", rest, err)
	}
	if err := <-p.done; err != nil {
		return []string{"end: " + err.Error()}
	}
	return []string{"end"}
}
