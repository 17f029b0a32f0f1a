package flow

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/tidwall/gjson"
	"github.com/tidwall/sjson"

	"github.com/crosswalk-go/crosswalk/engine"
	"github.com/crosswalk-go/crosswalk/engine/decimal"
	"github.com/crosswalk-go/crosswalk/engine/port"
)

// What settings may be.
const (
	missingFail   = "fail" // missingProduct
	missingCreate = "create"
	missingIgnore = "ignore"

	matchLink   = "link" // customerMatch
	matchEmail  = "email"
	matchNumber = "number"

	typesSkip  = "skip" // unsupportedTypes
	typesSplit = "split"
	typesFail  = "fail"

	pricesBoth  = "both" // prices
	pricesNet   = "net"
	pricesGross = "gross"

	partAlways = "always" // categories, images
	partCreate = "create"
	partNever  = "never"

	unmappedCreate = "create" // unmappedAttributes, unmappedFeatures
	unmappedIgnore = "ignore"
	unmappedFail   = "fail"

	manageLeave  = "leave" // manageStock
	manageOn     = "on"
	manageSource = "source"
)

// DefaultQuantity is what a flow of stock writes unless settings.quantity says otherwise: what can be sold, as the
// source tells it or as what lies there without what is promised to open orders.
const DefaultQuantity = "available ?? (onHand - (reserved ?? 0))"

// Settings are what a flow of the entity may set besides what its mappings declare.
func Settings(entity port.Entity) []engine.Setting {
	switch entity {
	case port.Order:
		return slices.Concat(orderSettings, commonSettings)
	case port.Customer:
		return slices.Concat(customerSettings, commonSettings)
	case port.Product:
		return slices.Concat(productSettings, commonSettings)
	case port.Stock:
		return slices.Concat(stockSettings, commonSettings)
	}
	return nil
}

var customerMatch = engine.Setting{Name: "customerMatch", Type: "list", Default: []byte(`["link","email"]`), Choices: []string{matchLink, matchEmail, matchNumber},
	Help: "How a customer is found in the target, in this order. number takes the source's customer number for the target's."}

var commonSettings = []engine.Setting{
	{Name: "sourceType", Type: "string", Help: "What is read, where the source has several kinds: the name of one of its resources, such as invoice. Unsaid, the first."},
	{Name: "defaults", Type: "object", Default: []byte(`{}`), Help: "Values for canonical fields that the source leaves out, by path: {storeId: \"1\", billing.country: NL}."},
}

var orderSettings = []engine.Setting{
	{Name: "orderType", Type: "string", Help: "What an order becomes in the target: the name of one of its order resources, such as invoiceDraft."},
	customerMatch,
	{Name: "defaultCustomer", Type: "string", Default: []byte(`""`), Help: "Number or id of the one customer of the target that every order goes to; empty for a customer an order."},
	{Name: "updateCustomer", Type: "boolean", Default: []byte(`false`), Help: "Whether a customer that is found is changed to what the order says."},
	{Name: "missingProduct", Type: "string", Default: []byte(`"fail"`), Choices: []string{missingFail, missingCreate, missingIgnore},
		Help: "What happens to an order with an article number that the target does not have: fail, create the article, or ignore the line (which only a free line survives, because totals must agree)."},
	{Name: "roundingLimit", Type: "number", Default: []byte(`0`),
		Help: "The largest difference between an order's total and what the target computes for it that is sent as a row of its own, a fee at tax rate 0 (table feeArticles). Shops and books may round tax in different ways, which is a cent or two; 0 fails such an order."},
	{Name: "referencePrefix", Type: "string", Default: []byte(`""`),
		Help: "What stands before the order's number in the reference by which the target is asked whether it has the order. Give each shop its own where several send to one target, or one shop numbers its sales channels apart: equal numbers would be taken for one order."},
	{Name: "trustReference", Type: "boolean", Default: []byte(`false`),
		Help: "Whether a document of the target that has the order's reference is that order even if it adds up to something else. Unsaid, such an order fails, because it may be another shop's."},
}

var customerSettings = []engine.Setting{
	customerMatch,
	{Name: "update", Type: "boolean", Default: []byte(`true`), Help: "Whether customers that are found are changed. Single fields are kept with write: create in the mapping."},
}

