package peers

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/bytedance/sonic"
	goccy "github.com/goccy/go-json"
)

// codec is a JSON library as hand-written code uses it.
type codec struct {
	unmarshal func([]byte, any) error
	marshal   func(any) ([]byte, error)
}

var (
	stdJSON   = codec{json.Unmarshal, json.Marshal}
	goccyJSON = codec{
		func(b []byte, v any) error { return goccy.Unmarshal(b, v) },
		func(v any) ([]byte, error) { return goccy.Marshal(v) },
	}
	sonicJSON = codec{sonic.ConfigStd.Unmarshal, sonic.ConfigStd.Marshal}
)

// hand is the mapping as code: it decodes into structs, copies, and encodes.
func hand(c codec) func(string) (Func, error) {
	return func(mapping string) (Func, error) {
		switch mapping {
		case "tiny":
			return by(c, (*srcTiny).to), nil
		case "order":
			return by(c, (*srcOrder).to), nil
		case "product":
			return by(c, (*srcProduct).to), nil
		case "catalogue":
			return by(c, func(ps *[]srcProduct) (outCatalogue, error) { return catalogueTo(*ps) }), nil
		}
		return nil, fmt.Errorf("no hand-written mapping %q", mapping)
	}
}

func by[S, T any](c codec, to func(*S) (T, error)) Func {
	return func(src []byte) ([]byte, error) {
		var s S
		if err := c.unmarshal(src, &s); err != nil {
			return nil, err
		}
		t, err := to(&s)
		if err != nil {
			return nil, err
		}
		return c.marshal(&t)
	}
}

type srcTiny struct {
	ID          string  `json:"id"`
	OrderNumber string  `json:"orderNumber"`
	State       string  `json:"state"`
	UnitPrice   float64 `json:"unitPrice"`
	Quantity    int     `json:"quantity"`
	Customer    struct {
		FirstName string `json:"firstName"`
		LastName  string `json:"lastName"`
		Email     string `json:"email"`
	} `json:"customer"`
}

type outTiny struct {
	ID     string  `json:"id"`
	Number string  `json:"number"`
	Name   string  `json:"name"`
	Email  string  `json:"email"`
	Total  float64 `json:"total"`
	Paid   bool    `json:"paid"`
}

func (o *srcTiny) to() (outTiny, error) {
	return outTiny{
		ID:     o.ID,
		Number: "SW-" + o.OrderNumber,
		Name:   strings.TrimSpace(o.Customer.FirstName + " " + o.Customer.LastName),
		Email:  strings.ToLower(o.Customer.Email),
		Total:  round2(o.UnitPrice * float64(o.Quantity)),
		Paid:   o.State == "paid",
	}, nil
}
