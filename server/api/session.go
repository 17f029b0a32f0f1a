package api

import (
	"errors"
	"net"
	"net/http"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/server/auth"
)

// sessionState says who is here and what this server is.
type sessionState struct {
	User    *auth.User `json:"user,omitempty"` // nobody has signed in where it is missing
	SignIn  *signInWay `json:"signIn,omitempty"`
	Project bool       `json:"project"`
	Version string     `json:"version"`
}

// signInWay is how people sign in.
type signInWay struct {
	Password bool   `json:"password"`
	Provider string `json:"provider,omitempty"` // what it is called
}

func (a *API) session(w http.ResponseWriter, r *http.Request) error {
	return a.writeSession(w, auth.UserOf(r.Context()))
}

func (a *API) writeSession(w http.ResponseWriter, u auth.User) error {
	state := sessionState{Project: a.Folder != nil, Version: a.Version}
	if u.Role != auth.Nobody {
		state.User = &u
	}
	if !a.Auth.Open() {
		state.SignIn = &signInWay{a.Auth.Passwords(), a.Auth.Provider()}
	}
	return write(w, state)
}

func (a *API) signIn(w http.ResponseWriter, r *http.Request) error {
	var who struct {
		Name     string `json:"name"`
		Password string `json:"password"`
	}
	if err := read(r, &who); err != nil {
		return err
	}
	from := addressOf(r)
	cookie, user, err := a.Auth.SignIn(r.Context(), who.Name, who.Password, from)
	switch {
	case errors.Is(err, auth.ErrTooMany):
		a.Audit.Warn("sign-in refused", "why", "too many attempts", "from", from)
		w.Header().Set("Retry-After", "60")
		return problem{Status: http.StatusTooManyRequests, Title: "Too many attempts: wait a minute."}
	case errors.Is(err, auth.ErrRefused):
		// The name may be a password that was typed into the wrong field: it is not written down.
		a.Audit.Warn("sign-in refused", "why", "name or password", "from", from)
		return problem{Status: http.StatusUnauthorized, Title: "The name or the password is not right."}
	case err != nil:
		return err
	}
	a.Audit.Info("signed in", "user", user.Name, "from", from)
	http.SetCookie(w, auth.Cookie(cookie, a.Secure))
	return a.writeSession(w, user)
}

// addressOf is where a request comes from. What proxies say of it is not believed: anybody can say it.
func addressOf(r *http.Request) string {
	if host, _, err := net.SplitHostPort(r.RemoteAddr); err == nil {
		return host
	}
	return r.RemoteAddr
}

// signOut ends the session of a request, or all of that person's.
func (a *API) signOut(w http.ResponseWriter, r *http.Request) error {
	user, end, what := auth.UserOf(r.Context()), a.Auth.SignOut, "signed out"
	switch r.URL.Query().Get("everywhere") {
	case "", "false":
	case "true":
		if !user.Session {
			return problem{Status: http.StatusUnauthorized, Title: "Sign in first."}
		}
		end, what = a.Auth.SignOutEverywhere, "signed out everywhere"
	default:
		return refuse("everywhere is true or false.")
	}
	if err := end(r); err != nil {
		return err
	}
	if user.Session {
		a.audit(r, what, "from", addressOf(r))
	}
	http.SetCookie(w, auth.Cookie("", a.Secure))
	return a.writeSession(w, auth.User{})
}

// system is what a page shows of a system that connections can lead to.
type system struct {
	Name        string       `json:"name"`
	Title       string       `json:"title"`
	Address     string       `json:"address,omitempty"` // where every connection finds it
	Resources   []resource   `json:"resources"`
	Credentials []credential `json:"credentials"`
	Options     []option     `json:"options"`
	Webhooks    bool         `json:"webhooks"`
}

type resource struct {
	Name   string `json:"name"`
	Entity string `json:"entity"`
	Title  string `json:"title"`
	Read   bool   `json:"read"`
	Create bool   `json:"create"`
	Update bool   `json:"update"`
}

// credential is a field that a connection needs; it holds no value.
type credential struct {
	Name   string `json:"name"`
	Title  string `json:"title"`
	Help   string `json:"help"`
	Secret bool   `json:"secret"`
	Needed bool   `json:"needed"`
}

// option is what a connection may say besides.
type option struct {
	Name    string   `json:"name"`
	Help    string   `json:"help"`
	Default string   `json:"default,omitempty"`
	Choices []string `json:"choices,omitempty"`
}

func (a *API) systems(w http.ResponseWriter, _ *http.Request) error {
	all := []system{}
	for _, s := range a.Systems {
		all = append(all, shownSystem(s.Spec))
	}
	return write(w, map[string][]system{"systems": all})
}

func shownSystem(spec connectors.Spec) system {
	s := system{Name: spec.Name, Title: spec.Title, Address: spec.Address, Webhooks: spec.Webhooks, Resources: []resource{}, Credentials: []credential{}, Options: []option{}}
	for _, r := range spec.Resources {
		s.Resources = append(s.Resources, resource{r.Name, string(r.Entity), r.Title, r.Read, r.Create, r.Update})
	}
	for _, c := range spec.Credentials {
		s.Credentials = append(s.Credentials, credential{c.Name, c.Title, c.Help, c.Secret, c.Needed})
	}
	for _, o := range spec.Options {
		s.Options = append(s.Options, option{o.Name, o.Help, o.Default, o.Choices})
	}
	return s
}
