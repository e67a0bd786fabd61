package main

import (
	"bytes"
	"compress/zlib"
	"context"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"math"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"nafas/dicomio/ctwriter"
	"nafas/inference/volume"
	"nafas/internal/ortlib/ortlibtest"
)

// The spots that the small model marks: two nodules, and one that no table
// names.
var spots = []volume.Vec3{{80, 5, 180}, {-60, -30, 230}, {60, -20, 230}}

const spotMM = 10

// spottyChest is a body with two lungs and the spots, on a grid whose rows and
// columns run as sign says.
func spottyChest(sign float64) *volume.Volume {
	if sign < 0 {
		return chestTurned()
	}
	return chestUpright()
}

var (
	chestUpright = sync.OnceValue(func() *volume.Volume { return makeSpottyChest(1) })
	chestTurned  = sync.OnceValue(func() *volume.Volume { return makeSpottyChest(-1) })
)

func makeSpottyChest(sign float64) *volume.Volume {
	g := volume.Grid{Size: [3]int{160, 120, 75}, SpacingMM: [3]float64{2, 2, 3}, Axes: [3]volume.Vec3{{sign, 0, 0}, {0, sign, 0}, {0, 0, 1}}}
	g.OriginLPSMM = volume.Vec3{5, -10, 200}.Sub(g.ToLPS(volume.Vec3{79.5, 59.5, 37}))
	v := &volume.Volume{Grid: g, HU: make([]int16, g.Len())}
	for o := range v.HU {
		v.HU[o] = spottyHU(g.ToLPS(volume.Vec3{float64(o % 160), float64(o / 160 % 120), float64(o / 19200)}))
	}
	return v
}

func spottyHU(p volume.Vec3) int16 {
	for _, s := range spots {
		if p.Sub(s).Norm() < spotMM/2 {
			return 375
		}
	}
	lung := func(x float64) bool {
		d := p.Sub(volume.Vec3{x, -10, 200})
		return d[0]*d[0]/52/52+d[1]*d[1]/65/65+d[2]*d[2]/90/90 < 1
	}
	switch {
	case math.Hypot((p[0]-5)/150, (p[1]+10)/100) > 1:
		return -1000
	case lung(-65), lung(75):
		return int16(-850 + 90*math.Sin(p[0]/2)*math.Sin(p[1]/2)*math.Sin(p[2]/3)) // grain stands for vessels
	}
	return 40
}

// writeMHD writes a volume as LUNA16 does.
func writeMHD(t *testing.T, dir, uid string, v *volume.Volume, compressed bool) {
	t.Helper()
	require.NoError(t, os.MkdirAll(dir, 0o755))
	var data bytes.Buffer
	name := uid + ".raw"
	if compressed {
		name = uid + ".zraw"
		z := zlib.NewWriter(&data)
		require.NoError(t, binary.Write(z, binary.LittleEndian, v.HU))
		require.NoError(t, z.Close())
	} else {
		require.NoError(t, binary.Write(&data, binary.LittleEndian, v.HU))
	}
	row := func(v volume.Vec3) string { return fmt.Sprintf("%v %v %v", v[0], v[1], v[2]) }
	header := fmt.Sprintf("ObjectType = Image\nNDims = 3\nBinaryData = True\nBinaryDataByteOrderMSB = False\nCompressedData = %v\n"+
		"TransformMatrix = %s %s %s\nOffset = %s\nElementSpacing = %s\nDimSize = %d %d %d\nElementType = MET_SHORT\nElementDataFile = %s\n",
		compressed, row(v.Axes[0]), row(v.Axes[1]), row(v.Axes[2]), row(v.OriginLPSMM), row(v.SpacingMM), v.Size[0], v.Size[1], v.Size[2], name)
	writeText(t, filepath.Join(dir, uid+".mhd"), header)
	writeText(t, filepath.Join(dir, name), data.String())
}

func writeText(t *testing.T, path, text string) {
	t.Helper()
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
}

const noduleColumns = "seriesuid,coordX,coordY,coordZ,diameter_mm\n"

