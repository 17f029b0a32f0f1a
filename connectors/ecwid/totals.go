package ecwid

import (
	"context"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Totals returns the amounts of an order that is about to be written: Ecwid stores them as they are.
func (c *Client) Totals(_ context.Context, resource string, body, _ []byte) (port.Totals, error) {
	t, _ := c.Totaled(resource, body)
	return t, nil
}

// Totaled reads what an order comes to.
func (c *Client) Totaled(resource string, body []byte) (port.Totals, bool) {
	total := gjson.GetBytes(body, "total")
	if resource != orderResource || total.Type != gjson.Number {
		return port.Totals{}, false
	}
	return port.Totals{Gross: total.Raw, Tax: gjson.GetBytes(body, "tax").Raw}, true
}
