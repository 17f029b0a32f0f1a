package api

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/gorilla/mux"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/outbound"
	"github.com/crosswalk-go/crosswalk/server/project"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
	"github.com/crosswalk-go/crosswalk/server/runtime/schedule"
)

// flowRow is a flow and what is known of it. Times are missing where there are none.
type flowRow struct {
	Name   string   `json:"name"`
	Entity string   `json:"entity"`
	From   endpoint `json:"from"`
	To     endpoint `json:"to"`
	// Trigger says in words when it runs.
	Trigger string `json:"trigger"`
	// State is paused, trouble, running or waiting.
	State string `json:"state"`
	// Trouble is why it cannot run, or why the last reading ended early.
	Trouble      string    `json:"trouble,omitempty"`
	LastStarted  time.Time `json:"lastStarted,omitzero"`
	LastFinished time.Time `json:"lastFinished,omitzero"`
	LastRead     int       `json:"lastRead"` // new documents of the last reading
	NextRun      time.Time `json:"nextRun,omitzero"`
	Waiting      int       `json:"waiting"`
	InHand       int       `json:"inHand"`
	Backfill     int       `json:"backfill"` // of a resync
	// LastHour is how many documents ended in the last hour.
	LastHour  int      `json:"lastHour"`
	Unsettled int      `json:"unsettled"`
	Outcomes  []counts `json:"outcomes"` // of the last day, by hour, oldest first
}

type endpoint struct {
	Connection string `json:"connection"`
	System     string `json:"system"` // its title
}

// counts are how many documents ended how, from At on.
type counts struct {
	At      time.Time `json:"at"`
	Created int       `json:"created"`
	Updated int       `json:"updated"`
	Skipped int       `json:"skipped"`
	Failed  int       `json:"failed"`
	InDoubt int       `json:"inDoubt"`
}

func countsOf(at time.Time, t activity.Tally) counts {
	return counts{at, t[flow.Created], t[flow.Updated], t[flow.Skipped], t[flow.Failed], t[flow.InDoubt]}
}

// errNoFlows is the answer of a server that runs none.
var errNoFlows = problem{Status: http.StatusNotFound, Code: "no-flows", Title: "This server runs no flows: it has no project."}

func (a *API) engine() (*runner.Engine, error) {
	if a.Flows == nil {
		return nil, errNoFlows
	}
	return a.Flows.Engine, nil
}

// flowOf is the flow that the path names.
func (a *API) flowOf(r *http.Request) (project.Flow, error) {
	return a.flowNamed(mux.Vars(r)["flow"])
}

func (a *API) flowNamed(name string) (project.Flow, error) {
	if a.Flows == nil {
		return project.Flow{}, errNoFlows
	}
	f, err := a.Flows.Current().Flow(name)
	if err != nil {
		return f, problem{Status: http.StatusNotFound, Title: "There is no such flow."}
	}
	return f, nil
}

func (a *API) spec(connection string) (spec connectors.Spec, ok bool) {
	c, ok := a.Flows.Current().Connection(connection)
	if !ok {
		return spec, false
	}
	i := slices.IndexFunc(a.Systems, func(s connectors.System) bool { return s.Spec.Name == c.System })
	if i < 0 {
		return spec, false
	}
	return a.Systems[i].Spec, true
}

// flows lists the flows.
func (a *API) flows(w http.ResponseWriter, r *http.Request) error {
	rows := []flowRow{}
	if a.Flows == nil {
		return write(w, map[string][]flowRow{"flows": rows})
	}
	left, err := a.Flows.Engine.Unsettled(r.Context(), "")
	if err != nil {
		return err
	}
	open := map[string]int{}
	for _, u := range left {
		if !u.Waits() {
			open[u.Flow]++
		}
	}
	for _, f := range a.Flows.Current().Flows {
		row, err := a.row(r.Context(), f, open[f.Name])
		if err != nil {
			return err
		}
		rows = append(rows, row)
	}
	return write(w, map[string][]flowRow{"flows": rows})
}

func (a *API) row(ctx context.Context, f project.Flow, unsettled int) (flowRow, error) {
	s, err := a.Flows.Engine.State(ctx, f.Name)
	if err != nil {
		return flowRow{}, err
	}
	row := flowRow{
		Name: f.Name, Entity: string(f.Entity), From: a.endpoint(f.From), To: a.endpoint(f.To), Trigger: triggerWords(f.Trigger),
		State: "waiting", Trouble: s.Trouble, LastStarted: s.LastStarted, LastFinished: s.LastFinished, LastRead: s.LastRead,
		Waiting: s.Live.Waiting, InHand: s.Live.InHand + s.Backfill.InHand, Backfill: s.Backfill.Waiting, Unsettled: unsettled, Outcomes: []counts{},
	}
	if row.Trouble == "" {
		row.Trouble = s.LastError
	}
	switch {
	case s.Paused:
		row.State = "paused"
	case s.Trouble != "":
		row.State = "trouble"
	case s.Running || row.InHand > 0:
		row.State = "running"
	}
	now := a.Now().UTC()
	if !s.Paused {
		row.NextRun = f.Trigger.Next(s.LastStarted, now)
	}
	const hours = 24
	since := now.Truncate(time.Hour).Add(-(hours - 1) * time.Hour)
	tallies, err := a.Flows.Engine.Activity().Timeline(ctx, f.Name, since, time.Hour, hours)
	if err != nil {
		return row, err
	}
	for i, t := range tallies {
		row.Outcomes = append(row.Outcomes, countsOf(since.Add(time.Duration(i)*time.Hour), t))
	}
	hour, err := a.Flows.Engine.Activity().Timeline(ctx, f.Name, now.Add(-time.Hour), 2*time.Hour, 1)
	if err != nil {
		return row, err
	}
	row.LastHour = hour[0].Total()
	return row, nil
}

