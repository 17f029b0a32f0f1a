package magento

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// resource is what the connection knows of one kind of document.
type resource struct {
	name   string
	list   string // path of searches
	id     string // member
	key    string // member that people call it by
	probes map[string]string
	exact  []string // probes that the database compares without regard to case, the key with
	// volatile members change without the document changing.
	volatile []string
}

const (
	orderResource   = "order"
	productResource = "product"
)

var resources = map[string]resource{
	orderResource: {name: orderResource, list: "/all/V1/orders", id: "entity_id", key: "increment_id",
		probes: map[string]string{port.KeyID: "entity_id", port.KeyNumber: "increment_id", port.KeyReference: "ext_order_id"},
		exact:  []string{port.KeyNumber, port.KeyReference}},
	"customer": {name: "customer", list: "/all/V1/customers/search", id: "id", key: "email",
		probes: map[string]string{port.KeyID: "entity_id", port.KeyEmail: "email"}},
	productResource: {name: productResource, list: productList, id: "id", key: "sku",
		probes: map[string]string{port.KeyID: "entity_id", port.KeySKU: "sku"}, exact: []string{port.KeySKU},
		// Shopping moves the stock, not the product; what stands elsewhere is no change of it.
		volatile: []string{"extension_attributes.stock_item", "crosswalk.labels", "crosswalk.categories", "crosswalk.taxRate", "crosswalk.currency",
			"crosswalk.weightUnit", "crosswalk.mediaUrl", "crosswalk.quantity", "crosswalk.parents", "crosswalk.children.crosswalk"}},
	stockResource:     {name: stockResource, probes: map[string]string{port.KeyID: "", port.KeySKU: "sku"}},
	stockItemResource: {name: stockItemResource, probes: map[string]string{port.KeyID: "", port.KeySKU: "sku"}},
}

func resourceOf(name string) (resource, error) {
	if r, ok := resources[name]; ok {
		return r, nil
	}
	return resource{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: "resource " + name, Message: "the connection has no such resource"}
}

func (r resource) document(body []byte) port.Document {
	return port.Document{
		Resource:  r.name,
		ID:        gjson.GetBytes(body, r.id).String(),
		Key:       gjson.GetBytes(body, r.key).String(),
		Version:   contentHash(body, r.volatile),
		ChangedAt: stampOf(gjson.GetBytes(body, "updated_at").String()),
		Body:      bytes.Clone(body), // a row must not hold on to its page
	}
}

// contentHash is the same for the same content: the order of members does not count, and change stamps
// and volatile members (paths without indexes) are left out.
func contentHash(body []byte, volatile []string) string {
	h := sha256.New()
	hashValue(h, gjson.ParseBytes(body), "", volatile)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func hashValue(h hash.Hash, v gjson.Result, path string, volatile []string) {
	switch {
	case v.IsObject():
		members := map[string]gjson.Result{}
		var names []string
		v.ForEach(func(k, m gjson.Result) bool {
			name := k.String()
			if name == "updated_at" || slices.Contains(volatile, strings.TrimPrefix(path+"."+name, ".")) {
				return true
			}
			if _, again := members[name]; !again {
				names = append(names, name)
			}
			members[name] = m
			return true
		})
		slices.Sort(names)
		_, _ = io.WriteString(h, "{") // a hash never fails
		for _, n := range names {
			_, _ = io.WriteString(h, n+"\x00")
			hashValue(h, members[n], path+"."+n, volatile)
		}
		_, _ = io.WriteString(h, "}")
	case v.IsArray():
		_, _ = io.WriteString(h, "[")
		for _, e := range v.Array() {
			hashValue(h, e, path, volatile)
		}
		_, _ = io.WriteString(h, "]")
	default:
		_, _ = io.WriteString(h, v.Raw+"\x00")
	}
}

// jsonObject is an object of names and values in turn. Texts, numbers and raw JSON cannot fail to marshal.
func jsonObject(pairs ...any) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i := 0; i+1 < len(pairs); i += 2 {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(pairs[i])
		value, _ := json.Marshal(pairs[i+1])
		b.Write(name)
		b.WriteByte(':')
		b.Write(value)
	}
	b.WriteByte('}')
	return b.Bytes()
}

// skuPath is a path under /rest/all/V1 with a SKU in it, and its route for logs.
func skuPath(before, sku string, after ...string) (path, route string) {
	segments := append([]string{"all", "V1", before, sku}, after...)
	shown := "/all/V1/" + before + "/{sku}"
	if len(after) > 0 {
		shown += "/" + strings.Join(after, "/")
	}
	return rest.Path(segments...), shown
}
