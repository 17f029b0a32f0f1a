package lsp

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Bounds of what a client can send.
const (
	maxMessage = 64 << 20
	maxHeader  = 8 << 10
)

// errFraming is a stream in which the next message cannot be found any more.
var errFraming = errors.New("the stream is no sequence of messages with Content-Length headers")

// readFrame returns the content of the next message: headers that end in an empty line, then as many bytes
// as Content-Length says. io.EOF is an end between two messages.
func readFrame(r *bufio.Reader) ([]byte, error) {
	length, read := -1, 0
	for {
		line, err := readLine(r, maxHeader-read)
		switch {
		case err == io.EOF && read == 0 && line == "":
			return nil, io.EOF
		case err == io.EOF:
			return nil, io.ErrUnexpectedEOF
		case err != nil:
			return nil, err
		}
		read += len(line)
		line = strings.TrimRight(line, "\r\n")
		if line == "" {
			break
		}
		name, value, ok := strings.Cut(line, ":")
		if !ok {
			return nil, fmt.Errorf("%w: a header without a colon", errFraming)
		}
		if strings.EqualFold(strings.TrimSpace(name), "Content-Length") {
			if length, err = strconv.Atoi(strings.TrimSpace(value)); err != nil || length < 0 {
				return nil, fmt.Errorf("%w: the length is no number", errFraming)
			}
		}
	}
	switch {
	case length < 0:
		return nil, fmt.Errorf("%w: a message without its length", errFraming)
	case length > maxMessage:
		return nil, fmt.Errorf("%w: a message of more than %d bytes", errFraming, maxMessage)
	}
	var content bytes.Buffer // grows with what comes, not with what was announced
	if _, err := io.CopyN(&content, r, int64(length)); err != nil {
		if err == io.EOF {
			err = io.ErrUnexpectedEOF
		}
		return nil, err
	}
	return content.Bytes(), nil
}

// readLine reads up to and with the next line break.
func readLine(r *bufio.Reader, most int) (string, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		line = append(line, part...)
		if len(line) > most {
			return "", fmt.Errorf("%w: headers of more than %d bytes", errFraming, maxHeader)
		}
		if err != bufio.ErrBufferFull {
			return string(line), err
		}
	}
}

// writeFrame writes one message.
func writeFrame(w io.Writer, content []byte) error {
	frame := make([]byte, 0, len(content)+32)
	frame = fmt.Appendf(frame, "Content-Length: %d\r\n\r\n", len(content))
	_, err := w.Write(append(frame, content...))
	return err
}

// message is a request, a notification or a response of JSON-RPC 2.0.
type message struct {
	Version string          `json:"jsonrpc"`
	ID      json.RawMessage `json:"id,omitempty"`
	Method  string          `json:"method,omitempty"`
	Params  json.RawMessage `json:"params,omitempty"`
	Result  json.RawMessage `json:"result,omitempty"`
	Error   *rpcError       `json:"error,omitempty"`
}

// rpcError is an error of JSON-RPC.
type rpcError struct {
	Code    int    `json:"code"`
	Message string `json:"message"`
}

func (e *rpcError) Error() string { return e.Message }

// The codes of errors: of JSON-RPC, and of the language server protocol.
const (
	codeParse          = -32700
	codeInvalidRequest = -32600
	codeUnknownMethod  = -32601
	codeInvalidParams  = -32602
	codeInternal       = -32603
	codeNotInitialized = -32002
	codeCancelled      = -32800
)

func rpcErrorf(code int, format string, args ...any) *rpcError {
	return &rpcError{code, fmt.Sprintf(format, args...)}
}

// parseMessage reads a message. The error is what the client is to be told.
func parseMessage(content []byte) (message, *rpcError) {
	var m message
	if !json.Valid(content) {
		return m, rpcErrorf(codeParse, "the message is no JSON")
	}
	if err := json.Unmarshal(content, &m); err != nil || m.Version != "2.0" {
		return m, rpcErrorf(codeInvalidRequest, "the message is no JSON-RPC 2.0")
	}
	if m.ID != nil && !bytes.Equal(m.ID, []byte("null")) && m.ID[0] != '"' && m.ID[0] != '-' && (m.ID[0] < '0' || m.ID[0] > '9') {
		m.ID = nil
		return m, rpcErrorf(codeInvalidRequest, "an id is a number or a text")
	}
	if m.Method == "" && m.Result == nil && m.Error == nil {
		return m, rpcErrorf(codeInvalidRequest, "the message has no method")
	}
	return m, nil
}
