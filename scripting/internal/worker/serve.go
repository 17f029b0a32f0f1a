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

	"github.com/crosswalk-go/crosswalk/scripting/internal/machine"
)

// setup is the first message to a process.
type setup struct {
	Entries      []string
	Cover, Tests bool
	Limits       machine.Limits
}

// ready answers it.
type ready struct {
	Functions []bool
}

// header is a call without its arguments.
type header struct {
	Function int
	Name     string
	Now      string
	Seed     uint64
}

// failure is how an error crosses.
type failure struct {
	Error *machine.Error `json:",omitempty"`
	Text  string         `json:",omitempty"`
}

// maxStack ends recursion inside a built-in long before it takes the memory of everything else.
const maxStack = 64 << 20

// Serve answers calls until in ends, and returns the exit code of the process. It limits the memory of the process: it
// is for a process that does nothing else.
func Serve(in io.Reader, out io.Writer, functions machine.Functions) int {
	debug.SetMaxStack(maxStack)
	requests := make(chan [][]byte)
	go func() { // ends with the process: whoever started it has gone when in ends, and a script may be running
		r := bufio.NewReaderSize(in, 64<<10)
		for {
			fields, err := readFrame(r)
			if err != nil {
				os.Exit(0)
			}
			requests <- fields
		}
	}()
	pool, err := begin(<-requests, functions)
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
	for fields := range requests {
		if err := answerCall(pool, fields, out); err != nil {
			return 1
		}
	}
	return 0
}

func begin(fields [][]byte, functions machine.Functions) (*machine.Pool, error) {
	if len(fields) != 3 {
		return nil, errFrame
	}
	var s setup
	if err := json.Unmarshal(fields[2], &s); err != nil {
		return nil, err
	}
	program, err := machine.Compile(machine.Source{Code: string(fields[0]), Map: fields[1], Entries: s.Entries, Cover: s.Cover, Tests: s.Tests})
	if err != nil {
		return nil, err
	}
	if err := limitMemory(s.Limits.MemoryBytes); err != nil {
		return nil, err
	}
	return machine.NewPool(program, s.Limits, functions)
}

func answerCall(pool *machine.Pool, fields [][]byte, out io.Writer) error {
	if len(fields) == 0 {
		return errFrame
	}
	var h header
	if err := json.Unmarshal(fields[0], &h); err != nil {
		return err
	}
	r := machine.Request{Function: h.Function, Name: h.Name, Now: h.Now, Seed: h.Seed, Args: make([]json.RawMessage, len(fields)-1)}
	for i, f := range fields[1:] {
		r.Args[i] = f
	}
	reply, err := pool.Call(context.Background(), r)
	var logs, fault, hits []byte
	for _, n := range reply.Hits {
		hits = binary.AppendUvarint(hits, uint64(n))
	}
	if len(reply.Logs) > 0 {
		var err error
		if logs, err = json.Marshal(reply.Logs); err != nil {
			return err
		}
	}
	if err != nil {
		fault = failed(err)
	}
	return writeFrame(out, reply.Result, fault, logs, hits)
}

func failed(err error) []byte {
	var f failure
	if !errors.As(err, &f.Error) {
		f.Text = err.Error()
	}
	b, err := json.Marshal(f)
	if err != nil {
		return []byte(`{"Text": "the call failed"}`)
	}
	return b
}
