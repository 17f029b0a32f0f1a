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

func secretName(name string) bool {
	plain := strings.Map(func(r rune) rune {
		switch r {
		case '-', '_', '.', ' ', '[', ']':
			return -1
		}
		return r
	}, strings.ToLower(name))
	if secretNames[plain] {
		return true
	}
	for _, end := range []string{"token", "secret", "password", "signature"} {
		if strings.HasSuffix(plain, end) {
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
	return []byte(m.text(string(out)))
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
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var out bytes.Buffer
	copied := 0
	type level struct{ object, key bool } // key: a name comes next
	var open []level
	hide := false // the value that comes next is a secret
	hidden := -1  // the depth at which a hidden object or array closes
	for {
		token, err := d.Token()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, false
		}
		end := int(d.InputOffset())
		delim, isDelim := token.(json.Delim)
		if !isDelim && len(open) > 0 && open[len(open)-1].object && open[len(open)-1].key {
			open[len(open)-1].key = false
			if name, _ := token.(string); hidden < 0 && secretName(name) {
				hide = true
				out.Write(body[copied:end])
				copied = end
			}
			continue
		}
		if isDelim && (delim == '{' || delim == '[') {
			if hide {
				hide, hidden = false, len(open)
			}
			open = append(open, level{object: delim == '{', key: delim == '{'})
			continue
		}
		if isDelim {
			open = open[:len(open)-1]
		}
		if hide || (isDelim && len(open) == hidden) {
			out.WriteString(`:"` + masked + `"`)
			copied = end
			hide, hidden = false, -1
		}
		if len(open) > 0 && open[len(open)-1].object {
			open[len(open)-1].key = true
		}
	}
	if len(open) > 0 {
		return nil, false
	}
	out.Write(body[copied:])
	return out.Bytes(), true
}
