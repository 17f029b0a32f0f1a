package ccv

import (
	"context"
	"encoding/base64"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// mostPhoto is the most bytes of a picture that are fetched.
const mostPhoto = 20 << 20

// photoPhase uploads the photos that the product does not have. CCV keeps neither where a photo came from nor a hash of it: its alttext tells
// which one it is, so that a picture that changes must change its name, too.
func (c *Client) photoPhase(_ context.Context, have, want gjson.Result) ([]step, error) {
	there := map[string]gjson.Result{}
	for _, p := range have.Get("productphotos.collection").Array() {
		there[p.Get("alttext").String()] = p
	}
	product := have.Get("id").String()
	var steps []step
	for i, w := range want.Get("photos").Array() {
		address, name := w.Get("url").String(), photoName(w)
		if address == "" {
			continue
		}
		main := i == 0
		p, ok := there[name]
		if !ok {
			there[name] = w
			steps = append(steps, step{port.Change{Path: "photos[" + name + "]", To: jsonOf(address)}, func(ctx context.Context) error {
				return c.upload(ctx, product, address, name, main)
			}})
			continue
		}
		if main && p.Get("id").Exists() && !p.Get("is_mainphoto").Bool() {
			steps = append(steps, step{port.Change{Path: "photos[" + name + "].is_mainphoto", From: raw("false"), To: raw("true")}, func(ctx context.Context) error {
				_, err := c.write(ctx, http.MethodPatch, members("is_mainphoto", true), "productphotos", p.Get("id").String())
				return err
			}})
		}
	}
	return steps, nil
}

// photoName is what a photo is called: its text, or the name of its file.
func photoName(w gjson.Result) string {
	if t := strings.TrimSpace(w.Get("alttext").String()); t != "" {
		return t
	}
	u, err := url.Parse(w.Get("url").String())
	if err != nil {
		return ""
	}
	return path.Base(u.Path)
}

// kindsOfPhotos are file types by media type.
var kindsOfPhotos = map[string]string{"image/jpeg": "jpg", "image/png": "png", "image/gif": "gif", "image/webp": "webp"}

func (c *Client) upload(ctx context.Context, product, address, name string, main bool) error {
	const op = "fetch photo"
	fail := func(message string) error { return c.refuse(op, "photos", message) }
	u, err := url.Parse(address)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return fail("a photo has no address that begins with https://")
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, address, nil)
	if err != nil {
		return fail("a photo's address cannot be read")
	}
	res, err := c.images.Do(req)
	if err != nil {
		// The error of the client repeats the address, which may hold a signature.
		return &port.Error{Kind: port.ErrOutage, System: c.dialect.name, Op: op, Message: "the photo at " + u.Host + " cannot be fetched"}
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, mostPhoto+1))
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode != http.StatusOK:
		return fail("the photo at " + u.Host + " is not there: " + res.Status)
	case err != nil:
		return &port.Error{Kind: port.ErrOutage, System: c.dialect.name, Op: op, Message: "the photo at " + u.Host + " came half"}
	case len(data) > mostPhoto:
		return fail("the photo at " + u.Host + " is larger than 20 MiB")
	}
	fileType := kindsOfPhotos[kind]
	if fileType == "" {
		fileType = kindsOfPhotos[http.DetectContentType(data)]
	}
	if fileType == "" {
		return fail("what stands at " + u.Host + " is no JPEG, PNG, GIF or WebP")
	}
	body := members("file_type", fileType, "source", base64.StdEncoding.EncodeToString(data), "alttext", name, "is_mainphoto", main)
	_, err = c.write(ctx, http.MethodPost, body, "products", product, "productphotos")
	return err
}
