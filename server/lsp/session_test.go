package lsp

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"pgregory.net/rapid"
)

// ready returns a client of a session that is initialized and has a mapping open.
func ready(t *testing.T) (c *client, uri string) {
	t.Helper()
	c = start(t, Options{})
	c.request("initialize", map[string]any{})
	c.read()
	uri = uriOf(filepath.Join(t.TempDir(), "a.yaml"))
	c.notify("textDocument/didOpen", map[string]any{"textDocument": map[string]any{"uri": uri, "version": 1, "text": "from: order\nto: any\nrules:\n  a: number\n"}})
	c.read()
	return c, uri
}

func (c *client) stop() {
	c.t.Helper()
	c.request("shutdown", nil)
	c.read()
	c.notify("exit", nil)
	if err := <-c.done; err != nil {
		c.t.Error(err)
	}
}

// While the answer to the first request is not read, the server cannot begin the second: that one is cancelled before it
// was begun, and is answered as such.
func TestCancel(t *testing.T) {
	c, uri := ready(t)
	place := map[string]any{"textDocument": map[string]any{"uri": uri}, "position": position{3, 5}}
	first := c.request("textDocument/hover", place)
	second := c.request("textDocument/hover", place)
	third := c.request("textDocument/hover", place)
	c.notify("$/cancelRequest", map[string]any{"id": second})
	c.notify("$/unheardOf", nil) // taken off the pipe only after what stands before it was read
	for _, want := range []struct {
		id   int
		code float64
	}{{first, 0}, {second, codeCancelled}, {third, 0}} {
		m := c.read()
		var code float64
		if e, ok := m["error"].(map[string]any); ok {
			code, _ = e["code"].(float64)
		}
		if m["id"] != float64(want.id) || code != want.code {
			t.Errorf("got %v, want id %d and code %v", m, want.id, want.code)
		}
	}
	c.stop()
}

// Of changes that wait only the last text is checked.
func TestDiagnosticsOfTheLastText(t *testing.T) {
	c, uri := ready(t)
	c.request("textDocument/hover", map[string]any{"textDocument": map[string]any{"uri": uri}, "position": position{3, 5}})
	for version, text := range []string{"rules: [", "rules: {", "from: order\nto: any\nrules:\n  a: nmber\n"} {
		c.notify("textDocument/didChange", map[string]any{"textDocument": map[string]any{"uri": uri, "version": version + 2}, "contentChanges": []any{map[string]any{"text": text}}})
	}
	c.notify("$/unheardOf", nil)
	c.read()
	m := c.read()
	params, _ := m["params"].(map[string]any)
	if params["version"] != float64(4) || !strings.Contains(marshal(t, m), "nmber") {
		t.Errorf("got %v, want the problems of version 4", m)
	}
	c.stop()
}

// A stream that is no protocol ends the session with an error, and nothing is left behind.
func TestBrokenStreams(t *testing.T) {
	for _, test := range []struct {
		stream string
		want   error
	}{
		{"GET / HTTP/1.1\r\n\r\n", errFraming},
		{"Content-Length: x\r\n\r\n", errFraming},
		{"Content-Length: -1\r\n\r\n", errFraming},
		{"Content-Length: 99999999999\r\n\r\n", errFraming},
		{"Content-Type: text\r\n\r\n{}", errFraming},
		{strings.Repeat("X", maxHeader+10), errFraming},
		{strings.Repeat("A: b\r\n", maxHeader), errFraming},
		{"Content-Length: 10\r\n\r\n{}", io.ErrUnexpectedEOF},
		{"Content-Length: 10\r\n", io.ErrUnexpectedEOF},
		{"", ErrNoShutdown},
	} {
		err := Serve(t.Context(), io.NopCloser(strings.NewReader(test.stream)), io.Discard, Options{})
		if !errors.Is(err, test.want) {
			t.Errorf("%.40q: %v, want %v", test.stream, err, test.want)
		}
	}
}

type brokenWriter struct{}

func (brokenWriter) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }

func TestClientThatDoesNotRead(t *testing.T) {
	in, w := io.Pipe()
	done := make(chan error)
	go func() { done <- Serve(t.Context(), in, brokenWriter{}, Options{}) }()
	if err := writeFrame(w, []byte(`{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`)); err != nil {
		t.Fatal(err)
	}
	if err := <-done; !errors.Is(err, io.ErrClosedPipe) {
		t.Error(err)
	}
}

