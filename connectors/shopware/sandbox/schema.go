package sandbox

import (
	"embed"
	"fmt"
	"path"
	"slices"
	"strconv"
	"strings"
)

// entityFiles is the table of entities; shop.txt explains the notation.
//
//go:embed entities/*.txt
var entityFiles embed.FS

// kind is the type of a field.
type kind string

const (
	kindID           kind = "id"
	kindString       kind = "string"
	kindHTML         kind = "html"
	kindInt          kind = "int"
	kindNumber       kind = "number"
	kindBool         kind = "bool"
	kindDate         kind = "date"
	kindDay          kind = "day"
	kindList         kind = "list"
	kindJSON         kind = "json"
	kindCustomFields kind = "customfields"
	kindEmail        kind = "email"
	kindPassword     kind = "password"
	kindAuto         kind = "auto"
	kindState        kind = "state"
	kindVersion      kind = "version"
	kindRuntime      kind = "runtime"
	kindPrices       kind = "prices"
	kindStruct       kind = "struct"
	kindStructs      kind = "structs"
	kindOne          kind = "one"
	kindMany         kind = "many"
	kindTranslations kind = "translations"
)

// field is one member of an entity or struct.
type field struct {
	name   string
	kind   kind
	struc  *structure // of kindStruct and kindStructs
	struc0 string     // its name until it is resolved
	target *entity    // of an association; nil where it is not imitated
	targ0  string
	by     string // foreign key of this entity
	of     string // foreign key of the target; of kindVersion: its id field
	via    *entity
	via0   string

	required, readOnly, translated, inherit, unique, noFK, owned bool

	auto, autoBefore66 bool
	min, max           int
	def                any
	hasDef             bool
	derived            string
}

func (f *field) association() bool {
	return f.kind == kindOne || f.kind == kindMany || f.kind == kindTranslations
}

// structure is a value with fixed members inside an entity.
type structure struct {
	name, alias string
	fields      []*field
}

// entity is a table. A mapping pairs two entities and has two keys instead of an id.
type entity struct {
	name      string
	versioned bool
	search    []string // members of the search extension of an answer
	fields    []*field
	byName    map[string]*field
	keys      []string  // primary key: id, or the two of a mapping
	pair      []*entity // of a mapping: what its keys point to

	translated bool
}

func (e *entity) mapping() bool { return len(e.pair) > 0 }

// sides are the keys of a mapping, that to target second.
func (e *entity) sides(target *entity) (mine, theirs string) {
	if e.pair[1] == target {
		return e.keys[0], e.keys[1]
	}
	return e.keys[1], e.keys[0]
}

// route is the name of the entity in a path: order-line-item.
func (e *entity) route() string { return strings.ReplaceAll(e.name, "_", "-") }

// schema is every entity by its name.
type schema struct {
	entities map[string]*entity
	structs  map[string]*structure
	routes   map[string]*entity
}

func loadSchema() (*schema, error) {
	s := &schema{entities: map[string]*entity{}, structs: map[string]*structure{}, routes: map[string]*entity{}}
	files, err := entityFiles.ReadDir("entities")
	if err != nil {
		return nil, err
	}
	for _, f := range files {
		data, err := entityFiles.ReadFile(path.Join("entities", f.Name()))
		if err != nil {
			return nil, err
		}
		if err := s.parse(f.Name(), string(data)); err != nil {
			return nil, err
		}
	}
	return s, s.resolve()
}

func (s *schema) parse(file, text string) error {
	var ent *entity
	var str *structure
	for i, line := range strings.Split(text, "\n") {
		words := strings.Fields(line)
		if len(words) == 0 || strings.HasPrefix(words[0], "#") {
			continue
		}
		fail := func(msg string) error { return fmt.Errorf("%s:%d: %s", file, i+1, msg) }
		if !strings.HasPrefix(line, " ") {
			if len(words) < 2 {
				return fail("a name is missing")
			}
			ent, str = nil, nil
			switch words[0] {
			case "struct":
				str = &structure{name: words[1], alias: words[len(words)-1]}
				s.structs[str.name] = str
			case "entity":
				ent = &entity{name: words[1], byName: map[string]*field{}, keys: []string{"id"}}
				for _, w := range words[2:] {
					if w == "versioned" {
						ent.versioned = true
					} else if list, ok := strings.CutPrefix(w, "search:"); ok {
						ent.search = strings.Split(list, ",")
					} else {
						return fail("unknown word " + w)
					}
				}
				s.entities[ent.name] = ent
				s.routes[ent.route()] = ent
			case "mapping":
				if len(words) != 4 {
					return fail("a mapping pairs two entities")
				}
				m := &entity{name: words[1], byName: map[string]*field{}}
				for _, w := range words[2:] {
					target, key, _ := strings.Cut(w, ":")
					m.keys = append(m.keys, key)
					m.fields = append(m.fields, &field{name: key, kind: kindID, required: true, targ0: target})
				}
				s.entities[m.name] = m
				s.routes[m.route()] = m
			default:
				return fail("unknown word " + words[0])
			}
			continue
		}
		f, err := parseField(words)
		if err != nil {
			return fail(err.Error())
		}
		switch {
		case ent != nil:
			ent.fields = append(ent.fields, f)
			ent.translated = ent.translated || f.translated
		case str != nil:
			str.fields = append(str.fields, f)
		default:
			return fail("a field outside of an entity")
		}
	}
	return nil
}

