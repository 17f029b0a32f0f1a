package function

import "sort"

var registry = map[string]*Func{}

// register adds functions to the registry; it is called by the init of each chapter's file.
func register(funcs ...*Func) {
	for _, f := range funcs {
		if registry[f.Name] != nil {
			panic("function registered twice: " + f.Name)
		}
		registry[f.Name] = f
	}
}

// Lookup returns the function with that name, nil if there is none.
func Lookup(name string) *Func { return registry[name] }

// All returns every function, sorted by name.
func All() []*Func {
	all := make([]*Func, 0, len(registry))
	for _, f := range registry {
		all = append(all, f)
	}
	sort.Slice(all, func(i, j int) bool { return all[i].Name < all[j].Name })
	return all
}
