package main

import (
	"cmp"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/fnv"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"nafas/dicomio"
	"nafas/dicomio/derive"
	"nafas/inference/froc"
	"nafas/inference/lung"
	"nafas/inference/phantom"
	"nafas/inference/volume"
)

const (
	excludedFile = "excluded.csv"
	seriesFile   = "series.csv"
)

// implant sets nodules into real series. One series goes into OUT itself; with
// copies, or several series, each copy gets a folder of its own below OUT and
// the tables hold all of them.
func (c *phantomCmd) implant(s *streams, ctx context.Context, population phantom.Population) error {
	if err := c.outBeside(); err != nil {
		return err
	}
	known, err := readPlaces(c.Known, froc.ReadExcluded)
	if err != nil {
		return err
	}
	hosts, failed, err := c.hosts(s, ctx)
	if err != nil {
		return err
	}
	if len(hosts) == 0 {
		return refusedError(max(failed, 1), 0)
	}
	one := c.Copies == 0 && len(hosts) == 1 && failed == 0
	if err := mustBeFree(c.Out); err != nil {
		return err
	}
	noteStrangers(s, "--known", known, func(uid string) bool {
		return slices.ContainsFunc(hosts, func(h host) bool { return h.series.UID == uid })
	})
	set := implantSet{known: placesBySeries(known)}
	for _, h := range hosts {
		err := c.fill(s, ctx, h, population, &set, one)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil {
			fmt.Fprintf(s.err, "%s: %v\n", h.name, err)
			failed++
		}
	}
	if err := set.write(c.Out, len(c.Known) > 0, !one); err != nil {
		return err
	}
	return refusedError(failed, len(set.series))
}

// outBeside refuses to write below a folder that is read: the next run would
// take the simulated series for another host.
func (c *phantomCmd) outBeside() error {
	out, err := realPath(c.Out)
	if err != nil {
		return err
	}
	for _, path := range c.Into {
		source, err := realPath(path)
		if err != nil {
			return err
		}
		if rel, err := filepath.Rel(source, out); err == nil && filepath.IsLocal(rel) {
			return usage("%s lies in %s, which is to be read: name a folder elsewhere", c.Out, path)
		}
	}
	return nil
}

// realPath is the absolute path behind links, as far as there is something.
func realPath(path string) (string, error) {
	abs, err := filepath.Abs(path)
	if err != nil {
		return "", err
	}
	real, err := filepath.EvalSymlinks(abs)
	if errors.Is(err, fs.ErrNotExist) && filepath.Dir(abs) != abs {
		parent, err := realPath(filepath.Dir(abs))
		return filepath.Join(parent, filepath.Base(abs)), err
	}
	return real, err
}

// host is a real series that nodules are set into.
type host struct {
	name   string // the case: made of the path's last part
	series *dicomio.Series
}

// hosts finds the series to use: of each study the one that triage reads.
func (c *phantomCmd) hosts(s *streams, ctx context.Context) (hosts []host, failed int, err error) {
	used, from := map[string]bool{}, map[string]string{}
	for _, path := range c.Into {
		list, bad, err := usableSeries(s, ctx, []string{path})
		if err != nil {
			return nil, 0, err
		}
		failed += bad
		for _, series := range list {
			if before, twice := from[series.UID]; twice {
				return nil, 0, usage("%s and %s hold the same series: name it once, and use --copies", before, path)
			}
			from[series.UID] = path
			hosts = append(hosts, host{freeName(strings.TrimSuffix(filepath.Base(path), ".zip"), used), series})
		}
	}
	return hosts, failed, nil
}

// freeName is a case's name that no other case has, nor got.
func freeName(name string, used map[string]bool) string {
	free := name
	for n := 2; used[free]; n++ {
		free = fmt.Sprintf("%s_%d", name, n)
	}
	used[free] = true
	return free
}

func (c *phantomCmd) folder(h host, n int, one bool) string {
	if one {
		return c.Out
	}
	return filepath.Join(c.Out, fmt.Sprintf("%s-%d", h.name, n+1))
}

