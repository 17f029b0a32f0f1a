package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"mime"
	"net/http"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// maxBody is the largest body that is read.
const maxBody = 16 << 20

// ServeHTTP answers as the shop does. The API may stand in a sub-folder.
func (s *Sandbox) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.Serve(w, r, s.serve)
}

func (s *Sandbox) serve(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	buf := &bufferedWriter{header: w.Header()}
	s.happened = nil
	if err := s.route(buf, r); err != nil {
		buf.body.Reset()
		writeFailure(buf, err)
	} else {
		s.announce(scheme(r) + "://" + r.Host)
	}
	if buf.status == 0 {
		buf.status = http.StatusOK
	}
	w.Header().Set("Date", s.now().UTC().Format(http.TimeFormat))
	w.WriteHeader(buf.status)
	_, _ = w.Write(buf.body.Bytes()) // the client went away: nobody is left to tell
}

// bufferedWriter holds an answer until the lock can be given back.
type bufferedWriter struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (b *bufferedWriter) Header() http.Header { return b.header }

func (b *bufferedWriter) WriteHeader(status int) { b.status = status }

func (b *bufferedWriter) Write(p []byte) (int, error) { return b.body.Write(p) }

// fullURL is the address as the messages of the server print it.
func fullURL(r *http.Request) string { return scheme(r) + "://" + r.Host + r.URL.Path }

func scheme(r *http.Request) string {
	if r.TLS != nil {
		return "https"
	}
	return "http"
}

func noRoute(r *http.Request) error {
	return apiErrors{httpProblem(http.StatusNotFound, fmt.Sprintf("No route found for \"%s %s\"", r.Method, fullURL(r)))}
}

func wrongMethod(r *http.Request, allow string) error {
	return apiErrors{httpProblem(http.StatusMethodNotAllowed,
		fmt.Sprintf("No route found for \"%s %s\": Method Not Allowed (Allow: %s)", r.Method, fullURL(r), allow))}
}

func malformed() error {
	return apiErrors{httpProblem(http.StatusBadRequest, "The JSON payload is malformed.")}
}

// request is one call on its way through the routes.
type request struct {
	*view
	w    http.ResponseWriter
	r    *http.Request
	body []byte
	path []string // below /api/
}

func (s *Sandbox) route(w http.ResponseWriter, r *http.Request) error {
	base, path, ok := strings.Cut(r.URL.EscapedPath(), "/api/")
	if !ok {
		return noRoute(r)
	}
	if path == "oauth/token" {
		return s.token(w, r)
	}
	by, err := s.authenticate(r)
	if err != nil {
		return err
	}
	v := &view{s: s, lang: systemLanguage, by: by, base: scheme(r) + "://" + r.Host + base}
	if lang := r.Header.Get("sw-language-id"); lang != "" {
		w.Header().Set("sw-language-id", lang)
		if s.db.get(s.schema.entities["language"], lang) == nil {
			return apiErrors{problem(http.StatusPreconditionFailed, "FRAMEWORK__LANGUAGE_NOT_FOUND",
				fmt.Sprintf("Could not find language with id %q", lang), jsondoc.New("entity", "language", "field", "id", "value", lang))}
		}
		v.lang = lang
	}
	_, v.inherit = r.Header["Sw-Inheritance"]
	body, err := io.ReadAll(http.MaxBytesReader(nil, r.Body, maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			return apiErrors{httpProblem(http.StatusRequestEntityTooLarge, "The request is too large.")}
		}
		return err
	}
	q := &request{view: v, w: w, r: r, body: body, path: strings.Split(path, "/")}
	switch q.path[0] {
	case "_info", "_action":
		return q.action()
	case "search", "search-ids":
		return q.searchRoute()
	}
	return q.entityRoute()
}

// jsonBody decodes the body of a search: another content type is silently ignored.
func (q *request) jsonBody() (any, error) {
	if !isJSON(q.r) || len(bytes.TrimSpace(q.body)) == 0 {
		return jsondoc.New(), nil
	}
	v, err := decodeJSON(q.body)
	if err != nil {
		return nil, malformed()
	}
	return v, nil
}

func isJSON(r *http.Request) bool {
	t, _, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	return err == nil && (t == "application/json" || t == "application/vnd.api+json")
}

// accept picks the shape of the answer: plain JSON or JSON:API.
func (q *request) accept() (jsonAPI bool, err error) {
	header := q.r.Header.Get("Accept")
	for _, part := range strings.Split(header, ",") {
		switch strings.TrimSpace(strings.SplitN(part, ";", 2)[0]) {
		case "application/json":
			return false, nil
		case "application/vnd.api+json", "*/*":
			return true, nil
		}
	}
	return false, apiErrors{httpProblem(http.StatusUnsupportedMediaType,
		fmt.Sprintf("All provided media types are unsupported. (%s)", header))}
}

