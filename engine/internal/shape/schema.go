package shape

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"strings"
	"sync"

	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

// Schemas reads JSON Schemas of a file system as shapes, each once. It understands what describes
// structure: type, properties, required, items, additionalProperties, enum, const, anyOf, oneOf,
// allOf, $ref and $defs. An object whose properties are named is closed unless
// additionalProperties says otherwise. It is safe for concurrent use.
type Schemas struct {
	files fs.FS

	mu     sync.Mutex
	docs   map[string]*schemaNode
	shapes map[string]*Shape // by file#pointer
}

// NewSchemas returns a reader over files.
func NewSchemas(files fs.FS) *Schemas {
	return &Schemas{files: files, docs: map[string]*schemaNode{}, shapes: map[string]*Shape{}}
}

// schemaNode is a JSON Schema object with its properties in the order of the file.
type schemaNode struct {
	Ref         string          `json:"$ref"`
	Type        json.RawMessage `json:"type"`
	Properties  orderedNodes    `json:"properties"`
	Required    []string        `json:"required"`
	Items       json.RawMessage `json:"items"`
	Additional  json.RawMessage `json:"additionalProperties"`
	Enum        []json.RawMessage
	Const       json.RawMessage
	AnyOf       []*schemaNode `json:"anyOf"`
	OneOf       []*schemaNode `json:"oneOf"`
	AllOf       []*schemaNode `json:"allOf"`
	Defs        orderedNodes  `json:"$defs"`
	Description string
	Format      string
}

type orderedNodes struct {
	names []string
	nodes map[string]*schemaNode
}

func (o *orderedNodes) UnmarshalJSON(data []byte) error {
	dec := json.NewDecoder(bytes.NewReader(data))
	if tok, err := dec.Token(); err != nil || tok != json.Delim('{') {
		return errors.New("properties must be an object")
	}
	o.nodes = map[string]*schemaNode{}
	for dec.More() {
		tok, err := dec.Token()
		if err != nil {
			return err
		}
		var n schemaNode
		if err := dec.Decode(&n); err != nil {
			return fmt.Errorf("%v: %w", tok, err)
		}
		name := tok.(string)
		if o.nodes[name] == nil {
			o.names = append(o.names, name)
		}
		o.nodes[name] = &n
	}
	return nil
}

// UnmarshalJSON reads a schema; `true` is the schema of anything.
func (n *schemaNode) UnmarshalJSON(data []byte) error {
	if bytes.Equal(bytes.TrimSpace(data), []byte("true")) {
		return nil
	}
	type plain schemaNode
	return json.Unmarshal(data, (*plain)(n))
}

// Load returns the shape that the schema in the file name describes. The error is
// fs.ErrNotExist where there is no such file.
func (s *Schemas) Load(name string) (*Shape, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.resolve(name, "")
}

func (s *Schemas) doc(name string) (*schemaNode, error) {
	if d := s.docs[name]; d != nil {
		return d, nil
	}
	data, err := fs.ReadFile(s.files, name)
	if err != nil {
		return nil, err
	}
	d := &schemaNode{}
	if err := json.Unmarshal(data, d); err != nil {
		return nil, fmt.Errorf("schema %s: %w", name, err)
	}
	s.docs[name] = d
	return d, nil
}

func (s *Schemas) resolve(file, pointer string) (*Shape, error) {
	key := file + "#" + pointer
	if sh := s.shapes[key]; sh != nil {
		return sh, nil
	}
	node, err := s.doc(file)
	if err != nil {
		return nil, err
	}
	if pointer != "" {
		name, ok := strings.CutPrefix(pointer, "/$defs/")
		if !ok {
			return nil, fmt.Errorf("schema %s: a $ref must point to #/$defs/..., not to #%s", file, pointer)
		}
		if node = node.Defs.nodes[name]; node == nil {
			return nil, fmt.Errorf("schema %s: there is no #%s", file, pointer)
		}
	}
	sh := &Shape{members: &members{}}
	s.shapes[key] = sh // before its members: they may refer to it
	if err := s.fill(sh, file, node); err != nil {
		delete(s.shapes, key)
		return nil, err
	}
	if pointer != "" {
		sh.Name = path.Base(pointer)
	}
	return sh, nil
}

func (s *Schemas) shape(file string, n *schemaNode) (*Shape, error) {
	if n.Ref != "" && n.Properties.nodes == nil {
		target, err := s.ref(file, n.Ref)
		if err != nil || n.Description == "" || target.Kinds == value.NoKind {
			return target, err
		}
		described := *target // what the place says of it goes before what its definition says
		described.Desc = n.Description
		return &described, nil
	}
	sh := &Shape{members: &members{}}
	if err := s.fill(sh, file, n); err != nil {
		return nil, err
	}
	return sh, nil
}

