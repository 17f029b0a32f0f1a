package flow

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// Two products that name each other cannot both come first. So a product is written without those that the target does not have yet, and comes back
// in later runs until it has them.

// relatedThere leaves of the related products those that the target has, and notes the others in the plan. have is the target's canonical product, nil for none.
func (p *Planner) relatedThere(ctx context.Context, d *draft, product, have []byte) ([]byte, error) {
	if !p.flow.Resources.Relates || p.set.related == partNever {
		return withoutMembers(product, "related")
	}
	own := productSKUs(product)
	var there []string
	for _, r := range gjson.GetBytes(have, "related").Array() {
		there = append(there, scalar(r.Get("sku")))
	}
	var kept, seen []string
	for _, r := range gjson.GetBytes(product, "related").Array() {
		sku := scalar(r.Get("sku"))
		if sku == "" || slices.Contains(own, sku) || slices.Contains(seen, sku) {
			continue
		}
		seen = append(seen, sku)
		ok := slices.Contains(there, sku)
		if !ok {
			var err error
			if ok, err = p.targetHas(ctx, sku); err != nil {
				return nil, err
			}
		}
		if ok {
			kept = append(kept, r.Raw)
		} else if !slices.Contains(d.plan.Awaits, sku) {
			d.plan.Awaits = append(d.plan.Awaits, sku)
		}
	}
	return sjson.SetRawBytes(product, "related", []byte("["+strings.Join(kept, ",")+"]"))
}

// targetHas tells whether the target has an article, as a product or as a variant of one. What it has is asked once a run.
func (p *Planner) targetHas(ctx context.Context, sku string) (bool, error) {
	m := p.memory
	m.mu.Lock()
	known := m.related[sku]
	m.mu.Unlock()
	if known {
		return true, nil
	}
	docs, _, err := p.find(ctx, p.flow.Resources.Target, port.Key{Field: port.KeySKU, Value: sku})
	if err != nil && !isAbsent(err) {
		return false, fmt.Errorf("related product %s: %w", sku, err)
	}
	if len(docs) == 0 {
		return false, nil
	}
	m.mu.Lock()
	m.related[sku] = true
	m.mu.Unlock()
	return true, nil
}

// await lets a document come back whose related products the target does not have yet.
func (r *Result) await(p *Plan) {
	if len(p.Awaits) == 0 || r.Outcome == Failed || r.Outcome == InDoubt {
		return
	}
	r.unsettled = true
	reason := "its related products " + strings.Join(p.Awaits, ", ") + " are not there yet: it comes back until they are"
	if r.Code == SkipUnchanged {
		reason = unchanged + "; " + reason
	}
	if r.Code == "" || r.Code == SkipUnchanged {
		r.Code, r.Reason = AwaitsRelated, reason
	}
}
