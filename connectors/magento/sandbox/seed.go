package sandbox

import (
	_ "embed"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"
)

// seedText is the shop as the calls that fill it: a line "POST path {body}" each, or a time.
//
//go:embed seed.txt
var seedText string

// seed fills the shop through its own API. With demo it has customers and orders too; these begin at "== demo".
func (s *Sandbox) seed(demo bool) error {
	clock, bearer, rights := s.clock, s.bearer, s.rights
	defer func() { s.clock, s.bearer, s.rights = clock, bearer, rights }()
	s.bearer, s.rights = true, nil
	at := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	s.clock = func() time.Time { return at }
	mask := ""
	for n, text := range strings.Split(joinLines(seedText), "\n") {
		words := strings.SplitN(text, " ", 3)
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
			continue
		case text == "== demo":
			if !demo {
				return nil
			}
			continue
		case words[0] == "at":
			var err error
			if at, err = time.Parse(time.DateTime, words[1]+" "+words[2]); err != nil {
				return fmt.Errorf("seed line %d: %w", n+1, err)
			}
			continue
		}
		at = at.Add(time.Second)
		body := "{}"
		if len(words) > 2 {
			body = words[2]
		}
		r := httptest.NewRequest(words[0], "/rest/"+strings.ReplaceAll(words[1], "CART", mask), strings.NewReader(strings.ReplaceAll(body, "CART", mask)))
		r.Header.Set("Content-Type", "application/json")
		r.Header.Set("Authorization", "Bearer "+accessToken)
		w := httptest.NewRecorder()
		s.answer(w, r)
		if w.Code != http.StatusOK {
			return fmt.Errorf("seed line %d: %w: %s", n+1, errSeed, w.Body)
		}
		if strings.HasSuffix(words[1], "carts") {
			mask = strings.Trim(w.Body.String(), `"`)
		}
	}
	return nil
}

var errSeed = errors.New("the shop refuses its own seed")

// joinLines appends lines that begin with a space to the line before.
func joinLines(text string) string { return strings.ReplaceAll(text, "\n ", " ") }
