package function

import (
	"fmt"
	"strings"
	"testing"

	"pgregory.net/rapid"
)

func TestGTIN(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"4006381333931", "4006381333931"}, {"73513537", "73513537"}, {"036000291452", "036000291452"}, {"10614141000415", "10614141000415"},
		{"978-3-16-148410-0", "9783161484100"}, {" 4006381 333931 ", "4006381333931"},
		{"4006381333932", ""}, {"400638133393", ""}, {"", ""}, {"0000000000000", ""}, {"40063813339३1", ""}, {"4006381333931x", ""}, {"SW10001", ""},
	} {
		if got := GTIN(c.in); got != c.want {
			t.Errorf("GTIN(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	for _, c := range []struct{ in, want string }{
		{"4006381333931", "4006381333931"}, {"36000291452", "036000291452"}, {"73513537", "73513537"}, {"0", ""}, {"5", ""}, {"4006381333932", ""},
	} {
		if got := gtinOfNumber(c.in); got != c.want {
			t.Errorf("gtinOfNumber(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

// The check digit finds every single wrong digit.
func TestGTINFindsATypo(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		body := rapid.StringMatching(`[1-9][0-9]{11}`).Draw(t, "body")
		var id string
		for d := '0'; d <= '9'; d++ {
			if v := GTIN(body + string(d)); v != "" {
				if id != "" {
					t.Fatalf("%s has two check digits", body)
				}
				id = v
			}
		}
		if id == "" {
			t.Fatalf("%s has no check digit", body)
		}
		i := rapid.IntRange(0, len(id)-1).Draw(t, "at")
		digit := rapid.SampledFrom([]byte(strings.ReplaceAll("0123456789", id[i:i+1], ""))).Draw(t, "digit")
		if typo := id[:i] + string(digit) + id[i+1:]; GTIN(typo) != "" {
			t.Fatalf("%s passes for %s", typo, id)
		}
	})
}

func TestVATNumber(t *testing.T) {
	for _, c := range []struct{ in, country, want string }{
		{"NL823545234B01", "", "NL 823545234B01"}, {"nl 8235.45.234.b01", "", "NL 823545234B01"}, {"823545234B01", "NL", "NL 823545234B01"},
		{"BE 0123.456.789", "", "BE 0123456789"}, {"BE1123456789", "", "BE 1123456789"}, {"DE 123 456 789", "", "DE 123456789"}, {"ATU12345678", "", "AT U12345678"},
		{"EL123456789", "", "GR 123456789"}, {"GR123456789", "", "GR 123456789"}, {"123456789", "EL", "GR 123456789"},
		{"FR 83 404 833 048", "", "FR 83404833048"}, {"FRAB123456789", "", "FR AB123456789"}, {"IT12345678901", "", "IT 12345678901"}, {"ESX1234567X", "", "ES X1234567X"}, {"ES12345678Z", "", "ES 12345678Z"},
		{"SE556677889901", "", "SE 556677889901"}, {"DK12 34 56 78", "", "DK 12345678"}, {"FI12345678", "", "FI 12345678"}, {"LU12345678", "", "LU 12345678"}, {"IE1234567WA", "", "IE 1234567WA"},
		{"IE1B34567J", "", "IE 1B34567J"}, {"PL1234567890", "", "PL 1234567890"}, {"CZ12345678", "", "CZ 12345678"}, {"SK1234567890", "", "SK 1234567890"}, {"HU12345678", "", "HU 12345678"},
		{"RO18", "", "RO 18"}, {"BG123456789", "", "BG 123456789"}, {"HR12345678901", "", "HR 12345678901"}, {"SI12345678", "", "SI 12345678"}, {"EE123456789", "", "EE 123456789"}, {"LV12345678901", "", "LV 12345678901"},
		{"LT123456789012", "", "LT 123456789012"}, {"MT12345678", "", "MT 12345678"}, {"CY12345678L", "", "CY 12345678L"}, {"PT123456789", "", "PT 123456789"},
		{"GB123456789", "", "GB 123456789"}, {"GBGD001", "", "GB GD001"}, {"XI123456789", "", "XI 123456789"}, {"CHE-123.456.789 MWST", "", "CH E123456789MWST"}, {"NO123456789MVA", "", "NO 123456789MVA"},
		{"DE123456789", "NL", "DE 123456789"}, // the prefix says more than the address
		{"NL123456789", "", ""}, {"NL823545234B1", "", ""}, {"n/a", "", ""}, {"", "NL", ""}, {"123456789", "", ""}, {"123456789", "XX", ""}, {"BE2123456789", "", ""}, {"SE556677889902", "", ""}, {"US123456789", "", ""},
	} {
		country, number, ok := VATNumber(c.in, c.country)
		if got := strings.TrimSpace(country + " " + number); got != c.want || ok != (c.want != "") {
			t.Errorf("VATNumber(%q, %q) = %q, %t, want %q", c.in, c.country, got, ok, c.want)
		}
	}
}

func TestPhone(t *testing.T) {
	for _, c := range []struct{ in, country, want string }{
		// as shops send them
		{"+31 20 555 0101", "", "+31205550101"}, {"+49 711 5550101", "DE", "+497115550101"}, {"070-5550102", "NL", "+31705550102"}, {"+31612345678", "NL", "+31612345678"},
		{"0301234567", "NL", "+31301234567"}, {"+46 8 555 0101", "NL", "+4685550101"}, {"+32 53 55 50 10", "BE", "+3253555010"}, {"046-555 01 20", "SE", "+46465550120"},
		{"(020) 555 01 01", "NL", "+31205550101"}, {"+31 (0)20 555 01 01", "", "+31205550101"}, {"0031 20 555 0101", "DE", "+31205550101"}, {"0031 (0)20-5550101", "", "+31205550101"},
		{"06 12 34 56 78", "FR", "+33612345678"}, {"06 555 0101", "IT", "+39065550101"}, {"612 34 56 78", "ES", "+34612345678"}, {"06 1 234 5678", "HU", "+3612345678"}, {"8 495 555 01 01", "RU", "+74955550101"},
		{"(212) 555-0101", "US", "+12125550101"}, {"tel:+31-20-555-0101", "", "+31205550101"}, {"020 555 0101 ext. 12", "NL", "+31205550101"}, {"020.555.0101 x12", "nl", "+31205550101"},
		{"12 34 56 78", "DK", "+4512345678"}, {"2 12 34 56", "LU", "+3522123456"},
		// none
		{"0", "NL", ""}, {"", "NL", ""}, {"555 0101", "", ""}, {"555 0101", "XX", ""}, {"n/a", "NL", ""}, {"+", "", ""}, {"+0", "", ""}, {"+123456789012345678", "", ""}, {"+12 34", "", ""},
		{"12", "NL", ""}, {"call me", "NL", ""}, {"+31 20 555 0101 (Sanne)", "", ""}, {"00", "NL", ""}, {"+31+20", "", ""},
	} {
		if got := Phone(c.in, c.country); got != c.want {
			t.Errorf("Phone(%q, %q) = %q, want %q", c.in, c.country, got, c.want)
		}
	}
}

func TestCallingCodesAreOfCountries(t *testing.T) {
	for country, d := range dialings() {
		if CountryCode(country) != country {
			t.Errorf("%s is no country", country)
		}
		if d.code == "" || len(d.code) > 3 {
			t.Errorf("%s has the code %q", country, d.code)
		}
	}
	if n := len(dialings()); n < 230 {
		t.Errorf("%d countries have calling codes", n)
	}
}

func TestCountryCode(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"NL", "NL"}, {"nl", "NL"}, {" nl ", "NL"}, {"NLD", "NL"}, {"528", "NL"}, {"56", "BE"}, {"040", "AT"}, {"40", "AT"}, {"Netherlands", "NL"}, {"The Netherlands", "NL"}, {"Nederland", "NL"}, {"Niederlande", "NL"}, {"Pays-Bas", "NL"},
		{"Holland", "NL"}, {"België", "BE"}, {"Belgique", "BE"}, {"Belgien", "BE"}, {"Deutschland", "DE"}, {"duitsland", "DE"}, {"Allemagne", "DE"}, {"Österreich", "AT"}, {"OESTERREICH", "AT"}, {"Sverige", "SE"}, {"Zweden", "SE"}, {"Suomi", "FI"},
		{"UK", "GB"}, {"United Kingdom", "GB"}, {"Great Britain", "GB"}, {"Groot-Brittannië", "GB"}, {"EL", "GR"}, {"Czech Republic", "CZ"}, {"Czechia", "CZ"}, {"Côte d'Ivoire", "CI"}, {"Cote d’Ivoire", "CI"}, {"Bosnia & Herzegovina", "BA"},
		{"Bosnia and Herzegovina", "BA"}, {"USA", "US"}, {"United States", "US"}, {"Türkiye", "TR"}, {"Kosovo", "XK"}, {"XKX", "XK"}, {"Congo-Kinshasa", "CD"}, {"Éire", "IE"}, {"Curaçao", "CW"},
		{"", ""}, {"XX", ""}, {"Atlantis", ""}, {"ZZZ", ""}, {"000", ""}, {"5", ""}, {"Kongo", "CG"},
	} {
		if got := CountryCode(c.in); got != c.want {
			t.Errorf("CountryCode(%q) = %q, want %q", c.in, got, c.want)
		}
	}
	count := 0
	for line := range strings.Lines(countryTable) {
		cols := strings.Split(strings.TrimSpace(line), "\t")
		if len(cols) != 4 {
			continue
		}
		count++
		for _, name := range append(strings.Split(cols[3], "|"), cols[0], cols[1], cols[2]) {
			if got := CountryCode(name); got != cols[0] && name != "" {
				t.Errorf("CountryCode(%q) = %q, want %q", name, got, cols[0])
			}
		}
	}
	if count != 250 { // the 249 of ISO 3166-1 and Kosovo
		t.Errorf("%d countries", count)
	}
}

func TestCurrencyCode(t *testing.T) {
	for in, want := range map[string]string{
		"EUR": "EUR", "eur": "EUR", "€": "EUR", "978": "EUR", "euro": "EUR", "sek": "SEK", "752": "SEK", "36": "AUD", "036": "AUD", "zł": "PLN", "Kč": "CZK", "£": "GBP", "sFr.": "CHF",
		"$": "", "kr": "", "¥": "", "": "", "XXX": "", "1": "", "EU": "", "DEM": "",
	} {
		if got := CurrencyCode(in); got != want {
			t.Errorf("CurrencyCode(%q) = %q, want %q", in, got, want)
		}
	}
	alphabetic, numeric := 0, 0
	for key, code := range currencies() {
		if key == code {
			alphabetic++
		}
		if len(key) == 3 && key != code && strings.Trim(key, "0123456789") == "" {
			numeric++
		}
	}
	if numeric != alphabetic-1 || numeric < 160 {
		t.Errorf("%d currencies have %d numeric codes; all but ANG should", alphabetic, numeric)
	}
}

func TestFolding(t *testing.T) {
	for _, c := range []struct{ in, ascii, slug string }{
		{"Café Crème, 250 g", "Cafe Creme, 250 g", "cafe-creme-250-g"},
		{"Straße – Größe", "Strasse - Grosse", "strasse-grosse"},
		{"Smørrebrød & Æbler", "Smorrebrod & AEbler", "smorrebrod-aebler"},
		{"Łódź İstanbul Ďakujem", "Lodz Istanbul Dakujem", "lodz-istanbul-dakujem"},
		{"e\u0301te\u0301", "ete", "ete"},
		{"½ ﬁn №5", "12 fin No5", "1-2-fin-no5"},
		{"Ελλάδα", "", "ελλαδα"},
		{"l'été d’or", "l'ete d'or", "lete-dor"},
		{"--a--b--", "--a--b--", "a-b"},
		{"👍", "", ""},
		{"", "", ""},
	} {
		if got := ascii(c.in); got != c.ascii {
			t.Errorf("ascii(%q) = %q, want %q", c.in, got, c.ascii)
		}
		if got := slug(c.in, ""); got != c.slug {
			t.Errorf("slug(%q) = %q, want %q", c.in, got, c.slug)
		}
	}
	for language, want := range map[string]string{"de": "aeroe-bloed-as", "da": "aeroe-blod-aas", "nb": "aeroe-blod-aas", "nl": "aero-blod-as"} {
		in := "Ærø blöd ås"
		if language == "de" {
			want = "aero-bloed-as"
		}
		if got := slug(in, language); got != want {
			t.Errorf("slug(%q, %s) = %q, want %q", in, language, got, want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s := rapid.String().Draw(t, "text")
		once := slug(s, "")
		if slug(once, "") != once {
			t.Fatalf("%q gives %q, and that %q", s, once, slug(once, ""))
		}
		if a := ascii(s); !isASCII(a) {
			t.Fatalf("ascii(%q) = %q", s, a)
		}
	})
}

func TestHTMLToText(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"plain & simple", "plain & simple"},
		{"<p>One</p><p>Two</p>", "One\n\nTwo"},
		{"One<br>Two<br/><br>Three<br><br><br><br>Four", "One\nTwo\n\nThree\n\nFour"},
		{"  <b>bo</b>ld   <i>it</i> \n alic ", "bold it alic"},
		{"<ul><li>a</li><li>b <b>c</b></li></ul>after", "- a\n- b c\nafter"},
		{"a<script>alert('x</b>')</script>b<style>p{}</style>c<!-- d -->e", "abce"},
		{"<table><tr><td>a</td><td>b</td></tr><tr><td>c</td></tr></table>", "a b\nc"},
		{"&lt;b&gt; &euro;5&nbsp;per kg &#233; &eacute; &unknown;", "<b> €5 per kg é é &unknown;"},
		{"<h1>Title</h1>text<div>div</div>", "Title\n\ntext\ndiv"},
		{"<p></p><p> </p><p>x</p>", "x"},
		{"a < b and c > d", "a < b and c > d"},
		{"<svg><text>no</text></svg>yes", "yes"},
		{"<p>unclosed <b>tags", "unclosed tags"},
		{"", ""},
		{"<", "<"},
	} {
		if got := htmlToText(c.in); got != c.want {
			t.Errorf("%q\n got %q\nwant %q", c.in, got, c.want)
		}
	}
}

