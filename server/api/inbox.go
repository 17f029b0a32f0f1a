package api

import (
	"errors"
	"net/http"
	"slices"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/flow"
	"github.com/crosswalk-go/crosswalk/server/runtime/activity"
	"github.com/crosswalk-go/crosswalk/server/runtime/runner"
)

// unsettled is a document that waits for something or somebody.
type unsettled struct {
	Flow       string       `json:"flow"`
	Document   string       `json:"document"`
	DocumentID string       `json:"documentId"`
	Outcome    flow.Outcome `json:"outcome"`
	Code       string       `json:"code"`
	Since      time.Time    `json:"since"`
	Last       time.Time    `json:"last"`
	Attempts   int          `json:"attempts"`
	Entry      uint64       `json:"entry"`
	Reason     string       `json:"reason,omitempty"`
	// Fix says what to do about it.
	Fix string `json:"fix"`
	// Next is the one next step: settle, mapping, wait or replay.
	Next string `json:"next"`
}

// fixes say what helps against what, where the failure does not say it better itself.
var fixes = map[string]string{
	flow.DoubtUnprobed:     "Look in the target whether the document is there, and say what you found.",
	flow.DoubtLost:         "The answer was lost on its way. The target is asked again by itself.",
	flow.DoubtPending:      "An earlier attempt has no answer yet. The target is asked again by itself.",
	flow.FailMapping:       "Open the document in the playground and mend the rule that refuses it.",
	flow.FailCustomer:      "See which customers of the target fit, and make it one.",
	flow.FailProduct:       "Create the article in the target, or correct its number in the source.",
	flow.FailTotals:        "Compare the amounts of the document with what would be sent.",
	flow.FailRefused:       "See what the target answered, and mend the rule that makes the field.",
	flow.FailConflict:      "The target says that it has the document already: look there for its number.",
	flow.FailAuth:          "Renew the credentials of the connection.",
	flow.FailUnreachable:   "The system did not answer. It is tried again by itself.",
	flow.FailMoved:         "The target changed meanwhile. It is tried again by itself.",
	flow.FailInterrupted:   "The run was stopped. It is tried again by itself.",
	flow.FailStore:         "The server could not store what it did: see its log.",
	flow.FailConfiguration: "Correct the flow's settings.",
}

func (a *API) unsettled(w http.ResponseWriter, r *http.Request) error {
	out := []unsettled{}
	if a.Flows == nil {
		return write(w, map[string][]unsettled{"unsettled": out})
	}
	name := r.URL.Query().Get("flow")
	if name != "" {
		if _, err := a.flowNamed(name); err != nil {
			return err
		}
	}
	left, err := a.Flows.Engine.Unsettled(r.Context(), name)
	if err != nil {
		return err
	}
	left = slices.DeleteFunc(left, runner.Unsettled.Waits)
	more := len(left) > maxNamed
	for _, u := range left[:min(len(left), maxNamed)] {
		e, _, err := a.Flows.Engine.Activity().Get(r.Context(), u.Entry)
		if err != nil && !errors.Is(err, activity.ErrNoEntry) {
			return err
		}
		out = append(out, unsettledOf(u, e))
	}
	return write(w, map[string]any{"unsettled": out, "more": more})
}

func unsettledOf(u runner.Unsettled, e activity.Entry) unsettled {
	out := unsettled{Flow: u.Flow, Document: u.Key, DocumentID: u.ID, Outcome: u.Outcome, Code: u.Code, Since: u.Since, Last: u.Last, Attempts: u.Attempts,
		Entry: u.Entry, Reason: e.Reason, Fix: e.Help, Next: "replay"}
	if out.Document == "" {
		out.Document = u.ID
	}
	if known := fixes[u.Code]; out.Fix == "" && known != "" {
		out.Fix = known
	} else if out.Fix == "" {
		out.Fix = "Open the document and see what the systems answered."
	}
	switch {
	case u.Person():
		out.Next = "settle"
	case u.Code == flow.FailMapping:
		out.Next = "mapping"
	case u.Passing():
		out.Next = "wait"
	}
	return out
}

// settle takes what a person found in the target.
func (a *API) settle(w http.ResponseWriter, r *http.Request) error {
	var found struct {
		Flow       string `json:"flow"`
		DocumentID string `json:"documentId"`
		Made       string `json:"made"`
		NotMade    bool   `json:"notMade"`
	}
	if err := read(r, &found); err != nil {
		return err
	}
	if (found.Made != "") == found.NotMade {
		return refuse("Say what is true: made with the id that the document has in the target, or notMade.")
	}
	if _, err := a.flowNamed(found.Flow); err != nil {
		return err
	}
	left, err := a.Flows.Engine.Unsettled(r.Context(), found.Flow)
	if err != nil {
		return err
	}
	i := slices.IndexFunc(left, func(u runner.Unsettled) bool { return u.ID == found.DocumentID })
	if i < 0 {
		return problem{Status: http.StatusNotFound, Title: "The document is settled already."}
	}
	if left[i].Outcome != flow.InDoubt {
		return problem{Status: http.StatusConflict, Title: "The document is not in doubt: replay it."}
	}
	err = a.opened(r.Context(), found.Flow, func(open *runner.Flow) error {
		err := a.Flows.Engine.Settle(r.Context(), open, left[i], found.Made)
		if errors.Is(err, flow.ErrBusy) {
			return problem{Status: http.StatusConflict, Code: "busy", Title: "The flow is being read: try again in a moment."}
		}
		return err
	})
	if err != nil {
		return err
	}
	a.audit(r, "document settled", "flow", found.Flow, "entry", left[i].Entry, "made", found.Made != "")
	return write(w, map[string]bool{"settled": true})
}
