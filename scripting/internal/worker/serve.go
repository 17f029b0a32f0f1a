package worker

import (
	"bufio"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"io"
	"os"
	"runtime/debug"
	"time"

	"github.com/crosswalk-go/crosswalk/scripting/internal/machine"
	"github.com/crosswalk-go/crosswalk/scripting/internal/source"
)

// setup is the first message to a process. One that is to make calls gets the code and its map with it.
type setup struct {
	Load         *Job `json:",omitempty"` // what a process is to read; it makes no calls
	Entries      []string
	Cover, Tests bool
	Limits       machine.Limits
}

// ready answers it.
type ready struct {
	Functions []bool
}

// header is a call without its arguments, or several of one function.
type header struct {
	Function int
	Name     string
	Now      string
	Seed     uint64
	Args     []int // how many each call has
}

// What is done of several calls at a time, besides the first.
const (
	batchTime  = 5 * time.Millisecond
	batchBytes = 1 << 20
)

// failure is how an error crosses.
type failure struct {
	Error  *machine.Error `json:",omitempty"`
	Errors source.Errors  `json:",omitempty"`
	Text   string         `json:",omitempty"`
}

// maxStack ends recursion inside a built-in long before it takes the memory of everything else.
const maxStack = 64 << 20

// Serve reads scripts, or answers calls until in ends, and returns the exit code of the process. It limits the memory of the process: it
// is for a process that does nothing else.
func Serve(in io.Reader, out io.Writer, functions machine.Functions) int {
	debug.SetMaxStack(maxStack)
	// A request is read by whoever answers it: to hand it from one thread to another takes longer than a small call.
	if f, ok := in.(*os.File); ok {
		go endWith(f) // with the process
	}
	requests := bufio.NewReaderSize(in, 64<<10)
	first, err := readFrame(requests)
	if err != nil {
		return 0
	}
	var s setup
	err = errFrame
	if len(first) > 0 {
		err = json.Unmarshal(first[0], &s)
	}
	// The parsers of scripts run under a limit of their own, here as where the scripts were read.
	if err == nil {
		err = limitMemory(loadBytes)
	}
	if err == nil && s.Load != nil {
		return serveLoad(*s.Load, requests, out)
	}
	var pool *machine.Pool
	if err == nil {
		pool, err = begin(s, first[1:], functions)
	}
	if err != nil {
		_ = writeFrame(out, nil, failed(err))
		return 1
	}
	defer pool.Close()
	callable, err := pool.Functions()
	if err != nil {
		_ = writeFrame(out, nil, failed(err))
		return 1
	}
	answer, err := json.Marshal(ready{callable})
	if err != nil {
		return 1
	}
	if err := writeFrame(out, answer, nil); err != nil {
		return 1
	}
	for {
		fields, err := readFrame(requests)
		if err != nil {
			return 0 // whoever asked has gone
		}
		if err := answerCalls(pool, fields, out); err != nil {
			return 1
		}
	}
}

func begin(s setup, fields [][]byte, functions machine.Functions) (*machine.Pool, error) {
	if len(fields) != 2 {
		return nil, errFrame
	}
	program, err := machine.Compile(machine.Source{Code: string(fields[0]), Map: fields[1], Entries: s.Entries, Cover: s.Cover, Tests: s.Tests})
	if err != nil {
		return nil, err
	}
	// Go reserves addresses long before it uses them, 64 MiB at a time for the heap, so the limit is twice the call's and two
	// such steps: a polite limit, the watch of package machine, stands below it.
	if err := limitMemory(2*s.Limits.MemoryBytes + 128<<20); err != nil {
		return nil, err
	}
	return machine.NewPool(program, s.Limits, functions)
}

// answerCalls makes calls, and answers with four fields for each.
func answerCalls(pool *machine.Pool, fields [][]byte, out io.Writer) error {
	if len(fields) == 0 {
		return errFrame
	}
	var h header
	if err := json.Unmarshal(fields[0], &h); err != nil {
		return err
	}
	fields = fields[1:]
	var answer [][]byte
	start, size := time.Now(), 0
	for i, n := range h.Args {
		if n < 0 || n > len(fields) {
			return errFrame
		}
		if i > 0 && (size > batchBytes || time.Since(start) > batchTime) {
			break
		}
		r := machine.Request{Function: h.Function, Name: h.Name, Now: h.Now, Seed: h.Seed, Args: make([]json.RawMessage, n)}
		for j, f := range fields[:n] {
			r.Args[j] = f
		}
		fields = fields[n:]
		made, err := answerCall(pool, r)
		if err != nil {
			return err
		}
		for _, f := range made {
			size += len(f)
		}
		answer = append(answer, made[:]...)
	}
	return writeFrame(out, answer...)
}

// answerCall makes a call. The fields are the result, the failure, what was logged and what was reached.
func answerCall(pool *machine.Pool, r machine.Request) (fields [4][]byte, err error) {
	reply, failure := pool.Call(context.Background(), r)
	fields[0] = reply.Result
	if failure != nil {
		fields[1] = failed(failure)
	}
	if len(reply.Logs) > 0 {
		if fields[2], err = json.Marshal(reply.Logs); err != nil {
			return fields, err
		}
	}
	for _, n := range reply.Hits {
		fields[3] = binary.AppendUvarint(fields[3], uint64(n))
	}
	return fields, nil
}

func failed(err error) []byte {
	var f failure
	if !errors.As(err, &f.Error) && !errors.As(err, &f.Errors) {
		f.Text = err.Error()
	}
	b, err := json.Marshal(f)
	if err != nil {
		return []byte(`{"Text": "the call failed"}`)
	}
	return b
}
