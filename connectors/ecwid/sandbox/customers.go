package sandbox

import (
	"net/http"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

var customerRoutes = []route{
	{http.MethodGet, "customers", "read_customers", (*Sandbox).listCustomers},
	{http.MethodPost, "customers", "create_customers", (*Sandbox).createCustomer},
	{http.MethodGet, "customers/deleted", "read_customers", listDeleted("customers")},
	{http.MethodGet, "customers/*", "read_customers", (*Sandbox).getCustomer},
	{http.MethodPut, "customers/*", "update_customers", (*Sandbox).updateCustomer},
	{http.MethodDelete, "customers/*", "update_customers", (*Sandbox).deleteCustomer},
	{http.MethodGet, "customer_groups", "read_customers", (*Sandbox).listGroups},
	{http.MethodPost, "customer_groups", "create_customers", (*Sandbox).createGroup},
}

var customerReadOnly = []string{"id", "registered", "updated", "customerGroupName", "stats", "totalOrderCount", "taxIdValid"}

func find(list []*record, id string) *record {
	i := slices.IndexFunc(list, func(r *record) bool { return r.doc.Text("id") == id })
	if i < 0 {
		return nil
	}
	return list[i]
}

// listCustomers compares e-mail addresses by parts of them unless useExactEmailMatch says otherwise.
func (s *Sandbox) listCustomers(c *call) (any, *apiError) {
	within, err := s.times(c.query, "registered", "updated")
	if err != nil {
		return nil, err
	}
	exact, err := c.truth("useExactEmailMatch")
	if err != nil {
		return nil, err
	}
	email := strings.ToLower(c.query.Get("email"))
	found := s.search(s.customers, within, func(o *jsondoc.Object) bool {
		have := strings.ToLower(o.Text("email"))
		switch {
		case email == "":
			return true
		case exact != nil && *exact:
			return have == email
		}
		return strings.Contains(have, email)
	})
	slices.SortStableFunc(found, func(a, b *jsondoc.Object) int { return strings.Compare(a.Text("name"), b.Text("name")) })
	return c.page(found, "allCustomerCount", len(s.customers))
}

func (s *Sandbox) getCustomer(c *call) (any, *apiError) {
	r := find(s.customers, c.vars[0])
	if r == nil {
		return nil, &apiError{status: http.StatusNotFound, message: "Customer #" + c.vars[0] + " not found"}
	}
	return r.doc, nil
}

func (s *Sandbox) createCustomer(c *call) (any, *apiError) {
	in := c.body.Clone()
	if in.Text("email") == "" {
		return nil, wrong("Field Customer.email is absent")
	}
	if err := s.emailFree(in, nil); err != nil {
		return nil, err
	}
	r := s.newCustomer(in)
	return jsondoc.New("id", r.doc.Get("id")), nil
}

func (s *Sandbox) emailFree(in *jsondoc.Object, self *record) *apiError {
	for _, r := range s.customers {
		if r != self && in.Has("email") && strings.EqualFold(r.doc.Text("email"), in.Text("email")) {
			return &apiError{status: http.StatusConflict, message: "Customer with this email already exists"}
		}
	}
	return nil
}

func (s *Sandbox) newCustomer(in *jsondoc.Object) *record {
	now := s.clock().UTC().Format(dateLayout)
	in.Drop(customerReadOnly...)
	doc := jsondoc.New("id", s.next("customer", 281904400), "name", "", "email", "", "registered", now, "updated", now, "customerGroupId", 0,
		"customerGroupName", "General", "shippingAddresses", []any{}, "contacts", []any{}, "taxExempt", false, "taxId", "", "taxIdValid", true,
		"b2b_b2c", "b2c", "fiscalCode", "", "electronicInvoicePecEmail", "", "electronicInvoiceSdiCode", "", "acceptMarketing", false, "lang", "nl",
		"stats", jsondoc.New("numberOfOrders", 0, "salesValue", 0, "averageOrderValue", 0), "privateAdminNotes", "", "favorites", []any{})
	r := &record{doc: doc}
	s.mergeCustomer(r, in)
	s.customers = append(s.customers, r)
	return r
}

// mergeCustomer takes over what is sent. Addresses and contacts are rewritten as a whole: those that are left out are gone.
func (s *Sandbox) mergeCustomer(r *record, in *jsondoc.Object) {
	old := map[string]*jsondoc.Object{}
	for _, a := range r.doc.Objects("shippingAddresses") {
		old[a.Text("id")] = a
	}
	r.doc.Merge(in)
	if p := r.doc.Object("billingPerson"); p != nil {
		completePerson(p)
		if in.Has("billingPerson") {
			r.doc.Set("name", p.Text("name"))
		}
	}
	for n, a := range r.doc.Objects("shippingAddresses") {
		if before := old[a.Text("id")]; a.Has("id") && before != nil {
			a.Set("createdDate", before.Get("createdDate"))
		} else {
			a.Set("id", s.next("address", 190077100))
			a.Set("createdDate", s.clock().UTC().Format(dateLayout))
		}
		fill(a, "defaultAddress", n == 0, "orderBy", n)
		completePerson(a)
		a.Drop("firstName", "lastName")
		var parts []string
		for _, name := range []string{"companyName", "street", "postalCode", "city", "countryName"} {
			if a.Text(name) != "" {
				parts = append(parts, strings.ReplaceAll(a.Text(name), "\n", ", "))
			}
		}
		a.Set("addressFormatted", strings.Join(parts, ", "))
	}
	for _, g := range s.groups {
		if g.Int("id") == r.doc.Int("customerGroupId") {
			r.doc.Set("customerGroupName", g.Get("name"))
		}
	}
	s.touch(r)
}

func (s *Sandbox) updateCustomer(c *call) (any, *apiError) {
	r := find(s.customers, c.vars[0])
	if r == nil {
		return nil, &apiError{status: http.StatusNotFound, message: "Customer #" + c.vars[0] + " not found"}
	}
	in := c.body.Clone()
	in.Drop(customerReadOnly...)
	if err := s.emailFree(in, r); err != nil {
		return nil, err
	}
	s.mergeCustomer(r, in)
	return jsondoc.New("updateCount", 1), nil
}

func (s *Sandbox) deleteCustomer(c *call) (any, *apiError) {
	r := find(s.customers, c.vars[0])
	if r == nil {
		return nil, &apiError{status: http.StatusNotFound, message: "Customer #" + c.vars[0] + " not found"}
	}
	s.forget("customers", r.doc.Get("id"))
	s.customers = slices.DeleteFunc(s.customers, func(o *record) bool { return o == r })
	return jsondoc.New("deleteCount", 1), nil
}

// customerOf finds or makes the customer of an order; one that is made has no billing address.
func (s *Sandbox) customerOf(o *jsondoc.Object) *jsondoc.Object {
	for _, r := range s.customers {
		if strings.EqualFold(r.doc.Text("email"), o.Text("email")) {
			return r.doc
		}
	}
	return s.newCustomer(jsondoc.New("email", o.Get("email"), "name", o.Object("billingPerson").Text("name"))).doc
}

func (s *Sandbox) listGroups(c *call) (any, *apiError) { return c.page(s.groups) }

func (s *Sandbox) createGroup(c *call) (any, *apiError) {
	g := jsondoc.New("id", s.next("group", 8810020), "name", c.body.Text("name"))
	s.groups = append(s.groups, g)
	return jsondoc.New("id", g.Get("id")), nil
}
