package engine

import (
	"context"
	"fmt"
	"testing"
)

func TestSmoke(t *testing.T) {
	src := `
from: any
to: any
let:
  bill: billingAddress
  rows: 'map(lineItems, {{sku: .payload.productNumber, q: .quantity}})'
settings:
  mode: {type: string, default: a, choices: [a, b]}
tables:
  pay: {debit: invoice, "21": x}
rules:
  number: orderNumber
  id: id
  a.b: 0.1 + 0.2
  c: price * 3
  mode: settings.mode
  lines[]: {each: lineItems, as: line, index: i, where: line.type == "product"}
  lines[].sku: line.payload.productNumber
  lines[].n: i + 1
  lines[].taxes[]: {each: line.taxes, as: tx}
  lines[].taxes[].rate: tx.rate
  n: len2
  rows: rows
  p: {lookup: pay, key: method, missing: omit}
  q: {lookup: pay, key: rate}
  t: {when: [{if: price > 10, value: big}, {value: small}]}
  d: {expr: nosuch, default: 1.50}
  o: out.a.b
  r: {expr: price / 3, round: 2}
  s: sum(lineItems, .quantity)
  "we.ird": 1
`
	m, err := Parse("x.yaml", []byte(src))
	if err != nil {
		ds, _ := err.(Diagnostics)
		t.Fatal(ds.Render())
	}
	out, err := m.Apply(context.Background(), []byte(`{"orderNumber":"10","id":9007199254740993,"price":19.10,"method":"debit","rate":21.00,"lineItems":[{"type":"product","quantity":2,"payload":{"productNumber":"A"},"taxes":[{"rate":21},{"rate":9.0}]},{"type":"x","quantity":1.5,"payload":[]},{"type":"product","quantity":1,"payload":[]}]}`), Input{})
	if err != nil {
		ds, _ := err.(Diagnostics)
		t.Fatal(ds.Render())
	}
	fmt.Println(string(out))
}
