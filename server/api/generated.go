package api

import (
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"io/fs"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine"
)

// givenAway are documents that tell of nobody: the one at hand, and what a mapping reads beside it.
type givenAway struct {
	Document string `json:"document"`
	Source   string `json:"source,omitempty"`
	Links    string `json:"links,omitempty"`
	Current  string `json:"current,omitempty"`
}

// generated answers with documents of the same shape in which every value that could tell of a person is another one: they can
// be given away with a mapping. What the mapping itself names (types, statuses, codes) stays, so that its rules take the same
// ways; so does what the mapping names that the document goes through first, and what settings and tables hold. One value becomes one other
// value in all of the documents, also where it is the name of a member: links still fit.
func (a *API) generated(w http.ResponseWriter, r *http.Request) error {
	var j struct {
		job
		Lines bool `json:"lines"` // the document is JSON Lines
	}
	if err := read(r, &j); err != nil {
		return err
	}
	if err := j.Mapping.check(r.Context()); err != nil {
		return err
	}
	words := wordsOf(j.Settings)
	maps.Copy(words, wordsOf(j.Tables))
	a.addWords(words, j.Mapping)
	if j.Before != "" {
		before, err := a.textOf(r.Context(), j.Before)
		if err != nil {
			return err
		}
		a.addWords(words, before)
	}
	documents := []string{j.Document}
	if j.Lines {
		documents = slices.Collect(strings.Lines(j.Document))
	}
	g := generator{words: words, seen: map[string]bool{}, key: make([]byte, 32)}
	_, _ = rand.Read(g.key) // never fails
	for i, text := range slices.Concat(documents, []string{j.Source, j.Links, j.Current}) {
		switch {
		case strings.TrimSpace(text) == "":
		case gjson.Valid(text):
			g.see(gjson.Parse(text))
		case j.Lines && i < len(documents):
			return problem{Status: 422, Title: fmt.Sprintf("Line %d is no JSON.", i+1), Code: "document"}
		default:
			return problem{Status: 422, Title: "The document is no JSON.", Code: "document"}
		}
	}
	answer := givenAway{Source: g.shown(j.Source), Links: g.shown(j.Links), Current: g.shown(j.Current)}
	if !j.Lines {
		answer.Document = g.shown(j.Document)
		return write(w, answer)
	}
	var b strings.Builder
	for _, line := range documents {
		if strings.TrimSpace(line) != "" {
			g.value(&b, gjson.Parse(line))
		}
		b.WriteByte('\n')
	}
	answer.Document = b.String()
	return write(w, answer)
}

// addWords adds the texts that a mapping and those that it extends name.
func (a *API) addWords(words map[string]bool, m mappingText) {
	maps.Copy(words, wordsOf(m.Text))
	for _, inherited := range engine.Analyze(m.Name, []byte(m.Text), engine.Files(a.files), engine.Library(a.Library)).Sources() {
		if inherited.Path == m.Name {
			continue // as it stands in the page
		}
		from := fs.FS(a.files)
		if inherited.Library {
			from = a.Library
		}
		if text, err := fs.ReadFile(from, inherited.Path); err == nil {
			maps.Copy(words, wordsOf(string(text)))
		}
	}
}

// generator makes one document out of another. Equal texts become equal texts.
type generator struct {
	words map[string]bool
	seen  map[string]bool // the texts of the documents
	key   []byte          // of these documents alone: nobody can try names against what came out
}

// see notes the texts of a document.
func (g generator) see(v gjson.Result) {
	switch {
	case v.IsObject() || v.IsArray():
		v.ForEach(func(_, item gjson.Result) bool {
			g.see(item)
			return true
		})
	case v.Type == gjson.String:
		g.seen[v.Str] = true
	case v.Type == gjson.Number:
		g.seen[v.Raw] = true
	}
}

