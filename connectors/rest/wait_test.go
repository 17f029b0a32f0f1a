package rest_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
)

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)
	date := func(d time.Duration) string { return now.Add(d).Format(http.TimeFormat) }
	tests := []struct {
		name   string
		header map[string]string
		body   string
		want   time.Duration
		ok     bool
	}{
		{name: "nothing told"},
		{name: "seconds", header: map[string]string{"Retry-After": "120"}, want: 2 * time.Minute, ok: true},
		{name: "none at all", header: map[string]string{"Retry-After": "0"}, ok: true},
		{name: "a part of a second", header: map[string]string{"Retry-After": " 1.5 "}, want: 1500 * time.Millisecond, ok: true},
		{name: "less than nothing", header: map[string]string{"Retry-After": "-5"}},
		{name: "a date", header: map[string]string{"Retry-After": date(90 * time.Second)}, want: 90 * time.Second, ok: true},
		{name: "a date gone by", header: map[string]string{"Retry-After": date(-time.Hour)}, ok: true},
		{name: "a date by a clock that is an hour slow", header: map[string]string{"Date": date(-time.Hour), "Retry-After": date(-time.Hour + 5*time.Second)}, want: 5 * time.Second, ok: true},
		{name: "years", header: map[string]string{"Retry-After": "99999999999999999999"}, want: 24 * time.Hour, ok: true},
		{name: "NaN", header: map[string]string{"Retry-After": "NaN"}},
		{name: "rubbish in the header, words in the body", header: map[string]string{"Retry-After": "soon"}, body: "retry in 3 s", want: 3 * time.Second, ok: true},
		{name: "eAccounting", body: `{"ErrorCode":4010,"DeveloperErrorMessage":"API calls quota exceeded! maximum admitted 600 per Minute. Try again in 41 seconds."}`, want: 41 * time.Second, ok: true},
		{name: "Shopware", body: `{"errors":[{"detail":"Auth throttled for 10 seconds."}]}`, want: 10 * time.Second, ok: true},
		{name: "minutes", body: "Please wait 2 minutes.", want: 2 * time.Minute, ok: true},
		{name: "milliseconds", body: "Retry after 250ms", want: 250 * time.Millisecond, ok: true},
		{name: "hours", body: "blocked for about 1.5 hours", want: 90 * time.Minute, ok: true},
		{name: "centuries", body: "wait 999999999 hours", want: 24 * time.Hour, ok: true},
		{name: "a limit is no wait", body: "600 requests per 60 seconds exceeded after 10 failures"},
		{name: "a month is no minute", body: "back in 2 months"},
		{name: "a number that touches a word", body: "in 5 sheets"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			h := http.Header{}
			for k, v := range tt.header {
				h.Set(k, v)
			}
			got, ok := rest.RetryAfter(h, []byte(tt.body), now)
			if got != tt.want || ok != tt.ok {
				t.Errorf("got %v, %v; want %v, %v", got, ok, tt.want, tt.ok)
			}
		})
	}
}

func FuzzRetryAfter(f *testing.F) {
	f.Add("120", "")
	f.Add("Sun, 01 Mar 2026 12:00:00 GMT", "")
	f.Add("1e309", "in 999999999.999999999 hours")
	f.Fuzz(func(t *testing.T, header, body string) {
		h := http.Header{"Retry-After": {header}}
		wait, _ := rest.RetryAfter(h, []byte(body), time.Unix(0, 0))
		if wait < 0 || wait > 24*time.Hour {
			t.Errorf("a wait of %v", wait)
		}
	})
}
