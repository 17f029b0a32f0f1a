// Package outbound makes the HTTP client with which the server calls the systems of connections: it reaches only what a
// [Policy] allows, so that whoever may name an address cannot make the server speak to the network that it stands in.
// It is not for incoming requests and knows no system. Start with [Policy.Client].
package outbound

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"syscall"
	"time"
)

// Policy says where connections may lead. Its zero value allows https to public addresses.
type Policy struct {
	// Schemes are those of addresses, https where it is empty.
	Schemes []string `json:"schemes"`
	// Private allows addresses of private networks, and the proxy that the environment names.
	Private bool `json:"private"`
	// Loopback allows this machine itself, over http too: for sandboxes.
	Loopback bool `json:"loopback"`

	resolver *net.Resolver // nil for the system's
}

// ErrRefused is the error of an address that the policy does not allow.
var ErrRefused = errors.New("the server may not call this address")

// Check tells before anything is sent whether the policy allows an address. A name is looked up; what it leads to is
// looked at again whenever a call is made.
func (p Policy) Check(ctx context.Context, address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return errors.New("the address cannot be read: it begins with https://") // url.Error repeats the text, which may hold a password
	}
	if err := p.scheme(u); err != nil {
		return err
	}
	if ip, err := netip.ParseAddr(u.Hostname()); err == nil {
		return p.address(ip)
	}
	found, err := p.lookup().LookupNetIP(ctx, "ip", u.Hostname())
	if err != nil {
		return fmt.Errorf("no address is known of %s", u.Hostname())
	}
	for _, ip := range found {
		if err := p.address(ip); err != nil {
			return err
		}
	}
	return nil
}

func (p Policy) lookup() *net.Resolver {
	if p.resolver != nil {
		return p.resolver
	}
	return net.DefaultResolver
}

// scheme checks a URL's scheme.
func (p Policy) scheme(u *url.URL) error {
	allowed := p.Schemes
	if len(allowed) == 0 {
		allowed = []string{"https"}
	}
	if slices.Contains(allowed, u.Scheme) {
		return nil
	}
	if p.Loopback && u.Scheme == "http" {
		if ip, err := netip.ParseAddr(u.Hostname()); u.Hostname() == "localhost" || err == nil && ip.Unmap().IsLoopback() {
			return nil
		}
	}
	return fmt.Errorf("%w: it does not begin with %s://", ErrRefused, strings.Join(allowed, ":// or "))
}

// inner are networks that netip has no word for: shared address space (RFC 6598), "this network", protocol assignments, benchmarking, reserved.
var inner = []netip.Prefix{
	netip.MustParsePrefix("100.64.0.0/10"), netip.MustParsePrefix("0.0.0.0/8"), netip.MustParsePrefix("192.0.0.0/24"),
	netip.MustParsePrefix("198.18.0.0/15"), netip.MustParsePrefix("240.0.0.0/4"), netip.MustParsePrefix("fec0::/10"),
}

// Addresses of IPv6 that hold one of IPv4: NAT64 (RFC 6052), from byte 12, and 6to4 (RFC 3056), from byte 2.
var holders = []struct {
	prefix netip.Prefix
	from   int
}{{netip.MustParsePrefix("64:ff9b::/96"), 12}, {netip.MustParsePrefix("2002::/16"), 2}, {netip.MustParsePrefix("::/96"), 12}}

// address checks where a connection is about to be made to.
func (p Policy) address(ip netip.Addr) error {
	ip = ip.Unmap().WithZone("")
	for _, h := range holders {
		if raw := ip.As16(); ip.Is6() && !ip.IsLoopback() && h.prefix.Contains(ip) {
			ip = netip.AddrFrom4([4]byte(raw[h.from : h.from+4]))
			break
		}
	}
	switch {
	case ip.IsLoopback():
		if !p.Loopback {
			return fmt.Errorf("%w: it is this machine itself, which server.outbound.loopback in crosswalk.yaml allows", ErrRefused)
		}
	case ip.IsLinkLocalUnicast(), ip.IsMulticast(), ip.IsUnspecified(): // where clouds keep the keys of their machines
		return fmt.Errorf("%w: it is an address for machines among themselves", ErrRefused)
	case ip.IsPrivate(), slices.ContainsFunc(inner, func(n netip.Prefix) bool { return n.Contains(ip) }):
		if !p.Private {
			return fmt.Errorf("%w: it is of a private network, which server.outbound.private in crosswalk.yaml allows", ErrRefused)
		}
	}
	return nil
}

// Client returns a client that holds every call, redirects too, to the policy: the scheme when it is sent and the
// address when the connection is made, whatever name led there.
func (p Policy) Client() *http.Client {
	dialer := &net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second, Resolver: p.resolver,
		Control: func(_, address string, _ syscall.RawConn) error {
			at, err := netip.ParseAddrPort(address)
			if err != nil {
				return fmt.Errorf("%w: %s is no address", ErrRefused, address)
			}
			return p.address(at.Addr())
		}}
	t := &http.Transport{
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true, MaxIdleConns: 32, MaxIdleConnsPerHost: 8,
		IdleConnTimeout: 90 * time.Second, TLSHandshakeTimeout: 10 * time.Second, ExpectContinueTimeout: time.Second,
	}
	if p.Private { // a proxy looks names up by itself, so that nothing here would see where a call ends
		t.Proxy = http.ProxyFromEnvironment
	}
	return &http.Client{Transport: guarded{p, t}}
}

// guarded is a transport that looks at the scheme first.
type guarded struct {
	policy Policy
	*http.Transport
}

// RoundTrip sends a request that the policy allows.
func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if err := g.policy.scheme(r.URL); err != nil {
		if r.Body != nil {
			_ = r.Body.Close() // a transport closes it always
		}
		return nil, err
	}
	return g.Transport.RoundTrip(r)
}
