package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// readPlans reads the plans of a file that --plan wrote: one JSON object a line.
func readPlans(path string) ([]*flow.Plan, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, misusef("--apply: %w", err)
	}
	defer in.Close()
	var out []*flow.Plan
	for lines := bufio.NewReader(in); ; {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var p flow.Plan
			if err := json.Unmarshal(line, &p); err != nil {
				return nil, misusef("--apply: line %d of %s is no plan: %w", len(out)+1, path, err)
			}
			if p.Document.ID == "" {
				return nil, misusef("--apply: line %d of %s names no document", len(out)+1, path)
			}
			out = append(out, &p)
		}
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, fmt.Errorf("--apply: %w", err)
		}
	}
}

// writePlans makes a dry run and writes its plans into a file, closed to others: plans hold personal data.
func (c *cli) writePlans(ctx context.Context, path string, engine *runner.Engine, open *runner.Flow, o runner.RunOptions) (s flow.Summary, err error) {
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	if err != nil {
		return s, misusef("--plan: %w", err)
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	var failed error
	show := o.OnResult
	o.OnResult = func(r flow.Result, s flow.Summary) {
		if r.Plan != nil && failed == nil {
			failed = writeJSON(out, r.Plan)
		}
		show(r, s)
	}
	o.DryRun = true
	s, err = engine.Run(ctx, open, o)
	if failed != nil {
		failed = fmt.Errorf("--plan: %w", failed)
	}
	return s, errors.Join(err, failed)
}
