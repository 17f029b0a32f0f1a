package connectors_test

import (
	"errors"
	"testing"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
)

// TestTables holds that a table is read once, again when it is asked for, and after a miss once a minute; and that what fails is not kept.
func TestTables(t *testing.T) {
	at, reads := time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC), 0
	now := func() time.Time { return at }
	var tables connectors.Tables
	get := func(refresh bool) string {
		t.Helper()
		rows, err := tables.Get("units", refresh, now, func() ([]byte, error) { reads++; return []byte(`["kg"]`), nil })
		if err != nil {
			t.Fatal(err)
		}
		text := string(rows)
		rows[0] = 'x' // what is kept must not notice
		return text
	}
	fails := errors.New("fails")
	if _, err := tables.Get("units", false, now, func() ([]byte, error) { return nil, fails }); !errors.Is(err, fails) || tables.Known("units") != nil {
		t.Errorf("error %v", err)
	}
	if !tables.Missed("units", at) {
		t.Error("what was never read may be read")
	}
	for range 2 {
		if rows := get(false); rows != `["kg"]` || reads != 1 {
			t.Errorf("%s after %d reads", rows, reads)
		}
	}
	if tables.Missed("units", at.Add(59*time.Second)) || !tables.Missed("units", at.Add(time.Minute)) {
		t.Error("a miss is looked for once a minute")
	}
	if get(true) != `["kg"]` || reads != 2 {
		t.Errorf("%d reads", reads)
	}
	if _, err := tables.Get("units", true, now, func() ([]byte, error) { return nil, fails }); !errors.Is(err, fails) || get(false) != `["kg"]` || reads != 2 {
		t.Errorf("a refresh that fails: %v, %d reads", err, reads)
	}
}
