package peers

import (
	"encoding/json"
	"fmt"

	"github.com/dop251/goja"

	"github.com/crosswalk-go/crosswalk/engine/bench/mappings"
)

func gojaFunction(name string) (*goja.Runtime, goja.Callable, error) {
	vm := goja.New()
	for _, file := range []string{"tiny.js", "order.js", "product.js"} {
		if _, err := vm.RunScript(file, mappings.Text(file)); err != nil {
			return nil, nil, err
		}
	}
	fn, ok := goja.AssertFunction(vm.Get(name))
	if !ok {
		return nil, nil, fmt.Errorf("no JavaScript function %s", name)
	}
	return vm, fn, nil
}

// gojaMapping is the whole mapping in JavaScript, JSON.parse and JSON.stringify included.
func gojaMapping(mapping string) (Func, error) {
	vm, fn, err := gojaFunction("map_" + mapping)
	if err != nil {
		return nil, err
	}
	return func(src []byte) ([]byte, error) {
		v, err := fn(goja.Undefined(), vm.ToValue(string(src)))
		if err != nil {
			return nil, err
		}
		return []byte(v.String()), nil
	}, nil
}

// gojaHostMapping is the same function on a Go map, which goja reads lazily; its result is exported to Go.
func gojaHostMapping(mapping string) (Func, error) {
	vm, fn, err := gojaFunction(mapping)
	if err != nil {
		return nil, err
	}
	return func(src []byte) ([]byte, error) {
		var in any
		if err := json.Unmarshal(src, &in); err != nil {
			return nil, err
		}
		v, err := fn(goja.Undefined(), vm.ToValue(in))
		if err != nil {
			return nil, err
		}
		return json.Marshal(v.Export())
	}, nil
}
