package ecwid

import (
	"context"
	"slices"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Compare says what Update would change. Members that Ecwid derives, ids and the order of members do not count.
//
// A product is written with these members besides those of the API:
//
//	crosswalk.categories  [["Shoes", "Men"], ...]: paths of names; the product is put into them and taken out of none
//	crosswalk.taxRate     percent: the tax of the store that has the rate
//	crosswalk.attributes  [{name, value}, ...]: information, by the name of the attribute; one that the store lacks is made
//	crosswalk.related     [sku, ...]: products that are shown with it; others that it names stay
//	crosswalk.images      [{url, hash}, ...]: the first one is the main image; see images.go
//
// Options, choices and variations that the store has and the document does not name stay, and so do images that somebody else
// put there. quantity and unlimited count when a product or a variation is made: the stock of one that is there moves by the resource stock.
func (c *Client) Compare(ctx context.Context, name string, have port.Document, want []byte) (port.Comparison, error) {
	r, in, err := input(name, "compare", want)
	if err != nil {
		return port.Comparison{}, err
	}
	old, err := jsondoc.DecodeObject(have.Body)
	if err != nil {
		return port.Comparison{}, &port.Error{Kind: port.ErrProtocol, System: system, Op: "compare " + name, Err: err}
	}
	d := jsondoc.NewDifference(derived...)
	switch r.name {
	case productResource:
		err = c.compareProduct(ctx, d, old, in)
	case customerResource:
		compareCustomer(d, old, in)
	case stockResource:
		if old.Get("unlimited") == true && in.Get("unlimited") != false {
			in.Drop("quantity") // left alone
		}
		d.Members(old, in, "id", "crosswalk")
		if unlimited := in.Get("unlimited"); len(d.Changes) > 0 && unlimited != nil {
			d.Body.Set("unlimited", unlimited)
		}
	default:
		d.Members(old, in, "id", "crosswalk")
	}
	if err != nil {
		return port.Comparison{}, err
	}
	return d.Comparison(), nil
}

// compareCustomer compares addresses with those that an update would change.
func compareCustomer(d *jsondoc.Difference, have, want *jsondoc.Object) {
	d.Members(have, want, "id", "shippingAddresses", "crosswalk")
	if !want.Has("shippingAddresses") {
		return
	}
	old := have.Objects("shippingAddresses")
	after := mergeAddresses(old, want.Objects("shippingAddresses"))
	changed := len(after) != len(old)
	for _, v := range after {
		o, _ := v.(*jsondoc.Object)
		i := slices.IndexFunc(old, func(h *jsondoc.Object) bool { return o.Has("id") && h.Text("id") == o.Text("id") })
		changed = changed || i < 0 || !d.Holds(old[max(i, 0)], o)
	}
	if changed {
		d.Note("shippingAddresses", have.Get("shippingAddresses"), want.Get("shippingAddresses"))
		d.Body.Set("shippingAddresses", want.Get("shippingAddresses"))
	}
}
