package sandbox

import (
	"crypto/rand"
	"encoding/hex"
	"strings"
	"time"
)

// row is one record. Rows are never changed in place: a write stores a copy, so
// that what a transaction replaced can be put back.
type row struct {
	seq int
	v   map[string]any
	tr  map[string]map[string]any // by language id: the translated fields
}

func (r *row) clone() *row {
	c := &row{seq: r.seq, v: make(map[string]any, len(r.v))}
	for k, v := range r.v {
		c.v[k] = v
	}
	if r.tr != nil {
		c.tr = make(map[string]map[string]any, len(r.tr))
		for lang, fields := range r.tr {
			m := make(map[string]any, len(fields))
			for k, v := range fields {
				m[k] = v
			}
			c.tr[lang] = m
		}
	}
	return c
}

func (r *row) str(field string) string {
	if r == nil {
		return ""
	}
	s, _ := r.v[field].(string)
	return s
}

// table holds the rows of an entity in the order of their creation.
type table struct {
	rows  map[string]*row
	order []string
	auto  int
}

// store is every table, with an undo log while a transaction runs.
type store struct {
	tables map[string]*table
	seq    int
	undo   []func()
	// children finds rows by foreign key: "order_line_item.orderId" -> id -> keys.
	children map[string]map[string][]string
}

func newStore() *store {
	return &store{tables: map[string]*table{}, children: map[string]map[string][]string{}}
}

func (s *store) table(e *entity) *table {
	t := s.tables[e.name]
	if t == nil {
		t = &table{rows: map[string]*row{}}
		s.tables[e.name] = t
	}
	return t
}

// key is the primary key of a row as one text.
func (e *entity) key(v map[string]any) string {
	if !e.mapping() {
		id, _ := v["id"].(string)
		return id
	}
	parts := make([]string, len(e.keys))
	for i, k := range e.keys {
		parts[i], _ = v[k].(string)
	}
	return strings.Join(parts, "-")
}

func (s *store) get(e *entity, key string) *row { return s.table(e).rows[key] }

func (s *store) put(e *entity, r *row) {
	t, key := s.table(e), e.key(r.v)
	old := t.rows[key]
	if old == nil {
		s.seq++
		r.seq = s.seq
		t.order = append(t.order, key)
		s.undo = append(s.undo, func() {
			delete(t.rows, key)
			t.order = t.order[:len(t.order)-1]
		})
	} else {
		r.seq = old.seq
		s.undo = append(s.undo, func() { t.rows[key] = old })
	}
	t.rows[key] = r
	s.children = map[string]map[string][]string{}
}

func (s *store) remove(e *entity, key string) {
	t := s.table(e)
	old := t.rows[key]
	if old == nil {
		return
	}
	before := t.order
	t.order = make([]string, 0, len(before))
	for _, k := range before {
		if k != key {
			t.order = append(t.order, k)
		}
	}
	delete(t.rows, key)
	s.undo = append(s.undo, func() {
		t.rows[key] = old
		t.order = before
	})
	s.children = map[string]map[string][]string{}
}

func (s *store) begin() { s.undo = nil }

func (s *store) rollback() {
	for i := len(s.undo) - 1; i >= 0; i-- {
		s.undo[i]()
	}
	s.undo = nil
	s.children = map[string]map[string][]string{}
}

// all returns the rows of an entity in the order of their creation.
func (s *store) all(e *entity) []*row {
	t := s.table(e)
	rows := make([]*row, 0, len(t.order))
	for _, k := range t.order {
		rows = append(rows, t.rows[k])
	}
	return rows
}

// having returns the rows of e whose field holds id.
func (s *store) having(e *entity, field, id string) []*row {
	if id == "" {
		return nil
	}
	name := e.name + "." + field
	index := s.children[name]
	if index == nil {
		index = map[string][]string{}
		t := s.table(e)
		for _, key := range t.order {
			if to := t.rows[key].str(field); to != "" {
				index[to] = append(index[to], key)
			}
		}
		s.children[name] = index
	}
	keys := index[id]
	rows := make([]*row, len(keys))
	for i, k := range keys {
		rows[i] = s.table(e).rows[k]
	}
	return rows
}

// related returns the rows that an association of r leads to.
func (s *store) related(f *field, r *row) []*row {
	if f.target == nil || r == nil {
		return nil
	}
	switch {
	case f.via != nil:
		// The mapping has one key to each side; a pair of one entity does not occur.
		mine, theirs := f.via.sides(f.target)
		var rows []*row
		for _, link := range s.having(f.via, mine, r.str("id")) {
			if to := s.get(f.target, link.str(theirs)); to != nil {
				rows = append(rows, to)
			}
		}
		return rows
	case f.of != "":
		return s.having(f.target, f.of, r.str("id"))
	case f.by != "":
		if to := s.get(f.target, r.str(f.by)); to != nil {
			return []*row{to}
		}
	}
	return nil
}

// newID is a random id in the shape of the server's time-ordered ones.
func newID(at time.Time) string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // crypto/rand does not fail
	ms := at.UnixMilli()
	for i := range 6 {
		b[i] = byte(ms >> (8 * (5 - i)))
	}
	b[6] = b[6]&0x0f | 0x70
	b[8] = b[8]&0x3f | 0x80
	return hex.EncodeToString(b[:])
}

// stamp is a moment as the API prints it.
func stamp(t time.Time) string { return t.UTC().Format("2006-01-02T15:04:05.000+00:00") }

func isID(s string) bool {
	if len(s) != 32 {
		return false
	}
	for i := range len(s) {
		if c := s[i]; (c < '0' || c > '9') && (c < 'a' || c > 'f') {
			return false
		}
	}
	return true
}
