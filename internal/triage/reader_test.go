package triage_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"io/fs"
	"math"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/dicomio/refusal"
	"nafas/dicomio/source"
	"nafas/inference"
	"nafas/inference/finding"
	"nafas/inference/lung"
	"nafas/inference/measure"
	"nafas/inference/suggest"
	"nafas/inference/volume"
	"nafas/internal/triage"
)

// chest is a volume that passes for one: soft tissue with air in and around
// it, axial, of an odd spacing and origin, the columns growing to the right of
// the patient so that nothing is right by accident.
func chest(slices int, thicknessMM float64) *volume.Volume {
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{48, 40, slices}, OriginLPSMM: volume.Vec3{151.5, -140.25, -300.5},
		Axes:      [3]volume.Vec3{{-1, 0, 0}, {0, 1, 0}, {0, 0, -1}},
		SpacingMM: [3]float64{6.5, 7.25, thicknessMM},
	}}
	v.HU = make([]int16, v.Len())
	for k := range slices {
		for j := range 40 {
			for i := range 48 {
				x, y := float64(i)-23.5, float64(j)-19.5
				hu := int16(-1000)
				if math.Hypot(x/22, y/16) < 1 {
					hu = 40
				}
				if math.Hypot((x-9)/7, y/9) < 1 || math.Hypot((x+9)/7, y/9) < 1 {
					hu = -850
				}
				v.HU[v.Index(i, j, k)] = hu
			}
		}
	}
	return v
}

// pipelineFunc is a Pipeline.
type pipelineFunc func(ctx context.Context, v *volume.Volume) (triage.Detected, error)

func (f pipelineFunc) Run(ctx context.Context, v *volume.Volume, progress func(stage string, done, total int)) (triage.Detected, error) {
	progress("onnx", 1, 1)
	return f(ctx, v)
}

// at finds one thing, at a voxel index of whatever volume it is given.
func at(index volume.Vec3) pipelineFunc {
	return func(_ context.Context, v *volume.Volume) (triage.Detected, error) {
		return triage.Detected{
			Findings: []inference.Finding{{
				Finding: finding.Finding{
					Rank: 1, Score: 0.9, Flagged: true, MeanDiameterMM: 16,
					CenterLPSMM: v.ToLPS(index), VoxelIndex: index,
				},
				Measured: &measure.Measurement{
					VolumeMM3: 2000, MeanDiameterMM: 15.6, Slice: int(index[2]) + 2, Kind: measure.KindSolid,
					Mask: measure.Mask{Lo: [3]int{3, 4, 5}, Size: [3]int{3, 3, 1}, Set: []uint8{0, 1, 0, 1, 1, 1, 0, 0, 1}, Voxels: 5},
				},
			}},
			LungVolumeML: 4000,
			Warnings:     []triage.Warning{{Code: "TEST", Text: "test"}},
			Timings:      []triage.StageTime{{Stage: "onnx", Wall: time.Second}},
		}, nil
	}
}

var model = triage.Model{Name: "test", Version: "1", SHA256: "abc"}

func newReader(p triage.Pipeline) *triage.Reader {
	return triage.NewReader(p, model, triage.Runtime{Version: "1.30.0", SHA256: "def"}, triage.ReaderOptions{Parallel: 2})
}

func items(t *testing.T, v *volume.Volume, o ctwriter.Options) []source.Item {
	t.Helper()
	files, err := ctwriter.Instances(v, o)
	require.NoError(t, err)
	var out []source.Item
	for k, f := range files {
		out = append(out, source.FromBytes(fmt.Sprintf("%s/%d.dcm", o.Seed, k), f))
	}
	return out
}

func readAll(t *testing.T, r *triage.Reader, in []source.Item) triage.Batch {
	t.Helper()
	batch, err := r.ReadStudies(t.Context(), in, func(triage.Progress) {})
	require.NoError(t, err)
	return batch
}

