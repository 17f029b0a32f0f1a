package server

import (
	"context"
	"crypto/rand"
	"fmt"
	"net"
	"net/http"
	"slices"
	"strings"
)

// policy is what the page may load and do: its own files, and nothing that stands in the page itself but the styles that CodeMirror
// makes, which carry the nonce.
const policy = "default-src 'none'; script-src 'self'; style-src 'self' 'nonce-%s'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
	"manifest-src 'self'; form-action 'none'; frame-ancestors 'none'; base-uri 'none'; require-trusted-types-for 'script'"

type nonceKey struct{}

// nonceOf returns the nonce of the policy that answers a request.
func nonceOf(r *http.Request) string {
	nonce, _ := r.Context().Value(nonceKey{}).(string)
	return nonce
}

// defended puts in front of every route what a browser needs to be told, and refuses what no page of this server sends.
func (s *Server) defended(next http.Handler) http.Handler {
	cross := http.NewCrossOriginProtection()
	cross.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "The request comes from another site.", http.StatusForbidden)
	}))
	inner := cross.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		nonce := rand.Text()
		r = r.WithContext(context.WithValue(r.Context(), nonceKey{}, nonce))
		h.Set("Content-Security-Policy", fmt.Sprintf(policy, nonce))
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		if s.opts.API.Secure {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		// A page elsewhere can give its own name this machine's address; the name that the browser asks for tells.
		if !s.knownHost(r.Host) {
			http.Error(w, "This server does not go by that name.", http.StatusMisdirectedRequest)
			return
		}
		inner.ServeHTTP(w, r)
	})
}

func (s *Server) knownHost(host string) bool {
	name := host
	if h, _, err := net.SplitHostPort(host); err == nil {
		name = h
	}
	name = strings.ToLower(strings.Trim(name, "[]"))
	if ip := net.ParseIP(name); ip != nil {
		return true // an address is nobody's name
	}
	return name == "localhost" || strings.HasSuffix(name, ".localhost") || slices.Contains(s.opts.Hosts, name)
}
