package function

import (
	"slices"
	"strings"
	"testing"
	"unicode"

	"pgregory.net/rapid"
)

func TestSplitStreet(t *testing.T) {
	for _, c := range []struct{ line, name, number, addition string }{
		// The Netherlands
		{"Korte Voorhout 7", "Korte Voorhout", "7", ""},
		{"Kerkstraat 12-3 hs", "Kerkstraat", "12", "3 hs"},
		{"Plein 1944 nr 7-B", "Plein 1944", "7", "B"},
		{"Plein 1944 7", "Plein 1944", "7", ""},
		{"1e Jacob van Campenstraat 5 II", "1e Jacob van Campenstraat", "5", "II"},
		{"2e Oosterparkstraat 12-2", "2e Oosterparkstraat", "12", "2"},
		{"Laan van Meerdervoort 70 A", "Laan van Meerdervoort", "70", "A"},
		{"Postbus 123", "Postbus", "123", ""},
		{"Antwoordnummer 10050", "Antwoordnummer", "10050", ""},
		{"Laan 1940-1945 66 A", "Laan 1940-1945", "66", "A"},
		{"3 Oktoberstraat 14", "3 Oktoberstraat", "14", ""},
		{"Keizersgracht 12-2", "Keizersgracht", "12", "2"},
		{"Dorpsstraat 100a", "Dorpsstraat", "100", "a"},
		{"Winkelplein 1", "Winkelplein", "1", ""},
		{"Prinsengracht 412-2", "Prinsengracht", "412", "2"},
		{"Laan van Meerdervoort 501 B", "Laan van Meerdervoort", "501", "B"},
		{"1e Jan Steenstraat 7 hs", "1e Jan Steenstraat", "7", "hs"},
		{"Lange Nieuwstraat", "Lange Nieuwstraat", "", ""},
		{"Lange Nieuwstraat 12-bis", "Lange Nieuwstraat", "12", "bis"},
		{"Industrieweg 4A", "Industrieweg", "4", "A"},
		{"Grote Markt 1", "Grote Markt", "1", ""},
		{"Zeedijk 12hs", "Zeedijk", "12", "hs"},
		{"Kinkerstraat 24-1hoog", "Kinkerstraat", "24", "1hoog"},
		{"Kerkstraat 12, 3e verdieping", "Kerkstraat", "12", "3e verdieping"},
		{"Kerkstraat 12 boven", "Kerkstraat", "12", "boven"},
		{"Kerkstraat 12 zwart", "Kerkstraat", "12", "zwart"},
		{"Dorpsstraat 12 achterom", "Dorpsstraat", "12", "achterom"},
		{"Achterom via de steeg", "Achterom via de steeg", "", ""},
		{"Kerkstraat12", "Kerkstraat", "12", ""},
		{"Kerkstraat nr.12", "Kerkstraat", "12", ""},
		{"Kerkstraat 5e", "Kerkstraat", "5", "e"},
		{"Bedrijvenpark A12", "Bedrijvenpark A12", "", ""},
		{"Science Park 904 C4.123", "Science Park", "904", "C4.123"},
		{"  Kerkstraat   12 ", "Kerkstraat", "12", ""},
		{"4 mei laan 3", "4 mei laan", "3", ""},
		{"Burgemeester van 't Hoffstraat 8", "Burgemeester van 't Hoffstraat", "8", ""},
		{"Haakweg 1", "Haakweg", "1", ""},
		{"Plein 40-45 12", "Plein 40-45", "12", ""},
		{"Plein '40-'45 12", "Plein '40-'45", "12", ""},
		{"Oude Toren 12", "Oude Toren", "12", ""},
		{"Hof 12", "Hof", "12", ""},
		{"Weesperzijde 23 3-hoog", "Weesperzijde", "23", "3-hoog"},
		{"Stationsweg 2 t.a.v. J. Bakker", "Stationsweg", "2", "t.a.v. J. Bakker"},
		// Belgium
		{"Rue de la Loi 16 bte 3", "Rue de la Loi", "16", "bte 3"},
		{"Meir 78 bus 4", "Meir", "78", "bus 4"},
		{"Boulevard Anspach 1 boîte 12", "Boulevard Anspach", "1", "boîte 12"},
		{"Rue Neuve, 12", "Rue Neuve", "12", ""},
		{"Kammenstraat 18", "Kammenstraat", "18", ""},
		// Germany, Austria, Switzerland
		{"Hauptstr. 5a", "Hauptstr.", "5", "a"},
		{"Hauptstr.5a", "Hauptstr.", "5", "a"},
		{"Straße des 17. Juni 135", "Straße des 17. Juni", "135", ""},
		{"Königstraße 5", "Königstraße", "5", ""},
		{"Bahnhofstrasse 21", "Bahnhofstrasse", "21", ""},
		{"Karl-Marx-Allee 3-5", "Karl-Marx-Allee", "3", "5"},
		{"Straße 12 Nr. 5", "Straße 12", "5", ""},
		{"Mariahilfer Straße 12/3/4", "Mariahilfer Straße", "12", "/3/4"},
		{"Praterstraße 8 Top 5", "Praterstraße", "8", "Top 5"},
		{"Torstraße 9 Hinterhaus, 3. OG", "Torstraße", "9", "Hinterhaus, 3. OG"},
		{"Hinterhaus, 3. OG", "Hinterhaus, 3. OG", "", ""},
		{"Postfach 12 34", "Postfach", "12 34", ""},
		{"Tor 3", "Tor", "3", ""},
		{"Bus 3", "Bus 3", "", ""},
		{"1", "", "1", ""},
		// France, Luxembourg
		{"16 rue de la Paix", "rue de la Paix", "16", ""},
		{"16 bis rue de la Paix", "rue de la Paix", "16", "bis"},
		{"16bis, rue de la Paix", "rue de la Paix", "16", "bis"},
		{"16 rue du 8 mai 1945", "rue du 8 mai 1945", "16", ""},
		{"12 avenue Foch bte 3", "avenue Foch", "12", "bte 3"},
		{"2 B rue Haute", "rue Haute", "2", "B"},
		{"3 ter, avenue de la République", "avenue de la République", "3", "ter"},
		{"ZA Les Pins, 12 rue des Artisans", "ZA Les Pins, rue des Artisans", "12", ""},
		{"Lieu-dit Le Bourg", "Lieu-dit Le Bourg", "", ""},
		// Great Britain, Ireland
		{"10 Downing Street", "Downing Street", "10", ""},
		{"221B Baker Street", "Baker Street", "221", "B"},
		{"12-14 High Street", "High Street", "12", "14"},
		{"10 Downing Street, Flat 2", "Downing Street", "10", "Flat 2"},
		{"Flat 2, 10 Downing Street", "Downing Street", "10", "Flat 2"},
		{"350 5th Avenue", "5th Avenue", "350", ""},
		{"Unit 4 Riverside Park", "Unit 4 Riverside Park", "", ""},
		{"5th Avenue", "5th Avenue", "", ""},
		{"P.O. Box 77", "P.O. Box", "77", ""},
		// Scandinavia, Finland
		{"Storgatan 7 lgh 1201", "Storgatan", "7", "lgh 1201"},
		{"Storgatan 14 lgh 1102", "Storgatan", "14", "lgh 1102"},
		{"Björkvägen 7 B", "Björkvägen", "7", "B"},
		{"Lilla Nygatan 23, 2 tr", "Lilla Nygatan", "23", "2 tr"},
		{"Østergade 12, 2. tv", "Østergade", "12", "2. tv"},
		{"Bulevardi 5 A 12", "Bulevardi", "5", "A 12"},
		{"Box 123", "Box", "123", ""},
		// Southern and eastern Europe
		{"Via Roma, 12/A", "Via Roma", "12", "/A"},
		{"Via 25 Aprile 12", "Via 25 Aprile", "12", ""},
		{"Calle 8 de Marzo 3", "Calle 8 de Marzo", "3", ""},
		{"Calle Mayor 5, 3º B", "Calle Mayor", "5", "3º B"},
		{"Calle Alcalá, s/n", "Calle Alcalá, s/n", "", ""},
		{"ul. Długa 12 m. 5", "ul. Długa", "12", "m. 5"},
		{"Andrássy út 22. II. em. 3", "Andrássy út", "22", "II. em. 3"},
		{"ul. 3 Maja 12/4", "ul. 3 Maja", "12", "/4"},
		{"Strada Lungă 147, bl. A, sc. B, ap. 12", "Strada Lungă", "147", "bl. A, sc. B, ap. 12"},
		{"Václavské náměstí 837/11", "Václavské náměstí", "837", "/11"},
		{"Rua Augusta n.º 12 2º Esq.", "Rua Augusta", "12", "2º Esq."},
		// odd
		{"", "", "", ""},
		{" , ", "", "", ""},
		{"Kerkstraat", "Kerkstraat", "", ""},
		{"12", "", "12", ""},
		{"12A", "", "12", "A"},
		{"nr 12", "", "12", ""},
		{"12345678901234567890 Weg", "Weg", "12345678901234567890", ""},
	} {
		if got, want := SplitStreet(c.line), (Street{Name: c.name, Number: c.number, Addition: c.addition}); got != want {
			t.Errorf("%q\n got %+v\nwant %+v", c.line, got, want)
		}
	}
}

