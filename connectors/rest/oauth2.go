package rest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// OAuth2 is a client of a token endpoint (RFC 6749).
type OAuth2 struct {
	// Client calls the token endpoint; it has no Auth of its own.
	Client *Client
	// Path of the token endpoint under the client's URL.
	Path                   string
	ClientID, ClientSecret string
	Scope                  string
	// Basic sends id and secret as HTTP Basic instead of in the body.
	Basic bool
	// JSONBody sends the parameters as a JSON object instead of a form.
	JSONBody bool
}

// RefreshGrant is what a refresh-token log-in remembers.
type RefreshGrant struct {
	OAuth2
	// Connection is the name under which Store keeps the token.
	Connection string
	// RefreshToken is the one that a person obtained; it starts the chain.
	RefreshToken string
	// Store keeps the newest refresh token; nil keeps it in memory.
	Store connectors.TokenStore
}

// ClientCredentials logs in with id and secret.
func ClientCredentials(o OAuth2) *Tokens {
	return NewTokens(func(ctx context.Context) (Token, error) {
		token, _, err := o.grant(ctx, url.Values{"grant_type": {"client_credentials"}})
		return token, err
	}, o.now())
}

// RefreshToken logs in with a refresh token that the system may replace with each use. The
// new one is stored before the access token that came with it is used; an answer
// without one keeps the old. A RefreshToken other than the one that started the
// stored chain starts a new chain: a person has authorised again, perhaps another company.
// Several Tokens may follow one chain: they take turns where the Store is a [connectors.TokenLocker], and where it is not, one whose token another one
// used first goes on with the token that the other has saved.
func RefreshToken(g RefreshGrant) *Tokens {
	r := &refresher{grant: g}
	return NewTokens(r.fetch, g.now())
}

func (o OAuth2) now() func() time.Time {
	if o.Client == nil {
		return nil
	}
	return o.Client.cfg.Now
}

// grant asks for an access token and returns it with the refresh token, if there is one.
func (o OAuth2) grant(ctx context.Context, params url.Values) (Token, string, error) {
	if o.Client == nil {
		return Token{}, "", errors.New("rest: OAuth2.Client is nil")
	}
	if o.Scope != "" {
		params.Set("scope", o.Scope)
	}
	req := Request{Method: http.MethodPost, Path: o.Path, Header: http.Header{}, Repeat: Safe}
	for _, secret := range []string{o.ClientSecret, params.Get("refresh_token")} {
		if len(secret) >= secretMin {
			req.secrets = append(req.secrets, secret)
		}
	}
	if o.Basic {
		// RFC 6749 section 2.3.1 asks for form-encoded parts.
		basic := &http.Request{Header: req.Header}
		basic.SetBasicAuth(url.QueryEscape(o.ClientID), url.QueryEscape(o.ClientSecret))
	} else {
		params.Set("client_id", o.ClientID)
		params.Set("client_secret", o.ClientSecret)
	}
	if o.JSONBody {
		flat := make(map[string]string, len(params))
		for k := range params {
			flat[k] = params.Get(k)
		}
		body, err := json.Marshal(flat)
		if err != nil {
			return Token{}, "", fmt.Errorf("%s: %w", o.Client.System(), err)
		}
		req.Body = body
		req.Header.Set("Content-Type", "application/json")
	} else {
		req.Body = []byte(params.Encode())
		req.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	}
	asked := o.Client.cfg.Now()
	resp, err := o.Client.Do(ctx, req)
	if err != nil {
		return Token{}, "", refused(err, resp, masker{literal: append(credentials(req.Header), req.secrets...)})
	}
	access := gjson.GetBytes(resp.Body, "access_token").String()
	if access == "" {
		return Token{}, "", &port.Error{Kind: port.ErrProtocol, System: o.Client.System(), Op: req.Op(), Status: resp.Status,
			Message: "the answer to the log-in holds no access_token"}
	}
	token := Token{Value: access}
	if seconds := gjson.GetBytes(resp.Body, "expires_in").Int(); seconds > 0 {
		token.Expires = asked.Add(time.Duration(min(seconds, 10*365*24*3600)) * time.Second)
	}
	return token, gjson.GetBytes(resp.Body, "refresh_token").String(), nil
}

