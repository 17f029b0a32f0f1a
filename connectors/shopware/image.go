package shopware

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"path"
	"regexp"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// image is a file of a product. Its id follows from what is in it (the hash, or the address where there is none), so that
// a file that did not change is known and not uploaded again.
type image struct {
	id, url string
}

// putImages links the images of a product; their files follow once it is written. Each has a place of its own: an image
// that changed takes the place of the one before.
func (c *Client) putImages(id string, have, in, labels *jsondoc.Object) ([]image, error) {
	if !labels.Has("images") {
		return nil, nil
	}
	var media []any
	var uploads []image
	for i, o := range labels.Objects("images") {
		im, err := imageOf(id, o)
		if err != nil {
			return nil, err
		}
		place := fixedID("place", id, position(i))
		if i == 0 {
			in.Set("coverId", place)
		}
		if !hasFile(have, im.id) {
			uploads = append(uploads, im)
		}
		if placed(have, place) == im.id {
			continue
		}
		// With its id alone it would be taken for an image that is there.
		file := jsondoc.New("id", im.id, "title", im.id)
		if name := o.Text("name"); name != "" {
			file.Set("alt", name)
			file.Set("title", name)
		}
		media = append(media, jsondoc.New("id", place, "position", i, "media", file))
	}
	if len(media) > 0 {
		in.Set("media", media)
	}
	return uploads, nil
}

func position(i int) string { return string(jsondoc.Int(i)) }

func imageOf(product string, o *jsondoc.Object) (image, error) {
	address := o.Text("url")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return image{}, invalid("images", "%q is no address of an image", address)
	}
	content := o.Text("hash")
	if content == "" {
		content = address
	}
	return image{id: fixedID("image", product, content), url: address}, nil
}

// placed is the image that stands at a place.
func placed(have *jsondoc.Object, place string) string {
	for _, m := range have.Objects("media") {
		if m.Text("id") == place {
			return m.Text("mediaId")
		}
	}
	return ""
}

func hasFile(have *jsondoc.Object, id string) bool {
	for _, m := range have.Objects("media") {
		if m.Text("mediaId") == id {
			return m.Object("media").Get("hasFile") == true
		}
	}
	return false
}

var unsafe = regexp.MustCompile(`[^a-zA-Z0-9._-]+`)

// upload lets the shop fetch the file of an image. A file name is unique in the whole shop, so it ends with the image's id.
func (c *Client) upload(ctx context.Context, im image) error {
	u, err := url.Parse(im.url)
	if err != nil {
		return invalid("images", "%q is no address of an image", im.url)
	}
	base := path.Base(u.Path)
	extension := strings.TrimPrefix(path.Ext(base), ".")
	if extension == "" {
		extension = "jpg"
	}
	name := strings.Trim(unsafe.ReplaceAllString(strings.TrimSuffix(base, path.Ext(base)), "-"), "-.")
	_, err = c.api.Do(ctx, rest.Request{
		Method: http.MethodPost, Path: rest.Path("_action", "media", im.id, "upload"), Route: "/_action/media/{id}/upload",
		Query: url.Values{"extension": {extension}, "fileName": {strings.Trim(name+"-"+im.id[:12], "-")}},
		Body:  jsondoc.Encode(jsondoc.New("url", im.url)), Header: c.writeHeader(), Repeat: rest.Safe, // the same file once more
	})
	return err
}

// uploadAll uploads what it can. The product is there: what fails is said, and tried again by the next comparison.
func (c *Client) uploadAll(ctx context.Context, list []image) error {
	var errs []error
	for _, im := range list {
		if err := c.upload(ctx, im); err != nil {
			errs = append(errs, err)
			var e *port.Error
			if !errors.As(err, &e) || e.Kind != port.ErrValidation {
				break
			}
		}
	}
	return errors.Join(errs...)
}
