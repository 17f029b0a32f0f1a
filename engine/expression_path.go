package engine

import (
	"fmt"
	"slices"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// chain compiles an identifier and the members and indexes read from it.
func (c *compiler) chain(node ast.Node) operand {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return c.identifier(n)
	case *ast.PointerNode:
		return c.pointer(n)
	case *ast.ChainNode: // a?.b: reading from missing gives missing anyway
		return c.chain(n.Node)
	case *ast.MemberNode:
		whole := c.linksRead[""]
		base := c.chain(n.Node)
		if name, ok := n.Property.(*ast.StringNode); ok {
			if _, direct := n.Node.(*ast.IdentifierNode); direct && c.linksRead[""] && !whole {
				delete(c.linksRead, "")
				c.readsLink(name.Value)
			}
			return c.member(n, base, name)
		}
		return c.index(n, base)
	}
	return c.compile(node)
}

func (c *compiler) identifier(n *ast.IdentifierNode) operand {
	for l := c.locals; l != nil; l = l.outer {
		if l.name == n.Value {
			o := slotOperand(l.slot, l.shape, n)
			if l.view != nil {
				o.view, o.path = l.view, l.view.Root()
			}
			o.places = l.places
			return o
		}
	}
	if i, ok := c.names.lets[n.Value]; ok {
		o := operand{run: func(f *frame) (value.Value, error) { return f.let(i) }, shape: c.names.letShape[i], node: n, let: i + 1, quick: quickLet(i)}
		o.view, o.path, o.places = c.names.letView[i], c.names.letPath[i], c.names.letPlaces[i]
		if o.path != nil {
			c.documents++
		}
		return o
	}
	if o, ok := c.context(n); ok {
		return o
	}
	text, loc := c.text, n.Location()
	c.documents++
	s, known := c.names.doc.Member(n.Value)
	if !known {
		d := c.reportAt(n, codeUnknownName, fmt.Sprintf("unknown name %q", n.Value), "")
		all := append(append([]string{}, c.names.doc.Names()...), contextWords...)
		for l := c.locals; l != nil; l = l.outer {
			all = append(all, l.name)
		}
		for name := range c.names.lets {
			all = append(all, name)
		}
		otherwise := "it is no field of the source, no `let` and no alias of an `each`"
		d.suggest(n.Value, all, otherwise)
		if c.text.quoted && c.text.text == n.Value && d.Fix == nil {
			d.Help = fmt.Sprintf("for the text itself write {value: %s}", n.Value)
			c.literalFix(d)
		}
		return c.broken(n)
	}
	name, number := n.Value, c.keys.Add(n.Value)
	read := func(f *frame) (value.Value, error) {
		if err := f.look(f.doc, number, text, loc.From, loc.To); err != nil {
			return value.Value{}, err
		}
		return f.doc.MemberKey(name, number), nil
	}
	return operand{run: read, shape: s, node: n, places: []*value.Place{c.place.Member(number)}}.at(c.docView, c.docView.Root().Member(name, number))
}

// view is a value whose paths are found in one walk: the source document, or the element of an each.
type view struct {
	value.View
	number int // of its row in the frame
}

func (c *compiler) newView() *view {
	v := &view{number: len(c.views)}
	c.views = append(c.views, v)
	return v
}

// elements returns where in the document the elements of an operand can stand.
func (o *operand) elements() []*value.Place {
	if o.items != nil {
		return o.items
	}
	var places []*value.Place
	for _, p := range o.places {
		places = append(places, p.Elements())
	}
	return places
}

// from says that the operand's result is that of one of others.
func (o operand) from(others ...*operand) operand {
	made := false
	for _, other := range others {
		made = made || other.items != nil
	}
	for _, other := range others {
		o.places = union(o.places, other.places)
		if made {
			o.items = union(o.items, other.elements())
		}
	}
	return o
}

// maxPlaces bounds how many places of a result are followed.
const maxPlaces = 16

// union returns all places once; too many are given up, so that everything is noted below them.
func union(a, b []*value.Place) []*value.Place {
	all := slices.Clone(a)
	for _, p := range b {
		if !slices.Contains(all, p) {
			all = append(all, p)
		}
	}
	if len(all) <= maxPlaces {
		return all
	}
	for _, p := range all {
		p.Open()
	}
	return nil
}

// walked says that the result of an operand is read in ways that are not followed.
func (o *operand) walked() {
	for _, p := range o.places {
		p.Open()
	}
	for _, p := range o.items {
		p.Open()
	}
}

// at makes an operand the value of a path of a view, which is read from the row where that knows it.
func (o operand) at(v *view, n *value.ViewNode) operand {
	if v == nil || n == nil {
		return o
	}
	slow, number := o.run, v.number
	o.view, o.path = v, n
	o.copies = []pathRef{{v, n}}
	o.quick = quickPath(number, n)
	o.run = func(f *frame) (value.Value, error) {
		if val, ok := f.rows[number].Read(n); ok {
			return val, nil
		}
		return slow(f)
	}
	return o
}

