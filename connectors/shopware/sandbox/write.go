package sandbox

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// intent is what a route means to do with an id.
type intent int

const (
	upsert intent = iota // insert or update, whatever fits: sync and nested parts
	create               // POST
	update               // PATCH
)

// command is one row that a write inserts or changes.
type command struct {
	ent    *entity
	key    string
	insert bool
	v      map[string]any
	tr     map[string]map[string]any
}

// writer plans a write completely, so that every problem is told at once, and
// then carries it out in one transaction.
type writer struct {
	v       *view
	errs    apiErrors
	stop    error // an error that hides all others
	cmds    []*command
	pending map[string]*command
}

func newWriter(v *view) *writer { return &writer{v: v, pending: map[string]*command{}} }

func (w *writer) fail(e apiError) { w.errs = append(w.errs, e) }

// abort remembers an exception: the server would have thrown it at once.
func (w *writer) abort(err error) {
	if w.stop == nil {
		w.stop = err
	}
}

// failure is what the plan came to.
func (w *writer) failure() error {
	if w.stop != nil {
		return w.stop
	}
	if len(w.errs) > 0 {
		return w.errs
	}
	return nil
}

// plan turns a payload into commands and returns the id of its row. given holds
// foreign keys that the place of a nested payload implies.
func (w *writer) plan(ent *entity, payload *object, pointer string, want intent, given map[string]any) string {
	if ent.mapping() {
		return w.planMapping(ent, payload, pointer)
	}
	id, ok := w.identify(ent, payload, pointer)
	if !ok {
		return ""
	}
	old := w.v.s.db.get(ent, id)
	earlier := w.pending[ent.name+" "+id]
	exists := old != nil || earlier != nil
	switch {
	case want == create && exists:
		class := "UpdateCommand"
		if f := ent.byName["customFields"]; f != nil && !f.translated && payload.Get("customFields") != nil {
			class = "JsonUpdateCommand"
		}
		w.abort(wrongIntent(ent, "InsertCommand", class, ""))
		return id
	case want == update && !exists:
		w.abort(wrongIntent(ent, "UpdateCommand", "InsertCommand", "Hint: Use POST method to create new entities."))
		return id
	}
	c := earlier
	if c == nil {
		c = &command{ent: ent, key: id, insert: !exists, v: map[string]any{}, tr: map[string]map[string]any{}}
		if c.insert {
			c.v["id"] = id
		}
		w.pending[ent.name+" "+id] = c
	}
	for k, v := range given {
		c.v[k] = v
	}
	// To-one parts come first: they give this row its foreign keys. The command
	// itself stands between what it needs and what needs it.
	w.toOne(ent, payload, pointer, c)
	if earlier == nil {
		w.cmds = append(w.cmds, c)
	}
	w.fields(ent, payload, pointer, c, old)
	w.translations(ent, payload, pointer, c, old)
	w.toMany(ent, payload, pointer, id)
	return id
}

func (w *writer) identify(ent *entity, payload *object, pointer string) (string, bool) {
	raw, ok := payload.Lookup("id")
	if !ok || raw == nil {
		return newID(w.v.s.now()), true
	}
	id, _ := raw.(string)
	if !isID(id) {
		name := "/id"
		if ent.translated {
			name = "/" + camelCase(ent.name) + "Id" // the server notices it at the translation
		}
		w.fail(badUUID(pointer+name, text(raw)))
		return "", false
	}
	return id, true
}

func (w *writer) planMapping(ent *entity, payload *object, pointer string) string {
	c := &command{ent: ent, insert: true, v: map[string]any{}}
	for _, k := range ent.keys {
		v, _ := payload.Lookup(k)
		s, _ := v.(string)
		switch {
		case s == "":
			w.fail(blank(pointer + "/" + k))
		case !isID(s):
			w.fail(badUUID(pointer+"/"+k, s))
		}
		c.v[k] = s
	}
	c.key = ent.key(c.v)
	w.cmds = append(w.cmds, c)
	return c.key
}

// nested reads the payload of a part; a list is one thing that it may not be.
func (w *writer) nested(v any, pointer string) *object {
	o, ok := v.(*object)
	if !ok {
		w.abort(apiErrors{problem(http.StatusBadRequest, "FRAMEWORK__WRITE_MALFORMED_INPUT",
			fmt.Sprintf("Expected data at %s to be an array.", pointer), jsondoc.New("path", pointer))})
		return nil
	}
	// An entity that was read and is sent back carries extensions, which the server chokes on.
	if ext, ok := o.Get("extensions").(*object); ok && len(ext.Keys()) > 0 {
		w.abort(apiErrors{notAssociative()})
		return nil
	}
	return o
}

func notAssociative() apiError {
	return httpProblem(http.StatusBadRequest, "Invalid payload. Should be associative array")
}

