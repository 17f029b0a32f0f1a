package sandbox

import (
	"cmp"
	"math/big"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

const defaultSource = "default"

// newStockItem is a stock item of a product that nobody counted yet.
func newStockItem(id int) *object {
	return jsondoc.New("item_id", id, "product_id", id, "stock_id", 1, "qty", nil, "is_in_stock", false, "is_qty_decimal", false,
		"show_default_notification_message", false, "use_config_min_qty", true, "min_qty", 0, "use_config_min_sale_qty", 1,
		"min_sale_qty", 1, "use_config_max_sale_qty", true, "max_sale_qty", 10000, "use_config_backorders", true, "backorders", 0,
		"use_config_notify_stock_qty", true, "notify_stock_qty", 1, "use_config_qty_increments", true, "qty_increments", 0,
		"use_config_enable_qty_inc", true, "enable_qty_increments", false, "use_config_manage_stock", true, "manage_stock", true,
		"low_stock_date", nil, "is_decimal_divided", false, "stock_status_changed_auto", 0)
}

// stockItem is the legacy view: the quantity of the default source.
func (s *Sandbox) stockItem(p *product) *object {
	item := p.item.Clone()
	if src := s.sourceItem(p.sku(), defaultSource); src != nil && !composite(p) {
		item.Set("qty", src.Get("quantity"))
		item.Set("is_in_stock", src.Int("status") == 1)
	}
	if composite(p) {
		item.Set("qty", 0)
	}
	return item
}

// composite tells whether a product is made of others and has no quantity of its own.
func composite(p *product) bool { return p.kind() == "configurable" || p.kind() == "grouped" }

// changeStockItem is the legacy write. A quantity of 0 takes the product out of stock.
func (s *Sandbox) changeStockItem(p *product, in *object) {
	for _, k := range in.Keys() {
		switch k {
		case "item_id", "product_id", "stock_id", "qty", "extension_attributes":
		default:
			p.item.Set(k, in.Get(k))
		}
	}
	if composite(p) || !in.Has("qty") && !in.Has("is_in_stock") {
		return
	}
	src := s.sourceItem(p.sku(), defaultSource)
	if src == nil {
		src = jsondoc.New("sku", p.sku(), "source_code", defaultSource, "quantity", 0, "status", 0)
		s.stock = append(s.stock, src)
	}
	if in.Has("qty") {
		src.Set("quantity", amount(rat(in.Get("qty")), 4))
		if rat(in.Get("qty")).Sign() <= 0 && p.item.Get("manage_stock") == true {
			src.Set("status", 0)
			p.item.Set("is_in_stock", false)
		}
	}
	if v, ok := in.Get("is_in_stock").(bool); ok {
		src.Set("status", map[bool]int{true: 1}[v])
	}
}

func (s *Sandbox) sourceItem(sku, source string) *object {
	for _, i := range s.stock {
		if strings.EqualFold(text(i.Get("sku")), sku) && text(i.Get("source_code")) == source {
			return i
		}
	}
	return nil
}

// salable is what can still be sold: sources less reservations less the minimum that stays.
func (s *Sandbox) salable(p *product) *big.Rat {
	sum := new(big.Rat)
	for _, i := range s.stock {
		if strings.EqualFold(text(i.Get("sku")), p.sku()) && i.Int("status") == 1 && s.linked(text(i.Get("source_code"))) {
			sum.Add(sum, rat(i.Get("quantity")))
		}
	}
	sum.Sub(sum, s.reservation(p.sku()))
	return sum.Sub(sum, rat(p.item.Get("min_qty")))
}

// linked tells whether a source belongs to the stock that the shop sells from.
func (s *Sandbox) linked(source string) bool { return source == defaultSource }

func (s *Sandbox) reservation(sku string) *big.Rat {
	if r := s.reserved[strings.ToLower(sku)]; r != nil {
		return r
	}
	return new(big.Rat)
}

func (s *Sandbox) reserve(sku string, quantity *big.Rat) {
	s.reserved[strings.ToLower(sku)] = new(big.Rat).Add(s.reservation(sku), quantity)
}

// inStock tells whether a product can be bought at all.
func (s *Sandbox) inStock(p *product) bool {
	if p.item.Get("manage_stock") == false {
		return true
	}
	if composite(p) {
		return p.item.Get("is_in_stock") == true
	}
	src := s.sourceItem(p.sku(), defaultSource)
	return src != nil && src.Int("status") == 1 && s.salable(p).Sign() > 0
}

func (s *Sandbox) getStockItem(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noSKU, c.vars[0])
	}
	return s.stockItem(p), nil
}

func (s *Sandbox) putStockItem(c *call) (any, *apiError) {
	in, err := c.object("stockItem", "stock_item")
	if err != nil {
		return nil, err
	}
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noSKU, c.vars[0])
	}
	s.changeStockItem(p, in)
	return p.item.Get("item_id"), nil
}

