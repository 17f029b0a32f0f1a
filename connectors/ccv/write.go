package ccv

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Create makes an order, a customer or a product. Bodies are in the form that the API writes, with labels in place of ids:
//
//   - an order's rows name their article by sku; one without a sku is free text;
//   - a customer without a password gets a random one that nobody knows;
//   - a product is described in product_write.go.
//
// No create can be repeated: an order is found again by its reservationnumber, a customer by its address, a product by its number.
func (c *Client) Create(ctx context.Context, resource string, body []byte) (port.Document, error) {
	if err := c.known(resource); err != nil {
		return port.Document{}, err
	}
	op := "create " + resource
	if !isObject(body) {
		return port.Document{}, c.refuse(op, "", "the document is no JSON object")
	}
	switch resource {
	case orderResource:
		return c.createOrder(ctx, op, body)
	case customerResource:
		return c.createCustomer(ctx, op, body)
	case productResource:
		return c.createProduct(ctx, op, body)
	}
	return port.Document{}, c.refuse(op, "", "stock is there when its product is")
}

// Update changes the members that change holds.
func (c *Client) Update(ctx context.Context, resource, id string, change []byte) (port.Document, error) {
	if err := c.known(resource); err != nil {
		return port.Document{}, err
	}
	op := "update " + resource
	if !isObject(change) {
		return port.Document{}, c.refuse(op, "", "the change is no JSON object")
	}
	switch resource {
	case orderResource:
		return c.updateOrder(ctx, op, id, change)
	case customerResource:
		return c.updateCustomer(ctx, id, change)
	case productResource:
		return c.updateProduct(ctx, id, change)
	}
	return c.updateStock(ctx, id, change)
}

// made takes the id out of the answer to a create.
func (c *Client) made(op string, v gjson.Result) (string, error) {
	if id := v.Get("id").String(); isID(id) {
		return id, nil
	}
	return "", &port.Error{Kind: port.ErrInDoubt, System: c.dialect.name, Op: op, Message: "the answer does not say what was made"}
}

// first is the document of a read by id after a write. What was written stands, even where reading it fails.
func first(docs []port.Document, err error, written port.Document) port.Document {
	if err != nil || len(docs) == 0 {
		return written
	}
	return docs[0]
}

// createCustomer makes an account. CCV knows customers by a user name, which is the address by custom, and asks for a password.
func (c *Client) createCustomer(ctx context.Context, op string, body []byte) (port.Document, error) {
	email := gjson.GetBytes(body, "userinfo.email").String()
	var err error
	if gjson.GetBytes(body, "username").String() == "" {
		if email == "" {
			return port.Document{}, c.refuse(op, "userinfo.email", "a customer needs an e-mail address")
		}
		if body, err = sjson.SetBytes(body, "username", email); err != nil {
			return port.Document{}, err
		}
	}
	if gjson.GetBytes(body, "password").String() == "" {
		if body, err = sjson.SetBytes(body, "password", password()); err != nil {
			return port.Document{}, err
		}
	}
	if body, err = writablePerson(body, "userinfo"); err != nil {
		return port.Document{}, err
	}
	v, err := c.write(ctx, http.MethodPost, body, "users")
	if err != nil {
		return port.Document{}, err
	}
	id, err := c.made(op, v)
	if err != nil {
		return port.Document{}, err
	}
	c.users.add(v)
	return document(customerResource, id, emailOf(v), time.Time{}, []byte(v.Raw)), nil
}

// password is one that nobody learns: who wants to log in asks the shop for another.
func password() string {
	b := make([]byte, 24)
	_, _ = rand.Read(b) // never fails
	return hex.EncodeToString(b)
}

func (c *Client) updateCustomer(ctx context.Context, id string, change []byte) (port.Document, error) {
	change, err := writablePerson(change, "userinfo")
	if err != nil {
		return port.Document{}, err
	}
	if change, err = sjson.DeleteBytes(change, "password"); err != nil {
		return port.Document{}, err
	}
	if _, err := c.write(ctx, http.MethodPatch, change, "users", id); err != nil {
		return port.Document{}, err
	}
	docs, err := c.customerByID(ctx, []string{id})
	doc := first(docs, err, port.Document{Resource: customerResource, ID: id, Body: change})
	c.users.add(gjson.ParseBytes(doc.Body))
	return doc, nil
}

