package function

import (
	"errors"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// maxRoundDigits bounds the digits that a rule may ask for.
const maxRoundDigits = 100

var (
	digitsParam = Param{Name: "digits", Kinds: value.Numbers, Optional: true}
	modeParam   = Param{Name: "mode", Kinds: value.Strings, Optional: true, Choices: decimal.Modes()}
	rateParam   = Param{Name: "rate", Kinds: value.Numbers}
)

var numberFuncs = []*Func{
	{
		Name: "round", Group: "numbers",
		Summary: "The number with exactly so many digits after the point, 0 unless given; negative digits round left of the point. A half goes away from zero unless a mode says otherwise.",
		Params:  []Param{{Name: "number", Kinds: value.Numbers}, digitsParam, modeParam},
		Result:  shape.Of(value.Numbers),
		Examples: []Example{
			{`round(2.345, 2)`, "2.35"}, {`round(19.1, 2)`, "19.10"}, {`round(-2.5)`, "-3"}, {`round(2.5, 0, "half-even")`, "2"}, {`round(1250, -2)`, "1300"},
			{`round(1.5, 0.5)`, "error: round: digits must be a whole number"},
			{`round(1, 2, "near")`, "error: round: mode must be one of half-up, half-even, half-down, up, down, ceiling, floor"},
			{`round(nil, 2)`, "missing"}, {`round(1, nil)`, "error: round: digits is null"},
		},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			mode, err := decimal.ParseMode(str(args, 2, "half-up"))
			if err != nil {
				return value.Value{}, err
			}
			return rounded(args, mode)
		},
	},
	{
		Name: "floor", Group: "numbers",
		Summary:  "The largest number with so many digits, 0 unless given, that is not larger.",
		Params:   []Param{{Name: "number", Kinds: value.Numbers}, digitsParam},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`floor(-2.5)`, "-3"}, {`floor(2.789, 2)`, "2.78"}},
		Call:     func(_ *Call, args []value.Value) (value.Value, error) { return rounded(args, decimal.Floor) },
	},
	{
		Name: "ceil", Group: "numbers",
		Summary:  "The smallest number with so many digits, 0 unless given, that is not smaller.",
		Params:   []Param{{Name: "number", Kinds: value.Numbers}, digitsParam},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`ceil(2.1)`, "3"}, {`ceil(-2.789, 2)`, "-2.78"}},
		Call:     func(_ *Call, args []value.Value) (value.Value, error) { return rounded(args, decimal.Ceiling) },
	},
	{
		Name: "abs", Group: "numbers",
		Summary:  "The number without its sign.",
		Params:   []Param{{Name: "number", Kinds: value.Numbers}},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`abs(-19.10)`, "19.10"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			d, err := dec(args, 0)
			return value.Decimal(d.Abs()), err
		},
	},
	{
		Name: "allocate", Group: "numbers",
		Summary: "The amount split in proportion to the weights into parts of so many digits, 2 unless given, that add up to it exactly; the cents that are left go to the parts that rounding hurt most.",
		Params: []Param{
			{Name: "amount", Kinds: value.Numbers}, {Name: "weights", Kinds: value.Lists}, digitsParam,
		},
		Result: shape.ListOf(shape.Of(value.Numbers)),
		Examples: []Example{
			{`allocate(10, [1, 1, 1])`, "[3.34,3.33,3.33]"}, {`allocate(-5.00, [30.50, 69.50])`, "[-1.53,-3.47]"},
			{`allocate(1, [])`, "error: allocate: weights must be one or more numbers, none of them negative"},
		},
		Call: callAllocate,
	},
	{
		Name: "net", Group: "numbers",
		Summary:  "The amount without tax of an amount that contains it; the rate is a percentage. With digits it is rounded, once; without, exact as far as it ends.",
		Params:   []Param{{Name: "gross", Kinds: value.Numbers}, rateParam, digitsParam},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`net(121, 21)`, "100"}, {`net(19.10, 21, 2)`, "15.79"}, {`net(19.10, nil)`, "missing"}, {`net(1, -100)`, "error: net: rate must be above -100"}},
		Call:     taxCall(func(amount, net, gross decimal.Decimal) decimal.Decimal { return net }, true),
	},
	{
		Name: "gross", Group: "numbers",
		Summary:  "The amount with tax of an amount without; the rate is a percentage. With digits it is rounded.",
		Params:   []Param{{Name: "net", Kinds: value.Numbers}, rateParam, digitsParam},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`gross(15.79, 21, 2)`, "19.11"}, {`gross(100, 21)`, "121.00"}},
		Call:     taxCall(func(amount, net, gross decimal.Decimal) decimal.Decimal { return gross }, false),
	},
	{
		Name: "taxOfGross", Group: "numbers",
		Summary:  "The tax in an amount that contains it: the amount less its net, so that the two always add up.",
		Params:   []Param{{Name: "gross", Kinds: value.Numbers}, rateParam, digitsParam},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`taxOfGross(19.10, 21, 2)`, "3.31"}, {`taxOfGross(121, 21)`, "21"}},
		Call:     taxCall(func(amount, net, gross decimal.Decimal) decimal.Decimal { return gross.Sub(net) }, true),
	},
	{
		Name: "taxOfNet", Group: "numbers",
		Summary:  "The tax on an amount without: its gross less the amount, so that the two always add up.",
		Params:   []Param{{Name: "net", Kinds: value.Numbers}, rateParam, digitsParam},
		Result:   shape.Of(value.Numbers),
		Examples: []Example{{`taxOfNet(15.79, 21, 2)`, "3.32"}, {`taxOfNet(100, 9)`, "9.00"}},
		Call:     taxCall(func(amount, net, gross decimal.Decimal) decimal.Decimal { return gross.Sub(net) }, false),
	},
}

