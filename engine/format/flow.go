package format

import "strings"

// The pieces of a value in brackets.
type piece struct {
	kind  byte // one of { } [ ] , : and the letters below
	text  string
	blank bool // of a line break: an empty line follows
}

const (
	scalarPiece  = 's'
	quotedPiece  = 'q'
	commentPiece = 'c'
	breakPiece   = 'n'
)

// flow writes a value in brackets that starts at a byte of the current line.
func (w *writer) flow(text string, column int) error {
	pieces, rest, err := w.flowPieces(column)
	if err != nil {
		return err
	}
	if rest = strings.TrimSpace(rest); rest != "" && rest[0] != '#' {
		return w.unsupported()
	}
	lines := strings.Split(text+w.flowText(pieces)+withSpace(rest), "\n")
	w.next++
	w.emit(lines[0])
	w.out = append(w.out, lines[1:]...)
	return nil
}

// flowPieces reads up to the closing bracket, over all its lines; rest is what follows it on its line, which
// stays the current one.
func (w *writer) flowPieces(column int) (pieces []piece, rest string, err error) {
	depth := 0
	for ; w.next < len(w.lines); w.next++ {
		line := w.lines[w.next]
		for i := column; i < len(line); {
			if isBlank(line[i]) {
				i++
				continue
			}
			p, end := flowPiece(line, i, pieces)
			if end < 0 {
				return nil, "", w.unsupported()
			}
			pieces = append(pieces, p)
			i = end
			switch p.kind {
			case '{', '[':
				depth++
			case '}', ']':
				if depth--; depth == 0 {
					return pieces, line[i:], nil
				}
			}
		}
		column = 0
		if last := len(pieces) - 1; pieces[last].kind == breakPiece {
			pieces[last].blank = true
		} else {
			pieces = append(pieces, piece{kind: breakPiece})
		}
	}
	return nil, "", w.unsupported()
}

// flowPiece reads the piece that starts at line[i]; end is -1 for what is not supported.
func flowPiece(line string, i int, before []piece) (p piece, end int) {
	switch c := line[i]; c {
	case '{', '[', '}', ']', ',':
		return piece{kind: c}, i + 1
	case '#':
		if i == 0 || isBlank(line[i-1]) {
			return piece{kind: commentPiece, text: strings.TrimRight(line[i:], " \t")}, len(line)
		}
		return p, -1
	case '"', '\'':
		if end = quoteEnd(line, i+1, c); end < 0 {
			return p, -1
		}
		return piece{kind: quotedPiece, text: line[i:end]}, end
	case ':':
		behind := byte('n')
		if len(before) > 0 {
			behind = before[len(before)-1].kind
		}
		if endsPlain(line, i) || behind == quotedPiece || behind == '}' || behind == ']' {
			return piece{kind: ':'}, i + 1
		}
	case '?', '|', '>', '%', '&', '*', '!', '@', '`':
		return p, -1
	}
	for end = i; end < len(line); end++ {
		c := line[end]
		if strings.IndexByte(",[]{}", c) >= 0 || c == ':' && endsPlain(line, end) || c == '#' && isBlank(line[end-1]) {
			break
		}
	}
	return piece{kind: scalarPiece, text: strings.TrimRight(line[i:end], " \t")}, end
}

// endsPlain tells whether the colon at line[i] ends a key.
func endsPlain(line string, i int) bool {
	return i+1 == len(line) || isBlank(line[i+1]) || strings.IndexByte(",[]{}", line[i+1]) >= 0
}

// flowText writes the pieces, with line breaks where they were.
func (w *writer) flowText(pieces []piece) string {
	// What goes on over lines must stand further right than the key in front of it, closing brackets too.
	least := w.top().new + 2
	var b strings.Builder
	var opened []int // for each open bracket the depth of the line that it stands on
	depth := 0       // of the current line
	previous := byte(0)
	for i, p := range pieces {
		switch p.kind {
		case breakPiece:
			depth = 0
			if len(opened) > 0 {
				depth = opened[len(opened)-1] + 1
			}
			if next := pieces[i+1].kind; next == '}' || next == ']' {
				depth--
			}
			if p.blank && previous != '{' && previous != '[' {
				b.WriteByte('\n')
			}
			b.WriteByte('\n')
			b.WriteString(spaces(max(least, w.top().new+2*depth)))
		case '{', '[':
			b.WriteString(apart(previous))
			b.WriteByte(p.kind)
			opened = append(opened, depth)
		case '}', ']':
			if previous == ':' {
				b.WriteByte(' ')
			}
			b.WriteByte(p.kind)
			opened = opened[:len(opened)-1]
		case ',':
			if previous == ':' {
				b.WriteByte(' ')
			}
			b.WriteByte(',')
		case ':':
			b.WriteByte(':')
		case quotedPiece:
			b.WriteString(apart(previous) + requote(p.text, true))
		case scalarPiece:
			b.WriteString(apart(previous) + p.text)
		case commentPiece:
			if previous != breakPiece {
				b.WriteByte(' ')
			}
			b.WriteString(p.text)
		}
		previous = p.kind
	}
	return b.String()
}

// apart is what stands between a piece and the value behind it.
func apart(previous byte) string {
	switch previous {
	case 0, '{', '[', breakPiece:
		return ""
	}
	return " "
}
