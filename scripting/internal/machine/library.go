package machine

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"hash"
	"maps"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones do not depend on the machine that runs

	"github.com/dop251/goja"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

func (vm *VM) library(functions map[string]func(goja.FunctionCall) goja.Value) *goja.Object {
	o := vm.rt.NewObject()
	for _, name := range slices.Sorted(maps.Keys(functions)) { // not as a map of Go has them, which is another way each time
		if err := o.Set(name, functions[name]); err != nil {
			panic(err)
		}
	}
	return o
}

// dateLibrary works on instants as documents have them: RFC 3339 text.
func (vm *VM) dateLibrary() *goja.Object {
	parse := func(v goja.Value, who string) time.Time {
		t, err := time.Parse(time.RFC3339Nano, v.String())
		if err != nil {
			panic(vm.rangeError("date." + who + " wants an instant as RFC 3339 writes it: 2026-11-21T10:00:00+01:00"))
		}
		return t
	}
	zone := func(v goja.Value) *time.Location {
		if goja.IsUndefined(v) {
			return time.UTC
		}
		name := v.String()
		loc, err := time.LoadLocation(name)
		if err != nil || name == "Local" || name == "" {
			panic(vm.rangeError("no such time zone: write its name, Europe/Amsterdam"))
		}
		return loc
	}
	write := func(t time.Time) goja.Value {
		if t.Year() < 0 || t.Year() > 9999 {
			panic(vm.rangeError("date.* knows the years 0 to 9999, which RFC 3339 can write"))
		}
		return vm.rt.ToValue(t.Format(time.RFC3339Nano))
	}
	return vm.library(map[string]func(goja.FunctionCall) goja.Value{
		"now": func(c goja.FunctionCall) goja.Value {
			t := vm.instant()
			if !goja.IsUndefined(c.Argument(0)) {
				t = t.In(zone(c.Argument(0)))
			}
			return write(t)
		},
		"in": func(c goja.FunctionCall) goja.Value { return write(parse(c.Argument(0), "in").In(zone(c.Argument(1)))) },
		"parts": func(c goja.FunctionCall) goja.Value {
			t := parse(c.Argument(0), "parts")
			if !goja.IsUndefined(c.Argument(1)) {
				t = t.In(zone(c.Argument(1)))
			}
			o := vm.rt.NewObject()
			weekday := int(t.Weekday()+6)%7 + 1 // ISO 8601: Monday is 1
			for _, p := range []struct {
				name  string
				value int
			}{{"year", t.Year()}, {"month", int(t.Month())}, {"day", t.Day()}, {"hour", t.Hour()}, {"minute", t.Minute()}, {"second", t.Second()}, {"weekday", weekday}} {
				if err := o.Set(p.name, p.value); err != nil {
					panic(err)
				}
			}
			return o
		},
		"of": func(c goja.FunctionCall) goja.Value {
			o, ok := c.Argument(0).(*goja.Object)
			if !ok {
				panic(vm.typeError("date.of wants an object: {year, month, day, hour, minute, second}"))
			}
			n := vm.parts(o, "date.of", []string{"year", "month", "day", "hour", "minute", "second", "weekday"}) // what date.parts gives, too
			if _, ok := n["year"]; !ok {
				panic(vm.typeError("date.of wants a year at least: {year, month, day, hour, minute, second}"))
			}
			for _, name := range []string{"month", "day"} {
				if _, ok := n[name]; !ok {
					n[name] = 1
				}
			}
			return write(time.Date(n["year"], time.Month(n["month"]), n["day"], n["hour"], n["minute"], n["second"], 0, zone(c.Argument(1))))
		},
		"add": func(c goja.FunctionCall) goja.Value {
			t := parse(c.Argument(0), "add")
			if !goja.IsUndefined(c.Argument(2)) {
				t = t.In(zone(c.Argument(2)))
			}
			o, ok := c.Argument(1).(*goja.Object)
			if !ok {
				panic(vm.typeError("date.add wants an object: {years, months, days, hours, minutes, seconds}"))
			}
			n := vm.parts(o, "date.add", []string{"years", "months", "days", "hours", "minutes", "seconds"})
			// The last day of the month stays inside the month: a month after January 31 is February 28.
			first := time.Date(t.Year()+n["years"], t.Month()+time.Month(n["months"]), 1, t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
			day := min(t.Day(), time.Date(first.Year(), first.Month()+1, 0, 0, 0, 0, 0, time.UTC).Day())
			t = time.Date(first.Year(), first.Month(), day+n["days"], t.Hour(), t.Minute(), t.Second(), t.Nanosecond(), t.Location())
			return write(t.Add(time.Duration(n["hours"])*time.Hour + time.Duration(n["minutes"])*time.Minute + time.Duration(n["seconds"])*time.Second))
		},
		"compare": func(c goja.FunctionCall) goja.Value {
			return vm.rt.ToValue(parse(c.Argument(0), "compare").Compare(parse(c.Argument(1), "compare")))
		},
		"secondsBetween": func(c goja.FunctionCall) goja.Value {
			from, to := parse(c.Argument(0), "secondsBetween"), parse(c.Argument(1), "secondsBetween")
			// A time.Duration holds 292 years and would stop there.
			seconds := decimal.New(to.Unix()-from.Unix(), 0).Add(decimal.New(int64(to.Nanosecond()-from.Nanosecond()), 9))
			return vm.computed(seconds.Trim())
		},
	})
}

// parts reads whole numbers of an object that has these members and no others: one that is misspelt would count for nothing.
func (vm *VM) parts(o *goja.Object, who string, names []string) map[string]int {
	out := map[string]int{}
	for _, name := range o.Keys() {
		if !slices.Contains(names, name) {
			panic(vm.typeError(who + " wants an object: {" + strings.Join(names, ", ") + "}, and got another member"))
		}
	}
	for _, name := range names {
		v := o.Get(name)
		if v == nil || goja.IsUndefined(v) {
			continue
		}
		n, ok := vm.operand(v, who+": "+name).Int64()
		if !ok || n < -1_000_000 || n > 1_000_000 {
			panic(vm.rangeError(who + ": " + name + " is a whole number"))
		}
		out[name] = int(n)
	}
	return out
}

func (vm *VM) logLibrary() *goja.Object {
	functions := map[string]func(goja.FunctionCall) goja.Value{}
	for _, level := range []string{"debug", "info", "warn", "error"} {
		functions[level] = func(c goja.FunctionCall) goja.Value {
			if len(vm.logs) >= vm.limits.Logs {
				return goja.Undefined()
			}
			line := Log{Level: level, Message: cut(c.Argument(0).String())}
			if data := c.Argument(1); !goja.IsUndefined(data) {
				line.Data = vm.logData(data)
			}
			vm.logs = append(vm.logs, line)
			return goja.Undefined()
		}
	}
	return vm.library(functions)
}

// mostLogData bounds the JSON text that a line holds.
const mostLogData = 4 << 10

// logData writes what stands beside a message. A line about a document must not be what the document fails of: what JSON has no
// word for is written as it looks, and of what is too long its beginning is kept, as a text.
func (vm *VM) logData(v goja.Value) json.RawMessage {
	w := writer{vm: vm, max: mostLogData, lenient: true, shown: true}
	written, err := w.value(v)
	var odd *unfit
	switch {
	case errors.As(err, &odd) || len(w.out) > mostLogData:
		return appendString(nil, strings.ToValidUTF8(string(w.out[:min(len(w.out), mostLogData)]), "")+"…", nil)
	case err != nil:
		vm.rethrow(err)
	case !written:
		return nil
	}
	return w.out
}

func (vm *VM) cryptoLibrary() *goja.Object {
	encode := func(sum []byte, v goja.Value) goja.Value {
		if goja.IsUndefined(v) {
			return vm.rt.ToValue(hex.EncodeToString(sum))
		}
		switch v.String() {
		case "hex":
			return vm.rt.ToValue(hex.EncodeToString(sum))
		case "base64":
			return vm.rt.ToValue(base64.StdEncoding.EncodeToString(sum))
		case "base64url":
			return vm.rt.ToValue(base64.RawURLEncoding.EncodeToString(sum))
		}
		panic(vm.rangeError("crypto.* writes hex, base64 or base64url"))
	}
	hashes := map[string]func() hash.Hash{"md5": md5.New, "sha1": sha1.New, "sha256": sha256.New, "sha512": sha512.New}
	functions := map[string]func(goja.FunctionCall) goja.Value{}
	for name, make := range hashes {
		functions[name] = func(c goja.FunctionCall) goja.Value {
			h := make()
			h.Write(vm.hashed(c.Argument(0), "crypto."+name))
			return encode(h.Sum(nil), c.Argument(1))
		}
	}
	functions["hmac"] = func(c goja.FunctionCall) goja.Value {
		make, ok := hashes[c.Argument(0).String()]
		if !ok {
			panic(vm.rangeError("crypto.hmac takes md5, sha1, sha256 or sha512, the key and the text"))
		}
		h := hmac.New(make, vm.hashed(c.Argument(1), "crypto.hmac"))
		h.Write(vm.hashed(c.Argument(2), "crypto.hmac"))
		return encode(h.Sum(nil), c.Argument(3))
	}
	return vm.library(functions)
}

// hashed is what is hashed of a value: a text in UTF-8, or a decimal as it is written. The hash of what is missing, or of any
// object, would look like one of something.
func (vm *VM) hashed(v goja.Value, who string) []byte {
	if _, ok := exportScalar(v).(string); !ok && asNumber(v) == nil {
		panic(vm.typeError(who + " hashes texts, and got " + kindOf(v) + ": write a text, or JSON.stringify(x)"))
	}
	return []byte(v.String())
}

// functionLibrary gives the host's functions.
func (vm *VM) functionLibrary() *goja.Object {
	functions := map[string]func(goja.FunctionCall) goja.Value{}
	if vm.functions != nil {
		for _, name := range vm.functions.Names() {
			functions[name] = func(c goja.FunctionCall) goja.Value {
				args := make([]json.RawMessage, len(c.Arguments))
				for i, a := range c.Arguments {
					w := writer{vm: vm, max: vm.limits.OutputBytes, about: "an argument of cw." + name}
					written, err := w.value(a)
					if err != nil {
						vm.rethrow(err)
					}
					if written {
						args[i] = w.out
					}
				}
				result, err := vm.functions.Call(vm.ctx, name, vm.now, args)
				if err != nil {
					panic(vm.typeError("cw." + strings.TrimPrefix(err.Error(), "cw.")))
				}
				if result == nil {
					return goja.Undefined()
				}
				return vm.fromJSON(string(result))
			}
		}
	}
	return vm.library(functions)
}
