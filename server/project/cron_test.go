package project

import (
	"fmt"
	"testing"
	"time"
)

func TestCron(t *testing.T) {
	amsterdam, err := time.LoadLocation("Europe/Amsterdam")
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 3, 27, 10, 30, 15, 0, amsterdam) // a Friday; the clock goes forward on Sunday at 2
	for _, c := range []struct{ cron, want string }{
		{"* * * * *", "2026-03-27T10:31:00+01:00"},
		{"*/15 * * * *", "2026-03-27T10:45:00+01:00"},
		{"30 10 * * *", "2026-03-28T10:30:00+01:00"},
		{"0 4 * * sun", "2026-03-29T04:00:00+02:00"},
		{"0 4 * * 7", "2026-03-29T04:00:00+02:00"},
		{"0 8-18/5 * * mon-fri", "2026-03-27T13:00:00+01:00"},
		{"0 0 1 jan *", "2027-01-01T00:00:00+01:00"},
		{"0 0 29 2 *", "2028-02-29T00:00:00+01:00"},
		{"0 0 13 * 5", "2026-04-03T00:00:00+02:00"},    // the 13th, and every Friday
		{"0 0 */2 * mon", "2026-03-29T00:00:00+01:00"}, // every other day, and every Monday
		{"30 2 * * *", "2026-03-28T02:30:00+01:00"},
		{"30 2 29 * *", "2026-04-29T02:30:00+02:00"}, // it is not there on the 29th of March
		{"0 0 30 2 *", "0001-01-01T00:00:00Z"},
	} {
		got, err := parseCron(c.cron)
		if err != nil {
			t.Errorf("%s: %v", c.cron, err)
			continue
		}
		if text := got.next(at).Format(time.RFC3339); text != c.want {
			t.Errorf("%s: %s, want %s", c.cron, text, c.want)
		}
	}
	for _, bad := range []string{"", "* * * *", "60 * * * *", "* * 0 * *", "5-1 * * * *", "*/0 * * * *", "a * * * *", "* * * * * *", "1, * * * *", "* * * 13 *"} {
		if _, err := parseCron(bad); err == nil {
			t.Errorf("%q is a cron expression", bad)
		}
	}
	// In these zones clocks go forward at midnight, so that a day begins at 1.
	for zone, want := range map[string]string{"America/Santiago": "2026-09-06T01:15:00-03:00", "Africa/Cairo": "2026-04-24T01:15:00+03:00"} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		day, err := time.Parse(time.RFC3339, want)
		if err != nil {
			t.Fatal(err)
		}
		c, err := parseCron(fmt.Sprintf("15 * %d * *", day.Day()))
		if err != nil {
			t.Fatal(err)
		}
		if got := c.next(day.In(loc).AddDate(0, 0, -3)).Format(time.RFC3339); got != want {
			t.Errorf("%s: %s, want %s", zone, got, want)
		}
	}
	for cron, want := range map[string]string{"0 4 * * 7": "0 4 * * 0", "0 4 * * 5-7": "0 4 * * 0,5,6", "0 4 * * sun": "0 4 * * sun", "0 4 * * 1/2": "0 4 * * 1/2"} {
		if got := (Trigger{Cron: cron}).Schedule(); got != want {
			t.Errorf("%s is %s to the store, want %s", cron, got, want)
		}
	}
	every := Trigger{Every: time.Hour}
	if got := every.Next(at, at.Add(time.Minute)); !got.Equal(at.Add(time.Hour)) {
		t.Errorf("every hour: %s", got)
	}
	if got := (Trigger{}).Next(at, at); !got.IsZero() {
		t.Errorf("never: %s", got)
	}
}