func (w *writer) toOne(ent *entity, payload *object, pointer string, c *command) {
	for _, f := range ent.fields {
		raw, ok := payload.Lookup(f.name)
		if f.kind != kindOne || f.target == nil || !ok || raw == nil || f.by == "" {
			continue
		}
		o := w.nested(raw, pointer+"/"+f.name)
		if o == nil {
			continue
		}
		if id := o.Text("id"); len(o.Keys()) == 1 && isID(id) {
			c.v[f.by] = id
			continue
		}
		c.v[f.by] = w.plan(f.target, o, pointer+"/"+f.name, upsert, nil)
	}
}

func (w *writer) toMany(ent *entity, payload *object, pointer, id string) {
	for _, f := range ent.fields {
		raw, ok := payload.Lookup(f.name)
		if !f.association() || f.target == nil || !ok || raw == nil || f.by != "" {
			continue
		}
		at := pointer + "/" + f.name
		if f.kind == kindOne { // the row at the other side, such as orderCustomer
			o := w.nested(raw, at)
			if o == nil {
				continue
			}
			if rows := w.v.s.db.having(f.target, f.of, id); len(rows) > 0 && o.Text("id") == "" {
				o = o.Clone()
				o.Set("id", rows[0].str("id"))
			}
			w.plan(f.target, o, at, upsert, map[string]any{f.of: id})
			continue
		}
		list, ok := raw.([]any)
		if !ok {
			w.nested(nil, at)
			continue
		}
		for i, item := range list {
			at := at + "/" + strconv.Itoa(i)
			o := w.nested(item, at)
			switch {
			case o == nil:
			case f.via != nil:
				w.link(f, o, at, id)
			default:
				w.plan(f.target, o, at, upsert, map[string]any{f.of: id})
			}
		}
	}
}

// link pairs this row with another, which may be written on the way.
func (w *writer) link(f *field, o *object, pointer, id string) {
	to := o.Text("id")
	if len(o.Keys()) > 1 || to == "" {
		to = w.plan(f.target, o, pointer, upsert, nil)
	} else if !isID(to) {
		w.fail(badUUID(pointer+"/id", to))
		return
	}
	mine, theirs := f.via.sides(f.target)
	c := &command{ent: f.via, insert: true, v: map[string]any{mine: id, theirs: to}}
	c.key = f.via.key(c.v)
	w.cmds = append(w.cmds, c)
}

// fields writes what is neither translated nor an association. Unknown keys are ignored.
func (w *writer) fields(ent *entity, payload *object, pointer string, c *command, old *row) {
	variant := c.v["parentId"] != nil || payload.Get("parentId") != nil || old.str("parentId") != ""
	for _, f := range ent.fields {
		if f.association() || f.translated || f.name == "id" || f.name == "updatedAt" {
			continue
		}
		raw, ok := payload.Lookup(f.name)
		at := pointer + "/" + f.name
		switch {
		case f.readOnly:
			if ok {
				w.fail(writeProtected(at, f.name))
			}
			if c.insert && f.hasDef {
				c.v[f.name] = f.def
			}
			continue
		case f.kind == kindAuto, f.kind == kindVersion, f.kind == kindRuntime, f.derived != "":
			continue
		}
		before := len(w.errs)
		switch {
		case f.kind == kindCustomFields:
			if ok {
				c.v[f.name] = w.customFields(current(c, old, f.name), raw, at)
			}
			continue
		case ok:
			c.v[f.name] = w.encode(f, raw, at)
			w.stateChange(f, c, old, at)
		case c.insert && c.v[f.name] == nil && f.hasDef && !(f.inherit && variant):
			c.v[f.name] = f.def
		}
		val, set := c.v[f.name]
		if !f.required || f.inherit && variant || len(w.errs) > before || val != nil || !c.insert && !set {
			continue
		}
		switch f.kind {
		case kindDate, kindDay, kindStruct, kindList, kindJSON:
			w.fail(notNull(at))
		default:
			w.fail(blank(at))
		}
	}
}

func current(c *command, old *row, name string) any {
	if v, ok := c.v[name]; ok {
		return v
	}
	if old == nil {
		return nil
	}
	return old.v[name]
}

// stateChange refuses a state by PATCH: that is what transitions are for.
func (w *writer) stateChange(f *field, c *command, old *row, pointer string) {
	if f.kind != kindState || c.insert || old == nil || c.v[f.name] == old.v[f.name] {
		return
	}
	w.fail(violation(pointer, codeWrite, "Changing the state-machine-state of this entity is not allowed for scope {{ scope }}. "+
		"Either change the state-machine-state via a state-transition or use a different scope.", "{{ scope }}", "crud"))
}