// target is what a path of entities leads to: order/{id}/line-items.
type target struct {
	ent   *entity
	id    string // of the entity, where the path ends with one
	rows  []*row // where the path ends with a list
	owner *entity
	of    *row
	via   *field
}

// resolve walks entity, id, association, id, ...
func (q *request) resolve(path []string) (*target, error) {
	ent := q.s.schema.routes[path[0]]
	if ent == nil || ent.mapping() {
		return nil, noRoute(q.r)
	}
	t := &target{ent: ent, rows: q.s.db.all(ent)}
	for i := 1; i < len(path); i++ {
		if i%2 == 1 {
			if !isID(path[i]) {
				return nil, noRoute(q.r)
			}
			t.id = path[i]
			continue
		}
		f := t.ent.routeOf(path[i])
		if f == nil {
			return nil, noRoute(q.r)
		}
		r := q.s.db.get(t.ent, t.id)
		if r == nil {
			return nil, resourceNotFound(t.ent, t.id)
		}
		t.owner, t.of, t.via = t.ent, r, f
		t.ent, t.id, t.rows = f.target, "", q.follow(t.ent, r, f)
	}
	return t, nil
}

func (q *request) searchRoute() error {
	if len(q.path) < 2 {
		return noRoute(q.r)
	}
	t, err := q.resolve(q.path[1:])
	if err != nil {
		return err
	}
	if q.r.Method != http.MethodPost {
		return wrongMethod(q.r, "POST")
	}
	if t.id != "" {
		return noRoute(q.r)
	}
	body, err := q.jsonBody()
	if err != nil {
		return err
	}
	if q.path[0] == "search-ids" {
		return q.searchIDs(t, body)
	}
	return q.list(t, body)
}

func (q *request) criteria(t *target, body any) (*criteria, error) {
	c, errs := parseCriteria(body, q.s.limits())
	if errs != nil {
		return nil, errs
	}
	if err := q.check(t.ent, c); err != nil {
		return nil, err
	}
	return c, q.searchPrivileges(t.ent, c)
}

func (q *request) list(t *target, body any) error {
	jsonAPI, err := q.accept()
	if err != nil {
		return err
	}
	c, err := q.criteria(t, body)
	if err != nil {
		return err
	}
	res := q.search(t.ent, t.rows, c)
	if jsonAPI {
		return q.jsonAPI(t.ent, res)
	}
	e := &encoder{view: q.view, includes: c.includes, fields: c.fields}
	writeJSON(q.w, http.StatusOK, jsondoc.New("total", res.total, "data", e.list(t.ent, res.rows, c.associations, root),
		"aggregations", q.aggregate(t.ent, res.all, c.aggregations)))
	return nil
}

func (q *request) searchIDs(t *target, body any) error {
	c, err := q.criteria(t, body)
	if err != nil {
		return err
	}
	res := q.search(t.ent, t.rows, c)
	ids := []any{}
	for _, r := range res.rows {
		ids = append(ids, keyValue(t.ent, r))
	}
	writeJSON(q.w, http.StatusOK, jsondoc.New("total", res.total, "data", ids))
	return nil
}

// jsonAPI answers in the other shape, without relationships: enough to notice that one asked for it.
func (q *request) jsonAPI(ent *entity, res result) error {
	e := &encoder{view: q.view}
	data := []any{}
	for _, r := range res.rows {
		attrs := jsondoc.New()
		for _, f := range ent.fields {
			if !f.association() && f.name != "id" && f.kind != kindPassword {
				attrs.Set(f.name, e.shape(f, e.value(ent, r, f), root))
			}
		}
		data = append(data, jsondoc.New("id", r.v["id"], "type", ent.name, "attributes", attrs,
			"links", jsondoc.New("self", q.base+"/api/"+ent.route()+"/"+r.str("id")), "relationships", jsondoc.New(), "meta", nil))
	}
	q.w.Header().Set("Content-Type", "application/vnd.api+json")
	q.w.WriteHeader(http.StatusOK)
	_, err := q.w.Write(jsondoc.EncodePHP(jsondoc.New("data", data, "included", []any{}, "links", jsondoc.New("self", fullURL(q.r)),
		"meta", jsondoc.New("totalCountMode", 0, "total", res.total), "aggregations", []any{})))
	return err
}

