package triage

import (
	"context"
	"errors"
	"fmt"

	"nafas/dicomio"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
	"nafas/inference/lung"
	"nafas/inference/measure"
	"nafas/inference/prior"
	"nafas/inference/volume"
)

// scanned is a series that findings can be compared in.
type scanned struct {
	assembled *dicomio.Assembled
	field     *lung.Field
}

// before is an earlier study with a way to its series.
type before struct {
	Earlier
	series func(context.Context) (*dicomio.Series, error)
}

// compare says what changed since the earlier study; nil where there is none.
// now is the series that the result is of, nil where the result was known.
func (s *studyRead) compare(ctx context.Context, series *dicomio.Series, result *Result, now *scanned) (*Comparison, error) {
	e := s.earlier
	if e == nil || s.r.opt.Compare == nil {
		return nil, nil
	}
	out := &Comparison{EarlierStudyUID: e.StudyUID, EarlierSeriesUID: e.SeriesUID, EarlierStudyDate: e.StudyDate, Why: e.Why}
	out.Key, out.Days = e.ComparisonKey(result.Key), e.Days
	if e.Why != nil {
		return out, nil
	}
	if now == nil {
		var err error
		if now, err = s.scan(ctx, series); err != nil {
			return nil, err
		}
	}
	then, err := s.scanEarlier(ctx)
	if err != nil {
		if ctx.Err() != nil {
			return nil, err
		}
		// Another key: once they can be read, that is another comparison.
		out.Key, out.Why = out.Key+" not read", notReadAgain(err)
		return out, nil
	}
	s.report(series.UID, "compare", 0, 0)
	changes, err := s.r.opt.Compare(ctx, now.exam(result), then.exam(e.Result), e.Days)
	if err != nil {
		return nil, fmt.Errorf("compare: %w", err)
	}
	out.Method, out.Comparison = prior.Method, *changes
	for i := range out.Current {
		if m := out.Current[i].EarlierMeasured; m != nil {
			m.Mask = measure.Mask{} // as large as all the rest, and nobody shows it
		}
	}
	for _, f := range e.Result.Findings {
		out.EarlierFindings = append(out.EarlierFindings, f.withoutBody())
	}
	if changes.Refused == "" {
		for _, c := range changes.Current {
			out.InEarlier = append(out.InEarlier, then.imagePlace(c.EarlierCenterLPSMM))
		}
		for _, c := range changes.Earlier {
			out.InCurrent = append(out.InCurrent, now.imagePlace(c.CurrentCenterLPSMM))
		}
	}
	return out, nil
}

// notReadAgain is why the images of an earlier study, which were read once, are
// not compared with.
func notReadAgain(err error) *refusal.Error {
	found := "an image cannot be read"
	var refused *refusal.Error
	if errors.As(err, &refused) {
		found = string(refused.Reason)
	}
	return refusal.New(PriorNotRead, "send the earlier study again to have it compared",
		"the images of an earlier study of the patient could not be read again: %s", found)
}

// scan assembles a series and finds its lungs.
func (s *studyRead) scan(ctx context.Context, series *dicomio.Series) (*scanned, error) {
	assembled, err := dicomio.Assemble(ctx, series, dicomio.AssembleOptions{
		Parallel: s.r.opt.Parallel,
		Progress: func(done, total int) { s.report(series.UID, "decode", done, total) },
	})
	if err != nil {
		return nil, systemError(err)
	}
	field, err := lung.Find(ctx, assembled.Volume)
	if refused := lungRefusal(err); refused != nil {
		return nil, refused
	}
	return &scanned{assembled, field}, err
}

func (s *studyRead) scanEarlier(ctx context.Context) (*scanned, error) {
	series, err := s.earlier.series(ctx)
	if err != nil {
		return nil, err
	}
	return s.scan(ctx, series)
}

// exam is the scan with what was found in it.
func (s *scanned) exam(r *Result) prior.Exam {
	e := prior.Exam{
		Volume: s.assembled.Volume, Field: s.field,
		SliceThicknessMM: s.assembled.Info.SliceThicknessMM,
		Sharpness:        prior.Sharpness(dicomio.KernelClass(s.assembled.Info.Kernel)),
	}
	if s.assembled.Info.Contrast {
		e.Contrast = prior.Yes // where no agent is named, none may have been given or nobody wrote it down
	}
	for _, f := range r.Findings {
		e.Findings = append(e.Findings, prior.Finding{CenterLPSMM: f.CenterLPSMM, DiameterMM: f.MeanDiameterMM, Measured: s.measured(f)})
	}
	return e
}

// measured is what was measured of a finding; measured again where another
// version did, or none: what two methods measure is no growth.
func (s *scanned) measured(f Finding) *measure.Measurement {
	if f.Measured != nil && f.Measured.Method == measure.Method {
		return f.Measured.unpacked()
	}
	m := measure.Measure(s.assembled.Volume, s.field, f.CenterLPSMM, f.MeanDiameterMM)
	m.Round()
	return m
}

// unpacked is the measurement with its mask; nil stays nil.
func (m *Measurement) unpacked() *measure.Measurement {
	if m == nil {
		return nil
	}
	out := m.Measurement
	out.Mask = measure.Mask{Lo: m.Body.First, Size: m.Body.Size}
	for _, in := range m.Body.In() {
		voxel := uint8(0)
		if in {
			voxel = 1
			out.Mask.Voxels++
		}
		out.Mask.Set = append(out.Mask.Set, voxel)
	}
	return &out
}

// withoutBody is the finding without the voxels of its measurement.
func (f Finding) withoutBody() Finding {
	if f.Measured != nil {
		m := *f.Measured
		m.Body = Body{}
		f.Measured = &m
	}
	return f
}

// imagePlace is where a place of the patient lies in the images; none outside of
// the scan.
func (s *scanned) imagePlace(lpsMM volume.Vec3) ImagePlace {
	v := s.assembled.Volume
	at := v.ToIndex(lpsMM)
	for n, i := range at {
		if i < -.5 || i > float64(v.Size[n])-.5 {
			return ImagePlace{}
		}
	}
	k := nearestSlice(s.assembled.Slices, at[2])
	column, row := s.assembled.PixelAt(k, lpsMM)
	slice := s.assembled.Slices[k]
	return ImagePlace{
		SOPInstanceUID: slice.SOPInstanceUID, Slice: k, Frame: slice.Frame,
		PixelColumn: hundredths(column), PixelRow: hundredths(row),
	}
}

// stored is the way to the series of an earlier study in the data folder.
func (r *Reader) stored(e Earlier) func(context.Context) (*dicomio.Series, error) {
	return func(ctx context.Context) (*dicomio.Series, error) {
		items := make([]source.Item, len(e.Files))
		for i, f := range e.Files {
			items[i] = source.FromFile(fmt.Sprintf("earlier instance %d", i+1), f.Path, 0)
		}
		inv, err := dicomio.Load(ctx, items, dicomio.LoadOptions{Parallel: r.opt.Parallel})
		if err != nil {
			return nil, err
		}
		for _, series := range dicomio.Group(inv.Instances) {
			if series.UID == e.SeriesUID && len(series.Instances) == len(e.Files) {
				return series, nil
			}
		}
		return nil, refusal.New(refusal.MissingSlices, "", "not all of %d images are readable", len(e.Files))
	}
}
