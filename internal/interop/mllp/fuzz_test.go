package mllp_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/internal/interop/mllp"
)

// No answer is taken for an acceptance that does not name the message and its
// acceptance, and no error quotes what a receiver wrote.
func FuzzAnswer(f *testing.F) {
	for _, code := range []string{"AA", "CA", "AE", "ZZ"} {
		f.Add([]byte(ack(code, "C0FFEE", "words")))
	}
	f.Add([]byte("\x0bMSH#^~\\&#\rMSA#AA#C0FFEE\r\x1c"))
	f.Add([]byte("\x0b\x1c\r"))
	known := []error{mllp.ErrFrame, mllp.ErrAck, mllp.ErrOtherAck}
	f.Fuzz(func(t *testing.T, answer []byte) {
		err := mllp.Judge(answer, "C0FFEE")
		if err == nil {
			require.True(t, bytes.Contains(answer, []byte("MSA")) && bytes.Contains(answer, []byte("C0FFEE")))
			require.True(t, bytes.Contains(answer, []byte("AA")) || bytes.Contains(answer, []byte("CA")))
			return
		}
		var refused *mllp.Refused
		if errors.As(err, &refused) {
			require.Contains(t, []string{"AE", "AR", "CE", "CR"}, refused.Code)
			return
		}
		for _, k := range known {
			if errors.Is(err, k) {
				require.Equal(t, k.Error(), err.Error())
				return
			}
		}
		require.ErrorContains(t, err, "no answer from the receiver")
	})
}
