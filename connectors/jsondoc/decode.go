package jsondoc

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// ErrMalformed is text that is not exactly one JSON value, or one that is nested too deeply.
var ErrMalformed = errors.New("malformed JSON")

// MaxDepth is how deep a text may be nested: where PHP's decoder gives up.
const MaxDepth = 512

// Decode reads exactly one JSON value. Of members with one name the last one counts.
func Decode(data []byte) (any, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	v, err := decode(dec, 0)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("%w: more follows the value", ErrMalformed)
	}
	return v, nil
}

// DecodeObject reads a text that is one JSON object.
func DecodeObject(data []byte) (*Object, error) {
	v, err := Decode(data)
	if err != nil {
		return nil, err
	}
	o, ok := v.(*Object)
	if !ok {
		return nil, fmt.Errorf("%w: not an object", ErrMalformed)
	}
	return o, nil
}

func decode(dec *json.Decoder, depth int) (any, error) {
	if depth > MaxDepth {
		return nil, fmt.Errorf("%w: nested more than %d deep", ErrMalformed, MaxDepth)
	}
	t, err := dec.Token()
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	switch t {
	case json.Delim('['):
		list := []any{}
		for dec.More() {
			v, err := decode(dec, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		return list, end(dec)
	case json.Delim('{'):
		o := New()
		for dec.More() {
			k, err := dec.Token()
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrMalformed, err)
			}
			v, err := decode(dec, depth+1)
			if err != nil {
				return nil, err
			}
			o.Set(k.(string), v) // the decoder gives nothing else where a name belongs
		}
		return o, end(dec)
	}
	return t, nil
}

// end reads the bracket that closes a list or an object.
func end(dec *json.Decoder) error {
	if _, err := dec.Token(); err != nil {
		return fmt.Errorf("%w: %w", ErrMalformed, err)
	}
	return nil
}
