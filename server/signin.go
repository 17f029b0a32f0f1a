package server

import (
	"fmt"
	"net/url"

	"github.com/crosswalk-go/crosswalk/server/auth"
	"github.com/crosswalk-go/crosswalk/server/project"
)

// SignIn is who may come in by the section server, the provider's secret looked up.
func (c Config) SignIn(p *project.Project) (auth.Config, error) {
	out := c.Auth
	if out.OIDC == nil || p == nil {
		return out, nil
	}
	provider := *out.OIDC
	var err error
	if provider.ClientSecret, err = p.Secret(provider.ClientSecret); err != nil {
		return out, fmt.Errorf("auth.oidc.clientSecret: %w", err)
	}
	out.OIDC = &provider
	return out, nil
}

// Names are the names under which browsers may ask: those of hosts, and that of the address to which a provider sends people back.
func (c Config) Names() []string {
	names := append([]string(nil), c.Hosts...)
	if c.Auth.OIDC != nil {
		if u, err := url.Parse(c.Auth.OIDC.URL); err == nil && u.Hostname() != "" {
			names = append(names, u.Hostname())
		}
	}
	return names
}
