package sandbox

import (
	"bytes"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// call is one request.
type call struct {
	s     *Sandbox
	r     *http.Request
	id    int // in the path
	body  *object
	query url.Values
	path  string // of a list, for its links: "@/orders/"
}

// handler answers with a document, a list, or nil where there is nothing to say.
type handler func(*call) (any, *apiError)

// routes are what the sandbox answers, by method and path; :id stands for an id.
var routes map[string]handler

// registerOnly are resources that a till has and a shop does not.
var registerOnly = map[string]bool{"cashups": true, "terminalreceipts": true, "fiscaltransactionsignatures": true}

// unimitated are resources of the vendor that the sandbox leaves out, and says so in the vendor's own way.
var unimitated = map[string]bool{
	"invoices": true, "returns": true, "quotations": true, "discountcoupons": true, "colors": true, "labels": true, "redirects": true,
	"productstaggeredprices": true, "productkeywords": true, "productattachments": true, "productvideos": true, "productvariations": true,
	"productreviews": true, "producttaxtariffexceptions": true, "productshippingcosts": true,
	"ordermessages": true, "ordernotifications": true, "orderlabels": true, "orderaffiliatenetworks": true, "mailingaddresses": true,
	"apps": true, "services": true, "translations": true, "languages": true, "merchant": true, "credentials": true,
	"fiscaltransactionsignatures": true, "attributecombinationphotos": true, "productlabels": true, "creditpoints": true,
}

func init() {
	routes = map[string]handler{
		"GET ": (*call).root, "GET status": (*call).status,
		"GET webshops": lists("webshops", false), "GET webshops/:id": one("webshops", "webshop"), "GET webshops/:id/settings": (*call).settings,

		"GET orders": (*call).orders, "GET orders/:id": one("orders", "order"), "POST orders": (*call).postOrder, "PATCH orders/:id": (*call).patchOrder,
		"GET orders/:id/orderrows": below("orders", "order", "orderrows", "order_id", true), "PUT orders/:id/orderrows": (*call).putRows,
		"GET orderrows/:id":         one("orderrows", "orderrow"),
		"GET orders/:id/ordernotes": below("orders", "order", "ordernotes", "_order", true), "POST orders/:id/ordernotes": (*call).postNote,

		"GET products": (*call).products, "GET products/:id": (*call).product, "POST products": (*call).postProduct,
		"PATCH products/:id": (*call).patchProduct, "DELETE products/:id": (*call).deleteProduct, "GET productqueries": (*call).productQueries,
		"GET products/:id/productphotos": below("products", "product", "productphotos", "_product", false), "POST products/:id/productphotos": (*call).postPhoto,
		"PUT products/:id/productphotos": (*call).putPhotos, "PATCH productphotos/:id": (*call).patchPhoto, "DELETE productphotos/:id": (*call).deletePhoto,
		"GET productphotos/:id":                    one("productphotos", "product photo"),
		"GET products/:id/productrelevant":         below("products", "product", "productrelevant", "parent_product_id", false),
		"POST products/:id/productrelevant":        (*call).postRelevant,
		"GET productrelevant/:id":                  one("productrelevant", "relevant product"),
		"DELETE productrelevant/:id":               remove("productrelevant", "relevant product"),
		"GET products/:id/producttocategories":     below("products", "product", "producttocategories", "product_id", false),
		"GET categories/:id/producttocategories":   below("categories", "category", "producttocategories", "category_id", false),
		"POST producttocategories":                 (*call).postMembership,
		"DELETE producttocategories/:id":           remove("producttocategories", "product category"),
		"GET products/:id/productattributevalues":  below("products", "product", "productattributevalues", "_product", true),
		"POST products/:id/productattributevalues": (*call).postValue, "PATCH productattributevalues/:id": (*call).patchValue,
		"DELETE productattributevalues/:id":      (*call).deleteValue,
		"GET products/:id/productattributesets":  (*call).attributeSets,
		"GET products/:id/attributecombinations": below("products", "product", "attributecombinations", "product_id", false),
		"GET attributecombinations/:id":          one("attributecombinations", "attribute combination"),
		"PATCH attributecombinations/:id":        (*call).patchCombination,

		"GET attributes": lists("attributes", false), "GET attributes/:id": one("attributes", "attribute"), "POST attributes": (*call).postAttribute,
		"GET attributes/:id/attributevalues":  below("attributes", "attribute", "attributevalues", "attribute_id", false),
		"POST attributes/:id/attributevalues": (*call).postAttributeValue, "GET attributevalues/:id": one("attributevalues", "attribute value"),
		"GET categories": lists("categories", true), "GET categories/:id": one("categories", "category"), "POST categories": (*call).postCategory,
		"GET categories/:id/categories": below("categories", "category", "categories", "_parent", true), "GET categorytree": (*call).categoryTree,
		"GET brands": lists("brands", false), "GET brands/:id": one("brands", "brand"), "POST brands": named("brands", "brand"),
		"GET packages": lists("packages", false), "POST packages": named("packages", "package"),
		"GET suppliers": lists("suppliers", false), "GET conditions": lists("conditions", false),
		"GET paymethods": (*call).paymethods, "GET usergroups": lists("usergroups", true),

		"GET users": lists("users", true), "GET users/:id": one("users", "user"), "POST users": (*call).postUser, "PATCH users/:id": (*call).patchUser,
		"DELETE users/:id": remove("users", "user"),

		"GET webhooks": lists("webhooks", true), "GET webhooks/:id": one("webhooks", "webhook"), "POST webhooks": (*call).postWebhook,
		"PATCH webhooks/:id": (*call).patchWebhook, "DELETE webhooks/:id": remove("webhooks", "webhook"),

		"GET terminalreceipts": lists("terminalreceipts", false), "GET terminalreceipts/:id": one("terminalreceipts", "terminal receipt"),
		"GET orders/:id/terminalreceipts": below("orders", "order", "terminalreceipts", "order_id", false),
		"GET cashups":                     lists("cashups", true), "GET cashups/:id": one("cashups", "cash up"),
	}
}

// dispatch finds the route, reads the body and counts the call.
func (s *Sandbox) dispatch(r *http.Request, body []byte) (int, any, *apiError) {
	path, ok := strings.CutPrefix(r.URL.Path, "/api/rest/v1")
	if !ok {
		return 0, nil, unknownResource(r.URL.Path)
	}
	c := &call{s: s, r: r, query: r.URL.Query(), path: "@" + strings.TrimSuffix(path, "/") + "/"}
	segments := strings.Split(strings.Trim(path, "/"), "/")
	resource := ""
	for i, seg := range segments {
		if id, err := strconv.Atoi(seg); err == nil && i == 1 {
			c.id, segments[i] = id, ":id"
			continue
		}
		resource = seg
		if !s.knows(seg, r) {
			return 0, nil, unknownResource(seg)
		}
	}
	if unimitated[resource] {
		return 0, nil, &apiError{http.StatusNotImplemented, "501.20", "The resource " + resource + " is not implemented."}
	}
	h := routes[r.Method+" "+strings.Join(segments, "/")]
	if h == nil {
		return 0, nil, &apiError{http.StatusMethodNotAllowed, "405.10", "The method " + r.Method + " is not allowed on the resource " + resource + "."}
	}
	if fault := s.budget(r.Method, resource); fault != nil {
		return 0, nil, fault
	}
	if r.Method != http.MethodGet && r.Method != http.MethodDelete {
		var err error
		if c.body, err = jsondoc.DecodeObject(bytes.TrimSpace(body)); err != nil {
			return 0, nil, refuse("The body is not a JSON object.")
		}
	}
	v, fault := h(c)
	switch {
	case fault != nil:
		return 0, nil, fault
	case r.Method == http.MethodGet:
		return http.StatusOK, v, nil
	case r.Method == http.MethodPost:
		return http.StatusCreated, v, nil
	}
	return http.StatusNoContent, nil, nil
}

// knows tells whether the platform has a resource. What a till has besides a shop is asked for in its media type; what happens otherwise
// is not known.
func (s *Sandbox) knows(name string, r *http.Request) bool {
	if registerOnly[name] {
		return s.register && strings.Contains(r.Header.Get("Accept"), "salespos")
	}
	if name == "" || unimitated[name] {
		return true
	}
	for route := range routes {
		_, path, _ := strings.Cut(route, " ")
		for _, seg := range strings.Split(path, "/") {
			if seg == name {
				return true
			}
		}
	}
	return false
}

// root lists what the key may use.
func (c *call) root() (any, *apiError) {
	var items []any
	for _, name := range []string{"attributes", "brands", "categories", "orders", "packages", "paymethods", "products", "productqueries", "users", "webhooks", "webshops", "terminalreceipts", "cashups"} {
		if c.s.knows(name, c.r) {
			items = append(items, jsondoc.New("href", "@/"+name+"/", "title", name, "description", "", "uri", "/api/rest/v1/"+name+"/"))
		}
	}
	return jsondoc.New("href", "@/", "items", items), nil
}

func (c *call) status() (any, *apiError) { return jsondoc.New("status", "ok"), nil }

// target is the document that the path names.
func (c *call) target(resource, word string) (*object, *apiError) {
	if o := c.s.table(resource).find(c.id); o != nil {
		return o, nil
	}
	return nil, unknownID(word, c.id)
}

func lists(resource string, paged bool) handler {
	return func(c *call) (any, *apiError) { return c.list(c.s.table(resource).rows, paged) }
}

func one(resource, word string) handler {
	return func(c *call) (any, *apiError) {
		o, fault := c.target(resource, word)
		if fault != nil {
			return nil, fault
		}
		return o, nil
	}
}

// below lists the documents that belong to another.
func below(parent, word, resource, member string, paged bool) handler {
	return func(c *call) (any, *apiError) {
		if _, fault := c.target(parent, word); fault != nil {
			return nil, fault
		}
		return c.list(c.s.table(resource).by(member, c.id), paged)
	}
}

func remove(resource, word string) handler {
	return func(c *call) (any, *apiError) {
		o, fault := c.target(resource, word)
		if fault != nil {
			return nil, fault
		}
		c.s.table(resource).remove(o)
		return nil, nil
	}
}

// named makes a document that is a name.
func named(resource, template string) handler {
	return func(c *call) (any, *apiError) {
		if fault := checkInput("name:s!", c.body, resource); fault != nil {
			return nil, fault
		}
		for _, o := range c.s.table(resource).rows {
			if o.Text("name") == c.body.Text("name") {
				return nil, exists("The property name already exists on the resource %s.", resource)
			}
		}
		o := c.s.add(resource, template)
		o.Set("name", c.body.Text("name"))
		return o, nil
	}
}
