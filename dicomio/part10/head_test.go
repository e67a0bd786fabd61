package part10_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
)

// upTo are the elements at the top level before the first behind last.
func upTo(f *part10.File, last tag.Tag) (out []string) {
	for _, e := range f.Dataset.Elements {
		if e.Tag.Group != tag.MetadataGroup && e.Tag.Compare(last) > 0 {
			return out
		}
		out = append(out, e.String())
	}
	return out
}

// However little there is of a file, its head is not read at all or as Parse
// reads it; and it is read from the byte on at which it can be.
func TestHeadsAreWhatParseReads(t *testing.T) {
	last := tag.ImagePositionPatient
	for _, ts := range []string{part10.ExplicitLE, part10.ImplicitLE, part10.ExplicitBE, part10.JPEG2000} {
		data := sampleFile(t, ts)
		want := upTo(mustParse(t, data), last)
		require.NotEmpty(t, want)
		shortest := -1
		for n := range len(data) + 1 {
			f, ok := part10.ParseHead(data[:n], last, part10.DefaultLimits())
			if !ok {
				require.Equal(t, -1, shortest, "%s: read with %d bytes, and not with %d", ts, shortest, n)
				continue
			}
			if shortest < 0 {
				shortest = n
			}
			require.Equal(t, want, upTo(f, last), "%s with %d bytes", ts, n)
			require.Equal(t, ts, f.TransferSyntax)
			require.Equal(t, want, upTo(f, tag.Tag{Group: 0xFFFF}), "nothing behind")
		}
		require.Positive(t, shortest, ts)
		require.Less(t, shortest, len(data)*3/4, "long before the end")
	}
}

func TestHeadsThatAreNotRead(t *testing.T) {
	uids := func(ts string) *raw { return newRaw(ts).uids() }
	behind := func(r *raw) []byte { return r.explicit(0x0020, 0x0032, "DS", `1\2\3 `).b }
	last := tag.SeriesInstanceUID
	for _, c := range []struct {
		name string
		data []byte
		want bool
	}{
		{"one that can be", behind(uids(part10.ExplicitLE)), true},
		{"nothing behind", uids(part10.ExplicitLE).b, false},
		{"a sequence whose end is not there", uids(part10.ExplicitLE).long(0x0018, 0x9346, "SQ", 400).item(390).b, false},
		{"padding in place of what is behind", append(uids(part10.ExplicitLE).b, make([]byte, 64)...), false},
		{"a transfer syntax of encapsulated pixel data that nobody knows", behind(uids("1.2.840.10008.1.2.4.999")), true},
		{"video", behind(uids("1.2.840.10008.1.2.4.102")), true},
		{"a deflated data set", behind(uids(part10.DeflatedLE)), false},
		{"a deflated data set of JPIP", behind(uids("1.2.840.10008.1.2.4.95")), false},
		{"a private transfer syntax", behind(uids("1.2.840.113619.5.2")), false},
		{"no DICOM", []byte("%PDF-1.4, and so on until there are a few bytes"), false},
		{"nothing", nil, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, ok := part10.ParseHead(c.data, last, part10.DefaultLimits())
			require.Equal(t, c.want, ok)
		})
	}
}

// Without preamble and meta group a data set must name its SOP instance.
func TestHeadsOfBareDataSets(t *testing.T) {
	elems := []*dicom.Element{elem(t, tag.SOPClassUID, "", []string{ctImageStorage}), elem(t, tag.StudyID, "", []string{"1"})}
	bare, err := part10.MarshalDataset(part10.ImplicitLE, elems)
	require.NoError(t, err)
	_, ok := part10.ParseHead(bare, tag.SeriesInstanceUID, part10.DefaultLimits())
	require.False(t, ok)
	elems = append(elems, elem(t, tag.SOPInstanceUID, "", []string{"1.2.3"}), elem(t, tag.Rows, "", []int{1}))
	bare, err = part10.MarshalDataset(part10.ImplicitLE, elems)
	require.NoError(t, err)
	_, ok = part10.ParseHead(bare, tag.SeriesInstanceUID, part10.DefaultLimits())
	require.True(t, ok)
}
