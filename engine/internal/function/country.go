package function

import (
	_ "embed"
	"strings"
	"sync"
)

//go:generate go run gen_countries.go

//go:embed countries.tsv
var countryTable string

// countryAliases are names in use that the table lacks: older, newer, official and colloquial ones.
var countryAliases = map[string]string{
	"uk": "GB", "great britain": "GB", "england": "GB", "scotland": "GB", "wales": "GB", "northern ireland": "GB", "groot brittannie": "GB",
	"engeland": "GB", "grossbritannien": "GB", "grande bretagne": "GB", "el": "GR", "hellas": "GR", "usa": "US", "united states of america": "US",
	"the netherlands": "NL", "holland": "NL", "czech republic": "CZ", "tsjechische republiek": "CZ", "tschechische republik": "CZ",
	"republique tcheque": "CZ", "ceska republika": "CZ", "slovak republic": "SK", "slovensko": "SK", "turkiye": "TR", "north macedonia": "MK",
	"noord macedonie": "MK", "nordmazedonien": "MK", "eswatini": "SZ", "russian federation": "RU", "republic of ireland": "IE", "eire": "IE",
	"korea": "KR", "republic of korea": "KR", "viet nam": "VN", "ivory coast": "CI", "cape verde": "CV", "osterreich": "AT", "oesterreich": "AT", "schweiz": "CH",
	"suisse": "CH", "svizzera": "CH", "danmark": "DK", "norge": "NO", "sverige": "SE", "suomi": "FI", "polska": "PL", "espana": "ES", "magyarorszag": "HU",
	"hrvatska": "HR", "srbija": "RS", "slovenija": "SI", "lietuva": "LT", "latvija": "LV", "eesti": "EE", "belgie": "BE", "belgique": "BE", "shqiperia": "AL",
	"moldova": "MD", "republic of moldova": "MD", "macau": "MO", "vatican": "VA", "holy see": "VA", "taiwan": "TW", "syria": "SY", "iran": "IR",
}

// countries finds alpha-2 codes by alpha-2 and alpha-3 code, numeric code and folded name.
var countries = sync.OnceValue(func() map[string]string {
	codes := make(map[string]string, 2500)
	add := func(key, code string) {
		if other, ok := codes[key]; ok && other != code {
			code = "" // a name that two countries share names neither
		}
		codes[key] = code
	}
	for line := range strings.Lines(countryTable) {
		if line[0] == '#' {
			continue
		}
		cols := strings.Split(strings.TrimSpace(line), "\t")
		for _, name := range strings.Split(cols[3], "|") {
			add(foldName(name), cols[0])
		}
	}
	for name, code := range countryAliases {
		codes[name] = code
	}
	for line := range strings.Lines(countryTable) { // codes win over names
		if cols := strings.Split(line, "\t"); len(cols) == 4 {
			for _, c := range cols[:3] {
				codes[strings.ToLower(c)] = cols[0]
			}
		}
	}
	delete(codes, "")
	return codes
})

// foldName makes names that are written differently alike: case, accents, signs and white space do not count.
func foldName(s string) string {
	return strings.ReplaceAll(slug(strings.ReplaceAll(s, "&", " and "), ""), "-", " ")
}

// CountryCode returns the ISO 3166-1 alpha-2 code of a country that is given by its alpha-2, alpha-3 or numeric code or by
// its name in one of the languages of countries.tsv; "" if it is none.
func CountryCode(s string) string {
	s = strings.TrimSpace(s)
	if len(s) == 2 {
		if code := countries()[strings.ToLower(s)]; code != "" {
			return code
		}
	}
	key := foldName(s)
	if len(key) < 3 && strings.Trim(key, "0123456789") == "" && key != "" {
		key = strings.Repeat("0", 3-len(key)) + key // 56 is 056
	}
	return countries()[key]
}

// currencies are the codes of ISO 4217 that are in use, with their numeric codes.
var currencies = sync.OnceValue(func() map[string]string {
	codes := map[string]string{"ANG": "ANG"} // gave way to XCG in 2025, which took its number
	list := strings.Fields(`AED784 AFN971 ALL008 AMD051 AOA973 ARS032 AUD036 AWG533 AZN944 BAM977 BBD052 BDT050 BGN975 BHD048 BIF108 BMD060
		BND096 BOB068 BOV984 BRL986 BSD044 BTN064 BWP072 BYN933 BZD084 CAD124 CDF976 CHE947 CHF756 CHW948 CLF990 CLP152 CNY156 COP170 COU970
		CRC188 CUP192 CVE132 CZK203 DJF262 DKK208 DOP214 DZD012 EGP818 ERN232 ETB230 EUR978 FJD242 FKP238 GBP826 GEL981 GHS936 GIP292 GMD270
		GNF324 GTQ320 GYD328 HKD344 HNL340 HTG332 HUF348 IDR360 ILS376 INR356 IQD368 IRR364 ISK352 JMD388 JOD400 JPY392 KES404 KGS417 KHR116
		KMF174 KPW408 KRW410 KWD414 KYD136 KZT398 LAK418 LBP422 LKR144 LRD430 LSL426 LYD434 MAD504 MDL498 MGA969 MKD807 MMK104 MNT496 MOP446
		MRU929 MUR480 MVR462 MWK454 MXN484 MXV979 MYR458 MZN943 NAD516 NGN566 NIO558 NOK578 NPR524 NZD554 OMR512 PAB590 PEN604 PGK598 PHP608
		PKR586 PLN985 PYG600 QAR634 RON946 RSD941 RUB643 RWF646 SAR682 SBD090 SCR690 SDG938 SEK752 SGD702 SHP654 SLE925 SOS706 SRD968 SSP728
		STN930 SVC222 SYP760 SZL748 THB764 TJS972 TMT934 TND788 TOP776 TRY949 TTD780 TWD901 TZS834 UAH980 UGX800 USD840 USN997 UYI940 UYU858
		UYW927 UZS860 VED926 VES928 VND704 VUV548 WST882 XAF950 XCD951 XCG532 XOF952 XPF953 YER886 ZAR710 ZMW967 ZWG924`)
	for _, c := range list {
		codes[c[:3]] = c[:3]
		codes[c[3:]] = c[:3]
	}
	for sign, code := range map[string]string{
		"€": "EUR", "EURO": "EUR", "£": "GBP", "ZŁ": "PLN", "KČ": "CZK", "FT": "HUF", "ЛВ": "BGN", "₺": "TRY", "₹": "INR", "₴": "UAH", "₪": "ILS", "₩": "KRW",
		"R$": "BRL", "US$": "USD", "SFR": "CHF", "₽": "RUB", "₫": "VND", "₱": "PHP", "฿": "THB", "₦": "NGN", "₸": "KZT", "₾": "GEL",
	} {
		codes[sign] = code
	}
	return codes
})

// CurrencyCode returns the ISO 4217 code of a currency that is given by its alphabetic or numeric code, or by a sign that only one
// currency has ($, kr and ¥ are not among them); "" if it is none.
func CurrencyCode(s string) string {
	key := strings.Trim(strings.ToUpper(strings.TrimSpace(s)), ".")
	if n := len(key); 0 < n && n < 3 && strings.Trim(key, "0123456789") == "" {
		key = strings.Repeat("0", 3-n) + key
	}
	return currencies()[key]
}
