package machine

import (
	"math"
	"strconv"
	"strings"

	"github.com/dop251/goja"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

// number is the decimal behind a JavaScript object. text is what stood in the document: 1e2 is written as it
// came unless a script computes with it.
type number struct {
	vm    *VM
	value decimal.Decimal
	text  string
}

// The methods of goja.DynamicObject: a decimal has no members of its own and takes none.
func (n *number) Get(string) goja.Value { return nil }
func (n *number) Has(string) bool       { return false }
func (n *number) Delete(string) bool    { return true }
func (n *number) Keys() []string        { return nil }

// Set is where a script sets a member of a decimal.
func (n *number) Set(string, goja.Value) bool {
	panic(n.vm.typeError("a decimal has no members and cannot be changed: its methods give new ones"))
}

func (vm *VM) decimal(d decimal.Decimal, text string) goja.Value {
	o := vm.rt.NewDynamicObject(&number{vm: vm, value: d, text: text})
	if err := o.SetPrototype(vm.decimalProto); err != nil {
		panic(err)
	}
	return o
}

func (vm *VM) computed(d decimal.Decimal) goja.Value {
	if d.Digits() > decimal.MaxDigits || d.Scale() > decimal.MaxExponent {
		panic(vm.rangeError("the number has more than " + strconv.Itoa(decimal.MaxDigits) + " digits"))
	}
	return vm.decimal(d, "")
}

// dynamic returns what Go holds behind an object that Go made, nil for all others. Export alone would copy any object.
func dynamic(v goja.Value) any {
	o, ok := v.(*goja.Object)
	if !ok {
		return nil
	}
	switch o.ExportType() {
	case typeNumber, typeObject, typeList:
		return o.Export()
	}
	return nil
}

// number is asNumber, and at once for the decimal that was asked for last: scripts use one several times in a row.
func (vm *VM) number(v goja.Value) *number {
	o, ok := v.(*goja.Object)
	if ok && o == vm.last.object {
		return vm.last.number
	}
	n := asNumber(v)
	if n != nil {
		vm.last.object, vm.last.number = o, n
	}
	return n
}

func asNumber(v goja.Value) *number {
	n, _ := dynamic(v).(*number)
	return n
}

// maxDoubleDigits is how many significant digits a double gives back as they were written (DBL_DIG of C).
const maxDoubleDigits = 15

// maxSafe is the largest whole number up to which doubles have no gaps.
const maxSafe = 1<<53 - 1

// doubleText writes a JavaScript number as the decimal that its author means. It is not ok where the number has the
// marks of a computation with doubles: more digits than a double holds, or beyond where doubles have gaps.
func doubleText(f float64) (text string, ok bool) {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return "", false
	}
	if f == math.Trunc(f) {
		return strconv.FormatFloat(f+0, 'f', -1, 64), math.Abs(f) <= maxSafe
	}
	text = strconv.FormatFloat(f, 'f', -1, 64)
	digits := strings.TrimLeft(strings.Replace(strings.TrimPrefix(text, "-"), ".", "", 1), "0")
	return text, len(digits) <= maxDoubleDigits && len(text) < 100
}

// operand reads an argument of a decimal's method: a decimal, a number that is exact, or a text.
func (vm *VM) operand(v goja.Value, what string) decimal.Decimal {
	if n := asNumber(v); n != nil {
		return n.value
	}
	var text string
	switch x := exportScalar(v).(type) {
	case int64:
		return decimal.New(x, 0)
	case float64:
		var ok bool
		if text, ok = doubleText(x); !ok {
			panic(vm.rangeError(what + " is a number of JavaScript that is not exact: compute with decimals from the start, or round it with toFixed"))
		}
	case string:
		text = strings.TrimSpace(x)
	default:
		panic(vm.typeError(what + " must be a decimal, a number or a text like \"19.10\", and is " + kindOf(v)))
	}
	d, err := decimal.Parse(text)
	if err != nil {
		panic(vm.typeError(what + " is no number: " + err.Error()))
	}
	return d
}

// exportScalar returns the Go value of a primitive, nil for objects, null and undefined.
func exportScalar(v goja.Value) any {
	if v == nil || goja.IsUndefined(v) || goja.IsNull(v) {
		return nil
	}
	if _, ok := v.(*goja.Object); ok {
		return nil
	}
	if _, ok := v.(*goja.Symbol); ok {
		return nil
	}
	return v.Export()
}

func kindOf(v goja.Value) string {
	if v == nil || goja.IsUndefined(v) {
		return "undefined"
	}
	if goja.IsNull(v) {
		return "null"
	}
	switch exportScalar(v).(type) {
	case string:
		return "a text"
	case bool:
		return "true or false"
	case int64, float64:
		return "a number"
	}
	if _, ok := v.(*goja.Symbol); ok {
		return "a symbol"
	}
	o, ok := v.(*goja.Object)
	if !ok {
		return "something else"
	}
	switch {
	case o.ClassName() == "Array":
		return "an array"
	case o.ClassName() == "Function":
		return "a function"
	case asNumber(v) != nil:
		return "a decimal"
	}
	return "an object"
}

