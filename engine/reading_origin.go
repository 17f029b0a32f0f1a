package engine

import "slices"

// sourcePlace is a place in a document, of any of its elements where it lies in a list.
type sourcePlace struct {
	fields map[string]*sourcePlace
	item   *sourcePlace // each element
	member *sourcePlace // each member, where rules compute the name
	// whole: everything here and below is read. itself: rules depend on what kind of value this is, whether
	// there is one or how many elements it has, but not on what is below.
	whole, itself bool
}

func (p *sourcePlace) field(name string) *sourcePlace {
	if p.fields == nil {
		p.fields = map[string]*sourcePlace{}
	}
	f := p.fields[name]
	if f == nil {
		f = &sourcePlace{}
		p.fields[name] = f
	}
	return f
}

func child(of **sourcePlace) *sourcePlace {
	if *of == nil {
		*of = &sourcePlace{}
	}
	return *of
}

// origin is where a value may come from: places of the source document, and, for objects and
// lists that rules make, the origins of their members and elements. It does not change once it is made.
type origin struct {
	places []*sourcePlace
	fields map[string]*origin
	rest   *origin // of members whose name is not known
	item   *origin
	used   bool // everything below is marked as read already
}

// nowhere is the origin of values that owe nothing to the source document.
var nowhere = &origin{used: true}

// use marks everything that a value may hold as read.
func (t *reader) use(o *origin) {
	if o == nil || o.used || t.tired() {
		return
	}
	o.used = true
	for _, p := range o.places {
		p.whole = true
	}
	for _, f := range o.fields {
		t.use(f)
	}
	t.use(o.rest)
	t.use(o.item)
}

// touch marks that something depends on the kind of a value or on its being there.
func (t *reader) touch(o *origin) {
	for _, p := range o.places {
		p.itself = true
	}
}

func (t *reader) member(o *origin, name string) *origin {
	t.touch(o)
	var out *origin
	if len(o.places) > 0 {
		out = &origin{}
		for _, p := range o.places {
			out.places = append(out.places, p.field(name))
		}
	}
	return t.union(t.union(out, o.fields[name]), o.rest)
}

func (t *reader) element(o *origin) *origin {
	t.touch(o)
	var out *origin
	if len(o.places) > 0 {
		out = &origin{}
		for _, p := range o.places {
			out.places = append(out.places, child(&p.item))
		}
	}
	return t.union(out, o.item)
}

// anyMember is the origin of a member or element whose name or number is computed.
func (t *reader) anyMember(o *origin) *origin {
	out := t.element(o)
	if len(o.places) > 0 {
		members := &origin{}
		for _, p := range o.places {
			members.places = append(members.places, child(&p.member))
		}
		out = t.union(out, members)
	}
	for _, name := range sortedKeys(o.fields) {
		out = t.union(out, o.fields[name])
	}
	return t.union(out, o.rest)
}

func sortedKeys[T any](m map[string]T) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// union is the origin of a value that comes from a or from b; either may be nil.
func (t *reader) union(a, b *origin) *origin {
	switch {
	case a == b || b == nil || b == nowhere:
		if a == nil {
			return nowhere
		}
		return a
	case a == nil || a == nowhere:
		return b
	case t.tired():
		return nowhere
	}
	u := &origin{places: a.places}
	for _, p := range b.places {
		if !slices.Contains(u.places, p) {
			u.places = append(slices.Clip(u.places), p)
		}
	}
	t.steps += len(u.places)
	if a.fields != nil || b.fields != nil {
		u.fields = make(map[string]*origin, len(a.fields)+len(b.fields))
		for name, f := range a.fields {
			u.fields[name] = t.union(f, b.fields[name])
		}
		for name, f := range b.fields {
			if a.fields[name] == nil {
				u.fields[name] = f
			}
		}
	}
	if a.rest != nil || b.rest != nil {
		u.rest = t.union(a.rest, b.rest)
	}
	if a.item != nil || b.item != nil {
		u.item = t.union(a.item, b.item)
	}
	return u
}
