package function

import (
	"math/big"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// maxDays bounds steps in days and months: more than there are days in the years that dates can have.
const maxDays = 4_000_000

var zoneParam = Param{Name: "zone", Kinds: value.Strings, Optional: true}

var dateFuncs = []*Func{
	{
		Name: "date", Group: "dates",
		Summary: "A date or time in one form: a date stays a date (2026-01-31), an instant becomes RFC 3339 (2026-01-31T12:00:00+01:00). With a zone, an instant is shown on the zone's clock, and a text without offset is taken for the zone's clock; " +
			"a text with a time but neither offset nor zone is an error. A time that a clock skips in spring is as long after the skip; of one that it shows twice in autumn, the first is meant.",
		Params: []Param{{Name: "text", Kinds: value.Strings}, zoneParam},
		Result: shape.Of(value.Strings),
		Examples: []Example{
			{`date("2024-11-18T20:03:12.318+00:00")`, `"2024-11-18T20:03:12.318Z"`}, {`date("2025-09-12 08:40:51 +0000", "Europe/Amsterdam")`, `"2025-09-12T10:40:51+02:00"`},
			{`date("2025-09-12 08:40:51", "UTC")`, `"2025-09-12T08:40:51Z"`}, {`date("2026-1-5")`, `"2026-01-05"`},
			{`date("2026-03-29 02:30:00", "Europe/Amsterdam")`, `"2026-03-29T03:30:00+02:00"`},
			{`date("2025-09-12 08:40:51")`, "error: date: text has no UTC offset: say with date(text, zone) which zone's clock it is"},
			{`date("31-12-2026")`, "error: date: text is no date or time in a known form, such as 2026-01-31 or 2026-01-31T12:00:00Z"},
			{`date("2026-01-01", "Local")`, "error: date: zone is no zone, such as Europe/Amsterdam or UTC"},
		},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			m, err := momentArg(args, 0)
			if err != nil {
				return value.Value{}, err
			}
			return finish(m, args, 1, true)
		},
	},
	{
		Name: "parseDate", Group: "dates",
		Summary: "A date or time in a form that a layout (see formatDate) describes, such as dd-MM-yyyy, in the forms that date gives. Without an offset in the layout, a time needs a zone.",
		Params:  []Param{{Name: "text", Kinds: value.Strings}, {Name: "layout", Kinds: value.Strings}, zoneParam},
		Result:  shape.Of(value.Strings),
		Examples: []Example{
			{`parseDate("31-12-2026", "dd-MM-yyyy")`, `"2026-12-31"`}, {`parseDate("5 Jan 2026 3:07 PM", "d MMM yyyy h:mm a", "Europe/Brussels")`, `"2026-01-05T15:07:00+01:00"`},
			{`parseDate("31-04-2026", "dd-MM-yyyy")`, "error: parseDate: text does not have the form of the layout"},
		},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			layout, err := layoutArg(args, 1)
			if err != nil {
				return value.Value{}, err
			}
			return callParseDate(c, layout, args)
		},
		Prepare: prepareLayout(callParseDate),
	},
	{
		Name: "formatDate", Group: "dates", Detail: layoutHelp,
		Summary: "A date or an instant as the layout says; with a zone, as its clock shows the instant, without, as the text's own offset has it.",
		Params:  []Param{{Name: "date", Kinds: value.Strings}, {Name: "layout", Kinds: value.Strings}, zoneParam},
		Result:  shape.Of(value.Strings),
		Examples: []Example{
			{`formatDate("2026-01-31", "dd/MM/yy")`, `"31/01/26"`}, {`formatDate("2026-06-30T22:30:00Z", "yyyy-MM-dd HH:mm", "Europe/Amsterdam")`, `"2026-07-01 00:30"`},
			{`formatDate("2026-01-05T08:09:03Z", "EEE d MMM yyyy 'at' h:mm a")`, `"Mon 5 Jan 2026 at 8:09 AM"`},
			{`formatDate("2026-01-31", "HH:mm")`, "error: formatDate: date is a date without a time"},
			{`formatDate("2026-01-31", "yyyy-QQ")`, "error: formatDate: layout has the letters QQ, which stand for nothing; put text in single quotes"},
		},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			layout, err := layoutArg(args, 1)
			if err != nil {
				return value.Value{}, err
			}
			return callFormatDate(c, layout, args)
		},
		Prepare: prepareLayout(callFormatDate),
	},
	{
		Name: "dateIn", Group: "dates",
		Summary: "The date (2026-01-31) that the calendar in a zone shows at an instant.",
		Params:  []Param{{Name: "instant", Kinds: value.Strings}, {Name: "zone", Kinds: value.Strings}},
		Result:  shape.Of(value.Strings),
		Examples: []Example{
			{`dateIn("2026-06-30T22:30:00Z", "Europe/Amsterdam")`, `"2026-07-01"`}, {`dateIn("2026-06-30", "Europe/Amsterdam")`, `"2026-06-30"`},
			{`dateIn("2026-06-30 22:30:00", "Europe/Amsterdam")`, "error: dateIn: instant has no UTC offset: say with date(text, zone) which zone's clock it is"},
		},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			m, err := dayArg(args, 0, 1)
			if err != nil {
				return value.Value{}, err
			}
			return finish(m, nil, 0, false)
		},
	},
	{
		Name: "addDays", Group: "dates",
		Summary: "The date, or the same time of day, so many days later; negative days earlier. With a zone, the time of day is that of the zone's clock, also across the change of summer time.",
		Params:  []Param{{Name: "date", Kinds: value.Strings}, {Name: "days", Kinds: value.Numbers}, zoneParam},
		Result:  shape.Of(value.Strings),
		Examples: []Example{
			{`addDays("2026-01-31", 30)`, `"2026-03-02"`}, {`addDays("2026-03-28T12:00:00+01:00", 1, "Europe/Amsterdam")`, `"2026-03-29T12:00:00+02:00"`},
		},
		Call: addCall(func(t time.Time, n int) time.Time { return t.AddDate(0, 0, n) }),
	},
	{
		Name: "addMonths", Group: "dates",
		Summary:  "As addDays, in months; a day that the month does not have becomes its last.",
		Params:   []Param{{Name: "date", Kinds: value.Strings}, {Name: "months", Kinds: value.Numbers}, zoneParam},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`addMonths("2026-01-31", 1)`, `"2026-02-28"`}, {`addMonths("2026-03-31", -1)`, `"2026-02-28"`}},
		Call:     addCall(addMonths),
	},
	{
		Name: "addSeconds", Group: "dates",
		Summary:  "The instant so many seconds later.",
		Params:   []Param{{Name: "instant", Kinds: value.Strings}, {Name: "seconds", Kinds: value.Numbers}, zoneParam},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`addSeconds("2026-03-29T01:59:59+01:00", 1, "Europe/Amsterdam")`, `"2026-03-29T03:00:00+02:00"`}, {`addSeconds("2026-01-31", 1)`, "error: addSeconds: instant is a date without a time"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			m, err := instantArg(args, 0)
			if err != nil {
				return value.Value{}, err
			}
			n, err := whole(args, 1, 0, -maxDays*86400, maxDays*86400)
			if err != nil {
				return value.Value{}, err
			}
			// In two steps, because a time.Duration holds 292 years only.
			m.t = time.Unix(m.t.Unix()+int64(n), int64(m.t.Nanosecond())).In(m.t.Location())
			return finish(m, args, 2, false)
		},
	},
	{
		Name: "daysBetween", Group: "dates",
		Summary: "How many days the second date is after the first; negative if it is before. Instants count as the dates that the zone's calendar shows, so they need a zone.",
		Params:  []Param{{Name: "from", Kinds: value.Strings}, {Name: "to", Kinds: value.Strings}, zoneParam},
		Result:  shape.Of(value.Numbers),
		Examples: []Example{
			{`daysBetween("2026-01-31", "2026-03-01")`, "29"}, {`daysBetween("2026-06-30T21:00:00Z", "2026-06-30T22:30:00Z", "Europe/Amsterdam")`, "1"},
			{`daysBetween("2026-06-30T21:00:00Z", "2026-07-30")`, "error: daysBetween: from is an instant, whose date depends on the zone: name it"},
		},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			from, err := dayArg(args, 0, 2)
			if err != nil {
				return value.Value{}, err
			}
			to, err := dayArg(args, 1, 2)
			if err != nil {
				return value.Value{}, err
			}
			return value.Int(int((to.t.Unix() - from.t.Unix()) / 86400)), nil
		},
	},
	{
		Name: "fromUnix", Group: "dates",
		Summary:  "The instant so many seconds after 1970 began in UTC, which is how some systems write times.",
		Params:   []Param{{Name: "seconds", Kinds: value.Numbers}, zoneParam},
		Result:   shape.Of(value.Strings),
		Examples: []Example{{`fromUnix(1767225600)`, `"2026-01-01T00:00:00Z"`}, {`fromUnix(1767225600123 / 1000, "Europe/Paris")`, `"2026-01-01T01:00:00.123+01:00"`}},
		Call:     callFromUnix,
	},
	{
		Name: "toUnix", Group: "dates",
		Summary:  "The seconds from the start of 1970 in UTC to the instant.",
		Params:   []Param{{Name: "instant", Kinds: value.Strings}},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`toUnix("2026-01-01T01:00:00+01:00")`, "1767225600"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			m, err := instantArg(args, 0)
			if err != nil {
				return value.Value{}, err
			}
			return value.Decimal(decimal.New(m.t.Unix(), 0).Add(decimal.New(int64(m.t.Nanosecond()), 9)).Trim()), nil
		},
	},
}

