package flow

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Ref names a source document.
type Ref struct {
	Entity port.Entity `json:"entity"`
	ID     string      `json:"id"`
	// Key is what people call it, such as an order number.
	Key     string `json:"key,omitempty"`
	Version string `json:"version,omitempty"`
}

// Name returns the key, or the id where there is none.
func (r Ref) Name() string {
	if r.Key != "" {
		return r.Key
	}
	return r.ID
}

// refOf names a document of the source as long as nothing is known of it but what the source says. A customer's
// key is often the e-mail address, which does not belong into logs.
func refOf(entity port.Entity, doc port.Document) Ref {
	r := Ref{Entity: entity, ID: doc.ID, Key: doc.Key, Version: doc.Version}
	if entity == port.Customer {
		r.Key = ""
	}
	return r
}

// Target names a document of the target.
type Target struct {
	// Verb is what was done to it: create, update, or adopt for one that was there.
	Verb     Verb   `json:"verb,omitempty"`
	Resource string `json:"resource"`
	ID       string `json:"id"`
	Key      string `json:"key,omitempty"`
}

// targetOf names a document; resource is what was asked for, where the document does not say. An e-mail address
// is no name: names stand in logs.
func targetOf(verb Verb, resource string, d port.Document) Target {
	if d.Resource != "" {
		resource = d.Resource
	}
	t := Target{Verb: verb, Resource: resource, ID: d.ID, Key: d.Key}
	if strings.Contains(t.Key, "@") {
		t.Key = ""
	}
	return t
}

// String returns "invoiceDraft 1023".
func (t Target) String() string {
	if t.Key != "" {
		return t.Resource + " " + t.Key
	}
	return t.Resource + " " + t.ID
}

// Verb is what an operation does.
type Verb string

// The verbs.
const (
	Create Verb = "create"
	Update Verb = "update"
	Adopt  Verb = "adopt"
)

// Plan is what a flow would do to the target for one document. One of Operations,
// Skip, Doubt and Failure is set. It holds the document's values: show it to who may see those.
type Plan struct {
	Document Ref `json:"document"`
	// Resource is what the document becomes: "invoiceDraft".
	Resource string `json:"resource"`
	// Canonical is the neutral document with its defaults; absent where it could not be read.
	Canonical json.RawMessage `json:"canonical,omitempty"`
	// Steps are what the flow's steps did to it, as far as it came.
	Steps []StepReport `json:"steps,omitempty"`
	// Logs are what scripts logged.
	Logs []engine.ScriptLog `json:"logs,omitempty"`
	// Operations are carried out in order. The last makes the document itself.
	Operations []Operation `json:"operations,omitempty"`
	// Skip says why there is nothing to do.
	Skip *Verdict `json:"skip,omitempty"`
	// Doubt says why an earlier attempt must be settled before anything is sent.
	Doubt *Verdict `json:"doubt,omitempty"`
	// Failure says why nothing is sent.
	Failure *Failure `json:"failure,omitempty"`
	// Adopt are documents that the target has and that will be remembered as linked.
	Adopt []Adoption `json:"adopt,omitempty"`
	// Awaits are the SKUs of related products that the target does not have yet: the document comes back until it has them.
	Awaits []string `json:"awaits,omitempty"`
	// Zeroes is true where the plan takes the stock of an article from some to none: see settings.maxZeroed.
	Zeroes bool `json:"zeroes,omitempty"`
	// Expected is what the target's document must add up to.
	Expected *port.Totals `json:"expected,omitempty"`
	// Warnings are worth a look but stop nothing.
	Warnings []string `json:"warnings,omitempty"`

	// fresh is true while the locks of the planner's reads are held, so that the executor need
	// not ask the target again. A plan that was stored is never fresh.
	fresh  bool
	links  json.RawMessage
	missed []engine.Missed
}

// Missed returns the keys that rules looked for in tables without finding them, each once. A plan that was stored has none.
func (p *Plan) Missed() []engine.Missed { return p.missed }

// maxMissed bounds the keys that a document can name.
const maxMissed = 100

// keepMissed notes a key that a table has no entry for. Where a table within a table is asked, what was found missing on the way there says less.
func (p *Plan) keepMissed(m engine.Missed) {
	same := func(o engine.Missed) bool { return o.Table == m.Table && slices.Equal(o.Keys, m.Keys) }
	if slices.ContainsFunc(p.missed, same) {
		return
	}
	p.missed = slices.DeleteFunc(p.missed, func(o engine.Missed) bool {
		return o.Table == m.Table && len(o.Keys) < len(m.Keys) && slices.Equal(o.Keys, m.Keys[:len(o.Keys)])
	})
	if len(p.missed) < maxMissed {
		p.missed = append(p.missed, m)
	}
}

// Links returns what the write mapping saw as links but for the reference tables; nil for only these.
func (p *Plan) Links() json.RawMessage { return p.links }

