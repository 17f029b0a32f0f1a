package ccv

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// relatedAge is for how long the number of a related product is believed.
const relatedAge = 10 * time.Minute

// numberCache remembers the numbers of products by id: what a product names as related it names by id.
type numberCache struct {
	mu    sync.Mutex
	known map[string]string
	read  time.Time
}

func (n *numberCache) get(id string, now time.Time) (number string, ok bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if now.Sub(n.read) >= relatedAge {
		n.known, n.read = map[string]string{}, now
	}
	number, ok = n.known[id]
	return number, ok
}

func (n *numberCache) set(id, number string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.known[id] = number
}

// relatedNumbers are the numbers of the products that a product names as related. One that is gone meanwhile is left out.
func (c *Client) relatedNumbers(ctx context.Context, product gjson.Result) ([]string, error) {
	var out []string
	for _, r := range product.Get("productrelevant.collection").Array() {
		id := r.Get("child_product_id").String()
		number, ok := c.numbers.get(id, c.now())
		if !ok {
			row, err := c.get(ctx, nil, "products", id)
			if err != nil && !errors.Is(err, port.ErrNotFound) {
				return nil, err
			}
			number = row.Get("productnumber").String()
			c.numbers.set(id, number)
		}
		if number != "" {
			out = append(out, number)
		}
	}
	return out, nil
}

// relatedPhase names the related products that the product does not name yet. A variant stands for its product.
func (c *Client) relatedPhase(ctx context.Context, have, want gjson.Result) ([]step, error) {
	product := have.Get("id").String()
	named := []string{product} // nothing is related to itself
	for _, r := range have.Get("productrelevant.collection").Array() {
		named = append(named, r.Get("child_product_id").String())
	}
	known := texts(have.Get("crosswalk.related"))
	var steps []step
	for _, sku := range texts(want.Get("related")) {
		if slices.Contains(known, sku) {
			continue
		}
		found, err := c.articles(ctx, sku)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, c.refuse("write product", "related", "the shop has no product "+sku)
		}
		child := found[0].product
		if slices.Contains(named, child) {
			continue
		}
		named = append(named, child)
		steps = append(steps, step{port.Change{Path: "related", To: jsonOf(sku)}, func(ctx context.Context) error {
			_, err := c.write(ctx, http.MethodPost, members("child_product_id", raw(child)), "products", product, "productrelevant")
			if errors.Is(err, port.ErrConflict) {
				return nil // it names it
			}
			return err
		}})
	}
	return steps, nil
}