// finish writes a moment, in the zone of argument i where it is given. complete refuses a local time.
func finish(m moment, args []value.Value, i int, complete bool) (value.Value, error) {
	loc, err := zoneArg(args, i)
	if err != nil {
		return value.Value{}, err
	}
	m = m.in(loc)
	if complete && m.kind == local {
		return value.Value{}, failure(0, "%s", errNoOffset.Error())
	}
	s, err := m.text()
	if err != nil {
		return value.Value{}, err
	}
	return value.Text(s), nil
}

// instantArg returns argument i, which must be an instant.
func instantArg(args []value.Value, i int) (moment, error) {
	m, err := momentArg(args, i)
	switch {
	case err != nil:
		return m, err
	case m.kind == dateOnly:
		return m, failure(i, "%s", errNoTime.Error())
	case m.kind == local:
		return m, failure(i, "%s", errNoOffset.Error())
	}
	return m, nil
}

// dayArg returns the date that argument i is or falls on in the zone of argument zone.
func dayArg(args []value.Value, i, zone int) (moment, error) {
	m, err := momentArg(args, i)
	if err != nil {
		return m, err
	}
	loc, err := zoneArg(args, zone)
	if err != nil {
		return m, err
	}
	switch {
	case m.kind == local && loc != nil:
		// Is it that zone's clock or another's? Who knows says so with date().
		return m, failure(i, "%s", errNoOffset.Error())
	case m.kind == instant && loc == nil:
		return m, failure(i, "is an instant, whose date depends on the zone: name it")
	case m.kind == instant:
		m.t = m.t.In(loc)
	}
	y, month, d := m.t.Date()
	return moment{time.Date(y, month, d, 0, 0, 0, 0, time.UTC), dateOnly}, nil
}

