package interop_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/inference/finding"
	"nafas/inference/guideline"
	"nafas/inference/measure"
	"nafas/inference/prior"
	"nafas/inference/volume"
	"nafas/internal/triage"
)

// attributes that a test sets in the header; no values take one out.
type attributes map[tag.Tag][]string

// image is one of a series, of a patient with an order.
func image(t testing.TB, changes attributes) []byte {
	t.Helper()
	header := attributes{
		tag.SpecificCharacterSet: {"ISO_IR 192"}, tag.PatientName: {"Benaïssa^Zoé^Leïla^Dr^PhD"}, tag.PatientID: {"P1"}, tag.IssuerOfPatientID: {"HOSPITAL"},
		tag.PatientBirthDate: {"19600131"}, tag.PatientSex: {"F"}, tag.AccessionNumber: {"A-77"},
		tag.StudyDate: {"20260301"}, tag.StudyTime: {"081502"}, tag.TimezoneOffsetFromUTC: {"+0100"},
	}
	for k, v := range changes {
		header[k] = v
	}
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{8, 8, 2}, SpacingMM: [3]float64{1, 1, 1}, Axes: [3]volume.Vec3{{1, 0, 0}, {0, 1, 0}, {0, 0, 1}},
	}, HU: make([]int16, 128)}
	files, err := ctwriter.Instances(v, ctwriter.Options{Seed: "interop", Modify: func(_ int, elems []*dicom.Element) []*dicom.Element {
		var b part10.Builder
		for _, e := range elems {
			if _, ok := header[e.Tag]; !ok {
				b.Copy(e)
			}
		}
		for k, values := range header {
			if len(values) > 0 {
				b.Text(k, values...)
			}
		}
		out, err := b.Elements()
		require.NoError(t, err)
		return out
	}})
	require.NoError(t, err)
	return files[0]
}

// measurements of the findings: one to rely on, one not to, and none.
var measurements = []*triage.Measurement{
	{
		Measurement: measure.Measurement{
			VolumeMM3: 1987.3, VolumeError: .1, KindConfidence: .92, SolidVolumeMM3: 180, SolidDiameterMM: 7, LongAxisMM: 16.9, ShortAxisMM: 14.6, MeanDiameterMM: 15.8, MeanHU: -31.4, Kind: measure.KindPartSolid,
		},
		Method: "radial border 2",
	},
	{Measurement: measure.Measurement{Doubt: measure.DoubtSize, VolumeMM3: 900, MeanDiameterMM: 12, Kind: measure.KindSolid}, Method: "radial border 2"},
	nil,
}

// places of the findings: one whose lobe is known, one whose fissures were not
// seen, and none.
var places = []*finding.Place{
	{
		Side: finding.SideLeft, Lobe: finding.LobeLeftUpper, Zone: finding.ZoneMiddle, Estimated: true, PleuraMM: 14.26,
		FissureMM: 1.9, FissureSeen: true, Perifissural: true,
	},
	{Side: finding.SideRight, Zone: finding.ZoneLower, Estimated: true, PleuraMM: 0.4, Juxtapleural: true},
	{},
}

