package mllp

import (
	"bytes"
	"strings"
	"unicode"
)

// segments are those of a message. Carriage returns end them; some senders
// write line feeds, alone or with them.
func segments(message []byte) []string {
	return strings.FieldsFunc(string(message), func(r rune) bool { return r == '\r' || r == '\n' })
}

// mark is what separates the fields of a message: MSH-1.
func mark(list []string) (string, bool) {
	if len(list) == 0 || len(list[0]) < len("MSH|^~\\&|") || !strings.HasPrefix(list[0], "MSH") {
		return "", false
	}
	m := rune(list[0][3])
	return string(m), m < unicode.MaxASCII && (unicode.IsPunct(m) || unicode.IsSymbol(m))
}

// controlOf is MSH-10 of a message that is to be sent.
func controlOf(message []byte) (string, error) {
	list := segments(message)
	m, ok := mark(list)
	if !ok || bytes.IndexByte(message, start) >= 0 || bytes.IndexByte(message, end) >= 0 {
		return "", ErrMessage
	}
	fields := strings.Split(list[0], m)
	if len(fields) < 10 || fields[9] == "" {
		return "", ErrMessage
	}
	return fields[9], nil
}

// acknowledged says whether an answer accepts the message with a control
// identifier (MSA-1 and MSA-2; original and enhanced mode, v2.5.1 section
// 2.9).
func acknowledged(answer []byte, control string) error {
	list := segments(answer)
	m, ok := mark(list)
	if !ok {
		return ErrAck
	}
	for _, s := range list[1:] {
		fields := strings.Split(s, m)
		if fields[0] != "MSA" {
			continue
		}
		if len(fields) < 3 {
			return ErrAck
		}
		return judged(fields[1], strings.TrimSpace(fields[2]), control)
	}
	return ErrAck
}

func judged(code, of, control string) error {
	switch code {
	case "AA", "CA", "AE", "AR", "CE", "CR":
	default:
		return ErrAck // not quoted: it may be anything
	}
	if of != control {
		return ErrOtherAck
	}
	if code == "AA" || code == "CA" {
		return nil
	}
	return &Refused{code}
}