func (a *API) endpoint(connection string) endpoint {
	e := endpoint{Connection: connection, System: connection}
	if s, ok := a.spec(connection); ok {
		e.System = s.Title
	}
	return e
}

func triggerWords(t project.Trigger) string {
	var words string
	switch {
	case t.Cron != "" && t.Zone != "":
		words = "at " + t.Cron + " (" + t.Zone + ")"
	case t.Cron != "":
		words = "at " + t.Cron + " (UTC)"
	case t.Every > 0:
		words = "every " + spoken(t.Every)
	}
	switch {
	case t.Webhook && words != "":
		return words + ", and when the source tells"
	case t.Webhook:
		return "when the source tells"
	case words == "":
		return "on request"
	}
	return words
}

// spoken is a duration in its largest whole unit.
func spoken(d time.Duration) string {
	for _, u := range []struct {
		size time.Duration
		name string
	}{{24 * time.Hour, "day"}, {time.Hour, "hour"}, {time.Minute, "minute"}, {time.Second, "second"}} {
		if d >= u.size && d%u.size == 0 {
			if n := d / u.size; n > 1 {
				return fmt.Sprintf("%d %ss", n, u.name)
			}
			return u.name
		}
	}
	return d.String()
}

// account answers with what became of everything that was read in a time.
func (a *API) account(w http.ResponseWriter, r *http.Request) error {
	f, err := a.flowOf(r)
	if err != nil {
		return err
	}
	until := a.Now().UTC()
	since, err := moment(r, "since", until.Add(-24*time.Hour))
	if err != nil {
		return err
	}
	acc, err := a.Flows.Engine.Account(r.Context(), f.Name, since, until)
	if err != nil {
		return err
	}
	reasons := acc.Reasons
	if reasons == nil {
		reasons = map[string]int{}
	}
	return write(w, map[string]any{
		"since": acc.Since, "until": acc.Until, "line": acc.String(), "balanced": acc.Balanced(), "reasons": reasons,
		"read": acc.Read, "created": acc.Created, "updated": acc.Updated, "skipped": acc.Skipped, "failed": acc.Failed, "inDoubt": acc.InDoubt,
		"queued": acc.Queued, "dropped": acc.Dropped, "missing": len(acc.Missing), "doubled": len(acc.Doubled),
	})
}

func (a *API) audit(r *http.Request, what string, args ...any) {
	a.Audit.Info(what, append([]any{"user", auth.UserOf(r.Context()).Name}, args...)...)
}

// startRun asks for a run: of what changed, or of the documents that the request names.
func (a *API) startRun(w http.ResponseWriter, r *http.Request) error {
	var ask struct {
		IDs []string `json:"ids"`
	}
	if err := read(r, &ask); err != nil {
		return err
	}
	f, err := a.flowOf(r)
	if err != nil {
		return err
	}
	if len(ask.IDs) > maxNamed {
		return refuse(fmt.Sprintf("Name at most %d documents at a time.", maxNamed))
	}
	if slices.Contains(ask.IDs, "") {
		return refuse("An id is empty.")
	}
	if err := a.start(r, f, schedule.Ask{IDs: ask.IDs}); err != nil {
		return err
	}
	a.audit(r, "run asked for", "flow", f.Name, "documents", len(ask.IDs))
	return write(w, map[string]bool{"started": true})
}

// maxNamed bounds the documents of one request.
const maxNamed = 1000

// errPaused is what is said of a flow that would not do it.
var errPaused = problem{Status: http.StatusConflict, Code: "paused", Title: "The flow is paused: resume it first."}

func (a *API) start(r *http.Request, f project.Flow, ask schedule.Ask) error {
	if a.Flows.Engine.Paused(r.Context(), f.Name) {
		return errPaused
	}
	if err := a.reload(r.Context()); err != nil {
		return err
	}
	return a.Flows.Engine.Start(r.Context(), f.Name, ask)
}

func (a *API) pause(w http.ResponseWriter, r *http.Request) error {
	return a.setPaused(w, r, "paused", (*runner.Engine).Pause)
}

func (a *API) resume(w http.ResponseWriter, r *http.Request) error {
	return a.setPaused(w, r, "resumed", (*runner.Engine).Resume)
}

