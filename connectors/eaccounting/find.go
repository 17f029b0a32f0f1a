package eaccounting

import (
	"cmp"
	"context"
	"errors"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// maxReference is how many characters of a reference the API keeps.
const maxReference = 35

// Find returns the documents with a key. A look-up that failed is an error, never "none".
//
// Customers are returned active ones first, then by the lowest number, which is the
// oldest. Asked for an invoice draft by reference, it also returns booked invoices with that
// reference (their Resource is "invoice"): booking a draft makes it vanish, and
// its order must not be sent a second time.
//
// References are asked by $filter; where the API refuses that, the newest documents are
// searched, as many as the option lookback says.
func (c *Connector) Find(ctx context.Context, name string, key port.Key) ([]port.Document, error) {
	r, err := find(name)
	if err != nil {
		return nil, err
	}
	if key.Field == port.KeyID {
		return c.findID(ctx, r, key.Value)
	}
	member := r.keys[key.Field]
	if member == "" {
		return nil, &port.Error{Kind: port.ErrNoProbe, System: Name, Op: "find " + r.name,
			Message: "it can be asked by " + strings.Join(r.probes(), ", ") + ", not by " + strconv.Quote(key.Field)}
	}
	if key.Value == "" {
		return nil, nil // a filter by '' would find every document without the member
	}
	docs, err := c.findMember(ctx, r, key, member)
	if err != nil || r.name != "invoiceDraft" {
		return docs, err
	}
	invoices, err := find("invoice")
	if err != nil {
		return nil, err
	}
	booked, err := c.findMember(ctx, invoices, key, member)
	return append(docs, booked...), err
}

func (c *Connector) findID(ctx context.Context, r *resource, id string) ([]port.Document, error) {
	if !isGUID(id) {
		return nil, nil
	}
	d, err := c.get(ctx, r, id)
	if errors.Is(err, port.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return []port.Document{d}, nil
}

func (c *Connector) findMember(ctx context.Context, r *resource, key port.Key, member string) ([]port.Document, error) {
	p := probe{resource: r, field: key.Field, member: member, value: key.Value, numeric: r.numeric && member == r.number}
	if key.Field == port.KeyReference {
		if text := []rune(key.Value); len(text) > maxReference {
			p.value = string(text[:maxReference])
		}
	}
	if p.numeric && !isNumber(p.value) {
		return nil, nil
	}
	docs, err := c.findFiltered(ctx, p)
	if err == nil && len(docs) == 0 && key.Field == port.KeyEmail {
		docs, err = c.findOtherCase(ctx, p)
	}
	if err != nil {
		return nil, err
	}
	p.sort(docs)
	return docs, nil
}

// probe is one question: which documents have value in member.
type probe struct {
	*resource
	field, member, value string
	numeric              bool
}

// matches compares again: the server's comparison may ignore case, blanks or both.
func (p probe) matches(item gjson.Result) bool {
	got := item.Get(p.member).String()
	if p.field == port.KeyEmail {
		return strings.EqualFold(strings.TrimSpace(got), strings.TrimSpace(p.value))
	}
	return got == p.value
}

func (p probe) filter(value string) string {
	if p.numeric {
		return p.member + " eq " + value
	}
	return p.member + " eq " + quoted(value)
}

// sort puts the oldest first; of customers the active ones.
func (p probe) sort(docs []port.Document) {
	age := func(d port.Document) string { return gjson.GetBytes(d.Body, "CreatedUtc").String() }
	slices.SortStableFunc(docs, func(a, b port.Document) int {
		if p.name != "customer" {
			return strings.Compare(age(a), age(b))
		}
		active := func(d port.Document) int {
			if gjson.GetBytes(d.Body, "IsActive").Bool() {
				return 0
			}
			return 1
		}
		// Numbers that the API gives are digits without leading zeros.
		return cmp.Or(cmp.Compare(active(a), active(b)), cmp.Compare(len(a.Key), len(b.Key)), cmp.Compare(a.Key, b.Key))
	})
}

// findFiltered asks by $filter, and searches the newest documents where the API refuses that.
func (c *Connector) findFiltered(ctx context.Context, p probe) ([]port.Document, error) {
	cannot := p.path + " " + p.member
	if _, refused := c.refused.Load(cannot); !refused {
		docs, err := c.search(ctx, p, p.filter(p.value))
		if !refusedFilter(err) {
			return docs, err
		}
		c.refused.Store(cannot, true)
	}
	limit := c.lookback
	if p.field != port.KeyReference {
		limit = 0 // a customer or an article may be as old as the company
	}
	return c.scan(ctx, p, limit)
}

// search returns the matches of a $filter.
func (c *Connector) search(ctx context.Context, p probe, filter string) ([]port.Document, error) {
	query := url.Values{"$filter": {filter}, "$orderby": {"Id"}}
	maps.Copy(query, p.query)
	found := map[string]port.Document{}
	err := c.each(ctx, p.path, query, readPage, func(item gjson.Result) bool {
		if p.matches(item) {
			d := p.document(item.Raw)
			found[d.ID] = d
		}
		return true
	})
	if err != nil {
		return nil, err
	}
	var docs []port.Document
	for _, id := range slices.Sorted(maps.Keys(found)) {
		docs = append(docs, found[id])
	}
	return docs, nil
}

// scan looks at the member of the newest documents, of all where limit is 0, and reads those that match.
func (c *Connector) scan(ctx context.Context, p probe, limit int) ([]port.Document, error) {
	query := url.Values{"$select": {"Id," + p.member}, "$orderby": {"Id"}}
	if limit > 0 {
		query = url.Values{"$select": {"Id,CreatedUtc," + p.member}, "$orderby": {"CreatedUtc desc"}}
	}
	looked, found := map[string]bool{}, map[string]bool{}
	err := c.each(ctx, p.path, query, maxPage, func(item gjson.Result) bool {
		id := item.Get("Id").String()
		looked[id] = true
		if p.matches(item) {
			found[id] = true
		}
		return limit == 0 || len(looked) < limit
	})
	if err != nil {
		return nil, err
	}
	var docs []port.Document
	for _, id := range slices.Sorted(maps.Keys(found)) {
		same, err := c.findID(ctx, p.resource, id)
		if err != nil {
			return nil, err
		}
		docs = append(docs, same...)
	}
	return docs, nil
}

// findOtherCase makes sure that a customer whose address is written in another case is not
// missed. Whether the API compares text by case is not documented: it is asked once, with a
// customer that exists.
func (c *Connector) findOtherCase(ctx context.Context, p probe) ([]port.Document, error) {
	caseless, err := c.ignoresCase(ctx, p)
	if err != nil || caseless {
		return nil, err
	}
	return c.scan(ctx, p, 0)
}

func (c *Connector) ignoresCase(ctx context.Context, p probe) (bool, error) {
	c.folds.Lock()
	defer c.folds.Unlock()
	if c.caseless != nil {
		return *c.caseless, nil
	}
	l, err := c.list(ctx, p.path, url.Values{"$select": {"Id," + p.member}, "$orderby": {"Id"}}, 1, readPage)
	if err != nil {
		return false, err
	}
	for _, item := range l.items {
		value := item.Get(p.member).String()
		other := swapCase(value)
		if other == value {
			continue
		}
		again, err := c.list(ctx, p.path, url.Values{"$filter": {p.filter(other)}, "$select": {"Id," + p.member}}, 1, readPage)
		if err != nil {
			return false, err
		}
		answer := slices.ContainsFunc(again.items, func(x gjson.Result) bool { return x.Get("Id").String() == item.Get("Id").String() })
		c.caseless = &answer
		return answer, nil
	}
	// Nobody there has a letter in the address; so few are quickly looked through.
	return false, nil
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}
