package sandbox

import (
	"net/mail"
	"slices"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

func (s *Sandbox) showCustomer(o *object) any {
	out := o.Clone()
	out.Set("default_billing", o.Get("default_billing"))
	out = ordered(out, customerOrder)
	for _, a := range out.Objects("addresses") {
		a.Drop("default_shipping", "default_billing")
		for _, role := range []string{"default_shipping", "default_billing"} {
			if text(o.Get(role)) == text(a.Get("id")) {
				a.Set(role, true)
			}
		}
	}
	return out
}

var customerOrder = strings.Fields(`id group_id default_billing default_shipping created_at updated_at created_in dob email firstname lastname
	middlename prefix suffix gender store_id taxvat website_id addresses disable_auto_group_change extension_attributes custom_attributes`)

// ordered has the members named in this order, without those that are null: optional getters are left out.
func ordered(o *object, names []string) *object {
	out := jsondoc.New()
	for _, k := range names {
		if v := o.Get(k); v != nil {
			out.Set(k, v)
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
			for _, a := range row.Objects("addresses") {
				if text(a.Get("id")) == text(row.Get("default_billing")) {
					return a.Get(column), true
				}
			}
			return nil, true
		}
		return row.Get(name), types["customer"][name] != ""
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
	if in.Has("id") && in.Int("id") > 0 {
		return s.saveCustomer(in, hasID(s.customers, "id", in.Int("id")))
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
		o = jsondoc.New("group_id", 1, "created_at", s.now(), "created_in", "Default Store View", "store_id", 1, "website_id", 1,
			"addresses", []any{}, "disable_auto_group_change", 0, "extension_attributes", jsondoc.New("is_subscribed", false))
	}
	next := o.Clone()
	for _, k := range in.Keys() {
		switch k {
		case "id", "created_at", "updated_at", "created_in", "addresses":
		case "extension_attributes":
			if sub := in.Object(k); sub.Has("is_subscribed") {
				next.Object(k).Set("is_subscribed", sub.Get("is_subscribed"))
			}
		default:
			next.Set(k, in.Get(k))
		}
	}
	if err := s.checkCustomer(next, o); err != nil {
		return nil, err
	}
	lastAddress := s.ids["address"]
	if isNew {
		next.Set("id", s.ids["customer"]+1)
	}
	if in.Has("addresses") {
		if err := s.replaceAddresses(next, in); err != nil {
			s.ids["address"] = lastAddress
			return nil, err
		}
	}
	if isNew {
		s.next("customer")
		s.customers = append(s.customers, o)
	}
	next.Set("updated_at", s.now())
	*o = *next
	answer, _ := s.showCustomer(o).(*object)
	for i, a := range answer.Objects("addresses") {
		if !isNew && !a.Has("region_id") { // only the answer to an update has it
			a.Set("region_id", 0)
			answer.List("addresses")[i] = ordered(a, append(slices.Clone(addressOrder), "default_shipping", "default_billing"))
		}
	}
	return answer, nil
}

func (s *Sandbox) checkCustomer(o, self *object) *apiError {
	email := text(o.Get("email"))
	if email == "" {
		return refuse("The customer email is missing. Enter and try again.")
	}
	var faults []string
	if text(o.Get("firstname")) == "" {
		faults = append(faults, `"First Name" is a required value.`)
	}
	if text(o.Get("lastname")) == "" {
		faults = append(faults, `"Last Name" is a required value.`)
	}
	if a, err := mail.ParseAddress(email); err != nil || a.Address != email {
		faults = append(faults, `"Email" is not a valid email address.`)
	}
	if hasID(s.reference["customer-groups"], "id", o.Int("group_id")) == nil {
		return refuse("The specified customer group id does not exist.")
	}
	if dob := text(o.Get("dob")); dob != "" {
		if _, err := time.Parse(time.DateOnly, dob[:min(10, len(dob))]); err != nil {
			return refuse("Invalid date")
		}
	}
	if len(faults) > 0 {
		return refuse(strings.Join(faults, "\n"))
	}
	for _, other := range s.customers {
		if other != self && strings.EqualFold(text(other.Get("email")), email) {
			return refuse("A customer with the same email address already exists in an associated website.")
		}
	}
	return nil
}

// replaceAddresses keeps, changes and adds the addresses that in lists and deletes the others. One that is a
// default must not be left out, and one in an unknown country is dropped without a word.
func (s *Sandbox) replaceAddresses(o, in *object) *apiError {
	var kept []any
	for _, a := range in.Objects("addresses") {
		var absent []string
		for _, k := range []string{"firstname", "lastname", "street", "city", "telephone", "postcode", "country_id"} {
			if text(a.Get(k)) == "" && len(a.List(k)) == 0 {
				absent = append(absent, k)
			}
		}
		if len(absent) > 0 {
			return required(absent...)
		}
		if !slices.Contains(countryCodes, text(a.Get("country_id"))) {
			continue
		}
		kept = append(kept, s.address(o, a))
	}
	for _, role := range []string{"default_billing", "default_shipping"} {
		have := text(o.Get(role))
		if have != "" && !slices.ContainsFunc(kept, func(a any) bool { return text(a.(*object).Get("id")) == have }) {
			return &apiError{status: 400, message: "The %fieldName value is invalid. Set the correct value and try again.", params: jsondoc.New("fieldName", role)}
		}
	}
	o.Set("addresses", append([]any{}, kept...))
	return nil
}

var addressOrder = strings.Fields(`id customer_id region region_id country_id street company telephone fax postcode city firstname lastname middlename
	prefix suffix vat_id custom_attributes`)

func (s *Sandbox) address(o, in *object) *object {
	a := in.Clone()
	region := jsondoc.New("region_code", nil, "region", nil, "region_id", 0)
	id := in.Int("id")
	known := slices.ContainsFunc(o.Objects("addresses"), func(have *object) bool { return have.Int("id") == id })
	if !known {
		id = s.next("address")
	}
	a.Drop("region_id")
	for _, k := range region.Keys() {
		if v := in.Object("region").Get(k); v != nil {
			region.Set(k, v)
		}
	}
	if region.Get("region") != nil && region.Get("region_code") == nil {
		region.Set("region_code", region.Get("region"))
	}
	if id := in.Int("region_id"); id > 0 {
		region.Set("region_id", id)
	}
	if region.Get("region") != nil {
		a.Set("region_id", region.Int("region_id"))
	}
	a.Merge(jsondoc.New("id", id, "customer_id", o.Int("id"), "region", region))
	for _, role := range []string{"default_billing", "default_shipping"} {
		if in.Get(role) == true {
			o.Set(role, text(a.Get("id")))
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
		if a := hasID(shown.Objects("addresses"), "id", id); a != nil {
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
