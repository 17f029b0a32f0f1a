package function

import (
	"errors"
	"testing"
	"time"

	"pgregory.net/rapid"
)

func TestParseMoment(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"2026-01-31", "2026-01-31"},
		{"2026-1-5", "2026-01-05"},
		{"2024-02-29", "2024-02-29"},
		{"2024-11-18T20:03:12.318+00:00", "2024-11-18T20:03:12.318Z"},
		{"2025-09-12 08:40:51 +0000", "2025-09-12T08:40:51Z"},
		{"2025-09-12 08:40:51 -0330", "2025-09-12T08:40:51-03:30"},
		{"2026-11-21T10:00:00Z", "2026-11-21T10:00:00Z"},
		{"2026-11-21T1:0:0Z", "2026-11-21T01:00:00Z"},
		{"2026-11-21t10:00z", "2026-11-21T10:00:00Z"},
		{"2026-11-21T10:00:00+01", "2026-11-21T10:00:00+01:00"},
		{"2026-11-21T10:00:00,5+01:00", "2026-11-21T10:00:00.5+01:00"},
		{"2026-11-21T10:00:00.1234567Z", "2026-11-21T10:00:00.1234567Z"},
		{"2026-11-21T10:00:00.1234567891234Z", "2026-11-21T10:00:00.123456789Z"},
		{"2026-11-21T10:00:00.000Z", "2026-11-21T10:00:00Z"},
		{"2026-11-21 10:00:00", "2026-11-21T10:00:00"},
		{"Sat, 21 Nov 2026 10:00:00 GMT", "2026-11-21T10:00:00Z"},
		{"Sat, 21 Nov 2026 10:00:00 +0100", "2026-11-21T10:00:00+01:00"},
	} {
		m, err := parseMoment(c.in)
		if got, errText := m.text(); err != nil || errText != nil || got != c.want {
			t.Errorf("%q = %q, %v, %v, want %q", c.in, got, err, errText, c.want)
		}
	}
	for _, in := range []string{
		"", "2026", "2026-13-01", "2026-00-01", "2026-02-29", "2026-04-31", "2026-01-00", "26-01-01", "02026-01-01", "2026/01/31", "2026-01-31T", "2026-01-31T24:00:00Z",
		"2026-01-31T10", "2026-01-31T10:60Z", "2026-01-31T10:00:60Z", "2026-01-31T10:00:00+25:00", "2026-01-31T10:00:00.Z", "2026-01-31 10:00:00 CET", "2026-01-31x",
		"2026-01-31T10:00:00Z ", " 2026-01-31", "0000-01-01", "Sat, 21 Nov 2026 10:00:00 CET", "20260131", "1767225600", "-2026-01-01", "2026-01-31T-1:00:00Z",
	} {
		if m, err := parseMoment(in); err == nil {
			t.Errorf("%q = %v, want an error", in, m.t)
		}
	}
}

func TestWallAcrossSummerTime(t *testing.T) {
	for _, c := range []struct{ zone, clock, want string }{
		{"Europe/Amsterdam", "2026-03-29 01:59:59", "2026-03-29T01:59:59+01:00"},
		{"Europe/Amsterdam", "2026-03-29 02:00:00", "2026-03-29T03:00:00+02:00"}, // the clock skips from 2 to 3
		{"Europe/Amsterdam", "2026-03-29 02:59:59", "2026-03-29T03:59:59+02:00"},
		{"Europe/Amsterdam", "2026-03-29 03:00:00", "2026-03-29T03:00:00+02:00"},
		{"Europe/Amsterdam", "2026-10-25 02:30:00", "2026-10-25T02:30:00+02:00"}, // twice: the first
		{"Europe/Amsterdam", "2026-10-25 03:00:00", "2026-10-25T03:00:00+01:00"},
		{"America/New_York", "2026-11-01 01:30:00", "2026-11-01T01:30:00-04:00"},
		{"America/New_York", "2026-03-08 02:30:00", "2026-03-08T03:30:00-04:00"},
		{"Australia/Lord_Howe", "2026-10-04 02:15:00", "2026-10-04T02:45:00+11:00"}, // skips half an hour
		{"Africa/Casablanca", "2026-02-15 02:30:00", "2026-02-15T02:30:00+01:00"},   // winter time in Ramadan
		{"Pacific/Apia", "2011-12-30 12:00:00", "2011-12-31T12:00:00+14:00"},        // a day that did not happen
		{"UTC", "2026-03-29 02:30:00", "2026-03-29T02:30:00Z"},
	} {
		loc, err := loadZone(c.zone)
		if err != nil {
			t.Fatal(err)
		}
		m, err := parseMoment(c.clock)
		if err != nil {
			t.Fatal(err)
		}
		if got, _ := m.in(loc).text(); got != c.want {
			t.Errorf("%s in %s = %s, want %s", c.clock, c.zone, got, c.want)
		}
	}
}

