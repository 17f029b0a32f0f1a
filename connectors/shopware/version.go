package shopware

import (
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"io"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
)

// noise are members that say nothing about the content: a full reindex gives every product
// a new updatedAt.
var noise = map[string]bool{"updatedAt": true, "extensions": true, "_uniqueIdentifier": true, "apiAlias": true}

// contentHash is the same for the same content: neither the order of members nor that of
// entities in a list counts, and noise and volatile members (paths without indexes) are left out.
func contentHash(body []byte, volatile []string) string {
	h := sha256.New()
	hashValue(h, gjson.ParseBytes(body), "", volatile)
	return hex.EncodeToString(h.Sum(nil)[:16])
}

func hashValue(h hash.Hash, v gjson.Result, path string, volatile []string) {
	switch {
	case v.IsObject():
		members := map[string]gjson.Result{}
		var names []string
		v.ForEach(func(k, m gjson.Result) bool {
			name := k.String()
			if noise[name] || slices.Contains(volatile, strings.TrimPrefix(path+"."+name, ".")) {
				return true
			}
			if _, again := members[name]; !again {
				names = append(names, name)
			}
			members[name] = m
			return true
		})
		slices.Sort(names)
		_, _ = io.WriteString(h, "{") // a hash never fails
		for _, n := range names {
			_, _ = io.WriteString(h, n+"\x00")
			hashValue(h, members[n], path+"."+n, volatile)
		}
		_, _ = io.WriteString(h, "}")
	case v.IsArray():
		list := v.Array()
		if len(list) > 0 && list[0].Get("id").Exists() {
			list = slices.Clone(list)
			slices.SortStableFunc(list, func(a, b gjson.Result) int { return strings.Compare(a.Get("id").String(), b.Get("id").String()) })
		}
		_, _ = io.WriteString(h, "[")
		for _, e := range list {
			hashValue(h, e, path, volatile)
		}
		_, _ = io.WriteString(h, "]")
	default:
		_, _ = io.WriteString(h, v.Raw+"\x00")
	}
}