func TestTruncate(t *testing.T) {
	for _, c := range []struct {
		in    string
		limit int
		end   string
		bytes bool
		want  string
	}{
		{"A red cotton shirt", 18, "…", false, "A red cotton shirt"},
		{"A red cotton shirt", 17, "…", false, "A red cotton…"},
		{"A red cotton shirt", 12, "", false, "A red cotton"},
		{"Donaudampfschifffahrt", 10, "…", false, "Donaudamp…"},
		{"A Donaudampfschifffahrt", 10, "", false, "A Donaudam"},
		{"éééé", 3, "", true, "é"},
		{"éééé", 4, "", true, "éé"},
		{"€€", 2, "", true, ""},
		{"abc", 0, "…", false, ""},
		{"abc", 1, "...", false, "a"},
		{"a  b", 2, "", false, "a"},
	} {
		if got := truncate(c.in, c.limit, c.end, c.bytes); got != c.want {
			t.Errorf("truncate(%q, %d, %q, %t) = %q, want %q", c.in, c.limit, c.end, c.bytes, got, c.want)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		s, end := rapid.String().Draw(t, "text"), rapid.SampledFrom([]string{"", "…", "..."}).Draw(t, "end")
		limit, inBytes := rapid.IntRange(0, 20).Draw(t, "limit"), rapid.Bool().Draw(t, "bytes")
		got := truncate(s, limit, end, inBytes)
		size := len([]rune(got))
		if inBytes {
			size = len(got)
		}
		if size > limit {
			t.Fatalf("truncate(%q, %d, %q, %t) = %q is too long", s, limit, end, inBytes, got)
		}
		if !strings.HasPrefix(s, strings.TrimSuffix(got, end)) && !strings.HasPrefix(s, got) {
			t.Fatalf("truncate(%q, %d, %q, %t) = %q is no start of it", s, limit, end, inBytes, got)
		}
	})
}

