package function

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

// Street is what an address line tells.
type Street struct {
	Name     string // of the street, or of the post office box
	Number   string // the first number of the house: digits
	Addition string // what follows it: "B", "3 hs", "bus 4", "/2/7"
	Extra    string // further lines of the text, with ", " between them
}

// SplitStreet splits a European address line. The number stands behind the name ("Kerkstraat 12-3 hs",
// "Rue de la Loi 16 bte 3") or before it ("16 bis rue de la Paix"). Numbers that belong to the name stay there ("Plein 1944 7",
// "1e Jacob van Campenstraat 5", "Straße des 17. Juni 135"). A line in which no house number is found is all name. Nothing
// is lost but white space, the hyphens, commas and dots between the parts, and the word for number ("nr", "n°").
func SplitStreet(text string) Street {
	first, rest, _ := strings.Cut(strings.ReplaceAll(strings.TrimSpace(text), "\r", "\n"), "\n")
	st := splitLine(first)
	extra := strings.FieldsFunc(rest, func(r rune) bool { return r == '\n' })
	for i := range extra {
		extra[i] = tidy(extra[i])
	}
	st.Extra = strings.Join(extra, ", ")
	for strings.Contains(st.Extra, ", , ") {
		st.Extra = strings.ReplaceAll(st.Extra, ", , ", ", ")
	}
	st.Extra = strings.Trim(st.Extra, ", ")
	return st
}

// word is a token of the line with what it means.
type word struct {
	text  string // as it stands
	plain string // folded, in lower case, without punctuation around it
	comma bool   // a comma follows
}

var (
	gluedNumber = regexp.MustCompile(`(?i)^((?:nr|no|num|nummer|n°|nº|n\.°|n\.º|#)\.?)(\d.*)$`)
	digitStart  = regexp.MustCompile(`^\d`)
	ordinal     = regexp.MustCompile(`^\d+(\.|e|de|ste|eme|ieme|er|ere|re|ra|ro|nd|st|rd|th|ª|º|a\.|o\.)$`)
	yearOrSpan  = regexp.MustCompile(`^((1[5-9]|20)\d\d([-/](1[5-9]|20)?\d\d)?|40[-/]'?45)$`) // 40-45 is a square in many towns
	roman       = regexp.MustCompile(`^[ivx]+$`)
	lowerLetter = regexp.MustCompile(`^[a-z](\PL|$)`) // 100a, but 501 B and 7 hs
	joined      = regexp.MustCompile(`^(.*\pL{3}|.*\pL\.)(\d{1,4}[a-zA-Z]?)$`)
)

func wordSet(words string) map[string]bool {
	set := map[string]bool{}
	for _, w := range strings.Fields(words) {
		set[w] = true
	}
	return set
}