// readOnly are members of a customer that stand in what is read and that the API does not take. A country is written by its code, and the
// name of who is billed by its parts.
var readOnly = []string{"email_invoice", "email_invoice_company", "email_invoice_union", "billingaddress.country", "billingaddress.full_name", "deliveryaddress.country"}

// writablePerson leaves out what cannot be written.
func writablePerson(body []byte, at string) ([]byte, error) {
	for _, m := range readOnly {
		// A name in words is all that some documents have.
		if member, ok := strings.CutSuffix(m, ".full_name"); ok && gjson.GetBytes(body, at+"."+member+".last_name").String() == "" {
			continue
		}
		if member, ok := strings.CutSuffix(m, ".country"); ok && gjson.GetBytes(body, at+"."+member+".country_code").String() == "" {
			continue
		}
		var err error
		if body, err = sjson.DeleteBytes(body, at+"."+m); err != nil {
			return nil, err
		}
	}
	return body, nil
}

func (c *Client) createOrder(ctx context.Context, op string, body []byte) (port.Document, error) {
	if !gjson.GetBytes(body, "orderrows").IsArray() {
		return port.Document{}, c.refuse(op, "orderrows", "an order needs rows")
	}
	var err error
	if !gjson.GetBytes(body, "customer").IsObject() {
		if body, err = sjson.SetRawBytes(body, "customer", []byte("{}")); err != nil {
			return port.Document{}, err
		}
	}
	send := func() (gjson.Result, error) {
		resolved, err := c.writableOrder(ctx, op, body)
		if err != nil {
			return gjson.Result{}, err
		}
		return c.write(ctx, http.MethodPost, resolved, "orders")
	}
	v, err := send()
	var e *port.Error
	if errors.As(err, &e) && e.Code == codeUnknownID && c.skus.stale(body) {
		// What a SKU stood for is gone: look again, once.
		c.skus.forget()
		c.variants.forget()
		v, err = send()
	}
	if err != nil {
		return port.Document{}, err
	}
	id, err := c.made(op, v)
	if err != nil {
		return port.Document{}, err
	}
	c.orders.add(v)
	docs, err := c.orderByID(ctx, []string{id})
	return first(docs, err, document(orderResource, id, v.Get("ordernumber_full").String(), stamp(v.Get("create_date").String()), []byte(v.Raw))), nil
}

func (c *Client) updateOrder(ctx context.Context, op, id string, change []byte) (port.Document, error) {
	change, err := c.writableOrder(ctx, op, change)
	if err != nil {
		return port.Document{}, err
	}
	// user_id and is_completed are said once, when an order is made.
	for _, m := range []string{"user_id", "is_completed"} {
		if change, err = sjson.DeleteBytes(change, m); err != nil {
			return port.Document{}, err
		}
	}
	if _, err := c.write(ctx, http.MethodPatch, change, "orders", id); err != nil {
		return port.Document{}, err
	}
	docs, err := c.orderByID(ctx, []string{id})
	return first(docs, err, port.Document{Resource: orderResource, ID: id, Body: change}), nil
}

// writableOrder puts ids in place of SKUs.
func (c *Client) writableOrder(ctx context.Context, op string, body []byte) ([]byte, error) {
	body, err := writablePerson(body, "customer")
	if id := gjson.GetBytes(body, "user_id"); err == nil && id.Type == gjson.String {
		// Flows know ids as text.
		if !isID(id.Str) {
			return nil, c.refuse(op, "user_id", "this is no id of a customer")
		}
		body, err = sjson.SetRawBytes(body, "user_id", []byte(id.Str))
	}
	if err != nil || !gjson.GetBytes(body, "orderrows").IsArray() {
		return body, err
	}
	var rows []gjson.Result
	for _, row := range gjson.GetBytes(body, "orderrows").Array() {
		out, err := c.writableRow(ctx, op, []byte(row.Raw))
		if err != nil {
			return nil, err
		}
		rows = append(rows, gjson.ParseBytes(out))
	}
	return sjson.SetRawBytes(body, "orderrows", rest.RawList(rows))
}

