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

// readPlans reads the plans of a file that --plan wrote, one JSON object a line, and holds each to the flow.
func readPlans(path string, engine *runner.Engine, open *runner.Flow) ([]runner.SavedPlan, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, misusef("--apply: %w", err)
	}
	defer in.Close()
	var out []runner.SavedPlan
	for lines := bufio.NewReader(in); ; {
		line, err := lines.ReadBytes('\n')
		if len(line) > 0 {
			var p runner.SavedPlan
			if err := json.Unmarshal(line, &p); err != nil {
				return nil, misusef("--apply: line %d of %s is no plan: %w", len(out)+1, path, err)
			}
			if _, err := engine.CheckPlan(open, p); err != nil {
				return nil, misusef("--apply: line %d of %s: %w", len(out)+1, path, err)
			}
			out = append(out, p)
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
	if info, err := out.Stat(); err == nil && info.Mode().IsRegular() && info.Mode().Perm() != 0o600 { // it was there
		if err := out.Chmod(0o600); err != nil {
			return s, fmt.Errorf("--plan: %w", err)
		}
	}
	var failed error
	show := o.OnResult
	o.OnResult = func(r flow.Result, s flow.Summary) {
		if r.Plan != nil && failed == nil {
			var saved runner.SavedPlan
			if saved, failed = engine.SavePlan(open, r.Plan); failed == nil {
				failed = writeJSON(out, saved)
			}
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
