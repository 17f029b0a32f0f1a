package shopware

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// labelled is the member of a product in which a mapping names what the API wants by id:
//
//	crosswalk.manufacturer  a name
//	crosswalk.categories    [["Shoes", "Men"], ...]: paths; the product is put into them and taken out of none
//	crosswalk.features      [{name, value}, ...]: properties that inform; others of the product stay
//	crosswalk.variants      [{productNumber, ean, stock, price, options: [{name, value}]}, ...]; others of the family stay
//	crosswalk.related       [number, ...] that are shown with it, in a list of their own that is called crosswalk.relatedTitle when it is made
//	crosswalk.images        [{url, name, hash}, ...]: the first one is the cover
//
// See named.go for what becomes of names that the shop does not know, and image.go for images.
const labelled = "crosswalk"

// putProduct turns the labels of a product into ids, in place. have is the product as it is, nil for a new one. It returns the
// images whose files are to be uploaded after the product was written.
func (c *Client) putProduct(ctx context.Context, id string, have, in *jsondoc.Object) ([]image, error) {
	labels := in.Object(labelled)
	in.Drop(labelled)
	if name := labels.Text("manufacturer"); name != "" {
		found, err := c.names.manufacturer(ctx, name)
		if err != nil {
			return nil, err
		}
		in.Set("manufacturerId", found)
	}
	if err := c.putCategories(ctx, in, labels); err != nil {
		return nil, err
	}
	if err := c.putFeatures(ctx, in, labels); err != nil {
		return nil, err
	}
	if err := c.putVariants(ctx, id, have, in, labels); err != nil {
		return nil, err
	}
	if err := c.putRelated(ctx, id, have, in, labels); err != nil {
		return nil, err
	}
	putVisibilities(id, have, in)
	return c.putImages(id, have, in, labels)
}

func (c *Client) putCategories(ctx context.Context, in, labels *jsondoc.Object) error {
	if !labels.Has("categories") {
		return nil
	}
	list := in.List("categories")
	for _, v := range labels.List("categories") {
		path := texts(v)
		if len(path) == 0 {
			continue
		}
		id, err := c.names.category(ctx, path)
		if err != nil {
			return err
		}
		list = append(list, jsondoc.New("id", id))
	}
	in.Set("categories", list)
	return nil
}

func (c *Client) putFeatures(ctx context.Context, in, labels *jsondoc.Object) error {
	if !labels.Has("features") {
		return nil
	}
	list := in.List("properties")
	for _, f := range labels.Objects("features") {
		if f.Text("name") == "" || f.Text("value") == "" {
			continue
		}
		id, err := c.names.value(ctx, f.Text("name"), f.Text("value"))
		if err != nil {
			return err
		}
		list = append(list, jsondoc.New("id", id))
	}
	in.Set("properties", list)
	return nil
}

// putVariants writes the variants as children and tells the family which values there are to choose from.
func (c *Client) putVariants(ctx context.Context, id string, have, in, labels *jsondoc.Object) error {
	if !labels.Has("variants") {
		return nil
	}
	var children, settings []any
	chosen := settingsOf(have)
	for _, v := range labels.Objects("variants") {
		number := v.Text("productNumber")
		if number == "" {
			return invalid("variants", "a variant has no number")
		}
		child := v.Clone()
		child.Drop("options")
		old := childOf(have, number)
		if old != nil {
			child.Set("id", old.Text("id"))
			child.Drop("stock") // that of a variant that is there moves by the resource stock
		} else {
			child.Set("id", fixedID("variant", id, number))
			if !child.Has("stock") {
				child.Set("stock", 0)
			}
		}
		if v.Has("options") {
			var options []any
			for _, o := range v.Objects("options") {
				value, err := c.names.value(ctx, o.Text("name"), o.Text("value"))
				if err != nil {
					return err
				}
				options = append(options, jsondoc.New("id", value))
				if !slices.Contains(chosen, value) {
					chosen = append(chosen, value)
					settings = append(settings, jsondoc.New("id", fixedID("setting", id, value), "optionId", value))
				}
			}
			child.Set("options", options)
		}
		children = append(children, child)
	}
	if len(children) > 0 {
		in.Set("children", children)
	}
	if len(settings) > 0 {
		in.Set("configuratorSettings", settings)
	}
	return nil
}