// writableRow names the article of a row by its ids. The price of a variant is that of its product and of what was chosen, which the shop adds by itself: what
// is sent is the price without it.
func (c *Client) writableRow(ctx context.Context, op string, row []byte) ([]byte, error) {
	sku := gjson.GetBytes(row, "sku").String()
	row, err := sjson.DeleteBytes(row, "sku")
	if err != nil {
		return nil, err
	}
	if sku == "" || gjson.GetBytes(row, "product_id").Exists() {
		return c.freeRow(ctx, row)
	}
	found, ok := c.skus.get(sku)
	if !ok {
		if found, err = c.articles(ctx, sku); err != nil {
			return nil, err
		}
	}
	if len(found) != 1 {
		what := "the shop has no article with the SKU of a row"
		if len(found) > 1 {
			what = "the shop has several articles with the SKU of a row"
		}
		return nil, c.refuse(op, "orderrows.sku", what)
	}
	a := found[0]
	set := map[string]string{"product_id": a.product}
	if a.variant != "" {
		set["attribute_combination_id"] = a.variant
		if price := gjson.GetBytes(row, "price"); price.Type == gjson.Number {
			base := ratOf(price.Raw)
			set["price"] = decimalText(base.Sub(base, ratOf(a.extra)))
		}
	}
	for member, value := range set {
		if row, err = sjson.SetRawBytes(row, member, []byte(value)); err != nil {
			return nil, err
		}
	}
	return row, nil
}

// freeRow is a row without an article: the shop wants a kind of package for it, and a discount.
func (c *Client) freeRow(ctx context.Context, row []byte) ([]byte, error) {
	if gjson.GetBytes(row, "product_id").Exists() {
		return row, nil
	}
	var err error
	if !gjson.GetBytes(row, "discount").Exists() {
		if row, err = sjson.SetRawBytes(row, "discount", []byte("0")); err != nil {
			return nil, err
		}
	}
	if gjson.GetBytes(row, "package_id").Exists() {
		return row, nil
	}
	pack, err := c.packageID(ctx, "")
	if err != nil {
		return nil, err
	}
	return sjson.SetRawBytes(row, "package_id", []byte(pack))
}

// packageID is the id of a kind of package: the one with the name, or the first. A shop without any gets one.
func (c *Client) packageID(ctx context.Context, name string) (string, error) {
	for _, refresh := range []bool{false, true} {
		table, err := c.Reference(ctx, "packages", refresh)
		if err != nil {
			return "", err
		}
		rows := gjson.ParseBytes(table).Array()
		i := slices.IndexFunc(rows, func(r gjson.Result) bool { return name == "" || strings.EqualFold(r.Get("name").String(), name) })
		if i >= 0 {
			return rows[i].Get("id").String(), nil
		}
		if !c.missed("packages") {
			break
		}
	}
	return c.newNamed(ctx, "packages", rawOr(name, "Standaard"))
}

// newNamed makes a document of reference data that is a name.
func (c *Client) newNamed(ctx context.Context, resource, name string) (string, error) {
	v, err := c.write(ctx, http.MethodPost, members("name", name), resource)
	if err != nil {
		return "", err
	}
	if _, err := c.Reference(ctx, resource, true); err != nil {
		return "", err
	}
	return c.made("POST /"+resource+"/", v)
}

// stale tells whether a row of an order was resolved from memory.
func (s *skuCache) stale(order []byte) bool {
	for _, row := range gjson.GetBytes(order, "orderrows").Array() {
		if _, ok := s.get(row.Get("sku").String()); ok {
			return true
		}
	}
	return false
}
