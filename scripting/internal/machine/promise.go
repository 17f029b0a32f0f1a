package machine

import "github.com/dop251/goja"

// settle returns what a promise was settled with. Jobs have run when the function returned, and nothing else can settle it:
// there are no timers and no input or output.
func (vm *VM) settle(o *goja.Object) (goja.Value, error) {
	if dynamic(o) != nil { // of a document; looking for "then" would convert it
		return o, nil
	}
	p, ok := promiseOf(o)
	if !ok {
		var then goja.Value
		if err := vm.try(func() { then = o.Get("then") }); err != nil {
			return nil, err
		}
		if _, ok := goja.AssertFunction(then); !ok {
			return o, nil
		}
		// A thenable: await it, as an async function would.
		resolve, ok := vm.rt.Get("Promise").(*goja.Object)
		if !ok {
			return o, nil
		}
		f, ok := goja.AssertFunction(resolve.Get("resolve"))
		if !ok {
			return o, nil
		}
		v, err := f(resolve, o)
		if err != nil {
			return nil, err
		}
		if p, ok = promiseOf(v); !ok {
			return o, nil
		}
	}
	switch p.State() {
	case goja.PromiseStateFulfilled:
		return p.Result(), nil
	case goja.PromiseStateRejected:
		e := &Error{Kind: Thrown}
		vm.thrown(e, p.Result())
		vm.placeRejected(e, p.Result())
		return nil, e
	}
	return nil, &Error{Kind: Pending, Message: "returned a promise that nothing will ever settle: scripts have no timers and wait for nothing"}
}

func promiseOf(v goja.Value) (*goja.Promise, bool) {
	o, ok := v.(*goja.Object)
	if !ok || o.ExportType() != typePromise {
		return nil, false
	}
	p, ok := o.Export().(*goja.Promise)
	return p, ok
}