func TestZones(t *testing.T) {
	for _, name := range []string{"", "Local", "+01:00", "CET/../UTC", "../etc/passwd", "Amsterdam", "Europe"} {
		if loc, err := loadZone(name); err == nil {
			t.Errorf("%q is the zone %s", name, loc)
		}
	}
}

// instants draws whole seconds within years that texts can have, in a zone.
func instants() *rapid.Generator[time.Time] {
	return rapid.Custom(func(t *rapid.T) time.Time {
		zone := rapid.SampledFrom([]string{"UTC", "Europe/Amsterdam", "America/St_Johns", "Asia/Kathmandu", "Australia/Lord_Howe", "Europe/Dublin", "Africa/Casablanca"}).Draw(t, "zone")
		loc, err := loadZone(zone)
		if err != nil {
			t.Fatal(err)
		}
		// From 1975 on: before that, offsets had seconds in places, which RFC 3339 cannot write.
		return time.Unix(rapid.Int64Range(157766400, 32503680000).Draw(t, "unix"), rapid.Int64Range(0, 999999999).Draw(t, "nano")).In(loc)
	})
}

func TestMomentsRoundTrip(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := instants().Draw(t, "at")
		text, err := moment{at, instant}.text()
		if err != nil {
			t.Fatal(err)
		}
		back, err := parseMoment(text)
		if err != nil || back.kind != instant || !back.t.Equal(at) {
			t.Fatalf("%s came back as %v, %v", text, back.t, err)
		}
		// A clock's time taken for its zone's is an instant at which the clock shows it, the first of two.
		again := wall(calendar(at), at.Location())
		if calendar(again) != calendar(at) || again.After(at) {
			t.Fatalf("%v became %v", at, again)
		}
		layout, err := parseLayout("EEEE d MMMM yyyy 'at' hh:mm:ss.SSSSSSSSS a xxx")
		if err != nil {
			t.Fatal(err)
		}
		long, err := formatMoment(moment{at, instant}, layout)
		if err != nil {
			t.Fatal(err)
		}
		parsed, err := parseByLayout(long, layout)
		if err != nil || !parsed.t.Equal(at) {
			t.Fatalf("%s was read as %v, %v", long, parsed.t, err)
		}
	})
}

func TestAddMonths(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		at := instants().Draw(t, "at").UTC()
		n := rapid.IntRange(-1200, 1200).Draw(t, "months")
		got := addMonths(at, n)
		months := (got.Year()-at.Year())*12 + int(got.Month()) - int(at.Month())
		if months != n {
			t.Fatalf("%v plus %d months is %v", at, n, got)
		}
		if got.Day() != at.Day() && got.AddDate(0, 0, 1).Day() != 1 {
			t.Fatalf("%v plus %d months is %v, neither the same day nor the last", at, n, got)
		}
	})
}

