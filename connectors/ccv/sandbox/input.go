package sandbox

import (
	"encoding/json"
	"strings"
)

// Inputs are the members that a document may have when it is written, with their kinds: s text, n number, i whole number, b true or
// false, o object, a list; ! is one that must be there. The vendor's schemas allow null for all others.
const (
	orderInput = "invoicenumber:i paid:b safety_deposit_returned:b total_shipping:n paymethod_costs:n extra_costs:n extra_costs_description:s taxes_included:b " +
		"order_row_taxes_included:b shipping_taxes_included:b is_intra_community_order:b currency:s is_platform_sale:b orderedinlng:s status:i " +
		"track_and_trace_code:s track_and_trace_carrier:s deliver_date:s deliver_method:s takeoutslot:i reservationnumber:s"
	postOrderInput  = orderInput + " is_completed:b customer:o! user_id:i orderrows:a!"
	patchOrderInput = orderInput + " note:s mail:b customer:o orderrows:a"
	rowInput        = "product_type:s auto_create_deposit_rows:b product_id:i product_name:s product_number:s count:n! price:n product_purchase_price:n discount:n " +
		"tax:n unit:s weight:n memo:s package_id:i attribute_combination_id:n"

	productInput = "productnumber:s active:b eannumber:s mpnnumber:s name:s shortdescription:s description:s vatrate:n taxtariff:s price:n discount:n " +
		"purchaseprice:n container_deposit_price:n safety_deposit_price:n credit_points_custom:i unit:s stockenabled:b stocktype:s stock:n stocklocation:s " +
		"ordering_without_stock:s weight:n brand:s brand_id:i condition:s condition_id:i color_id:i maincategory:s subcategory:s package_id:i " +
		"meta_description:s meta_keywords:s page_title:s no_index:b no_follow:b alias:s specs:s decimal_amount:i amount_sold:n minimal_order_amount:n " +
		"stock_delivery_number:i stock_delivery_type:s stock_delivery_standard:s show_in_template:b show_on_beginpage:b show_on_facebook:b " +
		"show_order_button:s product_layout:i photo_size:s hide_without_category:s memo:s supplier_id:i fixed_staggered_prices:b marktplaats_active:b " +
		"marktplaats_status:s marktplaats_cpc:n marktplaats_daily_budget:n marktplaats_total_budget:n marktplaats_category_id:i marktplaats_price_type:s " +
		"google_shopping_category:s is_included_for_export_feed:b"

	photoInput      = "file_type:s! alttext:s source:s! is_mainphoto:b"
	patchPhotoInput = "alttext:s is_mainphoto:b"
	relevantInput   = "child_product_id:i!"
	membershipInput = "position:i product_id:i! category_id:i!"
	attributeInput  = "name:s! type:s!"
	valueInput      = "name:s! default_price:n!"
	attachInput     = "optionvalue:i! price:n! position:i stock:n enable:b"
	patchValueInput = "optionposition:i position:i price:n enable:b"
	comboInput      = "note:s stock:n product_number:s ean_number:s sku_number:s delivery_time:i delivery_time_type:s delivery_default_text:s active:b"
	categoryInput   = "name:s! description:s description_bottom:s description_photo_position:s description_photo_size:s description_photo_source:s " +
		"description_photo_file_type:s searchwords:s layout_of_products_id:i color:i color_alternative:i layout_of_categories_id:i photo_source:s " +
		"photo_file_type:s show_big_photo:b productphoto_in_canvas:b show_orderbutton:b orderby:s items_per_page:i position:i show_on_website:b " +
		"parentcategory_id:i meta_description:s meta_keywords:s page_title:s no_index:b no_follow:b alias:s"

	userInput    = "username:s password:s encryption:s group_id:i status:b product_in_category_discount:s userinfo:o"
	webhookInput = "event:s! address:s! is_active:b"
	personInput  = "billingaddress:o deliveryaddress:o email:s customertype:s bankaccount:s bankname:s bank:s tenname:s iban:s bic:s reference:s " +
		"reservationnumber:s income:s branche:s branch:s website:s clubcity:s clubcomment:s clubname:s beurs:s stand:s fair:s booth:s carbrand:s cartype:s " +
		"carweight:s birthdate:s birthtime:s birthplace:s cardnumber:s btw:s kvk:s costcentre:s findus:s ssnnumber:s zzppass:s"
	deliveryInput = "gender:s initials:s full_name:s company:s address_line_1:s address_line_2:s street:s housenumber:i housenumber_suffix:s zipcode:s city:s " +
		"province:s country:s country_code:s telephone:s mobile:s comment:s"
	billingInput = deliveryInput + " first_name:s last_name:s fax:s"
)

