package main

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nafas/dicomio"
	"nafas/dicomio/source"
	"nafas/inference/froc"
	"nafas/inference/volume"
	"nafas/inference/volume/metaimage"
)

// evaluationInput is a series that can be read.
type evaluationInput struct {
	uid string
	// place is where it lies, for messages.
	place string
	// contents tells this series from another version of itself, without
	// reading it.
	contents string
	load     func(context.Context) (*volume.Volume, froc.Scan, error)
}

// missingSeries is a series that should have been read. It is never a scan
// without marks.
type missingSeries struct {
	SeriesUID string `json:"series_uid"`
	Reason    string `json:"reason"`
}

// inputs finds the series to read: those of the list, or without one those
// that the tables name and the preferred series of every other study.
func (c *evaluateCmd) inputs(ctx context.Context, s *streams, truth *truthTables) ([]evaluationInput, []missingSeries, error) {
	w := newWanted(truth)
	var inputs []evaluationInput
	var missing []missingSeries
	var err error
	if c.Luna16 != "" {
		inputs, err = c.luna16Inputs(w)
	} else {
		inputs, missing, err = c.pathInputs(ctx, s, w)
	}
	if err != nil {
		return nil, nil, err
	}
	slices.SortStableFunc(inputs, func(a, b evaluationInput) int { return cmp.Compare(a.uid, b.uid) })
	have := map[string]bool{}
	places := map[string]string{}
	for _, in := range inputs {
		if have[in.uid] {
			return nil, nil, usage("series %s is there twice, in %s and in %s: take one of them away", in.uid, places[in.uid], in.place)
		}
		have[in.uid], places[in.uid] = true, in.place
	}
	for _, m := range missing {
		have[m.SeriesUID] = true
	}
	for _, scan := range truth.scans {
		if !have[scan.SeriesUID] {
			missing = append(missing, missingSeries{scan.SeriesUID, "no file of this series was found"})
		}
	}
	if len(inputs)+len(missing) == 0 {
		return nil, nil, usage("no series to read in %s", strings.TrimSpace(strings.Join(append([]string{c.Luna16}, c.Paths...), " ")))
	}
	// Said before hours of reading, and not after.
	isOfThem := func(n froc.Nodule) bool { return have[n.SeriesUID] }
	if len(truth.nodules) > 0 && len(missing) == 0 && !slices.ContainsFunc(truth.nodules, isOfThem) {
		return nil, nil, errNoNodule
	}
	return inputs, missing, nil
}

// wanted says which series are to be read.
type wanted struct {
	listed map[string]bool // nil without a list
	named  map[string]bool // by the nodules and the excluded findings
}

func newWanted(t *truthTables) wanted {
	w := wanted{named: map[string]bool{}}
	for _, list := range [][]froc.Nodule{t.nodules, t.excluded} {
		for _, n := range list {
			w.named[n.SeriesUID] = true
		}
	}
	if t.scans != nil {
		w.listed = map[string]bool{}
		for _, s := range t.scans {
			w.listed[s.SeriesUID] = true
		}
	}
	return w
}

// has: without a list every series that was given counts.
func (w wanted) has(uid string) bool { return w.listed == nil || w.listed[uid] }

// luna16Inputs are the volumes in folders named subset*: the lung masks that
// the challenge also hands out have the same names.
func (c *evaluateCmd) luna16Inputs(w wanted) ([]evaluationInput, error) {
	var inputs []evaluationInput
	var failed error
	outside := ""
	err := walkFollowing(c.Luna16, func(path string) {
		switch {
		case !isMHD(path):
		case !inSubset(c.Luna16, path):
			outside = path
		case w.has(uidOfMHD(path)):
			in, err := mhdInput(path)
			if err != nil && failed == nil {
				failed = err
			}
			inputs = append(inputs, in)
		}
	})
	if err == nil {
		err = failed
	}
	if err == nil && len(inputs) == 0 && outside != "" {
		err = usage("%s lies in no folder named subset0 to subset9, as the challenge's volumes do (its lung masks have the same names): "+
			"name the folder that holds these folders, or read the volumes by naming their folder as a path", outside)
	}
	return inputs, err
}

// inSubset says whether a folder between root, or root itself, and the file is
// one of the challenge's.
func inSubset(root, path string) bool {
	below, err := filepath.Rel(filepath.Dir(root), path)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(strings.Split(filepath.Dir(below), string(filepath.Separator)),
		func(dir string) bool { return strings.HasPrefix(strings.ToLower(dir), "subset") })
}

func (c *evaluateCmd) pathInputs(ctx context.Context, s *streams, w wanted) (inputs []evaluationInput, missing []missingSeries, err error) {
	var items []source.Item
	for _, path := range c.Paths {
		volumes, err := mhdFiles(path)
		if err != nil {
			return nil, nil, err
		}
		for _, v := range volumes {
			if !w.has(uidOfMHD(v)) {
				continue
			}
			in, err := mhdInput(v)
			if err != nil {
				return nil, nil, err
			}
			inputs = append(inputs, in)
		}
		if isMHD(path) {
			continue
		}
		found, notes, err := source.Walk(ctx, path, source.DefaultLimits())
		if err != nil {
			return nil, nil, err
		}
		for _, n := range notes {
			if !besideMHD(n.Name) {
				fmt.Fprintf(s.err, "note: %s\n", n)
			}
		}
		items = append(items, found...)
	}
	fromDICOM, missing, err := c.dicomInputs(ctx, s, items, w)
	return append(inputs, fromDICOM...), missing, err
}

