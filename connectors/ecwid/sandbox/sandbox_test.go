package sandbox

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

var (
	_ faults.Faulty = (*Sandbox)(nil)
	_ faults.Worded = (*Sandbox)(nil)
)

// ask calls the store as an app would.
func (s *Sandbox) ask(t *testing.T, method, path, body string) (int, any) {
	t.Helper()
	r := httptest.NewRequest(method, "/api/v3/"+StoreID+"/"+path, strings.NewReader(body))
	r.Header.Set("Authorization", "Bearer "+accessToken)
	r.Header.Set("Content-Type", "application/json;charset=utf-8")
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	if w.Body.Len() == 0 {
		return w.Code, nil
	}
	v, err := jsondoc.Decode(w.Body.Bytes())
	if err != nil {
		t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
	}
	return w.Code, v
}

func (s *Sandbox) object(t *testing.T, method, path, body string) *jsondoc.Object {
	t.Helper()
	code, v := s.ask(t, method, path, body)
	o, ok := v.(*jsondoc.Object)
	if !ok || code != http.StatusOK {
		t.Fatalf("%s %s: %d %s", method, path, code, jsondoc.Encode(v))
	}
	return o
}

// sample is a document as the vendor's reference and real payloads show it.
func sample(t *testing.T, name string) any {
	t.Helper()
	data, err := os.ReadFile("testdata/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsondoc.Decode(data)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// shape lists the members of a document with the kinds of their values.
func shape(at string, v any, into map[string]string) {
	switch v := v.(type) {
	case *jsondoc.Object:
		for _, k := range v.Keys() {
			shape(at+"."+k, v.Get(k), into)
		}
	case []any:
		into[at] = "list"
		for _, e := range v {
			shape(at+"[]", e, into)
		}
	default:
		into[at] = strings.TrimPrefix(fmt.Sprintf("%T", v), "json.")
	}
}

// notImitated are members of real documents that the sandbox leaves out; below one of them nothing is looked at.
var notImitated = []string{
	"Formatted", "Translated", "borderInfo", "lowestPrice", "wholesalePrices", "compareToPrice", "subscriptionSettings", "shippingPreparationTime",
	"showDeliveryTimeInStorefront", "showOnFrontpage", "googleProductCategory", "subtitle", "costPrice", "DisplayedCompareTo", "DisplayedLowest", "ompareToPriceDiscount",
	"alt.main", "usdTotal", "ipAddress", "customerUserAgent", "refererUrl", "globalReferer", "ticket", "loyalty", "predictedPackage[]", "invoices[]", "giftCardDoubleSpending",
	"shippingLabelAvailableForShipment", "additionalInfo.", "pickupInstruction", "isShippingLimit", "estimatedTransitTime", "stateOrProvince", "subtotalWithoutTax",
	"items[].shortDescription", "items[].weight", "items[].dimensions", "mageUrl", "humbnailUrl", "items[].trackQuantity", "items[].fixedShipping", "items[].digital",
	"items[].discountsAllowed", "items[].taxable", "items[].giftCard", "items[].recurringTaxIds", "items[].isCustomerSetPrice", "items[].isShippingRequired", "items[].attributes[]",
	"items[].quantityInStock", "sourceTaxRateId", "discountCoupon.", "contacts[]", "stats.firstOrderDate", "stats.lastOrderDate", "combinations[].dimensions", "combinations[].volume",
	"combinations[].weight", "combinations[].alt", "combinations[].warningLimit", "hdThumbnail", "originalImage", "relatedProducts.productIds[]", "extraFields.", "privateAdminNotes",
	"pickupTime", "customerGroup", "[].dimensions", "[].volume", "[].warningLimit", "[].alt", "[].weight", "thumbnail", "defaultDisplayedPriceFormatted", "imageExternalId",
}

// TestSamples makes the documents of real payloads through the API and compares what comes back: no member that real ones do not have, none
// missing but those that are left out on purpose, and every kind the same.
func TestSamples(t *testing.T) {
	for _, name := range []string{"order", "order_company", "customer", "product_simple", "product_with_variations", "combinations", "category"} {
		t.Run(name, func(t *testing.T) {
			s := New(connectors.SandboxOptions{Empty: true})
			want := sample(t, name)
			got := s.remake(t, name, want)
			have, real := map[string]string{}, map[string]string{}
			shape("", got, have)
			shape("", want, real)
			known := func(m string) bool {
				return slices.ContainsFunc(notImitated, func(n string) bool { return strings.Contains(m, n) })
			}
			for m, kind := range real {
				if is, ok := have[m]; !ok && !known(m) {
					t.Errorf("%s is missing", m)
				} else if ok && is != kind {
					t.Errorf("%s is a %s, not a %s", m, is, kind)
				}
			}
			for m := range have {
				if _, ok := real[m]; !ok && !known(m) {
					t.Errorf("%s is in no real document", m)
				}
			}
		})
	}
}

// remake posts a real document, as far as the store can have it, and reads it.
func (s *Sandbox) remake(t *testing.T, name string, v any) any {
	t.Helper()
	s.object(t, "PUT", "classes/0", `{"attributes":[{"id":139500311,"name":"UPC","type":"UPC","show":"NOTSHOW"},{"id":139500312,"name":"Brand","type":"BRAND","show":"DESCR"}]}`)
	doc, _ := v.(*jsondoc.Object)
	in := jsondoc.New()
	in.Merge(doc)
	in.Drop("categoryIds", "defaultCategoryId", "parentId", "relatedProducts")
	if tax := in.Object("tax"); tax != nil {
		tax.Drop("enabledManualTaxes")
		tax.Set("enabledManualTaxes", []any{number("410021001")})
	}
	product := func(in *jsondoc.Object) string {
		in.Set("categoryIds", []any{number("184500101")})
		id := s.object(t, "POST", "products?saveCombinations=true", string(jsondoc.Encode(in))).Text("id")
		s.object(t, "POST", "products/"+id+"/image?externalUrl=https://images.example.com/a.jpg", "")
		if len(in.List("galleryImages")) > 0 {
			s.object(t, "POST", "products/"+id+"/gallery?externalUrl=https://images.example.com/b.jpg", "")
		}
		return id
	}
	switch name {
	case "category":
		in.Set("parentId", number("184500101"))
		id := s.object(t, "POST", "categories", string(jsondoc.Encode(in))).Text("id")
		s.object(t, "POST", "products", `{"name":"A","categoryIds":[`+id+`]}`)
		return s.object(t, "GET", "categories/"+id, "")
	case "customer":
		id := s.object(t, "POST", "customers", string(jsondoc.Encode(in))).Text("id")
		return s.object(t, "GET", "customers/"+id, "")
	case "product_simple", "product_with_variations":
		return s.object(t, "GET", "products/"+product(in), "")
	case "combinations":
		in = jsondoc.New("name", "Tee", "combinations", v)
		_, list := s.ask(t, "GET", "products/"+product(in)+"/combinations", "")
		return list
	}
	for _, i := range in.Objects("items") {
		p := jsondoc.New("name", i.Get("name"), "sku", i.Get("sku"), "quantity", 100)
		if i.Has("combinationId") {
			p.Set("combinations", []any{jsondoc.New("sku", i.Get("sku"), "quantity", 5, "options", i.Get("selectedOptions"))})
		}
		id := s.object(t, "POST", "products?saveCombinations=true", string(jsondoc.Encode(p))).Text("id")
		i.Set("productId", number(id))
		if i.Has("combinationId") {
			i.Set("combinationId", s.object(t, "GET", "products/"+id, "").Objects("combinations")[0].Get("id"))
		}
	}
	return s.object(t, "GET", "orders/"+s.object(t, "POST", "orders", string(jsondoc.Encode(in))).Text("orderId"), "")
}

// TestRefusals answers as the samples of errors do.
func TestRefusals(t *testing.T) {
	s := New(connectors.SandboxOptions{})
	equal := func(name string, code, want int, got any) {
		t.Helper()
		if is := string(jsondoc.Encode(got)); code != want || is != string(jsondoc.Encode(sample(t, name))) {
			t.Errorf("%s: %d %s", name, code, is)
		}
	}
	code, v := s.ask(t, "POST", "orders", `{"email":"a@example.com","paymentStatus":"QUEUED"}`)
	equal("error_validation", code, 400, v)
	code, v = s.ask(t, "PUT", "products/748120503/inventory", `{"quantityDelta":-100}`)
	equal("inventory_response", code, 200, v)
	r := httptest.NewRequest("GET", "/api/v3/"+StoreID+"/profile?token="+accessToken, http.NoBody) // tokens in addresses are dead
	w := httptest.NewRecorder()
	s.ServeHTTP(w, r)
	v, err := jsondoc.Decode(w.Body.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	equal("error_auth", w.Code, 403, v)
	for _, tt := range []struct {
		method, path, body string
		status             int
		code               string
	}{
		{"GET", "orders/XXXXX", "", 404, "ORDER_NOT_FOUND"},
		{"GET", "products/1", "", 404, "PRODUCT_NOT_FOUND"},
		{"GET", "products/748120506/combinations/1", "", 404, "COMBINATION_NOT_FOUND"},
		{"GET", "categories/1", "", 404, "CATEGORIES_NOT_FOUND"},
		{"PATCH", "orders/XXXXX", "", 405, "METHOD_NOT_ALLOWED"},
		{"GET", "nonsense", "", 404, ""},
		{"POST", "categories", `{"name":" "}`, 400, "WRONG_PARAMETER"},
		{"POST", "categories", `{"name":"A","parentId":1}`, 400, "WRONG_PARAMETER"},
		{"GET", "products?enabled=maybe", "", 400, "WRONG_PARAMETER"},
		{"GET", "orders?updatedFrom=yesterday", "", 400, "WRONG_PARAMETER"},
		{"GET", "orders?limit=-1", "", 400, "WRONG_PARAMETER"},
		{"POST", "products", `{"name":"A","externalReferenceId":"x"}`, 200, ""},
		{"POST", "products", `{"name":"B","externalReferenceId":"x"}`, 409, "EXTERNAL_ID_ALREADY_USED"},
		{"POST", "products/748120506/combinations", `{"options":[{"name":"Maat","value":"S"},{"name":"Kleur","value":"Zwart"}]}`, 409, "COMBINATION_DUPLICATED"},
		{"PUT", "products/748120506", `{"options":[]}`, 409, "COMBINATION_CONTAINS_REMOVED_OPTION_VALUE"},
		{"PUT", "products/748120506/combinations/451900104/inventory", `{"quantityDelta":1}`, 400, "WRONG_PARAMETER"},
		{"PUT", "products/748120505/inventory", `{"quantityDelta":1}`, 400, "WRONG_PARAMETER"},
		{"POST", "products/748120503/image?externalUrl=https://unreachable.example.com/a.jpg", "", 422, "WRONG_URL"},
		{"POST", "customers", `{"email":"SANNE.devries@example.nl"}`, 409, ""},
		{"POST", "customers", `[]`, 400, "WRONG_PARAMETER"},
	} {
		code, v := s.ask(t, tt.method, tt.path, tt.body)
		o, _ := v.(*jsondoc.Object)
		if code != tt.status || o.Text("errorCode") != tt.code || code != 200 && o.Text("errorMessage") == "" {
			t.Errorf("%s %s: %d %s, want %d %s", tt.method, tt.path, code, jsondoc.Encode(v), tt.status, tt.code)
		}
	}
}

// TestQuirks are what a client is likely to get wrong.
func TestQuirks(t *testing.T) {
	s := New(connectors.SandboxOptions{})
	// Combinations without saveCombinations are ignored without a word.
	id := s.object(t, "POST", "products", `{"name":"A","combinations":[{"options":[{"name":"Size","value":"S"}]}]}`).Text("id")
	if n := len(s.object(t, "GET", "products/"+id, "").List("combinations")); n != 0 {
		t.Errorf("%d combinations", n)
	}
	// A customer's addresses that are left out are gone.
	s.object(t, "PUT", "customers/281904402", `{"shippingAddresses":[{"street":"Damrak 1"}]}`)
	if n := len(s.object(t, "GET", "customers/281904402", "").List("shippingAddresses")); n != 1 {
		t.Errorf("%d addresses", n)
	}
	// So are the items of an order; and nothing is computed again.
	order := s.orders[1].doc.Text("id")
	before := s.object(t, "GET", "orders/"+order, "").Text("total")
	s.object(t, "PUT", "orders/"+order, `{"items":[{"name":"B","quantity":1,"price":1}]}`)
	if o := s.object(t, "GET", "orders/"+order, ""); len(o.List("items")) != 1 || o.Text("total") != before {
		t.Errorf("%s", jsondoc.Encode(o))
	}
	// A cancelled order gives its pieces back, an e-mail address is found by a part of it, fields can be chosen, and a limit is cut to 100.
	stock := func() int { return s.object(t, "GET", "products/748120503", "").Int("quantity") }
	n := stock()
	sold := s.object(t, "POST", "orders", `{"email":"a@example.com","items":[{"productId":748120503,"quantity":3}]}`).Text("orderId")
	if stock() != n-3 {
		t.Errorf("%d pieces after a sale of 3 of %d", stock(), n)
	}
	s.object(t, "PUT", "orders/"+sold, `{"paymentStatus":"CANCELLED"}`)
	if stock() != n {
		t.Errorf("%d pieces after it was cancelled, not %d", stock(), n)
	}
	for path, want := range map[string]string{
		"customers?email=devries&responseFields=total,items(email)": `{"total":1,"items":[{"email":"sanne.devries@example.nl"}]}`,
		"customers?limit=500&offset=90&responseFields=limit,count":  `{"count":0,"limit":100}`,
		"orders?paymentStatus=INCOMPLETE&responseFields=total":      `{"total":1}`,
		"products?sku=NK-TEE-BLACK-M&responseFields=items(sku)":     `{"items":[{"sku":"NK-TEE"}]}`,
		"categories?parent=0&responseFields=items(name)":            `{"items":[{"name":"Koffie"},{"name":"Benodigdheden"}]}`,
	} {
		if got := string(jsondoc.Encode(s.object(t, "GET", path, ""))); got != want {
			t.Errorf("%s: %s", path, got)
		}
	}
	s.object(t, "DELETE", "orders/"+sold, "")
	if o := s.object(t, "GET", "orders/deleted", ""); o.Objects("items")[0].Text("orderId") != sold {
		t.Errorf("%s", jsondoc.Encode(o))
	}
}

// TestSeed holds the seeded orders to the reference's arithmetic.
func TestSeed(t *testing.T) {
	for name, opts := range map[string][]Option{"": nil, "net prices": {WithNetPrices()}} {
		s := New(connectors.SandboxOptions{}, opts...)
		if len(s.orders) != 11 || len(s.products) != 6 {
			t.Fatalf("%s: %d orders, %d products", name, len(s.orders), len(s.products))
		}
		for _, r := range s.orders {
			o := r.doc
			total, tax := rat(o.Get("subtotal")), rat(nil)
			total.Sub(total, rat(o.Get("couponDiscount"))).Sub(total, rat(o.Get("discount"))).Add(total, rat(o.Object("shippingOption").Get("shippingRate")))
			for _, i := range o.Objects("items") {
				tax.Add(tax, rat(i.Get("tax")))
			}
			if o.Get("pricesIncludeTax") == false {
				total.Add(total, tax)
			}
			if total.Cmp(rat(o.Get("total"))) != 0 || tax.Cmp(rat(o.Get("tax"))) != 0 {
				t.Errorf("%s order %s: %s and %s tax, computed %s and %s", name, o.Text("id"), o.Text("total"), o.Text("tax"), total.FloatString(2), tax.FloatString(2))
			}
		}
	}
	noisy := New(connectors.SandboxOptions{}, WithNoise())
	if text := string(jsondoc.Encode(noisy.orders[3].doc)); !strings.Contains(text, "00000") && !strings.Contains(text, "99999") {
		t.Error("no noise")
	}
	if s := New(connectors.SandboxOptions{Empty: true, Now: func() time.Time { return time.Unix(0, 0) }}); len(s.orders)+len(s.customers) != 0 || len(s.products) != 6 {
		t.Errorf("without demo documents: %d orders, %d products", len(s.orders), len(s.products))
	}
}

func TestOrderIDs(t *testing.T) {
	seen := map[string]bool{}
	for n := range 20_000 {
		seen[orderID(604118200+n)] = true
	}
	if len(seen) < 19_990 {
		t.Errorf("%d different ids of 20000", len(seen))
	}
}

func FuzzRequest(f *testing.F) {
	f.Add("POST", "products", `{"name":"a","sku":"b","options":[{"name":"c"}],"combinations":[{}]}`)
	f.Add("PUT", "products/748120506/combinations/451900101", `{"attributes":[{"alias":"UPC"}],"sku":""}`)
	f.Add("POST", "order/calculate", `{"items":[{"sku":"NK-MUG-350","quantity":0}],"discountInfo":[{"type":"PERCENT","value":1e9}]}`)
	f.Add("PUT", "classes/0", `{"attributes":[{},null,3]}`)
	f.Add("GET", "orders?responseFields=total,items(id,(", ``)
	f.Fuzz(func(t *testing.T, method, path, body string) {
		r, err := http.NewRequest(method, "http://shop.example.com/api/v3/"+StoreID+"/"+path, strings.NewReader(body))
		if err != nil || r.URL.Path == "" {
			return
		}
		r.Header.Set("Authorization", "Bearer "+accessToken)
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		New(connectors.SandboxOptions{}).ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%d", w.Code)
		}
	})
}
