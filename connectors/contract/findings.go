package contract

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
)

// flatten makes one line of each thing that is wrong: "response 200 body /data/*/price: value
// must be an object". Indexes are stars, so that a list gives one finding. It holds no values.
func flatten(where string, err error) []string {
	var many openapi3.MultiError
	var request *openapi3filter.RequestError
	var response *openapi3filter.ResponseError
	var schema *openapi3.SchemaError
	switch {
	case err == nil:
		return nil
	case asExactly(err, &many):
		var all []string
		for _, e := range many {
			all = append(all, flatten(where, e)...)
		}
		return all
	case asExactly(err, &request):
		switch {
		case request.Parameter != nil:
			where += " parameter " + request.Parameter.In + " " + request.Parameter.Name
		case request.RequestBody != nil:
			where += " body"
		}
		return inner(where, request.Reason, request.Err)
	case asExactly(err, &response):
		var deeper *openapi3.SchemaError
		if errors.As(response.Err, &deeper) {
			where += " body"
		}
		return inner(where, response.Reason, response.Err)
	case asExactly(err, &schema):
		return ofSchema(where, schema)
	}
	return []string{where + ": " + firstLine(err.Error())}
}

func inner(where, reason string, err error) []string {
	var many openapi3.MultiError
	var schema *openapi3.SchemaError
	if errors.As(err, &many) || errors.As(err, &schema) {
		return flatten(where, err)
	}
	if reason == "" && err != nil {
		reason = firstLine(err.Error())
	}
	return []string{where + ": " + reason}
}

func ofSchema(where string, e *openapi3.SchemaError) []string {
	var many openapi3.MultiError
	switch {
	case e.SchemaField == "allOf" && errors.As(e.Origin, &many):
		return flatten(where, many) // the parts know the whole way to their places
	case e.Origin != nil && e.SchemaField != "oneOf" && e.SchemaField != "anyOf":
		return flatten(pointer(where, e.JSONPointer()), e.Origin)
	}
	// Of a choice each alternative has its own complaint, none of which is the one.
	return []string{pointer(where, e.JSONPointer()) + ": " + firstLine(e.Reason)}
}

func pointer(where string, keys []string) string {
	if len(keys) == 0 {
		return where
	}
	for _, k := range keys {
		if _, err := strconv.Atoi(k); err == nil {
			k = "*"
		}
		if !strings.Contains(where, " /") {
			where += " "
		}
		where += "/" + k
	}
	return where
}

func firstLine(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// asExactly is errors.As without unwrapping.
func asExactly[T error](err error, target *T) bool {
	e, ok := err.(T)
	if ok {
		*target = e
	}
	return ok
}

// members reports members of a JSON body that the document does not name.
func (c *Checker) members(r *http.Request, m match, where string, content openapi3.Content, header http.Header, body []byte) {
	media := content.Get(header.Get("Content-Type"))
	if media == nil || media.Schema == nil || len(body) == 0 {
		return
	}
	d := json.NewDecoder(bytes.NewReader(body))
	d.UseNumber()
	var value any
	if d.Decode(&value) != nil {
		return // said already
	}
	for _, what := range unnamed(where, []*openapi3.SchemaRef{media.Schema}, value) {
		c.find(r, m.route.template, what)
	}
}

// unnamed walks value beside the schemas that it must satisfy together or by choice.
func unnamed(where string, refs []*openapi3.SchemaRef, value any) []string {
	parts := expand(refs, nil)
	var found []string
	switch v := value.(type) {
	case []any:
		var items []*openapi3.SchemaRef
		for _, s := range parts {
			if s.Items != nil {
				items = append(items, s.Items)
			}
		}
		for i, e := range v {
			found = append(found, unnamed(pointer(where, []string{strconv.Itoa(i)}), items, e)...)
		}
	case map[string]any:
		open := true
		named := map[string][]*openapi3.SchemaRef{}
		for _, s := range parts {
			for name, p := range s.Properties {
				open = false
				named[name] = append(named[name], p)
			}
		}
		for _, s := range parts {
			if extra := s.AdditionalProperties; extra.Schema != nil || extra.Has != nil && *extra.Has {
				open = true
			}
		}
		for _, name := range slices.Sorted(maps.Keys(v)) {
			schemas, ok := named[name]
			if !ok && !open {
				found = append(found, fmt.Sprintf("%s: the document does not name it", pointer(where, []string{name})))
				continue
			}
			found = append(found, unnamed(pointer(where, []string{name}), schemas, v[name])...)
		}
	}
	return slices.Compact(found)
}

// expand returns the schemas with all parts of their compositions.
func expand(refs []*openapi3.SchemaRef, seen []*openapi3.Schema) []*openapi3.Schema {
	for _, ref := range refs {
		if ref == nil || ref.Value == nil || slices.Contains(seen, ref.Value) {
			continue
		}
		s := ref.Value
		seen = append(seen, s)
		for _, group := range []openapi3.SchemaRefs{s.AllOf, s.AnyOf, s.OneOf} {
			seen = expand(group, seen)
		}
	}
	return seen
}
