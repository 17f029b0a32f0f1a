package sandbox

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"
)

// decoder turns a request's body into an object of a schema. Members that are
// read-only are ignored; members that are left out or null become unset, which
// is why PUT replaces.
type decoder struct {
	strict      bool // refuse unknown members and values of another type
	asDescribed bool // refuse what only the description demands
}

func (c *call) decode(s *schema) (object, error) {
	return c.s.decoder().body(s, c.body)
}

func (s *Sandbox) decoder() decoder {
	return decoder{strict: s.set.Unproven.StrictInput, asDescribed: s.set.Unproven.RequiredAsDescribed}
}

func (d decoder) body(s *schema, body []byte) (object, error) {
	dec := json.NewDecoder(bytes.NewReader(body))
	dec.UseNumber()
	var raw map[string]any
	if err := dec.Decode(&raw); err != nil || raw == nil {
		return nil, invalid("The request body is not a JSON object.")
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, invalid("The request body holds more than one JSON value.")
	}
	return d.object(s, raw)
}

func (d decoder) object(s *schema, raw map[string]any) (object, error) {
	if d.strict {
		for name := range raw {
			if s.byName[name] == nil {
				return nil, invalid("The member %s is not known.", clip(name))
			}
		}
	}
	o := s.blank()
	for i := range s.members {
		m := &s.members[i]
		if !m.input {
			continue
		}
		value, given := raw[m.name]
		if !given || value == nil {
			if m.must == mandatory || m.must == onDemand && d.asDescribed {
				return nil, invalid("The %s field is required.", m.name)
			}
			continue
		}
		v, err := d.value(m, value)
		if err != nil {
			return nil, err
		}
		if m.must == mandatory && v == "" {
			return nil, invalid("The %s field is required.", m.name)
		}
		o[m.name] = v
	}
	return o, nil
}

func (d decoder) value(m *member, raw any) (any, error) {
	switch m.kind {
	case kText:
		return d.text(m, raw)
	case kGUID:
		s, ok := raw.(string)
		if !ok || !isGUID(s) {
			return nil, invalid("The field %s is not a valid identifier.", m.name)
		}
		return strings.ToLower(s), nil
	case kBool:
		return d.boolean(m, raw)
	case kInt:
		return d.integer(m, raw)
	case kDecimal:
		return d.decimal(m, raw)
	case kDate:
		s, _ := raw.(string)
		day, ok := parseDay(s)
		if !ok {
			return nil, invalid("The field %s is not a valid date.", m.name)
		}
		return day, nil
	case kInstant:
		s, _ := raw.(string)
		t, err := time.Parse(time.RFC3339Nano, s)
		if err != nil {
			return nil, invalid("The field %s is not a valid date.", m.name)
		}
		return stamp(t), nil
	case kObject:
		inner, ok := raw.(map[string]any)
		if !ok {
			return nil, invalid("The field %s must be an object.", m.name)
		}
		return d.object(m.sub, inner)
	case kObjects:
		return d.objects(m, raw)
	default:
		return d.texts(m, raw)
	}
}

func (d decoder) text(m *member, raw any) (any, error) {
	s, ok := raw.(string)
	if n, isNumber := raw.(json.Number); !ok && isNumber && !d.strict {
		s, ok = n.String(), true
	}
	if !ok {
		return nil, invalid("The field %s must be a string.", m.name)
	}
	if m.length > 0 && utf8.RuneCountInString(s) > m.length {
		return nil, invalid("The field %s must be a string with a maximum length of %d.", m.name, m.length)
	}
	return s, nil
}

func (d decoder) boolean(m *member, raw any) (any, error) {
	if b, ok := raw.(bool); ok {
		return b, nil
	}
	if !d.strict {
		switch strings.ToLower(fmt.Sprint(raw)) {
		case "true", "1":
			return true, nil
		case "false", "0":
			return false, nil
		}
	}
	return nil, invalid("The field %s must be true or false.", m.name)
}

func (d decoder) integer(m *member, raw any) (any, error) {
	n, ok := d.wholeNumber(m, raw)
	if !ok {
		return nil, invalid("The field %s must be a whole number.", m.name)
	}
	if m.choices != nil && !slices.Contains(m.choices, n) {
		return nil, invalid("The field %s has no value %d.", m.name, n)
	}
	if m.low != nil && (whole(n).cmp(*m.low) < 0 || whole(n).cmp(*m.high) > 0) {
		return nil, invalid("The field %s must be between %s and %s.", m.name, m.low, m.high)
	}
	return n, nil
}

// wholeNumber also takes what older clients send: a number as text, the name of
// a choice, and false for 0.
func (d decoder) wholeNumber(m *member, raw any) (int64, bool) {
	switch v := raw.(type) {
	case json.Number:
		n, err := v.Int64()
		return n, err == nil
	case bool:
		return 0, !v && !d.strict && m.choices != nil
	case string:
		if d.strict {
			return 0, false
		}
		if i := slices.Index(m.names, v); i >= 0 {
			return m.choices[i], true
		}
		n, err := json.Number(v).Int64()
		return n, err == nil
	}
	return 0, false
}

func (d decoder) decimal(m *member, raw any) (any, error) {
	var written string
	switch v := raw.(type) {
	case json.Number:
		written = v.String()
	case string:
		if !d.strict {
			written = v
		}
	}
	a, err := parseAmount(written)
	if err != nil {
		return nil, invalid("The field %s must be a number.", m.name)
	}
	if m.places != anyPlaces && a.places() > m.places {
		return nil, invalid("The field %s must have at most %d decimals.", m.name, m.places)
	}
	if m.low != nil && (a.cmp(*m.low) < 0 || a.cmp(*m.high) > 0) {
		return nil, invalid("The field %s must be between %s and %s.", m.name, m.low, m.high)
	}
	return a, nil
}

func (d decoder) objects(m *member, raw any) (any, error) {
	items, ok := raw.([]any)
	if !ok {
		return nil, invalid("The field %s must be a list.", m.name)
	}
	out := make([]object, 0, len(items))
	for _, item := range items {
		inner, ok := item.(map[string]any)
		if !ok {
			return nil, invalid("The field %s must be a list of objects.", m.name)
		}
		o, err := d.object(m.sub, inner)
		if err != nil {
			return nil, err
		}
		// The id of a nested object is an input: it names the label, or the row to keep.
		if id, ok := inner["Id"].(string); ok && m.sub.byName["Id"] != nil && isGUID(id) {
			o["Id"] = strings.ToLower(id)
		}
		out = append(out, o)
	}
	return out, nil
}

func (d decoder) texts(m *member, raw any) (any, error) {
	items, ok := raw.([]any)
	if !ok {
		return nil, invalid("The field %s must be a list.", m.name)
	}
	out := make([]string, 0, len(items))
	for _, item := range items {
		s, ok := item.(string)
		if !ok {
			return nil, invalid("The field %s must be a list of strings.", m.name)
		}
		out = append(out, s)
	}
	return out, nil
}

// parseDay takes the three forms in which dates travel and gives the day that is written.
func parseDay(s string) (string, bool) {
	for _, layout := range []string{time.DateOnly, "2006-01-02T15:04:05", time.RFC3339Nano, "2006-01-02T15:04:05.9999999"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.Format(time.DateOnly), true
		}
	}
	return "", false
}

func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.0000000Z") }

func isGUID(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i, r := range s {
		switch i {
		case 8, 13, 18, 23:
			if r != '-' {
				return false
			}
		default:
			if !strings.ContainsRune("0123456789abcdefABCDEF", r) {
				return false
			}
		}
	}
	return true
}
