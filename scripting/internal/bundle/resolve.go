package bundle

import (
	"encoding/json"
	"fmt"
	"io/fs"
	"path"
	"strings"
)

// extensions are tried, in this order, where an import has none.
var extensions = []string{".ts", ".mts", ".cts", ".js", ".mjs", ".cjs", ".json"}

// builtins are modules of Node that scripts do not have; their names deserve a better message than "not found".
var builtins = map[string]bool{
	"fs": true, "http": true, "https": true, "net": true, "os": true, "path": true, "process": true, "child_process": true, "crypto": true,
	"url": true, "util": true, "stream": true, "timers": true, "worker_threads": true, "dns": true, "tls": true, "vm": true, "buffer": true,
}

// resolve returns the file that spec means in the file importer; importer is empty for an entry.
func (r *reader) resolve(spec, importer string, required bool) (string, error) {
	if name, ok := strings.CutPrefix(spec, "node:"); ok || builtins[spec] && !r.isDir("node_modules/"+spec) {
		if !ok {
			name = spec
		}
		return "", fmt.Errorf("scripts have no %q: no files, no network, no processes; what there is says docs/scripting.md", name)
	}
	if strings.Contains(spec, "://") {
		return "", fmt.Errorf("%q is not read: scripts import files of the project", spec)
	}
	if importer == entriesFile || strings.HasPrefix(spec, "./") || strings.HasPrefix(spec, "../") || spec == "." || spec == ".." {
		base := strings.TrimPrefix(path.Join("/", path.Dir(importer), spec), "/")
		if climbs(path.Dir(importer), spec) {
			return "", fmt.Errorf("%q is outside the project", spec)
		}
		if file := r.file(base); file != "" {
			return file, nil
		}
		return "", fmt.Errorf("there is no file %q", base)
	}
	if strings.HasPrefix(spec, "/") || strings.HasPrefix(spec, "#") {
		return "", fmt.Errorf("%q: import files by a path that begins with ./ or ../", spec)
	}
	name, sub, _ := strings.Cut(spec, "/")
	if strings.HasPrefix(spec, "@") {
		second, rest, _ := strings.Cut(sub, "/")
		name, sub = name+"/"+second, rest
	}
	for dir := path.Dir(importer); ; dir = path.Dir(dir) {
		pkg := path.Join(dir, "node_modules", name)
		if fs.ValidPath(pkg) && r.isDir(pkg) {
			return r.inPackage(pkg, sub, required)
		}
		if dir == "." || dir == "/" {
			break
		}
	}
	return "", fmt.Errorf("there is no package %q in node_modules", name)
}

// climbs tells whether spec leads above the root of the file system.
func climbs(dir, spec string) bool {
	joined := path.Join(dir, spec)
	return joined == ".." || strings.HasPrefix(joined, "../")
}

// file returns the file that an import without an extension, or of a folder, means; "" where there is none.
func (r *reader) file(name string) string {
	if name == "" {
		name = "."
	}
	if r.isFile(name) {
		return name
	}
	// TypeScript is written with the name of the file that will be made of it.
	if stem, ok := strings.CutSuffix(name, ".js"); ok && r.isFile(stem+".ts") {
		return stem + ".ts"
	}
	if stem, ok := strings.CutSuffix(name, ".mjs"); ok && r.isFile(stem+".mts") {
		return stem + ".mts"
	}
	for _, ext := range extensions {
		if r.isFile(name + ext) {
			return name + ext
		}
	}
	for _, ext := range extensions {
		if index := path.Join(name, "index"+ext); r.isFile(index) {
			return index
		}
	}
	return ""
}

func (r *reader) isFile(name string) bool {
	info, err := fs.Stat(r.files, name)
	return err == nil && info.Mode().IsRegular()
}

func (r *reader) isDir(name string) bool {
	info, err := fs.Stat(r.files, name)
	return err == nil && info.IsDir()
}

// manifest is what package.json says of a package's files.
type manifest struct {
	Exports json.RawMessage `json:"exports"`
	Module  string          `json:"module"`
	Main    string          `json:"main"`
}

