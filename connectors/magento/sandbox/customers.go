package sandbox

import (
	"net/mail"
	"slices"
	"strings"
	"time"
)

func (s *Sandbox) showCustomer(o *object) any {
	out := o.clone()
	out.set("default_billing", o.get("default_billing"))
	out = ordered(out, customerOrder)
	for _, a := range out.objects("addresses") {
		a.drop("default_shipping", "default_billing")
		for _, role := range []string{"default_shipping", "default_billing"} {
			if o.str(role) == a.str("id") {
				a.set(role, true)
			}
		}
	}
	return out
}

var customerOrder = strings.Fields(`id group_id default_billing default_shipping created_at updated_at created_in dob email firstname lastname
	middlename prefix suffix gender store_id taxvat website_id addresses disable_auto_group_change extension_attributes custom_attributes`)

// ordered has the members named in this order, without those that are null: optional getters are left out.
func ordered(o *object, names []string) *object {
	out := newObject()
	for _, k := range names {
		if v := o.get(k); v != nil {
			out.set(k, v)
		}
	}
	return out
}

func (s *Sandbox) customer(c *call) (*object, *apiError) {
	id, err := c.id(0)
	if err != nil {
		return nil, err
	}
	if o := hasID(s.customers, "id", id); o != nil {
		return o, nil
	}
	return nil, noEntity("customerId", id)
}

func (s *Sandbox) getCustomer(c *call) (any, *apiError) {
	o, err := s.customer(c)
	if err != nil {
		return nil, err
	}
	return s.showCustomer(o), nil
}

func (s *Sandbox) searchCustomers(c *call) (any, *apiError) {
	t := table{rows: s.customers, badField: badAttribute, badSort: badAttribute, field: func(row *object, name string) (any, bool) {
		if name == "entity_id" {
			name = "id"
		}
		if column, ok := strings.CutPrefix(name, "billing_"); ok && types["customer_address"][column] != "" {
			for _, a := range row.objects("addresses") {
				if a.str("id") == row.str("default_billing") {
					return a.get(column), true
				}
			}
			return nil, true
		}
		return row.get(name), types["customer"][name] != ""
	}}
	return c.list(t, s.showCustomer)
}

func (s *Sandbox) postCustomer(c *call) (any, *apiError) {
	in, err := c.object("customer", "customer")
	if err != nil {
		return nil, err
	}
	password, err := c.optional("password", "string")
	if err != nil {
		return nil, err
	}
	if in.has("id") && in.int("id") > 0 {
		return s.saveCustomer(in, hasID(s.customers, "id", in.int("id")))
	}
	if password != nil && len([]rune(text(password))) < 8 {
		return nil, refuse("The password needs at least %1 characters. Create a new password and try again.", "8")
	}
	return s.saveCustomer(in, nil)
}

func (s *Sandbox) putCustomer(c *call) (any, *apiError) {
	in, err := c.object("customer", "customer")
	if err != nil {
		return nil, err
	}
	o, err := s.customer(c)
	if err != nil {
		return nil, err
	}
	return s.saveCustomer(in, o)
}

// saveCustomer creates, or updates what in holds. A list of addresses replaces all of them.
func (s *Sandbox) saveCustomer(in, o *object) (any, *apiError) {
	isNew := o == nil
	if isNew {
		o = newObject("group_id", 1, "created_at", s.now(), "created_in", "Default Store View", "store_id", 1, "website_id", 1,
			"addresses", []any{}, "disable_auto_group_change", 0, "extension_attributes", newObject("is_subscribed", false))
	}
	next := o.clone()
	for _, k := range in.keys {
		switch k {
		case "id", "created_at", "updated_at", "created_in", "addresses":
		case "extension_attributes":
			if sub := in.obj(k); sub.has("is_subscribed") {
				next.obj(k).set("is_subscribed", sub.get("is_subscribed"))
			}
		default:
			next.set(k, in.get(k))
		}
	}
	if err := s.checkCustomer(next, o); err != nil {
		return nil, err
	}
	lastAddress := s.ids["address"]
	if isNew {
		next.set("id", s.ids["customer"]+1)
	}
	if in.has("addresses") {
		if err := s.replaceAddresses(next, in); err != nil {
			s.ids["address"] = lastAddress
			return nil, err
		}
	}
	if isNew {
		s.next("customer")
		s.customers = append(s.customers, o)
	}
	next.set("updated_at", s.now())
	*o = *next
	answer, _ := s.showCustomer(o).(*object)
	for i, a := range answer.objects("addresses") {
		if !isNew && !a.has("region_id") { // only the answer to an update has it
			a.set("region_id", 0)
			answer.list("addresses")[i] = ordered(a, append(slices.Clone(addressOrder), "default_shipping", "default_billing"))
		}
	}
	return answer, nil
}

