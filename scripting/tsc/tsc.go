// Package tsc runs the TypeScript compiler that a project has in its node_modules over the project's scripts, and
// reads what it says of their types. It brings no compiler along and fetches none, and it writes nothing into
// the project. Start with [Find] and [Compiler.Check].
package tsc

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/crosswalk-go/crosswalk/scripting/types"
)

// ErrNone is matched by the error of [Find] where there is no compiler.
var ErrNone = errors.New("no TypeScript compiler")

// Bounds of one run of the compiler.
const (
	MaxTime   = 2 * time.Minute
	maxOutput = 4 << 20
)

// Compiler is a TypeScript compiler of a project, and the Node.js that runs it.
type Compiler struct {
	node, script string
	time         time.Duration
}

// Find looks for the compiler in the folder node_modules of dir and of the folders above it, as Node.js does, and for node on
// the PATH.
func Find(dir string) (*Compiler, error) {
	dir, err := filepath.Abs(dir)
	if err != nil {
		return nil, err
	}
	for {
		script := filepath.Join(dir, "node_modules", "typescript", "bin", "tsc")
		if info, err := os.Stat(script); err == nil && info.Mode().IsRegular() {
			node, err := exec.LookPath("node")
			if err != nil {
				return nil, fmt.Errorf("%w: node is not on the PATH", ErrNone)
			}
			return &Compiler{node: node, script: script, time: MaxTime}, nil
		}
		parent := filepath.Dir(dir)
		if parent == dir {
			return nil, fmt.Errorf("%w: there is no node_modules/typescript", ErrNone)
		}
		dir = parent
	}
}

// Request is what is to be checked.
type Request struct {
	Root         string   // the project's folder: a tsconfig.json in it is heeded
	Scripts      []string // paths from where the process is
	Declarations []types.File
}

// Message is what the compiler says of a place.
type Message struct {
	File         string // below the folder as [Request].Root names it; "" for a message about no file
	Line, Column int    // from 1; Column counts characters
	EndColumn    int    // behind the word at the place
	Code         string // TS2339
	Text         string
	Detail       string // more of it; may be empty
	Snippet      string // the text of the line
}

// Check runs the compiler over scripts and what they import. Types of scripts are what the declarations say and what the
// project's own .d.ts files say. An error means that the compiler could not do its work.
func (c *Compiler) Check(ctx context.Context, r Request) ([]Message, error) {
	root, err := filepath.Abs(r.Root)
	if err != nil {
		return nil, err
	}
	dir, err := os.MkdirTemp("", "crosswalk-types-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(dir)
	config, err := c.config(root, dir, r)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, c.time)
	defer cancel()
	cmd := exec.CommandContext(ctx, c.node, c.script, "--project", config, "--noEmit", "--pretty", "false")
	cmd.Dir = root
	cmd.Env = environment()
	cmd.WaitDelay = 2 * time.Second // who the compiler started may hold its output open
	endWhole(cmd)
	var stdout, stderr bounded
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	failed := cmd.Run()
	if ctx.Err() != nil {
		if errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return nil, fmt.Errorf("the TypeScript compiler was ended after %s", c.time)
		}
		return nil, ctx.Err()
	}
	messages := parse(stdout.kept.String(), root, r.Root)
	if failed != nil && len(messages) == 0 {
		first, _, _ := strings.Cut(strings.TrimSpace(stderr.kept.String()+"\n"+stdout.kept.String()), "\n")
		return nil, fmt.Errorf("the TypeScript compiler failed (%w): %s", failed, first)
	}
	return messages, nil
}

// config writes the declarations and a configuration for this run into dir.
func (c *Compiler) config(root, dir string, r Request) (string, error) {
	var files []string
	for _, f := range r.Declarations {
		path := filepath.Join(dir, f.Name)
		if err := os.WriteFile(path, f.Text, 0o600); err != nil {
			return "", err
		}
		files = append(files, path)
	}
	own, err := ownDeclarations(root)
	if err != nil {
		return "", err
	}
	for _, path := range append(own, r.Scripts...) {
		if path, err = filepath.Abs(path); err != nil {
			return "", err
		}
		files = append(files, path)
	}
	// What describes the machine that runs scripts is not the project's to change; how strict to be, also with declarations, is.
	options := map[string]any{"composite": false, "incremental": false, "declaration": false, "rootDir": filepath.VolumeName(root) + "/"}
	config := map[string]any{"compilerOptions": options, "files": files, "include": []string{}, "references": []string{}}
	base := filepath.Join(root, "tsconfig.json")
	_, err = os.Stat(base)
	if err == nil {
		config["extends"] = base
	}
	for _, o := range types.CompilerOptions() {
		if err != nil || o.Name != "strict" && o.Name != "skipLibCheck" {
			options[o.Name] = json.RawMessage(o.Value)
		}
	}
	text, err := json.Marshal(config)
	if err != nil {
		return "", err
	}
	path := filepath.Join(dir, "tsconfig.json")
	return path, os.WriteFile(path, text, 0o600)
}

