package shopware

import (
	"context"
	"slices"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// Related products stand in the cross-sellings of a product. Those that are lists say them one by one; others are searches of the shop's own.

// listed is the type of a cross-selling that is a list.
const listed = "productList"

// relatedTo are the products that a product names in its lists, of each the member.
func relatedTo(have *jsondoc.Object, member func(assigned *jsondoc.Object) string) []string {
	var out []string
	for _, x := range have.Objects("crossSellings") {
		if x.Text("type") != listed {
			continue
		}
		for _, a := range x.Objects("assignedProducts") {
			out = append(out, member(a))
		}
	}
	return out
}

// productID is the id of the product or variant with a number.
func (c *Client) productID(ctx context.Context, number string) (string, error) {
	page, err := c.search(ctx, "product", criteria{Filter: []filter{equals("productNumber", number)}, Limit: 10,
		Includes: map[string][]string{"product": {"id", "productNumber"}}}, nil)
	if err != nil {
		return "", err
	}
	for _, row := range page.rows { // the database compares without case
		if row.Get("productNumber").String() == number {
			return row.Get("id").String(), nil
		}
	}
	return "", invalid("related", "the shop has no product %s", number)
}

// compareRelated looks for related products that no list names yet.
func compareRelated(d *jsondoc.Difference, body, have, labels *jsondoc.Object) {
	named := relatedTo(have, func(a *jsondoc.Object) string { return a.Object("product").Text("productNumber") })
	var missing []any
	for _, number := range texts(labels.Get("related")) {
		if !slices.Contains(named, number) {
			d.Note("related", nil, number)
			missing = append(missing, number)
		}
	}
	if len(missing) > 0 {
		body.Set("related", missing)
		body.Set("relatedTitle", labels.Get("relatedTitle"))
	}
}

// putRelated adds related products to a list of their own, whose id follows from the product's, and makes the list where it is not there. Its title
// is the shop's from then on.
func (c *Client) putRelated(ctx context.Context, id string, have, in, labels *jsondoc.Object) error {
	named := append(relatedTo(have, func(a *jsondoc.Object) string { return a.Text("productId") }), id)
	list := jsondoc.New("id", fixedID("related", id))
	place := 0
	if i := slices.IndexFunc(have.Objects("crossSellings"), func(x *jsondoc.Object) bool { return x.Text("id") == list.Text("id") }); i >= 0 {
		place = len(have.Objects("crossSellings")[i].Objects("assignedProducts"))
	} else {
		title := labels.Text("relatedTitle")
		if title == "" {
			title = "Related products"
		}
		list.Merge(jsondoc.New("name", title, "type", listed, "active", true, "position", jsondoc.Int(len(have.Objects("crossSellings"))+1)))
	}
	var assigned []any
	for _, number := range texts(labels.Get("related")) {
		other, err := c.productID(ctx, number)
		if err != nil {
			return err
		}
		if slices.Contains(named, other) {
			continue
		}
		named = append(named, other)
		place++
		assigned = append(assigned, jsondoc.New("id", fixedID("related", id, other), "productId", other, "position", jsondoc.Int(place)))
	}
	if len(assigned) > 0 {
		list.Set("assignedProducts", assigned)
		in.Set("crossSellings", []any{list})
	}
	return nil
}
