package sandbox

import (
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// translations writes the translated fields: a plain value goes to the language
// of the request, an object to the languages that it names, and `translations`
// holds whole rows by language.
func (w *writer) translations(ent *entity, payload *object, pointer string, c *command, old *row) {
	if !ent.translated {
		return
	}
	variant := c.v["parentId"] != nil || payload.Get("parentId") != nil || old.str("parentId") != ""
	rows := map[string]*object{}
	into := func(lang, name string, v any) {
		if rows[lang] == nil {
			rows[lang] = jsondoc.New()
		}
		rows[lang].Set(name, v)
	}
	for _, f := range ent.fields {
		if !f.translated {
			continue
		}
		raw, ok := payload.Lookup(f.name)
		if !ok {
			continue
		}
		if f.readOnly {
			w.fail(writeProtected(pointer+"/"+f.name, f.name))
			continue
		}
		if o, isObject := raw.(*object); isObject && w.perLanguage(f, o) {
			for _, k := range o.Keys() {
				into(w.language(k), f.name, o.Get(k))
			}
			continue
		}
		into(w.v.lang, f.name, raw)
	}
	w.translationRows(payload, into)
	for lang, o := range rows {
		at := pointer + "/translations/" + lang
		if c.tr[lang] == nil {
			c.tr[lang] = map[string]any{}
		}
		for _, f := range ent.fields {
			raw, ok := o.Lookup(f.name)
			if !f.translated || !ok {
				continue
			}
			before := len(w.errs)
			if f.kind == kindCustomFields {
				had, done := c.tr[lang][f.name]
				if !done && old != nil {
					had = old.tr[lang][f.name]
				}
				c.tr[lang][f.name] = w.customFields(had, raw, at+"/"+f.name)
				continue
			}
			val := w.encode(f, raw, at+"/"+f.name)
			if f.required && val == nil && len(w.errs) == before && !(f.inherit && variant) && lang == systemLanguage {
				w.fail(blank(at + "/" + f.name))
			}
			c.tr[lang][f.name] = val
		}
	}
	if c.insert {
		w.systemTranslation(ent, pointer, c, rows, variant)
	}
}

// systemTranslation: a new row needs its required texts in the system language.
func (w *writer) systemTranslation(ent *entity, pointer string, c *command, rows map[string]*object, variant bool) {
	at := pointer + "/translations/" + systemLanguage
	needs := false
	for _, f := range ent.fields {
		if !f.translated || f.inherit && variant {
			continue
		}
		_, given := rows[systemLanguage].Lookup(f.name)
		if f.hasDef && !given {
			if c.tr[systemLanguage] == nil {
				c.tr[systemLanguage] = map[string]any{}
			}
			c.tr[systemLanguage][f.name] = f.def
			continue
		}
		if !f.required || given {
			continue
		}
		needs = true
		if len(rows) == 0 || rows[systemLanguage] != nil {
			w.fail(blank(at + "/" + f.name))
		}
	}
	if needs && len(rows) > 0 && rows[systemLanguage] == nil {
		w.fail(violation(at, "MISSING-SYSTEM-TRANSLATION", "Translation required for system language {{ systemLanguage }}",
			"{{ systemLanguage }}", systemLanguage))
	}
}

// translationRows reads {"translations": {"nl-NL": {...}}} or a list of rows with languageId.
func (w *writer) translationRows(payload *object, into func(lang, name string, v any)) {
	raw, _ := payload.Lookup("translations")
	switch raw := raw.(type) {
	case *object:
		for _, k := range raw.Keys() {
			if o, ok := raw.Get(k).(*object); ok {
				for _, name := range o.Keys() {
					into(w.language(k), name, o.Get(name))
				}
			}
		}
	case []any:
		for _, item := range raw {
			o, _ := item.(*object)
			lang := o.Text("languageId")
			if o == nil || lang == "" {
				continue
			}
			for _, name := range o.Keys() {
				into(lang, name, o.Get(name))
			}
		}
	}
}

// perLanguage tells {"nl-NL": ...} from a value that is an object itself.
func (w *writer) perLanguage(f *field, o *object) bool {
	if f.kind != kindCustomFields && f.kind != kindJSON {
		return true
	}
	for _, k := range o.Keys() {
		if !isID(k) && w.language(k) == k {
			return false
		}
	}
	return len(o.Keys()) > 0
}

// language finds the id behind a locale code; an id, or what is unknown, is returned as it is.
func (w *writer) language(code string) string {
	if isID(code) {
		return code
	}
	language := w.v.s.schema.entities["language"]
	locale := w.v.s.schema.entities["locale"]
	for _, l := range w.v.s.db.all(language) {
		if loc := w.v.s.db.get(locale, l.str("localeId")); strings.EqualFold(loc.str("code"), code) {
			return l.str("id")
		}
	}
	return code
}