// TestFindingIsPlacedInItsImage: by PS3.3 C.7.6.2.1.1 the pixel of the image
// lies where the finding is.
func TestFindingIsPlacedInItsImage(t *testing.T) {
	v := chest(64, 2.5)
	in := items(t, v, ctwriter.Options{Seed: "a", Kernel: "B30f", Manufacturer: "Maker"})
	index := volume.Vec3{12.3, 20.6, 17.4}
	batch := readAll(t, newReader(at(index)), in)
	require.Len(t, batch.Studies, 1)
	s := batch.Studies[0]
	require.Equal(t, triage.Done, s.State)
	require.Equal(t, triage.PriorityUrgent, s.Priority)
	require.Len(t, s.Series, 1)
	r := s.Series[0].Result
	require.Equal(t, model, r.Model)
	require.Equal(t, "1.30.0", r.Runtime.Version)
	require.Equal(t, []triage.Warning{{Code: "TEST", Text: "test"}}, r.Warnings[len(r.Warnings)-1:])
	require.Equal(t, 64, r.Scan.Slices)
	require.Equal(t, "B30f", r.Scan.Kernel)
	require.InDelta(t, 4000, r.Scan.LungVolumeML, 0)
	require.Equal(t, []string{"read", "decode", "assemble", "onnx"}, stages(r.Timings))

	f := r.Findings[0]
	require.Equal(t, 17, f.Slice)
	image := imageOf(t, in, f.SOPInstanceUID)
	position, err := image.Floats(tag.ImagePositionPatient)
	require.NoError(t, err)
	orientation, err := image.Floats(tag.ImageOrientationPatient)
	require.NoError(t, err)
	spacing, err := image.Floats(tag.PixelSpacing)
	require.NoError(t, err)
	row, column := volume.Vec3(orientation[:3]), volume.Vec3(orientation[3:])
	point := volume.Vec3(position).Add(row.Scale(f.PixelColumn * spacing[1])).Add(column.Scale(f.PixelRow * spacing[0]))
	off := f.CenterLPSMM.Sub(point)
	normal := row.Cross(column)
	require.InDelta(t, 0.4*2.5, math.Abs(off.Dot(normal)), 1e-6, "the nearest slice")
	require.Less(t, off.Sub(normal.Scale(off.Dot(normal))).Norm(), 0.1, "within rounding to 0.01 pixel")

	m := f.Measured
	require.Equal(t, 19, m.Slice)
	require.Equal(t, measure.Method, m.Method)
	position, err = imageOf(t, in, m.SOPInstanceUID).Floats(tag.ImagePositionPatient)
	require.NoError(t, err)
	require.InDelta(t, v.ToLPS(volume.Vec3{0, 0, 19})[2], position[2], 1e-6, "the axes have an image of their own")
	require.Equal(t, triage.Body{First: [3]int{3, 4, 5}, Size: [3]int{3, 3, 1}, Bits: []byte{0b00111010, 1}}, m.Body)
	require.Equal(t, []bool{false, true, false, true, true, true, false, false, true}, m.Body.In())
	mm, by := f.Diameter()
	require.Equal(t, 15.6, mm)
	require.Equal(t, triage.ByMeasurement, by)
}

// A measurement with a doubt is kept with what there is of it, and is not
// shown as the size.
func TestADoubtfulMeasurementIsNotShown(t *testing.T) {
	for doubt, volumeMM3 := range map[measure.Doubt]float64{measure.DoubtSize: 9000, measure.DoubtNoLung: 0} {
		p := pipelineFunc(func(ctx context.Context, v *volume.Volume) (triage.Detected, error) {
			out, err := at(volume.Vec3{12, 20, 17})(ctx, v)
			out.Findings[0].Measured.Doubt, out.Findings[0].Measured.VolumeMM3 = doubt, volumeMM3
			return out, err
		})
		s := readAll(t, newReader(p), items(t, chest(64, 2.5), ctwriter.Options{Seed: "a"})).Studies[0]
		f := s.Series[0].Result.Findings[0]
		require.Equal(t, doubt, f.Measured.Doubt)
		require.Equal(t, volumeMM3 > 0, f.Measured.SOPInstanceUID != "", "where there is a body its axes have an image")
		require.Empty(t, f.Measured.Body)
		require.Nil(t, f.Reliable())
		mm, by := f.Diameter()
		require.Equal(t, 16., mm)
		require.Equal(t, triage.ByDetector, by)
		require.Contains(t, s.PriorityReasons[0].Text, "16.0 mm (detector)")
	}
}