// besideMHD says whether a file belongs to volumes that are read as such.
func besideMHD(name string) bool {
	return slices.Contains([]string{".mhd", ".raw", ".zraw", ".csv"}, strings.ToLower(filepath.Ext(name)))
}

func mhdFiles(path string) (found []string, err error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		if isMHD(path) {
			found = []string{path}
		}
		return found, nil
	}
	err = walkFollowing(path, func(file string) {
		if isMHD(file) {
			found = append(found, file)
		}
	})
	return found, err
}

// uidOfMHD is how LUNA16 names its volumes.
func uidOfMHD(path string) string {
	name := filepath.Base(path)
	return strings.TrimSuffix(name, filepath.Ext(name))
}

// readStart reads as much of a file as a header may be long.
func readStart(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, metaimage.MaxHeaderBytes))
}

// mhdInput looks at a volume without reading it. What is wrong with it is said
// when it is read.
func mhdInput(path string) (evaluationInput, error) {
	header, err := readStart(path)
	if err != nil {
		return evaluationInput{}, err
	}
	contents := sha256.New()
	contents.Write(header)
	if info, err := os.Stat(path); err == nil { // it may hold the voxels too
		fmt.Fprintf(contents, "%d %d ", info.Size(), info.ModTime().UnixNano())
	}
	name, err := metaimage.DataFile(bytes.NewReader(header))
	if err == nil && name != "" {
		if info, err := os.Stat(filepath.Join(filepath.Dir(path), name)); err == nil {
			fmt.Fprintf(contents, "%d %d", info.Size(), info.ModTime().UnixNano())
		}
	}
	return evaluationInput{
		uid: uidOfMHD(path), place: path, contents: hex.EncodeToString(contents.Sum(nil)),
		load: func(context.Context) (*volume.Volume, froc.Scan, error) {
			v, err := metaimage.Open(path)
			if err != nil {
				return nil, froc.Scan{}, err
			}
			return v, froc.Scan{SpacingMM: v.SpacingMM[2]}, nil
		},
	}, nil
}

// dicomInputs chooses among the series of every study. A file that is refused
// may belong to any of them, and is said to be missing.
func (c *evaluateCmd) dicomInputs(ctx context.Context, s *streams, items []source.Item, w wanted) ([]evaluationInput, []missingSeries, error) {
	inventory, err := dicomio.Load(ctx, items, dicomio.LoadOptions{Parallel: c.Threads})
	if err != nil {
		return nil, nil, err
	}
	for _, n := range inventory.Notes {
		fmt.Fprintf(s.err, "note: %s\n", n)
	}
	var inputs []evaluationInput
	var missing []missingSeries
	for _, f := range inventory.Refused {
		missing = append(missing, missingSeries{"", fmt.Sprintf("file %s: %v", f.Name, f.Err)})
	}
	for _, study := range dicomio.Studies(dicomio.Group(inventory.Instances)) {
		take, not := chooseSeries(study, w)
		missing = append(missing, not...)
		for _, series := range take {
			inputs = append(inputs, c.dicomInput(series))
		}
	}
	return inputs, missing, nil
}

// chooseSeries takes the wanted series of a study; without a list, those that
// a table names, or else the preferred one.
func chooseSeries(study dicomio.Study, w wanted) (take []*dicomio.Series, missing []missingSeries) {
	choice := dicomio.Choose(study.Series)
	pick := w.listed
	if pick == nil {
		pick = map[string]bool{}
		for _, s := range study.Series {
			if w.named[s.UID] {
				pick[s.UID] = true
			}
		}
		if len(pick) == 0 && len(choice.Usable) > 0 {
			pick[choice.Usable[0].UID] = true
		}
	}
	usable := map[string]bool{}
	for _, s := range choice.Usable {
		usable[s.UID] = true
		if pick[s.UID] {
			take = append(take, s)
		}
	}
	nothing := len(choice.Usable) == 0 && w.listed == nil
	for _, r := range choice.Rejected {
		if !usable[r.Series.UID] && (pick[r.Series.UID] || nothing && r.Series.Modality == "CT") {
			missing = append(missing, missingSeries{r.Series.UID, r.Err.Error()})
		}
	}
	return take, missing
}

func (c *evaluateCmd) dicomInput(series *dicomio.Series) evaluationInput {
	var instances []string
	for _, in := range series.Instances {
		instances = append(instances, in.SOPUID)
	}
	slices.Sort(instances)
	contents := sha256.Sum256([]byte(strings.Join(instances, "\n")))
	return evaluationInput{
		uid: series.UID, place: series.Instances[0].Source.Name, contents: hex.EncodeToString(contents[:]),
		load: func(ctx context.Context) (*volume.Volume, froc.Scan, error) {
			a, err := dicomio.Assemble(ctx, series, dicomio.AssembleOptions{Parallel: c.Threads})
			if err != nil {
				return nil, froc.Scan{}, err
			}
			return a.Volume, froc.Scan{ThicknessMM: a.Info.SliceThicknessMM, SpacingMM: a.Info.SpacingMM[2], Kernel: a.Info.Kernel}, nil
		},
	}
}