var productSettings = []engine.Setting{
	{Name: "update", Type: "boolean", Default: []byte(`true`), Help: "Whether products that are found are changed. Single fields are kept with write: create in the mapping, such as texts that the shop enriches later."},
	{Name: "unsupportedTypes", Type: "string", Default: []byte(`"skip"`), Choices: []string{typesSkip, typesSplit, typesFail},
		Help: "What happens to a product of a type that the target does not take. split sends each variant of a family as a product of its own; without it a family is skipped, because most sources give its variants as products too."},
	{Name: "prices", Type: "string", Default: []byte(`"both"`), Choices: []string{pricesBoth, pricesNet, pricesGross},
		Help: "Which prices the target gets: those that the source gives, or only net or gross ones, computed with the tax rate where the source gives the other."},
	{Name: "currency", Type: "string", Default: []byte(`""`), Help: "Currency of the target's prices. A product with prices in another one fails. Empty: no check."},
	{Name: "categories", Type: "string", Default: []byte(`"always"`), Choices: []string{partAlways, partCreate, partNever},
		Help: "Whether categories are written: always, for new products only, or never."},
	{Name: "images", Type: "string", Default: []byte(`"always"`), Choices: []string{partAlways, partCreate, partNever},
		Help: "Whether images are written: always (those that changed), for new products only, or never."},
	{Name: "related", Type: "string", Default: []byte(`"always"`), Choices: []string{partAlways, partNever},
		Help: "Whether related products are written: always, each once the target has it, or never."},
	{Name: "unmappedAttributes", Type: "string", Default: []byte(`"create"`), Choices: []string{unmappedCreate, unmappedIgnore, unmappedFail},
		Help: "What happens to an attribute or a value of one that is not in the table attributes: it keeps its label (and is made in the target), is left out, or fails the product."},
	{Name: "unmappedFeatures", Type: "string", Default: []byte(`"create"`), Choices: []string{unmappedCreate, unmappedIgnore, unmappedFail},
		Help: "The same for features and the table features."},
}

var stockSettings = []engine.Setting{
	{Name: "stockType", Type: "string", Help: "What is written in the target, where it has several kinds of stock: the name of one of its resources. Unsaid, the first."},
	{Name: "quantity", Type: "string", Default: []byte(`"` + DefaultQuantity + `"`),
		Help: "An expression over the canonical stock: the quantity that is written. Unsaid, a quantity below zero is written as 0."},
	{Name: "manageStock", Type: "string", Default: []byte(`"leave"`), Choices: []string{manageLeave, manageOn, manageSource},
		Help: "Whether the target keeps stock of the product: left as it is, switched on, or as in the source."},
	{Name: "maxZeroed", Type: "number", Default: []byte(`20`),
		Help: "The most percent of the articles that a run read whose stock it may take from some to none. A run that would take more sends nothing."},
}

type settings struct {
	customerMatch   []string
	defaultCustomer string
	updateCustomer  bool
	missingProduct  string
	roundingLimit   decimal.Decimal
	referencePrefix string
	trustReference  bool

	update             bool
	unsupportedTypes   string
	prices, currency   string
	categories, images string
	related            string
	unmapped           map[string]string // by the name of the table

	ownQuantity bool
	manageStock string
	maxZeroed   decimal.Decimal

	defaults []fieldDefault
}

type fieldDefault struct {
	path, parent string
	raw          string
}

