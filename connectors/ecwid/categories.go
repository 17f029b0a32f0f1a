package ecwid

import (
	"context"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// deepest is how many categories a path is followed up, should two be above each other.
const deepest = 50

// categoryPaths are the names from the top category to each of a product's, as JSON text; "" where it has none. A category that the table does
// not know is looked for once more.
func (c *Client) categoryPaths(ctx context.Context, product gjson.Result) (string, error) {
	ids := product.Get("categoryIds").Array()
	if len(ids) == 0 {
		return "", nil
	}
	for _, refresh := range []bool{false, true} {
		table, err := c.Reference(ctx, "categories", refresh)
		if err != nil {
			return "", err
		}
		rows := map[string]gjson.Result{}
		for _, row := range gjson.ParseBytes(table).Array() {
			rows[row.Get("id").Raw] = row
		}
		paths := []any{}
		missing := false
		for _, id := range ids {
			path := []any{}
			for at := id.Raw; at != "" && at != "0" && len(path) < deepest; at = rows[at].Get("parentId").Raw {
				if _, ok := rows[at]; !ok {
					missing, path = true, nil
					break
				}
				path = slices.Insert(path, 0, any(rows[at].Get("name").String()))
			}
			if len(path) > 0 {
				paths = append(paths, path)
			}
		}
		if !missing || refresh || !c.missed("categories") {
			return string(jsondoc.Encode(paths)), nil
		}
	}
	return "", nil // not reached: the second turn returns
}

// missingPaths are the wanted paths that are not there. Names are compared without regard to case and outer spaces.
func missingPaths(have gjson.Result, want []any) []any {
	known := map[string]bool{}
	for _, p := range have.Array() {
		var names []string
		for _, n := range p.Array() {
			names = append(names, n.String())
		}
		known[pathKey(names)] = true
	}
	var missing []any
	for _, p := range want {
		if names := pathNames(p); len(names) > 0 && !known[pathKey(names)] {
			missing = append(missing, p)
		}
	}
	return missing
}

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

func pathKey(names []string) string {
	return strings.ToLower(strings.Join(names, "\x00"))
}

// categoryIDs finds categories by their paths, and makes those that the store lacks.
func (c *Client) categoryIDs(ctx context.Context, op string, paths []any) ([]json.Number, error) {
	c.making.Lock()
	defer c.making.Unlock()
	var ids []json.Number
	for _, path := range paths {
		names := pathNames(path)
		parent := json.Number("0")
		for _, name := range names {
			id, err := c.categoryID(ctx, op, parent, name)
			if err != nil {
				return nil, err
			}
			parent = id
		}
		if len(names) > 0 {
			ids = append(ids, parent)
		}
	}
	return ids, nil
}

// categoryID is the category with a name below another. The table is read anew before one is made.
func (c *Client) categoryID(ctx context.Context, op string, parent json.Number, name string) (json.Number, error) {
	for _, refresh := range []bool{false, true} {
		table, err := c.Reference(ctx, "categories", refresh)
		if err != nil {
			return "", err
		}
		for _, row := range gjson.ParseBytes(table).Array() {
			above := json.Number(row.Get("parentId").Raw)
			if above == "" {
				above = "0"
			}
			if above == parent && strings.EqualFold(strings.TrimSpace(row.Get("name").String()), name) {
				return json.Number(row.Get("id").Raw), nil
			}
		}
	}
	body := jsondoc.New("name", name)
	if parent != "0" {
		body.Set("parentId", parent)
	}
	answer, _, err := c.do(ctx, rest.Request{Method: http.MethodPost, Path: "/categories", Body: jsondoc.Encode(body)})
	if err != nil {
		return "", err
	}
	id := json.Number(answer.Get("id").Raw)
	if id == "" {
		return "", &port.Error{Kind: port.ErrInDoubt, System: system, Op: op, Message: "the answer to the new category has no id"}
	}
	_, err = c.Reference(ctx, "categories", true)
	return id, err
}