func TestSplitStreetKeepsFurtherLines(t *testing.T) {
	got := SplitStreet("Nieuwe Gracht 8\r\nt.a.v. inkoop\n\n 2e deur ")
	want := Street{Name: "Nieuwe Gracht", Number: "8", Extra: "t.a.v. inkoop, 2e deur"}
	if got != want {
		t.Errorf("got %+v, want %+v", got, want)
	}
}

// content returns the signs of texts that must not get lost, sorted.
func content(texts ...string) string {
	var runes []rune
	for _, r := range strings.Join(texts, "") {
		if !unicode.IsSpace(r) && !strings.ContainsRune(",;-–", r) {
			runes = append(runes, r)
		}
	}
	slices.Sort(runes)
	return string(runes)
}

// lost returns what want holds and got does not; ok is false if got holds anything that want does not.
func lost(got, want string) (rest string, ok bool) {
	for _, r := range got {
		i := strings.IndexRune(want, r)
		if i < 0 {
			return "", false
		}
		want = want[:i] + want[i+len(string(r)):]
	}
	return want, true
}

func TestSplitStreetLosesNothing(t *testing.T) {
	parts := []string{
		"Kerkstraat", "rue", "de", "la", "Paix", "1e", "17.", "Juni", "12", "12-3", "7B", "1944", "bus", "4", "hs", "II", "Flat", "2,", "nr", "A", "/3", "bis",
		"n°5", "Postbus", "(achter)", "Aprile", "Straße12", "3º", "-", ",", "x\ny", "é", "b.", "100a,", "1/2",
	}
	rapid.Check(t, func(t *rapid.T) {
		var line string
		if rapid.Bool().Draw(t, "words") {
			line = strings.Join(rapid.SliceOfN(rapid.SampledFrom(parts), 0, 8).Draw(t, "parts"), " ")
		} else {
			line = rapid.StringOfN(rapid.RuneFrom([]rune("ab1 2,.-/\nÉ#")), 0, 20, -1).Draw(t, "line")
		}
		st := SplitStreet(line)
		rest, ok := lost(content(st.Name, st.Number, st.Addition, st.Extra), content(line))
		if !ok {
			t.Fatalf("%q gives %+v, which holds more", line, st)
		}
		// At most one word for number may be gone.
		rest = strings.Trim(rest, ".")
		gone := rest == ""
		for w := range numberWords {
			gone = gone || strings.Trim(content(w), ".") == rest || content(w) == rest
		}
		if !gone {
			t.Fatalf("%q gives %+v, which lost %q", line, st, rest)
		}
		if strings.ContainsFunc(st.Number, func(r rune) bool { return !unicode.IsDigit(r) && r != ' ' }) {
			t.Fatalf("%q has the number %q", line, st.Number)
		}
	})
}

