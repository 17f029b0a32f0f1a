// Package connectors says what a connector is: a Go package that speaks one
// system's API as a [port.Source] and a [port.Target], declares what it can in a [Spec],
// and has a sandbox beside it. It is not for mapping documents or deciding what to send.
// connectors/all lists the systems that are built in; connectors/rest is the
// HTTP client that they share.
package connectors

import (
	"context"
	"log/slog"
	"net/http"
	"time"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Connector speaks one connection's API. It is safe for concurrent use.
type Connector interface {
	port.Source
	port.Target
	// Ping makes the cheapest call that proves the credentials, and says what
	// answered ("Shopware 6.6.7.1").
	Ping(ctx context.Context) (string, error)
	// Close ends every goroutine of the connector.
	Close() error
}

// Accounts is a [Connector] whose credentials, not its address, decide which account (company,
// administration, site) it speaks to.
type Accounts interface {
	// Account returns what tells this account from every other of the system. It stays the same when
	// credentials are renewed.
	Account(ctx context.Context) (string, error)
}

// System is one product: what it can and how to open a connection to it or to its sandbox.
type System struct {
	Spec Spec
	Open func(Config) (Connector, error)
	// Sandbox makes an imitation of the system with a seeded shop or company.
	Sandbox func(SandboxOptions) Sandbox
}

// Spec declares what a connector can. The wizard, the checks of a flow before it
// runs and the tables of docs/systems come from it.
type Spec struct {
	Name  string // the word of mappings and files: "eaccounting"
	Title string // for people: "Visma eAccounting"
	// Address is where the system is found, for all of its customers; "" where a connection has to say it.
	Address     string
	Resources   []Resource
	Credentials []Credential
	References  []Reference
	// Options are what a connection may say besides address and credentials.
	Options []Option
	// CallsPerMinute is the budget that the vendor grants, 0 where none is known. BudgetPer is what shares it: "connection", "partner".
	CallsPerMinute int
	BudgetPer      string
	// Limits says the vendor's limits in words.
	Limits string
	// Webhooks is true where the system can call: the connector is a [Receiver].
	Webhooks bool
	// Impossible says of what flows may ask of other systems and this one does not have, by name, which rule of the vendor's API stands
	// against it: order types ("quote", "invoiceDraft", "invoice") and types of products ("variants", "grouped").
	Impossible map[string]string
}

// OrderTypes are what an order may become, in any system. ProductTypes are the types of canonical products.
var (
	OrderTypes   = []string{"quote", "order", "invoiceDraft", "invoice"}
	ProductTypes = []string{"simple", "variants", "grouped"}
)

// Resource is one kind of document of a system.
type Resource struct {
	Name                 string      // "invoiceDraft"
	Entity               port.Entity // what it is in neutral words
	Title                string
	Read, Create, Update bool
	// Probes are the key fields by which Find can be asked.
	Probes []string
	// Help says what of it travels, where that is not all.
	Help string
	// Writes is what the API makes of a change. The connector hides it: [port.Target.Update] changes what it is told, and nothing else.
	Writes WriteSemantics
	// Idempotent is true where a create that is repeated makes no second document.
	Idempotent bool
	// ProductTypes are the types of canonical products that can be written, for resources of the entity product:
	// "simple", "variants", "grouped".
	ProductTypes []string
	// Relates is true where a product can name related ones: a write takes them by SKU, and each must be there.
	Relates bool
	// Impossible says, by "read", "create" or "update", which rule of the vendor's API stands against it. The docs show it.
	Impossible map[string]string
}

// WriteSemantics is what an API makes of a change. Its text is for people.
type WriteSemantics string

// The semantics of writes.
const (
	WriteMerge      WriteSemantics = "members that are named change, the others stay"
	WriteParts      WriteSemantics = "members that are named change; objects and lists among them are replaced, and are completed before they are sent"
	WriteReplace    WriteSemantics = "the whole is replaced: it is read, changed and sent back"
	WriteAbsolute   WriteSemantics = "the quantity itself is sent"
	WriteDifference WriteSemantics = "the difference to what is there is sent"
)

// Option is one thing that a connection may say besides address and credentials.
type Option struct {
	Name    string // the key below options in crosswalk.yaml
	Help    string
	Default string
	Choices []string
}

// Credential is one field that a connection needs.
type Credential struct {
	Name   string // the key in crosswalk.yaml: "clientSecret"
	Title  string
	Help   string // where a person finds it
	Secret bool   // never shown, never logged
	Needed bool
	// Webhooks is true where flows that webhooks start need it, and others do not.
	Webhooks bool
}

// Reference is a table of reference data that [port.Target.Reference] gives.
type Reference struct {
	Name  string // "termsOfPayment"
	Help  string
	Feeds []Feed
	// Setup is true for a table that only people choose from: mappings do not get it, so that no run reads it.
	Setup bool
}

// Feed says which lookup tables of mappings rows of reference data fill.
type Feed struct {
	// Rows is the path of the list in the reference data, "" where that is the list, or one row.
	Rows string
	// Key is the member of a row that tables hold, Label what people call the row.
	Key, Label string
	// Fraction tells that Key is a fraction, 0.21, where tables hold percent.
	Fraction bool
	// Keys are the tables whose keys the rows are where the system is the source of a flow, Values those whose values they are where it
	// is the target. Spare are tables whose keys they are where it is the target, behind those of the source. Outer are the tables of two
	// levels whose first keys they are, in either place.
	Keys, Values, Spare, Outer []string
}

// Config opens a connection.
type Config struct {
	Name        string            // the connection's name, for messages
	URL         string            // the shop's address or the API's base URL; "" for the system's own
	Credentials map[string]string // by Credential.Name
	Options     map[string]string // everything else in crosswalk.yaml, by name
	HTTP        *http.Client      // nil for one with sane limits
	Log         *slog.Logger      // nil discards
	Now         func() time.Time  // nil for the system clock
	// Tokens keeps refresh tokens that the system rotates; nil keeps them in memory.
	Tokens TokenStore
	// Capture says who takes an attempt as it crossed the wire, secrets masked. Where it is nil or returns nil, nobody does, and nothing is copied. It is
	// called from many goroutines and with the context of the call; it and what it returns must not block.
	Capture func(ctx context.Context) func(Exchange)
	// Observer hears of every attempt and wait; nil for none.
	Observer Observer
}

// Exchange is one request and its answer, with secrets masked. It may hold personal data: keep it sealed, never log it.
type Exchange struct {
	Method         string
	URL            string
	RequestHeader  http.Header
	RequestBody    []byte
	Status         int // 0 where no answer came
	ResponseHeader http.Header
	ResponseBody   []byte
	Error          string // why there is no whole answer
	Attempt        int    // from 1, within one call
	Start, End     time.Time
}

// TokenStore keeps one secret value a connection durably: it is written before
// the new token is used.
type TokenStore interface {
	Token(ctx context.Context, connection string) (string, error)
	SaveToken(ctx context.Context, connection, token string) error
}

// SandboxOptions start a sandbox.
type SandboxOptions struct {
	Now func() time.Time // nil for the system clock
	// Empty leaves out the demo documents; reference data is always there.
	Empty bool
}

// Sandbox is an in-memory imitation of a system's API. It is safe for concurrent use.
type Sandbox interface {
	http.Handler
	// Credentials are what a connection to the sandbox needs.
	Credentials() map[string]string
}
