package ccv

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Compare says what Update would change. Products are compared label by label; of other documents the members that want holds.
func (c *Client) Compare(ctx context.Context, resource string, have port.Document, want []byte) (port.Comparison, error) {
	if err := c.known(resource); err != nil {
		return port.Comparison{}, err
	}
	if !isObject(want) {
		return port.Comparison{}, c.refuse("compare "+resource, "", "the document is no JSON object")
	}
	if resource == productResource {
		return c.compareProduct(ctx, have, want)
	}
	var changes []port.Change
	h := gjson.ParseBytes(have.Body)
	gjson.ParseBytes(want).ForEach(func(k, w gjson.Result) bool {
		switch k.String() {
		case "password": // is never told
		case "user_id":
			changes = differences(changes, "user_id", h.Get("user.id"), w)
		case "orderrows":
			changes = rowDifferences(changes, h.Get("orderrows.collection"), w)
		default:
			changes = differences(changes, k.String(), h.Get(k.String()), w)
		}
		return true
	})
	return port.Comparison{Changes: changes, Body: want}, nil
}

// rowDifferences compares rows in their order by what they say of articles, counts and prices.
func rowDifferences(changes []port.Change, have, want gjson.Result) []port.Change {
	h, w := have.Array(), want.Array()
	same := len(h) == len(w)
	for i := 0; same && i < len(w); i++ {
		sku := w[i].Get("sku").String()
		same = (sku == "" || rowSKU(h[i]) == sku) && equal(h[i].Get("count"), w[i].Get("count"))
	}
	if same {
		return changes
	}
	return append(changes, port.Change{Path: "orderrows", From: rawJSON(have), To: rawJSON(want)})
}

// differences compares the members that want holds; those of an object one by one.
func differences(changes []port.Change, path string, have, want gjson.Result) []port.Change {
	if want.IsObject() && have.IsObject() {
		want.ForEach(func(k, w gjson.Result) bool {
			changes = differences(changes, path+"."+k.String(), have.Get(gjson.Escape(k.String())), w)
			return true
		})
		return changes
	}
	if equal(have, want) {
		return changes
	}
	return append(changes, port.Change{Path: path, From: rawJSON(have), To: rawJSON(want)})
}

// equal compares numbers by value, and takes null, "" and nothing for one: the shop turns one into the other.
func equal(a, b gjson.Result) bool {
	switch {
	case blank(a) || blank(b):
		return blank(a) && blank(b)
	case a.Type == gjson.Number && b.Type == gjson.Number:
		return ratOf(a.Raw).Cmp(ratOf(b.Raw)) == 0
	case a.IsObject() || a.IsArray() || b.IsObject() || b.IsArray():
		return a.Raw == b.Raw
	}
	return a.String() == b.String()
}

func blank(v gjson.Result) bool {
	return v.Type == gjson.Null || v.Type == gjson.String && strings.TrimSpace(v.Str) == ""
}

func rawJSON(v gjson.Result) json.RawMessage {
	if !v.Exists() {
		return nil
	}
	return json.RawMessage(v.Raw)
}

// jsonOf is a value as JSON. Texts, numbers and lists of them cannot fail to marshal.
func jsonOf(v any) json.RawMessage {
	text, _ := json.Marshal(v)
	return text
}
