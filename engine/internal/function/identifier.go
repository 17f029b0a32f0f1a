package function

import (
	"regexp"
	"strings"
)

// GTIN returns the digits of an article number (EAN-8, UPC-A, EAN-13, GTIN-14; ISBN-13 is one) without spaces and hyphens; ""
// if the count of digits or the check digit is wrong. The algorithm is that of the GS1 General Specifications, section 7.9.
func GTIN(s string) string {
	digits := strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '\u00a0' {
			return -1
		}
		return r
	}, s)
	switch len(digits) {
	case 8, 12, 13, 14:
	default:
		return ""
	}
	sum := 0
	for i := range len(digits) {
		c := digits[len(digits)-1-i]
		if !('0' <= c && c <= '9') {
			return ""
		}
		weight := 1
		if i%2 == 1 {
			weight = 3
		}
		sum += weight * int(c-'0')
	}
	if sum%10 != 0 || strings.Trim(digits, "0") == "" {
		return ""
	}
	return digits
}

// gtinOfNumber is GTIN for digits that were a number, which has lost its leading zeros.
func gtinOfNumber(digits string) string {
	for _, length := range []int{8, 12, 13, 14} {
		if len(digits) <= length && len(digits) > length-4 {
			if id := GTIN(strings.Repeat("0", length-len(digits)) + digits); id != "" {
				return id
			}
		}
	}
	return ""
}

// vatShapes are the forms of VAT identification numbers without their prefix: those of the EU as the European Commission's VIES
// lists them, and those of its neighbours.
var vatShapes = map[string]*regexp.Regexp{}

func init() {
	for country, shape := range map[string]string{
		"AT": `U\d{8}`, "BE": `[01]\d{9}`, "BG": `\d{9,10}`, "CY": `\d{8}[A-Z]`, "CZ": `\d{8,10}`, "DE": `\d{9}`, "DK": `\d{8}`, "EE": `\d{9}`,
		"GR": `\d{9}`, "ES": `[A-Z]\d{7}[A-Z0-9]|\d{8}[A-Z]`, "FI": `\d{8}`, "FR": `[A-HJ-NP-Z0-9]{2}\d{9}`, "HR": `\d{11}`, "HU": `\d{8}`,
		"IE": `\d[A-Z0-9+*]\d{5}[A-Z]|\d{7}[A-W][A-I]`, "IT": `\d{11}`, "LT": `\d{9}|\d{12}`, "LU": `\d{8}`, "LV": `\d{11}`, "MT": `\d{8}`,
		"NL": `\d{9}B\d{2}`, "PL": `\d{10}`, "PT": `\d{9}`, "RO": `[1-9]\d{1,9}`, "SE": `\d{10}01`, "SI": `\d{8}`, "SK": `\d{10}`,
		"GB": `\d{9}|\d{12}|GD[0-4]\d{2}|HA[5-9]\d{2}`, "XI": `\d{9}|\d{12}|GD[0-4]\d{2}|HA[5-9]\d{2}`,
		"CH": `E\d{9}(MWST|TVA|IVA)?`, "NO": `\d{9}(MVA)?`,
	} {
		vatShapes[country] = regexp.MustCompile(`^(` + shape + `)$`)
	}
}

// VATNumber returns the country and the rest of a VAT identification number whose shape is right, without spaces, dots and hyphens;
// ok is false for any other. The country is an alpha-2 code (GR where the number says EL), or XI for Northern Ireland. Without a
// prefix the number is taken for one of the country, which may be "". Check digits are not computed.
func VATNumber(s, country string) (vatCountry, number string, ok bool) {
	text := strings.Map(func(r rune) rune {
		switch r {
		case ' ', '.', '-', '\u00a0', '/', '\t':
			return -1
		}
		return r
	}, strings.ToUpper(strings.TrimSpace(s)))
	if len(text) > 2 {
		prefix := alphaOf(text[:2])
		if shape := vatShapes[prefix]; shape != nil && shape.MatchString(text[2:]) {
			return prefix, text[2:], true
		}
	}
	country = alphaOf(strings.ToUpper(country))
	if shape := vatShapes[country]; shape != nil && shape.MatchString(text) {
		return country, text, true
	}
	return "", "", false
}

func alphaOf(prefix string) string {
	if prefix == "EL" {
		return "GR"
	}
	return prefix
}