func (q *request) entityRoute() error {
	t, err := q.resolve(q.path)
	if err != nil {
		return err
	}
	method := q.r.Method
	if t.id == "" {
		switch method {
		case http.MethodGet:
			return q.list(t, queryCriteria(q.r.URL.Query()))
		case http.MethodPost:
			return q.write(t, create)
		}
		return wrongMethod(q.r, "GET, POST")
	}
	switch method {
	case http.MethodGet:
		return q.detail(t)
	case http.MethodPatch:
		return q.write(t, update)
	case http.MethodDelete:
		return q.erase(t)
	}
	return wrongMethod(q.r, "GET, PATCH, DELETE")
}

func (q *request) detail(t *target) error {
	if _, err := q.accept(); err != nil {
		return err
	}
	c, err := q.criteria(t, queryCriteria(q.r.URL.Query()))
	if err != nil {
		return err
	}
	r := q.s.db.get(t.ent, t.id)
	if r == nil {
		return resourceNotFound(t.ent, t.id)
	}
	e := &encoder{view: q.view, includes: c.includes}
	writeJSON(q.w, http.StatusOK, jsondoc.New("data", e.entity(t.ent, r, c.associations, root)))
	return nil
}

// write serves POST and PATCH of one entity.
func (q *request) write(t *target, want intent) error {
	if !isJSON(q.r) {
		return apiErrors{httpProblem(http.StatusUnsupportedMediaType,
			fmt.Sprintf("The Content-Type %q is unsupported.", q.r.Header.Get("Content-Type")))}
	}
	if _, err := q.accept(); err != nil {
		return err
	}
	body, err := decodeJSON(q.body)
	if err != nil {
		return malformed()
	}
	if list, ok := body.([]any); ok && len(list) > 0 {
		return apiErrors{httpProblem(http.StatusBadRequest,
			"Only single write operations are supported. Please send the entities one by one or use the /sync api endpoint.")}
	}
	payload, ok := body.(*object)
	if !ok || len(payload.Keys()) == 0 {
		return apiErrors{notAssociative()} // PHP reads {} as an empty list
	}
	id, err := q.save(t, payload, want)
	if err != nil {
		return err
	}
	if _, ok := q.r.URL.Query()["_response"]; ok {
		e := &encoder{view: q.view}
		o := e.entity(t.ent, q.s.db.get(t.ent, id), nil, root)
		if ext, ok := o.Get("extensions").(*object); ok {
			o.Set("extensions", jsondoc.New("foreignKeys", ext.Get("foreignKeys")))
		}
		writeJSON(q.w, http.StatusOK, jsondoc.New("data", o))
		return nil
	}
	q.noContent(t.ent, id)
	return nil
}

func (q *request) noContent(ent *entity, id string) {
	q.w.Header().Set("Location", q.base+"/api/"+ent.route()+"/"+id)
	q.w.WriteHeader(http.StatusNoContent)
}

// save plans and applies a write in a transaction.
func (q *request) save(t *target, payload *object, want intent) (string, error) {
	wr := newWriter(q.view)
	var id string
	switch {
	case want == update:
		payload = payload.Clone()
		payload.Set("id", t.id)
		id = wr.plan(t.ent, payload, "/0", update, nil)
	case t.via != nil && t.via.via != nil:
		wr.link(t.via, payload, "/0", t.of.str("id"))
		id = payload.Text("id")
	case t.via != nil && t.via.of != "":
		id = wr.plan(t.ent, payload, "/0", upsert, map[string]any{t.via.of: t.of.str("id")})
	default:
		id = wr.plan(t.ent, payload, "/0", create, nil)
	}
	if wr.stop == nil {
		if err := wr.writePrivileges(); err != nil {
			return "", err
		}
	}
	if err := wr.failure(); err != nil {
		return "", err
	}
	q.s.db.begin()
	if err := wr.apply(); err != nil {
		q.s.db.rollback()
		return "", err
	}
	// The server names the last row of the entity that was written: for a product
	// with its variants in one body that is the last variant.
	for _, c := range wr.cmds {
		if c.ent == t.ent {
			id = c.key
		}
	}
	return id, nil
}

// erase serves DELETE; below a many-to-many association it only unlinks.
func (q *request) erase(t *target) error {
	if err := q.deletePrivilege(t.ent); err != nil {
		return err
	}
	ent, key := t.ent, t.id
	if t.via != nil && t.via.via != nil {
		ent = t.via.via
		mine, theirs := ent.sides(t.ent)
		key = ent.key(map[string]any{mine: t.of.str("id"), theirs: t.id})
	}
	q.s.db.begin()
	ok, err := newEraser(q.view).remove(ent, key)
	if err != nil {
		q.s.db.rollback()
		return err
	}
	if !ok {
		return resourceNotFound(t.ent, t.id)
	}
	q.noContent(t.ent, t.id)
	return nil
}
