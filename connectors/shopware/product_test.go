package shopware

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"
	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/connectors/faults"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// sweater is a family with every kind of label.
const sweater = `{"productNumber":"SW","name":"Sweater","stock":0,"taxId":"15d612e1364b0444a626b143d59d6288",
	"price":[{"currencyId":"b7d2554b0ce847cd82f3ac9bd1c0dfca","net":40,"gross":48.40,"linked":true}],
	"visibilities":[{"salesChannelId":"56a51da692518f647c4da9d3d29d1a5c","visibility":30}],
	"crosswalk":{"manufacturer":"Wolkade","categories":[["Clothes","Warm"],["Home","Benodigdheden"]],
	"features":[{"name":"Wool","value":"Merino"},{"name":"","value":"x"}],"related":["NK-GRINDER-01"],
	"variants":[
		{"productNumber":"SW-S","ean":"1","stock":3,"options":[{"name":"Size","value":"S"},{"name":"Fit","value":"Slim"}]},
		{"productNumber":"SW-XL","stock":4,"options":[{"name":"Size","value":"XL"},{"name":"Fit","value":"Slim"}],
			"price":[{"currencyId":"b7d2554b0ce847cd82f3ac9bd1c0dfca","net":50,"gross":60.50,"linked":true}]}],
	"images":[{"url":"https://cdn.example.com/front.jpg","name":"Front","hash":"f1"},{"url":"https://cdn.example.com/back view.png","hash":"b1"}]}}`