func (c *compiler) context(n *ast.IdentifierNode) (operand, bool) {
	o := operand{node: n}
	switch n.Value {
	case "doc":
		c.documents++
		o.run, o.shape = func(f *frame) (value.Value, error) { return f.doc, nil }, c.names.doc
		o.view, o.path, o.places = c.docView, c.docView.Root(), []*value.Place{c.place}
	case "source":
		o.run, o.shape = func(f *frame) (value.Value, error) { return f.source, nil }, shape.Any
	case "settings":
		o.run, o.shape = func(f *frame) (value.Value, error) { return f.settings, nil }, c.names.settings
	case "tables":
		o.run, o.shape = func(f *frame) (value.Value, error) { return f.tables, nil }, c.names.tables
		o.table = &tableRead{}
	case "links":
		c.readsLink("") // chain narrows it to a member that is named
		o.run, o.shape = func(f *frame) (value.Value, error) { return f.links, nil }, shape.Any
	case "current":
		o.run, o.shape = func(f *frame) (value.Value, error) { return f.current, nil }, c.names.current
	case "now":
		o.run, o.shape = func(f *frame) (value.Value, error) { return f.now, nil }, shape.Of(value.Strings|value.Of(value.Missing))
	case "out":
		c.readsOut = true
		o.run, o.shape = func(f *frame) (value.Value, error) { return f.out.value(), nil }, c.names.out
	default:
		return o, false
	}
	return o, true
}

func slotOperand(slot int, s *shape.Shape, n ast.Node) operand {
	return operand{run: func(f *frame) (value.Value, error) { return f.vars[slot], nil }, shape: s, node: n, slot: slot + 1, quick: quickSlot(slot)}
}

func (c *compiler) pointer(n *ast.PointerNode) operand {
	p := c.preds
	switch {
	case n.Name == "" && p != nil:
		o := slotOperand(p.element, p.shape, n)
		o.places = p.places
		return o
	case n.Name == "index" && p != nil:
		p.counts = true
		return slotOperand(p.index, shape.Of(value.Numbers), n)
	case n.Name == "acc" && p != nil && p.acc >= 0:
		return slotOperand(p.acc, p.accShape, n)
	case n.Name == "acc":
		c.reportAt(n, codeUnknownName, "#acc is known in reduce only", "")
	default:
		c.reportAt(n, codeUnknownName, fmt.Sprintf("unknown name #%s", n.Name), "known are #, #index and, in reduce, #acc")
	}
	return c.broken(n)
}

func (c *compiler) member(n *ast.MemberNode, base operand, name *ast.StringNode) operand {
	s, known := base.shape.Member(name.Value)
	if !known {
		where := "the object"
		if path, ok := chainText(n.Node); ok {
			where = path
		}
		d := c.reportAt(name, codeUnknownField, fmt.Sprintf("%s has no field %q", where, name.Value), "")
		d.suggest(name.Value, base.shape.Names(), "its fields are "+list(base.shape.Names(), 12))
		c.quoteFix(d, name)
		return c.broken(n)
	}
	if k := base.shape.Kinds &^ value.Nil; k != 0 && k&(value.Objects|value.Lists) == 0 {
		c.reportAt(name, codeUnknownField, fmt.Sprintf("%s has no fields", article(k.String())), "")
		return c.broken(n)
	}
	if base.shape.Kinds&(value.Objects|value.Lists) == value.Lists && base.shape.Item != nil && base.shape.Item != shape.Any {
		c.reportAt(name, codeUnknownField, "a list has no fields", fmt.Sprintf("read one element, x[0].%s, or all, map(x, .%s)", name.Value, name.Value))
		return c.broken(n)
	}
	key, text, loc := name.Value, c.text, name.Location()
	number := c.keys.Add(key)
	run := func(f *frame) (value.Value, error) {
		v, err := base.run(f)
		if err != nil || v.IsNil() {
			return value.Value{}, err
		}
		if v.Kind() != value.Object && !(v.Kind() == value.List && v.IsEmpty()) { // PHP writes {} as []
			return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds,
				msg: fmt.Sprintf("cannot read .%s of %s", key, article(v.Kind().String()))}
		}
		if err := f.look(v, number, text, loc.From, loc.To); err != nil {
			return value.Value{}, err
		}
		return v.MemberKey(key, number), nil
	}
	o := operand{run: run, shape: s, node: n}
	if base.table != nil && base.table.table == "" {
		o.table = &tableRead{table: key}
	} else {
		o.table = base.table.entry(constant(value.Text(key), shape.Any, name))
	}
	for _, p := range base.places {
		o.places = append(o.places, p.Member(number))
	}
	if base.path == nil && base.slot > 0 {
		slot := base.slot - 1
		o.quick = quickMember(slot, number)
		o.run = func(f *frame) (value.Value, error) {
			if v, ok := f.vars[slot].NotedMember(number); ok {
				return v, nil
			}
			return run(f)
		}
	}
	if base.path == nil {
		return o
	}
	return o.at(base.view, base.path.Member(key, number))
}

