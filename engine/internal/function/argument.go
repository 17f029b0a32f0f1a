package function

import (
	"math"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// valueBytes is what one value costs in a list or an object.
const valueBytes = 64

// text charges for a string result of a size that is known, then makes it.
func (c *Call) text(size int, build func() string) (value.Value, error) {
	if err := c.Budget.Bytes(int64(size)); err != nil {
		return value.Value{}, err
	}
	return value.Text(build()), nil
}

// anything are the kinds of a parameter that takes every value.
const anything = value.AnyKind &^ value.Nil

// str returns string argument i, or what stands in for it where it is not given.
func str(args []value.Value, i int, otherwise string) string {
	if i >= len(args) || args[i].IsNil() {
		return otherwise
	}
	return args[i].Str()
}

// whole returns number argument i as an int between least and most, or what stands in for it where it is not given.
func whole(args []value.Value, i, otherwise, least, most int) (int, error) {
	if i >= len(args) || args[i].IsNil() {
		return otherwise, nil
	}
	d, err := dec(args, i)
	if err != nil {
		return 0, err
	}
	if !d.IsInt() {
		return 0, failure(i, "must be a whole number")
	}
	n, ok := d.Int64()
	switch {
	case (!ok && d.Sign() > 0 || n > int64(most)) && most == math.MaxInt32:
		return most, nil
	case (!ok && d.Sign() < 0 || n < int64(least)) && least == math.MinInt32:
		return least, nil
	case !ok || n < int64(least) || n > int64(most):
		if most == math.MaxInt32 {
			return 0, failure(i, "must be %d or more", least)
		}
		return 0, failure(i, "must be from %d to %d", least, most)
	}
	return int(n), nil
}

// dec returns number argument i.
func dec(args []value.Value, i int) (decimal.Decimal, error) {
	d, err := args[i].Dec()
	if err != nil {
		return d, &Error{Arg: i + 1, Msg: "is too large or too precise to compute with", Err: err}
	}
	return d, nil
}

// items returns list argument i after charging for it.
func (c *Call) items(args []value.Value, i int) ([]value.Value, error) {
	n := args[i].Len()
	if err := c.Budget.Bytes(int64(n) * valueBytes); err != nil || c.Arena == nil {
		return args[i].Items(), err
	}
	return args[i].AppendItems(c.Arena.Values(n)[:0]), nil
}

// fields returns object argument i after charging for it. An empty list counts as an empty object, because
// PHP writes one for the other.
func (c *Call) fields(args []value.Value, i int) ([]value.Field, error) {
	if args[i].Kind() == value.List {
		if !args[i].IsEmpty() {
			return nil, &Error{Arg: i + 1, Msg: "must be an object, not a list"}
		}
		return nil, nil
	}
	fields := args[i].Fields()
	return fields, c.Budget.Bytes(int64(len(fields)) * valueBytes)
}

// objects is the kind of parameters that [Call.fields] reads.
const objects = value.Objects | value.Lists

// scalarText returns a string, number or boolean as text; false for any other kind.
func scalarText(v value.Value) (string, bool) {
	switch v.Kind() {
	case value.String:
		return v.Str(), true
	case value.Number:
		return v.NumberText(), true
	case value.Bool:
		if v.IsTrue() {
			return "true", true
		}
		return "false", true
	}
	return "", false
}

// KeyText returns a scalar as the text that tables and groups are keyed by: a number without the trailing zeros after its
// point, so that 21.00 and 21 are one key. ok is false for a list, an object, null and missing.
func KeyText(v value.Value) (text string, ok bool) {
	if v.Kind() == value.Number {
		if d, err := v.Dec(); err == nil {
			return d.Trim().String(), true
		}
	}
	return scalarText(v)
}
