package api

import "strings"

// Routes returns the table of routes as "GET /files/{path}".
func Routes() []string {
	var all []string
	for _, r := range (&API{}).routes() {
		all = append(all, r.method+" "+strings.ReplaceAll(r.path, ":.+}", "}"))
	}
	return all
}