// Operation is one write to the target.
type Operation struct {
	// ID names the operation within its plan: "customer", "product:NK-1", "order".
	ID       string `json:"id"`
	Verb     Verb   `json:"verb"`
	Resource string `json:"resource"`
	// Keys are by what the target can be asked whether it has the document.
	Keys []port.Key `json:"keys,omitempty"`
	// TargetID and Base are the id and version of the document to update.
	TargetID string `json:"targetId,omitempty"`
	Base     string `json:"base,omitempty"`
	// Body is the document to create, or the members to change.
	Body json.RawMessage `json:"body"`
	// Diff are the fields that an update changes.
	Diff []FieldChange `json:"diff,omitempty"`
	// Provides is the placeholder for the id that the operation makes; bodies
	// of later operations hold it.
	Provides string `json:"provides,omitempty"`
	// DependsOn are the operations whose ids the body needs.
	DependsOn []string `json:"dependsOn,omitempty"`
	// Link is what to remember once it is done.
	Link *LinkRef `json:"link,omitempty"`
	// Claim says which of several source documents with one e-mail address or SKU the target's document belongs to: its
	// SourceID is the address (hashed) or SKU, and its Version the id of the source document.
	Claim *LinkRef `json:"claim,omitempty"`
}

// LinkRef is the source's half of a link.
type LinkRef struct {
	Entity   port.Entity `json:"entity"`
	SourceID string      `json:"sourceId"`
	Version  string      `json:"version,omitempty"`
}

// FieldChange is one field of the target before and after.
type FieldChange = port.Change

// Verdict is the reason for doing nothing.
type Verdict struct {
	// Code is one of the Skip constants.
	Code   string `json:"code"`
	Reason string `json:"reason"`
	// Target is the document that is there already, if that is the reason.
	Target *Target `json:"target,omitempty"`
}

// Adoption is a link to remember although nothing is sent.
type Adoption struct {
	Link   LinkRef `json:"link"`
	Target Target  `json:"target"`
}

// Codes of verdicts.
const (
	SkipFiltered    = "filtered"       // the where expression leaves it out
	SkipBeforeStart = "before_start"   // created before the flow's start
	SkipExists      = "exists"         // the target has it
	SkipUnchanged   = "unchanged"      // the target says the same already
	SkipNoKey       = "no_key"         // it has no e-mail address or SKU to be found by
	SkipDuplicate   = "duplicate"      // another document of the source has the same e-mail address or SKU
	SkipType        = "type"           // the target does not take products of this type
	SkipVariant     = "variant"        // it is a variant of another product, and changed with that
	SkipNotThere    = "not_there"      // the target does not have the article
	SkipNoQuantity  = "no_quantity"    // the source does not say how many there are
	SkipLocation    = "location"       // the table of locations leaves it out
	AwaitsRelated   = "awaits_related" // it is settled but for related products that the target does not have yet
	DoubtPending    = "pending"        // an earlier attempt has no answer yet
	DoubtLost       = "lost"           // the answer of this attempt was lost
	DoubtUnprobed   = "unprobed"       // the answer was lost and the target cannot be asked: a person decides
)

// Failure says why a document fails and what to do about it. It is an error.
type Failure struct {
	// Code is one of the Fail constants.
	Code    string `json:"code"`
	Message string `json:"message"`
	Help    string `json:"help,omitempty"`
	// Values are the document's values that took part, and what a script threw: message and help hold none.
	Values []engine.Observed `json:"values,omitempty"`
	// Err is the cause, such as engine.Diagnostics.
	Err error `json:"-"`
}

// Codes of failures.
const (
	FailMapping       = "mapping"         // a mapping refused the document
	FailCustomer      = "customer"        // the customer cannot be decided
	FailProduct       = "product_missing" // the target lacks an article
	FailTotals        = "totals"          // amounts do not add up
	FailType          = "product_type"    // the target does not take products of this type
	FailLabel         = "label"           // an attribute or a feature is in no table
	FailCurrency      = "currency"        // prices are in another currency than the target's
	FailZeroed        = "max_zeroed"      // the run would take too much stock to none
	FailRefused       = "refused"         // the target refuses the document
	FailConflict      = "conflict"        // the target says it exists, but cannot show it
	FailMoved         = "moved"           // the target changed since the plan was made
	FailAuth          = "not_authorised"  // credentials or rights are wrong
	FailUnreachable   = "unreachable"     // source or target did not answer, or asks for too long a pause
	FailProtocol      = "protocol"        // an answer was not understood
	FailStore         = "store"           // links or cursors could not be read or written
	FailInterrupted   = "interrupted"     // the run was stopped
	FailInternal      = "internal"        // a mistake of ours
	FailConfiguration = "configuration"   // settings name what the target does not have
)

// Error returns message and help in one line.
func (f *Failure) Error() string {
	if f.Help == "" {
		return f.Message
	}
	return f.Message + ": " + f.Help
}

// Unwrap returns the cause.
func (f *Failure) Unwrap() error { return f.Err }

// Main returns the operation that makes the document itself, nil where there is none.
func (p *Plan) Main() *Operation {
	if len(p.Operations) == 0 {
		return nil
	}
	return &p.Operations[len(p.Operations)-1]
}