// ownDeclarations lists the .d.ts files of a project that `crosswalk types` did not write.
func ownDeclarations(root string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir():
			if name := entry.Name(); path != root && (strings.HasPrefix(name, ".") || name == "node_modules" || name == "testdata") {
				return filepath.SkipDir
			}
		case strings.HasSuffix(path, ".d.ts") && entry.Type().IsRegular():
			ours, err := startsWith(path, types.Header)
			if err == nil && !ours {
				found = append(found, path)
			}
			return err
		}
		return nil
	})
	return found, err
}

func startsWith(path, text string) (bool, error) {
	f, err := os.Open(path)
	if err != nil {
		return false, err
	}
	defer f.Close()
	head := make([]byte, len(text))
	n, err := io.ReadFull(f, head)
	if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
		return false, err
	}
	return string(head[:n]) == text, nil
}

// environment is what the compiler needs of the process's: no options for Node.js, no secrets of connections.
func environment() []string {
	env := []string{"NO_COLOR=1"}
	for _, name := range []string{"PATH", "HOME", "TMPDIR", "TEMP", "TMP", "SYSTEMROOT", "LANG"} {
		if value, ok := os.LookupEnv(name); ok {
			env = append(env, name+"="+value)
		}
	}
	return env
}

// bounded keeps the first bytes that are written, and swallows the others.
type bounded struct {
	kept bytes.Buffer // not embedded: what copies would find its ReadFrom, which has no bound
}

func (b *bounded) Write(p []byte) (int, error) {
	b.kept.Write(p[:min(len(p), maxOutput-b.kept.Len())])
	return len(p), nil
}

var said = regexp.MustCompile(`^(?:(.+)\((\d+),(\d+)\): )?error (TS\d+): (.*)$`)

// parse reads the compiler's plain output: a line for each message, with more of it on indented lines.
// Files are named as the folder was named that the caller calls root.
func parse(output, root, named string) []Message {
	var all []Message
	lines := map[string][]string{}
	for _, line := range strings.Split(output, "\n") {
		line = strings.TrimSuffix(line, "\r")
		m := said.FindStringSubmatch(line)
		if m == nil {
			if len(all) > 0 && strings.HasPrefix(line, " ") {
				more := &all[len(all)-1].Detail
				*more = strings.TrimSpace(*more + " " + strings.TrimSpace(line))
			}
			continue
		}
		msg := Message{Code: m[4], Text: m[5]}
		if m[1] != "" {
			path := m[1]
			if !filepath.IsAbs(path) {
				path = filepath.Join(root, path)
			}
			msg.File = path
			if rel, err := filepath.Rel(root, path); err == nil {
				msg.File = filepath.ToSlash(filepath.Join(named, rel))
			}
			if lines[path] == nil {
				text, err := os.ReadFile(path)
				if err != nil {
					text = nil // the place is told as the compiler tells it
				}
				lines[path] = strings.Split(string(text), "\n")
			}
			msg.place(lines[path], number(m[2]), number(m[3]))
		}
		all = append(all, msg)
	}
	return all
}

// place turns a column in UTF-16 units into one in characters, and finds the end of the word there.
func (m *Message) place(lines []string, line, column int) {
	m.Line, m.Column, m.EndColumn = line, column, column
	if line < 1 || line > len(lines) {
		return
	}
	m.Snippet = strings.TrimSuffix(lines[line-1], "\r")
	runes := []rune(m.Snippet)
	units, i := 1, 0
	for i < len(runes) && units < column {
		units += max(utf16.RuneLen(runes[i]), 1)
		i++
	}
	m.Column, m.EndColumn = i+1, i+1
	for i < len(runes) && (runes[i] == '_' || runes[i] == '$' || strings.ContainsRune(wordRunes, runes[i]) || runes[i] > 127) {
		i++
		m.EndColumn++
	}
}

const wordRunes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"

func number(digits string) int {
	n, err := strconv.Atoi(digits)
	if err != nil {
		return 0 // a number that is too large is no line
	}
	return n
}
