package value

import "unsafe"

// Offset returns where v's own text starts in text. ok is false for a value that is no part of it: one that a
// rule made, or one of another document.
func (v Value) Offset(text string) (offset int, ok bool) {
	if v.kind == Missing || v.form != formRaw && v.form != formTape || text == "" {
		return 0, false
	}
	at, start := uintptr(unsafe.Pointer(unsafe.StringData(v.text()))), uintptr(unsafe.Pointer(unsafe.StringData(text)))
	if at < start || at-start >= uintptr(len(text)) {
		return 0, false
	}
	return int(at - start), true
}

// Text returns the document that the tape was made of.
func (t *Tape) Text() string { return t.src }
