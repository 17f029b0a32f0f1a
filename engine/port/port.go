package port

import (
	"context"
	"iter"
	"time"
)

// Entity is the neutral kind of a document.
type Entity string

// The entities.
const (
	Order    Entity = "order"
	Customer Entity = "customer"
	Product  Entity = "product"
	Stock    Entity = "stock"
)

// Document is one JSON object of a system together with what the system says
// about it.
type Document struct {
	// Resource is the system's own word for the kind of document, as mappings
	// name it: "order", "invoiceDraft", "article".
	Resource string
	// ID is the system's own id.
	ID string
	// Key is what people call it: an order number, a SKU, an e-mail address.
	// Empty where the system gives none.
	Key string
	// Version changes when the document does: a change stamp or a hash of the
	// body. Only equality means anything.
	Version string
	// ChangedAt is the source's own change stamp, in UTC; zero where unknown.
	ChangedAt time.Time
	// Body is the document as the system sent it; numbers keep their text.
	Body []byte
}

// Query selects documents of one resource.
type Query struct {
	Resource string
	// Since keeps documents that were created or changed at or after it, by the
	// clock of the source; zero means all. A source may return older
	// ones (an overlap window); it never leaves out a newer one.
	Since time.Time
	// Limit is the most documents to yield; 0 means no limit.
	Limit int
	// IDs keeps these documents only; empty means all.
	IDs []string
}

// Key is a field and a value by which a target can be asked whether it
// has a document: {"reference", "10002"}, {"email", "a@example.com"}, {"sku", "NK-1"}.
type Key struct {
	Field string `json:"field"`
	Value string `json:"value"`
}

// The fields of keys. A target that cannot be asked by one answers [ErrNoProbe].
const (
	KeyID        = "id"        // the target's own id
	KeyNumber    = "number"    // the target's own number
	KeyEmail     = "email"     // compared case-folded
	KeySKU       = "sku"       // compared exactly
	KeyReference = "reference" // the source's number, kept by the target as external reference
)

// Source yields documents.
type Source interface {
	// Read yields the documents of q in ascending order of ChangedAt, page by
	// page. An error ends the sequence.
	Read(ctx context.Context, q Query) iter.Seq2[Document, error]
}

// Target takes documents.
type Target interface {
	// Find returns every document with the key, oldest first; none is not an
	// error. It returns an error that is [ErrNoProbe] where the resource cannot be asked by that field.
	Find(ctx context.Context, resource string, key Key) ([]Document, error)
	// Create makes a document and returns it as the target now has it. An error
	// that is [ErrInDoubt] means that the target may have made it.
	Create(ctx context.Context, resource string, body []byte) (Document, error)
	// Update changes the members that change holds and leaves all others as
	// they are, whatever the target's own write semantics.
	Update(ctx context.Context, resource, id string, change []byte) (Document, error)
	// Reference returns a table of reference data (units, terms of payment, ...) as a JSON
	// array or object, cached until refresh is true.
	Reference(ctx context.Context, name string, refresh bool) ([]byte, error)
}

// Totaler is a [Target] that can tell what a document will add up to before it
// is sent, by the target's own arithmetic.
type Totaler interface {
	// Totals returns the amounts that the target would compute for body.
	// links is the JSON object that the write mapping saw.
	Totals(ctx context.Context, resource string, body, links []byte) (Totals, error)
}

// Totaled is a [Target] that puts amounts into the documents that it returns.
type Totaled interface {
	// Totaled reads the amounts of a document of the resource; ok is false where it holds none.
	Totaled(resource string, body []byte) (t Totals, ok bool)
}

// Totals are amounts in the document's currency as exact decimal text; an
// amount that is not known is empty.
type Totals struct {
	Net   string `json:"net,omitempty"`
	Tax   string `json:"tax,omitempty"`
	Gross string `json:"gross"`
}

// Link is a remembered pair: this source document is that target document. A link
// without TargetID and with PendingSince is an intent: the document was about to be made then, and
// whether it was is not known. One with neither says nothing.
type Link struct {
	SourceID string
	TargetID string
	// TargetKey is what people call the target document; may be empty.
	TargetKey string
	// Resource is the target's resource.
	Resource string
	// Version is the source version that was last sent.
	Version string
	// PendingSince is when the create was begun.
	PendingSince time.Time
}

// Links remembers pairs of ids for one flow.
type Links interface {
	// Link returns the remembered pair; ok is false where there is none.
	Link(ctx context.Context, entity Entity, sourceID string) (l Link, ok bool, err error)
	// SaveLink remembers a pair durably before it returns.
	SaveLink(ctx context.Context, entity Entity, l Link) error
}

// Cursors remembers how far a flow has read.
type Cursors interface {
	// Cursor returns the change stamp up to which everything is settled; zero at first.
	Cursor(ctx context.Context, flow string) (time.Time, error)
	// SaveCursor remembers it durably before it returns.
	SaveCursor(ctx context.Context, flow string, at time.Time) error
}
