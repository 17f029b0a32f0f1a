package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
)

type exchange = contract.Exchange

// replay is the shop of the captures, rebuilt.
type replay struct {
	t     *testing.T
	s     *Sandbox
	now   time.Time
	token map[string]string // by role
}

const (
	readOnlyKey = "SWIAREADONLYREADONLYREAD01"
	hostOfShop  = "https://shopware.example.com"
)

// differences are the exchanges whose answers differ in what is compared, and why.
var differences = map[string]string{
	"128": "JSON:API is answered without relationships and included: enough to notice the shape",
	"156": "files are not uploaded here, so that media have no size in pixels",
	"190": "the sandbox has no search keywords, and the part was not on an order here",
}

// TestReplay sends every captured request that concerns what the sandbox imitates, in
// the order of their capture, and compares status, error codes with their pointers,
// the headers that matter and the names of all members.
func TestReplay(t *testing.T) {
	r := &replay{t: t, now: time.Date(2026, 11, 21, 21, 11, 34, 0, time.UTC), token: map[string]string{}}
	r.s = New(connectors.SandboxOptions{Now: r.tick}, WithoutReferenceData(),
		WithIntegration(readOnlyKey, "secret", "order:read", "order_customer:read", "product:read", "tax:read"))
	list := contract.Exchanges(t, "../testdata/exchanges")
	r.furnish(list)
	for _, role := range []string{"admin", "reader", "expired"} {
		r.login(role)
	}
	used := map[string]bool{}
	// The rights were tried out last, on the documents of the other captures.
	slices.SortStableFunc(list, func(a, b exchange) int { return cmp.Compare(turn(a), turn(b)) })
	for _, e := range list {
		r.prepare(e, list)
		problems := r.compare(e)
		number := e.Number()
		if reason, ok := differences[number]; ok {
			used[number] = true
			if len(problems) == 0 {
				t.Errorf("%s: no longer differs: %s", e.Name, reason)
			}
			continue
		}
		for _, p := range problems {
			t.Errorf("%s: %s", e.Name, p)
		}
	}
	for number, reason := range differences {
		if !used[number] {
			t.Errorf("exception %s met no exchange: %s", number, reason)
		}
	}
}

func turn(e exchange) int {
	if n := e.Number(); n == "019" || n == "020" || n == "021" {
		return 1
	}
	return 0
}

// tick is a clock that moves on with every look.
func (r *replay) tick() time.Time {
	r.now = r.now.Add(time.Millisecond)
	return r.now
}

// furnish puts the reference data of the captured shop into the sandbox.
func (r *replay) furnish(list []exchange) {
	r.t.Helper()
	for _, e := range list {
		if n := e.Number(); n >= "080" && n <= "091" {
			r.loadList(e)
		}
	}
	r.load(furniture...)
}

func (r *replay) loadList(e exchange) {
	r.t.Helper()
	var answer struct{ Data []json.RawMessage }
	if err := json.Unmarshal(e.Response.Body, &answer); err != nil {
		r.t.Fatalf("%s: %v", e.Name, err)
	}
	for _, d := range answer.Data {
		r.load(string(d))
	}
}

func (r *replay) load(docs ...string) {
	r.t.Helper()
	for _, d := range docs {
		if err := r.s.Load([]byte(d)); err != nil {
			r.t.Fatalf("%v: %.200s", err, d)
		}
	}
}

// furniture is what the captured shop had but no capture shows whole.
var furniture = []string{
	`{"apiAlias":"category","id":"01a1ffee0cf872bda3e6cd77d3882787","createdAt":"2026-11-21T21:05:53.401+00:00","name":"Home"}`,
	`{"apiAlias":"number_range_type","id":"01a1ffee0d2071d6baac73d3293a1b00","technicalName":"order","typeName":"Order"}`,
	`{"apiAlias":"number_range","id":"01a1ffee0d2071d6baac73d3293a1b01","typeId":"01a1ffee0d2071d6baac73d3293a1b00","name":"Orders","pattern":"{n}","start":10000}`,
	`{"apiAlias":"unit","id":"3e34bdebd9bd5edda27e8728904a2552","shortCode":"kg","name":"Kilogram","createdAt":"2026-11-21T21:05:53.401+00:00"}`,
}

