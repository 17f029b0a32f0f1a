package sandbox

import (
	"fmt"
	"net/http"
	"strconv"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// operation is one entry of POST /_action/sync.
type operation struct {
	key, action string
	ent         *entity
	payload     []any
	criteria    []filter
}

// sync carries out every operation in one transaction: all or nothing. Up to 6.4
// the answer has another shape; there too the sandbox rolls back on any error,
// which is what fail-on-error, on by default, did.
func (v *view) sync(w http.ResponseWriter, body any) error {
	ops, err := v.operations(body)
	if err != nil {
		return err
	}
	if err := v.syncPrivileges(ops); err != nil {
		return err
	}
	written, deleted, notFound := jsondoc.New(), jsondoc.New(), jsondoc.New()
	db := v.s.db
	db.begin()
	for _, op := range ops {
		if op.action == "upsert" {
			err = v.syncUpsert(op, written)
		} else {
			err = v.syncDelete(op, written, deleted, notFound)
		}
		if err != nil {
			db.rollback()
			return err
		}
	}
	if v.s.before(6, 5) {
		v.writeSync64(w, ops, written, deleted, notFound)
		return nil
	}
	writeJSON(w, http.StatusOK, jsondoc.New("extensions", []any{}, "data", emptyAsList(written), "notFound", emptyAsList(notFound), "deleted", emptyAsList(deleted)))
	return nil
}

func (v *view) writeSync64(w http.ResponseWriter, ops []operation, written, deleted, notFound *object) {
	data := jsondoc.New()
	for _, op := range ops {
		var results []any
		for range op.payload {
			results = append(results, jsondoc.New("entities", emptyAsList(written), "errors", []any{}))
		}
		data.Set(op.key, jsondoc.New("extensions", []any{}, "result", results))
	}
	writeJSON(w, http.StatusOK, jsondoc.New("extensions", []any{}, "success", true, "data", emptyAsList(data),
		"notFound", emptyAsList(notFound), "deleted", emptyAsList(deleted)))
}

func invalidOperation(detail string) error {
	return apiErrors{problem(http.StatusBadRequest, "FRAMEWORK__INVALID_SYNC_OPERATION", detail, nil)}
}

func (v *view) operations(body any) ([]operation, error) {
	wrong := apiErrors{httpProblem(http.StatusBadRequest, "Invalid payload format. Expected an array of operations.")}
	var keys []string
	var items []any
	switch body := body.(type) {
	case []any:
		for i := range body {
			keys = append(keys, strconv.Itoa(i))
		}
		items = body
	case *object:
		for _, k := range body.Keys() {
			keys, items = append(keys, k), append(items, body.Get(k))
		}
	default:
		return nil, wrong
	}
	var ops []operation
	for i, item := range items {
		o, ok := item.(*object)
		if !ok {
			return nil, wrong
		}
		op := operation{key: keys[i], action: o.Text("action")}
		if k := o.Text("key"); k != "" {
			op.key = k
		}
		if o.Text("entity") == "" {
			return nil, invalidOperation(fmt.Sprintf("Missing \"entity\" argument for operation with key %q. It needs to be a non-empty string.", op.key))
		}
		if op.action != "upsert" && op.action != "delete" {
			return nil, invalidOperation(fmt.Sprintf("Missing or invalid \"action\" argument for operation with key %q. Supported actions are [upsert, delete]", op.key))
		}
		payload, _ := o.Lookup("payload")
		op.payload, _ = payload.([]any)
		crit, _ := o.Lookup("criteria")
		if list, ok := crit.([]any); ok && len(list) > 0 {
			p := &criteriaParser{}
			if op.criteria = p.filters(list, "/criteria"); len(p.errs) > 0 {
				return nil, p.errs
			}
		}
		if len(op.payload) == 0 && len(op.criteria) == 0 {
			return nil, invalidOperation(fmt.Sprintf("Missing \"payload\"|\"criteria\" argument for operation with key %q. It needs to be a non-empty array.", op.key))
		}
		if op.ent = v.s.schema.entities[o.Text("entity")]; op.ent == nil {
			return nil, apiErrors{problem(http.StatusInternalServerError, "FRAMEWORK__DEFINITION_NOT_FOUND",
				fmt.Sprintf("Definition for entity %q does not exist.", o.Text("entity")), jsondoc.New("entityName", o.Text("entity")))}
		}
		ops = append(ops, op)
	}
	return ops, nil
}

func (v *view) syncUpsert(op operation, written *object) error {
	wr := newWriter(v)
	for i, item := range op.payload {
		at := fmt.Sprintf("/%s/%d", op.key, i)
		if o := wr.nested(item, at); o != nil {
			wr.plan(op.ent, o, at, upsert, nil)
		}
	}
	if wr.stop == nil {
		if err := wr.writePrivileges(); err != nil {
			return err
		}
	}
	if err := wr.failure(); err != nil {
		return err
	}
	if err := wr.apply(); err != nil {
		return err
	}
	for _, c := range wr.cmds {
		r := v.s.db.get(c.ent, c.key)
		if c.ent.mapping() {
			for i, side := range c.ent.pair {
				note(written, side.name, r.v[c.ent.keys[i]])
			}
		}
		note(written, c.ent.name, keyValue(c.ent, r))
		if c.ent.translated {
			note(written, c.ent.name+"_translation", jsondoc.New(camelCase(c.ent.name)+"Id", c.key, "languageId", v.lang))
		}
	}
	return nil
}

func (v *view) syncDelete(op operation, written, deleted, notFound *object) error {
	er := newEraser(v)
	er.deleted, er.written = deleted, written
	var keys []any
	keys = append(keys, op.payload...)
	for _, r := range v.s.db.all(op.ent) {
		if len(op.criteria) > 0 && v.matches(op.ent, r, op.criteria) {
			keys = append(keys, jsondoc.New("id", r.v["id"]))
			if op.ent.mapping() {
				keys[len(keys)-1] = keyValue(op.ent, r)
			}
		}
	}
	for _, item := range keys {
		o, _ := item.(*object)
		pk := map[string]any{}
		for _, k := range op.ent.keys {
			pk[k] = o.Text(k)
		}
		ok, err := er.remove(op.ent, op.ent.key(pk))
		if err != nil {
			return err
		}
		if !ok {
			var key any = o.Text("id")
			if op.ent.mapping() {
				key = o
			}
			note(notFound, op.ent.name, key)
		}
	}
	return nil
}