// fill writes the copies of one series.
func (c *phantomCmd) fill(s *streams, ctx context.Context, h host, population phantom.Population, set *implantSet, one bool) error {
	scan, err := dicomio.Assemble(ctx, h.series, dicomio.AssembleOptions{})
	if err != nil {
		return err
	}
	field, err := lung.Find(ctx, scan.Volume)
	if err != nil {
		return err
	}
	known := set.known[h.series.UID]
	options := phantom.ImplantOptions{
		Allowed: field.Allows, Known: known,
		InPlaneSigmaMM:   cmp.Or(c.Blur, seriesBlurMM(scan.Info.Kernel)),
		SliceThicknessMM: cmp.Or(c.Thickness, scan.Info.SliceThicknessMM),
	}
	fmt.Fprintf(s.err, "%s: slices of %.2f mm, blur %.2f mm, %d known places\n", h.name, options.SliceThicknessMM, options.InPlaneSigmaMM, len(known))
	for n := range max(c.Copies, 1) {
		options.Seed = copySeed(c.Seed, h.series.UID, n)
		if options.Nodules, err = turned(population, n).Draw(options.Seed, c.Nodules); err != nil {
			return usage("%w", err)
		}
		copied := &volume.Volume{Grid: scan.Volume.Grid, HU: slices.Clone(scan.Volume.HU)}
		truth, err := phantom.Implant(ctx, copied, options)
		if err != nil {
			return fmt.Errorf("copy %d: %w", n+1, err)
		}
		dir := c.folder(h, n, one)
		if err := mustBeFree(dir); err != nil {
			return err
		}
		made := derive.Options{
			Name: copyName(h.series.UID, options, scan.Volume.Grid), Description: "SIMULATED NODULES, not a patient",
			Derivation: fmt.Sprintf("%d simulated nodules were set into the images by nafas phantom", len(truth)),
		}
		if _, err := derive.Write(ctx, dir, h.series, scan, copied, made); err != nil {
			return fmt.Errorf("copy %d: %w", n+1, err)
		}
		mine := implantSet{}
		mine.add(filepath.Base(dir), h.series.UID, made.SeriesUID(), truth, known)
		if !one {
			if err := mine.write(dir, len(c.Known) > 0, false); err != nil {
				return err
			}
		}
		set.add(filepath.Base(dir), h.series.UID, made.SeriesUID(), truth, known)
		if _, err := fmt.Fprintf(s.out, "%d nodules in %d slices: %s\n", len(truth), copied.Size[2], dir); err != nil {
			return err
		}
	}
	return nil
}

// turned gives each copy another stratum first, so that a set has equal
// numbers also where a copy cannot.
func turned(p phantom.Population, n int) phantom.Population {
	if k := len(p.StrataMM); k > 0 {
		p.StrataMM = slices.Concat(p.StrataMM[n%k:], p.StrataMM[:n%k])
	}
	return p
}

// copySeed draws a seed for a copy of a series: other copies and other series
// get other nodules at other places.
func copySeed(seed uint64, seriesUID string, n int) uint64 {
	h := fnv.New64a()
	fmt.Fprintf(h, "%d %s %d", seed, seriesUID, n)
	return h.Sum64()
}

// copyName holds all that decides the voxels of a copy.
func copyName(seriesUID string, o phantom.ImplantOptions, g volume.Grid) string {
	return fmt.Sprintf("%s %v %d %v %v %g %g", seriesUID, g, o.Seed, o.Nodules, o.Known, o.InPlaneSigmaMM, o.SliceThicknessMM)
}

// seriesBlurMM is the blur of a series' kernel, by its class.
func seriesBlurMM(kernel string) float64 {
	if dicomio.SharpKernel(kernel) {
		return phantom.Sharp.BlurMM()
	}
	return phantom.Standard.BlurMM()
}

// placesBySeries are the known places as a table of truth has them.
func placesBySeries(rows []froc.Nodule) map[string][]phantom.Truth {
	out := map[string][]phantom.Truth{}
	for _, n := range rows {
		list := out[n.SeriesUID]
		out[n.SeriesUID] = append(list, phantom.Truth{
			Role: phantom.RoleKnown, ID: len(list) + 1, Kind: n.Kind, Placement: n.Placement,
			CenterLPSMM: n.CenterLPSMM, DiameterMM: n.SizeMM(),
		})
	}
	return out
}

// implantSet gathers what the tables say.
type implantSet struct {
	known           map[string][]phantom.Truth // by source series
	series          [][]string
	truth, excluded []phantom.Row
}

func (set *implantSet) add(folder, from, to string, truth, known []phantom.Truth) {
	set.series = append(set.series, []string{to, folder, from})
	for _, t := range truth {
		set.truth = append(set.truth, phantom.Row{SeriesUID: to, Truth: t})
	}
	for _, t := range known {
		set.excluded = append(set.excluded, phantom.Row{SeriesUID: to, Truth: t})
	}
}

// write writes truth.csv (the simulated nodules and nothing else), where known
// places were given excluded.csv, and for a set series.csv.
func (set *implantSet) write(dir string, excluded, series bool) error {
	if len(set.series) == 0 {
		return nil
	}
	if err := writeRows(filepath.Join(dir, truthFile), set.truth); err != nil {
		return err
	}
	if excluded {
		if err := writeRows(filepath.Join(dir, excludedFile), set.excluded); err != nil {
			return err
		}
	}
	if !series {
		return nil
	}
	f, err := os.Create(filepath.Join(dir, seriesFile))
	if err != nil {
		return err
	}
	w := csv.NewWriter(f)
	err = w.WriteAll(append([][]string{{"seriesuid", "folder", "source_seriesuid"}}, set.series...))
	return errors.Join(err, f.Close())
}