// prepare does what happened between the captures.
func (r *replay) prepare(e exchange, list []exchange) {
	r.t.Helper()
	number := e.Number()
	switch number {
	case "019":
		r.login("reader")
	case "023": // after ten wrong passwords
		for range 10 {
			r.send("POST", "/api/oauth/token", []byte(`{"grant_type":"password","client_id":"administration","username":"admin-throttle-test","password":"wrong"}`),
				map[string]string{"Accept": "application/json", "Content-Type": "application/json"})
		}
	case "080":
		r.now = r.now.Add(time.Minute)
		r.login("admin")
	case "105": // the second property group of the family
		for _, x := range list {
			if x.Number() == "068" {
				r.loadList(x)
			}
		}
	case "141": // the property of a bag of coffee
		w := r.send("PATCH", "/api/product/50110b53867e951f5a4e7ada069d6b9f", []byte(`{"properties":[{"id":"3d25664735127627229388186f7ea1c3"}]}`),
			map[string]string{"Accept": "application/json", "Content-Type": "application/json", "Authorization": "Bearer " + r.token["admin"]})
		if w.Code != http.StatusNoContent {
			r.t.Fatalf("properties: %d %s", w.Code, w.Body)
		}
	case "152":
		r.load(`{"apiAlias":"media","id":"50e2736330de124f6edea9b008556fe6","createdAt":"2026-11-21T21:10:53.401+00:00"}`)
	case "160":
		r.load(parts...)
	case "200":
		r.documents()
	}
	if b, ok := before[number]; ok {
		r.state(b[0], b[1], b[2])
	}
}

// documents are the orders and customers that people made in the captured shop,
// with their states as they were at first.
func (r *replay) documents() {
	r.t.Helper()
	files, err := filepath.Glob("../testdata/documents/*/*.json")
	if err != nil || len(files) == 0 {
		r.t.Fatalf("no documents: %v", err)
	}
	for _, f := range files {
		if strings.Contains(f, "by-api") {
			continue // the exchanges make these
		}
		data, err := os.ReadFile(f)
		if err != nil {
			r.t.Fatal(err)
		}
		r.load(string(data))
	}
	for _, name := range []string{"order", "order_delivery", "order_transaction"} {
		for _, row := range r.s.db.all(r.s.schema.entities[name]) {
			r.state(name, row.str("id"), "open")
		}
	}
}

func (r *replay) state(entity, id, state string) {
	r.t.Helper()
	ent := r.s.schema.entities[entity]
	row, to := r.s.db.get(ent, id), r.s.machineState(entity+".state", state)
	if row == nil || to == nil {
		r.t.Fatalf("no %s %s or no state %s", entity, id, state)
	}
	row = row.clone()
	row.v["stateId"] = to.v["id"]
	r.s.db.put(ent, row)
}

// before are states that no capture brought about.
var before = map[string][3]string{
	"211": {"order_transaction", "01a1fff5038b705a896b78ba997793b8", "paid"},
	"212": {"order_transaction", "01a1fff506d173de99c930e084aabeb1", "paid"},
	"214": {"order_delivery", "01a1fff506d07363b1b8b185c0707f58", "shipped"},
}

