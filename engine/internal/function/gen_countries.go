//go:build ignore

// This program writes countries.tsv from the tables of the Unicode CLDR in golang.org/x/text: the codes of ISO 3166-1
// and the names of each country in the languages of the shops we meet. Run it with go generate.
package main

import (
	"bytes"
	"fmt"
	"log"
	"os"
	"slices"
	"strings"

	"golang.org/x/text/language"
	"golang.org/x/text/language/display"
)

// retired are codes that CLDR knows and ISO 3166-1 does not, or no more.
const retired = "AC AN BU CP CQ CS CT DD DG DY EA EW EZ FL FQ FX HV IC JT LF MI NH NQ NT PC PI PU PZ RA RB RC RH RL RM RN RP SU TA TP UK UN VD WG WK WL WV YD YU YV ZR"

func main() {
	languages := []display.Namer{
		display.Regions(language.English), display.Regions(language.Dutch), display.Regions(language.German), display.Regions(language.French),
		display.Regions(language.Spanish), display.Regions(language.Italian), display.Regions(language.Swedish), display.Regions(language.Danish),
		display.Regions(language.Norwegian), display.Regions(language.Finnish), display.Regions(language.Polish), display.Regions(language.Portuguese),
		display.Regions(language.Czech),
	}
	var out bytes.Buffer
	out.WriteString("# ISO 3166-1 alpha-2, alpha-3, numeric, names (CLDR " + display.CLDRVersion + "). Written by gen_countries.go.\n")
	for a := 'A'; a <= 'Z'; a++ {
		for b := 'A'; b <= 'Z'; b++ {
			code := string([]rune{a, b})
			r, err := language.ParseRegion(code)
			if err != nil || !r.IsCountry() || r.String() != code || slices.Contains(strings.Fields(retired), code) {
				continue
			}
			var names []string
			for _, l := range languages {
				if n := l.Name(r); !slices.Contains(names, n) {
					names = append(names, n)
				}
			}
			alpha3, numeric := r.ISO3(), fmt.Sprintf("%03d", r.M49())
			if code == "XK" { // no code of the standard, but in use everywhere
				alpha3, numeric = "XKX", ""
			}
			fmt.Fprintf(&out, "%s\t%s\t%s\t%s\n", code, alpha3, numeric, strings.Join(names, "|"))
		}
	}
	if err := os.WriteFile("countries.tsv", out.Bytes(), 0o644); err != nil {
		log.Fatal(err)
	}
}
