package peers

import (
	"encoding/json"
	"errors"

	"github.com/tidwall/gjson"
)

// The limits touch all bytes of a document and map nothing: no mapping that looks at the whole of a document
// is expected to be much faster.

var errInvalid = errors.New("invalid JSON")

func valid(ok func([]byte) bool) (Func, error) {
	return func(src []byte) ([]byte, error) {
		if !ok(src) {
			return nil, errInvalid
		}
		return nil, nil
	}, nil
}

func gjsonValid(string) (Func, error) { return valid(gjson.ValidBytes) }
func stdValid(string) (Func, error)   { return valid(json.Valid) }

// stdAny is what every engine pays that starts from decoded maps and lists.
func stdAny(string) (Func, error) {
	return func(src []byte) ([]byte, error) {
		var v any
		return nil, json.Unmarshal(src, &v)
	}, nil
}
