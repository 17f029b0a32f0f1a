package function

import (
	"errors"
	"strings"
	"sync"
	"time"
	_ "time/tzdata" // zones work on machines without a zone database

	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// precision says how much of a moment its text tells.
type precision uint8

const (
	dateOnly precision = iota // 2026-01-31
	local                     // 2026-01-31T12:00:00: a clock's time of nobody knows where
	instant                   // 2026-01-31T12:00:00+01:00
)

// moment is a date, a local time or an instant. t is in UTC for the first two, where UTC is only a calculator.
type moment struct {
	t    time.Time
	kind precision
}

var (
	errNoDate   = errors.New("is no date or time in a known form, such as 2026-01-31 or 2026-01-31T12:00:00Z")
	errNoOffset = errors.New("has no UTC offset: say with date(text, zone) which zone's clock it is")
	errNoTime   = errors.New("is a date without a time")
	errYear     = errors.New("leaves the years 1 to 9999")
)

// parseMoment reads ISO 8601 and its relatives that systems send: T or a space before the time, an offset with or without colon
// and space, fractions of any length, numbers without leading zeros; and the dates of HTTP.
func parseMoment(s string) (moment, error) {
	r := reader{s: s}
	year, month, day := r.digits(4, 4), 0, 0
	if r.next('-') {
		month = r.digits(1, 2)
		r.must('-')
		day = r.digits(1, 2)
	} else {
		r.failed = true
	}
	if r.failed {
		return parseHTTPDate(s)
	}
	if r.done() {
		return civil(year, month, day, 0, 0, 0, 0, dateOnly)
	}
	if !r.next('T') && !r.next('t') {
		r.must(' ')
	}
	hour := r.digits(1, 2)
	r.must(':')
	minute, second, nano := r.digits(1, 2), 0, 0
	if r.next(':') {
		second = r.digits(1, 2)
		if r.next('.') || r.next(',') {
			nano = r.fraction()
		}
	}
	m, err := civil(year, month, day, hour, minute, second, nano, local)
	if err != nil || r.failed {
		return m, errNoDate
	}
	if r.done() {
		return m, nil
	}
	r.next(' ')
	offset, ok := r.offset()
	if !ok || !r.done() {
		return m, errNoDate
	}
	return moment{wall(m.t, fixedZone(offset)), instant}, nil
}

// parseHTTPDate reads RFC 1123, whose only zone name is GMT: others are not told apart by their letters.
func parseHTTPDate(s string) (moment, error) {
	for _, layout := range []string{"Mon, 02 Jan 2006 15:04:05 GMT", time.RFC1123Z} {
		if t, err := time.Parse(layout, s); err == nil {
			_, offset := t.Zone()
			return moment{t.In(fixedZone(offset)), instant}, nil
		}
	}
	return moment{}, errNoDate
}

// civil checks the fields of a date: there is no 31 April.
func civil(year, month, day, hour, minute, second, nano int, kind precision) (moment, error) {
	if year < 1 || month < 1 || month > 12 || day < 1 || hour > 23 || minute > 59 || second > 59 {
		return moment{}, errNoDate
	}
	t := time.Date(year, time.Month(month), day, hour, minute, second, nano, time.UTC)
	if t.Day() != day {
		return moment{}, errNoDate
	}
	return moment{t, kind}, nil
}

// wall returns the instant at which a clock in loc shows t's fields. A time that the clock skips when summer
// time begins is the time as long after the skip; of one that it shows twice, the first.
func wall(t time.Time, loc *time.Location) time.Time {
	fields := time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	_, before := fields.Add(-24 * time.Hour).In(loc).Zone()
	_, after := fields.Add(24 * time.Hour).In(loc).Zone()
	// The larger offset is the earlier instant.
	for _, offset := range []int{max(before, after), min(before, after)} {
		at := fields.Add(-time.Duration(offset) * time.Second).In(loc)
		if _, actual := at.Zone(); actual == offset {
			return at
		}
	}
	return fields.Add(-time.Duration(before) * time.Second).In(loc)
}

// calendar returns the fields that a clock in t's zone shows, in UTC, to calculate with.
func calendar(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month(), t.Day(), t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
}

// text writes the moment as precisely as it is known: a date, a local time, or RFC 3339.
func (m moment) text() (string, error) {
	if y := m.t.Year(); y < 1 || y > 9999 {
		return "", errYear
	}
	switch m.kind {
	case dateOnly:
		return m.t.Format(time.DateOnly), nil
	case local:
		return m.t.Format("2006-01-02T15:04:05.999999999"), nil
	}
	return m.t.Format(time.RFC3339Nano), nil
}

// in moves an instant to a zone and takes anything else for a time of the zone's clock.
func (m moment) in(loc *time.Location) moment {
	if loc == nil {
		return m
	}
	if m.kind == instant {
		return moment{m.t.In(loc), instant}
	}
	return moment{wall(m.t, loc), instant}
}

// zones holds the zones that were asked for. It is bounded by the number of zones there are.
var zones sync.Map

// loadZone returns a zone of the IANA database. There is no zone "Local": what a mapping makes
// must not depend on the machine.
func loadZone(name string) (*time.Location, error) {
	if loc, ok := zones.Load(name); ok {
		return loc.(*time.Location), nil
	}
	if name == "" || name == "Local" {
		return nil, errors.New("is no zone, such as Europe/Amsterdam or UTC")
	}
	name = strings.Clone(name) // it may be part of a document, which the cache must not refer to
	loc, err := time.LoadLocation(name)
	if err != nil {
		return nil, errors.New("is no zone, such as Europe/Amsterdam or UTC")
	}
	zones.Store(name, loc)
	return loc, nil
}

func fixedZone(offset int) *time.Location {
	if offset == 0 {
		return time.UTC
	}
	return time.FixedZone("", offset)
}

// zoneArg returns the zone that argument i names; nil where it is not given.
func zoneArg(args []value.Value, i int) (*time.Location, error) {
	if i >= len(args) {
		return nil, nil
	}
	loc, err := loadZone(args[i].Str())
	if err != nil {
		return nil, failure(i, "%s", err.Error())
	}
	return loc, nil
}

// momentArg returns the moment that argument i is.
func momentArg(args []value.Value, i int) (moment, error) {
	m, err := parseMoment(args[i].Str())
	if err != nil {
		return m, failure(i, "%s", err.Error())
	}
	return m, nil
}

// reader walks text. After a step that did not fit, failed is set and every further step does nothing.
type reader struct {
	s      string
	failed bool
}

func (r *reader) done() bool { return r.s == "" }

// next steps over c, if it is next.
func (r *reader) next(c byte) bool {
	if r.failed || r.s == "" || r.s[0] != c {
		return false
	}
	r.s = r.s[1:]
	return true
}

func (r *reader) must(c byte) {
	if !r.next(c) {
		r.failed = true
	}
}

// digits reads a number of least to most digits.
func (r *reader) digits(least, most int) int {
	n, i := 0, 0
	for i < len(r.s) && i < most && '0' <= r.s[i] && r.s[i] <= '9' {
		n = n*10 + int(r.s[i]-'0')
		i++
	}
	if i < least {
		r.failed = true
	}
	if r.failed {
		return 0
	}
	r.s = r.s[i:]
	return n
}

// fraction reads the digits of a fraction of a second as nanoseconds; finer ones are cut.
func (r *reader) fraction() int {
	n, i := 0, 0
	for ; i < len(r.s) && '0' <= r.s[i] && r.s[i] <= '9'; i++ {
		if i < 9 {
			n = n*10 + int(r.s[i]-'0')
		}
	}
	if i == 0 {
		r.failed = true
	}
	for k := i; k < 9; k++ {
		n *= 10
	}
	r.s = r.s[i:]
	return n
}

// offset reads Z, +01:00, +0100 or +01, in seconds.
func (r *reader) offset() (int, bool) {
	if r.next('Z') || r.next('z') {
		return 0, true
	}
	sign := 1
	if r.next('-') {
		sign = -1
	} else {
		r.must('+')
	}
	hours, minutes := r.digits(2, 2), 0
	if !r.done() && (r.next(':') || '0' <= r.s[0] && r.s[0] <= '9') {
		minutes = r.digits(2, 2)
	}
	if r.failed || hours > 14 || minutes > 59 {
		return 0, false
	}
	return sign * (hours*3600 + minutes*60), true
}
