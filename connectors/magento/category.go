package magento

import (
	"context"
	"errors"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// pathNames are the names of a path of categories.
func pathNames(v any) []string {
	list, _ := v.([]any)
	var names []string
	for _, n := range list {
		if s := strings.TrimSpace(jsondoc.Text(n)); s != "" {
			names = append(names, s)
		}
	}
	return names
}

func pathKey(names []string) string { return strings.ToLower(strings.Join(names, "\x00")) }

// missingPaths are the wanted paths that are not among those of a product.
func missingPaths(have, want []any) []any {
	known := map[string]bool{}
	for _, p := range have {
		known[pathKey(pathNames(p))] = true
	}
	var missing []any
	for _, p := range want {
		if names := pathNames(p); len(names) > 0 && !known[pathKey(names)] {
			missing = append(missing, p)
		}
	}
	return missing
}

// categoryIDs finds categories by their paths below the root of the shop, and makes those that it lacks.
func (c *Client) categoryIDs(ctx context.Context, op string, paths []any) ([]string, error) {
	c.making.Lock()
	defer c.making.Unlock()
	root, err := c.rootCategory(ctx, op)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, path := range paths {
		at := root
		for _, name := range pathNames(path) {
			if at, err = c.categoryID(ctx, op, at, name); err != nil {
				return nil, err
			}
		}
		if at != root {
			ids = append(ids, at)
		}
	}
	return ids, nil
}

// rootCategory is that of the first store: paths that are read begin below it.
func (c *Client) rootCategory(ctx context.Context, op string) (string, error) {
	table, err := c.Reference(ctx, "storeGroups", false)
	if err != nil {
		return "", err
	}
	for _, row := range gjson.ParseBytes(table).Array() {
		if row.Get("id").Int() > 0 && row.Get("root_category_id").Int() > 0 {
			return row.Get("root_category_id").String(), nil
		}
	}
	return "", &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: "categories", Message: "the shop has no root category"}
}

// categoryID is the category with a name below another. The table is read anew before one is made.
func (c *Client) categoryID(ctx context.Context, op, parent, name string) (string, error) {
	find := func(refresh bool) (string, error) {
		table, err := c.Reference(ctx, "categories", refresh)
		if err != nil {
			return "", err
		}
		for _, row := range gjson.ParseBytes(table).Array() {
			if row.Get("parent_id").String() == parent && alike(row.Get("name").String(), name) {
				return row.Get("id").String(), nil
			}
		}
		return "", nil
	}
	for _, refresh := range []bool{false, true} {
		if id, err := find(refresh); err != nil || id != "" {
			return id, err
		}
	}
	if !c.createMissing {
		return "", c.missing(op, "categories", "category "+name)
	}
	body := []byte(`{"category":{"parent_id":` + parent + `,"name":` + string(jsonText(name)) + `,"is_active":true}}`)
	req := rest.Request{Method: http.MethodPost, Path: "/all/V1/categories", Body: body}
	// One of another name that is written alike in addresses has the place.
	if _, err := c.api.Do(ctx, req); err != nil && !errors.Is(err, port.ErrInDoubt) {
		return "", err
	}
	id, err := find(true)
	if err == nil && id == "" {
		err = &port.Error{Kind: port.ErrInDoubt, System: system, Op: req.Op(), Message: "the new category is not there"}
	}
	return id, err
}

// linkedCategories are the links of a product with more of them; a write replaces all.
func linkedCategories(have *jsondoc.Object, ids []string) []any {
	links := []any{}
	seen := map[string]bool{}
	for _, l := range have.Object("extension_attributes").Objects("category_links") {
		links = append(links, jsondoc.New("position", l.Get("position"), "category_id", l.Text("category_id")))
		seen[l.Text("category_id")] = true
	}
	for _, id := range ids {
		if !seen[id] {
			links = append(links, jsondoc.New("position", 0, "category_id", id))
			seen[id] = true
		}
	}
	return links
}
