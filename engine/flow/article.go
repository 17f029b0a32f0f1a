package flow

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine/port"
)

// article is one product of the target that an order needs or may need.
type article struct {
	sku      string
	id       string // real, or a placeholder
	document []byte
	op       *Operation
	absent   bool   // named by a table, but the target lacks it
	table    string // the table that names it
}

// finder is a source that can be asked by a key.
type finder interface {
	Find(ctx context.Context, resource string, key port.Key) ([]port.Document, error)
}

// articles finds every article number of the order's lines and of the tables whose name ends in
// "Articles" (shippingArticles, discountArticles, feeArticles). A number of a line that the target
// lacks goes by settings.missingProduct; one of a table matters only if the mapping uses it.
func (p *Planner) articles(ctx context.Context, d *draft, links []byte) ([]article, error) {
	if p.flow.Resources.Product == "" {
		return nil, nil
	}
	var out []article
	var missing []string
	for _, sku := range lineSKUs(d.canonical) {
		doc, ok, err := p.article(ctx, sku)
		if err != nil {
			return nil, err
		}
		if !ok {
			missing = append(missing, sku)
			continue
		}
		out = append(out, article{sku: sku, id: doc.ID, document: doc.Body})
	}
	if len(missing) > 0 {
		made, err := p.missingArticles(ctx, d, missing, links)
		if err != nil {
			return nil, err
		}
		out = append(out, made...)
	}
	for _, t := range tableSKUs(p.flow.Tables) {
		if slices.ContainsFunc(out, func(a article) bool { return a.sku == t.sku }) {
			continue
		}
		doc, ok, err := p.article(ctx, t.sku)
		if err != nil {
			return nil, err
		}
		a := article{sku: t.sku, id: doc.ID, document: doc.Body, table: t.table}
		if !ok {
			a.absent, a.id = true, missingPlaceholder(t.sku, d.doc.Body, d.canonical)
		}
		out = append(out, a)
	}
	return out, nil
}

// missingArticles decides what becomes of lines whose article the target lacks.
func (p *Planner) missingArticles(ctx context.Context, d *draft, skus []string, links []byte) ([]article, error) {
	switch p.set.missingProduct {
	case missingCreate:
		var out []article
		for _, sku := range skus {
			a, err := p.newArticle(ctx, d, sku, links)
			if err != nil {
				return nil, err
			}
			out = append(out, a)
		}
		return out, nil
	case missingIgnore:
		order, err := withoutLines(d.canonical, skus)
		if err != nil {
			return nil, err
		}
		d.canonical = order
		d.plan.Warnings = append(d.plan.Warnings, fmt.Sprintf("left out: lines with article %s, which %s does not have", strings.Join(skus, ", "), p.flow.To))
		return nil, nil
	}
	return nil, &Failure{Code: FailProduct,
		Message: fmt.Sprintf("%s has no article %s", p.flow.To, strings.Join(skus, ", ")),
		Help:    fmt.Sprintf("create it there under that number, correct the number in %s, or set settings.missingProduct to create", p.flow.From)}
}

// newArticle plans an article from the source's product, or from the order's line where the
// source has none.
func (p *Planner) newArticle(ctx context.Context, d *draft, sku string, links []byte) (article, error) {
	linkID := "sku:" + sku
	link, err := p.link(ctx, port.Product, linkID)
	if err != nil {
		return article{}, err
	}
	if err := p.pending("article "+sku, link, true); err != nil {
		return article{}, err
	}
	product, raw, err := p.sourceProduct(ctx, d, sku)
	if err != nil {
		return article{}, err
	}
	sold, err := lineProduct(d.canonical, sku)
	if err == nil && product != nil && !present(gjson.GetBytes(product, "taxRate")) {
		// A catalogue may know tax by class only; what it was sold with is known.
		if rate := gjson.GetBytes(sold, "taxRate"); present(rate) {
			product, err = sjson.SetRawBytes(product, "taxRate", []byte(rate.Raw))
		}
	}
	if err != nil {
		return article{}, fmt.Errorf("article %s from the order's line: %w", sku, err)
	}
	if product == nil {
		product, raw = sold, nil
	}
	in := d.in
	in.Source, in.Links = raw, links
	op, err := p.creation(ctx, wanted{
		operation: "product:" + sku, mapping: "mapping of article " + sku, mapper: p.flow.Mappings.ProductWrite, resource: p.flow.Resources.Product,
		document: product, in: in, keys: []port.Key{{Field: port.KeySKU, Value: sku}}, link: LinkRef{Entity: port.Product, SourceID: linkID},
	})
	if err != nil {
		return article{}, err
	}
	op.Provides = productPlaceholder(sku, d.doc.Body, d.canonical)
	return article{sku: sku, id: op.Provides, document: op.Body, op: op}, nil
}

