package worker

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/crosswalk-go/crosswalk/scripting/internal/machine"
)

// Pool makes the calls of a program in processes, as many as there are processors. They are started when they are needed and
// used again; one that a call broke is ended, and that call alone fails.
type Pool struct {
	source  machine.Source
	limits  machine.Limits
	command []string
	slots   chan struct{}
	rest    time.Duration // idleTime, except in tests

	mu     sync.Mutex
	idle   []*process
	all    map[*process]struct{}
	closed bool
	// leaving are processes that are being ended because nobody needed them.
	leaving sync.WaitGroup
}

// grace is how much later than the limit of time a process is ended: the watch in it is given the first chance, and its error says
// where the script was.
const grace = 500 * time.Millisecond

// idleTime is after how long a process that nobody needs is ended; the next call starts another.
const idleTime = time.Minute

// startTime is what a process may take to start and to compile, besides the limit of time for its modules.
const startTime = 20 * time.Second

// NewPool makes a pool whose processes run command, which must call [Serve] with its standard input and output. It starts none.
func NewPool(src machine.Source, limits machine.Limits, command []string) *Pool {
	return &Pool{source: src, limits: limits, command: command, rest: idleTime, slots: make(chan struct{}, runtime.GOMAXPROCS(0)), all: map[*process]struct{}{}}
}

// process is one running worker.
type process struct {
	cmd       *exec.Cmd
	in, out   *os.File
	reader    *bufio.Reader
	stderr    head
	functions []bool

	idle *time.Timer // ends it; nil while it is in use

	mu    sync.Mutex
	ended string // why we ended it, "" where we did not
}

// head keeps the beginning of what is written: a Go program says there why it dies.
type head struct {
	mu   sync.Mutex
	text []byte
}

func (h *head) Write(b []byte) (int, error) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.text = append(h.text, b[:min(len(b), 4096-len(h.text))]...)
	return len(b), nil
}

func (h *head) String() string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return string(h.text)
}

// Functions tells for each export of the program whether it is a function.
func (p *Pool) Functions() ([]bool, error) {
	w, err := p.take(context.Background())
	if err != nil {
		return nil, err
	}
	p.give(w, true)
	return w.functions, nil
}

// Call makes one call. Its error is [*machine.Error], or that of ctx.
func (p *Pool) Call(ctx context.Context, r machine.Request) (machine.Reply, error) {
	replies, errs := p.CallMany(ctx, []machine.Request{r})
	return replies[0], errs[0]
}

// CallMany makes calls of one function and run: the first, and of the others as many as are quickly done. It returns what became of
// those that were made.
func (p *Pool) CallMany(ctx context.Context, list []machine.Request) ([]machine.Reply, []error) {
	r := list[0]
	for i := range list {
		if err := checkArgs(list[i]); err != nil {
			if i == 0 {
				return one(err)
			}
			list = list[:i]
			break
		}
	}
	w, err := p.take(ctx)
	if err != nil {
		var e *machine.Error
		if errors.As(err, &e) && e.Function == "" {
			e.Function = r.Name
		}
		return one(err)
	}
	replies, errs := w.call(ctx, p.limits, list)
	broken := replies == nil
	p.give(w, !broken)
	switch {
	case !broken:
		return replies, errs
	case ctx.Err() != nil:
		return one(ctx.Err())
	case len(list) > 1: // which of them it was shows when each is called alone
		return p.CallMany(ctx, list[:1])
	}
	return one(w.cause(p.limits, r.Name))
}

func one(err error) ([]machine.Reply, []error) { return make([]machine.Reply, 1), []error{err} }

func checkArgs(r machine.Request) error {
	for _, a := range r.Args {
		if a == nil {
			continue
		}
		if err := machine.CheckJSON(string(a)); err != nil {
			return &machine.Error{Kind: machine.BadValue, Function: r.Name, Message: "was given " + err.Error()}
		}
	}
	return nil
}

// take waits for room and returns a process that is ready.
func (p *Pool) take(ctx context.Context) (*process, error) {
	select {
	case p.slots <- struct{}{}:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		<-p.slots
		return nil, &machine.Error{Kind: machine.Broken, Message: "the scripts are closed"}
	}
	if n := len(p.idle); n > 0 {
		w := p.idle[n-1]
		p.idle = p.idle[:n-1]
		w.idle.Stop()
		p.mu.Unlock()
		return w, nil
	}
	p.mu.Unlock()
	w, err := p.start(ctx)
	if err != nil {
		<-p.slots
		return nil, err
	}
	return w, nil
}

