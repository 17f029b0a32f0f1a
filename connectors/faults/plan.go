package faults

import (
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Words answers in a system's own words where Parse would answer in plain ones. A nil member is a plain answer.
type Words struct {
	TooMany     http.HandlerFunc // 429: come back in a second
	ServerError http.HandlerFunc // 500
}

// Worded is a sandbox that has words of its own for failures.
type Worded interface{ FailureWords() Words }

// Kinds are the words of a plan, with what they mean.
func Kinds() [][2]string {
	return [][2]string{
		{"429", "too many calls, come back in a second"},
		{"500", "an error, nothing was done"},
		{"503", "a maintenance page"},
		{"slow", "an answer after a wait: slow=5%:300ms"},
		{"cut", "the connection ends, nothing was done"},
		{"lost", "what was asked is done, then the connection ends"},
		{"late", "what was asked is done, then an error 500"},
		{"stale", "a read gives what it gave before"},
		{"twice", "a webhook comes twice; the share is that of all webhooks"},
	}
}

const defaultDelay = 2 * time.Second

// Parse reads a plan: kinds with their shares of all requests, such as "429=2%, lost=0.5%, slow=5%:300ms".
func Parse(plan string, w Words) ([]Fault, error) {
	if w.TooMany == nil {
		w.TooMany = plainTooMany
	}
	if w.ServerError == nil {
		w.ServerError = plainError
	}
	var out []Fault
	total := 0.0
	for _, part := range strings.Split(plan, ",") {
		part = strings.TrimSpace(part)
		kind, share, ok := strings.Cut(part, "=")
		if !ok {
			return nil, fmt.Errorf("%q is no fault: write a kind and its share, such as 429=2%%", part)
		}
		share, detail, hasDetail := strings.Cut(share, ":")
		percent, err := strconv.ParseFloat(strings.TrimSuffix(strings.TrimSpace(share), "%"), 64)
		if err != nil || !(percent > 0 && percent <= 100) {
			return nil, fmt.Errorf("%q: %q is no share of the requests from 0 to 100%%", part, share)
		}
		f, err := kindOf(strings.TrimSpace(kind), w)
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(out, func(o Fault) bool { return o.Name == strings.TrimSpace(kind) }) {
			return nil, fmt.Errorf("%q: %s is named twice", plan, strings.TrimSpace(kind))
		}
		if !f.Twice {
			total += percent
		}
		if total > 100 {
			return nil, fmt.Errorf("%q: the shares add up to more than 100%%", plan)
		}
		if hasDetail {
			if f.Delay == 0 {
				return nil, fmt.Errorf("%q: only slow takes a wait", part)
			}
			if f.Delay, err = time.ParseDuration(strings.TrimSpace(detail)); err != nil || f.Delay <= 0 {
				return nil, fmt.Errorf("%q: %q is no wait such as 300ms", part, detail)
			}
		}
		f.Name, f.Percent = strings.TrimSpace(kind), percent
		out = append(out, f)
	}
	// Each fault is drawn for on its own, the first one first: what those before it leave must still hit its share of all.
	left := 100.0
	for i := range out {
		if out[i].Twice {
			continue
		}
		share := out[i].Percent
		out[i].Percent = share / left * 100
		left -= share
	}
	return out, nil
}

func kindOf(kind string, w Words) (Fault, error) {
	switch kind {
	case "429":
		return Fault{Serve: w.TooMany}, nil
	case "500":
		return Fault{Serve: w.ServerError}, nil
	case "503":
		return Fault{Serve: Maintenance}, nil
	case "slow":
		return Fault{Delay: defaultDelay}, nil
	case "cut":
		return Fault{Serve: Cut}, nil
	case "lost":
		return Fault{Serve: Cut, After: true}, nil
	case "late":
		return Fault{Serve: w.ServerError, After: true}, nil
	case "stale":
		return Fault{Stale: true}, nil
	case "twice":
		return Fault{Twice: true}, nil
	}
	var known []string
	for _, k := range Kinds() {
		known = append(known, k[0])
	}
	slices.Sort(known)
	return Fault{}, fmt.Errorf("there is no fault %q: known are %s", kind, strings.Join(known, ", "))
}

func plainTooMany(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Retry-After", "1")
	http.Error(w, `{"error":"too many requests"}`, http.StatusTooManyRequests)
}

func plainError(w http.ResponseWriter, _ *http.Request) {
	http.Error(w, `{"error":"internal server error"}`, http.StatusInternalServerError)
}
