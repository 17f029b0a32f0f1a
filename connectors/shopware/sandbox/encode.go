package sandbox

import (
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// Fixed ids of every Shopware.
const (
	liveVersion    = "0fa91ce3e96a4bc2be4bd9ce752c3425"
	systemLanguage = "2fbb5fe2e29a4d70aa5854ce7ce3e20b"
	systemCurrency = "b7d2554b0ce847cd82f3ac9bd1c0dfca"
)

// place is where an entity stands in an answer; small parts of its shape depend on it.
type place int

const (
	root   place = iota
	child        // in a list, or loaded by a query of its own
	joined       // a to-one association of the same query
)

// value is the stored value of a field, inheritance applied, translations aside.
func (v *view) value(ent *entity, r *row, f *field) any {
	switch {
	case f.translated && f.derived == "":
		return r.tr[v.lang][f.name]
	case f.derived != "":
		return v.derived(ent, r, f)
	case f.kind == kindRuntime:
		return v.runtime(ent, r, f)
	case f.kind == kindVersion:
		if r.str(f.of) == "" {
			return nil
		}
		return liveVersion
	}
	val := r.v[f.name]
	if val == nil && f.inherit && v.inherit {
		if parent := v.s.db.get(ent, r.str("parentId")); parent != nil {
			return parent.v[f.name]
		}
	}
	return val
}

// derived copies a value from another field: amountTotal is price.totalPrice.
func (v *view) derived(ent *entity, r *row, f *field) any {
	name, sub, nested := strings.Cut(f.derived, ".")
	from := ent.byName[name]
	val := v.value(ent, r, from)
	if nested {
		o, _ := val.(*object)
		val, _ = o.Lookup(sub)
	}
	if f.kind == kindDay {
		if s, ok := val.(string); ok && len(s) >= 10 {
			return s[:10] + "T00:00:00.000+00:00"
		}
	}
	return val
}

// translation is the value after the fallback: language, system language, parent.
func (v *view) translation(ent *entity, r *row, f *field) any {
	if f.derived != "" {
		return v.translation(ent, r, ent.byName[f.derived])
	}
	if f.kind == kindCustomFields {
		return v.translatedCustomFields(ent, r)
	}
	rows := []*row{r}
	if f.inherit && v.inherit {
		if parent := v.s.db.get(ent, r.str("parentId")); parent != nil {
			rows = append(rows, parent)
		}
	}
	for _, r := range rows {
		for _, lang := range []string{v.lang, systemLanguage} {
			if val := r.tr[lang][f.name]; val != nil {
				return val
			}
		}
	}
	return nil
}

// translatedCustomFields merges by key and leaves out what is null.
func (v *view) translatedCustomFields(ent *entity, r *row) any {
	out := jsondoc.New()
	rows := []*row{r}
	if parent := v.s.db.get(ent, r.str("parentId")); parent != nil && v.inherit && ent.byName["customFields"].inherit {
		rows = append(rows, parent)
	}
	for _, r := range rows {
		for _, lang := range []string{v.lang, systemLanguage} {
			o, ok := r.tr[lang]["customFields"].(*object)
			if !ok {
				continue
			}
			for _, k := range o.Keys() {
				if _, taken := out.Lookup(k); !taken && o.Get(k) != nil {
					out.Set(k, o.Get(k))
				}
			}
		}
	}
	return out
}

// encoder turns rows into the plain JSON shape.
type encoder struct {
	*view
	includes map[string]map[string]bool
	fields   []string // partial load
}

// keep tells whether includes let a member of an alias through; apiAlias always stays.
func (e *encoder) keep(alias, name string) bool {
	set := e.includes[alias]
	return set == nil || set[name] || name == "apiAlias"
}

func (e *encoder) list(ent *entity, rows []*row, assoc []association, at place) []any {
	out := make([]any, 0, len(rows))
	for _, r := range rows {
		out = append(out, e.entity(ent, r, assoc, at))
	}
	return out
}

func (e *encoder) entity(ent *entity, r *row, assoc []association, at place) *object {
	out := jsondoc.New()
	put := func(name string, v any) {
		if e.keep(ent.name, name) {
			out.Set(name, v)
		}
	}
	put("extensions", e.extensions(ent, r, at))
	put("_uniqueIdentifier", ent.key(r.v))
	if ent.versioned {
		put("versionId", liveVersion)
	} else {
		put("versionId", nil)
	}
	put("translated", e.translated(ent, r, at))
	put("createdAt", r.v["createdAt"])
	put("updatedAt", r.v["updatedAt"])
	for _, f := range ent.fields {
		switch {
		case f.kind == kindPassword, f.name == "createdAt", f.name == "updatedAt", f.name == "versionId", f.name == "id":
		case !e.keep(ent.name, f.name):
		case f.association():
			put(f.name, e.association(ent, r, f, assoc, at))
		case f.name == "variation" && ent.name == "product":
			put(f.name, e.variation(ent, r, assoc))
		default:
			put(f.name, e.shape(f, e.value(ent, r, f), at))
		}
	}
	if !ent.mapping() {
		put("id", r.v["id"])
	}
	put("apiAlias", ent.name)
	if len(e.fields) > 0 && at == root {
		return e.partial(ent, out)
	}
	return out
}

// partial is the other shape that `fields` gives.
func (e *encoder) partial(ent *entity, full *object) *object {
	out := jsondoc.New()
	for _, k := range full.Keys() {
		switch {
		case slices.Contains([]string{"extensions", "_uniqueIdentifier", "id", "versionId", "apiAlias"}, k),
			slices.Contains(e.fields, k), ent.name == "product" && k == "variation":
			out.Set(k, full.Get(k))
		case k == "translated":
			tr, ok := full.Get(k).(*object)
			if !ok {
				out.Set(k, full.Get(k))
				continue
			}
			kept := jsondoc.New()
			for _, name := range tr.Keys() {
				if slices.Contains(e.fields, name) {
					kept.Set(name, tr.Get(name))
				}
			}
			out.Set(k, emptyAsList(kept))
		}
	}
	if ext, ok := out.Get("extensions").(*object); ok {
		out.Set("extensions", jsondoc.New("foreignKeys", ext.Get("foreignKeys")))
	}
	return out
}

func (e *encoder) extensions(ent *entity, r *row, at place) *object {
	alias := any(ent.name + "_foreign_keys_extension")
	if e.s.before(6, 5) {
		alias = nil
	}
	ext := jsondoc.New("foreignKeys", jsondoc.New("extensions", []any{}, "apiAlias", alias))
	if at == joined {
		ext.Set("internal_mapping_storage", jsondoc.New("extensions", []any{}, "apiAlias", nil))
	}
	if at == root && len(ent.search) > 0 {
		s := jsondoc.New("extensions", []any{}, "_uniqueIdentifier", nil, "translated", []any{})
		for _, name := range ent.search {
			s.Set(name, r.v[name])
		}
		ext.Set("search", s)
	}
	return ext
}

// translated is [] for entities without translations.
func (e *encoder) translated(ent *entity, r *row, at place) any {
	if !ent.translated {
		return []any{}
	}
	out := jsondoc.New()
	if f := ent.byName["breadcrumb"]; f != nil {
		out.Set("breadcrumb", e.runtime(ent, r, f))
	}
	for _, f := range ent.fields {
		if !f.translated {
			continue
		}
		val := e.translation(ent, r, f)
		if f.kind == kindCustomFields && at != root {
			val = emptyAsList(val)
		}
		out.Set(f.name, val)
	}
	return out
}

// association is null where it was not asked for.
func (e *encoder) association(ent *entity, r *row, f *field, assoc []association, at place) any {
	crit := &criteria{}
	asked := f.auto || f.autoBefore66 && e.s.before(6, 6)
	nested := false
	for _, a := range assoc {
		if a.name == f.name {
			asked, crit = true, a.crit
			nested = len(crit.associations) > 0
		}
	}
	if !asked {
		return nil
	}
	if f.kind == kindTranslations {
		return e.translations(ent, r, crit)
	}
	if f.target == nil {
		if f.kind == kindMany {
			return []any{}
		}
		return nil
	}
	rows := e.follow(ent, r, f)
	if f.kind == kindOne {
		if len(rows) == 0 {
			return nil
		}
		// One that has associations of its own is loaded by a second query.
		where := joined
		if nested {
			where = child
		}
		return e.entity(f.target, rows[0], crit.associations, where)
	}
	rows = e.find(f.target, rows, crit)
	if crit.limit > 0 {
		from := max(crit.page-1, 0) * crit.limit
		rows = rows[min(from, len(rows)):min(from+crit.limit, len(rows))]
	}
	return e.list(f.target, rows, crit.associations, child)
}

// translations are the rows of {entity}_translation.
func (e *encoder) translations(ent *entity, r *row, crit *criteria) any {
	language := e.s.schema.entities["language"]
	list := []any{}
	for _, lang := range e.s.db.all(language) {
		tr := r.tr[lang.str("id")]
		if tr == nil {
			continue
		}
		name := ent.name + "_translation"
		out := jsondoc.New(
			"extensions", jsondoc.New("foreignKeys", jsondoc.New("extensions", []any{}, "apiAlias", name+"_foreign_keys_extension")),
			"_uniqueIdentifier", r.str("id")+"-"+lang.str("id"), "versionId", nil, "translated", []any{},
			"createdAt", r.v["createdAt"], "updatedAt", r.v["updatedAt"], "languageId", lang.str("id"), "language", nil)
		for _, a := range crit.associations {
			if a.name == "language" {
				out.Set("language", e.entity(language, lang, a.crit.associations, joined))
			}
		}
		out.Set(ent.name+"Id", r.str("id"))
		if ent.versioned {
			out.Set(ent.name+"VersionId", liveVersion)
		}
		for _, f := range ent.fields {
			if f.translated && f.kind != kindCustomFields {
				out.Set(f.name, tr[f.name])
			}
		}
		out.Set(ent.name, nil)
		out.Set("customFields", tr["customFields"])
		out.Set("apiAlias", name)
		list = append(list, out)
	}
	return list
}

// shape gives a stored value the form of an answer.
func (e *encoder) shape(f *field, val any, at place) any {
	if val == nil {
		return nil
	}
	switch f.kind {
	case kindPrices:
		list, _ := val.([]any)
		out := make([]any, len(list))
		for i, p := range list {
			out[i] = e.structure(e.s.schema.structs["price"], p)
		}
		return out
	case kindStruct:
		return e.structure(f.struc, val)
	case kindStructs:
		list, _ := val.([]any)
		out := make([]any, len(list))
		for i, p := range list {
			out[i] = e.structure(f.struc, p)
		}
		return out
	case kindCustomFields:
		if at != root {
			return emptyAsList(val)
		}
	case kindJSON:
		if f.name == "priceDefinition" {
			return e.priceDefinition(val)
		}
		return emptyAsList(val)
	}
	return val
}

func (e *encoder) structure(st *structure, val any) any {
	o, ok := val.(*object)
	if !ok {
		return nil
	}
	out := jsondoc.New()
	if e.keep(st.alias, "extensions") {
		out.Set("extensions", []any{})
	}
	for _, f := range st.fields {
		if e.keep(st.alias, f.name) {
			v, _ := o.Lookup(f.name)
			out.Set(f.name, e.shape(f, v, child))
		}
	}
	out.Set("apiAlias", st.alias)
	return out
}

// priceDefinition tells how a line's price came about; its type decides its members.
func (e *encoder) priceDefinition(val any) any {
	o, ok := val.(*object)
	if !ok {
		return val
	}
	members := map[string][]string{
		"quantity":   {"price", "taxRules", "quantity", "isCalculated", "referencePriceDefinition", "listPrice", "regulationPrice"},
		"absolute":   {"price", "filter"},
		"percentage": {"percentage", "filter"},
	}[o.Text("type")]
	if members == nil {
		return emptyAsList(val)
	}
	out := jsondoc.New("extensions", []any{})
	for _, m := range members {
		v, given := o.Lookup(m)
		if m == "taxRules" {
			v = e.shape(&field{kind: kindStructs, struc: e.s.schema.structs["tax_rule"]}, v, child)
		}
		if m == "isCalculated" && !given {
			v = true
		}
		out.Set(m, v)
	}
	out.Set("type", o.Text("type"))
	out.Set("apiAlias", "cart_price_"+o.Text("type"))
	return out
}