// require makes members of an input compulsory.
func require(input string, members ...string) string {
	for _, m := range members {
		head, tail, ok := strings.Cut(" "+input+" ", " "+m+":")
		if ok {
			input = strings.TrimSpace(head + " " + m + ":" + tail[:1] + "!" + tail[1:])
		}
	}
	return input
}

// checkInput holds a document to its input. Whether the vendor refuses members that it does not know is not known: here they are refused,
// so that a client that writes what can only be read is found out.
func checkInput(input string, body *object, what string) *apiError {
	kinds := map[string]string{}
	for _, f := range strings.Fields(input) {
		name, kind, _ := strings.Cut(f, ":")
		kinds[name] = kind[:1]
		if strings.HasSuffix(kind, "!") && body.Get(name) == nil {
			return refuse("The property %s is required.", name)
		}
	}
	for _, k := range body.Keys() {
		kind, ok := kinds[k]
		if !ok {
			return refuse("The property %s is not defined and the definition of %s does not allow additional properties.", k, what)
		}
		if v := body.Get(k); v != nil && !isKind(v, kind) {
			return refuse("The property %s must be %s.", k, kindNames[kind])
		}
	}
	return nil
}

var kindNames = map[string]string{"s": "a string", "n": "a number", "i": "an integer", "b": "a boolean", "o": "an object", "a": "an array"}

func isKind(v any, kind string) bool {
	switch v := v.(type) {
	case string:
		return kind == "s"
	case json.Number:
		return kind == "n" || kind == "i" && !strings.ContainsAny(v.String(), ".eE")
	case bool:
		return kind == "b"
	case *object:
		return kind == "o"
	case []any:
		return kind == "a"
	}
	return false
}

// checkPerson holds the words about a customer to their input.
func checkPerson(p *object) *apiError {
	if fault := checkInput(personInput, p, "personalinfo"); fault != nil {
		return fault
	}
	for member, input := range map[string]string{"billingaddress": billingInput, "deliveryaddress": deliveryInput} {
		if a := p.Object(member); a != nil {
			if fault := checkInput(input, a, member); fault != nil {
				return fault
			}
		}
	}
	if t := p.Text("customertype"); t != "" && t != "b2c" && t != "b2b" {
		return refuse("The property customertype must be one of b2c, b2b.")
	}
	return nil
}

// setPerson writes the words about a customer: members that are not there stay. Whether the vendor replaces an address whole is not known.
func setPerson(have, change *object) {
	for _, k := range change.Keys() {
		if a := change.Object(k); a != nil && have.Object(k) != nil {
			have.Object(k).Merge(a)
			completeAddress(have.Object(k))
			continue
		}
		have.Set(k, change.Get(k))
	}
}

// countries are the names that the shop shows.
var countries = map[string]string{"NL": "Nederland", "BE": "België", "DE": "Duitsland", "FR": "Frankrijk", "SE": "Zweden", "GB": "Verenigd Koninkrijk"}

// completeAddress makes one line of street and number, and the names, as the shop does.
func completeAddress(a *object) {
	number := a.Text("housenumber")
	if suffix := a.Text("housenumber_suffix"); suffix != "" && number != "" {
		number += "-" + suffix
	}
	if line := strings.TrimSpace(a.Text("street") + " " + number); line != "" {
		a.Set("address_line_1", line)
	}
	if full := strings.TrimSpace(a.Text("first_name") + " " + a.Text("last_name")); a.Has("first_name") && full != "" {
		a.Set("full_name", full)
	}
	if code := a.Text("country_code"); code != "" {
		a.Set("country", firstText(countries[code], code))
	}
}

func firstText(texts ...string) string {
	for _, t := range texts {
		if t != "" {
			return t
		}
	}
	return ""
}

// sellable refuses a price below zero, which a shop does not take.
func sellable(body *object) *apiError {
	for _, member := range []string{"price", "discount"} {
		if v := body.Get(member); isNumber(v) && rat(v).Sign() < 0 {
			return refuse("The property %s must be 0 or more.", member)
		}
	}
	return nil
}
