package api

import (
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/server/auth"
)

// Routes returns the table of routes as "GET /files/{path}".
func Routes() []string {
	var all []string
	for _, r := range (&API{}).routes() {
		all = append(all, r.method+" "+strings.ReplaceAll(r.path, ":.+}", "}"))
	}
	return all
}

// RoleOf returns who may at least use a route of the table, and whether the route has all of its limits.
func RoleOf(name string) (role auth.Role, limited bool) {
	for i, r := range (&API{}).routes() {
		if Routes()[i] == name {
			return r.role, r.limits.body > 0 && r.limits.body <= 32<<20 && r.limits.time > 0
		}
	}
	return auth.Nobody, false
}

// BodyOf returns how much a route of the table reads at most.
func BodyOf(name string) int64 { return (&API{}).routes()[slices.Index(Routes(), name)].limits.body }

// Slow is a route that reads a body within a time.
func (a *API) Slow(within time.Duration) http.Handler {
	return a.guarded(route{"POST", "/slow", auth.Nobody, limits{body: 64 << 10, time: within}, func(w http.ResponseWriter, r *http.Request) error {
		var v any
		return read(r, &v)
	}})
}
