package function

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/crosswalk-go/crosswalk/engine/internal/jsontext"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// maxJSONDepth bounds how deep the text of fromJSON may be nested.
const maxJSONDepth = 100

var textParam = []Param{{Name: "text", Kinds: value.Strings}}

var encodingFuncs = []*Func{
	{
		Name: "uuid5", Group: "encoding",
		Summary: "The UUID of version 5 (RFC 9562) of a name within a namespace: dns, url, oid, x500 or a UUID. The same two always give the same UUID.",
		Params:  []Param{{Name: "namespace", Kinds: value.Strings}, {Name: "name", Kinds: value.Strings}},
		Result:  shape.Of(value.Strings),
		Examples: []Example{
			{`uuid5("dns", "www.example.com")`, `"2ed6657d-e927-568b-95e1-2665a8aea6a2"`}, {`uuid5("shop", "1")`, "error: uuid5: namespace must be dns, url, oid, x500 or a UUID"},
		},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			id, ok := uuid5(args[0].Str(), args[1].Str())
			if !ok {
				return value.Value{}, failure(0, "must be dns, url, oid, x500 or a UUID")
			}
			return value.Text(id), nil
		},
	},
	hashFunc("sha256", "SHA-256", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad", func(b []byte) []byte {
		sum := sha256.Sum256(b)
		return sum[:]
	}),
	hashFunc("sha1", "SHA-1", "a9993e364706816aba3e25717850c26c9cd0d89d", func(b []byte) []byte {
		sum := sha1.Sum(b)
		return sum[:]
	}),
	hashFunc("md5", "MD5", "900150983cd24fb0d6963f7d28e17f72", func(b []byte) []byte {
		sum := md5.Sum(b)
		return sum[:]
	}),
	{
		Name: "hmacSha256", Group: "encoding",
		Summary:  "The HMAC with SHA-256 of the text's UTF-8 bytes under a key, in hexadecimal digits.",
		Params:   []Param{{Name: "text", Kinds: value.Strings}, {Name: "key", Kinds: value.Strings}},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`hmacSha256("what do ya want for nothing?", "Jefe")`, `"5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843"`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			if err := c.Budget.Bytes(int64(len(args[0].Str()))); err != nil {
				return value.Value{}, err
			}
			mac := hmac.New(sha256.New, []byte(args[1].Str()))
			mac.Write([]byte(args[0].Str()))
			return value.Text(hex.EncodeToString(mac.Sum(nil))), nil
		},
	},
	{
		Name: "base64", Group: "encoding",
		Summary:  "The text's UTF-8 bytes in Base64 with padding.",
		Params:   textParam,
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`base64("é?>")`, `"w6k/Pg=="`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			return c.text(len(s)*2+4, func() string { return base64.StdEncoding.EncodeToString([]byte(s)) })
		},
	},
	{
		Name: "fromBase64", Group: "encoding",
		Summary:  "The text whose UTF-8 bytes are in Base64, with or without padding, also in the alphabet for URLs.",
		Params:   textParam,
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`fromBase64("w6k_Pg")`, `"é?>"`}, {`fromBase64("/w==")`, "error: fromBase64: text holds bytes that are no UTF-8 text"}, {`fromBase64("!")`, "error: fromBase64: text is no Base64"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			if err := c.Budget.Bytes(int64(2 * len(s))); err != nil {
				return value.Value{}, err
			}
			s = strings.TrimRight(strings.NewReplacer("-", "+", "_", "/", "\n", "", "\r", "").Replace(s), "=")
			b, err := base64.RawStdEncoding.DecodeString(s)
			if err != nil {
				return value.Value{}, failure(0, "is no Base64")
			}
			return utf8Text(string(b))
		},
	},
	{
		Name: "urlEncode", Group: "encoding",
		Summary:  "The text as a part of a URL: every byte but letters, digits and - . _ ~ as %XX.",
		Params:   textParam,
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`urlEncode("a b&c=é")`, `"a%20b%26c%3D%C3%A9"`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			return c.text(3*len(s), func() string { return strings.ReplaceAll(url.QueryEscape(s), "+", "%20") })
		},
	},
	{
		Name: "urlDecode", Group: "encoding",
		Summary:  "The text with %XX replaced by the characters. A plus sign stays.",
		Params:   textParam,
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`urlDecode("a%20b%26c+d")`, `"a b&c+d"`}, {`urlDecode("100%")`, "error: urlDecode: text has a % without two hexadecimal digits behind it"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			if err := c.Budget.Bytes(int64(len(s))); err != nil {
				return value.Value{}, err
			}
			out, err := url.PathUnescape(s)
			if err != nil {
				return value.Value{}, failure(0, "has a %% without two hexadecimal digits behind it")
			}
			return utf8Text(out)
		},
	},
	{
		Name: "toJSON", Group: "encoding",
		Summary:  "The value as JSON text without white space. A missing member is left out, a missing element is null.",
		Params:   anyParam,
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`toJSON({a: [1.50, nil]})`, `"{\"a\":[1.50,null]}"`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			if err := c.chargeJSON(args[0]); err != nil {
				return value.Value{}, err
			}
			return value.Text(string(args[0].AppendJSON(nil))), nil
		},
	},
	{
		Name: "fromJSON", Group: "encoding",
		Summary:  "The value that JSON text stands for; numbers keep their digits.",
		Params:   textParam,
		Result:   shape.Any,
		Examples: []Example{{`fromJSON("{\"price\": 19.10}").price`, "19.10"}, {`fromJSON("{")`, "error: fromJSON: text is no JSON: at byte 1: expected a member name in quotes, found end of text"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			s := args[0].Str()
			if err := c.Budget.Bytes(int64(len(s))); err != nil {
				return value.Value{}, err
			}
			start, end, err := jsontext.Validate(s, maxJSONDepth)
			if err != nil {
				return value.Value{}, failure(0, "is no JSON: %s", err)
			}
			return value.Raw(s[start:end]), nil
		},
	},
}