func rounded(args []value.Value, mode decimal.Mode) (value.Value, error) {
	d, err := dec(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	digits, err := whole(args, 1, 0, -maxRoundDigits, maxRoundDigits)
	if err != nil {
		return value.Value{}, err
	}
	return value.Decimal(d.Round(digits, mode)), nil
}

func callAllocate(c *Call, args []value.Value) (value.Value, error) {
	amount, err := dec(args, 0)
	if err != nil {
		return value.Value{}, err
	}
	list, err := c.items(args, 1)
	if err != nil {
		return value.Value{}, err
	}
	digits, err := whole(args, 2, 2, 0, maxRoundDigits)
	if err != nil {
		return value.Value{}, err
	}
	weights := make([]decimal.Decimal, len(list))
	size := amount.Digits() + digits
	for i, v := range list {
		if v.Kind() != value.Number {
			return value.Value{}, failure(1, "must be one or more numbers, none of them negative")
		}
		if weights[i], err = v.Dec(); err != nil {
			return value.Value{}, err
		}
		size = max(size, amount.Digits()+digits+weights[i].Digits())
	}
	if err := c.Budget.Bytes(int64(len(list)) * int64(size+4*valueBytes)); err != nil {
		return value.Value{}, err
	}
	parts, err := amount.Allocate(weights, digits)
	if errors.Is(err, decimal.ErrWeights) {
		return value.Value{}, failure(1, "must be one or more numbers, none of them negative")
	}
	if err != nil {
		return value.Value{}, err
	}
	out := make([]value.Value, len(parts))
	for i, p := range parts {
		out[i] = value.Decimal(p)
	}
	return value.ListOf(out), nil
}

var hundred = decimal.New(100, 0)

// taxCall makes the code of the four tax functions. pick gets the amount as given and its net and gross, of which the one that
// was not given is rounded, if digits are.
func taxCall(pick func(amount, net, gross decimal.Decimal) decimal.Decimal, fromGross bool) Code {
	return func(_ *Call, args []value.Value) (value.Value, error) {
		amount, err := dec(args, 0)
		if err != nil {
			return value.Value{}, err
		}
		rate, err := dec(args, 1)
		if err != nil {
			return value.Value{}, err
		}
		exact := len(args) < 3
		digits, err := whole(args, 2, 0, 0, maxRoundDigits)
		if err != nil {
			return value.Value{}, err
		}
		factor := hundred.Add(rate)
		if factor.Sign() <= 0 {
			return value.Value{}, failure(1, "must be above -100")
		}
		net, gross := amount, amount
		switch {
		case fromGross && exact:
			net, err = amount.Mul(hundred).Quo(factor)
		case fromGross:
			net, err = amount.Mul(hundred).QuoRound(factor, digits, decimal.HalfUp)
		case exact:
			gross = amount.Mul(factor.Mul(decimal.New(1, 2)))
		default:
			gross = amount.Mul(factor.Mul(decimal.New(1, 2))).Round(digits, decimal.HalfUp)
		}
		if err != nil {
			return value.Value{}, err
		}
		result := pick(amount, net, gross)
		if !exact {
			result = result.Round(digits, decimal.HalfUp)
		}
		return value.Decimal(result), nil
	}
}
