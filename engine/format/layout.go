package format

import (
	"fmt"
	"math"
	"strings"
)

// level is an open block: a map or a list, the column where its entries stood and the one where they stand now.
type level struct {
	old, new int
	list     bool
}

type comment struct {
	column int
	text   string
	blank  bool // an empty line stood above it
}

// writer lays out a text line by line.
type writer struct {
	lines []string
	next  int // the line to read
	out   []string
	open  []level
	// comments wait for the entry that follows: it says which block they belong to.
	comments []comment
	blank    bool // empty lines were read since the last thing written
}

// layout returns the text with its white space and quotes as they should be.
func layout(text string) (string, error) {
	w := &writer{lines: strings.Split(text, "\n")}
	for w.next < len(w.lines) {
		line := w.lines[w.next]
		content := strings.TrimLeft(line, " ")
		switch {
		case strings.TrimSpace(line) == "":
			w.blank = true
			w.next++
		case content[0] == '#':
			w.comments = append(w.comments, comment{len(line) - len(content), strings.TrimRight(content, " \t"), w.blank})
			w.blank = false
			w.next++
		case strings.TrimRight(line, " \t") == "---", strings.TrimRight(line, " \t") == "...":
			w.flushComments(w.open, nil)
			w.emit(strings.TrimRight(line, " \t"))
			w.open = nil
			w.next++
		default:
			if err := w.entry(line, len(line)-len(content)); err != nil {
				return "", err
			}
		}
	}
	w.flushComments(w.open, nil)
	if len(w.out) == 0 {
		return "", nil
	}
	return strings.Join(w.out, "\n") + "\n", nil
}

func (w *writer) emit(line string) {
	if w.blank && len(w.out) > 0 {
		w.out = append(w.out, "")
	}
	w.blank = false
	w.out = append(w.out, line)
}

func (w *writer) unsupported() error {
	return fmt.Errorf("%w: line %d", ErrUnsupported, w.next+1)
}

// flushComments writes the comments that wait. Each stands with the block at whose column it stood, or with the
// nearest one further left; next is the entry that follows, nil at the end.
func (w *writer) flushComments(open []level, next *level) {
	blank := w.blank
	for _, c := range w.comments {
		var best *level
		for i := range open {
			if open[i].old <= c.column && (best == nil || open[i].old >= best.old) {
				best = &open[i]
			}
		}
		if next != nil && next.old <= c.column && (best == nil || next.old >= best.old) {
			best = next
		}
		column := 0
		if best != nil {
			column = best.new
		}
		w.blank = c.blank
		w.emit(spaces(column) + c.text)
	}
	w.comments, w.blank = nil, blank
}

// entry writes a line that holds entries of lists, a key, a value or several of these, with the lines that its value
// goes on over.
func (w *writer) entry(line string, column int) error {
	before := append([]level(nil), w.open...)
	for len(w.open) > 0 && w.top().old > column {
		w.open = w.open[:len(w.open)-1]
	}
	rest := line[column:]
	isItem, isKey := startsItem(rest), keyEnd(rest) >= 0
	if !isItem && len(w.open) > 1 && w.top().old == column && w.top().list {
		w.open = w.open[:len(w.open)-1] // the list was the value of the key above
	}
	here := level{old: column, new: w.top().new + 2, list: isItem}
	switch {
	case !isItem && !isKey: // a value below its key
	case w.top().old == column && len(w.open) > 0 && (w.top().list == isItem || !isItem):
		here = w.top()
	default:
		w.open = append(w.open, here)
	}
	w.flushComments(before, &here)

	text, column := spaces(here.new), column
	for startsItem(rest) {
		after := strings.TrimLeft(rest[1:], " \t")
		column += len(rest) - len(after)
		rest = after
		text += "-"
		if rest == "" || rest[0] == '#' {
			w.next++
			w.emit(text + withSpace(strings.TrimRight(rest, " \t")))
			return nil
		}
		text += " "
		if startsItem(rest) || keyEnd(rest) >= 0 {
			w.open = append(w.open, level{old: column, new: w.top().new + 2, list: startsItem(rest)})
		}
	}
	if end := keyEnd(rest); end >= 0 {
		key := strings.TrimRight(rest[:end], " \t")
		if key == "" || key == "?" || strings.HasPrefix(key, "? ") {
			return w.unsupported()
		}
		if key[0] == '"' || key[0] == '\'' {
			key = requote(key, false)
		}
		text += key + ":"
		after := strings.TrimLeft(rest[end+1:], " \t")
		column += len(rest) - len(after)
		rest = after
		if rest == "" || rest[0] == '#' {
			w.next++
			w.emit(text + withSpace(strings.TrimRight(rest, " \t")))
			return nil
		}
		text += " "
	}
	return w.value(text, rest, column)
}

// top is the innermost open block; outside all it is one to the left of the page.
func (w *writer) top() level {
	if len(w.open) == 0 {
		return level{old: -1, new: -2}
	}
	return w.open[len(w.open)-1]
}

// value writes a value that starts at a column of the current line, behind text.
func (w *writer) value(text, rest string, column int) error {
	switch rest[0] {
	case '|', '>':
		return w.block(text, rest)
	case '"', '\'':
		return w.quoted(text, rest)
	case '{', '[':
		return w.flow(text, column)
	case '%', '?':
		return w.unsupported()
	}
	return w.plain(text, rest)
}