// with changes members of a document by path; a nil value deletes one.
func with(t failer, body string, pairs ...any) string {
	t.Helper()
	for i := 0; i < len(pairs); i += 2 {
		var err error
		if pairs[i+1] == nil {
			body, err = sjson.Delete(body, pairs[i].(string))
		} else {
			body, err = sjson.Set(body, pairs[i].(string), pairs[i+1])
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return body
}

func (s *shop) make(t failer, resource, body string) port.Document {
	t.Helper()
	d, err := s.Create(context.Background(), resource, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// same fails unless writing body to d would change nothing.
func (s *shop) same(t failer, d port.Document, body string) {
	t.Helper()
	if changes := s.compare(t, d, body).Changes; len(changes) > 0 {
		t.Fatalf("%s differs: %+v", d.Key, changes)
	}
}

func (s *shop) compare(t failer, d port.Document, body string) port.Comparison {
	t.Helper()
	cmp, err := s.Compare(context.Background(), d.Resource, d, []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	return cmp
}

// change brings d to what body says, and returns the paths that differed.
func (s *shop) change(t failer, d port.Document, body string) (port.Document, []string) {
	t.Helper()
	cmp := s.compare(t, d, body)
	var paths []string
	for _, c := range cmp.Changes {
		paths = append(paths, c.Path)
	}
	d, err := s.Update(context.Background(), d.Resource, d.ID, cmp.Body)
	if err != nil {
		t.Fatal(err)
	}
	s.same(t, d, body)
	return d, paths
}

// rows are all rows of an entity, past the client's documents.
func (s *shop) rows(t failer, route string) []gjson.Result {
	t.Helper()
	page, err := s.search(context.Background(), route, criteria{Limit: maxLimit}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return page.rows
}

func TestProductByNames(t *testing.T) {
	s := open0(t)
	d := s.make(t, "product", sweater)
	for path, want := range map[string]string{
		"productNumber": "SW", "manufacturer.name": "Wolkade",
		"properties.0.name":                                     "Merino",
		"properties.0.group.name":                               "Wool",
		"properties.#":                                          "1",
		"children.#.productNumber|@ugly":                        `["SW-S","SW-XL"]`,
		"children.0.stock":                                      "3",
		`children.0.options.#(name=="S").group.name`:            "Size",
		`children.0.options.#(name=="Slim").group.name`:         "Fit",
		"children.1.price.0.gross":                              "60.5",
		"configuratorSettings.#":                                "3",
		"media.#.position|@ugly":                                "[0,1]",
		"media.0.media.hasFile":                                 "true",
		"media.0.media.alt":                                     "Front",
		"media.1.media.fileExtension":                           "png",
		`configuratorSettings.#(option.name=="XL").option.name`: "XL",
	} {
		if got := gjson.GetBytes(d.Body, path).String(); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	var paths []string
	for _, c := range gjson.GetBytes(d.Body, "categories").Array() {
		paths = append(paths, c.Get("breadcrumb|@ugly").Raw)
	}
	slices.Sort(paths)
	// The root's own name may begin a path; one that is there is not made again.
	if want := []string{`["Home","Benodigdheden"]`, `["Home","Clothes","Warm"]`}; !slices.Equal(paths, want) {
		t.Errorf("categories %v, want %v", paths, want)
	}
	if cover := gjson.GetBytes(d.Body, "coverId").String(); cover == "" || cover != gjson.GetBytes(d.Body, "media.0.id").String() {
		t.Errorf("the cover is %q", cover)
	}
	if name := gjson.GetBytes(d.Body, "media.1.media.fileName").String(); !strings.HasPrefix(name, "back-view-") {
		t.Errorf("the file is called %q", name)
	}
	s.same(t, d, sweater)

	// The next product of these names makes none of them again.
	count := func() (n int) {
		for _, route := range []string{"product-manufacturer", "category", "property-group", "property-group-option"} {
			n += len(s.rows(t, route))
		}
		return n
	}
	before := count()
	other := with(t, sweater, "productNumber", "SW2", "crosswalk.variants.0.productNumber", "SW2-S", "crosswalk.variants.1.productNumber", "SW2-XL")
	s.same(t, s.make(t, "product", other), other)
	if after := count(); after != before {
		t.Errorf("%d names, were %d", after, before)
	}
}

// The shop may lack a root, or keep its categories elsewhere.
func TestRootCategory(t *testing.T) {
	roots := open0(t).rows(t, "category")
	gear := roots[slices.IndexFunc(roots, func(r gjson.Result) bool { return nameOf(r) == "Benodigdheden" || nameOf(r) == "Equipment" })].Get("id").String()
	s := start(t, t.Cleanup, connectors.SandboxOptions{}, connectors.Config{Options: map[string]string{"rootCategory": gear}})
	body := with(t, sweater, "crosswalk.categories", []any{[]string{"Clothes"}})
	d := s.make(t, "product", body)
	if parent := gjson.GetBytes(d.Body, "categories.0.parentId").String(); parent != gear {
		t.Errorf("below %s", parent)
	}
	s.same(t, d, body)

	lost := start(t, t.Cleanup, connectors.SandboxOptions{}, connectors.Config{Options: map[string]string{"rootCategory": strings.Repeat("a", 32)}})
	if _, err := lost.Create(t.Context(), "product", []byte(body)); !errors.Is(err, port.ErrValidation) || !strings.Contains(err.Error(), "rootCategory") {
		t.Errorf("a root that is not there: %v", err)
	}
}

func TestMissingNamesAreRefused(t *testing.T) {
	for label, name := range map[string]string{"manufacturer": `manufacturer "Wolkade"`, "categories": `category "Clothes"`, "features": `property "Wool"`, "variants": `property "Fit"`} {
		s := start(t, t.Cleanup, connectors.SandboxOptions{}, connectors.Config{Options: map[string]string{"createMissing": "false"}})
		body := sweater
		for _, other := range []string{"manufacturer", "categories", "features", "variants"} {
			if other != label {
				body = with(t, body, "crosswalk."+other, nil)
			}
		}
		_, err := s.Create(t.Context(), "product", []byte(body))
		if !errors.Is(err, port.ErrValidation) || !strings.Contains(err.Error(), name) || !strings.Contains(err.Error(), "createMissing") {
			t.Errorf("%s: %v", label, err)
		}
		if docs := read(t, s.Client, port.Query{Resource: "product"}); slices.Contains(keys(docs), "SW") {
			t.Errorf("%s: the product was made", label)
		}
	}
	for label, body := range map[string]string{
		"a variant has no number":    with(t, sweater, "crosswalk.variants.0.productNumber", ""),
		"is no address of an image":  with(t, sweater, "crosswalk.images.0.url", "front.jpg"),
		"the document is no JSON ob": `[]`,
	} {
		if _, err := open0(t).Create(t.Context(), "product", []byte(body)); !errors.Is(err, port.ErrValidation) || !strings.Contains(err.Error(), label) {
			t.Errorf("%s: %v", label, err)
		}
	}
}

// Two connections that need the same names at once make each of them once.
func TestNamesAreMadeOnce(t *testing.T) {
	s := open0(t)
	second, err := Open(connectors.Config{Name: "second", URL: s.url(), Credentials: s.Credentials()})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = second.Close() }()
	errs := make(chan error)
	for i, c := range []*Client{s.Client, second} {
		n := fmt.Sprintf("SW%d", i)
		body := with(t, sweater, "productNumber", n, "crosswalk.variants.0.productNumber", n+"-S", "crosswalk.variants.1.productNumber", n+"-XL")
		go func() {
			_, err := c.Create(context.Background(), "product", []byte(body))
			errs <- err
		}()
	}
	if err := errors.Join(<-errs, <-errs); err != nil {
		t.Fatal(err)
	}
	s.once(t)
}

// once fails where a name is there twice.
func (s *shop) once(t failer) {
	t.Helper()
	for route, under := range map[string]string{"product-manufacturer": "", "category": "parentId", "property-group": "", "property-group-option": "groupId", "product": "productNumber"} {
		seen := map[string]bool{}
		for _, r := range s.rows(t, route) {
			name := r.Get(under).String() + " " + nameOf(r)
			if under == "productNumber" {
				name = r.Get(under).String()
			}
			if seen[name] {
				t.Fatalf("%s %q is there twice", route, name)
			}
			seen[name] = true
		}
	}
}

func TestFamilyGrows(t *testing.T) {
	s := open0(t)
	d := s.make(t, "product", sweater)
	d, paths := s.change(t, d, with(t, sweater, "crosswalk.variants.2", map[string]any{"productNumber": "SW-M", "stock": 9,
		"options": []map[string]string{{"name": "Size", "value": "M"}, {"name": "Fit", "value": "Slim"}}}))
	if !slices.Equal(paths, []string{"variants[SW-M]"}) || gjson.GetBytes(d.Body, "children.#").Int() != 3 || gjson.GetBytes(d.Body, "configuratorSettings.#").Int() != 4 {
		t.Errorf("a variant came: %v, %s", paths, gjson.GetBytes(d.Body, "children.#.productNumber"))
	}
	// A variant that the source says nothing of any more stays.
	d, paths = s.change(t, d, with(t, sweater, "crosswalk.variants.1.price.0.gross", 72.6, "crosswalk.variants.1.price.0.net", 60, "crosswalk.variants.0.ean", "8712345678906"))
	if !slices.Equal(paths, []string{"variants[SW-S].ean", "variants[SW-XL].price"}) {
		t.Errorf("changed: %v", paths)
	}
	for path, want := range map[string]string{
		`children.#(productNumber=="SW-XL").price.0.gross`: "72.6", `children.#(productNumber=="SW-S").ean`: "8712345678906",
		`children.#(productNumber=="SW-S").price.0.gross`: "48.4", `children.#(productNumber=="SW-M").stock`: "9", "children.#": "3",
	} {
		if got := gjson.GetBytes(d.Body, path).String(); got != want {
			t.Errorf("%s is %s, want %s", path, got, want)
		}
	}
	// The stock of a variant that is there is not the product's to write.
	s.same(t, d, with(t, sweater, "crosswalk.variants.0.stock", 77, "crosswalk.variants.1.price", nil, "crosswalk.variants.0.ean", nil))

	// A price in another currency stays when the own one changes.
	sek := `{"currencyId":"9b57a0eb5c6afa88ba8c50734e0b8a88","net":400,"gross":484,"linked":true}`
	if _, err := s.Update(t.Context(), "product", d.ID, []byte(`{"price":[`+gjson.Get(sweater, "price.0").Raw+`,`+sek+`]}`)); err != nil {
		t.Fatal(err)
	}
	d, paths = s.change(t, read(t, s.Client, port.Query{Resource: "product", IDs: []string{d.ID}})[0], `{"price":[{"currencyId":"b7d2554b0ce847cd82f3ac9bd1c0dfca","net":30,"gross":36.3,"linked":true}]}`)
	if len(paths) != 1 || gjson.GetBytes(d.Body, "price.#.gross|@ugly").Raw != "[36.3,484]" {
		t.Errorf("%v %s", paths, gjson.GetBytes(d.Body, "price"))
	}
}

// A family comes again when one of its variants changed alone.
func TestFamilyChangesWithAVariant(t *testing.T) {
	s := open0(t)
	s.clock.Add(1000 * time.Hour)
	began := s.clock.Now()
	found, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "NK-TEE-BLACK-S"})
	if err != nil || len(found) != 1 {
		t.Fatal(len(found), err)
	}
	before := read(t, s.Client, port.Query{Resource: "product", Since: began})
	if _, err := s.Update(t.Context(), "product", found[0].ID, []byte(`{"ean":"8712345678999"}`)); err != nil {
		t.Fatal(err)
	}
	docs := read(t, s.Client, port.Query{Resource: "product", Since: began})
	if len(before) != 0 || len(docs) != 1 || docs[0].Key != "NK-TEE" || !docs[0].ChangedAt.Equal(began) {
		t.Errorf("%v, then %v", keys(before), keys(docs))
	}
	// A stamp of the child alone, which another Shopware may give, counts as well.
	res := resources["product"]
	row := gjson.Parse(`{"createdAt":"2026-01-01T00:00:00.000+00:00","updatedAt":null,"children":[{"createdAt":"2026-01-01T00:00:00.000+00:00","updatedAt":"2026-05-01T00:00:00.000+00:00"}]}`)
	if at := res.stamp(row); at.Month() != 5 {
		t.Errorf("changed at %v", at)
	}
}

func (s *shop) uploads() (n int) {
	for _, c := range s.calls.List() {
		if strings.HasSuffix(c, "/upload") {
			n++
		}
	}
	return n
}

func TestImages(t *testing.T) {
	s := open0(t)
	d := s.make(t, "product", sweater)
	if s.uploads() != 2 {
		t.Errorf("%d uploads", s.uploads())
	}
	// Another address of the same content is the same image; another content at the same address is not.
	s.same(t, d, with(t, sweater, "crosswalk.images.0.url", "https://cdn2.example.com/front.jpg"))
	changed := with(t, sweater, "crosswalk.images.1.hash", "b2")
	d, paths := s.change(t, d, changed)
	if !slices.Equal(paths, []string{"images[1]"}) || s.uploads() != 3 || gjson.GetBytes(d.Body, "media.#").Int() != 2 {
		t.Errorf("%v, %d uploads, %s images", paths, s.uploads(), gjson.GetBytes(d.Body, "media.#"))
	}
	// Another order: no file is uploaded again, and the cover follows.
	swapped := with(t, changed, "crosswalk.images.0", gjson.Get(changed, "crosswalk.images.1").Value(), "crosswalk.images.1", gjson.Get(changed, "crosswalk.images.0").Value())
	d, _ = s.change(t, d, swapped)
	cover := gjson.GetBytes(d.Body, `media.#(id=="`+gjson.GetBytes(d.Body, "coverId").String()+`")`)
	if s.uploads() != 3 || cover.Get("media.fileExtension").String() != "png" {
		t.Errorf("%d uploads, the cover is %s", s.uploads(), cover.Get("media.fileName"))
	}
	// Without hashes the address tells.
	plain := with(t, swapped, "crosswalk.images", []map[string]string{{"url": "https://cdn.example.com/a"}})
	d, _ = s.change(t, d, plain)
	s.same(t, d, plain)
	if s.uploads() != 4 || gjson.GetBytes(d.Body, "media.0.media.fileExtension").String() != "jpg" {
		t.Errorf("%d uploads: %s", s.uploads(), gjson.GetBytes(d.Body, "media.0.media"))
	}
}

// The product is made though an image is refused; the error names the image, and the next run uploads what is left.
func TestRefusedImage(t *testing.T) {
	s := open0(t)
	broken := with(t, sweater, "crosswalk.images.0.url", "https://app.example.com/hidden.jpg")
	_, err := s.Create(t.Context(), "product", []byte(broken))
	var e *port.Error
	if !errors.As(err, &e) || !errors.Is(err, port.ErrValidation) || !strings.Contains(err.Error(), "hidden.jpg") {
		t.Fatalf("%v", err)
	}
	docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: "SW"})
	if err != nil || len(docs) != 1 || !gjson.GetBytes(docs[0].Body, "media.1.media.hasFile").Bool() {
		t.Fatalf("%d products, %v", len(docs), err)
	}
	d, paths := s.change(t, docs[0], sweater)
	if !slices.Equal(paths, []string{"images[0]"}) || !gjson.GetBytes(d.Body, "media.0.media.hasFile").Bool() || gjson.GetBytes(d.Body, "media.#").Int() != 2 {
		t.Errorf("%v %s", paths, gjson.GetBytes(d.Body, "media"))
	}
}

// A create that is cut off anywhere and repeated ends as one that was not: nothing is there twice.
func TestCreateCutAnywhere(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		var cleanups []func()
		defer func() {
			for _, f := range slices.Backward(cleanups) {
				f()
			}
		}()
		s := start(rt, func(f func()) { cleanups = append(cleanups, f) }, connectors.SandboxOptions{}, connectors.Config{})
		broken := true
		cuts := rapid.IntRange(1, 3).Draw(rt, "cuts")
		for range cuts {
			s.Fault(faults.Fault{
				Match: func(r *http.Request) bool { return broken && !strings.HasSuffix(r.URL.Path, "/oauth/token") },
				Skip:  rapid.IntRange(0, 40).Draw(rt, "after"), Times: rapid.IntRange(1, 5).Draw(rt, "times"),
				After: rapid.Bool().Draw(rt, "carried out"), Serve: faults.Cut,
			})
		}
		var d port.Document
		var err error
		for range 8 {
			if d, err = s.Create(context.Background(), "product", []byte(sweater)); err == nil {
				break
			}
			s.clock.Add(time.Minute) // the next run
		}
		if err != nil {
			rt.Fatal(err)
		}
		broken = false
		s.same(rt, d, sweater)
		s.once(rt)
		if n := gjson.GetBytes(d.Body, "children.#").Int(); n != 2 {
			rt.Fatalf("%d variants", n)
		}
		if n := len(s.rows(rt, "media")); n != 2 {
			rt.Fatalf("%d images", n)
		}
	})
}

