package rest

import (
	"math"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"
)

// waitMax bounds what is believed: a wait of years is a bug of the other side.
const waitMax = 24 * time.Hour

// RetryAfter returns how long an answer asks to wait: its Retry-After header in seconds or as a
// date, else the words of its body ("Try again in 41 seconds.", "Auth throttled for 10
// seconds."). A date is measured against the answer's own Date, so that clocks may
// differ. ok is false where nothing is told.
func RetryAfter(header http.Header, body []byte, now time.Time) (wait time.Duration, ok bool) {
	if text := strings.TrimSpace(header.Get("Retry-After")); text != "" {
		if seconds, err := strconv.ParseFloat(text, 64); err == nil && seconds >= 0 {
			return capped(seconds, time.Second), true
		}
		if at, err := http.ParseTime(text); err == nil {
			if date, err := http.ParseTime(header.Get("Date")); err == nil {
				now = date
			}
			return min(max(at.Sub(now), 0), waitMax), true
		}
	}
	return waitInWords(body)
}

// inWords finds "in 41 seconds" but neither "600 per Minute" nor "10 failures".
var inWords = regexp.MustCompile(`(?i)\b(?:in|for|after|within|wait)\s+(?:about\s+|another\s+)?(\d{1,9}(?:\.\d{1,9})?)\s*(milliseconds?|ms|seconds?|secs?|s|minutes?|mins?|m|hours?|h)\b`)

func waitInWords(body []byte) (time.Duration, bool) {
	const enough = 16 << 10
	m := inWords.FindSubmatch(body[:min(len(body), enough)])
	if m == nil {
		return 0, false
	}
	n, err := strconv.ParseFloat(string(m[1]), 64)
	if err != nil {
		return 0, false
	}
	unit := time.Second
	switch name := strings.ToLower(string(m[2])); {
	case strings.HasPrefix(name, "mil"), name == "ms":
		unit = time.Millisecond
	case strings.HasPrefix(name, "m"):
		unit = time.Minute
	case strings.HasPrefix(name, "h"):
		unit = time.Hour
	}
	return capped(n, unit), true
}

func capped(n float64, unit time.Duration) time.Duration {
	return time.Duration(math.Min(n*float64(unit), float64(waitMax)))
}
