package report_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio/part10"
	"nafas/dicomio/report"
	"nafas/inference/measure"
)

// pydicom runs a script on an object and reads the JSON that it prints.
func pydicom(t *testing.T, script string, data []byte, out any) {
	t.Helper()
	python := ""
	for _, name := range []string{"python3", "/usr/bin/python3"} {
		if exec.Command(name, "-c", "import pydicom, numpy").Run() == nil {
			python = name
			break
		}
	}
	if python == "" {
		require.NotEqual(t, "true", os.Getenv("CI"), "CI must have python3-pydicom and python3-numpy")
		t.Skip("no pydicom with numpy (Debian: python3-pydicom, python3-numpy)")
	}
	path := filepath.Join(t.TempDir(), "object.dcm")
	require.NoError(t, os.WriteFile(path, data, 0o600))
	printed, err := exec.Command(python, "testdata/"+script, path).Output()
	require.NoError(t, err)
	require.NoError(t, json.Unmarshal(printed, out))
}

// pydicom reads back what was found.
func TestPydicom(t *testing.T) {
	for _, l := range []report.Language{report.English, report.French, report.Arabic} {
		r := measured(result(t, l), measure.KindGroundGlass)
		data, err := r.SR()
		require.NoError(t, err)
		var got struct {
			Patient, Study, Title string
			Findings              []map[string]any
		}
		pydicom(t, "read.py", data, &got)
		require.Equal(t, "Benaïssa^Zoé", got.Patient)
		f, err := part10.Parse(data, part10.DefaultLimits())
		require.NoError(t, err)
		study, _ := f.Elements().String(tag.StudyInstanceUID)
		require.Equal(t, study, got.Study)
		require.Equal(t, map[report.Language]string{
			report.English: "Imaging Measurement Report", report.French: "Compte rendu de mesures d'imagerie", report.Arabic: "تقرير قياسات التصوير",
		}[l], got.Title)
		require.Len(t, got.Findings, len(r.Findings))
		for i, found := range got.Findings {
			want := r.Findings[i]
			mm, wasMeasured := want.Diameter()
			require.Equal(t, []any{mm, "mm"}, found["81827009"])
			centre := want.CenterLPSMM
			if wasMeasured {
				m := want.Measured
				centre = m.CenterLPSMM
				require.Equal(t, "radial border", found["81827009 111001"])
				require.Equal(t, []any{m.VolumeMM3, "mm3"}, found["118565006"])
				require.Equal(t, []any{m.LongAxisMM, "mm"}, found["103339001"])
				require.Equal(t, []any{m.ShortAxisMM, "mm"}, found["103340004"])
				require.Equal(t, []any{m.MeanHU, "[hnsf'U]"}, found["112031"])
				require.Equal(t, "RID50153", found["C41144"])
			} else {
				require.Equal(t, "nafas-lung-1", found["81827009 111001"])
				require.NotContains(t, found, "118565006")
			}
			require.Equal(t, []string{"7771000", "24028007"}[i], found["272741003"])
			require.Equal(t, "nafas-lung-1", found["111001"])
			for axis, v := range found["121231"].([]any) {
				require.InDelta(t, centre[axis], v, 1e-3)
			}
		}
	}
}

// pydicom reads back the voxels and their places.
func TestPydicomReadsTheSegmentation(t *testing.T) {
	for name := range stacks {
		r, g := resultOn(t, stack(t, name), report.Arabic, usual()...)
		data, err := r.SEG(g, spheres(t, r, g))
		require.NoError(t, err)
		var got struct {
			Segments []map[string]any
			Frames   []struct {
				Segment  int
				Position [3]float64
				Source   string
				Frame    int
				Voxels   []int
			}
		}
		pydicom(t, "read_seg.py", data, &got)
		require.Len(t, got.Segments, 4)
		n := 0
		for i, f := range r.Findings {
			require.Equal(t, fmt.Sprint("Nafas ", i+1), got.Segments[i]["id"])
			masks := wanted(g, f)
			for _, k := range slices.Sorted(maps.Keys(masks)) {
				fr := got.Frames[n]
				require.Equal(t, i+1, fr.Segment)
				require.InDeltaSlice(t, g.Slices[k].PositionLPSMM[:], fr.Position[:], 1e-6)
				require.Equal(t, g.Slices[k].SOPInstanceUID, fr.Source)
				require.Equal(t, g.Slices[k].Frame, fr.Frame)
				var voxels []int
				for at, in := range masks[k] {
					if in {
						voxels = append(voxels, at)
					}
				}
				require.Equal(t, voxels, fr.Voxels)
				n++
			}
		}
		require.Len(t, got.Frames, n)
	}
}

// pydicom reads the frames of a secondary capture as they were drawn.
func TestPydicomReadsTheCapture(t *testing.T) {
	r, g := resultOn(t, stack(t, "single frames"), report.French, usual()...)
	data, err := r.SC(g, pages(r, g))
	require.NoError(t, err)
	var got struct {
		Shape  []int
		Frames []string
	}
	pydicom(t, "read_sc.py", data, &got)
	drawn := framesOf(t, data)
	size := drawn[0].Rect.Size()
	require.Equal(t, []int{len(drawn), size.Y, size.X, 3}, got.Shape)
	for i, frame := range drawn {
		require.Equal(t, hash(frame), got.Frames[i])
	}
}
