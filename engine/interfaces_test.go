package engine_test

import (
	"testing"
	"testing/fstest"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/mappings"
)

func TestInterfaceName(t *testing.T) {
	for document, want := range map[string]string{"order": "Order", "shopware.order": "Shopware.Order", "eaccounting.invoiceDraft": "Eaccounting.InvoiceDraft", "my-shop.2nd_order": "MyShop._2ndOrder", "": "_"} {
		if got := engine.InterfaceName(document); got != want {
			t.Errorf("%s is %s, want %s", document, got, want)
		}
	}
	for list, want := range map[string]string{"Taxes": "Tax", "Addresses": "Address", "Categories": "Category", "Lines": "Line", "Batches": "Batch", "Status": "Status", "Address": "Address", "Stock": "StockElement", "s": "sElement"} {
		if got := engine.SingularName(list); got != want {
			t.Errorf("an element of %s is %s, want %s", list, got, want)
		}
	}
}

// TestInterfaces holds that each object has one name, and no two the same.
func TestInterfaces(t *testing.T) {
	documents := map[string]engine.Type{}
	for _, name := range engine.DocumentTypes(mappings.FS) {
		if len(name) > len("shopware.") && name[:len("shopware.")] == "shopware." {
			typ, err := engine.DocumentType(mappings.FS, name)
			if err != nil {
				t.Fatal(err)
			}
			documents[name] = typ
		}
	}
	list := engine.Interfaces(documents)
	seen := map[string]bool{}
	for i, in := range list {
		if seen[in.Name] {
			t.Errorf("two objects are %s", in.Name)
		}
		seen[in.Name] = true
		for _, other := range list[:i] {
			if other.Type.Same(in.Type) {
				t.Errorf("%s and %s are one", other.Name, in.Name)
			}
		}
	}
	if len(documents) < 3 || !seen["Shopware.Order"] || !seen["Shopware.OrderLineItem"] {
		t.Errorf("%d documents, %d objects", len(documents), len(list))
	}

	selfish := fstest.MapFS{"canonical/list.schema.json": {Data: []byte(`{"type": "object", "properties": {"a": {"$ref": "#/$defs/l"}, "b": {"$ref": "#/$defs/m"}},
		"$defs": {"l": {"type": "array", "items": {"$ref": "#/$defs/l"}}, "m": {"type": "object", "additionalProperties": {"$ref": "#/$defs/m"}}}}`)}}
	typ, err := engine.DocumentType(selfish, "list")
	if err != nil {
		t.Fatal(err)
	}
	if list := engine.Interfaces(map[string]engine.Type{"list": typ}); len(list) != 1 {
		t.Errorf("a list that holds itself gives %v", list)
	}
}
