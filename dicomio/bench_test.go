package dicomio_test

import (
	"context"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"github.com/suyashkumar/dicom/pkg/tag"

	"nafas/dicomio"
	"nafas/dicomio/source"
	"nafas/inference/volume"
)

const (
	benchSlices = 300
	benchSize   = 512
)

// benchSeries writes 300 uncompressed slices of 512 x 512 with the values of
// a chest and noise.
func benchSeries(b *testing.B) string {
	b.Helper()
	dir := b.TempDir()
	cells := make([]uint16, benchSize*benchSize)
	seed := uint32(1)
	for n := range benchSlices {
		im := slice("a", n, 0).at(volume.Vec3{-180, -180, float64(n)})
		for i := range cells {
			x, y := float64(i%benchSize)-256, float64(i/benchSize)-256
			r := math.Hypot(x, 1.3*y)
			seed = seed*1664525 + 1013904223
			v := 24.0
			if r < 110 {
				v = 174
			} else if r < 220 {
				v = 1064
			}
			cells[i] = uint16(v) + uint16(seed>>28)
		}
		im.cells(cells).ints(tag.Rows, benchSize).ints(tag.Columns, benchSize).decimals(tag.PixelSpacing, .7, .7)
		im.decimals(tag.SliceThickness, 1)
		require.NoError(b, os.WriteFile(filepath.Join(dir, fmt.Sprintf("%04d.dcm", n)), im.bytes(b), 0o600))
	}
	return dir
}

// BenchmarkSeries compares reading a series whole (parse, decode, assemble)
// with only reading its files, on one core, in
// processor time. x-read is the ratio (the bar is
// 4), x-volume the peak of the heap over the size of the volume (the bar is
// 1.3).
func BenchmarkSeries(b *testing.B) {
	dir := benchSeries(b)
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	var read, whole time.Duration
	var peak float64
	for b.Loop() {
		start := cpu(b)
		names, err := filepath.Glob(filepath.Join(dir, "*"))
		require.NoError(b, err)
		for _, name := range names {
			data, err := os.ReadFile(name)
			require.NoError(b, err)
			require.NotEmpty(b, data)
		}
		read += cpu(b) - start

		debug.FreeOSMemory()
		start = cpu(b)
		items, _, err := source.Walk(context.Background(), dir, source.Limits{})
		require.NoError(b, err)
		inv, err := dicomio.Load(context.Background(), items, dicomio.LoadOptions{Parallel: 1})
		require.NoError(b, err)
		a, err := dicomio.Assemble(context.Background(), dicomio.Group(inv.Instances)[0], dicomio.AssembleOptions{Parallel: 1})
		require.NoError(b, err)
		whole += cpu(b) - start

		var mem runtime.MemStats
		runtime.ReadMemStats(&mem)
		peak = max(peak, float64(mem.HeapSys-mem.HeapReleased)/float64(2*a.Volume.Len()))
	}
	b.ReportMetric(float64(whole)/float64(read), "x-read")
	b.ReportMetric(float64(read.Milliseconds())/float64(b.N), "read-ms")
	b.ReportMetric(float64(whole.Milliseconds())/float64(b.N), "whole-ms")
	b.ReportMetric(peak, "x-volume")
}

// cpu is the processor time of this process: on a machine with other work the
// clock on the wall says little.
func cpu(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	require.NoError(b, syscall.Getrusage(syscall.RUSAGE_SELF, &u))
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