var (
	// numberWords announce the house number and carry nothing else.
	numberWords = wordSet("nr no num number nummer numero huisnummer huisnr hausnummer hausnr n° n.° n.o #")
	// unitWords announce or name a part of the building: box, flat, floor, door, stairs, side.
	unitWords = wordSet(`bus bte boite box apt appt app apartment apartement appartement appart ap lgh lagenhet hs huis h bg bgg bel bis ter quater
		zw zwart rd rood wit boven beneden bovenwoning benedenwoning begane grond hoog laag links rechts voor achter links li re tv th mf kl kld sal etage etg et eg og ug dg stock
		stg stiege top tur tuer door floor fl level verd verdieping verdiep niveau unit suite ste flat room kamer kam int interno scala sc esc escalera
		piso planta pta puerta dcha dch izda izq izqda bj bajo esq dto dir lok lokal m bl blok block bloc bloco batiment bat hal hall loods poort
		wing tower toren hof hinterhaus vorderhaus hh vh haus seitenflugel aufgang eingang entrance entree ingang van tr trp trappor opg opgang oppgang
		leil kv as staircase rez rdc cour etages et/ c/o links/ zimmer apto atico porta andar fraccao woning whg wohnung we`)
	// soloUnits name a part of the building also where they begin the line.
	soloUnits = wordSet(`bus bte boite apt appt app apartment apartement appartement ap lgh lagenhet flat unit suite room kamer etage floor
		level hal zimmer whg wohnung entrance entree`)
	// months follow the day in streets that are named after a date.
	months = wordSet(`januari februari maart april mei juni juli augustus september oktober november december
		januar februar marz mai august dezember janvier fevrier mars avril juin juillet aout septembre octobre novembre decembre
		gennaio febbraio marzo aprile maggio giugno luglio agosto settembre ottobre dicembre
		enero febrero abril mayo junio julio septiembre setiembre octubre noviembre diciembre
		janeiro fevereiro marco maio junho julho setembro outubro novembro dezembro
		maja stycznia lutego marca kwietnia czerwca lipca sierpnia wrzesnia pazdziernika listopada grudnia
		ianuarie februarie martie aprilie iunie iulie septembrie octombrie noiembrie decembrie
		maj marts kvetna rijna listopadu`)
	// leadTypes are the words for a street that follow a number in countries where that stands first.
	leadTypes = wordSet(`rue avenue av ave boulevard bd bld bvd blvd place pl chemin ch allee allees impasse imp quai route rte cours square sq
		passage residence res faubourg fg voie sentier lotissement lot lieu-dit lieudit zone za zi zac villa montee promenade esplanade hameau ruelle traverse`)
	// boxes are the words that the number of a post office box follows.
	boxes = wordSet("postbus antwoordnummer postfach postboks postilokero bp box apartado pl pobox")
	// connectives stand between a day and its month.
	connectives = wordSet("de di d of van")
)

// splitLine splits one line.
func splitLine(line string) Street {
	words := lineWords(line)
	if len(words) == 0 {
		return Street{}
	}
	if st, ok := boxNumber(words); ok {
		return st
	}
	if lead := leadingUnit(words); lead > 0 {
		if st := splitLine(join(words[lead:])); st.Number != "" {
			st.Addition = strings.TrimSpace(st.Addition + " " + join(words[:lead]))
			return st
		}
	}
	first := 0 // the number stands first here: its index
	if numberWords[words[0].plain] && len(words) > 1 {
		first = 1
	}
	leads := digitStart.MatchString(words[first].text) && !ordinal.MatchString(words[first].plainDot())
	if leads && first+1 == len(words) {
		return houseNumber(nil, words[first], nil)
	}
	if leads {
		if i := afterSuffix(words, first); i < len(words) && leadTypes[words[i].plain] {
			return numberFirst(words, first, i)
		}
	}
	for i := 1; i+1 < len(words); i++ { // ZA Les Pins, 12 rue des Artisans
		if name := afterSuffix(words, i); words[i-1].comma && digitStart.MatchString(words[i].text) && name < len(words) && leadTypes[words[name].plain] {
			return houseNumber(slices.Concat(words[:i], words[name:]), words[i], words[i+1:name])
		}
	}
	if i, marked := trailingNumber(words); i > 0 {
		name := words[:i]
		if marked {
			name = words[:i-1]
		}
		return houseNumber(name, words[i], words[i+1:])
	}
	if leads {
		return numberFirst(words, first, afterSuffix(words, first))
	}
	return Street{Name: join(words)}
}

// lineWords cuts the line at white space and after commas, and takes what is glued together apart.
func lineWords(line string) []word {
	var words []word
	add := func(text string) {
		w := word{text: strings.TrimRight(text, ",;"), comma: strings.HasSuffix(text, ",") || strings.HasSuffix(text, ";")}
		if w.text == "" {
			if n := len(words); n > 0 {
				words[n-1].comma = true
			}
			return
		}
		w.plain = strings.Trim(strings.ToLower(fold(w.text, "")), ".()")
		if w.plain == "" {
			w.plain = w.text
		}
		words = append(words, w)
	}
	for _, text := range strings.Fields(spaceCommas(line)) {
		if m := gluedNumber.FindStringSubmatch(text); m != nil {
			add(m[1])
			add(m[2])
			continue
		}
		add(text)
	}
	// "Kerkstraat12": only at the end, and only behind a word, so that "A12" stays whole.
	if n := len(words); n > 0 && !digitStart.MatchString(words[n-1].text) {
		if m := joined.FindStringSubmatch(words[n-1].text); m != nil && noDigits(words[:n-1]) {
			words = words[:n-1]
			add(m[1])
			add(m[2])
		}
	}
	return words
}