func nodules(uids ...string) string {
	text := noduleColumns
	for _, uid := range uids {
		for _, s := range spots[:2] {
			text += fmt.Sprintf("%s,%v,%v,%v,%d\n", uid, s[0], s[1], s[2], spotMM)
		}
	}
	return text
}

// smallLUNA16 is a folder as the challenge hands it out, with scans 1.1 (raw),
// 1.2 (zraw, turned) and 1.3 (raw).
func smallLUNA16(t *testing.T) string {
	t.Helper()
	dir := t.TempDir()
	writeMHD(t, filepath.Join(dir, "subset0"), "1.1", spottyChest(1), false)
	writeMHD(t, filepath.Join(dir, "subset0"), "1.2", spottyChest(-1), true)
	writeMHD(t, filepath.Join(dir, "subset1", "deeper"), "1.3", spottyChest(1), false)
	writeText(t, filepath.Join(dir, "subset1", "1.4.mhd"), "not of the list, and not read")
	writeText(t, filepath.Join(dir, "seg-lungs-LUNA16", "1.1.mhd"), "a mask of the same name, and not read")
	writeText(t, filepath.Join(dir, "CSVFILES", "annotations.csv"), nodules("1.1", "1.2", "1.3"))
	writeText(t, filepath.Join(dir, "evaluationScript", "annotations", "annotations.csv"), nodules("1.1", "1.2", "1.3"))
	writeText(t, filepath.Join(dir, "evaluationScript", "annotations", "annotations_excluded.csv"),
		noduleColumns+fmt.Sprintf("1.1,%v,%v,%v,-1\n", spots[2][0], spots[2][1], spots[2][2]))
	writeText(t, filepath.Join(dir, "evaluationScript", "annotations", "seriesuids.csv"), "1.1\n1.2\n1.3\n")
	return dir
}

// evaluationOf reads what the verb wrote.
func evaluationOf(t *testing.T, dir string) map[string]any {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(dir, "evaluation.json"))
	require.NoError(t, err)
	var d map[string]any
	require.NoError(t, json.Unmarshal(data, &d))
	return d
}

func evaluateSmall(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	return nafas(t, append([]string{"evaluate", "--onnxruntime", ortlibtest.Path(t), "--resamples", "50"}, args...)...)
}

