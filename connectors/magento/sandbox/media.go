package sandbox

import (
	"encoding/base64"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

func (s *Sandbox) getMedia(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noProduct)
	}
	out := []any{}
	for _, m := range p.media {
		out = append(out, m.Clone())
	}
	return out, nil
}

func (s *Sandbox) getImage(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noProduct)
	}
	id, err := c.id(1)
	if err != nil {
		return nil, err
	}
	if m := hasID(p.media, "id", id); m != nil {
		return m.Clone(), nil
	}
	return nil, missing("The image doesn't exist. Verify and try again.")
}

func (s *Sandbox) postMedia(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noProduct)
	}
	in, err := c.object("entry", "media_entry")
	if err != nil {
		return nil, err
	}
	m, err := s.newImage(in)
	if err != nil {
		return nil, err
	}
	s.addImage(p, m)
	p.base.Set("updated_at", s.now())
	return text(m.Get("id")), nil
}

var imageTypes = []string{"image/jpg", "image/jpeg", "image/gif", "image/png"}

func (s *Sandbox) newImage(in *object) (*object, *apiError) {
	content := in.Object("content")
	data := text(content.Get("base64_encoded_data"))
	if _, err := base64.StdEncoding.DecodeString(data); err != nil || data == "" {
		return nil, refuse("The image content must be valid base64 encoded data.")
	}
	if !slices.Contains(imageTypes, text(content.Get("type"))) {
		return nil, refuse("The image MIME type is not valid or not supported.")
	}
	file := s.fileName(text(content.Get("name")))
	return jsondoc.New("id", s.next("media"), "media_type", in.Get("media_type"), "label", in.Get("label"), "position", in.Int("position"),
		"disabled", in.Get("disabled") == true, "types", append([]any{}, in.List("types")...), "file", file,
		"content", jsondoc.New("base64_encoded_data", data, "type", text(content.Get("type")), "name", path.Base(file))), nil
}

// fileName is where a file is kept: a name that is taken gets a number.
func (s *Sandbox) fileName(name string) string {
	ext := path.Ext(name)
	stem := strings.ToLower(strings.TrimSuffix(path.Base(name), ext))
	if stem == "" {
		stem = "image"
	}
	folder := "/" + stem[:1] + "/" + stem[min(1, len(stem)-1):min(2, len(stem))]
	for i := 0; ; i++ {
		file := folder + "/" + stem + ext
		if i > 0 {
			file = fmt.Sprintf("%s/%s_%d%s", folder, stem, i, ext)
		}
		if !slices.ContainsFunc(s.products, func(p *product) bool {
			return slices.ContainsFunc(p.media, func(m *object) bool { return text(m.Get("file")) == file })
		}) {
			return file
		}
	}
}

// addImage takes the roles of the new image away from the others.
func (s *Sandbox) addImage(p *product, m *object) {
	for _, other := range p.media {
		other.Set("types", slices.DeleteFunc(other.List("types"), func(t any) bool { return slices.Contains(m.List("types"), t) }))
	}
	p.media = append([]*object{m}, p.media...)
	s.nameRoles(p)
}

// nameRoles writes the files of the roles into the attributes of the product.
func (s *Sandbox) nameRoles(p *product) {
	for _, role := range []string{"image", "small_image", "thumbnail", "swatch_image"} {
		file := "no_selection"
		for _, m := range p.media {
			if slices.Contains(m.List("types"), any(role)) {
				file = text(m.Get("file"))
			}
		}
		p.attrs.Set(role, file)
	}
}

func (s *Sandbox) deleteMedia(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noProduct)
	}
	id, err := c.id(1)
	if err != nil {
		return nil, err
	}
	if hasID(p.media, "id", id) == nil {
		return nil, missing("No image with the provided ID was found. Verify the ID and try again.")
	}
	p.media = slices.DeleteFunc(p.media, func(m *object) bool { return m.Int("id") == id })
	s.nameRoles(p)
	return true, nil
}

// replaceMedia is what a product save does: entries that are not listed are deleted, those without an id are added.
func (s *Sandbox) replaceMedia(p *product, list []*object) {
	var kept []*object
	for _, in := range list {
		if m := hasID(p.media, "id", in.Int("id")); m != nil {
			for _, k := range []string{"label", "position", "disabled", "types"} {
				if in.Has(k) {
					m.Set(k, in.Get(k))
				}
			}
			kept = append(kept, m)
			continue
		}
		if m, err := s.newImage(in); err == nil {
			kept = append(kept, m)
		}
	}
	p.media = kept
	s.nameRoles(p)
}
