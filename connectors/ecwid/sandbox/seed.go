package sandbox

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"time"

	"github.com/crosswalk-go/crosswalk/connectors/jsondoc"
)

// seedText is the store as the calls that fill it: a line "POST path {body}" each, a time, or an order whose amounts are computed
// before it is posted.
//
//go:embed seed.txt
var seedText string

func number(text string) json.Number { return json.Number(text) }

// seed fills the store through its own API, leniently. With demo it has customers and orders too; these begin at "== demo".
func (s *Sandbox) seed(demo bool) error {
	wanted, clock := s.set, s.clock
	at := time.Date(2026, 10, 5, 8, 0, 0, 0, time.UTC)
	s.set.lag, s.set.perMinute, s.set.scopes, s.set.emptyErrors, s.set.repliedOrders = 0, 1<<30, nil, false, "orderId"
	s.clock = func() time.Time { return at }
	defer func() {
		s.set, s.clock, s.calls, s.window = wanted, clock, 0, time.Time{}
		for _, list := range [][]*record{s.orders, s.customers, s.products} {
			for _, r := range list {
				r.indexed, r.stale = r.doc.Clone(), false // long ago
			}
		}
	}()
	s.profile = profile(!s.set.netPrices)
	s.classes = []*jsondoc.Object{jsondoc.New("id", 0, "name", "", "attributes", []any{})}
	for n, text := range strings.Split(strings.ReplaceAll(seedText, "\n ", " "), "\n") {
		words := strings.SplitN(text, " ", 3)
		switch {
		case text == "" || strings.HasPrefix(text, "#"):
			continue
		case text == "== demo":
			if !demo {
				return nil
			}
			continue
		case words[0] == "at":
			var err error
			if at, err = time.Parse(time.DateTime, words[1]+" "+words[2]); err != nil {
				return fmt.Errorf("seed line %d: %w", n+1, err)
			}
			continue
		}
		at = at.Add(time.Second)
		method, path, body := words[0], words[1], words[2]
		var err error
		if method == "ORDER" {
			var out []byte
			if out, err = s.own(http.MethodPost, "order/calculate", body); err == nil {
				method, path, body = http.MethodPost, "orders", string(out)
			}
		}
		if err == nil {
			_, err = s.own(method, path, body)
		}
		if err != nil {
			return fmt.Errorf("seed line %d: %w", n+1, err)
		}
	}
	return nil
}

// own makes a call to the store itself.
func (s *Sandbox) own(method, path, body string) ([]byte, error) {
	r := httptest.NewRequest(method, (&url.URL{Path: "/api/v3/" + StoreID + "/"}).String()+path, strings.NewReader(body))
	r.Header.Set("Content-Type", "application/json")
	r.Header.Set("Authorization", "Bearer "+accessToken)
	w := httptest.NewRecorder()
	s.answer(w, r)
	if w.Code != http.StatusOK {
		return nil, fmt.Errorf("%w: %s", errSeed, w.Body)
	}
	return w.Body.Bytes(), nil
}

func profile(inclusive bool) *jsondoc.Object {
	tax := func(id int, name, rate string, standard bool) *jsondoc.Object {
		return jsondoc.New("id", id, "name", name, "enabled", true, "includeInPrice", inclusive, "useShippingAddress", true, "taxShipping", true,
			"appliedByDefault", standard, "defaultTax", number(rate), "rules", []any{jsondoc.New("zoneId", "NL", "tax", number(rate))})
	}
	return jsondoc.New(
		"generalInfo", jsondoc.New("storeId", number(StoreID), "storeUrl", "https://noorderkade.example.nl"),
		"account", jsondoc.New("accountName", "Noorderkade Koffie", "accountEmail", "winkel@noorderkade.example.nl"),
		"settings", jsondoc.New("storeName", "Noorderkade Koffie", "askTaxId", true),
		"company", jsondoc.New("companyName", "Noorderkade Koffie", "email", "winkel@noorderkade.example.nl", "street", "Noorderkade 1", "city", "Groningen",
			"countryCode", "NL", "postalCode", "9711 AA", "stateOrProvinceCode", "GR", "phone", "050-5550100"),
		"formatsAndUnits", jsondoc.New("currency", "EUR", "currencyPrefix", "€", "currencySuffix", "", "currencyGroupSeparator", ".",
			"currencyDecimalSeparator", ",", "currencyPrecision", 2, "currencyRate", 1, "weightUnit", "KILOGRAM", "dimensionsUnit", "CM",
			"timezone", "Europe/Amsterdam", "orderNumberPrefix", "", "orderNumberSuffix", ""),
		"languages", jsondoc.New("enabledLanguages", []any{"nl"}, "defaultLanguage", "nl"),
		"shipping", jsondoc.New("shippingOptions", []any{
			jsondoc.New("id", "6590-1741079551386", "title", "PostNL", "enabled", true, "fulfilmentType", "shipping"),
			jsondoc.New("id", "6591-1741079660021", "title", "Afhalen", "enabled", true, "fulfilmentType", "pickup")}),
		"taxSettings", jsondoc.New("automaticTaxEnabled", false, "pricesIncludeTax", inclusive, "taxes",
			[]any{tax(410021001, "BTW 21%", "21", true), tax(410021002, "BTW 9%", "9", false), tax(410021003, "BTW 0%", "0", false)}),
		"zones", []any{jsondoc.New("id", "NL", "name", "Nederland", "countryCodes", []any{"NL"})},
		"payment", jsondoc.New("paymentOptions", []any{
			jsondoc.New("id", "pay-1", "enabled", true, "checkoutTitle", "iDEAL", "paymentProcessorId", "mollie"),
			jsondoc.New("id", "pay-2", "enabled", true, "checkoutTitle", "Op rekening", "paymentProcessorId", "offline")}))
}
