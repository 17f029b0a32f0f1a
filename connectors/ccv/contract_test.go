package ccv

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// field is what the lists of facts about CCV's schemas say of a member.
type field struct {
	Type   string
	Fields map[string]field
	Items  *field
	Loose  bool `json:"nullable_or_optional"`
}

// endpoint is a method and path that the vendor's documentation has.
type endpoint struct {
	Method, Path string
	Input        string `json:"input_schema"`
	pattern      *regexp.Regexp
}

// derived are names and kinds that third-party clients derived from the vendor's schemas. The vendor publishes no document that a test
// could read, so that these stand in.
type derived struct {
	t         *testing.T
	fields    map[string]struct{ Fields map[string]field }
	endpoints []endpoint

	mu    sync.Mutex
	found map[string]bool
	seen  map[string]bool // endpoints
}

func vendorContract(t *testing.T) *derived {
	dir := os.Getenv("CROSSWALK_CONTRACTS")
	if dir == "" {
		t.Skip("CROSSWALK_CONTRACTS names no folder with the vendors' contracts")
	}
	c := &derived{t: t, found: map[string]bool{}, seen: map[string]bool{}}
	for name, into := range map[string]any{"derived-fields.json": &c.fields, "derived-endpoints.json": &c.endpoints} {
		text, err := os.ReadFile(filepath.Join(dir, "ccvshop", name))
		if err == nil {
			err = json.Unmarshal(text, into)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	for i, e := range c.endpoints {
		c.endpoints[i].pattern = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(e.Path), ":id", "[0-9]+") + "$")
	}
	return c
}

// later are members that came after the lists were made in 2022; the vendor's own SDK of 2025 has them, or live documents had.
var later = map[string]bool{
	".multishop_product_id": true, ".create_date": true, ".is_salespos": true, ".terminalreceipts": true, ".fiscaltransactionsignatures": true,
	".email_invoice": true, ".email_invoice_company": true, ".email_invoice_union": true, ".collection": true, ".calculator_href": true,
}

func (c *derived) wrap(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			c.t.Error(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		rec := httptest.NewRecorder()
		next.ServeHTTP(rec, r)
		c.check(r, body, rec)
		for k, v := range rec.Header() {
			w.Header()[k] = v
		}
		w.WriteHeader(rec.Code)
		_, _ = w.Write(rec.Body.Bytes())
	})
}

func (c *derived) check(r *http.Request, body []byte, rec *httptest.ResponseRecorder) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := slices.IndexFunc(c.endpoints, func(e endpoint) bool { return e.Method == r.Method && e.pattern.MatchString(r.URL.Path) })
	if i < 0 {
		c.found[r.Method+" "+r.URL.Path+": the documentation does not have it"] = true
		return
	}
	e := c.endpoints[i]
	op := e.Method + " " + strings.TrimPrefix(e.Path, "/api/rest/v1")
	c.seen[op] = true
	if e.Input != "" && rec.Code < 300 {
		c.object(op+" request", c.fields[e.Input].Fields, gjson.ParseBytes(body), true)
	}
	resource := resourceOfPath(strings.ReplaceAll(e.Path, ":id", "1"))
	schema := c.fields["vnd.verto.webshop.resource."+resource].Fields
	if resource == "settings" {
		schema = c.fields["vnd.verto.webshop.entity.settings"].Fields
	}
	if resource == "productqueries" {
		schema = c.fields["vnd.verto.webshop.resource.products"].Fields
	}
	answer := gjson.ParseBytes(rec.Body.Bytes())
	switch {
	case rec.Code >= 300 || schema == nil || !answer.IsObject():
	case answer.Get("items").IsArray() && !strings.HasSuffix(e.Path, "/:id/") && resource != "categorytree":
		list := c.fields["vnd.verto.webshop.resource.collection."+resource].Fields
		if list != nil {
			for _, m := range []string{"start", "next"} {
				if _, paged := list[m]; paged != answer.Get(m).Exists() {
					c.found[op+" answer: paged or not differs"] = true
				}
			}
		}
		for _, item := range answer.Get("items").Array() {
			c.object(op+" answer", schema, item, false)
		}
	default:
		c.object(op+" answer", schema, answer, false)
	}
}

