package engine

import (
	"fmt"
	"strings"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/function"
	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
	"github.com/crosswalk-go/crosswalk/engine/signature"
)

// scriptTypes is what the signature of a function of a script says.
type scriptTypes struct {
	*signature.Function
	params []*shape.Shape
	result *shape.Shape
}

// typesOf reads the signature of a function; nil where it has none that can be trusted: one of other parameters than the function has.
func (l *loader) typesOf(f ScriptFunction) *scriptTypes {
	s := f.Signature
	if s == nil {
		return nil
	}
	named, rest := len(s.Params), false
	if named > 0 && s.Params[named-1].Rest {
		named, rest = named-1, true
	}
	if named != len(f.Params) || rest != f.Variadic {
		return nil
	}
	t := &scriptTypes{Function: s, result: l.signatureShape(s.Result)}
	for _, p := range s.Params {
		t.params = append(t.params, l.signatureShape(p.Type))
	}
	return t
}

// signatureShape returns what a type of a signature says of a value. Numbers of JavaScript and decimals are numbers alike.
func (l *loader) signatureShape(t signature.Type) *shape.Shape {
	switch t.Kind {
	case signature.Missing:
		return shape.Of(value.Of(value.Missing))
	case signature.Null:
		return shape.Of(value.Of(value.Null))
	case signature.Boolean, signature.String:
		s := *shape.Of(value.Bools)
		if t.Kind == signature.String {
			s.Kinds = value.Strings
		}
		if t.Choice != "" {
			s.Enum = []string{t.Choice}
		}
		return &s
	case signature.Number, signature.Decimal:
		return shape.Of(value.Numbers)
	case signature.List:
		return shape.ListOf(l.signatureShape(*t.Of))
	case signature.Object:
		return l.signatureObject(t)
	case signature.Reference:
		if s := l.interfaceShape(t.Name); s != nil {
			return s
		}
	case signature.Union:
		var s *shape.Shape
		for _, one := range t.Types {
			s = shape.Union(s, l.signatureShape(one))
		}
		return s
	}
	return shape.Any
}

func (l *loader) signatureObject(t signature.Type) *shape.Shape {
	var names []string
	members := map[string]*shape.Shape{}
	for _, m := range t.Members {
		s := l.signatureShape(m.Type)
		if m.Optional {
			s = s.With(value.Of(value.Missing))
		}
		if members[m.Name] == nil {
			names = append(names, m.Name)
		}
		members[m.Name] = s
	}
	s := shape.NewObject(names, members)
	if t.Of != nil {
		s.Extra = l.signatureShape(*t.Of)
	}
	return s
}

// usage is how a function is called.
func (fn *scriptFunction) usage(name string) string {
	text := fmt.Sprintf("%s(%s)", name, strings.Join(fn.Params, ", "))
	if fn.types != nil {
		text = strings.TrimPrefix(fn.types.Text, fn.types.Name)
		text = name + text
	}
	return fmt.Sprintf("use %s, of %s", text, fn.Pos)
}

// checkScriptArguments holds a call to the function's parameters.
func (c *compiler) checkScriptArguments(n *ast.CallNode, name string, fn *scriptFunction, args []operand) bool {
	if len(args) > len(fn.Params) && !fn.Variadic {
		c.reportAt(n, codeArguments, fmt.Sprintf("%s takes at most %s, got %d", name, count(len(fn.Params), "argument"), len(args)), fn.usage(name))
		return false
	}
	if fn.types == nil {
		return true
	}
	least := 0
	for i, p := range fn.types.Params {
		if p.Required {
			least = i + 1
		}
	}
	if len(args) < least {
		c.reportAt(n, codeArguments, fmt.Sprintf("%s needs %s, got %d", name, count(least, "argument"), len(args)), fn.usage(name))
		return false
	}
	good := true
	for i, a := range args {
		at := min(i, len(fn.types.params)-1)
		if at < 0 {
			break // a function that only a run shows to be one, declared without parameters
		}
		path, why := unfit(a.shape, fn.types.params[at], 6)
		if why == "" {
			continue
		}
		param := fn.types.Params[at].Name
		if param == "" {
			param = fmt.Sprintf("argument %d", i+1)
		}
		c.reportAt(a.node, codeArguments, fmt.Sprintf("%s: %s%s %s", name, param, path, why), fn.usage(name))
		good = false
	}
	return good
}

// unfit tells where and why a value of shape got can never be what a parameter wants; why is "" where it can. Members that nobody asked
// for do no harm, unlike in a target.
func unfit(got, want *shape.Shape, depth int) (path, why string) {
	g, w := got.Kinds&^value.Nil, want.Kinds&^value.Nil
	switch {
	case g == 0 || w == 0 || got == shape.Any || want == shape.Any || depth == 0:
		return "", ""
	case g&w == 0:
		return "", fmt.Sprintf("wants %s, this is %s", article(w.String()), article(g.String()))
	case g == value.Strings && w == value.Strings && got.Enum != nil && want.Enum != nil && !anyOf(got.Enum, want.Enum):
		return "", fmt.Sprintf("cannot be %s; it can be %s", got.Enum[0], list(want.Enum, 20))
	case g == value.Lists && w == value.Lists && got.Item != nil && want.Item != nil:
		path, why = unfit(got.Item, want.Item, depth-1)
		return "[]" + path, why
	case g != value.Objects || w != value.Objects:
		return "", ""
	}
	for _, name := range want.Names() {
		m, known := got.Member(name)
		wanted := want.Prop(name)
		if !known {
			if wanted.Has(value.Missing) {
				continue
			}
			return "." + name, "is wanted, and this has no such field"
		}
		if p, why := unfit(m, wanted, depth-1); why != "" {
			return "." + name + p, why
		}
	}
	return "", ""
}

func anyOf(a, b []string) bool {
	for _, x := range a {
		for _, y := range b {
			if x == y {
				return true
			}
		}
	}
	return false
}

// scriptNumbers warns about a number for a parameter that is declared as a number of JavaScript: it arrives as a decimal.
func (l *lint) scriptNumbers(c *compiler, n *ast.CallNode) {
	name := scriptName(n)
	fn := c.scripts.lookup(name)
	if fn == nil || fn.types == nil || len(fn.types.Params) == 0 || function.Lookup(name) != nil {
		return
	}
	for i, a := range n.Arguments {
		p := fn.types.Params[min(i, len(fn.types.Params)-1)]
		s := l.known[a].shape
		if s == nil || s.Kinds == value.AnyKind || !s.Has(value.Number) || !p.Type.Takes(signature.Number) || p.Type.Takes(signature.Decimal) {
			continue
		}
		l.warnAt(c, a, codeScriptNumber, fmt.Sprintf("%s is declared as a number of JavaScript, and numbers of documents arrive as decimals", p.Name),
			fmt.Sprintf("declare %s: Decimal in %s and compute with its methods", p.Name, fn.Pos))
	}
}
