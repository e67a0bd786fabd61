package interop_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/refusal"
	"nafas/internal/interop"
	"nafas/internal/triage"
)

var update = flag.Bool("update", false, "write testdata anew")

// formats are the functions under test, by the ending of their golden files.
var formats = map[string]func(triage.Delivery, []byte, string) ([]byte, error){"json": interop.FHIR, "hl7": interop.ORU}

// The golden files are for people to read: what is meant is in the other tests.
func TestGolden(t *testing.T) {
	im := image(t, nil)
	for outcome, change := range outcomes {
		for _, l := range languages {
			for ending, write := range formats {
				got, err := write(change(delivery(t, im)), im, l)
				require.NoError(t, err)
				again, err := write(change(delivery(t, im)), image(t, nil), l)
				require.NoError(t, err)
				require.Equal(t, string(got), string(again), "the same input, the same bytes")
				path := filepath.Join("testdata", outcome+"-"+l+"."+ending)
				if *update {
					require.NoError(t, os.WriteFile(path, got, 0o644))
				}
				want, err := os.ReadFile(path)
				require.NoError(t, err)
				require.Equal(t, string(want), string(got), path)
			}
		}
	}
}

func TestWhatIsRefused(t *testing.T) {
	im := image(t, nil)
	held := refusal.New(refusal.PatientMismatch, "", "two")
	for _, c := range []struct {
		why      string
		change   func(*triage.Delivery)
		image    []byte
		language string
		want     error
	}{
		{"a study that is held, whatever was read of it before", func(one *triage.Delivery) { one.Study.NotAssessed = held }, im, "en", held},
		{"nothing said", func(one *triage.Delivery) { one.Series.Result = nil }, im, "en", triage.ErrNoResult},
		{"the image of another study", func(one *triage.Delivery) { one.Study.UID = "1.2.3" }, im, "en", interop.ErrOtherSeries},
		{"the image of another series", func(one *triage.Delivery) { one.Series.UID = "1.2.3" }, im, "en", interop.ErrOtherSeries},
	} {
		t.Run(c.why, func(t *testing.T) {
			for _, write := range formats {
				one := delivery(t, im)
				c.change(&one)
				_, err := write(one, c.image, c.language)
				require.ErrorIs(t, err, c.want)
			}
		})
	}
	for _, write := range formats {
		_, err := write(delivery(t, im), im, "de")
		require.ErrorContains(t, err, "none of en, fr, ar")
		_, err = write(delivery(t, im), []byte("Smith"), "en")
		require.Equal(t, refusal.Malformed, refusal.Of(err))
	}
}

// A message without patient or order could end up with another; a bundle says
// what there is.
func TestNoOrder(t *testing.T) {
	for why, missing := range map[string]attributes{
		"no patient identifier": {tag.PatientID: nil}, "an empty one": {tag.PatientID: {"  "}},
		"no accession number": {tag.AccessionNumber: nil}, "an empty accession number": {tag.AccessionNumber: {""}},
	} {
		t.Run(why, func(t *testing.T) {
			im := image(t, missing)
			for _, change := range outcomes {
				_, err := interop.ORU(change(delivery(t, im)), im, "en")
				require.ErrorIs(t, err, triage.ErrNoOrder)
				_, err = interop.FHIR(change(delivery(t, im)), im, "en")
				require.NoError(t, err)
			}
		})
	}
}

// Another result is another report under the number of the same study.
func TestALaterResult(t *testing.T) {
	im := image(t, nil)
	one := delivery(t, im)
	later := without(one)
	later.At = one.At.Add(time.Hour)
	first, second := bundleOf(t, one, im), bundleOf(t, later, im)
	require.NotEqual(t, first.id(), second.id())
	require.NotEqual(t, first.one(t, "DiagnosticReport")["id"], second.one(t, "DiagnosticReport")["id"])
	for _, kind := range []string{"Patient", "ImagingStudy", "Device"} {
		require.Equal(t, first.one(t, kind)["id"], second.one(t, kind)["id"], kind)
	}
	require.Equal(t, first.one(t, "DiagnosticReport")["identifier"], second.one(t, "DiagnosticReport")["identifier"])

	before, after := segmentsOf(t, one, im), segmentsOf(t, later, im)
	require.NotEqual(t, before.field("MSH", 10), after.field("MSH", 10))
	require.Equal(t, before.field("OBR", 3), after.field("OBR", 3))
}
