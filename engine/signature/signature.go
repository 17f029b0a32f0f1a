// Package signature reads the signatures and comments of the functions at the top of a TypeScript or JavaScript file, so
// that calls of them can be checked and explained without a compiler. It understands the types that functions of
// documents commonly have; of any other it says that it may be anything, and it is no check of the file. Start with
// [Parse].
package signature

import (
	"path"
	"strings"
)

// Function is a function that stands at the top of a file.
type Function struct {
	Name   string
	Params []Param
	Result Type
	Doc    string // its comment, without the tags; may be empty
	Text   string // as it is declared: tier(customer: Order.Customer, at?: string): string
	// First and Last are the lines, from 1, from the first word of the declaration to its name.
	First, Last int
}

// Param is a parameter.
type Param struct {
	Name string // "" where it is a pattern
	Type Type
	// Required says that a call without it is a mistake: TypeScript's parameters are unless they say otherwise, JavaScript's where
	// JSDoc says so.
	Required bool
	Rest     bool // the last parameter takes all arguments that are left, each of Type
	Doc      string
}

// Kind is a kind of type.
type Kind uint8

// The kinds of types.
const (
	Any       Kind = iota // not known, or anything
	Missing               // undefined, void
	Null                  //
	Boolean               //
	Number                // a number of JavaScript, which numbers of documents are not
	Decimal               //
	String                //
	List                  //
	Object                //
	Reference             // a name that the file does not declare
	Union                 //
)

// Type is a type as far as it is understood. The zero Type is any.
type Type struct {
	Kind Kind
	// Choice is the only value of a String or Boolean, as JSON text; "" where it can be any.
	Choice string
	// Of is the type of a List's elements, and of the members of an Object that are not named, nil where there are none.
	Of      *Type
	Members []Member // of an Object
	Types   []Type   // of a Union
	Name    string   // of a Reference: Order, Shopware.Order
}

// Member is a member of an object.
type Member struct {
	Name     string
	Type     Type
	Optional bool
}

// Takes tells whether a value of a kind fits a type, as far as the type itself says: what a reference means is not known here.
func (t Type) Takes(k Kind) bool {
	switch t.Kind {
	case Any, Reference:
		return true
	case Union:
		for _, one := range t.Types {
			if one.Takes(k) {
				return true
			}
		}
		return false
	}
	return t.Kind == k
}

// Bounds of what is read: a file that is beyond has no signatures.
const (
	maxTokens = 500_000
	maxDepth  = 40   // nesting of a type
	maxTypes  = 5000 // types in the signatures of a file, names replaced by what they stand for
)

// Parse reads a file; its name says whether it is TypeScript. What cannot be read is left out.
func Parse(file, text string) []Function {
	tokens, ok := scan(text)
	if !ok {
		return nil
	}
	p := &parser{tokens: tokens, text: text, typed: isTypeScript(file), named: map[string]*Type{}}
	p.file()
	return p.finish()
}

func isTypeScript(file string) bool {
	switch path.Ext(file) {
	case ".ts", ".mts", ".cts":
		return true
	}
	return false
}

// finish puts what the names of the file stand for in their place.
func (p *parser) finish() []Function {
	count := map[string]int{}
	for _, f := range p.functions {
		count[f.Name]++
	}
	r := &resolver{named: p.named}
	var all []Function
	for _, f := range p.functions {
		if f.overload || count[f.Name] > 1 { // which of the signatures a call means is for a compiler to say
			for i := range f.Params {
				f.Params[i].Type, f.Params[i].Required = Type{}, false
			}
			f.Result = Type{}
		}
		if f.overload {
			continue
		}
		for i := range f.Params {
			f.Params[i].Type = r.resolve(f.Params[i].Type, nil)
		}
		f.Result = r.resolve(f.Result, nil)
		all = append(all, f.Function)
	}
	if r.made > maxTypes {
		return nil
	}
	return all
}

// resolver replaces names that the file declares.
type resolver struct {
	named map[string]*Type
	made  int
}

func (r *resolver) resolve(t Type, within []string) Type {
	if r.made++; r.made > maxTypes || len(within) > maxDepth {
		return Type{}
	}
	switch t.Kind {
	case Reference:
		first, _, qualified := strings.Cut(t.Name, ".")
		declared, ok := r.named[first]
		if !ok {
			return t
		}
		if declared == nil || qualified {
			return Type{}
		}
		for _, name := range within {
			if name == t.Name {
				return Type{} // it holds itself
			}
		}
		return r.resolve(*declared, append(within[:len(within):len(within)], t.Name))
	case Union:
		types := make([]Type, len(t.Types))
		for i, one := range t.Types {
			types[i] = r.resolve(one, within)
		}
		return union(types)
	case Object:
		members := make([]Member, len(t.Members))
		for i, m := range t.Members {
			m.Type = r.resolve(m.Type, within)
			members[i] = m
		}
		t.Members = members
	}
	if t.Of != nil {
		of := r.resolve(*t.Of, within)
		t.Of = &of
	}
	return t
}

// union joins types; one that may be anything makes the whole so.
func union(types []Type) Type {
	var all []Type
	for _, t := range types {
		switch t.Kind {
		case Any:
			return Type{}
		case Union:
			all = append(all, t.Types...)
		default:
			all = append(all, t)
		}
	}
	switch len(all) {
	case 0:
		return Type{}
	case 1:
		return all[0]
	}
	return Type{Kind: Union, Types: all}
}