var fieldPath = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*$`)

// parseSettings reads the settings of a flow. One that is unsaid or null has its declared default; others, those
// of mappings, are not looked at.
func parseSettings(entity port.Entity, text []byte) (settings, error) {
	root := gjson.ParseBytes(text)
	if len(text) > 0 && (!gjson.ValidBytes(text) || !root.IsObject()) {
		return settings{}, fmt.Errorf("settings are not a JSON object")
	}
	r := settingReader{values: map[string]gjson.Result{}}
	for _, s := range Settings(entity) {
		r.read(s, member(root, s.Name))
	}
	if r.err != nil {
		return settings{}, r.err
	}
	s := settings{
		defaultCustomer: strings.TrimSpace(r.text("defaultCustomer")),
		updateCustomer:  r.values["updateCustomer"].Bool(),
		missingProduct:  r.text("missingProduct"),
		roundingLimit:   r.amount("roundingLimit", 1),
		referencePrefix: r.text("referencePrefix"),
		trustReference:  r.values["trustReference"].Bool(),

		update:           r.values["update"].Bool() || entity == port.Stock,
		unsupportedTypes: r.text("unsupportedTypes"),
		prices:           r.text("prices"),
		currency:         strings.ToUpper(strings.TrimSpace(r.text("currency"))),
		categories:       r.text("categories"),
		images:           r.text("images"),
		related:          r.text("related"),
		unmapped:         map[string]string{"attributes": r.text("unmappedAttributes"), "features": r.text("unmappedFeatures")},

		ownQuantity: present(root.Get("quantity")),
		manageStock: r.text("manageStock"),
		maxZeroed:   r.amount("maxZeroed", 100),
	}
	for _, by := range r.values["customerMatch"].Array() {
		s.customerMatch = append(s.customerMatch, by.String())
	}
	s.defaults = r.defaults()
	return s, r.err
}

// settingReader keeps the values of declared settings and the first thing that is wrong with one.
type settingReader struct {
	values map[string]gjson.Result
	err    error
}

func (r *settingReader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// read keeps the value of a setting, or its default.
func (r *settingReader) read(s engine.Setting, v gjson.Result) {
	if !present(v) {
		r.values[s.Name] = gjson.ParseBytes(s.Default)
		return
	}
	if problem := Unfit(s, v); problem != "" {
		r.fail("settings.%s %s", s.Name, problem)
	}
	r.values[s.Name] = v
}

func (r *settingReader) text(name string) string { return scalar(r.values[name]) }

// amount reads a number from 0 to most; 0 where there is no such setting.
func (r *settingReader) amount(name string, most int64) decimal.Decimal {
	v := r.values[name]
	if !v.Exists() {
		return decimal.Decimal{}
	}
	d, err := decimal.Parse(v.Raw)
	if err != nil || d.Sign() < 0 || d.Cmp(decimal.New(most, 0)) > 0 {
		r.fail("settings.%s must be a number from 0 to %d", name, most)
	}
	return d
}

func (r *settingReader) defaults() (out []fieldDefault) {
	r.values["defaults"].ForEach(func(k, d gjson.Result) bool {
		path := k.String()
		if !fieldPath.MatchString(path) {
			r.fail("settings.defaults: %q is no path of fields such as billing.country", path)
			return false
		}
		parent := ""
		if i := strings.LastIndexByte(path, '.'); i >= 0 {
			parent = path[:i]
		}
		out = append(out, fieldDefault{path: path, parent: parent, raw: d.Raw})
		return true
	})
	return out
}

// Unfit says why a value is none for a setting, "" if it is one.
func Unfit(s engine.Setting, v gjson.Result) string {
	if v.Type == gjson.Null {
		return ""
	}
	ok := true
	switch s.Type {
	case "string":
		// A number without quotes is the usual way to write a customer's number in YAML.
		ok = v.Type == gjson.String || v.Type == gjson.Number
	case "number":
		ok = v.Type == gjson.Number
	case "boolean":
		ok = v.IsBool()
	case "list":
		ok = v.IsArray()
	case "object":
		ok = v.IsObject()
	}
	if !ok {
		if s.Type == "object" {
			return "must be an object"
		}
		return "must be a " + s.Type
	}
	if len(s.Choices) == 0 {
		return ""
	}
	values := []gjson.Result{v}
	if v.IsArray() {
		if values = v.Array(); len(values) == 0 {
			return "must hold one or more of " + strings.Join(s.Choices, ", ")
		}
	}
	for _, e := range values {
		if text := scalar(e); !slices.Contains(s.Choices, text) {
			return fmt.Sprintf("cannot be %s: it is one of %s", e.Raw, strings.Join(s.Choices, ", "))
		}
	}
	return ""
}

// addDefaults sets the fields of a canonical document that are missing, null or empty text. A
// field of an object that is not there stays away: a country alone would
// make a delivery address out of nothing. An order has a customer, also where
// nobody said who it is: a sale of a till.
func (s settings) addDefaults(doc []byte) ([]byte, error) {
	for _, d := range s.defaults {
		if v := gjson.GetBytes(doc, d.path); present(v) && !(v.Type == gjson.String && v.Str == "") {
			continue
		}
		if d.parent != "" && d.parent != "customer" && !gjson.GetBytes(doc, d.parent).IsObject() {
			continue
		}
		var err error
		if doc, err = sjson.SetRawBytes(doc, d.path, []byte(d.raw)); err != nil {
			return nil, fmt.Errorf("settings.defaults: %s: %w", d.path, err)
		}
	}
	return doc, nil
}

// present tells a value from missing and null.
func present(v gjson.Result) bool { return v.Exists() && v.Type != gjson.Null }

// scalar returns a string's value or a number's own text, never through a float.
func scalar(v gjson.Result) string {
	switch v.Type {
	case gjson.String:
		return v.Str
	case gjson.Number:
		return v.Raw
	}
	return ""
}
