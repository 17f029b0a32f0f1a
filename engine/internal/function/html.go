package function

import (
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

// blocks are the elements that stand on lines of their own. The value is how many line ends they are
// kept apart by: two for what a browser draws with a margin.
var blocks = map[atom.Atom]int{
	atom.P: 2, atom.H1: 2, atom.H2: 2, atom.H3: 2, atom.H4: 2, atom.H5: 2, atom.H6: 2, atom.Blockquote: 2, atom.Pre: 2,
	atom.Div: 1, atom.Ul: 1, atom.Ol: 1, atom.Li: 1, atom.Dl: 1, atom.Dt: 1, atom.Dd: 1, atom.Table: 1, atom.Tr: 1, atom.Section: 1,
	atom.Article: 1, atom.Header: 1, atom.Footer: 1, atom.Main: 1, atom.Nav: 1, atom.Aside: 1, atom.Figure: 1, atom.Figcaption: 1,
	atom.Form: 1, atom.Fieldset: 1, atom.Address: 1, atom.Hr: 1, atom.Caption: 1, atom.Option: 1,
}

// silent are the elements whose text is not for reading.
var silent = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Head: true, atom.Template: true, atom.Noscript: true, atom.Iframe: true,
	atom.Object: true, atom.Svg: true,
}

// htmlToText reads tokens only, so that its work grows with the text and not with the nesting.
func htmlToText(s string) string {
	w := lineWriter{}
	z := html.NewTokenizer(strings.NewReader(s))
	hidden, depth := atom.Atom(0), 0
	for {
		switch kind := z.Next(); kind {
		case html.ErrorToken:
			return strings.TrimRight(w.b.String(), " \n")
		case html.TextToken:
			if depth == 0 {
				w.text(string(z.Text()))
			}
		case html.StartTagToken, html.SelfClosingTagToken, html.EndTagToken:
			name, _ := z.TagName()
			tag := atom.Lookup(name)
			switch {
			case depth > 0:
				if tag == hidden && kind == html.EndTagToken {
					depth--
				} else if tag == hidden && kind == html.StartTagToken {
					depth++
				}
			case silent[tag]:
				if kind == html.StartTagToken {
					hidden, depth = tag, 1
				}
			case tag == atom.Br:
				w.hardBreak()
			case tag == atom.Td || tag == atom.Th:
				w.space = true
			case blocks[tag] > 0:
				w.lines = max(w.lines, blocks[tag])
				if tag == atom.Li && kind == html.StartTagToken {
					w.item = true
				}
			}
		}
	}
}

// lineWriter writes words with the white space between them put off until the next word comes.
type lineWriter struct {
	b     strings.Builder
	lines int // line ends to write before the next word
	space bool
	item  bool // a hyphen is due
}

func (w *lineWriter) hardBreak() {
	if w.b.Len() > 0 {
		w.lines = min(w.lines+1, 2)
	}
}

func (w *lineWriter) text(s string) {
	for i, word := range strings.FieldsFunc(s, isHTMLSpace) {
		if i == 0 && isHTMLSpace(rune(s[0])) || i > 0 {
			w.space = true
		}
		w.word(word)
	}
	if s != "" && isHTMLSpace(rune(s[len(s)-1])) {
		w.space = true
	}
}

func (w *lineWriter) word(word string) {
	switch {
	case w.b.Len() == 0:
	case w.lines > 0:
		for range w.lines {
			w.b.WriteByte('\n')
		}
	case w.space:
		w.b.WriteByte(' ')
	}
	if w.item {
		w.b.WriteString("- ")
	}
	w.lines, w.space, w.item = 0, false, false
	w.b.WriteString(strings.ReplaceAll(word, "\u00a0", " "))
}

// isHTMLSpace tells what HTML collapses; a no-break space it does not.
func isHTMLSpace(r rune) bool { return r == ' ' || r == '\t' || r == '\n' || r == '\r' || r == '\f' }
