// Package playground will hold the web app in which a mapping is written and previewed
// (Svelte and CodeMirror, built by Vite), and the Go file that embeds the built app. It is
// not for serving it or for mapping anything: the server's HTTP API does both, and the app is one of its clients.
// It holds no code yet; start with package server.
package playground
