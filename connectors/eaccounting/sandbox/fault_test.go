package sandbox_test

import (
	"context"
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/faults"
)

func TestFaults(t *testing.T) {
	a := open(t)
	server := httptest.NewServer(a.box)
	defer server.Close()
	post := func(ctx context.Context, path, body string) (*http.Response, error) {
		r, err := http.NewRequestWithContext(ctx, "POST", server.URL+"/v2/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+a.token)
		res, err := server.Client().Do(r)
		if err == nil {
			res.Body.Close()
		}
		return res, err
	}
	label := `{"Name":"Cut"}`
	count := func() int64 { return a.get("articlelabels").Get("Data.#").Int() }

	a.box.Fault(faults.Fault{Match: faults.On("POST", "/v2/articlelabels"), Serve: faults.Cut})
	if _, err := post(t.Context(), "articlelabels", label); err == nil || count() != 0 {
		t.Errorf("cut before: %v, %d labels", err, count())
	}
	a.box.Fault(faults.Fault{Match: faults.On("POST", "/v2/articlelabels"), After: true, Serve: faults.Cut})
	if _, err := post(t.Context(), "articlelabels", label); err == nil || count() != 1 {
		t.Errorf("cut after: %v, %d labels", err, count())
	}
	a.box.Fault(faults.Fault{Serve: a.box.ServerError, Skip: 1, Times: 2})
	for i, want := range []int{201, 500, 500, 201} {
		if res, err := post(t.Context(), "articlelabels", label); err != nil || res.StatusCode != want {
			t.Errorf("call %d: %v %v, want %d", i, res, err, want)
		}
	}
	a.box.Fault(faults.Fault{Serve: a.box.TooMany(7)})
	if got := a.want(a.get("units"), 429, 4010); !strings.Contains(got.Get("DeveloperErrorMessage").String(), "in 7 seconds") {
		t.Errorf("%s", got.Raw)
	}
	a.box.Fault(faults.Fault{Delay: time.Hour})
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
	defer cancel()
	if _, err := post(ctx, "articlelabels", label); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("slow: %v", err)
	}
}
