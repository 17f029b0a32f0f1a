package shopware

import (
	"encoding/json"
	"time"
)

// maxLimit is the largest page since 6.6. Earlier versions have no limit, but one is always sent: without a limit
// they answer with all rows, and page has no effect.
const maxLimit = 500

// criteria is the body of a search; see the reference of Shopware's data abstraction layer.
type criteria struct {
	Page         int                 `json:"page,omitempty"`
	Limit        int                 `json:"limit,omitempty"`
	IDs          []string            `json:"ids,omitempty"`
	Filter       []filter            `json:"filter,omitempty"`
	Sort         []sorting           `json:"sort,omitempty"`
	Associations associations        `json:"associations,omitempty"`
	Includes     map[string][]string `json:"includes,omitempty"`
}

// associations names what is loaded with an entity; an empty criteria just loads it.
type associations map[string]criteria

type sorting struct {
	Field string `json:"field"`
	Order string `json:"order,omitempty"`
}

type filter struct {
	Type       string            `json:"type"`
	Field      string            `json:"field,omitempty"`
	Value      any               `json:"value"`
	Parameters map[string]string `json:"parameters,omitempty"`
	Operator   string            `json:"operator,omitempty"`
	Queries    []filter          `json:"queries,omitempty"`
}

// MarshalJSON writes a value for equals only: null has a meaning there.
func (f filter) MarshalJSON() ([]byte, error) {
	type plain filter
	if f.Type == "equals" {
		return json.Marshal(plain(f))
	}
	return json.Marshal(struct {
		plain
		Value any `json:"value,omitempty"`
	}{plain: plain(f), Value: f.Value})
}

func equals(field string, value any) filter {
	return filter{Type: "equals", Field: field, Value: value}
}

func anyOf(queries ...filter) filter { return filter{Type: "multi", Operator: "OR", Queries: queries} }

func allOf(queries ...filter) filter { return filter{Type: "multi", Operator: "AND", Queries: queries} }

// since compares as the database stores: in UTC and without an offset, which it would ignore.
func since(field string, t time.Time) filter {
	return filter{Type: "range", Field: field, Parameters: map[string]string{"gte": t.UTC().Format("2006-01-02 15:04:05.000")}}
}

func above(field, value string) filter {
	return filter{Type: "range", Field: field, Parameters: map[string]string{"gt": value}}
}

// json is the body. Nothing in a criteria can fail to marshal: it holds text, numbers, bools and null.
func (c criteria) json() []byte {
	data, _ := json.Marshal(c)
	return data
}