func (vm *VM) digits(v goja.Value, fallback int) int {
	if v == nil || goja.IsUndefined(v) {
		return fallback
	}
	n, ok := vm.operand(v, "the count of digits").Int64()
	if !ok || n < -100 || n > 100 {
		panic(vm.rangeError("the count of digits is a whole number from -100 to 100"))
	}
	return int(n)
}

func (vm *VM) mode(v goja.Value) decimal.Mode {
	if v == nil || goja.IsUndefined(v) {
		return decimal.HalfUp
	}
	m, err := decimal.ParseMode(v.String())
	if err != nil {
		panic(vm.rangeError("no such rounding mode; there are " + strings.Join(decimal.Modes(), ", ")))
	}
	return m
}

// decimalLibrary makes the function decimal and the prototype of its results.
func (vm *VM) decimalLibrary() *goja.Object {
	rt := vm.rt
	vm.decimalProto = rt.NewObject()
	this := func(c goja.FunctionCall) *number {
		n := vm.number(c.This)
		if n == nil {
			panic(vm.typeError("this is no decimal"))
		}
		return n
	}
	self := func(c goja.FunctionCall) decimal.Decimal { return this(c).value }
	set := func(o *goja.Object, name string, f func(goja.FunctionCall) goja.Value) {
		if err := o.DefineDataProperty(name, rt.ToValue(f), goja.FLAG_TRUE, goja.FLAG_TRUE, goja.FLAG_FALSE); err != nil {
			panic(err)
		}
	}
	binary := func(name string, f func(a, b decimal.Decimal) (decimal.Decimal, error)) {
		set(vm.decimalProto, name, func(c goja.FunctionCall) goja.Value {
			d, err := f(self(c), vm.operand(c.Argument(0), "the operand of "+name))
			if err != nil {
				panic(vm.rangeError(err.Error()))
			}
			return vm.computed(d)
		})
	}
	binary("add", func(a, b decimal.Decimal) (decimal.Decimal, error) { return a.Add(b), nil })
	binary("sub", func(a, b decimal.Decimal) (decimal.Decimal, error) { return a.Sub(b), nil })
	binary("mul", func(a, b decimal.Decimal) (decimal.Decimal, error) {
		if a.Digits()+b.Digits() > decimal.MaxDigits {
			return decimal.Decimal{}, decimal.ErrRange
		}
		return a.Mul(b), nil
	})
	binary("mod", decimal.Decimal.Rem)
	set(vm.decimalProto, "div", func(c goja.FunctionCall) goja.Value {
		a, b := self(c), vm.operand(c.Argument(0), "the operand of div")
		d, err := decimal.Decimal{}, error(nil)
		if goja.IsUndefined(c.Argument(1)) {
			d, err = a.Quo(b)
		} else {
			d, err = a.QuoRound(b, vm.digits(c.Argument(1), 0), vm.mode(c.Argument(2)))
		}
		if err != nil {
			panic(vm.rangeError(err.Error()))
		}
		return vm.computed(d)
	})
	set(vm.decimalProto, "pow", func(c goja.FunctionCall) goja.Value {
		n, ok := vm.operand(c.Argument(0), "the exponent").Int64()
		if !ok || n < -10000 || n > 10000 {
			panic(vm.rangeError("the exponent is a whole number from -10000 to 10000"))
		}
		d, err := self(c).Pow(int(n))
		if err != nil {
			panic(vm.rangeError(err.Error()))
		}
		return vm.computed(d)
	})
	unary := func(name string, f func(decimal.Decimal) decimal.Decimal) {
		set(vm.decimalProto, name, func(c goja.FunctionCall) goja.Value { return vm.computed(f(self(c))) })
	}
	unary("neg", decimal.Decimal.Neg)
	unary("abs", decimal.Decimal.Abs)
	unary("trim", decimal.Decimal.Trim)
	comparison := func(name string, f func(order int) bool) {
		set(vm.decimalProto, name, func(c goja.FunctionCall) goja.Value {
			return rt.ToValue(f(self(c).Cmp(vm.operand(c.Argument(0), "the operand of "+name))))
		})
	}
	comparison("eq", func(o int) bool { return o == 0 })
	comparison("lt", func(o int) bool { return o < 0 })
	comparison("lte", func(o int) bool { return o <= 0 })
	comparison("gt", func(o int) bool { return o > 0 })
	comparison("gte", func(o int) bool { return o >= 0 })
	set(vm.decimalProto, "cmp", func(c goja.FunctionCall) goja.Value {
		return rt.ToValue(self(c).Cmp(vm.operand(c.Argument(0), "the operand of cmp")))
	})
	set(vm.decimalProto, "sign", func(c goja.FunctionCall) goja.Value { return rt.ToValue(self(c).Sign()) })
	set(vm.decimalProto, "isZero", func(c goja.FunctionCall) goja.Value { return rt.ToValue(self(c).IsZero()) })
	set(vm.decimalProto, "isInteger", func(c goja.FunctionCall) goja.Value { return rt.ToValue(self(c).IsInt()) })
	set(vm.decimalProto, "scale", func(c goja.FunctionCall) goja.Value { return rt.ToValue(self(c).Scale()) })
	set(vm.decimalProto, "round", func(c goja.FunctionCall) goja.Value {
		return vm.computed(self(c).Round(vm.digits(c.Argument(0), 0), vm.mode(c.Argument(1))))
	})
	set(vm.decimalProto, "allocate", func(c goja.FunctionCall) goja.Value {
		var weights []decimal.Decimal
		vm.each(c.Argument(0), func(v goja.Value) { weights = append(weights, vm.operand(v, "a weight")) })
		parts, err := self(c).Allocate(weights, vm.digits(c.Argument(1), 2))
		if err != nil {
			panic(vm.rangeError(err.Error()))
		}
		out := make([]any, len(parts))
		for i, p := range parts {
			out[i] = vm.computed(p)
		}
		return rt.NewArray(out...)
	})
	text := func(c goja.FunctionCall) goja.Value { return rt.ToValue(this(c).String()) }
	set(vm.decimalProto, "toString", text)
	set(vm.decimalProto, "toLocaleString", text)
	unfit := func(goja.FunctionCall) goja.Value {
		panic(vm.typeError("a decimal cannot be used with + - * / % < > ==: write a.add(b), a.sub(b), a.mul(b), a.div(b), a.lt(b), a.eq(b); as text, `${a}` or String(a)"))
	}
	set(vm.decimalProto, "valueOf", unfit)
	primitive := func(c goja.FunctionCall) goja.Value {
		if c.Argument(0).String() == "string" {
			return text(c)
		}
		return unfit(c)
	}
	if err := vm.decimalProto.DefineDataPropertySymbol(goja.SymToPrimitive, rt.ToValue(primitive), goja.FLAG_FALSE, goja.FLAG_FALSE, goja.FLAG_FALSE); err != nil {
		panic(err)
	}
	set(vm.decimalProto, "toFixed", func(c goja.FunctionCall) goja.Value {
		digits := max(vm.digits(c.Argument(0), 0), 0)
		// Adding 0.00 brings the zeros that rounding does not make.
		return rt.ToValue(self(c).Round(digits, vm.mode(c.Argument(1))).Add(decimal.New(0, digits)).String())
	})
	set(vm.decimalProto, "toNumber", func(c goja.FunctionCall) goja.Value {
		d := self(c)
		if n, ok := d.Int64(); ok && n >= -maxSafe && n <= maxSafe {
			return rt.ToValue(n)
		}
		f, err := strconv.ParseFloat(d.Trim().String(), 64)
		if back, ok := doubleText(f); err != nil || !ok || back != d.Trim().String() {
			panic(vm.rangeError("the decimal does not fit a number of JavaScript exactly: go on with decimals"))
		}
		return rt.ToValue(f)
	})

	make := rt.ToValue(func(c goja.FunctionCall) goja.Value {
		if n := asNumber(c.Argument(0)); n != nil {
			return c.Argument(0)
		}
		return vm.computed(vm.operand(c.Argument(0), "the argument of decimal"))
	}).(*goja.Object)
	fold := func(name string, empty bool, f func(a, b decimal.Decimal) decimal.Decimal) {
		set(make, name, func(c goja.FunctionCall) goja.Value {
			var acc decimal.Decimal
			count := 0
			add := func(v goja.Value) {
				d := vm.operand(v, "an element")
				if count++; count == 1 {
					acc = d
				} else {
					acc = f(acc, d)
				}
			}
			for _, a := range c.Arguments {
				if o, ok := a.(*goja.Object); ok && o.ClassName() == "Array" {
					vm.each(a, add)
				} else {
					add(a)
				}
			}
			if count == 0 && !empty {
				return goja.Undefined()
			}
			return vm.computed(acc)
		})
	}
	fold("sum", true, decimal.Decimal.Add)
	fold("min", false, func(a, b decimal.Decimal) decimal.Decimal {
		if b.Cmp(a) < 0 {
			return b
		}
		return a
	})
	fold("max", false, func(a, b decimal.Decimal) decimal.Decimal {
		if b.Cmp(a) > 0 {
			return b
		}
		return a
	})
	return make
}

// String returns the number as the document wrote it, or as it was computed.
func (n *number) String() string {
	if n.text != "" {
		return n.text
	}
	return n.value.String()
}

// each calls f with the elements of an array, without anything that a script could have put in their way.
func (vm *VM) each(v goja.Value, f func(goja.Value)) {
	o, ok := v.(*goja.Object)
	if !ok || o.ClassName() != "Array" {
		panic(vm.typeError("a list is wanted, this is " + kindOf(v)))
	}
	n := int(o.Get("length").ToInteger())
	if n > maxItems {
		panic(vm.rangeError("the list is too long"))
	}
	for i := range n {
		f(o.Get(strconv.Itoa(i)))
	}
}