// object holds a document to a list of members: none is unknown or of another kind, and of a request none that must be there is missing.
func (c *derived) object(at string, schema map[string]field, v gjson.Result, request bool) {
	if schema == nil {
		return
	}
	v.ForEach(func(k, m gjson.Result) bool {
		f, ok := schema[k.String()]
		path := at + "." + k.String()
		switch {
		case !ok && later["."+k.String()]:
		case !ok:
			c.found[path+" is not known"] = true
		case m.Type == gjson.Null:
			if !f.Loose {
				c.found[path+" is null"] = true
			}
		case !kindFits(f.Type, m) && !strings.HasSuffix(path, ".user.id"): // text in live documents
			c.found[path+" is no "+f.Type] = true
		case m.IsObject():
			c.object(path, f.Fields, m, request)
		case m.IsArray() && f.Items != nil:
			for _, e := range m.Array() {
				c.object(path+"[]", f.Items.Fields, e, request)
			}
		}
		return true
	})
	for name, f := range schema {
		if request && !f.Loose && !v.Get(name).Exists() {
			c.found[at+"."+name+" is missing"] = true
		}
	}
}

func kindFits(kind string, v gjson.Result) bool {
	switch kind {
	case "string":
		return v.Type == gjson.String
	case "boolean":
		return v.IsBool()
	case "integer":
		return v.Type == gjson.Number && !strings.ContainsAny(v.Raw, ".eE")
	case "number":
		return v.Type == gjson.Number
	case "object":
		return v.IsObject()
	case "array":
		return v.IsArray()
	}
	return true
}

// TestContract holds everything that the connection and the sandbox say to each other to what is known of the vendor's schemas.
func TestContract(t *testing.T) {
	c := vendorContract(t)
	s, g := start(t, t.Cleanup, plan{wrap: c.wrap}), gallery(t)
	for _, r := range []string{"order", "customer", "product", "stock"} {
		if docs := read(t, s.Client, port.Query{Resource: r}); len(docs) == 0 {
			t.Errorf("no %s", r)
		}
	}
	for _, r := range s.dialect.spec().References {
		if _, err := s.Reference(t.Context(), r.Name, true); err != nil {
			t.Error(err)
		}
	}
	product, err := s.Create(t.Context(), "product", []byte(hoodie(g.URL)))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), "product", product.ID, []byte(strings.ReplaceAll(hoodie(g.URL), `"price":42.5`, `"price":45`))); err != nil {
		t.Error(err)
	}
	if _, err := s.Update(t.Context(), "product", product.ID, []byte(`{"name":"Trui","brand":"Anders"}`)); err != nil {
		t.Error(err)
	}
	customer, err := s.Create(t.Context(), "customer", []byte(`{"userinfo":{"email":"c@example.nl","billingaddress":{"first_name":"C","street":"Kade","housenumber":1,"country_code":"NL"}}}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), "customer", customer.ID, []byte(`{"userinfo":{"btw":"NL123456782B01"}}`)); err != nil {
		t.Error(err)
	}
	order, err := s.Create(t.Context(), "order", []byte(`{"reservationnumber":"R-1","user_id":"`+customer.ID+`","customer":{},"orderrows":[{"sku":"HD-L-Zwart","count":1,"price":50,"discount":0,"tax":21},{"product_name":"Los","count":1,"price":1,"tax":21}]}`))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := s.Update(t.Context(), "order", order.ID, []byte(`{"status":5,"paid":true}`)); err != nil {
		t.Error(err)
	}
	for _, sku := range []string{"HD-S-Zwart", "NK-MUG-350"} {
		docs, err := s.Find(t.Context(), "stock", port.Key{Field: port.KeySKU, Value: sku})
		if err != nil || len(docs) != 1 {
			t.Fatal(docs, err)
		}
		if _, err := s.Update(t.Context(), "stock", docs[0].ID, []byte(`{"stock":3,"stockenabled":true}`)); err != nil {
			t.Error(err)
		}
	}
	for f := range c.found {
		t.Error(f)
	}
	if len(c.seen) < 25 {
		t.Errorf("only %d of the vendor's endpoints were used", len(c.seen))
	}
}