func (s *Sandbox) checkCustomer(o, self *object) *apiError {
	email := o.str("email")
	if email == "" {
		return refuse("The customer email is missing. Enter and try again.")
	}
	var faults []string
	if o.str("firstname") == "" {
		faults = append(faults, `"First Name" is a required value.`)
	}
	if o.str("lastname") == "" {
		faults = append(faults, `"Last Name" is a required value.`)
	}
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		faults = append(faults, `"Email" is not a valid email address.`)
	}
	if hasID(s.reference["customer-groups"], "id", o.int("group_id")) == nil {
		return refuse("The specified customer group id does not exist.")
	}
	if dob := o.str("dob"); dob != "" {
		if _, err := time.Parse(time.DateOnly, dob[:min(10, len(dob))]); err != nil {
			return refuse("Invalid date")
		}
	}
	if len(faults) > 0 {
		return refuse(strings.Join(faults, "\n"))
	}
	for _, other := range s.customers {
		if other != self && strings.EqualFold(other.str("email"), email) {
			return refuse("A customer with the same email address already exists in an associated website.")
		}
	}
	return nil
}

// replaceAddresses keeps, changes and adds the addresses that in lists and deletes the others. One that is a
// default must not be left out, and one in an unknown country is dropped without a word.
func (s *Sandbox) replaceAddresses(o, in *object) *apiError {
	var kept []any
	for _, a := range in.objects("addresses") {
		var absent []string
		for _, k := range []string{"firstname", "lastname", "street", "city", "telephone", "postcode", "country_id"} {
			if a.str(k) == "" && len(a.list(k)) == 0 {
				absent = append(absent, k)
			}
		}
		if len(absent) > 0 {
			return required(absent...)
		}
		if !slices.Contains(countryCodes, a.str("country_id")) {
			continue
		}
		kept = append(kept, s.address(o, a))
	}
	for _, role := range []string{"default_billing", "default_shipping"} {
		have := o.str(role)
		if have != "" && !slices.ContainsFunc(kept, func(a any) bool { return a.(*object).str("id") == have }) {
			return &apiError{status: 400, message: "The %fieldName value is invalid. Set the correct value and try again.", params: newObject("fieldName", role)}
		}
	}
	o.set("addresses", append([]any{}, kept...))
	return nil
}

var addressOrder = strings.Fields(`id customer_id region region_id country_id street company telephone fax postcode city firstname lastname middlename
	prefix suffix vat_id custom_attributes`)

func (s *Sandbox) address(o, in *object) *object {
	a := in.clone()
	region := newObject("region_code", nil, "region", nil, "region_id", 0)
	id := in.int("id")
	known := slices.ContainsFunc(o.objects("addresses"), func(have *object) bool { return have.int("id") == id })
	if !known {
		id = s.next("address")
	}
	a.drop("region_id")
	for _, k := range region.keys {
		if v := in.obj("region").get(k); v != nil {
			region.set(k, v)
		}
	}
	if region.get("region") != nil && region.get("region_code") == nil {
		region.set("region_code", region.get("region"))
	}
	if id := in.int("region_id"); id > 0 {
		region.set("region_id", id)
	}
	if region.get("region") != nil {
		a.set("region_id", region.int("region_id"))
	}
	a.merge(newObject("id", id, "customer_id", o.int("id"), "region", region))
	for _, role := range []string{"default_billing", "default_shipping"} {
		if in.get(role) == true {
			o.set(role, a.str("id"))
		}
	}
	return ordered(a, addressOrder)
}

func (s *Sandbox) deleteCustomer(c *call) (any, *apiError) {
	o, err := s.customer(c)
	if err != nil {
		return nil, err
	}
	s.customers = slices.DeleteFunc(s.customers, func(other *object) bool { return other == o })
	return true, nil
}

func (s *Sandbox) getAddress(c *call) (any, *apiError) {
	id, err := c.id(0)
	if err != nil {
		return nil, err
	}
	for _, o := range s.customers {
		shown, _ := s.showCustomer(o).(*object)
		if a := hasID(shown.objects("addresses"), "id", id); a != nil {
			return a, nil
		}
	}
	return nil, noEntity("addressId", id)
}

// emailAvailable is true whatever the address: since 2.4.7 it tells nothing, unless a setting allows it.
func (s *Sandbox) emailAvailable(c *call) (any, *apiError) {
	_, err := c.param("customerEmail", "string")
	return true, err
}
