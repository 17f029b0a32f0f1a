package sandbox

import (
	"encoding/json"
	"strconv"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// countryCodes are the countries that addresses may name.
var countryCodes = strings.Fields("AT BE BG CH CY CZ DE DK EE ES FI FR GB GR HR HU IE IT LT LU LV MT NL NO PL PT RO SE SI SK US")

var countryNames = map[string][2]string{"NL": {"NLD", "Netherlands"}, "BE": {"BEL", "Belgium"}, "DE": {"DEU", "Germany"}, "SE": {"SWE", "Sweden"}}

// regions are those that the shop knows, by country: id, code, name.
var regions = map[string][][3]string{"BE": {{"620", "VAN", "Antwerpen"}, {"622", "BRU", "Brussels-Capital Region"}, {"628", "VOV", "Oost-Vlaanderen"}}}

// furnish puts in what every Magento has after its installation.
func (s *Sandbox) furnish() {
	put := func(name string, rows ...*object) { s.reference[name] = append(s.reference[name], rows...) }
	base := jsondoc.New("id", 1, "code", "default", "website_id", 1, "locale", "nl_NL", "base_currency_code", "EUR", "default_display_currency_code", "EUR",
		"timezone", "Europe/Amsterdam", "weight_unit", "kgs")
	for _, name := range []string{"base_url", "base_link_url", "base_static_url", "base_media_url", "secure_base_url", "secure_base_link_url",
		"secure_base_static_url", "secure_base_media_url"} {
		path := map[string]string{"static": "static/", "media": "media/"}[strings.TrimSuffix(strings.TrimPrefix(strings.TrimPrefix(name, "secure_"), "base_"), "_url")]
		base.Set(name, "https://magento.example.com/"+path)
	}
	put("store-configs", base)
	put("store-views", jsondoc.New("id", 0, "code", "admin", "name", "Admin", "website_id", 0, "store_group_id", 0, "is_active", 1),
		jsondoc.New("id", 1, "code", "default", "name", "Default Store View", "website_id", 1, "store_group_id", 1, "is_active", 1))
	put("websites", jsondoc.New("id", 0, "code", "admin", "name", "Admin", "default_group_id", 0), jsondoc.New("id", 1, "code", "base", "name", "Main Website", "default_group_id", 1))
	put("store-groups", jsondoc.New("id", 0, "website_id", 0, "root_category_id", 0, "default_store_id", 0, "name", "Default", "code", "default"),
		jsondoc.New("id", 1, "website_id", 1, "root_category_id", 2, "default_store_id", 1, "name", "Main Website Store", "code", "main_website_store"))
	for i, code := range []string{"NOT LOGGED IN", "General", "Wholesale", "Retailer"} {
		put("customer-groups", jsondoc.New("id", i, "code", code, "tax_class_id", 3, "tax_class_name", "Retail Customer"))
	}
	put("tax-classes", jsondoc.New("class_id", 2, "class_name", "Taxable Goods", "class_type", "PRODUCT"),
		jsondoc.New("class_id", 3, "class_name", "Retail Customer", "class_type", "CUSTOMER"))
	s.taken("tax class", 3)
	put("tax-rates", jsondoc.New("id", 1, "tax_country_id", "US", "tax_region_id", 12, "region_name", "CA", "tax_postcode", "*", "rate", json.Number("8.25"), "code", "US-CA-*-Rate 1", "titles", []any{}),
		jsondoc.New("id", 2, "tax_country_id", "US", "tax_region_id", 43, "region_name", "NY", "tax_postcode", "*", "rate", json.Number("8.375"), "code", "US-NY-*-Rate 1", "titles", []any{}))
	s.taken("tax rate", 2)
	put("attribute-sets", jsondoc.New("attribute_set_id", 4, "attribute_set_name", "Default", "sort_order", 1, "entity_type_id", 4))
	put("attribute-groups", jsondoc.New("attribute_group_id", "7", "attribute_group_name", "Product Details", "attribute_set_id", 4))
	put("sources", jsondoc.New("source_code", defaultSource, "name", "Default Source", "enabled", true, "description", "Default Source", "latitude", 0, "longitude", 0,
		"country_id", "US", "postcode", "00000", "use_default_carrier_config", true, "carrier_links", []any{},
		"extension_attributes", jsondoc.New("is_pickup_location_active", false, "frontend_name", "")))
	put("stocks", jsondoc.New("stock_id", 1, "name", "Default Stock", "extension_attributes", jsondoc.New("sales_channels", []any{jsondoc.New("type", "website", "code", "base")})))
	now := s.now()
	attr := func(code, value string) *object { return jsondoc.New("attribute_code", code, "value", value) }
	s.categories = []*object{
		jsondoc.New("id", 1, "parent_id", 0, "name", "Root Catalog", "position", 0, "level", 0, "children", "", "created_at", now, "updated_at", now, "path", "1",
			"include_in_menu", true, "custom_attributes", []any{attr("path", "1"), attr("children_count", "0")}),
		jsondoc.New("id", 2, "parent_id", 1, "name", "Default Category", "is_active", true, "position", 1, "level", 1, "children", "", "created_at", now, "updated_at", now,
			"path", "1/2", "include_in_menu", true, "custom_attributes", []any{attr("display_mode", "PRODUCTS"), attr("path", "1/2"), attr("children_count", "0")}),
	}
	s.taken("category", 2)
	s.taken("attribute", 92)
	s.coreAttributes()
}

// coreAttributes are those of every product, as code:input[:scope].
func (s *Sandbox) coreAttributes() {
	for word := range strings.FieldsSeq(`description:textarea:store short_description:textarea:store special_price:price special_from_date:date special_to_date:date
		cost:price url_key:text:store meta_title:text:store meta_keyword:textarea:store meta_description:textarea:store manufacturer:select color:select
		image:media_image small_image:media_image thumbnail:media_image swatch_image:media_image options_container:select_code required_options:text has_options:text
		msrp_display_actual_price_type:text tax_class_id:select news_from_date:date news_to_date:date country_of_manufacture:text gift_message_available:text
		category_ids:text page_layout:text`) {
		parts := strings.Split(word, ":")
		scope := "global"
		if len(parts) > 2 {
			scope = parts[2]
		}
		input := strings.TrimSuffix(parts[1], "_code")
		if parts[1] == "select_code" {
			input = "text"
		}
		a := s.newAttribute(jsondoc.New("attribute_code", parts[0], "frontend_input", input, "scope", scope,
			"default_frontend_label", strings.ToUpper(parts[0][:1])+strings.ReplaceAll(parts[0][1:], "_", " ")))
		a.Set("is_user_defined", parts[0] == "manufacturer" || parts[0] == "color")
	}
}

func table0(name string) func(*Sandbox, *call) (any, *apiError) {
	return func(s *Sandbox, _ *call) (any, *apiError) { return objectList(s.reference[name]), nil }
}

func searchTable(name string) func(*Sandbox, *call) (any, *apiError) {
	return func(s *Sandbox, c *call) (any, *apiError) {
		t := plain(s.reference[name])
		t.badField = s.internal
		return c.list(t, func(o *object) any { return o.Clone() })
	}
}

func (s *Sandbox) currency(*call) (any, *apiError) {
	return jsondoc.New("base_currency_code", "EUR", "base_currency_symbol", "€", "default_display_currency_code", "EUR", "default_display_currency_symbol", "€",
		"available_currency_codes", []any{"EUR"}, "exchange_rates", []any{jsondoc.New("currency_to", "EUR", "rate", 1)}), nil
}

func countryObject(code string) *object {
	names := countryNames[code]
	if names[0] == "" {
		names = [2]string{code, code}
	}
	o := jsondoc.New("id", code, "two_letter_abbreviation", code, "three_letter_abbreviation", names[0], "full_name_locale", names[1], "full_name_english", names[1])
	var list []any
	for _, r := range regions[code] {
		list = append(list, jsondoc.New("id", r[0], "code", r[1], "name", r[2]))
	}
	if list != nil {
		o.Set("available_regions", list)
	}
	return o
}

func (s *Sandbox) countries(*call) (any, *apiError) {
	out := []any{}
	for _, code := range countryCodes {
		out = append(out, countryObject(code))
	}
	return out, nil
}

func (s *Sandbox) country(c *call) (any, *apiError) {
	for _, code := range countryCodes {
		if code == c.vars[0] {
			return countryObject(code), nil
		}
	}
	return nil, missing("The country isn't available.")
}

func (s *Sandbox) modules(*call) (any, *apiError) {
	return []any{"Magento_Store", "Magento_Catalog", "Magento_Customer", "Magento_Sales", "Magento_Inventory", "Magento_Tax"}, nil
}

func (s *Sandbox) resolveStock(c *call) (any, *apiError) {
	if hasCode(s.reference["websites"], c.vars[0]) == nil {
		return nil, missing("No linked stock found")
	}
	return s.reference["stocks"][0].Clone(), nil
}

func (s *Sandbox) postTaxClass(c *call) (any, *apiError) {
	in, err := c.object("taxClass", "tax_class")
	if err != nil {
		return nil, err
	}
	id := s.next("tax class")
	s.reference["tax-classes"] = append(s.reference["tax-classes"], jsondoc.New("class_id", id, "class_name", text(in.Get("class_name")), "class_type", text(in.Get("class_type"))))
	return strconv.Itoa(id), nil
}

func (s *Sandbox) postTaxRate(c *call) (any, *apiError) {
	in, err := c.object("taxRate", "tax_rate")
	if err != nil {
		return nil, err
	}
	return s.newTaxRate(text(in.Get("tax_country_id")), text(in.Get("rate")), text(in.Get("code"))).Clone(), nil
}

func (s *Sandbox) newTaxRate(country, rate, code string) *object {
	o := jsondoc.New("id", s.next("tax rate"), "tax_country_id", country, "tax_region_id", 0, "tax_postcode", "*", "rate", amount(rat(rate), 4), "code", code, "titles", []any{})
	s.reference["tax-rates"] = append(s.reference["tax-rates"], o)
	return o
}

func (s *Sandbox) postTaxRule(c *call) (any, *apiError) {
	in, err := c.object("rule", "tax_rule")
	if err != nil {
		return nil, err
	}
	o := jsondoc.New("id", s.next("tax rule"), "code", text(in.Get("code")), "priority", in.Int("priority"), "position", in.Int("position"),
		"customer_tax_class_ids", in.List("customer_tax_class_ids"), "product_tax_class_ids", in.List("product_tax_class_ids"),
		"tax_rate_ids", in.List("tax_rate_ids"), "calculate_subtotal", false)
	s.reference["tax-rules"] = append(s.reference["tax-rules"], o)
	return o.Clone(), nil
}