func TestStreetLine(t *testing.T) {
	for _, c := range []struct{ name, number, addition, country, want string }{
		{"Kerkstraat", "12", "3 hs", "NL", "Kerkstraat 12-3 hs"},
		{"Kerkstraat", "12", "B", "", "Kerkstraat 12 B"},
		{"Hauptstr.", "5", "a", "DE", "Hauptstr. 5a"},
		{"Kerkstraat", "12", "a bus 3", "BE", "Kerkstraat 12a bus 3"},
		{"Kerkstraat", "12", "hs", "NL", "Kerkstraat 12 hs"},
		{"Via Roma", "12", "/A", "IT", "Via Roma 12/A"},
		{"rue de la Paix", "16", "bis", "FR", "16 bis rue de la Paix"},
		{"Kerkstraat", "", "", "NL", "Kerkstraat"},
		{"", "12", "", "FR", "12"},
		{"Kerkstraat", "", "B", "NL", "Kerkstraat B"},
	} {
		if got := StreetLine(c.name, c.number, c.addition, c.country); got != c.want {
			t.Errorf("%+v: got %q", c, got)
		}
	}
}

func FuzzSplitStreet(f *testing.F) {
	for _, s := range []string{"Kerkstraat 12-3 hs", "16 rue de la Paix", "Plein 1944 nr 7-B", "nr nr 1", "Flat 2, Flat 2, 3 x", "1\n2\n3", "ß#1"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, line string) {
		st := SplitStreet(line)
		if got, want := len(st.Name)+len(st.Number)+len(st.Addition)+len(st.Extra), 2*len(line)+8; got > want {
			t.Fatalf("%q grew to %+v", line, st)
		}
	})
}