// FuzzFraming: what is read is what was written, and any other stream ends in an error.
func FuzzFraming(f *testing.F) {
	f.Add([]byte("Content-Length: 2\r\n\r\n{}Content-Length: 2\r\n\r\n[]"))
	f.Add([]byte("content-length:2\n\n{}"))
	f.Add([]byte("Content-Length: 99\r\nContent-Type: x\r\n\r\n{"))
	f.Fuzz(func(t *testing.T, stream []byte) {
		r := bufio.NewReader(bytes.NewReader(stream))
		total := 0
		for {
			content, err := readFrame(r)
			if err != nil {
				break
			}
			if total += len(content); total > len(stream) {
				t.Fatalf("%d bytes of content in a stream of %d", total, len(stream))
			}
			_, bad := parseMessage(content)
			if bad != nil && (bad.Code >= 0 || bad.Message == "") {
				t.Fatalf("%q: %+v", content, bad)
			}
		}
		var out bytes.Buffer
		if err := writeFrame(&out, stream); err != nil {
			t.Fatal(err)
		}
		content, err := readFrame(bufio.NewReader(&out))
		if err != nil || !bytes.Equal(content, stream) {
			t.Fatalf("%q comes back as %q (%v)", stream, content, err)
		}
	})
}

var someText = rapid.StringOfN(rapid.SampledFrom([]rune("ab é😀𝕏\n")), 0, 40, -1)

// An edit of a range is what it is in a text of UTF-16 code units, and places survive the way to the engine and back.
func TestEditsCountUTF16(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		text := someText.Draw(t, "text")
		lines := strings.Split(text, "\n")
		place := func(label string) position {
			n := rapid.IntRange(0, len(lines)-1).Draw(t, label+" line")
			units := utf16.Encode([]rune(lines[n]))
			at := rapid.IntRange(0, len(units)).Draw(t, label+" character")
			if at < len(units) && units[at] >= 0xDC00 && units[at] <= 0xDFFF {
				at-- // inside of a character
			}
			return position{n, at}
		}
		offset := func(p position) int {
			before := len(strings.Join(lines[:p.Line], "\n"))
			if p.Line > 0 {
				before++
			}
			return before + len(string(utf16.Decode(utf16.Encode([]rune(lines[p.Line]))[:p.Character])))
		}
		from, to := place("from"), place("to")
		if before(to, from) {
			from, to = to, from
		}
		with := someText.Draw(t, "with")
		want := text[:offset(from)] + with + text[offset(to):]
		if got := (contentChange{&span{from, to}, with}).apply(text); got != want {
			t.Fatalf("%q from %v to %v becomes %q, want %q", text, from, to, got, want)
		}
		if back := fromEngine(from.engine("a", text), text); back != from {
			t.Fatalf("%v in %q comes back as %v", from, text, back)
		}
		edits := difference(text, want)
		got := text
		for _, e := range edits {
			got = contentChange{&e.Range, e.NewText}.apply(got)
		}
		if got != want {
			t.Fatalf("the difference of %q and %q is %v, which makes %q", text, want, edits, got)
		}
	})
}

func TestURIs(t *testing.T) {
	for uri, path := range map[string]string{
		"file:///srv/a%20b/%C3%A9.yaml": "/srv/a b/é.yaml",
		"file:///c%3A/x/y.yaml":         "c:/x/y.yaml",
		"untitled:Untitled-1":           "untitled:Untitled-1",
		"file://server/share/a.yaml":    "//server/share/a.yaml",
	} {
		if got := pathOf(uri); got != path {
			t.Errorf("%s is %s, want %s", uri, got, path)
		}
	}
	for path, uri := range map[string]string{"/srv/a b/é.yaml": "file:///srv/a%20b/%C3%A9.yaml", "c:/x/y.yaml": "file:///c:/x/y.yaml"} {
		if got := uriOf(path); got != uri {
			t.Errorf("%s is %s, want %s", path, got, uri)
		}
	}
}

func TestUnpack(t *testing.T) {
	dir := t.TempDir()
	library := fstest.MapFS{"shop/order.yaml": {Data: []byte("rules: {}\n")}}
	first, err := unpack(library, "shop/order.yaml", dir)
	if err != nil {
		t.Fatal(err)
	}
	if data, err := os.ReadFile(first); err != nil || string(data) != "rules: {}\n" {
		t.Errorf("%q (%v)", data, err)
	}
	if again, err := unpack(library, "shop/order.yaml", dir); err != nil || again != first {
		t.Errorf("%s (%v), want %s", again, err, first)
	}
	library["shop/order.yaml"] = &fstest.MapFile{Data: []byte("rules: {a: b}\n")}
	if other, err := unpack(library, "shop/order.yaml", dir); err != nil || other == first {
		t.Errorf("another content is in the same file %s (%v)", other, err)
	}
	if _, err := unpack(library, "nope.yaml", dir); err == nil {
		t.Error("a file that is not there was written")
	}
}

func TestPlainSnippets(t *testing.T) {
	for snippet, want := range map[string]string{
		"lower(${1:text})": "lower(text)", "now($0)": "now()", `a\$b\}: {each: ${1:list}, as: ${2:item}}`: "a$b}: {each: list, as: item}",
	} {
		if got := plain(snippet); got != want {
			t.Errorf("%s is %s, want %s", snippet, got, want)
		}
	}
}
