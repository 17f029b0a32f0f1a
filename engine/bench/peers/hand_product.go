package peers

import (
	"errors"
	"math"
	"strconv"
	"strings"
)

type srcProduct struct {
	ProductNumber  string   `json:"productNumber"`
	Name           *string  `json:"name"`
	EAN            *string  `json:"ean"`
	Active         bool     `json:"active"`
	Stock          int      `json:"stock"`
	AvailableStock *int     `json:"availableStock"`
	IsCloseout     bool     `json:"isCloseout"`
	MinPurchase    *int     `json:"minPurchase"`
	Weight         *float64 `json:"weight"`
	Width          int      `json:"width"`
	Height         int      `json:"height"`
	Length         int      `json:"length"`
	Translated     struct {
		Name *string `json:"name"`
	} `json:"translated"`
	Manufacturer struct {
		Name       *string `json:"name"`
		Translated struct {
			Name *string `json:"name"`
		} `json:"translated"`
	} `json:"manufacturer"`
	Price []struct {
		Net   float64 `json:"net"`
		Gross float64 `json:"gross"`
	} `json:"price"`
	PurchasePrices []struct {
		Net float64 `json:"net"`
	} `json:"purchasePrices"`
	Tax struct {
		TaxRate float64 `json:"taxRate"`
	} `json:"tax"`
	Cover *struct {
		Media struct {
			URL *string `json:"url"`
		} `json:"media"`
	} `json:"cover"`
	Categories []struct {
		Breadcrumb []string `json:"breadcrumb"`
	} `json:"categories"`
	Tags []struct {
		Name string `json:"name"`
	} `json:"tags"`
}
type outProduct struct {
	SKU          string   `json:"sku"`
	Name         string   `json:"name"`
	Brand        string   `json:"brand"`
	Title        string   `json:"title"`
	EAN          string   `json:"ean"`
	Active       bool     `json:"active"`
	Stock        int      `json:"stock"`
	Availability string   `json:"availability"`
	PriceNet     float64  `json:"priceNet"`
	PriceGross   float64  `json:"priceGross"`
	Margin       float64  `json:"margin"`
	Vat          float64  `json:"vat"`
	Currency     string   `json:"currency"`
	Category     string   `json:"category"`
	Image        string   `json:"image"`
	WeightG      float64  `json:"weightG"`
	Dims         string   `json:"dims"`
	MinQty       int      `json:"minQty"`
	Tags         []string `json:"tags"`
}

func (p *srcProduct) to() (t outProduct, err error) {
	if len(p.Price) == 0 || len(p.PurchasePrices) == 0 || len(p.Categories) == 0 {
		return t, errors.New("incomplete product")
	}
	t.SKU = p.ProductNumber
	t.Name = strOr(p.Translated.Name, strOr(p.Name, ""))
	t.Brand = strOr(p.Manufacturer.Translated.Name, strOr(p.Manufacturer.Name, ""))
	t.Title = t.Brand + " " + t.Name
	t.EAN = strOr(p.EAN, "")
	t.Active = p.Active
	t.Stock = p.Stock
	if p.AvailableStock != nil {
		t.Stock = *p.AvailableStock
	}
	switch {
	case t.Stock > 0:
		t.Availability = "in_stock"
	case p.IsCloseout:
		t.Availability = "sold_out"
	default:
		t.Availability = "backorder"
	}
	t.PriceNet, t.PriceGross = p.Price[0].Net, p.Price[0].Gross
	t.Margin = round4((p.Price[0].Net - p.PurchasePrices[0].Net) / p.Price[0].Net)
	t.Vat = p.Tax.TaxRate
	t.Currency = "EUR"
	t.Category = strings.Join(p.Categories[0].Breadcrumb, " > ")
	if p.Cover != nil {
		t.Image = strOr(p.Cover.Media.URL, "")
	}
	if p.Weight != nil {
		t.WeightG = math.Round(*p.Weight * 1000)
	}
	t.Dims = strconv.Itoa(p.Width) + "x" + strconv.Itoa(p.Height) + "x" + strconv.Itoa(p.Length)
	t.MinQty = 1
	if p.MinPurchase != nil {
		t.MinQty = *p.MinPurchase
	}
	t.Tags = make([]string, len(p.Tags))
	for i := range p.Tags {
		t.Tags[i] = p.Tags[i].Name
	}
	return t, nil
}

type outCatalogue struct {
	Items []outProduct `json:"items"`
}

func catalogueTo(ps []srcProduct) (outCatalogue, error) {
	c := outCatalogue{Items: make([]outProduct, len(ps))}
	var err error
	for i := range ps {
		if c.Items[i], err = ps[i].to(); err != nil {
			return c, err
		}
	}
	return c, nil
}
