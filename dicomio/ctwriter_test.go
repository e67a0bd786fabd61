package dicomio_test

import (
	"context"
	"fmt"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"nafas/dicomio"
	"nafas/dicomio/ctwriter"
	"nafas/dicomio/part10"
	"nafas/inference/volume"
)

// poseVolume fills the grid of a pose with the field.
func poseVolume(p pose) *volume.Volume {
	v := &volume.Volume{Grid: volume.Grid{
		Size: [3]int{p.columns, p.rows, p.slices}, OriginLPSMM: p.origin(0),
		Axes:      [3]volume.Vec3{p.row, p.col, p.row.Cross(p.col)},
		SpacingMM: [3]float64{p.columnMM, p.rowMM, p.sliceMM},
	}}
	v.HU = make([]int16, v.Len())
	for k := range p.slices {
		for j := range p.rows {
			for i := range p.columns {
				v.HU[v.Index(i, j, k)] = int16(field(v.ToLPS(volume.Vec3{float64(i), float64(j), float64(k)})))
			}
		}
	}
	return v
}

// TestWrittenVolumesComeBack: what ctwriter writes is read as the same
// numbers on the same grid, as single slices and as one multi-frame object.
func TestWrittenVolumesComeBack(t *testing.T) {
	for n, p := range poses() {
		want := poseVolume(p)
		formats := map[string]ctwriter.Options{"signed": {}}
		if n == 0 {
			formats["unsigned"] = ctwriter.Options{Unsigned: true}
			formats["deflated"] = ctwriter.Options{TransferSyntax: part10.DeflatedLE}
		}
		for name, o := range formats {
			o.Description, o.SliceThicknessMM = p.name, p.sliceMM
			t.Run(fmt.Sprintf("%s, %s", p.name, name), func(t *testing.T) {
				dir := t.TempDir()
				_, err := ctwriter.Write(dir, want, o)
				require.NoError(t, err)
				requireSameVolume(t, want, dir)
			})
		}
		t.Run(p.name+", enhanced", func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "all.dcm")
			require.NoError(t, ctwriter.WriteEnhanced(file, want, ctwriter.Options{Description: p.name, SliceThicknessMM: p.sliceMM}))
			requireSameVolume(t, want, file)
		})
	}
}

func requireSameVolume(t *testing.T, want *volume.Volume, path string) {
	t.Helper()
	inv, notes := load(t, path)
	require.Empty(t, notes)
	require.Empty(t, inv.Refused)
	choice := dicomio.Choose(dicomio.Group(inv.Instances))
	require.Empty(t, choice.Rejected)
	a, err := dicomio.Assemble(context.Background(), choice.Usable[0], dicomio.AssembleOptions{})
	require.NoError(t, err)
	require.Empty(t, a.Warnings)
	require.Equal(t, want.Size, a.Volume.Size)
	require.Equal(t, want.HU, a.Volume.HU)
	for axis := range 3 {
		require.InDeltaSlice(t, want.Axes[axis][:], a.Volume.Axes[axis][:], 1e-6)
	}
	require.InDeltaSlice(t, want.OriginLPSMM[:], a.Volume.OriginLPSMM[:], 1e-6)
	require.InDeltaSlice(t, want.SpacingMM[:], a.Volume.SpacingMM[:], 1e-6)
}
