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
)

// What settings.missingProduct may be.
const (
	missingFail   = "fail"
	missingCreate = "create"
	missingIgnore = "ignore"
)

// What settings.customerMatch may hold.
const (
	matchLink   = "link"
	matchEmail  = "email"
	matchNumber = "number"
)

// OrderSettings are what a flow of orders may set besides what its mappings declare.
func OrderSettings() []engine.Setting {
	return []engine.Setting{
		{Name: "orderType", Type: "string", Help: "What an order becomes in the target: the name of one of its order resources, such as invoiceDraft."},
		{Name: "customerMatch", Type: "list", Default: []byte(`["link","email"]`), Choices: []string{matchLink, matchEmail, matchNumber},
			Help: "How an order's customer is found in the target, in this order. number takes the source's customer number for the target's."},
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
		{Name: "defaults", Type: "object", Default: []byte(`{}`), Help: "Values for canonical fields that the source leaves out, by path: {storeId: \"1\", billing.country: NL}."},
	}
}

type settings struct {
	customerMatch   []string
	defaultCustomer string
	updateCustomer  bool
	missingProduct  string
	roundingLimit   decimal.Decimal
	referencePrefix string
	trustReference  bool
	defaults        []fieldDefault
}

type fieldDefault struct {
	path, parent string
	raw          string
}

var fieldPath = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(\.[A-Za-z][A-Za-z0-9]*)*$`)

func parseSettings(text []byte) (settings, error) {
	s := settings{customerMatch: []string{matchLink, matchEmail}, missingProduct: missingFail}
	if len(text) == 0 {
		return s, nil
	}
	root := gjson.ParseBytes(text)
	if !gjson.ValidBytes(text) || !root.IsObject() {
		return s, fmt.Errorf("settings are not a JSON object")
	}
	if v := root.Get("customerMatch"); present(v) {
		s.customerMatch = nil
		if !v.IsArray() || len(v.Array()) == 0 {
			return s, fmt.Errorf("settings.customerMatch must be a list of %s, %s and %s", matchLink, matchEmail, matchNumber)
		}
		for _, e := range v.Array() {
			if !slices.Contains([]string{matchLink, matchEmail, matchNumber}, e.String()) {
				return s, fmt.Errorf("settings.customerMatch: %s is none of %s, %s, %s", e.Raw, matchLink, matchEmail, matchNumber)
			}
			s.customerMatch = append(s.customerMatch, e.String())
		}
	}
	s.defaultCustomer = strings.TrimSpace(scalar(root.Get("defaultCustomer")))
	if v := root.Get("updateCustomer"); present(v) {
		if !v.IsBool() {
			return s, fmt.Errorf("settings.updateCustomer must be true or false")
		}
		s.updateCustomer = v.Bool()
	}
	if v := root.Get("missingProduct"); present(v) {
		if !slices.Contains([]string{missingFail, missingCreate, missingIgnore}, v.String()) {
			return s, fmt.Errorf("settings.missingProduct: %s is none of %s, %s, %s", v.Raw, missingFail, missingCreate, missingIgnore)
		}
		s.missingProduct = v.String()
	}
	s.referencePrefix = scalar(root.Get("referencePrefix"))
	if v := root.Get("trustReference"); present(v) {
		if !v.IsBool() {
			return s, fmt.Errorf("settings.trustReference must be true or false")
		}
		s.trustReference = v.Bool()
	}
	if v := root.Get("roundingLimit"); present(v) {
		limit, err := decimal.Parse(v.Raw)
		if err != nil || v.Type != gjson.Number || limit.Sign() < 0 || limit.Cmp(decimal.New(1, 0)) > 0 {
			return s, fmt.Errorf("settings.roundingLimit must be an amount from 0 to 1")
		}
		s.roundingLimit = limit
	}
	if v := root.Get("defaults"); present(v) {
		if !v.IsObject() {
			return s, fmt.Errorf("settings.defaults must be an object: {path: value}")
		}
		var bad error
		v.ForEach(func(k, d gjson.Result) bool {
			path := k.String()
			if !fieldPath.MatchString(path) {
				bad = fmt.Errorf("settings.defaults: %q is no path of fields such as billing.country", path)
				return false
			}
			parent := ""
			if i := strings.LastIndexByte(path, '.'); i >= 0 {
				parent = path[:i]
			}
			s.defaults = append(s.defaults, fieldDefault{path: path, parent: parent, raw: d.Raw})
			return true
		})
		if bad != nil {
			return s, bad
		}
	}
	return s, nil
}

// addDefaults sets the fields of a canonical document that are missing, null or empty text. A
// field of an object that is not there stays away: a country alone would
// make a delivery address out of nothing.
func (s settings) addDefaults(doc []byte) ([]byte, error) {
	for _, d := range s.defaults {
		if v := gjson.GetBytes(doc, d.path); present(v) && !(v.Type == gjson.String && v.Str == "") {
			continue
		}
		if d.parent != "" && !gjson.GetBytes(doc, d.parent).IsObject() {
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
