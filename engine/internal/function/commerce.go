package function

import (
	"strings"

	"github.com/crosswalk-go/crosswalk/engine/internal/shape"
	"github.com/crosswalk-go/crosswalk/engine/internal/value"
)

var maybeText = shape.Of(value.Strings | value.Of(value.Missing))

var countryParam = Param{Name: "country", Kinds: value.Strings, Optional: true, OrNil: true}

var commerceFuncs = []*Func{
	{
		Name: "street", Group: "commerce",
		Summary: "An address line as name, number, addition and extra, which is what stands on further lines; each is missing where the line has none. Numbers stand behind the name or, as in France and Great Britain, before it. " +
			"A line without a house number is all name. Nothing is lost but white space, hyphens, commas and dots between the parts, and the word for number.",
		Params: []Param{{Name: "line", Kinds: value.Strings}},
		Result: shape.NewObject([]string{"name", "number", "addition", "extra"}, map[string]*shape.Shape{
			"name": maybeText, "number": maybeText, "addition": maybeText, "extra": maybeText,
		}),
		Examples: []Example{
			{`street("Kerkstraat 12-3 hs")`, `{"name":"Kerkstraat","number":"12","addition":"3 hs"}`},
			{`street("Plein 1944 nr 7-B")`, `{"name":"Plein 1944","number":"7","addition":"B"}`},
			{`street("16 bis rue de la Paix")`, `{"name":"rue de la Paix","number":"16","addition":"bis"}`},
			{`street("Achter de Kerk").number`, "missing"},
		},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			line := args[0].Str()
			if len(line) > maxLine {
				return value.Value{}, failure(0, "is longer than %d characters: that is no address line", maxLine)
			}
			st := SplitStreet(line)
			o := newObject(4)
			for _, f := range []struct{ key, text string }{{"name", st.Name}, {"number", st.Number}, {"addition", st.Addition}, {"extra", st.Extra}} {
				if f.text != "" {
					o.set(f.key, value.Text(f.text))
				}
			}
			return o.value(), nil
		},
	},
	{
		Name: "streetLine", Group: "commerce", TakesNil: true,
		Summary: "One address line of a street's name, house number and addition, any of which may be missing; the number comes first where the country (alpha-2) writes it so.",
		Params: []Param{
			{Name: "name", Kinds: value.Strings}, {Name: "number", Kinds: value.Strings | value.Numbers, Optional: true},
			{Name: "addition", Kinds: value.Strings | value.Numbers, Optional: true}, countryParam,
		},
		Result: maybeText,
		Examples: []Example{
			{`streetLine("Kerkstraat", "12", "3 hs")`, `"Kerkstraat 12-3 hs"`}, {`streetLine("rue de la Paix", "16", "bis", "FR")`, `"16 bis rue de la Paix"`},
			{`streetLine("Kerkstraat", nil, nil)`, `"Kerkstraat"`}, {`streetLine(nil)`, "missing"},
		},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			part := func(i int) string {
				if i >= len(args) {
					return ""
				}
				s, _ := scalarText(args[i])
				return s
			}
			line := StreetLine(part(0), part(1), part(2), strings.ToUpper(part(3)))
			return found(line)
		},
	},
	{
		Name: "countryCode", Group: "commerce",
		Summary:  "The ISO 3166-1 alpha-2 code of a country given by its alpha-2, alpha-3 or numeric code or its name, in English, Dutch, German, French or another large language of Europe; missing where it is none.",
		Params:   []Param{{Name: "country", Kinds: value.Strings | value.Numbers}},
		Result:   maybeText,
		Examples: []Example{{`countryCode("nld")`, `"NL"`}, {`countryCode("België")`, `"BE"`}, {`countryCode("Deutschland")`, `"DE"`}, {`countryCode(56)`, `"BE"`}, {`countryCode("Atlantis")`, "missing"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			return shortText(args, CountryCode)
		},
	},
	{
		Name: "currencyCode", Group: "commerce",
		Summary:  "The ISO 4217 code of a currency given by its alphabetic or numeric code, or by a sign that only one currency has; missing where it is none.",
		Params:   []Param{{Name: "currency", Kinds: value.Strings | value.Numbers}},
		Result:   maybeText,
		Examples: []Example{{`currencyCode("eur")`, `"EUR"`}, {`currencyCode("€")`, `"EUR"`}, {`currencyCode(752)`, `"SEK"`}, {`currencyCode("$")`, "missing"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			return shortText(args, CurrencyCode)
		},
	},
	{
		Name: "gtin", Group: "commerce",
		Summary:  "An article number (EAN-8, UPC-A, EAN-13 or GTIN-14) as digits, without spaces and hyphens; missing where the count of digits or the check digit is wrong. A number gets the leading zeros back that it cannot have.",
		Params:   []Param{{Name: "code", Kinds: value.Strings | value.Numbers}},
		Result:   maybeText,
		Examples: []Example{{`gtin("4 006381 333931")`, `"4006381333931"`}, {`gtin("4006381333932")`, "missing"}, {`gtin(36000291452)`, `"036000291452"`}},
		Call:     callGTIN,
	},
	{
		Name: "isGtin", Group: "commerce",
		Summary:  "Whether gtin finds an article number.",
		Params:   []Param{{Name: "code", Kinds: value.Strings | value.Numbers}},
		Result:   shape.Of(value.Bools),
		Examples: []Example{{`isGtin("4006381333931")`, "true"}, {`isGtin("SW10001")`, "false"}},
		Call: func(c *Call, args []value.Value) (value.Value, error) {
			v, err := callGTIN(c, args)
			return value.Boolean(!v.IsNil()), err
		},
	},
	{
		Name: "vatNumber", Group: "commerce",
		Summary: "The country, the number without its prefix and the whole text of a VAT identification number whose shape is right, without spaces, dots and hyphens; missing where it is not. " +
			"A number without prefix is taken for one of the country that is given. The country is an alpha-2 code, also where the prefix is not: EL is GR.",
		Params: []Param{{Name: "text", Kinds: value.Strings}, countryParam},
		Result: shape.NewObject([]string{"country", "number", "text"}, map[string]*shape.Shape{
			"country": shape.Of(value.Strings), "number": shape.Of(value.Strings), "text": shape.Of(value.Strings),
		}).With(value.Of(value.Missing)),
		Examples: []Example{
			{`vatNumber("nl 8235.45.234.B01")`, `{"country":"NL","number":"823545234B01","text":"NL823545234B01"}`},
			{`vatNumber("0123.456.789", "BE").text`, `"BE0123456789"`}, {`vatNumber("EL123456789").country`, `"GR"`}, {`vatNumber("n/a")`, "missing"},
		},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			text := args[0].Str()
			if len(text) > maxLine {
				return value.Value{}, nil
			}
			country, number, ok := VATNumber(text, str(args, 1, ""))
			if !ok {
				return value.Value{}, nil
			}
			prefix := country
			if country == "GR" {
				prefix = "EL"
			}
			return value.ObjectOf([]value.Field{
				{Key: "country", Value: value.Text(country)}, {Key: "number", Value: value.Text(number)}, {Key: "text", Value: value.Text(prefix + number)},
			}), nil
		},
	},
	{
		Name: "phone", Group: "commerce",
		Summary:  "A telephone number in the form of E.164; one without + or 00 is taken for one of the country (alpha-2). An extension is left out. Missing where it cannot be a number.",
		Params:   []Param{{Name: "number", Kinds: value.Strings}, countryParam},
		Result:   maybeText,
		Examples: []Example{{`phone("020-555 0101", "NL")`, `"+31205550101"`}, {`phone("+31 (0)20 555 01 01")`, `"+31205550101"`}, {`phone("0")`, "missing"}},
		Call: func(_ *Call, args []value.Value) (value.Value, error) {
			if len(args[0].Str()) > maxLine {
				return value.Value{}, nil
			}
			return found(Phone(args[0].Str(), str(args, 1, "")))
		},
	},
}

// maxLine bounds the texts that can be an address line or an identifier, so that their patterns never meet a novel.
const maxLine = 500

func callGTIN(_ *Call, args []value.Value) (value.Value, error) {
	if args[0].Kind() == value.Number {
		return shortText(args, gtinOfNumber)
	}
	return shortText(args, GTIN)
}

// shortText calls a finder with the text of the first argument.
func shortText(args []value.Value, find func(string) string) (value.Value, error) {
	text, _ := KeyText(args[0])
	if len(text) > maxLine {
		return value.Value{}, nil
	}
	return found(find(text))
}

// found is missing for "".
func found(s string) (value.Value, error) {
	if s == "" {
		return value.Value{}, nil
	}
	return value.Text(s), nil
}
