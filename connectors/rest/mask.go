package rest

import (
	"bytes"
	"encoding/json"
	"io"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"
)

const masked = "[masked]"

// secretMin is how long a secret is at least: to mask a shorter one would blank out words that are none.
const secretMin = 8

// secretNames are the names of headers, members and parameters whose values are secrets,
// in lower case without separators. A name that ends in token, secret or password is one too.
var secretNames = map[string]bool{
	"authorization": true, "proxyauthorization": true, "cookie": true, "setcookie": true,
	"apikey": true, "xapikey": true, "swaccesskey": true, "secretaccesskey": true, "xhash": true,
	"passwd": true, "pwd": true, "passphrase": true, "assertion": true, "signature": true, "hmac": true,
	"oauthverifier": true, "codeverifier": true,
}

// secretEnds are what the names of further secrets end in.
var secretEnds = []string{"token", "secret", "password", "signature"}

// longestName is how long a name may be that is looked at without a copy.
const longestName = 64

// secretName is asked for every member of every body, so it makes no copy of an ordinary name.
func secretName(name string) bool {
	var room [longestName]byte
	plain := room[:0]
	for i := range len(name) {
		switch c := name[i]; {
		case c >= utf8.RuneSelf || len(plain) == longestName:
			return secretPlain([]byte(strings.Map(plainRune, strings.ToLower(name))))
		case c >= 'A' && c <= 'Z':
			plain = append(plain, c+'a'-'A')
		case plainRune(rune(c)) >= 0:
			plain = append(plain, c)
		}
	}
	return secretPlain(plain)
}

func plainRune(r rune) rune {
	switch r {
	case '-', '_', '.', ' ', '[', ']':
		return -1
	}
	return r
}

func secretPlain(name []byte) bool {
	if secretNames[string(name)] {
		return true
	}
	for _, end := range secretEnds {
		if len(name) >= len(end) && string(name[len(name)-len(end):]) == end {
			return true
		}
	}
	return false
}

// masker removes secrets by name, and the credentials of the request wherever they are repeated.
type masker struct {
	literal []string
}

// credentials returns what the request proves itself with.
func credentials(h http.Header) []string {
	var found []string
	for name, values := range h {
		if !secretName(name) {
			continue
		}
		for _, v := range values {
			if _, rest, ok := strings.Cut(v, " "); ok && http.CanonicalHeaderKey(name) == "Authorization" {
				v = rest
			}
			if len(v) >= secretMin {
				found = append(found, v)
			}
		}
	}
	return found
}

func (m masker) text(s string) string {
	for _, l := range m.literal {
		s = strings.ReplaceAll(s, l, masked)
	}
	return s
}

// words masks a vendor's message: the credentials themselves and what is named as one.
func (m masker) words(s string) string {
	return secretInText.ReplaceAllString(m.text(s), "${1}"+masked)
}

func (m masker) header(h http.Header) http.Header {
	out := make(http.Header, len(h))
	for name, values := range h {
		if secretName(name) {
			out[name] = []string{masked}
			continue
		}
		for _, v := range values {
			out[name] = append(out[name], m.text(v))
		}
	}
	if at, err := url.Parse(out.Get("Location")); err == nil && at.RawQuery != "" {
		out.Set("Location", m.url(at))
	}
	return out
}

func (m masker) url(u *url.URL) string {
	own := *u
	own.RawQuery = m.form(u.RawQuery)
	return m.text(own.String())
}

// form masks a query or a form body pair by pair and keeps all else as it was sent.
func (m masker) form(text string) string {
	pairs := strings.Split(text, "&")
	for i, p := range pairs {
		name, _, _ := strings.Cut(p, "=")
		plain, err := url.QueryUnescape(name)
		if err != nil {
			plain = name
		}
		// An authorisation code buys a token.
		if secretName(plain) || plain == "code" {
			pairs[i] = name + "=" + masked
		}
	}
	return strings.Join(pairs, "&")
}