// putVisibilities names the rows by which a product is seen, of which a sales channel has one.
func putVisibilities(id string, have, in *jsondoc.Object) {
	for _, v := range in.Objects("visibilities") {
		if v.Has("id") {
			continue
		}
		channel := v.Text("salesChannelId")
		v.Set("id", fixedID("visibility", id, channel))
		if old := visibilityIn(have, channel); old != nil {
			v.Set("id", old.Get("id"))
		}
	}
}

// visibilityIn is how a sales channel shows a product, nil where it does not.
func visibilityIn(have *jsondoc.Object, channel string) *jsondoc.Object {
	for _, v := range have.Objects("visibilities") {
		if v.Text("salesChannelId") == channel {
			return v
		}
	}
	return nil
}

// settingsOf are the values from which a family lets people choose.
func settingsOf(have *jsondoc.Object) []string {
	var out []string
	for _, s := range have.Objects("configuratorSettings") {
		out = append(out, s.Text("optionId"))
	}
	return out
}

func childOf(have *jsondoc.Object, number string) *jsondoc.Object {
	for _, child := range have.Objects("children") {
		if child.Text("productNumber") == number {
			return child
		}
	}
	return nil
}

// texts are the texts in a list.
func texts(v any) []string {
	list, _ := v.([]any)
	var out []string
	for _, e := range list {
		if s := jsondoc.Text(e); s != "" {
			out = append(out, s)
		}
	}
	return out
}

func invalid(field, format string, args ...any) error {
	return &port.Error{Kind: port.ErrValidation, System: system, Op: "write product", Field: field, Message: fmt.Sprintf(format, args...)}
}

// createProduct writes a product, its variants and what they name. Its id follows from its number, so that a create that is
// repeated, because a call after the first failed, goes on where it stopped.
func (c *Client) createProduct(ctx context.Context, res resource, op string, body []byte) (port.Document, error) {
	in, err := decoded(op, body)
	if err != nil {
		return port.Document{}, err
	}
	id, chosen := in.Text("id"), in.Has("id")
	if !chosen {
		id = fixedID("product", in.Text("productNumber"))
		in.Set("id", id)
	}
	uploads, err := c.putProduct(ctx, id, nil, in)
	if err != nil {
		return port.Document{}, err
	}
	made, err := c.post(ctx, res, op, id, jsondoc.Encode(in))
	if errors.Is(err, port.ErrConflict) && !chosen {
		if docs, _, readErr := c.load(ctx, res, criteria{IDs: []string{id}}); readErr == nil && len(docs) == 1 && docs[0].Key == in.Text("productNumber") {
			return c.Update(ctx, res.name, id, body)
		}
	}
	if err != nil {
		c.names.forget() // an id that is remembered may be what it refuses
		return port.Document{}, err
	}
	if len(uploads) == 0 {
		return made, nil
	}
	if err := c.uploadAll(ctx, uploads); err != nil {
		return port.Document{}, err
	}
	return c.settle(ctx, res, op, id, nil)
}

// labelsToIDs turns the labels of a change into ids, and gives one to what has none.
func (c *Client) labelsToIDs(ctx context.Context, res resource, op, id string, change []byte) ([]byte, []image, error) {
	in, err := decoded(op, change)
	if err != nil || !in.Has(labelled) && !in.Has("visibilities") {
		return change, nil, err
	}
	docs, _, err := c.load(ctx, res, criteria{IDs: []string{id}})
	if err != nil {
		return nil, nil, err
	}
	if len(docs) == 0 {
		return nil, nil, &port.Error{Kind: port.ErrNotFound, System: system, Op: op, Message: "there is no product with this id"}
	}
	have, err := decoded(op, docs[0].Body)
	if err != nil {
		return nil, nil, err
	}
	uploads, err := c.putProduct(ctx, id, have, in)
	return jsondoc.Encode(in), uploads, err
}
