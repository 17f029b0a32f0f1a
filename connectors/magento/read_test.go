package magento

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/contract"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestReadOrders(t *testing.T) {
	for _, size := range []int{1, 2, 3, 10, 100} {
		s := open0(t)
		s.page = size
		docs := read(t, s.Client, port.Query{Resource: "order"})
		if len(docs) != 10 || docs[0].Key != "000000001" || docs[0].ID != "1" || docs[0].Version == "" {
			t.Fatalf("pages of %d: %v", size, keys(docs))
		}
		for i := 1; i < len(docs); i++ {
			if docs[i].ChangedAt.Before(docs[i-1].ChangedAt) {
				t.Errorf("pages of %d: %s comes before %s", size, docs[i-1].Key, docs[i].Key)
			}
		}
		since := docs[6].ChangedAt
		if got := read(t, s.Client, port.Query{Resource: "order", Since: since}); len(got) != 4 || got[0].Key != docs[6].Key {
			t.Errorf("since the seventh: %v", keys(got))
		}
		if got := read(t, s.Client, port.Query{Resource: "order", Since: since, Limit: 2}); !slices.Equal(keys(got), keys(docs[6:9])) {
			t.Errorf("two more than the seventh: %v", keys(got)) // the seventh is the overlap
		}
		if got := read(t, s.Client, port.Query{Resource: "order", IDs: []string{"3", "x", "99", "2"}}); !slices.Equal(keys(got), []string{"000000002", "000000003"}) {
			t.Errorf("by id: %v", keys(got))
		}
	}
}

// TestReadLosesNothing changes products while they are read, page by page, many within one second, and holds that
// every version that existed at the end of a read was met by it or is met by the next.
func TestReadLosesNothing(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var cleanups []func()
		defer func() {
			for _, f := range cleanups {
				f()
			}
		}()
		s := startWith(rt, func(f func()) { cleanups = append(cleanups, f) }, connectors.SandboxOptions{Empty: true}, connectors.Config{})
		s.page = rapid.IntRange(1, 4).Draw(rt, "page")
		price := map[string]string{} // what the shop has
		busy := false
		change := func() {
			sku := rapid.SampledFrom([]string{"NK-MUG-350", "NK-GRINDER-01", "NK-TEE-BLACK-S", "NK-TEE-BLACK-M", "NK-BEAN-DARK-1000"}).Draw(rt, "sku")
			to := fmt.Sprint(rapid.IntRange(1, 900).Draw(rt, "price"))
			s.clock.Add(time.Duration(rapid.IntRange(0, 1200).Draw(rt, "ms")) * time.Millisecond)
			r := httptest.NewRequest(http.MethodPut, "/rest/all/V1/products/"+sku, strings.NewReader(`{"product":{"price":`+to+`}}`))
			r.Header.Set("Content-Type", "application/json")
			r.Header.Set("Authorization", "Bearer "+bearerOf(s))
			w := httptest.NewRecorder()
			s.Sandbox.ServeHTTP(w, r)
			if w.Code != 200 {
				rt.Fatalf("%d %s", w.Code, w.Body)
			}
			price[sku] = to
		}
		s.before = func(r *http.Request) {
			if !busy && strings.HasSuffix(r.URL.Path, "/products") && rapid.Bool().Draw(rt, "change") {
				busy = true
				change()
				busy = false
			}
		}
		seen := map[string]string{}
		see := func(d port.Document) {
			seen[d.Key] = gjson.GetBytes(d.Body, "price").Raw
			for _, child := range gjson.GetBytes(d.Body, "crosswalk.children").Array() {
				seen[child.Get("sku").String()] = child.Get("price").Raw
			}
		}
		var cursor time.Time
		for range rapid.IntRange(1, 3).Draw(rt, "reads") {
			for _, d := range read(rt, s.Client, port.Query{Resource: "product", Since: cursor}) {
				see(d)
				if d.ChangedAt.After(cursor) {
					cursor = d.ChangedAt
				}
			}
		}
		s.before = nil
		for _, d := range read(rt, s.Client, port.Query{Resource: "product", Since: cursor}) {
			see(d)
		}
		for sku, want := range price {
			if seen[sku] != want {
				rt.Fatalf("%s costs %s, read was %s", sku, want, seen[sku])
			}
		}
	})
}