// hashFunc declares a hash; of is that of "abc".
func hashFunc(name, title, of string, sum func([]byte) []byte) *Func {
	return &Func{
		Name: name, Group: "encoding",
		Summary:  fmt.Sprintf("The %s hash of the text's UTF-8 bytes, in hexadecimal digits.", title),
		Params:   textParam,
		Result:   shape.Of(value.Strings),
		Examples: []Example{{name + `("abc")`, `"` + of + `"`}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			if err := c.Budget.Bytes(int64(len(args[0].Str()))); err != nil {
				return value.Value{}, err
			}
			return value.Text(hex.EncodeToString(sum([]byte(args[0].Str())))), nil
		},
	}
}

// namespaces are the UUIDs of RFC 9562, section 6.6.
var namespaces = map[string]string{
	"dns": "6ba7b810-9dad-11d1-80b4-00c04fd430c8", "url": "6ba7b811-9dad-11d1-80b4-00c04fd430c8",
	"oid": "6ba7b812-9dad-11d1-80b4-00c04fd430c8", "x500": "6ba7b814-9dad-11d1-80b4-00c04fd430c8",
}

func uuid5(namespace, name string) (string, bool) {
	if known, ok := namespaces[namespace]; ok {
		namespace = known
	}
	space, err := hex.DecodeString(strings.ReplaceAll(namespace, "-", ""))
	if err != nil || len(space) != 16 {
		return "", false
	}
	h := sha1.New()
	h.Write(space)
	h.Write([]byte(name))
	id := h.Sum(nil)[:16]
	id[6] = id[6]&0x0f | 0x50
	id[8] = id[8]&0x3f | 0x80
	return fmt.Sprintf("%x-%x-%x-%x-%x", id[:4], id[4:6], id[6:8], id[8:10], id[10:]), true
}

func utf8Text(s string) (value.Value, error) {
	if !utf8.ValidString(s) {
		return value.Value{}, failure(0, "holds bytes that are no UTF-8 text")
	}
	return value.Text(s), nil
}

// chargeJSON charges for v's JSON text. It walks v first, because a list that holds another one twice, and
// so on, can be far larger as text than it is in memory.
func (c *Call) chargeJSON(v value.Value) error {
	switch v.Kind() {
	case value.List:
		for _, item := range v.Items() {
			if err := c.chargeJSON(item); err != nil {
				return err
			}
		}
	case value.Object:
		for _, f := range v.Fields() {
			if err := c.Budget.Bytes(int64(2*len(f.Key) + 4)); err != nil {
				return err
			}
			if err := c.chargeJSON(f.Value); err != nil {
				return err
			}
		}
	case value.String:
		return c.Budget.Bytes(int64(2*len(v.Str()) + 3))
	case value.Number:
		return c.Budget.Bytes(int64(len(v.NumberText()) + 1))
	}
	return c.Budget.Bytes(6)
}