// give takes a process back, or ends one that is broken.
func (p *Pool) give(w *process, whole bool) {
	p.mu.Lock()
	if whole && !p.closed {
		p.idle = append(p.idle, w)
		w.idle = time.AfterFunc(p.rest, func() { p.dismiss(w) })
	} else {
		delete(p.all, w)
		whole = false
	}
	p.mu.Unlock()
	if !whole {
		w.end("")
	}
	<-p.slots
}

// dismiss ends a process that nobody needed for a while.
func (p *Pool) dismiss(w *process) {
	p.mu.Lock()
	i := slices.Index(p.idle, w)
	if i < 0 || w.idle == nil { // it was taken, or the pool was closed, while the timer fired
		p.mu.Unlock()
		return
	}
	p.idle = slices.Delete(p.idle, i, i+1)
	delete(p.all, w)
	p.leaving.Add(1)
	p.mu.Unlock()
	defer p.leaving.Done()
	w.end("")
}

// Rest ends the processes that no call is using. The next call starts another.
func (p *Pool) Rest() {
	p.mu.Lock()
	idle := slices.Clone(p.idle)
	p.mu.Unlock()
	for _, w := range idle {
		p.dismiss(w)
	}
}

// errEnded is the error of a process that is no more.
var errEnded = errors.New("the worker process ended")

// launch starts a process that runs command and was asked nothing yet.
func launch(command []string) (*process, error) {
	childIn, in, err := os.Pipe()
	if err != nil {
		return nil, broken(err)
	}
	out, childOut, err := os.Pipe()
	if err != nil {
		return nil, broken(errors.Join(err, childIn.Close(), in.Close()))
	}
	w := &process{in: in, out: out, reader: bufio.NewReaderSize(out, 64<<10)}
	w.cmd = exec.Command(command[0], command[1:]...)
	w.cmd.Stdin, w.cmd.Stdout, w.cmd.Stderr = childIn, childOut, &w.stderr
	// Nothing of this process's environment, where secrets may be. One more thread than the script's runs the watch.
	w.cmd.Env = []string{"GOMAXPROCS=2", "GOTRACEBACK=none"}
	w.cmd.Dir = os.TempDir()
	err = w.cmd.Start()
	closed := errors.Join(childIn.Close(), childOut.Close())
	if err != nil {
		return nil, broken(errors.Join(err, closed, in.Close(), out.Close()))
	}
	return w, nil
}

func (p *Pool) start(ctx context.Context) (*process, error) {
	w, err := launch(p.command)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		w.end("")
		return nil, &machine.Error{Kind: machine.Broken, Message: "the scripts are closed"}
	}
	p.all[w] = struct{}{}
	p.mu.Unlock()
	if err := w.greet(ctx, p.source, p.limits); err != nil {
		p.mu.Lock()
		delete(p.all, w)
		p.mu.Unlock()
		w.end("")
		if errors.Is(err, errEnded) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			return nil, w.cause(p.limits, "")
		}
		return nil, err
	}
	return w, nil
}

func broken(err error) error {
	return &machine.Error{Kind: machine.Broken, Message: fmt.Sprintf("no process for scripts can be started: %v", err)}
}

func (w *process) greet(ctx context.Context, src machine.Source, limits machine.Limits) error {
	text, err := json.Marshal(setup{Entries: src.Entries, Cover: src.Cover, Tests: src.Tests, Limits: limits})
	if err != nil {
		return err
	}
	fields, err := w.ask(ctx, startTime+limits.Time, text, []byte(src.Code), src.Map)
	if err != nil {
		return err
	}
	if len(fields) != 2 {
		return errEnded
	}
	if fields[1] != nil {
		return failureOf(fields[1])
	}
	var r ready
	if err := json.Unmarshal(fields[0], &r); err != nil {
		return errEnded
	}
	w.functions = r.Functions
	return nil
}

// call makes calls; it returns nothing where the process ended.
func (w *process) call(ctx context.Context, limits machine.Limits, list []machine.Request) ([]machine.Reply, []error) {
	h := header{Function: list[0].Function, Name: list[0].Name, Now: list[0].Now, Seed: list[0].Seed}
	message := make([][]byte, 1, 1+len(list[0].Args)*len(list))
	for _, r := range list {
		h.Args = append(h.Args, len(r.Args))
		for _, a := range r.Args {
			message = append(message, a)
		}
	}
	var err error
	if message[0], err = json.Marshal(h); err != nil {
		return one(err)
	}
	fields, err := w.ask(ctx, limits.Time+batchTime+grace, message...)
	if err != nil || len(fields) == 0 || len(fields)%4 != 0 || len(fields) > 4*len(list) {
		return nil, nil
	}
	var replies []machine.Reply
	var errs []error
	for ; len(fields) > 0; fields = fields[4:] {
		reply, err := replyOf(fields)
		if errors.Is(err, errEnded) {
			return nil, nil
		}
		replies, errs = append(replies, reply), append(errs, err)
	}
	return replies, errs
}

