package alerts

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"mime"
	"mime/quotedprintable"
	"net"
	"net/http"
	"net/mail"
	"net/smtp"
	"net/url"
	"strings"
	"time"
)

// Mail sends e-mail.
type Mail struct {
	// Server is a host and a port. Port 465 speaks TLS from the start; elsewhere STARTTLS is used where the server offers it, and a password is sent to no
	// other but on this machine.
	Server   string   `json:"server"`
	From     string   `json:"from"`
	To       []string `json:"to"`
	User     string   `json:"user"`
	Password string   `json:"password"`
}

func (m *Mail) check(secret func(string) (string, error)) (err error) {
	if _, _, err := net.SplitHostPort(m.Server); err != nil {
		return errors.New("mail.server is a host and a port: smtp.example.com:587")
	}
	if len(m.To) == 0 {
		return errors.New("mail.to names nobody")
	}
	for _, a := range append([]string{m.From}, m.To...) {
		if p, err := mail.ParseAddress(a); err != nil || p.Address != a {
			return errors.New("mail.from and mail.to are addresses such as ops@example.com")
		}
	}
	if m.Password, err = secret(m.Password); err != nil {
		return fmt.Errorf("mail.password: %w", err)
	}
	return nil
}

// Name is "mail".
func (m *Mail) Name() string { return "mail" }

// Send sends one message to everybody.
func (m *Mail) Send(ctx context.Context, subject, text string) error {
	host, port, err := net.SplitHostPort(m.Server)
	if err != nil {
		return err
	}
	conn, err := (&net.Dialer{}).DialContext(ctx, "tcp", m.Server)
	if err != nil {
		return err
	}
	defer conn.Close()
	called := conn
	defer context.AfterFunc(ctx, func() { _ = called.Close() })() // whoever is stopped does not wait for a server that says nothing
	end, ok := ctx.Deadline()
	if !ok {
		end = time.Now().Add(sendTimeout)
	}
	if err := conn.SetDeadline(end); err != nil {
		return err
	}
	if port == "465" {
		conn = tls.Client(conn, &tls.Config{ServerName: host, MinVersion: tls.VersionTLS12})
	}
	c, err := smtp.NewClient(conn, host)
	if err != nil {
		return err
	}
	if ok, _ := c.Extension("STARTTLS"); ok && port != "465" {
		if err := c.StartTLS(&tls.Config{ServerName: host, MinVersion: tls.VersionTLS12}); err != nil {
			return err
		}
	}
	if m.User != "" {
		if err := c.Auth(smtp.PlainAuth("", m.User, m.Password, host)); err != nil {
			return fmt.Errorf("the mail server did not take the user: %w", hide(err, m.Password))
		}
	}
	if err := c.Mail(m.From); err != nil {
		return err
	}
	for _, to := range m.To {
		if err := c.Rcpt(to); err != nil {
			return err
		}
	}
	w, err := c.Data()
	if err != nil {
		return err
	}
	if _, err := w.Write(m.message(subject, text)); err != nil {
		return err
	}
	if err := w.Close(); err != nil {
		return err
	}
	_ = c.Quit() // the server has the message already: sending it again would be worse
	return nil
}

func (m *Mail) message(subject, text string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "From: %s\r\nTo: %s\r\nSubject: %s\r\nDate: %s\r\n", m.From, strings.Join(m.To, ", "), mime.QEncoding.Encode("utf-8", subject),
		time.Now().UTC().Format(time.RFC1123Z))
	b.WriteString("MIME-Version: 1.0\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Transfer-Encoding: quoted-printable\r\nAuto-Submitted: auto-generated\r\n\r\n")
	q := quotedprintable.NewWriter(&b)
	_, _ = io.WriteString(q, strings.ReplaceAll(text, "\n", "\r\n")) // a buffer takes everything
	_ = q.Close()
	return b.Bytes()
}

// Webhook posts {"text": ...}, which is what Slack and those like it take.
type Webhook struct {
	// URL is a secret: who knows it can post.
	URL string `json:"url"`
}

func (h *Webhook) check(secret func(string) (string, error)) (err error) {
	if h.URL, err = secret(h.URL); err != nil {
		return fmt.Errorf("webhook.url: %w", err)
	}
	if u, err := url.Parse(h.URL); err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return errors.New("webhook.url is no address of the web")
	}
	return nil
}

// Name is "webhook".
func (h *Webhook) Name() string { return "webhook" }

// client follows no redirects: the address is the one that was given.
var client = &http.Client{Timeout: sendTimeout, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}

// plain keeps words of documents from being links or calls of people: Slack reads <!channel> and <https://...|words> in a text, and takes these
// three characters for themselves when they are written so (docs.slack.dev, "Formatting message text").
var plain = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")

// Send posts one message.
func (h *Webhook) Send(ctx context.Context, subject, text string) error {
	body, err := json.Marshal(map[string]string{"text": plain.Replace(subject + "\n" + text)})
	if err != nil {
		return err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.URL, bytes.NewReader(body))
	if err != nil {
		return errors.New("the webhook's address cannot be called")
	}
	r.Header.Set("Content-Type", "application/json")
	res, err := client.Do(r)
	if err != nil {
		var u *url.Error
		if errors.As(err, &u) {
			err = u.Err // without the address
		}
		return err
	}
	defer res.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(res.Body, 64<<10)) // so that the connection can be used again
	if res.StatusCode/100 != 2 {
		return fmt.Errorf("the webhook answers %d", res.StatusCode)
	}
	return nil
}

// hide takes a secret out of an error's text.
func hide(err error, secret string) error {
	if secret != "" && strings.Contains(err.Error(), secret) {
		return errors.New(strings.ReplaceAll(err.Error(), secret, "***"))
	}
	return err
}
