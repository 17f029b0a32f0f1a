package engine

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"path"

	"github.com/expr-lang/expr/ast"

	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// BatchScripts are [Scripts] that run elsewhere, so that several calls in one exchange cost little more than one.
type BatchScripts interface {
	Scripts
	// CallBatch makes calls of one function and run: the first, and of the others in their order as many as it likes. The replies are what
	// CallScript would give for each; Log of the calls gets nothing.
	CallBatch(ctx context.Context, calls []ScriptCall) []ScriptReply
}

// ScriptReply is what became of a call.
type ScriptReply struct {
	Result []byte
	Err    error
	Logs   []ScriptLog
}

// ahead makes the calls that a rule will probably make for the next elements of its list together with the one that it makes now. A
// function gives the same for the same arguments, run and seed, and keeps nothing; so a call that was made ahead is as good as
// one made in time, as long as its arguments turn out to be what was guessed. One that nobody comes for is forgotten, with what it logged.
type ahead struct {
	in   *local // the element
	args []aheadArgument
}

// aheadArgument guesses an argument for another element.
type aheadArgument struct {
	whole   bool     // it is the element
	index   bool     // it is the element's index
	members []string // it is this member of the element; without any of these it is the same for all
}

// aheadOf looks at the arguments of a call; nil where it stands in no list, or where they are not guessed.
func (c *compiler) aheadOf(n *ast.CallNode) *ahead {
	in := c.locals
	for in != nil && in.list == 0 {
		in = in.outer
	}
	if in == nil || in.name == "" {
		return nil
	}
	a := &ahead{in: in}
	varies := false
	for _, arg := range n.Arguments {
		g, ok := in.guess(arg)
		if !ok {
			return nil
		}
		varies = varies || g.whole || g.index || g.members != nil
		a.args = append(a.args, g)
	}
	if !varies {
		return nil
	}
	return a
}

// guess tells what an argument would be for another element.
func (l *local) guess(n ast.Node) (g aheadArgument, ok bool) {
	for at := n; ; {
		switch t := at.(type) {
		case *ast.ChainNode:
			at = t.Node
			continue
		case *ast.MemberNode:
			name, is := t.Property.(*ast.StringNode)
			if !is {
				return g, !mentions(n, l)
			}
			g.members = append([]string{name.Value}, g.members...)
			at = t.Node
			continue
		case *ast.IdentifierNode:
			switch t.Value {
			case l.name:
				g.whole = len(g.members) == 0
				return g, true
			case l.indexName:
				return aheadArgument{index: true}, g.members == nil
			}
		}
		return aheadArgument{}, !mentions(n, l)
	}
}

// mentions tells whether an expression names the element or its index.
func mentions(n ast.Node, l *local) bool {
	v := &mention{local: l}
	ast.Walk(&n, v)
	return v.found
}

type mention struct {
	local *local
	found bool
}

// Visit looks at one node.
func (m *mention) Visit(n *ast.Node) {
	if id, ok := (*n).(*ast.IdentifierNode); ok && (id.Value == m.local.name || id.Value == m.local.indexName) {
		m.found = true
	}
}

// made are the calls of a rule that were made ahead in a run.
type made struct {
	calls   [][]json.RawMessage // the arguments
	replies []ScriptReply
	batch   int // how many calls to make next
	wrong   int // how often what was made was not asked for
}

// What is made ahead at most: calls, and bytes of arguments. A batch is four times the one before, until guesses were wrong too often.
const (
	aheadCalls = 64
	aheadBytes = 1 << 20
	aheadWrong = 2
)

// call makes a call, or takes what was made ahead.
func (a *ahead) call(f *frame, scripts Scripts, call ScriptCall) ([]byte, error) {
	batch, ok := scripts.(BatchScripts)
	if a == nil || !ok {
		return scripts.CallScript(f.budget.Context(), call)
	}
	if f.ahead == nil {
		f.ahead = map[*ahead]*made{}
	}
	m := f.ahead[a]
	if m == nil {
		m = &made{batch: 1}
		f.ahead[a] = m
	}
	used := len(m.calls) == 0
	for len(m.calls) > 0 {
		args, reply := m.calls[0], m.replies[0]
		m.calls, m.replies = m.calls[1:], m.replies[1:]
		if sameArgs(args, call.Args) {
			return reply.deliver(call)
		}
	}
	if !used {
		m.wrong++
	}
	if m.wrong >= aheadWrong {
		m.batch = 1 // for good
	}
	calls := a.next(f, call, m.batch)
	m.batch = min(4*m.batch, aheadCalls)
	if len(calls) == 1 {
		return scripts.CallScript(f.budget.Context(), call)
	}
	replies := batch.CallBatch(f.budget.Context(), calls)
	if len(replies) == 0 {
		return nil, errors.New("the script was not called")
	}
	for i := range replies[1:] {
		m.calls = append(m.calls, calls[i+1].Args)
	}
	m.replies = replies[1:]
	return replies[0].deliver(call)
}

func (r ScriptReply) deliver(call ScriptCall) ([]byte, error) {
	if call.Log != nil {
		for _, l := range r.Logs {
			call.Log(l)
		}
	}
	return r.Result, r.Err
}

// next returns the call and those that are guessed behind it, at most n.
func (a *ahead) next(f *frame, call ScriptCall, n int) []ScriptCall {
	calls := []ScriptCall{call}
	at, err := f.vars[a.in.indexSlot].Dec()
	if n == 1 || err != nil {
		return calls
	}
	first, ok := at.Int64()
	if !ok {
		return calls
	}
	size := 0
	items := f.vars[a.in.list].Items()
	for i := int(first) + 1; i < len(items) && len(calls) < n && size < aheadBytes; i++ {
		guess := call
		guess.Args = make([]json.RawMessage, len(call.Args))
		for j, g := range a.args {
			guess.Args[j] = g.of(items[i], i, call.Args[j])
			size += len(guess.Args[j])
		}
		calls = append(calls, guess)
	}
	return calls
}

// of returns the argument for element i; same is that of the call at hand.
func (g aheadArgument) of(item value.Value, i int, same []byte) []byte {
	switch {
	case g.index:
		item = value.Int(i)
	case g.members != nil:
		for _, name := range g.members {
			item = item.Member(name)
		}
	case !g.whole:
		return same
	}
	if item.Kind() == value.Missing {
		return nil
	}
	return item.AppendJSON(nil)
}

func sameArgs(a, b []json.RawMessage) bool {
	if len(a) != len(b) {
		return false
	}
	for i := range a {
		if (a[i] == nil) != (b[i] == nil) || !bytes.Equal(a[i], b[i]) {
			return false
		}
	}
	return true
}

// rootedBatch puts the folder before the places of errors, as [rootedScripts] does.
type rootedBatch struct {
	rootedScripts
	batch BatchScripts
}

// CallBatch makes calls.
func (r rootedBatch) CallBatch(ctx context.Context, calls []ScriptCall) []ScriptReply {
	replies := r.batch.CallBatch(ctx, calls)
	for i := range replies {
		replies[i].Err = r.placed(replies[i].Err)
	}
	return replies
}

func rooted(s Scripts, root string) Scripts {
	below := rootedScripts{s, root}
	if batch, ok := s.(BatchScripts); ok {
		return rootedBatch{below, batch}
	}
	return below
}

// placed puts the folder before the place of an error.
func (r rootedScripts) placed(err error) error {
	if err == nil {
		return nil
	}
	var e *ScriptError
	if !errors.As(err, &e) || e.Pos.Line == 0 {
		return err
	}
	at := *e
	at.Pos.File = path.Join(r.root, e.Pos.File)
	return &at
}
