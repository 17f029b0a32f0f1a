package rest

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"net"
	"net/http"
	"net/url"
	"strings"
	"unicode/utf8"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// messageMax is how many bytes of a vendor's message an error keeps.
const messageMax = 500

// failure reads an answer with status 300 or more to a request with the header. A system that repeats what it was
// sent must not bring credentials into an error, which people paste into tickets.
func (c *call) failure(resp Response, sent http.Header) *port.Error {
	var e port.Error
	if c.cfg.Decode != nil {
		e = c.cfg.Decode(resp.Status, resp.Header, resp.Body)
	}
	e.System, e.Op, e.Status = c.cfg.System, c.req.Op(), resp.Status
	hide := masker{literal: append(credentials(sent), c.req.secrets...)}
	e.Message, e.Code, e.Field = cut(hide.words(e.Message)), hide.text(e.Code), hide.text(e.Field)
	if e.RetryAfter <= 0 && resp.Status >= 400 {
		e.RetryAfter, _ = RetryAfter(resp.Header, resp.Body, c.cfg.Now())
	}
	if e.Kind == nil {
		e.Kind = kindOf(resp.Status, resp.Header)
	}
	switch {
	case e.Kind == port.ErrInDoubt && c.req.repeatable():
		e.Kind = port.ErrOutage
	case e.Kind == port.ErrProtocol && resp.Status < 400 && e.Message == "":
		e.Message = redirected(resp.Header.Get("Location"))
	}
	return &e
}

// kindOf is the kind of a status where the connector does not know better. ErrInDoubt means
// "unless a repeat is safe".
func kindOf(status int, header http.Header) error {
	switch status {
	case http.StatusBadRequest, http.StatusUnprocessableEntity, http.StatusRequestEntityTooLarge:
		return port.ErrValidation
	case http.StatusUnauthorized:
		return port.ErrAuth
	case http.StatusForbidden:
		return port.ErrPermission
	case http.StatusNotFound, http.StatusGone:
		return port.ErrNotFound
	case http.StatusConflict:
		return port.ErrConflict
	case http.StatusTooManyRequests:
		return port.ErrRateLimit
	case http.StatusRequestTimeout:
		return port.ErrInDoubt
	case http.StatusServiceUnavailable:
		// Only who refuses a call tells when to come back; a gateway that lost
		// its server does not know what became of it.
		if header.Get("Retry-After") != "" {
			return port.ErrOutage
		}
		return port.ErrInDoubt
	case http.StatusNotImplemented, http.StatusHTTPVersionNotSupported:
		return port.ErrProtocol
	}
	if status >= 500 {
		return port.ErrInDoubt
	}
	return port.ErrProtocol
}

// lost makes the error of an attempt that has no whole answer.
func (c *call) lost(ctx context.Context, resp Response, err error, sent *sentTrace) (again, error) {
	e := &port.Error{System: c.cfg.System, Op: c.req.Op(), Status: resp.Status, Err: err}
	gone := sent.nothing() || neverSent(err)
	if ctx.Err() != nil {
		if gone || c.req.repeatable() {
			return never, c.ended(context.Cause(ctx))
		}
		e.Kind, e.Err = port.ErrInDoubt, context.Cause(ctx)
		return never, e
	}
	switch {
	case gone:
		e.Kind = port.ErrOutage
	case !c.req.repeatable():
		e.Kind = port.ErrInDoubt
		return never, e
	case errors.Is(err, errTooLarge):
		e.Kind = port.ErrProtocol
		return never, e
	default:
		e.Kind = port.ErrOutage
	}
	if distrusted(err) {
		return never, e
	}
	return later, e
}

// garbled is the error of an answer that is no JSON although its status says that all is well.
func (c *call) garbled(resp Response) *port.Error {
	e := &port.Error{Kind: port.ErrProtocol, System: c.cfg.System, Op: c.req.Op(), Status: resp.Status, Message: "the answer is not JSON"}
	if kind := resp.Header.Get("Content-Type"); kind != "" {
		e.Message += " but " + cut(kind)
	}
	if !c.req.repeatable() {
		e.Kind = port.ErrInDoubt
	}
	return e
}

// neverSent tells whether err shows that no byte of the request left the machine, also
// where the transport tells nothing about its connections.
func neverSent(err error) bool {
	var op *net.OpError
	var dns *net.DNSError
	return errors.As(err, &op) && (op.Op == "dial" || op.Op == "proxyconnect") || errors.As(err, &dns) || distrusted(err)
}

// distrusted tells whether the other side could not prove who it is. A repeat meets the same:
// a certificate does not get valid by waiting.
func distrusted(err error) bool {
	var cert *tls.CertificateVerificationError
	var unknown x509.UnknownAuthorityError
	var host x509.HostnameError
	var invalid x509.CertificateInvalidError
	return errors.As(err, &cert) || errors.As(err, &unknown) || errors.As(err, &host) || errors.As(err, &invalid)
}

// withoutURL drops the address that net/http puts in its errors: a query may
// hold an e-mail address.
func withoutURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

func redirected(location string) string {
	u, err := url.Parse(location)
	if err != nil || u.Host == "" {
		return "the system redirects the call: check the connection's url"
	}
	return "the system redirects to " + u.Scheme + "://" + u.Host + ": check the connection's url"
}

// cut makes one readable line of a vendor's words.
func cut(text string) string {
	text = strings.Join(strings.Fields(strings.ToValidUTF8(text, "?")), " ")
	if len(text) <= messageMax {
		return text
	}
	end := messageMax
	for !utf8.RuneStart(text[end]) {
		end--
	}
	return text[:end] + "..."
}
