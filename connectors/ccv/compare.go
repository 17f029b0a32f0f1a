package ccv

import (
	"context"
	"encoding/json"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Compare says what Update would change of a product. Other documents hold no labels: they can be compared member by member, which is not
// done here.
func (c *Client) Compare(ctx context.Context, resource string, have port.Document, want []byte) (port.Comparison, error) {
	if err := c.known(resource); err != nil {
		return port.Comparison{}, err
	}
	if resource != productResource {
		return port.Comparison{}, &port.Error{Kind: port.ErrNoProbe, System: c.dialect.name, Op: "compare " + resource}
	}
	if !isObject(want) {
		return port.Comparison{}, c.refuse("compare "+resource, "", "the document is no JSON object")
	}
	return c.compareProduct(ctx, have, want)
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
