package ecwid

import (
	"context"
	"errors"
	"fmt"
	"math/big"
	"net/http"
	"strings"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
	"github.com/crosswalk-go/crosswalk/connectors/rest"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// stockMembers are what a stock document takes over of its product or variation.
var stockMembers = []string{"sku", "quantity", "unlimited", "inStock", "warningLimit"}

// stockDocuments are the stocks of a product: one for each variation with a SKU, because one without has that of the product, and
// one for the product itself unless all its variations have their own.
//
// Ids are productId or productId/combinationId. A quantity that is not there means unlimited, never 0.
func stockDocuments(r resource, row gjson.Result) ([]port.Document, error) {
	product, err := jsondoc.DecodeObject([]byte(row.Raw))
	if err != nil {
		return nil, &port.Error{Kind: port.ErrProtocol, System: system, Op: "read stock", Err: err}
	}
	var docs []port.Document
	add := func(id string, of *jsondoc.Object) {
		o := jsondoc.New("id", id, "productId", product.Get("id"))
		if of != product {
			o.Set("combinationId", of.Get("id"))
		}
		o.Set("name", product.Get("name"))
		for _, name := range stockMembers {
			if v, ok := of.Lookup(name); ok {
				o.Set(name, v)
			}
		}
		for _, name := range []string{"updated", "updateTimestamp"} {
			o.Set(name, product.Get(name))
		}
		docs = append(docs, r.document(jsondoc.Encode(o)))
	}
	variations := product.Objects("combinations")
	inherits := len(variations) == 0
	for _, v := range variations {
		inherits = inherits || v.Text("sku") == ""
	}
	if inherits {
		add(product.Text("id"), product)
	}
	for _, v := range variations {
		if v.Text("sku") != "" {
			add(product.Text("id")+"/"+v.Text("id"), v)
		}
	}
	return docs, nil
}

// splitStockID gives the product and the variation, "" for none.
func splitStockID(id string) (product, variation string) {
	product, variation, _ = strings.Cut(id, "/")
	return product, variation
}

// stockNow reads one stock as it is now.
func (c *Client) stockNow(ctx context.Context, op, id string) (port.Document, error) {
	docs, err := c.Find(ctx, stockResource, port.Key{Field: port.KeyID, Value: id})
	if err != nil {
		return port.Document{}, err
	}
	if len(docs) != 1 {
		return port.Document{}, &port.Error{Kind: port.ErrNotFound, System: system, Op: op, Message: "the store has no product or variation with this id and a stock of its own"}
	}
	return docs[0], nil
}

// updateStock makes the quantity what change says. Ecwid is told the difference to what it has, so that a sale in between is not lost. An
// unlimited stock, which has no quantity, is left alone unless change says unlimited: false; it is told the quantity itself then.
// unlimited: true takes the limit away.
func (c *Client) updateStock(ctx context.Context, op, id string, change []byte) (port.Document, error) {
	have, err := c.stockNow(ctx, op, id)
	if err != nil {
		return port.Document{}, err
	}
	unlimited := gjson.GetBytes(have.Body, "unlimited").Bool()
	want := gjson.GetBytes(change, "unlimited")
	if want.Type == gjson.True {
		if unlimited {
			return have, nil
		}
		return c.setStock(ctx, op, id, jsondoc.New("unlimited", true))
	}
	if !gjson.GetBytes(change, "quantity").Exists() || unlimited && want.Type != gjson.False {
		return have, nil
	}
	quantity, err := pieces(op, gjson.GetBytes(change, "quantity"))
	if err != nil {
		return port.Document{}, err
	}
	if unlimited {
		return c.setStock(ctx, op, id, jsondoc.New("unlimited", false, "quantity", jsondoc.Int(quantity)))
	}
	now, err := pieces(op, gjson.GetBytes(have.Body, "quantity"))
	if err != nil {
		return port.Document{}, err
	}
	if quantity == now {
		return have, nil
	}
	path, route := stockPath(id)
	// Said twice, the difference would count twice.
	_, _, err = c.do(ctx, rest.Request{Method: http.MethodPut, Path: path + "/inventory", Route: route + "/inventory", Repeat: rest.Once,
		Body: jsondoc.Encode(jsondoc.New("quantityDelta", quantity-now))})
	doubt := errors.Is(err, port.ErrInDoubt)
	if err != nil && !doubt {
		return port.Document{}, err
	}
	is, readErr := c.stockNow(ctx, op, id)
	if doubt && (readErr != nil || gjson.GetBytes(is.Body, "quantity").Int() != int64(quantity)) {
		return port.Document{}, err // the stock says nothing about this call
	}
	return is, readErr
}

// setStock writes members of a product or variation.
func (c *Client) setStock(ctx context.Context, op, id string, members *jsondoc.Object) (port.Document, error) {
	path, route := stockPath(id)
	if _, _, err := c.do(ctx, rest.Request{Method: http.MethodPut, Path: path, Route: route, Body: jsondoc.Encode(members)}); err != nil {
		return port.Document{}, err
	}
	return c.stockNow(ctx, op, id)
}

func stockPath(id string) (path, route string) {
	product, variation := splitStockID(id)
	if variation == "" {
		return rest.Path("products", product), "/products/{id}"
	}
	return rest.Path("products", product, "combinations", variation), "/products/{id}/combinations/{id}"
}

// pieces reads a quantity, which is a whole number: 5, 5.0, -3.
func pieces(op string, v gjson.Result) (int, error) {
	n, ok := new(big.Rat), false
	if v.Type == gjson.Number && len(v.Raw) <= 20 && !strings.ContainsAny(v.Raw, "eE") {
		n, ok = n.SetString(v.Raw)
	}
	if !ok || !n.IsInt() || n.Num().BitLen() > 31 {
		return 0, &port.Error{Kind: port.ErrValidation, System: system, Op: op, Field: "quantity",
			Message: fmt.Sprintf("Ecwid counts whole pieces, and the quantity is %.20s", v.Raw)}
	}
	return int(n.Num().Int64()), nil
}