func parseField(words []string) (*field, error) {
	if len(words) < 2 {
		return nil, fmt.Errorf("field %s has no type", words[0])
	}
	f := &field{name: words[0], kind: kind(words[1])}
	flags := words[2:]
	switch f.kind {
	case kindOne, kindMany:
		if len(flags) == 0 {
			return nil, fmt.Errorf("association %s has no target", f.name)
		}
		if flags[0] != "-" {
			f.targ0 = flags[0]
		}
		flags = flags[1:]
	case kindID, kindString, kindHTML, kindInt, kindNumber, kindBool, kindDate, kindDay, kindList, kindJSON, kindCustomFields,
		kindEmail, kindPassword, kindAuto, kindState, kindVersion, kindRuntime, kindPrices, kindTranslations:
	default:
		if name, ok := strings.CutPrefix(words[1], "list:"); ok {
			f.kind, f.struc0 = kindStructs, name
		} else {
			f.kind, f.struc0 = kindStruct, words[1]
		}
	}
	for _, w := range flags {
		name, arg, _ := strings.Cut(w, ":")
		var err error
		switch name {
		case "required":
			f.required = true
		case "readonly":
			f.readOnly = true
		case "translated":
			f.translated = true
		case "inherit":
			f.inherit = true
		case "unique":
			f.unique = true
		case "nofk":
			f.noFK = true
		case "owned":
			f.owned = true
		case "auto":
			f.auto = true
		case "auto<6.6":
			f.autoBefore66 = true
		case "email":
			f.kind = kindEmail
		case "by":
			f.by = arg
		case "of":
			f.of = arg
		case "via":
			f.via0 = arg
		case "derived":
			f.derived = arg
		case "max":
			f.max, err = strconv.Atoi(arg)
		case "min":
			f.min, err = strconv.Atoi(arg)
		case "default":
			f.hasDef = true
			f.def, err = decodeJSON([]byte(arg))
		default:
			err = fmt.Errorf("unknown flag %s of %s", w, f.name)
		}
		if err != nil {
			return nil, err
		}
	}
	return f, nil
}

// resolve turns names into pointers and gives every entity the members that all have.
func (s *schema) resolve() error {
	for _, e := range s.entities {
		if len(e.keys) == 1 {
			e.fields = append(e.fields, &field{name: "id", kind: kindID})
		}
		e.fields = append(e.fields, &field{name: "createdAt", kind: kindDate}, &field{name: "updatedAt", kind: kindDate})
		if e.versioned {
			e.fields = append(e.fields, &field{name: "versionId", kind: kindRuntime})
		}
	}
	need := func(name string) (*entity, error) {
		if e := s.entities[name]; e != nil {
			return e, nil
		}
		return nil, fmt.Errorf("unknown entity %s", name)
	}
	for _, st := range s.structs {
		for _, f := range st.fields {
			if f.struc0 != "" {
				if f.struc = s.structs[f.struc0]; f.struc == nil {
					return fmt.Errorf("struct %s: unknown struct %s", st.name, f.struc0)
				}
			}
		}
	}
	for _, e := range s.entities {
		for _, f := range e.fields {
			e.byName[f.name] = f
			var err error
			if f.targ0 != "" {
				if f.target, err = need(f.targ0); err != nil {
					return fmt.Errorf("%s.%s: %w", e.name, f.name, err)
				}
				if f.kind == kindID {
					e.pair = append(e.pair, f.target)
				}
			}
			if f.via0 != "" {
				if f.via, err = need(f.via0); err != nil {
					return fmt.Errorf("%s.%s: %w", e.name, f.name, err)
				}
			}
			if f.struc0 != "" {
				if f.struc = s.structs[f.struc0]; f.struc == nil {
					return fmt.Errorf("%s.%s: unknown type %s", e.name, f.name, f.struc0)
				}
			}
		}
	}
	for _, e := range s.entities {
		for _, f := range e.fields {
			if f.by != "" && e.byName[f.by] == nil {
				return fmt.Errorf("%s.%s: no field %s", e.name, f.name, f.by)
			}
			if f.of != "" && f.target != nil && f.target.byName[f.of] == nil {
				return fmt.Errorf("%s.%s: %s has no field %s", e.name, f.name, f.target.name, f.of)
			}
		}
	}
	return nil
}

// routeOf returns the association that a nested route names: line-items is lineItems.
func (e *entity) routeOf(kebab string) *field {
	for _, f := range e.fields {
		if f.association() && f.target != nil && kebabCase(f.name) == kebab {
			return f
		}
	}
	return nil
}

func kebabCase(camel string) string { return strings.ReplaceAll(snakeCase(camel), "_", "-") }

func snakeCase(camel string) string {
	var b strings.Builder
	for i, c := range camel {
		if c >= 'A' && c <= 'Z' {
			if i > 0 {
				b.WriteByte('_')
			}
			c += 'a' - 'A'
		}
		b.WriteRune(c)
	}
	return b.String()
}

// fit changes the tables, which are those of 6.6, to those of another version.
func (s *schema) fit(before func(major, minor int) bool) {
	if before(6, 5) {
		for _, name := range []string{"customer_address", "order_address"} {
			s.entities[name].byName["salutationId"].required = true
			s.entities[name].byName["zipcode"].required = true
		}
	}
	if !before(6, 7) {
		customer := s.entities["customer"]
		for _, name := range []string{"defaultPaymentMethodId", "defaultPaymentMethod"} {
			delete(customer.byName, name)
			customer.fields = slices.DeleteFunc(customer.fields, func(f *field) bool { return f.name == name })
		}
	}
}
