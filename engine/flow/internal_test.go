package flow

import (
	"context"
	"encoding/json"
	"errors"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

func TestFill(t *testing.T) {
	ids := map[string]string{"${customer}": `a"b`}
	cases := []struct{ body, want string }{
		{`{"CustomerId":"${customer}"}`, `{"CustomerId":"a\"b"}`},
		{`["${customer}", "${customer}"]`, `["a\"b", "a\"b"]`},
		{`{"${customer}":"x"}`, `{"${customer}":"x"}`},
		{`{"${customer}" : "${customer}"}`, `{"${customer}" : "a\"b"}`},
		{`{"t":"for ${customer}"}`, `{"t":"for ${customer}"}`},
		{`{"t":"\"${customer}\""}`, `{"t":"\"${customer}\""}`},
		{`{"t":"\\","u":"${customer}"}`, `{"t":"\\","u":"a\"b"}`},
		{`"${customer}`, `"${customer}`},
		{``, ``},
	}
	for _, c := range cases {
		if got, _ := fill([]byte(c.body), ids); string(got) != c.want {
			t.Errorf("fill(%s) = %s, want %s", c.body, got, c.want)
		}
	}
}

func TestFillKeepsEverythingElse(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		v := rapid.MapOf(rapid.String(), rapid.SliceOf(rapid.String())).Draw(t, "document")
		body, err := json.Marshal(v)
		if err != nil {
			t.Fatal(err)
		}
		if got, used := fill(body, map[string]string{"${customer}": "1"}); string(got) != string(body) || used != nil {
			t.Fatalf("%s became %s", body, got)
		}
	})
}

func FuzzFill(f *testing.F) {
	for _, s := range []string{`{"a":"${customer}"}`, `"`, `"\`, `{"${customer}":`, "\"${customer}\""} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		got, _ := fill(body, map[string]string{"${customer}": "id"})
		if json.Valid(body) && !json.Valid(got) {
			t.Fatalf("%q became %q", body, got)
		}
	})
}

func TestDiff(t *testing.T) {
	cases := []struct{ name, have, want, paths, change string }{
		{"nothing", `{"a":1}`, `{"a":1.0}`, "", `{}`},
		{"beyond a float", `{"a":9007199254740993}`, `{"a":9007199254740992}`, "a", `{"a":9007199254740992}`},
		{"blank is blank", `{"a":null,"b":""}`, `{"a":"","b":null,"c":null,"d":""}`, "", `{}`},
		{"false is not blank", `{}`, `{"a":false,"b":0}`, "a b", `{"a":false,"b":0}`},
		{"members it does not know", `{"a":{"x":1,"y":2}}`, `{"a":{"x":3}}`, "a.x", `{"a":{"x":3,"y":2}}`},
		{"elements by place", `{"a":[{"Id":"1","n":1},{"Id":"2","n":2}]}`, `{"a":[{"n":1},{"n":3}]}`, "a[1].n", `{"a":[{"n":1},{"n":3}]}`},
		{"a list that grew", `{"a":[1]}`, `{"a":[1,2]}`, "a", `{"a":[1,2]}`},
		{"odd names", `{"a.b":1,"0":1}`, `{"a.b":2,"0":2}`, "a.b 0", `{"a.b":2,"0":2}`},
		{"white space", `{"a":{}}`, `{"a":{ }}`, "", `{}`},
		{"a type", `{"a":"1"}`, `{"a":1}`, "a", `{"a":1}`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			changes, change, err := diff([]byte(c.have), []byte(c.want))
			if err != nil {
				t.Fatal(err)
			}
			var paths []string
			for _, ch := range changes {
				paths = append(paths, ch.Path)
			}
			if got := strings.Join(paths, " "); got != c.paths || string(change) != c.change {
				t.Errorf("changed %q with %s, want %q with %s", got, change, c.paths, c.change)
			}
		})
	}
}

// TestDiffSettles: after a change has been applied there is nothing left to change.
func TestDiffSettles(t *testing.T) {
	name := rapid.StringMatching(`[a-c.*#0\\]{1,3}`)
	leaf := rapid.OneOf(rapid.Just[any](nil), rapid.Map(rapid.String(), func(s string) any { return s }), rapid.Map(rapid.Int(), func(i int) any { return i }))
	inner := rapid.MapOf(name, leaf)
	doc := rapid.MapOf(name, rapid.OneOf(leaf, rapid.Map(inner, func(m map[string]any) any { return m })))
	rapid.Check(t, func(t *rapid.T) {
		have, _ := json.Marshal(doc.Draw(t, "have"))
		want, _ := json.Marshal(doc.Draw(t, "want"))
		_, change, err := diff(have, want)
		if err != nil {
			t.Fatal(err)
		}
		after := overlay(have, change)
		if left, _, err := diff(after, want); err != nil || len(left) > 0 {
			t.Fatalf("have %s\nwant %s\nchange %s\nleaves %s: %v %v", have, want, change, after, left, err)
		}
	})
}

func TestLocks(t *testing.T) {
	l := newLocks()
	var wg sync.WaitGroup
	in := map[string]int{}
	for i := range 50 {
		wg.Go(func() {
			keys := []string{"a", "b", "c"}
			a, b := keys[i%3], keys[(i+1)%3]
			release, err := l.acquire(context.Background(), a, b, a)
			if err != nil {
				t.Error(err)
				return
			}
			defer release()
			in[a]++ // the race detector and the map's own check watch
			in[a]--
		})
		_ = i
	}
	wg.Wait()
	if len(l.held) != 0 {
		t.Errorf("%d locks are left", len(l.held))
	}
	release, _ := l.acquire(context.Background(), "a")
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := l.acquire(ctx, "0", "a"); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
	release()
	if len(l.held) != 0 {
		t.Errorf("%d locks are left after a cancelled wait", len(l.held))
	}
}

func TestPause(t *testing.T) {
	p := Pace{Wait: time.Second, MaxWait: 5 * time.Second}
	for i, want := range []time.Duration{1, 2, 4, 5, 5} {
		if got := p.pause(i); got != want*time.Second {
			t.Errorf("pause(%d) = %v, want %v", i, got, want*time.Second)
		}
	}
	if got := p.pause(1 << 20); got != 5*time.Second {
		t.Errorf("a pause after very many tries is %v", got)
	}
}

// TestRetryAfterTooLong: a system that wants a longer pause than a run allows is not waited for.
func TestRetryAfterTooLong(t *testing.T) {
	p := Pace{Sleep: func(context.Context, time.Duration) error { t.Error("waited"); return nil }}.withDefaults()
	calls := 0
	_, err := retry(context.Background(), p, func() (int, error) {
		calls++
		return 0, &port.Error{Kind: port.ErrRateLimit, RetryAfter: time.Hour}
	})
	if calls != 1 || !errors.Is(err, port.ErrRateLimit) {
		t.Errorf("%d calls, %v", calls, err)
	}
}

func TestLingering(t *testing.T) {
	parent, stop := context.WithCancel(context.Background())
	ctx, cancel := lingering(parent, time.Hour)
	stop()
	if ctx.Err() != nil {
		t.Error("it ended with its parent")
	}
	cancel()
	if ctx.Err() == nil {
		t.Error("it did not end when told to")
	}
	parent, stop = context.WithCancel(context.Background())
	ctx, cancel = lingering(parent, time.Nanosecond)
	defer cancel()
	stop()
	<-ctx.Done()
}