func TestPlainNumber(t *testing.T) {
	for _, c := range []struct{ in, sign, want string }{
		{"1.234,50", ",", "1234.50"}, {"1 234 567,8", ",", "1234567.8"}, {"1'234.50", ".", "1234.50"}, {"1,234", ".", "1234"}, {"-1.234", ",", "-1234"}, {"12,5", ",", "12.5"},
		{"1,5", ".", "none"}, {"1.23,4", ",", "none"}, {".123", ",", "none"}, {"1..234", ",", "none"}, {"1.2345", ",", "none"},
	} {
		got, ok := plainNumber(c.in, c.sign)
		if !ok {
			got = "none"
		}
		if got != c.want {
			t.Errorf("plainNumber(%q, %q) = %q, want %q", c.in, c.sign, got, c.want)
		}
	}
}

func FuzzIdentifiers(f *testing.F) {
	for _, s := range []string{"4006381333931", "NL823545234B01", "+31 (0)20 555 01 01", "België", "€", "<p>a<li>b", "1.234,5"} {
		f.Add(s, "NL")
	}
	f.Fuzz(func(t *testing.T, s, country string) {
		if id := GTIN(s); id != "" && GTIN(id) != id {
			t.Errorf("GTIN %q is none", id)
		}
		if c, n, ok := VATNumber(s, country); ok {
			if c2, n2, ok := VATNumber(n, c); !ok || c2 != c && n2 == n {
				t.Errorf("VAT number %s %s is %s %s", c, n, c2, n2)
			}
		}
		if p := Phone(s, country); p != "" && Phone(p, "") != p {
			t.Errorf("telephone number %q is none", p)
		}
		if c := CountryCode(s); c != "" && CountryCode(c) != c {
			t.Errorf("country %q is none", c)
		}
		if len(htmlToText(s)) > 4*len(s)+8 {
			t.Errorf("the text of %q is long", s)
		}
		for _, text := range []string{fmt.Sprint(slug(s, "de")), ascii(s)} {
			if len(text) > 20*len(s) {
				t.Errorf("%q folds to %q", s, text)
			}
		}
	})
}
