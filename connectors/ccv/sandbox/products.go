package sandbox

import (
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// expandable are the child links that the parameter expand fills.
var expandable = []string{"attributecombinations", "productattributesets", "productphotos", "producttocategories", "productrelevant"}

func (c *call) products() (any, *apiError) {
	if word := c.query.Get("expand"); word != "" && min(atoi(c.query.Get("size"), defaultSize), mostSize) > 100 {
		return nil, &apiError{http.StatusInternalServerError, "500.80", "The requested payload is too big."} // how big that is, nobody says
	}
	v, fault := c.list(c.s.table("products").where(c.keepProduct), true)
	if fault != nil {
		return nil, fault
	}
	return c.expandAll(v.(*object)), nil
}

func (c *call) expandAll(page *object) *object {
	var items []any
	for _, p := range page.Objects("items") {
		items = append(items, c.expanded(p))
	}
	if items == nil {
		items = []any{}
	}
	page.Set("items", items)
	return page
}

func (c *call) product() (any, *apiError) {
	p, fault := c.target("products", "product")
	if fault != nil {
		return nil, fault
	}
	return c.expanded(p), nil
}

func (c *call) expanded(p *object) *object {
	want := strings.Split(c.query.Get("expand"), ",")
	out := p.Clone()
	id := p.Int("id")
	for _, word := range want {
		if !slices.Contains(expandable, word) {
			continue
		}
		var rows []any
		switch word {
		case "attributecombinations":
			rows = list(c.s.table(word).by("product_id", id))
		case "productphotos":
			rows = list(c.s.table(word).by("_product", id))
		case "producttocategories":
			rows = list(c.s.table(word).by("product_id", id))
		case "productrelevant":
			rows = list(c.s.table(word).by("parent_product_id", id))
		case "productattributesets":
			rows = c.s.sets(id)
		}
		child := out.Object(word)
		child.Set("collection", rows)
	}
	return out
}

// productQueries finds products by any of their numbers, or by those of their variants.
func (c *call) productQueries() (any, *apiError) {
	members := map[string][]string{"productnumber": {"productnumber", "product_number"}, "eannumber": {"eannumber", "ean_number"}, "mpnnumber": {"mpnnumber", ""}, "skunumber": {"", "sku_number"}}
	found := c.s.table("products").where(func(p *object) bool {
		for param, m := range members {
			v := c.query.Get(param)
			if v == "" {
				continue
			}
			if m[0] != "" && p.Text(m[0]) == v {
				return true
			}
			if m[1] != "" && slices.ContainsFunc(c.s.table("attributecombinations").by("product_id", p.Int("id")), func(o *object) bool { return o.Text(m[1]) == v }) {
				return true
			}
		}
		return false
	})
	return c.list(found, true)
}

var (
	tariffs       = map[string]int{"normal": 21, "low a": 9, "low b": 9, "extra low": 0, "zero": 0}
	deliveryTypes = []string{"days", "weeks", "months", "quarters", "years", "outofstock", "temporarilysoldout", "ordered", "onrequest", "unknown"}
)

func (c *call) postProduct() (any, *apiError) {
	if fault := checkInput(require(productInput, "name", "price", "discount", "package_id"), c.body, "products"); fault != nil {
		return nil, fault
	}
	if c.body.Get("taxtariff") == nil && c.body.Get("vatrate") == nil {
		return nil, refuse("The property taxtariff is required.")
	}
	if fault := c.checkProduct(); fault != nil {
		return nil, fault
	}
	if limit := c.s.table("webshops").rows[0].Int("product_limit"); limit >= 0 && len(c.s.table("products").rows) >= limit {
		return nil, &apiError{http.StatusInternalServerError, "500.60", "The product limit of the subscription is reached."}
	}
	alias := firstText(c.body.Text("alias"), slug(c.body.Text("name")))
	p := c.s.add("products", "product", "{alias}", alias)
	p.Set("createdate", c.s.stamp())
	p.Set("alias", alias)
	p.Set("page_title", c.body.Text("name"))
	p.Set("stocktype", "Product")
	p.Set("vatrate", 21)
	if fault := c.setProduct(p); fault != nil {
		return nil, fault
	}
	c.s.happened("products.created", jsondoc.New("href", p.Text("href"), "id", p.Int("id")))
	return p, nil
}

func (c *call) patchProduct() (any, *apiError) {
	p, fault := c.target("products", "product")
	if fault != nil {
		return nil, fault
	}
	if fault := checkInput(productInput, c.body, "products"); fault != nil {
		return nil, fault
	}
	if fault := c.checkProduct(); fault != nil {
		return nil, fault
	}
	if fault := c.setProduct(p); fault != nil {
		return nil, fault
	}
	c.s.happened("products.updated", jsondoc.New("href", p.Text("href"), "id", p.Int("id")))
	return nil, nil
}

func (c *call) checkProduct() *apiError {
	if t, ok := c.body.Get("taxtariff").(string); ok {
		if _, known := tariffs[t]; !known {
			return refuse("The property taxtariff must be one of normal, low a, low b, extra low, zero.")
		}
	}
	if t, ok := c.body.Get("stock_delivery_type").(string); ok && !slices.Contains(deliveryTypes, t) {
		return refuse("The property stock_delivery_type must be one of %s.", strings.Join(deliveryTypes, ", "))
	}
	for member, most := range map[string]int{"productnumber": 50, "eannumber": 50, "mpnnumber": 50, "name": 200, "shortdescription": 255, "description": 65536} {
		if len([]rune(c.body.Text(member))) > most {
			return refuse("The property %s must be at most %d characters long.", member, most)
		}
	}
	return sellable(c.body)
}

// setProduct writes what is read under other names: active, and ids in place of objects.
func (c *call) setProduct(p *object) *apiError {
	for _, k := range c.body.Keys() {
		v := c.body.Get(k)
		switch k {
		case "active":
			p.Set("is_active", v)
			p.Set("is_visible", v)
			p.Set("can_be_ordered", v)
		case "brand":
			p.Set("brand", c.s.brand(c.body.Text(k)))
		case "brand_id", "package_id", "supplier_id", "condition_id":
			resource := map[string]string{"brand_id": "brands", "package_id": "packages", "supplier_id": "suppliers", "condition_id": "conditions"}[k]
			ref, fault := c.s.referred(resource, v)
			if fault != nil {
				return fault
			}
			p.Set(strings.TrimSuffix(k, "_id"), ref)
		case "condition", "color_id":
		case "taxtariff":
			p.Set(k, v)
			p.Set("vatrate", tariffs[c.body.Text(k)])
		default:
			p.Set(k, v)
		}
	}
	p.Set("modifydate", c.s.stamp())
	return nil
}

// referred is a document as another one holds it. Packages come without their name.
func (s *Sandbox) referred(resource string, id any) (any, *apiError) {
	if id == nil {
		return nil, nil
	}
	o := s.table(resource).find(jsondoc.New("id", id).Int("id"))
	if o == nil {
		return nil, unknownID(strings.TrimSuffix(resource, "s"), jsondoc.New("id", id).Int("id"))
	}
	ref := jsondoc.New("href", "@/"+resource+"/"+o.Text("id"), "id", o.Get("id"))
	if resource != "packages" {
		ref.Set("name", o.Text("name"))
	}
	return ref, nil
}

// brand is the brand with a name, which is made where there is none.
func (s *Sandbox) brand(name string) any {
	if name == "" {
		return nil
	}
	for _, b := range s.table("brands").rows {
		if b.Text("name") == name {
			ref, _ := s.referred("brands", b.Get("id"))
			return ref
		}
	}
	b := s.add("brands", "brand")
	b.Set("name", name)
	ref, _ := s.referred("brands", b.Get("id"))
	return ref
}

func (c *call) deleteProduct() (any, *apiError) {
	p, fault := c.target("products", "product")
	if fault != nil {
		return nil, fault
	}
	id := p.Int("id")
	c.s.table("products").remove(p)
	for resource, member := range map[string]string{"attributecombinations": "product_id", "productphotos": "_product", "producttocategories": "product_id", "productattributevalues": "_product",
		"productrelevant": "parent_product_id"} {
		c.s.table(resource).remove(c.s.table(resource).by(member, id)...)
	}
	c.s.table("productrelevant").remove(c.s.table("productrelevant").by("child_product_id", id)...)
	c.s.happened("products.deleted", jsondoc.New("href", p.Text("href"), "id", id))
	return nil, nil
}

func (c *call) postMembership() (any, *apiError) {
	if fault := checkInput(membershipInput, c.body, "producttocategories"); fault != nil {
		return nil, fault
	}
	product, category := c.body.Int("product_id"), c.body.Int("category_id")
	if c.s.table("products").find(product) == nil {
		return nil, unknownID("product", product)
	}
	if c.s.table("categories").find(category) == nil {
		return nil, unknownID("category", category)
	}
	for _, m := range c.s.table("producttocategories").by("product_id", product) {
		if m.Int("category_id") == category {
			return nil, exists("The product is already in the category.")
		}
	}
	m := c.s.add("producttocategories", "producttocategory")
	m.Merge(c.body)
	m.Set("product_href", "@/products/"+itoa(product))
	m.Set("category_href", "@/categories/"+itoa(category))
	return m, nil
}

// postRelevant names a related product. What happens to one that is named already, the vendor does not say.
func (c *call) postRelevant() (any, *apiError) {
	p, fault := c.target("products", "product")
	if fault != nil {
		return nil, fault
	}
	if fault := checkInput(relevantInput, c.body, "productrelevant"); fault != nil {
		return nil, fault
	}
	child := c.body.Int("child_product_id")
	if c.s.table("products").find(child) == nil {
		return nil, unknownID("product", child)
	}
	for _, r := range c.s.table("productrelevant").by("parent_product_id", p.Int("id")) {
		if r.Int("child_product_id") == child {
			return nil, exists("The product is already relevant.")
		}
	}
	r := c.s.add("productrelevant", "productrelevant", "{product}", p.Text("id"), "{child}", itoa(child))
	r.Merge(c.body)
	r.Set("parent_product_id", p.Get("id"))
	return r, nil
}

// photoTypes are those that the shop keeps; the vendor does not list them.
var photoTypes = []string{"jpg", "jpeg", "png", "gif", "webp"}

func (c *call) postPhoto() (any, *apiError) {
	if _, fault := c.target("products", "product"); fault != nil {
		return nil, fault
	}
	return c.addPhoto(c.id, c.body)
}

func (c *call) addPhoto(product int, body *object) (any, *apiError) {
	if fault := checkInput(photoInput, body, "productphotos"); fault != nil {
		return nil, fault
	}
	kind := strings.ToLower(body.Text("file_type"))
	data, err := base64.StdEncoding.DecodeString(body.Text("source"))
	if err != nil || len(data) == 0 || !slices.Contains(photoTypes, kind) {
		return nil, &apiError{http.StatusInternalServerError, "500.22", "The file type is not valid."}
	}
	name := "photo-" + itoa(c.s.table("productphotos").last+1) + "." + kind
	ph := c.s.add("productphotos", "productphoto", "{product}", itoa(product), "{file}", name)
	ph.Set("_product", product)
	ph.Set("_data", string(data))
	ph.Set("filename", name)
	ph.Set("alttext", body.Text("alttext"))
	c.setMain(ph, flag(body, "is_mainphoto"))
	return ph, nil
}

// setMain makes a photo the one that lists show, and the others not.
func (c *call) setMain(ph *object, main bool) {
	ph.Set("is_mainphoto", main)
	p := c.s.table("products").find(ph.Int("_product"))
	if !main {
		return
	}
	for _, other := range c.s.table("productphotos").by("_product", ph.Int("_product")) {
		if other != ph {
			other.Set("is_mainphoto", false)
		}
	}
	p.Set("productmainphoto", ph.Text("deeplink"))
}

func (c *call) putPhotos() (any, *apiError) {
	if _, fault := c.target("products", "product"); fault != nil {
		return nil, fault
	}
	if fault := checkInput("productphotos:a!", c.body, "productphotos"); fault != nil {
		return nil, fault
	}
	for _, body := range c.body.Objects("productphotos") {
		if fault := checkInput(photoInput, body, "productphotos"); fault != nil {
			return nil, fault
		}
	}
	t := c.s.table("productphotos")
	t.remove(t.by("_product", c.id)...)
	c.s.table("products").find(c.id).Set("productmainphoto", nil)
	for _, body := range c.body.Objects("productphotos") {
		if _, fault := c.addPhoto(c.id, body); fault != nil {
			return nil, fault
		}
	}
	return nil, nil
}

func (c *call) patchPhoto() (any, *apiError) {
	ph, fault := c.target("productphotos", "product photo")
	if fault != nil {
		return nil, fault
	}
	if fault := checkInput(patchPhotoInput, c.body, "productphotos"); fault != nil {
		return nil, fault
	}
	if c.body.Has("alttext") {
		ph.Set("alttext", c.body.Text("alttext"))
	}
	if c.body.Has("is_mainphoto") {
		c.setMain(ph, flag(c.body, "is_mainphoto"))
	}
	return nil, nil
}

func (c *call) deletePhoto() (any, *apiError) {
	ph, fault := c.target("productphotos", "product photo")
	if fault != nil {
		return nil, fault
	}
	if flag(ph, "is_mainphoto") {
		c.s.table("products").find(ph.Int("_product")).Set("productmainphoto", nil)
	}
	c.s.table("productphotos").remove(ph)
	return nil, nil
}

// stocked returns the document that holds the stock of an item, and whether stock is kept.
func (s *Sandbox) stocked(product, combination int) (*object, bool) {
	p := s.table("products").find(product)
	if p == nil || !flag(p, "stockenabled") {
		return nil, false
	}
	if combination != 0 && p.Text("stocktype") == "Attribute" {
		return s.table("attributecombinations").find(combination), true
	}
	return p, p.Text("stocktype") != "Attribute"
}

func (s *Sandbox) moveStock(product, combination int, by json.Number) {
	if o, ok := s.stocked(product, combination); ok && o != nil {
		o.Set("stock", number(add(rat(o.Get("stock")), rat(by)), 3))
	}
}
