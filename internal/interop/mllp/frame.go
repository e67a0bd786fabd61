package mllp

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
)

// A frame is start, the message, end and carriage.
const (
	start    = 0x0b // <VT>
	end      = 0x1c // <FS>
	carriage = '\r'
)

// maxAnswer is the largest answer, in bytes. Acknowledgements have some
// hundreds.
const maxAnswer = 64 << 10

func framed(message []byte) []byte {
	out := append(make([]byte, 0, len(message)+3), start)
	return append(append(out, message...), end, carriage)
}

// readFrame reads one frame and no more than that. Errors of the connection
// keep their cause.
func readFrame(r io.Reader) ([]byte, error) {
	in := bufio.NewReader(io.LimitReader(r, maxAnswer))
	first, err := in.ReadByte()
	if err != nil {
		return nil, fmt.Errorf("no answer from the receiver: %w", err)
	}
	if first != start {
		return nil, ErrFrame
	}
	body, err := in.ReadBytes(end)
	if errors.Is(err, io.EOF) {
		return nil, ErrFrame // it ended, or goes beyond what is read
	}
	if err != nil {
		return nil, fmt.Errorf("no answer from the receiver: %w", err)
	}
	body = body[:len(body)-1]
	// The carriage return is not waited for: some leave it out.
	if in.Buffered() > 0 {
		if last, _ := in.ReadByte(); last != carriage {
			return nil, ErrFrame
		}
	}
	if bytes.IndexByte(body, start) >= 0 {
		return nil, ErrFrame
	}
	return body, nil
}