// The recipe is part of every key: it holds the methods that measure and place,
// so that what another one said is not taken for this one's.
func TestTheMethodsArePartOfTheRecipe(t *testing.T) {
	parts := func(all ...string) string {
		var b []byte
		for _, p := range all {
			b = append(binary.LittleEndian.AppendUint64(b, uint64(len(p))), p...)
		}
		sum := sha256.Sum256(b)
		return hex.EncodeToString(sum[:])
	}
	require.Equal(t, parts("6", measure.Method, lung.PlaceMethod, suggest.Method, "setting"), triage.NewRecipe(model, "setting").ConfigSHA256)
}

func stages(timings []triage.StageTime) []string {
	var out []string
	for _, s := range timings {
		out = append(out, s.Stage)
	}
	return out
}

func imageOf(t *testing.T, in []source.Item, sop string) *part10.File {
	t.Helper()
	for _, it := range in {
		data, err := it.Open()
		require.NoError(t, err)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		if uid, _ := f.String(tag.SOPInstanceUID); uid == sop {
			return f
		}
	}
	require.Fail(t, "no such image", sop)
	return nil
}

func TestOneSeriesDoesNotHideTheOthers(t *testing.T) {
	study := part10.NameUID("test", "study")
	thin := items(t, chest(125, 1.25), ctwriter.Options{Seed: "thin", StudyUID: study})
	thick := items(t, chest(64, 2.5), ctwriter.Options{Seed: "thick", StudyUID: study})
	few := items(t, chest(2, 2.5), ctwriter.Options{Seed: "few", StudyUID: study})
	in := append(append(append(few, thick...), thin...), source.FromBytes("broken.dcm", []byte("x")))

	batch := readAll(t, newReader(at(volume.Vec3{1, 1, 1})), in)
	require.Len(t, batch.Refused, 1)
	require.Equal(t, "broken.dcm", batch.Refused[0].Name)
	require.Equal(t, map[int]refusal.Reason{125: "", 64: refusal.NotPreferred, 2: refusal.TooFewSlices}, reasons(batch.Studies[0]))

	// The best one turns out to be no chest: the next one is read.
	batch = readAll(t, newReader(pipelineFunc(func(ctx context.Context, v *volume.Volume) (triage.Detected, error) {
		if v.Size[2] == 125 {
			return triage.Detected{}, &lung.Error{Kind: lung.ErrNoLung, Found: "12 ml of enclosed air"}
		}
		return at(volume.Vec3{1, 1, 1})(ctx, v)
	})), in)
	require.Equal(t, map[int]refusal.Reason{125: refusal.NoLung, 64: "", 2: refusal.TooFewSlices}, reasons(batch.Studies[0]))
	require.Equal(t, triage.Done, batch.Studies[0].State)
}

// reasons are those of the series, by their number of instances; "" where it
// was read.
func reasons(s triage.StudyReading) map[int]refusal.Reason {
	out := map[int]refusal.Reason{}
	for _, series := range s.Series {
		out[series.Instances] = ""
		if series.NotRead != nil {
			out[series.Instances] = series.NotRead.Reason
		}
		if (series.NotRead == nil) == (series.Result == nil) {
			out[series.Instances] = "either a result or a reason"
		}
	}
	return out
}

