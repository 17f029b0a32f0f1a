// Package alerts tells people that something of a flow is wrong, once for each cause, and once more when it is over. It sends e-mail and calls webhooks that
// take what Slack takes.
//
// It is not for finding causes, which server/flows does. Start with [ParseConfig] and [Teller.Tell].
package alerts

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"regexp"
	"slices"
	"strings"
	"time"
)

// Config is the section alerts of crosswalk.yaml. Its secrets are references: ${NAME}.
type Config struct {
	// Link is where the server is reached, for the links in messages.
	Link string `json:"link"`
	// Stall is how long documents may wait without one being settled, in minutes (default 15).
	Stall   int      `json:"stallMinutes"`
	Mail    *Mail    `json:"mail"`
	Webhook *Webhook `json:"webhook"`
}

// ParseConfig reads the section, which is JSON text; nil is an empty one. secret looks the references up.
func ParseConfig(section []byte, secret func(reference string) (string, error)) (Config, error) {
	c := Config{Stall: 15}
	if len(section) == 0 {
		return c, nil
	}
	dec := json.NewDecoder(bytes.NewReader(section))
	dec.DisallowUnknownFields()
	err := dec.Decode(&c)
	if err == nil && c.Stall < 1 {
		err = errors.New("stallMinutes is a number above 0")
	}
	if err == nil && c.Mail != nil {
		err = c.Mail.check(secret)
	}
	if err == nil && c.Webhook != nil {
		err = c.Webhook.check(secret)
	}
	if err != nil {
		return c, fmt.Errorf("the section alerts of crosswalk.yaml: %w", err)
	}
	return c, nil
}

// Cause is something that is wrong, however many documents it is wrong for.
type Cause struct {
	Flow string
	// Connection is set where it is a system that is wrong, for all flows that use it: then Flow is one of Flows, which are only told of.
	Connection string
	Flows      []string
	// Kind is failed, in_doubt, auth, unreachable, budget, guard, stall, closed, reading or missing; Code the outcome's code, where there is one.
	Kind, Code string
	Documents  int
	// Example is one of the documents, Reason why, Help what to do.
	Example, Reason, Help string
	// Entry is that of the example in the activity, 0 for none.
	Entry uint64
}

// ID tells causes apart.
func (c Cause) ID() string { return c.place() + "/" + c.Kind + "/" + c.Code }

// place is where something is wrong, in words. Names of flows and of connections hold no spaces and no slashes.
func (c Cause) place() string {
	if c.Connection != "" {
		return "connection " + c.Connection
	}
	return c.Flow
}

// causeOf is what an ID tells of a cause.
func causeOf(id string) Cause {
	place, kind, _ := strings.Cut(id, "/")
	kind, code, _ := strings.Cut(kind, "/")
	if connection, ok := strings.CutPrefix(place, "connection "); ok {
		return Cause{Connection: connection, Kind: kind, Code: code}
	}
	return Cause{Flow: place, Kind: kind, Code: code}
}

// Sender tells people.
type Sender interface {
	Name() string
	Send(ctx context.Context, subject, text string) error
}

// Book remembers what was told, so that a restart tells nothing again.
type Book interface {
	Load(ctx context.Context) (map[string][]string, error) // the ids of causes -> the names of the senders that told of them
	Save(ctx context.Context, told map[string][]string) error
}

// Teller tells of causes.
type Teller struct {
	Senders []Sender
	Book    Book
	Link    string
	Log     *slog.Logger
}

// New makes the teller that the configuration describes; one without senders tells nobody.
func New(c Config, book Book, log *slog.Logger) *Teller {
	t := &Teller{Book: book, Link: strings.TrimRight(c.Link, "/"), Log: log}
	if c.Mail != nil {
		t.Senders = append(t.Senders, c.Mail)
	}
	if c.Webhook != nil {
		t.Senders = append(t.Senders, c.Webhook)
	}
	return t
}

// sendTimeout bounds one message.
const sendTimeout = 20 * time.Second

