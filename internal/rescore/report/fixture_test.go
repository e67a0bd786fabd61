package report_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/inference/froc"
	"nafas/inference/volume"
	"nafas/internal/rescore"
	"nafas/internal/rescore/compare"
	"nafas/internal/rescore/report"
	"nafas/internal/triage"
	"nafas/internal/triage/quality"
)

// points and pointsBefore are the operating points of the made-up models.
var (
	points       = []froc.Threshold{{Name: "quarter", Score: 0.72}, {Name: "one", Score: 0.5}, {Name: "four", Score: 0.2}}
	pointsBefore = []froc.Threshold{{Name: "quarter", Score: 0.81}, {Name: "one", Score: 0.62}, {Name: "four", Score: 0.35}}
)

// archive is a made-up pass and its baseline.
type archive struct {
	before, after []compare.Study
	rows          []rescore.Row
	signed        []quality.Study
}

var scanners = []string{"SIEMENS", "GE MEDICAL SYSTEMS", "Philips", "TOSHIBA", ""}

// archiveOf has studies over the years before 2026: few are newly flagged, dropped,
// or not read.
func archiveOf(studies, years int) archive {
	rng := rand.New(rand.NewPCG(5, 6))
	var out archive
	for i := range studies {
		uid := fmt.Sprintf("1.2.826.0.1.3680043.10.1234.%06d.%d", i, 20190000000000+i)
		date := time.Date(2025, 12, 28, 0, 0, 0, 0, time.UTC).AddDate(0, -rng.IntN(12*years), -rng.IntN(28)).Format("20060102")
		if rng.IntN(60) == 0 {
			date = ""
		}
		scan := triage.Scan{Manufacturer: scanners[rng.IntN(len(scanners))], SliceThicknessMM: []float64{1, 1.25, 2, 2.5, 3, 0}[rng.IntN(6)]}
		base := math.Pow(rng.Float64(), 1.6)
		before := studyOf(uid, date, scan, base+0.1*(rng.Float64()-0.5), pointsBefore[1].Score)
		after := studyOf(uid, date, scan, 0.9*base+0.25*(rng.Float64()-0.6), points[1].Score)
		switch rng.IntN(40) {
		case 0:
			after = compare.Study{UID: uid, Date: date, State: rescore.Failed, Reason: "MISSING_SLICES"}
		case 1:
			before = compare.Study{UID: uid, Date: date, State: rescore.Failed, Reason: "LIMIT_EXCEEDED"}
		case 2:
			after = compare.Study{UID: uid, Date: date, State: rescore.Skipped, Reason: "TOO_THICK"}
			before = after
		}
		out.after = append(out.after, after)
		if rng.IntN(50) != 0 {
			out.before = append(out.before, before)
		}
		out.review(rng, after)
	}
	return out
}

// studyOf has a finding at the score and some below; no score is no finding.
func studyOf(uid, date string, scan triage.Scan, score, flag float64) compare.Study {
	s := compare.Study{UID: uid, Date: date, State: rescore.Scored, SeriesUID: uid + ".1", Scan: scan, Priority: triage.PriorityRoutine}
	score = math.Round(math.Min(score, 0.9999)*1e4) / 1e4
	for i := 0; score > 0.1; i, score = i+1, 0.85*score {
		var f triage.Finding
		f.Score, f.Flagged, f.MeanDiameterMM, f.CenterLPSMM = score, score >= flag, 7, volume.Vec3{float64(40 * i), 0, 0}
		s.Findings = append(s.Findings, f)
	}
	if len(s.Findings) == 0 || !s.Findings[0].Flagged {
		return s
	}
	best := s.Findings[0].Score
	s.Priority, s.LungRADS = triage.PriorityHigh, "3"
	if best > 0.8 {
		s.Priority, s.LungRADS = triage.PriorityUrgent, "4A"
	}
	return s
}

// review has a reader sign off one study in four.
func (a *archive) review(rng *rand.Rand, s compare.Study) {
	row := rescore.Row{StudyUID: s.UID, SeriesUID: s.UID + ".1", StudyDate: s.Date, State: s.State, Reason: s.Reason}
	if s.State == rescore.Scored {
		row.Result = &triage.Result{StudyUID: s.UID, SeriesUID: row.SeriesUID, Findings: s.Findings, Scan: s.Scan}
	}
	a.rows = append(a.rows, row)
	if rng.IntN(4) != 0 {
		return
	}
	one := quality.Series{UID: row.SeriesUID, Read: true, Model: "lungs 1.4", ThicknessMM: 1}
	for _, f := range s.Findings {
		standing := quality.Rejected
		if rng.Float64() < f.Score*f.Score {
			standing = quality.Accepted
		}
		one.Places = append(one.Places, quality.Place{Standing: standing, CenterLPSMM: f.CenterLPSMM, DiameterMM: 8})
	}
	if rng.IntN(3) == 0 {
		one.Places = append(one.Places, quality.Place{Standing: quality.Added, CenterLPSMM: [3]float64{0, 99, 0}, DiameterMM: 6})
	}
	a.signed = append(a.signed, quality.Study{Series: []quality.Series{one}})
}