func replyOf(fields [][]byte) (machine.Reply, error) {
	reply := machine.Reply{Result: fields[0]}
	for hits := fields[3]; len(hits) > 0; {
		n, used := binary.Uvarint(hits)
		if used <= 0 {
			return machine.Reply{}, errEnded
		}
		reply.Hits, hits = append(reply.Hits, uint32(n)), hits[used:]
	}
	if fields[2] != nil {
		if err := json.Unmarshal(fields[2], &reply.Logs); err != nil {
			return machine.Reply{}, errEnded
		}
	}
	if fields[1] != nil {
		return reply, failureOf(fields[1])
	}
	return reply, nil
}

func failureOf(text []byte) error {
	var f failure
	switch err := json.Unmarshal(text, &f); {
	case err != nil:
		return errEnded
	case f.Error != nil:
		return f.Error
	case f.Errors != nil:
		return f.Errors
	}
	return &machine.Error{Kind: machine.Broken, Message: f.Text}
}

// ask sends a message and waits for its answer; the process is ended when it is late or ctx is done.
func (w *process) ask(ctx context.Context, limit time.Duration, fields ...[]byte) ([][]byte, error) {
	late := time.AfterFunc(limit, func() { w.kill("time") })
	defer late.Stop()
	if ctx.Done() != nil {
		cancel := context.AfterFunc(ctx, func() { w.kill("given up") })
		defer cancel()
	}
	if err := writeFrame(w.in, fields...); err != nil {
		return nil, errEnded
	}
	answer, err := readFrame(w.reader)
	if err != nil {
		return nil, errEnded
	}
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended != "" { // it answered while it was being ended
		return nil, errEnded
	}
	return answer, nil
}

func (w *process) kill(why string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	if w.ended == "" {
		w.ended = why
		_ = w.cmd.Process.Kill() // it may have ended by itself
	}
}

// end ends the process and waits until it has gone.
func (w *process) end(why string) {
	if why == "" {
		why = "ended"
	}
	_ = w.in.Close()
	w.kill(why)
	_ = w.cmd.Wait()
	_ = w.out.Close()
}

// cause says why the process died, after end.
func (w *process) cause(limits machine.Limits, function string) *machine.Error {
	e := &machine.Error{Kind: w.died(), Function: function}
	switch e.Kind {
	case machine.TimeLimit:
		e.Message = fmt.Sprintf("took longer than %s, inside one built-in function", limits.Time)
	case machine.MemoryLimit:
		e.Message = fmt.Sprintf("took more than %d MiB of memory, and its process with it", limits.MemoryBytes>>20)
	case machine.StackLimit:
		e.Message = "nested too deep inside one built-in function"
	default:
		e.Message = "the process of the script ended"
	}
	return e
}

// died tells which limit a process died of, after end; Broken where it was none.
func (w *process) died() machine.Kind {
	w.mu.Lock()
	why := w.ended
	w.mu.Unlock()
	if why == "time" {
		return machine.TimeLimit
	}
	said := w.stderr.String()
	for _, words := range []struct {
		kind  machine.Kind
		parts []string
	}{
		{machine.MemoryLimit, []string{"ThreadSanitizer", "failed to allocate", "out of memory", "cannot allocate memory", "failed to create new OS thread", "newosproc", "address space collisions"}},
		{machine.StackLimit, []string{"stack overflow", "stack exceeds"}},
	} {
		for _, part := range words.parts {
			if strings.Contains(said, part) {
				return words.kind
			}
		}
	}
	return machine.Broken
}

// Close ends every process and waits for it. Calls that run fail.
func (p *Pool) Close() {
	p.mu.Lock()
	p.closed = true
	idle := p.idle
	p.idle = nil
	var busy []*process
	for w := range p.all {
		busy = append(busy, w)
	}
	p.mu.Unlock()
	for _, w := range busy {
		w.kill("closed")
	}
	for _, w := range idle {
		w.idle.Stop()
		w.end("")
	}
	p.leaving.Wait()
	for range cap(p.slots) { // whoever makes a call ends its own process
		p.slots <- struct{}{}
	}
}
