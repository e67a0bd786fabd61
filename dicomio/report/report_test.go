package report_test

import (
	"bytes"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/dicomio/report"
	"nafas/inference/finding"
	"nafas/inference/volume"
)

// images is a small series with a patient whose name needs UTF-8.
func images(t testing.TB) [][]byte {
	t.Helper()
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{16, 16, 4}, SpacingMM: [3]float64{1, 1, 2}, OriginLPSMM: volume.Vec3{-8, -8, 100},
		Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}, HU: make([]int16, 16*16*4)}
	out, err := ctwriter.Instances(v, ctwriter.Options{
		Seed: "report", StudyUID: "2.25.20260301", Patient: ctwriter.Patient{ID: "P1", Issuer: "TEST", Name: "Benaïssa^Zoé", BirthDate: "19600101", Sex: "F"},
	})
	require.NoError(t, err)
	return out
}

// result is one of two findings.
func result(t testing.TB, l report.Language) report.Result {
	t.Helper()
	r := report.Result{
		Key: "key", Language: l, At: time.Date(2026, 3, 1, 12, 30, 15, 123456789, time.UTC),
		Algorithm: report.Algorithm{Name: "nafas-lung-1", Version: "0.2.0", SHA256: fmt.Sprintf("%064x", 12345)},
	}
	for _, data := range images(t) {
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		text := func(t tag.Tag) string { s, _ := f.Elements().String(t); return s }
		r.Subject = report.SubjectOf(f.Elements())
		r.Source.SeriesUID, r.Source.FrameOfReferenceUID = text(tag.SeriesInstanceUID), text(tag.FrameOfReferenceUID)
		r.Source.Instances = append(r.Source.Instances, report.Reference{SOPClassUID: text(tag.SOPClassUID), SOPInstanceUID: text(tag.SOPInstanceUID)})
	}
	for i, side := range []finding.Side{finding.SideLeft, finding.SideRight} {
		r.Findings = append(r.Findings, report.Finding{
			Finding: finding.Finding{
				Rank: i + 1, Score: 0.9312 - 0.4*float64(i), Flagged: i == 0, Side: side, MeanDiameterMM: 8.4,
				CenterLPSMM: volume.Vec3{2.25, -1.07, 104.01 - 2*float64(i)},
			},
			SOPInstanceUID: r.Source.Instances[2-i].SOPInstanceUID, PixelColumn: 10, PixelRow: 7,
		})
	}
	return r
}

func without(r report.Result) report.Result {
	r.Findings, r.Key = nil, "key of nothing"
	return r
}

func failed(r report.Result) report.Result {
	r.Findings, r.NotAssessed = nil, "MISSING_SLICES: 3 slices are missing"
	return r
}

// objects are all that is written, by name.
func objects(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		for name, r := range map[string]report.Result{"findings": result(t, l), "none": without(result(t, l)), "failed": failed(result(t, l))} {
			data, err := r.SR()
			require.NoError(t, err)
			out["sr-"+name+"-"+string(l)] = data
		}
		data, err := result(t, l).KO()
		require.NoError(t, err)
		out["ko-"+string(l)] = data
		maps.Copy(out, pictured(t, result(t, l), gridOf(t, images(t)), string(l)))
	}
	r, g := resultOn(t, stack(t, "single frames"), report.French, usual()...)
	maps.Copy(out, pictured(t, r, g, "single"))
	r, g = resultOn(t, stack(t, "multi-frame"), report.Arabic, usual()...)
	maps.Copy(out, pictured(t, r, g, "multi"))
	one, g := resultOn(t, stack(t, "single frames"), report.English, usual()[3])
	maps.Copy(out, pictured(t, one, g, "one"))
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		r, g := resultOn(t, stack(t, "single frames"), l, append(usual(), usual()[:2]...)...)
		r = measured(r, everyKind...)
		data, err := r.SR()
		require.NoError(t, err)
		out["sr-measured-"+string(l)] = data
		data, err = placed(r).SR()
		require.NoError(t, err)
		out["sr-placed-"+string(l)] = data
		data, err = suggested(result(t, l)).SR()
		require.NoError(t, err)
		out["sr-suggested-"+string(l)] = data
		data, err = compared(result(t, l)).SR()
		require.NoError(t, err)
		out["sr-compared-"+string(l)] = data
		for name, r := range reviewed(t, l) {
			if data, err = r.SR(); err != nil {
				t.Fatal(err)
			}
			out["sr-"+name+"-"+string(l)] = data
		}
		maps.Copy(out, pictured(t, r, g, "measured-"+string(l)))
	}
	replacing := result(t, report.English)
	replacing.Replaces = []report.Predecessor{{
		Reference: report.Reference{SOPClassUID: "1.2.840.10008.5.1.4.1.1.88.34", SOPInstanceUID: "2.25.1"}, SeriesUID: "2.25.2",
	}}
	data, err := replacing.SR()
	require.NoError(t, err)
	out["sr-replacing"] = data
	return out
}

