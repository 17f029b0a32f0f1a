// Package sandbox imitates the Admin API of Shopware 6 in memory, with an invented Dutch coffee shop in it, for
// demos and tests. It is no shop: nothing is calculated, mailed or shown, and the store API, the flow
// builder, promotions and documents are left out. Start with [New]; entities/shop.txt is the table
// of what it knows, so that another entity is another few lines there.
package sandbox

import (
	"crypto/md5"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// The account of a person, for the password grant.
const (
	AdminUser     = "admin"
	AdminPassword = "shopware"
)

// The integration that [Sandbox.Credentials] returns.
const (
	accessKey = "SWIANOORDERKADEKOFFIEDEMO1"
	secretKey = "bm9vcmRlcmthZGUta29mZmllLXNhbmRib3gtc2VjcmV0"
)

// Sandbox is the imitation. It is safe for concurrent use.
type Sandbox struct {
	faults.Injector
	mu           sync.Mutex
	schema       *schema
	db           *store
	clock        func() time.Time
	version      string
	integrations []*integration
	sessions     map[string]*session
	failed       map[string]*failures
	signing      []byte
	tokens       int
	ranges       map[string]int // next number by name
	unfurnished  bool
	happened     []happening
	events       []Event
}

// Option changes how a sandbox behaves.
type Option func(*Sandbox)

// WithVersion makes the sandbox answer as another Shopware: "6.4.20.2", "6.5.8.14",
// "6.6.7.1" (the default) or "6.7.0.0". Limits, what is loaded unasked, the answer of
// sync and the moment of booking stock follow it.
func WithVersion(version string) Option { return func(s *Sandbox) { s.version = version } }

// WithIntegration adds an integration that has only the privileges named, such as
// "order:read"; without any it may do everything.
func WithIntegration(accessKeyID, secret string, privileges ...string) Option {
	return func(s *Sandbox) {
		s.integrations = append(s.integrations, &integration{key: accessKeyID, secret: secret, privileges: privileges})
	}
}

// WithoutReferenceData leaves out the shop's languages, taxes, states and the like too,
// for a shop that [Sandbox.Load] fills.
func WithoutReferenceData() Option { return func(s *Sandbox) { s.unfurnished = true } }

// New starts a shop. It panics only if the tables and the seed in this package are
// inconsistent, which its tests rule out.
func New(o connectors.SandboxOptions, opts ...Option) *Sandbox {
	sch, err := loadSchema()
	if err != nil {
		panic(err)
	}
	s := &Sandbox{
		Injector: faults.Injector{Exempt: func(r *http.Request) bool { return strings.HasSuffix(r.URL.Path, "/oauth/token") }},
		schema:   sch, db: newStore(), clock: o.Now, version: "6.6.7.1",
		integrations: []*integration{{key: accessKey, secret: secretKey}},
		sessions:     map[string]*session{}, failed: map[string]*failures{}, signing: make([]byte, 32),
		ranges: map[string]int{},
	}
	if s.clock == nil {
		s.clock = time.Now
	}
	_, _ = rand.Read(s.signing) // crypto/rand does not fail
	for _, opt := range opts {
		opt(s)
	}
	if !s.unfurnished {
		if err := s.seed(!o.Empty); err != nil {
			panic(err)
		}
	}
	s.schema.fit(s.before)
	return s
}

// Credentials are those of an integration that may do everything, and the secret with which webhooks of an app are signed.
func (s *Sandbox) Credentials() map[string]string {
	return map[string]string{"accessKeyId": accessKey, "secretAccessKey": secretKey, "webhookSecret": webhookSecret}
}

func (s *Sandbox) now() time.Time { return s.clock() }

// before tells whether the imitated version is older than major.minor.
func (s *Sandbox) before(major, minor int) bool {
	parts := strings.SplitN(s.version, ".", 3)
	if len(parts) < 2 {
		return false
	}
	a, _ := strconv.Atoi(parts[0])
	b, _ := strconv.Atoi(parts[1])
	return a < major || a == major && b < minor
}

func (s *Sandbox) limits() limits {
	if s.before(6, 6) {
		return limits{}
	}
	return limits{max: 500, unasked: 500}
}

// Load puts entities into the shop as they stand in an answer of the API, with the
// associations that are loaded in them. What is there already is replaced.
// An entity must have its apiAlias.
func (s *Sandbox) Load(documents ...[]byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, data := range documents {
		v, err := decodeJSON(data)
		if err != nil {
			return fmt.Errorf("sandbox: document %d: %w", i, err)
		}
		o, ok := v.(*object)
		if !ok {
			return fmt.Errorf("sandbox: document %d is no object", i)
		}
		if err := s.load(o.Text("apiAlias"), o); err != nil {
			return fmt.Errorf("sandbox: document %d: %w", i, err)
		}
	}
	return nil
}

// load stores an entity and, before and after it, what is loaded in it.
func (s *Sandbox) load(alias string, o *object) error {
	ent := s.schema.entities[alias]
	if ent == nil || ent.mapping() {
		return fmt.Errorf("unknown entity %q", alias)
	}
	id := o.Text("id")
	if !isID(id) {
		return fmt.Errorf("%s without an id", alias)
	}
	r := &row{v: map[string]any{"id": id}}
	if old := s.db.get(ent, id); old != nil {
		r = old.clone()
	}
	for _, f := range ent.fields {
		v, ok := o.Lookup(f.name)
		if !ok || v == nil && f.association() {
			continue
		}
		switch {
		case f.association():
			if err := s.loadAssociation(ent, f, id, v); err != nil {
				return err
			}
		case f.translated:
			s.loadTranslation(r, f, o, v)
		case f.kind == kindRuntime || f.kind == kindVersion:
		case f.kind == kindAuto:
			if n, ok := wholeNumber(v); ok {
				s.db.table(ent).auto = max(s.db.table(ent).auto, n)
			}
			r.v[f.name] = v
		case f.kind == kindStruct || f.kind == kindPrices || f.kind == kindJSON:
			r.v[f.name] = bareValue(v)
		default:
			r.v[f.name] = v
		}
	}
	s.db.put(ent, r)
	return nil
}

// loadTranslation prefers the resolved value: a root field may be null in the language of the capture.
func (s *Sandbox) loadTranslation(r *row, f *field, o *object, v any) {
	if tr, _ := o.Get("translated").(*object); v == nil {
		v, _ = tr.Lookup(f.name)
	}
	if v == nil {
		return
	}
	if r.tr == nil {
		r.tr = map[string]map[string]any{}
	}
	if r.tr[systemLanguage] == nil {
		r.tr[systemLanguage] = map[string]any{}
	}
	if list, ok := v.([]any); ok && len(list) == 0 && f.kind == kindCustomFields {
		return
	}
	r.tr[systemLanguage][f.name] = v
}

func (s *Sandbox) loadAssociation(ent *entity, f *field, id string, v any) error {
	list, isList := v.([]any)
	if !isList {
		list = []any{v}
	}
	for _, item := range list {
		o, ok := item.(*object)
		if !ok || f.target == nil || !isID(o.Text("id")) {
			continue
		}
		if err := s.load(f.target.name, o); err != nil {
			return err
		}
		switch {
		case f.via != nil:
			mine, theirs := f.via.sides(f.target)
			s.db.put(f.via, &row{v: map[string]any{mine: id, theirs: o.Text("id")}})
		case f.of != "":
			r := s.db.get(f.target, o.Text("id")).clone()
			r.v[f.of] = id
			s.db.put(f.target, r)
		}
	}
	return nil
}

// bareValue takes apiAlias and extensions off a struct: they are put on again when it is read.
func bareValue(v any) any {
	switch v := v.(type) {
	case []any:
		out := make([]any, len(v))
		for i, e := range v {
			out[i] = bareValue(e)
		}
		return out
	case *object:
		out := jsondoc.New()
		for _, k := range v.Keys() {
			if k != "apiAlias" && k != "extensions" {
				out.Set(k, bareValue(v.Get(k)))
			}
		}
		return out
	}
	return v
}

// Throttled answers 429 with the seconds in the body only.
func Throttled(seconds int) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		writeErrors(w, apiErrors{problem(http.StatusTooManyRequests, "FRAMEWORK__RATE_LIMIT_EXCEEDED",
			fmt.Sprintf("Too many requests, please try again in %d seconds.", seconds), jsondoc.New("seconds", seconds))})
	}
}

// FailureWords are Shopware's own.
func (s *Sandbox) FailureWords() faults.Words {
	return faults.Words{TooMany: Throttled(1), ServerError: func(w http.ResponseWriter, _ *http.Request) {
		writeErrors(w, apiErrors{httpProblem(http.StatusInternalServerError, "Internal Server Error")})
	}}
}

// Expire makes every access token worthless at once.
func (s *Sandbox) Expire() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, se := range s.sessions {
		if !se.refresh {
			se.expires = time.Time{}
		}
	}
}

// fixedID derives an id from a name, so that the seed has the same ids every time.
func fixedID(name string) string {
	sum := md5.Sum([]byte("noorderkade " + name))
	return hex.EncodeToString(sum[:])
}
