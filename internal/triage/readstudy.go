package triage

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"math"
	"slices"
	"syscall"
	"time"

	"nafas/dicomio"
	"nafas/dicomio/refusal"
	"nafas/inference"
)

// studyRead is the reading of one study on its way.
type studyRead struct {
	r     *Reader
	sums  *contentSums
	known map[string]Result
	notes []string
	// earlier is what the study is compared with; nil where there is nothing.
	earlier *before
	// compared is the comparison that is kept of the study; nil for none.
	compared *Comparison
	// categories are the reader's options, as far as they hold for this study.
	categories CategoryOptions
	// headers is the wall time of reading all headers.
	headers time.Duration
	report  func(series, stage string, done, total int)
}

// read tries the usable series from the best on until one is read.
func (s *studyRead) read(ctx context.Context, study dicomio.Study) (StudyReading, error) {
	choice := dicomio.Choose(study.Series)
	notRead := map[string]*refusal.Error{}
	for _, rejected := range choice.Rejected {
		notRead[rejected.Series.UID] = rejected.Err
	}
	var taken string
	var result *Result
	var facts dicomio.Facts
	var comparison *Comparison
	for i, candidate := range choice.Usable {
		res, scan, err := s.series(ctx, candidate)
		var refused *refusal.Error
		switch {
		case err == nil:
			taken, result, facts = candidate.UID, res, dicomio.FactsOf(candidate.Instances)
			delete(notRead, taken)
			if comparison, err = s.compare(ctx, candidate, res, scan); err != nil {
				return StudyReading{}, err
			}
		case errors.As(err, &refused):
			notRead[candidate.UID] = refused
			continue
		default:
			return StudyReading{}, err
		}
		if i > 0 {
			insteadOf(notRead, choice.Usable[i+1:], taken)
		}
		break
	}
	out := StudyReading{StudyUID: study.UID, Notes: s.notes}
	for _, series := range study.Series {
		one := Series{UID: series.UID, Modality: series.Modality, Instances: len(series.Instances)}
		if series.UID == taken {
			one.Result = result
		} else {
			one.NotRead = notRead[series.UID]
		}
		out.Series = append(out.Series, one)
	}
	slices.SortFunc(out.Series, func(a, b Series) int { return cmp.Compare(a.UID, b.UID) })
	if result == nil {
		out.State, out.NotAssessed = NotAssessed, unread(out.Series)
		out.Priority, out.PriorityReasons = RankUnread(out.NotAssessed)
		return out, nil
	}
	out.State, out.Comparison = Done, comparison
	out.Priority, out.PriorityReasons = s.r.opt.Ranking.Rank(*result, comparison)
	asked := s.categories.with(facts)
	asked.Earlier = asked.Earlier || s.earlier != nil
	categories, err := Categorise(result.Findings, comparison, asked)
	if err != nil {
		return StudyReading{}, err
	}
	out.Assessment = &Assessment{Categories: categories}
	return out, nil
}

// insteadOf corrects the reason of the series that were usable and come after
// the one that was read in the end.
func insteadOf(notRead map[string]*refusal.Error, later []*dicomio.Series, taken string) {
	for _, series := range later {
		notRead[series.UID] = refusal.New(refusal.NotPreferred, "send this series by itself to have it read",
			"series %s is read instead; the one before it in preference could not be read", taken)
	}
}

// series reads one series, or takes its result as it is where it is known; then
// there is no scan.
func (s *studyRead) series(ctx context.Context, series *dicomio.Series) (*Result, *scanned, error) {
	key := ResultKey(series.UID, s.sums.series(series), s.r.recipe)
	if known, ok := s.known[key]; ok {
		return &known, nil, nil
	}
	assembled, err := dicomio.Assemble(ctx, series, dicomio.AssembleOptions{
		Parallel: s.r.opt.Parallel,
		Progress: func(done, total int) { s.report(series.UID, "decode", done, total) },
	})
	if err != nil {
		return nil, nil, systemError(err)
	}
	detected, err := s.r.pipeline.Run(ctx, assembled.Volume, func(stage string, done, total int) {
		s.report(series.UID, stage, done, total)
	})
	if err != nil {
		if refused := lungRefusal(err); refused != nil {
			return nil, nil, refused
		}
		return nil, nil, err
	}
	result := &Result{
		StudyUID: series.StudyUID, SeriesUID: series.UID, Key: key,
		Model: s.r.model, Runtime: s.r.runtime, Notes: s.notes,
		Scan: Scan{
			Slices: assembled.Info.Slices, Rows: assembled.Info.Rows, Columns: assembled.Info.Columns,
			SpacingMM: assembled.Info.SpacingMM, SliceThicknessMM: assembled.Info.SliceThicknessMM,
			Kernel: assembled.Info.Kernel, Manufacturer: assembled.Info.Manufacturer,
			LungVolumeML: detected.LungVolumeML,
		},
		Timings: slices.Concat([]StageTime{
			{"read", s.headers + assembled.Timings.Read},
			{"decode", assembled.Timings.Decode},
			{"assemble", assembled.Timings.Assemble},
		}, detected.Timings),
	}
	for _, w := range assembled.Warnings {
		result.Warnings = append(result.Warnings, Warning(w))
	}
	result.Warnings = append(result.Warnings, detected.Warnings...)
	for _, f := range detected.Findings {
		result.Findings = append(result.Findings, place(assembled, f))
	}
	return result, &scanned{assembled, detected.Field}, nil
}

// systemError keeps a file that the system does not hand out from being taken
// for a fault of the series: trying again may help. dicomio leaves the
// system's number in its refusal, and the path out of it.
func systemError(err error) error {
	var number syscall.Errno
	if errors.As(err, &number) {
		return fmt.Errorf("an image of the series cannot be read again: %w", number)
	}
	return err
}

// place finds the image in which a finding's centre lies.
func place(a *dicomio.Assembled, f inference.Finding) Finding {
	k := nearestSlice(a.Slices, f.VoxelIndex[2])
	column, row := a.PixelAt(k, f.CenterLPSMM)
	where := f.Place
	return Finding{
		Finding: f.Finding, Measured: measured(a, f.Measured), Place: &where, SOPInstanceUID: a.Slices[k].SOPInstanceUID, Slice: k, Frame: a.Slices[k].Frame,
		PixelColumn: hundredths(column), PixelRow: hundredths(row),
	}
}

// nearestSlice is the index of the slice nearest to the continuous index k
// that was sent and not filled in; of two as near, the lower.
func nearestSlice(s []dicomio.Slice, k float64) int {
	best, distance := 0, math.Inf(1)
	for i := range s {
		if d := math.Abs(float64(i) - k); d < distance && !s[i].Interpolated {
			best, distance = i, d
		}
	}
	return best
}

func hundredths(v float64) float64 { return math.Round(v*100) / 100 }
