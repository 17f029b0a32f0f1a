package runner_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// TestVersionPinned changes a mapping while documents are queued: those that were queued before meet the mapping of then, also after a restart, and
// those that are queued after it meet the new one. A version that is kept no more is told of.
func TestVersionPinned(t *testing.T) {
	g := newGate()
	w := newWorld(t, g.front)
	t.Cleanup(g.lift)
	before := w.references(t)
	dir, files := t.TempDir(), t.TempDir()
	if err := os.CopyFS(files, os.DirFS("testdata")); err != nil {
		t.Fatal(err)
	}
	w.env["CROSSWALK_TEST_PROJECT"] = files
	mapping := filepath.Join(files, "mappings", "invoiceDraft.yaml")
	says := func(words string) {
		t.Helper()
		text := "extends: eaccounting/invoiceDraft.write\nrules:\n  YourReference: '\"" + words + " \" + number'\n"
		if err := os.WriteFile(mapping, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	says("first")
	s, err := openSet(t.Context(), dir, runner.Options{}, w.lookup)
	if err != nil {
		t.Fatal(err)
	}
	first := s.flow.Versions
	// Everything is queued, and one document is in hand, when the process stops.
	ctx, stop := context.WithCancel(t.Context())
	ran := make(chan struct{})
	go func() {
		defer close(ran)
		_, _ = s.engine.Run(ctx, s.flow, runner.RunOptions{}) // it is stopped
	}()
	<-g.reached
	stop()
	g.lift()
	<-ran
	if err := s.close(); err != nil {
		t.Fatal(err)
	}
	if n := len(w.references(t)) - len(before); n != 1 {
		t.Fatalf("%d orders were sent before the change", n)
	}

	says("second")
	s = opened(t, dir, runner.Options{})
	if slices.Equal(first, s.flow.Versions) {
		t.Fatal("another mapping makes no other version")
	}
	w.addOrders(t, 3, 3)
	if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{}); err != nil {
		t.Fatal(err)
	}
	for order, text := range w.references(t) {
		if _, was := before[order]; was {
			continue
		}
		want := "first "
		if strings.HasPrefix(order, "2000") {
			want = "second "
		}
		if text != want+order {
			t.Errorf("order %s was sent as %q, not with the mapping of when it was queued", order, text)
		}
	}
	for _, e := range final(t, s.engine) {
		pinned := slices.Equal(e.Versions, first)
		if isNew := strings.HasPrefix(e.Document.Key, "2000"); pinned == isNew && e.Outcome == flow.Created || len(e.Warnings) > 0 && strings.Contains(e.Warnings[0], "version") {
			t.Errorf("%s names the versions %v, %v", e.Document.Key, e.Versions, e.Warnings)
		}
	}

	// A person names a version, by it or by that of a mapping.
	write := first[slices.IndexFunc(first, func(v string) bool { return strings.HasPrefix(v, "write:") })]
	for _, name := range []string{first[0], strings.TrimPrefix(first[0], "flow:")[:8], write, strings.TrimPrefix(write, "write:")[:6]} {
		v, err := s.engine.FindVersion(t.Context(), flowName, name)
		if err != nil || "flow:"+v.ID != first[0] {
			t.Errorf("%s: %v %v", name, v.ID, err)
		}
	}
	for _, name := range []string{"", "f", "ffffffffffffffff"} {
		if _, err := s.engine.FindVersion(t.Context(), flowName, name); err == nil || !strings.Contains(err.Error(), first[0]) {
			t.Errorf("%q: %v", name, err)
		}
	}
}

// TestVersionGone takes the versions out of the store: what was queued with one of them is handled all the same, and the entry says so.
func TestVersionGone(t *testing.T) {
	w := newWorld(t, nil)
	dir := t.TempDir()
	s := opened(t, dir, runner.Options{})
	id := w.orderID(t, "10002")
	if _, err := s.engine.Run(t.Context(), s.flow, runner.RunOptions{Only: []string{id}, Version: "0123456789abcdef"}); err != nil {
		t.Fatal(err)
	}
	list := final(t, s.engine)
	if len(list) != 1 || list[0].Outcome != flow.Created || !slices.Equal(list[0].Versions, s.flow.Versions) || len(list[0].Warnings) != 1 ||
		!strings.Contains(list[0].Warnings[0], "0123456789abcdef") {
		t.Errorf("%+v", list)
	}
}