// TestRelated shows that related products are added to a list of their own, that what other lists name is no change, and that a search is no list.
func TestRelated(t *testing.T) {
	s := open0(t)
	find := func(number string) port.Document {
		t.Helper()
		docs, err := s.Find(t.Context(), "product", port.Key{Field: port.KeySKU, Value: number})
		if err != nil || len(docs) != 1 {
			t.Fatal(docs, err)
		}
		return docs[0]
	}
	named := func(d port.Document) string {
		return gjson.GetBytes(d.Body, `crossSellings.#.assignedProducts.#.product.productNumber`).Raw
	}
	mug, grinder := find("NK-MUG-350"), find("NK-GRINDER-01")
	d, err := s.Update(t.Context(), "product", mug.ID, []byte(`{"crossSellings":[{"name":"Goes with","type":"productList","position":1,"assignedProducts":[{"productId":"`+grinder.ID+`","position":1}]},
		{"name":"Cheap ones","type":"productStream","position":2}]}`))
	if err != nil || named(d) != `[["NK-GRINDER-01"],[]]` {
		t.Fatalf("%s %v", named(d), err)
	}
	update := func(want string) port.Document {
		t.Helper()
		c, err := s.Compare(t.Context(), "product", find("NK-MUG-350"), []byte(want))
		if err != nil || len(c.Changes) != 1 || c.Changes[0].Path != "related" {
			t.Fatalf("%+v %v", c.Changes, err)
		}
		d, err := s.Update(t.Context(), "product", mug.ID, c.Body)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	d = update(`{"crosswalk":{"related":["NK-GRINDER-01","NK-BEAN-DARK-1000"],"relatedTitle":"Ook lekker"}}`)
	if named(d) != `[["NK-GRINDER-01"],[],["NK-BEAN-DARK-1000"]]` || gjson.GetBytes(d.Body, "crossSellings.2.name").String() != "Ook lekker" || !gjson.GetBytes(d.Body, "crossSellings.2.active").Bool() {
		t.Fatalf("%s", gjson.GetBytes(d.Body, "crossSellings").Raw)
	}
	// The shop called it something else, and a variant is related too.
	if _, err := s.Update(t.Context(), "product", mug.ID, []byte(`{"crossSellings":[{"id":"`+gjson.GetBytes(d.Body, "crossSellings.2.id").String()+`","name":"Lekker"}]}`)); err != nil {
		t.Fatal(err)
	}
	const want = `{"crosswalk":{"related":["NK-BEAN-DARK-1000","NK-TEE-BLACK-M","NK-GRINDER-01"],"relatedTitle":"Ook lekker"}}`
	d = update(want)
	if named(d) != `[["NK-GRINDER-01"],[],["NK-BEAN-DARK-1000","NK-TEE-BLACK-M"]]` || gjson.GetBytes(d.Body, "crossSellings.2.name").String() != "Lekker" {
		t.Errorf("%s", gjson.GetBytes(d.Body, "crossSellings").Raw)
	}
	if c, err := s.Compare(t.Context(), "product", find("NK-MUG-350"), []byte(want)); err != nil || len(c.Changes) != 0 {
		t.Errorf("again: %+v %v", c.Changes, err)
	}
	if _, err := s.Update(t.Context(), "product", mug.ID, []byte(`{"crosswalk":{"related":["nk-grinder-01"]}}`)); !errors.Is(err, port.ErrValidation) {
		t.Errorf("a number in another case is another: %v", err)
	}
	lamp := s.make(t, "product", `{"productNumber":"LAMP","name":"Lamp","stock":0,"taxId":"15d612e1364b0444a626b143d59d6288",
		"price":[{"currencyId":"b7d2554b0ce847cd82f3ac9bd1c0dfca","net":40,"gross":48.40,"linked":true}],"crosswalk":{"related":["NK-MUG-350"]}}`)
	if named(lamp) != `[["NK-MUG-350"]]` || gjson.GetBytes(lamp.Body, "crossSellings.0.name").String() != "Related products" {
		t.Errorf("a new one: %s", gjson.GetBytes(lamp.Body, "crossSellings").Raw)
	}
}
