package sandbox

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
)

type exchange = contract.Exchange

func readExchanges(t *testing.T) []exchange {
	t.Helper()
	list := contract.Exchanges(t, "../testdata/exchanges")
	if len(list) < 280 {
		t.Fatalf("%d exchanges", len(list))
	}
	// What came later in the captured shop, although its number is lower.
	slices.SortStableFunc(list, func(a, b exchange) int { return cmp.Compare(turn(a.Number()), turn(b.Number())) })
	return list
}

func turn(number string) int {
	switch {
	case number >= "100" && number < "170", number >= "060" && number < "090", number >= "093" && number <= "095":
		return 0
	case number >= "170" && number < "200", number >= "300" && number < "340", number == "090":
		return 1
	case number < "032":
		return 3
	}
	return 2
}

// notBuilt are exchanges that concern what the sandbox leaves out.
var notBuilt = map[string]string{
	"025": "XML",
	"270": "the asynchronous API", "271": "the asynchronous API", "272": "the asynchronous API", "273": "the asynchronous API", "274": "the asynchronous API",
	"275": "the asynchronous API", "276": "the asynchronous API", "277": "the asynchronous API", "278": "the asynchronous API",
}

// differences are exchanges whose answers differ in what is compared, and why.
var differences = map[string]string{
	"087": "the captured list was cut before the first country with regions",
}

// trimmed are exchanges whose captured answers were cut down to a few members.
var trimmed = []string{"203", "220", "221"}

// replay is the shop of the captures, rebuilt.
type replay struct {
	t     *testing.T
	s     *Sandbox
	now   time.Time
	token string
	cart  map[string]string // captured mask -> ours
}

// TestReplay sends every captured request that concerns what the sandbox imitates, and compares status, message,
// parameters and the names of all members.
func TestReplay(t *testing.T) {
	r := &replay{t: t, now: time.Date(2026, 11, 21, 21, 11, 0, 0, time.UTC), cart: map[string]string{}}
	r.s = New(connectors.SandboxOptions{Now: func() time.Time { r.now = r.now.Add(time.Second); return r.now }}, WithoutReferenceData())
	list := readExchanges(t)
	r.furnish()
	met := map[string]bool{}
	for _, e := range list {
		if notBuilt[e.Number()] != "" {
			met[e.Number()] = true
			continue
		}
		r.prepare(e)
		problems := r.compare(e)
		if reason, ok := differences[e.Number()]; ok {
			met[e.Number()] = true
			if len(problems) == 0 {
				t.Errorf("%s: no longer differs: %s", e.Name, reason)
			}
			continue
		}
		for _, p := range problems {
			t.Errorf("%s: %s", e.Name, p)
		}
	}
	for _, exceptions := range []map[string]string{notBuilt, differences} {
		for number, reason := range exceptions {
			if !met[number] {
				t.Errorf("exception %s met no exchange: %s", number, reason)
			}
		}
	}
}

