package contract

import (
	"cmp"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
)

// route is one path of a document.
type route struct {
	template string
	pattern  *regexp.Regexp // over the escaped path: a slash inside an id is %2F
	names    []string
	item     *openapi3.PathItem
}

var parameterName = regexp.MustCompile(`\{([^{}/]+)\}`)

// routesOf returns the paths, those with the fewest parameters first, so that /orders/new is
// found before /orders/{id}.
func routesOf(spec *openapi3.T) []route {
	var routes []route
	if spec.Paths == nil {
		return nil
	}
	for template, item := range spec.Paths.Map() {
		r := route{template: template, item: item}
		var pattern strings.Builder
		pattern.WriteString("^")
		rest := template
		for {
			at := parameterName.FindStringSubmatchIndex(rest)
			if at == nil {
				break
			}
			r.names = append(r.names, rest[at[2]:at[3]])
			pattern.WriteString(regexp.QuoteMeta(rest[:at[0]]))
			pattern.WriteString("([^/]+)")
			rest = rest[at[1]:]
		}
		pattern.WriteString(regexp.QuoteMeta(rest))
		pattern.WriteString("/?$")
		r.pattern = regexp.MustCompile(pattern.String())
		routes = append(routes, r)
	}
	slices.SortFunc(routes, func(a, b route) int {
		return cmp.Or(cmp.Compare(len(a.names), len(b.names)), cmp.Compare(len(b.template), len(a.template)), cmp.Compare(a.template, b.template))
	})
	return routes
}

// match is what the document says about a request.
type match struct {
	route  route
	op     *openapi3.Operation // nil where the path has no such method
	params map[string]string
}

// find looks the request up; ok is false where the document has no such path.
func (d *Document) find(method, escapedPath string) (m match, ok bool) {
	for _, r := range d.routes {
		values := r.pattern.FindStringSubmatch(escapedPath)
		if values == nil {
			continue
		}
		found := match{route: r, op: operation(r.item, method), params: map[string]string{}}
		for i, name := range r.names {
			value, err := url.PathUnescape(values[i+1])
			if err != nil {
				value = values[i+1]
			}
			found.params[name] = value
		}
		if found.op != nil {
			return found, true
		}
		if !ok {
			m, ok = found, true
		}
	}
	return m, ok
}

func operation(item *openapi3.PathItem, method string) *openapi3.Operation {
	op := item.Operations()[method]
	if op == nil && method == http.MethodHead {
		op = item.Get
	}
	return op
}