// parts are products that the captured shop was filled with.
var parts = []string{
	`{"apiAlias":"product","id":"836e72f5443149f8fc11ebfdfa30c92d","createdAt":"2026-11-21T21:11:39.000+00:00","productNumber":"PART-001","taxId":"027f3de22c1e299545e7650f6f88227e","stock":100,"name":"Part","active":true}`,
	`{"apiAlias":"product","id":"028299cca5d284392c566dce20a7fc73","createdAt":"2026-11-21T21:11:39.000+00:00","productNumber":"PART-002","taxId":"027f3de22c1e299545e7650f6f88227e","stock":100,"name":"Part","active":true}`,
	`{"apiAlias":"product","id":"6206c660bda9070f8060f18ebfda25c1","createdAt":"2026-11-21T21:11:39.000+00:00","productNumber":"PART-003","taxId":"027f3de22c1e299545e7650f6f88227e","stock":100,"name":"Part","active":true}`,
	`{"apiAlias":"product","id":"fdf987173e1e45943f5631fbfe2a2a8a","createdAt":"2026-11-21T21:11:39.000+00:00","productNumber":"PART-004","taxId":"027f3de22c1e299545e7650f6f88227e","stock":100,"name":"Part","active":true}`,
	`{"apiAlias":"product","id":"4d03becf34c13df9d46b420012377920","createdAt":"2026-11-21T21:11:39.000+00:00","productNumber":"PART-005","taxId":"027f3de22c1e299545e7650f6f88227e","stock":100,"name":"Part","active":true}`,
	`{"apiAlias":"product","id":"879b80062f3a458aa25d3f548d0f5ff6","createdAt":"2026-11-21T21:11:39.000+00:00","productNumber":"PART-006","taxId":"027f3de22c1e299545e7650f6f88227e","stock":100,"name":"Part","active":true}`,
	`{"apiAlias":"product","id":"6d0532a0c8f4b7eeb7f25a01eb6fd601","createdAt":"2026-11-21T21:11:39.000+00:00","productNumber":"PART-007","taxId":"027f3de22c1e299545e7650f6f88227e","stock":100,"name":"Part","active":true}`,
}

func (r *replay) login(role string) {
	r.t.Helper()
	key, secret := accessKey, secretKey
	if role == "reader" {
		key, secret = readOnlyKey, "secret"
	}
	body := fmt.Sprintf(`{"grant_type":"client_credentials","client_id":%q,"client_secret":%q}`, key, secret)
	w := r.send("POST", "/api/oauth/token", []byte(body), map[string]string{"Content-Type": "application/json"})
	var answer struct {
		AccessToken string `json:"access_token"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || answer.AccessToken == "" {
		r.t.Fatalf("login: %d %s", w.Code, w.Body)
	}
	r.token[role] = answer.AccessToken
	if role == "expired" {
		r.s.sessions[answer.AccessToken].expires = r.now
	}
}

func (r *replay) send(method, path string, body []byte, header map[string]string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, hostOfShop+path, bytes.NewReader(body))
	for k, v := range header {
		req.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	r.s.ServeHTTP(w, req)
	return w
}

// role of the captured token, which the captures hide.
func role(e exchange) string {
	switch e.Number() {
	case "019", "020", "021":
		return "reader"
	case "022":
		return "expired"
	}
	return "admin"
}

func (r *replay) request(e exchange) (path string, body []byte, header map[string]string) {
	path = strings.TrimPrefix(e.Request.Path, hostOfShop)
	body = e.Request.Body
	if string(body) == "null" {
		body = nil
	}
	var text string
	if json.Unmarshal(body, &text) == nil {
		body = []byte(text) // sent as such: broken JSON, a form
	}
	if strings.HasSuffix(path, "/oauth/token") {
		body = r.credentials(e, body)
	}
	header = map[string]string{}
	for k, v := range e.Request.Headers {
		header[k] = strings.Replace(v, "<token>", r.token[role(e)], 1)
	}
	if e.Number() == "016" {
		header["Authorization"] += "x"
	}
	return path, body, header
}

// credentials puts keys where the capture hides them.
func (r *replay) credentials(e exchange, body []byte) []byte {
	key := accessKey
	if e.Number() == "006" {
		key = "SWIA0000000000000000000000"
	}
	text := strings.NewReplacer(`"client_id":"<token>"`, `"client_id":"`+key+`"`, `"client_id": "<token>"`, `"client_id": "`+key+`"`,
		`"client_secret":"<token>"`, `"client_secret":"`+secretKey+`"`, `"client_secret": "<token>"`, `"client_secret": "`+secretKey+`"`,
		"client_id=<token>", "client_id="+key, "client_secret=<token>", "client_secret="+secretKey, "<password>", AdminPassword).Replace(string(body))
	if strings.Contains(text, "refresh_token") {
		token := r.token["refresh"]
		if e.Number() == "003" {
			w := r.send("POST", "/api/oauth/token", []byte(`{"grant_type":"password","client_id":"administration","username":"admin","password":"`+AdminPassword+`"}`),
				map[string]string{"Content-Type": "application/json"})
			var answer struct {
				RefreshToken string `json:"refresh_token"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil {
				r.t.Fatal(err)
			}
			token = answer.RefreshToken
			r.token["refresh"] = token
		}
		text = strings.Replace(text, "<token>", token, 1)
	}
	return []byte(text)
}

