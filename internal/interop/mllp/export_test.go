package mllp

import "bytes"

// Judge is what is made of the bytes of an answer.
func Judge(answer []byte, control string) error {
	frame, err := readFrame(bytes.NewReader(answer))
	if err != nil {
		return err
	}
	return acknowledged(frame, control)
}