// shown makes another document of one that is valid JSON, with line breaks.
func (g generator) shown(text string) string {
	if strings.TrimSpace(text) == "" {
		return ""
	}
	var b strings.Builder
	g.value(&b, gjson.Parse(text))
	return indented([]byte(b.String()))
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
				b.WriteString(g.name(key) + ":")
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

// noName is what the name of a member holds that is no name but a value: of a map of e-mail addresses or of ids.
var noName = regexp.MustCompile(`[@\s]|\d{4}`)

// name is the name of a member. One that is a value, here or elsewhere, is treated as such.
func (g generator) name(key gjson.Result) string {
	if g.seen[key.Str] || noName.MatchString(key.Str) {
		return quoted(g.text(key.Str))
	}
	return key.Raw
}

func quoted(s string) string {
	text, _ := json.Marshal(s) // a string always encodes
	return string(text)
}

var (
	instant = regexp.MustCompile(`^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?)?(Z|[+-]\d\d:?\d\d)?$`)
	numeral = regexp.MustCompile(`^-?\d+(\.\d+)?$`)
	// code is a text of a closed list: a country, a currency, a language.
	codeText = regexp.MustCompile(`^([A-Z]{2,3}|[a-z]{2}[-_][A-Z]{2})$`)
)

func (g generator) text(s string) string {
	switch {
	case s == "" || g.words[s] || codeText.MatchString(s):
		return s
	case numeral.MatchString(s):
		return g.number(s) // an id is a number in one place and a text in another
	case instant.MatchString(s):
		return g.instant(s)
	case strings.Contains(s, "@"):
		return fmt.Sprintf("person-%d@example.com", g.seed(s)[0])
	case strings.HasPrefix(s, "http://"), strings.HasPrefix(s, "https://"):
		return fmt.Sprintf("https://example.com/%d", g.seed(s)[0])
	}
	return g.another(s, func(seed []byte) string {
		i := 0
		return strings.Map(func(r rune) rune {
			i++
			n := rune(seed[i%len(seed)])
			switch {
			case unicode.IsNumber(r):
				return '0' + n%10
			case unicode.IsUpper(r):
				return 'A' + n%26
			case unicode.IsLetter(r), unicode.IsMark(r), r > unicode.MaxLatin1:
				return 'a' + n%26
			}
			return r
		}, s)
	})
}

// instant is an instant of one and the same day, with as much of a time and the zone that s has. Midnight stays: it is what a day is
// written as.
func (g generator) instant(s string) string {
	const day = len("2026-01-15")
	rest := s[day:]
	if end := strings.LastIndexAny(rest, "Z+-"); end >= 0 {
		return "2026-01-15" + g.clock(rest[:end], s) + rest[end:]
	}
	return "2026-01-15" + g.clock(rest, s)
}

// clock is another time of a day in the layout of t; whole is what hangs together with it.
func (g generator) clock(t, whole string) string {
	if strings.Trim(t, "T 0:.") == "" {
		return t
	}
	seed, b := g.seed(whole), []byte(t)
	for i, c := range b {
		n := seed[i%len(seed)] % 10
		switch {
		case c < '0' || c > '9':
		case i == 1: // T23:59:59: hours below 20, minutes and seconds below 60
			b[i] = '0' + n%2
		case i == 4 || i == 7:
			b[i] = '0' + n%6
		default:
			b[i] = '0' + n
		}
	}
	return string(b)
}

// number is another number with as many digits before and behind the point; 0, 1 and rates stay what they are.
func (g generator) number(raw string) string {
	if slices.Contains([]string{"0", "1", "0.0", "0.00", "9", "21", "19", "7", "6", "25", "100"}, raw) {
		return raw
	}
	digits := raw
	if e := strings.IndexAny(raw, "eE"); e >= 0 {
		digits = raw[:e] // the exponent stays: it says how large the number is
	}
	return g.another(raw, func(seed []byte) string {
		b := []byte(raw)
		for i := range len(digits) {
			if c := b[i]; c > '0' && c <= '9' {
				b[i] = '1' + seed[i%len(seed)]%9
			}
		}
		return string(b)
	})
}

// another makes another text of s by its seed. A text with little in it to change, as 10001, would now and then become itself.
func (g generator) another(s string, by func(seed []byte) string) string {
	seed := g.seed(s)
	out := by(seed)
	for range 20 { // one without letters and digits stays
		if out != s {
			break
		}
		seed = g.seed(string(seed))
		out = by(seed)
	}
	return out
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