func (r *replay) compare(e exchange) (problems []string) {
	path, body, header := r.request(e)
	w := r.send(e.Request.Method, path, body, header)
	note := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if w.Code != e.Response.Status {
		note("status %d, want %d: %.300s", w.Code, e.Response.Status, w.Body)
		return problems
	}
	for _, name := range []string{"location", "sw-language-id", "content-type"} {
		want, got := e.Response.Headers[name], w.Header().Get(name)
		if name == "location" && !strings.Contains(string(body), `"id"`) && e.Request.Method == "POST" {
			want, got = filepath.Dir(want), filepath.Dir(got) // the id is the server's choice
		}
		if got != want {
			note("header %s is %q, want %q", name, got, want)
		}
	}
	if len(e.Response.Body) == 0 || string(e.Response.Body) == "null" {
		if w.Body.Len() > 0 {
			note("a body came: %.200s", w.Body)
		}
		return problems
	}
	var want, got any
	if err := json.Unmarshal(e.Response.Body, &want); err != nil {
		note("capture: %v", err)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
		note("answer is no JSON: %v: %.200s", err, w.Body)
		return problems
	}
	if w.Code >= 400 {
		if g, x := errorKeys(got), errorKeys(want); !slices.Equal(g, x) {
			note("errors\n got %v\nwant %v", g, x)
		}
	}
	return append(problems, names("", got, want)...)
}

// errorKeys are status, code and pointer of every error.
func errorKeys(body any) []string {
	o, _ := body.(map[string]any)
	list, _ := o["errors"].([]any)
	var keys []string
	for _, e := range list {
		m := e.(map[string]any)
		source, _ := m["source"].(map[string]any)
		keys = append(keys, fmt.Sprint(m["status"], " ", m["code"], " ", source["pointer"]))
	}
	slices.Sort(keys)
	return keys
}

// names compares the names of members all the way down. What is an object or a list
// with elements must not be null or empty here; a list and an object are told apart unless both are empty.
func names(path string, got, want any) (problems []string) {
	switch want := want.(type) {
	case map[string]any:
		g, ok := got.(map[string]any)
		if !ok {
			if len(want) == 0 {
				return nil
			}
			return []string{fmt.Sprintf("%s is %T, want an object", path, got)}
		}
		for _, k := range sortedKeys(want) {
			if _, ok := g[k]; !ok {
				problems = append(problems, path+"."+k+" is missing")
			} else {
				problems = append(problems, names(path+"."+k, g[k], want[k])...)
			}
		}
		for _, k := range sortedKeys(g) {
			if _, ok := want[k]; !ok {
				problems = append(problems, path+"."+k+" should not be there")
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok {
			if o, isObject := got.(map[string]any); isObject && len(want) == 0 && len(o) == 0 {
				return nil
			}
			return []string{fmt.Sprintf("%s is %T, want a list", path, got)}
		}
		if len(want) > 0 && len(g) == 0 {
			return []string{path + " is empty"}
		}
		if len(want) > 0 && len(g) > 0 {
			problems = names(path+"[0]", pick(g, want[0]), want[0])
		}
	default:
		if want != nil && got != nil && fmt.Sprintf("%T", want) != fmt.Sprintf("%T", got) {
			return []string{fmt.Sprintf("%s is %T, want %T", path, got, want)}
		}
	}
	return problems
}

// pick finds the element of the same id.
func pick(list []any, like any) any {
	id := func(v any) any {
		m, _ := v.(map[string]any)
		return cmp.Or(m["id"], m["_uniqueIdentifier"])
	}
	for _, e := range list {
		if want := id(like); want != nil && id(e) == want {
			return e
		}
	}
	return list[0]
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}
