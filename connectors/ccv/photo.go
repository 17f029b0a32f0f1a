package ccv

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
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

// photoPhase uploads the photos that the product does not have, and those that changed. CCV keeps neither where a photo came from nor a hash of it,
// so what was sent is noted in the product's memo, by the photo's id. A photo that is not in it belongs to somebody else, or to an earlier time: it
// is known by its alttext, and stays.
func (c *Client) photoPhase(_ context.Context, have, want gjson.Result) ([]step, error) {
	sent := sentPhotos(have.Get("memo").String())
	wanted := map[string]bool{}
	for _, w := range want.Get("photos").Array() {
		wanted[photoHash(w)] = true
	}
	photos := have.Get("productphotos.collection").Array()
	taken := map[string]bool{}
	find := func(is func(p gjson.Result, hash string) bool) (gjson.Result, bool) {
		for _, p := range photos {
			if id := p.Get("id").String(); !taken[id] && is(p, sent[id]) {
				taken[id] = true
				return p, true
			}
		}
		return gjson.Result{}, false
	}
	// Those that are as they were first: one picture may stand there twice, under two names.
	same := map[int]gjson.Result{}
	for i, w := range want.Get("photos").Array() {
		hash, name := photoHash(w), photoName(w)
		if p, ok := find(func(p gjson.Result, was string) bool { return was == hash && p.Get("alttext").String() == name }); ok {
			same[i] = p
		}
	}
	product := have.Get("id").String()
	var steps []step
	for i, w := range want.Get("photos").Array() {
		address, name, hash := w.Get("url").String(), photoName(w), photoHash(w)
		if address == "" {
			continue
		}
		main := i == 0
		named := func(p gjson.Result) bool { return p.Get("alttext").String() == name }
		p, ok := same[i]
		if !ok {
			p, ok = find(func(_ gjson.Result, was string) bool { return was == hash })
		}
		old, changed := gjson.Result{}, false
		if !ok {
			old, changed = find(func(p gjson.Result, was string) bool { return named(p) && was != "" && !wanted[was] })
			p, ok = find(func(p gjson.Result, was string) bool {
				// Beside one that changed, a newer one of its name is what a write left that was cut off.
				return named(p) && was == "" && (!changed || higher(p.Get("id").String(), old.Get("id").String()))
			})
		}
		if !ok || changed {
			from := json.RawMessage(nil)
			if changed {
				from = rawJSON(old.Get("deeplink"))
			}
			steps = append(steps, step{port.Change{Path: "photos[" + name + "]", From: from, To: jsonOf(address)}, func(ctx context.Context) error {
				id := p.Get("id").String()
				if !ok {
					var err error
					if id, err = c.upload(ctx, product, address, name, main); err != nil {
						return err
					}
				}
				return c.photoSent(ctx, product, id, hash, old.Get("id").String())
			}})
		}
		if ok && main && !p.Get("is_mainphoto").Bool() {
			steps = append(steps, step{port.Change{Path: "photos[" + name + "].is_mainphoto", From: raw("false"), To: raw("true")}, func(ctx context.Context) error {
				_, err := c.write(ctx, http.MethodPatch, members("is_mainphoto", true), "productphotos", p.Get("id").String())
				return err
			}})
		}
	}
	return steps, nil
}

// photoHash tells whether a photo is still the one that was sent: by the hash of its content, or by its address where the source has no hash.
func photoHash(w gjson.Result) string {
	content := w.Get("hash").String()
	if content == "" {
		content = w.Get("url").String()
	}
	sum := sha256.Sum256([]byte(content))
	return hex.EncodeToString(sum[:6])
}

// sentLine begins the line of a memo that says which photos were sent: "Crosswalk photos: 560002=0123456789ab 560003=...".
const sentLine = "Crosswalk photos:"

// sentPhotos are the hashes of the photos that were sent, by id.
func sentPhotos(memo string) map[string]string {
	sent := map[string]string{}
	for line := range strings.Lines(memo) {
		list, ok := strings.CutPrefix(strings.TrimSpace(line), sentLine)
		for _, entry := range strings.Fields(list) {
			if id, hash, is := strings.Cut(entry, "="); ok && is && isID(id) {
				sent[id] = hash
			}
		}
	}
	return sent
}

// ownMemo is a memo without that line.
func ownMemo(memo string) string {
	var kept []string
	for _, line := range strings.Split(memo, "\n") {
		if !strings.HasPrefix(strings.TrimSpace(line), sentLine) {
			kept = append(kept, line)
		}
	}
	return strings.TrimRight(strings.Join(kept, "\n"), "\n")
}

// photoSent notes a photo and then takes the one away that it replaces. Until it is noted, the next comparison knows it by its alttext.
func (c *Client) photoSent(ctx context.Context, product, id, hash, replaced string) error {
	p, err := c.get(ctx, withExpand("productphotos"), "products", product)
	if err != nil {
		return err
	}
	memo := p.Get("memo").String()
	sent := sentPhotos(memo)
	sent[id] = hash
	entries := []string{sentLine}
	for _, photo := range p.Get("productphotos.collection").Array() {
		if is := photo.Get("id").String(); sent[is] != "" && is != replaced {
			entries = append(entries, is+"="+sent[is])
		}
	}
	lines := strings.TrimLeft(ownMemo(memo)+"\n"+strings.Join(entries, " "), "\n")
	if _, err := c.write(ctx, http.MethodPatch, members("memo", lines), "products", product); err != nil || replaced == "" {
		return err
	}
	_, err = c.write(ctx, http.MethodDelete, nil, "productphotos", replaced)
	if errors.Is(err, port.ErrNotFound) {
		return nil
	}
	return err
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

func (c *Client) upload(ctx context.Context, product, address, name string, main bool) (id string, err error) {
	const op = "fetch photo"
	fail := func(message string) (string, error) { return "", c.refuse(op, "photos", message) }
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
		return "", &port.Error{Kind: port.ErrOutage, System: c.dialect.name, Op: op, Message: "the photo at " + u.Host + " cannot be fetched"}
	}
	defer res.Body.Close()
	data, err := io.ReadAll(io.LimitReader(res.Body, mostPhoto+1))
	kind, _, _ := mime.ParseMediaType(res.Header.Get("Content-Type"))
	switch {
	case res.StatusCode != http.StatusOK:
		return fail("the photo at " + u.Host + " is not there: " + res.Status)
	case err != nil:
		return "", &port.Error{Kind: port.ErrOutage, System: c.dialect.name, Op: op, Message: "the photo at " + u.Host + " came half"}
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
	v, err := c.write(ctx, http.MethodPost, body, "products", product, "productphotos")
	if err != nil {
		return "", err
	}
	return c.made("POST /products/{id}/productphotos/", v)
}
