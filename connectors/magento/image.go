package magento

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Magento keeps neither the address nor a hash of an image, but the name of its file. So an image is sent under a name that says
// what it is of: cw- and a hash of address and hash. Magento makes cw-0123456789ab_1.png of it where another product has the same.
// Images with other names belong to somebody else and stay.

// image is one image of a document.
type image struct{ url, name, mark string }

var sentFile = regexp.MustCompile(`^cw-([0-9a-f]{12})(_[0-9]+)*\.[a-z]+$`)

func imagesOf(labels *jsondoc.Object) []image {
	var out []image
	seen := map[string]bool{}
	for _, o := range labels.Objects("images") {
		sum := sha256.Sum256([]byte(o.Text("url") + "\x00" + o.Text("hash")))
		im := image{o.Text("url"), o.Text("name"), hex.EncodeToString(sum[:6])}
		if im.url != "" && !seen[im.mark] {
			out = append(out, im)
			seen[im.mark] = true
		}
	}
	return out
}

// sentImages are the entries of the gallery that were sent, by mark.
func sentImages(have *jsondoc.Object) map[string]*jsondoc.Object {
	out := map[string]*jsondoc.Object{}
	for _, e := range have.Objects("media_gallery_entries") {
		if m := sentFile.FindStringSubmatch(path.Base(e.Text("file"))); m != nil {
			out[m[1]] = e
		}
	}
	return out
}

// compareImages tells whether images are to be sent or taken away. Their order does not count.
func compareImages(d *jsondoc.Difference, labels, have, want *jsondoc.Object) {
	if !want.Has("images") {
		return
	}
	images, sent := imagesOf(want), sentImages(have)
	same := len(images) == len(sent)
	for _, im := range images {
		same = same && sent[im.mark] != nil
	}
	if same {
		return
	}
	var before []any
	for _, e := range have.Objects("media_gallery_entries") {
		before = append(before, e.Get("file"))
	}
	var from any
	if before != nil {
		from = before
	}
	d.Note("crosswalk.images", from, want.Get("images"))
	labels.Set("images", want.Get("images"))
}

// writeImages sends the images that are new, and then takes away those that were sent before and are wanted no more. The first
// one is the product's main image where it is new.
func (c *Client) writeImages(ctx context.Context, sku string, have, labels *jsondoc.Object) error {
	if !labels.Has("images") {
		return nil
	}
	sent := sentImages(have)
	wanted := map[string]bool{}
	for i, im := range imagesOf(labels) {
		wanted[im.mark] = true
		if sent[im.mark] != nil {
			continue
		}
		if err := c.sendImage(ctx, sku, im, i); err != nil {
			return err
		}
	}
	for mark, e := range sent {
		if wanted[mark] {
			continue
		}
		p, route := skuPath("products", sku, "media", e.Text("id"))
		if _, err := c.api.Do(ctx, rest.Request{Method: http.MethodDelete, Path: p, Route: route, Repeat: rest.Safe}); err != nil && !errors.Is(err, port.ErrNotFound) {
			return err
		}
	}
	return nil
}

// extensions are the images that Magento takes.
var extensions = map[string]string{"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif"}

func (c *Client) sendImage(ctx context.Context, sku string, im image, position int) error {
	data, kind, err := c.fetch(ctx, im.url)
	if err != nil {
		return &port.Error{Kind: port.ErrValidation, System: system, Op: "image of " + sku, Field: "images", Message: "the image cannot be fetched from where it is", Err: err}
	}
	types := []any{}
	if position == 0 {
		types = []any{"image", "small_image", "thumbnail"}
	}
	entry := jsondoc.New("media_type", "image", "label", im.name, "position", position+1, "disabled", false, "types", types,
		"content", jsondoc.New("base64_encoded_data", base64.StdEncoding.EncodeToString(data), "type", kind, "name", "cw-"+im.mark+"."+extensions[kind]))
	p, route := skuPath("products", sku, "media")
	_, err = c.api.Do(ctx, rest.Request{Method: http.MethodPost, Path: p, Route: route, Body: jsondoc.Encode(jsondoc.New("entry", entry))})
	return err
}

const largestImage = 16 << 20

// fetch reads an image from the web.
func (c *Client) fetch(ctx context.Context, address string) (data []byte, kind string, err error) {
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		return nil, "", errors.New("its address is none of the web")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return nil, "", errors.New("its address cannot be asked")
	}
	resp, err := c.web.Do(req)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err // without the address, which may hold a signature
		}
		return nil, "", err
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%s answers HTTP %d", u.Host, resp.StatusCode)
	}
	if data, err = io.ReadAll(io.LimitReader(resp.Body, largestImage+1)); err != nil {
		return nil, "", err
	}
	kind, _, _ = strings.Cut(http.DetectContentType(data), ";")
	switch {
	case len(data) > largestImage:
		return nil, "", errors.New("it is larger than 16 MB")
	case extensions[kind] == "":
		return nil, "", errors.New("it is no JPEG, PNG or GIF, the images that Magento takes")
	}
	return data, kind, nil
}
