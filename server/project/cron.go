package project

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// cronFields are the five fields of a cron expression, with the least and the greatest value of each.
var cronFields = []struct {
	name      string
	low, high int
	words     []string // for the values from low on
}{
	{"minute", 0, 59, nil},
	{"hour", 0, 23, nil},
	{"day of the month", 1, 31, nil},
	{"month", 1, 12, []string{"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"}},
	{"day of the week", 0, 7, []string{"sun", "mon", "tue", "wed", "thu", "fri", "sat"}},
}

const weekday = 4 // its field

// cron is a cron expression: the values that each field allows.
type cron struct {
	fields [5]map[int]bool
	// With both days said, one of them is enough; `*` says nothing, and `*/2` does. So does the store take it, which keeps the schedules.
	anyDay, anyWeekday bool
}

func parseCron(text string) (cron, error) {
	var c cron
	parts := strings.Fields(text)
	if len(parts) != len(cronFields) {
		return c, fmt.Errorf("it has %d of five fields: minute, hour, day of the month, month, day of the week", len(parts))
	}
	for i, part := range parts {
		values, err := cronValues(i, strings.ToLower(part))
		if err != nil {
			return c, fmt.Errorf("the %s %q: %w", cronFields[i].name, part, err)
		}
		c.fields[i] = values
	}
	if c.fields[weekday][7] {
		c.fields[weekday][0] = true // 0 and 7 are Sunday
	}
	c.anyDay, c.anyWeekday = isAny(parts[2]), isAny(parts[4])
	return c, nil
}

func isAny(field string) bool {
	items := strings.Split(field, ",")
	return slices.Contains(items, "*") || slices.Contains(items, "*/1")
}

// cronValues reads one field: *, 5, 1-5, */15, 1-30/2, and lists of these.
func cronValues(field int, text string) (map[int]bool, error) {
	f := cronFields[field]
	out := map[int]bool{}
	for item := range strings.SplitSeq(text, ",") {
		span, stepText, stepped := strings.Cut(item, "/")
		step := 1
		if stepped {
			n, err := strconv.Atoi(stepText)
			if err != nil || n < 1 || n > f.high {
				return nil, fmt.Errorf("the step is %q", stepText)
			}
			step = n
		}
		low, high := f.low, f.high
		if field == weekday {
			high = 6 // 7 is Sunday once more
		}
		if span != "*" {
			from, to, isSpan := strings.Cut(span, "-")
			var err error
			if low, err = cronValue(field, from); err != nil {
				return nil, err
			}
			switch {
			case isSpan:
				if high, err = cronValue(field, to); err != nil {
					return nil, err
				}
			case !stepped:
				high = low
			}
		}
		if low > high {
			return nil, fmt.Errorf("%d comes after %d", low, high)
		}
		for v := low; v <= high; v += step {
			out[v] = true
		}
	}
	return out, nil
}

func cronValue(field int, text string) (int, error) {
	f := cronFields[field]
	if i := slices.Index(f.words, text); i >= 0 {
		return f.low + i, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < f.low || n > f.high {
		return 0, fmt.Errorf("it goes from %d to %d", f.low, f.high)
	}
	return n, nil
}

// next returns the first time after a moment that the expression names in the moment's zone; zero where there is none in
// four years, such as for the 30th of February.
func (c cron) next(after time.Time) time.Time {
	t := after.Truncate(time.Minute).Add(time.Minute)
	for end := after.AddDate(4, 0, 1); t.Before(end); {
		switch {
		case !c.fields[3][int(t.Month())]:
			t = midnight(t, t.Month()+1, 1)
		case !c.onDay(t):
			t = midnight(t, t.Month(), t.Day()+1)
		case !c.fields[1][t.Hour()], !c.fields[0][t.Minute()]:
			t = t.Add(time.Minute)
		default:
			return t
		}
	}
	return time.Time{}
}

// midnight returns the first moment of a later day. Where clocks go forward at midnight, there is none, and time.Date may say 23:00 of the day before.
func midnight(t time.Time, month time.Month, day int) time.Time {
	next := time.Date(t.Year(), month, day, 0, 0, 0, 0, t.Location())
	if !next.After(t) {
		return t.Add(time.Hour)
	}
	return next
}

func (c cron) onDay(t time.Time) bool {
	inMonth, inWeek := c.fields[2][t.Day()], c.fields[weekday][int(t.Weekday())]
	if c.anyDay || c.anyWeekday {
		return inMonth && inWeek
	}
	return inMonth || inWeek
}

// Schedule is Cron as the store reads it, where Sunday is 0 and no other number.
func (t Trigger) Schedule() string {
	c, err := parseCron(t.Cron)
	if err != nil || !c.fields[weekday][7] {
		return t.Cron
	}
	var days []string
	for day := range 7 {
		if c.fields[weekday][day] {
			days = append(days, strconv.Itoa(day))
		}
	}
	fields := strings.Fields(t.Cron)
	fields[weekday] = strings.Join(days, ",")
	return strings.Join(fields, " ")
}

// Next returns when the flow is due after a moment, by its cron expression, or by how often it runs since last; zero for never.
func (t Trigger) Next(last, after time.Time) time.Time {
	if t.Cron != "" {
		zone, err := time.LoadLocation(t.Zone)
		if err != nil {
			return time.Time{}
		}
		c, err := parseCron(t.Cron)
		if err != nil {
			return time.Time{}
		}
		return c.next(after.In(zone)).UTC()
	}
	if t.Every == 0 {
		return time.Time{}
	}
	if last.IsZero() || last.Add(t.Every).Before(after) {
		return after.Add(t.Every).UTC()
	}
	return last.Add(t.Every).UTC()
}
