package ecwid

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Ecwid copies an image from an address and keeps neither that nor a hash. So what was sent is remembered at the product, in an
// attribute that customers do not see: "0=<mark> 901177301=<mark>", where 0 is the main image, other ids are those of the gallery, and a mark
// is a hash of address and hash. Images that are not in it belong to somebody else and stay.

// ImagesAttribute is the name of the attribute that remembers images.
const ImagesAttribute = "Crosswalk images"

const mainImage = "0"

// image is one image of a document.
type image struct{ url, mark string }

func imagesOf(labels *jsondoc.Object) []image {
	var out []image
	for _, o := range labels.Objects("images") {
		if from := o.Text("url"); from != "" {
			sum := sha256.Sum256([]byte(from + "\x00" + o.Text("hash")))
			out = append(out, image{from, hex.EncodeToString(sum[:6])})
		}
	}
	return out
}

// sentImage is an image that was sent before.
type sentImage struct{ id, mark string }

// sentImages are the images that were sent and are still there.
func sentImages(have *jsondoc.Object) []sentImage {
	memory := attributeFor(have, jsondoc.New("name", ImagesAttribute)).Text("value")
	var out []sentImage
	for _, word := range strings.Fields(memory) {
		id, mark, _ := strings.Cut(word, "=")
		there := id == mainImage && have.Text("originalImageUrl")+have.Text("imageUrl") != "" || named(have.Objects("galleryImages"), "id", id) != nil
		if there {
			out = append(out, sentImage{id, mark})
		}
	}
	return out
}

// compareImages tells whether images are to be sent or taken away. The order of the gallery does not count.
func compareImages(d *jsondoc.Difference, labels, have, want *jsondoc.Object) {
	if !want.Has("images") {
		return
	}
	var marks, sent []string
	for i, im := range imagesOf(want) {
		marks = append(marks, place(i == 0)+im.mark)
	}
	for _, s := range sentImages(have) {
		sent = append(sent, place(s.id == mainImage)+s.mark)
	}
	slices.Sort(marks)
	slices.Sort(sent)
	if slices.Equal(slices.Compact(marks), slices.Compact(sent)) {
		return
	}
	d.Note("crosswalk.images", object(have.Get("media")).Get("images"), want.Get("images"))
	labels.Set("images", want.Get("images"))
}

func place(main bool) string {
	if main {
		return "main "
	}
	return "gallery "
}

func object(v any) *jsondoc.Object {
	o, _ := v.(*jsondoc.Object)
	return o
}

// writeImages sends the images that are new and takes away those that were sent before and are wanted no more. Each is remembered at once,
// so that a call that fails makes none come twice.
func (c *Client) writeImages(ctx context.Context, op string, have, labels *jsondoc.Object) error {
	if !labels.Has("images") {
		return nil
	}
	sent := sentImages(have)
	var keep []sentImage
	for i, im := range imagesOf(labels) {
		j := slices.IndexFunc(sent, func(s sentImage) bool { return s.mark == im.mark && (s.id == mainImage) == (i == 0) })
		if j >= 0 {
			keep = append(keep, sent[j])
			continue
		}
		if slices.ContainsFunc(keep, func(k sentImage) bool { return k.mark == im.mark && (k.id == mainImage) == (i == 0) }) {
			continue // named twice
		}
		id, err := c.sendImage(ctx, op, have, im, i == 0)
		if err != nil {
			return err
		}
		keep = append(keep, sentImage{id, im.mark})
		sent = slices.DeleteFunc(sent, func(s sentImage) bool { return s.id == id }) // the main image was replaced
		if err := c.remember(ctx, have, append(slices.Clone(keep), without(sent, keep)...)); err != nil {
			return err
		}
	}
	for _, old := range without(sent, keep) {
		req := rest.Request{Method: http.MethodDelete, Path: rest.Path("products", have.Text("id"), "gallery", old.id), Route: "/products/{id}/gallery/{id}"}
		if old.id == mainImage {
			req.Path, req.Route = rest.Path("products", have.Text("id"), "image"), "/products/{id}/image"
		}
		if _, _, err := c.do(ctx, req); noneFound(err) != nil {
			return err
		}
	}
	return c.remember(ctx, have, keep)
}

func without(list, some []sentImage) []sentImage {
	return slices.DeleteFunc(slices.Clone(list), func(s sentImage) bool { return slices.Contains(some, s) })
}

// sendImage lets the store fetch an image and returns its id, 0 for the main one. Where the answer is lost, the gallery tells by an id that
// was not there before.
func (c *Client) sendImage(ctx context.Context, op string, have *jsondoc.Object, im image, main bool) (string, error) {
	id := have.Text("id")
	req := rest.Request{Method: http.MethodPost, Path: rest.Path("products", id, "gallery"), Route: "/products/{id}/gallery",
		Query: url.Values{"externalUrl": {im.url}}, Body: []byte{}, Header: http.Header{"Content-Type": {"application/octet-stream"}}}
	if main {
		// Sent again, it replaces itself.
		req.Path, req.Route, req.Repeat = rest.Path("products", id, "image"), "/products/{id}/image", rest.Safe
	}
	answer, _, err := c.do(ctx, req)
	switch {
	case err == nil && main:
		return mainImage, nil
	case err == nil && answer.Get("id").Exists():
		return answer.Get("id").String(), nil
	case err != nil && !errors.Is(err, port.ErrInDoubt):
		return "", err
	}
	row, ok, readErr := c.one(ctx, "products", id)
	if readErr != nil || !ok {
		return "", errors.Join(err, readErr)
	}
	for _, g := range row.Get("galleryImages").Array() {
		if named(have.Objects("galleryImages"), "id", g.Get("id").String()) == nil {
			have.Set("galleryImages", append(have.List("galleryImages"), jsondoc.New("id", json.Number(g.Get("id").Raw))))
			return g.Get("id").String(), nil
		}
	}
	return "", errors.Join(err, &port.Error{Kind: port.ErrInDoubt, System: system, Op: op, Field: "images", Message: "an image may have been added"})
}

// remember writes the attribute.
func (c *Client) remember(ctx context.Context, have *jsondoc.Object, sent []sentImage) error {
	class := have.Text("productClassId")
	if class == "" {
		class = "0"
	}
	id, err := c.attributeID(ctx, class, ImagesAttribute, "NOTSHOW")
	if err != nil {
		return err
	}
	words := make([]string, len(sent))
	for i, s := range sent {
		words[i] = s.id + "=" + s.mark
	}
	row, ok, err := c.one(ctx, "products", have.Text("id"))
	if err != nil || !ok {
		return err
	}
	now, err := jsondoc.DecodeObject([]byte(row.Raw))
	if err != nil {
		return &port.Error{Kind: port.ErrProtocol, System: system, Op: "GET /products/{id}", Err: err}
	}
	list, err := c.attributeList(ctx, now, jsondoc.New("attributes", []any{jsondoc.New("id", id, "value", strings.Join(words, " "))}))
	if err != nil {
		return err
	}
	return c.put(ctx, resources[productResource], have.Text("id"), jsondoc.New("attributes", list))
}
