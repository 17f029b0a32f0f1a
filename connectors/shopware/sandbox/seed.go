package sandbox

import (
	"embed"
	"fmt"
	"strings"
	"time"
)

// seedFiles hold writes in the form of sync operations. A text that begins with @
// stands for an id: the same name is the same id, in every shop that is started.
//
//go:embed seed/*.json
var seedFiles embed.FS

// seedStart is when the seeded shop opened. The dates of the seed are fixed, so
// that demos and tests see the same documents every day.
var seedStart = time.Date(2026, 3, 2, 8, 0, 0, 0, time.UTC)

// seed fills the shop through the same writer that serves the API.
func (s *Sandbox) seed(withDocuments bool) error {
	clock := s.clock
	defer func() { s.clock = clock }()
	s.clock = func() time.Time { return seedStart }
	v := &view{s: s, lang: systemLanguage, by: &integration{}}
	files := []string{"seed/reference.json"}
	if withDocuments {
		files = append(files, "seed/shop.json")
	}
	for _, name := range files {
		if err := v.seedFile(name); err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
	}
	if !withDocuments {
		return nil
	}
	s.ranges["customer"] = 20005
	return v.seedOrders()
}

func (v *view) seedFile(name string) error {
	data, err := seedFiles.ReadFile(name)
	if err != nil {
		return err
	}
	body, err := decodeJSON(data)
	if err != nil {
		return err
	}
	operations, _ := body.([]any)
	for _, op := range operations {
		o := op.(*object)
		ent := v.s.schema.entities[o.Text("entity")]
		if ent == nil {
			return fmt.Errorf("unknown entity %q", o.Text("entity"))
		}
		payload, _ := o.Get("payload").([]any)
		for i, item := range payload {
			if err := v.put(ent, resolveIDs(item).(*object)); err != nil {
				return fmt.Errorf("%s %d: %w", ent.name, i, err)
			}
		}
	}
	return nil
}

// put writes one entity with its parts.
func (v *view) put(ent *entity, payload *object) error {
	w := newWriter(v)
	w.plan(ent, payload, "/0", upsert, nil)
	if err := w.failure(); err != nil {
		return err
	}
	v.s.db.begin()
	return w.apply()
}

// resolveIDs replaces @names by ids.
func resolveIDs(v any) any {
	switch v := v.(type) {
	case string:
		if name, ok := strings.CutPrefix(v, "@"); ok {
			return fixedID(name)
		}
	case []any:
		for i := range v {
			v[i] = resolveIDs(v[i])
		}
	case *object:
		for _, k := range v.Keys() {
			v.Set(k, resolveIDs(v.Get(k)))
		}
	}
	return v
}