func (c *compiler) index(n *ast.MemberNode, base operand) operand {
	idx := c.compile(n.Property)
	s := shape.Any
	switch {
	case base.shape.Kinds&(value.Objects|value.Lists) == value.Lists && base.shape != shape.Any:
		s = base.shape.Element()
		if idx.shape.Kinds&(value.Numbers|value.Nil) == 0 {
			c.reportAt(n.Property, codeOperands, "an element of a list is read by its number", "find(list, .field == x) finds one by a field")
			return c.broken(n)
		}
	case base.shape.Kinds&(value.Objects|value.Lists) == 0 && base.shape.Kinds&^value.Nil != 0:
		c.reportAt(n, codeOperands, fmt.Sprintf("%s has no elements", article(base.shape.Kinds.String())), "")
		return c.broken(n)
	}
	text, loc := c.text, n.Location()
	fail := func(msg string) (value.Value, error) {
		return value.Value{}, &fault{text: text, from: loc.From, to: loc.To, code: codeKinds, msg: msg}
	}
	run := func(f *frame) (value.Value, error) {
		v, err := base.run(f)
		if err != nil || v.IsNil() {
			return value.Value{}, err
		}
		k, err := idx.run(f)
		if err != nil || k.IsNil() {
			return value.Value{}, err
		}
		if err := f.look(v, 0, text, loc.From, loc.To); err != nil {
			return value.Value{}, err
		}
		switch v.Kind() {
		case value.List:
			i, ok := wholeNumber(k)
			if !ok {
				if v.IsEmpty() && k.Kind() == value.String {
					return value.Value{}, nil
				}
				return fail(fmt.Sprintf("an element of a list is read by a whole number, not by %s", article(k.Kind().String())))
			}
			if err := f.budget.Step(v.Walk(i) >> 4); err != nil {
				return value.Value{}, asFault(err, text, loc.From, loc.To)
			}
			return v.Index(i), nil
		case value.Object:
			key, ok := function.KeyText(k)
			if !ok {
				return fail(fmt.Sprintf("a member is read by its name, not by %s", article(k.Kind().String())))
			}
			return v.Member(key), nil
		}
		return fail(fmt.Sprintf("%s has no elements", article(v.Kind().String())))
	}
	entry := base.table.entry(idx)
	o := operand{run: entry.listening(run), shape: s, node: n, places: base.elements(), table: entry}
	if i, ok := constantIndex(idx); ok && base.path != nil {
		return o.at(base.view, base.path.Element(i))
	}
	return o
}

func constantIndex(o operand) (int, bool) {
	if o.konst == nil {
		return 0, false
	}
	return wholeNumber(*o.konst)
}

func wholeNumber(v value.Value) (int, bool) {
	if v.Kind() != value.Number {
		return 0, false
	}
	d, err := v.Dec()
	if err != nil {
		return 0, false
	}
	n, ok := d.Int64()
	return int(n), ok
}

// number compiles a literal from its digits, never through expr's float64.
func (c *compiler) number(n ast.Node) operand {
	if i, ok := n.(*ast.IntegerNode); ok {
		return constant(value.Decimal(decimal.New(int64(i.Value), 0)), shape.Of(value.Numbers), n)
	}
	rs := []rune(c.text.text)
	loc := n.Location()
	digits := strings.ReplaceAll(string(rs[loc.From:min(loc.To, len(rs))]), "_", "")
	if strings.HasPrefix(digits, ".") {
		digits = "0" + digits
	}
	digits = strings.Replace(strings.TrimSuffix(digits, "."), ".e", "e", 1)
	d, err := decimal.Parse(digits)
	if err != nil {
		c.reportAt(n, codeSyntax, fmt.Sprintf("%s is no number that can be computed with", digits), "")
		return c.broken(n)
	}
	return constant(value.Decimal(d), shape.Of(value.Numbers), n)
}

// chainText writes a chain of members and constant indexes as people do; ok is false
// for anything else.
func chainText(node ast.Node) (string, bool) {
	switch n := node.(type) {
	case *ast.IdentifierNode:
		return n.Value, true
	case *ast.PointerNode:
		return "#" + n.Name, true
	case *ast.ChainNode:
		return chainText(n.Node)
	case *ast.MemberNode:
		base, ok := chainText(n.Node)
		if !ok {
			return "", false
		}
		switch p := n.Property.(type) {
		case *ast.StringNode:
			if plainName(p.Value) {
				return base + "." + p.Value, true
			}
			return fmt.Sprintf("%s[%q]", base, p.Value), true
		case *ast.IntegerNode:
			return fmt.Sprintf("%s[%d]", base, p.Value), true
		case *ast.UnaryNode:
			if i, ok := p.Node.(*ast.IntegerNode); ok && p.Operator == "-" {
				return fmt.Sprintf("%s[-%d]", base, i.Value), true
			}
		}
	}
	return "", false
}

func list(names []string, most int) string {
	if len(names) == 0 {
		return "none"
	}
	if len(names) > most {
		return strings.Join(names[:most], ", ") + ", …"
	}
	return strings.Join(names, ", ")
}