func TestLayouts(t *testing.T) {
	at := moment{time.Date(2026, 1, 5, 8, 9, 3, 120_000_000, time.FixedZone("", 19800)), instant}
	for _, c := range []struct{ layout, want string }{
		{"yyyy-MM-dd'T'HH:mm:ssXXX", "2026-01-05T08:09:03+05:30"},
		{"d/M/yy H:m:s.SSS", "5/1/26 8:9:3.120"},
		{"MMM d, yyyy h 'o''clock' a", "Jan 5, 2026 8 o'clock AM"},
		{"EEEE e DDD YYYY-'W'ww", "Monday 1 005 2026-W02"},
		{"xx XX xxx", "+0530 +0530 +05:30"},
		{"''yy", "'26"},
		{"", ""},
		{"à 12%", "à 12%"[:2] + " 12%"},
	} {
		fields, err := parseLayout(c.layout)
		if err != nil {
			t.Errorf("%q: %v", c.layout, err)
			continue
		}
		if got, err := formatMoment(at, fields); err != nil || got != c.want {
			t.Errorf("%q gives %q, %v, want %q", c.layout, got, err, c.want)
		}
	}
	for _, layout := range []string{"YYYYY", "DD", "q", "yyyyMMdd 'open", "SSSSSSSSSS", "MMMMM", "z"} {
		if fields, err := parseLayout(layout); err == nil {
			t.Errorf("%q gives %v, want an error", layout, fields)
		}
	}
	for _, c := range []struct{ text, layout, want string }{
		{"20260131", "yyyyMMdd", "2026-01-31"},
		{"31.1.26", "d.M.yy", "2026-01-31"},
		{"12:05 am 1 feb 2026", "h:mm a d MMM yyyy", "2026-02-01T00:05:00"},
		{"12:05 PM 1 February 2026", "h:mm a d MMMM yyyy", "2026-02-01T12:05:00"},
		{"2026-01-31T10:00:00.5+0100", "yyyy-MM-dd'T'HH:mm:ss.SXX", "2026-01-31T10:00:00.5+01:00"},
	} {
		fields, err := parseLayout(c.layout)
		if err != nil {
			t.Fatal(err)
		}
		m, err := parseByLayout(c.text, fields)
		if got, _ := m.text(); err != nil || got != c.want {
			t.Errorf("%q by %q = %q, %v, want %q", c.text, c.layout, got, err, c.want)
		}
	}
	for _, c := range []struct{ text, layout string }{
		{"31-13-2026", "dd-MM-yyyy"}, {"31-1-2026", "dd-MM-yyyy"}, {"2026-01-31 ", "yyyy-MM-dd"}, {"x", "yyyy"}, {"13:00 PM", "h:mm a"}, {"1:00", "h:mm"}, {"005", "DDD"}, {"1 Foo", "d MMM"}, {"", "d"},
	} {
		fields, err := parseLayout(c.layout)
		if err != nil {
			t.Fatal(err)
		}
		if m, err := parseByLayout(c.text, fields); err == nil {
			t.Errorf("%q by %q = %v, want an error", c.text, c.layout, m.t)
		}
	}
}

func FuzzParseMoment(f *testing.F) {
	for _, s := range []string{"2026-01-31", "2026-01-31T10:00:00.5+01:00", "2026-1-1 1:1 -0330", "Sat, 21 Nov 2026 10:00:00 GMT", "0001-01-01T00:00:00+14:00"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		m, err := parseMoment(s)
		if err != nil {
			return
		}
		text, err := m.text()
		if err != nil {
			return // an offset moved it out of the years
		}
		again, err := parseMoment(text)
		if err != nil || again.kind != m.kind || !again.t.Equal(m.t) {
			t.Fatalf("%q became %q, which is %v, %v", s, text, again.t, err)
		}
	})
}

func FuzzLayout(f *testing.F) {
	f.Add("dd-MM-yyyy", "31-12-2026")
	f.Add("h:mm a 'x'", "1:00 pm x")
	f.Add("EEEE d MMMM yyyy xxx S", "Monday 5 January 2026 +01:00 1")
	f.Fuzz(func(t *testing.T, layout, text string) {
		fields, err := parseLayout(layout)
		if err != nil {
			return
		}
		m, err := parseByLayout(text, fields)
		if err != nil {
			return
		}
		if m.kind != instant && (m.t.Year() < 1 || m.t.Year() > 9999) {
			t.Fatalf("%q read %q as %v", layout, text, m.t)
		}
		if _, err := formatMoment(m, fields); err != nil && !errors.Is(err, errYear) {
			t.Fatalf("%q read %q but cannot write it: %v", layout, text, err)
		}
	})
}