// apply carries the plan out in the store's open transaction.
func (w *writer) apply() error {
	db := w.v.s.db
	now := stamp(w.v.s.now())
	for _, c := range w.cmds {
		old := db.get(c.ent, c.key)
		r := &row{v: map[string]any{}}
		if old != nil {
			r = old.clone()
		}
		for k, v := range c.v {
			r.v[k] = v
		}
		if err := w.unique(c, r); err != nil {
			return err
		}
		if !c.ent.mapping() {
			if old == nil {
				if r.v["createdAt"] == nil {
					r.v["createdAt"] = now
				}
				for _, f := range c.ent.fields {
					if f.kind == kindAuto {
						t := db.table(c.ent)
						t.auto++
						r.v[f.name] = jsondoc.Int(t.auto)
					}
				}
			} else {
				r.v["updatedAt"] = now
			}
		}
		for lang, fields := range c.tr {
			if r.tr == nil {
				r.tr = map[string]map[string]any{}
			}
			if r.tr[lang] == nil {
				r.tr[lang] = map[string]any{}
			}
			for k, v := range fields {
				r.tr[lang][k] = v
			}
		}
		if err := w.v.s.bookLine(c, old, r); err != nil {
			return err
		}
		db.put(c.ent, r)
	}
	if err := w.foreignKeys(); err != nil {
		return err
	}
	w.index(now)
	w.v.s.wroteAll(w.cmds)
	return nil
}

// unique holds the unique keys of the database.
func (w *writer) unique(c *command, r *row) error {
	db := w.v.s.db
	for _, f := range c.ent.fields {
		val, set := c.v[f.name]
		if !f.unique || !set {
			continue
		}
		for _, other := range db.all(c.ent) {
			if other.str("id") != c.key && strings.EqualFold(other.str(f.name), text(val)) {
				return apiErrors{problem(http.StatusBadRequest, "CONTENT__DUPLICATE_PRODUCT_NUMBER",
					fmt.Sprintf("Product with number %q already exists.", text(val)), jsondoc.New("number", val))}
			}
		}
	}
	pair := map[string][2]string{
		"product_visibility":           {"productId", "salesChannelId"},
		"product_configurator_setting": {"productId", "optionId"},
	}[c.ent.name]
	if pair[0] == "" {
		return nil
	}
	for _, other := range db.having(c.ent, pair[0], r.str(pair[0])) {
		if other.str("id") != c.key && other.str(pair[1]) == r.str(pair[1]) {
			return apiErrors{sqlProblem("1062", fmt.Sprintf("23000]: Integrity constraint violation: 1062 Duplicate entry for key 'uniq.%s__%s'",
				snakeCase(pair[0]), snakeCase(pair[1])))}
		}
	}
	return nil
}

// foreignKeys leak as database errors.
func (w *writer) foreignKeys() error {
	db := w.v.s.db
	for _, c := range w.cmds {
		r := db.get(c.ent, c.key)
		if r == nil {
			continue
		}
		for _, f := range c.ent.fields {
			column, target := f.by, f.target
			if c.ent.mapping() && f.target != nil {
				column = f.name
			}
			if column == "" || target == nil || f.noFK {
				continue
			}
			id, written := c.v[column].(string)
			if written && id != "" && db.get(target, id) == nil {
				return apiErrors{sqlProblem("1452", fmt.Sprintf("23000]: Integrity constraint violation: 1452 Cannot add or update a child row: "+
					"a foreign key constraint fails (`shopware`.`%s`, CONSTRAINT `fk.%s.%s` FOREIGN KEY (`%s`) REFERENCES `%s` (`id`) ON UPDATE CASCADE)",
					c.ent.name, c.ent.name, snakeCase(column), snakeCase(column), target.name))}
			}
		}
		switch {
		case c.ent.name == "order" && c.insert && r.v["price"] == nil:
			return apiErrors{sqlProblem("1364", "HY000]: General error: 1364 Field 'price' doesn't have a default value")}
		case c.ent.name == "customer" && c.insert && db.get(w.v.s.schema.entities["customer_address"], r.str("defaultBillingAddressId")) == nil:
			return apiErrors{bare(http.StatusInternalServerError, "0", "Internal Server Error",
				`Shopware\Core\Checkout\Customer\CustomerEntity::setActiveBillingAddress(): Argument #1 ($activeBillingAddress) must be of type `+
					`Shopware\Core\Checkout\Customer\Aggregate\CustomerAddress\CustomerAddressEntity, null given`)}
		}
	}
	return nil
}

// index does what the product indexer does: the whole family gets one new updatedAt.
func (w *writer) index(now string) {
	product := w.v.s.schema.entities["product"]
	db := w.v.s.db
	touched := map[string]bool{}
	for _, c := range w.cmds {
		id := c.key
		if c.ent != product {
			id, _ = c.v["productId"].(string)
			if c.ent.name == "order_line_item" {
				id = ""
			}
		}
		r := db.get(product, id)
		if r == nil {
			continue
		}
		if parent := r.str("parentId"); parent != "" {
			id = parent
		}
		touched[id] = true
	}
	for id := range touched {
		for _, r := range append(db.having(product, "parentId", id), db.get(product, id)) {
			if r != nil {
				r = r.clone()
				r.v["updatedAt"] = now
				db.put(product, r)
			}
		}
	}
}

func camelCase(snake string) string {
	parts := strings.Split(snake, "_")
	for i := range parts[1:] {
		if p := parts[i+1]; p != "" {
			parts[i+1] = strings.ToUpper(p[:1]) + p[1:]
		}
	}
	return strings.Join(parts, "")
}
