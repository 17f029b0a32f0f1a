package ccv

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// The resources, by the names that mappings have for them.
const (
	orderResource    = "order"
	customerResource = "customer"
	productResource  = "product"
	stockResource    = "stock"
)

// probes are the keys by which each resource can be asked.
var probes = map[string][]string{
	orderResource:    {port.KeyID, port.KeyNumber, port.KeyReference},
	customerResource: {port.KeyID, port.KeyEmail},
	productResource:  {port.KeyID, port.KeySKU},
	stockResource:    {port.KeyID, port.KeySKU},
}

func (c *Client) known(resource string) error {
	if _, ok := probes[resource]; ok {
		return nil
	}
	return &port.Error{Kind: port.ErrNotFound, System: c.dialect.name, Op: "resource " + resource, Message: "the connection has no such resource"}
}

func (c *Client) refuse(op, field, message string) error {
	return &port.Error{Kind: port.ErrValidation, System: c.dialect.name, Op: op, Field: field, Message: message}
}

// document makes a document of a body. Volatile members change without the document changing: they do not count for its version.
func document(resource, id, key string, at time.Time, body []byte, volatile ...string) port.Document {
	content := body
	for _, p := range volatile {
		if less, err := sjson.DeleteBytes(content, p); err == nil {
			content = less
		}
	}
	sum := sha256.Sum256(content)
	return port.Document{Resource: resource, ID: id, Key: key, Version: hex.EncodeToString(sum[:16]), ChangedAt: at, Body: bytes.Clone(body)}
}

// stamp reads a date of the vendor: UTC, in seconds. What is none is zero.
func stamp(text string) time.Time {
	t, err := time.Parse(time.RFC3339, text)
	if err != nil {
		return time.Time{}
	}
	return t.UTC()
}

// members makes a JSON object of names and values in turn. Texts, numbers and raw JSON cannot fail to marshal.
func members(pairs ...any) []byte {
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

// setRaw writes a member that is JSON already. It fails for no path that this package has.
func setRaw(body []byte, path string, raw []byte) ([]byte, error) {
	return sjson.SetRawBytes(body, path, raw)
}

// rawList is the JSON list of rows.
// isObject tells whether text is one JSON object.
func isObject(body []byte) bool { return gjson.ValidBytes(body) && gjson.ParseBytes(body).IsObject() }