// The whole benchmark is one command, and doing it again reads nothing twice.
func TestEvaluateLUNA16(t *testing.T) {
	luna, out := smallLUNA16(t), t.TempDir()
	require.NoError(t, os.Symlink(filepath.Join(luna, "gone"), filepath.Join(luna, "subset9-on-a-disk-that-is-not-there")))
	code, stdout, stderr := evaluateSmall(t, "--model", smallModel, "--luna16", luna, "--out", out)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "3 of 3 series read, 0 of them by an earlier run")
	require.Contains(t, stdout, "brightspots 1.0.0: 6 nodules in 3 scans (3 with nodules), 6 found")
	d := evaluationOf(t, out)
	require.EqualValues(t, 3, d["scans"])
	require.EqualValues(t, 6, d["nodules"])
	require.EqualValues(t, 6, d["detected"])
	require.EqualValues(t, 3, d["listed"])
	require.EqualValues(t, 2, d["false_marks"], "the third spot is excluded in one scan and false in two")
	require.EqualValues(t, 3, d["without_excluded"].(map[string]any)["false_marks"])
	require.EqualValues(t, 1, d["sensitivity"].(map[string]any)["1"])
	require.Len(t, d["model"].(map[string]any)["sha256"], 64)
	require.Len(t, d["thresholds"], 3, "the model's operating points")
	require.Len(t, d["data"], 3)
	for _, name := range append([]string{"marks.csv", "series.csv"}, evaluationFiles...) {
		info, err := os.Stat(filepath.Join(out, name))
		require.NoError(t, err)
		require.NotZero(t, info.Size(), name)
	}
	kept, err := filepath.Glob(filepath.Join(out, "series", "*", "*.json"))
	require.NoError(t, err)
	require.Len(t, kept, 3, "one file a series")
	leftover, err := filepath.Glob(filepath.Join(out, "series", "*", ".part-*"))
	require.NoError(t, err)
	require.Empty(t, leftover)

	// The written tables, evaluated alone, say the same.
	tables := []string{"--marks", filepath.Join(out, "marks.csv"), "--series", filepath.Join(out, "series.csv"),
		"--annotations", filepath.Join(luna, "CSVFILES", "annotations.csv"), "--format", "json"}
	code, stdout, stderr = evaluateSmall(t, tables...)
	require.Zero(t, code, stderr)
	var alone map[string]any
	require.NoError(t, json.Unmarshal([]byte(stdout), &alone))
	require.Equal(t, d["without_excluded"].(map[string]any)["sensitivity"], alone["sensitivity"])

	first, err := os.ReadFile(filepath.Join(out, "evaluation.json"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(kept[0], []byte(`{"key":`), 0o644)) // power was lost while it was written
	code, _, stderr = evaluateSmall(t, "--model", smallModel, "--luna16", luna, "--out", out)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "3 of 3 series read, 2 of them by an earlier run")
	again, err := os.ReadFile(filepath.Join(out, "evaluation.json"))
	require.NoError(t, err)
	require.Equal(t, string(first), string(again))

	// Another model takes nothing of this one's.
	other := filepath.Join(t.TempDir(), "other")
	require.NoError(t, os.CopyFS(other, os.DirFS(smallModel)))
	manifest, err := os.ReadFile(filepath.Join(other, "model.yaml"))
	require.NoError(t, err)
	writeText(t, filepath.Join(other, "model.yaml"), strings.Replace(string(manifest), "version: 1.0.0", "version: 1.0.1", 1))
	code, _, stderr = evaluateSmall(t, "--model", other, "--luna16", luna, "--out", out)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "0 of them by an earlier run")
}

// A run that is cut off goes on where it was.
func TestEvaluateResumes(t *testing.T) {
	luna, out := smallLUNA16(t), t.TempDir()
	args := []string{"evaluate", "--onnxruntime", ortlibtest.Path(t), "--resamples", "10", "--model", smallModel, "--luna16", luna, "--out", out}
	ctx, cancel := context.WithCancel(t.Context())
	kept := func() int {
		files, err := filepath.Glob(filepath.Join(out, "series", "*", "*.json"))
		require.NoError(t, err)
		return len(files)
	}
	ended := make(chan int, 1)
	go func() {
		var stdout, stderr bytes.Buffer
		ended <- run(ctx, args, &stdout, &stderr)
	}()
	require.Eventually(t, func() bool { return kept() > 0 || len(ended) > 0 }, time.Minute, time.Millisecond)
	cancel()
	code := <-ended
	before := kept()
	require.NotZero(t, before)
	if before < 3 {
		require.Equal(t, exitFailed, code)
		require.NoFileExists(t, filepath.Join(out, "evaluation.json"))
	}
	code, _, stderr := nafas(t, args...)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, fmt.Sprintf("3 of 3 series read, %d of them by an earlier run", before))
}

