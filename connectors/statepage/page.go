package statepage

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
)

const (
	newest       = 5
	mostDocument = 20_000 // bytes of a document that are shown
	longestWait  = 3600   // seconds between two refreshes
)

//go:embed page.html
var pageText string

//go:embed page.css
var style string

var page = template.Must(template.New("page").Parse(pageText))

// policy lets the browser apply the page's own style and nothing else.
var policy = func() string {
	sum := sha256.Sum256([]byte(style))
	return "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}()

// shown is what the page shows.
type shown struct {
	Options
	Style    template.CSS
	Refresh  int
	At       string
	Total    int
	Requests []shownRequest // the newest first
	Kinds    []shownKind
}

type shownRequest struct {
	request
	Time, Took, Answer string
	Bad                bool
}

type shownKind struct {
	Kind   string
	Count  int
	Newest []string
}

// page answers with the page. `?refresh=5` loads it again every five seconds.
func (h *Handler) page(w http.ResponseWriter, r *http.Request) {
	switch {
	case !local(r.Host):
		http.Error(w, "This page is for people on this machine: ask for it by address.", http.StatusForbidden)
		return
	case r.Method != http.MethodGet && r.Method != http.MethodHead:
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "This page only shows.", http.StatusMethodNotAllowed)
		return
	}
	refresh, err := strconv.Atoi(r.URL.Query().Get("refresh"))
	if err != nil || refresh < 0 || refresh > longestWait {
		refresh = 0
	}
	var b bytes.Buffer
	if err := page.Execute(&b, h.show(refresh)); err != nil {
		http.Error(w, "The page cannot be made.", http.StatusInternalServerError)
		return
	}
	for name, value := range map[string]string{
		"Content-Type": "text/html; charset=utf-8", "Content-Security-Policy": policy, "X-Content-Type-Options": "nosniff",
		"Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
	} {
		w.Header().Set(name, value)
	}
	_, _ = w.Write(b.Bytes()) // who asked went away: nobody is left to tell
}

// show collects the page.
func (h *Handler) show(refresh int) shown {
	// The stylesheet is a constant of this package.
	s := shown{Options: h.options, Style: template.CSS(style), Refresh: refresh, At: h.options.Now().Format(time.TimeOnly)} //nolint:gosec
	stateful, ok := h.sandbox.(connectors.Stateful)
	if !ok {
		stateful = noState{}
	}
	for _, held := range stateful.State(newest) {
		kind := shownKind{Kind: held.Kind, Count: held.Count}
		for _, doc := range held.Newest {
			kind.Newest = append(kind.Newest, readable(doc))
		}
		s.Kinds = append(s.Kinds, kind)
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	s.Total = h.total
	for _, r := range slices.Backward(h.last) {
		out := shownRequest{request: r, Time: r.At.Format("15:04:05.000"), Took: fmt.Sprintf("%d ms", r.Took.Milliseconds()), Answer: "none"}
		if r.Status != 0 {
			out.Answer = strconv.Itoa(r.Status)
		}
		out.Bad = r.Status == 0 || r.Status >= http.StatusBadRequest
		s.Requests = append(s.Requests, out)
	}
	return s
}

// readable is a document with a line for each member.
func readable(doc []byte) string {
	var b bytes.Buffer
	if json.Indent(&b, doc, "", "  ") != nil {
		b.Write(doc)
	}
	if b.Len() <= mostDocument {
		return b.String()
	}
	return string(bytes.ToValidUTF8(b.Bytes()[:mostDocument], nil)) + fmt.Sprintf("\n… %d bytes in all", b.Len())
}