func TestTheSameResultGivesTheSameBytes(t *testing.T) {
	one, two := objects(t), objects(t)
	uids := map[string]string{}
	for name, data := range one {
		require.True(t, bytes.Equal(data, two[name]), name)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		uid, _ := f.Elements().String(tag.SOPInstanceUID)
		require.Empty(t, uids[uid], "%s has the UID of another object", name)
		uids[uid] = name
	}
}

// An object belongs to the study: patient and study are the images' own.
func TestTheSubjectIsHandedOn(t *testing.T) {
	source, err := part10.Parse(images(t)[0], part10.DefaultLimits())
	require.NoError(t, err)
	for name, data := range objects(t) {
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		for _, attribute := range []tag.Tag{tag.PatientName, tag.PatientID, tag.IssuerOfPatientID, tag.PatientBirthDate, tag.PatientSex,
			tag.StudyInstanceUID, tag.StudyDate, tag.StudyTime, tag.StudyID, tag.AccessionNumber, tag.StudyDescription} {
			want, _ := source.Text(attribute)
			got, _ := f.Text(attribute)
			require.Equal(t, want, got, "%s %s", name, attribute)
		}
	}
}

// Where the text of the source does not decode, its bytes stay as they are,
// and what is said is English.
func TestTextThatCannotBeTranscoded(t *testing.T) {
	r := result(t, report.Arabic)
	var b part10.Builder
	b.Text(tag.SpecificCharacterSet, "ISO_IR 100", "ISO 2022 IR 999")
	b.Text(tag.PatientName, "A\x1b$)Z\xff\xfe")
	b.Text(tag.PatientID, "P1")
	b.Text(tag.StudyInstanceUID, "1.2.3")
	elems, err := b.Elements()
	require.NoError(t, err)
	r.Subject = report.SubjectOf(elems)
	data, err := r.SR()
	require.NoError(t, err)
	require.True(t, bytes.Contains(data, []byte("A\x1b$)Z\xff\xfe")))
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	require.Equal(t, []string{"ISO_IR 100", "ISO 2022 IR 999"}, f.Strings(tag.SpecificCharacterSet))
	require.True(t, bytes.Contains(data, []byte("Imaging Measurement Report")))
	for name, data := range pictured(t, r, gridOf(t, images(t)), "") {
		require.True(t, bytes.Contains(data, []byte("A\x1b$)Z\xff\xfe")), name)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		require.Equal(t, []string{"ISO_IR 100", "ISO 2022 IR 999"}, f.Strings(tag.SpecificCharacterSet), name)
		for _, arabic := range []string{"تجزئة", "أحدث", "المصدر"} {
			require.False(t, bytes.Contains(data, []byte(arabic)), name)
		}
	}
}

