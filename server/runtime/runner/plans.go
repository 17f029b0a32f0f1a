package runner

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"github.com/crosswalk-go/crosswalk/engine/flow"
)

// SavedPlan is a plan that somebody looks at before it is carried out. It names what it was made for and is sealed, so that neither another flow, nor one that
// joins other accounts, nor a text that was changed since is taken for it.
type SavedPlan struct {
	Flow string `json:"flow"`
	// Between names the two accounts, without telling them.
	Between string `json:"between"`
	// Versions are those of the flow and of the mappings that made it.
	Versions []string        `json:"versions"`
	Plan     json.RawMessage `json:"plan"` // of a [flow.Plan]
	Seal     string          `json:"seal"`
}

// Errors of [Engine.Apply] and [Engine.CheckPlan].
var (
	ErrOtherFlow     = errors.New("it is a plan of another flow")
	ErrOtherAccounts = errors.New("it was made in another project or data folder, or for other accounts than the flow joins now: make the plan again")
	ErrEdited        = errors.New("it is not as it was written: a plan is carried out exactly or not at all, so change the mapping and make the plan again")
)

// SavePlan makes a plan that can be kept in a file. Its JSON keeps every byte of the plan's.
func (e *Engine) SavePlan(f *Flow, p *flow.Plan) (SavedPlan, error) {
	var text bytes.Buffer
	enc := json.NewEncoder(&text)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(p); err != nil {
		return SavedPlan{}, fmt.Errorf("the plan of %s: %w", p.Document.Name(), err)
	}
	s := SavedPlan{Flow: f.Name, Between: e.between(f), Versions: f.Versions, Plan: bytes.TrimSpace(text.Bytes())}
	s.Seal = e.sealOf(s)
	return s, nil
}

// CheckPlan returns the plan, if it was made for this flow and is as it was made.
func (e *Engine) CheckPlan(f *Flow, s SavedPlan) (*flow.Plan, error) {
	switch {
	case s.Flow != f.Name:
		return nil, fmt.Errorf("%w: %q, not %q", ErrOtherFlow, s.Flow, f.Name)
	case s.Between != e.between(f):
		return nil, ErrOtherAccounts
	case s.Seal != e.sealOf(s):
		return nil, ErrEdited
	}
	var p flow.Plan
	if err := json.Unmarshal(s.Plan, &p); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrEdited, err)
	}
	return &p, nil
}

func (e *Engine) between(f *Flow) string { return e.sealer.Hash("plan between\x00" + f.Scope) }

func (e *Engine) sealOf(s SavedPlan) string {
	versions, _ := json.Marshal(s.Versions) // texts always marshal
	return e.sealer.Hash("plan\x00" + s.Flow + "\x00" + s.Between + "\x00" + string(versions) + "\x00" + string(s.Plan))
}
