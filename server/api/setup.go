package api

import (
	"errors"
	"net/http"

	"github.com/gorilla/mux"

	"github.com/crosswalk-go/crosswalk/engine/port"
	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/setup"
)

// setupProblem turns an error of setting up into an answer.
func setupProblem(err error) error {
	p := problem{Status: http.StatusUnprocessableEntity, Code: "project"}
	if words, ok := setup.Refusal(err); ok {
		p.Title, p.Code = words, "setup"
		return p
	}
	if errors.Is(err, setup.ErrUnknown) {
		return problem{Status: http.StatusNotFound, Title: "There is no such connection or flow."}
	}
	if asDiagnostics(err, &p.Diagnostics) {
		p.Title = "The project's files have problems."
		if len(p.Diagnostics) > 0 {
			p.Detail = p.Diagnostics[0].Message
		}
		return p
	}
	return err
}

func (a *API) connections(w http.ResponseWriter, _ *http.Request) error {
	if a.Setup == nil {
		return write(w, map[string][]setup.Connection{"connections": {}})
	}
	all, err := a.Setup.Connections()
	if err != nil {
		return setupProblem(err)
	}
	return write(w, map[string][]setup.Connection{"connections": all})
}

func (a *API) checkConnection(w http.ResponseWriter, r *http.Request) error {
	if a.Setup == nil {
		return errNoProject
	}
	state, err := a.Setup.Check(r.Context(), mux.Vars(r)["connection"])
	if err != nil {
		return setupProblem(err)
	}
	return write(w, state)
}

// owner is whose drafts are meant.
func owner(r *http.Request) string { return auth.UserOf(r.Context()).Name }

func (a *API) draftConnection(w http.ResponseWriter, r *http.Request) error {
	var d setup.Draft
	if err := read(r, &d); err != nil {
		return err
	}
	if a.Setup == nil {
		return errNoProject
	}
	id, state, err := a.Setup.Try(r.Context(), owner(r), d)
	if err != nil {
		return setupProblem(err)
	}
	a.Audit.Info("connection tried", "user", owner(r), "system", d.System, "ok", state.OK)
	return write(w, struct {
		setup.State
		Draft string `json:"draft,omitempty"`
	}{state, id})
}

func (a *API) wizardQuestions(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		From   setup.End   `json:"from"`
		To     setup.End   `json:"to"`
		Entity port.Entity `json:"entity"`
	}
	if err := read(r, &body); err != nil {
		return err
	}
	if a.Setup == nil {
		return errNoProject
	}
	q, err := a.Setup.Ask(r.Context(), owner(r), body.From, body.To, body.Entity)
	if err != nil {
		return setupProblem(err)
	}
	return write(w, q)
}

func (a *API) wizardRehearse(w http.ResponseWriter, r *http.Request) error {
	var plan setup.Plan
	if err := read(r, &plan); err != nil {
		return err
	}
	if a.Setup == nil {
		return errNoProject
	}
	trial, err := a.Setup.Rehearse(r.Context(), owner(r), plan)
	if err != nil {
		return setupProblem(err)
	}
	return write(w, shownTrial(trial))
}

func (a *API) wizardWrite(w http.ResponseWriter, r *http.Request) error {
	var body struct {
		setup.Plan
		Secrets string `json:"secrets"`
	}
	if err := read(r, &body); err != nil {
		return err
	}
	if a.Setup == nil {
		return errNoProject
	}
	done, err := a.Setup.Write(r.Context(), owner(r), body.Plan, body.Secrets)
	if err != nil {
		return setupProblem(err)
	}
	for _, f := range done.Files {
		a.Audit.Info("file written", "user", owner(r), "file", f.Path)
	}
	for _, name := range done.Secrets {
		a.Audit.Info("secret written", "user", owner(r), "file", name)
	}
	if a.Reload != nil {
		if err := a.Reload(r.Context()); err != nil {
			a.Log.Warn("the flow that was written does not run yet", "flow", body.Name, "error", err)
		}
	}
	return write(w, done)
}