func (s *Schemas) ref(file, ref string) (*Shape, error) {
	name, pointer, _ := strings.Cut(ref, "#")
	if name == "" {
		return s.resolve(file, pointer)
	}
	return s.resolve(path.Join(path.Dir(file), name), pointer)
}

func (s *Schemas) fill(sh *Shape, file string, n *schemaNode) error {
	if n.Ref != "" {
		target, err := s.ref(file, n.Ref)
		if err != nil {
			return err
		}
		*sh = *target
		return nil
	}
	if alternatives := append(append([]*schemaNode{}, n.AnyOf...), n.OneOf...); len(alternatives) > 0 {
		var u *Shape
		for _, a := range alternatives {
			as, err := s.shape(file, a)
			if err != nil {
				return err
			}
			u = Union(u, as)
		}
		*sh = *u
		sh.Desc = n.Description
		return nil
	}
	kinds, err := n.kinds()
	if err != nil {
		return fmt.Errorf("schema %s: %w", file, err)
	}
	sh.Kinds, sh.Desc, sh.Format = kinds, n.Description, n.Format
	for _, e := range n.Enum {
		sh.Enum = append(sh.Enum, string(e))
	}
	if n.Const != nil {
		sh.Enum = []string{string(n.Const)}
	}
	if kinds.Has(value.List) {
		if sh.Item, err = s.sub(file, n.Items, Any); err != nil {
			return err
		}
	}
	if kinds.Has(value.Object) {
		return s.members(sh, file, n)
	}
	return nil
}

func (s *Schemas) members(sh *Shape, file string, n *schemaNode) (err error) {
	open := Any
	if n.Properties.nodes != nil {
		open = nil
	}
	if sh.Extra, err = s.sub(file, n.Additional, open); err != nil {
		return err
	}
	required := map[string]bool{}
	for _, r := range n.Required {
		required[r] = true
	}
	sh.props = map[string]*Shape{} // of the members that copies share already
	add := func(name string, m *Shape) {
		if !required[name] {
			m = m.optional()
		}
		if sh.props[name] == nil {
			sh.names = append(sh.names, name)
		}
		sh.props[name] = m
	}
	for _, part := range n.AllOf {
		ps, err := s.shape(file, part)
		if err != nil {
			return err
		}
		for _, name := range ps.names {
			add(name, ps.props[name])
		}
	}
	for _, name := range n.Properties.names {
		m, err := s.shape(file, n.Properties.nodes[name])
		if err != nil {
			return err
		}
		add(name, m)
	}
	return nil
}

// optional returns a shape that refers to s and may be missing. It shares the
// members of s, which may not be filled yet.
func (s *Shape) optional() *Shape {
	if s.Kinds == value.NoKind { // a cycle: s is being built
		return &Shape{Kinds: value.AnyKind, Extra: Any, Item: Any, members: noMembers}
	}
	return s.With(value.Of(value.Missing))
}

// sub reads a schema that may be a boolean or absent.
func (s *Schemas) sub(file string, raw json.RawMessage, absent *Shape) (*Shape, error) {
	switch strings.TrimSpace(string(raw)) {
	case "":
		return absent, nil
	case "true":
		return Any, nil
	case "false":
		return nil, nil
	}
	var n schemaNode
	if err := json.Unmarshal(raw, &n); err != nil {
		return nil, fmt.Errorf("schema %s: %w", file, err)
	}
	return s.shape(file, &n)
}

var typeKinds = map[string]value.Kinds{
	"null": value.Of(value.Null), "boolean": value.Bools, "number": value.Numbers, "integer": value.Numbers,
	"string": value.Strings, "array": value.Lists, "object": value.Objects,
}

func (n *schemaNode) kinds() (value.Kinds, error) {
	if n.Type == nil {
		switch {
		case n.Properties.nodes != nil:
			return value.Objects, nil
		case n.Const != nil:
			return kindOfJSON(n.Const), nil
		case n.Enum != nil:
			var ks value.Kinds
			for _, e := range n.Enum {
				ks |= kindOfJSON(e)
			}
			return ks, nil
		}
		return value.AnyKind &^ value.Of(value.Missing), nil
	}
	var names []string
	if err := json.Unmarshal(n.Type, &names); err != nil {
		var one string
		if err := json.Unmarshal(n.Type, &one); err != nil {
			return 0, fmt.Errorf("type must be a word or a list of words")
		}
		names = []string{one}
	}
	var ks value.Kinds
	for _, name := range names {
		k, ok := typeKinds[name]
		if !ok {
			return 0, fmt.Errorf("unknown type %q", name)
		}
		ks |= k
	}
	return ks, nil
}

func kindOfJSON(raw json.RawMessage) value.Kinds {
	return value.Of(value.Raw(strings.TrimSpace(string(raw))).Kind())
}
