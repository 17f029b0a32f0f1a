package ccv

import (
	"context"
	"net/url"
	"slices"
	"sync"
	"time"

	"github.com/tidwall/gjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// variantIndex knows the variants of all products by their SKUs. The vendor allows 30 searches for a variant a minute: who asks for more is answered
// from a list that is read in a call for every 25 products.
type variantIndex struct {
	mu       sync.Mutex
	skus     map[string][]article
	read     time.Time
	searches []time.Time // of the last minute
}

const (
	// mostSearches are made in a minute before all variants are read: each is two calls, and a tenth of the budget goes at once.
	mostSearches = 1
	// variantsAge is when they are read again. Those that this connection makes are added at once.
	variantsAge = 5 * time.Minute
)

// variantsWith finds the variants with a SKU.
func (c *Client) variantsWith(ctx context.Context, sku string) ([]article, error) {
	x := &c.variants
	x.mu.Lock()
	defer x.mu.Unlock()
	now := c.now()
	x.searches = slices.DeleteFunc(x.searches, func(at time.Time) bool { return now.Sub(at) >= time.Minute })
	known := x.skus != nil && now.Sub(x.read) < variantsAge
	if !known && len(x.searches) < mostSearches {
		x.searches = append(x.searches, now)
		return c.searchVariants(ctx, sku)
	}
	if !known {
		x.skus = nil
		all := map[string][]article{}
		for row, err := range c.walkWhole(ctx, url.Values{"orderby": {"id"}, "expand": {"attributecombinations"}}) {
			if err != nil {
				return nil, err
			}
			noteVariants(all, row)
		}
		x.skus, x.read = all, now
	}
	return slices.Clone(x.skus[sku]), nil
}

// searchVariants asks by either number of a variant.
func (c *Client) searchVariants(ctx context.Context, sku string) ([]article, error) {
	for _, field := range []string{"skunumber", "productnumber"} {
		products, err := c.all(ctx, url.Values{field: {sku}}, "productqueries")
		if err != nil {
			return nil, err
		}
		found := map[string][]article{}
		for _, p := range products {
			combinations, err := c.flat(ctx, "products", p.Get("id").String(), "attributecombinations")
			if err != nil {
				return nil, err
			}
			for _, o := range combinations {
				noteVariant(found, p.Get("id").String(), o)
			}
		}
		if len(found[sku]) > 0 {
			return found[sku], nil
		}
	}
	return nil, nil
}

func noteVariants(all map[string][]article, product gjson.Result) {
	for _, o := range product.Get("attributecombinations.collection").Array() {
		noteVariant(all, product.Get("id").String(), o)
	}
}

// noteVariant remembers a variant by each of its numbers.
func noteVariant(all map[string][]article, product string, o gjson.Result) {
	a := article{product, o.Get("id").String(), rawOr(o.Get("netto_extra_price").Raw, "0")}
	numbers := []string{o.Get("sku_number").String(), o.Get("product_number").String()}
	for i, n := range numbers {
		if n != "" && (i == 0 || n != numbers[0]) {
			all[n] = append(all[n], a)
		}
	}
}

func (x *variantIndex) forget() {
	x.mu.Lock()
	defer x.mu.Unlock()
	x.skus = nil
}

// written brings what was known of a product's SKUs up to date.
func (c *Client) written(doc port.Document) {
	c.skus.forget()
	c.variants.mu.Lock()
	defer c.variants.mu.Unlock()
	if c.variants.skus == nil {
		return
	}
	product := gjson.ParseBytes(doc.Body)
	id := product.Get("id").String()
	for sku, list := range c.variants.skus {
		if kept := slices.DeleteFunc(list, func(a article) bool { return a.product == id }); len(kept) > 0 {
			c.variants.skus[sku] = kept
		} else {
			delete(c.variants.skus, sku)
		}
	}
	noteVariants(c.variants.skus, product)
}
