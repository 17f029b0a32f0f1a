package function

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
)

// layoutHelp explains the layouts of formatDate and parseDate.
const layoutHelp = `| letters | meaning | example |
|---|---|---|
| yyyy, yy | year | 2026, 26 |
| MMMM, MMM, MM, M | month | January, Jan, 01, 1 |
| dd, d | day of the month | 05, 5 |
| EEEE, EEE, e | day of the week, in English or as 1 (Monday) to 7 | Monday, Mon, 1 |
| DDD | day of the year | 005 |
| YYYY, ww | year and week of ISO 8601 | 2026, 02 |
| HH, H | hour, 0 to 23 | 08, 8 |
| hh, h, a | hour, 1 to 12, and AM or PM | 08, 8, AM |
| mm, m | minute | 09, 9 |
| ss, s | second | 03, 3 |
| S, SS, SSS ... | so many digits of the second's fraction | 123 |
| XXX, XX, xxx, xx | offset from UTC; X writes Z for none | +01:00, +0100 |
| 'text' | the text itself; '' is one quote | o'clock |

Other letters are an error; every other character stands for itself. parseDate reads the same
letters except e, DDD, YYYY and ww.`

// field is a piece of a layout: letters, or text that stands for itself.
type field struct {
	letters string
	literal string
}

// layoutFields are the letters that layouts may use.
var layoutFields = map[string]precision{
	"yyyy": dateOnly, "yy": dateOnly, "MMMM": dateOnly, "MMM": dateOnly, "MM": dateOnly, "M": dateOnly, "dd": dateOnly, "d": dateOnly,
	"EEEE": dateOnly, "EEE": dateOnly, "e": dateOnly, "DDD": dateOnly, "YYYY": dateOnly, "ww": dateOnly,
	"HH": local, "H": local, "hh": local, "h": local, "a": local, "mm": local, "m": local, "ss": local, "s": local,
	"XXX": instant, "XX": instant, "xxx": instant, "xx": instant,
}

// parseLayout splits a layout into its fields.
func parseLayout(layout string) ([]field, error) {
	if len(layout) > 100 {
		return nil, errors.New("is longer than 100 characters")
	}
	var fields []field
	for i := 0; i < len(layout); {
		c := layout[i]
		switch {
		case c == '\'':
			text, n, err := quoted(layout[i:])
			if err != nil {
				return nil, err
			}
			fields = append(fields, field{literal: text})
			i += n
		case 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z':
			end := i
			for end < len(layout) && layout[end] == c {
				end++
			}
			letters := layout[i:end]
			if _, ok := layoutFields[letters]; !ok && (c != 'S' || len(letters) > 9) {
				return nil, fmt.Errorf("has the letters %s, which stand for nothing; put text in single quotes", letters)
			}
			fields = append(fields, field{letters: letters})
			i = end
		default:
			end := i
			for end < len(layout) && layout[end] != '\'' && !('a' <= layout[end]|0x20 && layout[end]|0x20 <= 'z') {
				end++
			}
			fields = append(fields, field{literal: layout[i:end]})
			i = end
		}
	}
	return fields, nil
}

// quoted reads text in single quotes from the start of s and how long that is.
func quoted(s string) (text string, n int, err error) {
	var b strings.Builder
	for i := 1; i < len(s); i++ {
		if s[i] != '\'' {
			b.WriteByte(s[i])
			continue
		}
		if i+1 < len(s) && s[i+1] == '\'' {
			b.WriteByte('\'')
			i++
			continue
		}
		if i == 1 {
			return "'", 2, nil
		}
		return b.String(), i + 1, nil
	}
	return "", 0, errors.New("lacks a closing quote")
}

func (f field) needs() precision {
	if f.letters != "" && f.letters[0] == 'S' {
		return local
	}
	return layoutFields[f.letters]
}

// formatMoment writes m by the layout.
func formatMoment(m moment, fields []field) (string, error) {
	if y := m.t.Year(); y < 1 || y > 9999 {
		return "", errYear
	}
	var b strings.Builder
	for _, f := range fields {
		if f.letters == "" {
			b.WriteString(f.literal)
			continue
		}
		if need := f.needs(); need > m.kind {
			if m.kind == dateOnly {
				return "", errNoTime
			}
			return "", errNoOffset
		}
		writeField(&b, f.letters, m.t)
	}
	return b.String(), nil
}

