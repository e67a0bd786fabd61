package part10_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
)

func TestDecimalStrings(t *testing.T) {
	tests := []struct {
		value string
		want  []float64
		bad   bool
	}{
		{"1.5", []float64{1.5}, false},
		{" 1.5 \x00", []float64{1.5}, false},
		{`-1.0E2\ +3 \.5`, []float64{-100, 3, 0.5}, false},
		{"", nil, false},
		{"    ", nil, false},
		{`\\`, nil, false},
		{`1\\2`, nil, true},
		{"1,5", nil, true},
		{"nan", nil, true},
		{"inf", nil, true},
		{"0x10", nil, true},
		{"1e999", nil, true},
		{"1 2", nil, true},
	}
	for _, tt := range tests {
		t.Run(tt.value, func(t *testing.T) {
			f := mustParse(t, newRaw(part10.ExplicitLE).uids().explicit(0x20, 0x32, "DS", tt.value).b)
			got, err := f.Floats(tag.ImagePositionPatient)
			if tt.bad {
				require.Equal(t, refusal.Malformed, refusal.Of(err))
				_, ok := f.Int(tag.ImagePositionPatient)
				require.False(t, ok)
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, got)
		})
	}
}

func TestIntegers(t *testing.T) {
	tests := []struct {
		vr, value string
		want      int
		ok        bool
	}{
		{"IS", "12", 12, true},
		{"IS", " -3 ", -3, true},
		{"IS", "12.0", 12, true},
		{"IS", `7\8`, 7, true},
		{"IS", "12.5", 0, false},
		{"IS", "", 0, false},
		{"IS", "x", 0, false},
		{"DS", "1e30", 0, false},
		{"US", us(65535), 65535, true},
		{"SS", us(65535), -1, true},
		{"FD", "\x00\x00\x00\x00\x00\x00\xf8\x7f", 0, false}, // NaN
	}
	for _, tt := range tests {
		f := mustParse(t, newRaw(part10.ExplicitLE).uids().explicit(0x20, 0x13, tt.vr, tt.value).b)
		got, ok := f.Int(tag.InstanceNumber)
		require.Equal(t, tt.ok, ok, "%s %q", tt.vr, tt.value)
		require.Equal(t, tt.want, got)
	}
}

func TestStrings(t *testing.T) {
	f := mustParse(t, newRaw(part10.ExplicitLE).uids().explicit(8, 8, "CS", ` ORIGINAL \PRIMARY\\`).
		explicit(8, 0x60, "CS", "  ").explicit(0x28, 0x10, "US", us(1)).b)
	require.Equal(t, []string{"ORIGINAL", "PRIMARY", "", ""}, f.Strings(tag.ImageType))
	require.Nil(t, f.Strings(tag.Modality))
	_, ok := f.String(tag.Modality)
	require.False(t, ok)
	require.Nil(t, f.Strings(tag.Rows), "a number is no text")
	require.Nil(t, f.Strings(tag.PatientID))
	require.Nil(t, f.Sequence(tag.Rows))
	require.Nil(t, f.Sequence(tag.ReferencedSeriesSequence))
	v, err := f.Floats(tag.ReferencedSeriesSequence)
	require.NoError(t, err)
	require.Nil(t, v)
}