// Letters with a byte like a backslash stay whole, and are one value.
func TestNamesInSetsOfTwoBytes(t *testing.T) {
	for set, name := range map[string]struct{ raw, want string }{
		"GB18030":         {"\xd0\x5c \xc0\x5c^A", "衆 繺^A"},
		`\ISO 2022 IR 87`: {"Yamada=\x1b$B\x45\x5c;3\x1b(B", "Yamada=怒山"},
	} {
		r := result(t, report.French)
		var b part10.Builder
		b.Text(tag.SpecificCharacterSet, strings.Split(set, `\`)...)
		b.Text(tag.PatientName, name.raw)
		b.Text(tag.StudyInstanceUID, "1.2.3")
		elems, err := b.Elements()
		require.NoError(t, err)
		r.Subject = report.SubjectOf(elems)
		data, err := r.SR()
		require.NoError(t, err)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		require.Equal(t, "ISO_IR 192", f.Strings(tag.SpecificCharacterSet)[0])
		require.Equal(t, []string{name.want}, f.Strings(tag.PatientName))
	}
}

func TestAPredecessorIsNamedInItsSeries(t *testing.T) {
	f, err := part10.Parse(objects(t)["sr-replacing"], part10.DefaultLimits())
	require.NoError(t, err)
	before := f.Elements().Sequence(tag.PredecessorDocumentsSequence)
	require.Len(t, before, 1)
	series := before[0].Sequence(tag.ReferencedSeriesSequence)
	require.Len(t, series, 1)
	uid, _ := series[0].String(tag.SeriesInstanceUID)
	require.Equal(t, "2.25.2", uid)
	instance, _ := series[0].Sequence(tag.ReferencedSOPSequence)[0].String(tag.ReferencedSOPInstanceUID)
	require.Equal(t, "2.25.1", instance)
}

// Times are those of the images' zone: one offset holds for all of an object.
func TestTimesAreInTheZoneOfTheImages(t *testing.T) {
	r := result(t, report.English)
	var b part10.Builder
	b.Text(tag.TimezoneOffsetFromUTC, "+0330")
	b.Text(tag.StudyInstanceUID, "1.2.3")
	b.Text(tag.StudyTime, "120000")
	elems, err := b.Elements()
	require.NoError(t, err)
	r.Subject = report.SubjectOf(elems)
	data, err := r.SR()
	require.NoError(t, err)
	f, err := part10.Parse(data, part10.DefaultLimits())
	require.NoError(t, err)
	for attribute, want := range map[tag.Tag]string{tag.TimezoneOffsetFromUTC: "+0330", tag.StudyTime: "120000", tag.ContentTime: "160015.123456"} {
		got, _ := f.Elements().String(attribute)
		require.Equal(t, want, got)
	}
}

// What comes back to us is known as ours, and is no CT to be read.
func TestObjectsAreKnownAsOurs(t *testing.T) {
	for name, data := range objects(t) {
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err, name)
		in, err := dicomio.ReadInstance(f)
		require.NoError(t, err, name)
		require.True(t, in.Own, name)
		require.False(t, in.IsCT(), name)
	}
}

func TestWhatCannotBeReported(t *testing.T) {
	_, err := without(result(t, report.English)).KO()
	require.Error(t, err)
	stray := result(t, report.English)
	stray.Findings[0].SOPInstanceUID = "9.9"
	_, err = stray.SR()
	require.ErrorContains(t, err, "none of its series")
	nothing := without(result(t, report.English))
	nothing.Source.Instances = nil
	_, err = nothing.SR()
	require.ErrorContains(t, err, "without images")
}

// The same UID is always the same bytes: what an object says of the patient, or
// names as its source, is in its UID.
func TestACorrectionMakesOtherObjects(t *testing.T) {
	before := result(t, report.English)
	corrected := func(t2 tag.Tag, value string) report.Result {
		out := before
		for _, data := range images(t) {
			f, err := part10.Parse(data, part10.DefaultLimits())
			require.NoError(t, err)
			elems := f.Elements()
			for i, e := range elems {
				if e.Tag == t2 {
					v, err := dicom.NewValue([]string{value})
					require.NoError(t, err)
					other := *e
					other.Value, elems[i] = v, &other
				}
			}
			out.Subject = report.SubjectOf(elems)
		}
		return out
	}
	more := before
	more.Source.Instances = append(slices.Clone(before.Source.Instances), report.Reference{SOPClassUID: "1.2", SOPInstanceUID: "1.2.3"})
	for name, after := range map[string]report.Result{
		"name": corrected(tag.PatientName, "Other^Name"), "identifier": corrected(tag.PatientID, "P2"),
		"issuer": corrected(tag.IssuerOfPatientID, "ELSEWHERE"), "a late image": more,
	} {
		require.NotEqual(t, before.SRInstance(), after.SRInstance(), name)
		require.NotEqual(t, before.KOInstance(), after.KOInstance(), name)
		require.NotEqual(t, before.SEGInstance(), after.SEGInstance(), name)
		require.NotEqual(t, before.SRSeries(), after.SRSeries(), name)
	}
	require.Equal(t, before.SRInstance(), corrected(tag.PatientID, "P1").SRInstance())
}