// refused makes the 400 of RFC 6749 section 5.2 an ErrAuth where it speaks of credentials.
func refused(err error, resp Response, hide masker) error {
	var e *port.Error
	if !errors.As(err, &e) {
		return err
	}
	code := gjson.GetBytes(resp.Body, "error")
	if code.Type != gjson.String {
		return err
	}
	if e.Code == "" {
		e.Code = cut(hide.text(code.String()))
	}
	if e.Message == "" {
		e.Message = cut(hide.words(gjson.GetBytes(resp.Body, "error_description").String()))
	}
	switch code.String() {
	case "invalid_grant", "invalid_client", "unauthorized_client", "access_denied":
		e.Kind = port.ErrAuth
	}
	return err
}

// refresher follows one chain of refresh tokens. Tokens calls fetch from one goroutine at a time.
type refresher struct {
	grant  RefreshGrant
	memory string // the newest token where there is no store
	// unsaved is a rotated token that the store would not take: the old one is dead,
	// so that it must not be lost.
	unsaved string
}

func (r *refresher) fetch(ctx context.Context) (Token, error) {
	if locker, ok := r.grant.Store.(connectors.TokenLocker); ok {
		release, err := locker.LockToken(ctx, r.grant.Connection)
		if err != nil {
			return Token{}, fmt.Errorf("%s: taking turns with the refresh token: %w", r.grant.Client.System(), err)
		}
		defer release()
	}
	if r.unsaved != "" {
		if err := r.save(ctx, r.unsaved); err != nil {
			return Token{}, err
		}
	}
	current, err := r.current(ctx)
	if err != nil {
		return Token{}, err
	}
	if current == "" {
		return Token{}, &port.Error{Kind: port.ErrAuth, System: r.grant.Client.System(), Op: "log-in", Message: "the connection has no refresh token"}
	}
	access, next, err := r.use(ctx, current)
	for tries := 0; errors.Is(err, port.ErrAuth) && r.grant.Store != nil && tries < overtaken; tries++ {
		var newest string
		if newest, err = r.overtaker(ctx, current, err); err != nil {
			break
		}
		current = newest
		access, next, err = r.use(ctx, current)
	}
	if err != nil {
		return Token{}, err
	}
	if next != "" && next != current {
		if err := r.save(ctx, next); err != nil {
			return Token{}, err
		}
	}
	return access, nil
}

func (r *refresher) use(ctx context.Context, token string) (access Token, next string, err error) {
	return r.grant.grant(ctx, url.Values{"grant_type": {"refresh_token"}, "refresh_token": {token}})
}

// overtaken is how often a refused token is taken for one that another process used first.
const overtaken = 3

// overtaker returns the token that another one has saved since a refused one was read, or the refusal where there is none. Who was faster has the new token
// before it is saved.
func (r *refresher) overtaker(ctx context.Context, refused string, refusal error) (string, error) {
	for range 4 {
		newest, err := r.current(ctx)
		if err != nil {
			return "", err
		}
		if newest != refused {
			return newest, nil
		}
		if r.grant.Client.cfg.Sleep(ctx, 250*time.Millisecond) != nil {
			break
		}
	}
	return "", refusal
}

// current returns the newest refresh token of the chain that the configured one started.
func (r *refresher) current(ctx context.Context) (string, error) {
	saved := r.memory
	if r.grant.Store != nil {
		var err error
		if saved, err = r.grant.Store.Token(ctx, r.grant.Connection); err != nil {
			return "", fmt.Errorf("%s: reading the refresh token: %w", r.grant.Client.System(), err)
		}
	}
	seed, token, chained := strings.Cut(strings.TrimPrefix(saved, chainPrefix), ":")
	switch {
	case saved == "":
		return r.grant.RefreshToken, nil
	case !strings.HasPrefix(saved, chainPrefix) || !chained:
		return saved, nil // written by someone who knows of no chain
	case r.grant.RefreshToken != "" && seed != chainSeed(r.grant.RefreshToken):
		return r.grant.RefreshToken, nil
	}
	return token, nil
}

func (r *refresher) save(ctx context.Context, token string) error {
	saved := chainPrefix + chainSeed(r.grant.RefreshToken) + ":" + token
	if r.grant.Store == nil {
		r.memory = saved
		return nil
	}
	r.unsaved = token
	if err := r.grant.Store.SaveToken(ctx, r.grant.Connection, saved); err != nil {
		return fmt.Errorf("%s: keeping the new refresh token: %w", r.grant.Client.System(), err)
	}
	r.unsaved = ""
	return nil
}

const chainPrefix = "chain:"

// chainSeed names the token that started a chain without giving it away.
func chainSeed(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:8])
}