func noDigits(words []word) bool {
	for _, w := range words {
		if strings.ContainsFunc(w.text, unicode.IsDigit) {
			return false
		}
	}
	return true
}

// spaceCommas puts a space behind each comma, but not within a number.
func spaceCommas(s string) string {
	if !strings.ContainsAny(s, ",;") {
		return s
	}
	return strings.NewReplacer(",", ", ", ";", "; ").Replace(s)
}

// plainDot is plain with the dot of an ordinal number.
func (w word) plainDot() string {
	if strings.HasSuffix(w.text, ".") {
		return w.plain + "."
	}
	return w.plain
}

// boxNumber splits a post office box: all digits behind the word are its number.
func boxNumber(words []word) (Street, bool) {
	i := 0
	switch {
	case boxes[words[0].plain]:
		i = 1
	case len(words) > 2 && (words[0].plain == "po" || words[0].plain == "p.o") && words[1].plain == "box":
		i = 2
	}
	if i == 0 || i == len(words) {
		return Street{}, false
	}
	for _, w := range words[i:] {
		if strings.TrimFunc(w.text, unicode.IsDigit) != "" {
			return Street{}, false
		}
	}
	return Street{Name: join(words[:i]), Number: join(words[i:])}, true
}

// leadingUnit returns how many words "Flat 2," or "Unit 5" take at the start of a line whose house number follows.
func leadingUnit(words []word) int {
	if len(words) < 4 || !unitWords[words[0].plain] || !words[1].comma || words[0].comma || !digitStart.MatchString(words[2].text) {
		return 0
	}
	return 2
}

// afterSuffix returns the index of the name behind a leading number and its bis, ter, A.
func afterSuffix(words []word, first int) int {
	i := first + 1
	if i < len(words) && !words[first].comma {
		switch w := words[i].plain; {
		case w == "bis", w == "ter", w == "quater":
			i++
		case len(w) == 1 && 'a' <= w[0] && w[0] <= 'z' && words[i].text == strings.ToUpper(words[i].text) && i+1 < len(words):
			i++
		}
	}
	return i
}

// numberFirst splits "16 bis rue de la Paix bte 3" with the number at first and the name from name on.
func numberFirst(words []word, first, name int) Street {
	end := len(words)
	for i := name + 1; i+1 < len(words); i++ {
		if unitWords[words[i].plain] && words[i].plain != "van" && digitStart.MatchString(words[i+1].text) && additionOnly(words[i:]) {
			end = i
			break
		}
	}
	rest := append(append([]word(nil), words[first+1:name]...), words[end:]...)
	return houseNumber(words[name:end], words[first], rest)
}

// trailingNumber finds the house number behind the name; 0 if there is none. marked says that a word for number
// stands before it.
func trailingNumber(words []word) (index int, marked bool) {
	for i := len(words) - 1; i >= 2; i-- {
		if numberWords[words[i-1].plain] && digitStart.MatchString(words[i].text) && hasLetter(words[:i-1]) {
			return i, true
		}
	}
	loose := 0
	for i := 1; i < len(words); i++ {
		if !candidate(words, i) {
			continue
		}
		if additionOnly(words[i+1:]) {
			return i, false
		}
		loose = i
	}
	if loose > 0 {
		return loose, false
	}
	// "Kerkstraat 12e": what looks like an ordinal number ends the line.
	if last := len(words) - 1; last > 0 && ordinal.MatchString(words[last].plainDot()) && hasLetter(words[:last]) && !unitWords[words[last-1].plain] {
		return last, false
	}
	return 0, false
}

