package machine

import (
	"context"
	"fmt"
	"runtime"
	"runtime/metrics"
	"sync"
	"time"
)

// Pool runs calls of a program on warmed machines: as many at the same time as it is asked for. One watch, a goroutine
// that lives while calls run, ends those that take too long or too much. It does not stop what a single built-in does
// without giving control back; see the package comment of scripting.
type Pool struct {
	program   *Program
	limits    Limits
	functions Functions

	mu      sync.Mutex
	idle    []*VM
	running map[*VM]struct{}
	watch   bool // the watch's goroutine lives
	closed  bool
	done    sync.WaitGroup
	wake    chan struct{} // closed by Close and Rest
}

// NewPool makes a pool, and one machine to see that the modules start.
func NewPool(p *Program, limits Limits, functions Functions) (*Pool, error) {
	pool := &Pool{program: p, limits: limits, functions: functions, running: map[*VM]struct{}{}, wake: make(chan struct{})}
	vm, err := pool.machine(context.Background())
	if err != nil {
		pool.Close()
		return nil, err
	}
	pool.end(vm)
	return pool, nil
}

// Functions tells for each export of the program whether it is a function, once the modules have run.
func (p *Pool) Functions() ([]bool, error) {
	vm, err := p.machine(context.Background())
	if err != nil {
		return nil, err
	}
	defer p.end(vm)
	modules := vm.modules
	if modules == nil {
		if modules, _, err = vm.trial(false); err != nil {
			return nil, err
		}
	}
	out := make([]bool, len(modules))
	for i, f := range modules {
		out[i] = f != nil
	}
	return out, nil
}

// maxIdle is how many warmed machines are kept.
var maxIdle = 2 * runtime.GOMAXPROCS(0)

// Call makes one call. Its error is [*Error], or that of ctx.
func (p *Pool) Call(ctx context.Context, r Request) (Reply, error) {
	if err := ctx.Err(); err != nil {
		return Reply{}, err
	}
	vm, err := p.machine(ctx)
	if err != nil {
		return Reply{}, named(err, r.Name)
	}
	if ctx.Done() != nil {
		cancel := context.AfterFunc(ctx, func() { vm.interrupt(&stop{TimeLimit, "was stopped: whoever called gave up"}) })
		defer cancel()
	}
	reply, err := vm.call(ctx, r)
	p.end(vm)
	return reply, err
}

// machine returns a machine that the watch watches from now on.
func (p *Pool) machine(ctx context.Context) (*VM, error) {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return nil, &Error{Kind: Broken, Message: "the scripts are closed"}
	}
	if n := len(p.idle); n > 0 {
		vm := p.idle[n-1]
		p.idle = p.idle[:n-1]
		p.run(vm)
		p.mu.Unlock()
		vm.begin(p.limits.Time)
		return vm, nil
	}
	p.mu.Unlock()
	var made *VM
	vm, err := newVM(p.program, p.limits, p.functions, func(vm *VM, limit time.Duration) {
		made = vm
		p.mu.Lock()
		p.run(vm)
		p.mu.Unlock()
		vm.begin(limit)
	})
	if err != nil {
		if made != nil {
			made.dirty = true
			p.end(made)
		}
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		p.end(vm)
		return nil, err
	}
	return vm, nil
}

// begin starts the time of a call.
func (vm *VM) begin(limit time.Duration) {
	vm.watched.mu.Lock()
	vm.watched.deadline, vm.watched.heap, vm.watched.stopped = time.Now().Add(limit), 0, false
	vm.watched.mu.Unlock()
}

// run hands a machine to the watch. The caller holds p.mu.
func (p *Pool) run(vm *VM) {
	p.running[vm] = struct{}{}
	if !p.watch && !p.closed {
		p.watch = true
		p.done.Add(1)
		go p.look(p.wake)
	}
}

// end takes a machine from the watch and keeps it for the next call, unless it was stopped.
func (p *Pool) end(vm *VM) {
	vm.watched.mu.Lock()
	vm.watched.deadline = time.Time{}
	dirty := vm.dirty || vm.watched.stopped
	vm.watched.mu.Unlock()
	p.mu.Lock()
	delete(p.running, vm)
	if !dirty && !p.closed && len(p.idle) < maxIdle {
		p.idle = append(p.idle, vm)
	}
	p.mu.Unlock()
}

// interrupt stops the call that runs; none that comes later.
func (vm *VM) interrupt(s *stop) {
	vm.watched.mu.Lock()
	if !vm.watched.deadline.IsZero() && !vm.watched.stopped {
		vm.watched.stopped = true
		vm.rt.Interrupt(s)
	}
	vm.watched.mu.Unlock()
}

const (
	lookEvery = 5 * time.Millisecond
	lookIdle  = 200 // looks without a call until the watch ends
)

// look watches time and heap of the calls that run. It ends when there have been none for a while.
func (p *Pool) look(wake <-chan struct{}) {
	defer p.done.Done()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	heap := func() uint64 {
		metrics.Read(sample)
		return sample[0].Value.Uint64()
	}
	for quiet := 0; ; {
		select {
		case <-wake:
			return
		case <-ticker.C:
		}
		p.mu.Lock()
		calls := make([]*VM, 0, len(p.running))
		for vm := range p.running {
			calls = append(calls, vm)
		}
		if quiet++; len(calls) > 0 {
			quiet = 0
		}
		if quiet > lookIdle {
			if p.wake == wake {
				p.watch = false
			}
			p.mu.Unlock()
			return
		}
		p.mu.Unlock()
		if len(calls) > 0 {
			p.check(calls, heap)
		}
	}
}

func (p *Pool) check(calls []*VM, heap func() uint64) {
	now, used, collected := time.Now(), heap(), false
	for _, vm := range calls {
		vm.watched.mu.Lock()
		deadline := vm.watched.deadline
		if vm.watched.heap == 0 {
			vm.watched.heap = used
		}
		before := vm.watched.heap
		vm.watched.mu.Unlock()
		if deadline.IsZero() {
			continue
		}
		if now.After(deadline) {
			vm.interrupt(&stop{TimeLimit, fmt.Sprintf("took longer than %s", p.limits.Time)})
			continue
		}
		limit := uint64(p.limits.MemoryBytes)
		if used <= before+limit {
			continue
		}
		// What is counted holds garbage, of others too: only what is left after a collection is in use. A call that has taken twice
		// its share is not waited for.
		if !collected && used <= before+2*limit {
			runtime.GC()
			used, collected = heap(), true
			if used <= before+limit {
				continue
			}
		}
		vm.interrupt(&stop{MemoryLimit, fmt.Sprintf("took more than %d MiB of memory", p.limits.MemoryBytes>>20)})
	}
}

// Rest gives the machines back that no call is using, and ends the watch if there is none. The next call makes others.
func (p *Pool) Rest() {
	p.mu.Lock()
	p.idle = nil
	if p.watch && len(p.running) == 0 && !p.closed {
		close(p.wake)
		p.wake, p.watch = make(chan struct{}), false
	}
	p.mu.Unlock()
}

// Close ends the watch and waits for it. Calls that run are stopped; later ones fail.
func (p *Pool) Close() {
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.closed = true
	p.idle = nil
	calls := make([]*VM, 0, len(p.running))
	for vm := range p.running {
		calls = append(calls, vm)
	}
	close(p.wake)
	p.mu.Unlock()
	for _, vm := range calls {
		vm.interrupt(&stop{TimeLimit, "was stopped: the scripts were closed"})
	}
	p.done.Wait()
}