// delivery is what is said of the image's study.
func delivery(t testing.TB, image []byte) triage.Delivery {
	t.Helper()
	f, err := part10.Parse(image, part10.DefaultLimits())
	require.NoError(t, err)
	text := func(t tag.Tag) string { s, _ := f.Elements().String(t); return s }
	result := &triage.Result{
		Key: "key", Model: triage.Model{Name: "nafas-lung-1", Version: "0.2.0", SHA256: fmt.Sprintf("%064x", 12345)},
		Runtime: triage.Runtime{Version: "1.22.0", SHA256: "bb"},
	}
	shown := text(tag.SOPInstanceUID)
	for i, f := range []finding.Finding{
		{Score: 0.9312, Flagged: true, Side: finding.SideLeft, MeanDiameterMM: 16.4, CenterLPSMM: volume.Vec3{52.25, -1.07, 104.01}},
		{Score: 0.5, Flagged: true, Side: finding.SideRight, MeanDiameterMM: 6, CenterLPSMM: volume.Vec3{-48, 30.5, 88}},
		{Score: 0.2101, MeanDiameterMM: 4.1, CenterLPSMM: volume.Vec3{0, 2, -90.5}},
	} {
		f.Rank = i + 1
		result.Findings = append(result.Findings, triage.Finding{Finding: f, Measured: measurements[i], Place: places[i], SOPInstanceUID: shown})
	}
	series := triage.Series{UID: text(tag.SeriesInstanceUID), Modality: "CT", Instances: 2, Result: result}
	priority, reasons := triage.Ranking{}.Rank(*result, nil)
	return triage.Delivery{
		Key: "key", At: time.Date(2026, 3, 1, 12, 30, 15, 123456789, time.UTC), Header: "path",
		Study: triage.Study{
			UID: text(tag.StudyInstanceUID), State: triage.Done, Priority: priority, PriorityReasons: reasons,
			RequestPriority: triage.RequestRoutine, Series: []triage.Series{series},
		},
		Series: series, Instances: []triage.InstanceRef{{SOPClassUID: text(tag.SOPClassUID), SOPUID: shown}, {SOPClassUID: text(tag.SOPClassUID), SOPUID: "2.25.7"}},
	}
}

// suggested adds what guidelines suggest.
func suggested(one triage.Delivery) triage.Delivery {
	age := 66
	categories, err := triage.Categorise(one.Series.Result.Findings, nil, triage.CategoryOptions{Patient: guideline.Patient{AgeYears: &age, Sex: guideline.Female}})
	if err != nil {
		panic(err)
	}
	one.Study.Assessment = &triage.Assessment{Categories: categories}
	return one
}

// compared adds what changed since an earlier study.
func compared(one triage.Delivery) triage.Delivery {
	one.Key = "key of a comparison"
	one.Study.Comparison = &triage.Comparison{EarlierStudyUID: "1.1", EarlierStudyDate: "20251201", Comparison: prior.Comparison{
		Days: 90,
		Current: []prior.Change{
			{State: prior.Paired, DiameterChangeMM: 2.4, DiameterErrorMM: .7, Growth: &prior.Growth{
				VolumeChange: .87, VolumeChangeLow: .5, VolumeChangeHigh: 1.3, DoublingDays: 100, DoublingDaysShort: 75, DoublingDaysLong: 154, Trend: prior.TrendGrowing,
			}},
			{State: prior.New}, {State: prior.Unpaired},
		},
		Earlier: []prior.EarlierChange{{State: prior.Paired}, {State: prior.Gone}},
	}}
	return one
}

// without takes the findings out.
func without(one triage.Delivery) triage.Delivery {
	result := *one.Series.Result
	result.Findings, result.Key = nil, "key of nothing"
	one.Series.Result, one.Key = &result, "key of nothing"
	one.Study.Priority, one.Study.PriorityReasons = triage.Ranking{}.Rank(triage.Result{}, nil)
	return one
}

// failed puts a reason in the place of the result.
func failed(one triage.Delivery) triage.Delivery {
	why := refusal.New(refusal.MissingSlices, "send the whole series", "3 slices are missing")
	one.Series.Result, one.Study.NotAssessed, one.Study.State, one.Key = nil, why, triage.NotAssessed, "failed"
	one.Study.Priority, one.Study.PriorityReasons = triage.RankUnread(why)
	return one
}

// outcomes are what a study may come to.
var outcomes = map[string]func(triage.Delivery) triage.Delivery{
	"findings": func(one triage.Delivery) triage.Delivery { return one }, "none": without, "failed": failed, "suggested": suggested, "compared": compared,
	"reviewed": reviewed, "signed": signed, "signed-failed": signedFailed,
}

var languages = []string{"en", "fr", "ar"}