func (m masker) body(contentType string, body []byte) []byte {
	if len(body) == 0 {
		return nil
	}
	kind, _, _ := mime.ParseMediaType(contentType)
	if kind == "application/x-www-form-urlencoded" {
		return []byte(m.text(m.form(string(body))))
	}
	out, ok := maskJSON(body)
	if !ok {
		out = secretInText.ReplaceAll(body, []byte("${1}"+masked))
	}
	for _, l := range m.literal {
		if bytes.Contains(out, []byte(l)) {
			out = bytes.ReplaceAll(out, []byte(l), []byte(masked))
		}
	}
	return bytes.Clone(out) // the caller's body is the connector's
}

// secretInText finds what looks like a named secret in a body that is neither form nor JSON,
// or is JSON cut off half-way.
var secretInText = regexp.MustCompile(`(?i)([\w-]*(?:token|secret|password|authorization|apikey|signature)["']?\s*[:=]\s*["']?(?:bearer\s+|basic\s+)?)[^"'&,;<>\s}]+`)

// maskJSON replaces the values of secret members and keeps every other byte. A body that
// is one bare string is a secret itself: Magento answers a log-in so.
func maskJSON(body []byte) ([]byte, bool) {
	if bare := bytes.TrimSpace(body); len(bare) > 0 && bare[0] == '"' {
		return []byte(`"` + masked + `"`), json.Valid(bare)
	}
	if json.Valid(body) {
		return maskMembers(body), true
	}
	var out []byte
	d := json.NewDecoder(bytes.NewReader(body)) // one value after the other
	for done := 0; ; done = int(d.InputOffset()) {
		var value json.RawMessage
		switch err := d.Decode(&value); err {
		case nil:
			out = append(out, maskMembers(body[done:d.InputOffset()])...)
		case io.EOF:
			return append(out, body[done:]...), true
		default:
			return nil, false
		}
	}
}

// maskMembers does so in valid JSON. It returns body itself where that holds no secret.
func maskMembers(body []byte) []byte {
	var out []byte
	copied := 0
	for i := 0; i < len(body); i++ {
		if body[i] != '"' {
			continue
		}
		end := stringEnd(body, i)
		value := skipSpace(body, end)
		if value < len(body) && body[value] == ':' && secretMember(body[i:end]) {
			out = append(append(out, body[copied:end]...), `:"`+masked+`"`...)
			end = valueEnd(body, skipSpace(body, value+1))
			copied = end
		}
		i = end - 1
	}
	if copied == 0 {
		return body
	}
	return append(out, body[copied:]...)
}

// secretMember tells whether a name, with its quotes, is a secret's.
func secretMember(quoted []byte) bool {
	name := quoted[1 : len(quoted)-1]
	if bytes.IndexByte(name, '\\') < 0 {
		return secretName(string(name))
	}
	var plain string
	return json.Unmarshal(quoted, &plain) == nil && secretName(plain)
}

// stringEnd returns where the string ends that begins at i.
func stringEnd(body []byte, i int) int {
	for i++; body[i] != '"'; i++ {
		if body[i] == '\\' {
			i++
		}
	}
	return i + 1
}

func skipSpace(body []byte, i int) int {
	for i < len(body) && (body[i] == ' ' || body[i] == '\t' || body[i] == '\n' || body[i] == '\r') {
		i++
	}
	return i
}

// valueEnd returns where the value of a member ends that begins at i.
func valueEnd(body []byte, i int) int {
	for depth := 0; ; i++ {
		switch body[i] {
		case '"':
			i = stringEnd(body, i) - 1
			if depth == 0 {
				return i + 1
			}
		case '{', '[':
			depth++
		case '}', ']':
			if depth == 0 {
				return i // a number or a word ended before it
			}
			if depth--; depth == 0 {
				return i + 1
			}
		case ',', ' ', '\t', '\n', '\r':
			if depth == 0 {
				return i
			}
		}
	}
}
