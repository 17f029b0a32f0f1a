package api

import (
	"errors"
	"net/http"

	"github.com/crosswalk-go/crosswalk/server/auth"
)

// beginSignIn sends a browser to the provider.
func (a *API) beginSignIn(w http.ResponseWriter, r *http.Request) error {
	address, cookie, err := a.Auth.Begin(r.Context())
	if errors.Is(err, auth.ErrNoProvider) {
		return problem{Status: http.StatusNotFound, Title: "People do not sign in with a provider here."}
	}
	if err != nil {
		return a.signInFailed(w, r, err)
	}
	http.SetCookie(w, auth.BeginCookie(cookie, a.Secure))
	http.Redirect(w, r, address, http.StatusSeeOther)
	return nil
}

// finishSignIn takes a browser back from the provider, to the page.
func (a *API) finishSignIn(w http.ResponseWriter, r *http.Request) error {
	begun := ""
	if c, err := r.Cookie(auth.SignInCookie); err == nil {
		begun = c.Value
	}
	http.SetCookie(w, auth.BeginCookie("", a.Secure)) // it is good for one attempt
	from := addressOf(r)
	cookie, user, err := a.Auth.Finish(r.Context(), begun, r.URL.Query(), from)
	if errors.Is(err, auth.ErrNoProvider) {
		return problem{Status: http.StatusNotFound, Title: "People do not sign in with a provider here."}
	}
	if err != nil {
		return a.signInFailed(w, r, err)
	}
	a.Audit.Info("signed in", "user", user.Name, "from", from, "by", a.Auth.Provider())
	http.SetCookie(w, auth.Cookie(cookie, a.Secure))
	http.Redirect(w, r, "/", http.StatusSeeOther)
	return nil
}

// signInFailed sends a browser to the page with a word for why nobody is signed in.
func (a *API) signInFailed(w http.ResponseWriter, r *http.Request, err error) error {
	word := ""
	for _, known := range []struct {
		err  error
		word string
	}{{auth.ErrUnreachable, "unreachable"}, {auth.ErrTooMany, "busy"}, {auth.ErrNoRole, "role"}, {auth.ErrExpired, "expired"}, {auth.ErrRefused, "refused"}} {
		if errors.Is(err, known.err) {
			word = known.word
		}
	}
	if word == "" {
		return err
	}
	a.Audit.Warn("sign-in refused", "why", err.Error(), "from", addressOf(r), "by", a.Auth.Provider())
	http.Redirect(w, r, "/?signin="+word, http.StatusSeeOther)
	return nil
}