// A series that cannot be read is never a scan without marks.
func TestEvaluateSaysWhatIsMissing(t *testing.T) {
	luna, out := smallLUNA16(t), t.TempDir()
	raw := filepath.Join(luna, "subset1", "deeper", "1.3.raw")
	whole, err := os.ReadFile(raw)
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(raw, whole[:1000], 0o644))
	writeText(t, filepath.Join(luna, "evaluationScript", "annotations", "seriesuids.csv"), "1.1\n1.2\n1.3\n1.5\n")
	writeText(t, filepath.Join(out, "evaluation.json"), "of an earlier evaluation")
	args := []string{"--model", smallModel, "--luna16", luna, "--out", out}
	code, _, stderr := evaluateSmall(t, args...)
	require.Equal(t, exitSomeFailed, code)
	require.Contains(t, stderr, "not read: 1.3 malformed MetaImage: 1000 bytes of data")
	require.Contains(t, stderr, "not read: 1.5 no file of this series was found")
	require.Contains(t, stderr, "2 of 4 series read")
	require.Contains(t, stderr, "--allow-missing")
	require.NoFileExists(t, filepath.Join(out, "evaluation.json"), "an old result stands beside new marks")

	code, stdout, stderr := evaluateSmall(t, append(args, "--allow-missing")...)
	require.Equal(t, exitSomeFailed, code)
	require.Contains(t, stdout, "2 of 4 series could be read")
	require.Contains(t, stderr, "2 of 6 nodules are of series that do not count here")
	d := evaluationOf(t, out)
	require.EqualValues(t, 2, d["scans"])
	require.EqualValues(t, 4, d["nodules"], "nodules of series that were not read are neither found nor missed")
	require.Len(t, d["missing"], 2)

	require.NoError(t, os.WriteFile(raw, whole, 0o644))
	writeText(t, filepath.Join(luna, "evaluationScript", "annotations", "seriesuids.csv"), "1.1\n1.2\n1.3\n")
	code, _, stderr = evaluateSmall(t, args...)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "3 of 3 series read, 2 of them by an earlier run")

	alone := []string{"--model", smallModel, "--out", t.TempDir(), filepath.Join(luna, "subset1", "1.4.mhd"), "--annotations"}
	code, _, stderr = evaluateSmall(t, append(alone, filepath.Join(luna, "CSVFILES", "annotations.csv"))...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "no nodule is of a series that counts", "said before anything is read")
	of14 := filepath.Join(t.TempDir(), "of14.csv")
	writeText(t, of14, noduleColumns+"1.4,0,0,0,8\n")
	code, _, stderr = evaluateSmall(t, append(alone, of14)...)
	require.Equal(t, exitFailed, code)
	require.Contains(t, stderr, "none of the inputs could be used")
}

// DICOM series say their thickness and kernel; volumes may stand beside them.
func TestEvaluateDICOMAndVolumes(t *testing.T) {
	in, out := t.TempDir(), t.TempDir()
	v := spottyChest(1)
	writeMHD(t, in, "1.1", v, false)
	for _, o := range []ctwriter.Options{
		{Seed: "soft", SeriesUID: "1.2.1", Kernel: "B30f", SliceThicknessMM: 3},
		{Seed: "sharp", SeriesUID: "1.2.2", Kernel: "B70f", SliceThicknessMM: 3},
	} {
		o.StudyUID = "1.2"
		_, err := ctwriter.Write(filepath.Join(in, o.Seed), v, o)
		require.NoError(t, err)
	}
	table := filepath.Join(t.TempDir(), "truth.csv")
	for _, c := range []struct{ name, named, read string }{
		{"the series that a table names", "1.2.2", "1.2.2,3,3,B70f,"},
		{"else the preferred one", "1.1", "1.2.1,3,3,B30f,"},
	} {
		t.Run(c.name, func(t *testing.T) {
			writeText(t, table, nodules(c.named))
			code, _, stderr := evaluateSmall(t, "--model", smallModel, "--annotations", table, "--out", out, in)
			require.Zero(t, code, stderr)
			require.Contains(t, stderr, "2 of 2 series read")
			series, err := os.ReadFile(filepath.Join(out, "series.csv"))
			require.NoError(t, err)
			require.Equal(t, "seriesuid,thickness_mm,spacing_mm,kernel,group\n1.1,,3,,\n"+c.read+"\n", string(series))
			strata, err := os.ReadFile(filepath.Join(out, "strata.csv"))
			require.NoError(t, err)
			require.Contains(t, string(strata), "kernel,B")
		})
	}
	list := filepath.Join(t.TempDir(), "list.csv")
	writeText(t, list, "seriesuid,group\n1.1,p\n1.2.2,p\n")
	code, _, stderr := evaluateSmall(t, "--model", smallModel, "--annotations", table, "--series", list, "--out", out, in)
	require.Zero(t, code, stderr)
	series, err := os.ReadFile(filepath.Join(out, "series.csv"))
	require.NoError(t, err)
	require.Equal(t, "seriesuid,thickness_mm,spacing_mm,kernel,group\n1.1,,3,,p\n1.2.2,3,3,B70f,p\n", string(series))

	code, _, stderr = evaluateSmall(t, "--model", smallModel, "--annotations", table, "--series", filepath.Join(out, "series.csv"), "--out", out, in)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "would write over")
	code, _, stderr = evaluateSmall(t, "--model", smallModel, "--annotations", table, "--out", in, in)
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "is the folder that is to be read")

	code, _, stderr = evaluateSmall(t, "--model", smallModel, "--annotations", table, "--out", out,
		filepath.Join(in, "1.1.mhd"), filepath.Join(in, "1.1.mhd"))
	require.Equal(t, exitUsage, code)
	require.Contains(t, stderr, "series 1.1 is there twice")
}

