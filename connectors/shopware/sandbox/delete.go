package sandbox

import (
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// eraser deletes rows with what belongs to them, or refuses where they are in use.
type eraser struct {
	v       *view
	deleted *object // entity -> keys, for the answer of sync
	written *object // rows that lost a foreign key
}

func newEraser(v *view) *eraser {
	return &eraser{v: v, deleted: jsondoc.New(), written: jsondoc.New()}
}

func note(o *object, entity string, key any) {
	list, _ := o.Get(entity).([]any)
	if !slices.ContainsFunc(list, func(k any) bool { return string(jsondoc.EncodePHP(k)) == string(jsondoc.EncodePHP(key)) }) {
		o.Set(entity, append(list, key))
	}
}

// remove deletes one row; ok is false where there is none.
func (e *eraser) remove(ent *entity, key string) (ok bool, err error) {
	db := e.v.s.db
	r := db.get(ent, key)
	if r == nil {
		return false, nil
	}
	if err := e.restricted(ent, r); err != nil {
		return false, err
	}
	e.v.s.unbookLine(ent, r)
	db.remove(ent, key)
	e.v.s.wrote(ent, key, "delete", nil)
	note(e.deleted, ent.name, keyValue(ent, r))
	if ent.mapping() {
		for i, side := range ent.pair {
			note(e.written, side.name, r.v[ent.keys[i]])
		}
		return true, nil
	}
	if ent.translated {
		for lang := range r.tr {
			note(e.deleted, ent.name+"_translation", jsondoc.New(camelCase(ent.name)+"Id", key, "languageId", lang))
		}
	}
	return true, e.cascade(ent, key)
}

// keyValue is a primary key as sync prints it.
func keyValue(ent *entity, r *row) any {
	if !ent.mapping() {
		return r.v["id"]
	}
	o := jsondoc.New()
	for _, k := range ent.keys {
		o.Set(k, r.v[k])
	}
	return o
}

// ownerField tells whether rows of part belong to ent through column.
func ownerField(ent *entity, part *entity, column string) bool {
	return slices.ContainsFunc(ent.fields, func(f *field) bool { return f.owned && f.target == part && f.of == column })
}

// references calls with every row of another entity that points to id.
func (e *eraser) references(ent *entity, id string, with func(other *entity, f *field, column string, rows []*row)) {
	for _, other := range e.v.s.schema.entities {
		for _, f := range other.fields {
			column := f.by
			if other.mapping() && f.target == ent {
				column = f.name
			}
			if f.target != ent || column == "" {
				continue
			}
			if rows := e.v.s.db.having(other, column, id); len(rows) > 0 {
				with(other, f, column, rows)
			}
		}
	}
}

// restricted: a row that others need cannot go.
func (e *eraser) restricted(ent *entity, r *row) error {
	if ent.mapping() {
		return nil
	}
	var usages []string
	params := []any{}
	e.references(ent, r.str("id"), func(other *entity, f *field, column string, rows []*row) {
		if other.mapping() || f.noFK || !other.byName[column].required || ownerField(ent, other, column) {
			return
		}
		usages = append(usages, fmt.Sprintf("%s (%d)", other.name, len(rows)))
		params = append(params, jsondoc.New("entityName", other.name, "count", len(rows)))
	})
	if len(usages) == 0 {
		return nil
	}
	slices.Sort(usages)
	text := strings.Join(usages, ", ")
	return apiErrors{problem(http.StatusConflict, "FRAMEWORK__DELETE_RESTRICTED",
		fmt.Sprintf("The delete request for %s was denied due to a conflict. The entity is currently in use by: %s", ent.name, text),
		jsondoc.New("entity", ent.name, "usagesString", text, "usages", params))}
}

// cascade deletes the parts and mappings of a row and empties what else points to it.
func (e *eraser) cascade(ent *entity, id string) error {
	var err error
	db := e.v.s.db
	e.references(ent, id, func(other *entity, f *field, column string, rows []*row) {
		for _, r := range rows {
			switch {
			case err != nil:
			case other.mapping(), ownerField(ent, other, column):
				_, err = e.remove(other, other.key(r.v))
			case !f.noFK:
				c := r.clone()
				c.v[column] = nil
				db.put(other, c)
				note(e.written, other.name, r.v["id"])
			}
		}
	})
	return err
}
