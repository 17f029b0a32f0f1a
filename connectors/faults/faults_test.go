package faults_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/faults"
)

// counter answers how many requests it has done.
type counter struct {
	faults.Injector
	done atomic.Int64
}

func (c *counter) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c.Serve(w, r, func(w http.ResponseWriter, _ *http.Request) {
		fmt.Fprint(w, c.done.Add(1))
	})
}

// call says status and body, or "cut".
func call(t *testing.T, url, method, path string) string {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, url+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	res, err := (&http.Client{Transport: &http.Transport{DisableKeepAlives: true}}).Do(req)
	if err != nil {
		return "cut"
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		return "cut"
	}
	if res.StatusCode != http.StatusOK {
		return fmt.Sprint(res.StatusCode)
	}
	return string(body)
}

func serve(t *testing.T, c *counter) string {
	t.Helper()
	srv := httptest.NewServer(c)
	t.Cleanup(srv.Close)
	srv.Config.ErrorLog = nil
	return srv.URL
}

func TestFaults(t *testing.T) {
	c := &counter{}
	c.Exempt = func(r *http.Request) bool { return r.URL.Path == "/token" }
	url := serve(t, c)
	steps := []struct {
		name         string
		fault        *faults.Fault
		method, path string
		want         string
		done         int64
	}{
		{"none", nil, "GET", "/a", "1", 1},
		{"cut before", &faults.Fault{Serve: faults.Cut}, "POST", "/a", "cut", 1},
		{"once", nil, "POST", "/a", "2", 2},
		{"cut after", &faults.Fault{Serve: faults.Cut, After: true}, "POST", "/a", "cut", 3},
		{"a maintenance page", &faults.Fault{Serve: faults.Maintenance, Skip: 1, Times: 2}, "POST", "/a", "4", 4},
		{"the second", nil, "POST", "/a", "503", 4},
		{"the third", nil, "POST", "/a", "503", 4},
		{"the fourth", nil, "POST", "/a", "5", 5},
		{"another path", &faults.Fault{Serve: faults.Maintenance, Match: faults.On("POST", "/b")}, "POST", "/a", "6", 6},
		{"another method", nil, "GET", "/bb", "7", 7},
		{"method and path", nil, "POST", "/bb", "503", 7},
		{"exempt", &faults.Fault{Serve: faults.Maintenance}, "POST", "/token", "8", 8},
		{"not exempt", nil, "POST", "/a", "503", 8},
		{"exempt, but meant", &faults.Fault{Serve: faults.Maintenance, Match: faults.On("", "/token")}, "POST", "/token", "503", 8},
		{"nothing to be stale", &faults.Fault{Stale: true, Times: 3}, "GET", "/s", "9", 9},
		{"stale", nil, "GET", "/s", "9", 9},
		{"writes are never stale", nil, "POST", "/s", "10", 10},
		{"fresh again", nil, "GET", "/s", "11", 11},
	}
	for _, s := range steps {
		if s.fault != nil {
			c.Fault(*s.fault)
		}
		if got := call(t, url, s.method, s.path); got != s.want || c.done.Load() != s.done {
			t.Errorf("%s: %s, %d done; want %s, %d done", s.name, got, c.done.Load(), s.want, s.done)
		}
	}
}

func TestSlowEndsWithTheRequest(t *testing.T) {
	c := &counter{}
	url := serve(t, c)
	c.Fault(faults.Fault{Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, "POST", url, strings.NewReader("a body"))
	if err != nil {
		t.Fatal(err)
	}
	if res, err := http.DefaultClient.Do(req); !errors.Is(err, context.DeadlineExceeded) {
		if err == nil {
			res.Body.Close()
		}
		t.Errorf("a slow answer: %v", err)
	}
}

// TestPlan holds the shares of a plan against what 20,000 requests meet, which the seed repeats.
func TestPlan(t *testing.T) {
	plan := "429=10%, 500=20%,503=5%, slow=1%:1ns, stale=1%, late=0.5%"
	want := map[int]float64{429: 10, 500: 20.5, 503: 5}
	run := func() (map[int]int, int64) {
		c := &counter{}
		c.Seed(7)
		list, err := faults.Parse(plan, faults.Words{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range list {
			c.Fault(f)
		}
		got := map[int]int{}
		for range 20000 {
			w := httptest.NewRecorder()
			c.ServeHTTP(w, httptest.NewRequest("POST", "/", nil))
			got[w.Code]++
		}
		return got, c.done.Load()
	}
	got, done := run()
	for status, percent := range want {
		if share := float64(got[status]) / 200; math.Abs(share-percent) > 1 {
			t.Errorf("%d: %.2f %%, want %g %%", status, share, percent)
		}
	}
	if answered := int64(got[200]); done <= answered {
		t.Errorf("%d done, %d answered: late must do what was asked", done, answered)
	}
	again, _ := run()
	if fmt.Sprint(again) != fmt.Sprint(got) {
		t.Errorf("the same seed gives %v and %v", got, again)
	}
}

func TestPlansThatAreNone(t *testing.T) {
	for plan, want := range map[string]string{
		"":                 `"" is no fault`,
		"429":              "write a kind and its share",
		"429=x%":           "no share",
		"429=0%":           "no share",
		"429=NaN%":         "no share",
		"429=60%, 500=60%": "more than 100%",
		"429=1%, 429=2%":   "429 is named twice",
		"418=1%":           "there is no fault \"418\": known are 429, 500",
		"slow=1%:soon":     "no wait",
		"cut=1%:300ms":     "only slow takes a wait",
	} {
		if _, err := faults.Parse(plan, faults.Words{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("Parse(%q): %v, want %q", plan, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("429=2%, lost=0.5%, slow=5%:300ms")
	f.Fuzz(func(t *testing.T, plan string) {
		list, err := faults.Parse(plan, faults.Words{})
		if (err == nil) != (len(list) > 0) {
			t.Errorf("%q: %d faults, %v", plan, len(list), err)
		}
	})
}