// addCall makes the code of a step on the calendar: what it steps is what the clock shows, so that noon stays noon.
func addCall(step func(t time.Time, n int) time.Time) Code {
	return func(_ *Call, args []value.Value) (value.Value, error) {
		m, err := momentArg(args, 0)
		if err != nil {
			return value.Value{}, err
		}
		n, err := whole(args, 1, 0, -maxDays, maxDays)
		if err != nil {
			return value.Value{}, err
		}
		loc, err := zoneArg(args, 2)
		if err != nil {
			return value.Value{}, err
		}
		if m.kind == instant {
			m = m.in(loc)
			m.t = wall(step(calendar(m.t), n), m.t.Location())
		} else {
			m.t = step(m.t, n)
		}
		return finish(m, nil, 0, false)
	}
}

// addMonths stays within the month where time.AddDate would run over into the next.
func addMonths(t time.Time, n int) time.Time {
	first := time.Date(t.Year(), t.Month()+time.Month(n), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), time.UTC)
	last := first.AddDate(0, 1, -1).Day()
	return first.AddDate(0, 0, min(t.Day(), last)-1)
}

func callFromUnix(_ *Call, args []value.Value) (value.Value, error) {
	d, err := dec(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	nanos := d.Round(9, decimal.Floor).Coefficient()
	seconds, rest := new(big.Int).DivMod(nanos, big.NewInt(int64(time.Second)), new(big.Int))
	if !seconds.IsInt64() || seconds.Int64() > maxDays*86400 || seconds.Int64() < -maxDays*86400 {
		return value.Value{}, errYear
	}
	return finish(moment{time.Unix(seconds.Int64(), rest.Int64()).UTC(), instant}, args, 1, false)
}

func layoutArg(args []value.Value, i int) ([]field, error) {
	fields, err := parseLayout(args[i].Str())
	if err != nil {
		return nil, failure(i, "%s", err.Error())
	}
	return fields, nil
}

// prepareLayout reads a constant layout once.
func prepareLayout(call func(c *Call, layout []field, args []value.Value) (value.Value, error)) func([]value.Value) (Code, error) {
	return func(args []value.Value) (Code, error) {
		if args[1].Kind() != value.String {
			return nil, nil
		}
		layout, err := layoutArg(args, 1)
		if err != nil {
			return nil, err
		}
		return func(c *Call, args []value.Value) (value.Value, error) { return call(c, layout, args) }, nil
	}
}

func callParseDate(_ *Call, layout []field, args []value.Value) (value.Value, error) {
	m, err := parseByLayout(args[0].Str(), layout)
	if err != nil {
		return value.Value{}, failure(0, "%s", err.Error())
	}
	return finish(m, args, 2, true)
}

func callFormatDate(_ *Call, layout []field, args []value.Value) (value.Value, error) {
	m, err := momentArg(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	loc, err := zoneArg(args, 2)
	if err != nil {
		return value.Value{}, err
	}
	if m.kind != dateOnly { // a date is the same in every zone
		m = m.in(loc)
	}
	s, err := formatMoment(m, layout)
	if err != nil {
		return value.Value{}, failure(0, "%s", err.Error())
	}
	return value.Text(s), nil
}
