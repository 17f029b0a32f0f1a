package ccv

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// A product is written as the API's own input (name, price, discount, taxtariff, active, ...) with these labels:
//
//	brand       name; a brand that is not there is made
//	package     name of the kind of package; unsaid, the shop's first
//	categories  [[name, ...], ...] from the root; categories that are not there are made, and no membership is taken away
//	variants    [{options: [{name, value}], price, active, and members of an attributecombination}]; attributes and values that are not there are
//	            made; the shop makes a variant of every choice of values, and those that are not listed are switched off
//	related     [number, ...] of products that are shown with it; others that it names stay
//	photos      [{url, alttext, hash}], the first is the main one; hash, or url where there is none, tells whether it changed

// labels are the members of a product that the API does not know as they are.
var labels = []string{"brand", "package", "categories", "variants", "related", "photos", "crosswalk"}

// step is one change of a product and how to make it.
type step struct {
	change port.Change
	do     func(context.Context) error
}

// phase says what one part of a product lacks. Later phases see what earlier ones made.
type phase func(c *Client, ctx context.Context, have, want gjson.Result) ([]step, error)

var phases = []phase{(*Client).basePhase, (*Client).categoryPhase, (*Client).valuePhase, (*Client).variantPhase, (*Client).relatedPhase, (*Client).photoPhase}

func (c *Client) createProduct(ctx context.Context, op string, body []byte) (port.Document, error) {
	want := gjson.ParseBytes(body)
	sku := want.Get("productnumber").String()
	if sku == "" {
		return port.Document{}, c.refuse(op, "productnumber", "a product needs a number")
	}
	found, err := c.productsWith(ctx, sku)
	if err != nil {
		return port.Document{}, err
	}
	if len(found) > 0 {
		return port.Document{}, &port.Error{Kind: port.ErrConflict, System: c.dialect.name, Op: op, Field: "productnumber", Message: "the shop has the number " + sku}
	}
	if _, err := surcharges(want, gjson.Result{}); err != nil {
		return port.Document{}, c.refuse(op, "variants.price", err.Error()) // before anything is made
	}
	base, err := c.newBase(ctx, want)
	if err != nil {
		return port.Document{}, err
	}
	v, err := c.write(ctx, http.MethodPost, base, "products")
	if err != nil {
		return port.Document{}, err
	}
	id, err := c.made(op, v)
	if err != nil {
		return port.Document{}, err
	}
	doc, err := c.complete(ctx, id, want)
	c.written(doc)
	if port.Retryable(err) {
		// The product is there, half: nobody may make it again.
		return port.Document{}, &port.Error{Kind: port.ErrInDoubt, System: c.dialect.name, Op: op, Message: "the product was made, what belongs to it not wholly", Err: err}
	}
	return doc, err
}

// newBase is what POST /products/ takes of a product.
func (c *Client) newBase(ctx context.Context, want gjson.Result) ([]byte, error) {
	body := []byte("{}")
	var err error
	for member, v := range c.baseMembers(ctx, want, &err) {
		if body, err = sjson.SetRawBytes(body, member, []byte(v.Raw)); err != nil {
			return nil, err
		}
	}
	if err != nil {
		return nil, err
	}
	if !gjson.GetBytes(body, "discount").Exists() {
		if body, err = sjson.SetRawBytes(body, "discount", []byte("0")); err != nil {
			return nil, err
		}
	}
	if gjson.GetBytes(body, "package_id").Exists() {
		return body, nil
	}
	pack, err := c.packageID(ctx, "")
	if err != nil {
		return nil, err
	}
	return sjson.SetRawBytes(body, "package_id", []byte(pack))
}

// baseMembers yields the members that the API takes, labels of brand and package as ids. Its error is in *failed.
func (c *Client) baseMembers(ctx context.Context, want gjson.Result, failed *error) func(func(string, gjson.Result) bool) {
	return func(yield func(string, gjson.Result) bool) {
		want.ForEach(func(k, v gjson.Result) bool {
			name := k.String()
			switch {
			case name == "brand" && v.String() != "", name == "package" && v.String() != "":
				id, err := c.labelled(ctx, name, v.String())
				if err != nil {
					*failed = err
					return false
				}
				return yield(name+"_id", gjson.Parse(id))
			case slices.Contains(labels, name):
				return true
			}
			return yield(name, v)
		})
	}
}