// Tell is given everything that is wrong now. It tells of what nobody was told of, and that what they were told of is over. A message that could not be sent is
// sent by the next call.
func (t *Teller) Tell(ctx context.Context, causes []Cause) error {
	if len(t.Senders) == 0 {
		return nil
	}
	told, err := t.Book.Load(ctx)
	if err != nil {
		return err
	}
	now := map[string]bool{}
	for _, c := range causes {
		id := c.ID()
		now[id] = true
		for _, s := range t.Senders {
			if !slices.Contains(told[id], s.Name()) && t.send(ctx, s, "crosswalk: "+c.subject(), c.text(t.Link)) {
				told[id] = append(told[id], s.Name())
			}
		}
	}
	for id, senders := range told {
		if now[id] {
			continue
		}
		over := causeOf(id)
		for _, s := range t.Senders {
			if slices.Contains(senders, s.Name()) && t.send(ctx, s, "crosswalk: over: "+over.subject(), "It is over: "+over.subject()+".\n"+over.where(t.Link)) {
				senders = slices.DeleteFunc(slices.Clone(senders), func(n string) bool { return n == s.Name() })
			}
		}
		if told[id] = senders; len(senders) == 0 {
			delete(told, id)
		}
	}
	return t.Book.Save(context.WithoutCancel(ctx), told)
}

func (t *Teller) send(ctx context.Context, s Sender, subject, text string) bool {
	ctx, cancel := context.WithTimeout(ctx, sendTimeout)
	defer cancel()
	if err := s.Send(ctx, subject, text); err != nil {
		t.Log.Error("an alert could not be sent: it is tried again", "by", s.Name(), "error", err)
		return false
	}
	return true
}

// kinds are the words for what is wrong.
var kinds = map[string]string{
	"failed": "documents failed", "in_doubt": "documents are in doubt", "auth": "the credentials are refused", "unreachable": "a system does not answer",
	"budget": "the budget of calls is used up", "guard": "the stock guard stopped a run", "stall": "documents wait and none is settled",
	"closed": "the flow cannot be opened", "reading": "the source cannot be read to its end", "missing": "documents are missing from the account",
}

func (c Cause) subject() string {
	s := c.place() + ": " + kinds[c.Kind]
	if c.Code != "" {
		s += " (" + c.Code + ")"
	}
	return s
}

// address is what looks like an e-mail address.
var address = regexp.MustCompile(`[^\s<>"'(),;:=?&/]+(?:@|%40)[^\s<>"'(),;:&/]+`)

func (c Cause) text(link string) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s.\n", c.subject())
	if len(c.Flows) > 0 {
		fmt.Fprintf(&b, "Flows: %s\n", strings.Join(c.Flows, ", "))
	}
	switch {
	case c.Documents > 0 && c.Example != "":
		fmt.Fprintf(&b, "Documents: %d, one of them %s\n", c.Documents, c.Example)
	case c.Documents > 0:
		fmt.Fprintf(&b, "Documents: %d\n", c.Documents)
	case c.Example != "":
		fmt.Fprintf(&b, "Document: %s\n", c.Example)
	}
	if c.Reason != "" {
		fmt.Fprintf(&b, "Why: %s\n", c.Reason)
	}
	if c.Help != "" {
		fmt.Fprintf(&b, "What helps: %s\n", c.Help)
	}
	// Messages leave the house: they name no person.
	return address.ReplaceAllString(b.String(), "(address)") + c.where(link)
}

func (c Cause) where(link string) string {
	switch {
	case link == "" && c.Entry > 0:
		return fmt.Sprintf("See: crosswalk log --entry %d\n", c.Entry)
	case link == "" && c.Flow == "":
		return "See: crosswalk log\n"
	case link == "":
		return "See: crosswalk log " + c.Flow + "\n"
	case c.Entry > 0:
		return fmt.Sprintf("See: %s/activity/%d\n", link, c.Entry)
	}
	if c.Flow == "" {
		return "See: " + link + "/activity\n"
	}
	return "See: " + link + "/flows/" + c.Flow + "\n"
}