func TestStudyWithoutAUsableSeries(t *testing.T) {
	in := items(t, chest(2, 2.5), ctwriter.Options{Seed: "few"})
	s := readAll(t, newReader(nil), in).Studies[0]
	require.Equal(t, triage.NotAssessed, s.State)
	require.Equal(t, triage.PriorityNotAssessed, s.Priority)
	require.Equal(t, refusal.NoUsableSeries, s.NotAssessed.Reason)
	require.Contains(t, s.NotAssessed.Found, "1 TOO_FEW_SLICES")

	hu := pipelineFunc(func(context.Context, *volume.Volume) (triage.Detected, error) {
		return triage.Detected{}, fmt.Errorf("wrapped: %w", &lung.Error{Kind: lung.ErrNotHounsfield, Found: "found"})
	})
	s = readAll(t, newReader(hu), items(t, chest(64, 2.5), ctwriter.Options{Seed: "a"})).Studies[0]
	require.Equal(t, refusal.NotHounsfield, s.Series[0].NotRead.Reason)
}

func TestSystemErrorsAreNotTheSeriesFault(t *testing.T) {
	in := items(t, chest(64, 2.5), ctwriter.Options{Seed: "a"})
	broken := pipelineFunc(func(context.Context, *volume.Volume) (triage.Detected, error) { return triage.Detected{}, errTest })
	_, err := newReader(broken).ReadStudies(t.Context(), in, nil)
	require.ErrorIs(t, err, errTest)
	stopped := pipelineFunc(func(context.Context, *volume.Volume) (triage.Detected, error) {
		return triage.Detected{}, context.Canceled
	})
	_, err = newReader(stopped).ReadStudies(t.Context(), in, nil)
	require.ErrorIs(t, err, context.Canceled)

	// The header was read, and then the disk fails.
	in[3].ReadAt = func([]byte, int64, int64) error {
		return &fs.PathError{Op: "read", Path: "/home/patient", Err: syscall.EIO}
	}
	_, err = newReader(at(volume.Vec3{1, 1, 1})).ReadStudies(t.Context(), in, nil)
	require.ErrorIs(t, err, syscall.EIO)
	require.NotContains(t, err.Error(), "patient", "paths may hold names")
}

// TestFilesOfOneName: two folders may hold files of the same names; each file
// keeps its own contents in the key of its result, and its own notes.
func TestFilesOfOneName(t *testing.T) {
	names := func(in []source.Item) []source.Item {
		for i := range in {
			in[i].Name = fmt.Sprintf("%d.dcm", i)
		}
		return in
	}
	a := names(items(t, chest(64, 2.5), ctwriter.Options{Seed: "a"}))
	b := names(items(t, chest(64, 2.5), ctwriter.Options{Seed: "b"}))
	keys := map[string]string{}
	for _, in := range [][]source.Item{a, b} {
		result := readAll(t, newReader(at(volume.Vec3{1, 1, 1})), in).Studies[0].Series[0].Result
		keys[result.SeriesUID] = result.Key
	}
	for _, study := range readAll(t, newReader(at(volume.Vec3{1, 1, 1})), append(a, b...)).Studies {
		result := study.Series[0].Result
		require.Equal(t, keys[result.SeriesUID], result.Key)
	}
}

func TestTwoPatientsInOneFolder(t *testing.T) {
	study := part10.NameUID("test", "study")
	in := append(
		items(t, chest(64, 2.5), ctwriter.Options{Seed: "a", StudyUID: study, Patient: ctwriter.Patient{ID: "P", Name: "A^B"}}),
		items(t, chest(64, 2.5), ctwriter.Options{Seed: "b", StudyUID: study, Patient: ctwriter.Patient{ID: "Q", Name: "C^D"}})...)
	s := readAll(t, newReader(nil), in).Studies[0]
	require.Equal(t, refusal.PatientMismatch, s.NotAssessed.Reason)
}

