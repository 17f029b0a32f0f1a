package api

import (
	"errors"
	"net/http"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/server/wire"
)

// requested is what a connector would send for a result.
type requested struct {
	System string `json:"system"` // its title
	// Requests are those that write, in order; Reads counts those that only look something up.
	Requests []sentRequest `json:"requests"`
	Reads    int           `json:"reads"`
	Updated  string        `json:"updated,omitempty"` // the document of the sandbox that the update is of
	Refused  string        `json:"refused,omitempty"` // why the sandbox did not take it
	// Diagnostics are those of a document that fails: nothing is sent then.
	Diagnostics engine.Diagnostics `json:"diagnostics"`
}

type sentRequest struct {
	Method string `json:"method"`
	Path   string `json:"path"`
	Body   string `json:"body"` // with line breaks
	Status int    `json:"status"`
}

// request tells what the target's connector would send for what the mapping makes of a document. It is recorded against the
// system's sandbox in memory: nothing leaves the server.
func (a *API) request(w http.ResponseWriter, r *http.Request) error {
	var j job
	if err := read(r, &j); err != nil {
		return err
	}
	p, err := a.begin(r.Context(), j)
	if err != nil {
		return err
	}
	to := p.mapping.To()
	name, resource, _ := strings.Cut(to, ".")
	i := slices.IndexFunc(a.Systems, func(s connectors.System) bool { return s.Spec.Name == name })
	if i < 0 || resource == "" {
		return problem{Status: 422, Title: to + " is no document of a system: nothing is sent of it.", Code: "no-target"}
	}
	done, err := p.apply(r.Context())
	if err != nil {
		return err
	}
	answer := requested{System: a.Systems[i].Spec.Title, Requests: []sentRequest{}, Diagnostics: done.problems}
	if done.output == nil {
		return write(w, answer)
	}
	recorded, err := wire.Record(r.Context(), a.Systems[i], wire.Write{Resource: resource, Update: j.Mode == "update", Body: done.output})
	if errors.Is(err, wire.ErrNot) {
		return problem{Status: 422, Title: strings.TrimSpace(strings.TrimPrefix(err.Error(), wire.ErrNot.Error()+": ")), Code: "no-target"}
	}
	if err != nil {
		return err
	}
	answer.Reads, answer.Updated, answer.Refused = recorded.Reads, recorded.Updated, recorded.Refused
	for _, q := range recorded.Requests {
		answer.Requests = append(answer.Requests, sentRequest{q.Method, q.Path, indented(q.Body), q.Status})
	}
	return write(w, answer)
}
