package project

import (
	"context"
	"fmt"
	"net/url"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// scope names what links and cursors of a flow belong to: the flow and the two accounts that it joins. A flow that was
// tried against a test company and then led to the real one must not take what the first has for what the
// second has. A scope that is new only costs questions: the target is asked before anything is sent. to is the target's
// account alone, which flows may share.
func (p *Project) scope(ctx context.Context, f Flow, open *Process) (scope, to string, err error) {
	from, err := p.account(ctx, f.From, open.From)
	if err != nil {
		return "", "", err
	}
	if to, err = p.account(ctx, f.To, open.To); err != nil {
		return "", "", err
	}
	return strings.Join([]string{f.Name, from, to}, "\n"), to, nil
}

// account names what a connection leads to: the system, its address and, where the credentials decide, the account.
func (p *Project) account(ctx context.Context, name string, conn connectors.Connector) (string, error) {
	c, _ := p.Connection(name)
	cfg, err := p.config(c, Surroundings{})
	if err != nil {
		return "", err
	}
	parts := []string{c.System, place(cfg.URL)}
	if a, ok := conn.(connectors.Accounts); ok {
		account, err := a.Account(ctx)
		if err != nil {
			return "", fmt.Errorf("connection %q: %w", name, err)
		}
		parts = append(parts, account)
	}
	return strings.Join(parts, " "), nil
}

// place is an address without what may change while it leads to the same place.
func place(address string) string {
	u, err := url.Parse(strings.TrimSpace(address))
	if err != nil {
		return address
	}
	return strings.ToLower(u.Host) + strings.TrimRight(u.Path, "/")
}

// scopedCursors keeps the cursor of one scope, whatever the flow calls itself.
type scopedCursors struct {
	port.Cursors
	scope string
}

// Cursor returns the cursor of the scope.
func (c scopedCursors) Cursor(ctx context.Context, _ string) (time.Time, error) {
	return c.Cursors.Cursor(ctx, c.scope)
}

// SaveCursor remembers the cursor of the scope.
func (c scopedCursors) SaveCursor(ctx context.Context, _ string, at time.Time) error {
	return c.Cursors.SaveCursor(ctx, c.scope, at)
}