// bearerOf is an administrator's token.
func bearerOf(s *shop) string {
	r := httptest.NewRequest(http.MethodPost, "/rest/V1/integration/admin/token", strings.NewReader(`{"username":"admin","password":"noorderkade-123"}`))
	r.Header.Set("Content-Type", "application/json")
	w := httptest.NewRecorder()
	s.Sandbox.ServeHTTP(w, r)
	var token string
	_ = json.Unmarshal(w.Body.Bytes(), &token)
	return token
}

func TestReadProducts(t *testing.T) {
	s := start(t, t.Cleanup, connectors.Config{Options: map[string]string{"taxCountry": "nl"}})
	docs := read(t, s.Client, port.Query{Resource: "product"})
	byKey := map[string]gjson.Result{}
	for _, d := range docs {
		byKey[d.Key] = gjson.ParseBytes(d.Body).Get("crosswalk")
	}
	for path, want := range map[string]string{
		"NK-BEAN-HOUSE-500:taxRate":                    "9",
		"NK-BEAN-HOUSE-500:categories":                 `[["Koffie"]]`,
		"NK-BEAN-HOUSE-500:currency":                   `"EUR"`,
		"NK-BEAN-HOUSE-500:labels.manufacturer":        `{"id":"103","label":"Manufacturer","options":{"4":"Noorderkade Branderij"}}`,
		"NK-BEAN-HOUSE-500:labels.nk_strength.label":   `"Sterkte"`,
		"NK-MUG-350:taxRate":                           "21",
		"NK-TEE:children.#.sku":                        `["NK-TEE-BLACK-S","NK-TEE-BLACK-M"]`,
		"NK-TEE:labels.nk_size":                        `{"id":"122","label":"Maat","options":{"1":"S","2":"M"}}`,
		"NK-TEE:children.1.sku":                        `"NK-TEE-BLACK-M"`,
		"NK-TEE:children.0.crosswalk.quantity":         "9",
		"NK-SET-BREAKFAST:children":                    "",
		"NK-BEAN-HOUSE-500:mediaUrl":                   `"https://magento.example.com/media/catalog/product"`,
		"NK-TEE:labels.nk_color.options":               `{"3":"Zwart"}`,
		"NK-BEAN-DARK-1000:labels.nk_strength.options": "",
	} {
		sku, at, _ := strings.Cut(path, ":")
		if got := byKey[sku].Get(at).Raw; got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	// An option that was added since the attributes were read is looked for.
	if _, err := s.api.Do(t.Context(), request("POST", "/all/V1/products/attributes/manufacturer/options", `{"option":{"label":"Nieuw Merk"}}`)); err != nil {
		t.Fatal(err)
	}
	s.clock.Add(time.Minute)
	mug, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-MUG-350"})
	if err != nil || len(mug) != 1 {
		t.Fatal(mug, err)
	}
	d, err := s.Update(t.Context(), "product", mug[0].ID, []byte(`{"custom_attributes":[{"attribute_code":"manufacturer","value":"5"}]}`))
	if err != nil || gjson.GetBytes(d.Body, "crosswalk.labels.manufacturer.options.5").String() != "Nieuw Merk" {
		t.Errorf("a new brand: %v %s", err, d.Body)
	}
}

func TestReadStock(t *testing.T) {
	s := open0(t)
	s.page = 3
	docs := read(t, s.Client, port.Query{Resource: "stock"})
	if len(docs) != 7 {
		t.Fatalf("%d source items: %v", len(docs), keys(docs))
	}
	i := slices.IndexFunc(docs, func(d port.Document) bool { return d.Key == "NK-MUG-350" })
	mug := docs[i]
	if mug.ID != "default/NK-MUG-350" || gjson.GetBytes(mug.Body, "quantity").Raw != "40" || gjson.GetBytes(mug.Body, "crosswalk.stockStatus.qty").Raw != "36" {
		t.Errorf("%s %s", mug.ID, mug.Body)
	}
	if got := read(t, s.Client, port.Query{Resource: "stock", IDs: []string{mug.ID, "default/none", "x"}}); !slices.Equal(keys(got), []string{"NK-MUG-350"}) {
		t.Errorf("by id: %v", keys(got))
	}
	if got := read(t, s.Client, port.Query{Resource: "stock", Limit: 4}); len(got) != 4 {
		t.Errorf("four: %v", keys(got))
	}
}

// TestReadOfARealShop reads the answers that a running shop gave.
func TestReadOfARealShop(t *testing.T) {
	page := captured(t, "340")
	srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if strings.Contains(r.URL.RawQuery, "filter_groups") {
			fmt.Fprint(w, `{"items":null,"total_count":13}`)
			return
		}
		fmt.Fprint(w, page)
	}))
	defer srv.Close()
	c, err := Open(connectors.Config{Name: "webshop", URL: srv.URL, Credentials: map[string]string{"accessToken": "x"}, Options: map[string]string{"pageSize": "2"}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	docs := read(t, c, port.Query{Resource: "order"})
	if !slices.Equal(keys(docs), []string{"000000001", "000000002"}) || !docs[0].ChangedAt.Equal(time.Date(2026, 11, 21, 21, 23, 17, 0, time.UTC)) {
		t.Fatalf("%v %v", keys(docs), docs[0].ChangedAt)
	}
	if string(docs[0].Body) != gjson.Get(page, "items.0").Raw {
		t.Error("the body is not what the shop sent, byte by byte")
	}
}

func captured(t *testing.T, number string) string {
	t.Helper()
	return string(contract.OneExchange(t, "testdata/exchanges", number).Response.Body)
}

func TestStrangeAnswers(t *testing.T) {
	for answer, want := range map[string]error{
		`{"items":[],"total_count":0}`:                nil,
		`{"items":null,"total_count":0}`:              nil,
		`{"items":{},"total_count":0}`:                port.ErrProtocol,
		`[]`:                                          port.ErrProtocol,
		`{"items":[{"entity_id":1}],"total_count":1}`: port.ErrProtocol,
		// A shop that gives the same page for ever must not be asked for ever.
		`{"items":[{"entity_id":1,"updated_at":"2026-01-01 00:00:00"}],"total_count":1}`: port.ErrProtocol,
	} {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, answer) }))
		c, err := Open(connectors.Config{Name: "webshop", URL: srv.URL, Credentials: map[string]string{"accessToken": "x"}, Options: map[string]string{"pageSize": "1"}})
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range c.Read(context.Background(), port.Query{Resource: "order"}) {
			err = e
		}
		if !errors.Is(err, want) {
			t.Errorf("%s: %v, want %v", answer, err, want)
		}
		if err := c.Close(); err != nil {
			t.Error(err)
		}
		srv.Close()
	}
}

