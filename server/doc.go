// Package server will hold the HTTP API, its authentication and its live updates: the way in which a
// browser or another program previews mappings and looks after flows. It is not for running
// flows or keeping their state. What it stands on is here already: start with
// server/project, which reads a project's files, and server/runtime, which keeps links and cursors.
package server
