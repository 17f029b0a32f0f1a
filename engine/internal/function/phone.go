package function

import (
	"strings"
	"sync"
)

// dialing is how a country's numbers are dialled: the country code, and what is dialled before a number within the
// country but not from abroad ("" where there is none). From ITU-T E.164 and national numbering plans.
type dialing struct{ code, trunk string }

// callingCodes lists countries by country code; those before the semicolon use the trunk prefix 0, those behind it
// none, or the one after a colon.
const callingCodes = `1 ; US:1 CA:1 PR:1 DO:1 JM:1 BS:1 BB:1 TT:1 AG:1 AI:1 VG:1 VI:1 KY:1 BM:1 GD:1 TC:1 MS:1 MP:1 GU:1 AS:1 SX:1 LC:1 DM:1 VC:1 KN:1
20 EG ;
211 SS ;
212 MA EH ;
213 DZ ;
216 ; TN
218 LY ;
220 ; GM
221 ; SN
222 ; MR
223 ; ML
224 ; GN
225 ; CI
226 ; BF
227 ; NE
228 ; TG
229 ; BJ
230 ; MU
231 LR ;
232 SL ;
233 GH ;
234 NG ;
235 ; TD
236 ; CF
237 ; CM
238 ; CV
239 ; ST
240 ; GQ
241 ; GA
242 ; CG
243 CD ;
244 ; AO
245 ; GW
246 ; IO
248 ; SC
249 SD ;
250 ; RW
251 ET ;
252 SO ;
253 ; DJ
254 KE ;
255 TZ ;
256 UG ;
257 ; BI
258 ; MZ
260 ZM ;
261 MG ;
262 RE YT ;
263 ZW ;
264 NA ;
265 MW ;
266 ; LS
267 ; BW
268 ; SZ
269 ; KM
27 ZA ;
290 ; SH
291 ER ;
297 ; AW
298 ; FO
299 ; GL
30 ; GR
31 NL ;
32 BE ;
33 FR ;
34 ; ES
350 ; GI
351 ; PT
352 ; LU
353 IE ;
354 ; IS
355 AL ;
356 ; MT
357 ; CY
358 FI AX ;
359 BG ;
36 ; HU:06
370 ; LT:0
371 ; LV
372 ; EE
373 MD ;
374 AM ;
375 ; BY:8
376 ; AD
377 ; MC
378 ; SM
380 UA ;
381 RS ;
382 ME ;
383 XK ;
385 HR ;
386 SI ;
387 BA ;
389 MK ;
39 ; IT VA
40 RO ;
41 CH ;
420 ; CZ
421 SK ;
423 ; LI
43 AT ;
44 GB GG JE IM ;
45 ; DK
46 SE ;
47 ; NO SJ
48 ; PL
49 DE ;
500 ; FK
501 ; BZ
502 ; GT
503 ; SV
504 ; HN
505 ; NI
506 ; CR
507 ; PA
508 PM ;
509 ; HT
51 PE ;
52 ; MX
53 CU ;
54 AR ;
55 BR ;
56 ; CL
57 ; CO
58 VE ;
590 GP BL MF ;
591 BO ;
592 ; GY
593 EC ;
594 GF ;
595 PY ;
596 MQ ;
597 ; SR
598 UY ;
599 ; CW BQ
60 MY ;
61 AU CX CC ;
62 ID ;
63 PH ;
64 NZ ;
65 ; SG
66 TH ;
670 ; TL
672 ; NF AQ
673 ; BN
674 ; NR
675 ; PG
676 ; TO
677 ; SB
678 ; VU
679 ; FJ
680 ; PW
681 ; WF
682 ; CK
683 ; NU
685 ; WS
686 ; KI
687 ; NC
688 ; TV
689 ; PF
690 ; TK
691 ; FM
692 ; MH
7 ; RU:8 KZ:8
81 JP ;
82 KR ;
84 VN ;
850 KP ;
852 ; HK
853 ; MO
855 KH ;
856 LA ;
86 CN ;
880 BD ;
886 TW ;
90 TR ;
91 IN ;
92 PK ;
93 AF ;
94 LK ;
95 MM ;
960 ; MV
961 LB ;
962 JO ;
963 SY ;
964 IQ ;
965 ; KW
966 SA ;
967 YE ;
968 ; OM
970 PS ;
971 AE ;
972 IL ;
973 ; BH
974 ; QA
975 ; BT
976 MN ;
977 NP ;
98 IR ;
992 ; TJ
993 ; TM:8
994 AZ ;
995 GE ;
996 KG ;
998 ; UZ
`

var dialings = sync.OnceValue(func() map[string]dialing {
	all := map[string]dialing{}
	for line := range strings.Lines(callingCodes) {
		zero, other, _ := strings.Cut(line, ";")
		words := strings.Fields(zero)
		for _, country := range words[1:] {
			all[country] = dialing{words[0], "0"}
		}
		for _, w := range strings.Fields(other) {
			country, trunk, _ := strings.Cut(w, ":")
			all[country] = dialing{words[0], trunk}
		}
	}
	return all
})

// Phone returns a telephone number as ITU-T E.164 writes it: +31205550101; "" if it cannot be one. A number without + or 00 is taken
// for one of the country (alpha-2). A zero in parentheses, which is dialled within the country only, and an extension are left out.
// Whether the number is in use or has the right length for its country is not checked.
func Phone(s, country string) string {
	s = strings.ToLower(strings.TrimSpace(s))
	s = strings.TrimPrefix(s, "tel:")
	for _, mark := range []string{"ext", "x", "#", ";", "toestel", "tst", "durchwahl", "poste"} {
		if i := strings.Index(s, mark); i > 0 {
			s = s[:i]
		}
	}
	s = strings.TrimSpace(s)
	international := strings.HasPrefix(s, "+") || strings.HasPrefix(s, "(+") || strings.HasPrefix(s, "00")
	if international {
		s = strings.Replace(s, "(0)", "", 1)
	}
	var b strings.Builder
	for i, r := range s {
		switch {
		case '0' <= r && r <= '9':
			b.WriteRune(r)
		case r == '+' && i <= 1 && b.Len() == 0:
		case strings.ContainsRune(" -./()\u00a0\u2011\u2013", r):
		default:
			return "" // letters: no number, or one that we cannot read
		}
	}
	digits := strings.TrimPrefix(b.String(), "00")
	if !international {
		d, ok := dialings()[strings.ToUpper(country)]
		if !ok {
			return ""
		}
		digits = d.code + strings.TrimPrefix(digits, d.trunk)
		if len(digits) < len(d.code)+4 {
			return ""
		}
	}
	if len(digits) < 7 || len(digits) > 15 || digits[0] == '0' {
		return ""
	}
	return "+" + digits
}