// inPackage returns the file that sub, "" for the package itself, means in the package that lies at pkg.
// https://nodejs.org/api/packages.html#package-entry-points
func (r *reader) inPackage(pkg, sub string, required bool) (string, error) {
	var m manifest
	if info, err := fs.Stat(r.files, pkg+"/package.json"); err == nil && info.Size() <= MaxFileBytes {
		text, err := fs.ReadFile(r.files, pkg+"/package.json")
		if err != nil {
			return "", fmt.Errorf("%s/package.json: %s", pkg, reason(err))
		}
		if err := json.Unmarshal(text, &m); err != nil {
			return "", fmt.Errorf("%s/package.json cannot be read", pkg)
		}
	}
	if len(m.Exports) > 0 && string(m.Exports) != "null" {
		target := exported(m.Exports, sub, required)
		if target == "" || climbs(".", target) {
			return "", fmt.Errorf("the package %s exports no %q", path.Base(pkg), path.Join(".", sub))
		}
		if file := path.Join(pkg, target); r.isFile(file) {
			return file, nil
		}
		return "", fmt.Errorf("there is no file %q", path.Join(pkg, target))
	}
	if sub != "" {
		if file := r.file(path.Join(pkg, sub)); file != "" && !climbs(".", sub) {
			return file, nil
		}
		return "", fmt.Errorf("there is no %q in the package %s", sub, path.Base(pkg))
	}
	for _, main := range []string{m.Module, m.Main, "index"} {
		if main == "" || climbs(".", main) {
			continue
		}
		if file := r.file(path.Join(pkg, main)); file != "" {
			return file, nil
		}
	}
	return "", fmt.Errorf("the package %s says no file to import", path.Base(pkg))
}

// exported looks up sub in the member "exports" of package.json.
func exported(exports json.RawMessage, sub string, required bool) string {
	key := "."
	if sub != "" {
		key = "./" + sub
	}
	members, ok := objectMembers(exports)
	if !ok || len(members) == 0 || !strings.HasPrefix(members[0].key, ".") {
		if key != "." {
			return ""
		}
		return condition(exports, required, 0)
	}
	best, bestValue, star := "", json.RawMessage(nil), ""
	for _, m := range members {
		if m.key == key {
			return condition(m.value, required, 0)
		}
		before, after, ok := strings.Cut(m.key, "*")
		if ok && len(before) > len(best) && len(key) >= len(before)+len(after) && strings.HasPrefix(key, before) && strings.HasSuffix(key, after) {
			best, bestValue, star = before, m.value, key[len(before):len(key)-len(after)]
		}
	}
	if bestValue == nil {
		return ""
	}
	return strings.ReplaceAll(condition(bestValue, required, 0), "*", star)
}

// condition picks the file of a target that depends on who imports it: conditions are tried in the file's order.
func condition(target json.RawMessage, required bool, depth int) string {
	var file string
	if json.Unmarshal(target, &file) == nil {
		return file
	}
	if depth > 10 {
		return ""
	}
	var list []json.RawMessage
	if json.Unmarshal(target, &list) == nil {
		for _, t := range list {
			if file := condition(t, required, depth+1); file != "" {
				return file
			}
		}
		return ""
	}
	members, _ := objectMembers(target)
	for _, m := range members {
		if m.key == "default" || m.key == "module" || m.key == "import" && !required || m.key == "require" && required {
			if file := condition(m.value, required, depth+1); file != "" {
				return file
			}
		}
	}
	return ""
}

type objectMember struct {
	key   string
	value json.RawMessage
}

// objectMembers returns the members of a JSON object in their order.
func objectMembers(text json.RawMessage) ([]objectMember, bool) {
	dec := json.NewDecoder(strings.NewReader(string(text)))
	if t, err := dec.Token(); err != nil || t != json.Delim('{') {
		return nil, false
	}
	var out []objectMember
	for dec.More() {
		key, err := dec.Token()
		if err != nil {
			return nil, false
		}
		var m objectMember
		m.key, _ = key.(string)
		if err := dec.Decode(&m.value); err != nil {
			return nil, false
		}
		out = append(out, m)
	}
	return out, true
}
