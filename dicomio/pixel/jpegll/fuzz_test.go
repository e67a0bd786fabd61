package jpegll_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/pixel/jpegll"
	"nafas/dicomio/refusal"
)

// FuzzDecode: whatever the bytes, decoding ends with a refusal or with the
// same samples every time, within the precision that the stream claims.
func FuzzDecode(f *testing.F) {
	stream, _ := small(f)
	f.Add(stream)
	e := encoder{rows: 12, columns: 20, precision: 16, predictor: 7}
	f.Add(e.encode(make([]uint16, 240)))
	f.Fuzz(func(t *testing.T, stream []byte) {
		a, b := make([]uint16, 240), make([]uint16, 240)
		info, err := jpegll.Decode(a, stream, 12, 20)
		if err != nil {
			require.NotEmpty(t, refusal.Of(err))
			return
		}
		for _, v := range a {
			require.Less(t, int(v), 1<<info.Precision)
		}
		_, err = jpegll.Decode(b, stream, 12, 20)
		require.NoError(t, err)
		require.Equal(t, a, b, "a pooled decoder remembers nothing")
	})
}

// FuzzRoundTrip: what the test's encoder writes comes back.
func FuzzRoundTrip(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 250, 251}, uint8(3), uint8(8), uint8(1), uint8(0), false)
	f.Add([]byte{0, 0, 9, 9, 255, 0, 255, 0}, uint8(4), uint8(14), uint8(6), uint8(1), true)
	f.Fuzz(func(t *testing.T, data []byte, columns, precision, predictor, interval uint8, long bool) {
		e := encoder{columns: max(1, int(columns)), precision: 2 + int(precision)%15, predictor: 1 + int(predictor)%7}
		e.interval = int(interval)
		if long {
			e.shape = "long"
		}
		values := make([]uint16, 0, len(data))
		for i, v := range data {
			// Spread bytes over the range, and keep neighbours different.
			values = append(values, uint16(int(v)*257+i*i)&uint16(1<<e.precision-1))
		}
		e.rows = len(values) / e.columns
		if e.rows == 0 {
			return
		}
		values = values[:e.rows*e.columns]
		got := make([]uint16, len(values))
		_, err := jpegll.Decode(got, e.encode(values), e.rows, e.columns)
		require.NoError(t, err)
		require.Equal(t, values, got)
	})
}
