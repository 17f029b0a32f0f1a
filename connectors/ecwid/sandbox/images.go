package sandbox

import (
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

var imageRoutes = []route{
	{http.MethodPost, "products/*/image", "update_catalog", (*Sandbox).uploadMain},
	{http.MethodDelete, "products/*/image", "update_catalog", (*Sandbox).deleteMain},
	{http.MethodPost, "products/*/gallery", "update_catalog", (*Sandbox).uploadGallery},
	{http.MethodDelete, "products/*/gallery/*", "update_catalog", (*Sandbox).deleteGallery},
}

// maxImage is the most bytes of an image.
const maxImage = 20 << 20

// upload takes the bytes of an image, or the address that the store fetches it from. A host that begins with "unreachable" is.
func (c *call) upload() *apiError {
	if from := c.query.Get("externalUrl"); from != "" {
		u, err := url.Parse(from)
		if err != nil || u.Host == "" || strings.HasPrefix(u.Host, "unreachable") {
			return &apiError{status: http.StatusUnprocessableEntity, code: "WRONG_URL", message: "The image cannot be loaded from the URL"}
		}
		return nil
	}
	switch {
	case len(c.raw) == 0:
		return wrong("The image is empty")
	case len(c.raw) > maxImage:
		return &apiError{status: http.StatusBadRequest, code: "INCORRECT_IMAGE_SIZE", message: "The image has more than 20 MB"}
	}
	return nil
}

func imageURL(id int) string {
	return fmt.Sprintf("https://images.example.com/%s/%d.jpg", StoreID, id)
}

// uploadMain replaces the main image. The store keeps a copy under an address of its own.
func (s *Sandbox) uploadMain(c *call) (any, *apiError) {
	r, err := s.productOf(c)
	if err == nil {
		err = c.upload()
	}
	if err != nil {
		return nil, err
	}
	id := s.next("image", 5120330000)
	for _, name := range []string{"imageUrl", "thumbnailUrl", "smallThumbnailUrl", "hdThumbnailUrl", "originalImageUrl"} {
		r.doc.Set(name, imageURL(id))
	}
	r.doc.Set("originalImage", jsondoc.New("url", imageURL(id), "width", 1600, "height", 1200))
	s.media(r)
	return jsondoc.New("id", id), nil
}

func (s *Sandbox) deleteMain(c *call) (any, *apiError) {
	r, err := s.productOf(c)
	if err != nil {
		return nil, err
	}
	r.doc.Drop("imageUrl", "thumbnailUrl", "smallThumbnailUrl", "hdThumbnailUrl", "originalImageUrl", "originalImage")
	s.media(r)
	return jsondoc.New("deleteCount", 1), nil
}

func (s *Sandbox) uploadGallery(c *call) (any, *apiError) {
	r, err := s.productOf(c)
	if err == nil {
		err = c.upload()
	}
	if err != nil {
		return nil, err
	}
	id := s.next("image", 5120330000)
	image := jsondoc.New("id", id)
	for _, name := range []string{"url", "thumbnail", "originalImageUrl", "imageUrl", "hdThumbnailUrl", "thumbnailUrl", "smallThumbnailUrl"} {
		image.Set(name, imageURL(id))
	}
	image.Merge(jsondoc.New("width", 1600, "height", 1200, "orderBy", len(r.doc.List("galleryImages"))))
	r.doc.Set("galleryImages", append(r.doc.List("galleryImages"), image))
	s.media(r)
	return jsondoc.New("id", id), nil
}

func (s *Sandbox) deleteGallery(c *call) (any, *apiError) {
	r, err := s.productOf(c)
	if err != nil {
		return nil, err
	}
	before := len(r.doc.List("galleryImages"))
	r.doc.Set("galleryImages", slices.DeleteFunc(r.doc.List("galleryImages"), func(v any) bool {
		o, ok := v.(*jsondoc.Object)
		return ok && o.Text("id") == c.vars[1]
	}))
	s.media(r)
	return jsondoc.New("deleteCount", before-len(r.doc.List("galleryImages"))), nil
}

// media shows all images once more, the main one first and with the id "0".
func (s *Sandbox) media(r *record) {
	images := []any{}
	add := func(id, from string) {
		image := jsondoc.New("id", id, "isMain", id == "0", "orderBy", len(images))
		for _, name := range []string{"image160pxUrl", "image400pxUrl", "image800pxUrl", "image1500pxUrl", "imageOriginalUrl"} {
			image.Set(name, from)
		}
		image.Set("alt", jsondoc.New("translated", jsondoc.New()))
		images = append(images, image)
	}
	if from := r.doc.Text("originalImageUrl"); from != "" {
		add("0", from)
	}
	for _, g := range r.doc.Objects("galleryImages") {
		add(g.Text("id"), g.Text("originalImageUrl"))
	}
	r.doc.Set("media", jsondoc.New("images", images, "videos", []any{}))
	s.settle(r)
}