// candidate tells whether word i may be a house number.
func candidate(words []word, i int) bool {
	w, before := words[i], words[i-1]
	if !digitStart.MatchString(w.text) || !hasLetter(words[:i]) || ordinal.MatchString(w.plainDot()) && !dottedNumber(words, i) {
		return false
	}
	if i == 1 && soloUnits[before.plain] || unitWords[before.plain] && anyNumber(words[:i-1]) {
		return false
	}
	next := i + 1
	if next < len(words) && connectives[words[next].plain] {
		next++
	}
	if next < len(words) && months[words[next].plain] {
		return false // 8 mai, 25 Aprile, 8 de marzo
	}
	if months[before.plain] && i > 1 && startsWithDigit(words[i-2], words, i) {
		return !yearOrSpan.MatchString(w.text) // the year of a date
	}
	if yearOrSpan.MatchString(w.text) && i+1 < len(words) && digitStart.MatchString(words[i+1].text) && !w.comma {
		return false // Plein 1944 7
	}
	return true
}

// dottedNumber tells whether the dot behind word i is only Hungarian usage: "út 22. II. em. 3".
func dottedNumber(words []word, i int) bool {
	if !strings.HasSuffix(words[i].text, ".") || unitWords[words[i-1].plain] || i+1 == len(words) {
		return false
	}
	next := words[i+1].plain
	return roman.MatchString(next) || unitWords[next]
}

func anyNumber(words []word) bool {
	return slices.ContainsFunc(words, func(w word) bool { return digitStart.MatchString(w.text) })
}

// startsWithDigit tells whether the day of a date stands before its month, with a connective between them or not.
func startsWithDigit(w word, words []word, i int) bool {
	if connectives[w.plain] && i > 2 {
		w = words[i-3]
	}
	return digitStart.MatchString(w.text)
}

// additionOnly tells whether every word can be part of an addition.
func additionOnly(words []word) bool {
	for _, w := range words {
		letters := strings.Count(strings.Map(func(r rune) rune {
			if unicode.IsLetter(r) {
				return 'x'
			}
			return -1
		}, w.plain), "x")
		hasDigit := strings.ContainsFunc(w.plain, unicode.IsDigit)
		switch {
		case unitWords[w.plain], roman.MatchString(w.plain), letters <= 2, hasDigit && len(w.plain) <= 7:
		default:
			return false
		}
	}
	return true
}

func hasLetter(words []word) bool {
	for _, w := range words {
		if strings.ContainsFunc(w.text, unicode.IsLetter) {
			return true
		}
	}
	return false
}

// houseNumber cuts the digits off number; the rest of it begins the addition.
func houseNumber(name []word, number word, rest []word) Street {
	i := 0
	for i < len(number.text) && '0' <= number.text[i] && number.text[i] <= '9' {
		i++
	}
	st := Street{Name: join(name), Number: number.text[:i]}
	addition := strings.TrimLeft(number.text[i:], "-–")
	st.Addition = strings.TrimLeft(tidy(addition+" "+join(rest)), "-–,. ")
	return st
}

// join puts the words together again, with the commas between them but not the last.
func join(words []word) string {
	var b strings.Builder
	for i, w := range words {
		b.WriteString(w.text)
		if i == len(words)-1 {
			break
		}
		if w.comma {
			b.WriteByte(',')
		}
		b.WriteByte(' ')
	}
	return b.String()
}

func tidy(s string) string { return strings.Join(strings.Fields(s), " ") }

// numberFirstCountries write the house number before the street.
var numberFirstCountries = wordSet("FR GB IE LU MC US CA AU NZ MT CY")

// StreetLine is the inverse of SplitStreet: one line in the order of the country.
func StreetLine(name, number, addition, country string) string {
	name, number, addition = strings.TrimSpace(name), strings.TrimSpace(number), strings.TrimSpace(addition)
	house := number
	switch {
	case addition == "" || number == "":
		house += addition
	case addition[0] == '/' || addition[0] == '-':
		house += addition
	case '0' <= addition[0] && addition[0] <= '9':
		house += "-" + addition
	case lowerLetter.MatchString(addition):
		house += addition
	default:
		house += " " + addition
	}
	if numberFirstCountries[country] {
		return strings.TrimSpace(house + " " + name)
	}
	return strings.TrimSpace(name + " " + house)
}