// TestJobsReadAsFilesDo: the server's way and the command line's give the
// same result under the same key, and a known key is no work.
func TestJobsReadAsFilesDo(t *testing.T) {
	dir := t.TempDir()
	paths, err := ctwriter.Write(dir, chest(64, 2.5), ctwriter.Options{Seed: "a"})
	require.NoError(t, err)
	var job triage.ReadingJob
	var in []source.Item
	for _, p := range paths {
		data, err := os.ReadFile(p)
		require.NoError(t, err)
		h, err := triage.ReadHeader(data)
		require.NoError(t, err)
		job.StudyUID = h.StudyUID
		job.Files = append(job.Files, triage.ReadingFile{Path: p, Content: h.Content})
		in = append(in, source.FromFile(filepath.Base(p), p, 0))
	}
	r := newReader(at(volume.Vec3{1, 2, 3}))
	byJob, err := r.Read(t.Context(), job, func(triage.Progress) {})
	require.NoError(t, err)
	byFile := readAll(t, r, in).Studies[0]
	a, b := byJob.Series[0].Result, byFile.Series[0].Result
	require.Equal(t, a.Key, b.Key)
	require.Equal(t, a.Findings, b.Findings)

	job.Known = map[string]triage.Result{a.Key: *a}
	again, err := newReader(pipelineFunc(nil)).Read(t.Context(), job, func(triage.Progress) {})
	require.NoError(t, err, "the pipeline, which would panic, is not asked")
	require.Equal(t, a, again.Series[0].Result)
	require.Equal(t, byJob.Priority, again.Priority)

	require.NoError(t, os.Remove(paths[3]))
	_, err = r.Read(t.Context(), job, func(triage.Progress) {})
	require.ErrorContains(t, err, "1 of 64 stored instances")
}

func TestHeaderSums(t *testing.T) {
	v := chest(2, 2.5)
	sums := func(change func([]*dicom.Element) []*dicom.Element, transferSyntax string) triage.Header {
		t.Helper()
		o := ctwriter.Options{Seed: "a", TransferSyntax: transferSyntax}
		if change != nil {
			o.Modify = func(_ int, e []*dicom.Element) []*dicom.Element { return change(e) }
		}
		files, err := ctwriter.Instances(v, o)
		require.NoError(t, err)
		h, err := triage.ReadHeader(files[1])
		require.NoError(t, err)
		return h
	}
	set := func(tg tag.Tag, values ...string) func([]*dicom.Element) []*dicom.Element {
		return func(elements []*dicom.Element) []*dicom.Element {
			e, err := dicom.NewElement(tg, values)
			require.NoError(t, err)
			out := []*dicom.Element{e}
			for _, old := range elements {
				if old.Tag != tg {
					out = append(out, old)
				}
			}
			return out
		}
	}
	first := sums(nil, "")
	for name, c := range map[string]struct {
		header                   triage.Header
		samePixels, sameContents bool
	}{
		"the same again":  {sums(nil, ""), true, true},
		"another patient": {sums(set(tag.PatientID, "other"), ""), true, true},
		"another kernel":  {sums(set(tag.ConvolutionKernel, "B70"), ""), true, false},
		"another place":   {sums(set(tag.ImagePositionPatient, "1", "2", "3"), ""), false, false},
		"another scaling": {sums(set(tag.RescaleSlope, "2"), ""), false, false},
		"another series":  {sums(set(tag.SeriesInstanceUID, "1.2.3"), ""), false, false},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.samePixels, c.header.Pixels == first.Pixels)
			require.Equal(t, c.sameContents, c.header.Content == first.Content)
		})
	}
	require.Equal(t, "NAFAS-SYNTHETIC", first.Patient.ID)

	_, err := triage.ReadHeader([]byte(strings.Repeat("x", 200)))
	require.Equal(t, refusal.Malformed, refusal.Of(err))
	files, err := ctwriter.Instances(v, ctwriter.Options{Seed: "a", Modify: func(_ int, e []*dicom.Element) []*dicom.Element {
		return set(tag.NumberOfFrames, "7")(e)
	}})
	require.NoError(t, err)
	h, err := triage.ReadHeader(files[0])
	require.Equal(t, refusal.Malformed, refusal.Of(err))
	require.Equal(t, first.StudyUID, h.StudyUID, "whose it is, is known")
	truncated := bytes.Clone(files[0])
	_, err = triage.ReadHeader(truncated[:len(truncated)/2])
	require.Error(t, err)
}