// goLayouts are the fields that package time writes as we do.
var goLayouts = map[string]string{
	"yyyy": "2006", "yy": "06", "MMMM": "January", "MMM": "Jan", "MM": "01", "M": "1", "dd": "02", "d": "2", "EEEE": "Monday", "EEE": "Mon",
	"HH": "15", "hh": "03", "h": "3", "a": "PM", "mm": "04", "m": "4", "ss": "05", "s": "5", "DDD": "002",
	"XXX": "Z07:00", "XX": "Z0700", "xxx": "-07:00", "xx": "-0700",
}

func writeField(b *strings.Builder, letters string, t time.Time) {
	switch {
	case letters == "H":
		b.WriteString(strconv.Itoa(t.Hour()))
	case letters == "e":
		b.WriteString(strconv.Itoa((int(t.Weekday())+6)%7 + 1))
	case letters == "YYYY":
		year, _ := t.ISOWeek()
		fmt.Fprintf(b, "%04d", year)
	case letters == "ww":
		_, week := t.ISOWeek()
		fmt.Fprintf(b, "%02d", week)
	case letters[0] == 'S':
		b.WriteString(fmt.Sprintf("%09d", t.Nanosecond())[:len(letters)])
	default:
		b.WriteString(t.Format(goLayouts[letters]))
	}
}

// parseByLayout reads s by the layout: to a date, a local time or an instant, as the layout has it.
func parseByLayout(s string, fields []field) (moment, error) {
	failed := errors.New("does not have the form of the layout")
	r := reader{s: s}
	year, month, day, hour, minute, second, nano, offset := 1, 1, 1, 0, 0, 0, 0, 0
	kind, half, twelve := dateOnly, -1, false
	for _, f := range fields {
		kind = max(kind, f.needs())
		switch f.letters {
		case "":
			rest, ok := strings.CutPrefix(r.s, f.literal)
			if !ok {
				return moment{}, failed
			}
			r.s = rest
		case "yyyy":
			year = r.digits(4, 4)
		case "yy":
			year = 2000 + r.digits(2, 2)
		case "MMMM", "MMM":
			month = r.word(f.letters == "MMM", 12, func(i int) string { return time.Month(i).String() })
		case "MM", "M":
			month = r.digits(len(f.letters), 2)
		case "dd", "d":
			day = r.digits(len(f.letters), 2)
		case "EEEE", "EEE":
			r.word(f.letters == "EEE", 7, func(i int) string { return time.Weekday(i % 7).String() })
		case "HH", "H":
			hour = r.digits(len(f.letters), 2)
		case "hh", "h":
			hour, twelve = r.digits(len(f.letters), 2), true
			if hour < 1 || hour > 12 {
				return moment{}, failed
			}
		case "a":
			half = r.word(false, 2, func(i int) string { return []string{"AM", "PM"}[i-1] }) - 1
		case "mm", "m":
			minute = r.digits(len(f.letters), 2)
		case "ss", "s":
			second = r.digits(len(f.letters), 2)
		case "XXX", "XX", "xxx", "xx":
			var ok bool
			if offset, ok = r.offset(); !ok {
				return moment{}, failed
			}
		default:
			if f.letters[0] != 'S' {
				return moment{}, fmt.Errorf("cannot be read by a layout with %s", f.letters)
			}
			n := len(f.letters)
			nano = r.digits(n, n)
			for ; n < 9; n++ {
				nano *= 10
			}
		}
	}
	if twelve {
		if half < 0 {
			return moment{}, errors.New("cannot be read by a layout with hh but not a")
		}
		hour = hour%12 + 12*half
	}
	m, err := civil(year, month, day, hour, minute, second, nano, kind)
	if err != nil || r.failed || !r.done() {
		return moment{}, failed
	}
	if kind == instant {
		m.t = wall(m.t, fixedZone(offset))
	}
	return m, nil
}

// word reads the name of 1 to n, or its first three letters, in any case.
func (r *reader) word(short bool, n int, name func(int) string) int {
	for i := 1; i <= n; i++ {
		w := name(i)
		if short {
			w = w[:3]
		}
		if len(r.s) >= len(w) && strings.EqualFold(r.s[:len(w)], w) {
			r.s = r.s[len(w):]
			return i
		}
	}
	r.failed = true
	return 1
}
