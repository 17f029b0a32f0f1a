package function

import (
	"errors"
	"fmt"
	"regexp"
	"regexp/syntax"
	"slices"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// The limits of a pattern: its text, and the size of the program that it compiles to, which a few counted
// repetitions can make large.
const (
	maxPattern  = 1000
	maxProgram  = 10000
	maxPatterns = 256 // in the cache
)

// patterns is a bounded cache: a pattern that a rule builds from a document must not fill the memory.
var patterns = struct {
	sync.RWMutex
	compiled map[string]*Pattern
}{compiled: map[string]*Pattern{}}

// Pattern is a compiled regular expression (RE2 syntax, so that matching takes time in proportion to the
// text) and what it costs.
type Pattern struct {
	*regexp.Regexp
	size  int
	named bool
	first []rune // where the pattern is ^[...]: the ranges of characters that it takes
}

// Compile returns the compiled pattern, from a cache where it was compiled before. The error says what is wrong
// without repeating the pattern.
func Compile(text string) (*Pattern, error) {
	patterns.RLock()
	p := patterns.compiled[text]
	patterns.RUnlock()
	if p != nil {
		return p, nil
	}
	text = strings.Clone(text) // it may be part of a document, which the cache must not refer to
	p, err := compile(text)
	if err != nil {
		return nil, err
	}
	patterns.Lock()
	defer patterns.Unlock()
	if len(patterns.compiled) >= maxPatterns {
		clear(patterns.compiled)
	}
	patterns.compiled[text] = p
	return p, nil
}

func compile(text string) (*Pattern, error) {
	if len(text) > maxPattern {
		return nil, fmt.Errorf("is longer than %d characters", maxPattern)
	}
	tree, err := syntax.Parse(text, syntax.Perl)
	if err != nil {
		var e *syntax.Error
		if errors.As(err, &e) {
			return nil, fmt.Errorf("is no regular expression: %s", e.Code)
		}
		return nil, errors.New("is no regular expression")
	}
	size := programSize(tree)
	if size > maxProgram {
		return nil, errors.New("repeats too much: the regular expression is too large")
	}
	re, err := regexp.Compile(text)
	if err != nil {
		return nil, errors.New("is no regular expression")
	}
	p := &Pattern{Regexp: re, size: size, named: slices.ContainsFunc(re.SubexpNames(), func(n string) bool { return n != "" })}
	if tree.Op == syntax.OpConcat && len(tree.Sub) == 2 && tree.Sub[0].Op == syntax.OpBeginText && tree.Sub[1].Op == syntax.OpCharClass {
		p.first = tree.Sub[1].Rune
	}
	return p, nil
}

// Matches tells whether s matches. A question about the first character alone needs no machine.
func (p *Pattern) Matches(s string) bool {
	if p.first == nil {
		return p.MatchString(s)
	}
	if s == "" {
		return false
	}
	r, _ := utf8.DecodeRuneInString(s)
	for i := 0; i+1 < len(p.first); i += 2 {
		if p.first[i] <= r && r <= p.first[i+1] {
			return true
		}
	}
	return false
}

// programSize estimates from above how many instructions the tree compiles to.
func programSize(tree *syntax.Regexp) int {
	size := 2
	if tree.Op == syntax.OpLiteral { // the runes of a class are one instruction
		size += len(tree.Rune)
	}
	for _, sub := range tree.Sub {
		size += programSize(sub)
	}
	if tree.Op == syntax.OpRepeat {
		size *= max(tree.Min, tree.Max, 1) + 1
	}
	return min(size, maxProgram+1)
}

// Charge takes the steps that matching s may need from the call's budget. Matching cannot be stopped once it runs, and
// the matcher may visit every instruction for every byte; so many visits take about as long as one step elsewhere.
func (p *Pattern) Charge(c *Call, s string) error {
	const visits = 16
	return c.Budget.Step(len(s)*p.size/visits + 1)
}

// withPattern makes Call and Prepare of a function whose argument at is a pattern.
func withPattern(f *Func, at int, call func(c *Call, p *Pattern, args []value.Value) (value.Value, error)) *Func {
	compiled := func(args []value.Value) (*Pattern, error) {
		p, err := Compile(args[at].Str())
		if err != nil {
			return nil, failure(at, "%s", err.Error())
		}
		return p, nil
	}
	f.Call = func(c *Call, args []value.Value) (value.Value, error) {
		p, err := compiled(args)
		if err != nil {
			return value.Value{}, err
		}
		if err := p.Charge(c, args[0].Str()); err != nil {
			return value.Value{}, err
		}
		return call(c, p, args)
	}
	f.Prepare = func(args []value.Value) (Code, error) {
		if args[at].Kind() != value.String {
			return nil, nil
		}
		p, err := compiled(args)
		if err != nil {
			return nil, err
		}
		return func(c *Call, args []value.Value) (value.Value, error) {
			if err := p.Charge(c, args[0].Str()); err != nil {
				return value.Value{}, err
			}
			return call(c, p, args)
		}, nil
	}
	return f
}

var regexpFuncs = []*Func{
	withPattern(&Func{
		Name: "regexFind", Group: "regular expressions",
		Summary: "The first match of the pattern (RE2 syntax), or one group of it, by number or name; missing where nothing matches.",
		Params: []Param{
			{Name: "text", Kinds: value.Strings}, {Name: "pattern", Kinds: value.Strings},
			{Name: "group", Kinds: value.Numbers | value.Strings, Optional: true},
		},
		Result: shape.Of(value.Strings | value.Of(value.Missing)),
		Examples: []Example{
			{`regexFind("Order #10042 paid", "[0-9]+")`, `"10042"`}, {`regexFind("7-B", "([0-9]+)-(.*)", 2)`, `"B"`},
			{`regexFind("none", "[0-9]+")`, "missing"},
			{`regexFind("a", "(")`, "error: regexFind: pattern is no regular expression: missing closing )"},
		},
	}, 1, func(_ *Call, p *Pattern, args []value.Value) (value.Value, error) {
		group, err := p.group(args)
		if err != nil {
			return value.Value{}, err
		}
		s := args[0].Str()
		at := p.FindStringSubmatchIndex(s)
		if at == nil || at[2*group] < 0 {
			return value.Value{}, nil
		}
		return value.Text(s[at[2*group]:at[2*group+1]]), nil
	}),
	withPattern(&Func{
		Name: "regexGroups", Group: "regular expressions",
		Summary: "The groups of the first match: an object, where the pattern names its groups, else a list whose first element is the whole match. Missing where nothing matches; a group that took no part is null.",
		Params:  []Param{{Name: "text", Kinds: value.Strings}, {Name: "pattern", Kinds: value.Strings}},
		Result:  shape.Of(value.Lists | value.Objects | value.Of(value.Missing)),
		Examples: []Example{
			{`regexGroups("2026-04", "(\\d+)-(\\d+)")`, `["2026-04","2026","04"]`},
			{`regexGroups("2026-04", "(?P<year>\\d+)-(?P<month>\\d+)").month`, `"04"`},
			{`regexGroups("x", "\\d")`, "missing"},
		},
	}, 1, callGroups),
	withPattern(&Func{
		Name: "regexFindAll", Group: "regular expressions",
		Summary:  "All matches of the pattern that do not overlap, as a list of texts.",
		Params:   []Param{{Name: "text", Kinds: value.Strings}, {Name: "pattern", Kinds: value.Strings}},
		Result:   shape.ListOf(shape.Of(value.Strings)),
		Examples: []Example{{`regexFindAll("12 x 30 cm", "[0-9]+")`, `["12","30"]`}, {`regexFindAll("none", "[0-9]+")`, `[]`}},
	}, 1, func(c *Call, p *Pattern, args []value.Value) (value.Value, error) {
		s := args[0].Str()
		list := []value.Value{}
		err := p.each(c, s, valueBytes, func(match string) (string, int) {
			list = append(list, value.Text(match))
			return "", valueBytes
		})
		return value.ListOf(list), err
	}),
	withPattern(&Func{
		Name: "regexReplace", Group: "regular expressions",
		Summary: "The text with every match replaced; $1 or ${name} in the replacement stand for groups, $$ for a dollar sign.",
		Params: []Param{
			{Name: "text", Kinds: value.Strings}, {Name: "pattern", Kinds: value.Strings}, {Name: "replacement", Kinds: value.Strings},
		},
		Result: shape.Of(value.Strings),
		Examples: []Example{
			{`regexReplace("a  b   c", "\\s+", " ")`, `"a b c"`},
			{`regexReplace("31-12-2026", "(\\d+)-(\\d+)-(\\d+)", "$3-$2-$1")`, `"2026-12-31"`},
		},
	}, 1, callReplace),
}

// group returns the number of the group that the third argument asks for.
func (p *Pattern) group(args []value.Value) (int, error) {
	if len(args) < 3 {
		return 0, nil
	}
	if args[2].Kind() == value.String {
		if i := p.SubexpIndex(args[2].Str()); i >= 0 {
			return i, nil
		}
		return 0, failure(2, "is no group of the pattern")
	}
	return whole(args, 2, 0, 0, p.NumSubexp())
}

func callGroups(c *Call, p *Pattern, args []value.Value) (value.Value, error) {
	s := args[0].Str()
	if err := c.Budget.Bytes(int64(p.NumSubexp()+1) * valueBytes * 2); err != nil {
		return value.Value{}, err
	}
	at := p.FindStringSubmatchIndex(s)
	if at == nil {
		return value.Value{}, nil
	}
	group := func(i int) value.Value {
		if at[2*i] < 0 {
			return value.NullValue
		}
		return value.Text(s[at[2*i]:at[2*i+1]])
	}
	if !p.named {
		list := make([]value.Value, p.NumSubexp()+1)
		for i := range list {
			list[i] = group(i)
		}
		return value.ListOf(list), nil
	}
	var fields []value.Field
	for i, name := range p.SubexpNames() {
		if name != "" {
			fields = append(fields, value.Field{Key: name, Value: group(i)})
		}
	}
	return value.ObjectOf(fields), nil
}

// each calls f with every match, in a pass that holds no list of matches, and returns the text with the
// matches replaced by what f returns. f also returns how many bytes it will need; when
// the budget has no more, f is called no more.
func (p *Pattern) each(c *Call, s string, first int, f func(match string) (string, int)) error {
	_, err := p.rewrite(c, s, first, f)
	return err
}

func (p *Pattern) rewrite(c *Call, s string, first int, f func(match string) (string, int)) (string, error) {
	if err := c.Budget.Bytes(int64(len(s) + first)); err != nil {
		return "", err
	}
	var err error
	out := p.ReplaceAllStringFunc(s, func(match string) string {
		if err != nil {
			return ""
		}
		text, cost := f(match)
		if err = c.Budget.Bytes(int64(cost)); err != nil {
			return ""
		}
		return text
	})
	return out, err
}

func callReplace(c *Call, p *Pattern, args []value.Value) (value.Value, error) {
	s, to := args[0].Str(), args[2].Str()
	if !strings.Contains(to, "$") {
		out, err := p.rewrite(c, s, 0, func(string) (string, int) { return to, len(to) })
		return value.Text(out), err
	}
	// Groups need the list of matches: count and charge for them first.
	matches := 0
	perMatch := 24 + 16*(p.NumSubexp()+1)
	if err := p.each(c, s, 0, func(string) (string, int) { matches++; return "", perMatch }); err != nil {
		return value.Value{}, err
	}
	if err := p.Charge(c, s); err != nil {
		return value.Value{}, err
	}
	// Every reference can be as long as its match; there are at most as many as dollar signs.
	references := strings.Count(to, "$")
	out := make([]byte, 0, len(s))
	end := 0
	for _, at := range p.FindAllStringSubmatchIndex(s, -1) {
		if err := c.Budget.Bytes(int64(len(to) + references*(at[1]-at[0]))); err != nil {
			return value.Value{}, err
		}
		out = append(out, s[end:at[0]]...)
		out = p.ExpandString(out, to, s, at)
		end = at[1]
	}
	return c.text(len(out)+len(s)-end, func() string { return string(append(out, s[end:]...)) })
}
