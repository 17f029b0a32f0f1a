package machine

import (
	"bytes"
	"encoding/json"
	"fmt"

	"github.com/dop251/goja"
)

// stringify is JSON.stringify.
func (vm *VM) stringify(v goja.Value, indent string) goja.Value {
	w := writer{vm: vm, max: min(maxChars, vm.limits.OutputBytes), lenient: true, about: "what JSON.stringify is given"}
	written, err := w.value(v)
	if err != nil {
		vm.rethrow(err)
	}
	if !written {
		return goja.Undefined()
	}
	if indent != "" {
		if indented(w.out, len(indent)) > maxChars {
			panic(vm.rangeError(fmt.Sprintf("a text of more than %d characters", maxChars)))
		}
		var b bytes.Buffer
		if err := json.Indent(&b, w.out, "", indent); err != nil {
			panic(vm.typeError(err.Error()))
		}
		w.out = b.Bytes()
	}
	return vm.rt.ToValue(string(w.out))
}

// indented is about how long a JSON text gets with a line for each value, a step further in for each level.
func indented(text []byte, step int) int {
	n, depth, quoted := len(text), 0, false
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
			n += 1 + depth*step
		case c == ',':
			n += 1 + depth*step
		case c == '}' || c == ']':
			depth--
			n += 1 + depth*step
		}
	}
	return n
}