func passOf(label string, m triage.Model, studies []compare.Study) compare.Pass {
	return compare.Pass{Label: label, Model: m, Studies: func(each func(compare.Study) error) error {
		for _, s := range studies {
			if err := each(s); err != nil {
				return err
			}
		}
		return nil
	}}
}

var (
	newModel = triage.Model{Name: "lungs", Version: "2.1", SHA256: "4be3b05a2dfac2d3b5ad9d9cf39f1a7d3c40cbdc2a1be0e5cbb4a2bd1c2f7e10"}
	oldModel = triage.Model{Name: "lungs", Version: "1.4", SHA256: "91d0aa3e2dfac2d3b5ad9d9cf39f1a7d3c40cbdc2a1be0e5cbb4a2bd1c2f0042"}
)

// reportOf is a whole report of a made-up archive.
func reportOf(t *testing.T, studies, years int) report.Report {
	t.Helper()
	a := archiveOf(studies, years)
	var line report.Timeline
	c, err := compare.Compare(t.Context(), line.Before(passOf("live", oldModel, a.before)), line.After(passOf("2025 again", newModel, a.after)), compare.Options{})
	require.NoError(t, err)
	agreement, err := compare.Agree(t.Context(), func(each func(rescore.Row) error) error {
		for _, r := range a.rows {
			if err := each(r); err != nil {
				return err
			}
		}
		return nil
	}, a.signed, compare.AgreeOptions{Points: points, Resamples: 200})
	require.NoError(t, err)
	return report.Report{
		Rescoring: rescoringOf(a), Program: "nafas 0.9.0", At: time.Date(2026, 3, 2, 9, 30, 0, 0, time.UTC),
		Points: points, PointsBefore: pointsBefore, Periods: line.Periods(), Comparison: c, Agreement: agreement,
	}
}

func rescoringOf(a archive) rescore.Rescoring {
	t := rescore.Totals{Studies: int64(len(a.after)), StudiesDone: int64(len(a.after)), Files: 1_234_567, Late: 2, Erased: 5, Reasons: map[string]int64{}}
	end := func(state *int64, reason string, n int64) {
		*state += n
		if t.Inputs += n; reason != "" && n > 0 {
			t.Reasons[reason] += n
		}
	}
	for _, s := range a.after {
		switch s.State {
		case rescore.Failed:
			end(&t.Failed, s.Reason, 1)
		case rescore.Skipped:
			end(&t.Skipped, s.Reason, 1)
		default:
			end(&t.Scored, "", 1)
		}
	}
	n := int64(len(a.after))
	end(&t.Unchanged, "", n/9)
	end(&t.Skipped, "LOCALIZER", n)
	end(&t.Skipped, "NOT_PREFERRED", n/2)
	end(&t.Skipped, rescore.ReasonNotDICOM, 1+n/50)
	end(&t.Failed, "DICOM_MALFORMED", 1+n/80)
	end(&t.Failed, rescore.ReasonGone, 1+n/200)
	end(&t.Failed, "NEW_REASON", 1) // of a later version
	return rescore.Rescoring{
		ID: 7, Name: "2025 again", Model: newModel, Recipe: triage.Recipe{ModelSHA256: newModel.SHA256, ConfigSHA256: "c0ffee05b7d9cf39f1a7d3c40cbdc2a1be0e5cbb4a2bd1c2f7e10aa33bb44cc5"},
		Baseline: rescore.BaselineLive, State: rescore.StateDone, Planned: true, Home: "pacs-room",
		Source:    rescore.SourceSpec{Kind: rescore.SourceWeb, URL: "https://user:secret@pacs.hospital.example/dicom-web", Query: rescore.Query{From: "20160101", To: "20251231", Description: "*THORAX*"}},
		Settings:  rescore.Settings{Guidelines: []string{"lung-rads", "fleischner"}, Screening: "no"},
		Limits:    rescore.Limits{Window: "20:00-06:00"},
		CreatedAt: time.Date(2026, 1, 12, 20, 0, 0, 0, time.UTC), EndedAt: time.Date(2026, 2, 27, 4, 41, 0, 0, time.UTC), WorkedFor: 341*time.Hour + 12*time.Minute, Totals: t,
	}
}

// hostile is what an image could say of itself.
const hostile = "\u202e<script>alert(1)</script>\" onload=\"x\" {{.}} </title>\x00\xff' https://evil.example/"

// mostlyEmpty is a rescoring that has only begun, without a baseline.
func mostlyEmpty() report.Report {
	return report.Report{Rescoring: rescore.Rescoring{ID: 1, State: rescore.StatePlanning, Source: rescore.SourceSpec{Kind: rescore.SourceFolder}}}
}
