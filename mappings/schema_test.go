package mappings_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/crosswalk-go/crosswalk/mappings"
)

// library lets schemas refer to each other by relative path.
type library struct {
	// closed refuses members that a schema does not name, as the engine does for the paths of rules.
	closed bool
}

func (l library) Load(url string) (any, error) {
	data, err := mappings.FS.ReadFile(strings.TrimPrefix(url, "lib:///"))
	if err != nil {
		return nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(data))
	if err == nil && l.closed {
		closeObjects(doc)
	}
	return doc, err
}

func closeObjects(v any) {
	switch v := v.(type) {
	case map[string]any:
		for _, m := range v {
			closeObjects(m)
		}
		if _, described := v["properties"].(map[string]any); described && v["additionalProperties"] == nil {
			if _, schema := v["type"]; schema {
				v["additionalProperties"] = false
			}
		}
	case []any:
		for _, m := range v {
			closeObjects(m)
		}
	}
}

func compile(t *testing.T, name string, closed bool) *jsonschema.Schema {
	t.Helper()
	c := jsonschema.NewCompiler()
	c.UseLoader(library{closed: closed})
	c.AssertFormat()
	s, err := c.Compile("lib:///" + name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func validate(t *testing.T, s *jsonschema.Schema, what string, doc []byte) {
	t.Helper()
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("%s: %v", what, err)
	}
}

func schemaFiles(t *testing.T) []string {
	t.Helper()
	files, err := fs.Glob(mappings.FS, "*/*.schema.json")
	if err != nil || len(files) < 14 {
		t.Fatalf("schemas: %v, %v", files, err)
	}
	return files
}

func TestSchemasCompile(t *testing.T) {
	for _, name := range schemaFiles(t) {
		t.Run(name, func(t *testing.T) {
			compile(t, name, false)
		})
	}
}

// Every field of the canonical documents says what it is.
func TestCanonicalFieldsAreDescribed(t *testing.T) {
	var undescribed []string
	var walk func(at string, v any)
	walk = func(at string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if props, ok := v["properties"].(map[string]any); ok {
				for name, p := range props {
					if m, ok := p.(map[string]any); !ok || m["description"] == nil || m["description"] == "" {
						undescribed = append(undescribed, at+"."+name)
					}
				}
			}
			for name, m := range v {
				walk(at+"."+name, m)
			}
		case []any:
			for _, m := range v {
				walk(at, m)
			}
		}
	}
	for _, name := range schemaFiles(t) {
		if path.Dir(name) != "canonical" {
			continue
		}
		var v any
		read(t, name, &v)
		walk(name, v)
	}
	if len(undescribed) > 0 {
		t.Errorf("without description: %s", strings.Join(undescribed, ", "))
	}
}

func read(t *testing.T, name string, into any) {
	t.Helper()
	data, err := mappings.FS.ReadFile(name)
	if err == nil {
		err = json.Unmarshal(data, into)
	}
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
}

type objectSchema struct {
	Properties map[string]json.RawMessage `json:"properties"`
	Items      *objectSchema              `json:"items"`
	Defs       map[string]objectSchema    `json:"$defs"`
}

func (o objectSchema) sub(t *testing.T, name string) objectSchema {
	t.Helper()
	var s objectSchema
	if err := json.Unmarshal(o.Properties[name], &s); err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return s
}

// The customer of an order and a customer are one set of words, and so are their addresses.
func TestOrderAndCustomerShareTheirWords(t *testing.T) {
	var order, customer objectSchema
	read(t, "canonical/order.schema.json", &order)
	read(t, "canonical/customer.schema.json", &customer)
	for name := range order.Defs["customer"].Properties {
		if customer.Properties[name] == nil {
			t.Errorf("customer lacks %s of order.customer", name)
		}
	}
	address := *customer.sub(t, "addresses").Items
	if address.Properties["use"] == nil {
		t.Error("addresses[] lacks use")
	}
	delete(address.Properties, "use")
	for name, s := range order.Defs["address"].Properties {
		if !bytes.Equal(address.Properties[name], s) {
			t.Errorf("addresses[].%s differs from order.billing.%s", name, name)
		}
		delete(address.Properties, name)
	}
	for name := range address.Properties {
		t.Errorf("order.billing lacks %s of addresses[]", name)
	}
}

// The schemas of the systems' own documents are no fiction: documents captured from running systems have no
// member, kind or null that they do not know.
func TestCapturedDocumentsFitTheirSchemas(t *testing.T) {
	tests := []struct{ schema, documents string }{
		{"shopware/order", "shopware/testdata/orders/[0-9][0-9]-*.json"},
		{"shopware/customer", "shopware/testdata/customers/[0-9][0-9]-*.json"},
		{"shopware/product", "shopware/testdata/products/[0-9][0-9]-*.json"},
		{"eaccounting/article", "eaccounting/testdata/article.json"},
		{"eaccounting/customer", "eaccounting/testdata/customer-*.json"},
		{"eaccounting/order", "eaccounting/testdata/order.json"},
		{"eaccounting/quote", "eaccounting/testdata/quote.json"},
		{"eaccounting/invoiceDraft", "eaccounting/testdata/invoice-draft.json"},
		{"eaccounting/invoice", "eaccounting/testdata/invoice.json"},
	}
	for _, tt := range tests {
		t.Run(tt.schema, func(t *testing.T) {
			open := compile(t, tt.schema+".schema.json", false)
			closed := compile(t, tt.schema+".schema.json", true)
			files, err := filepath.Glob(tt.documents)
			files = slices.DeleteFunc(files, func(f string) bool { return strings.HasSuffix(f, ".canonical.json") })
			if err != nil || len(files) == 0 {
				t.Fatalf("documents: %v, %v", files, err)
			}
			for _, f := range files {
				data, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				validate(t, open, f, data)
				validate(t, closed, f+" (closed)", data)
			}
		})
	}
}

func TestSchemasRefuseWhatTheyShould(t *testing.T) {
	tests := []struct{ schema, doc string }{
		{"canonical/order", `{"status": "on its way"}`},
		{"canonical/order", `{"totals": {"gross": "19.10"}}`},
		{"canonical/order", `{"lines": [{"sku": "A", "colour": "red"}]}`},
		{"canonical/customer", `{"addresses": [{"use": ["holiday"]}]}`},
		{"canonical/stock", `{"sku": "A", "onHand": null}`},
		{"shopware/order", `{"orderNumber": 10001}`},
		{"shopware/order", `{"lineItems": [{"quantity": "2"}]}`},
		{"eaccounting/customer", `{"Name": "no other member"}`},
	}
	for _, tt := range tests {
		v, err := jsonschema.UnmarshalJSON(strings.NewReader(tt.doc))
		if err != nil {
			t.Fatal(err)
		}
		var invalid *jsonschema.ValidationError
		if err := compile(t, tt.schema+".schema.json", false).Validate(v); !errors.As(err, &invalid) {
			t.Errorf("%s: %s: got %v, want a validation error", tt.schema, tt.doc, err)
		}
	}
}
