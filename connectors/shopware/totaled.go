package shopware

import (
	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

var (
	_ port.Totaled  = (*Client)(nil)
	_ port.Comparer = (*Client)(nil)
)

// Totaled reads the amounts of an order as the shop keeps them.
func (c *Client) Totaled(resource string, body []byte) (port.Totals, bool) {
	price := gjson.GetBytes(body, "price")
	if resource != "order" || !price.Get("totalPrice").Exists() {
		return port.Totals{}, false
	}
	return port.Totals{Net: price.Get("netPrice").Raw, Gross: price.Get("totalPrice").Raw}, true
}