// labelled is the id of a brand or package with a name, which is made where there is none.
func (c *Client) labelled(ctx context.Context, kind, name string) (string, error) {
	if kind == "package" {
		return c.packageID(ctx, name)
	}
	for _, refresh := range []bool{false, true} {
		table, err := c.Reference(ctx, "brands", refresh)
		if err != nil {
			return "", err
		}
		for _, row := range gjson.ParseBytes(table).Array() {
			if strings.EqualFold(row.Get("name").String(), name) {
				return row.Get("id").String(), nil
			}
		}
	}
	return c.newNamed(ctx, "brands", name)
}

func (c *Client) updateProduct(ctx context.Context, id string, change []byte) (port.Document, error) {
	if strings.Contains(id, "/") {
		return c.updateVariant(ctx, id, gjson.ParseBytes(change))
	}
	doc, err := c.complete(ctx, id, gjson.ParseBytes(change))
	c.written(doc)
	return doc, err
}

// complete makes a product what want says, phase by phase. It is safe to repeat.
func (c *Client) complete(ctx context.Context, id string, want gjson.Result) (port.Document, error) {
	doc, err := c.productNow(ctx, id)
	if err != nil {
		return port.Document{}, err
	}
	if err := c.sameProduct(doc, want); err != nil {
		return port.Document{}, err
	}
	for _, p := range phases {
		steps, err := p(c, ctx, gjson.ParseBytes(doc.Body), want)
		if err != nil {
			return port.Document{}, err
		}
		for _, s := range steps {
			if err := s.do(ctx); err != nil {
				return port.Document{}, fmt.Errorf("%s: %w", s.change.Path, err)
			}
		}
		if len(steps) == 0 {
			continue
		}
		if doc, err = c.productNow(ctx, id); err != nil {
			return port.Document{}, err
		}
	}
	return doc, nil
}

func (c *Client) productNow(ctx context.Context, id string) (port.Document, error) {
	docs, err := c.productByID(ctx, []string{id})
	if err == nil && len(docs) == 0 {
		err = &port.Error{Kind: port.ErrNotFound, System: c.dialect.name, Op: "read product", Message: "the shop has no product with this id"}
	}
	if err != nil {
		return port.Document{}, err
	}
	return docs[0], nil
}

// sameProduct refuses to make one product of another.
func (c *Client) sameProduct(have port.Document, want gjson.Result) error {
	const op = "update product"
	if sku := want.Get("productnumber"); sku.Exists() && sku.String() != gjson.GetBytes(have.Body, "productnumber").String() {
		return c.refuse(op, "productnumber", "a product keeps its number")
	}
	return nil
}

func (c *Client) compareProduct(ctx context.Context, have port.Document, want []byte) (port.Comparison, error) {
	w := gjson.ParseBytes(want)
	if strings.Contains(have.ID, "/") {
		changes, err := c.variantDifferences(gjson.ParseBytes(have.Body), w)
		return port.Comparison{Changes: changes, Body: want}, err
	}
	if err := c.sameProduct(have, w); err != nil {
		return port.Comparison{}, err
	}
	out := port.Comparison{Body: want}
	for _, p := range phases {
		steps, err := p(c, ctx, gjson.ParseBytes(have.Body), w)
		if err != nil {
			return port.Comparison{}, err
		}
		for _, s := range steps {
			out.Changes = append(out.Changes, s.change)
		}
	}
	return out, nil
}

// readNames are members that are read under another name than they are written.
var readNames = map[string]string{
	"active": "is_active", "brand": "brand.name", "brand_id": "brand.id", "package_id": "package.id", "supplier_id": "supplier.id",
	"condition": "condition.name", "condition_id": "condition.id", "color_id": "color.id",
}

