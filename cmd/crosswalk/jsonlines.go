package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// maxLine is the longest line of JSON Lines that is read as a document. The longest order known is
// three hundred times shorter; what is longer is no line of documents.
const maxLine = 64 << 20

// byteOrderMark is what programs on Windows like to write before a document.
const byteOrderMark = "\ufeff"

// lineReader reads JSON Lines. It keeps one line in memory at a time.
type lineReader struct {
	r      *bufio.Reader
	max    int
	number int // of the line that next returned last, from 1
	line   []byte
}

// errLongLine is a line that was passed over because it is longer than the reader's limit.
var errLongLine = errors.New("line is too long")

func newLineReader(r io.Reader, max int) *lineReader {
	return &lineReader{r: bufio.NewReaderSize(r, 64<<10), max: max}
}

// next returns the next line that is not blank, without its end; it is valid until the next call. At
// the end it returns io.EOF. After errLongLine reading goes on with the line that follows.
func (l *lineReader) next() ([]byte, error) {
	for {
		line, err := l.read()
		if err != nil {
			return nil, err
		}
		if l.number == 1 {
			line = bytes.TrimPrefix(line, []byte(byteOrderMark))
		}
		if line = bytes.TrimSpace(line); len(line) > 0 {
			return line, nil
		}
	}
}

func (l *lineReader) read() ([]byte, error) {
	l.line = l.line[:0]
	tooLong, begun := false, false
	for {
		part, err := l.r.ReadSlice('\n')
		if len(part) > 0 && !begun {
			begun = true
			l.number++
		}
		if !tooLong && len(l.line)+len(part) > l.max {
			tooLong = true
			l.line = l.line[:0]
		}
		if !tooLong {
			l.line = append(l.line, part...)
		}
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && !begun:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		case tooLong:
			return nil, fmt.Errorf("%w: more than %d bytes", errLongLine, l.max)
		}
		return l.line, nil
	}
}

// waiting tells whether the next read has to wait for whoever writes.
func (l *lineReader) waiting() bool { return l.r.Buffered() == 0 }