func (r *replay) must(method, path, body string) string {
	r.t.Helper()
	w := r.send(method, "/rest/"+path, []byte(body), map[string]string{"Content-Type": "application/json", "Authorization": "Bearer " + r.token})
	if w.Code != 200 {
		r.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	return strings.Trim(w.Body.String(), `"`)
}

func (r *replay) send(method, path string, body []byte, header map[string]string) *httptest.ResponseRecorder {
	req := httptest.NewRequest(method, "https://magento.example.com"+path, bytes.NewReader(body))
	for k, v := range header {
		req.Header.Set(k, v)
	}
	w := httptest.NewRecorder()
	r.s.ServeHTTP(w, req)
	return w
}

// furnish brings about what no capture shows.
func (r *replay) furnish() {
	r.token = strings.Trim(r.send("POST", "/rest/V1/integration/admin/token", fmt.Appendf(nil, `{"username":%q,"password":%q}`, AdminUser, AdminPassword),
		map[string]string{"Content-Type": "application/json"}).Body.String(), `"`)
	r.s.ids["attribute"], r.s.ids["option"] = 133, 3
	attr := func(code, input, options string) {
		r.must("POST", "all/V1/products/attributes", fmt.Sprintf(`{"attribute":{"attribute_code":%q,"frontend_input":%q,"default_frontend_label":%q,"entity_type_id":"4","is_required":false,"frontend_labels":[]%s}}`,
			code, input, code, options))
	}
	attr("ean", "text", "")
	attr("nk_organic", "boolean", "")
	attr("nk_roast_date", "date", "")
	for _, code := range []string{"ean", "nk_organic", "nk_roast_date"} {
		r.assign(code)
	}
}

func (r *replay) assign(code string) {
	r.must("POST", "all/V1/products/attribute-sets/attributes", fmt.Sprintf(`{"attributeSetId":4,"attributeGroupId":7,"attributeCode":%q,"sortOrder":50}`, code))
}

const simpleProduct = `{"product":{"sku":%q,"name":%q,"attribute_set_id":4,"price":5,"type_id":%q,"extension_attributes":{"stock_item":{"qty":%s,"is_in_stock":true}}%s}}`

// prepare does what happened between the captures.
func (r *replay) prepare(e exchange) {
	r.t.Helper()
	switch e.Number() {
	case "062":
		r.must("POST", "all/V1/categories", `{"category":{"parent_id":2,"name":"Kleding","is_active":true}}`)
	case "090":
		r.must("POST", "V1/taxClasses", `{"taxClass":{"class_name":"BTW nul","class_type":"PRODUCT"}}`)
		for _, rate := range []string{"NL 9 laag:9", "NL 0:0", "BE 21:21", "BE 6:6", "BE 0:0", "DE 19:19", "DE 7 laag:7", "DE 0:0", "SE 25:25", "SE 6:6", "SE 0:0"} {
			code, percent, _ := strings.Cut(rate, ":")
			r.must("POST", "V1/taxRates", fmt.Sprintf(`{"taxRate":{"tax_country_id":%q,"rate":%s,"code":%q}}`, code[:2], percent, code))
		}
		for i, rule := range []string{"BTW hoog:[3,6,9,12]", "BTW laag:[4,7,10,13]", "BTW nul:[5,8,11,14]"} {
			code, rates, _ := strings.Cut(rule, ":")
			class := []int{2, 4, 5}[i]
			r.must("POST", "V1/taxRules", fmt.Sprintf(`{"rule":{"code":%q,"customer_tax_class_ids":[3],"product_tax_class_ids":[%d],"tax_rate_ids":%s}}`, code, class, rates))
		}
	case "103":
		r.must("POST", "all/V1/products/attributes", `{"attribute":{"attribute_code":"nk_size","frontend_input":"select","default_frontend_label":"Maat","entity_type_id":"4","is_required":false,"frontend_labels":[],
			"options":[{"label":"S","value":""},{"label":"M","value":""},{"label":"L","value":""}]}}`)
		r.assign("nk_size")
	case "120":
		r.must("POST", "all/V1/products", fmt.Sprintf(simpleProduct, "NK-OLD", "Oude melange", "simple", "5", ""))
		r.must("POST", "all/V1/products", fmt.Sprintf(simpleProduct, "NK-SAMPLE", "Proefpakje", "simple", "4", ""))
	case "148":
		for n, sku := range []string{"NK-TEE-S-RED:5:6", "NK-TEE-M-BLACK:4:7", "NK-TEE-M-RED:5:7"} {
			parts := strings.Split(sku, ":")
			attrs := fmt.Sprintf(`,"visibility":1,"weight":0.5,"custom_attributes":[{"attribute_code":"nk_color","value":%q},{"attribute_code":"nk_size","value":%q}]`, parts[1], parts[2])
			r.must("POST", "all/V1/products", fmt.Sprintf(simpleProduct, parts[0], fmt.Sprint("T-shirt ", n), "simple", "9", attrs))
			r.must("POST", "all/V1/configurable-products/NK-TEE/child", fmt.Sprintf(`{"childSku":%q}`, parts[0]))
		}
	case "151":
		r.must("POST", "all/V1/products", `{"product":{"sku":"NK-SET","name":"Ontbijtset","attribute_set_id":4,"type_id":"grouped","extension_attributes":{"stock_item":{"is_in_stock":true}}}}`)
		for i := range 60 {
			r.must("POST", "all/V1/products", fmt.Sprintf(simpleProduct, fmt.Sprintf("PART-%03d", i), fmt.Sprint("Onderdeel ", i), "simple", "100", ""))
		}
	case "162":
		r.s.reference["customer-groups"] = append(r.s.reference["customer-groups"], jsondoc.New("id", 4, "code", "Zonder btw", "tax_class_id", 6, "tax_class_name", "Zonder btw"))
	case "163":
		for i, email := range []string{"femke@janssenshoreca.example.com", "asa.oberg@example.com", "noor.smit@example.nl", "seven@example.nl"} {
			r.must("POST", "default/V1/customers", fmt.Sprintf(`{"customer":{"email":%q,"firstname":"Noor","lastname":"Smit","dob":"2001-12-31","addresses":[{"firstname":"Noor","lastname":"Smit-O'Neill",
				"street":["Dorpsstraat %da"],"postcode":"1234 AB","city":"Ons Dorp","country_id":"NL","telephone":"+31 20 555 0101","default_billing":true,"default_shipping":true}]}}`, email, i))
		}
	case "189":
		r.must("POST", "default/V1/customers", `{"customer":{"email":"nine@example.nl","firstname":"N","lastname":"N"}}`)
	case "310":
		r.orders()
	case "382":
		r.s.ids["order"], r.s.ids["order number"], r.s.ids["order address"] = 28, 15, 31
	case "385":
		r.s.ids["order"], r.s.ids["order number"] = 31, 18
	}
	if e.Number() >= "395" && e.Number() <= "398" && r.cart[maskOf(e)] == "" {
		r.s.ids["quote"] = 15
		r.cart[maskOf(e)] = r.must("POST", "default/V1/guest-carts", "")
	}
}

func maskOf(e exchange) string {
	_, rest, _ := strings.Cut(e.Request.Path, "guest-carts/")
	mask, _, _ := strings.Cut(rest, "/")
	return mask
}

// orders are those that people made in the captured shop, as they were before anything was done with them. The
// first was made by the captures themselves; it was invoiced.
func (r *replay) orders() {
	r.t.Helper()
	files, err := filepath.Glob("../testdata/documents/orders/*.json")
	if err != nil || len(files) != 14 {
		r.t.Fatalf("%d orders: %v", len(files), err)
	}
	for _, f := range files[1:13] {
		data, err := os.ReadFile(f)
		if err != nil {
			r.t.Fatal(err)
		}
		v, err := jsondoc.Decode(data)
		if err != nil {
			r.t.Fatal(err)
		}
		o := v.(*object)
		undo(o)
		for _, i := range topItems(o) {
			r.s.reserve(text(i.Get("sku")), rat(i.Get("qty_ordered")))
		}
		r.s.orders = append(r.s.orders, o)
	}
	r.s.ids["order"], r.s.ids["order number"] = 13, 13
	r.must("POST", "all/V1/order/1/invoice", "{}")
}

// undo takes away what invoices, shipments and refunds left in an order.
func undo(o *object) {
	for _, k := range slices.Clone(o.Keys()) {
		if strings.HasSuffix(k, "_invoiced") || strings.HasSuffix(k, "_refunded") || strings.HasSuffix(k, "_canceled") || strings.HasSuffix(k, "total_paid") || strings.Contains(k, "adjustment") {
			o.Drop(k)
		}
	}
	o.Set("state", "new")
	o.Set("status", "pending")
	setBoth(o, "total_due", rat(o.Get("grand_total")))
	o.Set("status_histories", []any{})
	for _, k := range []string{"amount_paid", "amount_refunded", "shipping_captured", "shipping_refunded"} {
		o.Object("payment").Drop(k, "base_"+k)
	}
	for _, i := range o.Objects("items") {
		for _, k := range slices.Clone(i.Keys()) {
			switch {
			case strings.HasPrefix(k, "qty_") && k != "qty_ordered":
				i.Set(k, 0)
			case strings.HasSuffix(k, "_refunded") && !strings.HasSuffix(k, "amount_refunded"), strings.HasSuffix(k, "_canceled"),
				strings.Contains(k, "compensation_invoiced"), k == "weee_tax_applied":
				i.Drop(k)
			case strings.HasSuffix(k, "_invoiced"), strings.HasSuffix(k, "amount_refunded"):
				i.Set(k, 0)
			}
		}
	}
}

func (r *replay) request(e exchange) (path string, body []byte, header map[string]string) {
	path, body = strings.TrimPrefix(e.Request.Path, "https://magento.example.com"), e.Request.Body
	if string(body) == "null" {
		body = nil
	}
	var text string
	if json.Unmarshal(body, &text) == nil {
		body = []byte(text) // sent as such: broken JSON, a form
	}
	s := strings.NewReplacer("<password>", "Noorderkade-123").Replace(string(body))
	switch e.Number() {
	case "001":
		s = strings.Replace(s, "<token>", AdminPassword, 1)
	case "003":
		s = `{"username":"","password":""}`
	}
	for theirs, ours := range r.cart {
		s, path = strings.ReplaceAll(s, theirs, ours), strings.ReplaceAll(path, theirs, ours)
	}
	header = map[string]string{}
	for k, v := range e.Request.Headers {
		header[k] = strings.Replace(v, "Bearer <token>", "Bearer "+r.token, 1)
	}
	if strings.HasPrefix(header["Authorization"], "OAuth") {
		header["Authorization"] = r.signed(e, path)
	}
	return path, []byte(s), header
}

// signed signs anew, with the fault that the capture tried out.
func (r *replay) signed(e exchange, path string) string {
	at, nonce := r.now, e.Number()
	o := &rest.OAuth1{ConsumerKey: consumerKey, ConsumerSecret: consumerSecret, Token: accessToken, TokenSecret: accessTokenSecret,
		Now: func() time.Time { return at }, Nonce: func() string { return nonce }}
	switch e.Number() {
	case "016":
		o.TokenSecret = "wrong"
	case "017":
		nonce = "013"
	case "018":
		o.ConsumerKey = strings.Repeat("x", keyLength)
	case "019":
		o.Token = "short"
	case "020":
		at = at.Add(-time.Hour)
	case "021":
		at = at.Add(20 * time.Minute)
	}
	req := httptest.NewRequest(e.Request.Method, "https://magento.example.com"+path, nil)
	req.RequestURI = ""
	if e.Number() == "028" {
		o.Invalidate(r.t.Context(), req) // signs the path as it is sent
	}
	if err := o.Authorize(r.t.Context(), req); err != nil {
		r.t.Fatal(err)
	}
	header := req.Header.Get("Authorization")
	if e.Number() == "015" {
		header = strings.Replace(header, "HMAC-SHA256", "HMAC-SHA1", 1)
	}
	return header
}

func (r *replay) compare(e exchange) (problems []string) {
	path, body, header := r.request(e)
	w := r.send(e.Request.Method, path, body, header)
	note := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	if w.Code != e.Response.Status {
		note("status %d, want %d: %.300s", w.Code, e.Response.Status, w.Body)
		return problems
	}
	if got, want := w.Header().Get("Content-Type"), e.Response.Headers["content-type"]; got != want {
		note("content type %q, want %q", got, want)
	}
	if !strings.Contains(w.Header().Get("Content-Type"), "json") {
		return problems
	}
	got, err := jsondoc.Decode(w.Body.Bytes())
	if err != nil {
		note("answer is no JSON: %v: %.200s", err, w.Body)
		return problems
	}
	want, err := jsondoc.Decode(e.Response.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	if mask, ok := want.(string); ok && e.Number() == "300" {
		r.cart[mask], _ = got.(string)
	}
	if w.Code >= 400 {
		if g, x := errorText(got), errorText(want); g != x {
			note("error\n got %s\nwant %s", g, x)
		}
	}
	if e.Number() == "092" {
		return problems // the list of modules is not imitated, only that it is there
	}
	found := names("", got, want)
	if slices.Contains(trimmed, e.Number()) {
		found = slices.DeleteFunc(found, func(p string) bool { return strings.HasSuffix(p, "should not be there") })
	}
	return append(problems, found...)
}

// errorText is message, errors and parameters, without ids of reports.
func errorText(v any) string {
	o, _ := v.(*object)
	s := string(jsondoc.EncodePHP(o))
	if at := strings.Index(s, "webapi-"); at >= 0 {
		s = s[:at]
	}
	return s
}

// names compares the names of members all the way down, and the kind of every value. What is a list with elements
// must not be empty here.
func names(path string, got, want any) (problems []string) {
	switch want := want.(type) {
	case *object:
		g, ok := got.(*object)
		if !ok {
			return []string{fmt.Sprintf("%s is %T, want an object", path, got)}
		}
		for _, k := range want.Keys() {
			if !g.Has(k) {
				problems = append(problems, path+"."+k+" is missing")
			} else {
				problems = append(problems, names(path+"."+k, g.Get(k), want.Get(k))...)
			}
		}
		for _, k := range g.Keys() {
			if !want.Has(k) {
				problems = append(problems, path+"."+k+" should not be there")
			}
		}
	case []any:
		g, ok := got.([]any)
		if !ok {
			return []string{fmt.Sprintf("%s is %T, want a list", path, got)}
		}
		if len(want) > 0 && len(g) == 0 {
			return []string{path + " is empty"}
		}
		if strings.HasSuffix(path, "custom_attributes") {
			return codes(path, g, want)
		}
		for i := range min(len(g), len(want)) {
			problems = append(problems, names(fmt.Sprintf("%s[%d]", path, i), g[i], want[i])...)
		}
	default:
		if w, g := fmt.Sprintf("%T", want), fmt.Sprintf("%T", got); w != g {
			problems = append(problems, fmt.Sprintf("%s is %s, want %s", path, g, w))
		}
	}
	return problems
}

func codes(path string, got, want []any) (problems []string) {
	list := func(l []any) (out []string) {
		for _, a := range l {
			out = append(out, text(a.(*object).Get("attribute_code")))
		}
		slices.Sort(out)
		return out
	}
	if g, w := list(got), list(want); !slices.Equal(g, w) {
		problems = append(problems, fmt.Sprintf("%s has\n%v, want\n%v", path, g, w))
	}
	return problems
}