// basePhase writes the members of the product itself in one call.
func (c *Client) basePhase(_ context.Context, have, want gjson.Result) ([]step, error) {
	id := have.Get("id").String()
	changed := map[string]bool{}
	var steps []step
	want.ForEach(func(k, w gjson.Result) bool {
		name := k.String()
		if name != "brand" && slices.Contains(labels, name) {
			return true
		}
		h := have.Get(rawOr(readNames[name], name))
		if name == "memo" {
			h = gjson.ParseBytes(jsonOf(ownMemo(h.String())))
		}
		if !equal(h, w) {
			changed[name] = true
			steps = append(steps, step{port.Change{Path: name, From: rawJSON(h), To: rawJSON(w)}, nothing})
		}
		return true
	})
	if pack := want.Get("package").String(); pack != "" && !strings.EqualFold(c.packageName(have.Get("package.id").String()), pack) {
		changed["package"] = true
		steps = append(steps, step{port.Change{Path: "package", To: jsonOf(pack)}, nothing})
	}
	if len(steps) == 0 {
		return nil, nil
	}
	// One call makes all of them.
	steps[0].do = func(ctx context.Context) error {
		body := []byte("{}")
		var failed, err error
		for member, v := range c.baseMembers(ctx, want, &failed) {
			if changed[member] || changed[strings.TrimSuffix(member, "_id")] {
				if body, err = sjson.SetRawBytes(body, member, []byte(v.Raw)); err != nil {
					return err
				}
			}
		}
		if failed != nil {
			return failed
		}
		_, err = c.write(ctx, http.MethodPatch, body, "products", id)
		return err
	}
	return steps, nil
}

func nothing(context.Context) error { return nil }

// packageName is a name that was read already; "" where it was not.
func (c *Client) packageName(id string) string {
	for _, row := range gjson.ParseBytes(c.tables.Known("packages")).Array() {
		if row.Get("id").String() == id {
			return row.Get("name").String()
		}
	}
	return ""
}

// categoryPhase puts the product into categories that it is not in.
func (c *Client) categoryPhase(_ context.Context, have, want gjson.Result) ([]step, error) {
	var steps []step
	there := map[string]bool{}
	for _, p := range have.Get("crosswalk.categories").Array() {
		there[pathKey(texts(p))] = true
	}
	for _, p := range want.Get("categories").Array() {
		names := texts(p)
		if len(names) == 0 || there[pathKey(names)] {
			continue
		}
		there[pathKey(names)] = true
		steps = append(steps, step{port.Change{Path: "categories", To: jsonOf(names)}, func(ctx context.Context) error {
			category, err := c.categoryID(ctx, names)
			if err != nil {
				return err
			}
			_, err = c.write(ctx, http.MethodPost, members("product_id", raw(have.Get("id").Raw), "category_id", raw(category)), "producttocategories")
			if errors.Is(err, port.ErrConflict) {
				return nil // it is in it
			}
			return err
		}})
	}
	return steps, nil
}

func texts(v gjson.Result) []string {
	var out []string
	for _, e := range v.Array() {
		if s := strings.TrimSpace(e.String()); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func pathKey(names []string) string { return strings.ToLower(strings.Join(names, "\x00")) }

// categoryID is the category at the end of a path. Those that are not there are made.
func (c *Client) categoryID(ctx context.Context, names []string) (string, error) {
	refresh := c.missed("categories")
	parent, depth := "", 0
	for ; depth < len(names); depth++ {
		paths, err := c.categoryPaths(ctx, refresh)
		if err != nil {
			return "", err
		}
		refresh = false
		id := ""
		for have, path := range paths {
			if pathKey(path) == pathKey(names[:depth+1]) && (id == "" || higher(id, have)) {
				id = have
			}
		}
		if id == "" {
			break
		}
		parent = id
	}
	for ; depth < len(names); depth++ {
		pairs := []any{"name", names[depth]}
		if parent != "" {
			pairs = append(pairs, "parentcategory_id", raw(parent))
		}
		v, err := c.write(ctx, http.MethodPost, members(pairs...), "categories")
		if err != nil {
			return "", err
		}
		if parent, err = c.made("POST /categories/", v); err != nil {
			return "", err
		}
		if _, err := c.Reference(ctx, "categories", true); err != nil {
			return "", err
		}
	}
	return parent, nil
}
