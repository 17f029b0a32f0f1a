package mappingtest

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
)

// kind is the kind of a JSON value.
type kind uint8

const (
	null kind = iota
	boolean
	number
	text
	list
	object
)

var kindNames = [...]string{"null", "a boolean", "a number", "a text", "a list", "an object"}

// node is a JSON value with the place where it is written, where that is a YAML file. Numbers keep their text.
type node struct {
	kind    kind
	scalar  string // the text, the number as written, "true" or "false"
	members []member
	items   []*node
	pos     engine.Position
}

type member struct {
	key  string
	pos  engine.Position
	node *node
}

func (n *node) get(key string) *node {
	if n == nil || n.kind != object {
		return nil
	}
	for i := len(n.members) - 1; i >= 0; i-- {
		if n.members[i].key == key {
			return n.members[i].node
		}
	}
	return nil
}

// place returns where the key of a member stands.
func (n *node) place(key string) engine.Position {
	for _, m := range n.members {
		if m.key == key {
			return m.pos
		}
	}
	return engine.Position{}
}

// appendJSON writes n as JSON text without white space.
func (n *node) appendJSON(dst []byte) []byte {
	switch n.kind {
	case null:
		return append(dst, "null"...)
	case boolean, number:
		return append(dst, n.scalar...)
	case text:
		return appendText(dst, n.scalar)
	case list:
		dst = append(dst, '[')
		for i, item := range n.items {
			if i > 0 {
				dst = append(dst, ',')
			}
			dst = item.appendJSON(dst)
		}
		return append(dst, ']')
	}
	dst = append(dst, '{')
	for i, m := range n.members {
		if i > 0 {
			dst = append(dst, ',')
		}
		dst = append(appendText(dst, m.key), ':')
		dst = m.node.appendJSON(dst)
	}
	return append(dst, '}')
}

// json returns the JSON text of n; "" for no value.
func (n *node) json() string {
	if n == nil {
		return ""
	}
	return string(n.appendJSON(nil))
}

func appendText(dst []byte, s string) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(s); err != nil {
		return strconv.AppendQuote(dst, s) // a string always encodes
	}
	return append(dst, bytes.TrimRight(b.Bytes(), "\n")...)
}

// parseJSON reads one JSON value; numbers keep their text and objects their order.
func parseJSON(data []byte) (*node, error) {
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.UseNumber()
	n, err := readValue(dec)
	if err != nil {
		return nil, err
	}
	if _, err := dec.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is text after the JSON value")
	}
	return n, nil
}

func readValue(dec *json.Decoder) (*node, error) {
	tok, err := dec.Token()
	if err != nil {
		return nil, err
	}
	switch v := tok.(type) {
	case nil:
		return &node{kind: null}, nil
	case bool:
		return &node{kind: boolean, scalar: strconv.FormatBool(v)}, nil
	case json.Number:
		return &node{kind: number, scalar: v.String()}, nil
	case string:
		return &node{kind: text, scalar: v}, nil
	}
	n := &node{kind: list}
	if tok == json.Delim('{') {
		n.kind = object
	}
	for dec.More() {
		var key string
		if n.kind == object {
			k, err := dec.Token()
			if err != nil {
				return nil, err
			}
			key, _ = k.(string)
		}
		v, err := readValue(dec)
		if err != nil {
			return nil, err
		}
		if n.kind == object {
			n.members = append(n.members, member{key: key, node: v})
		} else {
			n.items = append(n.items, v)
		}
	}
	if _, err := dec.Token(); err != nil {
		return nil, err
	}
	return n, nil
}

// compare lists where got is not what want says. Partly, an object may have more members than want; a list has
// the same length either way.
func compare(want, got *node, path string, partly bool, diffs *[]Diff) {
	differ := func(w, g *node, path string) {
		d := Diff{Path: path, Want: w.json(), Got: g.json()}
		if w != nil {
			d.Pos = w.pos
		}
		*diffs = append(*diffs, d)
	}
	if got == nil || want.kind != got.kind {
		differ(want, got, path)
		return
	}
	switch want.kind {
	case number:
		if !sameNumber(want.scalar, got.scalar) {
			differ(want, got, path)
		}
	case boolean, text:
		if want.scalar != got.scalar {
			differ(want, got, path)
		}
	case list:
		for i := range max(len(want.items), len(got.items)) {
			at := path + "[" + strconv.Itoa(i) + "]"
			switch {
			case i >= len(want.items):
				differ(nil, got.items[i], at)
			case i >= len(got.items):
				differ(want.items[i], nil, at)
			default:
				compare(want.items[i], got.items[i], at, partly, diffs)
			}
		}
	case object:
		for _, m := range want.members {
			compare(m.node, got.get(m.key), join(path, m.key), partly, diffs)
		}
		if partly {
			return
		}
		for _, m := range got.members {
			if want.get(m.key) == nil {
				differ(nil, m.node, join(path, m.key))
			}
		}
	}
}

func sameNumber(a, b string) bool {
	if a == b {
		return true
	}
	x, err := decimal.Parse(a)
	if err != nil {
		return false
	}
	y, err := decimal.Parse(b)
	return err == nil && x.Equal(y)
}

// join appends a member's name to a path.
func join(path, key string) string {
	if key == "" || strings.ContainsAny(key, ".[]\"'") {
		return fmt.Sprintf("%s[%q]", path, key)
	}
	if path == "" {
		return key
	}
	return path + "." + key
}

// at returns the value at a path such as lines[0].sku; ok is false for a path that cannot be read.
func (n *node) at(path string) (v *node, ok bool) {
	rest := path
	for first := true; rest != ""; first = false {
		switch {
		case strings.HasPrefix(rest, `["`):
			end := strings.Index(rest, `"]`)
			if end < 2 {
				return nil, false
			}
			n, rest = n.get(rest[2:end]), rest[end+2:]
		case rest[0] == '[':
			num, after, found := strings.Cut(rest[1:], "]")
			i, err := strconv.Atoi(num)
			if !found || err != nil || i < 0 {
				return nil, false
			}
			if n == nil || n.kind != list || i >= len(n.items) {
				n = nil
			} else {
				n = n.items[i]
			}
			rest = after
		default:
			if !first {
				if rest[0] != '.' {
					return nil, false
				}
				rest = rest[1:]
			}
			end := strings.IndexAny(rest, ".[")
			if end < 0 {
				end = len(rest)
			}
			if end == 0 {
				return nil, false
			}
			n, rest = n.get(rest[:end]), rest[end:]
		}
	}
	return n, true
}