// sourceProduct reads the product from the source; nil where that cannot be asked or has none.
func (p *Planner) sourceProduct(ctx context.Context, d *draft, sku string) (product, raw []byte, err error) {
	find, ok := p.source.(finder)
	if !ok || p.flow.Mappings.ProductRead == nil || p.flow.Resources.SourceProduct == "" {
		return nil, nil, nil
	}
	docs, err := retry(ctx, p.pace, func() ([]port.Document, error) {
		return find.Find(ctx, p.flow.Resources.SourceProduct, port.Key{Field: port.KeySKU, Value: sku})
	})
	if isAbsent(err) || errors.Is(err, port.ErrNoProbe) || err == nil && len(docs) == 0 {
		return nil, nil, nil
	}
	if err != nil {
		return nil, nil, fmt.Errorf("product %s of the source: %w", sku, err)
	}
	in := d.in
	in.Source = docs[0].Body
	product, err = p.flow.Mappings.ProductRead.Apply(ctx, docs[0].Body, in)
	if err != nil {
		return nil, nil, mappingFailure("read mapping of product "+sku, err)
	}
	return product, docs[0].Body, nil
}

// lineProduct makes a canonical product of the first line with the article number.
func lineProduct(order []byte, sku string) ([]byte, error) {
	out, err := sjson.SetBytes([]byte(`{"type":"simple","active":true}`), "sku", sku)
	if err != nil {
		return nil, err
	}
	fields := [][2]string{{"name", "name"}, {"ean", "ean"}, {"unitPriceNet", "priceNet"}, {"unitPriceGross", "priceGross"}, {"taxRate", "taxRate"}, {"taxCode", "taxCode"}}
	for _, line := range gjson.GetBytes(order, "lines").Array() {
		if scalar(line.Get("sku")) != sku {
			continue
		}
		for _, f := range fields {
			if v := line.Get(f[0]); present(v) {
				if out, err = sjson.SetRawBytes(out, f[1], []byte(v.Raw)); err != nil {
					return nil, err
				}
			}
		}
		break
	}
	if c := gjson.GetBytes(order, "currency"); present(c) {
		return sjson.SetRawBytes(out, "currency", []byte(c.Raw))
	}
	return out, nil
}

// article returns the target's article, asking once a run. Several with one number cannot be told
// apart by it, so the first stands for them.
func (p *Planner) article(ctx context.Context, sku string) (port.Document, bool, error) {
	m := p.memory
	m.mu.Lock()
	doc, ok := m.articles[sku]
	missing := m.missing[sku]
	m.mu.Unlock()
	if ok || missing {
		return doc, ok, nil
	}
	docs, asked, err := p.find(ctx, p.flow.Resources.Product, port.Key{Field: port.KeySKU, Value: sku})
	if err != nil && !isAbsent(err) {
		return port.Document{}, false, fmt.Errorf("article %s: %w", sku, err)
	}
	if err == nil && !asked {
		return port.Document{}, false, &Failure{Code: FailConfiguration, Message: fmt.Sprintf("%s cannot be asked for an article by its number", p.flow.To)}
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(docs) == 0 {
		// An article that this run may create is asked for again next time.
		m.missing[sku] = p.set.missingProduct != missingCreate
		return port.Document{}, false, nil
	}
	m.articles[sku] = docs[0]
	return docs[0], true, nil
}

type tableSKU struct{ table, sku string }

// tableSKUs returns the text leaves of the tables that name articles, each once.
func tableSKUs(tables []byte) []tableSKU {
	var out []tableSKU
	seen := map[string]bool{}
	var walk func(table string, v gjson.Result)
	walk = func(table string, v gjson.Result) {
		if v.IsObject() || v.IsArray() {
			v.ForEach(func(_, e gjson.Result) bool { walk(table, e); return true })
			return
		}
		if sku := scalar(v); sku != "" && !seen[sku] {
			seen[sku] = true
			out = append(out, tableSKU{table, sku})
		}
	}
	gjson.ParseBytes(tables).ForEach(func(k, v gjson.Result) bool {
		if strings.HasSuffix(k.String(), "Articles") {
			walk(k.String(), v)
		}
		return true
	})
	return out
}

// isAbsent tells a target's "there is none" that came as an error.
func isAbsent(err error) bool { return errors.Is(err, port.ErrNotFound) }
