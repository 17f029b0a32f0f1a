package sandbox

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// mediaTypes are the files that a shop takes, of those that products have.
var mediaTypes = map[string]string{
	"jpg": "image/jpeg", "jpeg": "image/jpeg", "png": "image/png", "webp": "image/webp", "gif": "image/gif", "svg": "image/svg+xml", "avif": "image/avif",
	"pdf": "application/pdf", "mp4": "video/mp4",
}

// unreachableHost is the host whose files cannot be read, as in the captured exchange. Nothing is ever fetched: any other
// address is taken for a file.
const unreachableHost = "app.example.com"

// upload serves POST /_action/media/{id}/upload: the bytes of a file, or the address of one.
func (q *request) upload(id string) error {
	ent := q.s.schema.entities["media"]
	r := q.s.db.get(ent, id)
	if r == nil {
		return resourceNotFound(ent, id)
	}
	if p := ent.name + ":update"; !q.by.may(p) {
		return missingPrivileges([]string{p})
	}
	query := q.r.URL.Query()
	extension, name := strings.ToLower(query.Get("extension")), query.Get("fileName")
	kind, ok := mediaTypes[extension]
	if !ok {
		return apiErrors{problem(http.StatusBadRequest, "CONTENT__MEDIA_FILE_TYPE_NOT_SUPPORTED",
			fmt.Sprintf("The file extension %q for media object with id %s is not supported.", extension, id),
			jsondoc.New("mediaId", id, "extension", extension))}
	}
	content := q.body
	if isJSON(q.r) {
		v, err := decodeJSON(q.body)
		if err != nil {
			return malformed()
		}
		o, _ := v.(*object)
		address := o.Text("url")
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Hostname() == unreachableHost || u.Host == "" {
			return apiErrors{problem(http.StatusBadRequest, "CONTENT__MEDIA_ILLEGAL_URL",
				fmt.Sprintf("Provided URL %q is not allowed.", address), jsondoc.New("url", address))}
		}
		content = []byte(address)
	}
	if name == "" {
		name = id
	}
	if q.fileNamed(name, extension, id) {
		return apiErrors{problem(http.StatusBadRequest, "CONTENT__MEDIA_DUPLICATED_FILE_NAME",
			fmt.Sprintf("A file with the name \"%s.%s\" already exists.", name, extension),
			jsondoc.New("fileName", name, "fileExtension", extension))}
	}
	sum := md5.Sum(content)
	now := q.s.now()
	path := fmt.Sprintf("media/%x/%x/%x/%d/%s.%s", sum[0], sum[1], sum[2], now.Unix(), name, extension)
	q.s.db.begin()
	r = r.clone()
	maps.Copy(r.v, map[string]any{
		"fileName": name, "fileExtension": extension, "mimeType": kind, "fileSize": json.Number(strconv.Itoa(len(content))), "hasFile": true,
		"metaData": jsondoc.New("hash", hex.EncodeToString(sum[:])), "uploadedAt": stamp(now), "updatedAt": stamp(now),
		"path": path, "url": q.base + "/" + path + "?ts=" + strconv.FormatInt(now.Unix(), 10),
	})
	q.s.db.put(ent, r)
	q.noContent(ent, id)
	return nil
}

func (q *request) fileNamed(name, extension, except string) bool {
	return slices.ContainsFunc(q.s.db.all(q.s.schema.entities["media"]), func(r *row) bool {
		return r.str("id") != except && r.str("fileName") == name && r.str("fileExtension") == extension
	})
}

// provideName serves GET /_action/media/provide-name: a name that is free in the whole shop.
func (q *request) provideName() error {
	name, extension := q.r.URL.Query().Get("fileName"), q.r.URL.Query().Get("extension")
	free := name
	for n := 1; q.fileNamed(free, extension, ""); n++ {
		free = fmt.Sprintf("%s_(%d)", name, n)
	}
	writeJSON(q.w, http.StatusOK, jsondoc.New("fileName", free))
	return nil
}