// plain writes a scalar without quotes, over all its lines.
func (w *writer) plain(text, rest string) error {
	value, note := cutComment(rest)
	w.next++
	w.emit(text + value + withSpace(note))
	if note != "" {
		return nil
	}
	for n := w.next; n < len(w.lines); n++ {
		line := w.lines[n]
		content := strings.TrimLeft(line, " \t")
		if content == "" {
			continue
		}
		if len(line)-len(strings.TrimLeft(line, " ")) <= w.top().old || content[0] == '#' {
			break
		}
		for ; w.next < n; w.next++ { // an empty line inside is a line break of the text
			w.out = append(w.out, "")
		}
		w.next++
		value, note := cutComment(content)
		w.out = append(w.out, spaces(w.top().new+2)+value+withSpace(note))
		if note != "" {
			break
		}
	}
	return nil
}

// quoted writes a scalar in quotes, over all its lines.
func (w *writer) quoted(text, rest string) error {
	end := quoteEnd(rest, 1, rest[0])
	if end > 0 {
		value, after := rest[:end], strings.TrimSpace(rest[end:])
		if after != "" && (after[0] != '#' || rest[end] != ' ' && rest[end] != '\t') {
			return w.unsupported()
		}
		w.next++
		w.emit(text + requote(value, false) + withSpace(after))
		return nil
	}
	quote := rest[0]
	w.emit(text + trimFolded(rest, quote))
	for w.next++; w.next < len(w.lines); w.next++ {
		line := strings.TrimLeft(w.lines[w.next], " \t")
		if end = quoteEnd(line, 0, quote); end < 0 {
			if line = trimFolded(line, quote); line != "" {
				line = spaces(w.top().new+2) + line
			}
			w.out = append(w.out, line)
			continue
		}
		after := strings.TrimSpace(line[end:])
		if after != "" && after[0] != '#' {
			return w.unsupported()
		}
		w.out = append(w.out, spaces(w.top().new+2)+line[:end]+withSpace(after))
		w.next++
		return nil
	}
	return w.unsupported()
}

// trimFolded removes the spaces before a line break inside quotes, unless one is escaped.
func trimFolded(line string, quote byte) string {
	if trimmed := strings.TrimRight(line, " \t"); quote == '\'' || !strings.HasSuffix(trimmed, `\`) {
		return trimmed
	}
	return line
}

// block writes a literal or folded scalar: its lines move as one.
func (w *writer) block(text, header string) error {
	indicators, note := cutComment(header)
	explicit := 0
	for _, r := range indicators[1:] {
		switch {
		case r >= '1' && r <= '9' && explicit == 0:
			explicit = int(r - '0')
		case r != '-' && r != '+':
			return w.unsupported()
		}
	}
	w.next++
	w.emit(text + indicators + withSpace(note))

	old, now := w.top().old+explicit, w.top().new+explicit
	if explicit == 0 {
		old, now = -1, w.top().new+2
		for _, line := range w.lines[w.next:] {
			if content := strings.TrimLeft(line, " "); content != "" {
				old = len(line) - len(content)
				break
			}
		}
		if old <= w.top().old {
			old = math.MaxInt // no line belongs to it
		}
	}
	empty := 0 // lines read and not written
	for ; w.next+empty < len(w.lines); empty++ {
		line := w.lines[w.next+empty]
		content := strings.TrimLeft(line, " ")
		if content == "" && len(line) <= old {
			continue
		}
		if len(line)-len(content) < old {
			break
		}
		for ; empty > 0; empty-- {
			w.out = append(w.out, "")
			w.next++
		}
		w.out = append(w.out, spaces(now)+line[old:])
		w.next++
		empty--
	}
	if strings.Contains(indicators, "+") { // the empty lines below belong to the text
		if w.next+empty == len(w.lines) {
			empty-- // behind the last line break there is no line
		}
		for ; empty > 0; empty-- {
			w.out = append(w.out, "")
			w.next++
		}
	}
	return nil
}

func spaces(n int) string { return strings.Repeat(" ", max(0, n)) }

// withSpace sets what follows on a line apart.
func withSpace(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

func isBlank(c byte) bool { return c == ' ' || c == '\t' }

// startsItem tells whether an entry of a list starts here.
func startsItem(s string) bool {
	return s == "-" || len(s) > 1 && s[0] == '-' && isBlank(s[1])
}

// cutComment splits the rest of a line into its value and its comment.
func cutComment(s string) (value, note string) {
	for i := 1; i < len(s); i++ {
		if s[i] == '#' && isBlank(s[i-1]) {
			return strings.TrimRight(s[:i], " \t"), strings.TrimRight(s[i:], " \t")
		}
	}
	return strings.TrimRight(s, " \t"), ""
}

// keyEnd returns where the colon of a key stands, -1 where no key starts.
func keyEnd(s string) int {
	if s == "" || s[0] == '#' || s[0] == '{' || s[0] == '[' {
		return -1
	}
	from := 0
	if s[0] == '"' || s[0] == '\'' {
		if from = quoteEnd(s, 1, s[0]); from < 0 {
			return -1
		}
		for from < len(s) && isBlank(s[from]) {
			from++
		}
		if from == len(s) || s[from] != ':' {
			return -1
		}
	}
	for i := from; i < len(s); i++ {
		switch {
		case s[i] == ':' && (i+1 == len(s) || isBlank(s[i+1])):
			return i
		case s[i] == '#' && i > 0 && isBlank(s[i-1]):
			return -1
		}
	}
	return -1
}

// quoteEnd returns where the text behind the closing quote starts, -1 where the quote is not closed on
// this line. It looks from the byte at from.
func quoteEnd(s string, from int, quote byte) int {
	for i := from; i < len(s); i++ {
		switch {
		case s[i] == '\\' && quote == '"':
			i++
		case s[i] == quote && quote == '\'' && i+1 < len(s) && s[i+1] == quote:
			i++
		case s[i] == quote:
			return i + 1
		}
	}
	return -1
}
