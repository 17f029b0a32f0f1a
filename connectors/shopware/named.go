package shopware

import (
	"context"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"sync"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// names finds what products name: manufacturers, categories, values of properties. What the shop lacks is made, with an
// id that follows from the name: two who make the same at once, or one who makes it twice, make one.
type names struct {
	c *Client

	mu  sync.Mutex
	ids map[string]string // by kind and names
	top struct {
		id   string
		path []string // of names, from the root of all to this one
	}
}

// fixedID is an id that follows from what it stands for.
func fixedID(parts ...string) string {
	sum := md5.Sum([]byte("crosswalk\x00" + strings.Join(parts, "\x00")))
	return hex.EncodeToString(sum[:])
}

// known returns what find says, and remembers it. The lock is not held during the calls: the worst is that two ask.
func (n *names) known(key string, find func() (string, error)) (string, error) {
	n.mu.Lock()
	id, ok := n.ids[key]
	n.mu.Unlock()
	if ok {
		return id, nil
	}
	id, err := find()
	if err != nil {
		return "", err
	}
	n.mu.Lock()
	n.ids[key] = id
	n.mu.Unlock()
	return id, nil
}

// forget makes the next look-up ask again: what is remembered may have been deleted.
func (n *names) forget() {
	n.mu.Lock()
	defer n.mu.Unlock()
	clear(n.ids)
}

func (n *names) manufacturer(ctx context.Context, name string) (string, error) {
	return n.known("manufacturer\x00"+name, func() (string, error) {
		id, err := n.find(ctx, "product-manufacturer", name)
		if id != "" || err != nil {
			return id, err
		}
		id = fixedID("manufacturer", name)
		return id, n.make(ctx, "product_manufacturer", fmt.Sprintf("manufacturer %q", name), jsondoc.New("id", id, "name", name))
	})
}

// value finds a value of a property, of a name such as Colour.
func (n *names) value(ctx context.Context, property, value string) (string, error) {
	group, err := n.known("group\x00"+property, func() (string, error) {
		id, err := n.find(ctx, "property-group", property)
		if id != "" || err != nil {
			return id, err
		}
		id = fixedID("property", property)
		return id, n.make(ctx, "property_group", fmt.Sprintf("property %q", property), jsondoc.New("id", id, "name", property))
	})
	if err != nil {
		return "", err
	}
	return n.known("value\x00"+group+"\x00"+value, func() (string, error) {
		id, err := n.find(ctx, "property-group-option", value, equals("groupId", group))
		if id != "" || err != nil {
			return id, err
		}
		id = fixedID("value", group, value)
		return id, n.make(ctx, "property_group_option", fmt.Sprintf("value %q of property %q", value, property), jsondoc.New("id", id, "groupId", group, "name", value))
	})
}

// category finds the category at the end of a path of names, below the root of the shop. The root's own name may begin the path.
func (n *names) category(ctx context.Context, path []string) (string, error) {
	id, root, err := n.root(ctx)
	if err != nil {
		return "", err
	}
	path = below(root, path)
	for i, step := range path {
		parent := id
		id, err = n.known("category\x00"+parent+"\x00"+step, func() (string, error) {
			id, err := n.find(ctx, "category", step, equals("parentId", parent))
			if id != "" || err != nil {
				return id, err
			}
			id = fixedID("category", parent, step)
			return id, n.make(ctx, "category", fmt.Sprintf("category %q", strings.Join(path[:i+1], " > ")),
				jsondoc.New("id", id, "parentId", parent, "name", step, "active", true))
		})
		if err != nil {
			return "", err
		}
	}
	return id, nil
}

// below is a path without the name of the root, which may begin it.
func below(root, path []string) []string {
	if len(root) > 0 && len(path) > 0 && path[0] == root[len(root)-1] {
		return path[1:]
	}
	return path
}

// root is the category below which paths begin: that of the option, or that of the first shop that sells.
func (n *names) root(ctx context.Context) (id string, path []string, err error) {
	n.mu.Lock()
	id, path = n.top.id, n.top.path
	n.mu.Unlock()
	if id != "" {
		return id, path, nil
	}
	id = n.c.rootCategory
	if id == "" {
		page, err := n.c.search(ctx, "sales-channel", criteria{Limit: 1, Sort: byCreation,
			Filter: []filter{equals("typeId", storefront), equals("active", true)}}, nil)
		if err != nil {
			return "", nil, err
		}
		if len(page.rows) > 0 {
			id = page.rows[0].Get("navigationCategoryId").String()
		}
	}
	var row gjson.Result
	if id != "" {
		page, err := n.c.search(ctx, "category", criteria{IDs: []string{id}}, nil)
		if err != nil {
			return "", nil, err
		}
		if len(page.rows) > 0 {
			row = page.rows[0]
		}
	}
	if !row.Exists() {
		return "", nil, &port.Error{Kind: port.ErrValidation, System: system, Op: "category", Field: "categories",
			Message: "the shop has no root category: set the connection's option rootCategory to the id of one"}
	}
	for _, name := range row.Get("breadcrumb").Array() {
		path = append(path, name.String())
	}
	if len(path) == 0 {
		path = []string{nameOf(row)}
	}
	n.mu.Lock()
	n.top.id, n.top.path = id, path
	n.mu.Unlock()
	return id, path, nil
}

// storefront is the type of a sales channel that is a shop; the same id everywhere.
const storefront = "8a243080f92e4c719546314b577cf82b"

// find asks for the oldest row of a name, which the database compares more loosely than we do.
func (n *names) find(ctx context.Context, route, name string, more ...filter) (string, error) {
	crit := criteria{Limit: maxLimit, Sort: byCreation, Filter: append(more, equals("name", name))}
	for crit.Page = 1; ; crit.Page++ {
		page, err := n.c.search(ctx, route, crit, nil)
		if err != nil {
			return "", err
		}
		for _, row := range page.rows {
			if nameOf(row) == name {
				return row.Get("id").String(), nil
			}
		}
		if !page.full {
			return "", nil
		}
	}
}

func nameOf(row gjson.Result) string {
	if v := row.Get("name"); v.Type == gjson.String {
		return v.Str
	}
	return row.Get("translated.name").String()
}

// make writes a row that the shop lacks.
func (n *names) make(ctx context.Context, entity, what string, row *jsondoc.Object) error {
	if !n.c.createMissing {
		return &port.Error{Kind: port.ErrValidation, System: system, Op: "look up " + entity, Field: what,
			Message: "the shop has no " + what + ": make it there, or set the connection's option createMissing"}
	}
	return n.upsert(ctx, entity, row)
}

// upsert writes a row by the sync route, which changes what is there instead of refusing it: it may be repeated.
func (n *names) upsert(ctx context.Context, entity string, row *jsondoc.Object) error {
	body := jsondoc.Encode([]any{jsondoc.New("entity", entity, "action", "upsert", "payload", []any{row})})
	_, err := n.c.api.Do(ctx, rest.Request{Method: http.MethodPost, Path: "/_action/sync", Body: body, Header: n.c.writeHeader(), Repeat: rest.Safe})
	return err
}