func (s *Sandbox) getStockStatus(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, missing(noSKU, c.vars[0])
	}
	quantity := amount(s.salable(p), 4)
	if composite(p) {
		quantity = "0"
	}
	return jsondoc.New("product_id", p.id(), "stock_id", 1, "qty", quantity,
		"stock_status", map[bool]int{true: 1}[s.inStock(p)], "stock_item", s.stockItem(p)), nil
}

func (s *Sandbox) searchSourceItems(c *call) (any, *apiError) {
	t := table{rows: s.stock, badField: s.internal, badSort: s.internal, field: func(row *object, name string) (any, bool) {
		return row.Get(name), types["source_item"][name] != "" || name == "source_item_id"
	}}
	return c.list(t, func(o *object) any { return o.Clone() })
}

// postSourceItems writes absolute quantities. An unknown SKU is taken, an unknown source is not.
func (s *Sandbox) postSourceItems(c *call) (any, *apiError) {
	list, err := c.objects("sourceItems", "source_item")
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, refuse("Input data is empty")
	}
	if err := validSourceItems(list); err != nil {
		return nil, err
	}
	for _, in := range list {
		if hasCode(s.reference["sources"], text(in.Get("source_code"))) == nil {
			return nil, refuse("Could not save Source Item")
		}
	}
	for _, in := range list {
		i := s.sourceItem(text(in.Get("sku")), text(in.Get("source_code")))
		if i == nil {
			i = jsondoc.New("sku", text(in.Get("sku")), "source_code", text(in.Get("source_code")))
			if p := s.bySKU(text(in.Get("sku"))); p != nil {
				i.Set("sku", p.sku())
			}
			s.stock = append(s.stock, i)
		}
		i.Set("quantity", amount(rat(in.Get("quantity")), 4))
		i.Set("status", in.Int("status"))
	}
	return []any{}, nil
}

func validSourceItems(list []*object) *apiError {
	var faults []any
	fault := func(message, field string) {
		faults = append(faults, jsondoc.New("message", message, "parameters", jsondoc.New("field", field)))
	}
	for _, i := range list {
		if strings.TrimSpace(text(i.Get("sku"))) == "" {
			fault(`"%field" can not be empty.`, "sku")
		}
		if text(i.Get("source_code")) == "" {
			fault(`"%field" can not be empty.`, "source_code")
		}
		if !isNumber(i.Get("quantity")) {
			fault(`"%field" should be numeric.`, "quantity")
		}
		switch {
		case !isNumber(i.Get("status")):
			fault(`"%field" should be numeric.`, "status")
		case i.Int("status") != 0 && i.Int("status") != 1:
			fault(`"%field" should a known status.`, "status") // sic
		}
	}
	if len(faults) == 0 {
		return nil
	}
	first := faults[0].(*object)
	message := strings.ReplaceAll(text(first.Get("message")), "%field", text(first.Object("parameters").Get("field")))
	return &apiError{status: 400, message: "Validation Failed: " + message, errors: faults}
}

func hasCode(list []*object, code string) *object {
	for _, o := range list {
		if cmp.Or(text(o.Get("source_code")), text(o.Get("code"))) == code {
			return o
		}
	}
	return nil
}

func (s *Sandbox) deleteSourceItems(c *call) (any, *apiError) {
	list, err := c.objects("sourceItems", "source_item")
	if err != nil {
		return nil, err
	}
	if len(list) == 0 {
		return nil, refuse("Input data is empty")
	}
	for _, in := range list {
		s.stock = slices.DeleteFunc(s.stock, func(i *object) bool {
			return strings.EqualFold(text(i.Get("sku")), text(in.Get("sku"))) && text(i.Get("source_code")) == text(in.Get("source_code"))
		})
	}
	return []any{}, nil
}

func (s *Sandbox) salableQuantity(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	if p == nil {
		return nil, phpCrash()
	}
	if composite(p) {
		return nil, refuse("Can't check requested quantity for products without Source Items support.")
	}
	return amount(s.salable(p), 4), nil
}

func (s *Sandbox) isSalable(c *call) (any, *apiError) {
	p := s.bySKU(c.vars[0])
	return p != nil && s.inStock(p), nil
}

func (s *Sandbox) areSalable(c *call) (any, *apiError) {
	q := c.r.URL.Query()
	out := []any{}
	for _, k := range sortedKeys(q) {
		if strings.HasPrefix(k, "skus[") {
			p := s.bySKU(q.Get(k))
			out = append(out, jsondoc.New("sku", q.Get(k), "stock_id", jsondoc.New("id", q.Get("stockId")).Int("id"), "salable", p != nil && s.inStock(p)))
		}
	}
	return out, nil
}