func (a *API) setPaused(w http.ResponseWriter, r *http.Request, what string, set func(*runner.Engine, context.Context, string) error) error {
	f, err := a.flowOf(r)
	if err != nil {
		return err
	}
	if err := set(a.Flows.Engine, r.Context(), f.Name); err != nil {
		return err
	}
	a.audit(r, "flow "+what, "flow", f.Name)
	return write(w, map[string]bool{"paused": a.Flows.Engine.Paused(r.Context(), f.Name)})
}

// reload takes over what was saved a moment ago: who saves a mapping and runs its flow means the new one.
func (a *API) reload(ctx context.Context) error {
	if a.Reload == nil {
		return nil
	}
	if err := a.Reload(ctx); err != nil {
		return unopened(err)
	}
	return nil
}

// opened opens a flow as its files say now, and hands it to do.
func (a *API) opened(ctx context.Context, name string, do func(*runner.Flow) error) error {
	if err := a.reload(ctx); err != nil {
		return err
	}
	open, err := a.Flows.Flow(ctx, name)
	if err != nil {
		return unopened(err)
	}
	err = do(open)
	if closeErr := open.Close(); closeErr != nil {
		a.Log.Warn("the flow was not closed in order", "flow", name, "error", closeErr)
	}
	return err
}

// unopened says why a flow cannot be worked with, which is for whoever looks after it to mend.
func unopened(err error) error {
	var found engine.Diagnostics
	switch {
	case errors.As(err, &found):
		return problem{Status: http.StatusUnprocessableEntity, Code: "project", Title: "The project's files have mistakes: mend them first.", Diagnostics: found}
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return err
	}
	if errors.Is(err, outbound.ErrRefused) {
		return problem{Status: http.StatusUnprocessableEntity, Code: "outbound", Title: "A connection of the flow leads where this server may not call.", Detail: err.Error()}
	}
	f := flow.FailedResult(flow.Ref{}, err)
	if f.Code == flow.FailInternal || f.Code == flow.FailStore {
		return err
	}
	return problem{Status: http.StatusBadGateway, Code: f.Code, Title: "A system of the flow cannot be worked with: " + f.Reason, Detail: f.Help}
}

// estimate says what a full resync would cost.
func (a *API) estimate(w http.ResponseWriter, r *http.Request) error {
	f, err := a.flowOf(r)
	if err != nil {
		return err
	}
	var e runner.Estimate
	err = a.opened(r.Context(), f.Name, func(open *runner.Flow) error {
		if e, err = a.Flows.Estimate(r.Context(), open, time.Time{}); err != nil {
			return unopened(err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	answer := map[string]any{"documents": e.Documents, "calls": e.Calls, "minutes": e.Minutes, "callsPerMinute": e.CallsPerMinute, "guessed": e.Guessed}
	if !f.Start.IsZero() {
		answer["start"] = f.Start
	}
	return write(w, answer)
}

// resync asks for a run over everything from the flow's start.
func (a *API) resync(w http.ResponseWriter, r *http.Request) error {
	f, err := a.flowOf(r)
	if err != nil {
		return err
	}
	if err := a.start(r, f, schedule.Ask{Full: true}); err != nil {
		return err
	}
	a.audit(r, "full resync asked for", "flow", f.Name)
	return write(w, map[string]bool{"started": true})
}

// planned is one document of a dry run.
type planned struct {
	Document string       `json:"document"` // as people call it
	Outcome  flow.Outcome `json:"outcome"`  // what it would be
	Reason   string       `json:"reason,omitempty"`
	Help     string       `json:"help,omitempty"`
	Plan     string       `json:"plan,omitempty"` // for people to read
}

// maxPlanned bounds the plans of one answer.
const maxPlanned = 200

// dryRun plans what a run would handle, and sends nothing.
func (a *API) dryRun(w http.ResponseWriter, r *http.Request) error {
	f, err := a.flowOf(r)
	if err != nil {
		return err
	}
	ctx, enough := context.WithCancel(r.Context())
	defer enough()
	plans := []planned{}
	var summary flow.Summary
	err = a.opened(ctx, f.Name, func(open *runner.Flow) error {
		_, err := a.Flows.Engine.Run(ctx, open, runner.RunOptions{DryRun: true, Workers: 4, OnResult: func(res flow.Result, s flow.Summary) {
			if len(plans) == maxPlanned {
				return
			}
			summary = s
			p := planned{Document: res.Document.Name(), Outcome: res.Outcome, Reason: res.Reason, Help: res.Help}
			if res.Plan != nil {
				p.Plan = res.Plan.Render()
			}
			if plans = append(plans, p); len(plans) == maxPlanned {
				enough()
			}
		}})
		if err != nil && (ctx.Err() == nil || r.Context().Err() != nil) {
			return unopened(err)
		}
		return nil
	})
	if err != nil {
		return err
	}
	a.audit(r, "dry run", "flow", f.Name, "documents", len(plans))
	return write(w, map[string]any{"plans": plans, "line": summary.String(), "more": len(plans) == maxPlanned})
}