const markColumns = "seriesuid,coordX,coordY,coordZ,probability\n"

func TestEvaluateTables(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		writeText(t, path, text)
		return path
	}
	marks := file("marks.csv", markColumns+"056,0,0,0,0.9\n056,50,0,0,0.5\n")
	truth := file("truth.csv", noduleColumns+"056,0,0,0,8\n")
	list := file("list.csv", "056\n057\n")
	elsewhere := file("elsewhere.csv", "56\n57\n")

	code, out, stderr := nafas(t, "evaluate", "--marks", marks, "--annotations", truth, "--series", list)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "Marks: 1 nodules in 2 scans")
	require.Contains(t, out, "1.000-1.000")
	require.Equal(t, "note: 0.125 false marks per scan are less than one in 2 scans: the curve's beginning is drawn and not measured\n", stderr)

	code, out, stderr = nafas(t, "evaluate", "--format", "csv", "--threshold", "0.5", "--marks", marks, "--annotations", truth, "--series", list)
	require.Zero(t, code, stderr)
	require.Contains(t, out, "ignored,cpm,1,1,1\n")
	require.Contains(t, out, "ignored,false_marks_per_scan_at_score_0.5,0.5,0,1\n")

	code, _, stderr = nafas(t, "evaluate", "--marks", marks, "--annotations", truth)
	require.Zero(t, code)
	require.Contains(t, stderr, "note: without --series, the scans are the 1 that have a mark or a nodule")

	nothing := file("nothing.csv", noduleColumns)
	results := filepath.Join(dir, "out")
	code, out, stderr = nafas(t, "evaluate", "--marks", marks, "--annotations", nothing, "--series", list, "--out", results)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "nothing is drawn")
	require.Contains(t, out, "mean (CPM)")
	require.Nil(t, evaluationOf(t, results)["cpm"], "without nodules there is no sensitivity, not one of 0")

	mixed := file("mixed.csv", strings.ReplaceAll(noduleColumns, "\n", ",role\n")+"056,0,0,0,8,Nodule\n056,9,0,0,8,mimic\n")
	code, _, stderr = nafas(t, "evaluate", "--marks", marks, "--annotations", mixed, "--excluded", file("other.csv", noduleColumns+"56,0,0,0,8\n"), "--series", list)
	require.Zero(t, code, stderr)
	require.Contains(t, stderr, "1 rows of mixed.csv are passed over")
	require.Contains(t, stderr, "no excluded finding is of a series that counts")

	read, flat, deep := t.TempDir(), t.TempDir(), t.TempDir()
	writeText(t, filepath.Join(read, "marks.csv"), markColumns)
	writeText(t, filepath.Join(flat, "056.mhd"), "")
	require.NoError(t, os.MkdirAll(filepath.Join(deep, strings.Repeat("d/", 40)), 0o755))
	for _, c := range []struct {
		name string
		args []string
		code int
		want string
	}{
		{"nothing to evaluate", nil, exitUsage, "one of them"},
		{"two sources of marks", []string{"--marks", marks, "--luna16", dir}, exitUsage, "one of them"},
		{"no nodules named", []string{"--marks", marks}, exitUsage, "--annotations"},
		{"nowhere to keep what is read", []string{"--annotations", truth, dir}, exitUsage, "--out"},
		{"a file that is not there", []string{"--marks", "none.csv", "--annotations", truth}, exitUsage, "none.csv"},
		{"no resamples", []string{"--marks", marks, "--annotations", truth, "--resamples", "0"}, exitUsage, "--resamples"},
		{"marks that cannot be missing", []string{"--marks", marks, "--annotations", truth, "--allow-missing"}, exitUsage, "--allow-missing"},
		{"a threshold that is no number", []string{"--marks", marks, "--annotations", truth, "--threshold", "nan"}, exitUsage, "--threshold"},
		{"marks below nothing", []string{"--marks", marks, "--annotations", truth, "--most-marks=-1"}, exitUsage, "--most-marks"},
		{"names that lost their zero", []string{"--marks", marks, "--annotations", truth, "--series", elsewhere}, exitFailed, `the first of "056"`},
		{"no nodule is of the list", []string{"--marks", marks, "--annotations", truth, "--series", elsewhere, "--allow-unlisted"}, exitFailed, "no nodule"},
		{"a broken table", []string{"--marks", truth, "--annotations", truth}, exitFailed, "truth.csv line 1: no column probability"},
		{"a folder without the challenge's tables", []string{"--luna16", t.TempDir(), "--out", dir}, exitUsage, "no annotations.csv below"},
		{"a header of another name", []string{"--marks", marks, "--annotations", truth, "--series", file("named.csv", "SeriesInstanceUID\n056\n057\n")}, exitFailed, "neither the column seriesuid nor a UID"},
		{"a list with semicolons", []string{"--marks", marks, "--annotations", truth, "--series", file("semi.csv", "seriesuid;group\n056;a\n")}, exitFailed, "neither the column seriesuid nor a UID"},
		{"one nodule under two kinds", []string{"--marks", marks, "--annotations", file("kinds.csv", strings.ReplaceAll(noduleColumns, "\n", ",kind\n")+"056,0,0,0,8,solid\n056,0,0,0,8,Solid\n")}, exitFailed, "the same nodule as in line 2"},
		{"marks beside those of another run", []string{"--marks", marks, "--annotations", truth, "--series", list, "--out", read}, exitUsage, "holds the marks of another run"},
		{"volumes outside of the subsets", []string{"--luna16", flat, "--out", results, "--annotations", truth, "--excluded", nothing, "--series", list}, exitUsage, "lies in no folder named subset0"},
		{"folders without end", []string{"--annotations", truth, "--out", results, deep}, exitUsage, "deeper than 32"},
		{"nothing that can be read", []string{"--annotations", truth, "--out", results, t.TempDir()}, exitUsage, "no series to read"},
	} {
		t.Run(c.name, func(t *testing.T) {
			code, _, stderr := nafas(t, append([]string{"evaluate"}, c.args...)...)
			require.Equal(t, c.code, code, stderr)
			require.Contains(t, stderr, c.want)
		})
	}
}

func TestEvaluateLeavesOutUnlistedMarks(t *testing.T) {
	dir := t.TempDir()
	for name, text := range map[string]string{
		"marks.csv": markColumns + "1,0,0,0,0.9\n2,0,0,0,0.9\n2,0,0,0,0.9\n", "truth.csv": noduleColumns + "1,0,0,0,8\n2,0,0,0,8\n", "list.csv": "1\n",
	} {
		writeText(t, filepath.Join(dir, name), text)
	}
	code, out, stderr := nafas(t, "evaluate", "--allow-unlisted", "--marks", filepath.Join(dir, "marks.csv"),
		"--annotations", filepath.Join(dir, "truth.csv"), "--series", filepath.Join(dir, "list.csv"))
	require.Zero(t, code, stderr)
	require.Contains(t, out, "Marks: 1 nodules in 1 scans")
	require.Contains(t, stderr, "2 marks of series that are not listed are left out")
	require.Contains(t, stderr, "1 of 2 nodules")
	require.Contains(t, stderr, "1 marks say again")
}