// TestReadFamilies shows that a family comes once, where the last of it was changed, and its children not by themselves unless they are
// sold so.
func TestReadFamilies(t *testing.T) {
	for _, size := range []int{1, 2, 100} {
		s := open0(t)
		s.page = size
		docs := read(t, s.Client, port.Query{Resource: "product"})
		if got := keys(docs); slices.Contains(got, "NK-TEE-BLACK-S") || len(got) != 7 {
			t.Fatalf("pages of %d: %v", size, got)
		}
		tee := docs[slices.Index(keys(docs), "NK-TEE")]
		since := docs[len(docs)-1].ChangedAt.Add(5 * time.Minute)
		put := func(sku, body string) {
			t.Helper()
			s.clock.Add(time.Minute)
			if _, err := s.api.Do(t.Context(), request("PUT", "/all/V1/products/"+sku, `{"product":`+body+`}`)); err != nil {
				t.Fatal(err)
			}
		}
		put("NK-TEE-BLACK-S", `{"price":26.95}`)
		put("NK-TEE-BLACK-M", `{"price":27.95}`)
		got := read(t, s.Client, port.Query{Resource: "product", Since: since})
		if len(got) != 1 || got[0].Key != "NK-TEE" || got[0].ID != tee.ID || got[0].Version == tee.Version || !got[0].ChangedAt.Equal(s.clock.Now()) {
			t.Fatalf("pages of %d, since a child changed: %v", size, keys(got))
		}
		if raw := gjson.GetBytes(got[0].Body, "crosswalk.children.#.price").Raw; raw != "[26.95,27.95]" {
			t.Errorf("prices of the children are %s", raw)
		}
		found, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-TEE"})
		if err != nil || len(found) != 1 || found[0].Version != got[0].Version || !found[0].ChangedAt.Equal(got[0].ChangedAt) {
			t.Errorf("found %v %v", found, err)
		}
		put("NK-TEE-BLACK-S", `{"visibility":4}`)
		got = read(t, s.Client, port.Query{Resource: "product", Since: since})
		if !slices.Equal(keys(got), []string{"NK-TEE-BLACK-S", "NK-TEE"}) || gjson.GetBytes(got[0].Body, "crosswalk.parents.0").String() != tee.ID {
			t.Errorf("a child that is sold by itself: %v", keys(got))
		}
	}
}
