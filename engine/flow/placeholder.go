package flow

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/url"
)

// A placeholder stands in a body for the id of a document that the plan will
// make: "${customer}", "${product:NK-1}". Only a whole string value counts.

// customerPlaceholder returns the customer's placeholder. texts are the documents that went into the plan; a
// placeholder that one of them happens to hold is never used, so that a
// customer's note "${customer}" stays what it is.
func customerPlaceholder(texts ...[]byte) string { return placeholder("customer", texts) }

func productPlaceholder(sku string, texts ...[]byte) string {
	return placeholder("product:"+url.QueryEscape(sku), texts)
}

// missingPlaceholder stands for an article that a table names and the target does not have. A body
// that uses it fails; one that does not, does not care.
func missingPlaceholder(sku string, texts ...[]byte) string {
	return placeholder("missing:"+url.QueryEscape(sku), texts)
}

func placeholder(name string, texts [][]byte) string {
	for n := 0; ; n++ {
		p := "${" + name + "}"
		if n > 0 {
			p = fmt.Sprintf("${%s~%d}", name, n)
		}
		if !containsAny(texts, p) {
			return p
		}
	}
}

func containsAny(texts [][]byte, s string) bool {
	for _, t := range texts {
		if bytes.Contains(t, []byte(s)) {
			return true
		}
	}
	return false
}

// fill replaces string values of the JSON text body that are a key of ids. Object keys and parts of strings
// stay. It also returns which keys it found, in order of their first use.
func fill(body []byte, ids map[string]string) (out []byte, used []string) {
	out = make([]byte, 0, len(body))
	seen := map[string]bool{}
	for i := 0; i < len(body); {
		if body[i] != '"' {
			out = append(out, body[i])
			i++
			continue
		}
		end := stringEnd(body, i)
		token := body[i:end]
		if len(token) > 2 {
			name := string(token[1 : len(token)-1])
			if id, ok := ids[name]; ok && !isKey(body, end) {
				if !seen[name] {
					seen[name] = true
					used = append(used, name)
				}
				quoted, _ := json.Marshal(id) // a string always marshals
				out = append(out, quoted...)
				i = end
				continue
			}
		}
		out = append(out, token...)
		i = end
	}
	return out, used
}

// stringEnd returns the index after the string that begins at i.
func stringEnd(b []byte, i int) int {
	for j := i + 1; j < len(b); j++ {
		switch b[j] {
		case '\\':
			j++
		case '"':
			return j + 1
		}
	}
	return len(b)
}

// isKey tells whether a colon follows at i.
func isKey(b []byte, i int) bool {
	for ; i < len(b); i++ {
		switch b[i] {
		case ' ', '\t', '\n', '\r':
		default:
			return b[i] == ':'
		}
	}
	return false
}
