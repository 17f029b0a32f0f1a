package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"
)

// generated answers with a document of the same shape in which every value that could tell of a person is another one: it can
// be given away with a mapping. What the mapping itself names (types, statuses, codes) stays, so that its rules take the same ways.
func (a *API) generated(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		Mapping  mappingText `json:"mapping"`
		Document string      `json:"document"`
	}
	if err := read(r, &body); err != nil {
		return err
	}
	if err := body.Mapping.check(r.Context()); err != nil {
		return err
	}
	if !gjson.Valid(body.Document) {
		return problem{Status: 422, Title: "The document is no JSON.", Code: "document"}
	}
	words := wordsOf(body.Mapping.Text)
	if c := a.compile(body.Mapping); c.mapping != nil {
		for _, rule := range c.mapping.Rules() { // inherited ones too
			for word := range wordsOf(rule.Text) {
				words[word] = true
			}
		}
	}
	g := generator{words: words, key: make([]byte, 32)}
	_, _ = rand.Read(g.key) // never fails
	var b strings.Builder
	g.value(&b, gjson.Parse(body.Document))
	return write(w, map[string]string{"document": indented([]byte(b.String()))})
}

// generator makes one document out of another. Equal texts become equal texts.
type generator struct {
	words map[string]bool
	key   []byte // of this document alone: nobody can try names against what came out
}

func (g generator) value(b *strings.Builder, v gjson.Result) {
	switch {
	case v.IsObject() || v.IsArray():
		open, end := byte('['), byte(']')
		if v.IsObject() {
			open, end = '{', '}'
		}
		b.WriteByte(open)
		first := true
		v.ForEach(func(key, item gjson.Result) bool {
			if !first {
				b.WriteByte(',')
			}
			first = false
			if v.IsObject() {
				b.WriteString(key.Raw + ":")
			}
			g.value(b, item)
			return true
		})
		b.WriteByte(end)
	case v.Type == gjson.String:
		b.WriteString(quoted(g.text(v.Str)))
	case v.Type == gjson.Number:
		b.WriteString(g.number(v.Raw))
	default:
		b.WriteString(v.Raw)
	}
}

func quoted(s string) string {
	text, _ := json.Marshal(s) // a string always encodes
	return string(text)
}

var (
	instant = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?`)
	// code is a text of a closed list: a country, a currency, a language, a technical name.
	codeText = regexp.MustCompile(`^([A-Z]{2,3}|[a-z]{2}[-_][A-Z]{2}|[a-z]+(_[a-z]+)+)$`)
)

func (g generator) text(s string) string {
	switch {
	case s == "" || g.words[s] || codeText.MatchString(s):
		return s
	case instant.MatchString(s):
		return "2026-01-15" + s[10:]
	case strings.Contains(s, "@"):
		return fmt.Sprintf("person-%d@example.com", g.seed(s)[0])
	case strings.HasPrefix(s, "http://"), strings.HasPrefix(s, "https://"):
		return fmt.Sprintf("https://example.com/%d", g.seed(s)[0])
	}
	seed := g.seed(s)
	i := 0
	return strings.Map(func(r rune) rune {
		i++
		n := rune(seed[i%len(seed)])
		switch {
		case r >= '0' && r <= '9':
			return '0' + n%10
		case unicode.IsUpper(r):
			return 'A' + n%26
		case unicode.IsLetter(r):
			return 'a' + n%26
		}
		return r
	}, s)
}

// number is another number with as many digits before and behind the point; 0, 1 and rates stay what they are.
func (g generator) number(raw string) string {
	if slices.Contains([]string{"0", "1", "0.0", "0.00", "9", "21", "19", "7", "6", "25", "100"}, raw) || strings.ContainsAny(raw, "eE") {
		return raw
	}
	seed := g.seed(raw)
	var b strings.Builder
	for i := range len(raw) {
		c := raw[i]
		n := seed[i%len(seed)]
		switch {
		case c < '0' || c > '9' || c == '0':
			b.WriteByte(c)
		default:
			b.WriteByte('1' + n%9)
		}
	}
	return b.String()
}

func (g generator) seed(s string) []byte {
	mac := hmac.New(sha256.New, g.key)
	mac.Write([]byte(s))
	return mac.Sum(nil)
}

var literal = regexp.MustCompile(`"([^"\\]*)"|'([^'\\]*)'|([\p{L}\p{N}_-]+)`)

// wordsOf are the texts that a mapping names: its literals and its keys.
func wordsOf(text string) map[string]bool {
	words := map[string]bool{}
	for _, m := range literal.FindAllStringSubmatch(text, -1) {
		for _, word := range m[1:] {
			if word != "" {
				words[word] = true
			}
		}
	}
	return words
}
